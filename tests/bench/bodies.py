"""Hook requests of any size: a persona's chart, filled up with the records of an ordinary life, or files of somebody else."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cds_service.fhir.prefetch import SOURCES, templates

REQUEST = Path(__file__).parents[2] / "fhir_fixtures" / "requests" / "piriformis-patient-view.json"
SIZES = (10, 100, 1000)
TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"
SNOMED, LOINC, ICD, UCUM = (
    "http://snomed.info/sct",
    "http://loinc.org",
    "http://hl7.org/fhir/sid/icd-10-cm",
    "http://unitsofmeasure.org",
)
RXNORM, NDC, CPT = "http://www.nlm.nih.gov/research/umls/rxnorm", "http://hl7.org/fhir/sid/ndc", "http://www.ama-assn.org/go/cpt"

VITALS = (
    ("8302-2", "Body height", 171.0, "cm"),
    ("29463-7", "Body weight", 74.0, "kg"),
    ("39156-5", "Body mass index (BMI) [Ratio]", 25.3, "kg/m2"),
    ("8867-4", "Heart rate", 68.0, "/min"),
    ("9279-1", "Respiratory rate", 14.0, "/min"),
    ("8310-5", "Body temperature", 36.7, "Cel"),
    ("59408-5", "Oxygen saturation in Arterial blood by Pulse oximetry", 98.0, "%"),
)
LABS = (
    ("718-7", "Hemoglobin [Mass/volume] in Blood", 14.1, "g/dL", 12.0, 16.0),
    ("6690-2", "Leukocytes [#/volume] in Blood by Automated count", 6.4, "10*3/uL", 4.5, 11.0),
    ("777-3", "Platelets [#/volume] in Blood by Automated count", 251.0, "10*3/uL", 150.0, 400.0),
    ("2339-0", "Glucose [Mass/volume] in Blood", 88.0, "mg/dL", 70.0, 99.0),
    ("4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood", 5.4, "%", 4.0, 5.6),
    ("2160-0", "Creatinine [Mass/volume] in Serum or Plasma", 0.8, "mg/dL", 0.6, 1.2),
    ("2823-3", "Potassium [Moles/volume] in Serum or Plasma", 4.2, "mmol/L", 3.5, 5.1),
    ("2951-2", "Sodium [Moles/volume] in Serum or Plasma", 140.0, "mmol/L", 136.0, 145.0),
    ("2093-3", "Cholesterol [Mass/volume] in Serum or Plasma", 182.0, "mg/dL", 0.0, 200.0),
    ("2571-8", "Triglyceride [Mass/volume] in Serum or Plasma", 121.0, "mg/dL", 0.0, 150.0),
    ("1742-6", "Alanine aminotransferase [Enzymatic activity/volume] in Serum or Plasma", 24.0, "U/L", 7.0, 56.0),
    ("3016-3", "Thyrotropin [Units/volume] in Serum or Plasma", 1.9, "m[IU]/L", 0.4, 4.0),
)
PROBLEMS = (
    ("444814009", "Viral sinusitis (disorder)", "J01.90", "Acute sinusitis, unspecified"),
    ("195662009", "Acute viral pharyngitis (disorder)", "J02.9", "Acute pharyngitis, unspecified"),
    ("10509002", "Acute bronchitis (disorder)", "J20.9", "Acute bronchitis, unspecified"),
    ("162864005", "Body mass index 30+ - obesity (finding)", "E66.9", "Obesity, unspecified"),
    ("15777000", "Prediabetes (finding)", "R73.03", "Prediabetes"),
    ("44465007", "Sprain of ankle (disorder)", "S93.409A", "Sprain of unspecified ligament of ankle, initial encounter"),
    ("55822004", "Hyperlipidemia (disorder)", "E78.5", "Hyperlipidemia, unspecified"),
    ("232353008", "Perennial allergic rhinitis with seasonal variation (disorder)", "J30.89", "Other allergic rhinitis"),
)
MEDICINES = (
    ("197361", "amlodipine 5 MG Oral Tablet", "00093716801", "Take 1 tablet by mouth once daily", 1, 1),
    ("314076", "lisinopril 10 MG Oral Tablet", "00093111301", "Take 1 tablet by mouth every morning", 1, 1),
    ("617310", "atorvastatin 20 MG Oral Tablet", "00093505698", "Take 1 tablet by mouth at bedtime", 1, 1),
    (
        "861007",
        "metformin hydrochloride 500 MG Oral Tablet",
        "00093104801",
        "Take 1 tablet by mouth twice daily with meals",
        1,
        2,
    ),
    ("308192", "amoxicillin 500 MG Oral Capsule", "00093310901", "Take 1 capsule by mouth three times daily", 1, 3),
    ("313782", "acetaminophen 325 MG Oral Tablet", "00904198261", "Take 2 tablets by mouth every 6 hours as needed", 2, 4),
    ("198405", "loratadine 10 MG Oral Tablet", "00904685261", "Take 1 tablet by mouth once daily", 1, 1),
)
PROCEDURES = (
    ("430193006", "Medication reconciliation (procedure)", "99495"),
    ("76601001", "Intramuscular injection (procedure)", "96372"),
    ("73761001", "Colonoscopy (procedure)", "45378"),
    ("23426006", "Measurement of respiratory function (procedure)", "94010"),
)


@dataclass(frozen=True)
class Body:
    """A request, cut around the id of the call: no two calls of an EHR have the same."""

    resources: int
    head: bytes
    tail: bytes

    @property
    def length(self) -> int:
        return len(self.head) + 36 + len(self.tail)

    def next(self) -> bytes:
        return self.head + str(uuid.uuid4()).encode() + self.tail


def own(resources: int) -> Body:
    """A request of this repository."""
    return _cut(resources, json.loads(body_with(resources)))


def read(folder: Path, resources: int) -> Body:
    """``n10.json`` and so on, with prefetch by resource type; what is asked for and not there is null, as an EHR sends it."""
    body = json.loads((folder / f"n{resources}.json").read_text())
    body["prefetch"] = dict.fromkeys(templates(SOURCES)) | body["prefetch"]
    return _cut(resources, body)


def _cut(resources: int, body: dict[str, Any]) -> Body:
    mark = str(uuid.uuid4())
    head, tail = _text(body | {"hookInstance": mark}).split(mark.encode())
    return Body(resources, head, tail)


def body_with(resources: int) -> bytes:
    """A patient-view request with about this many resources."""
    body = json.loads(REQUEST.read_text())
    patient = body["context"]["patientId"]
    prefetch: dict[str, Any] = body["prefetch"]
    have = sum(len(v.get("entry", [])) for v in prefetch.values() if isinstance(v, dict))
    for number in range(max(resources - have, 0)):
        record = _record(number, patient)
        kind = record["resourceType"]
        prefetch[kind].setdefault("entry", []).append({"resource": record})
    return _text(body)


def _text(body: Any) -> bytes:
    """As EHRs write it, without spaces."""
    return json.dumps(body, separators=(",", ":")).encode()


def _record(number: int, patient: str) -> dict[str, Any]:
    """One of a mix as charts have it: most are observations, then medicines, then everything else."""
    which, turn = number % 20, number // 20
    if which < 5:
        return _vital(number, patient)
    if which < 6:
        return _pressure(number, patient)
    if which < 14:
        return _laboratory(number, patient)
    if which < 17:
        return _medicine(number, patient)
    return (_problem, _procedure, _encounter)[(which + turn) % 3](number, patient)


def _day(number: int) -> str:
    return f"{2025 - number % 9}-{number % 12 + 1:02d}-{number % 28 + 1:02d}"


def _shared(kind: str, number: int, patient: str) -> dict[str, Any]:
    """What every record of an EHR has around what it says; every fourth has a local extension."""
    shared = {
        "resourceType": kind,
        "id": str(uuid.UUID(int=(number + 1) * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128)),
        "meta": {"versionId": str(number % 4 + 1), "lastUpdated": f"{_day(number)}T10:{number % 60:02d}:00.000+00:00"},
        "subject": {"reference": f"Patient/{patient}"},
        "encounter": {"reference": f"Encounter/{uuid.UUID(int=number + 7)}"},
    }
    local = {"extension": [{"url": "https://ehr.example/fhir/StructureDefinition/source-system", "valueString": "ambulatory"}]}
    return shared if number % 4 else shared | local


def _coded(*codings: tuple[str, str, str]) -> dict[str, Any]:
    return {"coding": [{"system": s, "code": c, "display": d} for s, c, d in codings], "text": codings[0][2]}


def _quantity(value: float, unit: str) -> dict[str, Any]:
    return {"value": value, "unit": unit, "system": UCUM, "code": unit}


def _observation(number: int, patient: str, category: str, code: str, display: str) -> dict[str, Any]:
    return {
        **_shared("Observation", number, patient),
        "status": "final",
        "category": [_coded((f"{TERMINOLOGY}/observation-category", category, category))],
        "code": _coded((LOINC, code, display), ("https://ehr.example/codes", f"OBS{code}", display)),
        "effectiveDateTime": f"{_day(number)}T09:{number % 60:02d}:00+00:00",
        "issued": f"{_day(number)}T10:{number % 60:02d}:00.000+00:00",
        "performer": [{"reference": "Practitioner/demo"}],
    }


def _vital(number: int, patient: str) -> dict[str, Any]:
    code, display, value, unit = VITALS[number % len(VITALS)]
    return _observation(number, patient, "vital-signs", code, display) | {
        "valueQuantity": _quantity(round(value + number % 5 / 10, 1), unit)
    }


def _pressure(number: int, patient: str) -> dict[str, Any]:
    parts = (("8480-6", "Systolic blood pressure", 118 + number % 9), ("8462-4", "Diastolic blood pressure", 74 + number % 7))
    components = [
        {"code": _coded((LOINC, code, display)), "valueQuantity": _quantity(value, "mm[Hg]")} for code, display, value in parts
    ]
    panel = _observation(number, patient, "vital-signs", "85354-9", "Blood pressure panel with all children optional")
    return panel | {"component": components}


def _laboratory(number: int, patient: str) -> dict[str, Any]:
    code, display, value, unit, low, high = LABS[number % len(LABS)]
    return _observation(number, patient, "laboratory", code, display) | {
        "valueQuantity": _quantity(round(value + number % 7 / 100, 2), unit),
        "interpretation": [_coded((f"{TERMINOLOGY}/v3-ObservationInterpretation", "N", "Normal"))],
        "referenceRange": [{"low": _quantity(low, unit), "high": _quantity(high, unit), "text": f"{low} - {high} {unit}"}],
    }


def _medicine(number: int, patient: str) -> dict[str, Any]:
    code, display, package, told, dose, times = MEDICINES[number % len(MEDICINES)]
    unit = "capsule" if "Capsule" in display else "tablet"
    return {
        **_shared("MedicationRequest", number, patient),
        "status": ("active", "completed", "stopped")[number % 3],
        "intent": "order",
        "category": [_coded((f"{TERMINOLOGY}/medicationrequest-category", "outpatient", "Outpatient"))],
        "medicationCodeableConcept": _coded((RXNORM, code, display), (NDC, package, display)),
        "authoredOn": f"{_day(number)}T08:30:00+00:00",
        "requester": {"reference": "Practitioner/demo"},
        "dosageInstruction": [
            {
                "sequence": 1,
                "text": told,
                "timing": {"repeat": {"frequency": times, "period": 1, "periodUnit": "d"}},
                "route": _coded((SNOMED, "26643006", "Oral route (qualifier value)")),
                "doseAndRate": [{"doseQuantity": {"value": dose, "unit": unit}}],
            }
        ],
        "dispenseRequest": {"numberOfRepeatsAllowed": 3, "expectedSupplyDuration": {"value": 30, "unit": "days"}},
    }


def _problem(number: int, patient: str) -> dict[str, Any]:
    code, display, icd, also = PROBLEMS[number % len(PROBLEMS)]
    status = "active" if number % 4 == 0 else "resolved"
    return {
        **_shared("Condition", number, patient),
        "clinicalStatus": _coded((f"{TERMINOLOGY}/condition-clinical", status, status)),
        "verificationStatus": _coded((f"{TERMINOLOGY}/condition-ver-status", "confirmed", "Confirmed")),
        "category": [_coded((f"{TERMINOLOGY}/condition-category", "encounter-diagnosis", "Encounter Diagnosis"))],
        "code": _coded((SNOMED, code, display), (ICD, icd, also)),
        "onsetDateTime": f"{_day(number)}T00:00:00+00:00",
        "recordedDate": _day(number),
    } | ({"abatementDateTime": f"{_day(number)}T23:00:00+00:00"} if status == "resolved" else {})


def _procedure(number: int, patient: str) -> dict[str, Any]:
    code, display, cpt = PROCEDURES[number % len(PROCEDURES)]
    return {
        **_shared("Procedure", number, patient),
        "status": "completed",
        "code": _coded((SNOMED, code, display), (CPT, cpt, display)),
        "performedPeriod": {"start": f"{_day(number)}T09:00:00+00:00", "end": f"{_day(number)}T09:20:00+00:00"},
        "performer": [{"actor": {"reference": "Practitioner/demo"}}],
    }


def _encounter(number: int, patient: str) -> dict[str, Any]:
    visit: Mapping[str, Any] = _shared("Encounter", number, patient)
    return {name: value for name, value in visit.items() if name != "encounter"} | {
        "status": "finished",
        "class": {"system": f"{TERMINOLOGY}/v3-ActCode", "code": "AMB", "display": "ambulatory"},
        "type": [_coded((SNOMED, "185349003", "Encounter for check up (procedure)"), (CPT, "99213", "Office visit"))],
        "participant": [{"individual": {"reference": "Practitioner/demo"}}],
        "period": {"start": f"{_day(number)}T09:00:00+00:00", "end": f"{_day(number)}T09:20:00+00:00"},
        "serviceProvider": {"reference": "Organization/clinic", "display": "Clinic"},
    }
