"""The newest measurements that an order depends on: blood pressure and the QT interval."""

from __future__ import annotations

from .answers import Answer, Finding, no, unknown, yes
from .chart import Chart, Reading
from .dates import within
from .vocabulary import ValueSet, concept, finding

_QTC = concept("qtc")
_BLOOD_PRESSURE, _SYSTOLIC, _DIASTOLIC = concept("blood-pressure"), concept("systolic"), concept("diastolic")

# Pathway specification, part D, bp_latest and qtc_latest: a measurement of the last 365 days counts.
_DAYS = 365


def _recent(chart: Chart, measured: ValueSet) -> list[Reading]:
    """What was measured in the last 365 days, the newest last."""
    dated = [
        (r.when.latest, r)
        for r in chart.readings
        if measured in r.concepts and r.when and within(r.when, _DAYS, chart.today) is Answer.YES
    ]
    return [reading for _, reading in sorted(dated, key=lambda d: d[0])]


@finding(reads=("readings",))
def blood_pressure_below(chart: Chart, systolic: int, diastolic: int) -> Finding:
    """The newest blood pressure within 365 days is below both limits (mmHg). Unknown without one."""
    recent = _recent(chart, _BLOOD_PRESSURE)
    if not recent:
        return unknown("no blood pressure within 365 days")
    newest = recent[-1]
    upper = next((v for c, v in newest.parts if _SYSTOLIC in c), None)
    lower = next((v for c, v in newest.parts if _DIASTOLIC in c), None)
    if upper is None or lower is None:
        return unknown("the newest blood pressure is incomplete", newest.ref)
    return (yes if upper < systolic and lower < diastolic else no)(f"{upper:g}/{lower:g} mmHg ({newest.when})", newest.ref)


@finding(reads=("readings",))
def qtc_measured_at_least(chart: Chart, milliseconds: int) -> Finding:
    """The newest corrected QT interval within 365 days is this long or longer (ms); of one day the longest counts. Without
    a measurement: no, because nothing long was measured."""
    values = [(r, r.value) for r in _recent(chart, _QTC) if r.value is not None]
    if not values:
        return Finding(chart.absence("readings"), "no QTc within 365 days")
    last = values[-1][0].when
    newest, value = max((v for v in values if v[0].when == last), key=lambda v: v[1])
    return (yes if value >= milliseconds else no)(f"QTc {value:g} ms ({newest.when})", newest.ref)
