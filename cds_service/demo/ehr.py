"""The FHIR endpoint of the demo EHR: reads and simple searches over the personas' charts, and nothing is ever written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import orjson
from flask import Blueprint, Response, current_app, request
from werkzeug.datastructures import CombinedMultiDict, MultiDict

from ..errors import NotFound, ServiceError, outcome
from ..fhir.elements import codings
from ..fhir.prefetch import SOURCES, patient_of
from ..web.views import base_url
from .personas import Charts, Resource

FHIR_JSON = "application/fhir+json"


def demo_ehr(charts: Charts) -> Blueprint:
    """The endpoint at ``/fhir``. CORS comes from the application."""
    blueprint = Blueprint("demo_ehr", __name__, url_prefix="/fhir")
    types = sorted({source.resource_type for source in SOURCES})

    def of_type(resource_type: str) -> list[Resource]:
        if resource_type not in types:
            raise NotFound("this server has no resources of that type")
        return charts.on(current_app.config["CDS"].clock().date()).get(resource_type, [])

    @blueprint.get("/metadata")
    def metadata() -> Response:
        return _fhir(_capabilities(types, str(current_app.config["CDS"].clock().date())))

    @blueprint.get("/<resource_type>")
    @blueprint.post("/<resource_type>/_search", endpoint="search_by_post")
    def search(resource_type: str) -> Response:
        parameters = CombinedMultiDict([request.args, request.form])
        return _fhir(_searchset(matching(of_type(resource_type), parameters)))

    @blueprint.get("/<resource_type>/<identity>")
    def read(resource_type: str, identity: str) -> Response:
        for resource in of_type(resource_type):
            if resource["id"] == identity:
                return _fhir(resource)
        raise NotFound("there is no such resource")

    @blueprint.errorhandler(ServiceError)
    def failed(error: ServiceError) -> Response:
        return _fhir(outcome(error.code, error.text), error.status)

    return blueprint


def matching(resources: Iterable[Resource], parameters: MultiDict[str, str]) -> list[Resource]:
    """The resources that fit every known parameter: a comma means "or", a repeated parameter "and". Parameters that are
    not known are passed over, as a lenient server does."""
    found = list(resources)
    for name, values in parameters.lists():
        fits = _FITS.get(name)
        for value in values if fits else ():
            wanted = value.split(",")
            found = [r for r in found if fits and any(fits(r, one) for one in wanted)]
    return found


def _about(resource: Resource, value: str) -> bool:
    whose = resource["id"] if resource["resourceType"] == "Patient" else patient_of(resource)
    return bool(value) and value.rpartition("Patient/")[2] == whose


def _coded(*elements: str) -> Callable[[Resource, str], bool]:
    """A token search: ``code``, ``system|code``, ``system|`` or ``|code``."""

    def fits(resource: Resource, value: str) -> bool:
        system, bar, code = value.rpartition("|")
        return any(
            (not code or found == code) and (not bar or system == of)
            for element in elements
            for of, found, _ in codings(resource.get(element))
        )

    return fits


_FITS: Mapping[str, Callable[[Resource, str], bool]] = {
    "_id": lambda resource, value: resource["id"] == value,
    "patient": _about,
    "subject": _about,
    "subject:Patient": _about,
    "category": _coded("category"),
    "code": _coded("code", "medicationCodeableConcept"),
    "status": lambda resource, value: resource.get("status") == value.rpartition("|")[2],
}


def _base() -> str:
    return f"{base_url()}/fhir"


def _searchset(found: list[Resource]) -> dict[str, Any]:
    """One page with everything: the charts are small."""
    entries = [{"fullUrl": f"{_base()}/{r['resourceType']}/{r['id']}", "resource": r, "search": {"mode": "match"}} for r in found]
    bundle = {"resourceType": "Bundle", "type": "searchset", "total": len(found)}
    return bundle | {"entry": entries} if entries else bundle


def _fhir(body: Mapping[str, Any], status: int = 200) -> Response:
    return Response(orjson.dumps(body), status, mimetype=FHIR_JSON)


def _capabilities(types: Iterable[str], day: str) -> dict[str, Any]:
    tokens = [("_id", "token"), ("category", "token"), ("code", "token"), ("status", "token")]
    references = [("patient", "reference"), ("subject", "reference")]

    def described(resource_type: str) -> dict[str, Any]:
        known = tokens[:1] if resource_type == "Patient" else tokens + references
        return {
            "type": resource_type,
            "interaction": [{"code": "read"}, {"code": "search-type"}],
            "searchParam": [{"name": name, "type": kind} for name, kind in known],
        }

    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": day,
        "kind": "instance",
        "implementation": {"description": "Demo EHR with synthetic patients, read only", "url": _base()},
        "fhirVersion": "4.0.1",
        "format": [FHIR_JSON, "json"],
        "rest": [{"mode": "server", "resource": [described(resource_type) for resource_type in types]}],
    }
