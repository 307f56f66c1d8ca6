"""From recommendations and a chart to decisions: gates, the policy for UNKNOWN, suppression, rank and cap.

The rules are those of the pathway specification, C.1 and D.2. Safety, red-flag and data cards fail open: an exclusion that is
unknown does not silence them (a data card tells what is missing; one more missing fact is no reason to hide it). Advice fails
quiet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from .answers import Answer, Finding
from .chart import Chart
from .recommendation import Indicator, Kind, Recommendation, Variant
from .vocabulary import FINDINGS, Line


class Verdict(StrEnum):
    SHOWN = "shown"
    SILENT = "silent"  # a line of `when` does not hold
    EXCLUDED = "excluded"  # a gate or a line of `unless` holds
    UNDECIDED = "undecided"  # something needed is unknown
    YIELDED = "yielded"  # another card that is shown says it already
    CAPPED = "capped"  # enough cards of lower rank
    SNOOZED = "snoozed"  # the clinician has answered it, and nothing has changed


class Role(StrEnum):
    WHEN = "when"
    UNLESS = "unless"
    GATE = "gate"
    VARIANT = "variant"
    ESCALATE = "escalate"
    STAGE = "stage"  # of the pathway, not of a card


class Step(NamedTuple):
    """One line that was asked, in which role, and what came back."""

    role: Role
    line: Line
    finding: Finding


# A step while it is only kept: most of them are never read, and a plain tuple costs a fraction of a named one.
Asked = tuple[Role, Line, Finding]


class Decision(NamedTuple):
    """What became of one recommendation, and why. What is read only by explanations and of shown cards is put into words and
    steps when somebody asks for it."""

    recommendation: Recommendation
    verdict: Verdict
    asked: Sequence[Asked] = ()
    settled: Sequence[Asked] = ()
    left_open: Sequence[Asked] = ()
    told: str = ""  # the reason, where no line is it
    variant: Variant | None = None
    indicator: Indicator = Indicator.INFO
    unread: bool = False
    offers_unread: bool = False

    @property
    def steps(self) -> tuple[Step, ...]:
        """Every line that was asked, in order."""
        return tuple(map(Step._make, self.asked))

    @property
    def decisive(self) -> tuple[Step, ...]:
        """The lines that settled it."""
        return tuple(map(Step._make, self.settled))

    @property
    def unchecked(self) -> tuple[Step, ...]:
        """Exclusions that could not be checked."""
        return tuple(map(Step._make, self.left_open))

    @property
    def because(self) -> str:
        if self.told:
            return self.told
        if self.verdict is Verdict.SHOWN:
            return "; ".join(found.because for _, _, found in self.settled)
        return "; ".join(f"{line.text}: {found.because}" for _, line, found in self.settled)


@dataclass(frozen=True, slots=True)
class Caps:
    """How many cards of base level info are shown."""

    patient_view: int = 3
    orders: int = 2


class Outcome(NamedTuple):
    """All decisions of one call, and those of the cards that are shown. ``red_flags_unread``: something that red flags are read
    from could not be read, and none was found in the rest."""

    decisions: tuple[Decision, ...] = ()
    shown: tuple[Decision, ...] = ()
    red_flags_unread: bool = False

    @property
    def skipped(self) -> tuple[str, ...]:
        """The titles of the checks that were not done because something could not be read, and of the cards whose
        offers could not all be judged."""
        checks = [d.recommendation.title for d in self.decisions if d.unread]
        offers = [f"{d.recommendation.title}: what may be offered" for d in self.shown if d.offers_unread]
        flags = ["Red flags, as far as they would be recorded there"] if self.red_flags_unread else []
        return (*flags, *checks, *offers)


def _bare(name: str) -> Line:
    return Line(name, FINDINGS[name], ())


@dataclass(frozen=True, slots=True)
class Gate:
    """A line that stands before every card of a kind. ``closes`` is the answer that keeps the card away; ``must_be_known``
    says that an UNKNOWN does so too."""

    line: Line
    closes: Answer
    must_be_known: bool


RED_FLAG = "red_flag"
# Advice is given to adults only, never beside a red flag, never in palliative care (C.1, Gates on advice). A red flag is
# never known to be absent, so its UNKNOWN lets advice pass; the UNKNOWN of the other two does not.
GATES: dict[Kind, tuple[Gate, ...]] = {
    Kind.ADVICE: (
        Gate(_bare("adult"), Answer.NO, must_be_known=True),
        Gate(_bare(RED_FLAG), Answer.YES, must_be_known=False),  # lifted by a line of the card's `despite`
        Gate(_bare("palliative_care"), Answer.YES, must_be_known=True),
    ),
    Kind.RED_FLAG: (),
    Kind.SAFETY: (),
    Kind.DATA: (),
}
_FAIL_OPEN = frozenset({Kind.SAFETY, Kind.RED_FLAG, Kind.DATA})
# The members that are compared at every line: a name of the module is found faster than a member of an enumeration.
_YES, _UNKNOWN = Answer.YES, Answer.UNKNOWN
_WHEN, _GATE, _UNLESS = Role.WHEN, Role.GATE, Role.UNLESS
_SHOWN, _SILENT, _EXCLUDED, _UNDECIDED = Verdict.SHOWN, Verdict.SILENT, Verdict.EXCLUDED, Verdict.UNDECIDED


Resting = Callable[[Decision], str | None]


def decide(
    recommendations: Sequence[Recommendation],
    chart: Chart,
    cap: int,
    *,
    ask_everything: bool = False,
    resting: Resting = lambda _: None,
) -> Outcome:
    """The decisions on all recommendations of a hook, in rank order.

    ``cap`` is the number of info cards that may be shown; ``resting`` says why a card that would be shown is snoozed. With
    ``ask_everything`` no line is left out because another one already decided: slower, for explanations.
    """
    if chart.person.deceased:
        return Outcome(tuple(Decision(r, Verdict.EXCLUDED, told="the patient has died") for r in recommendations))
    decisions = [_consider(r, chart, ask_everything) for r in recommendations]
    shown = _settle(decisions, cap, resting)
    unread = False
    if chart.gaps:
        flags = _bare(RED_FLAG)
        unread = bool(chart.unread(*flags.reads)) and flags.ask(chart).answer is not Answer.YES
    return Outcome(tuple(decisions), tuple(shown), unread)


def any_holds(lines: Iterable[Line], chart: Chart) -> bool:
    """Does one of these lines answer YES?"""
    for line in lines:  # noqa: SIM110 - a generator costs more than the line
        if line.ask(chart).answer is _YES:
            return True
    return False


def holds(lines: Iterable[Line], chart: Chart) -> bool:
    """Do all these lines answer YES?"""
    for line in lines:  # noqa: SIM110
        if line.ask(chart).answer is not _YES:
            return False
    return True


def _consider(recommendation: Recommendation, chart: Chart, ask_everything: bool) -> Decision:
    """``when``, then what excludes the card; the first line that decides ends it. This is asked of every card at every call, and
    most are silent after a line or two: that way is kept short."""
    asked: list[Asked] = []
    waiting: list[Asked] = []
    stop: Decision | None = None
    for line in recommendation.when:
        found = line.ask(chart)
        step = (_WHEN, line, found)
        asked.append(step)
        answer = found.answer
        if answer is _YES:
            continue
        if answer is _UNKNOWN:
            waiting.append(step)
        elif not stop:
            stop = Decision(recommendation, _SILENT, asked, (step,))
            if not ask_everything:
                return stop
    decisive = len(asked)
    unchecked: list[Asked] = []
    excluded = _exclude(recommendation, chart, ask_everything, asked, waiting, unchecked)
    if stop:
        return stop
    if excluded:
        return Decision(recommendation, _EXCLUDED, asked, (excluded,))
    if waiting:
        unread = bool(chart.gaps) and any(chart.unread(*line.reads) for _, line, _ in waiting)
        return Decision(recommendation, _UNDECIDED, asked, waiting, unread=unread)
    return _present(recommendation, chart, asked, asked[:decisive], unchecked)


def _exclude(
    recommendation: Recommendation,
    chart: Chart,
    ask_everything: bool,
    asked: list[Asked],
    waiting: list[Asked],
    unchecked: list[Asked],
) -> Asked | None:
    """The gates of the kind, then ``unless``: the first that keeps the card away."""
    excluded: Asked | None = None
    for gate in GATES[recommendation.kind]:
        line = gate.line
        if line.entry.name == RED_FLAG and any_holds(recommendation.despite, chart):
            continue
        found = line.ask(chart)
        step = (_GATE, line, found)
        asked.append(step)
        if found.answer is gate.closes:
            excluded = excluded or step
            if not ask_everything:
                return excluded
        elif found.answer is _UNKNOWN and gate.must_be_known:
            waiting.append(step)
    missing = unchecked if recommendation.kind in _FAIL_OPEN else waiting
    for line in recommendation.unless:
        found = line.ask(chart)
        step = (_UNLESS, line, found)
        asked.append(step)
        if found.answer is _YES:
            excluded = excluded or step
            if not ask_everything:
                return excluded
        elif found.answer is _UNKNOWN:
            missing.append(step)
    return excluded


def _present(
    recommendation: Recommendation, chart: Chart, asked: list[Asked], decisive: list[Asked], unchecked: list[Asked]
) -> Decision:
    """Chooses the variant and the level of a card that fires."""

    def all_hold(role: Role, lines: Iterable[Line]) -> bool:
        for line in lines:
            found = line.ask(chart)
            asked.append((role, line, found))
            if found.answer is not _YES:
                return False
        return True

    variant = next((v for v in recommendation.variants if all_hold(Role.VARIANT, v.when)), None)
    indicator = (variant and variant.indicator) or recommendation.indicator
    for escalation in recommendation.escalate:
        if escalation.to.level > indicator.level and all_hold(Role.ESCALATE, escalation.when):
            indicator = escalation.to
    return Decision(
        recommendation,
        Verdict.SHOWN,
        asked,
        decisive,
        unchecked,
        variant=variant,
        indicator=indicator,
        offers_unread=bool(chart.gaps) and _offers_depend_on_a_gap(recommendation, variant, chart),
    )


def _offers_depend_on_a_gap(recommendation: Recommendation, variant: Variant | None, chart: Chart) -> bool:
    offered = recommendation.suggestions if variant is None or variant.suggestions is None else variant.suggestions
    orders = [suggestion.order for suggestion in offered if suggestion.order]
    return any(chart.unread(*line.reads) for order in orders for line in (*order.when, *order.unless))


def _settle(decisions: list[Decision], cap: int, resting: Resting) -> list[Decision]:
    """Suppression, snooze and cap in one pass down the ranks, in place; what is shown. A card yields only to cards that are
    shown in the end, so that a snooze never hides another card.

    Of cards with base level info the best-ranked are kept. The base level counts: an escalated info card is still cut, a
    warning never is.
    """
    result: list[Decision] = []
    shown: set[str] = set()
    kept = 0
    for place, decision in enumerate(decisions):
        if decision.verdict is not _SHOWN:
            continue
        recommendation = decision.recommendation
        winner = next((other for other in recommendation.yields_to if other in shown), None)
        counts = recommendation.indicator is Indicator.INFO and not recommendation.cap_exempt
        if winner:
            decisions[place] = decision._replace(verdict=Verdict.YIELDED, told=f"{winner} is shown")
        elif rest := resting(decision):
            decisions[place] = decision._replace(verdict=Verdict.SNOOZED, told=rest)
        elif counts and kept == cap:
            decisions[place] = decision._replace(verdict=Verdict.CAPPED, told=f"{cap} cards of better rank are shown")
        else:
            shown.add(recommendation.id)
            result.append(decision)
            kept += counts
    return result
