"""CORS: preflights, answers and errors for browser-based clients."""

from __future__ import annotations

import conformance_support as support
import pytest

ALLOWED = ["https://sandbox.cds-hooks.org", "http://localhost:4000", "http://localhost:8080", "http://127.0.0.1:3000"]
STRANGERS = [
    "https://evil.example",
    "http://sandbox.cds-hooks.org",
    "https://sandbox.cds-hooks.org.evil.example",
    "https://evilsandbox.cds-hooks.org",
    "http://localhost.evil.example:4000",
    "https://localhost:4000",
    "http://localhost:4000.evil.example",
    "null",
]
CALLS = [("GET", "/cds-services"), ("GET", "/cds-services/"), *(("POST", support.path(hook)) for hook in support.HOOKS)]
CALLS.append(("POST", "/cds-services//posterior-hip-pain-patient-view"))


def preflight(client, origin, method, place):
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    return client.options(place, headers=headers)


@pytest.mark.parametrize("origin", ALLOWED)
def test_answers_carry_the_origin_cors_01(client, origin):
    headers = {"Origin": origin}
    for answer in (
        client.get("/cds-services", headers=headers),
        support.call(client, support.on_pathway("patient-view"), headers=headers),
    ):
        assert answer.headers["Access-Control-Allow-Origin"] == origin
        assert "Origin" in answer.headers["Vary"]
        assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize("origin", ALLOWED)
@pytest.mark.parametrize(("method", "place"), CALLS)
def test_preflight_passes_without_credentials_cors_02_cors_03(client, origin, method, place):
    answer = preflight(client, origin, method, place)
    assert answer.status_code in (200, 204)
    assert answer.headers["Access-Control-Allow-Origin"] == origin
    assert method in answer.headers["Access-Control-Allow-Methods"]
    allowed = answer.headers["Access-Control-Allow-Headers"].lower()
    assert "authorization" in allowed
    assert "content-type" in allowed
    assert "Access-Control-Allow-Credentials" not in answer.headers


ERRORS = {
    400: (support.path("patient-view"), {"data": b"{", "content_type": "application/json"}),
    404: ("/cds-services/unknown", {"json": {}}),
    405: ("/cds-services", {"json": {}}),
    412: (support.path("patient-view"), {"json": support.smallest("patient-view")}),
    415: (support.path("patient-view"), {"data": b"x", "content_type": "text/plain"}),
    422: (support.path("patient-view"), {"json": {}}),
}


@pytest.mark.parametrize("status", ERRORS)
def test_errors_carry_the_origin_cors_04(client, status):
    place, options = ERRORS[status]
    answer = client.post(place, headers={"Origin": support.SANDBOX}, **options)
    support.refusal(answer, status)
    assert answer.headers["Access-Control-Allow-Origin"] == support.SANDBOX


@pytest.mark.parametrize("origin", STRANGERS)
def test_an_origin_that_is_not_listed_gets_nothing_cors_05(client, origin):
    answers = [client.get("/cds-services", headers={"Origin": origin}), preflight(client, origin, "POST", CALLS[2][1])]
    assert not any("Access-Control-Allow-Origin" in answer.headers for answer in answers)


def test_a_listed_origin_replaces_the_defaults_cors_05():
    client = support.service(cors_origins=("https://ehr.example",))
    assert client.get("/cds-services", headers={"Origin": "https://ehr.example"}).headers["Access-Control-Allow-Origin"]
    assert "Access-Control-Allow-Origin" not in client.get("/cds-services", headers={"Origin": support.SANDBOX}).headers


def test_a_star_allows_every_origin_without_credentials_cors_05():
    client = support.service(cors_origins=("*",))
    for answer in (
        client.get("/cds-services", headers={"Origin": "https://anyone.example"}),
        preflight(client, "https://anyone.example", "POST", CALLS[2][1]),
    ):
        assert answer.headers["Access-Control-Allow-Origin"] in ("*", "https://anyone.example")
        assert "Access-Control-Allow-Credentials" not in answer.headers


def test_the_content_version_can_be_read_by_a_browser_cors_01(client):
    answer = support.call(client, support.on_pathway("patient-view"), headers={"Origin": support.SANDBOX})
    assert "X-CDS-Content-Version" in answer.headers["Access-Control-Expose-Headers"]


def test_a_call_without_an_origin_is_answered_without_a_word_on_origins(client):
    """An EHR's server names none. What a cache may keep is kept for those who name none."""
    called, found = support.call(client, support.on_pathway("patient-view")), client.get("/cds-services")
    for answer in (called, found):
        assert not [name for name, _ in answer.headers if name.startswith("Access-Control-")]
    assert found.headers["Vary"] == "Origin"
