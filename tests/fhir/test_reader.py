"""Resources into a chart: the reading rules (encodings, sections 1 to 7) and records as real EHRs send them."""

from __future__ import annotations

from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from fhir_support import (
    CLINICAL,
    ICD,
    LOCAL,
    LOINC,
    PATIENT,
    RXNORM,
    SCT,
    SUBJECT,
    TODAY,
    bundle,
    concept,
    condition,
    day,
    encounter,
    gaps,
    library,
    medication_request,
    medicine_of,
    observation,
    outcome,
    pharmacopoeia,
    problem_of,
    procedure,
    read,
    reading_of,
    service_request,
    source,
)

from cds_service.fhir.lens import Lens
from cds_service.fhir.prefetch import (
    FAILED,
    OTHER_IN_PART,
    OTHER_PATIENT,
    PARTLY,
    REFUSED,
    TIMED_OUT,
    TRUNCATED,
    UNREADABLE,
    Records,
    outcome_reason,
    patient_of,
    sources_for,
    templates,
)
from cds_service.fhir.reader import Reader
from cds_service.pathway.answers import Answer
from cds_service.pathway.cauda_equina import cauda_equina_suspected
from cds_service.pathway.chart import SECTIONS
from cds_service.pathway.kidney import egfr, kidney_function
from cds_service.pathway.medicines import unclassified
from cds_service.pathway.physiotherapy import episode
from cds_service.pathway.scope import in_pathway
from cds_service.pathway.syndromes import Syndrome, syndrome_of

YES, NO, UNKNOWN = Answer.YES, Answer.NO, Answer.UNKNOWN
ABSENT = ("http://terminology.hl7.org/CodeSystem/data-absent-reason", "unknown")
OTHER = {"reference": "Patient/p2"}
FASCICULATION_SITE = "fasciculation-site"


# -- conditions -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("clinical", "current"),
    [("active", YES), ("recurrence", YES), ("relapse", YES), ("inactive", NO), ("resolved", NO), ("remission", NO)],
)
def test_the_clinical_status_says_whether_a_problem_is_current(clinical: str, current: Answer) -> None:
    found = problem_of(condition(clinical=clinical))
    assert found is not None
    assert found.current is current
    assert found.in_remission is (clinical == "remission")


@pytest.mark.parametrize("verified", ["entered-in-error", "refuted"])
@pytest.mark.parametrize("clinical", ["active", None])
def test_what_was_refuted_or_entered_in_error_does_not_exist(verified: str, clinical: str | None) -> None:
    """Common, and often without a clinicalStatus: looked at before anything else."""
    assert problem_of(condition(clinical=clinical, verified=verified, recordedDate=day(1))) is None


@pytest.mark.parametrize("verified", ["provisional", "differential", "unconfirmed"])
def test_a_suspected_problem_is_current_and_suspected(verified: str) -> None:
    found = problem_of(condition(verified=verified))
    assert found is not None
    assert (found.current, found.suspected) == (YES, True)


@pytest.mark.parametrize(
    ("dates", "current"),
    [
        pytest.param({"recordedDate": day(180)}, YES, id="recorded 180 days ago"),
        pytest.param({"recordedDate": day(181)}, UNKNOWN, id="recorded 181 days ago"),
        pytest.param({"onsetDateTime": day(180)}, YES, id="onset 180 days ago"),
        pytest.param({"onsetDateTime": day(900), "recordedDate": day(3)}, YES, id="an old onset, recorded lately"),
        pytest.param({"onsetDateTime": "2025"}, UNKNOWN, id="a year that reaches further back"),
        pytest.param({"recordedDate": "2026-02"}, YES, id="a month within 180 days"),
        pytest.param({"recordedDate": day(-3)}, UNKNOWN, id="recorded in the future"),
        pytest.param({}, UNKNOWN, id="no date at all"),
        pytest.param({"abatementDateTime": day(3), "recordedDate": day(9)}, NO, id="it has abated"),
        pytest.param({"abatementString": "gone", "recordedDate": day(9)}, NO, id="abated in words"),
        pytest.param({"abatementDateTime": day(-3), "recordedDate": day(9)}, YES, id="it will abate"),
        pytest.param({"abatementBoolean": True, "recordedDate": day(9)}, NO, id="DSTU2 abated"),
        pytest.param({"abatementBoolean": False, "recordedDate": day(9)}, YES, id="DSTU2 not abated"),
    ],
)
def test_without_a_clinical_status_the_dates_decide(dates: dict[str, Any], current: Answer) -> None:
    found = problem_of(condition(clinical=None, **dates))
    assert found is not None
    assert found.current is current


def test_an_abatement_goes_before_an_active_status() -> None:
    found = problem_of(condition(abatementDateTime=day(3)))
    assert found is not None
    assert found.current is NO


@pytest.mark.parametrize(
    ("status", "current"),
    [("active", YES), ("relapse", YES), ("remission", NO), ("Active ", YES), ({"text": "Active"}, UNKNOWN)],
)
def test_a_status_as_a_string_is_understood(status: Any, current: Answer) -> None:
    found = problem_of(condition(clinical=None, clinicalStatus=status, verificationStatus="confirmed"))
    assert found is not None
    assert found.current is current


def test_a_string_says_entered_in_error_too() -> None:
    assert problem_of(condition(clinical=None, clinicalStatus="active", verificationStatus="entered-in-error")) is None


@pytest.mark.parametrize(
    "category",
    [None, [concept(("x", "problem-list-item"))], [concept(("x", "encounter-diagnosis"))], [concept(text="Visit Diagnosis")]],
)
def test_problem_list_and_encounter_diagnosis_both_count(category: Any) -> None:
    assert in_pathway(read(condition(category=category))).answer is YES


