"""Requests and status codes: what is refused, how, and what is never refused."""

from __future__ import annotations

import shutil
from dataclasses import replace

import conformance_support as support
import orjson
import pytest

import cds_service.fhir.client
from cds_service import create_app, packaged_cards
from cds_service.config import Settings
from cds_service.content.loader import load
from cds_service.pathway.vocabulary import FINDINGS
from cds_service.web.logs import configure

SECRET = "Zebulon-Quist-1931"
JSON = "application/json"
INSTANCE = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"

NOT_JSON = {
    "empty": b"",
    "half": b'{"hook":',
    "a comma too many": b'{"hook": "patient-view",}',
    "a comment": b"{} // end",
    "NaN": b'{"hook": NaN}',
    "not UTF-8": b'{"hook": "\xff"}',
    "UTF-16": '{"hook": "patient-view"}'.encode("utf-16"),
    "half a surrogate": b'{"hook": "\\ud800"}',
    "deeply nested": b"[" * 100_000 + b"]" * 100_000,
}
NO_OBJECT = {"a list": [], "null": None, "a text": "x", "a number": 5, "true": True}

# Where a member of the request stands, what hooks have it, and values that it cannot have.
MISTYPED = {
    "hook": (support.HOOKS, (5, None, [], {}, SECRET)),
    "hookInstance": (support.HOOKS, (5, None, [], SECRET, "urn:uuid:" + INSTANCE, INSTANCE.replace("-", ""))),
    "context": (support.HOOKS, (5, None, [], SECRET)),
    "fhirServer": (support.HOOKS, (5, None, [], SECRET, "ftp://ehr.example/fhir", "/fhir")),
    "prefetch": (support.HOOKS, (5, None, [], SECRET)),
    "fhirAuthorization": (support.HOOKS, (5, None, [], SECRET)),
    "context.userId": (support.HOOKS, (5, None, [], {}, "", SECRET, "Practitioner", "Practitioner/", "Device/1", "Group/a b")),
    "context.patientId": (support.HOOKS, (5, None, [], {}, "", "Patient/1", "a b", "1\n")),
    "context.encounterId": (support.HOOKS, (5, [], {}, "Encounter/1")),
    "context.draftOrders": (support.HOOKS[1:], (5, None, [], SECRET, {}, {"resourceType": "MedicationRequest"})),
    "context.selections": (support.HOOKS[1:2], (5, None, SECRET, {}, [5], [None], [{}])),
}
AUTHORIZATION = {"access_token": "t", "token_type": "Bearer", "expires_in": 300, "scope": "patient/*.rs", "subject": "cds"}


def required_members():
    yield from ((hook, place) for hook in support.HOOKS for place in ("hook", "hookInstance", "context"))
    yield from ((hook, place) for hook in support.HOOKS for place in ("context.userId", "context.patientId"))
    # An order-select without draft orders is the reopened view of the public sandbox: test_sandbox.py.
    yield "order-sign", "context.draftOrders"
    yield "order-select", "context.selections"


def mistyped_members():
    for place, (hooks, values) in MISTYPED.items():
        for hook in hooks:
            yield from ((hook, place, value) for value in values)


def refused(client, body, status, hook="patient-view"):
    answer = client.post(support.path(hook), data=orjson.dumps(body), content_type=JSON, headers={"Origin": support.SANDBOX})
    assert answer.headers["Access-Control-Allow-Origin"] == support.SANDBOX
    return support.refusal(answer, status)


# -- what is served ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hook", support.HOOKS)
def test_a_hook_call_is_answered_with_200_and_cards_req_01_req_06(client, hook):
    answer = support.call(client, support.on_pathway(hook))
    assert answer.status_code == 200
    assert set(answer.json) == {"cards"}


@support.in_process
@pytest.mark.parametrize("hook", support.HOOKS)
def test_the_content_version_is_in_a_header_of_every_hook_answer_req_06(client, hook):
    ready = client.get("/readyz").json["content"]
    for body in (support.on_pathway(hook), support.request(hook)):
        assert support.call(client, body).headers["X-CDS-Content-Version"] == ready


def test_the_content_version_is_in_a_header_of_refusals_too_req_09(client):
    place = support.path("order-sign")
    for status, options in {
        400: {"data": b"{", "content_type": JSON},
        412: {"json": support.smallest("order-sign")},
        415: {"data": b"{}"},
        422: {"json": {}},
    }.items():
        answer = client.post(place, **options)
        assert answer.status_code == status
        assert answer.headers["X-CDS-Content-Version"]


