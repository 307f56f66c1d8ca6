"""Medicines and orders of a case: what is taken, what is drafted, and what of it is selected."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .case_parts import HL7, PATIENT, BadCase, Parts


@dataclass
class Orders(Parts):
    """The words of a case that speak of medicines and orders."""

    drafts: list[dict[str, Any]] = field(default_factory=list)
    selections: list[str] = field(default_factory=list)

    def _add_medicines(self, items: Iterable[Any]) -> None:
        for item in items:
            self.put("MedicationRequest", **self._medicine(self.spec(item), "active"))

    def _add_ordering(self, items: Any) -> None:
        for item in items if isinstance(items, list) else [items]:
            draft = self._draft("MedicationRequest", self._medicine(self.spec(item), "draft"))
            self.selections.append(f"MedicationRequest/{draft['id']}")

    def _add_drafts(self, items: Iterable[Any]) -> None:
        for item in items:
            self._draft("MedicationRequest", self._medicine(self.spec(item), "draft"))

    def _add_requesting(self, items: Iterable[Any]) -> None:
        for item in items:
            spec = self.spec(item)
            details, weeks, note = spec.pop("details", []), spec.pop("weeks", None), spec.pop("note", None)
            side, reason = spec.pop("side", None), spec.pop("for", None)
            order: dict[str, Any] = {"status": "draft", "intent": "order", "code": self.concept(spec)}
            if details:
                order["orderDetail"] = [self.concept(part) for part in details]
            if weeks:
                order["occurrencePeriod"] = {"start": self.ago(0), "end": self.ago(-7 * weeks)}
            if note:
                order["note"] = [{"text": note}]
            if side:
                order["bodySite"] = [{"text": side}]
            if reason:
                order["reasonCode"] = [self.concept(reason)]
            draft = self._draft("ServiceRequest", order)
            self.selections.append(f"ServiceRequest/{draft['id']}")

    def _medicine(self, spec: dict[str, Any], status: str) -> dict[str, Any]:
        days, ended = spec.pop("days", 1), spec.pop("ended", None)
        mg, times, once = spec.pop("mg", None), spec.pop("times", 1), spec.pop("once", False)
        inpatient = spec.pop("inpatient", once)
        reason = spec.pop("for", None)
        request: dict[str, Any] = {
            "status": spec.pop("status", status),
            "intent": "order",
            "medicationCodeableConcept": {"text": spec.pop("is")},
            "authoredOn": self.ago(days),
        }
        repeat: dict[str, Any] = {"frequency": times, "period": 1, "periodUnit": "d"} if mg or once else {}
        if once:
            repeat["count"] = 1
        if inpatient:
            request["category"] = [{"coding": [{"system": f"{HL7}/medicationrequest-category", "code": "inpatient"}]}]
        if ended is not None:
            repeat["boundsPeriod"] = {"start": self.ago(max(days, ended)), "end": self.ago(ended)}
        dosage: dict[str, Any] = {"timing": {"repeat": repeat}} if repeat else {}
        if mg:
            dosage["doseAndRate"] = [{"doseQuantity": {"value": mg, "code": "mg"}}]
        if dosage:
            request["dosageInstruction"] = [dosage]
        if reason:
            request["reasonCode"] = [self.concept(reason)]
        if spec:
            raise BadCase(f"unknown word {', '.join(sorted(spec))} for a medicine")
        return request

    def _draft(self, kind: str, content: Mapping[str, Any]) -> dict[str, Any]:
        identity = {"resourceType": kind, "id": f"draft-{len(self.drafts) + 1}", "subject": {"reference": f"Patient/{PATIENT}"}}
        draft: dict[str, Any] = {**identity, **content}
        self.drafts.append(draft)
        return draft