@pytest.mark.parametrize(
    ("code", "syndrome"),
    [
        pytest.param(concept((SCT, "129179000"), (ICD, "G57.01")), Syndrome.PIRIFORMIS, id="SNOMED CT goes before ICD"),
        pytest.param(concept((ICD, "G57.01")), Syndrome.DEEP_GLUTEAL, id="G57.0x alone"),
        pytest.param(concept((ICD, "G57.01"), text="Piriformis syndrome, right"), Syndrome.PIRIFORMIS, id="G57.0x with the word"),
        pytest.param(
            concept((ICD, "G57.02"), text="Gemelli-obturator syndrome"), Syndrome.GEMELLI_OBTURATOR, id="G57.0x gemelli"
        ),
        pytest.param(
            concept((ICD, "M25.851"), text="Ischiofemoral impingement"), Syndrome.ISCHIOFEMORAL, id="M25.85x with the word"
        ),
        pytest.param(concept((ICD, "M25.851")), None, id="M25.85x alone"),
        pytest.param(
            concept((ICD, "G57.81"), text="Posterior femoral cutaneous neuralgia"),
            Syndrome.POSTERIOR_FEMORAL_CUTANEOUS,
            id="G57.8x",
        ),
        pytest.param(
            concept((ICD, "M76.891"), text="Proximal hamstring tendinopathy"), Syndrome.HAMSTRING, id="M76.89x with the word"
        ),
        pytest.param(concept((ICD, "M54.17", "Radiculopathy, lumbosacral region")), Syndrome.RADICULOPATHY, id="radiculopathy"),
        pytest.param(concept(("urn:oid:2.16.840.1.113883.6.90", "M54.31")), Syndrome.SCIATICA, id="ICD by object identifier"),
        pytest.param(
            concept(("urn:imo", "28191"), text="Sciatica of left side"), Syndrome.SCIATICA, id="an unknown system, words"
        ),
        pytest.param(concept(("urn:imo", "1"), ("x", "2"), (SCT, "23056005")), Syndrome.SCIATICA, id="the last of three codings"),
        pytest.param(concept(text="Deep gluteal syndrome"), Syndrome.DEEP_GLUTEAL, id="words only"),
        pytest.param(concept(("x", "y", "Deep gluteal syndrome")), Syndrome.DEEP_GLUTEAL, id="a display only"),
        pytest.param(concept(text="Rule out piriformis syndrome"), None, id="to be ruled out"),
        pytest.param(concept(text="Piriformis syndrome?"), None, id="asked for"),
        pytest.param(
            concept((ICD, "G57.01"), text="no piriformis syndrome"), Syndrome.DEEP_GLUTEAL, id="the code stands, the word not"
        ),
        pytest.param(concept(ABSENT), None, id="no code was given"),
        pytest.param({"coding": [{}]}, None, id="an empty coding"),
        pytest.param([concept((SCT, "129179000"))], Syndrome.PIRIFORMIS, id="a list where an object is"),
        pytest.param({"system": SCT, "code": "129179000"}, Syndrome.PIRIFORMIS, id="a bare coding"),
    ],
)
def test_what_a_problem_is(code: Any, syndrome: Syndrome | None) -> None:
    found = problem_of(condition(code))
    assert (syndrome_of(found.concepts) if found else None) is syndrome


@pytest.mark.parametrize("code", [None, {}, {"coding": []}, {"text": ""}, {"coding": None}, "sciatica", 5])
def test_a_problem_without_a_code_is_no_crash(code: Any) -> None:
    resource = condition()
    resource["code"] = code
    assert in_pathway(read(resource, condition(concept((SCT, "23056005")), id="c2"))).answer is YES


@pytest.mark.parametrize(
    ("resource", "sides"),
    [
        (condition(concept((ICD, "M54.31"))), {"right"}),
        (condition(concept((ICD, "M54.32"))), {"left"}),
        (condition(concept((ICD, "M54.30"))), set()),
        (condition(concept((ICD, "G57.03"))), {"right", "left"}),
        (condition(concept((ICD, "G57.00"))), set()),
        (condition(concept((ICD, "S76.312A"))), {"left"}),
        (condition(concept((ICD, "S76.319A"))), set()),
        (condition(concept((SCT, "23056005"), text="Bilateral sciatica")), {"right", "left"}),
        (condition(concept((SCT, "23056005"), text="Sciatica, left side")), {"left"}),
        (condition(concept((SCT, "23056005")), bodySite=[concept(text="Right buttock")]), {"right"}),
        (condition(concept((SCT, "23056005"))), set()),
    ],
)
def test_the_side_of_a_problem(resource: dict[str, Any], sides: set[str]) -> None:
    found = problem_of(resource)
    assert found is not None
    assert found.sides == sides


@pytest.mark.parametrize(
    ("rest", "began", "entered"),
    [
        ({"onsetDateTime": day(200), "recordedDate": day(3)}, day(200), day(3)),
        ({"onsetPeriod": {"start": day(200)}}, day(200), day(200)),
        ({"recordedDate": day(3)}, day(3), day(3)),
        ({"onsetAge": {"value": 50}, "recordedDate": day(3)}, day(3), day(3)),
        ({"onsetString": "some years ago"}, None, None),
        ({"onsetDateTime": "1972"}, "1972", "1972"),
        ({"meta": {"lastUpdated": "2026-03-01T00:00:00Z"}}, None, None),
    ],
)
def test_when_a_problem_began_and_was_entered(rest: dict[str, Any], began: str | None, entered: str | None) -> None:
    found = problem_of(condition(**rest))
    assert found is not None
    assert (str(found.began) if found.began else None) == began
    assert (str(found.entered) if found.entered else None) == entered


def test_numbness_of_the_saddle_needs_its_site() -> None:
    saddle = condition(concept((ICD, "R20.0")), bodySite=[concept((SCT, "38864007"))], onsetDateTime=day(3))
    words = condition(concept((ICD, "R20.0"), text="Numbness, perineal"), onsetDateTime=day(3))
    hand = condition(concept((ICD, "R20.0"), text="Numbness of hand"), onsetDateTime=day(3))
    assert [cauda_equina_suspected(read(r)).answer for r in (saddle, words, hand)] == [YES, YES, UNKNOWN]


@pytest.mark.parametrize("text", ["Hamstring tear, grade II", "Hamstring strain"])
def test_the_grade_of_a_hamstring_injury(text: str) -> None:
    staged = condition(concept((SCT, "481000119104"), text=text), stage=[{"summary": concept((LOCAL, "hamstring-grade-3"))}])
    found = problem_of(staged)
    assert found is not None
    assert "hamstring-grade-3" in found.concepts
    assert ("hamstring-grade-2" in found.concepts) is ("II" in text)


def test_sickle_cell_trait_is_no_problem_of_ours() -> None:
    assert problem_of(condition(concept((ICD, "D57.3")))) is None
    assert problem_of(condition(concept((ICD, "D57.20")))) is not None


def test_basal_cell_carcinoma_in_words_is_no_malignancy_of_ours() -> None:
    found = problem_of(condition(concept((ICD, "C44.91"), text="Basal cell carcinoma of skin")))
    assert found is not None
    assert "malignancy" not in found.concepts


# -- observations -----------------------------------------------------------------------------------------------------------

EGFR = concept((LOINC, "98979-8"))
UNIT = {"unit": "mL/min/{1.73_m2}", "code": "mL/min/{1.73_m2}"}


@pytest.mark.parametrize("status", ["final", "amended", "corrected"])
def test_a_final_result_counts(status: str) -> None:
    assert reading_of(observation(EGFR, status=status, valueQuantity={"value": 50})) is not None


