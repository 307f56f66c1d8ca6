"""The CDS Hooks endpoints."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson
from flask import Blueprint, Response, current_app, request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from ..content.library import Service
from ..errors import NotFound, NotJson, NotJsonType, NotStored, TooSlow
from ..fhir.decoding import hook_body
from ..fhir.prefetch import templates
from ..memory.database import MemoryDown
from ..pipeline import Pipeline
from .application import Json, address
from .audit import account
from .auth import Gate
from .feedback import said
from .metrics import Metrics
from .pace import Pace
from .protocol import parse
from .recorder import Recorder
from .repeats import refuse_hidden, refuse_repeated

# The version of the CDS Hooks specification that is implemented, not of this package (DISC-10).
SPECIFICATION = "2.0.0"
HOOK_VERSION = "1.0"


def json_response(body: Any, status: int = 200) -> Response:
    return Json(orjson.dumps(body), status)


def hooks(
    services: Mapping[str, Service],
    pipeline: Pipeline,
    version: str,
    gate: Gate,
    pace: Pace,
    recorder: Recorder,
    metrics: Metrics,
) -> Blueprint:
    """The endpoints over these services. Everything static is rendered here, once."""
    blueprint = Blueprint("hooks", __name__)
    discovered = orjson.dumps(discovery_document(services))

    @blueprint.get("/cds-services", strict_slashes=False)
    def discover() -> Response:
        gate.admit_to_discovery()
        return Json(discovered)

    # The public sandbox appends "/{id}" to the discovery URL as typed, so a trailing slash there doubles it.
    @blueprint.post("/cds-services/<service_id>", strict_slashes=False)
    @blueprint.post("/cds-services//<service_id>", strict_slashes=False, endpoint="call_doubled")
    def call(service_id: str) -> Response:
        caller = gate.admit()
        pace.keep(caller.client, request.remote_addr)
        service = _known(caller.services, service_id)
        text, body = json_body(hook_body)
        refuse_hidden(text, body)
        hook_request = parse(body, service.hook)
        if hook_request is None:
            return json_response({"cards": []})
        account().instance = hook_request.instance
        client, now = caller.client, current_app.config["CDS"].clock()
        who = recorder.who(client, hook_request)
        recall = recorder.recall(who, service, now)
        found = pipeline.run(service, hook_request, now.date(), f"{base_url()}/cards", servers=caller.servers, recall=recall)
        recorder.remember(who, hook_request, service, version, now, found)
        account().found = found
        return json_response({"cards": [] if client.shadow else found.cards})

    @blueprint.post("/cds-services/<service_id>/feedback", strict_slashes=False)
    @blueprint.post("/cds-services//<service_id>/feedback", strict_slashes=False, endpoint="hear_doubled")
    def hear(service_id: str) -> Response:
        caller = gate.admit()
        pace.keep(caller.client, request.remote_addr)
        service = _known(caller.services, service_id)
        text, body = json_body()
        refuse_repeated(text)
        items = said(body)
        if recorder.memory is None:
            raise NotStored("feedback is not stored here")
        try:
            new = recorder.hear(caller.client, service, items, current_app.config["CDS"].clock())
        except MemoryDown:
            metrics.lost("feedback")
            raise NotStored("feedback could not be stored; send it again") from None
        metrics.heard(new)
        account().heard = len(items), len(new)
        return json_response({})

    @blueprint.after_request
    def name_content(response: Response) -> Response:
        """Which content answered, on refusals too."""
        response.headers.add("X-CDS-Content-Version", version)
        return response

    return blueprint


def _known(services: Mapping[str, Service], service_id: str) -> Service:
    if service_id not in services:
        raise NotFound("there is no such CDS Service")
    account().service = service_id
    return services[service_id]


def discovery_document(services: Mapping[str, Service]) -> dict[str, Any]:
    """The answer of ``GET /cds-services``."""
    return {"services": [_described(service) for service in services.values()]}


_TITLES = {
    "patient-view": "Posterior hip and buttock nerve pain: opening a chart",
    "order-select": "Posterior hip and buttock nerve pain: choosing an order",
    "order-sign": "Posterior hip and buttock nerve pain: signing orders",
}
_DESCRIPTIONS = {
    "patient-view": "Red flags, first-line care and reassessment for posterior hip and buttock nerve pain.",
    "order-select": "Safer first choices when a nerve-pain medicine, an opioid or a referral is selected.",
    "order-sign": "Medicine safety checks when orders for posterior hip and buttock nerve pain are signed.",
}
_REQUIREMENTS = (
    "FHIR R4. Condition is required, by prefetch or from fhirServer; what else is missing is named in a card. "
    "Supports the clinician's judgement and does not replace it."
)


def _described(service: Service) -> dict[str, Any]:
    return {
        "hook": service.hook.value,
        "id": service.id,
        "title": _TITLES[service.hook],
        "description": _DESCRIPTIONS[service.hook],
        "version": SPECIFICATION,
        "hookVersion": HOOK_VERSION,
        "usageRequirements": _REQUIREMENTS,
        "prefetch": templates(service.sources),
    }


def json_body(parsed: Callable[[bytes], Any] = orjson.loads) -> tuple[bytes, Any]:
    """The body as text and parsed. Raises NotJsonType, TooSlow, NotJson, or RequestEntityTooLarge of werkzeug."""
    if not request.is_json:
        raise NotJsonType("send application/json")
    try:
        body = request.get_data(cache=False)
    except ClientDisconnected:
        raise TooSlow("the body did not arrive in time") from None
    account().bytes_in = len(body)
    # A body that does not tell its length is cut off at the limit, and what is cut off is not what was sent.
    if request.content_length is None and len(body) >= current_app.config["MAX_CONTENT_LENGTH"]:
        raise RequestEntityTooLarge
    try:
        return body, parsed(body)
    except orjson.JSONDecodeError:
        raise NotJson("the body is not JSON") from None


def base_url() -> str:
    """The address of the service as the client sees it."""
    public: str | None = current_app.config["CDS"].public_url
    return public or address(request._get_current_object())  # type: ignore[attr-defined]
