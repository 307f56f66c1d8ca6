"""What case charts are made of: resources of one patient, dates in days ago, and codes by the name of a value set."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from ..fhir.terminology import Terminology

PATIENT = "case-patient"
HL7 = "http://terminology.hl7.org/CodeSystem"
_SYSTEMS = {
    "icd": "http://hl7.org/fhir/sid/icd-10-cm",
    "sct": "http://snomed.info/sct",
    "loinc": "http://loinc.org",
    "rxnorm": "http://www.nlm.nih.gov/research/umls/rxnorm",
    "local": "https://example.org/fhir/CodeSystem/posterior-hip-pathway",
}


class BadCase(ValueError):
    """A case that uses a word which is not known."""


@dataclass
class Parts:
    """The chart that a case builds, resource by resource."""

    terminology: Terminology
    today: date
    resources: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def put(self, kind: str, whose: str = "subject", /, **content: Any) -> None:
        listed = self.resources.setdefault(kind, [])
        identity = {"resourceType": kind, "id": f"{kind.lower()}-{len(listed) + 1}"}
        listed.append({**identity, whose: {"reference": f"Patient/{PATIENT}"}, **content})

    def ago(self, days: int) -> str:
        return (self.today - timedelta(days=days)).isoformat()

    @staticmethod
    def spec(item: Any) -> dict[str, Any]:
        return dict(item) if isinstance(item, dict) else {"is": item}

    def concept(self, spec: Any) -> dict[str, Any]:
        """A CodeableConcept: the first code of a value set, given words, or a given code."""
        spec = self.spec(spec)
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
