"""The unsigned orders of the session: what is selected, and for what reason (encodings, section 8)."""

from __future__ import annotations

from typing import Any

import pytest
from fhir_support import (
    ICD,
    LOCAL,
    PATIENT,
    RXNORM,
    SCT,
    bundle,
    concept,
    condition,
    day,
    draft_of,
    gaps,
    lens,
    medication_request,
    read,
    service_request,
    session,
)

from cds_service.fhir.prefetch import UNREADABLE
from cds_service.fhir.session import with_drafts
from cds_service.pathway.ordering import ordered_for_another_reason
from cds_service.pathway.syndromes import Syndrome, syndrome_of, syndromes
from cds_service.pathway.vocabulary import ValueSet

OXYCODONE = concept((RXNORM, "1049621"))


def draft(medicine: Any = OXYCODONE, **rest: Any) -> dict[str, Any]:
    return medication_request(medicine, **({"id": "d1", "status": "draft"} | rest))


@pytest.mark.parametrize(
    ("selections", "selected"),
    [
        pytest.param(None, True, id="order-sign selects all"),
        pytest.param(["MedicationRequest/d1"], True, id="named with its type"),
        pytest.param(["d1"], True, id="named by a bare id"),
        pytest.param(["MedicationRequest/other"], False, id="another one is named"),
        pytest.param(["ServiceRequest/d1"], False, id="another type is named"),
        pytest.param([], False, id="none is named"),
    ],
)
def test_which_drafts_are_selected(selections: list[str] | None, selected: bool) -> None:
    (found,) = session(draft(), selections=selections).drafts
    assert found.selected is selected


def test_a_selection_that_is_not_among_the_drafts_is_passed_over() -> None:
    found = session(draft(), selections=["MedicationRequest/gone", "d1"])
    assert [d.ref for d in found.selected] == ["MedicationRequest/d1"]
    assert found.gaps == ()


def test_a_draft_is_a_medicine_that_is_not_on_the_list() -> None:
    found = draft_of(draft())
    assert found.medicine is not None
    assert "opioid-analgesics" in found.medicine.classes
    assert (found.medicine.ref, found.medicine.status, found.medicine.on_list) == ("MedicationRequest/d1", "draft", False)
    assert found.resource == draft()


@pytest.mark.parametrize("status", ["active", "draft", "on-hold", None])
def test_an_order_that_is_signed_again_counts_whatever_its_status(status: str | None) -> None:
    found = draft_of(draft(status=status))
    assert found.medicine is not None
    assert (found.medicine.status, found.medicine.on_list) == ("draft", False)


def test_a_draft_without_an_id_is_known_by_its_place() -> None:
    nameless = draft()
    del nameless["id"]
    found = session(draft(), nameless).drafts
    assert [d.ref for d in found] == ["MedicationRequest/d1", "#1"]


def test_a_draft_with_a_contained_medicine_is_read() -> None:
    order = draft(
        None, medicationReference={"reference": "#m"}, contained=[{"resourceType": "Medication", "id": "m", "code": OXYCODONE}]
    )
    found = draft_of(order)
    assert found.medicine is not None
    assert "opioid-analgesics" in found.medicine.classes


def test_a_service_order_has_codes_and_no_medicine() -> None:
    found = draft_of(service_request(concept((SCT, "91251008")), id="s9", status="draft"))
    assert found.medicine is None
    assert "physiotherapy-order" in found.concepts


def test_the_daily_dose_of_a_draft_is_computed() -> None:
    dosage = {"doseAndRate": [{"doseQuantity": {"value": 600, "unit": "mg"}}], "timing": {"code": concept(("x", "TID"))}}
    found = draft_of(draft(concept((RXNORM, "310431")), dosageInstruction=[dosage]))
    assert found.medicine is not None
    assert found.medicine.daily_mg == 1800


def test_one_order_sent_twice_is_one_draft() -> None:
    assert len(session(draft(), draft()).drafts) == 1


def test_a_draft_of_another_patient_is_none_of_this_session() -> None:
    """FHIR-14."""
    assert session(draft(subject={"reference": "Patient/p2"})).drafts == ()


def test_a_draft_that_does_not_name_its_patient_belongs_to_the_session() -> None:
    nobody = draft()
    del nobody["subject"]
    assert len(session(nobody).drafts) == 1


@pytest.mark.parametrize("kind", ["MedicationOrder", "ProcedureRequest", "ReferralRequest", "DiagnosticOrder"])
def test_a_selected_order_of_another_fhir_version_is_a_gap(kind: str) -> None:
    order = {"resourceType": kind, "id": "d1"}
    assert gaps(session(order)) == {(f"the selected order ({kind})", UNREADABLE)}
    assert gaps(session(order, selections=[])) == set()


