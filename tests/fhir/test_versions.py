"""FHIR R4 is the version: what is written in another one is told, and never half understood."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
from ehr import Ehr, Hook, reasons
from fhir_support import SCT, SUBJECT, bundle, concept, condition, encounter, medication_request, procedure, read

from cds_service.fhir.prefetch import NOT_R4
from cds_service.fhir.versions import _FORMS, SIGNS, foreign_version

GABAPENTIN = concept(text="gabapentin 300 MG Oral Capsule")
VISIT = [concept((SCT, "91251008"))]


def of(kind: str, **rest: Any) -> dict[str, Any]:
    return {"resourceType": kind, "id": "x1", "subject": SUBJECT, "status": "active"} | rest


OTHERS = [
    ("DSTU2", condition(patient=SUBJECT, subject=None)),
    ("DSTU2", condition(dateRecorded="2026-01-01")),
    ("STU3", condition(assertedDate="2026-01-01")),
    ("R5", of("MedicationRequest", medication={"concept": GABAPENTIN})),
    ("STU3", medication_request(context={"reference": "Encounter/1"})),
    ("STU3", of("MedicationStatement", medicationCodeableConcept=GABAPENTIN, taken="n")),
    ("DSTU2", of("MedicationStatement", medicationCodeableConcept=GABAPENTIN, wasNotTaken=True)),
    ("R5", of("MedicationDispense", medication={"concept": GABAPENTIN})),
    ("STU3", procedure(VISIT[0], notDone=True)),
    ("DSTU2", procedure(VISIT[0], notPerformed=True)),
    ("R5", procedure(VISIT[0], occurrenceDateTime="2026-01-01")),
    ("R5", encounter(actualPeriod={"start": "2026-01-01"})),
    ("STU3 or R5", encounter(reason=[concept(text="pain")])),
    ("R5", of("ServiceRequest", code={"concept": VISIT[0]})),
    ("STU3", of("DiagnosticReport", codedDiagnosis=[VISIT[0]])),
    ("R5", of("ImagingStudy", procedure=[{"concept": VISIT[0]}])),
    ("STU3", of("Communication", notDone=True)),
    ("STU3", of("DocumentReference", indexed="2026-01-01T00:00:00Z")),
    ("DSTU2", of("AllergyIntolerance", substance=GABAPENTIN)),
    ("STU3", of("QuestionnaireResponse", questionnaire={"reference": "Questionnaire/1"})),
    ("DSTU2", of("QuestionnaireResponse", group={})),
]


@pytest.mark.parametrize(("version", "resource"), OTHERS, ids=lambda v: v if isinstance(v, str) else v["resourceType"])
def test_a_resource_of_another_version_is_a_gap_that_names_it(version: str, resource: dict[str, Any]) -> None:
    """The statement "not taken" of STU3 would be read as taken, the visit of R5 would have no date."""
    found = read(resource)
    gaps = [(gap.what, gap.reason) for gap in found.gaps if gap.section != "person"]
    assert gaps == [(resource["resourceType"], f"{NOT_R4} {version}")]
    assert not any((found.problems, found.medicines, found.treatments, found.contacts, found.requests, found.reports))


def test_no_sign_is_an_element_of_r4() -> None:
    """A sign that R4 has would refuse good records."""
    for kind, signs in SIGNS.items():
        model = getattr(importlib.import_module(f"fhir.resources.R4B.{kind.lower()}"), kind)
        known = {field.alias or name for name, field in model.model_fields.items()}
        assert known.isdisjoint(signs), kind


def test_the_parts_of_another_form_are_no_elements_of_the_r4_form() -> None:
    """R4 has a CodeableConcept and a canonical address there."""
    assert {name: parts for _, (name, parts, _) in _FORMS.items()} == {
        "code": ("concept", "reference"),
        "questionnaire": ("reference",),
    }


@pytest.mark.parametrize("resource", [condition(), encounter(), procedure(VISIT[0]), medication_request()])
def test_r4_is_r4(resource: dict[str, Any]) -> None:
    assert foreign_version(resource) is None


@pytest.mark.parametrize(
    ("media_type", "reason"),
    [
        ("application/fhir+json; fhirVersion=5.0", [f"{NOT_R4} 5.0"]),
        ('application/fhir+json; fhirVersion="3.0"', [f"{NOT_R4} 3.0"]),
        ("application/fhir+json;charset=UTF-8; FHIRVERSION=1.0", [f"{NOT_R4} 1.0"]),
        ("application/fhir+json; fhirVersion = '5.0'", [f"{NOT_R4} 5.0"]),
        ("application/fhir+json; fhirVersion=4.0", []),
        ("application/fhir+json; fhirVersion=4.3", []),
        ("application/fhir+json; fhirVersion=patient-name", []),
        ("application/json", []),
    ],
)
def test_a_server_that_says_its_version_is_believed(ehr: Ehr, media_type: str, reason: list[str]) -> None:
    ehr.answer = lambda call: call.send_json(bundle(condition()), Content_Type=media_type)
    assert reasons(Hook(ehr).gather()) == reason