@pytest.mark.parametrize("hook", support.HOOKS)
def test_no_advice_is_an_empty_list_of_cards_req_10(client, hook):
    answer = support.call(client, support.request(hook))
    assert answer.status_code == 200
    assert answer.json == {"cards": []}


def test_get_on_a_service_is_refused_with_allow_req_01(client):
    answer = client.get(support.path("patient-view"), headers={"Origin": support.SANDBOX})
    support.refusal(answer, 405)
    assert "POST" in answer.headers["Allow"]
    assert "GET" not in answer.headers["Allow"]
    assert answer.headers["Access-Control-Allow-Origin"] == support.SANDBOX


def test_post_on_discovery_is_refused_with_allow_req_01(client):
    answer = client.post("/cds-services", json={})
    support.refusal(answer, 405)
    assert "GET" in answer.headers["Allow"]


@pytest.mark.parametrize("place", ["/cds-services/unknown", "/cds-services/unknown/feedback", "/nothing"])
def test_an_unknown_address_is_404_req_01_req_09(client, place):
    answer = client.post(place, json=support.on_pathway("patient-view"), headers={"Origin": support.SANDBOX})
    support.refusal(answer, 404)
    assert answer.headers["Access-Control-Allow-Origin"] == support.SANDBOX


def test_an_unknown_card_is_404_req_09(client):
    assert support.refusal(client.get("/cards/unknown"), 404)["code"] == "not-found"


def test_an_upper_case_uuid_is_accepted_req_03(client):
    body = support.on_pathway("patient-view") | {"hookInstance": INSTANCE.upper()}
    assert support.call(client, body).status_code == 200


# -- what is not JSON, or no request ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON)
def test_what_is_not_json_is_400_req_02_req_16(client, body):
    answer = client.post(support.path("patient-view"), data=body, content_type=JSON, headers={"Origin": support.SANDBOX})
    support.refusal(answer, 400)
    assert answer.headers["Access-Control-Allow-Origin"] == support.SANDBOX


@pytest.mark.parametrize("body", NO_OBJECT.values(), ids=NO_OBJECT)
def test_json_that_is_no_object_is_422_req_16(client, body):
    refused(client, body, 422)


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "application/x-www-form-urlencoded", None])
def test_another_content_type_or_none_is_415_req_16(client, kind):
    data = orjson.dumps(support.on_pathway("patient-view"))
    answer = client.post(support.path("patient-view"), data=data, content_type=kind, headers={"Origin": support.SANDBOX})
    support.refusal(answer, 415)
    assert answer.headers["Access-Control-Allow-Origin"] == support.SANDBOX


@pytest.mark.parametrize("kind", [JSON, "application/json; charset=utf-8", "application/fhir+json"])
def test_json_content_types_are_accepted_req_01(client, kind):
    data = orjson.dumps(support.on_pathway("patient-view"))
    assert client.post(support.path("patient-view"), data=data, content_type=kind).status_code == 200


def test_a_body_above_ten_megabytes_is_413_req_16(client):
    answer = client.post(
        support.path("patient-view"), data=b" " * (10 * 1024 * 1024 + 1), content_type=JSON, headers={"Origin": support.SANDBOX}
    )
    support.refusal(answer, 413)
    assert answer.headers["Access-Control-Allow-Origin"] == support.SANDBOX


def test_the_limit_of_the_body_is_a_setting_req_16():
    body = support.on_pathway("patient-view") | {"padding": "x" * 1024 * 1024}
    support.refusal(support.call(support.service(max_body_mb=1), body), 413)
    assert support.call(support.service(max_body_mb=2), body).status_code == 200


