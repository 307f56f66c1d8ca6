"""Requests and feedback that nobody would write, made up by Hypothesis: JSON of any form in every place, and bytes that are none.

Some run with the suite, many more with ``make slow``.
"""

from __future__ import annotations

import copy
import json
import os
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutations import REQUESTS

from cds_service import create_app
from cds_service.check import case_settings
from cds_service.fhir.prefetch import SOURCES

SLOW = os.environ.get("HYPOTHESIS_PROFILE") == "slow"
FUZZ = settings(
    max_examples=1500 if SLOW else 15,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)
# Members that are read, so that what is made up stands where it matters.
_NAMES = """
resourceType id entry resource link relation url total subject patient reference display code coding system text status
clinicalStatus verificationStatus onsetDateTime onsetPeriod start end abatementDateTime bodySite stage summary category
effectiveDateTime valueQuantity value unit component item linkId answer valueInteger medicationCodeableConcept
medicationReference contained ingredient dosageInstruction doseAndRate doseQuantity doseRange high timing repeat frequency
period periodUnit boundsPeriod maxDosePerPeriod numerator denominator dispenseRequest expectedSupplyDuration intent
authoredOn reasonCode reasonReference detail activity birthDate gender deceasedBoolean issue severity search mode
"""
NAMES = st.sampled_from(_NAMES.split())
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(codec="utf-8"), max_size=20),
    st.sampled_from(["Patient/p1", "Condition", "Bundle", "OperationOutcome", "active", "final", "sciatica", "oxycodone 5 MG"]),
    st.sampled_from(["2026-02-30", "2026", "2026-13", "0000-01-01", "9999-12-31T23:59:60Z", "2026-03-02T24:00:00+99:99"]),
)
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=6), max_leaves=40)
KEYS = [source.resource_type for source in SOURCES]


def resources(kind: str) -> st.SearchStrategy[Any]:
    """A resource of this type for the patient of the request, the rest made up."""
    fixed = {"resourceType": st.just(kind), "subject": st.just({"reference": "Patient/PATIENT"})}
    return st.tuples(st.dictionaries(NAMES, JSON, max_size=8), st.fixed_dictionaries(fixed)).map(lambda two: two[0] | two[1])


def bundles(kind: str) -> st.SearchStrategy[Any]:
    entries = st.lists(st.fixed_dictionaries({"resource": resources(kind) | JSON}) | JSON, max_size=3)
    return st.fixed_dictionaries({"resourceType": st.just("Bundle"), "entry": entries | JSON}) | JSON


PREFETCH = st.fixed_dictionaries({}, optional={key: bundles(key) for key in KEYS})
DRAFTS = bundles("MedicationRequest") | bundles("ServiceRequest")


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    return create_app(case_settings()).test_client()


def send(client: FlaskClient, place: str, body: bytes) -> Any:
    answer = client.post(f"/cds-services/posterior-hip-pain-{place}", data=body, content_type="application/json")
    if answer.status_code == 200:
        assert answer.is_json
    else:
        assert answer.status_code in (400, 412, 422, 503)
        assert answer.json["resourceType"] == "OperationOutcome"
    return answer


@FUZZ
@given(name=st.sampled_from(sorted(REQUESTS)), prefetch=PREFETCH, drafts=DRAFTS)
def test_made_up_charts_are_answered(client: FlaskClient, name: str, prefetch: dict[str, Any], drafts: Any) -> None:
    body = copy.deepcopy(REQUESTS[name])
    patient = body["context"]["patientId"]
    made_up = json.loads(json.dumps(prefetch).replace("PATIENT", patient))
    body["prefetch"] |= made_up
    if "draftOrders" in body["context"]:
        body["context"]["draftOrders"]["entry"] += [{"resource": drafts}]
    answer = send(client, body["hook"], json.dumps(body).encode())
    assert answer.status_code in (200, 412, 422)


@FUZZ
@given(
    name=st.sampled_from(sorted(REQUESTS)),
    member=st.sampled_from(["context", "prefetch", "fhirAuthorization", "hook"]),
    value=JSON,
)
def test_made_up_members_of_the_envelope_are_answered(client: FlaskClient, name: str, member: str, value: Any) -> None:
    body = REQUESTS[name] | {member: value}
    send(client, REQUESTS[name]["hook"], json.dumps(body).encode())


@FUZZ
@given(body=JSON | st.fixed_dictionaries({"feedback": JSON | st.lists(JSON, max_size=3)}))
def test_made_up_feedback_is_answered(client: FlaskClient, body: Any) -> None:
    send(client, "patient-view/feedback", json.dumps(body).encode())


@FUZZ
@given(name=st.sampled_from(sorted(REQUESTS)), at=st.floats(0, 1), noise=st.binary(max_size=8), cut=st.integers(0, 40))
def test_bytes_that_were_damaged_on_the_way_are_answered(
    client: FlaskClient, name: str, at: float, noise: bytes, cut: int
) -> None:
    text = json.dumps(REQUESTS[name]).encode()
    place = int(len(text) * at)
    send(client, REQUESTS[name]["hook"], text[:place] + noise + text[place + cut :])