@pytest.mark.parametrize("status", ["preliminary", "registered", "cancelled", "entered-in-error", "unknown", None])
def test_other_results_do_not_exist(status: str | None) -> None:
    assert reading_of(observation(EGFR, status=status, valueQuantity={"value": 50})) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param({"valueQuantity": {"value": 50} | UNIT}, (50, "mL/min/{1.73_m2}", None), id="a quantity"),
        pytest.param({"valueQuantity": {"value": "50.5"}}, (50.5, None, None), id="a number in quotes, no unit"),
        pytest.param(
            {"valueQuantity": {"value": 60, "comparator": ">"} | UNIT}, (60, "mL/min/{1.73_m2}", ">"), id="a comparator"
        ),
        pytest.param({"valueQuantity": {"value": 50, "unit": "mL/min"}}, (50, "mL/min", None), id="a unit in words"),
        pytest.param({"valueString": ">60"}, (60, None, ">"), id="a string with a comparator"),
        pytest.param({"valueString": " <= 15 "}, (15, None, "<="), id="a string with blanks"),
        pytest.param({"valueString": "48.5"}, (48.5, None, None), id="a number as a string"),
        pytest.param({"valueString": "see comment"}, (None, None, None), id="words"),
        pytest.param({"valueInteger": 50}, (50, None, None), id="an integer"),
        pytest.param({"valueQuantity": {"unit": "mL/min"}}, (None, "mL/min", None), id="a quantity without a value"),
        pytest.param({}, (None, None, None), id="no value"),
    ],
)
def test_the_value_of_a_result(value: dict[str, Any], expected: tuple[float | None, str | None, str | None]) -> None:
    found = reading_of(observation(EGFR, **value))
    assert found is not None
    assert (found.value, found.unit, found.comparator) == expected


@pytest.mark.parametrize(
    ("value", "low", "high"),
    [
        ({"valueString": ">60"}, 60, float("inf")),
        ({"valueString": "<15"}, 0, 15),
        ({"valueQuantity": {"value": 59.6}}, 59.6, 59.6),
    ],
)
def test_a_reported_egfr_is_a_range(value: dict[str, Any], low: float, high: float) -> None:
    found = egfr(read(observation(EGFR, **value)))
    assert found is not None
    assert (found.low, found.high) == (low, pytest.approx(high))


def test_a_creatinine_without_code_or_unit_is_not_guessed() -> None:
    body = {"valueQuantity": {"value": 1.1}}
    worded = observation({"text": "Creatinine"}, **body)
    bare = observation(concept((LOINC, "2160-0")), id="o2", **body)
    weighed = observation(concept((LOINC, "29463-7")), id="o3", valueQuantity={"value": 70, "unit": "kg"})
    patient = {"resourceType": "Patient", "id": PATIENT, "birthDate": "1950-01-01", "gender": "male"}
    assert kidney_function(read(patient, worded, bare, weighed)) is None


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        ({"effectiveDateTime": day(3), "issued": day(1)}, day(3)),
        ({"effectiveDateTime": None, "effectivePeriod": {"start": day(4)}, "issued": day(1)}, day(4)),
        ({"effectiveDateTime": None, "effectiveInstant": f"{day(2)}T10:00:00Z"}, day(2)),
        ({"effectiveDateTime": None, "issued": f"{day(1)}T10:00:00Z"}, day(1)),
        ({"effectiveDateTime": "not a date", "issued": day(1)}, day(1)),
        ({"effectiveDateTime": None, "meta": {"lastUpdated": f"{day(1)}T10:00:00Z"}}, None),
    ],
)
def test_the_day_of_a_result(dates: dict[str, Any], expected: str | None) -> None:
    found = reading_of(observation(EGFR, valueQuantity={"value": 50}, **dates))
    assert found is not None
    assert (str(found.when) if found.when else None) == expected


def test_a_late_evening_abroad_is_the_local_day_of_the_site() -> None:
    late = observation(EGFR, effectiveDateTime="2026-03-01T23:30:00-06:00", valueQuantity={"value": 50})
    assert [str(read(late, zone=ZoneInfo(z)).readings[0].when) for z in ("UTC", "America/Chicago")] == [
        "2026-03-02",
        "2026-03-01",
    ]


def test_blood_pressure_is_read_from_its_components() -> None:
    def part(code: str, value: Any) -> dict[str, Any]:
        return {"code": concept((LOINC, code)), "valueQuantity": {"value": value, "unit": "mm[Hg]"}}

    found = reading_of(
        observation(concept((LOINC, "85354-9")), component=[part("8480-6", 128), part("8462-4", "80"), part("x", None), {}])
    )
    assert found is not None
    assert found.parts == ((frozenset({"systolic"}), 128), (frozenset({"diastolic"}), 80))


TONE = concept((LOCAL, "reduced-anal-tone"))
POS, NEG = "10828004", "260385009"


@pytest.mark.parametrize(
    ("value", "answer"),
    [
        pytest.param({}, YES, id="the code alone"),
        pytest.param({"valueBoolean": True}, YES, id="true"),
        pytest.param({"valueBoolean": False}, UNKNOWN, id="false"),
        pytest.param({"valueCodeableConcept": concept((SCT, POS))}, YES, id="positive by code"),
        pytest.param({"valueCodeableConcept": concept((SCT, NEG))}, UNKNOWN, id="negative by code"),
        pytest.param({"valueCodeableConcept": {"text": "Absent"}}, UNKNOWN, id="absent in words"),
        pytest.param({"valueString": "Not present"}, UNKNOWN, id="a negative string"),
        pytest.param({"interpretation": [{"text": "Negative"}]}, UNKNOWN, id="a negative interpretation in words"),
        pytest.param({"interpretation": [concept(("http://x/v3-ObservationInterpretation", "NEG"))]}, UNKNOWN, id="NEG by code"),
        pytest.param({"interpretation": [concept(("http://x/v3-ObservationInterpretation", "POS"))]}, YES, id="POS by code"),
        pytest.param(
            {"dataAbsentReason": concept(("http://x/data-absent-reason", "not-performed"))}, UNKNOWN, id="not performed"
        ),
    ],
)
def test_whether_a_finding_is_there(value: dict[str, Any], answer: Answer) -> None:
    assert cauda_equina_suspected(read(observation(TONE, **value))).answer is answer


def test_a_finding_may_be_the_value_of_a_general_observation() -> None:
    saddle = concept((SCT, "449813001"))
    general = observation(concept((SCT, "404684003")), valueCodeableConcept=saddle)
    assert cauda_equina_suspected(read(general)).answer is YES


def test_a_finding_may_be_the_reason_of_an_encounter() -> None:
    reason = [concept((SCT, "449813001"))]
    assert cauda_equina_suspected(read(encounter(type=[], reasonCode=reason))).answer is YES
    assert cauda_equina_suspected(read(encounter(type=[], reasonCode=reason, status="cancelled"))).answer is UNKNOWN


