"""Medicines over time: for how long each was taken, in runs without a long gap."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from operator import itemgetter
from typing import NamedTuple

from .chart import Chart, Medicine, once
from .vocabulary import ValueSet, concept

_INTOLERANCE = concept("stopped-for-intolerance")
_NO_BENEFIT = concept("stopped-as-ineffective")
# Encodings, section 6: runs of one ingredient with gaps of up to 30 days are one run; long-term is 90 days that reach into the
# last 30.
_GAP = timedelta(days=30)
LONG_TERM_DAYS, LATELY_DAYS = 90, 30
# Never a trial, whatever their dates.
_NEVER_TAKEN = frozenset({"draft", "cancelled", "entered-in-error", "unknown", "not-taken"})
_PAST = frozenset({"completed", "stopped", "on-hold", "ended"})


class Run(NamedTuple):
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


def ever_taken(medicines: Iterable[Medicine]) -> list[Medicine]:
    """Of these what is taken, and what was: nothing that was only drafted, cancelled or not to be given."""
    return [
        medicine
        for medicine in medicines
        if medicine.classes
        and not medicine.do_not_give
        and (medicine.status not in _NEVER_TAKEN if medicine.on_list else medicine.status in _PAST)
    ]


def runs_of(name: str, medicines: list[Medicine], today: date) -> list[Run]:
    classes = medicines[0].classes if len(medicines) == 1 else frozenset[str]().union(*[m.classes for m in medicines])
    dated: list[tuple[tuple[date, date], Medicine]] = []
    undated: list[Medicine] = []
    for medicine in medicines:
        span = exposure(medicine, today)
        if span:
            dated.append((span, medicine))
        elif not _begins_later(medicine, today):
            undated.append(medicine)
    dated.sort(key=itemgetter(0))
    runs: list[Run] = []
    group: list[Medicine] = []
    start = end = today
    for (first, last), medicine in dated:
        if group and first - end > _GAP:
            runs.append(_run(name, classes, group, (end - start).days, end))
            group = []
        if not group:
            start, end = first, last
        group.append(medicine)
        end = max(end, last)
    if group:
        runs.append(_run(name, classes, group, (end - start).days, end))
    runs.extend([_run(name, classes, [m], None, None) for m in undated])
    return runs


def _begins_later(medicine: Medicine, today: date) -> bool:
    start = medicine.start or medicine.ordered
    return start is not None and start.earliest > today


def _run(name: str, classes: frozenset[str], group: list[Medicine], days: int | None, end: date | None) -> Run:
    why = group[0].why_stopped if len(group) == 1 else frozenset[str]().union(*[m.why_stopped for m in group])
    return Run(
        name,
        classes,
        days,
        any(m.on_list for m in group),
        tuple([m.ref for m in group]),
        end,
        _INTOLERANCE in why,
        _NO_BENEFIT in why,
    )


@once
def _by_ingredient(chart: Chart) -> dict[str, list[Medicine]]:
    """What was ever taken; a medicine without a known ingredient counts under its own name."""
    found: dict[str, list[Medicine]] = {}
    for medicine in ever_taken(chart.medicines):
        for ingredient in _counts_as(medicine):
            found.setdefault(ingredient, []).append(medicine)
    return found


def _counts_as(medicine: Medicine) -> Iterable[str]:
    return medicine.ingredients or (medicine.name.lower(),)


@once
def _runs(chart: Chart) -> dict[str, list[Run]]:
    """The runs by ingredient, as far as they were asked for: most of a long list of medicines never is."""
    return {}


def _runs_of_all(chart: Chart, ingredients: Iterable[str]) -> tuple[Run, ...]:
    known, found = _runs(chart), []
    for name in sorted(ingredients):
        if name not in known:
            known[name] = runs_of(name, _by_ingredient(chart)[name], chart.today)
        found += known[name]
    return tuple(found)


def runs(chart: Chart) -> tuple[Run, ...]:
    """Every run of every ingredient."""
    return _runs_of_all(chart, _by_ingredient(chart))


def runs_in(chart: Chart, *classes: ValueSet) -> tuple[Run, ...]:
    """The runs of every ingredient of these classes."""
    mine = ever_taken(medicine for name in classes for medicine in chart.medicines_of(name))
    return _runs_of_all(chart, {name for medicine in mine for name in _counts_as(medicine)}) if mine else ()


def days_covered(chart: Chart, medicines: ValueSet) -> int:
    """The longest run of a class in days; 0 when none is known."""
    return max((r.days for r in runs_in(chart, medicines) if r.days is not None), default=0)


@once
def long_term_ingredients(chart: Chart) -> frozenset[str]:
    """What was taken for 90 days or more and until the last 30: stopping it at once is a harm, whatever its status says."""
    reach = chart.today - timedelta(days=LATELY_DAYS)
    lasting = (r for r in runs(chart) if r.days is not None and r.days >= LONG_TERM_DAYS and r.end and r.end >= reach)
    return frozenset(run.name for run in lasting)
