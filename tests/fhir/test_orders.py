"""Drafts that a card offers: complete, valid FHIR R4, for this patient, and never more than a draft (pathway C.1)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from fhir_support import RXNORM, SCT, concept, library, medication_request

from cds_service.fhir.orders import (
    RESOURCE_TYPES,
    Session,
    as_sent,
    build,
    change,
    complete,
    members_with_dates,
    problems_with,
)

TODAY = date(2026, 3, 2)
SESSION = Session("p1", "e1", TODAY, "Drafted from card x.", ("Condition/c1", "Condition/c2"))

TEMPLATES: dict[str, dict[str, Any]] = {
    "MedicationRequest": {
        "medicationCodeableConcept": concept((RXNORM, "310431", "gabapentin 300 MG Oral Capsule")),
        "dosageInstruction": [
            {"text": "300 mg at night", "timing": {"repeat": {"boundsPeriod": {"start": "@today", "end": "@today+28d"}}}}
        ],
    },
    "ServiceRequest": {
        "code": concept((SCT, "91251008", "Physical therapy procedure")),
        "occurrencePeriod": {"start": "@today", "end": "@today+84d"},
        "note": [{"text": "Twelve weeks."}],
    },
    "Task": {"code": {"text": "Record a baseline score"}, "restriction": {"period": {"end": "@today+42d"}}},
    "CommunicationRequest": {"payload": [{"contentString": "Sit less."}]},
    "Appointment": {
        "description": "Review",
        "requestedPeriod": [{"start": "@today+42d", "end": "@today+49d"}],
        "comment": "Week six.",
    },
}


def drafted(kind: str, session: Session = SESSION) -> dict[str, Any]:
    return build(kind, TEMPLATES[kind], members_with_dates(TEMPLATES[kind]), session)


@pytest.mark.parametrize("kind", RESOURCE_TYPES)
def test_every_kind_of_draft_is_valid_fhir(kind: str) -> None:
    assert problems_with(drafted(kind)) == []


@pytest.mark.parametrize("kind", RESOURCE_TYPES)
def test_without_an_encounter_and_a_reason_it_is_valid_too(kind: str) -> None:
    bare = drafted(kind, Session("p1", None, TODAY, "note"))
    assert problems_with(bare) == []
    assert "encounter" not in bare
    assert "reasonReference" not in bare


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("MedicationRequest", "draft"),
        ("ServiceRequest", "draft"),
        ("Task", "draft"),
        ("CommunicationRequest", "draft"),
        ("Appointment", "proposed"),
    ],
)
def test_nothing_is_more_than_a_draft(kind: str, status: str) -> None:
    assert drafted(kind)["status"] == status


@pytest.mark.parametrize("kind", RESOURCE_TYPES)
def test_a_draft_is_for_this_patient_and_names_no_requester(kind: str) -> None:
    found = drafted(kind)
    whose = {"Task": found.get("for"), "Appointment": (found.get("participant") or [{}])[0].get("actor")}.get(
        kind, found.get("subject")
    )
    assert whose == {"reference": "Patient/p1"}
    assert "requester" not in found
    assert "id" not in found


@pytest.mark.parametrize("kind", RESOURCE_TYPES)
def test_a_draft_says_where_it_comes_from_beside_its_own_note(kind: str) -> None:
    found = drafted(kind)
    said = found["comment"] if kind == "Appointment" else " ".join(note["text"] for note in found["note"])
    assert "Drafted from card x." in said
    assert kind != "ServiceRequest" or "Twelve weeks." in said
    assert kind != "Appointment" or "Week six." in said


@pytest.mark.parametrize("kind", RESOURCE_TYPES)
def test_a_draft_points_to_the_problems(kind: str) -> None:
    first, second = {"reference": "Condition/c1"}, {"reference": "Condition/c2"}
    assert drafted(kind)["reasonReference"] == (first if kind == "Task" else [first, second])


@pytest.mark.parametrize("kind", RESOURCE_TYPES)
def test_dates_are_counted_from_today(kind: str) -> None:
    assert "@today" not in str(drafted(kind))


def test_the_day_and_the_days_after_it() -> None:
    assert drafted("ServiceRequest")["occurrencePeriod"] == {"start": "2026-03-02", "end": "2026-05-25"}
    assert drafted("ServiceRequest")["authoredOn"] == "2026-03-02"


def test_a_template_is_not_changed_by_a_draft() -> None:
    before = str(TEMPLATES)
    drafted("ServiceRequest")
    drafted("MedicationRequest", Session("p2", "e2", date(2027, 1, 1), "another"))
    assert str(TEMPLATES) == before


@pytest.mark.parametrize("kind", ["MedicationRequest", "ServiceRequest", "Task"])
def test_an_order_is_meant_as_an_order(kind: str) -> None:
    assert drafted(kind)["intent"] == "order"
    assert "intent" not in drafted("CommunicationRequest")


# -- changing an order ------------------------------------------------------------------------------------------------------

ORIGINAL = medication_request(
    None,
    id="d1",
    status="draft",
    medicationReference={"reference": "#m"},
    contained=[{"resourceType": "Medication", "id": "m", "code": concept((RXNORM, "310431"))}],
    dispenseRequest={"quantity": {"value": 270}},
    requester={"reference": "Practitioner/1"},
    note=[{"text": "Patient prefers capsules."}],
)


NEW_DOSE = TEMPLATES["MedicationRequest"] | {"dosageInstruction": [{"text": "100 mg at night"}]}


def changed(original: dict[str, Any] = ORIGINAL, template: dict[str, Any] = NEW_DOSE) -> dict[str, Any]:
    found = change(original, template, SESSION)
    assert found is not None
    return found


def test_a_change_carries_the_whole_order_with_its_id() -> None:
    found = changed()
    assert found["id"] == "d1"
    assert found["requester"] == {"reference": "Practitioner/1"}
    assert found["dosageInstruction"] == [{"text": "100 mg at night"}]
    assert problems_with(found) == []


def test_a_change_leaves_one_medicine_and_no_old_supply() -> None:
    found = changed()
    assert "medicationReference" not in found
    assert "contained" not in found
    assert "quantity" not in found.get("dispenseRequest", {})


SHORTER = {"dispenseRequest": {"expectedSupplyDuration": {"value": 10}}, "note": [{"text": "Ten days."}]}


def test_a_change_of_the_supply_alone_leaves_medicine_and_dose() -> None:
    dosage = [{"text": "one capsule three times a day"}]
    found = changed(ORIGINAL | {"dosageInstruction": dosage}, SHORTER)
    assert found["medicationReference"] == {"reference": "#m"}
    assert found["contained"] == ORIGINAL["contained"]
    assert found["dosageInstruction"] == dosage
    assert found["dispenseRequest"] == {"expectedSupplyDuration": {"value": 10}}
    assert [note["text"] for note in found["note"]] == ["Patient prefers capsules.", "Ten days.", "Drafted from card x."]
    assert problems_with(found) == []


def test_a_change_of_the_supply_alone_leaves_a_coded_medicine() -> None:
    drug = concept((RXNORM, "310431"))
    original = {key: value for key, value in ORIGINAL.items() if key not in ("medicationReference", "contained")}
    found = changed(original | {"medicationCodeableConcept": drug}, SHORTER)
    assert found["medicationCodeableConcept"] == drug
    assert problems_with(found) == []


def test_a_part_of_an_order_is_judged_in_an_example() -> None:
    assert problems_with(as_sent("MedicationRequest", SHORTER, frozenset(), SESSION, changes_only=True)) == []
    assert problems_with(as_sent("MedicationRequest", SHORTER, frozenset(), SESSION, changes_only=False))
    wrong = {"dispenseRequest": {"expectedSupplyDuration": "ten days"}}
    assert problems_with(as_sent("MedicationRequest", wrong, frozenset(), SESSION, changes_only=True))


def test_a_change_adds_its_note_to_those_of_the_order() -> None:
    found = changed()
    assert [note["text"] for note in found["note"]] == ["Patient prefers capsules.", "Drafted from card x."]
    assert changed({"resourceType": "MedicationRequest"}, {})["note"] == [{"text": "Drafted from card x."}]


def test_a_change_does_not_touch_the_order_as_it_came() -> None:
    before = str(ORIGINAL)
    changed()
    assert str(ORIGINAL) == before


def test_a_change_keeps_what_the_order_points_to_beside_its_medicine() -> None:
    problem = {"resourceType": "Condition", "id": "c", "subject": {"reference": "Patient/p1"}}
    found = changed(ORIGINAL | {"contained": [*ORIGINAL["contained"], problem], "reasonReference": [{"reference": "#c"}]})
    assert found["contained"] == [problem]
    assert problems_with(found) == []


def test_a_change_keeps_the_pharmacy_and_drops_the_amounts() -> None:
    supply = {"quantity": {"value": 270}, "numberOfRepeatsAllowed": 2, "performer": {"reference": "Organization/1"}}
    assert changed(ORIGINAL | {"dispenseRequest": supply})["dispenseRequest"] == {"performer": {"reference": "Organization/1"}}


def test_a_change_sends_no_empty_members_back() -> None:
    found = changed(
        ORIGINAL | {"contained": None, "reasonCode": [{"coding": [None, {}]}], "priority": "", "category": [{"text": "home"}]}
    )
    assert "contained" not in found
    assert "reasonCode" not in found
    assert "priority" not in found
    assert found["category"] == [{"text": "home"}]
    assert problems_with(found) == []


def test_an_order_that_is_nested_without_end_is_not_sent_back() -> None:
    deep: Any = "x"
    for _ in range(200):
        deep = {"extension": [deep]}
    assert change(ORIGINAL | {"modifierExtension": [deep]}, TEMPLATES["MedicationRequest"], SESSION) is None


def test_the_dates_of_a_change_are_counted_from_today() -> None:
    assert "@today" not in str(changed(template=TEMPLATES["MedicationRequest"]))


SERVICE: dict[str, Any] = {
    "resourceType": "ServiceRequest",
    "id": "d1",
    "status": "draft",
    "intent": "order",
    "subject": {"reference": "Patient/p1"},
    "code": concept((SCT, "91251008", "Physical therapy procedure")),
}
PROGRAMME = {
    "code": {"text": "Another programme"},
    "occurrenceTiming": {"repeat": {"boundsPeriod": {"start": "@today", "end": "@today+84d"}}},
    "orderDetail": [{"text": "Strengthening"}],
    "note": [{"text": "Twelve weeks."}],
}


def completed(**original: Any) -> dict[str, Any]:
    found = complete(SERVICE | original, PROGRAMME, SESSION)
    assert found is not None
    return found


def test_a_completed_order_gets_what_it_lacks() -> None:
    found = completed()
    assert found["occurrenceTiming"] == {"repeat": {"boundsPeriod": {"start": "2026-03-02", "end": "2026-05-25"}}}
    assert found["orderDetail"] == [{"text": "Strengthening"}]
    assert found["note"] == [{"text": "Twelve weeks."}, {"text": "Drafted from card x."}]
    assert problems_with(found) == []


def test_a_completed_order_keeps_its_id_its_code_and_its_status() -> None:
    found = completed()
    assert {key: found[key] for key in SERVICE} == SERVICE


def test_lists_are_continued() -> None:
    found = completed(orderDetail=[{"text": "Side: left"}], note=[{"text": "Knee guard."}])
    assert [detail["text"] for detail in found["orderDetail"]] == ["Side: left", "Strengthening"]
    assert [note["text"] for note in found["note"]] == ["Knee guard.", "Twelve weeks.", "Drafted from card x."]


@pytest.mark.parametrize(
    "length",
    [
        {"occurrencePeriod": {"start": "2026-03-02", "end": "2026-04-02"}},
        {"occurrenceTiming": {"repeat": {"count": 6}}},
        {"occurrenceDateTime": "2026-03-05"},
    ],
)
def test_a_length_that_is_there_stays(length: dict[str, Any]) -> None:
    found = completed(**length)
    assert {key: value for key, value in found.items() if key.startswith("occurrence")} == length
    assert problems_with(found) == []


def test_an_order_that_is_completed_is_not_touched_as_it_came() -> None:
    before = str(SERVICE), str(PROGRAMME)
    completed(orderDetail=[{"text": "Side: left"}])
    assert (str(SERVICE), str(PROGRAMME)) == before


def test_a_service_that_is_nested_without_end_is_not_completed() -> None:
    deep: Any = "x"
    for _ in range(200):
        deep = {"extension": [deep]}
    assert complete(SERVICE | {"extension": [deep]}, PROGRAMME, SESSION) is None


def test_what_is_wrong_with_a_resource_is_told() -> None:
    assert problems_with({"resourceType": "MedicationRequest", "status": "draft"})
    (problem,) = problems_with(drafted("ServiceRequest") | {"authoredOn": "soon"})
    assert problem.startswith("authoredOn")


def test_every_order_of_the_content_is_valid_for_a_patient() -> None:
    for order in library().orders.values():
        for band in order.bands:
            dated = members_with_dates(band.template)
            found = as_sent(order.resource_type, band.template, dated, SESSION, changes_only=order.changes_only)
            assert problems_with(found) == [], order.id
            assert "@today" not in str(found), order.id


# -- completing a service order ---------------------------------------------------------------------------------------------

LACKING = {
    "resourceType": "ServiceRequest",
    "id": "draft-1",
    "status": "draft",
    "intent": "order",
    "code": {"text": "Physiotherapy"},
    "orderDetail": [{"text": "as the clinician wrote it"}],
    "occurrenceDateTime": "2026-03-09",
    "subject": {"reference": "Patient/p"},
}
MORE = {"orderDetail": [{"text": "what was missing"}], "occurrencePeriod": {"start": "@today"}, "quantityQuantity": {"value": 12}}


def test_a_completed_order_keeps_what_the_clinician_wrote() -> None:
    done = complete(LACKING, MORE, SESSION)
    assert done is not None
    assert done["id"] == "draft-1"
    assert [detail["text"] for detail in done["orderDetail"]] == ["as the clinician wrote it", "what was missing"]
    assert done["occurrenceDateTime"] == "2026-03-09"
    assert "occurrencePeriod" not in done
    assert done["quantityQuantity"] == {"value": 12}
    assert done["note"] == [{"text": SESSION.note}]
    assert problems_with(done) == []


def test_a_completed_order_gets_the_length_that_it_lacks() -> None:
    without = {key: value for key, value in LACKING.items() if key != "occurrenceDateTime"}
    done = complete(without, MORE, SESSION)
    assert done is not None
    assert done["occurrencePeriod"] == {"start": SESSION.today.isoformat()}
    assert "occurrencePeriod" not in without
