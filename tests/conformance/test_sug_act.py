"""Suggestions and their actions."""

from __future__ import annotations

import copy
import importlib
import re

import conformance_support as support
import pytest

LIFE = {"MedicationRequest": "draft", "ServiceRequest": "draft", "Task": "draft", "CommunicationRequest": "draft"}
LIFE["Appointment"] = "proposed"
HIGH_DOSE = {"is": "gabapentin 600 MG Oral Tablet", "mg": 600, "times": 3}
PHARMACY = {"reference": "Organization/pharmacy-1"}


def drafts_of(exchange):
    entries = exchange.body["context"].get("draftOrders", {}).get("entry", [])
    return {f"{e['resource']['resourceType']}/{e['resource']['id']}": e["resource"] for e in entries}


def actions_of(exchange):
    return [a for card in exchange.cards for s in card.get("suggestions", []) for a in s["actions"]]


def patient_named_in(resource):
    if resource["resourceType"] == "Appointment":
        return resource["participant"][0]["actor"]["reference"]
    return resource["for" if resource["resourceType"] == "Task" else "subject"]["reference"]


def test_every_suggestion_has_a_label_that_fits_a_button_sug_01(suggestions):
    for name, suggestion in suggestions:
        assert 0 < len(suggestion["label"].strip()) <= 60, name


def test_every_suggestion_has_a_uuid_of_its_own_sug_02(suggestions):
    uuids = [suggestion["uuid"] for _, suggestion in suggestions]
    pattern = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
    assert all(pattern.fullmatch(text) for text in uuids)
    assert len(set(uuids)) == len(uuids)


def test_labels_of_one_card_differ_sug_01(cards):
    for name, card in cards:
        labels = [suggestion["label"] for suggestion in card.get("suggestions", [])]
        assert len(set(labels)) == len(labels), name


def test_recommended_is_a_boolean_or_left_out_sug_03(suggestions):
    assert all(suggestion.get("isRecommended", True) is True for _, suggestion in suggestions)


def test_actions_are_a_list_that_is_not_empty_sug_04(suggestions):
    assert all(isinstance(s["actions"], list) and s["actions"] for _, s in suggestions)


def test_no_two_actions_of_a_suggestion_touch_the_same_resource_sug_05(suggestions):
    for name, suggestion in suggestions:
        touched = [a.get("resourceId") or a["resource"].get("id") for a in suggestion["actions"] if a["type"] != "create"]
        assert len(set(touched)) == len(touched), name


def test_a_draft_that_is_sent_twice_is_deleted_once_sug_05(client):
    body = support.on_pathway("order-sign", medicines=["lorazepam"])
    entries = body["context"]["draftOrders"]["entry"]
    entries.append(copy.deepcopy(entries[0]))
    for suggestion in support.card_of(support.call(client, body), "opioid-benzodiazepine")["suggestions"]:
        deleted = [action["resourceId"] for action in suggestion["actions"] if action["type"] == "delete"]
        assert len(set(deleted)) == len(deleted)


def test_a_suggestion_creates_at_most_one_medicine_sug_04(suggestions):
    for name, suggestion in suggestions:
        created = [a["resource"]["resourceType"] for a in suggestion["actions"] if a["type"] == "create"]
        assert created.count("MedicationRequest") <= 1, name


def test_action_selection_behavior_is_not_used_sug_06(exchanges):
    assert not any("actionSelectionBehavior" in exchange.text for exchange in exchanges)


def test_action_types_are_the_three_known_ones_act_01(actions):
    assert {action["type"] for _, action in actions} == {"create", "update", "delete"}


def test_every_action_has_a_description_act_02(actions):
    assert all(action["description"].strip() for _, action in actions)


def test_create_holds_a_valid_new_resource_for_the_patient_act_03(exchanges):
    for exchange in exchanges:
        for action in actions_of(exchange):
            if action["type"] == "create":
                resource = action["resource"]
                kind = resource["resourceType"]
                model = getattr(importlib.import_module(f"fhir.resources.R4B.{kind.lower()}"), kind)
                assert model.model_validate(resource), exchange.name
                assert patient_named_in(resource) == f"Patient/{exchange.body['context']['patientId']}"
                assert set(action) == {"type", "description", "resource"}


def test_created_orders_are_drafts_act_07(actions):
    kinds = set()
    for name, action in actions:
        if action["type"] == "create":
            kinds.add(action["resource"]["resourceType"])
            assert action["resource"]["status"] == LIFE[action["resource"]["resourceType"]], name
    assert len(kinds) > 2


def test_created_orders_collide_with_no_draft_act_08(exchanges):
    for exchange in exchanges:
        created = [a["resource"] for a in actions_of(exchange) if a["type"] == "create"]
        assert not {f"{r['resourceType']}/{r.get('id')}" for r in created} & set(drafts_of(exchange)), exchange.name


def test_delete_names_a_draft_of_the_session_act_05_act_06(exchanges):
    seen = 0
    for exchange in exchanges:
        for action in actions_of(exchange):
            if action["type"] == "delete":
                seen += 1
                assert re.fullmatch(r"[A-Z][A-Za-z]+/[A-Za-z0-9.\-]{1,64}", action["resourceId"])
                assert action["resourceId"] in drafts_of(exchange), exchange.name
                assert set(action) == {"type", "description", "resourceId"}
    assert seen


def test_update_names_a_draft_of_the_session_and_a_valid_resource_act_04(exchanges):
    seen = 0
    for exchange in exchanges:
        for action in actions_of(exchange):
            if action["type"] == "update":
                seen += 1
                resource = action["resource"]
                kind = resource["resourceType"]
                model = getattr(importlib.import_module(f"fhir.resources.R4B.{kind.lower()}"), kind)
                assert model.model_validate(resource), exchange.name
                assert f"{resource['resourceType']}/{resource['id']}" in drafts_of(exchange)
                assert set(action) == {"type", "description", "resource"}
    assert seen


