"""Kidney function: the lower of creatinine clearance and reported eGFR, never rounded."""

from __future__ import annotations

from math import inf
from typing import NamedTuple

from .answers import Answer, Finding, no, unknown, yes
from .chart import Chart, Reading, once
from .dates import within
from .demographics import age_range
from .vocabulary import concept, finding, phrase

_EGFR = concept("egfr")
_CREATININE = concept("serum-creatinine")
_WEIGHT = concept("body-weight")
_STAGE_4 = concept("ckd-stage-4")
_STAGE_5 = concept("ckd-stage-5")
_DIALYSIS = concept("dialysis")

# Pathway specification, part D: results count for 365 days, a dialysis procedure for 90 (encodings 2.2).
_DAYS, _DIALYSIS_DAYS = 365, 90
_EGFR_UNITS = frozenset({None, "", "mL/min/{1.73_m2}", "mL/min/1.73m2", "mL/min/1.73 m2", "mL/min/1.73m^2", "mL/min"})
_UMOL_PER_MG_DL = 88.4  # micromol/L in 1 mg/dL of creatinine


class KidneyFunction(NamedTuple):
    """Bounds in mL/min (per 1.73 m2 for eGFR): equal when the value is exact. ``low`` decides the dose band."""

    low: float
    high: float
    refs: tuple[str, ...]
    told: str


def _bounds(reading: Reading) -> tuple[float, float] | None:
    value = reading.value
    if value is None or value < 0:
        return None
    match reading.comparator:
        case None | "":
            return value, value
        case ">" | ">=":
            return value, inf
        case "<":
            return 0.0, _just_below(value)
        case "<=":
            return 0.0, value
    return None


def _just_below(value: float) -> float:
    """The top of the open range below a limit: "<15" is not 15."""
    return value - 1e-9


def _newest(chart: Chart, name: str) -> list[Reading]:
    """The results of the newest day within a year; several when one day has several."""
    recent = [r for r in chart.readings_of(name) if r.value is not None and within(r.when, _DAYS, chart.today) is Answer.YES]
    if not recent:
        return []
    newest = max(r.when.latest for r in recent if r.when)
    return [r for r in recent if r.when and r.when.latest == newest]


@once
def egfr(chart: Chart) -> KidneyFunction | None:
    """The newest eGFR within a year. Of several on one day (race variants) the lowest counts; they are not averaged."""
    found = [(b, r) for r in _newest(chart, _EGFR) if r.unit in _EGFR_UNITS and (b := _bounds(r))]
    if not found:
        return None
    (low, high), reading = min(found, key=lambda pair: pair[0])
    sign = reading.comparator or ""
    return KidneyFunction(low, high, (reading.ref,), f"eGFR {sign}{reading.value:g} mL/min/1.73 m² ({reading.when})")


def _creatinine_mg_dl(reading: Reading) -> float | None:
    """mg/dL; None where the unit is missing or another one, because a bare number could be either."""
    if reading.value is None or reading.value <= 0 or reading.comparator:
        return None
    if reading.unit == "mg/dL":
        return reading.value
    return reading.value / _UMOL_PER_MG_DL if reading.unit in ("umol/L", "µmol/L") else None


def _kilograms(reading: Reading) -> float | None:
    if reading.value is None or reading.value <= 0:
        return None
    return {"kg": reading.value, "g": reading.value / 1000, "[lb_av]": reading.value * 0.45359237}.get(reading.unit or "")


@once
def creatinine_clearance(chart: Chart) -> KidneyFunction | None:
    """Cockcroft and Gault 1976: (140 - age) x kg / (72 x mg/dL), x 0.85 for women. Needs all four."""
    ages, sex = age_range(chart), chart.person.sex
    creatinine = [(v, r) for r in _newest(chart, _CREATININE) if (v := _creatinine_mg_dl(r)) is not None]
    weight = [(v, r) for r in _newest(chart, _WEIGHT) if (v := _kilograms(r)) is not None]
    if ages is None or sex not in ("male", "female") or not creatinine or not weight:
        return None
    mg_dl, lab = max(creatinine, key=lambda pair: pair[0])
    kg, scale = min(weight, key=lambda pair: pair[0])
    value = (140 - ages[1]) * kg / (72 * mg_dl) * (0.85 if sex == "female" else 1.0)
    told = f"creatinine clearance {value:.1f} mL/min (Cockcroft-Gault: creatinine {lab.when}, weight {kg:g} kg {scale.when})"
    return KidneyFunction(value, value, (lab.ref, scale.ref), told)


