"""General rules: JSON, emptiness, FHIR inside answers, speed."""

from __future__ import annotations

import importlib
import time

import conformance_support as support
import pytest

ERRORS = {
    400: {"data": b"{", "content_type": "application/json"},
    415: {"data": b"{}", "content_type": "text/plain"},
    422: {"json": {}},
}


def test_every_answer_is_json_and_says_so_gen_01_gen_06(client, exchanges):
    for exchange in exchanges:
        assert support.strict_json(exchange.text), exchange.name
        assert exchange.headers["Content-Type"].startswith("application/json")
    for place in ("/cds-services", "/healthz", "/readyz"):
        answer = client.get(place)
        assert answer.content_type.startswith("application/json")
        assert support.strict_json(answer.text)


@pytest.mark.parametrize("status", ERRORS)
def test_errors_are_json_too_gen_01(client, status):
    assert support.refusal(client.post(support.path("patient-view"), **ERRORS[status]), status)


def test_nothing_is_null_blank_or_empty_but_the_list_of_cards_gen_03_gen_04(client, exchanges):
    for exchange in exchanges:
        assert [place for place in support.empties(exchange.answer) if place != "cards"] == [], exchange.name
    assert list(support.empties(client.get("/cds-services").json)) == []


def test_no_cards_is_the_only_empty_list_gen_03(exchanges):
    silent = [e for e in exchanges if e.status == 200 and not e.cards]
    assert silent
    assert all(e.text == '{"cards":[]}' for e in silent)


def test_an_updated_order_carries_no_empty_members_of_the_draft_gen_03(client):
    body = support.request(
        "order-sign", egfr=45, problems=["deep-gluteal-syndrome"], ordering={"is": "gabapentin", "mg": 600, "times": 3}
    )
    draft = body["context"]["draftOrders"]["entry"][0]["resource"]
    draft |= {"reasonCode": [], "encounter": {}, "priority": "", "doNotPerform": None, "category": [{"coding": [{}]}]}
    answer = support.call(client, body)
    assert "gabapentinoid-renal-dose" in support.card_ids(answer)
    assert list(support.empties(answer.json)) == []


def test_an_optional_member_without_value_is_left_out_gen_04(cards):
    required = {"summary", "indicator", "source", "uuid", "detail"}
    assert all(required <= set(card) for _, card in cards)
    assert any("suggestions" not in card for _, card in cards)


def test_resources_in_actions_are_fhir_r4_json_gen_05(actions):
    kinds = set()
    for name, action in actions:
        if resource := action.get("resource"):
            kind = resource["resourceType"]
            kinds.add(kind)
            model = getattr(importlib.import_module(f"fhir.resources.R4B.{kind.lower()}"), kind)
            assert model.model_validate(resource), name
            assert isinstance(resource, dict)
    assert {"MedicationRequest", "ServiceRequest"} <= kinds


def test_numbers_in_resources_stay_numbers_gen_05(actions):
    rates = [
        rate
        for _, action in actions
        for dosage in action.get("resource", {}).get("dosageInstruction", [])
        for rate in dosage.get("doseAndRate", [])
    ]
    quantities = [
        quantity["value"]
        for rate in rates
        for quantity in (rate.get("doseQuantity"), *rate.get("doseRange", {}).values())
        if quantity
    ]
    assert quantities
    assert all(type(value) in (int, float) for value in quantities)


@pytest.mark.parametrize("hook", ["order-select", "order-sign"])
def test_an_order_of_another_fhir_version_gives_no_false_card_gen_07(client, hook):
    body = support.on_pathway(hook)
    order = {
        "resourceType": "MedicationOrder",
        "id": "order-123",
        "status": "draft",
        "patient": {"reference": f"Patient/{support.PATIENT}"},
        "medicationCodeableConcept": {"text": "oxycodone"},
    }
    body["context"]["draftOrders"] = support.bundle(order)
    if hook == "order-select":
        body["context"]["selections"] = ["MedicationOrder/order-123"]
    assert set(support.card_ids(support.call(client, body))) <= {"data-incomplete"}


def test_answers_are_fast_with_full_prefetch_gen_08(exchanges):
    seconds = sorted(exchange.seconds for exchange in exchanges)
    assert seconds[int(len(seconds) * 0.95)] < 0.5


def test_a_slow_fhir_server_is_given_up_within_the_deadline_gen_08(ehr):
    ehr.data = {"Condition": 5.0}
    client = support.service(deadline_ms=200)
    began = time.monotonic()
    answer = support.call(client, support.smallest("patient-view") | {"fhirServer": ehr.base})
    assert support.refusal(answer, 412)
    assert time.monotonic() - began < 3


def test_the_openapi_description_documents_the_service_gen_09(client):
    text = client.get("/openapi.yaml").text
    for word in ("patient-view", "order-select", "order-sign", "prefetch", "Condition", "FHIR R4", "actionSelectionBehavior"):
        assert word in text
    assert all(word in text for word in ("systemActions", "feedback", "hookVersion", "Authorization", "extension"))