# -- an update in detail ----------------------------------------------------------------------------------------------------


@pytest.fixture
def too_high():
    """A request to sign more gabapentin than the kidneys allow, in a draft with members that the service does not know."""
    body = support.request("order-sign", egfr=45, problems=["deep-gluteal-syndrome"], ordering=HIGH_DOSE)
    draft = body["context"]["draftOrders"]["entry"][0]["resource"]
    draft |= {
        "extension": [{"url": "https://ehr.example/extension/basket", "valueString": "7"}],
        "identifier": [{"system": "https://ehr.example/orders", "value": "A-1"}],
        "vendorFlag": {"colour": "green", "levels": [1, 2.5]},
        "_authoredOn": {"extension": [{"url": "https://ehr.example/extension/how", "valueCode": "typed"}]},
        "requester": {"reference": "Practitioner/1"},
        "note": [{"text": "Patient prefers capsules"}],
        "meta": {"versionId": "3", "tag": [{"code": "vip"}]},
    }
    return body


def updated(client, body):
    card = support.card_of(support.call(client, body), "gabapentinoid-renal-dose")
    return next(a["resource"] for s in card["suggestions"] for a in s["actions"] if a["type"] == "update")


def test_update_keeps_what_it_does_not_mean_to_change_act_04(client, too_high):
    before = too_high["context"]["draftOrders"]["entry"][0]["resource"]
    after = updated(client, too_high)
    intended = {"medicationCodeableConcept", "dosageInstruction", "dispenseRequest", "note"}
    assert {k: v for k, v in after.items() if k not in intended} == {k: v for k, v in before.items() if k not in intended}


def test_update_changes_medicine_and_dose_and_adds_to_the_notes_act_04(client, too_high):
    after = updated(client, too_high)
    assert after["medicationCodeableConcept"]["text"] == "gabapentin 100 MG Oral Capsule"
    assert after["dosageInstruction"][0]["doseAndRate"][0]["doseQuantity"]["value"] == 100
    assert after["note"][0] == {"text": "Patient prefers capsules"}
    assert "gabapentinoid-renal-dose" in after["note"][1]["text"]


def test_update_keeps_the_pharmacy_that_was_chosen_act_04(client, too_high):
    draft = too_high["context"]["draftOrders"]["entry"][0]["resource"]
    draft["dispenseRequest"] = {"performer": PHARMACY, "quantity": {"value": 270}, "numberOfRepeatsAllowed": 3}
    supply = updated(client, too_high)["dispenseRequest"]
    assert supply["performer"] == PHARMACY
    assert "quantity" not in supply, "the amount belongs to the old dose"


def test_update_keeps_contained_resources_that_are_still_pointed_to_act_04(client, too_high):
    draft = too_high["context"]["draftOrders"]["entry"][0]["resource"]
    draft |= {"requester": {"reference": "#doctor"}, "contained": [{"resourceType": "Practitioner", "id": "doctor"}]}
    assert updated(client, too_high)["contained"] == draft["contained"]


def test_update_replaces_a_medicine_by_reference_act_04(client, too_high):
    draft = too_high["context"]["draftOrders"]["entry"][0]["resource"]
    drug = {"resourceType": "Medication", "id": "drug", "code": draft.pop("medicationCodeableConcept")}
    draft |= {"contained": [drug], "medicationReference": {"reference": "#drug"}}
    after = updated(client, too_high)
    assert "medicationReference" not in after
    assert after["medicationCodeableConcept"]["text"] == "gabapentin 100 MG Oral Capsule"


def test_the_request_is_not_changed_by_an_update_of_its_drafts_act_04(client, too_high):
    before = copy.deepcopy(too_high)
    first = support.unnamed(support.call(client, too_high).json)
    assert too_high == before
    assert support.unnamed(support.call(client, too_high).json) == first


# -- what a suggestion must not touch ---------------------------------------------------------------------------------------


def test_a_draft_without_id_is_not_deleted_act_06(client):
    body = support.on_pathway("order-sign", medicines=["lorazepam"])
    del body["context"]["draftOrders"]["entry"][0]["resource"]["id"]
    card = support.card_of(support.call(client, body), "opioid-benzodiazepine")
    assert not any(a["type"] == "delete" for s in card["suggestions"] for a in s["actions"])


def test_created_orders_point_to_problems_that_exist_act_03(client):
    body = support.on_pathway("patient-view")
    del body["prefetch"]["Condition"]["entry"][0]["resource"]["id"]
    for card in support.call(client, body).json["cards"]:
        for suggestion in card.get("suggestions", []):
            for action in suggestion["actions"]:
                pointers = action["resource"].get("reasonReference", [])
                pointers = pointers if isinstance(pointers, list) else [pointers]
                assert all(re.fullmatch(r"Condition/[A-Za-z0-9.\-]+", pointer["reference"]) for pointer in pointers)


@pytest.mark.parametrize("hook", support.HOOKS)
def test_created_orders_belong_to_the_encounter_of_the_call_act_07(client, hook):
    body = support.on_pathway(hook, medicines=["lorazepam"])
    body["context"]["encounterId"] = "enc-7"
    created = [
        action["resource"]
        for card in support.call(client, body).json["cards"]
        for suggestion in card.get("suggestions", [])
        for action in suggestion["actions"]
        if action["type"] == "create"
    ]
    assert created
    for resource in created:
        if resource["resourceType"] != "Appointment":
            assert resource["encounter"] == {"reference": "Encounter/enc-7"}
