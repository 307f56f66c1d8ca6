"""The charts of test cases: from ``given`` to a hook request.

``given`` names what a chart holds, in days before today: cards/README.md, "Cases", lists its words. A thing is named by a
value set (its first code is taken), by a medicine's name, or by ``{code: [icd, G57.01], text: ...}``.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from ..fhir.prefetch import SOURCES
from ..fhir.terminology import Terminology
from .case_orders import Orders
from .case_parts import HL7, PATIENT, BadCase

__all__ = ["PATIENT", "BadCase", "request_for"]


def request_for(terminology: Terminology, given: Mapping[str, Any], hook: str, today: date) -> dict[str, Any]:
    """The hook request of a ``given``. Raises BadCase for a word that is not known."""
    return _Builder(terminology, today).request(given, hook)


@dataclass
class _Builder(Orders):
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
                draft["reasonCode"] = [self.concept(reason)]
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
        self._pregnancy("not-pregnant", days)

    def _add_pregnant(self, days: int) -> None:
        self._pregnancy("pregnant", days)

    def _pregnancy(self, status: str, days: int) -> None:
        code, value = self.concept("pregnancy-status"), self.concept(status)
        self.put("Observation", status="final", code=code, valueCodeableConcept=value, effectiveDateTime=self.ago(days))

    # -- the chart ------------------------------------------------------------------------------------------------------

    def _add_problems(self, items: Iterable[Any]) -> None:
        for item in items:
            spec = self.spec(item)
            status, onset, side = spec.pop("status", "active"), spec.pop("onset", 30), spec.pop("side", None)
            verification = spec.pop("verification", "provisional" if spec.pop("suspected", False) else "confirmed")
            grade = spec.pop("grade", None)
            site = spec.pop("site", None)
            extra: dict[str, Any] = {"code": self.concept(spec)}
            if onset != "none":
                extra["onsetDateTime"] = extra["recordedDate"] = self.ago(onset)
            if site:
                extra["bodySite"] = [self.concept(part) for part in (site if isinstance(site, list) else [site])]
            if side:
                extra["bodySite"] = [*extra.get("bodySite", ()), {"text": side}]
            if grade:
                extra["stage"] = [{"summary": self.concept(f"hamstring-grade-{grade}")}]
            if status != "none":
                extra["clinicalStatus"] = {"coding": [{"system": f"{HL7}/condition-clinical", "code": status}]}
            extra["verificationStatus"] = {"coding": [{"system": f"{HL7}/condition-ver-status", "code": verification}]}
            self.put("Condition", **extra)

    def _add_readings(self, items: Iterable[Any]) -> None:
        for item in items:
            spec = self.spec(item)
            value, unit, days = spec.pop("value", None), spec.pop("unit", None), spec.pop("days", 1)
            site, on = spec.pop("site", None), spec.pop("on", None)
            extra: dict[str, Any] = {"effectiveDateTime": self.ago(days), "code": self.concept(spec)}
            if on is not None:
                extra["valueDateTime"] = self.ago(on)
            if site:
                extra["bodySite"] = self.concept(site)
            if isinstance(value, str):
                extra["valueString"] = value
            elif isinstance(value, bool):
                extra["valueBoolean"] = value
            elif value is not None:
                extra["valueQuantity"] = {"value": value} | ({"unit": unit, "code": unit} if unit and unit != "none" else {})
            self.put("Observation", status="final", **extra)

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
            {"code": self.concept(name), "valueQuantity": {"value": value, "code": "mm[Hg]"}}
            for name, value in zip(("systolic", "diastolic"), given, strict=True)
        ]
        code = self.concept("blood-pressure")
        self.put("Observation", status="final", code=code, component=parts, effectiveDateTime=self.ago(20))

    def _add_visits(self, given: Any) -> None:
        if isinstance(given, dict):
            first, count = given["from"], given["count"]
            given = [first - position * (first - 1) // max(count - 1, 1) for position in range(count)]
        for days in given:
            period = {"start": self.ago(days)}
            self.put("Encounter", status="finished", type=[self.concept("physiotherapy-visit")], period=period)

    def _add_treatments(self, items: Iterable[Any]) -> None:
        for item in items:
            spec = self.spec(item)
            status, days = spec.pop("status", "completed"), spec.pop("days", 1)
            used, outcome, side = spec.pop("used", None), spec.pop("outcome", None), spec.pop("side", None)
            extra: dict[str, Any] = {"performedDateTime": self.ago(days)}
            if used:
                extra["usedCode"] = [self.concept(used)]
            if outcome:
                extra["outcome"] = self.concept(outcome)
            if side:
                extra["bodySite"] = [{"text": side}]
            self.put("Procedure", status=status, code=self.concept(spec), **extra)

    def _add_reports(self, items: Iterable[Any]) -> None:
        for item in items:
            spec = self.spec(item)
            days, found, status = spec.pop("days", 1), spec.pop("found", []), spec.pop("status", "final")
            extra: dict[str, Any] = {"conclusionCode": [self.concept(part) for part in found]} if found else {}
            self.put("DiagnosticReport", status=status, code=self.concept(spec), effectiveDateTime=self.ago(days), **extra)

    def _add_taught(self, days: int) -> None:
        self.put("Communication", status="completed", category=[self.concept({"is": "education"})], sent=self.ago(days))

    def _add_requests(self, items: Iterable[Any]) -> None:
        for item in items:
            spec = self.spec(item)
            days, status = spec.pop("days", 1), spec.pop("status", "active")
            self.put("ServiceRequest", status=status, intent="order", code=self.concept(spec), authoredOn=self.ago(days))

    def _add_plans(self, items: Iterable[Any]) -> None:
        for item in items:
            spec = self.spec(item)
            status = spec.pop("status", "active")
            self.put("CarePlan", status=status, intent="plan", category=[self.concept(spec)])

    def _add_allergies(self, names: Iterable[str]) -> None:
        for name in names:
            self.put("AllergyIntolerance", "patient", code={"text": name})


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
