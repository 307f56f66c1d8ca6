"""Infection of hip, pelvis or spine."""

from __future__ import annotations

from .answers import Answer, Finding
from .chart import Chart, once
from .dates import within
from .suspicion import Flag, raised, recorded, told
from .vocabulary import concept, finding, phrase

_TEMPERATURE, _CRP = concept("body-temperature"), concept("c-reactive-protein")
_INFECTION, _IMMUNE = concept("rf-hip-pelvic-infection"), concept("immunosuppression")
_INJECTING, _DIALYSIS = concept("injecting-drug-use"), concept("dialysis")
_INTERVENTION = concept("spinal-or-hip-intervention")
_FEVER_CELSIUS, _FEVER_FAHRENHEIT, _CRP_MG_L = 38.0, 100.4, 20.0


@once
def infections(chart: Chart) -> tuple[Flag, ...]:
    """Hip, pelvic or spinal infection; fever within 7 days; CRP above 20 mg/L within 14 days with a risk factor."""
    found = [
        recorded(problem.name, problem.began, problem.ref)
        for problem in chart.problems_of(_INFECTION)
        if problem.current is Answer.YES
    ]
    for reading in chart.readings_of_any((_TEMPERATURE, _CRP)):
        if reading.value is None:
            continue
        if _TEMPERATURE in reading.concepts and within(reading.when, 7, chart.today) is Answer.YES:
            limit = {"Cel": _FEVER_CELSIUS, "[degF]": _FEVER_FAHRENHEIT}.get(reading.unit or "")
            if limit is not None and reading.value >= limit:
                found.append(Flag(f"temperature {reading.value:g}", reading.when, (reading.ref,)))
        if _CRP in reading.concepts and within(reading.when, 14, chart.today) is Answer.YES:
            factor = {"mg/L": 1.0, "mg/dL": 10.0}.get(reading.unit or "")
            if factor and reading.value * factor > _CRP_MG_L and (risk := _infection_risk(chart)):
                found.append(Flag("raised CRP with a risk factor", reading.when, (reading.ref, risk)))
    return tuple(found)


def _infection_risk(chart: Chart) -> str | None:
    for problem in chart.problems_of_any((_INJECTING, _IMMUNE, _DIALYSIS)):
        if problem.current is Answer.YES:
            return problem.ref
    for treatment in chart.treatments:
        days = 30 if _INTERVENTION in treatment.concepts else 90 if _DIALYSIS in treatment.concepts else None
        if days and within(treatment.when, days, chart.today) is Answer.YES:
            return treatment.ref
    return None


@finding(reads=("problems", "readings", "treatments"))
def infection_suspected(chart: Chart) -> Finding:
    """An infection of hip, pelvis or spine is current; or a temperature of 38.0 degrees Celsius (100.4 Fahrenheit) or more
    within 7 days; or a CRP above 20 mg/L within 14 days with a risk factor: injecting drug use, immunosuppression,
    haemodialysis, or a spinal or hip injection or operation within 30 days. When none is recorded the answer is unknown,
    never no."""
    return raised(infections(chart))


@phrase(reads=("problems", "readings", "treatments"))
def infection_found(chart: Chart) -> str:
    """The signs of infection that are recorded, with their days."""
    return told(infections(chart))
