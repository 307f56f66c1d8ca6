"""What is left out of Flask is missed by nobody."""

from __future__ import annotations

import io
import json

import pytest
from flask.testing import FlaskClient
from operations_support import LIBRARY, SIGN, opioid_call

from cds_service import create_app
from cds_service.check import case_settings
from cds_service.web import audit
from cds_service.web.logs import request_id


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    return create_app(case_settings(), LIBRARY).test_client()


def test_an_answer_to_head_has_the_length_and_no_body(client: FlaskClient) -> None:
    answer = client.head("/healthz")
    assert (answer.status_code, answer.data, answer.headers["Content-Length"]) == (200, b"", "15")


def test_a_body_that_ends_early_is_not_half_read(client: FlaskClient) -> None:
    body = json.dumps(opioid_call()).encode()
    given = {"wsgi.input": io.BytesIO(body[:-1]), "CONTENT_LENGTH": str(len(body)), "CONTENT_TYPE": "application/json"}
    assert client.post(SIGN, environ_overrides=given).status_code == 408


def test_what_follows_a_body_is_not_read(client: FlaskClient) -> None:
    body = json.dumps(opioid_call()).encode()
    rest = io.BytesIO(body + b"GET / HTTP/1.1")
    given = {"wsgi.input": rest, "CONTENT_LENGTH": str(len(body)), "CONTENT_TYPE": "application/json"}
    assert client.post(SIGN, environ_overrides=given).status_code == 200
    assert rest.read() == b"GET / HTTP/1.1"


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "APPLICATION/JSON", "application/fhir+json"])
def test_every_json_is_json(client: FlaskClient, kind: str) -> None:
    assert client.post(SIGN, data=json.dumps(opioid_call()), content_type=kind).status_code == 200


@pytest.mark.parametrize("host", ["a.example", "A.example:8443", "[::1]:80", "localhost:80"])
def test_links_are_those_of_the_host_that_was_called(client: FlaskClient, host: str) -> None:
    for _ in range(2):
        (card,) = client.post(SIGN, json=opioid_call(), headers={"Host": host}).json["cards"]
        assert card["source"]["url"].startswith(f"http://{host.removesuffix(':80').lower()}/cards/")


def test_hosts_are_told_apart_by_scheme(client: FlaskClient) -> None:
    for base in ("http://a.example:443", "https://a.example:443", "http://a.example:443"):
        (card,) = client.post(SIGN, json=opioid_call(), base_url=base).json["cards"]
        wanted = base.removesuffix(":443") if base.startswith("https") else base
        assert card["source"]["url"].startswith(f"{wanted}/cards/")


def test_nothing_of_a_request_stays_with_its_thread(client: FlaskClient) -> None:
    """Nor of one that fails."""
    assert client.post(SIGN, json=opioid_call()).status_code == 200
    assert client.post(SIGN, data=b"{").status_code == 415
    assert (audit._current.get(), request_id.get()) == (None, "")
