"""What all red flags share: a record can raise one, it can never exclude one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from .answers import Answer, Finding, unknown, yes
from .chart import Chart, Concepts
from .dates import When
from .vocabulary import ValueSet

NOT_EXCLUDED = unknown("none recorded; absence is not proof")
_RECORDED = "recorded: "


class Flag(NamedTuple):
    """Something that raises a red flag: what, since when (None: not dated), and the records it rests on. What is done about
    a flag counts from ``since`` on."""

    because: str
    since: When | None
    refs: tuple[str, ...]


def recorded(name: str, since: When | None, ref: str) -> Flag:
    """A problem that is a flag by its name."""
    return Flag(f"{_RECORDED}{name}", since, (ref,))


def raised(flags: tuple[Flag, ...]) -> Finding:
    """A red flag is YES or UNKNOWN, never NO."""
    return yes(flags[0].because, *flags[0].refs) if flags else NOT_EXCLUDED


def told(flags: Iterable[Flag], *, dated: bool = True) -> str:
    """The flags in words; ``dated`` where their day is the day of the sign itself."""
    words = [f.because.removeprefix(_RECORDED) + (f" ({f.since})" if dated and f.since else "") for f in flags]
    return "; ".join(dict.fromkeys(words))


def signs(chart: Chart, *what: ValueSet) -> list[tuple[Concepts, When | None, str]]:
    """Current problems and coded readings of these value sets that are not negative."""
    found: list[tuple[Concepts, When | None, str]] = []
    for problem in chart.problems_of_any(what):
        if problem.current is Answer.YES:
            found.append((problem.concepts, problem.began, problem.ref))
    for reading in chart.readings_of_any(what):
        if reading.present is not False:
            found.append((reading.concepts, reading.when, reading.ref))
    return found
