"""What goes over the wire: the demo EHR as a CDS Client of its own service, and every exchange kept for looking at."""

from __future__ import annotations

import shlex
import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import orjson
from flask import Flask, request

from ..errors import ServiceError
from ..explain import as_data, examine
from ..fhir.elements import items
from ..fhir.prefetch import patient_of
from ..pathway.recommendation import Hook
from ..pathway.stages import Clock, Place, clock, places
from ..web.auth import ANYBODY
from ..web.protocol import parse
from ..web.views import base_url
from .personas import Resource

# What a refusal means to somebody who has just pasted a request.
_PLAIN = {
    400: "The service could not read this as JSON.",
    401: "The service asks for a token: it runs with CDS_CLIENTS, and this page has none.",
    404: "There is no such service.",
    412: "The service cannot answer without the problem list.",
    413: "This is larger than the service accepts (CDS_MAX_BODY_MB).",
    415: "The service takes application/json only.",
    422: "This is not a request that the service understands.",
    500: "The service failed. Its log has the place.",
    503: "The service could not store this. Send it again later.",
}


@dataclass(frozen=True)
class Exchange:
    """One request and its answer, as they went over the wire. ``took`` is in milliseconds."""

    title: str
    url: str
    sent: bytes
    status: int
    received: bytes
    took: float

    @cached_property
    def answer(self) -> Any:
        """The parsed answer; None when it is not JSON."""
        try:
            return orjson.loads(self.received)
        except orjson.JSONDecodeError:
            return None

    @property
    def request_text(self) -> str:
        return readable(self.sent)

    @property
    def response_text(self) -> str:
        return readable(self.received)

    @property
    def curl(self) -> str:
        """The same request for a POSIX shell."""
        words = ["-H", "Content-Type: application/json", "--data-binary", "@-"]  # an argument has at most 128 kB
        return f"curl -s {shlex.quote(self.url)} {shlex.join(words)} <<'EOF'\n{self.sent.decode('utf-8', 'replace').strip()}\nEOF"

    @property
    def problem(self) -> str:
        """What went wrong, in plain words; empty when nothing did."""
        if self.status == 200:
            return ""
        issues = self.answer.get("issue", []) if isinstance(self.answer, dict) else []
        told = "; ".join(issue["details"]["text"] for issue in issues)
        return f"{_PLAIN.get(self.status, 'The service refused this.')} Status {self.status}{': ' + told if told else ''}"


@dataclass(frozen=True)
class Explained:
    """Why a request got its answer: the explanation as data, the stages of the pathway and the clock."""

    data: Mapping[str, Any]
    places: tuple[Place, ...]
    clock: Clock | None