def test_every_coding_of_an_observation_is_looked_at() -> None:
    found = reading_of(observation(concept(("urn:x", "1"), (LOINC, "98979-8")), valueQuantity={"value": 50}))
    assert found is not None
    assert (found.code, "egfr" in found.concepts) == ("98979-8", True)


def test_a_hip_score_may_come_as_a_questionnaire() -> None:
    answered = {
        "resourceType": "QuestionnaireResponse",
        "id": "q1",
        "status": "completed",
        "subject": SUBJECT,
        "authored": day(3),
        "questionnaire": "https://example.org/fhir/Questionnaire/ihot12-total|1.0",
        "item": [{"linkId": "1", "answer": [{"valueInteger": 3}]}, {"linkId": "total", "answer": [{"valueDecimal": 55.5}]}],
    }
    found = reading_of(answered)
    assert found is not None
    assert (found.code, found.value, str(found.when)) == ("ihot12-total", 55.5, day(3))
    assert reading_of(answered | {"status": "in-progress"}) is None
    assert reading_of(answered | {"questionnaire": "https://example.org/fhir/Questionnaire/phq-9"}) is None


def test_an_examination_may_come_as_a_completed_questionnaire() -> None:
    answered = {
        "resourceType": "QuestionnaireResponse",
        "id": "q2",
        "status": "completed",
        "subject": SUBJECT,
        "authored": day(3),
        "questionnaire": "https://example.org/fhir/Questionnaire/posterior-hip-examination|2.0",
    }
    found = reading_of(answered)
    assert found is not None
    assert ("examination" in found.concepts, str(found.when), found.value) == (True, day(3), None)
    assert reading_of(answered | {"status": "in-progress"}) is None


@pytest.mark.parametrize(
    ("sites", "here"),
    [
        pytest.param([concept((SCT, "46862004"))], [True], id="buttock"),
        pytest.param([concept((SCT, "68367000")), {"text": "left calf"}], [True, False], id="thigh and calf"),
        pytest.param([{"text": "Left thigh"}], [True], id="in words"),
        pytest.param([{"text": "left"}], [], id="a side is no site"),
        pytest.param([{"text": "Both sides"}], [], id="both sides are none either"),
        pytest.param([], [], id="no site"),
    ],
)
def test_each_named_body_site_is_a_place(sites: list[Any], here: list[bool]) -> None:
    (found,) = read(condition(concept((SCT, "82470000")), bodySite=sites)).problems
    assert [FASCICULATION_SITE in place for place in found.places] == here


def test_a_finding_has_places_too() -> None:
    found = reading_of(observation(concept((SCT, "82470000")), bodySite=concept((SCT, "46862004"))))
    assert found is not None
    assert [FASCICULATION_SITE in place for place in found.places] == [True]


# -- care -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("resource", "visits"),
    [
        pytest.param(encounter(), 1, id="a finished encounter"),
        pytest.param(encounter(status="in-progress"), 1, id="one in progress"),
        pytest.param(encounter(status="arrived"), 1, id="arrived"),
        pytest.param(encounter(status="planned"), 0, id="planned"),
        pytest.param(encounter(status="cancelled"), 0, id="cancelled"),
        pytest.param(encounter(status="entered-in-error"), 0, id="an error"),
        pytest.param(encounter(status="noshow"), 0, id="no show"),
        pytest.param(
            encounter(type=[], serviceType=concept(("http://terminology.hl7.org/CodeSystem/service-type", "65"))), 1, id="service"
        ),
        pytest.param(encounter(type=[concept((SCT, "185349003"))]), 0, id="an office visit"),
        pytest.param(encounter(reasonCode=[concept(text="Shoulder pain")]), 0, id="for the shoulder"),
        pytest.param(encounter(reasonCode=[concept(text="Knee osteoarthritis")]), 0, id="for the knee"),
        pytest.param(encounter(reasonCode=[concept((SCT, "23056005"), text="Sciatica")]), 1, id="for sciatica"),
        pytest.param(
            encounter(reasonCode=[concept((SCT, "23056005"), text="Sciatica, pain down to the foot")]),
            1,
            id="sciatica to the foot",
        ),
        pytest.param(procedure(concept((SCT, "91251008"))), 1, id="a procedure"),
        pytest.param(procedure(concept((SCT, "266741004"))), 1, id="a treatment"),
        pytest.param(procedure(concept((SCT, "91251008")), status="in-progress"), 1, id="a procedure under way"),
        pytest.param(procedure(concept((SCT, "91251008")), status="not-done"), 0, id="a procedure not done"),
        pytest.param(procedure(concept((SCT, "91251008")), bodySite=[concept(text="Left shoulder")]), 0, id="of the shoulder"),
        pytest.param(procedure(concept((SCT, "311401005"))), 0, id="education"),
        pytest.param(service_request(concept((SCT, "91251008"))), 0, id="an order"),
    ],
)
def test_what_is_a_physiotherapy_visit(resource: dict[str, Any], visits: int) -> None:
    found = episode(read(resource))
    assert (len(found.days) if found else 0) == visits


def test_a_reason_that_points_to_a_problem_of_the_shoulder_excludes_the_visit() -> None:
    shoulder = condition(concept((ICD, "M25.511"), text="Shoulder pain"))
    assert episode(read(encounter(reasonReference=[{"reference": "Condition/c1"}]), shoulder)) is None


@pytest.mark.parametrize("status", ["active", "completed"])
def test_an_order_of_the_record_is_kept_with_its_state(status: str) -> None:
    (found,) = read(service_request(concept((SCT, "91251008")), status=status)).requests
    assert found.active is (status == "active")
    assert str(found.when) == day(5)


@pytest.mark.parametrize("status", ["revoked", "draft", "entered-in-error", "on-hold", None])
def test_other_orders_of_the_record_do_not_exist(status: str | None) -> None:
    assert read(service_request(concept((SCT, "91251008")), status=status)).requests == ()


@pytest.mark.parametrize(
    ("resource", "active", "finished"),
    [
        ({"resourceType": "CarePlan", "status": "active", "category": [concept((SCT, "229065009"))]}, True, False),
        ({"resourceType": "CarePlan", "status": "completed", "category": [concept((SCT, "229065009"))]}, False, True),
        (
            {"resourceType": "CarePlan", "status": "revoked", "activity": [{"detail": {"code": concept((SCT, "229065009"))}}]},
            False,
            True,
        ),
        ({"resourceType": "EpisodeOfCare", "status": "finished", "type": [concept((SCT, "91251008"))]}, False, True),
        ({"resourceType": "Flag", "status": "active", "code": concept((SCT, "103735009"))}, True, False),
    ],
)
def test_plans_episodes_and_flags(resource: dict[str, Any], active: bool, finished: bool) -> None:
    owner = {"patient": SUBJECT} if resource["resourceType"] == "EpisodeOfCare" else {"subject": SUBJECT}
    (found,) = read(resource | owner | {"id": "x", "period": {"end": day(3)}}).plans
    assert (found.active, found.finished, str(found.ended)) == (active, finished, day(3))


