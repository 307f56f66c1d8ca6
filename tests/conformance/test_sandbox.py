"""The bodies that the public CDS Hooks sandbox really sends, among them several that are not valid FHIR."""

from __future__ import annotations

import copy
import uuid

import conformance_support as support
import pytest

PATIENT = "smart-1288992"
HEADERS = {"Origin": support.SANDBOX, "Accept": "application/json", "Authorization": "Bearer eyJhbGciOiJFUzM4NCJ9.e30.c2ln"}
OXYCODONE = ("Oxycodone Hydrochloride 5 MG Oral Tablet", "1049621")


def patient_view():
    return {
        "hookInstance": str(uuid.uuid4()),
        "hook": "patient-view",
        "fhirServer": "https://launch.smarthealthit.org/v/r4/fhir",
        "context": {"patientId": PATIENT, "userId": "Practitioner/COREPRACTITIONER1"},
        "prefetch": prefetch(),
    }


def prefetch():
    """What the browser could fetch; a key that failed is simply left out."""
    whose = {"subject": {"reference": f"Patient/{PATIENT}"}}
    pressure = {
        "resourceType": "Observation",
        "id": "bp",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "85354-9"}]},
        "effectiveDateTime": "2026-02-10",
        "component": [
            {
                "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
                "valueQuantity": {"value": value, "code": "mm[Hg]"},
            }
            for code, value in (("8480-6", 124), ("8462-4", 78))
        ],
        **whose,
    }
    kidney = pressure | {
        "id": "egfr",
        "code": {"coding": [{"system": "http://loinc.org", "code": "33914-3"}]},
        "valueQuantity": {"value": 92, "code": "mL/min/{1.73_m2}"},
        "component": [],
    }
    empty = (
        "Procedure",
        "Encounter",
        "ServiceRequest",
        "DiagnosticReport",
        "CarePlan",
        "MedicationRequest",
        "AllergyIntolerance",
    )
    others = ("QuestionnaireResponse", "MedicationStatement", "MedicationDispense", "EpisodeOfCare", "Flag", "ImagingStudy")
    others += ("Communication", "DocumentReference")
    return {
        "Patient": {"resourceType": "Patient", "id": PATIENT, "gender": "male", "birthDate": "1975-05-05"},
        "Condition": support.bundle(support.condition(patient=PATIENT)),
        "Observation": support.bundle(pressure, kidney),
        **{key: support.bundle(total=0) for key in (*empty, *others)},
    }