class CdsClient:
    """Calls the service of this process over its own WSGI interface, as an EHR would call it over HTTP."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    def request(
        self,
        hook: Hook,
        visit: str,
        patient: str,
        chart: Iterable[Resource],
        drafts: Sequence[Resource],
        selections: Sequence[str],
    ) -> dict[str, Any]:
        """A hook request with every prefetch key that discovery asks for, filled from a chart."""
        context: dict[str, Any] = {"userId": "Practitioner/demo", "patientId": patient, "encounterId": f"demo-{visit}"}
        if hook is not Hook.PATIENT_VIEW:
            entries = [{"resource": draft} for draft in drafts]
            context["draftOrders"] = {"resourceType": "Bundle", "type": "collection", "entry": entries}
        if hook is Hook.ORDER_SELECT:
            context["selections"] = list(selections)
        prefetch = prefetch_of(self._templates(hook), patient, chart)
        return {"hook": hook.value, "hookInstance": str(uuid.uuid4()), "context": context, "prefetch": prefetch}

    def fire(self, title: str, hook: Hook, body: bytes) -> Exchange:
        """One call of the service for a hook."""
        return self._post(title, f"/cds-services/posterior-hip-pain-{hook}", body)

    def feedback(self, hook: Hook, items: Sequence[Mapping[str, Any]]) -> Exchange:
        """Delivers what was done with cards that came on this hook."""
        body = orjson.dumps({"feedback": list(items)})
        return self._post("feedback", f"/cds-services/posterior-hip-pain-{hook}/feedback", body)

    def explain(self, hook: Hook, body: bytes) -> Explained | None:
        """Why this body gets its answer; None where there is nothing to evaluate or the service refuses it."""
        runtime, recorder = self._app.extensions["runtime"], self._app.extensions["recorder"]
        try:
            hook_request = parse(orjson.loads(body), hook)
            if hook_request is None:
                return None
            service = runtime.services[f"posterior-hip-pain-{hook}"]
            recall = recorder.recall(recorder.who(ANYBODY, hook_request), service, runtime.settings.clock())
            found = examine(runtime, service, hook_request, recall)
        except (ServiceError, orjson.JSONDecodeError):
            return None
        shown = {decision.recommendation.stage for decision in found.outcome.shown}
        return Explained(as_data(found), places(runtime.library.stages, found.chart, shown), clock(found.chart))

    def _templates(self, hook: Hook) -> Mapping[str, str]:
        services = orjson.loads(self._app.test_client().get("/cds-services").data)["services"]
        found: Mapping[str, str] = next(service["prefetch"] for service in services if service["hook"] == hook)
        return found

    def _post(self, title: str, path: str, body: bytes) -> Exchange:
        began = time.perf_counter()
        client = self._app.test_client()
        answer = client.post(path, data=body, content_type="application/json", base_url=request.url_root.rstrip("/"))
        took = (time.perf_counter() - began) * 1000
        return Exchange(title, f"{base_url()}{path}", body, answer.status_code, answer.data, took)


def prefetch_of(templates: Mapping[str, str], patient: str, chart: Iterable[Resource]) -> dict[str, Any]:
    """The answers to prefetch templates: the Patient, and a Bundle of each type, empty where there is none."""
    by_type: dict[str, list[Resource]] = {}
    for resource in chart:
        whose = resource.get("id") if resource["resourceType"] == "Patient" else patient_of(resource)
        if whose == patient:
            by_type.setdefault(resource["resourceType"], []).append(resource)
    found: dict[str, Any] = {}
    for key, template in templates.items():
        kind = template.partition("?")[0].partition("/")[0]
        listed = by_type.get(kind, [])
        if kind == "Patient":
            found[key] = listed[0] if listed else None
        else:
            found[key] = {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": r} for r in listed]}
    return found


def as_far_as_sent(request: Mapping[str, Any], sent: Mapping[str, Any]) -> dict[str, Any]:
    """The request with no more prefetch than somebody's own had: what was not sent stays absent, what failed stays failed, and
    a Bundle keeps its links and whatever in it is no resource of this patient. Unknown must not become "there is none"."""
    before = sent.get("prefetch")
    before = before if isinstance(before, dict) else {}
    patient, made = request["context"]["patientId"], request["prefetch"]
    prefetch = {key: _as_sent(key, value, made.get(key), patient) for key, value in before.items()}
    server = {name: sent[name] for name in ("fhirServer", "fhirAuthorization") if name in sent}
    return {**request, **server, "prefetch": prefetch}


def _as_sent(kind: str, sent: Any, made: Any, patient: str) -> Any:
    is_own = isinstance(sent, dict) and sent.get("resourceType") == kind
    if made is None or sent is None or is_own:
        return sent if made is None else made
    if not isinstance(sent, dict) or sent.get("resourceType") != "Bundle":
        return sent

    def is_remade(entry: Any) -> bool:
        resource = entry.get("resource") if isinstance(entry, dict) else None
        return isinstance(resource, dict) and resource.get("resourceType") == kind and patient_of(resource) == patient

    return {**sent, "entry": [*made["entry"], *(entry for entry in items(sent.get("entry")) if not is_remade(entry))]}


def readable(body: bytes) -> str:
    """JSON with indents; anything else as it came."""
    try:
        return orjson.dumps(orjson.loads(body), option=orjson.OPT_INDENT_2).decode()
    except orjson.JSONDecodeError:
        return body.decode("utf-8", "replace")
