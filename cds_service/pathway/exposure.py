"""Medicines over time: for how long each was taken, in runs without a long gap."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from .chart import Chart, Medicine, once
from .vocabulary import ValueSet, concept

_INTOLERANCE = concept("stopped-for-intolerance")
_NO_BENEFIT = concept("stopped-as-ineffective")
# Encodings, section 6: runs of one ingredient with gaps of up to 30 days are one run; long-term is 90 days that reach into the
# last 30.
_GAP_DAYS = 30
LONG_TERM_DAYS, LATELY_DAYS = 90, 30
# Never a trial, whatever their dates.
_NEVER_TAKEN = frozenset({"draft", "cancelled", "entered-in-error", "unknown", "not-taken"})


@dataclass(frozen=True, slots=True)
class Run:
    """One ingredient taken without a gap of more than 30 days. ``days`` is None when the record does not tell."""

    name: str
    classes: frozenset[str]
    days: int | None
    active: bool
    refs: tuple[str, ...]
    end: date | None = None
    intolerant: bool = False
    ineffective: bool = False

    @property
    def start(self) -> date | None:
        """The first day; None where the length is not known."""
        return self.end - timedelta(days=self.days) if self.end and self.days is not None else None


def exposure(medicine: Medicine, today: date) -> tuple[date, date] | None:
    """First and last day of one record, today at most; None when either is not known."""
    start = medicine.start or medicine.ordered
    if start is None or start.earliest > today or not start.exact:
        return None
    if medicine.end:
        end = medicine.end.latest
    elif medicine.on_list:
        end = today
    else:
        return None
    return start.earliest, max(min(end, today), start.earliest)


def ever_taken(chart: Chart) -> Iterable[Medicine]:
    """What is taken, and what was: nothing that was only drafted, cancelled or not to be given."""
    for medicine in chart.medicines:
        if medicine.classes and medicine.status not in _NEVER_TAKEN and not medicine.do_not_give:
            if medicine.on_list or medicine.status in ("completed", "stopped", "on-hold", "ended"):
                yield medicine


def runs_of(name: str, medicines: list[Medicine], today: date) -> list[Run]:
    classes = frozenset[str]().union(*(m.classes for m in medicines))
    dated = [(span, m) for m in medicines if (span := exposure(m, today))]
    dated.sort(key=lambda pair: pair[0])
    runs: list[Run] = []
    group: list[Medicine] = []
    start = end = today
    for (first, last), medicine in dated:
        if group and first - end > timedelta(days=_GAP_DAYS):
            runs.append(_run(name, classes, group, (end - start).days, end))
            group = []
        if not group:
            start, end = first, last
        group.append(medicine)
        end = max(end, last)
    if group:
        runs.append(_run(name, classes, group, (end - start).days, end))
    undated = [m for m in medicines if exposure(m, today) is None and not _begins_later(m, today)]
    runs.extend(_run(name, classes, [m], None, None) for m in undated)
    return runs


def _begins_later(medicine: Medicine, today: date) -> bool:
    start = medicine.start or medicine.ordered
    return start is not None and start.earliest > today


def _run(name: str, classes: frozenset[str], group: list[Medicine], days: int | None, end: date | None) -> Run:
    why = frozenset[str]().union(*(m.why_stopped for m in group))
    return Run(
        name,
        classes,
        days,
        any(m.on_list for m in group),
        tuple(m.ref for m in group),
        end,
        _INTOLERANCE in why,
        _NO_BENEFIT in why,
    )


@once
def runs(chart: Chart) -> tuple[Run, ...]:
    """Every run of every ingredient; a medicine without a known ingredient counts under its own name."""
    by_ingredient: dict[str, list[Medicine]] = {}
    for medicine in ever_taken(chart):
        for ingredient in medicine.ingredients or {medicine.name.lower()}:
            by_ingredient.setdefault(ingredient, []).append(medicine)
    return tuple(run for name, group in sorted(by_ingredient.items()) for run in runs_of(name, group, chart.today))


def days_covered(chart: Chart, medicines: ValueSet) -> int:
    """The longest run of a class in days; 0 when none is known."""
    return max((r.days for r in runs(chart) if medicines in r.classes and r.days is not None), default=0)


def long_term_ingredients(chart: Chart) -> frozenset[str]:
    """What was taken for 90 days or more and until the last 30: stopping it at once is a harm, whatever its status says."""
    reach = chart.today - timedelta(days=LATELY_DAYS)
    lasting = (r for r in runs(chart) if r.days is not None and r.days >= LONG_TERM_DAYS and r.end and r.end >= reach)
    return frozenset(run.name for run in lasting)