def draft(medicine=OXYCODONE, reason=True):
    """The draft of the prescribing view: category and reasonCode are objects where FHIR has lists."""
    order = {
        "resourceType": "MedicationRequest",
        "id": "request-123",
        "status": "draft",
        "subject": {"reference": f"Patient/{PATIENT}"},
        "authoredOn": "2026-03-02",
        "dosageInstruction": [
            {
                "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}},
                "doseAndRate": [{"doseQuantity": {"value": 1, "system": "http://unitsofmeasure.org", "code": "{pill}"}}],
            }
        ],
        "dispenseRequest": {"expectedSupplyDuration": {"value": 30, "unit": "days"}},
    }
    if medicine:
        name, code = medicine
        category = {"system": "http://terminology.hl7.org/CodeSystem/medicationrequest-category", "code": "community"}
        order |= {
            "intent": "order",
            "category": {"coding": [category]},
            "medicationCodeableConcept": {
                "text": name,
                "coding": [{"display": name, "system": support.RXNORM, "code": code}],
            },
        }
    if medicine and reason:
        coding = {"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "G57.01"}
        order["reasonCode"] = {"coding": [coding], "text": "Lesion of sciatic nerve, right"}
    return order


def order_hook(hook, order):
    body = patient_view() | {"hook": hook}
    body["context"]["draftOrders"] = {"resourceType": "Bundle", "entry": [{"resource": order}]}
    if hook == "order-select":
        body["context"]["selections"] = [f"{order['resourceType']}/{order['id']}"]
    return body


def post(client, body, hook=None):
    return client.post(support.path(hook or body["hook"]), json=body, headers=HEADERS)


# -- opening a chart --------------------------------------------------------------------------------------------------------


def test_patient_view_without_encounter_is_answered(client):
    assert support.card_ids(post(client, patient_view())) == ["physio-start-general", "document-exam-differential"]


def test_discovery_ignores_the_token_that_is_always_sent(client):
    assert client.get("/cds-services", headers=HEADERS).status_code == 200


@pytest.mark.parametrize("value", ["Bearer x", "Bearer", "Basic eDp5", "", "bearer e30.e30."])
def test_any_authorization_header_is_ignored_without_registered_clients(client, value):
    headers = {"Authorization": value}
    assert client.get("/cds-services", headers=headers).status_code == 200
    assert support.call(client, patient_view(), headers=headers).status_code == 200


def test_a_key_that_failed_in_the_browser_is_left_out_and_is_a_gap(client):
    body = support.without(patient_view(), "prefetch.Procedure")
    assert "data-incomplete" in support.card_ids(post(client, body))


def test_no_prefetch_at_all_and_a_public_server_that_may_not_be_called_is_412(client):
    support.refusal(post(client, support.without(patient_view(), "prefetch")), 412)


# -- prescribing ------------------------------------------------------------------------------------------------------------


def test_the_first_order_select_without_medication_and_intent_gives_no_cards(client):
    assert post(client, order_hook("order-select", draft(medicine=None))).json == {"cards": []}


@pytest.mark.parametrize("hook", ["order-select", "order-sign"])
def test_category_and_reason_as_objects_are_read(client, hook):
    body = order_hook(hook, draft())
    lorazepam = {
        "resourceType": "MedicationRequest",
        "id": "m1",
        "status": "active",
        "intent": "order",
        "subject": {"reference": f"Patient/{PATIENT}"},
        "medicationCodeableConcept": {"text": "lorazepam 1 MG Oral Tablet"},
        "authoredOn": "2026-02-20",
    }
    body["prefetch"] |= {"MedicationRequest": support.bundle(lorazepam), "Condition": support.bundle()}
    assert "opioid-benzodiazepine" in support.card_ids(post(client, body)), "the reason of the order opens the pathway"


@pytest.mark.parametrize("hook", ["order-select", "order-sign"])
def test_the_imaging_order_with_an_empty_coding_gives_no_error(client, hook):
    order = {
        "resourceType": "ServiceRequest",
        "id": "example-request-id",
        "status": "draft",
        "intent": "plan",
        "code": {"coding": [{}]},
        "subject": {"reference": f"Patient/{PATIENT}"},
        "reasonCode": [],
    }
    assert post(client, order_hook(hook, order)).json == {"cards": []}


def test_the_reopened_view_without_draft_orders_gives_no_cards_at_order_select(client):
    answer = post(client, patient_view() | {"hook": "order-select"})
    assert answer.status_code == 200
    assert answer.json == {"cards": []}


def test_the_reopened_view_is_evaluated_as_patient_view_at_the_patient_view_service(client):
    body = patient_view()
    expected = support.unnamed(post(client, body).json)
    answer = post(client, body | {"hook": "order-select"}, "patient-view")
    assert support.unnamed(answer.json) == expected
    assert expected["cards"]


def test_the_reopened_view_still_needs_its_context(client):
    body = support.without(patient_view() | {"hook": "order-select"}, "context.patientId")
    for hook in ("order-select", "patient-view"):
        assert support.refusal(post(client, body, hook), 422)["expression"] == ["context.patientId"]


def test_the_exception_is_for_order_select_alone(client):
    body = patient_view() | {"hook": "order-sign"}
    support.refusal(post(client, body), 422)
    support.refusal(post(client, body, "patient-view"), 422)
    support.refusal(post(client, patient_view() | {"hook": "order-select"}, "order-sign"), 422)


def test_a_dstu2_medication_order_gives_no_false_card_and_no_error(client):
    order = {
        "resourceType": "MedicationOrder",
        "id": "order-123",
        "status": "draft",
        "patient": {"reference": f"Patient/{PATIENT}"},
        "dateWritten": "2026-03-02",
        "medicationCodeableConcept": {
            "text": OXYCODONE[0],
            "coding": [{"display": OXYCODONE[0], "system": support.RXNORM, "code": OXYCODONE[1]}],
        },
        "dosageInstruction": [{"timing": {"repeat": {"frequency": 1, "period": 1, "periodUnits": "d"}}}],
        "reasonCodeableConcept": {"text": "Sciatica"},
    }
    for hook in ("order-select", "order-sign"):
        assert set(support.card_ids(post(client, order_hook(hook, order)))) <= {"data-incomplete"}


# -- addresses --------------------------------------------------------------------------------------------------------------


def test_a_discovery_address_with_a_slash_leads_to_a_doubled_slash_that_is_served(client):
    services = client.get("/cds-services/", headers=HEADERS).json["services"]
    for service in services:
        body = patient_view() if service["hook"] == "patient-view" else order_hook(service["hook"], draft())
        straight = client.post(f"/cds-services/{service['id']}", json=body, headers=HEADERS)
        doubled = client.post(f"/cds-services//{service['id']}", json=body, headers=HEADERS)
        slashed = client.post(f"/cds-services/{service['id']}/", json=body, headers=HEADERS)
        assert doubled.status_code == slashed.status_code == 200
        assert support.unnamed(straight.json) == support.unnamed(doubled.json) == support.unnamed(slashed.json)


HEALTH = pytest.param("/healthz", marks=support.in_process)


@pytest.mark.parametrize("place", ["/cds-services", "/cds-services/", HEALTH, "/cards/first-line-before-opioid"])
def test_head_is_answered_where_get_is(client, place):
    answer = client.head(place)
    assert answer.status_code == 200
    assert answer.data == b""


# -- accepting and dismissing -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def opioid_card(client):
    body = order_hook("order-select", draft())
    return support.card_of(post(client, body), "first-line-before-opioid")


def test_medicines_are_offered_in_place_of_the_opioid(opioid_card):
    names = [suggestion["label"].split()[0] for suggestion in opioid_card["suggestions"]]
    assert names == ["Nortriptyline", "Duloxetine", "Gabapentin", "Remove"]


def test_the_first_action_creates_the_medicine_with_text_and_code_and_the_opioid_goes_after_it(opioid_card):
    for suggestion in opioid_card["suggestions"][:3]:
        first, *others = suggestion["actions"]
        medicine = first["resource"]["medicationCodeableConcept"]
        assert first["type"] == "create"
        assert medicine["text"]
        assert medicine["coding"][0]["code"]
        assert medicine["coding"][0]["system"] == support.RXNORM
        assert [(a["type"], a["resourceId"]) for a in others] == [("delete", "MedicationRequest/request-123")]


def test_the_card_can_be_dismissed_with_a_reason(opioid_card):
    assert opioid_card["uuid"]
    assert len(opioid_card["overrideReasons"]) > 2


def test_the_order_after_an_accepted_suggestion_no_longer_gives_the_card(client, opioid_card):
    accepted = opioid_card["suggestions"][0]["actions"][0]["resource"]["medicationCodeableConcept"]
    order = copy.deepcopy(draft()) | {"medicationCodeableConcept": accepted}
    assert "first-line-before-opioid" not in support.card_ids(post(client, order_hook("order-select", order)))


@support.in_process
def test_accepting_is_reported_to_an_address_that_answers_in_json(client):
    feedback = {"feedback": [{"card": str(uuid.uuid4()), "outcome": "overridden", "outcomeTimestamp": "2026-03-02T12:00:00Z"}]}
    answer = client.post(f"{support.path('order-select')}/feedback", json=feedback, headers=HEADERS)
    support.refusal(answer, 503)  # this test has no memory; test_feedback.py has
    assert answer.headers["Access-Control-Allow-Origin"] == support.SANDBOX
