"""Is the ordered dose of a gabapentinoid too high for the kidneys?"""

from __future__ import annotations

from .answers import Answer, Finding, no, unknown, yes
from .chart import Chart, once
from .dosing import Limits, limit_for
from .kidney import READS, KidneyFunction, kidney_function, may_be_worse
from .ordering import selected_of
from .vocabulary import concept, finding, phrase

_GABAPENTINOIDS = concept("gabapentinoids")


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
    for draft in selected_of(chart, _GABAPENTINOIDS):
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


@finding(reads=READS)
def dose_above_kidney_limit(chart: Chart, limits: Limits) -> Finding:
    """The daily dose of the selected gabapentinoid is above the ceiling for the patient's kidney function, or cannot be
    computed while kidney function is below the first band's limit (60 mL/min). Extended-release products have other
    tables and are not computed."""
    found = _over(chart, limits, 1)
    kidney = kidney_function(chart)
    if found.answer is Answer.NO and may_be_worse(chart) and not _below_every_ceiling(chart, limits):
        return unknown(f"{found.because}; the kidneys may be worse than that", *found.resources)
    if found.answer is not Answer.UNKNOWN or kidney is None:
        return found
    if _reduced(kidney, limits):
        return yes(f"{found.because} ({kidney.told})", *found.resources, *kidney.refs)
    if may_be_worse(chart):
        return found
    return no(f"{found.because}, kidney function not reduced", *found.resources)


def _below_every_ceiling(chart: Chart, limits: Limits) -> bool:
    """Is every selected dose safe whatever the kidneys do?"""
    pairs = [(daily_dose(chart, name), limit_for(limits, name, 0.0)) for name, _ in _ordered_ingredients(chart)]
    return all(least is None or (dose is not None and dose <= least) for dose, least in pairs)


def _reduced(kidney: KidneyFunction, limits: Limits) -> bool:
    return kidney.low < max(limits.bands)


@finding(reads=READS)
def dose_above_twice_kidney_limit(chart: Chart, limits: Limits) -> Finding:
    """The daily dose of the selected gabapentinoid is above (not at) twice the ceiling for the patient's kidney function."""
    return _over(chart, limits, 2)


@phrase(reads=())
def ordered_dose(chart: Chart) -> str:
    """The selected gabapentinoids with the daily dose in mg, or that it is not clear."""
    parts = []
    for ingredient, _ in _ordered_ingredients(chart):
        dose = daily_dose(chart, ingredient)
        parts.append(f"{ingredient} {dose:g} mg a day" if dose is not None else f"{ingredient}, daily dose not clear")
    return "; ".join(parts)


@phrase(reads=())
def extended_release_selected(chart: Chart) -> str:
    """A sentence on selected extended-release products, whose table is another one; or nothing."""
    extended = [d.medicine.name for d in chart.selected if d.medicine and d.medicine.extended_release]
    return f"{', '.join(extended)} is an extended-release product with its own table: not computed." if extended else ""
