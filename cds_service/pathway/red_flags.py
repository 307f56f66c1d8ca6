"""Red flags. Not finding one is UNKNOWN, never "excluded": nobody can tell from a record that nothing is wrong."""

from __future__ import annotations

from .answers import Answer, Finding, yes
from .cauda_equina import cauda_equina_suspected
from .chart import Chart
from .dates import within
from .demographics import age_range
from .exclusions import is_malignancy
from .hamstring import avulsion
from .scope import pain_problems
from .suspicion import NOT_EXCLUDED, never_excluded, signs
from .trials import days_covered
from .vocabulary import concept, finding
from .weakness import motor_deficit

_TEMPERATURE, _CRP = concept("body-temperature"), concept("c-reactive-protein")
_INFECTION, _IMMUNE = concept("rf-hip-pelvic-infection"), concept("immunosuppression")
_INJECTING, _DIALYSIS = concept("injecting-drug-use"), concept("dialysis")
_INTERVENTION = concept("spinal-or-hip-intervention")
_FEVER_CELSIUS, _FEVER_FAHRENHEIT, _CRP_MG_L = 38.0, 100.4, 20.0


@never_excluded
def infection(chart: Chart) -> Finding | None:
    """Hip, pelvic or spinal infection; fever within 7 days; CRP above 20 mg/L within 14 days with a risk factor."""
    for problem in chart.problems:
        if _INFECTION in problem.concepts and problem.current is Answer.YES:
            return yes(f"recorded: {problem.name}", problem.ref)
    for reading in chart.readings:
        if reading.value is None:
            continue
        if _TEMPERATURE in reading.concepts and within(reading.when, 7, chart.today) is Answer.YES:
            limit = {"Cel": _FEVER_CELSIUS, "[degF]": _FEVER_FAHRENHEIT}.get(reading.unit or "")
            if limit is not None and reading.value >= limit:
                return yes(f"temperature {reading.value:g}", reading.ref)
        if _CRP in reading.concepts and within(reading.when, 14, chart.today) is Answer.YES:
            factor = {"mg/L": 1.0, "mg/dL": 10.0}.get(reading.unit or "")
            if factor and reading.value * factor > _CRP_MG_L and (risk := _infection_risk(chart)):
                return yes("raised CRP with a risk factor", reading.ref, risk)
    return None


def _infection_risk(chart: Chart) -> str | None:
    for problem in chart.problems:
        if problem.current is Answer.YES and not problem.concepts.isdisjoint({_INJECTING, _IMMUNE, _DIALYSIS}):
            return problem.ref
    for treatment in chart.treatments:
        days = 30 if _INTERVENTION in treatment.concepts else 90 if _DIALYSIS in treatment.concepts else None
        if days and within(treatment.when, days, chart.today) is Answer.YES:
            return treatment.ref
    return None


_TRAUMA, _BEARING = concept("trauma"), concept("unable-to-bear-weight")
_OSTEOPOROSIS, _STEROID = concept("osteoporosis"), concept("med-systemic-corticosteroid")
_STRESS_FRACTURE, _HIP_FRACTURE = concept("stress-fracture"), concept("rf-hip-pelvic-fracture")


@never_excluded
def fracture(chart: Chart) -> Finding | None:
    """A fall within 30 days with age 65, osteoporosis or 90 days of a systemic steroid; unable to bear weight within 14
    days; a stress or insufficiency fracture, or a suspected hip or pelvic fracture."""
    for problem in chart.problems:
        if problem.current is not Answer.YES:
            continue
        if _STRESS_FRACTURE in problem.concepts or (_HIP_FRACTURE in problem.concepts and problem.suspected):
            return yes(f"recorded: {problem.name}", problem.ref)
        if _BEARING in problem.concepts and within(problem.began, 14, chart.today) is Answer.YES:
            return yes(f"recorded: {problem.name}", problem.ref)
    for reading in chart.readings:
        if _BEARING in reading.concepts and reading.present is not False and within(reading.when, 14, chart.today) is Answer.YES:
            return yes("unable to bear weight", reading.ref)
    trauma = _recent_trauma(chart)
    return yes("a recent fall or injury, with fragile bone", trauma) if trauma and _fragile(chart) else None


def _recent_trauma(chart: Chart) -> str | None:
    for problem in chart.problems:
        if _TRAUMA in problem.concepts and within(problem.began, 30, chart.today) is Answer.YES:
            return problem.ref
    for reading in chart.readings:
        if _TRAUMA in reading.concepts and reading.present is not False and within(reading.when, 30, chart.today) is Answer.YES:
            return reading.ref
    for contact in chart.contacts:
        if _TRAUMA in contact.reasons and within(contact.when, 30, chart.today) is Answer.YES:
            return contact.ref
    return None


def _fragile(chart: Chart) -> bool:
    """65 or older, or of unknown age (counts as at risk); osteoporosis; a systemic steroid for 90 days."""
    ages = age_range(chart)
    if ages is None or ages[1] >= 65:
        return True
    if any(p.current is Answer.YES and _OSTEOPOROSIS in p.concepts for p in chart.problems):
        return True
    return days_covered(chart, _STEROID) >= 90


_HISTORY, _WEIGHT_LOSS, _NIGHT_PAIN = concept("rf-history-of-malignancy"), concept("weight-loss"), concept("night-pain")


@never_excluded
def malignancy(chart: Chart) -> Finding | None:
    """Cancer, current, in remission or past, or weight loss within 180 days, or night pain at 50 or older, together with
    pathway pain that began within a year."""
    if not any(within(p.began, 365, chart.today) is Answer.YES for p in pain_problems(chart)):
        return None
    for problem in chart.problems:
        if is_malignancy(problem) and (problem.current is Answer.YES or problem.in_remission):
            return yes(f"recorded: {problem.name}", problem.ref)
        if _HISTORY in problem.concepts:  # a history is past by its name, whatever its status
            return yes(f"recorded: {problem.name}", problem.ref)
    for concepts, when, ref in signs(chart):
        if _WEIGHT_LOSS in concepts and within(when, 180, chart.today) is Answer.YES:
            return yes("weight loss is recorded", ref)
        ages = age_range(chart)
        if _NIGHT_PAIN in concepts and ages and ages[0] >= 50:
            return yes("night or rest pain is recorded", ref)
    return None


_MASS = concept("mass-on-nerve")


@never_excluded
def mass_on_nerve(chart: Chart) -> Finding | None:
    """A mass in contact with the sciatic or pudendal nerve is reported or recorded."""
    for report in chart.reports:
        if _MASS in report.conclusions:
            return yes("a mass on the nerve is reported", report.ref)
    for concepts, _, ref in signs(chart):
        if _MASS in concepts:
            return yes("a mass on the nerve is recorded", ref)
    return None


_READS = ("problems", "readings", "treatments", "contacts", "reports", "medicines", "person")


@finding(reads=_READS)
def red_flag(chart: Chart) -> Finding:
    """Any red flag is recorded: cauda equina signs, new leg weakness, infection, fracture, malignancy, hamstring avulsion
    or a mass on the nerve. When none is, the answer is unknown, never no."""
    for ask in (cauda_equina_suspected, motor_deficit, infection, fracture, malignancy, avulsion, mass_on_nerve):
        found: Finding = ask(chart)
        if found.answer is Answer.YES:
            return found
    return NOT_EXCLUDED
