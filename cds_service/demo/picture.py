"""The picture of the pathway as plain geometry for an SVG: the stages of the content, and where one patient stands on them."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from ..pathway.stages import Clock, Place, Standing
from .timeline import Tick

# What stands beside the words of a standing, so that nothing is told by colour alone.
MARKS = {
    Standing.DONE: "✓",
    Standing.ENDED: "■",
    Standing.APART: "-",
    Standing.FOUND: "▲",
    Standing.UNDER_WAY: "●",
    Standing.DUE: "▶",
    Standing.WAITING: "○",
    Standing.UNCLEAR: "?",
    Standing.BLOCKED: "✕",
    Standing.WATCHED: "◌",
}


@dataclass(frozen=True, slots=True)
class Box:
    """One stage of the drawing."""

    place: Place
    x: float
    y: float
    width: float
    height: float
    title: tuple[str, ...]
    mark: str


@dataclass(frozen=True, slots=True)
class PathwayDrawing:
    """The stages with their turn in a row (or a column, for narrow screens), those that go on all along beside them, the axis of
    the clock, and where today is on it (None without a clock)."""

    width: float
    height: float
    turns: tuple[Box, ...]
    along: tuple[Box, ...]
    ticks: tuple[Tick, ...]
    today: float | None
    told: float | None  # where the words of today stand, clear of those of the ticks
    day: int | None
    upright: bool


_WIDE, _TALL, _GAP, _TITLE = 182.0, 92.0, 18.0, 19
_ALONG, _AXIS = 44.0, 74.0


def pathway(places: Sequence[Place], clock: Clock | None, *, upright: bool) -> PathwayDrawing:
    """The drawing of a journey."""
    turns = [place for place in places if not place.stage.all_along]
    along = [place for place in places if place.stage.all_along]
    boxes, beside = (_column if upright else _row_of)(turns, along)
    starts = [box.y if upright else box.x for box in boxes]
    length = _TALL if upright else _WIDE
    ticks = _ticks(turns, starts, clock)
    at = _today(turns, starts, length, clock)
    if upright:
        width, height = 360.0, boxes[-1].y + _TALL + 4 if boxes else 0.0
    else:
        width = len(turns) * (_WIDE + _GAP) - _GAP + 4
        height = 2 + (_ALONG + 10) * 2 + _TALL + _AXIS
    day = clock.day if clock else None
    told = _clear(at + 4, ticks) if upright and at is not None else at
    return PathwayDrawing(width, height, tuple(boxes), tuple(beside), ticks, at, told, day, upright)


def _clear(at: float, ticks: Sequence[Tick]) -> float:
    """Below the two lines of a tick that is so near that the words would touch."""
    return next((tick.at + 44 for tick in ticks if -2 < at - tick.at < 42), at)


def _row_of(turns: Sequence[Place], along: Sequence[Place]) -> tuple[list[Box], list[Box]]:
    top = _ALONG + 12
    boxes = [_box(place, 2 + n * (_WIDE + _GAP), top, _WIDE, _TALL) for n, place in enumerate(turns)]
    whole = len(turns) * (_WIDE + _GAP) - _GAP
    bottom = top + _TALL + _AXIS
    beside = [_box(along[0], 2, 2, whole, _ALONG)] if along else []
    rest = along[1:]
    share = (whole - _GAP * (len(rest) - 1)) / max(len(rest), 1)
    beside += [_box(place, 2 + n * (share + _GAP), bottom, share, _ALONG) for n, place in enumerate(rest)]
    return boxes, beside


def _column(turns: Sequence[Place], along: Sequence[Place]) -> tuple[list[Box], list[Box]]:
    beside = [_box(place, 2, 2 + n * (_ALONG + 8), 356, _ALONG) for n, place in enumerate(along)]
    top = len(along) * (_ALONG + 8) + 14
    return [_box(place, 88, top + n * (_TALL + _GAP), 270, _TALL) for n, place in enumerate(turns)], beside


def _box(place: Place, x: float, y: float, width: float, height: float) -> Box:
    letters = _TITLE if width < 250 else 40
    return Box(place, x, y, width, height, tuple(textwrap.wrap(place.stage.title, letters)), MARKS[place.standing])


def _days(turns: Sequence[Place]) -> list[tuple[int, int]]:
    """The position of the first stage of each day."""
    found: dict[int, int] = {}
    for position, place in enumerate(turns):
        if place.stage.from_day is not None:
            found.setdefault(place.stage.from_day, position)
    return sorted(found.items())


def _ticks(turns: Sequence[Place], starts: Sequence[float], clock: Clock | None) -> tuple[Tick, ...]:
    return tuple(Tick(starts[n], f"Day {day}", str(clock.on(day)) if clock else "") for day, n in _days(turns))


def _today(turns: Sequence[Place], starts: Sequence[float], length: float, clock: Clock | None) -> float | None:
    """Where today is between the ticks; beyond the last one the axis ends at three times its day."""
    if clock is None:
        return None
    days = _days(turns)
    points = [(day, starts[n]) for day, n in days]
    points.append((points[-1][0] * 3 or 90, starts[-1] + length))
    for (day, at), (later, then) in pairwise(points):
        if clock.day < later:
            return at + (then - at) * (clock.day - day) / (later - day)
    return points[-1][1]
