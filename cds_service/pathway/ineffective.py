"""First-line nerve-pain medicines that are taken for weeks without recorded benefit."""

from __future__ import annotations

from datetime import date

from .answers import Finding, unknown, yes
from .chart import Chart, Medicine, once
from .exposure import Run, runs_in
from .outcomes import Trend, pain_since
from .vocabulary import concept, finding, phrase

_FIRST_LINE = concept("first-line-nerve-pain-medicines")
_OTHER_REASON = concept("reason-to-continue")


def _records(chart: Chart, run: Run) -> list[Medicine]:
    refs = frozenset(run.refs)
    return [m for m in chart.medicines if m.ref in refs]


@once
def _in_use(chart: Chart) -> tuple[Run, ...]:
    """The runs of first-line medicines that are taken now and were not ordered for another reason."""
    active = (run for run in runs_in(chart, _FIRST_LINE) if run.active)
    return tuple(run for run in active if not any(_OTHER_REASON in m.reasons for m in _records(chart, run)))


@finding(reads=("medicines", "readings"))
def first_line_medicine_without_benefit(chart: Chart, days: int) -> Finding:
    """A tricyclic, SNRI or gabapentinoid is taken for at least this many days, and since its start pain is known and not
    improved (by 2 points or 30 percent; baseline from 28 days before to 14 days after the start, newest value at least 14
    days later). One that was ordered for another recorded reason does not count. Unknown without such scores, or when the
    start is not recorded."""
    undecided: Finding | None = None
    for run in _in_use(chart):
        if run.start is None:
            undecided = undecided or unknown(f"{run.name}: its length is not recorded", *run.refs)
            continue
        if run.days is None or run.days < days:
            continue
        found = None if chart.unread("readings") else pain_since(chart, run.start)
        if found is None:
            undecided = undecided or unknown(f"{run.name} {run.days} days: no pain scores that could tell", *run.refs)
        elif found[0] is not Trend.IMPROVED:
            return yes(f"{run.name} {run.days} days: {found[1]}", *run.refs, *found[2])
    if undecided:
        return undecided
    return Finding(chart.absence("medicines"), f"no first-line medicine for {days} days without benefit")


@finding(reads=("medicines",))
def dose_raised_within(chart: Chart, days: int) -> Finding:
    """The newest order of a first-line nerve-pain medicine that is taken began within this many days, at a higher daily dose
    than the order before it. Unknown when one of the two doses cannot be computed."""
    undecided: Finding | None = None
    for run in _in_use(chart):
        by_day: dict[date, list[Medicine]] = {}
        for medicine in _records(chart, run):
            start = medicine.start or medicine.ordered
            if start and start.exact:
                by_day.setdefault(start.latest, []).append(medicine)
        starts = sorted(by_day)
        if len(starts) < 2 or (chart.today - starts[-1]).days > days:
            continue
        before, after = _dose(by_day[starts[-2]]), _dose(by_day[starts[-1]])
        if before is None or after is None:
            undecided = undecided or unknown(f"{run.name}: a new order of {starts[-1]}, dose not recorded", *run.refs)
        elif after > before:
            return yes(f"{run.name}: {before:g} to {after:g} mg a day on {starts[-1]}", *run.refs)
    return undecided or Finding(chart.absence("medicines"), f"no dose raised within {days} days")


def _dose(orders: list[Medicine]) -> float | None:
    """The highest daily dose among the orders of one day; None when one of them does not tell."""
    doses = [m.daily_mg for m in orders]
    return None if None in doses else max(dose for dose in doses if dose is not None)


@phrase(reads=("medicines", "readings"))
def first_line_medicines_in_use(chart: Chart) -> str:
    """The first-line nerve-pain medicines that are taken, each with its days and the pain since its start."""
    parts = []
    for run in _in_use(chart):
        if run.start is not None:
            found = pain_since(chart, run.start)
            parts.append(f"{run.name} {run.days} days" + (f", {found[1]}" if found else ""))
    return "; ".join(parts)
