"""The line that each call leaves in the log, and the id of a request."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from operations_support import LIBRARY, PLANTED, SIGN, opioid_call
from trust_support import AUDIENCE, ISSUER, Key, claims, jwks, token

from cds_service import create_app
from cds_service.check import case_settings
from cds_service.pipeline import Pipeline
from cds_service.web.logs import configure

DOCS = (Path(__file__).parents[2] / "docs" / "observability.md").read_text()
KEY = Key("es-1")
SERVICE = SIGN.rpartition("/")[2]
EVERY = {"time", "level", "message", "request_id", "client", "mode", "service", "hookInstance", "status", "duration_ms"}
EVERY |= {"content", "bytes_in"}
REFUSED = EVERY | {"reason", "fields"}
Told = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Iterator[Told]:
    """The lines that were written since it was last asked; none of them holds anything of the patient."""

    def read() -> list[dict[str, Any]]:
        written = capsys.readouterr().err
        assert not [word for word in PLANTED if word in written]
        return [json.loads(line) for line in written.splitlines()]

    yield read
    configure("CRITICAL")


def opened() -> FlaskClient:
    """The service without authentication. It logs to the stderr that is there when it is made."""
    return create_app(replace(case_settings(), log_level="INFO", max_body_mb=1), LIBRARY).test_client()


def guarded(tmp_path: Path) -> FlaskClient:
    """With authentication: a client in live and one in shadow mode."""
    listed = [
        {"name": name, "issuer": ISSUER + path, "jwks": jwks(KEY), "audiences": [AUDIENCE], "mode": mode}
        for name, path, mode in (("north", "", "live"), ("south", "/shadow", "shadow"))
    ]
    file = tmp_path / "clients.yaml"
    file.write_text(json.dumps({"clients": listed}))
    return create_app(replace(case_settings(), log_level="INFO", clients=file), LIBRARY).test_client()


def bearer(path: str = SIGN, **changed: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {token(KEY, claims(path, **changed))}"}


def test_an_answered_call(told: Told) -> None:
    client = opened()
    body = opioid_call()
    answer = client.post(SIGN, json=body, headers={"X-Request-ID": "gw-1"})
    (line,) = told()
    assert set(line) == EVERY | {"cards", "snoozed", "withheld", "gaps"}
    assert line["duration_ms"] > 0
    assert line["bytes_in"] == len(json.dumps(body))
    assert line["content"] == answer.headers["X-CDS-Content-Version"]
    assert {name: line[name] for name in set(line) - {"time", "duration_ms", "bytes_in", "content"}} == {
        "level": "INFO",
        "message": "hook answered",
        "request_id": "gw-1",
        "client": "open",
        "mode": "live",
        "service": SERVICE,
        "hookInstance": body["hookInstance"],
        "status": 200,
        "cards": ["first-line-before-opioid"],
        "snoozed": [],
        "withheld": [],
        "gaps": [],
    }


def test_what_a_client_in_shadow_mode_did_not_get_is_told_as_withheld(told: Told, tmp_path: Path) -> None:
    door = guarded(tmp_path)
    door.post(SIGN, json=opioid_call(), headers=bearer(iss=f"{ISSUER}/shadow"))
    (line,) = told()
    assert (line["client"], line["mode"], line["cards"]) == ("south", "shadow", [])
    assert line["withheld"] == ["first-line-before-opioid"]


@dataclass
class Bad:
    """A call that is refused, and what the line says of it."""

    status: int
    reason: str
    body: Any = None
    path: str = SIGN
    type: str = "application/json"
    level: str = "WARNING"
    service: str = SERVICE
    fields: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()


NOT_SENT = tuple(f"{kind}: not sent, and no FHIR server to ask" for kind in ("Condition",))
BAD = {
    "not JSON": Bad(400, "NotJson", b"{Zebediah"),
    "an unknown service": Bad(404, "NotFound", opioid_call(), f"/cds-services/{PLANTED[0]}", service="other"),
    "no way to read the problems": Bad(412, "MissingData", {}, fields=("prefetch.Condition",), gaps=NOT_SENT),
    "too large": Bad(413, "RequestEntityTooLarge", b"Zebediah" * 200_000),
    "another type": Bad(415, "NotJsonType", b"<Zebediah/>", type="text/xml"),
    "no hook request": Bad(422, "NotAHookRequest", opioid_call(hookInstance="Zebediah"), fields=("hookInstance",)),
    "a fault of ours": Bad(500, "ZeroDivisionError", opioid_call(), level="ERROR"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_refused_call(told: Told, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    client, bad = opened(), BAD[name]
    body = bad.body
    if bad.status == 412:
        body = opioid_call()
        body["prefetch"].pop("Condition")
    if bad.status == 500:

        def fail(*_: Any, **__: Any) -> None:
            raise ZeroDivisionError(PLANTED[1])

        monkeypatch.setattr(Pipeline, "run", fail)
    data = body if isinstance(body, bytes) else json.dumps(body)
    answer = client.post(bad.path, data=data, content_type=bad.type)
    lines = told()
    line = lines[-1]
    assert (answer.status_code, line["status"], line["message"]) == (bad.status, bad.status, "hook refused")
    assert set(line) == REFUSED | {"gaps"}
    assert (line["level"], line["reason"], line["service"]) == (bad.level, bad.reason, bad.service)
    assert (tuple(line["fields"]), tuple(line["gaps"])) == (bad.fields, bad.gaps)
    assert line["bytes_in"] == len(data)
    assert len(line["request_id"]) == 32
    assert {one["request_id"] for one in lines} == {answer.headers["X-Request-ID"]}
    assert [one["message"] for one in lines[:-1]] == (["unexpected error"] if bad.status == 500 else [])


def test_a_call_that_is_not_authenticated(told: Told, tmp_path: Path) -> None:
    door = guarded(tmp_path)
    door.post(SIGN, json=opioid_call(), headers=bearer(exp=1))
    detail, line = told()
    assert (detail["message"], detail["iss"]) == ("token refused", ISSUER)
    assert set(line) == REFUSED | {"gaps"}
    assert (line["status"], line["reason"], line["client"], line["mode"]) == (401, "ExpiredSignatureError", None, "none")
    assert line["request_id"] == detail["request_id"]
    assert 'cds_tokens_refused_total{reason="ExpiredSignatureError"} 1.0' in door.get("/metrics").text


def test_feedback(told: Told, tmp_path: Path) -> None:
    item = {"card": "Zebediah", "outcome": "overridden", "outcomeTimestamp": "2026-03-02T12:00:00Z"}
    settings = replace(case_settings(), log_level="INFO", hash_key="k")
    good = create_app(replace(settings, database_url=f"sqlite:///{tmp_path / 'm.sqlite3'}"), LIBRARY)
    assert good.test_client().post(f"{SIGN}/feedback", json={"feedback": [item, item]}).status_code == 200
    good.extensions["memory"].close()
    (line,) = told()
    assert set(line) == EVERY | {"items", "new"}
    assert (line["message"], line["items"], line["new"], line["service"]) == ("feedback stored", 2, 1, SERVICE)
    assert good.test_client().post(f"{SIGN}/feedback", json={"feedback": []}).status_code == 422
    (line,) = told()
    assert (line["message"], line["reason"], line["fields"]) == ("feedback refused", "NotAHookRequest", ["feedback"])
    bad = create_app(replace(settings, database_url=f"sqlite:///{tmp_path / 'no' / 'm.sqlite3'}"), LIBRARY)
    told()
    assert bad.test_client().post(f"{SIGN}/feedback", json={"feedback": [item]}).status_code == 503
    line = told()[-1]
    assert set(line) == REFUSED
    assert (line["level"], line["status"], line["reason"]) == ("ERROR", 503, "NotStored")


@pytest.mark.parametrize("path", ["/healthz", "/cds-services", f"/cards?q={PLANTED[1]}", f"/{PLANTED[1]}"])
def test_what_is_not_about_a_patient_leaves_no_line(told: Told, path: str) -> None:
    client = opened()
    assert client.get(path).headers["X-Request-ID"]
    assert client.options(SIGN).status_code == 200
    assert told() == []


@pytest.mark.parametrize("good", ["a", "A-z_0.9", "x" * 64])
def test_a_good_id_is_taken(good: str) -> None:
    client = opened()
    assert client.get("/healthz", headers={"X-Request-ID": good}).headers["X-Request-ID"] == good


@pytest.mark.parametrize("bad", ["", "x" * 65, "x" * 1_000_000, "a b", "a/b", "é", "a,b", "٣", "a\t"])
def test_another_id_is_replaced(bad: str) -> None:
    client = opened()
    answer = client.get("/healthz", environ_overrides={"HTTP_X_REQUEST_ID": bad})
    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["X-Request-ID"])


def test_two_requests_have_two_ids() -> None:
    client = opened()
    assert len({client.get("/healthz").headers["X-Request-ID"] for _ in range(5)}) == 5


def test_every_member_is_documented() -> None:
    section = DOCS.split("\n## The log")[1].split("\n## ")[0]
    listed = {name for row in re.findall(r"(?m)^\| (`.+?) \|", section) for name in re.findall(r"`(\w+)`", row)}
    assert listed == REFUSED | {"cards", "snoozed", "withheld", "gaps", "items", "new"}
