"""What the memory tests share: an application with a memory, hook calls and what a clinician says of the cards."""

from __future__ import annotations

import copy
import uuid
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from flask.testing import FlaskClient

from cds_service import create_app, packaged_cards
from cds_service.check import CASE_DAY, case_settings
from cds_service.config import Settings
from cds_service.content.case_charts import request_for
from cds_service.content.loader import load
from cds_service.memory.database import MemoryDown
from cds_service.memory.store import Memory
from cds_service.memory.veil import Veil

LIBRARY = load(packaged_cards())
_NOON = case_settings().now
assert _NOON is not None
NOON: datetime = _NOON
KEY = "a key of the tests"


def settings(database: str | None, days: float = 0, **changed: Any) -> Settings:
    """The settings of the cases, so many days later."""
    values = {"now": NOON + timedelta(days=days), "log_level": "CRITICAL", "database_url": database, "hash_key": KEY}
    return Settings(**values | changed)


OPENED: list[Memory] = []  # closed after each test (conftest.py)


def client(database: str | None, days: float = 0, **changed: Any) -> FlaskClient:
    app = create_app(settings(database, days, **changed), LIBRARY)
    if app.extensions["memory"]:
        OPENED.append(app.extensions["memory"])
    return app.test_client()


def memory(database: str, *, comments: bool = False) -> Memory:
    """A look from outside, at everything that was remembered so far."""
    for other in OPENED:
        with suppress(MemoryDown):
            other.settle()
    opened = Memory(database, Veil(KEY.encode()), comments)
    with suppress(MemoryDown):
        opened.recover()  # of servers that were killed
    OPENED.append(opened)
    return opened


def request(hook: str, encounter: str | None = "e1", **given: Any) -> dict[str, Any]:
    """A hook call in the words of the cases."""
    body = request_for(LIBRARY.terminology, given, hook, CASE_DAY)
    body["hookInstance"] = str(uuid.uuid4())
    if encounter:
        body["context"]["encounterId"] = encounter
    return body


def in_encounter(body: dict[str, Any], encounter: str | None) -> dict[str, Any]:
    changed = copy.deepcopy(body)
    changed["hookInstance"] = str(uuid.uuid4())
    changed["context"].pop("encounterId", None)
    if encounter:
        changed["context"]["encounterId"] = encounter
    return changed


def call(app: FlaskClient, body: dict[str, Any], **options: Any) -> dict[str, Any]:
    """The cards by id."""
    answer = app.post(f"/cds-services/posterior-hip-pain-{body['hook']}", json=body, **options)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return {card["source"]["topic"]["code"]: card for card in answer.json["cards"]}


def overridden(card: dict[str, Any], reason: str | None = "", **more: Any) -> dict[str, Any]:
    """A dismissed card; the first of its reasons unless another is named, None for none."""
    item: dict[str, Any] = {"card": card["uuid"], "outcome": "overridden", "outcomeTimestamp": "2026-03-02T12:00:00Z"} | more
    if reason is not None:
        chosen = next(r for r in card["overrideReasons"] if reason in ("", r["code"]))
        item["overrideReason"] = {"reason": {"code": chosen["code"], "system": chosen["system"]}} | more.get("overrideReason", {})
    return item


def accepted(card: dict[str, Any], *suggestions: str, **more: Any) -> dict[str, Any]:
    ids = suggestions or (card["suggestions"][0]["uuid"],)
    return {
        "card": card["uuid"],
        "outcome": "accepted",
        "acceptedSuggestions": [{"id": i} for i in ids],
        "outcomeTimestamp": "2026-03-02T12:00:00Z",
    } | more


def say(app: FlaskClient, hook: str, *items: Any) -> Any:
    return app.post(f"/cds-services/posterior-hip-pain-{hook}/feedback", json={"feedback": list(items)})
