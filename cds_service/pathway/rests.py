"""Snoozing: a card that was answered rests, until its time is over or something has changed (pathway specification, C.1)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple

from .answers import Answer
from .chart import Chart, Concepts, Draft, Medicine, once
from .decide import Decision, Role
from .kidney import kidney_function
from .recommendation import Hook, Indicator, Kind, Recommendation, Snooze
from .red_flags import flags_recorded
from .scope import pain_problems

_DAYS = {Snooze.DAYS_7: 7, Snooze.DAYS_42: 42, Snooze.DAYS_90: 90, Snooze.DAYS_90_DRUG: 90, Snooze.DAYS_180: 180}
LONGEST_DAYS = max(_DAYS.values())
# What happens in one session of work, where the EHR does not say which encounter it belongs to.
_SESSION = timedelta(hours=24)
# Kidney function in bands (mL/min), as doses and risks change with it.
_KIDNEY_BANDS, _UNKNOWN = (15, 30, 60), -1
_RAISING = (Role.VARIANT, Role.ESCALATE)
_LEVELS = {indicator: indicator.level for indicator in Indicator}
_NO_DOSES: Mapping[str, float | None] = MappingProxyType({})
_NUMBERS = re.compile(r"[\d.,:/<>=%-]+")


class Facts(NamedTuple):
    """What a card was shown on, as far as a change of it wakes the card again."""

    level: int
    episode: str
    flags: Concepts
    drugs: Mapping[str, float | None]  # ingredient and daily dose in mg
    risks: Concepts
    kidneys: int
    orders: Concepts


class Answered(NamedTuple):
    """A card that a clinician overrode: when, at which hook, in which encounter, for what reason, on what facts."""

    card: str
    at: datetime
    hook: str
    encounter: str
    reason: str | None
    facts: Facts


class Now(NamedTuple):
    """The call that is being answered."""

    at: datetime
    hook: Hook
    encounter: str


@dataclass(frozen=True, slots=True)
class Recall:
    """What was answered for this patient before. ``veil`` makes the facts of now comparable with those that were kept."""

    answered: Sequence[Answered]
    now: Now
    veil: Callable[[Facts], Facts]

    def rest(self, decision: Decision, chart: Chart) -> str | None:
        """Why a card that would be shown is snoozed; the newest answer that silences it."""
        of_card = [a for a in self.answered if a.card == decision.recommendation.id]
        if not of_card:
            return None
        facts = self.veil(facts_of(decision, chart))
        found = (rests(decision.recommendation, facts, self.now, answered) for answered in reversed(of_card))
        return next((because for because in found if because), None)


class _Common(NamedTuple):
    """The facts that are the same behind every card of a call."""

    episode: str
    flags: Concepts
    drafted: Mapping[str, float | None]
    kidneys: int
    orders: Concepts


@once
def _common(chart: Chart) -> _Common:
    return _Common(
        _episode(chart),
        frozenset(flags_recorded(chart)),
        _doses(draft.medicine for draft in chart.drafts if draft.medicine),
        _kidney_band(chart),
        frozenset(_order(draft) for draft in chart.selected),
    )


def facts_of(decision: Decision, chart: Chart) -> Facts:
    """The facts behind a card that is about to be shown."""
    common = _common(chart)
    decisive = {ref for step in decision.decisive for ref in step.finding.resources}
    return Facts(
        level=_LEVELS[decision.indicator],
        episode=common.episode,
        flags=common.flags,
        drugs=_drugs(decision, chart, common.drafted, decisive),
        risks=_risks(decision, chart, decisive),
        kidneys=common.kidneys,
        orders=common.orders,
    )


def _drugs(
    decision: Decision, chart: Chart, drafted: Mapping[str, float | None], decisive: set[str]
) -> Mapping[str, float | None]:
    """All drafts, with the medicines that the card is about; of a safety card everything that is taken."""
    if decision.recommendation.kind is Kind.SAFETY:
        taken = [m for m in chart.medicines if m.on_list or m.ref in decisive]
    else:
        taken = [m for m in chart.medicines if m.ref in decisive] if decisive else []
    return _doses(taken, drafted) if taken else drafted


def _doses(medicines: Iterable[Medicine], before: Mapping[str, float | None] = _NO_DOSES) -> dict[str, float | None]:
    """What is taken of each ingredient, added to what was counted before."""
    found = {**before}
    for medicine in medicines:
        for ingredient in medicine.ingredients:
            so_far = found.get(ingredient, 0.0)
            found[ingredient] = None if so_far is None or medicine.daily_mg is None else so_far + medicine.daily_mg
    return found


def _risks(decision: Decision, chart: Chart, decisive: set[str]) -> Concepts:
    """The lines that raised the card, what its problems are, and of a safety card what was found, without the numbers."""
    risks = {step.line.text for step in decision.steps if step.role in _RAISING and step.finding.answer is Answer.YES}
    if decisive:
        for problem in chart.problems:
            if problem.ref in decisive:
                risks |= problem.concepts
    if decision.recommendation.kind is Kind.SAFETY:
        risks.update(_NUMBERS.sub("#", item) for step in decision.decisive for item in step.finding.because.split("; "))
    return frozenset(risks)


def _episode(chart: Chart) -> str:
    """The earliest beginning of the current pain and its latest stated onset: a recurrence is another episode, a diagnosis that
    is recorded anew at every encounter is not."""
    problems = pain_problems(chart)
    began = [problem.began.earliest for problem in problems if problem.began]
    onsets = [problem.onset.latest for problem in problems if problem.onset]
    return f"{min(began)} {max(onsets, default='')}" if began else ""


def _kidney_band(chart: Chart) -> int:
    found = kidney_function(chart)
    return sum(found.low >= limit for limit in _KIDNEY_BANDS) if found else _UNKNOWN


def _order(draft: Draft) -> str:
    what = draft.medicine.ingredients if draft.medicine else draft.concepts
    return f"{draft.ref} {' '.join(sorted(what))}"


def rests(recommendation: Recommendation, facts: Facts, now: Now, answered: Answered) -> str | None:
    """Why a card is not shown again, or None when it is. ``facts`` and those of the answer are hashed alike."""
    together = _together(now, answered)
    if _signing_after_selecting(now, answered, together):
        # The signature is the last gate: what was answered while choosing is asked again there, unless it is mere advice.
        if recommendation.kind is not Kind.ADVICE:
            return None
        if answered.reason and facts.orders == answered.facts.orders and not _changed(facts, answered.facts):
            return "answered with a reason when the order was selected"
    snooze = recommendation.snooze_after.get(answered.reason or "", recommendation.snooze)
    if facts.level == Indicator.CRITICAL.level and not together:
        return None
    if not _lasts(snooze, facts, now, answered, together) or _changed(facts, answered.facts):
        return None
    return f"answered on {answered.at.date()}" + (f" ({answered.reason})" if answered.reason else "") + f", rests: {snooze}"


def _together(now: Now, answered: Answered) -> bool:
    """The same encounter; where neither call named one, the same day's work."""
    if now.encounter or answered.encounter:
        return now.encounter == answered.encounter
    return now.at - answered.at < _SESSION