@pytest.mark.parametrize("status", ["final", "amended", "preliminary", "cancelled"])
def test_only_a_final_report_counts(status: str) -> None:
    report = {"resourceType": "DiagnosticReport", "id": "r1", "status": status, "subject": SUBJECT, "effectiveDateTime": day(3)}
    found = read(report | {"conclusionCode": [concept((LOCAL, "finding-mass-on-nerve"))], "conclusion": "No mass."}).reports
    assert [r.conclusions for r in found] == ([frozenset({"mass-on-nerve"})] if status in ("final", "amended") else [])


def test_the_words_of_a_conclusion_are_never_read() -> None:
    report = {
        "resourceType": "DiagnosticReport",
        "id": "r1",
        "status": "final",
        "subject": SUBJECT,
        "conclusion": "Complete avulsion",
    }
    assert read(report).reports == ()


ALLERGY = {"resourceType": "AllergyIntolerance", "id": "a1", "patient": SUBJECT, "code": concept((RXNORM, "25480"))}


@pytest.mark.parametrize(
    ("rest", "there"),
    [
        ({}, True),
        ({"clinicalStatus": concept(("x", "active"))}, True),
        ({"clinicalStatus": concept(("x", "inactive"))}, False),
        ({"clinicalStatus": concept(("x", "resolved"))}, False),
        ({"verificationStatus": concept(("x", "refuted"))}, False),
        ({"verificationStatus": concept(("x", "entered-in-error"))}, False),
        ({"verificationStatus": concept(("x", "unconfirmed"))}, True),
        ({"code": concept(text="Gabapentin")}, True),
        ({"code": concept(text="No known allergies")}, False),
        ({"code": None, "reaction": [{"substance": concept(text="pregabalin")}]}, True),
    ],
)
def test_an_allergy_counts_unless_it_is_over_or_refuted(rest: dict[str, Any], there: bool) -> None:
    found = read(ALLERGY | rest).allergies
    assert bool(found) is there
    assert all("gabapentinoids" in allergy.classes for allergy in found)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Tricyclic antidepressants", "tricyclics"),
        ("Opioids", "opioids"),
        ("OPIATES (morphine-like drugs)", "opioids"),
        ("gabapentinoid", "gabapentinoids"),
        ("Benzodiazepines", "benzodiazepines"),
        ("SNRIs", "snris"),
    ],
)
def test_an_allergy_to_a_whole_class_counts(text: str, name: str) -> None:
    (found,) = read(ALLERGY | {"code": concept(text=text)}).allergies
    assert name in found.classes


@pytest.mark.parametrize("code", [None, {}, concept(("urn:oid:1.2.3", "77"))])
def test_an_allergy_that_does_not_say_to_what_is_a_gap(code: Any) -> None:
    unsaid = ALLERGY | {"code": code}
    assert gaps(read(unsaid)) == {("AllergyIntolerance", "one entry does not say what it is")}
    assert gaps(read(unsaid | {"category": ["food"]})) == set()


# -- medicines --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rest", "on_list"),
    [
        pytest.param({}, True, id="active order"),
        *(pytest.param({"intent": i}, True, id=i) for i in ("original-order", "instance-order", "filler-order")),
        pytest.param({"intent": "plan"}, False, id="a plan"),
        pytest.param({"intent": "proposal"}, False, id="a proposal"),
        pytest.param({"intent": "plan", "reportedBoolean": True}, True, id="a home medicine as a plan"),
        pytest.param({"intent": "proposal", "reportedBoolean": True}, True, id="a home medicine as a proposal"),
        pytest.param(
            {"intent": "plan", "reportedBoolean": True, "status": "completed"}, False, id="a home medicine that is over"
        ),
        pytest.param({"intent": None}, True, id="no intent"),
        pytest.param({"doNotPerform": True}, False, id="not to be given"),
        *(pytest.param({"status": s}, False, id=s) for s in ("on-hold", "stopped", "completed", "cancelled", "unknown")),
    ],
)
def test_what_is_on_the_list_of_medicines(rest: dict[str, Any], on_list: bool) -> None:
    found = medicine_of(medication_request(**rest))
    assert found is not None
    assert found.on_list is on_list


@pytest.mark.parametrize("status", ["entered-in-error", "draft"])
def test_errors_and_drafts_of_the_record_do_not_exist(status: str) -> None:
    assert medicine_of(medication_request(status=status)) is None


@pytest.mark.parametrize(("status", "on_list"), [("active", True), ("completed", False), ("stopped", False), ("intended", False)])
def test_a_statement_counts_when_it_is_active(status: str, on_list: bool) -> None:
    said = {"resourceType": "MedicationStatement", "id": "ms", "status": status, "subject": SUBJECT}
    found = medicine_of(said | {"medicationCodeableConcept": {"text": "Lorazepam 1 mg"}, "effectivePeriod": {"start": day(40)}})
    assert found is not None
    assert (found.on_list, str(found.start)) == (on_list, day(40))


MEDICATION = {"resourceType": "Medication", "id": "med1", "code": concept((RXNORM, "310431"))}


@pytest.mark.parametrize(
    "resources",
    [
        pytest.param([medication_request(concept((RXNORM, "310431")))], id="a code"),
        pytest.param([medication_request("gabapentin 300 mg")], id="words"),
        pytest.param([medication_request(concept(("urn:x", "1"), (RXNORM, "310431")))], id="the second coding"),
        pytest.param(
            [medication_request(None, medicationReference={"reference": "#m"}, contained=[MEDICATION | {"id": "m"}])],
            id="contained",
        ),
        pytest.param([medication_request(None, medicationReference={"reference": "Medication/med1"}), MEDICATION], id="included"),
        pytest.param(
            [medication_request(None, medicationReference={"reference": "http://x/Medication/med1"}), MEDICATION], id="absolute"
        ),
        pytest.param(
            [medication_request(None, medicationReference={"reference": "Medication/9", "display": "Gabapentin 300 MG"})],
            id="display only",
        ),
        pytest.param(
            [
                medication_request(None, medicationReference={"reference": "Medication/med1"}),
                MEDICATION
                | {"code": concept(text="Product 7"), "ingredient": [{"itemCodeableConcept": concept((RXNORM, "25480"))}]},
            ],
            id="an ingredient",
        ),
    ],
)
def test_a_medicine_is_found_wherever_it_is_named(resources: list[dict[str, Any]]) -> None:
    found = medicine_of(*resources)
    assert found is not None
    assert "gabapentinoids" in found.classes
    assert found.ingredients == {"gabapentin"}


