"""What must hold for every single answer. Each check yields what is wrong, in words."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from cds_service.fhir.orders import problems_with
from cds_service.pathway.answers import Answer as Known
from cds_service.pathway.recommendation import Kind
from cds_service.pathway.vocabulary import FINDINGS

from . import oracle
from .answers import Answer, Card
from .catalogue import EVERY
from .story import GivenDraft, Remedy, Story

Check = Callable[[Story, Answer], Iterator[str]]
Action = dict[str, Any]

_LONGEST = 140
_CLAIMS = {
    "no red flag": lambda story: False,
    "normal renal": lambda story: (oracle.kidney_at_least(story) or 0) >= 60,
    "normal kidney": lambda story: (oracle.kidney_at_least(story) or 0) >= 60,
    "not pregnant": oracle.known_not_pregnant,
}


def actions(card: Card) -> Iterator[tuple[str, list[Action]]]:
    """The actions of each suggestion, with its label."""
    for suggestion in card.get("suggestions", ()):
        yield suggestion["label"], suggestion["actions"]


def medicine_of(resource: dict[str, Any]) -> Remedy | None:
    """Which medicine a created or changed order is for, by the words of its concept; None for another kind of order."""
    if resource["resourceType"] != "MedicationRequest":
        return None
    concept = resource.get("medicationCodeableConcept") or {}
    said = " ".join([concept.get("text", ""), *(c.get("display", "") for c in concept.get("coding", ()))]).lower()
    named = [remedy for remedy in EVERY if re.search(rf"\b{re.escape(remedy.ingredient)}\b", said)]
    if not named:
        return Remedy(said, said.split(" ", 1)[0], frozenset())
    on_skin = re.search(r"\b(?:topical|gel)\b", said) is not None
    return max(named, key=lambda remedy: (("topical-nsaid" in remedy.classes) is on_skin, len(remedy.classes)))


def daily_milligrams(resource: dict[str, Any]) -> float | None:
    """What the first line of the dosage comes to in a day, at most; None where no amount is stated."""
    for dosage in resource.get("dosageInstruction", ()):
        for dose in dosage.get("doseAndRate", ()):
            quantity = dose.get("doseQuantity") or dose.get("doseRange", {}).get("high", {})
            if "value" in quantity:
                amount: float = quantity["value"] * dosage.get("timing", {}).get("repeat", {}).get("frequency", 1)
                return amount
    return None


def _gone(taken: list[Action]) -> list[str]:
    """The drafts that are no longer there as they were: deleted, or replaced by what they are changed to."""
    return [_touched(action) for action in taken if action["type"] != "create"]


def _touched(action: Action) -> str:
    """The name of the draft that a deletion or an update is about."""
    resource = action.get("resource")
    return f"{resource['resourceType']}/{resource.get('id')}" if resource else action["resourceId"]


def _same_dose(story: Story, action: Action) -> bool:
    """An update that leaves medicine and dose of the draft as they are, as a limit of the days does."""
    members = ("medicationCodeableConcept", "dosageInstruction")
    drafts = (d.resource for d in story.drafts if action["type"] == "update" and d.ref == _touched(action))
    return any(all(draft.get(m) == action["resource"].get(m) for m in members) for draft in drafts)


# -- the properties -----------------------------------------------------------------------------------------------------


def no_contraindicated_medicine(story: Story, answer: Answer) -> Iterator[str]:
    """No suggestion creates or changes to a medicine or dose that the chart contraindicates (C.4); UNKNOWN contraindicates."""
    for card_id, card in answer.cards.items():
        for label, taken in actions(card):
            for action in taken:
                remedy = medicine_of(action["resource"]) if "resource" in action else None
                if remedy and not _same_dose(story, action):
                    dose, update = daily_milligrams(action["resource"]), action["type"] == "update"
                    for reason in oracle.against(story, remedy, _gone(taken), dose, update=update):
                        yield f"{card_id} offers {label!r} although: {reason}"


def no_gabapentinoid_beside_what_it_harms_with(story: Story, answer: Answer) -> Iterator[str]:
    """No suggestion adds a gabapentinoid while an opioid or benzodiazepine stays."""
    for card_id, card in answer.cards.items():
        for label, taken in actions(card):
            given = [medicine_of(action["resource"]) for action in taken if "resource" in action]
            if any(remedy and "gabapentinoid" in remedy.classes for remedy in given):
                stay = story.active("opioid", "benzodiazepine") + story.drafted("opioid", "benzodiazepine", gone=_gone(taken))
                if stay:
                    yield f"{card_id}: {label!r} beside {stay[0].name}"


def nothing_active_is_stopped(story: Story, answer: Answer) -> Iterator[str]:
    """Deletes and updates name selected drafts of this session, never the renewal of something active, and stop nothing."""
    drafts = {draft.ref: draft for draft in story.drafts if draft.ref}
    taken_now = {m.remedy.ingredient for m in story.medicines if m.active}
    for card_id, card in answer.cards.items():
        for label, taken in actions(card):
            for action in taken:
                if action["type"] == "create":
                    continue
                fault = _touching(action, drafts, taken_now)
                if fault:
                    yield f"{card_id}: {label!r} {fault}"
                medicine = _touched(action).startswith("MedicationRequest/")
                if medicine and story.lost & {"MedicationRequest", "MedicationStatement", "MedicationDispense"}:
                    yield f"{card_id}: {label!r} touches a draft although the medicines could not be read"


def _touching(action: Action, drafts: dict[str, GivenDraft], taken_now: set[str]) -> str:
    resource, ref = action.get("resource"), _touched(action)
    draft = drafts.get(ref)
    if draft is None or not draft.selected:
        return f"touches {ref}, which is no selected draft"
    if draft.remedy and draft.remedy.ingredient in taken_now:
        return f"touches {draft.remedy.name}, which is taken already"
    if resource and resource.get("status") != draft.resource["status"]:
        return f"changes the status of {ref}"
    return ""


def no_advice_where_it_is_off(story: Story, answer: Answer) -> Iterator[str]:
    """No advice under 18, at unknown age, beside a red flag or in palliative care, unless the card declares the exception."""
    if answer.found is None:
        return
    chart = answer.found.chart
    for decision in answer.found.outcome.shown:
        card = decision.recommendation
        if card.kind is not Kind.ADVICE:
            continue
        if not oracle.known_adult(story):
            yield f"{card.id} is shown at age {oracle.ages(story)}"
        if oracle.palliative_or_unknown(story):
            yield f"{card.id} is shown in palliative care, or nobody knows"
        if any(line.ask(chart).answer is Known.YES for line in getattr(card, "despite", ())):
            continue
        flag = oracle.certain_red_flag(story)
        if flag or FINDINGS["red_flag"].ask(chart).answer is Known.YES:
            yield f"{card.id} is shown beside a red flag {flag}"


def no_text_claims_what_is_not_known(story: Story, answer: Answer) -> Iterator[str]:
    for card_id, card in answer.cards.items():
        said = [card["summary"], card["detail"].replace("\\", "")]
        said += [text for label, taken in actions(card) for text in (label, *(a["description"] for a in taken))]
        for text in said:
            for words, known in _CLAIMS.items():
                if words in text.lower() and not known(story):
                    yield f"{card_id} says {words!r}: {text}"


def cards_are_well_formed(story: Story, answer: Answer) -> Iterator[str]:
    """Summaries are short, and every created or changed resource is valid FHIR R4 for the patient of the hook."""
    for card_id, card in answer.cards.items():
        if not 0 < len(card["summary"]) < _LONGEST:
            yield f"{card_id}: a summary of {len(card['summary'])} characters"
        if ("suggestions" in card) != ("selectionBehavior" in card):
            yield f"{card_id}: suggestions and selectionBehavior belong together"
        for label, taken in actions(card):
            for action in taken:
                for fault in _faults(json.dumps(action["resource"])) if "resource" in action else ():
                    yield f"{card_id}: {label!r}: {fault}"


@lru_cache(maxsize=4096)
def _faults(resource: str) -> tuple[str, ...]:
    return tuple(problems_with(json.loads(resource)))


CHECKS: tuple[Check, ...] = (
    no_contraindicated_medicine,
    no_gabapentinoid_beside_what_it_harms_with,
    nothing_active_is_stopped,
    no_advice_where_it_is_off,
    no_text_claims_what_is_not_known,
    cards_are_well_formed,
)


def faults(story: Story, answer: Answer) -> list[str]:
    """Everything that is wrong with one answer, with the name of the property."""
    return [f"{check.__name__}: {fault}" for check in CHECKS for fault in check(story, answer)]
