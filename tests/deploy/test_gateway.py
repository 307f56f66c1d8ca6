"""A real nginx with the sample of ``deploy/nginx`` in front of a real server."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator

import pytest
import trustme
from deploy_support import REQUEST, VIEW, Drip, Served, serving
from gateway_support import NAME, NGINX, Gateway, gateway

SANDBOX = "https://sandbox.cds-hooks.org"
pytestmark = pytest.mark.skipif(NGINX is None, reason="no nginx here; .ci/run installs it")


@pytest.fixture(scope="module")
def ca() -> trustme.CA:
    return trustme.CA()


def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
    return number


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    settings = {"CDS_TRUSTED_PROXIES": "1", "CDS_NOW": "2026-03-02T12:00:00+00:00"}
    with serving(tmp_path_factory.mktemp("behind"), port(), **settings) as process:
        yield process


@pytest.fixture(scope="module")
def gate(behind: Served, ca: trustme.CA) -> Iterator[Gateway]:
    assert isinstance(behind.place, int)
    with gateway(behind.place, port(), ca) as nginx:
        yield nginx


def test_discovery_and_a_hook_call_pass_with_links_under_the_prefix(gate: Gateway) -> None:
    services = gate.ask("/hip/cds-services").json["services"]
    assert [service["hook"] for service in services] == ["patient-view", "order-select", "order-sign"]
    card = gate.ask(f"/hip{VIEW}", REQUEST).json["cards"][0]
    page = card["source"]["url"]
    assert page == f"https://{NAME}:{gate.port}/hip/cards/{card['source']['topic']['code']}"
    assert gate.ask(page.partition(str(gate.port))[2]).status == 200


def test_what_a_caller_forwards_is_not_believed(gate: Gateway) -> None:
    spoofed = {
        "Host": "evil.example",
        "X-Forwarded-For": "203.0.113.9",
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Port": "444",
        "X-Forwarded-Prefix": "/evil",
        "Forwarded": "host=evil.example;proto=http",
        "SCRIPT_NAME": "/evil",
    }
    card = gate.ask(f"/hip{VIEW}", REQUEST, spoofed).json["cards"][0]
    assert card["source"]["url"].startswith(f"https://{NAME}:{gate.port}/hip/cards/")


def test_feedback_passes(gate: Gateway) -> None:
    card = gate.ask(f"/hip{VIEW}", REQUEST).json["cards"][0]
    item = {"card": card["uuid"], "outcome": "overridden", "outcomeTimestamp": "2026-03-02T12:00:00Z"}
    assert gate.ask(f"/hip{VIEW}/feedback", {"feedback": [item]}).status == 200


def test_every_link_and_asset_of_the_pages_leads_somewhere(gate: Gateway) -> None:
    catalogue = gate.ask("/hip/cards").body.decode()
    targets = {t for t in re.findall(r'(?:href|src)="([^"#?]+)', catalogue) if not t.startswith(("http", "/"))}
    assert len([t for t in targets if t.startswith("cards/")]) > 50
    assert not re.findall(r'(?:href|src)="/', catalogue), "an absolute link leaves the prefix"
    for target in [next(t for t in sorted(targets) if t.startswith("cards/")), *(t for t in targets if "assets" in t)]:
        assert gate.ask(f"/hip/{target}").status == 200, target


def test_a_preflight_of_the_public_sandbox_passes(gate: Gateway) -> None:
    asked = {"Origin": SANDBOX, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    answer = gate.ask(f"/hip{VIEW}", None, asked, method="OPTIONS")
    assert answer.status == 200
    assert answer.headers["Access-Control-Allow-Origin"] == SANDBOX


@pytest.mark.parametrize(
    "path",
    [
        "/metrics",
        "/hip/metrics",
        "/hip//metrics",
        "/hip/metrics/",
        "/hip/%6detrics",
        "/hip/./metrics",
        "/hip/cds-services/../metrics",
        "/hip/cds-services/..%2fmetrics",
        "/hip/healthz",
        "/hip/readyz",
        "/readyz",
    ],
)
def test_what_operators_ask_is_not_to_be_had_from_outside(gate: Gateway, path: str) -> None:
    assert gate.ask(path).refused == (404, "application/json", "not-found")


def test_a_body_over_the_limit_is_refused_in_the_form_of_the_service(gate: Gateway) -> None:
    told = gate.ask(f"/hip{VIEW}", b" " * (10 * 1024 * 1024 + 1), {"Origin": SANDBOX})
    assert told.refused == (413, "application/json", "too-long")
    assert told.headers["Access-Control-Allow-Origin"] == SANDBOX
    in_pieces = iter([b" " * 65536] * 170)
    assert gate.ask(f"/hip{VIEW}", in_pieces, {"Transfer-Encoding": "chunked"}).refused == (413, "application/json", "too-long")


def test_a_large_body_within_the_limit_passes_and_touches_no_disk(gate: Gateway) -> None:
    answer = gate.ask(f"/hip{VIEW}", {"filler": "x" * 9_000_000})
    assert answer.refused == (422, "application/json", "invalid")
    assert list((gate.folder / "bodies").iterdir()) == []


def test_what_is_no_request_is_refused_in_the_same_form(gate: Gateway) -> None:
    assert gate.ask("/hip/" + "a" * 40_000).refused == (414, "application/json", "too-long")
    assert gate.ask("/hip/cds-services", None, {"X-Long": "a" * 40_000}).refused[0] == 400


def test_headers_of_every_answer(gate: Gateway) -> None:
    for path in ("/hip/cds-services", "/hip/cards", "/elsewhere"):
        headers = gate.ask(path, None, {"X-Request-ID": "call-0001-abc"}).headers
        assert headers["X-Request-ID"] == "call-0001-abc"
        assert headers["Strict-Transport-Security"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "/" not in headers["Server"], "a version is told"
    made = gate.ask("/hip/cds-services", None, {"X-Request-ID": "not good\ta"}).headers["X-Request-ID"]
    assert re.fullmatch(r"[0-9a-f]{32}", made)


def test_slow_callers_wait_at_the_gateway_and_keep_no_thread(gate: Gateway) -> None:
    """More of them than the service has threads (16), fewer than one address may have (64)."""
    callers = [gate.dripping() for _ in range(40)]
    for caller in callers:
        caller.sendall(f"POST /hip{VIEW} HTTP/1.1\r\nHost: {NAME}\r\nContent-Length: 1000\r\n\r\n{{".encode())
    drip = Drip(list(callers))
    try:
        time.sleep(0.3)
        began = time.monotonic()
        assert gate.ask(f"/hip{VIEW}", REQUEST).status == 200
        assert time.monotonic() - began < 1.5
    finally:
        drip.close()


def test_neither_queries_nor_bodies_are_logged(gate: Gateway, ca: trustme.CA) -> None:
    gate.ask("/hip/cards?q=janedoe")
    gate.ask(f"/hip{VIEW}?q=janedoe", {"patient": "janedoe"}, {"Authorization": "Bearer janedoe"})
    time.sleep(0.1)
    assert "GET /hip/cards 200" in gate.logged()
    assert "janedoe" not in gate.logged()
    with gateway(port(), port(), ca) as nobody_behind:
        assert nobody_behind.ask("/hip/cards?q=janedoe").status == 502
        assert "janedoe" not in nobody_behind.logged()


def test_who_calls_too_often_is_told_so(behind: Served, ca: trustme.CA) -> None:
    assert isinstance(behind.place, int)
    with gateway(behind.place, port(), ca, **{"rate=50r/s": "rate=1r/s", "burst=100": "burst=2"}) as strict:
        answers = [strict.ask("/hip/cards?q=janedoe") for _ in range(5)]
        assert [a.status for a in answers] == [200, 200, 200, 429, 429]
        assert answers[-1].refused == (429, "application/json", "throttled")
        assert answers[-1].headers["Retry-After"] == "1"
        assert "janedoe" not in strict.logged()


def test_a_service_that_is_away_or_hangs_is_told_in_the_same_form(ca: trustme.CA) -> None:
    with gateway(port(), port(), ca) as nobody_behind:
        assert nobody_behind.ask("/hip/cds-services").refused == (502, "application/json", "transient")
    with socket.create_server(("127.0.0.1", 0)) as hanging:
        number = hanging.getsockname()[1]
        with gateway(number, port(), ca, **{"proxy_read_timeout 10s": "proxy_read_timeout 1s"}) as impatient:
            assert impatient.ask("/hip/cds-services").refused == (504, "application/json", "timeout")


def test_with_mtls_only_certificates_of_the_authority_get_in(behind: Served, ca: trustme.CA) -> None:
    assert isinstance(behind.place, int)
    with gateway(behind.place, port(), ca, **{"#mtls ": ""}) as closed:
        assert closed.ask("/hip/cds-services").refused == (400, "application/json", "structure")
        assert closed.ask("/hip/cds-services", client=trustme.CA().issue_cert("ehr.evil")).status == 400
        assert closed.ask("/hip/cds-services", client=ca.issue_cert("ehr.north.example")).status == 200