@pytest.mark.parametrize(
    "resource",
    [
        medication_request(None),
        medication_request({}),
        medication_request(None, medicationReference={"reference": "Medication/9"}),
        medication_request(None, medicationReference={"reference": "#gone"}),
    ],
)
def test_a_medicine_that_nobody_names_is_a_gap(resource: dict[str, Any]) -> None:
    assert gaps(read(resource)) == {("MedicationRequest", "one entry does not say what it is")}


def test_an_active_medicine_of_no_class_known_here_is_not_classified_rather_than_absent() -> None:
    found = read(medication_request("house brand 12 mg"))
    assert (unclassified(found), found.gaps) == (("house brand 12 mg",), ())
    assert found.medicines[0].classes == frozenset()


def test_a_past_medicine_of_no_class_known_here_is_passed_over() -> None:
    assert read(medication_request("amoxicillin 500 MG Oral Capsule", status="completed")).medicines == ()


def bounds(start: str | None, end: str | None) -> dict[str, Any]:
    period = {k: v for k, v in (("start", start), ("end", end)) if v}
    return {"dosageInstruction": [{"timing": {"repeat": {"boundsPeriod": period}}}]}


def supply(days: float, repeats: int | None = None, unit: str = "d") -> dict[str, Any]:
    found: dict[str, Any] = {"expectedSupplyDuration": {"value": days, "code": unit}}
    return {"dispenseRequest": found | ({"numberOfRepeatsAllowed": repeats} if repeats is not None else {})}


@pytest.mark.parametrize(
    ("rest", "start", "end"),
    [
        pytest.param(bounds(day(60), day(10)), day(60), day(10), id="bounds"),
        pytest.param(bounds(None, day(10)), day(20), day(10), id="an end, the start is the day of the order"),
        pytest.param(bounds(day(60), None), day(60), None, id="a start, no end"),
        pytest.param(bounds(day(60), None) | supply(28), day(60), day(32), id="a start and a supply"),
        pytest.param(supply(30), day(20), day(-10), id="a supply"),
        pytest.param(supply(30, 2), day(20), day(-70), id="a supply with two repeats"),
        pytest.param(supply(2, unit="wk"), day(20), day(6), id="a supply in weeks"),
        pytest.param(bounds(day(60), day(10)) | supply(300), day(60), day(10), id="bounds go before supply"),
        pytest.param({}, day(20), None, id="the day of the order alone"),
    ],
)
def test_from_when_to_when_a_medicine_was_taken(rest: dict[str, Any], start: str, end: str | None) -> None:
    found = medicine_of(medication_request(**rest))
    assert found is not None
    assert str(found.start) == start
    assert (str(found.end) if found.end else None) == end


def dispense(given: int, days: float | None, prescription: str = "MedicationRequest/m1", **rest: Any) -> dict[str, Any]:
    return {
        "resourceType": "MedicationDispense",
        "id": f"d{given}",
        "status": "completed",
        "subject": SUBJECT,
        "medicationCodeableConcept": {"text": "gabapentin 300 MG"},
        "whenHandedOver": day(given),
        "authorizingPrescription": [{"reference": prescription}],
        "daysSupply": {"value": days},
    } | rest


def test_the_last_dispense_tells_the_end() -> None:
    found = medicine_of(medication_request(status="stopped"), dispense(80, 30), dispense(50, 30))
    assert found is not None
    assert str(found.end) == day(20)


def test_a_dispense_of_another_prescription_or_patient_tells_nothing() -> None:
    found = medicine_of(medication_request(), dispense(50, 30, "MedicationRequest/m2"), dispense(49, 30, subject=OTHER))
    assert found is not None
    assert found.end is None


def test_dispensed_naloxone_is_a_medicine_of_its_own() -> None:
    found = medicine_of(dispense(50, None, medicationCodeableConcept={"text": "naloxone 4 MG/ACTUAT Nasal Spray"}))
    assert found is not None
    assert (found.status, str(found.ordered), found.on_list) == ("dispensed", day(50), False)
    assert medicine_of(dispense(50, 30)) is None


@pytest.mark.parametrize(
    ("reason", "concept_name"),
    [
        (("http://terminology.hl7.org/CodeSystem/medicationrequest-status-reason", "sintol"), "stopped-for-intolerance"),
        (("http://terminology.hl7.org/CodeSystem/medicationrequest-status-reason", "salg"), "stopped-for-intolerance"),
        ((SCT, "62014003"), "stopped-for-intolerance"),
        ((SCT, "266721009"), "stopped-as-ineffective"),
    ],
)
def test_why_a_medicine_was_stopped(reason: tuple[str, str], concept_name: str) -> None:
    found = medicine_of(medication_request(status="stopped", statusReason=concept(reason)))
    assert found is not None
    assert concept_name in found.why_stopped


@pytest.mark.parametrize(
    ("category", "count", "expected"),
    [("inpatient", 1, (True, True)), ("outpatient", 1, (True, False)), ("inpatient", 3, (False, False))],
)
def test_one_dose_inside_an_encounter(category: str, count: int, expected: tuple[bool, bool]) -> None:
    order = medication_request(
        "midazolam 2 MG/ML Injectable Solution",
        category=[concept(("http://terminology.hl7.org/CodeSystem/medicationrequest-category", category))],
        dosageInstruction=[{"timing": {"repeat": {"count": count}}}],
    )
    found = medicine_of(order)
    assert found is not None
    assert (found.single_dose, found.single_dose and found.inpatient) == expected


# -- the patient ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rest", "born", "sex", "deceased"),
    [
        ({"birthDate": "1970-06-15", "gender": "female"}, "1970-06-15", "female", False),
        ({"birthDate": "1970", "gender": "male"}, "1970", "male", False),
        ({"birthDate": "1970-06", "gender": "other"}, "1970-06", None, False),
        ({"gender": "unknown"}, None, None, False),
        ({"gender": "F"}, None, None, False),
        ({"birthDate": "n/a", "deceasedBoolean": False}, None, None, False),
        ({"deceasedBoolean": True}, None, None, True),
        ({"deceasedDateTime": "2026-01-01"}, None, None, True),
        ({"deceasedDateTime": "2026"}, None, None, True),
        ({"birthDate": "9999-12"}, None, None, False),
    ],
)
def test_the_patient(rest: dict[str, Any], born: str | None, sex: str | None, deceased: bool) -> None:
    person = read({"resourceType": "Patient", "id": PATIENT} | rest).person
    if rest.get("birthDate") != "9999-12":
        assert (str(person.born) if person.born else None) == born
    assert (person.sex, person.deceased) == (sex, deceased)


