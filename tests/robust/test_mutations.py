"""Every element of the recorded requests in every odd form: never a failure, and never a warning that vanishes in silence.

A sample runs with the suite, all of them with ``make slow``.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from mutations import FORMS, REQUESTS, Mutation, mutations, paths

from cds_service import create_app
from cds_service.check import case_settings

SLOW = os.environ.get("HYPOTHESIS_PROFILE") == "slow"
# Every so many-th mutation, a number that has no factor in common with the number of forms.
STEP = 1 if SLOW else 71
PARTS = 20 if SLOW else 2
# Cards that say that something was not read.
TELLING = {"data-incomplete", "demographics-missing"}

ANYTHING = frozenset({*FORMS, "inside a list"})
NOTHING = {"null", "empty list", "empty object", "objects of objects"}
WORDS = {"long text", "NUL", "a number as text"}
# Where another form is another fact, so that a warning may go: no order, none selected, somebody else's, no problem, another
# problem than the one that was warned of.
OTHER_FACT: dict[str, set[str] | frozenset[str]] = {
    "context.draftOrders.entry": NOTHING,
    "context.draftOrders.entry.resource": {"null"},
    "context.draftOrders.entry.resource.id": WORDS,
    "context.draftOrders.entry.resource.subject": WORDS,
    "context.draftOrders.entry.resource.subject.reference": WORDS,
    "context.draftOrders.entry.resource.medicationCodeableConcept": {"null", "empty object"},
    "context.draftOrders.entry.resource.dosageInstruction.doseAndRate.doseQuantity.value": {"zero"},
    "context.draftOrders.entry.resource.dosageInstruction.timing.repeat.period": {"a large number", "a number as text"},
    "context.selections": {"empty list", "empty text"} | WORDS,
    **{f"prefetch.{key}": {"null"} for key in ("Condition", "MedicationStatement", "Observation")},
    # A problem that is masked is told to a patient who is on the pathway without it.
    "prefetch.Condition.entry.resource.code": ANYTHING,
    "prefetch.Condition.entry.resource.code.coding": ANYTHING,
    "prefetch.Condition.entry.resource.code.coding.code": ANYTHING,
    "prefetch.Condition.entry.resource.code.coding.system": ANYTHING,
    "prefetch.Condition.entry.resource.code.text": ANYTHING,
}


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    return create_app(case_settings()).test_client()


def call(client: FlaskClient, request: str, body: Any) -> Any:
    hook = REQUESTS[request]["hook"]
    return client.post(f"/cds-services/posterior-hip-pain-{hook}", data=json.dumps(body), content_type="application/json")


def warnings(answer: Any) -> set[str]:
    return {card["source"]["topic"]["code"] for card in answer.json["cards"] if card["indicator"] != "info"}


def some(part: int) -> Iterator[Mutation]:
    return (m for number, m in enumerate(mutations()) if number % STEP == 0 and number // STEP % PARTS == part)


@pytest.mark.parametrize("part", range(PARTS))
def test_no_form_of_any_element_fails_or_silences_a_warning(client: FlaskClient, part: int) -> None:
    before = {name: warnings(call(client, name, body)) for name, body in REQUESTS.items()}
    assert any(before.values())
    for mutation in some(part):
        started = time.process_time()
        answer = call(client, mutation.request, mutation.body())
        assert time.process_time() - started < 2, mutation
        if answer.status_code != 200:
            assert answer.status_code in (400, 412, 422), mutation
            assert answer.json["resourceType"] == "OperationOutcome", mutation
            continue
        told = TELLING & {card["source"]["topic"]["code"] for card in answer.json["cards"]}
        silenced = before[mutation.request] - warnings(answer)
        if silenced and not told:
            assert mutation.form in OTHER_FACT.get(mutation.element, ()), (mutation, silenced)


def test_every_exception_is_about_an_element_that_is_there() -> None:
    there = {".".join(p for p in path if isinstance(p, str)) for body in REQUESTS.values() for path in paths(body)}
    assert set(OTHER_FACT) <= there


def test_the_warnings_would_be_missed(client: FlaskClient) -> None:
    """The check can fail: without its conditions the red flag goes, and nothing tells."""
    body = json.loads(json.dumps(REQUESTS["red-flag-patient-view"]))
    assert warnings(call(client, "red-flag-patient-view", body)) == {"red-flag-cauda-equina"}
    body["prefetch"]["Condition"] = None
    assert call(client, "red-flag-patient-view", body).json == {"cards": []}
