"""What the tests of operation share: the service as it is run, an EHR and a collector of traces on loopback, and a patient whose
every identifier is planted."""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from ehr import Call, Ehr
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from trust_support import AUDIENCE, ISSUER, Key, claims, jwks, token

from cds_service import packaged_cards
from cds_service.check import CASE_DAY, case_settings
from cds_service.content.case_charts import request_for
from cds_service.content.loader import load
from cds_service.web.tally import MOMENT

LIBRARY = load(packaged_cards())
SIGN = "/cds-services/posterior-hip-pain-order-select"
OPIOID = {"problems": ["deep-gluteal-syndrome"], "ordering": "oxycodone", "egfr": 88, "blood_pressure": [128, 80], "age": 54}

# Nothing of this may be found in a log, a metric or a span.
PLANTED = ("zebra-4711", "Zebediah", "1931-07-19", "secret-token-7", "quagga-9", "okapi note", "enc-gnu-3", "kudu-header")
PATIENT, NAME, BORN, TOKEN, USER, NOTE, ENCOUNTER, HEADER = PLANTED

Series = dict[tuple[str, frozenset[tuple[str, str]]], float]


def opioid_call(**changed: Any) -> dict[str, Any]:
    """A hook call that one card answers, about the planted patient."""
    body: dict[str, Any] = request_for(LIBRARY.terminology, OPIOID, "order-select", CASE_DAY)
    body = json.loads(json.dumps(body).replace(body["context"]["patientId"], PATIENT))
    body["hookInstance"] = str(uuid.uuid4())
    body["context"] |= {"userId": f"Practitioner/{USER}", "encounterId": ENCOUNTER}
    body["prefetch"]["Patient"] |= {"name": [{"family": NAME}], "birthDate": BORN}
    body["context"]["draftOrders"]["entry"][0]["resource"]["note"] = [{"text": NOTE}]
    return body | changed


def with_ehr(body: dict[str, Any], ehr: Ehr, *asked: str) -> dict[str, Any]:
    """The same call, but these kinds have to be read from the EHR."""
    prefetch = {name: value for name, value in body["prefetch"].items() if name not in asked}
    authorization = {
        "access_token": TOKEN,
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "patient/*.read",
        "subject": "cds-service",
    }
    return body | {"prefetch": prefetch, "fhirServer": ehr.base, "fhirAuthorization": authorization}


def series(page: str) -> Series:
    """Every sample of a page in the text format."""
    found: Series = {}
    for name, labels, value in re.findall(r"(?m)^(\w+)(?:\{(.*)\})? (\S+)$", page):
        found[name, frozenset(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', labels))] = float(value)
    return found


def total(found: Series, name: str, **labels: str) -> float:
    """The sum of the series that have these labels."""
    return sum(value for (metric, having), value in found.items() if metric == name and having >= set(labels.items()))


def start(server: ThreadingHTTPServer) -> None:
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()


def refusing_some(call: Call) -> None:
    """An EHR that gives no procedures, and quotes the call in its errors."""
    if "/Procedure?" in call.path:
        call.send_json({"resourceType": "OperationOutcome", "issue": [{"diagnostics": call.path + NAME}]}, 500)
    else:
        call.send_json({"resourceType": "Bundle", "type": "searchset", "total": 0})


class Collector(ThreadingHTTPServer):
    """Takes traces over OTLP."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                owner.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Nothing is printed."""

        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def spans(self) -> list[Span]:
        parsed = [ExportTraceServiceRequest.FromString(body) for body in self.bodies]
        return [span for one in parsed for r in one.resource_spans for scope in r.scope_spans for span in scope.spans]


class Service:
    """``cds-service serve`` with two workers, one client in live and one in shadow mode."""

    def __init__(self, folder: Path, port: int, ehr: Ehr, **environment: str) -> None:
        self.key, self.port, self.folder = Key("es-1"), port, folder
        listed = [
            {"name": name, "issuer": ISSUER + path, "jwks": jwks(self.key), "audiences": [AUDIENCE], "mode": name}
            | {"fhir_servers": [ehr.base]}
            for name, path in (("live", ""), ("shadow", "/shadow"))
        ]
        (folder / "clients.yaml").write_text(json.dumps({"clients": listed}))
        settings = {
            "CDS_CLIENTS": str(folder / "clients.yaml"),
            "CDS_DATABASE_URL": f"sqlite:///{folder / 'memory.sqlite3'}",
            "CDS_NOW": str(case_settings().now),
            "CDS_DEADLINE_MS": "5000",
            "TMPDIR": str(folder),
        }
        command = [sys.executable, "-m", "cds_service.cli", "serve", "--port", str(port), "--workers", "2"]
        with (folder / "log").open("wb") as log:
            self.process = subprocess.Popen(command, env=os.environ | settings | environment, stderr=log, cwd=folder)
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                if total(self.metrics(), "cds_workers") == 2:
                    return
            except OSError:
                pass
            time.sleep(0.05)
        raise AssertionError((folder / "log").read_text())

    def ask(
        self, path: str, body: Any = None, over: http.client.HTTPConnection | None = None, **headers: str
    ) -> tuple[int, bytes, Mapping[str, str]]:
        """Asks over a connection that is kept, or over a new one."""
        connection = over or http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        data = None if body is None else json.dumps(body)
        named = {"Content-Type": "application/json"} | headers
        try:
            connection.request("GET" if body is None else "POST", path, data, named)
            answer = connection.getresponse()
            return answer.status, answer.read(), dict(answer.getheaders())
        finally:
            if not over:
                connection.close()

    def bearer(self, client: str = "live", path: str = SIGN) -> str:
        issuer = ISSUER + ("" if client == "live" else "/shadow")
        return "Bearer " + token(self.key, claims(path, iss=issuer))

    def call(self, body: Any, client: str = "live", **more: Any) -> tuple[int, bytes, Mapping[str, str]]:
        return self.ask(SIGN, body, Authorization=self.bearer(client), **more)

    def metrics(self) -> Series:
        """What is counted when every worker has written what it knows."""
        time.sleep(2 * MOMENT)
        return series(self.ask("/metrics")[1].decode())

    @property
    def workers(self) -> list[int]:
        found = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in found.split()]

    @property
    def counts(self) -> Path:
        """The directory that the workers share."""
        (found,) = self.folder.glob("cds-metrics-*")
        return found

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(30)


def eventually(true: Any, seconds: float = 10) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until
        time.sleep(0.05)
