"""Where a patient stands: the stages of the pathway, each judged by lines of the vocabulary, and the clock of physiotherapy."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
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
class End:
    """What ends a stage: every line of ``when`` holds and none of ``unless`` does. Without any line it never ends."""

    when: tuple[Line, ...] = ()
    unless: tuple[Line, ...] = ()

    def answer(self, chart: Chart) -> Answer:
        if not self.when and not self.unless:
            return Answer.NO
        held = [line.ask(chart).answer for line in self.when]
        return all_of([*held, *(~line.ask(chart).answer for line in self.unless)])

    @property
    def lines(self) -> tuple[Line, ...]:
        return (*self.when, *self.unless)


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of the pathway, as the content folder says it. ``from_day`` counts from the first visit of physiotherapy; a stage
    that goes on ``all_along`` has no turn of its own. The first need says whether it applies at all. ``gated``: the gates on
    advice close it."""

    id: str
    title: str
    summary: str
    from_day: int | None
    all_along: bool
    gated: bool
    needs: tuple[Line, ...]
    blocked: tuple[Line, ...]
    under_way: tuple[Line, ...]
    done: End
    ended: End


class Standing(StrEnum):
    """How a patient stands to one stage."""

    DONE = "done"
    ENDED = "ended"  # it was begun, or its question is past
    UNDER_WAY = "under way"
    DUE = "due"
    WAITING = "not due"  # a need does not hold
    APART = "does not apply"  # the first need does not hold
    UNCLEAR = "cannot be told"  # something that decides is unknown
    BLOCKED = "blocked"  # a gate on advice is closed, or a line of the stage keeps it away
    FOUND = "found"  # all along; a card of it is shown
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


def places(stages: Sequence[Stage], chart: Chart, shown: Collection[str] = ()) -> tuple[Place, ...]:
    """How this patient stands to every stage, in their order; ``shown`` are the stages of the cards that are shown."""
    closed = _closed_gates(chart)
    return tuple(_place(stage, chart, closed, stage.id in shown) for stage in stages)


def _place(stage: Stage, chart: Chart, closed: tuple[Step, ...], is_shown: bool) -> Place:
    begun, needed = _ask(stage.under_way, chart), _ask(stage.needs, chart)
    if stage.all_along:
        found = is_shown or bool(_answered(Answer.YES, begun))
        return Place(stage, Standing.FOUND if found else Standing.WATCHED, begun)
    if _answered(Answer.NO, needed[:1]):
        return Place(stage, Standing.APART, needed[:1])
    done, ended = stage.done.answer(chart), stage.ended.answer(chart)
    if done is Answer.YES:
        return Place(stage, Standing.DONE, _ask(stage.done.lines, chart))
    if ended is Answer.YES:
        return Place(stage, Standing.ENDED, _ask(stage.ended.lines, chart))
    if begun and _all(begun) is Answer.YES:
        return Place(stage, Standing.UNDER_WAY, begun)
    against = _answered(Answer.YES, _ask(stage.blocked, chart)) or (closed if stage.gated else ())
    if against:
        return Place(stage, Standing.BLOCKED, against)
    missing = _answered(Answer.NO, needed)
    if missing:
        return Place(stage, Standing.WAITING, missing)
    undecided = [
        line for end, answer in ((stage.done, done), (stage.ended, ended)) if answer is Answer.UNKNOWN for line in end.lines
    ]
    unknown = _answered(Answer.UNKNOWN, (*needed, *_ask(undecided, chart), *begun))
    return Place(stage, Standing.UNCLEAR, unknown) if unknown else Place(stage, Standing.DUE, needed)


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
