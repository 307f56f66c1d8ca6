"""Orders that carry a risk in pregnancy: is it recorded, how far is it, and was anybody asked?"""

from __future__ import annotations

from .answers import Answer, Finding, any_found, no, unknown, yes
from .chart import Chart, Reading, once
from .dates import within
from .demographics import FERTILE, NEGATIVE_DAYS, RADIATION_DAYS, age_range, pregnancy_by
from .ordering import selected_of
from .vocabulary import concept, finding, phrase

_DUE, _GESTATION = concept("delivery-date"), concept("gestational-age")
_CHECKED, _RADIATION = concept("pregnancy-check-medicines"), concept("pelvic-radiation")
_RISK = concept("risk-in-pregnancy")
_ANALGESICS = (concept("nsaids"), concept("opioid-analgesics"))

# Pathway specification, part D: how old a stated gestational age may be, the length of a pregnancy, and of a long one.
_GESTATION_DAYS, _TERM_DAYS, _LONGEST_DAYS = 14, 280, 308
_DAYS_IN = {"wk": 7, "week": 7, "weeks": 7, "d": 1, "day": 1, "days": 1}

_READS = ("person", "readings", "problems", "treatments")


# -- gestation --------------------------------------------------------------------------------------------------------------


def _newest(chart: Chart, readings: list[Reading]) -> Reading | None:
    dated = [r for r in readings if r.when and r.when.happened(chart.today) is Answer.YES]
    return max(dated, key=lambda r: r.when.latest, default=None) if dated else None  # type: ignore[union-attr]


@once
def gestation(chart: Chart) -> tuple[int, str] | None:
    """Whole weeks, rounded down, from the delivery date or a gestational age of the last 14 days; the longer of the two."""
    found: list[tuple[int, str]] = []
    due = _newest(chart, [r for r in chart.readings_of(_DUE) if r.on])
    if due and due.on:
        days = _TERM_DAYS - (due.on.earliest - chart.today).days
        if 0 <= days <= _LONGEST_DAYS:
            found.append((days // 7, due.ref))
    aged = [r for r in chart.readings_of(_GESTATION) if r.value is not None and (r.unit or "") in _DAYS_IN]
    stated = _newest(chart, [r for r in aged if within(r.when, _GESTATION_DAYS, chart.today) is Answer.YES])
    if stated and stated.when and stated.value is not None:
        days_then = stated.value * _DAYS_IN[stated.unit or ""]
        found.append((int(days_then + (chart.today - stated.when.earliest).days) // 7, stated.ref))
    return max(found, default=None)


@finding(reads=("readings",))
def gestation_not_known_below(chart: Chart, weeks: int) -> Finding:
    """The pregnancy has lasted so many weeks or more, or its length is not known: no delivery date, and no gestational age
    within 14 days. A shorter one counts as not known while not all results could be read. No means: known to be shorter."""
    found = gestation(chart)
    if found is None:
        return yes("the length of the pregnancy is not recorded")
    told, ref = f"{found[0]} weeks", found[1]
    if found[0] < weeks and chart.unread("readings"):
        return yes(f"{told}; not all results could be read", ref)
    return (yes if found[0] >= weeks else no)(told, ref)


@phrase(reads=("readings",))
def gestation_recorded(chart: Chart) -> str:
    """The length of the pregnancy in whole weeks, or that it is not recorded."""
    found = gestation(chart)
    if found:
        return f"{found[0]} weeks"
    return "could not be read" if chart.unread("readings") else "not recorded"


# -- orders -----------------------------------------------------------------------------------------------------------------


@finding(reads=("problems",))
def ordering_analgesic(chart: Chart) -> Finding:
    """An NSAID or an opioid analgesic is selected. No means: none is selected."""
    found = [d for name in _ANALGESICS for d in selected_of(chart, name)]
    if found:
        return yes(f"selected: {', '.join(d.name for d in found)}", *(d.ref for d in found))
    return no("no analgesic is selected")


@phrase(reads=())
def orders_with_pregnancy_risk(chart: Chart) -> str:
    """The selected orders that carry a risk in pregnancy."""
    return ", ".join(dict.fromkeys(d.name for d in selected_of(chart, _RISK)))


@finding(reads=_READS)
def signing_without_pregnancy_status(chart: Chart) -> Finding:
    """A gabapentinoid, systemic NSAID, botulinum toxin, or an X-ray or CT of hip, pelvis or lumbar spine is selected for a
    patient of 12 to 55 who is not recorded as male, and whether there is a pregnancy is not recorded. A negative statement
    counts for 90 days, for imaging 30; hysterectomy, sterilisation and menopause count for good. Unknown without a date of
    birth that can tell, or when results, problems or procedures could not be read."""
    asked = []
    for what, days in ((_CHECKED, NEGATIVE_DAYS), (_RADIATION, RADIATION_DAYS)):
        ordered = selected_of(chart, what)
        if ordered:
            asked.append(_status_missing(chart, days, tuple(d.ref for d in ordered)))
    return any_found(asked, "no such order is selected, or the status is recorded")


def _status_missing(chart: Chart, days: int, refs: tuple[str, ...]) -> Finding:
    status, ages = pregnancy_by(chart, days), age_range(chart)
    if status.answer is not Answer.UNKNOWN:
        return no(status.because, *status.resources)
    if ages is None or ages[0] < FERTILE[0] or ages[1] > FERTILE[1]:
        return unknown("whether the age is between 12 and 55 cannot be told", *refs)
    if gaps := chart.unread("readings", "problems", "treatments"):
        return unknown(f"pregnancy status unknown: {', '.join(g.what for g in gaps)} could not be read", *refs)
    return yes(f"pregnancy status is not recorded, age {ages[0]}", *refs)
