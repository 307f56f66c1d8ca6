"""What the clinician is ordering right now, for what reason, and at what dose."""

from __future__ import annotations

from .answers import Answer, Finding, no, unknown, yes
from .chart import Chart, Draft, Medicine, Reading, once
from .dates import within
from .demographics import age_range
from .dosing import Limits, limit_for
from .exclusions import current_problem
from .kidney import KidneyFunction, kidney_function
from .medicines import already_taking, drafted, taken
from .scope import concerns_the_posterior_hip
from .trials import OPIOID_ANALGESICS, is_analgesic, long_term_opioid_shown
from .vocabulary import ValueSet, concept, finding, phrase

_GENERAL_PAIN = concept("general-pain")
_NOT_ADVISED = concept("not-advised-in-sciatica")
_OTHER_INDICATION = concept("other-indication-for-nerve-medicines")
_GABAPENTINOIDS = concept("gabapentinoids")
_RENALLY_CLEARED = concept("renally-cleared-medicines")
_NSAIDS, _KIDNEY_MEDICINES = concept("systemic-nsaids"), concept("kidney-active-medicines")
_NSAID_RISKS = concept("nsaid-kidney-risks")
_USE_DISORDER = concept("opioid-use-disorder")
_QTC = concept("qtc")
_BLOOD_PRESSURE, _SYSTOLIC, _DIASTOLIC = concept("blood-pressure"), concept("systolic"), concept("diastolic")


def _selected(chart: Chart, medicines: ValueSet) -> list[Draft]:
    """Selected drafts of a class; for opioid analgesics without the agonist treatment of a use disorder."""
    found = [d for d in chart.selected if d.medicine and medicines in d.medicine.classes and not d.medicine.do_not_give]
    if medicines == OPIOID_ANALGESICS:
        found = [d for d in found if d.medicine and is_analgesic(d.medicine, chart)]
    return found


@finding(reads=("problems",))
def is_ordering(chart: Chart, medicines: ValueSet) -> Finding:
    """A selected draft is a medicine of this class. Buprenorphine and methadone for a current opioid use disorder are not
    analgesics."""
    found = _selected(chart, medicines)
    if found:
        return yes(f"selected: {', '.join(d.medicine.name for d in found if d.medicine)}", *(d.ref for d in found))
    return no(f"{medicines} not selected")


def _other_reason(draft: Draft) -> str | None:
    """The name of a coded reason that is neither the pathway nor general pain."""
    for reason in draft.reasons:
        if not concerns_the_posterior_hip(reason.concepts) and _GENERAL_PAIN not in reason.concepts:
            return reason.name
    return None


@finding(reads=("problems",))
def ordered_for_another_reason(chart: Chart, medicines: ValueSet) -> Finding:
    """Every selected medicine of this class carries a coded reason outside the pathway, such as surgery, injury, teeth or a
    tumour."""
    ordered = _selected(chart, medicines)
    named = [(d, name) for d in ordered if (name := _other_reason(d))]
    if ordered and len(named) == len(ordered):
        return yes(f"reason of the order: {named[0][1]}", *(d.ref for d, _ in named))
    return no("no coded reason outside the pathway on the order", *(d.ref for d in ordered))


@finding(reads=("medicines", "problems"))
def ordering_newly_not_advised_in_sciatica(chart: Chart) -> Finding:
    """A selected draft is an opioid without long-term opioid treatment, or a gabapentinoid, benzodiazepine or oral
    corticosteroid of an ingredient that is not taken already."""
    new = [d for d in _selected(chart, _NOT_ADVISED) if d.medicine and not _continues(chart, d.medicine)]
    if not new:
        return no("none of them is newly selected")
    only_opioids = all(d.medicine and OPIOID_ANALGESICS in d.medicine.classes for d in new)
    if not only_opioids and chart.unread("medicines"):
        return unknown("the list of medicines could not be read: this may be a renewal", *(d.ref for d in new))
    if only_opioids and chart.unread("medicines"):
        return unknown("the list of medicines could not be read: opioid treatment may be long-term", *(d.ref for d in new))
    return yes(f"newly selected: {', '.join(d.medicine.name for d in new if d.medicine)}", *(d.ref for d in new))


