"""The whole service over a real EHR on loopback: the same cards as with prefetch, however the EHR answers (FHIR-01)."""

from __future__ import annotations

import copy
import itertools
import json
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from ehr import TOKEN, Answer, Call, Ehr, dripping, slow
from fhir_support import Resource, bundle, library, outcome
from flask.testing import FlaskClient
from test_second_attempts import cut_short, reset, shorter_than_said, status
from vendors import STYLES, Vendor, chart_of

from cds_service import create_app
from cds_service.check import CASE_DAY, case_settings
from cds_service.content.case_charts import request_for
from cds_service.fhir.prefetch import SOURCES

# A busy machine must not turn an answer into a gap; where the EHR hangs, the deadline is the default one.
CLIENT = create_app(replace(case_settings(), deadline_ms=10_000), library()).test_client()
HASTY = create_app(case_settings(), library()).test_client()
OPTIONAL = frozenset(source.resource_type for source in SOURCES if source.optional)
DATA_CARDS = {"data-incomplete", "demographics-missing"}


def first_case(card: str) -> dict[str, Any]:
    """The request of the first case in which the card is shown."""
    found = next(c for c in library().cases[card] if c["expect"].get("card", "none") != "none")
    hook = next(r for r in library().recommendations if r.id == card).hooks[0].value
    return request_for(library().terminology, found.get("given", {}), hook, CASE_DAY)


def cards(body: Mapping[str, Any], client: FlaskClient = CLIENT) -> Any:
    """The cards without what is new in every answer, or the status of a refusal."""
    answer = client.post(f"/cds-services/posterior-hip-pain-{body['hook']}", json=body)
    if answer.status_code != 200:
        return answer.status_code
    found = copy.deepcopy(answer.json["cards"])
    for card in found:
        for part in (card, *card.get("suggestions", ())):
            part.pop("uuid", None)
    return found


def ids(found: Any) -> set[str]:
    return {card["source"]["topic"]["code"] for card in found}


def from_the_ehr(body: Mapping[str, Any], ehr: Ehr, *sent: str, scope: str = "user/*.read") -> dict[str, Any]:
    """The same call, when only these keys are sent."""
    authorization = {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 300, "scope": scope, "subject": "cds"}
    kept = {key: value for key, value in body["prefetch"].items() if key in sent}
    return {**body, "prefetch": kept, "fhirServer": ehr.base, "fhirAuthorization": authorization}


SHOWN = [r.id for r in library().recommendations if r.kind.value != "data"]


@pytest.mark.parametrize("card", SHOWN)
@pytest.mark.parametrize("style", STYLES)
def test_every_card_comes_from_every_kind_of_server(ehr: Ehr, style: str, card: str) -> None:
    """The whole answer is the same, word by word."""
    body = first_case(card)
    unread = {kind for kind, value in body["prefetch"].items() if value and value["resourceType"] == "OperationOutcome"}
    vendor = Vendor(ehr, chart_of({k: v for k, v in body["prefetch"].items() if k not in unread}), **STYLES[style])
    kept = unread | {r["resourceType"] for r in vendor.chart if r["resourceType"] in vendor.unknown}
    with_prefetch, fetched = cards(body), cards(from_the_ehr(body, ehr, *kept))
    assert card in ids(with_prefetch)
    assert fetched == with_prefetch


@pytest.mark.parametrize("every", [2, 3, 5])
@pytest.mark.parametrize("card", SHOWN[:12])
def test_any_part_may_be_prefetched(ehr: Ehr, card: str, every: int) -> None:
    body = first_case(card)
    for start in range(every):
        Vendor(ehr, chart_of(body["prefetch"]))
        kept = list(body["prefetch"])[start::every]
        ehr.calls.clear()
        assert cards(from_the_ehr(body, ehr, *kept)) == cards(body)
        assert {path.split("/")[2].partition("?")[0] for path in ehr.paths}.isdisjoint(kept)


# -- failures of every kind -------------------------------------------------------------------------------------------------


def strangers(call: Call) -> None:
    kind = call.path.split("/")[2].partition("?")[0]
    call.send_json(bundle({"resourceType": kind, "id": "s1", "subject": {"reference": "Patient/stranger"}}))


def another_type(call: Call) -> None:
    call.send_json(bundle({"resourceType": "Basic", "id": "b1"}))


def half(call: Call) -> None:
    call.send_json(bundle(outcome("exception")))


