"""What all red flags share: a record can raise one, it can never exclude one."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from .answers import Answer, Finding, unknown
from .chart import Chart, Concepts, once
from .dates import When

NOT_EXCLUDED = unknown("none recorded; absence is not proof")


def never_excluded(ask: Callable[[Chart], Finding | None]) -> Callable[[Chart], Finding]:
    """A red flag is YES or UNKNOWN, never NO."""

    @once
    def red_flag(chart: Chart) -> Finding:
        return ask(chart) or NOT_EXCLUDED

    return red_flag


def signs(chart: Chart) -> Iterable[tuple[Concepts, When | None, str]]:
    """Current problems and coded readings that are not negative."""
    for problem in chart.problems:
        if problem.current is Answer.YES:
            yield problem.concepts, problem.began, problem.ref
    for reading in chart.readings:
        if reading.present is not False:
            yield reading.concepts, reading.when, reading.ref