# Values that no schema allows and that come all the same, by the place where they stand.
ODD = {
    "draft": {
        "id": [5, ["x"], {}],
        "status": [5, {"coding": "x"}],
        "subject": ["x", [], {"reference": 5}],
        "authoredOn": ["9999-12-31", "0001-01-01T00:00:00+14:00", "2020-1-5", 5, {}],
        "medicationCodeableConcept": [5, [5, {"coding": "x", "text": 5}], {"coding": [5, [], {"code": 5}]}],
        "reasonCode": ["x", [5, None, "x", {"coding": 5}]],
        "reasonReference": ["x", ["x", 5, None], {"reference": 5}],
        "dosageInstruction": ["x", [5], [{"timing": [{}]}], [{"timing": {"repeat": [5]}, "doseAndRate": "x"}]],
        "medicationReference": [5, "x", [], {"reference": 5}, {"reference": "#x"}],
        "contained": [None, 5, "x", {}, [5, None]],
        "note": ["x", 5, {}, None],
        "intent": [5, {}, ["order"]],
        "category": ["x", 5, [5]],
        "dispenseRequest": ["x", {"expectedSupplyDuration": {"value": 1e12, "unit": "d"}}, {"expectedSupplyDuration": 5}],
    },
    "patient": {
        "birthDate": [5, {}, "9999-12-31", "0001-01-01", "2999-01-01", "1972-02-30"],
        "gender": [5, ["male"], {}],
        "deceasedDateTime": [5, "yesterday"],
    },
    "condition": {
        "code": [5, "x", [], [[]], {"coding": "x"}, {"coding": [[]], "text": 5}],
        "onsetDateTime": ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "9999", "24:00", 5],
        "clinicalStatus": [5, "active", [], {"coding": [{"code": 5}]}],
        "stage": ["x", [5], [{"summary": 5}]],
        "bodySite": ["x", [5]],
    },
    "observation": {
        "valueQuantity": [
            5,
            "x",
            {"value": "1e400"},
            {"value": -5},
            {"value": 1, "code": ["x"]},
            {"value": 1, "comparator": ["x"]},
        ],
        "effectiveDateTime": ["9999-12-31", 5, {}],
        "component": ["x", [5], [{"valueQuantity": 5}]],
    },
    "dispense": {
        "daysSupply": [{"value": 1e12}, {"value": -1e12}, 5, "x"],
        "whenHandedOver": ["9999-12-31", "0001-01-01", 5],
        "authorizingPrescription": ["x", 5, [5]],
    },
    "outcome": {"issue": ["x", 5, [5], [{"code": ["x"]}], [{"code": {"x": 1}, "severity": ["error"]}]]},
    "bundle": {
        "entry": ["x", 5, {"resource": 5}, [{"resource": {"resourceType": ["x"]}}], [{"fullUrl": [5], "resource": {"id": "1"}}]],
        "link": ["x", 5, [5], [{"relation": ["next"], "url": "x"}], [{"relation": "next", "url": "http://[::1/x"}]],
    },
}
WHERE = {
    "draft": lambda body: body["context"]["draftOrders"]["entry"][0]["resource"],
    "patient": lambda body: body["prefetch"]["Patient"],
    "condition": lambda body: body["prefetch"]["Condition"]["entry"][0]["resource"],
    "observation": lambda body: body["prefetch"]["Observation"]["entry"][0]["resource"],
    "dispense": lambda body: body["prefetch"]["MedicationDispense"]["entry"][0]["resource"],
    "outcome": lambda body: body["prefetch"].setdefault("Procedure", {}),
    "bundle": lambda body: body["prefetch"]["Encounter"],
}


@pytest.mark.parametrize("member", [f"{kind}.{member}" for kind, members in ODD.items() for member in members])
def test_an_odd_value_in_a_resource_is_no_server_error_req_14(client, member):
    kind, _, name = member.partition(".")
    for value in ODD[kind][name]:
        body = support.request(
            "order-sign", egfr=45, problems=["deep-gluteal-syndrome"], ordering={"is": "gabapentin", "mg": 600, "times": 3}
        )
        body["prefetch"]["Procedure"] = support.failed()
        body["prefetch"]["MedicationDispense"] = support.bundle(
            {
                "resourceType": "MedicationDispense",
                "id": "d",
                "status": "completed",
                "subject": {"reference": f"Patient/{support.PATIENT}"},
                "medicationCodeableConcept": {"text": "gabapentin"},
                "whenHandedOver": "2026-02-01",
                "daysSupply": {"value": 30},
                "authorizingPrescription": [{"reference": "MedicationRequest/m"}],
            }
        )
        body["fhirServer"] = "http://127.0.0.1:9/fhir"
        WHERE[kind](body)[name] = value
        answer = support.call(client, body)
        assert answer.status_code in (200, 412), f"{value!r}: {answer.text}"


