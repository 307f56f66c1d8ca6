"""The context of each hook."""

from __future__ import annotations

import copy

import conformance_support as support
import pytest

ORDER_HOOKS = support.HOOKS[1:]
USERS = ["Practitioner/p-1", "PractitionerRole/r.2", "Patient/1", "RelatedPerson/1"]


def with_user(hook, user):
    return support.changed(support.on_pathway(hook), {"context.userId": user})


@pytest.mark.parametrize("user", USERS)
def test_patient_view_is_answered_for_every_kind_of_user_pv_01(client, user):
    assert support.call(client, with_user("patient-view", user)).status_code == 200


@pytest.mark.parametrize("user", ["Practitioner", "Practitioner/", "p-1", "/p-1", "Practitioner/1/2", "Practitioner/a b"])
@pytest.mark.parametrize("hook", support.HOOKS)
def test_a_user_is_a_type_and_an_id_pv_01_os_01_sn_01(client, hook, user):
    issue = support.refusal(support.call(client, with_user(hook, user)), 422)
    assert issue["expression"] == ["context.userId"]


@pytest.mark.parametrize("hook", ORDER_HOOKS)
@pytest.mark.parametrize(("user", "status"), list(zip(USERS, [200, 200, 422, 422], strict=True)))
def test_orders_are_answered_for_clinicians_os_01_sn_01(client, hook, user, status):
    assert support.call(client, with_user(hook, user)).status_code == status


@pytest.mark.parametrize("hook", support.HOOKS)
def test_patient_is_required_and_a_bare_id_pv_02_os_02_sn_02(client, hook):
    body = support.on_pathway(hook)
    for changed in (
        support.without(body, "context.patientId"),
        support.changed(body, {"context.patientId": "Patient/case-patient"}),
    ):
        assert support.refusal(support.call(client, changed), 422)["expression"] == ["context.patientId"]


@pytest.mark.parametrize("hook", support.HOOKS)
def test_the_long_ids_of_real_systems_are_accepted_pv_02_os_02_sn_02(client, hook):
    body = support.smallest(hook) | {"prefetch": {"Condition": None}}
    body["context"]["patientId"] = "e" * 194 + ".x-3"
    assert support.call(client, body).status_code == 200


@pytest.mark.parametrize("hook", support.HOOKS)
def test_the_encounter_is_optional_pv_03_os_03_sn_03(client, hook):
    body = support.on_pathway(hook)
    without = support.card_ids(support.call(client, body))
    body["context"]["encounterId"] = "e-1"
    assert support.card_ids(support.call(client, body)) == without


# What may be critical when a chart is opened, beside the cards named after a red flag.
ALSO_URGENT = {"paediatric-hip-red-flag"}


def test_opening_a_chart_is_calm_pv_04(exchanges):
    for exchange in exchanges:
        if exchange.body["hook"] == "patient-view":
            urgent = {c["source"]["topic"]["code"] for c in exchange.cards if c["indicator"] == "critical"}
            assert all(card_id.startswith("red-flag-") for card_id in urgent - ALSO_URGENT), exchange.name
            actions = [a for c in exchange.cards for s in c.get("suggestions", []) for a in s["actions"]]
            assert all(action["type"] == "create" for action in actions)


# -- selections and drafts --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("selections", [..., "MedicationRequest/draft-1", None, {}, [5]])
def test_selections_are_a_list_of_references_os_04(client, selections):
    body = support.changed(support.on_pathway("order-select"), {"context.selections": selections})
    assert "context.selections" in support.refusal(support.call(client, body), 422)["expression"][0]


@pytest.mark.parametrize("selections", [[], ["MedicationRequest/elsewhere"], ["nonsense"]])
def test_a_selection_that_is_not_among_the_drafts_gives_no_card_os_04(client, selections):
    body = support.changed(support.on_pathway("order-select"), {"context.selections": selections})
    assert support.call(client, body).json == {"cards": []}


@pytest.mark.parametrize("selected", [["oxycodone", "naproxen"], ["naproxen", "oxycodone"]])
def test_every_selected_order_is_looked_at_os_04(client, selected):
    body = support.on_pathway("order-select", medicines=["lorazepam"], ordering=selected)
    assert "opioid-benzodiazepine" in support.card_ids(support.call(client, body))


@pytest.mark.parametrize("hook", ORDER_HOOKS)
@pytest.mark.parametrize("orders", [None, [], "x", {}, {"resourceType": "MedicationRequest"}])
def test_draft_orders_are_a_bundle_os_05_sn_04(client, hook, orders):
    body = support.changed(support.on_pathway(hook), {"context.draftOrders": orders})
    assert support.refusal(support.call(client, body), 422)["expression"] == ["context.draftOrders"]


def test_draft_orders_are_required_sn_04(client):
    body = support.without(support.on_pathway("order-sign"), "context.draftOrders")
    assert support.refusal(support.call(client, body), 422)["expression"] == ["context.draftOrders"]


@pytest.mark.parametrize("hook", ORDER_HOOKS)
@pytest.mark.parametrize("member", ["type", "entry"])
def test_a_bundle_without_type_or_entries_is_handled_os_05_sn_04(client, hook, member):
    body = support.without(support.on_pathway(hook), f"context.draftOrders.{member}")
    assert support.call(client, body).status_code == 200


