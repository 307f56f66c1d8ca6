"""A real server process, clients that misbehave, and an EHR that takes its time."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
VIEW = "/cds-services/posterior-hip-pain-patient-view"
REQUEST: dict[str, Any] = json.loads((ROOT / "fhir_fixtures" / "requests" / "piriformis-patient-view.json").read_text())


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def refused(self) -> tuple[int, str, str]:
        """Status, content type and issue code of an error."""
        assert self.json["resourceType"] == "OperationOutcome"
        return self.status, self.headers["Content-Type"].split(";")[0], self.json["issue"][0]["code"]


class _OverUnix(http.client.HTTPConnection):
    def __init__(self, path: str, seconds: float) -> None:
        super().__init__("localhost", timeout=seconds)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


@dataclass
class Served:
    """A ``cds-service serve`` process: on a port, or on a unix socket."""

    process: subprocess.Popen[bytes]
    place: int | str
    folder: Path

    def ask(
        self, path: str, body: Any = None, headers: dict[str, str] | None = None, *, method: str = "", seconds: float = 20
    ) -> Answer:
        if isinstance(self.place, str):
            connection: http.client.HTTPConnection = _OverUnix(self.place, seconds)
        else:
            connection = http.client.HTTPConnection("127.0.0.1", self.place, timeout=seconds)
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        given = {"Content-Type": "application/json"} if body is not None else {}
        try:
            connection.request(method or ("GET" if body is None else "POST"), path, data, given | (headers or {}))
            heard = connection.getresponse()
            return Answer(heard.status, dict(heard.headers), heard.read())
        finally:
            connection.close()

    def raw(self, seconds: float = 20) -> socket.socket:
        assert isinstance(self.place, int)
        return socket.create_connection(("127.0.0.1", self.place), timeout=seconds)

    def told(self, message: str) -> list[dict[str, Any]]:
        """The log lines with this message; every line is JSON."""
        lines = [json.loads(line) for line in (self.folder / "log").read_text().splitlines()]
        return [line for line in lines if line["message"] == message]

    def wait_for(self, message: str, seconds: float = 20) -> dict[str, Any]:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if found := self.told(message):
                return found[-1]
            time.sleep(0.05)
        raise AssertionError(f"nobody says {message!r}: {(self.folder / 'log').read_text()}")

    def workers(self) -> list[int]:
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(number) for number in listed.split()]


@contextmanager
def serving(folder: Path, place: int | str, *options: str, **environment: str) -> Iterator[Served]:
    """Runs the server until the end of the block."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CDS_")}
    where = ["--port", str(place)] if isinstance(place, int) else ["--bind", f"unix:{place}"]
    command = [sys.executable, "-m", "cds_service.cli", "serve", *where, *options]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stderr=log, stdout=log, env=clean | environment)
    served = Served(process, place, folder)
    try:
        _wait_until_up(served)
        yield served
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(40)


def _wait_until_up(served: Served) -> None:
    for _ in range(400):
        try:
            if served.ask("/healthz").status == 200:
                return
        except OSError:
            time.sleep(0.05)
        if served.process.poll() is not None:
            break
    raise AssertionError((served.folder / "log").read_text())


def heard(connection: socket.socket) -> Answer:
    """What a client that writes its requests by hand is answered."""
    answer = http.client.HTTPResponse(connection)
    answer.begin()
    return Answer(answer.status, dict(answer.headers), answer.read())


@dataclass
class Drip:
    """Clients that send one byte now and then, each on a connection of its own."""

    connections: list[socket.socket]
    sent: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(0.1):
            for connection in self.connections:
                try:
                    connection.send(b" ")
                    self.sent += 1
                except OSError:
                    pass

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        for connection in self.connections:
            connection.close()


class SlowEhr:
    """A FHIR server that answers every search with nothing, after a while."""

    def __init__(self, seconds: float) -> None:
        self.asked = threading.Event()
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                owner.asked.set()
                time.sleep(seconds)
                body = b'{"resourceType": "Bundle", "type": "searchset", "entry": []}'
                self.send_response(200)
                self.send_header("Content-Type", "application/fhir+json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Nothing is printed."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/fhir"


@contextmanager
def slow_ehr(seconds: float) -> Iterator[SlowEhr]:
    """It runs until the end of the block."""
    ehr = SlowEhr(seconds)
    threading.Thread(target=ehr.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield ehr
    finally:
        ehr.server.shutdown()
        ehr.server.server_close()
