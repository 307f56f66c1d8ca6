"""What the conformance tests share: the service as a client sees it, hook requests, and an EHR on loopback."""

from __future__ import annotations

import copy
import json
import os
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import quote, urlsplit

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from werkzeug import Request
from werkzeug.test import Client

from cds_service import create_app, packaged_cards
from cds_service.check import CASE_DAY
from cds_service.config import Settings
from cds_service.content.case_charts import request_for
from cds_service.content.library import Library
from cds_service.content.loader import load

_OF_THE_WAY = frozenset({"Connection", "Content-Encoding", "Content-Length", "Date", "Server", "Transfer-Encoding"})
HOOKS = ("patient-view", "order-select", "order-sign")
PATIENT = "case-patient"
SANDBOX = "https://sandbox.cds-hooks.org"
NOW = datetime.combine(CASE_DAY, datetime.min.time(), UTC).replace(hour=12)
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"


in_process = pytest.mark.skipif(
    "CONFORMANCE_URL" in os.environ, reason="looks into the process, or asks what a gateway does not let through"
)


@cache
def library() -> Library:
    return load(packaged_cards())


def service_app(**settings: Any) -> Flask:
    """The whole application on the day of the cases."""
    return create_app(Settings(**{"now": NOW, "log_level": "CRITICAL"} | settings), library())


def service(**settings: Any) -> FlaskClient:
    """The service in this process; with ``CONFORMANCE_URL`` the one that runs there, where it needs no settings of its own."""
    elsewhere = os.environ.get("CONFORMANCE_URL")
    if elsewhere and not settings:
        return cast("FlaskClient", Client(_forwarding(elsewhere)))
    return service_app(**settings).test_client()


