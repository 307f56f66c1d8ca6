"""Where a patient stands: the stages of the pathway, each judged by lines of the vocabulary, and the clock of physiotherapy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from .answers import Answer, all_of
from .chart import Chart
from .decide import GATES, Role, Step
from .physiotherapy import episode
from .recommendation import Kind
from .vocabulary import Line


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of the pathway, as the content folder says it. ``from_day`` counts from the first visit of physiotherapy; a stage
    that goes on ``all_along`` has no turn of its own."""

    id: str
    title: str
    summary: str
    from_day: int | None
    all_along: bool
    needs: tuple[Line, ...]
    under_way: tuple[Line, ...]
    done_when: tuple[Line, ...]
    done_unless: tuple[Line, ...]

    @property
    def lines(self) -> tuple[Line, ...]:
        return (*self.needs, *self.under_way, *self.done_when, *self.done_unless)


class Standing(StrEnum):
    """How a patient stands to one stage."""

    DONE = "done"
    UNDER_WAY = "under way"
    DUE = "due"
    WAITING = "not yet"  # a need does not hold
    UNCLEAR = "cannot be told"  # a need is unknown
    BLOCKED = "blocked"  # a gate on advice is closed
    WATCHED = "watched"  # all along; nothing was found


@dataclass(frozen=True, slots=True)
class Place:
    """One stage for one patient: how it stands, and the lines that say so."""

    stage: Stage
    standing: Standing
    because: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Clock:
    """The clock of the current physiotherapy episode: its first visit, and the day that is today (0 on the first)."""

    begun: date
    day: int

    def on(self, day: int) -> date:
        """The date of a day of this clock."""
        return self.begun + timedelta(days=day)


def clock(chart: Chart) -> Clock | None:
    """The clock, or None when no visit is known."""
    current = episode(chart)
    return Clock(current.start, (chart.today - current.start).days) if current else None


def places(stages: Sequence[Stage], chart: Chart) -> tuple[Place, ...]:
    """How this patient stands to every stage, in their order."""
    closed = _closed_gates(chart)
    return tuple(_place(stage, chart, closed) for stage in stages)


def _place(stage: Stage, chart: Chart, closed: tuple[Step, ...]) -> Place:
    begun = _ask(stage.under_way, chart)
    if stage.all_along:
        found = bool(begun) and _all(begun) is Answer.YES
        return Place(stage, Standing.DUE if found else Standing.WATCHED, begun)
    ended = (*_ask(stage.done_when, chart), *_ask(stage.done_unless, chart))
    needed = _ask(stage.needs, chart)
    if needed and needed[0].finding.answer is Answer.NO:  # the first need is the reason to think of this stage at all
        return Place(stage, Standing.WAITING, needed[:1])
    if closed:
        return Place(stage, Standing.BLOCKED, closed)
    done = _done(stage, chart)
    if ended and done is Answer.YES:
        return Place(stage, Standing.DONE, ended)
    if begun and _all(begun) is Answer.YES:
        return Place(stage, Standing.UNDER_WAY, begun)
    missing = _answered(Answer.NO, needed)
    if missing:
        return Place(stage, Standing.WAITING, missing)
    unknown = _answered(Answer.UNKNOWN, (*needed, *(ended if done is Answer.UNKNOWN else ()), *begun))
    return Place(stage, Standing.UNCLEAR, unknown) if unknown else Place(stage, Standing.DUE, needed)


def _done(stage: Stage, chart: Chart) -> Answer:
    return all_of(
        [
            *(line.ask(chart).answer for line in stage.done_when),
            *(~line.ask(chart).answer for line in stage.done_unless),
        ]
    )


def _answered(answer: Answer, steps: Iterable[Step]) -> tuple[Step, ...]:
    return tuple(step for step in steps if step.finding.answer is answer)


def _closed_gates(chart: Chart) -> tuple[Step, ...]:
    """The gates on advice that keep it away from this patient."""
    steps = [(gate, Step(Role.GATE, gate.line, gate.line.ask(chart))) for gate in GATES[Kind.ADVICE]]
    return tuple(
        step
        for gate, step in steps
        if step.finding.answer is gate.closes or (gate.must_be_known and step.finding.answer is Answer.UNKNOWN)
    )


def _ask(lines: Iterable[Line], chart: Chart) -> tuple[Step, ...]:
    return tuple(Step(Role.STAGE, line, line.ask(chart)) for line in lines)


def _all(steps: Iterable[Step]) -> Answer:
    return all_of(step.finding.answer for step in steps)
