"""The newest measurements that an order depends on: blood pressure, the QT interval and sodium."""

from __future__ import annotations

from typing import NamedTuple

from .answers import Answer, Finding, no, unknown, yes
from .chart import Chart, Reading
from .dates import When, within
from .vocabulary import ValueSet, concept, finding

_QTC, _SODIUM = concept("qtc"), concept("sodium")
_SODIUM_UNITS = frozenset({"mmol/l", "meq/l"})
_BLOOD_PRESSURE, _SYSTOLIC, _DIASTOLIC = concept("blood-pressure"), concept("systolic"), concept("diastolic")

# Pathway specification, part D, bp_latest, sodium_latest and qtc_latest: a measurement of the last 365 days counts.
_DAYS = 365


def _recent(chart: Chart, measured: ValueSet) -> list[Reading]:
    """What was measured in the last 365 days, the newest last."""
    dated = [
        (r.when.latest, r) for r in chart.readings_of(measured) if r.when and within(r.when, _DAYS, chart.today) is Answer.YES
    ]
    return [reading for _, reading in sorted(dated, key=lambda d: d[0])]


class _Pressure(NamedTuple):
    upper: float | None
    lower: float | None
    day: When | None
    refs: tuple[str, ...]


def _newest_pressure(chart: Chart) -> _Pressure | None:
    """The newest blood pressure (mmHg); of one day the highest values."""
    recent = _recent(chart, _BLOOD_PRESSURE)
    if not recent:
        return None
    newest = [r for r in recent if r.when == recent[-1].when]
    upper = max((v for r in newest for c, v in r.parts if _SYSTOLIC in c), default=None)
    lower = max((v for r in newest for c, v in r.parts if _DIASTOLIC in c), default=None)
    return _Pressure(upper, lower, newest[0].when, tuple(sorted(r.ref for r in newest)))


@finding(reads=("readings",))
def blood_pressure_below(chart: Chart, systolic: int, diastolic: int) -> Finding:
    """The newest blood pressure within 365 days is below both limits (mmHg); of one day every one must be. Unknown without
    one, and while not all readings could be read, because a newer one may be among the others."""
    newest = _newest_pressure(chart)
    if newest is None:
        return unknown("no blood pressure within 365 days")
    upper, lower, day, refs = newest
    if upper is None or lower is None:
        return unknown("the newest blood pressure is incomplete", *refs)
    told = f"{upper:g}/{lower:g} mmHg ({day})"
    if upper >= systolic or lower >= diastolic:
        return no(told, *refs)
    if chart.unread("readings"):
        return unknown(f"{told}; not all readings could be read", *refs)
    return yes(told, *refs)


def high_blood_pressure(chart: Chart, systolic: int, diastolic: int) -> Finding:
    """Is one value of the newest blood pressure within 365 days on its limit or above? Of one day the highest counts. Without
    one: no, because nothing high was measured."""
    newest = _newest_pressure(chart)
    if newest is None:
        return Finding(chart.absence("readings"), "no blood pressure within 365 days")
    upper, lower, day, refs = newest
    known = [f"{v:g}" for v in (upper, lower) if v is not None]
    told = f"blood pressure {'/'.join(known) or 'without a value'} mmHg ({day})"
    if (upper is not None and upper >= systolic) or (lower is not None and lower >= diastolic):
        return yes(told, *refs)
    return Finding(chart.absence("readings"), told, refs)


def low_sodium(chart: Chart, limit: int) -> Finding:
    """Is the newest sodium within 365 days below this limit (mmol/L)? Of one day the lowest counts. Without one: no, because
    nothing low was measured."""
    values = [
        (r, r.value)
        for r in _recent(chart, _SODIUM)
        if r.value is not None and (r.unit or "").lower() in _SODIUM_UNITS and r.comparator not in (">", ">=")
    ]
    if not values:
        return Finding(chart.absence("readings"), "no sodium within 365 days")
    last = values[-1][0].when
    newest, value = min((v for v in values if v[0].when == last), key=lambda v: v[1])
    low = value < limit or (value == limit and newest.comparator == "<")
    told = f"sodium {newest.comparator or ''}{value:g} mmol/L ({newest.when})"
    return yes(told, newest.ref) if low else Finding(chart.absence("readings"), told, (newest.ref,))


def qtc_on_record(chart: Chart) -> bool:
    """Was a QTc measured within 365 days?"""
    return any(r.value is not None for r in _recent(chart, _QTC))


@finding(reads=("readings",))
def qtc_measured_at_least(chart: Chart, milliseconds: int) -> Finding:
    """The newest corrected QT interval within 365 days is this long or longer (ms); of one day the longest counts. Without
    a measurement: no, because nothing long was measured."""
    values = [(r, r.value) for r in _recent(chart, _QTC) if r.value is not None]
    if not values:
        return Finding(chart.absence("readings"), "no QTc within 365 days")
    last = values[-1][0].when
    newest, value = max((v for v in values if v[0].when == last), key=lambda v: v[1])
    told = f"QTc {value:g} ms ({newest.when})"
    return yes(told, newest.ref) if value >= milliseconds else Finding(chart.absence("readings"), told, (newest.ref,))