FAILURES: dict[str, Any] = {
    **{str(code): status(code) for code in (401, 403, 429, 500, 503)},
    "reset": reset,
    "cut short": cut_short,
    "shorter than said": shorter_than_said,
    "HTML": lambda call: call.send(b"<html>log in</html>", Content_Type="text/html"),
    "XML": lambda call: call.send(b'<?xml version="1.0"?><Bundle xmlns="http://hl7.org/fhir"/>'),
    "nothing": lambda call: call.send(b""),
    "an error in the Bundle": half,
    "another type": another_type,
    "another patient": strangers,
    "redirect": status(302),
    "hangs": slow,
    "drips": dripping,
}
LOST = ("MedicationRequest", "Encounter", "Observation", "Procedure", "Flag")


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("kind", LOST)
def test_what_fails_is_named_and_adds_no_card(ehr: Ehr, kind: str, failure: str) -> None:
    """FHIR-11: never a card that the whole chart speaks against, never silence about what is missing."""
    body = first_case("opioid-benzodiazepine")
    vendor = Vendor(ehr, chart_of(body["prefetch"]))
    fault = FAILURES[failure]
    hangs = fault in (slow, dripping)
    broken: Answer = fault(ehr) if hangs else fault
    ehr.answer = lambda call: broken(call) if f"/{kind}?" in call.path else vendor.answer(call)
    started = time.monotonic()
    found = cards(from_the_ehr(body, ehr), HASTY if hangs else CLIENT)
    assert time.monotonic() - started < 2
    told = next(card["detail"] for card in found if card["source"]["topic"]["code"] == "data-incomplete")
    assert f"{kind}: " in told
    assert {c for c in ids(found) - DATA_CARDS if not _says_it_is_unchecked(found, c)} <= ids(cards(body))


def _says_it_is_unchecked(found: list[Resource], card: str) -> bool:
    return all(c["indicator"] == "info" for c in found if c["source"]["topic"]["code"] == card)


@pytest.mark.parametrize("failure", [f for f in FAILURES if f not in ("hangs", "drips")])
@pytest.mark.parametrize("hook", ["patient-view", "order-sign"])
def test_without_the_problem_list_there_is_no_silence(ehr: Ehr, hook: str, failure: str) -> None:
    """FHIR-12: 412, or on an order the card that says what was not checked."""
    body = first_case("first-line-before-opioid" if hook == "order-sign" else "physio-start-general") | {"hook": hook}
    vendor = Vendor(ehr, chart_of(body["prefetch"]))
    ehr.answer = lambda call: FAILURES[failure](call) if "/Condition?" in call.path else vendor.answer(call)
    found = cards(from_the_ehr(body, ehr))
    if hook == "patient-view" and failure not in ("an error in the Bundle",):
        assert found == 412
    assert found == 412 or "data-incomplete" in ids(found)


def test_a_scope_that_leaves_out_the_medicines_is_told(ehr: Ehr) -> None:
    """FHIR-10."""
    body = first_case("opioid-benzodiazepine")
    Vendor(ehr, chart_of(body["prefetch"]))
    scopes = " ".join(f"user/{s.resource_type}.rs" for s in SOURCES if s.section != "medicines")
    found = cards(from_the_ehr(body, ehr, scope=scopes))
    assert "MedicationRequest: outside the scope of the access token" in next(
        card["detail"] for card in found if card["source"]["topic"]["code"] == "data-incomplete"
    )
    assert not any("/Medication" in path for path in ehr.paths)


def test_five_searches_side_by_side_take_the_time_of_one(ehr: Ehr) -> None:
    """The pool is warm, as in a service that runs. Thirty milliseconds each; one after the other they would take 150."""
    body = first_case("opioid-benzodiazepine")
    vendor = Vendor(ehr, chart_of(body["prefetch"]))

    def answer(call: Call) -> None:
        time.sleep(0.03)
        vendor.answer(call)

    ehr.answer = answer
    asked = ("Patient", "Condition", "Observation", "MedicationRequest", "Procedure")
    kept = [key for key in body["prefetch"] if key not in asked]
    took = []
    for _ in range(5):
        started = time.monotonic()
        cards(from_the_ehr(body, ehr, *kept))
        took.append(time.monotonic() - started)
    assert len(ehr.calls) == 25
    assert min(took) < 0.13


# -- nothing of the patient leaves (FHIR-09, invariant 8) -------------------------------------------------------------------


def test_neither_token_nor_patient_is_in_logs_metrics_or_errors(ehr: Ehr, capsys: pytest.CaptureFixture[str]) -> None:
    planted = ("secret-token-7", "patient-zebra", "Zebediah", "piriformis-note")
    app = create_app(replace(case_settings(), log_level="DEBUG"), library())
    body = json.loads(json.dumps(first_case("opioid-benzodiazepine")).replace(PATIENT_OF_CASES, "patient-zebra"))
    chart = chart_of(body["prefetch"])
    vendor = Vendor(ehr, chart)
    called = from_the_ehr(body, ehr)
    called["fhirAuthorization"]["access_token"] = "secret-token-7"  # the EHR refuses it: everything is a gap
    said = []
    for failure, kind in itertools.product(FAILURES.values(), ("Condition", "MedicationRequest")):
        if failure not in (slow, dripping):
            ehr.answer = lambda call, f=failure, k=kind: f(call) if f"/{k}?" in call.path else vendor.answer(call)
            answer = app.test_client().post(f"/cds-services/posterior-hip-pain-{body['hook']}", json=called)
            said.append(answer.get_data(as_text=True) if answer.status_code != 200 else "")
    said.append(app.test_client().get("/metrics").get_data(as_text=True))
    said.append(capsys.readouterr().err)
    assert "hook refused" in said[-1]
    assert 'cds_gaps_total{reason="not permitted",resource="Condition"}' in said[-2]
    assert not [word for word in planted for text in said if word in text]


PATIENT_OF_CASES = "case-patient"
