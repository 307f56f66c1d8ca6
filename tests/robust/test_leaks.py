"""Words of a patient go into a real server, by every door; outside of the cards they come out nowhere."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest
from mutations import REQUESTS

SECRET = "Zyxwvut"
HOOK = "/cds-services/posterior-hip-pain-"


def marked(value: Any, key: str = "") -> Any:
    """The same with the secret in every name, text, note and identifier of the patient."""
    if isinstance(value, dict):
        return {name: marked(member, name) for name, member in value.items()}
    if isinstance(value, list):
        return [marked(member, key) for member in value]
    if key in ("text", "display", "div", "patientId", "encounterId", "userId") and isinstance(value, str):
        return f"{value}{'-' if key.endswith('Id') else ' '}{SECRET}"
    return value


def calls() -> Iterator[tuple[str, bytes]]:
    """What is answered, and what is refused for every reason."""
    for name, body in REQUESTS.items():
        text = json.dumps(marked(body))
        for old in {body["context"]["patientId"]}:
            text = text.replace(f'"Patient/{old}"', f'"Patient/{old}-{SECRET}"').replace(
                f'"id": "{old}"', f'"id": "{old}-{SECRET}"'
            )
        whole = json.loads(text)
        if name == "piriformis-patient-view":
            broken = [
                whole | {"prefetch": {"Patient": whole["prefetch"]["Patient"]}},
                whole | {"prefetch": SECRET},
                whole | {"hook": SECRET},
                whole | {"context": {**whole["context"], "patientId": f"Patient/{SECRET}", SECRET: SECRET}},
                whole | {"fhirServer": f"https://{SECRET}.example/fhir", "prefetch": {}},
                whole | {"fhirAuthorization": {"access_token": SECRET, SECRET: SECRET}},
                whole | {"prefetch": whole["prefetch"] | {"Condition": [{"resourceType": SECRET}], SECRET: SECRET}},
            ]
            yield from ((f"{HOOK}patient-view", json.dumps(b).encode()) for b in broken)
            yield f"{HOOK}patient-view", text.encode()[:-1]
            yield f"{HOOK}patient-view", text.replace('"prefetch":', f'"prefetch": {{"{SECRET}": 1}}, "prefetch":').encode()
            item = {"card": "c", "outcome": "overridden", "outcomeTimestamp": "2026-03-02T12:00:00Z"}
            said = {"feedback": [item | {"overrideReason": {"userComment": SECRET}}]}
            yield f"{HOOK}patient-view/feedback", json.dumps(said).encode()
            yield f"{HOOK}patient-view/feedback", json.dumps({"feedback": [{SECRET: SECRET, "card": SECRET * 20}]}).encode()
            yield f"{HOOK}{SECRET}", b"{}"
        yield f"{HOOK}{whole['hook']}", json.dumps(whole).encode()


def send(url: str, body: bytes | None = None) -> tuple[int, str]:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {SECRET}"}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=20) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        with error:
            return error.code, f"{error.headers}{error.read().decode()}"


def _wait(url: str) -> None:
    for _ in range(600):
        try:
            send(url)
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"{url} does not answer")


def journal(home: Path, work: Callable[[], object]) -> dict[str, bytes]:
    """What waits for the database, held while something is done."""
    held = sqlite3.connect(home / "memory.sqlite3", isolation_level=None)
    held.execute("BEGIN IMMEDIATE")
    work()
    found = {file.name: file.read_bytes() for file in home.rglob("*.journal") if file.is_file()}
    held.close()
    return found


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory, module_port: int) -> dict[str, Any]:
    """What can be seen of a server after all calls: its log, pages, answers by status, and its files."""
    home = tmp_path_factory.mktemp("server")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("CDS_")}
    environment |= {
        "CDS_DATABASE_URL": f"sqlite:///{home / 'memory.sqlite3'}",
        "CDS_LOG_LEVEL": "DEBUG",
        "CDS_NOW": "2026-03-02T12:00:00+00:00",
        "TMPDIR": str(home),
    }
    base = f"http://127.0.0.1:{module_port}"
    command = [sys.executable, "-m", "cds_service.cli", "serve", "--port", str(module_port)]
    with (home / "log").open("w") as log, subprocess.Popen(command, env=environment, stderr=log, stdout=log, cwd=home) as process:
        try:
            _wait(f"{base}/healthz")
            answers = [send(base + place, body) for place, body in calls()]
            pages = {page: send(base + page)[1] for page in ("/metrics", "/readyz", "/healthz", "/cards", "/openapi.yaml")}
            missing = send(f"{base}/cards/{SECRET}")
            waiting = journal(home, lambda: [send(base + place, body) for place, body in calls()])
        finally:
            process.terminate()
    files = {str(file.relative_to(home)): file.read_bytes() for file in home.rglob("*") if file.is_file()}
    return {"answers": [*answers, missing], "pages": pages, "files": files | waiting}


def test_every_door_was_tried(outside: dict[str, Any]) -> None:
    statuses = {status for status, _ in outside["answers"]}
    assert {200, 400, 404, 412, 422} == statuses
    assert any(SECRET in body for status, body in outside["answers"] if status == 200), "the cards name what they are about"


def test_no_refusal_repeats_anything_of_the_patient(outside: dict[str, Any]) -> None:
    assert [body for status, body in outside["answers"] if status != 200 and SECRET in body] == []


@pytest.mark.parametrize("page", ["/metrics", "/readyz", "/healthz", "/cards", "/openapi.yaml"])
def test_no_page_shows_anything_of_the_patient(outside: dict[str, Any], page: str) -> None:
    assert outside["pages"][page]
    assert SECRET not in outside["pages"][page]


def test_the_log_of_a_server_that_tells_everything_has_nothing_of_the_patient(outside: dict[str, Any]) -> None:
    log = outside["files"]["log"].decode()
    assert "hook answered" in log
    assert "hook refused" in log
    assert SECRET.lower() not in log.lower()


def test_no_file_of_the_server_has_anything_of_the_patient(outside: dict[str, Any]) -> None:
    """The database with its journals, and whatever was put into the folder for temporary files."""
    assert any(name.startswith("memory.sqlite3") for name in outside["files"])
    assert any(name.endswith(".journal") and b"posterior-hip-pain" in content for name, content in outside["files"].items())
    assert [name for name, content in outside["files"].items() if SECRET.encode().lower() in content.lower()] == []
