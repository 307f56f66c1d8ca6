"""The manners of four kinds of FHIR server over the same chart: how they page, what they demand, what they leave out."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from ehr import TOKEN, Call, Ehr
from fhir_support import Resource, outcome

from cds_service.fhir.elements import codings, local_id, reference

SEARCH_PARAMETERS = frozenset({"patient", "category"})


def chart_of(prefetch: Mapping[str, Any]) -> list[Resource]:
    """The resources of a complete prefetch."""
    return [r for value in prefetch.values() for r in _resources(value)]


def _resources(value: Any) -> Iterable[Resource]:
    if value and value["resourceType"] == "Bundle":
        return [entry["resource"] for entry in value.get("entry", ())]
    return [value] if value else []


@dataclass
class Vendor:
    """One EHR. ``category`` are types that it searches by category only, ``unknown`` those that it does not have (404 in
    HTML); ``apart`` says that medicines are Medications of their own, ``named`` that the reference to one says its name."""

    ehr: Ehr
    chart: list[Resource]
    page: int = 20
    total: bool = False
    strict: bool = False
    notes: bool = False
    category: frozenset[str] = frozenset()
    apart: bool = False
    named: bool = True
    unknown: frozenset[str] = frozenset()
    _rest: dict[str, list[Resource]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.apart:
            self._set_apart()
        self.ehr.answer = self.answer

    def answer(self, call: Call) -> None:
        if call.headers.get("Authorization") != f"Bearer {TOKEN}" or call.headers.get("Accept") != "application/fhir+json":
            call.send(b"", 401)
            return
        parts = urlsplit(call.path.removeprefix("/fhir/"))
        kind, _, identity = parts.path.partition("/")
        asked = dict(parse_qsl(parts.query))
        if kind in self.unknown:
            call.send(b"<html>404</html>", 404, Content_Type="text/html")
        elif identity:
            self._read(call, kind, identity)
        elif "cursor" in asked:
            self._send_page(call, kind, self._rest.pop(asked["cursor"]))
        elif (self.strict and set(asked) - SEARCH_PARAMETERS) or (
            self.category and kind == "Observation" and "category" not in asked
        ):
            call.send_json(outcome("invalid"), 400)
        else:
            self._send_page(call, kind, [r for r in self.chart if r["resourceType"] == kind and _fits(r, asked)])

    def _refuses(self, kind: str, asked: Mapping[str, str]) -> bool:
        if kind in self.category and "category" not in asked:
            return True
        return self.strict and not SEARCH_PARAMETERS.issuperset(asked)

    def _read(self, call: Call, kind: str, identity: str) -> None:
        found = [r for r in self.chart if (r["resourceType"], r.get("id")) == (kind, identity)]
        if found:
            call.send_json(found[0])
        else:
            call.send_json(outcome("not-found"), 404)

    def _send_page(self, call: Call, kind: str, left: list[Resource]) -> None:
        now, later = left[: self.page], left[self.page :]
        entries = [{"fullUrl": f"{self.ehr.base}/{kind}/{r.get('id')}", "resource": r, "search": {"mode": "match"}} for r in now]
        if self.notes:
            note = outcome("processing", "information" if entries else "warning")
            entries.append({"fullUrl": "urn:uuid:note", "resource": note, "search": {"mode": "outcome"}})
        page: Resource = {"resourceType": "Bundle", "type": "searchset", "entry": entries}
        if self.total:
            page["total"] = len(entries)  # of this page only, as Epic and MEDITECH have it
        if later:
            cursor = f"{kind}-{len(self._rest)}"
            self._rest[cursor] = later
            page["link"] = [
                {"relation": "self", "url": "x"},
                {"relation": "next", "url": f"{self.ehr.base}/{kind}?cursor={cursor}"},
            ]
        call.send_json(page)

    def _set_apart(self) -> None:
        self.chart = copy.deepcopy(self.chart)
        for resource in [r for r in self.chart if "medicationCodeableConcept" in r]:
            concept, identity = resource.pop("medicationCodeableConcept"), f"med-{len(self.chart)}"
            self.chart.append({"resourceType": "Medication", "id": identity, "code": concept})
            pointer = {"reference": f"Medication/{identity}"}
            if self.named:
                pointer["display"] = concept.get("text") or concept["coding"][0].get("display", "medicine")
            resource["medicationReference"] = pointer


def _fits(resource: Resource, asked: Mapping[str, str]) -> bool:
    whose = resource.get("subject") or resource.get("patient")
    if whose and local_id(reference(whose)) != asked.get("patient"):
        return False
    categories = {code for _, code, _ in codings(resource.get("category"))}
    return "category" not in asked or not categories or not categories.isdisjoint(asked["category"].split(","))


STYLES: dict[str, dict[str, Any]] = {
    "hapi": {"page": 20, "total": True},
    "epic": {
        "page": 1000,
        "total": True,
        "notes": True,
        "category": frozenset({"Observation"}),
        "apart": True,
        "unknown": frozenset({"MedicationStatement", "ImagingStudy", "EpisodeOfCare", "Communication"}),
    },
    "oracle": {"page": 25, "strict": True, "category": frozenset({"CarePlan"})},
    "meditech": {"page": 20, "total": True, "apart": True, "named": False},
}
