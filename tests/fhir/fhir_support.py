"""What the reading tests share: the real terminology, FHIR resources of one patient, and a reader over them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, timedelta, tzinfo
from functools import cache
from typing import Any

from cds_service import packaged_cards
from cds_service.content.library import Library
from cds_service.content.loader import load
from cds_service.fhir.lens import Lens
from cds_service.fhir.medicines import Drug, Pharmacopoeia
from cds_service.fhir.prefetch import SOURCES, Records, Source
from cds_service.fhir.reader import Reader
from cds_service.fhir.session import with_drafts
from cds_service.fhir.terminology import Terminology
from cds_service.pathway.chart import Chart, Draft, Medicine, Problem, Reading

TODAY = date(2026, 3, 2)
PATIENT = "p1"
SUBJECT = {"reference": "Patient/p1"}

SCT = "http://snomed.info/sct"
ICD = "http://hl7.org/fhir/sid/icd-10-cm"
LOINC = "http://loinc.org"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
LOCAL = "https://example.org/fhir/CodeSystem/posterior-hip-pathway"
CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"

Resource = dict[str, Any]


@cache
def library() -> Library:
    """The content of the package, loaded once."""
    return load(packaged_cards())


@cache
def pharmacopoeia() -> Pharmacopoeia:
    return Pharmacopoeia(terminology())


def terminology() -> Terminology:
    return library().terminology


def day(days: int) -> str:
    """The date so many days before today."""
    return (TODAY - timedelta(days=days)).isoformat()


# -- resources --------------------------------------------------------------------------------------------------------------


def concept(*codings: tuple[str, str] | tuple[str, str, str], text: str | None = None) -> Resource:
    """A CodeableConcept of (system, code) or (system, code, display)."""
    listed = [dict(zip(("system", "code", "display"), coding, strict=False)) for coding in codings]
    found: Resource = {"coding": listed} if listed else {}
    return found | ({"text": text} if text is not None else {})


def condition(
    code: Resource | None = None, *, clinical: str | None = "active", verified: str | None = None, **rest: Any
) -> Resource:
    found: Resource = {"resourceType": "Condition", "id": "c1", "subject": SUBJECT, "code": code or concept((SCT, "129179000"))}
    if clinical:
        found["clinicalStatus"] = concept((CLINICAL, clinical))
    if verified:
        found["verificationStatus"] = concept((VERIFICATION, verified))
    return found | rest


def observation(code: Resource, **rest: Any) -> Resource:
    return {
        "resourceType": "Observation",
        "id": "o1",
        "status": "final",
        "subject": SUBJECT,
        "code": code,
        "effectiveDateTime": day(3),
    } | rest


def medication_request(medicine: Resource | str | None = "gabapentin 300 MG Oral Capsule", **rest: Any) -> Resource:
    named = {"text": medicine} if isinstance(medicine, str) else medicine
    found: Resource = {
        "resourceType": "MedicationRequest",
        "id": "m1",
        "status": "active",
        "intent": "order",
        "subject": SUBJECT,
        "authoredOn": day(20),
    }
    return found | ({"medicationCodeableConcept": named} if named is not None else {}) | rest


def encounter(**rest: Any) -> Resource:
    return {
        "resourceType": "Encounter",
        "id": "e1",
        "status": "finished",
        "subject": SUBJECT,
        "type": [concept((SCT, "91251008"))],
        "period": {"start": day(5)},
    } | rest


def procedure(code: Resource, **rest: Any) -> Resource:
    return {
        "resourceType": "Procedure",
        "id": "pr1",
        "status": "completed",
        "subject": SUBJECT,
        "code": code,
        "performedDateTime": day(5),
    } | rest


def service_request(code: Resource, **rest: Any) -> Resource:
    return {
        "resourceType": "ServiceRequest",
        "id": "s1",
        "status": "active",
        "intent": "order",
        "subject": SUBJECT,
        "code": code,
        "authoredOn": day(5),
    } | rest


def bundle(*resources: Any, next_page: str | None = None) -> Resource:
    found: Resource = {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": r} for r in resources]}
    return found | ({"link": [{"relation": "next", "url": next_page}]} if next_page else {})


def outcome(code: str = "exception", severity: str = "error") -> Resource:
    return {"resourceType": "OperationOutcome", "issue": [{"severity": severity, "code": code}]}


def source(resource_type: str) -> Source:
    return next(s for s in SOURCES if s.resource_type == resource_type)


# -- reading ----------------------------------------------------------------------------------------------------------------


def lens(resources: Sequence[Any], zone: tzinfo = UTC) -> Lens:
    """The lens over these resources, each filed as the answer to the search for its type. A Patient is always there."""
    records = Records()
    by_type: dict[str, list[Any]] = {"Patient": [{"resourceType": "Patient", "id": PATIENT}]}
    for resource in resources:
        kind = resource["resourceType"]
        if kind in {s.resource_type for s in SOURCES}:
            by_type.setdefault(kind, []).append(resource)
        else:
            records.others[f"{kind}/{resource['id']}"] = resource
    if len(by_type["Patient"]) > 1:
        del by_type["Patient"][0]
    for kind, found in by_type.items():
        records.take(source(kind), bundle(*found))
    return Lens(records, PATIENT, pharmacopoeia(), TODAY, zone)


def read(*resources: Any, zone: tzinfo = UTC) -> Chart:
    """The chart of these resources."""
    return Reader(lens(resources, zone)).chart()


def problem_of(resource: Resource) -> Problem | None:
    found = read(resource).problems
    return found[0] if found else None


def reading_of(resource: Resource) -> Reading | None:
    found = read(resource).readings
    return found[0] if found else None


def medicine_of(*resources: Resource) -> Medicine | None:
    found = read(*resources).medicines
    return found[0] if found else None


def session(*drafts: Any, selections: Sequence[str] | None = None, record: Sequence[Any] = ()) -> Chart:
    """The chart of a record with these drafts; all are selected where nothing else is said."""
    through = lens(record)
    return with_drafts(Reader(through).chart(), through, bundle(*drafts), selections)


def draft_of(resource: Resource, *record: Any) -> Draft:
    (found,) = session(resource, record=record).drafts
    return found


def drug(*names: str, codes: Sequence[tuple[str, str]] = ()) -> Drug:
    """A medicine known by these names and codes."""
    return pharmacopoeia().drug([concept(*codes), *({"text": name} for name in names)])


def gaps(chart: Chart) -> set[tuple[str, str]]:
    """What could not be read, and why."""
    return {(gap.what, gap.reason) for gap in chart.gaps}
