"""An EHR's FHIR server in three moods on one port: ``/calm``, ``/slow`` (hundreds of milliseconds) and ``/failing``."""

from __future__ import annotations

import json
import random
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cds_service.demo.personas import Charts, fixtures_folder
from cds_service.fhir.prefetch import patient_of


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """The service hangs up at its deadline: nothing to tell."""


class FhirServers:
    """Serves the charts of the demo's personas as of a day."""

    def __init__(self, day: Any) -> None:
        charts = Charts.load(fixtures_folder()).on(day)
        self._charts = {kind: list(listed) for kind, listed in charts.items()}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                status, body = outer.answer(self.path)
                self.send_response(status)
                self.send_header("Content-Type", "application/fhir+json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def answer(self, path: str) -> tuple[int, bytes]:
        """Status and body for a path such as ``/slow/Condition?patient=piriformis``."""
        _, mood, rest = path.split("/", 2)
        time.sleep({"calm": 0.01, "slow": random.uniform(0.1, 0.9)}.get(mood, 0.02))
        if mood == "failing" and random.random() < 0.4:
            return random.choice((500, 503, 429, 404)), b'{"resourceType": "OperationOutcome", "issue": []}'
        kind, _, query = rest.partition("?")
        if "/" in kind:
            kind, _, identity = kind.partition("/")
            found = [r for r in self._charts.get(kind, []) if r["id"] == identity]
            return (200, json.dumps(found[0]).encode()) if found else (404, b"{}")
        patient = query.partition("patient=")[2].partition("&")[0]
        entries = [{"resource": r} for r in self._charts.get(kind, []) if patient_of(r) == patient]
        return 200, json.dumps({"resourceType": "Bundle", "type": "searchset", "entry": entries}).encode()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