def _signing_after_selecting(now: Now, answered: Answered, together: bool) -> bool:
    return now.hook is Hook.ORDER_SIGN and answered.hook == Hook.ORDER_SELECT and together


def _lasts(snooze: Snooze, facts: Facts, now: Now, answered: Answered, together: bool) -> bool:
    match snooze:
        case Snooze.NONE:
            return False
        case Snooze.ENCOUNTER:
            return together
        case Snooze.ENCOUNTER_24H:
            return together and now.at - answered.at < _SESSION
        case Snooze.ORDER:
            return together and facts.orders == answered.facts.orders
        case _:
            return (now.at.date() - answered.at.date()).days < _DAYS[snooze]


def _changed(now: Facts, then: Facts) -> bool:
    """A new red flag, episode, ingredient or risk, a higher dose, a worse band or level."""
    return (
        now.level > then.level
        or now.episode != then.episode
        or not now.flags <= then.flags
        or not now.risks <= then.risks
        or _worse(now.kidneys, then.kidneys)
        or any(drug not in then.drugs or _more(dose, then.drugs[drug]) for drug, dose in now.drugs.items())
    )


def _more(now: float | None, then: float | None) -> bool:
    """A higher dose; one of two that is not known may be."""
    if now is None or then is None:
        return now is not then
    return now > then


def _worse(now: int, then: int) -> bool:
    """A lower band of kidney function; unknown then, any that is not normal; unknown now, unless it was then."""
    if then == _UNKNOWN:
        return _UNKNOWN < now < len(_KIDNEY_BANDS)
    return now < then