@pytest.mark.parametrize("kind", ["MedicationRequest", "ServiceRequest"])
def test_a_selected_order_in_the_form_of_r5_is_a_gap(kind: str) -> None:
    """Its medicine would be missed."""
    order = {"resourceType": kind, "id": "d1", "medication": {"concept": {"text": "oxycodone"}}, "code": {"concept": {}}}
    assert gaps(session(order)) == {("the selected order", "not R4 but FHIR R5")}
    assert gaps(session(order, selections=[])) == set()


@pytest.mark.parametrize("kind", [None, 5, "", "12", "\0"])
def test_an_order_without_a_type_is_a_gap(kind: Any) -> None:
    """Nobody can tell that it is no opioid."""
    assert gaps(session({"resourceType": kind, "id": "d1"})) == {("an order of this session", UNREADABLE)}


@pytest.mark.parametrize("identity", [None, 5, "", [], {}])
def test_a_draft_whose_id_cannot_be_read_may_be_the_selected_one(identity: Any) -> None:
    told = {("an order of this session", UNREADABLE)}
    assert gaps(session(draft(id=identity), selections=["MedicationRequest/d1"])) == told
    assert gaps(session(draft(id=identity))) == set()


@pytest.mark.parametrize("kind", ["DeviceRequest", "NutritionOrder", "Patient"])
def test_orders_that_this_service_does_not_read_are_passed_over(kind: str | None) -> None:
    found = session({"resourceType": kind, "id": "d1"})
    assert (found.drafts, found.gaps) == ((), ())


@pytest.mark.parametrize(
    "order",
    [
        pytest.param({"dosageInstruction": [{"timing": "daily"}]}, id="a timing in words"),
        pytest.param({"authoredOn": 20260302}, id="a date as a number"),
        pytest.param(
            {"dispenseRequest": {"expectedSupplyDuration": {"value": 1e9, "code": "d"}}}, id="a supply of a million years"
        ),
        pytest.param({"category": "inpatient", "reasonCode": "pain"}, id="strings where concepts belong"),
        pytest.param({"reasonReference": "Condition/1"}, id="a reference as a string"),
    ],
)
def test_a_malformed_draft_is_read_as_far_as_it_goes_or_a_gap(order: dict[str, Any]) -> None:
    found = session(draft(**order), draft(id="d2"))
    assert "MedicationRequest/d2" in [d.ref for d in found.drafts]
    assert len(found.drafts) + len(found.gaps) == 2


@pytest.mark.parametrize(
    "order",
    [
        pytest.param(draft(None, medicationReference={"reference": "Medication/elsewhere"}), id="an unread reference"),
        pytest.param(draft(None, medicationReference={}), id="an empty reference"),
        pytest.param(draft([]), id="an empty list"),
        pytest.param(draft(5), id="a number"),
        pytest.param(draft({"coding": [{"code": 5}]}), id="a code that is none"),
    ],
)
def test_a_selected_draft_whose_medicine_is_not_named_is_a_gap(order: dict[str, Any]) -> None:
    """Nobody can tell that it is no opioid: silence would look like an answer (architecture, invariant 1)."""
    assert session(order).unread("medicines")


@pytest.mark.parametrize("order", [draft(None), draft({})], ids=["nothing", "an empty concept"])
def test_a_draft_in_which_no_medicine_was_chosen_yet_is_no_gap(order: dict[str, Any]) -> None:
    """The public sandbox sends one each time the view opens (OS-07)."""
    assert not session(order).unread("medicines")


@pytest.mark.parametrize("entry", [{}, {"resource": None}, {"resource": "x"}, None, "x"])
def test_an_entry_without_a_resource_is_passed_over(entry: Any) -> None:
    through = lens([])
    drafts = {"resourceType": "Bundle", "entry": [entry, {"resource": draft()}]}
    found = with_drafts(read(), through, drafts, None)
    assert [d.ref for d in found.drafts] == ["MedicationRequest/d1"]


def test_without_a_bundle_there_are_no_drafts() -> None:
    chart = read()
    assert with_drafts(chart, lens([]), None, None) is chart
    assert with_drafts(chart, lens([]), {"resourceType": "Bundle"}, None).drafts == ()


def test_an_answer_of_before_the_drafts_is_forgotten() -> None:
    chart = read()
    chart.memo["asked"] = "already"
    assert with_drafts(chart, lens([]), bundle(draft()), None).memo == {}


