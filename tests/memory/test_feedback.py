"""Feedback: what is accepted, what is refused, and that nothing is lost or counted twice (group FB)."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from flask.testing import FlaskClient
from memory_support import accepted, call, client, memory, overridden, request, say
from sqlalchemy import select

from cds_service.memory.tables import accepted as accepted_table
from cds_service.memory.tables import feedback

HOOK = "order-select"
OPIOID = {"problems": ["deep-gluteal-syndrome"], "ordering": "oxycodone", "egfr": 88, "blood_pressure": [128, 80], "age": 54}


def rows(database: str) -> list[Any]:
    with memory(database).reading() as connection:
        return list(connection.execute(select(feedback).order_by(feedback.c.id)))


@pytest.fixture
def app(database: str) -> FlaskClient:
    return client(database)


@pytest.fixture
def card(app: FlaskClient) -> dict[str, Any]:
    found: dict[str, Any] = call(app, request(HOOK, **OPIOID))["first-line-before-opioid"]
    return found


def test_a_dismissed_card_is_stored(app: FlaskClient, database: str, card: dict[str, Any]) -> None:
    """FB-01, FB-05."""
    answer = say(app, HOOK, overridden(card, "palliative-or-cancer-care"))
    assert (answer.status_code, answer.json) == (200, {})
    (row,) = rows(database)
    assert (row.client, row.card, row.known, row.outcome, row.reason, row.commented) == (
        "open",
        card["uuid"],
        True,
        "overridden",
        "palliative-or-cancer-care",
        False,
    )


def test_accepted_suggestions_are_stored(app: FlaskClient, database: str, card: dict[str, Any]) -> None:
    """FB-04: several."""
    ids = [suggestion["uuid"] for suggestion in card["suggestions"]]
    assert say(app, HOOK, accepted(card, *ids)).status_code == 200
    with memory(database).reading() as connection:
        assert {row.suggestion for row in connection.execute(select(accepted_table))} == set(ids)


def test_a_delivery_that_is_repeated_is_counted_once(app: FlaskClient, database: str, card: dict[str, Any]) -> None:
    """FB-06."""
    item = overridden(card)
    assert [say(app, HOOK, item, item).status_code for _ in range(3)] == [200] * 3
    assert len(rows(database)) == 1


def test_one_post_may_hold_many_cards(app: FlaskClient, database: str, card: dict[str, Any]) -> None:
    """FB-06: another statement on the same card is a statement of its own."""
    other = call(app, request(HOOK, **OPIOID))["first-line-before-opioid"]
    items = (overridden(card), accepted(card), overridden(other, None), overridden(card, outcomeTimestamp="2026-03-03T00:00:00Z"))
    assert say(app, HOOK, *items).status_code == 200
    assert Counter((row.card, row.outcome) for row in rows(database)) == {
        (card["uuid"], "overridden"): 2,
        (card["uuid"], "accepted"): 1,
        (other["uuid"], "overridden"): 1,
    }


@pytest.mark.parametrize("strange", ["15e08f26-6425-4801-8d8e-6dec2b2f6c21", "not-a-uuid"])
def test_a_card_that_is_not_known_is_recorded_all_the_same(app: FlaskClient, database: str, strange: str) -> None:
    """FB-09: it may be older than what is kept."""
    item = {"card": strange, "outcome": "overridden", "outcomeTimestamp": "1985-04-12T23:20:50.52Z"}
    assert say(app, HOOK, item).status_code == 200
    assert [(row.card, row.known) for row in rows(database)] == [(strange, False)]


COMMENT = "patient Zebediah told me so"


@pytest.mark.parametrize(("keep", "kept"), [(False, None), (True, COMMENT)])
def test_comments_are_kept_only_where_the_site_wants_them(
    database: str, keep: bool, kept: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    """FB-10: free text may hold patient data; it is in no log either."""
    app = client(database, store_comments=keep, log_level="DEBUG")
    card = call(app, request(HOOK, **OPIOID))["first-line-before-opioid"]
    assert say(app, HOOK, overridden(card, None) | {"overrideReason": {"userComment": COMMENT}}).status_code == 200
    assert [(row.comment, row.commented) for row in rows(database)] == [(kept, True)]
    assert "Zebediah" not in capsys.readouterr().err


GOOD = {"card": "c1", "outcome": "overridden", "outcomeTimestamp": "2026-03-02T12:00:00Z"}


@pytest.mark.parametrize(
    "body",
    [
        [],
        "x",
        None,
        {},
        {"feedback": {}},
        {"feedback": []},
        {"feedback": [5]},
        {"feedback": [GOOD] * 1001},
        *({"feedback": [{k: v for k, v in GOOD.items() if k != name}]} for name in GOOD),
        *({"feedback": [GOOD | {name: value}]} for name in GOOD for value in (5, None, "", {}, [])),
        {"feedback": [GOOD | {"outcome": "ignored"}]},
        {"feedback": [GOOD | {"outcomeTimestamp": "2026-03-02"}]},
        {"feedback": [GOOD | {"outcomeTimestamp": "2026-03-02T12:00:00"}]},
        {"feedback": [GOOD | {"outcomeTimestamp": "2026-13-02T12:00:00Z"}]},
        {"feedback": [GOOD | {"outcome": "accepted"}]},
        {"feedback": [GOOD | {"outcome": "accepted", "acceptedSuggestions": []}]},
        {"feedback": [GOOD | {"outcome": "accepted", "acceptedSuggestions": [{}]}]},
        {"feedback": [GOOD | {"outcome": "accepted", "acceptedSuggestions": ["x"]}]},
        {"feedback": [GOOD | {"overrideReason": {}}]},
        {"feedback": [GOOD | {"overrideReason": {"reason": {}}}]},
        {"feedback": [GOOD | {"overrideReason": {"reason": {"code": 5}}}]},
        {"feedback": [GOOD | {"overrideReason": "x"}]},
        {"feedback": [GOOD | {"card": "a\0b"}]},
        {"feedback": [GOOD | {"card": "\u0130" * 64}]},
        {"feedback": [GOOD | {"overrideReason": {"reason": {"code": "a\nb"}}}]},
        {"feedback": [GOOD | {"overrideReason": {"userComment": "a\0b"}}]},
        {"feedback": [GOOD | {"outcome": "accepted", "acceptedSuggestions": [{"id": "a\0"}]}]},
    ],
)
def test_malformed_feedback_is_refused_whole(tmp_path: Any, body: Any) -> None:
    """FB-02 to FB-05. The good item before it is not stored either: the client sends all of it again."""
    database = f"sqlite:///{tmp_path / 'm.sqlite3'}"
    app = client(database)
    if isinstance(body, dict) and isinstance(body.get("feedback"), list) and body["feedback"]:
        body = {"feedback": [GOOD, *body["feedback"]]}
    path, form = f"/cds-services/posterior-hip-pain-{HOOK}/feedback", "application/json"
    answer = app.post(path, data=json.dumps(body), content_type=form)
    assert answer.status_code == 422
    assert answer.json["resourceType"] == "OperationOutcome"
    assert rows(database) == []


def test_forms_that_clients_write_are_accepted(tmp_path: Any) -> None:
    """FB-03, FB-05: offsets, fractions, no display, fields that are unknown."""
    app = client(f"sqlite:///{tmp_path / 'm.sqlite3'}")
    for item in (
        GOOD,
        GOOD | {"outcomeTimestamp": "2026-03-02T13:00:00.123456+01:00"},
        GOOD | {"overrideReason": {"reason": {"code": "x"}}, "extension": {"a": 1}},
        GOOD | {"overrideReason": {"reason": {"code": "x", "system": "https://s", "display": "X"}, "userComment": "why"}},
        GOOD | {"outcome": "accepted", "acceptedSuggestions": [{"id": "s1"}, {"id": "s1"}]},
    ):
        assert say(app, HOOK, item).status_code == 200, item


@pytest.mark.parametrize(("body", "content_type", "status"), [(b"{", "application/json", 400), (b"{}", "text/plain", 415)])
def test_what_is_not_json_is_refused(tmp_path: Any, body: bytes, content_type: str, status: int) -> None:
    app = client(f"sqlite:///{tmp_path / 'm.sqlite3'}")
    answer = app.post(f"/cds-services/posterior-hip-pain-{HOOK}/feedback", data=body, content_type=content_type)
    assert (answer.status_code, answer.json["resourceType"]) == (status, "OperationOutcome")


def test_feedback_carries_cors_headers(app: FlaskClient) -> None:
    """The public sandbox reads it from a page."""
    answer = app.post(
        f"/cds-services/posterior-hip-pain-{HOOK}/feedback",
        json={"feedback": [GOOD]},
        headers={"Origin": "https://sandbox.cds-hooks.org"},
    )
    assert answer.headers["Access-Control-Allow-Origin"] == "https://sandbox.cds-hooks.org"


def test_feedback_that_cannot_be_stored_is_503_and_counted(tmp_path: Any) -> None:
    """200 only after it is committed."""
    app = client(f"sqlite:///{tmp_path / 'missing' / 'm.sqlite3'}")
    answer = say(app, HOOK, GOOD)
    assert (answer.status_code, json.loads(answer.data)["issue"][0]["code"]) == (503, "transient")
    assert 'cds_memory_losses_total{what="feedback"} 1.0' in app.get("/metrics").get_data(as_text=True)