NO_ORDERS = [None, {}, {"fullUrl": "urn:uuid:1"}, {"resource": None}, {"resource": {"resourceType": "NutritionOrder"}}]
UNREADABLE = [5, "x", [], {"resource": []}, {"resource": {}}, {"resource": {"resourceType": "12"}}, {"resource": "x"}]


@pytest.mark.parametrize("hook", ORDER_HOOKS)
@pytest.mark.parametrize("odd", NO_ORDERS, ids=str)
def test_an_entry_that_is_no_order_is_passed_over_os_05_sn_04(client, hook, odd):
    body = support.on_pathway(hook, medicines=["lorazepam"])
    expected = support.card_ids(support.call(client, body))
    body["context"]["draftOrders"]["entry"].insert(0, odd)
    assert support.card_ids(support.call(client, body)) == expected


@pytest.mark.parametrize("hook", ORDER_HOOKS)
@pytest.mark.parametrize("odd", UNREADABLE, ids=str)
def test_an_entry_that_may_hide_an_order_is_told_and_the_others_are_checked(client, hook, odd):
    body = support.on_pathway(hook, medicines=["lorazepam"])
    expected = support.card_ids(support.call(client, body))
    body["context"]["draftOrders"]["entry"].insert(0, odd)
    assert support.card_ids(support.call(client, body)) == [*expected, "data-incomplete"]


def test_an_unselected_opioid_gives_no_card_of_its_own_os_06(client):
    body = support.request("order-select", problems=["deep-gluteal-syndrome"], drafts=["oxycodone"], ordering="naproxen", egfr=90)
    assert support.card_ids(support.call(client, body)) == []


def test_an_unselected_opioid_counts_as_pending_os_06(client):
    body = support.request("order-select", problems=["deep-gluteal-syndrome"], drafts=["oxycodone"], ordering="gabapentin")
    assert "opioid-gabapentinoid-respiratory" in support.card_ids(support.call(client, body))


def test_a_gabapentinoid_among_the_drafts_is_not_offered_again_os_06(client):
    body = support.on_pathway("order-select", drafts=["gabapentin"], egfr=90)
    card = support.card_of(support.call(client, body), "first-line-before-opioid")
    assert not any("Gabapentin" in suggestion["label"] for suggestion in card["suggestions"])


BARE_ORDERS = {
    "a text": {"medicationCodeableConcept": {"text": "oxycodone"}},
    "a code": {"medicationCodeableConcept": {"coding": [{"system": support.RXNORM, "code": "1049621"}]}},
    "a reference with a name": {"medicationReference": {"reference": "Medication/m1", "display": "oxycodone 5 mg"}},
    "a contained medicine": {
        "medicationReference": {"reference": "#m"},
        "contained": [{"resourceType": "Medication", "id": "m", "code": {"text": "oxycodone"}}],
    },
}


@pytest.mark.parametrize("hook", ORDER_HOOKS)
@pytest.mark.parametrize("medicine", BARE_ORDERS.values(), ids=BARE_ORDERS)
def test_an_order_without_details_is_understood_os_07(client, hook, medicine):
    body = support.on_pathway(hook, medicines=["lorazepam"])
    draft = body["context"]["draftOrders"]["entry"][0]["resource"]
    del draft["medicationCodeableConcept"]
    draft.update(copy.deepcopy(medicine))
    assert "opioid-benzodiazepine" in support.card_ids(support.call(client, body))


@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_an_order_of_an_unresolvable_medicine_gives_no_error_os_07(client, hook):
    body = support.on_pathway(hook)
    draft = body["context"]["draftOrders"]["entry"][0]["resource"]
    del draft["medicationCodeableConcept"]
    draft["medicationReference"] = {"reference": "Medication/not-here"}
    assert support.call(client, body).status_code == 200


@pytest.mark.parametrize("hook", ORDER_HOOKS)
@pytest.mark.parametrize("kind", ["DeviceRequest", "NutritionOrder", "VisionPrescription", "CommunicationRequest", "Zzz"])
def test_orders_of_other_types_are_passed_over_os_08(client, hook, kind):
    body = support.on_pathway(hook, medicines=["lorazepam"])
    expected = support.card_ids(support.call(client, body))
    body["context"]["draftOrders"]["entry"].append({"resource": {"resourceType": kind, "id": "x"}})
    if hook == "order-select":
        body["context"]["selections"].append(f"{kind}/x")
    assert support.card_ids(support.call(client, body)) == expected


def test_order_sign_looks_at_all_orders_without_selections_sn_04(client):
    body = support.on_pathway("order-sign", ordering=["naproxen", "oxycodone", "lorazepam"])
    assert "selections" not in body["context"]
    assert "opioid-benzodiazepine" in support.card_ids(support.call(client, body))


@pytest.mark.parametrize("status", ["active", "on-hold", "draft"])
def test_an_order_that_is_signed_again_is_looked_at_sn_05(client, status):
    body = support.on_pathway("order-sign", medicines=["lorazepam"])
    body["context"]["draftOrders"]["entry"][0]["resource"]["status"] = status
    assert "opioid-benzodiazepine" in support.card_ids(support.call(client, body))


def test_doses_are_checked_when_orders_are_signed_sn_06(client):
    dose = {"is": "gabapentin", "mg": 600, "times": 3}
    body = support.on_pathway("order-sign", egfr=45, ordering=dose)
    assert "gabapentinoid-renal-dose" in support.card_ids(support.call(client, body))
