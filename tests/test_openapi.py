"""openapi.yaml is valid, complete and true."""

from __future__ import annotations

import json
import re
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from referencing import Registry
from referencing.jsonschema import DRAFT202012
from ruamel.yaml import YAML

from cds_service import create_app, packaged_cards
from cds_service.check import CASE_DAY, case_settings
from cds_service.config import Settings
from cds_service.content.case_charts import request_for
from cds_service.content.loader import load
from cds_service.demo.personas import fixtures_folder
from cds_service.demo.record import DESCRIBED, with_examples

ROOT = Path(__file__).parents[1]
DOCUMENT = YAML(typ="safe").load(ROOT / "openapi.yaml")
REGISTRY = Registry().with_resource("openapi", DRAFT202012.create_resource(DOCUMENT))
CALL = DOCUMENT["paths"]["/cds-services/{id}"]["post"]
_REQUESTS = CALL["requestBody"]["content"]["application/json"]["examples"]
_ANSWERS = CALL["responses"]["200"]["content"]["application/json"]["examples"]
EXAMPLES = {name: example for name, example in _REQUESTS.items() if "value" in example}
ANSWERS = {name: example for name, example in _ANSWERS.items() if "value" in example}
REQUEST_SCHEMAS = {
    "patient-view": "PatientViewRequest",
    "order-select": "OrderSelectRequest",
    "order-sign": "OrderSignRequest",
}


@pytest.fixture(scope="module")
def library():
    return load(packaged_cards())


@pytest.fixture(scope="module")
def app(library):
    return create_app(case_settings(), library)


@pytest.fixture(scope="module")
def client(app):
    return app.test_client()


@pytest.fixture(scope="module")
def requests(library):
    """A request for every case of every card."""
    return [
        request_for(library.terminology, case.get("given", {}), card.hooks[0].value, CASE_DAY)
        for card in library.recommendations
        for case in library.cases[card.id]
    ]


def faults(value, name, section="schemas"):
    schema = {"$ref": f"openapi#/components/{section}/{name}"}
    return [error.message for error in Draft202012Validator(schema, registry=REGISTRY).iter_errors(value)]


def call(client, body, **options):
    return client.post(f"/cds-services/posterior-hip-pain-{body['hook']}", json=body, **options)


# -- the document -----------------------------------------------------------------------------------------------------------


def test_it_is_valid_openapi():
    validate(DOCUMENT)
    assert DOCUMENT["openapi"].startswith("3.1")


def test_it_has_the_version_of_the_package():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert DOCUMENT["info"]["version"] == project["version"]
    assert DOCUMENT["info"]["license"]["identifier"] == project["license"]


def test_it_is_what_the_service_serves(client):
    answer = client.get("/openapi.yaml")
    assert answer.mimetype == "application/yaml"
    assert YAML(typ="safe").load(answer.text) == DOCUMENT


def test_every_route_is_documented_and_every_path_is_served(app):
    served = {
        (re.sub(r"<[^>]+>", "{}", rule.rule), method)
        for rule in app.url_map.iter_rules()
        if not rule.rule.startswith("/cds-services//")
        for method in rule.methods - {"OPTIONS", "HEAD"}
    }
    described = {
        (re.sub(r"\{[^}]+\}", "{}", path), method.upper())
        for path, operations in DOCUMENT["paths"].items()
        for method in operations
        if method != "parameters"
    }
    assert served == described


def test_the_ids_are_those_of_discovery(client):
    (parameter,) = DOCUMENT["paths"]["/cds-services/{id}"]["parameters"]
    assert parameter["schema"]["enum"] == [service["id"] for service in client.get("/cds-services").json["services"]]


def test_the_prefetch_keys_are_those_of_discovery(client):
    advertised = {key for service in client.get("/cds-services").json["services"] for key in service["prefetch"]}
    assert set(DOCUMENT["components"]["schemas"]["Prefetch"]["properties"]) == advertised


def test_every_error_status_is_an_operation_outcome():
    for status in ("400", "401", "404", "405", "408", "412", "413", "415", "422", "429", "500"):
        name = CALL["responses"][status]["$ref"].rsplit("/", 1)[-1]
        content = DOCUMENT["components"]["responses"][name]["content"]["application/json"]
        assert content["schema"]["$ref"].endswith("/OperationOutcome")
        assert not faults(content["example"], "OperationOutcome")


def test_a_token_is_needed_or_not_by_deployment():
    assert DOCUMENT["security"] == [{}, {"clientToken": []}]
    assert DOCUMENT["components"]["securitySchemes"]["clientToken"]["bearerFormat"] == "JWT"


# -- requests ---------------------------------------------------------------------------------------------------------------


def test_real_requests_fit_the_schema_of_their_hook_and_no_other(requests):
    for body in requests:
        assert not faults(body, "HookRequest")
        for hook, schema in REQUEST_SCHEMAS.items():
            assert bool(faults(body, schema)) == (hook != body["hook"])


def test_what_the_schema_refuses_the_service_refuses_too(client, requests):
    for hook in REQUEST_SCHEMAS:
        body = next(request for request in requests if request["hook"] == hook)
        for wrong in (
            {k: v for k, v in body.items() if k != "hookInstance"},
            body | {"hookInstance": "x"},
            body | {"context": {**body["context"], "patientId": "Patient/1"}},
            body | {"context": {**body["context"], "userId": "somebody"}},
            body | {"prefetch": []},
            body | {"fhirServer": "/fhir"},
            body | {"fhirAuthorization": {"access_token": "t"}},
        ):
            assert faults(wrong, "HookRequest")
            assert call(client, wrong | {"hook": hook}).status_code == 422


