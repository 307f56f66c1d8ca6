"""The rule for required data: only the problem list is required, and what cannot be read is never taken for nothing."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import Any

import conformance_support as support
import pytest

OPTIONAL = "Encounter"
ABSENT = object()


@pytest.fixture(scope="module")
def quick():
    """The service with a short deadline, so that a server that hangs costs little time."""
    return support.service(deadline_ms=250)


@pytest.fixture(scope="module")
def closed_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{listener.getsockname()[1]}/fhir"


@dataclass(frozen=True)
class State:
    """One way in which a key may stand: what is in the prefetch, and what the server does."""

    value: Any = ABSENT
    server: Any = None


def of_another_patient(key):
    if key == "Patient":
        return {"resourceType": "Patient", "id": "other", "birthDate": "1970-01-01", "gender": "male"}
    other = {"resourceType": key, "id": "x", "status": "finished", "subject": {"reference": "Patient/other"}}
    return support.bundle(support.condition(patient="other") if key == "Condition" else other)


TRUNCATED = support.bundle(link=[{"relation": "next", "url": "https://ehr.example/r4/next?page=2"}])
NO_WAY = {
    "absent, no server": State(),
    "absent, server not allowed": State(server="https://ehr.example/r4"),
    "absent, server unreachable": State(server="closed port"),
}
FAILED = {
    "an outcome": State(support.failed()),
    "an outcome that forbids": State(support.failed("forbidden")),
    "a bundle with nothing but an outcome": State(support.bundle(support.failed())),
    "truncated, no server": State(TRUNCATED),
    "not FHIR": State("x"),
    "another type": State({"resourceType": "Basic", "id": "b"}),
    "server answers 401": State(server=401),
    "server answers 403": State(server=403),
    "server answers 429": State(server=429),
    "server answers 500": State(server=500),
    "server hangs": State(server=5.0),
    "server answers HTML": State(server="<html><body>Sign in</body></html>"),
    "server answers an outcome": State(server=support.failed()),
    "server answers null": State(server="null"),
    "server answers a list": State(server="[]"),
    "server answers deep nesting": State(server="[" * 100_000 + "]" * 100_000),
    "server answers with a next page nowhere": State(server=support.bundle(link=[{"relation": "next", "url": "http://[::1/x"}])),
}
NONE = {
    "null": State(None),
    "an empty bundle": State(support.bundle()),
    "a bundle without entry": State({"resourceType": "Bundle"}),
}
OTHER_PATIENT = {"of another patient": State("other patient")}
HOOK_AND_ORDER = [
    ("patient-view", None),
    ("order-select", "oxycodone"),
    ("order-sign", "oxycodone"),
    ("order-select", "amoxicillin"),
    ("order-sign", "amoxicillin"),
]


def prepared(body, key, state, ehr, closed_port):
    """The request with this key in this state."""
    value = of_another_patient(key) if state.value == "other patient" else state.value
    body = support.changed(body, {f"prefetch.{key}": ... if value is ABSENT else value})
    if isinstance(state.server, str) and state.server.startswith("https:"):
        return body | {"fhirServer": state.server}
    if state.server == "closed port":
        return body | {"fhirServer": closed_port}
    if state.server is not None:
        ehr.data = {key: state.server}
        return body | {"fhirServer": ehr.base}
    return body


def request_for(hook, order, **given):
    return support.on_pathway(hook, **({"ordering": order} if order else {}), **given)


# -- Condition --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", NO_WAY.values(), ids=NO_WAY)
@pytest.mark.parametrize(("hook", "order"), HOOK_AND_ORDER)
def test_no_way_to_read_the_problem_list_is_412_on_every_hook_fhir_12_req_07(quick, ehr, closed_port, hook, order, state):
    answer = support.call(quick, prepared(request_for(hook, order), "Condition", state, ehr, closed_port))
    assert support.refusal(answer, 412)["expression"] == ["prefetch.Condition"]


@pytest.mark.parametrize("state", (FAILED | OTHER_PATIENT).values(), ids=FAILED | OTHER_PATIENT)
@pytest.mark.parametrize(("hook", "order"), HOOK_AND_ORDER)
def test_a_problem_list_that_failed_is_412_but_where_a_checked_medicine_is_selected_fhir_12_fhir_11(
    quick, ehr, closed_port, hook, order, state
):
    answer = support.call(quick, prepared(request_for(hook, order), "Condition", state, ehr, closed_port))
    if order == "oxycodone":
        assert "Condition" in support.card_of(answer, "data-incomplete")["detail"]
    else:
        assert support.refusal(answer, 412)["expression"] == ["prefetch.Condition"]


@pytest.mark.parametrize("state", NONE.values(), ids=NONE)
@pytest.mark.parametrize("hook", support.HOOKS)
def test_no_problems_is_an_answer_fhir_03(quick, ehr, closed_port, hook, state):
    assert support.call(quick, prepared(support.on_pathway(hook), "Condition", state, ehr, closed_port)).json == {"cards": []}


@pytest.mark.parametrize("hook", ["order-select", "order-sign"])
def test_pair_checks_run_without_the_problem_list_when_the_order_names_the_pathway_fhir_12(quick, hook):
    body = support.on_pathway(hook, medicines=["lorazepam"], reason="piriformis-syndrome")
    body["prefetch"]["Condition"] = support.failed()
    assert {"opioid-benzodiazepine", "data-incomplete"} <= set(support.card_ids(support.call(quick, body)))


def test_an_unselected_medicine_does_not_open_the_exception_fhir_12(quick):
    body = support.request("order-select", drafts=["oxycodone"], ordering="amoxicillin", unread=["Condition"])
    support.refusal(support.call(quick, body), 412)


def test_one_unreadable_condition_among_others_is_no_412_fhir_12(quick):
    body = support.on_pathway("order-sign", medicines=["lorazepam"])
    body["prefetch"]["Condition"]["entry"] += [
        {"resource": {"resourceType": "Condition", "id": "odd", "code": {"text": "Sciatica"}}}
    ]
    assert {"opioid-benzodiazepine", "data-incomplete"} <= set(support.card_ids(support.call(quick, body)))


IN_PART = [
    {"resource": support.failed()},
    {"resource": {"resourceType": "Condition", "id": "odd", "code": {"text": "Sciatica"}}},
    {"fullUrl": "https://ehr.example/fhir/Condition/9"},
]


@pytest.mark.parametrize("entry", IN_PART, ids=["an error", "nobody's", "held back"])
def test_a_problem_list_read_in_part_without_a_pathway_problem_is_no_silence_fhir_12(quick, entry):
    """The problem that matters may be the one that was not read."""
    for hook, expected in (("patient-view", None), ("order-sign", "data-incomplete")):
        body = support.request(hook, problems=["hypertension"], **({} if expected is None else {"ordering": "oxycodone"}))
        body["prefetch"]["Condition"]["entry"] += [entry]
        answer = support.call(quick, body)
        if expected is None:
            support.refusal(answer, 412)
        else:
            assert expected in support.card_ids(answer)


# -- Patient ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", (NO_WAY | FAILED | OTHER_PATIENT).values(), ids=NO_WAY | FAILED | OTHER_PATIENT)
@pytest.mark.parametrize("hook", support.HOOKS)
def test_an_unreadable_patient_is_told_and_pair_checks_stay_on_fhir_12_fhir_13(quick, ehr, closed_port, hook, state):
    body = support.on_pathway(hook, medicines=["lorazepam"])
    answer = support.call(quick, prepared(body, "Patient", state, ehr, closed_port))
    shown = support.card_ids(answer)
    assert {"demographics-missing", "data-incomplete"} <= set(shown)
    assert "Patient" in support.card_of(answer, "data-incomplete")["detail"]
    assert ("opioid-benzodiazepine" in shown) == (hook != "patient-view")
    assert "first-line-before-opioid" not in shown
    assert not any(card_id.startswith("physio-start") for card_id in shown)


@pytest.mark.parametrize("state", NONE.values(), ids=NONE)
@pytest.mark.parametrize("hook", support.HOOKS)
def test_a_patient_who_is_not_there_has_no_age_fhir_03(quick, ehr, closed_port, hook, state):
    answer = support.call(quick, prepared(support.on_pathway(hook), "Patient", state, ehr, closed_port))
    assert "demographics-missing" in support.card_ids(answer)


# -- an optional key --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", (NO_WAY | FAILED | OTHER_PATIENT).values(), ids=NO_WAY | FAILED | OTHER_PATIENT)
@pytest.mark.parametrize("hook", support.HOOKS)
def test_optional_data_that_cannot_be_read_are_a_gap_that_is_told_fhir_13_fhir_11(quick, ehr, closed_port, hook, state):
    answer = support.call(quick, prepared(support.on_pathway(hook), OPTIONAL, state, ehr, closed_port))
    assert f"{OPTIONAL}:" in support.card_of(answer, "data-incomplete")["detail"]


@pytest.mark.parametrize("state", NONE.values(), ids=NONE)
@pytest.mark.parametrize("hook", support.HOOKS)
def test_optional_data_that_are_not_there_are_no_gap_fhir_13_fhir_03(quick, ehr, closed_port, hook, state):
    body = support.on_pathway(hook)
    expected = support.card_ids(support.call(quick, body))
    assert support.card_ids(support.call(quick, prepared(body, OPTIONAL, state, ehr, closed_port))) == expected
    assert "data-incomplete" not in expected


@pytest.mark.parametrize("hook", support.HOOKS)
def test_everything_optional_may_be_missing_at_once_fhir_13(quick, hook):
    body = support.on_pathway(hook)
    body["prefetch"] = {"Condition": body["prefetch"]["Condition"]}
    assert "data-incomplete" in support.card_ids(support.call(quick, body))


def test_a_type_that_the_server_does_not_know_is_no_gap_where_it_is_optional_fhir_13(quick, ehr):
    body = support.without(support.on_pathway("patient-view"), "prefetch.MedicationStatement") | {"fhirServer": ehr.base}
    for status in (400, 404, 501):
        ehr.data = {"MedicationStatement": status}
        assert "data-incomplete" not in support.card_ids(support.call(quick, body))
