"""The charts of the cases beside the cards, told differently: every card is reached here, whatever cards there are."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

import pytest

from cds_service.check import CASE_DAY
from cds_service.content.case_charts import request_for

from .answers import comparable, desk
from .certainty import growth
from .charts import LOSSES, lose
from .checks import (
    actions,
    cards_are_well_formed,
    medicine_of,
    no_gabapentinoid_beside_what_it_harms_with,
    nothing_active_is_stopped,
)
from .codes import LIBRARY
from .story import GivenDraft, GivenMedicine, Story
from .variants import shuffled, with_noise

_MEDICINES = ("MedicationRequest", "MedicationStatement", "MedicationDispense")
_CHECKS = (cards_are_well_formed, no_gabapentinoid_beside_what_it_harms_with, nothing_active_is_stopped)


def _requests(card_id: str) -> list[tuple[str, dict[str, Any]]]:
    hook = next(r.hooks[0].value for r in LIBRARY.recommendations if r.id == card_id)
    given = [(case["name"], case.get("given", {})) for case in LIBRARY.cases[card_id]]
    return [(name, request_for(LIBRARY.terminology, chart, hook, CASE_DAY)) for name, chart in given]


def _story(request: Mapping[str, Any]) -> Story:
    """The medicines and drafts of a case, by their names."""
    story = Story(hook=request["hook"], today=CASE_DAY)
    prefetch, context = request["prefetch"], request["context"]
    story.lost = {kind for kind in _MEDICINES if prefetch.get(kind, {}).get("resourceType") != "Bundle"}
    for kind in set(_MEDICINES) - story.lost:
        for entry in prefetch[kind]["entry"]:
            remedy = medicine_of({**entry["resource"], "resourceType": "MedicationRequest"})
            if remedy:
                story.medicines.append(GivenMedicine(remedy, entry["resource"]["status"] == "active", None))
    for entry in context.get("draftOrders", {}).get("entry", ()):
        draft = entry["resource"]
        ref = f"{draft['resourceType']}/{draft['id']}"
        chosen = request["hook"] == "order-sign" or ref in context["selections"]
        story.drafts.append(GivenDraft(ref, chosen, medicine_of(draft), draft))
    return story


def _faults(request: dict[str, Any]) -> list[str]:
    service, random = desk(), Random(1)
    answer = service.ask(request)
    found = [fault for check in _CHECKS for fault in check(_story(request), answer)]
    told = comparable(answer)
    if comparable(service.ask(with_noise(request, random))) != told:
        found.append("an irrelevant resource changes the answer")
    if comparable(service.ask(shuffled(request, random))) != told:
        found.append("the order of resources or codings changes the answer")
    whole = [kind for kind, value in request["prefetch"].items() if value["resourceType"] != "OperationOutcome"]
    for number, kind in enumerate(whole):
        for how in {"failed", LOSSES[number % len(LOSSES)]}:
            prefetch = dict(request["prefetch"])
            lose(prefetch, kind, how)
            less = service.ask({**request, "prefetch": prefetch})
            found += [f"{kind} {how}: {fault}" for fault in growth(answer, less)]
    return found


@pytest.mark.parametrize("card_id", [r.id for r in LIBRARY.recommendations])
def test_the_cases_told_differently_hold_the_properties(card_id: str) -> None:
    assert [f"{name}: {fault}" for name, request in _requests(card_id) for fault in _faults(request)] == []


@pytest.mark.parametrize("name", ["Percocet", "Vicodin", "Norco 5/325", "Ultracet"])
def test_no_acetaminophen_is_offered_beside_a_product_that_holds_it(name: str) -> None:
    given = {"age": 30, "sex": "female", "problems": ["piriformis-syndrome", "pregnancy"], "medicines": [{"is": name}]}
    request = request_for(LIBRARY.terminology, {**given, "ordering": "oxycodone"}, "order-select", CASE_DAY)
    request["prefetch"]["MedicationRequest"]["entry"][0]["resource"]["medicationCodeableConcept"] = {"text": name}
    offers = [label for card in desk().ask(request).cards.values() for label, _ in actions(card)]
    assert offers
    assert [label for label in offers if label.startswith("Acetaminophen")] == []