def test_the_reopened_view_of_the_public_sandbox_fits_the_schema(client, requests):
    body = next(request for request in requests if request["hook"] == "patient-view") | {"hook": "order-select"}
    assert not faults(body, "HookRequest")
    assert call(client, body).json == {"cards": []}


# -- answers ----------------------------------------------------------------------------------------------------------------


def test_real_answers_fit_the_schema(client, requests):
    kinds = set()
    for body in requests:
        answer = call(client, body)
        assert not faults(answer.json, "Answer" if answer.status_code == 200 else "OperationOutcome")
        if answer.status_code == 200:
            assert answer.headers["X-CDS-Content-Version"]
            kinds |= {a["type"] for c in answer.json["cards"] for s in c.get("suggestions", []) for a in s["actions"]}
    assert kinds == {"create", "update", "delete"}


def test_the_schema_of_a_card_is_strict():
    card = ANSWERS["patient-view"]["value"]["cards"][0]
    assert not faults(card, "Card")
    for wrong in ({"summary": "x" * 140}, {"indicator": "hard-stop"}, {"links": []}, {"suggestions": [{}]}, {"extra": 1}):
        assert faults(card | wrong, "Card")
    suggested = ANSWERS["order-sign"]["value"]["cards"][0]
    assert faults({k: v for k, v in suggested.items() if k != "selectionBehavior"}, "Card")
    assert faults({"type": "delete", "description": "x"}, "Action")
    assert faults({"type": "create", "description": "x", "resourceId": "Task/1"}, "Action")


def test_discovery_health_and_readiness_fit_their_schemas(client):
    for place, name in (("/cds-services", "Discovery"), ("/healthz", "Health"), ("/readyz", "Readiness")):
        assert not faults(client.get(place).json, name)


ERRORS = {
    400: ("POST", "/cds-services/posterior-hip-pain-order-sign", {"data": b"[", "content_type": "application/json"}),
    404: ("POST", "/cds-services/unknown", {"json": {}}),
    405: ("GET", "/cds-services/posterior-hip-pain-order-sign", {}),
    412: ("POST", "/cds-services/posterior-hip-pain-patient-view", {}),
    413: ("POST", "/cds-services/posterior-hip-pain-order-sign", {"data": b" " * 10_485_761, "content_type": "application/json"}),
    415: ("POST", "/cds-services/posterior-hip-pain-order-sign", {"data": b"{}"}),
    422: ("POST", "/cds-services/posterior-hip-pain-order-sign", {"json": {}}),
}


@pytest.mark.parametrize("status", ERRORS)
def test_real_errors_fit_the_schema(client, status):
    method, place, options = ERRORS[status]
    if status == 412:
        options = {"json": {k: v for k, v in EXAMPLES["patient-view"]["value"].items() if k != "prefetch"}}
    answer = client.open(place, method=method, **options)
    assert answer.status_code == status
    assert not faults(answer.json, "OperationOutcome")
    name = CALL["responses"][str(status)]["$ref"].rsplit("/", 1)[-1]
    assert all(header in answer.headers for header in DOCUMENT["components"]["responses"][name].get("headers", {}))
    assert status != 405 or answer.headers["Allow"]


# -- examples ---------------------------------------------------------------------------------------------------------------


def comparable(value):
    """Without what is new in every answer, and without the wording of details, which carries the content version."""
    if isinstance(value, dict):
        return {name: comparable(member) for name, member in value.items() if name not in ("uuid", "detail")}
    return [comparable(member) for member in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_are_true(library, name):
    body = EXAMPLES[name]["value"]
    assert not faults(body, "HookRequest")
    assert not faults(ANSWERS[name]["value"], "Answer")
    moment = datetime(2026, 3, 2, 12, tzinfo=UTC)
    client = create_app(Settings(now=moment, log_level="CRITICAL"), library).test_client()
    answer = call(client, body, base_url=DOCUMENT["servers"][0]["url"])
    assert comparable(answer.json) == comparable(ANSWERS[name]["value"])


@pytest.mark.parametrize("name", DESCRIBED)
def test_recorded_examples_are_those_of_the_fixtures(name):
    for kind, listed in (("request", _REQUESTS), ("response", _ANSWERS)):
        assert listed[name] == {"$ref": f"#/components/examples/{kind}-{name}"}
        example = DOCUMENT["components"]["examples"][f"{kind}-{name}"]["value"]
        assert example == json.loads((fixtures_folder() / f"{kind}s" / f"{name}.json").read_text())
        assert not faults(example, "HookRequest" if kind == "request" else "Answer")


def test_every_hook_has_a_recorded_example():
    hooks = {DOCUMENT["components"]["examples"][f"request-{name}"]["value"]["hook"] for name in DESCRIBED}
    assert hooks == set(REQUEST_SCHEMAS)


def test_the_recording_writes_the_description_as_it_stands():
    page = Path(__file__).parents[1] / "openapi.yaml"
    assert with_examples(page.read_text(), fixtures_folder()) == page.read_text()