# -- reasons ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "syndrome"),
    [
        pytest.param({"reasonCode": [concept((SCT, "129179000"))]}, Syndrome.PIRIFORMIS, id="a code"),
        pytest.param({"reasonCode": [concept(text="piriformis syndrome")]}, Syndrome.PIRIFORMIS, id="words"),
        pytest.param({"reasonCode": concept((ICD, "M54.31"))}, Syndrome.SCIATICA, id="one object where a list belongs"),
        pytest.param({"reasonReference": [{"reference": "Condition/c1"}]}, Syndrome.PIRIFORMIS, id="a problem of the record"),
        pytest.param(
            {"reasonReference": [{"reference": "http://ehr/fhir/Condition/c1"}]}, Syndrome.PIRIFORMIS, id="an absolute address"
        ),
        pytest.param(
            {"reasonReference": [{"reference": "Condition/x", "display": "Sciatica"}]}, Syndrome.SCIATICA, id="a display only"
        ),
    ],
)
def test_a_reason_supplies_the_syndrome(reason: dict[str, Any], syndrome: Syndrome) -> None:
    found = draft_of(draft(**reason), condition())
    assert [syndrome_of(r.concepts) for r in found.reasons] == [syndrome]


def test_a_reason_in_words_that_name_no_syndrome_is_no_coded_reason() -> None:
    assert draft_of(draft(reasonCode=[concept(text="tooth extraction")])).reasons == ()


def test_a_coded_reason_outside_the_pathway_is_kept_with_its_name() -> None:
    (found,) = draft_of(draft(reasonCode=[concept((ICD, "K04.7", "Periapical abscess"))])).reasons
    assert (found.concepts, found.name) == (frozenset(), "Periapical abscess")


def test_a_problem_pointed_to_is_named() -> None:
    (found,) = draft_of(draft(reasonReference=[{"reference": "Condition/c1"}]), condition()).reasons
    assert found.problem == "Condition/c1"


@pytest.mark.parametrize("verified", ["refuted", "entered-in-error"])
@pytest.mark.parametrize("pointer", [{}, {"display": "Piriformis syndrome"}])
def test_a_refuted_problem_is_no_reason(verified: str, pointer: dict[str, str]) -> None:
    """Encodings, 1.2: it does not exist for the rules, whatever the display beside the reference says."""
    order = draft(reasonReference=[{"reference": "Condition/c1"} | pointer])
    found = session(order, record=[condition(clinical=None, verified=verified)])
    assert syndromes(found) == {}


def test_a_problem_of_another_patient_is_no_reason() -> None:
    """FHIR-14."""
    order = draft(reasonReference=[{"reference": "Condition/c1"}])
    assert syndromes(session(order, record=[condition(subject={"reference": "Patient/p2"})])) == {}


@pytest.mark.parametrize(
    ("reason", "another"),
    [
        pytest.param(concept((ICD, "G89.18", "Other acute postprocedural pain")), True, id="after an operation"),
        pytest.param(concept((ICD, "K04.7")), True, id="a tooth"),
        pytest.param(concept((ICD, "R52")), False, id="pain"),
        pytest.param(concept((ICD, "G89.29")), False, id="chronic pain"),
        pytest.param(concept((ICD, "M79.2")), False, id="neuralgia"),
        pytest.param(concept((ICD, "G57.01")), False, id="the pathway"),
        pytest.param(concept((SCT, "279043006", "Pain in buttock")), False, id="pain in the buttock"),
        pytest.param(
            concept(("http://terminology.hl7.org/CodeSystem/data-absent-reason", "unknown")), False, id="no reason was given"
        ),
        pytest.param(concept((LOCAL, "x", "piriformis syndrome")), False, id="a local code whose display names the pathway"),
    ],
)
def test_a_reason_outside_the_pathway(reason: dict[str, Any], another: bool) -> None:
    found = ordered_for_another_reason(session(draft(reasonCode=[reason])), ValueSet("opioid-analgesics"))
    assert (found.answer.value == "yes") is another


def test_dates_of_a_draft_are_read() -> None:
    found = draft_of(draft(authoredOn=day(0)))
    assert found.medicine is not None
    assert found.medicine.ordered is not None
    assert str(found.medicine.ordered) == day(0)
    assert PATIENT in str(found.resource["subject"])


@pytest.mark.parametrize(
    ("details", "uncoded"),
    [
        pytest.param([], False, id="no detail"),
        pytest.param([concept((LOCAL, "treatment-manual-therapy"))], False, id="a known code"),
        pytest.param([concept((LOCAL, "treatment-manual-therapy")), concept(text="and more")], True, id="a code and words"),
        pytest.param([concept((SCT, "1"))], True, id="a code that is not known"),
        pytest.param(["broken"], True, id="no concept at all"),
    ],
)
def test_a_detail_without_a_known_code_is_told(details: list[Any], uncoded: bool) -> None:
    found = draft_of(service_request(concept((SCT, "91251008")), id="s1", status="draft", orderDetail=details))
    assert found.uncoded_details is uncoded