@pytest.mark.parametrize("token", ["t\u00f6k\u20acn", "a\nb: c", " ", "x" * 70_000])
def test_an_odd_token_is_no_server_error_req_14(client, token):
    authorization = AUTHORIZATION | {"access_token": token}
    body = support.without(support.on_pathway("order-sign"), "prefetch.Procedure")
    answer = support.call(client, body | {"fhirServer": "http://127.0.0.1:9/fhir", "fhirAuthorization": authorization})
    assert answer.status_code in (200, 422)


NESTED = {
    "a code": lambda body, deep: body["prefetch"]["Condition"]["entry"][0]["resource"].update(code=deep),
    "an entry": lambda body, deep: body["prefetch"]["Condition"]["entry"].append(deep),
    "an extension": lambda body, deep: body.update(extension=deep),
    "a category of the draft": lambda body, deep: body["context"]["draftOrders"]["entry"][0]["resource"].update(category=deep),
    "an extension of the draft": lambda body, deep: body["context"]["draftOrders"]["entry"][0]["resource"].update(extension=deep),
}


@pytest.mark.parametrize("place", NESTED)
def test_deep_nesting_inside_a_request_is_no_server_error_req_16(client, place):
    body = support.request(
        "order-sign", egfr=45, problems=["deep-gluteal-syndrome"], ordering={"is": "gabapentin", "mg": 600, "times": 3}
    )
    deep: list = []
    for _ in range(900):
        deep = [deep]
    NESTED[place](body, deep)
    answer = client.post(support.path("order-sign"), data=_json(body), content_type=JSON)
    assert answer.status_code in (200, 400, 412, 422), answer.text


def _json(body):
    """Written out by hand: serialisers have limits of depth of their own."""
    if isinstance(body, dict):
        return "{" + ",".join(f"{orjson.dumps(k).decode()}:{_json(v)}" for k, v in body.items()) + "}"
    if isinstance(body, list):
        depth = 0
        while isinstance(body, list) and len(body) == 1 and isinstance(body[0], list):
            body, depth = body[0], depth + 1
        return "[" * (depth + 1) + ",".join(_json(v) for v in body) + "]" * (depth + 1)
    return orjson.dumps(body).decode()


# -- members of the request -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("hook", "place"), list(required_members()))
def test_a_required_member_that_is_missing_is_named_req_02(client, hook, place):
    issue = refused(client, support.without(support.on_pathway(hook), place), 422, hook)
    assert place in issue["details"]["text"]
    assert place in issue["expression"]


@pytest.mark.parametrize(("hook", "place", "value"), list(mistyped_members()))
def test_a_mistyped_member_is_named_and_not_repeated_req_02_req_03(client, hook, place, value):
    body = support.changed(support.on_pathway(hook) | {"fhirServer": "http://127.0.0.1:9/fhir"}, {place: value})
    answer = client.post(support.path(hook), json=body)
    issue = support.refusal(answer, 422)
    assert any(place in expression for expression in issue["expression"])
    assert SECRET not in answer.text


@pytest.mark.parametrize("member", AUTHORIZATION)
def test_a_member_of_the_authorization_that_is_missing_is_named_req_02(client, member):
    authorization = support.without(AUTHORIZATION, member)
    body = support.on_pathway("patient-view") | {"fhirServer": "http://127.0.0.1:9/fhir", "fhirAuthorization": authorization}
    assert f"fhirAuthorization.{member}" in refused(client, body, 422)["details"]["text"]


def test_authorization_without_server_is_refused_req_04(client):
    issue = refused(client, support.on_pathway("patient-view") | {"fhirAuthorization": AUTHORIZATION}, 422)
    assert issue["expression"] == ["fhirServer"]


def test_a_server_that_is_not_allowed_is_not_called_whatever_its_scheme_req_05(ehr):
    body = support.smallest("patient-view") | {"fhirServer": ehr.base}
    answer = support.call(support.service(fhir_servers=("https://ehr.example/r4",)), body)
    assert "not on the list" in support.refusal(answer, 412)["details"]["text"]
    assert ehr.asked == []