@once
def on_dialysis(chart: Chart) -> str | None:
    """The record that says dialysis or stage 5, if there is one."""
    for problem in chart.problems_of_any((_DIALYSIS, _STAGE_5)):
        if problem.current is Answer.YES:
            return problem.ref
    for treatment in chart.treatments:
        if _DIALYSIS in treatment.concepts and within(treatment.when, _DIALYSIS_DAYS, chart.today) is Answer.YES:
            return treatment.ref
    return None


@once
def kidney_function(chart: Chart) -> KidneyFunction | None:
    """The lower of clearance and eGFR; dialysis or stage 5 counts as below 15, stage 4 without a value as 15 to 29."""
    dialysis = on_dialysis(chart)
    if dialysis:
        return KidneyFunction(0.0, _just_below(15.0), (dialysis,), "dialysis or kidney disease stage 5 is recorded")
    values = [v for v in (egfr(chart), creatinine_clearance(chart)) if v]
    if values:
        lower = min(values, key=lambda v: v.low)
        high = min(v.high for v in values)
        return KidneyFunction(lower.low, high, tuple(ref for v in values for ref in v.refs), lower.told)
    for problem in chart.problems_of(_STAGE_4):
        if problem.current is Answer.YES:
            return KidneyFunction(
                15.0, _just_below(30.0), (problem.ref,), "kidney disease stage 4 is recorded and counts as 15 to 29 mL/min"
            )
    return None


def _unknown(chart: Chart) -> Finding:
    if chart.unread("readings"):
        return unknown("kidney results could not be read")
    return unknown("no kidney function result within 365 days")


READS = ("readings", "person", "problems", "treatments")


def may_be_worse(chart: Chart) -> bool:
    """Could the kidneys be worse than the value says? Something was not read, a newer result is not a number, or dialysis or
    stage 5 is recorded and not whether it is current."""
    undated = any(p.current is Answer.UNKNOWN for p in chart.problems_of_any((_DIALYSIS, _STAGE_5)))
    undated |= any(_DIALYSIS in t.concepts and t.when is None for t in chart.treatments)
    return undated or _in_words_since(chart, _EGFR) or _in_words_since(chart, _CREATININE) or bool(chart.unread(*READS))


def _in_words_since(chart: Chart, name: str) -> bool:
    """Is there a result that is not a number, newer than the newest number?"""
    known = max((r.when.latest for r in _newest(chart, name) if r.when), default=None)
    if known is None:
        return False
    silent = [r.when for r in chart.readings_of(name) if r.value is None and r.when]
    return any(known < when.latest <= chart.today for when in silent)


@finding(reads=READS)
def kidney_function_below(chart: Chart, limit: int) -> Finding:
    """The lower of creatinine clearance and eGFR (mL/min, within 365 days) is below this limit. A value on the limit is
    not below it, and nothing is rounded. A value above the limit proves nothing while a lower or newer one may not have
    been read, or while dialysis or stage 5 is recorded and not whether it is current."""
    kidney = kidney_function(chart)
    if kidney is None:
        return _unknown(chart)
    if kidney.high < limit:
        return yes(kidney.told, *kidney.refs)
    if kidney.low >= limit:
        return (unknown if may_be_worse(chart) else no)(kidney.told, *kidney.refs)
    return unknown(f"{kidney.told}: could be on either side of {limit}", *kidney.refs)


@finding(reads=("readings", "person", "problems", "treatments"))
def kidney_function_at_least(chart: Chart, limit: int) -> Finding:
    """The lower of creatinine clearance and eGFR (mL/min, within 365 days) is this limit or more."""
    below = kidney_function_below(chart, limit)
    return Finding(~below.answer, below.because, below.resources)


@finding(reads=("readings", "person", "problems", "treatments"))
def no_kidney_result(chart: Chart) -> Finding:
    """The results were read, and hold no kidney function of the last 365 days in a unit that is understood."""
    kidney = kidney_function(chart)
    if kidney:
        return no(kidney.told, *kidney.refs)
    if chart.unread("readings"):
        return unknown("kidney results could not be read")
    return yes("no kidney function result within 365 days")


@phrase(reads=("readings", "person", "problems", "treatments"))
def kidney_values(chart: Chart) -> str:
    """Reported eGFR and computed creatinine clearance, with dates and formula, and which of them could not be had."""
    parts = []
    if on_dialysis(chart):
        parts.append("dialysis or kidney disease stage 5 is recorded")
    reported, computed = egfr(chart), creatinine_clearance(chart)
    missing = "eGFR could not be read" if chart.unread("readings") else "no eGFR within 365 days"
    parts.append(reported.told if reported else missing)
    parts.append(computed.told if computed else "creatinine clearance not computed (needs creatinine, weight, age and sex)")
    if not (reported or computed or on_dialysis(chart)) and (kidney := kidney_function(chart)):
        parts.append(kidney.told)
    return "; ".join(parts)
