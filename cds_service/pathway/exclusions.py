"""Why advice may not apply: cancer, sickle cell disease, palliative care, substance use, and other recorded problems."""

from __future__ import annotations

from .answers import Answer, Finding, no, unknown, yes
from .chart import Chart, Problem, once
from .dates import Event, happened_lately, within
from .vocabulary import ValueSet, concept, finding

MALIGNANCY = concept("malignancy")
_SKIN_CANCER = concept("non-melanoma-skin-cancer")
_CANCER_PAIN = concept("neoplasm-related-pain")
_SICKLE = concept("sickle-cell-disease")
_PALLIATIVE = concept("palliative-care")
_HOSPICE_DISCHARGE = concept("hospice-discharge")
_USE_DISORDER = concept("opioid-use-disorder")
_MISUSE = concept("drug-misuse")
_HOSPICE_DAYS = 365


def is_malignancy(problem: Problem) -> bool:
    return MALIGNANCY in problem.concepts and _SKIN_CANCER not in problem.concepts


def current_problem(chart: Chart, name: ValueSet) -> Finding:
    """Is a problem of this value set current?"""
    undecided = None
    for problem in chart.problems_of(name):
        if problem.current is Answer.YES:
            return yes(f"recorded: {problem.name}", problem.ref)
        if problem.current is Answer.UNKNOWN:
            undecided = problem
    if undecided:
        return unknown(f"recorded, but not whether it is current: {undecided.name}", undecided.ref)
    title = name.replace("-", " ")
    if chart.unread("problems"):
        return unknown(f"the problem list could not be read: {title} unknown")
    return no(f"{title} not recorded")


@finding(reads=("problems",))
def has_problem(chart: Chart, of: ValueSet) -> Finding:
    """A problem of this value set is current on the problem list."""
    return current_problem(chart, of)


@finding(reads=("problems",))
def ever_had(chart: Chart, problem: ValueSet) -> Finding:
    """A problem of this value set is on record in any state: current, in remission, resolved or undated."""
    found = chart.problems_of(problem)
    if found:
        return yes(f"recorded: {found[0].name}", *(p.ref for p in found))
    if chart.unread("problems"):
        return unknown(f"the problem list could not be read: {problem.replace('-', ' ')} unknown")
    return no(f"{problem.replace('-', ' ')} not recorded")


@finding(reads=("problems",))
def problem_began_within(chart: Chart, of: ValueSet, days: int) -> Finding:
    """A problem of this value set began in the last so many days (its onset, else the day it was recorded), whether or not
    it is still called current. Unknown without a date that can tell."""
    title = of.removesuffix("-codes").replace("-", " ")
    otherwise = no(f"{title}: none began within {days} days")
    if chart.unread("problems"):
        otherwise = unknown(f"the problem list could not be read: {title} unknown")
    begun = (Event(f"recorded: {p.name}", p.began, p.ref) for p in chart.problems_of(of))
    return happened_lately(begun, days, chart.today, otherwise)


@finding(reads=("problems",))
def active_cancer(chart: Chart) -> Finding:
    """Cancer is current (not in remission, not non-melanoma skin cancer), or a selected order is for pain from a neoplasm."""
    for draft in chart.selected:
        for reason in draft.reasons:
            if _CANCER_PAIN in reason.concepts or (MALIGNANCY in reason.concepts and _SKIN_CANCER not in reason.concepts):
                return yes(f"reason of the order: {reason.name}", draft.ref)
    undecided = None
    for problem in chart.problems_of(MALIGNANCY):
        if is_malignancy(problem) and not problem.in_remission:
            if problem.current is Answer.YES:
                return yes(f"recorded: {problem.name}", problem.ref)
            if problem.current is Answer.UNKNOWN:
                undecided = problem
    if undecided:
        return unknown(f"recorded, but not whether it is current: {undecided.name}", undecided.ref)
    if chart.unread("problems"):
        return unknown("the problem list could not be read: cancer unknown")
    return no("active cancer not recorded")


@finding(reads=("problems",))
def sickle_cell_disease(chart: Chart) -> Finding:
    """Sickle cell disease is current. Sickle cell trait is not disease."""
    return current_problem(chart, _SICKLE)


@once
def palliative(chart: Chart) -> Finding:
    for contact in chart.contacts:
        if contact.under_way and not (contact.concepts | contact.reasons).isdisjoint({_PALLIATIVE}):
            return yes("under way: a palliative or hospice encounter", contact.ref)
        if _HOSPICE_DISCHARGE in contact.discharge and within(contact.when, _HOSPICE_DAYS, chart.today) is Answer.YES:
            return yes("discharged to hospice within a year", contact.ref)
    for request in chart.requests:
        if request.active and _PALLIATIVE in request.concepts:
            return yes("referred to palliative or hospice care", request.ref)
    for plan in chart.plans:
        if plan.active and _PALLIATIVE in plan.concepts:
            return yes("a palliative or hospice plan is active", plan.ref)
    listed = current_problem(chart, _PALLIATIVE)
    if listed.answer is not Answer.NO:
        return listed
    if gaps := chart.unread("contacts", "requests", "plans"):
        return unknown(f"palliative care unknown: {', '.join(g.what for g in gaps)} could not be read")
    return no("palliative or hospice care not recorded")


@finding(reads=("contacts", "requests", "plans", "problems"))
def palliative_care(chart: Chart) -> Finding:
    """Palliative or hospice care is under way: an encounter, a referral, a plan, a flag, a problem, or a discharge to
    hospice within a year."""
    return palliative(chart)


@once
def opioid_use_disorder(chart: Chart) -> Finding:
    return current_problem(chart, _USE_DISORDER)


@finding(reads=("problems",))
def drug_misuse_history(chart: Chart) -> Finding:
    """Substance use disorder, overdose or injecting drug use is or was recorded, in any state."""
    for problem in chart.problems_of(_MISUSE):
        return yes(f"recorded: {problem.name}", problem.ref)
    return Finding(chart.absence("problems"), "substance use disorder or overdose not recorded")
