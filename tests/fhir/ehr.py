"""An EHR on loopback: a real HTTP server that remembers its calls and answers as it is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from fhir_support import PATIENT, bundle, source

from cds_service.fhir.client import FhirClient
from cds_service.fhir.gather import gather
from cds_service.fhir.hook import HookRequest
from cds_service.fhir.prefetch import Records
from cds_service.fhir.search import Fetched

Answer = Callable[["Call"], None]


class Call(BaseHTTPRequestHandler):
    """One request to the EHR on loopback."""

    server: Ehr

    def do_GET(self) -> None:
        self.server.calls.append((self.path, dict(self.headers.items())))
        self.server.answer(self)

    def send(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        for name, value in ({"Content-Type": "application/fhir+json", "Content-Length": str(len(body))} | named).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def send_json(self, value: Any, status: int = 200, **headers: str) -> None:
        self.send(json.dumps(value).encode(), status, **headers)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Nothing is printed."""


class Ehr(ThreadingHTTPServer):
    """A FHIR server on loopback: it remembers its calls and answers as it is told."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Call)
        self.calls: list[tuple[str, dict[str, str]]] = []
        self.answer: Answer = lambda call: call.send_json(bundle())
        self.closing = threading.Event()

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def base(self) -> str:
        return f"{self.origin}/fhir"

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.calls]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is no error of the test."""


def slow(ehr: Ehr) -> Answer:
    """Says nothing until the test is over."""

    def answer(_: Call) -> None:
        ehr.closing.wait(20)

    return answer


def dripping(ehr: Ehr) -> Answer:
    """Sends a byte now and then, for ever."""

    def answer(call: Call) -> None:
        call.send_response(200)
        call.send_header("Content-Length", "1000000")
        call.end_headers()
        while not ehr.closing.wait(0.05):
            call.wfile.write(b" ")
            call.wfile.flush()

    return answer


TOKEN = "a-token-of-this-call"
LONG = 5.0


def client(budget: float = LONG, allowed: tuple[str, ...] = ()) -> FhirClient:
    return FhirClient(allowed, budget)


def ask(ehr: Ehr, query: str = "Condition?patient=p1", token: str | None = None, budget: float = LONG) -> Fetched:
    return client(budget).fetch(ehr.base, token, {"it": query})["it"]


def ids(records: Records, kind: str = "Condition") -> list[str]:
    return [resource["id"] for resource in records.resources.get(kind, [])]


@dataclass
class Hook:
    """A hook call on one or two kinds of resource."""

    ehr: Ehr | None = None
    prefetch: Mapping[str, Any] = field(default_factory=dict)
    token: str | None = TOKEN
    server: str | None = None
    budget: float = LONG
    allowed: tuple[str, ...] = ()
    scope: str | None = None
    drafts: tuple[Mapping[str, Any], ...] = ()

    def gather(self, *sources: Any) -> Records:
        server = self.server or (self.ehr.base if self.ehr else None)
        orders = bundle(*self.drafts) if self.drafts else None
        hook = HookRequest(
            "order-sign", "i", PATIENT, "Practitioner/1", None, self.prefetch, server, self.token, self.scope, orders
        )
        return gather(hook, sources or (source("Condition"),), client(self.budget, self.allowed))


def reasons(records: Records) -> list[str]:
    return [gap.reason for gap in records.gaps]