@pytest.mark.parametrize("hook", support.HOOKS)
@pytest.mark.parametrize("served", support.HOOKS)
def test_a_hook_is_answered_by_its_own_service_only_req_11(client, hook, served):
    answer = client.post(support.path(served), json=support.on_pathway(hook))
    if hook == served:
        assert answer.status_code == 200
    else:
        assert support.refusal(answer, 422)["expression"] == ["hook"]


@pytest.mark.parametrize("name", ["patient-view ", "Patient-View", "order-dispatch", "medication-prescribe"])
def test_an_unknown_hook_is_refused_req_11(client, name):
    refused(client, support.on_pathway("patient-view") | {"hook": name}, 422)


# -- what is optional -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hook", support.HOOKS)
def test_the_smallest_legal_body_is_412_because_the_problem_list_is_missing_req_07_req_14(client, hook):
    issue = refused(client, support.smallest(hook), 412, hook)
    assert issue["code"] == "processing"
    assert issue["expression"] == ["prefetch.Condition"]


@pytest.mark.parametrize("hook", support.HOOKS)
@pytest.mark.parametrize("more", [{"fhirServer": "http://127.0.0.1:9/fhir"}, {"context.encounterId": "e-1"}, {"prefetch": {}}])
def test_optional_members_may_come_alone_req_14(client, hook, more):
    refused(client, support.changed(support.smallest(hook), more), 412, hook)


@pytest.mark.parametrize("hook", support.HOOKS)
def test_the_problem_list_alone_is_enough_req_14(client, hook):
    body = support.smallest(hook) | {"prefetch": {"Condition": None}}
    assert support.call(client, body).json == {"cards": []}


@pytest.mark.parametrize("hook", support.HOOKS)
def test_prefetch_keys_that_nobody_asked_for_are_ignored_req_13(client, hook):
    body = support.on_pathway(hook)
    expected = support.unnamed(support.call(client, body).json)
    body["prefetch"] |= {"foo": support.condition(), "Immunization": support.bundle(), "a b": 5, "Media": support.failed()}
    assert support.unnamed(support.call(client, body).json) == expected


# -- failures ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def logged(capsys):
    """What the service has written to stderr so far."""
    yield lambda: capsys.readouterr().err
    configure("CRITICAL")


def test_a_failed_evaluation_is_500_and_never_no_advice_req_15_req_08(monkeypatch, logged, tmp_path):
    def fail(*_, **__):
        raise RuntimeError(f"{SECRET} cannot be evaluated")

    monkeypatch.setitem(FINDINGS, "is_ordering", replace(FINDINGS["is_ordering"], ask=fail))
    library = load(shutil.copytree(packaged_cards(), tmp_path / "cards"))  # read anew, with the finding that fails
    client = create_app(Settings(now=support.NOW, log_level="DEBUG"), library).test_client()
    answer = support.call(client, support.on_pathway("order-select"), headers={"Origin": support.SANDBOX})
    support.refusal(answer, 500)
    assert answer.headers["Access-Control-Allow-Origin"] == support.SANDBOX
    assert SECRET not in answer.text
    lines = logged()
    assert "RuntimeError" in lines
    assert SECRET not in lines


def test_nothing_of_the_patient_is_in_the_log_req_09(logged):
    client = support.service(log_level="DEBUG")
    body = support.on_pathway("order-select", age=77)
    body |= {"fhirServer": "http://127.0.0.1:9/fhir", "fhirAuthorization": AUTHORIZATION | {"access_token": SECRET}}
    body["prefetch"]["Patient"]["name"] = [{"family": SECRET}]
    del body["prefetch"]["Procedure"]
    assert support.call(client, body).status_code == 200
    assert support.call(client, support.without(body, "prefetch", "context.userId")).status_code == 422
    assert support.call(client, support.without(body, "prefetch")).status_code == 412
    lines = logged()
    assert body["hookInstance"] in lines
    born = body["prefetch"]["Patient"]["birthDate"]
    for private in (SECRET, support.PATIENT, "Practitioner/case", "oxycodone", "deep gluteal", born):
        assert private not in lines


@support.in_process
def test_a_failing_fhir_client_is_no_silence_req_15(monkeypatch, client):
    def fail(*_, **__):
        raise RuntimeError("out of threads")

    monkeypatch.setattr(cds_service.fhir.client.FhirClient, "fetch", fail)
    answer = support.call(client, support.smallest("patient-view") | {"fhirServer": "http://127.0.0.1:9/fhir"})
    support.refusal(answer, 500)
