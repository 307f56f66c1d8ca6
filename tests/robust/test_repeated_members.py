"""A member that a body names twice: the parser keeps the last one, and what the first one held must not vanish in silence."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from flask.testing import FlaskClient

from cds_service import create_app
from cds_service.check import case_settings
from cds_service.demo.personas import fixtures_folder
from cds_service.web.repeats import refuse_hidden

REQUESTS = sorted((fixtures_folder() / "requests").glob("*.json"))
RED_FLAG = (fixtures_folder() / "requests" / "red-flag-patient-view.json").read_text()
ORDER = (fixtures_folder() / "requests" / "benzodiazepine-order-select.json").read_text()


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    return create_app(case_settings()).test_client()


def send(client: FlaskClient, hook: str, text: str) -> Any:
    path = f"/cds-services/posterior-hip-pain-{hook}"
    return client.post(path, data=text.encode(), content_type="application/json")


def behind(text: str, member: str, value: str) -> str:
    """The text with this member once more, behind the first one of its object."""
    start = text.index(f'"{member}":') + len(member) + 3
    _, end = json.JSONDecoder().raw_decode(text[start:].lstrip())
    end += start + len(text[start:]) - len(text[start:].lstrip())
    return f'{text[:end]}, "{member}": {value}{text[end:]}'


@pytest.mark.parametrize("member", ["prefetch", "Condition", "entry", "resource", "Patient"])
@pytest.mark.parametrize("value", ["null", "{}", "[]", '{"resourceType": "Bundle"}'])
def test_a_red_flag_cannot_hide_behind_a_second_member(client: FlaskClient, member: str, value: str) -> None:
    assert send(client, "patient-view", RED_FLAG).json["cards"][0]["indicator"] == "critical"
    answer = send(client, "patient-view", behind(RED_FLAG, member, value))
    assert (answer.status_code, answer.json["resourceType"]) == (422, "OperationOutcome")
    assert "twice" in answer.json["issue"][0]["details"]["text"]


@pytest.mark.parametrize("member", ["context", "draftOrders", "entry", "resource", "prefetch", "MedicationStatement"])
def test_nor_can_an_order(client: FlaskClient, member: str) -> None:

    assert send(client, "order-select", behind(ORDER, member, "null")).status_code == 422


@pytest.mark.parametrize("path", REQUESTS, ids=lambda path: path.stem)
def test_the_count_is_exact_for_recorded_requests(path: Any) -> None:
    """Looking closer is dear; it must not be needed for what EHRs send."""
    body = json.loads(path.read_text())
    for indent in (None, 2):
        text = json.dumps(body, indent=indent).encode()
        refuse_hidden(text, body)
        assert text.count(b'"resourceType"') == _counted(body)


def _counted(value: Any) -> int:
    if isinstance(value, dict):
        return ("resourceType" in value) + sum(map(_counted, value.values()))
    return sum(map(_counted, value)) if isinstance(value, list) else 0


def test_resources_in_strange_places_are_no_repetition(client: FlaskClient) -> None:
    body = json.loads(RED_FLAG)
    stray = {"resourceType": "Basic", "contained": [{"resourceType": "Basic"}], "x": {"resourceType": "y"}}
    body |= {"extension": {"a": stray, "b": [stray, stray]}}
    body["prefetch"] |= {"strange": stray, "stranger": [stray]}
    body["context"]["more"] = stray
    assert send(client, "patient-view", json.dumps(body)).status_code == 200


def test_words_about_resources_are_no_resources(client: FlaskClient) -> None:
    body = json.loads(RED_FLAG)
    body["prefetch"]["Patient"]["text"] = {"div": '{"resourceType": "Condition"}', "n": 12.5}
    assert send(client, "patient-view", json.dumps(body)).status_code == 200


def test_feedback_is_looked_at_closely(client: FlaskClient) -> None:
    item = '{"card": "c", "outcome": "overridden", "outcomeTimestamp": "2026-03-02T12:00:00Z"}'
    path = "patient-view/feedback"
    assert send(client, path, f'{{"feedback": [{item}], "feedback": [{item}]}}').status_code == 422
    assert send(client, path, f'{{"feedback": [{item[:-1]}, "outcome": "accepted"}}]}}').status_code == 422


def test_a_body_that_is_nested_too_deeply_to_be_looked_at_is_refused(client: FlaskClient) -> None:
    text = behind(RED_FLAG, "prefetch", "[" * 990 + "]" * 990)
    assert send(client, "patient-view", text).status_code == 422


def test_looking_costs_little() -> None:
    """A small part of what parsing alone costs."""
    body = json.loads(RED_FLAG)
    body["prefetch"]["Condition"]["entry"] *= 300
    text = json.dumps(body).encode()
    looking = min(_seconds(lambda: refuse_hidden(text, body)) for _ in range(5))
    parsing = min(_seconds(lambda: json.loads(text)) for _ in range(5))
    assert looking < parsing / 4


def _seconds(work: Any) -> float:
    started = time.process_time()
    for _ in range(5):
        work()
    return time.process_time() - started
