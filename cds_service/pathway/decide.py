"""From recommendations and a chart to decisions: gates, the policy for UNKNOWN, suppression, rank and cap.

The rules are those of the pathway specification, C.1 and D.2. Safety, red-flag and data cards fail open: an exclusion that is
unknown does not silence them (a data card tells what is missing; one more missing fact is no reason to hide it). Advice fails
quiet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
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


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of one recommendation, and why. ``unchecked`` are exclusions that could not be checked, ``decisive`` the
    lines that settled it."""

    recommendation: Recommendation
    verdict: Verdict
    because: str
    steps: tuple[Step, ...] = ()
    variant: Variant | None = None
    indicator: Indicator = Indicator.INFO
    unchecked: tuple[Step, ...] = ()
    decisive: tuple[Step, ...] = ()
    unread: bool = False
    offers_unread: bool = False


@dataclass(frozen=True, slots=True)
class Caps:
    """How many cards of base level info are shown."""

    patient_view: int = 3
    orders: int = 2


@dataclass(frozen=True, slots=True)
class Outcome:
    """All decisions of one call. ``red_flags_unread``: something that red flags are read from could not be read, and none was
    found in the rest."""

    decisions: tuple[Decision, ...] = field(default=())
    red_flags_unread: bool = False

    @property
    def shown(self) -> tuple[Decision, ...]:
        return tuple(d for d in self.decisions if d.verdict is Verdict.SHOWN)

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
        return Outcome(tuple(Decision(r, Verdict.EXCLUDED, "the patient has died") for r in recommendations))
    decisions = [_consider(r, chart, ask_everything) for r in recommendations]
    flags = _bare(RED_FLAG)
    unread = bool(chart.unread(*flags.reads)) and flags.ask(chart).answer is not Answer.YES
    return Outcome(tuple(_settle(decisions, cap, resting)), unread)


def any_holds(lines: Iterable[Line], chart: Chart) -> bool:
    """Does one of these lines answer YES?"""
    return any(line.ask(chart).answer is Answer.YES for line in lines)


def holds(lines: Iterable[Line], chart: Chart) -> bool:
    """Do all these lines answer YES?"""
    return all(line.ask(chart).answer is Answer.YES for line in lines)


class _Inquiry:
    """Asks the lines of one recommendation in order; remembers what decides it and what is missing."""

    def __init__(self, recommendation: Recommendation, chart: Chart, ask_everything: bool) -> None:
        self.recommendation = recommendation
        self.steps: list[Step] = []
        self.stop: tuple[Verdict, str] | None = None
        self.decisive: tuple[Step, ...] = ()
        self.waiting: list[Step] = []
        self.unchecked: list[Step] = []
        self._chart = chart
        self._ask_everything = ask_everything

    def run(self) -> None:
        """``when``, then the gates of the kind, then ``unless``; the first line that decides ends it."""
        recommendation = self.recommendation
        for line in recommendation.when:
            self._ask(Role.WHEN, line, Answer.NO, Verdict.SILENT, self.waiting)
            if self.stop and not self._ask_everything:
                return
        for gate in GATES[recommendation.kind]:
            if gate.line.entry.name == RED_FLAG and any_holds(recommendation.despite, self._chart):
                continue
            self._ask(Role.GATE, gate.line, gate.closes, Verdict.EXCLUDED, self.waiting if gate.must_be_known else None)
        missing = self.unchecked if recommendation.kind in _FAIL_OPEN else self.waiting
        for line in recommendation.unless:
            self._ask(Role.UNLESS, line, Answer.YES, Verdict.EXCLUDED, missing)

    def _ask(self, role: Role, line: Line, deciding: Answer, verdict: Verdict, missing: list[Step] | None) -> None:
        if self.stop and not self._ask_everything:
            return
        found = line.ask(self._chart)
        self.steps.append(Step(role, line, found))
        if found.answer is deciding and not self.stop:
            self.stop, self.decisive = (verdict, f"{line.text}: {found.because}"), (self.steps[-1],)
        elif found.answer is Answer.UNKNOWN and missing is not None:
            missing.append(self.steps[-1])


def _consider(recommendation: Recommendation, chart: Chart, ask_everything: bool) -> Decision:
    inquiry = _Inquiry(recommendation, chart, ask_everything)
    inquiry.run()
    if inquiry.stop:
        return Decision(recommendation, *inquiry.stop, tuple(inquiry.steps), decisive=inquiry.decisive)
    if inquiry.waiting:
        because = "; ".join(f"{s.line.text}: {s.finding.because}" for s in inquiry.waiting)
        unread = any(chart.unread(*s.line.reads) for s in inquiry.waiting)
        waiting = tuple(inquiry.waiting)
        return Decision(recommendation, Verdict.UNDECIDED, because, tuple(inquiry.steps), decisive=waiting, unread=unread)
    return _present(recommendation, chart, inquiry.steps, inquiry.unchecked)


def _present(recommendation: Recommendation, chart: Chart, steps: list[Step], unchecked: list[Step]) -> Decision:
    """Chooses the variant and the level of a card that fires."""

    def all_hold(role: Role, lines: Iterable[Line]) -> bool:
        for line in lines:
            found = line.ask(chart)
            steps.append(Step(role, line, found))
            if found.answer is not Answer.YES:
                return False
        return True

    variant = next((v for v in recommendation.variants if all_hold(Role.VARIANT, v.when)), None)
    indicator = (variant and variant.indicator) or recommendation.indicator
    for escalation in recommendation.escalate:
        if escalation.to.level > indicator.level and all_hold(Role.ESCALATE, escalation.when):
            indicator = escalation.to
    decisive = tuple(s for s in steps if s.role is Role.WHEN)
    because = "; ".join(s.finding.because for s in decisive)
    offers_unread = bool(chart.gaps) and _offers_depend_on_a_gap(recommendation, variant, chart)
    return Decision(
        recommendation,
        Verdict.SHOWN,
        because,
        tuple(steps),
        variant,
        indicator,
        tuple(unchecked),
        decisive,
        offers_unread=offers_unread,
    )


def _offers_depend_on_a_gap(recommendation: Recommendation, variant: Variant | None, chart: Chart) -> bool:
    offered = recommendation.suggestions if variant is None or variant.suggestions is None else variant.suggestions
    orders = [suggestion.order for suggestion in offered if suggestion.order]
    return any(chart.unread(*line.reads) for order in orders for line in (*order.when, *order.unless))


def _settle(decisions: list[Decision], cap: int, resting: Resting) -> list[Decision]:
    """Suppression, snooze and cap in one pass down the ranks: a card yields only to cards that are shown in the end, so that
    a snooze never hides another card.

    Of cards with base level info the best-ranked are kept. The base level counts: an escalated info card is still cut, a
    warning never is.
    """
    result: list[Decision] = []
    shown: set[str] = set()
    kept = 0
    for decision in decisions:
        recommendation = decision.recommendation
        if decision.verdict is Verdict.SHOWN:
            winner = next((other for other in recommendation.yields_to if other in shown), None)
            counts = recommendation.indicator is Indicator.INFO and not recommendation.cap_exempt
            if winner:
                decision = replace(decision, verdict=Verdict.YIELDED, because=f"{winner} is shown")
            elif rest := resting(decision):
                decision = replace(decision, verdict=Verdict.SNOOZED, because=rest)
            elif counts and kept == cap:
                decision = replace(decision, verdict=Verdict.CAPPED, because=f"{cap} cards of better rank are shown")
            else:
                shown.add(recommendation.id)
                kept += counts
        result.append(decision)
    return result