def _continues(chart: Chart, medicine: Medicine) -> bool:
    if OPIOID_ANALGESICS in medicine.classes:
        return not is_analgesic(medicine, chart) or long_term_opioid_shown(chart).answer is Answer.YES
    return already_taking(chart, medicine)


@finding(reads=("problems",))
def other_indication_recorded(chart: Chart) -> Finding:
    """Another reason for such a medicine is current or on the order: epilepsy, shingles, diabetic neuropathy, fibromyalgia,
    cord injury, restless legs or generalised anxiety."""
    for draft in chart.selected:
        for reason in draft.reasons:
            if _OTHER_INDICATION in reason.concepts:
                return yes(f"reason of the order: {reason.name}", draft.ref)
    return current_problem(chart, _OTHER_INDICATION)


# Age from which an oral NSAID calls for a kidney result: pathway specification, renal-function-unknown.
_NSAID_AGE = 65


@finding(reads=("problems", "medicines", "person"))
def ordering_renally_dosed_medicine(chart: Chart) -> Finding:
    """A selected draft is a gabapentinoid, duloxetine or baclofen; or an oral NSAID at 65 or older, with kidney disease,
    diabetes, heart failure or hypertension, or beside an ACE inhibitor, angiotensin receptor blocker or diuretic."""
    found = _selected(chart, _RENALLY_CLEARED)
    if found:
        return yes(f"selected: {', '.join(d.medicine.name for d in found if d.medicine)}", *(d.ref for d in found))
    nsaids = _selected(chart, _NSAIDS)
    if not nsaids:
        return no("no renally dosed medicine is selected")
    risk = _nsaid_kidney_risk(chart)
    return Finding(risk.answer, risk.because, (*(d.ref for d in nsaids), *risk.resources))


def _nsaid_kidney_risk(chart: Chart) -> Finding:
    ages = age_range(chart)
    if ages and ages[0] >= _NSAID_AGE:
        return yes("65 or older", chart.person.ref)
    problem = current_problem(chart, _NSAID_RISKS)
    if problem.answer is Answer.YES:
        return problem
    medicines = taken(chart, _KIDNEY_MEDICINES) + drafted(chart, _KIDNEY_MEDICINES)
    if medicines:
        return yes(f"with {medicines[0].name}", *(m.ref for m in medicines))
    if problem.answer is Answer.UNKNOWN or chart.unread("medicines") or ages is None or ages[1] >= _NSAID_AGE:
        return unknown("not all risks to the kidney could be checked")
    return no("no risk to the kidney is recorded")


def daily_dose(chart: Chart, ingredient: str) -> float | None:
    """mg a day of the selected drafts of one ingredient, added up (an upper limit); None when one cannot be computed."""
    doses = [
        d.medicine.daily_mg if not d.medicine.extended_release else None
        for d in chart.selected
        if d.medicine and ingredient in d.medicine.ingredients
    ]
    total = 0.0
    for dose in doses:
        if dose is None:
            return None
        total += dose
    return total if doses else None


@once
def _ordered_ingredients(chart: Chart) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The gabapentinoid ingredients that are selected, with their drafts."""
    found: dict[str, list[str]] = {}
    for draft in _selected(chart, _GABAPENTINOIDS):
        for ingredient in draft.medicine.ingredients if draft.medicine else ():
            if ingredient in ("gabapentin", "pregabalin"):
                found.setdefault(ingredient, []).append(draft.ref)
    return tuple((name, tuple(refs)) for name, refs in found.items())


def _over(chart: Chart, limits: Limits, times: int) -> Finding:
    """Is a selected dose above ``times`` the ceiling of the patient's band?"""
    ordered = _ordered_ingredients(chart)
    if not ordered:
        return no("no gabapentinoid is selected")
    kidney = kidney_function(chart)
    if kidney is None:
        missing = "kidney results could not be read" if chart.unread("readings") else "no kidney result within 365 days"
        return unknown(missing, *(ref for _, refs in ordered for ref in refs))
    undecided: Finding | None = None
    for ingredient, refs in ordered:
        least, most = (limit_for(limits, ingredient, bound) for bound in (kidney.low, kidney.high))
        dose = daily_dose(chart, ingredient)
        if least is None or most is None:
            continue
        if dose is None:
            undecided = unknown(f"the daily dose of {ingredient} cannot be computed", *refs)
        elif dose > times * most:
            return yes(f"{ingredient} {dose:g} mg a day, ceiling {most:g} ({kidney.told})", *refs, *kidney.refs)
        elif dose > times * least:
            undecided = unknown(f"the ceiling of {ingredient} lies between {least:g} and {most:g} mg a day", *refs)
    return undecided or no(f"within the ceiling ({kidney.told})", *(ref for _, refs in ordered for ref in refs))


