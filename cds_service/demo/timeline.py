"""The chart on a time line, as plain geometry for an SVG."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from .rows import Row


@dataclass(frozen=True, slots=True)
class Tick:
    """A point on an axis, with its words."""

    at: float
    label: str
    sub: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """One entry on the time line: a point, or a bar where it lasts. ``earlier``: it began before the line does."""

    row: Row
    x: float
    to: float | None
    y: float
    earlier: bool
    label: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """Lanes of marks between a first day and today."""

    width: float
    height: float
    lanes: tuple[tuple[str, float], ...]
    marks: tuple[Mark, ...]
    ticks: tuple[Tick, ...]
    today: float


_LEFT, _RIGHT, _LINE, _STEP = 150.0, 40.0, 1000.0, 18.0
_LANES = ("Problems", "Medicines", "Visits and treatments", "Scores and results")
_LASTING = frozenset({"Problems", "Medicines"})
_MOST_DAYS, _WORDS = 400, 100.0  # a month and "today" must not touch


def timeline(listed: Mapping[str, Sequence[Row]], today: date) -> Timeline | None:
    """The dated entries of a chart; None when there is none. What began more than 400 days ago begins at the left edge."""
    dated = {
        lane: sorted((r for r in listed[lane] if r.begin and not r.is_error), key=lambda r: r.begin or today) for lane in _LANES
    }
    days = [(today - row.begin).days for rows in dated.values() for row in rows if row.begin]
    if not days:
        return None
    span = min(max(*days, 60), _MOST_DAYS) + 5
    usable = _LINE - _LEFT - _RIGHT

    def place(day: date) -> float:
        return _LEFT + usable * (1 - min(max((today - day).days, -5), span) / span)

    marks: list[Mark] = []
    lanes: list[tuple[str, float]] = []
    y = 26.0
    for lane in _LANES:
        lanes.append((lane, y))
        if lane in _LASTING:
            for row in dated[lane]:
                marks.append(_lasting(row, y, place, today, span))
                y += _STEP
            y += 8 if dated[lane] else _STEP
        else:
            marks += _points(dated[lane], y, place, today, span)
            y += _STEP + 12
    ticks = tuple(_months(today, span, place))
    return Timeline(_LINE, y + 14, tuple(lanes), tuple(marks), ticks, place(today))


def _lasting(row: Row, y: float, place: Callable[[date], float], today: date, span: int) -> Mark:
    begin = row.begin or today
    ended = row.end if row.end and row.end < today else today
    return Mark(row, place(begin), place(ended), y, (today - begin).days > span, row.title)


def _points(rows: Iterable[Row], y: float, place: Callable[[date], float], today: date, span: int) -> list[Mark]:
    return [Mark(row, place(row.begin), None, y, (today - row.begin).days > span, "") for row in rows if row.begin]


def _months(today: date, span: int, place: Callable[[date], float]) -> Iterable[Tick]:
    """The first of each month, thinned out so that the words do not touch."""
    every = 1 if span < 200 else 2
    day = today.replace(day=1)
    number = 0
    while (today - day).days < span:
        if number % every == 0 and place(today) - place(day) > _WORDS:
            yield Tick(place(day), f"{day:%b %Y}")
        day = (day - timedelta(days=1)).replace(day=1)
        number += 1