def test_another_patient_in_place_of_this_one_is_a_gap() -> None:
    """FHIR-14."""
    found = read({"resourceType": "Patient", "id": "p2", "birthDate": "1970-06-15"})
    assert found.person.born is None
    assert ("Patient", OTHER_PATIENT) in gaps(found)


def test_no_patient_at_all_is_a_gap() -> None:
    records = Records()
    records.take(source("Patient"), None)
    assert gaps(chart_of(records)) == {("Patient", "not found")}


# -- whose, and what cannot be read -----------------------------------------------------------------------------------------


def chart_of(records: Records) -> Any:
    return Reader(Lens(records, PATIENT, pharmacopoeia(), TODAY, UTC)).chart()


@pytest.mark.parametrize(
    "whose",
    [
        {"subject": {"reference": "Patient/p1"}},
        {"subject": {"reference": "https://ehr.example/fhir/Patient/p1"}},
        {"subject": {"reference": "Patient/p1/_history/2"}},
        {"subject": {"reference": " Patient/p1 "}},
    ],
)
def test_a_record_of_this_patient_counts(whose: dict[str, Any]) -> None:
    found = read(condition(**whose))
    assert (len(found.problems), found.gaps) == (1, ())


def test_a_record_of_another_patient_does_not_exist() -> None:
    """FHIR-14. It is told, because charts that were merged keep records under the old id."""
    found = read(condition(subject=OTHER), condition(id="c2"))
    assert ([p.ref for p in found.problems], gaps(found)) == (["Condition/c2"], {("Condition", OTHER_IN_PART)})


ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
WITHHELD = [concept((ABSENT, "masked")), concept((ABSENT, "unknown"), text="masked")]


@pytest.mark.parametrize("code", [*WITHHELD, concept(("urn:oid:1.2.3", "77"))], ids=["masked", "with a text", "an own list"])
def test_an_active_medicine_that_nobody_can_name_is_a_gap(code: dict[str, Any]) -> None:
    """It may be the benzodiazepine that the check looks for."""
    found = read(medication_request(code))
    assert (found.medicines, gaps(found)) == ((), {("MedicationRequest", "one entry does not say what it is")})


def test_a_code_of_rxnorm_that_is_not_known_here_is_another_medicine() -> None:
    assert gaps(read(medication_request(concept((RXNORM, "314076"))))) == set()


@pytest.mark.parametrize("code", WITHHELD, ids=["masked", "with a text"])
def test_a_masked_problem_is_told_and_the_list_is_read(code: dict[str, Any]) -> None:
    found = read(condition(code), condition(id="c2"))
    assert ([p.ref for p in found.problems], gaps(found)) == (
        ["Condition/c2"],
        {("a masked problem", "one entry does not say what it is")},
    )
    assert gaps(read(condition(code, clinical="resolved"))) == set()


@pytest.mark.parametrize("code", [None, {}, 5, "", [], {"coding": [{"code": 5}]}, {"coding": {}}, {"text": ""}], ids=str)
def test_a_problem_without_a_name_and_a_code_is_told(code: Any) -> None:
    """It may be the cauda equina syndrome that somebody meant to write."""
    assert gaps(read(condition() | {"code": code})) == {("a masked problem", "one entry does not say what it is")}
    assert gaps(read(condition(clinical="resolved") | {"code": code})) == set()


@pytest.mark.parametrize("status", ["taking", "12", "x" * 100])
@pytest.mark.parametrize("kind", ["MedicationRequest", "MedicationStatement"])
def test_a_medicine_of_a_status_that_is_none_is_a_gap(kind: str, status: str) -> None:
    """Nobody can tell whether it is taken."""
    found = read(medication_request("oxycodone 5 MG Oral Tablet", status=status) | {"resourceType": kind})
    assert (found.medicines, gaps(found)) == ((), {(kind, PARTLY)})


def test_every_coding_is_looked_at() -> None:
    """Oracle Health and Epic put their own codes first."""
    assert len(read(condition(concept(("urn:oid:imo", "99"), (SCT, "129179000")))).problems) == 1
    (medicine,) = read(medication_request(concept(("urn:oid:local", "1"), (RXNORM, "25480")))).medicines
    assert "gabapentinoids" in medicine.classes


def test_a_record_of_another_patient_that_stands_for_nothing_is_no_gap() -> None:
    found = read(condition(concept(text="Hypertension"), subject=OTHER), condition(id="c2"))
    assert (len(found.problems), found.gaps) == (1, ())


def test_when_all_records_are_of_another_patient_it_is_a_gap() -> None:
    """FHIR-14: a whole answer for somebody else is no answer."""
    assert gaps(read(condition(subject=OTHER))) == {("Condition", OTHER_PATIENT)}


@pytest.mark.parametrize(
    "whose",
    [
        {"subject": None},
        {"subject": {"identifier": {"value": "1"}}},
        {"subject": {"extension": []}},
        {"subject": {"reference": ""}},
    ],
)
def test_a_record_that_does_not_say_whose_it_is_is_a_gap(whose: dict[str, Any]) -> None:
    found = read(condition(**whose), condition(id="c2"))
    assert ([p.ref for p in found.problems], gaps(found)) == (["Condition/c2"], {("Condition", PARTLY)})


@pytest.mark.parametrize(
    ("broken", "kind"),
    [
        (condition(stage=["x"], bodySite=[5]), None),
        (observation(EGFR, status=["final"]), "Observation"),
        (observation(concept((LOINC, "85354-9")), component=[{"valueQuantity": "x"}]), "Observation"),
        (medication_request(**supply(1e9)), "MedicationRequest"),
        (medication_request(dosageInstruction=[{"timing": "daily"}]), "MedicationRequest"),
        (encounter(period="x", hospitalization="x"), None),
        ({"resourceType": "CarePlan", "id": "x", "subject": SUBJECT, "activity": "x", "category": 5}, None),
    ],
)
def test_a_resource_that_cannot_be_read_is_a_gap_and_not_an_end(broken: dict[str, Any], kind: str | None) -> None:
    """What is malformed in a part that matters makes a gap; everything else is read on."""
    found = read(broken, condition(concept((SCT, "23056005")), id="c9"))
    assert "Condition/c9" in [p.ref for p in found.problems]
    assert gaps(found) == ({(kind, PARTLY)} if kind else set())


def test_a_dispense_that_cannot_be_read_is_a_gap_and_not_an_end() -> None:
    found = read(medication_request(), dispense(50, 1e9), condition())
    assert len(found.problems) == 1
    assert len(found.medicines) == 1


def test_a_gap_is_named_once_for_many_resources() -> None:
    assert len(read(*(condition(id=f"c{n}", subject=None) for n in range(9))).gaps) == 1