def _forwarding(url: str) -> Callable[..., Iterable[bytes]]:
    """A WSGI application that asks the service at this address, below the path of the address."""
    session = requests.Session()

    def forward(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        asked = Request(environ)
        headers = {name: value for name, value in asked.headers.items() if name not in ("Host", "Content-Length") and value}
        # Links of its answers lead below the path already.
        place = f"{url}{quote(asked.path).removeprefix(urlsplit(url).path)}" + (
            f"?{asked.query_string.decode()}" if asked.query_string else ""
        )
        heard = session.request(asked.method, place, data=asked.get_data(), headers=headers, allow_redirects=False, timeout=20)
        start_response(f"{heard.status_code} {heard.reason}", [(n, v) for n, v in heard.headers.items() if n not in _OF_THE_WAY])
        return [heard.content]

    return forward


def path(hook: str) -> str:
    return f"/cds-services/posterior-hip-pain-{hook}"


def call(client: FlaskClient, body: Any, hook: str | None = None, **options: Any) -> Any:
    """Posts a body to the service of its hook."""
    return client.post(path(hook or body["hook"]), json=body, **options)


# -- requests ---------------------------------------------------------------------------------------------------------------


def request(hook: str, **given: Any) -> dict[str, Any]:
    """A hook request with every prefetch key; ``given`` is in the words of the cases beside the cards."""
    return request_for(library().terminology, given, hook, CASE_DAY)


def on_pathway(hook: str, **given: Any) -> dict[str, Any]:
    """A patient with deep gluteal syndrome; on the order hooks oxycodone is selected."""
    order = {} if hook == "patient-view" else {"ordering": "oxycodone"}
    return request(hook, **{"problems": ["deep-gluteal-syndrome"]} | order | given)


def smallest(hook: str) -> dict[str, Any]:
    """The smallest legal body: no prefetch, no server, no encounter."""
    context: dict[str, Any] = {"userId": "Practitioner/1", "patientId": PATIENT}
    if hook != "patient-view":
        context["draftOrders"] = {"resourceType": "Bundle", "type": "collection", "entry": []}
    if hook == "order-select":
        context["selections"] = []
    return {"hook": hook, "hookInstance": str(uuid.uuid4()), "context": context}


def bundle(*resources: Any, **members: Any) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": r} for r in resources], **members}


def failed(code: str = "exception") -> dict[str, Any]:
    """What a client sends when its query failed."""
    return {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": code}]}


def condition(code: str = "G57.01", patient: str = PATIENT, **members: Any) -> dict[str, Any]:
    system = "http://hl7.org/fhir/sid/icd-10-cm"
    return {
        "resourceType": "Condition",
        "id": "c1",
        "subject": {"reference": f"Patient/{patient}"},
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "code": {"coding": [{"system": system, "code": code}]},
        "onsetDateTime": "2026-01-20",
        **members,
    }


def without(body: Mapping[str, Any], *places: str) -> dict[str, Any]:
    """A copy without these members; a place is written with dots."""
    return changed(body, dict.fromkeys(places, ...))


def changed(body: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """A copy with these values at these places; ``...`` takes a member away."""
    result = copy.deepcopy(dict(body))
    for place, value in values.items():
        *parents, name = place.split(".")
        target: Any = result
        for parent in parents:
            target = target[parent]
        if value is ...:
            target.pop(name, None)
        else:
            target[name] = value
    return result


# -- answers ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Exchange:
    """One case sent through the service, and what came back."""

    name: str
    body: dict[str, Any]
    status: int
    headers: Mapping[str, str]
    text: str
    seconds: float

    @property
    def answer(self) -> Any:
        return strict_json(self.text)

    @property
    def cards(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.answer.get("cards", [])
        return found


def run_all_cases() -> list[Exchange]:
    """Every case of every card, and the same once more within an encounter."""
    client = service()
    found = []
    for recommendation in library().recommendations:
        for case in library().cases[recommendation.id]:
            body = request_for(library().terminology, case.get("given", {}), recommendation.hooks[0].value, CASE_DAY)
            began = time.perf_counter()
            answer = call(client, body)
            seconds = time.perf_counter() - began
            name = f"{recommendation.id}: {case['name']}"
            found.append(Exchange(name, body, answer.status_code, answer.headers, answer.text, seconds))
    return found


def strict_json(text: str) -> Any:
    """Parses JSON without the liberties of Python's parser: no NaN, no member given twice."""

    def refuse(constant: str) -> Any:
        raise AssertionError(f"{constant} is not JSON")

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len({name for name, _ in pairs}) == len(pairs), "a member is given twice"
        return dict(pairs)

    return json.loads(text, parse_constant=refuse, object_pairs_hook=members)


def empties(value: Any, place: str = "") -> Iterator[str]:
    """The places of null, blank strings, empty lists and empty objects."""
    if value is None or (isinstance(value, str) and not value.strip()) or value in ([], {}):
        yield place or "the whole"
    elif isinstance(value, dict):
        for name, member in value.items():
            yield from empties(member, f"{place}.{name}" if place else name)
    elif isinstance(value, list):
        for position, member in enumerate(value):
            yield from empties(member, f"{place}[{position}]")


def unnamed(value: Any) -> Any:
    """An answer without its uuids, which are new in every answer."""
    if isinstance(value, dict):
        return {name: unnamed(member) for name, member in value.items() if name != "uuid"}
    return [unnamed(member) for member in value] if isinstance(value, list) else value


def card_ids(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [card["source"]["topic"]["code"] for card in answer.json["cards"]]


def card_of(answer: Any, card_id: str) -> dict[str, Any]:
    """The card of this id in an answer."""
    found = [card for card in answer.json["cards"] if card["source"]["topic"]["code"] == card_id]
    assert len(found) == 1, card_ids(answer)
    card: dict[str, Any] = found[0]
    return card


def refusal(answer: Any, status: int) -> dict[str, Any]:
    """The first issue of an error answer, after checking that it is a clean OperationOutcome."""
    assert answer.status_code == status, answer.text
    assert answer.content_type.startswith("application/json")
    outcome = strict_json(answer.text)
    assert outcome["resourceType"] == "OperationOutcome"
    assert "cards" not in outcome
    assert not list(empties(outcome))
    assert not any(mark in answer.text for mark in ("<html", "<!doctype", "Traceback", ".py", "File "))
    issue: dict[str, Any] = outcome["issue"][0]
    assert issue["severity"] in ("fatal", "error", "warning", "information")
    assert issue["code"]
    return issue


# -- an EHR -----------------------------------------------------------------------------------------------------------------


@dataclass
class Ehr:
    """A FHIR server on loopback. ``data`` holds an answer for each resource type: a resource, a Bundle, a status code, a
    text, a number of seconds to wait, or ``...`` for an answer that trickles in and never ends; what is not in it is an
    empty Bundle."""

    data: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    tokens: list[str | None] = field(default_factory=list)
    base: str = ""

    @property
    def types(self) -> list[str]:
        """The resource types that were asked for, in alphabetical order."""
        return sorted(urlsplit(url).path.removeprefix("/fhir/").split("/")[0] for url in self.asked)


class _Handler(BaseHTTPRequestHandler):
    ehr: Ehr
    closing: threading.Event

    def do_GET(self) -> None:
        self.ehr.asked.append(self.path)
        self.ehr.tokens.append(self.headers.get("Authorization"))
        kind = urlsplit(self.path).path.removeprefix("/fhir/").split("/")[0]
        found = self.ehr.data.get(kind, bundle())
        if isinstance(found, float):
            self.closing.wait(found)
            found = bundle()
        if found is ...:
            self._trickle()
        elif isinstance(found, int):
            self._send(found, "application/fhir+json", json.dumps(failed()))
        elif isinstance(found, str):
            self._send(200, "text/html", found)
        elif "Location" in found:
            self._send(302, "text/plain", "", found["Location"])
        else:
            self._send(200, "application/fhir+json", json.dumps(found))

    def _trickle(self) -> None:
        self.close_connection = True
        try:
            self.send_response(200)
            self.send_header("Content-Length", "1000000")
            self.end_headers()
            while not self.closing.wait(0.02):
                self.wfile.write(b" ")
        except OSError:
            pass

    def _send(self, status: int, kind: str, text: str, location: str = "") -> None:
        data = text.encode()
        try:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            if location:
                self.send_header("Location", location)
            self.end_headers()
            self.wfile.write(data)
        except OSError:
            self.close_connection = True

    def log_message(self, *_: Any) -> None:
        pass


class _Server(ThreadingHTTPServer):
    request_queue_size = 64  # the service opens its connections all at once


def serve_ehr() -> Iterator[Ehr]:
    """Runs an EHR until the generator is closed."""
    ehr, closing = Ehr(), threading.Event()
    handler = type("Handler", (_Handler,), {"ehr": ehr, "closing": closing})
    with _Server(("127.0.0.1", 0), handler) as server:
        ehr.base = f"http://127.0.0.1:{server.server_address[1]}/fhir"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield ehr
        finally:
            closing.set()
            server.shutdown()
            thread.join()
