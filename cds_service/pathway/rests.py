"""Snoozing: a card that was answered rests, until its time is over or something has changed (pathway specification, C.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from .chart import Chart, Concepts, Draft
from .decide import Decision, Role
from .kidney import kidney_function
from .recommendation import Hook, Indicator, Kind, Recommendation, Snooze
from .red_flags import flags_recorded
from .scope import pain_problems

_DAYS = {Snooze.DAYS_7: 7, Snooze.DAYS_42: 42, Snooze.DAYS_90: 90, Snooze.DAYS_90_DRUG: 90, Snooze.DAYS_180: 180}
LONGEST_DAYS = max(_DAYS.values())
# What happens in one session of work, where the EHR does not say which encounter it belongs to.
_SESSION = timedelta(hours=24)
# Kidney function in bands (mL/min), as doses and risks change with it; without a value it is the worst.
_KIDNEY_BANDS = (15, 30, 60)


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


def facts_of(decision: Decision, chart: Chart) -> Facts:
    """The facts behind a card that is about to be shown."""
    decisive = {ref for step in decision.decisive for ref in step.finding.resources}
    drugs: dict[str, float | None] = {}
    for medicine in (*(d.medicine for d in chart.selected), *(m for m in chart.medicines if m.ref in decisive)):
        for ingredient in medicine.ingredients if medicine else ():
            assert medicine is not None
            drugs[ingredient] = _higher(drugs[ingredient], medicine.daily_mg) if ingredient in drugs else medicine.daily_mg
    asked = (step for step in decision.steps if step.role in (Role.VARIANT, Role.ESCALATE))
    risks = {step.line.text for step in asked if step.finding.answer.value == "yes"}
    risks.update(concept for problem in chart.problems if problem.ref in decisive for concept in problem.concepts)
    return Facts(
        level=decision.indicator.level,
        episode=_episode(chart),
        flags=frozenset(flags_recorded(chart)),
        drugs=drugs,
        risks=frozenset(risks),
        kidneys=_kidney_band(chart),
        orders=frozenset(_order(draft) for draft in chart.selected),
    )


def _higher(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else max(one, other)


def _episode(chart: Chart) -> str:
    """The earliest onset of the current pain: with the next pain another episode begins."""
    began = [problem.began.earliest for problem in pain_problems(chart) if problem.began]
    return min(began).isoformat() if began else ""


def _kidney_band(chart: Chart) -> int:
    found = kidney_function(chart)
    return sum(found.low >= limit for limit in _KIDNEY_BANDS) if found else -1


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
        or now.kidneys < then.kidneys
        or any(drug not in then.drugs or _more(dose, then.drugs[drug]) for drug, dose in now.drugs.items())
    )


def _more(now: float | None, then: float | None) -> bool:
    """A higher dose; one that is not known now and was then counts as higher."""
    if now is None:
        return then is not None
    return then is not None and now > then