# -- answers to a search, told apart (FHIR-03, FHIR-04, FHIR-05) ------------------------------------------------------------

CONDITION = source("Condition")


def taken(value: Any) -> Records:
    records = Records()
    records.take(CONDITION, value)
    return records


def reasons(records: Records) -> list[str]:
    return [gap.reason for gap in records.gaps]


@pytest.mark.parametrize(
    "value", [None, bundle(), {"resourceType": "Bundle"}, {"resourceType": "Bundle", "total": 0, "entry": None}]
)
def test_null_and_an_empty_bundle_mean_there_is_none(value: Any) -> None:
    """FHIR-03."""
    records = taken(value)
    assert (records.resources.get("Condition", []), records.gaps) == ([], [])


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("exception", FAILED),
        ("forbidden", REFUSED),
        ("security", REFUSED),
        ("login", REFUSED),
        ("timeout", TIMED_OUT),
        ("not-found", FAILED),
    ],
)
def test_an_operation_outcome_in_its_place_is_a_failure(code: str, reason: str) -> None:
    """FHIR-04."""
    assert reasons(taken(outcome(code))) == [reason]


def test_an_operation_outcome_without_issues_is_a_failure_too() -> None:
    assert outcome_reason({"resourceType": "OperationOutcome"}) == FAILED


@pytest.mark.parametrize("value", ["text", 5, True, [], [condition()], {}, {"resourceType": None}])
def test_what_is_no_answer_is_unreadable(value: Any) -> None:
    assert reasons(taken(value)) == [UNREADABLE]


def test_a_single_resource_in_place_of_a_bundle_is_taken() -> None:
    assert taken(condition()).resources["Condition"] == [condition()]


@pytest.mark.parametrize("severity", ["information", "warning"])
def test_a_remark_in_a_bundle_is_no_failure(severity: str) -> None:
    """FHIR-04: some servers put an OperationOutcome entry into every answer."""
    records = taken(bundle(outcome("processing", severity), condition()))
    assert (len(records.resources["Condition"]), records.gaps) == (1, [])
    assert taken(bundle(outcome("not-found", severity))).gaps == []


@pytest.mark.parametrize("severity", ["error", "fatal"])
def test_an_error_in_a_bundle_is_noticed(severity: str) -> None:
    """FHIR-04: the entries are used, the error is not forgotten."""
    records = taken(bundle(condition(), outcome("forbidden", severity)))
    assert (len(records.resources["Condition"]), reasons(records)) == (1, [PARTLY])
    assert reasons(taken(bundle(outcome("forbidden", severity)))) == [REFUSED]


@pytest.mark.parametrize("entry", ["x", 5, None, {"resource": "x"}, {"resource": []}])
def test_an_entry_that_is_no_resource_makes_the_answer_partly_readable(entry: Any) -> None:
    records = taken({"resourceType": "Bundle", "entry": [entry, {"resource": condition()}]})
    assert (len(records.resources["Condition"]), reasons(records)) == (1, [PARTLY])


@pytest.mark.parametrize("entry", [{}, {"fullUrl": "x"}, {"response": {"status": "403"}}, {"resource": None}])
def test_an_entry_without_a_resource_holds_something_back(entry: Any) -> None:
    assert reasons(taken({"resourceType": "Bundle", "entry": [entry]})) == [PARTLY]


@pytest.mark.parametrize(("total", "expected"), [(5, [TRUNCATED]), ("5", [TRUNCATED]), (0, []), (None, [])])
def test_a_total_without_any_entry_is_not_complete(total: Any, expected: list[str]) -> None:
    assert reasons(taken({"resourceType": "Bundle", "total": total})) == expected


def test_a_total_beside_entries_is_not_looked_at() -> None:
    """Some servers count the page, others the whole search."""
    assert taken(bundle(condition()) | {"total": 30}).gaps == []


@pytest.mark.parametrize(("code", "expected"), [("incomplete", [PARTLY]), ("suppressed", []), ("processing", [])])
def test_a_warning_is_an_error_only_where_it_says_that_something_is_missing(code: str, expected: list[str]) -> None:
    """Epic warns at every search, with "suppressed"."""
    assert reasons(taken(bundle(condition(), outcome(code, "warning")))) == expected


def test_included_resources_are_kept_to_explain_others() -> None:
    value = bundle(medication_request(None, medicationReference={"reference": "Medication/med1"}), MEDICATION)
    value["entry"][1]["fullUrl"] = "https://ehr.example/fhir/Medication/med1"
    records = Records()
    records.take(source("MedicationRequest"), value)
    assert set(records.others) == {"Medication/med1", "https://ehr.example/fhir/Medication/med1"}


def test_an_entry_as_one_object_is_read() -> None:
    assert len(taken({"resourceType": "Bundle", "entry": {"resource": condition()}}).resources["Condition"]) == 1


@pytest.mark.parametrize(
    ("link", "address"),
    [
        ([{"relation": "self", "url": "a"}, {"relation": "next", "url": "b"}], "b"),
        ({"relation": "next", "url": "b"}, "b"),
        ([{"relation": "next"}], ""),
        ([{"relation": "next", "url": 5}], ""),
        ([None, "x"], None),
        (None, None),
    ],
)
def test_the_next_page_is_told(link: Any, address: str | None) -> None:
    """FHIR-05."""
    assert Records().take(CONDITION, {"resourceType": "Bundle", "link": link}) == address


def test_a_gap_is_noted_once() -> None:
    records = taken(outcome())
    records.take(CONDITION, outcome())
    assert len(records.gaps) == 1


@pytest.mark.parametrize(
    ("resource", "patient"),
    [
        ({"subject": {"reference": "Patient/1"}}, "1"),
        ({"patient": {"reference": "Patient/1"}}, "1"),
        ({"subject": {}, "patient": {"reference": "Patient/1"}}, "1"),
        ({"subject": {"display": "Somebody"}}, ""),
        ({}, ""),
    ],
)
def test_whose_a_resource_is(resource: dict[str, Any], patient: str) -> None:
    assert patient_of(resource) == patient


def test_every_section_has_a_source_and_every_source_a_template() -> None:
    """PREF-04, PREF-12, PREF-14: a read or a search by patient, with the one token."""
    sources = sources_for(SECTIONS)
    assert {s.section for s in sources} == set(SECTIONS)
    found = templates(sources)
    assert found["Patient"] == "Patient/{{context.patientId}}"
    assert all(
        query.startswith(f"{kind}?patient={{{{context.patientId}}}}") for kind, query in found.items() if kind != "Patient"
    )


def test_the_content_is_loaded_for_these_tests() -> None:
    assert library().recommendations
    assert CLINICAL.endswith("condition-clinical")