@finding(reads=("readings", "person", "problems", "treatments"))
def dose_above_kidney_limit(chart: Chart, limits: Limits) -> Finding:
    """The daily dose of the selected gabapentinoid is above the ceiling for the patient's kidney function, or cannot be
    computed while kidney function is below the first band's limit (60 mL/min). Extended-release products have other
    tables and are not computed."""
    found = _over(chart, limits, 1)
    kidney = kidney_function(chart)
    if found.answer is not Answer.UNKNOWN or kidney is None:
        return found
    reduced = _reduced(kidney, limits)
    if reduced:
        return yes(f"{found.because} ({kidney.told})", *found.resources, *kidney.refs)
    return no(f"{found.because}, kidney function not reduced", *found.resources)


def _reduced(kidney: KidneyFunction, limits: Limits) -> bool:
    return kidney.low < max(limits.bands)


@finding(reads=("readings", "person", "problems", "treatments"))
def dose_above_twice_kidney_limit(chart: Chart, limits: Limits) -> Finding:
    """The daily dose of the selected gabapentinoid is above (not at) twice the ceiling for the patient's kidney function."""
    return _over(chart, limits, 2)


@finding(reads=("readings",))
def blood_pressure_below(chart: Chart, systolic: int, diastolic: int) -> Finding:
    """The newest blood pressure within 365 days is below both limits (mmHg). Unknown without one."""
    newest: Reading | None = None
    for reading in chart.readings:
        if _BLOOD_PRESSURE in reading.concepts and within(reading.when, 365, chart.today) is Answer.YES and reading.when:
            if newest is None or (newest.when and reading.when.latest >= newest.when.latest):
                newest = reading
    if newest is None:
        return unknown("no blood pressure within 365 days")
    upper = next((v for c, v in newest.parts if _SYSTOLIC in c), None)
    lower = next((v for c, v in newest.parts if _DIASTOLIC in c), None)
    if upper is None or lower is None:
        return unknown("the newest blood pressure is incomplete", newest.ref)
    return (yes if upper < systolic and lower < diastolic else no)(f"{upper:g}/{lower:g} mmHg ({newest.when})", newest.ref)


@finding(reads=("readings",))
def qtc_measured_at_least(chart: Chart, milliseconds: int) -> Finding:
    """The newest corrected QT interval within 365 days is this long or longer. Without a measurement: no, because nothing
    long was measured."""
    measured = [
        (r.when.latest, r.value, r)
        for r in chart.readings
        if _QTC in r.concepts and r.value is not None and r.when and within(r.when, 365, chart.today) is Answer.YES
    ]
    if not measured:
        return Finding(chart.absence("readings"), "no QTc within 365 days")
    _, value, newest = max(measured, key=lambda m: m[:2])
    return (yes if value >= milliseconds else no)(f"QTc {value:g} ms ({newest.when})", newest.ref)


@phrase(reads=())
def ordered_dose(chart: Chart) -> str:
    """The selected gabapentinoids with the daily dose in mg, or that it is not clear."""
    parts = []
    for ingredient, _ in _ordered_ingredients(chart):
        dose = daily_dose(chart, ingredient)
        parts.append(f"{ingredient} {dose:g} mg a day" if dose is not None else f"{ingredient}, daily dose not clear")
    return "; ".join(parts)


@phrase(reads=())
def selected_medicines(chart: Chart) -> str:
    """The names of the selected medicines."""
    return ", ".join(dict.fromkeys(d.medicine.name for d in chart.selected if d.medicine))


@phrase(reads=("readings", "person", "problems", "treatments"))
def kidney_ceiling(chart: Chart) -> str:
    """Whether an extended-release product was left out, or nothing."""
    extended = [d.medicine.name for d in chart.selected if d.medicine and d.medicine.extended_release]
    return f"{', '.join(extended)} is an extended-release product with its own table: not computed." if extended else ""
