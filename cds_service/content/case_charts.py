"""The charts of test cases: from ``given`` to a hook request.

``given`` names what a chart holds, in days before today: cards/README.md, "Cases", lists its words. A thing is named by a
value set (its first code is taken), by a medicine's name, or by ``{code: [icd, G57.01], text: ...}``.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from ..fhir.prefetch import SOURCES
from ..fhir.terminology import Terminology

PATIENT = "case-patient"
_SYSTEMS = {
    "icd": "http://hl7.org/fhir/sid/icd-10-cm",
    "sct": "http://snomed.info/sct",
    "loinc": "http://loinc.org",
    "rxnorm": "http://www.nlm.nih.gov/research/umls/rxnorm",
    "local": "https://example.org/fhir/CodeSystem/posterior-hip-pathway",
}
_HL7 = "http://terminology.hl7.org/CodeSystem"


class BadCase(ValueError):
    """A case that uses a word which is not known."""


def request_for(terminology: Terminology, given: Mapping[str, Any], hook: str, today: date) -> dict[str, Any]:
    """The hook request of a ``given``. Raises BadCase for a word that is not known."""
    return _Builder(terminology, today).request(given, hook)


@dataclass
class _Builder:
    terminology: Terminology
    today: date
    resources: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    drafts: list[dict[str, Any]] = field(default_factory=list)
    selections: list[str] = field(default_factory=list)

    def request(self, given: Mapping[str, Any], hook: str) -> dict[str, Any]:
        given = dict(given)
        hook = given.pop("hook", hook)
        unread, absent = given.pop("unread", ()), given.pop("absent", ())
        patient = self._patient(given)
        reason = given.pop("reason", None)
        for key, value in given.items():
            add = getattr(self, f"_add_{key}", None)
            if add is None:
                raise BadCase(f"unknown word {key!r} in given")
            add(value)
        if reason is not None:
            for draft in self.drafts:
                draft["reasonCode"] = [self._concept(reason)]
        context: dict[str, Any] = {"userId": "Practitioner/case", "patientId": PATIENT}
        if hook != "patient-view":
            entries = [{"resource": draft} for draft in self.drafts]
            context["draftOrders"] = {"resourceType": "Bundle", "type": "collection", "entry": entries}
        if hook == "order-select":
            context["selections"] = self.selections
        return {
            "hook": hook,
            "hookInstance": str(uuid.uuid4()),
            "context": context,
            "prefetch": _Prefetch(patient, self.resources, frozenset(unread), frozenset(absent)).values(),
        }

    # -- the patient ----------------------------------------------------------------------------------------------------

    def _patient(self, given: dict[str, Any]) -> dict[str, Any]:
        sex, age, born = given.pop("sex", "male"), given.pop("age", 45), given.pop("born", None)
        patient = {"resourceType": "Patient", "id": PATIENT, "gender": sex}
        if born == "18 years ago by year":
            patient["birthDate"] = str(self.today.year - 18)
        elif born != "none":
            patient["birthDate"] = born or self._birthday(age)
        return patient

    def _birthday(self, age: int) -> str:
        """The day on which this age was reached is today."""
        day = self.today if (self.today.month, self.today.day) != (2, 29) else self.today - timedelta(days=1)
        return day.replace(year=day.year - age).isoformat()

    def _add_not_pregnant(self, days: int) -> None:
        self._put(
            "Observation",
            status="final",
            code=self._concept("pregnancy-status"),
            valueCodeableConcept=self._concept("not-pregnant"),
            effectiveDateTime=self._ago(days),
        )

    # -- the chart ------------------------------------------------------------------------------------------------------

    def _add_problems(self, items: Iterable[Any]) -> None:
        for item in items:
            spec = self._spec(item)
            status, onset, side = spec.pop("status", "active"), spec.pop("onset", 30), spec.pop("side", None)
            verification = spec.pop("verification", "provisional" if spec.pop("suspected", False) else "confirmed")
            grade = spec.pop("grade", None)
            extra: dict[str, Any] = {"code": self._concept(spec)}
            if onset != "none":
                extra["onsetDateTime"] = extra["recordedDate"] = self._ago(onset)
            if side:
                extra["bodySite"] = [{"text": side}]
            if grade:
                extra["stage"] = [{"summary": self._concept(f"hamstring-grade-{grade}")}]
            if status != "none":
                extra["clinicalStatus"] = {"coding": [{"system": f"{_HL7}/condition-clinical", "code": status}]}
            extra["verificationStatus"] = {"coding": [{"system": f"{_HL7}/condition-ver-status", "code": verification}]}
            self._put("Condition", **extra)

    def _add_readings(self, items: Iterable[Any]) -> None:
        for item in items:
            spec = self._spec(item)
            value, unit, days = spec.pop("value", None), spec.pop("unit", None), spec.pop("days", 1)
            extra: dict[str, Any] = {"effectiveDateTime": self._ago(days), "code": self._concept(spec)}
            if isinstance(value, str):
                extra["valueString"] = value
            elif isinstance(value, bool):
                extra["valueBoolean"] = value
            elif value is not None:
                extra["valueQuantity"] = {"value": value} | ({"unit": unit, "code": unit} if unit and unit != "none" else {})
            self._put("Observation", status="final", **extra)

    def _measured(self, concept: str, unit: str, given: Any, days: int = 60) -> None:
        spec = dict(given) if isinstance(given, dict) else {"value": given}
        self._add_readings([{"is": concept, "unit": unit, "days": days} | spec])

    def _add_egfr(self, given: Any) -> None:
        self._measured("egfr", "mL/min/{1.73_m2}", given)

    def _add_creatinine(self, given: Any) -> None:
        self._measured("serum-creatinine", "mg/dL", given)

    def _add_weight(self, given: Any) -> None:
        self._measured("body-weight", "kg", given)

    def _add_blood_pressure(self, given: list[int]) -> None:
        parts = [
            {"code": self._concept(name), "valueQuantity": {"value": value, "code": "mm[Hg]"}}
            for name, value in zip(("systolic", "diastolic"), given, strict=True)
        ]
        code = self._concept("blood-pressure")
        self._put("Observation", status="final", code=code, component=parts, effectiveDateTime=self._ago(20))

    def _add_visits(self, given: Any) -> None:
        if isinstance(given, dict):
            first, count = given["from"], given["count"]
            given = [first - position * (first - 1) // max(count - 1, 1) for position in range(count)]
        for days in given:
            period = {"start": self._ago(days)}
            self._put("Encounter", status="finished", type=[self._concept("physiotherapy-visit")], period=period)

    def _add_treatments(self, items: Iterable[Any]) -> None:
        for item in items:
            spec = self._spec(item)
            status, days = spec.pop("status", "completed"), spec.pop("days", 1)
            self._put("Procedure", status=status, code=self._concept(spec), performedDateTime=self._ago(days))

    def _add_requests(self, items: Iterable[Any]) -> None:
        for item in items:
            spec = self._spec(item)
            days = spec.pop("days", 1)
            self._put("ServiceRequest", status="active", intent="order", code=self._concept(spec), authoredOn=self._ago(days))

    def _add_plans(self, items: Iterable[Any]) -> None:
        for item in items:
            spec = self._spec(item)
            status = spec.pop("status", "active")
            self._put("CarePlan", status=status, intent="plan", category=[self._concept(spec)])

    def _add_allergies(self, names: Iterable[str]) -> None:
        for name in names:
            self._put("AllergyIntolerance", "patient", code={"text": name})

    # -- medicines and orders -------------------------------------------------------------------------------------------

    def _add_medicines(self, items: Iterable[Any]) -> None:
        for item in items:
            self._put("MedicationRequest", **self._medicine(self._spec(item), "active"))

    def _add_ordering(self, items: Any) -> None:
        for item in items if isinstance(items, list) else [items]:
            draft = self._draft("MedicationRequest", self._medicine(self._spec(item), "draft"))
            self.selections.append(f"MedicationRequest/{draft['id']}")

    def _add_drafts(self, items: Iterable[Any]) -> None:
        for item in items:
            self._draft("MedicationRequest", self._medicine(self._spec(item), "draft"))

    def _add_requesting(self, names: Iterable[str]) -> None:
        for name in names:
            draft = self._draft("ServiceRequest", {"status": "draft", "intent": "order", "code": {"text": name}})
            self.selections.append(f"ServiceRequest/{draft['id']}")

    def _medicine(self, spec: dict[str, Any], status: str) -> dict[str, Any]:
        days, ended = spec.pop("days", 1), spec.pop("ended", None)
        mg, times, once = spec.pop("mg", None), spec.pop("times", 1), spec.pop("once", False)
        reason = spec.pop("for", None)
        request: dict[str, Any] = {
            "status": spec.pop("status", status),
            "intent": "order",
            "medicationCodeableConcept": {"text": spec.pop("is")},
            "authoredOn": self._ago(days),
        }
        repeat: dict[str, Any] = {"frequency": times, "period": 1, "periodUnit": "d"} if mg or once else {}
        if once:
            repeat["count"] = 1
            request["category"] = [{"coding": [{"system": f"{_HL7}/medicationrequest-category", "code": "inpatient"}]}]
        if ended is not None:
            repeat["boundsPeriod"] = {"start": self._ago(max(days, ended)), "end": self._ago(ended)}
        dosage: dict[str, Any] = {"timing": {"repeat": repeat}} if repeat else {}
        if mg:
            dosage["doseAndRate"] = [{"doseQuantity": {"value": mg, "code": "mg"}}]
        if dosage:
            request["dosageInstruction"] = [dosage]
        if reason:
            request["reasonCode"] = [self._concept(reason)]
        if spec:
            raise BadCase(f"unknown word {', '.join(sorted(spec))} for a medicine")
        return request

    def _draft(self, kind: str, content: Mapping[str, Any]) -> dict[str, Any]:
        identity = {"resourceType": kind, "id": f"draft-{len(self.drafts) + 1}", "subject": {"reference": f"Patient/{PATIENT}"}}
        draft: dict[str, Any] = {**identity, **content}
        self.drafts.append(draft)
        return draft

    # -- small parts ----------------------------------------------------------------------------------------------------

    def _put(self, kind: str, whose: str = "subject", /, **content: Any) -> None:
        listed = self.resources.setdefault(kind, [])
        identity = {"resourceType": kind, "id": f"{kind.lower()}-{len(listed) + 1}"}
        listed.append({**identity, whose: {"reference": f"Patient/{PATIENT}"}, **content})

    def _ago(self, days: int) -> str:
        return (self.today - timedelta(days=days)).isoformat()

    @staticmethod
    def _spec(item: Any) -> dict[str, Any]:
        return dict(item) if isinstance(item, dict) else {"is": item}

    def _concept(self, spec: Any) -> dict[str, Any]:
        """A CodeableConcept: the first code of a value set, given words, or a given code."""
        spec = self._spec(spec)
        concept: dict[str, Any] = {}
        name = spec.pop("is", None)
        if name is not None:
            codes = self.terminology.codes.codes_of(name)
            if not codes and name in self.terminology.codes.branches_of:
                codes = [self.terminology.codes.branches_of[name]]
            if not codes and name not in self.terminology.names:
                raise BadCase(f"unknown value set {name!r}")
            concept["text"] = name.replace("-", " ")
            if codes:
                concept["coding"] = [{"system": codes[0][0], "code": codes[0][1]}]
        if "code" in spec:
            system, code = spec.pop("code")
            concept["coding"] = [{"system": _SYSTEMS[system], "code": code}]
        if "text" in spec:
            concept["text"] = spec.pop("text")
        if spec:
            raise BadCase(f"unknown word {', '.join(sorted(spec))}")
        return concept


@dataclass
class _Prefetch:
    patient: dict[str, Any]
    resources: Mapping[str, list[dict[str, Any]]]
    unread: frozenset[str]
    absent: frozenset[str]

    def values(self) -> dict[str, Any]:
        """Every key that discovery can ask for: filled, empty, failed (OperationOutcome) or absent."""
        found: dict[str, Any] = {}
        for source in SOURCES:
            kind = source.resource_type
            if kind in self.absent:
                continue
            if kind in self.unread:
                issue = {"severity": "error", "code": "forbidden"}
                found[kind] = {"resourceType": "OperationOutcome", "issue": [issue]}
            elif kind == "Patient":
                found[kind] = self.patient
            else:
                entries = [{"resource": resource} for resource in self.resources.get(kind, ())]
                found[kind] = {"resourceType": "Bundle", "type": "searchset", "entry": entries}
        return found
