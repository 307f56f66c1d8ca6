"""Who is calling: real tokens against the whole application (JWT group)."""

from __future__ import annotations

import base64
import json
import socket
import threading
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
import yaml_writer
from flask.testing import FlaskClient
from trust_support import AUDIENCE, ISSUER, SERVICE, Key, KeyServer, claims, jwks, key_servers, token

from cds_service import create_app, packaged_cards
from cds_service.config import Settings
from cds_service.content.loader import load
from cds_service.trust import keys as keys_module

LIBRARY = load(packaged_cards())
GOOD = 200
ES, RS, STRANGER = Key("es-1"), Key("rs-1", "RS384"), Key("stranger")
BODY = {
    "hook": "patient-view",
    "hookInstance": "5cf3a4f5-2d4c-4b6c-8f4f-6a1f1f7a2c11",
    "context": {"userId": "Practitioner/1", "patientId": "p1"},
    "prefetch": {"Condition": None, "Patient": None},
}

server = pytest.fixture(key_servers)


def app(tmp_path: Path, *clients: dict[str, Any], memory: bool = True, **settings: Any) -> FlaskClient:
    """The whole application with these clients."""
    path = tmp_path / "clients.yaml"
    yaml_writer.write(path, {"clients": list(clients)})
    database = f"sqlite:///{tmp_path / 'memory.sqlite3'}" if memory else None
    return create_app(Settings(clients=path, log_level="INFO", database_url=database, **settings), LIBRARY).test_client()


def north(**changed: Any) -> dict[str, Any]:
    return {"name": "north", "issuer": ISSUER, "jwks": jwks(ES, RS), "audiences": [AUDIENCE]} | changed


def by_url(url: str, **changed: Any) -> dict[str, Any]:
    found = north(jwks_url=url, **changed)
    del found["jwks"]
    return found


def call(client: FlaskClient, bearer: str | None, path: str = SERVICE, body: Any = BODY) -> Any:
    headers = {} if bearer is None else {"Authorization": f"Bearer {bearer}"}
    return client.post(path, json=body, headers=headers)


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    return app(tmp_path, north())


@pytest.mark.parametrize("key", [ES, RS], ids=["ES384", "RS384"])
def test_a_good_token_is_accepted(client: FlaskClient, key: Key) -> None:
    """JWT-02, JWT-08, JWT-10."""
    assert call(client, token(key)).status_code == GOOD


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": [AUDIENCE + SERVICE, "https://other.example"]},
        {"aud": AUDIENCE + SERVICE, "sub": "x", "extra": {"a": 1}},
        {"exp": lambda: int(time.time()) - 30},
        {"iat": lambda: int(time.time()) + 30},
        {"nbf": lambda: int(time.time()) + 30},
    ],
    ids=["several audiences", "more claims", "just expired", "a clock that is fast", "a clock that is slow"],
)
def test_leeway_and_extra_claims_are_accepted(client: FlaskClient, changed: dict[str, Any]) -> None:
    """JWT-04, JWT-05, JWT-12."""
    now = {name: value() if callable(value) else value for name, value in changed.items()}
    assert call(client, token(ES, claims(**now))).status_code == GOOD


def forged(body: dict[str, Any]) -> str:
    """The signature of other claims."""
    head, _, signature = token(ES).split(".")
    return ".".join((head, base64.urlsafe_b64encode(json.dumps(body).encode()).decode().rstrip("="), signature))


def symmetric(secret: str) -> str:
    head = base64.urlsafe_b64encode(json.dumps({"alg": "HS256", "kid": "es-1", "typ": "JWT"}).encode()).decode().rstrip("=")
    body = base64.urlsafe_b64encode(json.dumps(claims()).encode()).decode().rstrip("=")
    signed = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(f"{head}.{body}".encode(), secret.encode())
    return f"{head}.{body}.{base64.urlsafe_b64encode(signed).decode().rstrip('=')}"


NOW = int(time.time())
BAD: dict[str, Any] = {
    "nothing": lambda: None,
    "empty": lambda: "",
    "garbage": lambda: "garbage",
    "three parts of garbage": lambda: "a.b.c",
    "too long": lambda: token(ES, claims(padding="x" * 9000)),
    "expired": lambda: token(ES, claims(exp=NOW - 3600)),
    "not yet valid": lambda: token(ES, claims(nbf=NOW + 3600)),
    "issued in the future": lambda: token(ES, claims(iat=NOW + 3600)),
    "far-future exp": lambda: token(ES, claims(exp=NOW + 3 * 365 * 86400)),
    "wrong audience": lambda: token(ES, claims(aud="https://other.example" + SERVICE)),
    "audience of another service": lambda: token(ES, claims("/cds-services/posterior-hip-pain-order-sign")),
    "audience of discovery": lambda: token(ES, claims("/cds-services")),
    "audience is the base": lambda: token(ES, claims(aud=AUDIENCE)),
    "wrong issuer": lambda: token(ES, claims(iss="https://evil.example")),
    "issuer is no text": lambda: forged(claims() | {"iss": ["x"]}),
    **{f"no {name}": lambda name=name: token(ES, claims(**{name: None})) for name in ("iss", "aud", "exp", "iat", "jti")},
    "exp beyond every clock": lambda: token(ES, claims(exp=10**400)),
    "exp is a text": lambda: forged(claims() | {"exp": str(int(time.time()) + 60)}),
    "iat is a truth": lambda: token(ES, claims(iat=True)),
    "jti is a number": lambda: token(ES, claims(jti=None) | {"jti": 5}),
    "empty jti": lambda: token(ES, claims(jti="")),
    "no kid": lambda: token(ES, kid=None),
    "unknown kid": lambda: token(STRANGER),
    "strange key with a known kid": lambda: token(STRANGER, kid="es-1"),
    "key of the other algorithm": lambda: token(RS, kid="es-1"),
    "typ is not JWT": lambda: token(ES, typ="JOSE"),
    "unsigned": lambda: jwt.encode(claims(), None, algorithm="none", headers={"kid": "es-1"}),
    "stripped signature": lambda: token(ES).rpartition(".")[0] + ".",
    "symmetric": lambda: symmetric("secret"),
    "symmetric with the public key": lambda: symmetric(json.dumps(ES.public)),
    "changed payload": lambda: forged(claims(sub="admin")),
    "payload is no object": lambda: token(ES).split(".")[0] + ".NQ." + token(ES).split(".")[2],
    "an algorithm that is not allowed": lambda: jwt.encode(claims(), Key("x", "RS384").private, "RS256", {"kid": "rs-1"}),
    "a jku where none is configured": lambda: token(ES, jku="https://evil.example/jwks.json"),
}


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_token_is_401_without_a_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str], bad: str) -> None:
    """JWT-03 to JWT-09, JWT-11, JWT-15, JWT-16."""
    bearer = BAD[bad]()
    answer = call(app(tmp_path, north()), bearer)
    assert answer.status_code == 401
    assert answer.json == {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "error", "code": "login", "details": {"text": "not authenticated"}}],
    }
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    told = map(json.loads, capsys.readouterr().err.splitlines())
    lines = [line for line in told if line["message"] == "token refused"]
    assert len(lines) == 1
    assert set(lines[0]) == {"time", "level", "message", "request_id", "reason", "iss", "jti"}
    assert not bearer or len(bearer) < 8 or bearer not in json.dumps(lines)


@pytest.mark.parametrize("header", ["Basic dXNlcjpwYXNz", "Bearer", "Bearer ", "Token x", ""])
def test_a_header_without_a_token_is_401(client: FlaskClient, header: str) -> None:
    """JWT-01."""
    assert client.post(SERVICE, json=BODY, headers={"Authorization": header}).status_code == 401


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer"])
def test_the_scheme_is_matched_without_case(client: FlaskClient, scheme: str) -> None:
    """JWT-02."""
    assert client.post(SERVICE, json=BODY, headers={"Authorization": f"{scheme} {token(ES)}"}).status_code == GOOD


def test_a_token_is_good_once(client: FlaskClient) -> None:
    """JWT-13."""
    bearer = token(ES)
    assert [call(client, bearer).status_code for _ in range(3)] == [GOOD, 401, 401]


def test_another_process_knows_what_was_used(tmp_path: Path) -> None:
    """JWT-13: the memory is shared."""
    one, other = app(tmp_path, north()), app(tmp_path, north())
    bearer = token(ES)
    assert (call(one, bearer).status_code, call(other, bearer).status_code) == (GOOD, 401)


def test_without_a_memory_a_process_still_knows_its_own(tmp_path: Path) -> None:
    client, bearer = app(tmp_path, north(), memory=False), token(ES)
    assert [call(client, bearer).status_code for _ in range(2)] == [GOOD, 401]


def test_a_test_suite_may_use_a_token_again(tmp_path: Path) -> None:
    client, bearer = app(tmp_path, north(replay_check=False)), token(ES)
    assert [call(client, bearer).status_code for _ in range(2)] == [GOOD, GOOD]


def test_a_refused_token_does_not_use_up_its_jti(client: FlaskClient) -> None:
    """Somebody without a key could otherwise lock others out."""
    body = claims()
    assert call(client, forged(body)).status_code == 401
    assert call(client, token(ES, body)).status_code == GOOD


@pytest.mark.parametrize(("tenant", "status"), [("a", 200), ("b", 401), (None, 401), (["a"], 401)])
def test_only_listed_tenants_are_admitted(tmp_path: Path, tenant: Any, status: int) -> None:
    """JWT-14."""
    assert call(app(tmp_path, north(tenants=["a"])), token(ES, claims(tenant=tenant))).status_code == status


def test_a_tenant_means_nothing_where_none_is_listed(client: FlaskClient) -> None:
    """JWT-14."""
    assert call(client, token(ES, claims(tenant="any"))).status_code == GOOD


def test_an_extra_audience_is_exact(tmp_path: Path) -> None:
    client = app(tmp_path, north(extra_audiences=["posterior-hip"]))
    assert call(client, token(ES, claims(aud="posterior-hip"))).status_code == GOOD
    assert call(client, token(ES, claims(aud="posterior-hip/x"))).status_code == 401


def test_the_audience_does_not_depend_on_the_host_that_was_called(client: FlaskClient) -> None:
    """JWT-05: behind a gateway the host is another one."""
    answer = client.post(SERVICE, json=BODY, headers={"Authorization": f"Bearer {token(ES)}", "Host": "internal:8000"})
    assert answer.status_code == GOOD


def test_feedback_needs_a_token_for_itself_or_its_service(client: FlaskClient) -> None:
    """FB-08."""
    path = f"{SERVICE}/feedback"
    item = {"card": "0" * 8, "outcome": "overridden", "outcomeTimestamp": "2026-03-02T12:00:00Z"}
    statuses = [
        call(client, bearer, path, {"feedback": [item]}).status_code
        for bearer in (None, token(ES, claims(path)), token(ES, claims(SERVICE)), token(ES, claims("/cds-services")))
    ]
    assert statuses == [401, 200, 200, 401]


@pytest.mark.parametrize(("discovery", "without", "wrong"), [("open", 200, 200), ("protected", 401, 401)])
def test_discovery_is_open_or_protected(tmp_path: Path, discovery: str, without: int, wrong: int) -> None:
    """JWT-01, JWT-02."""
    client = app(tmp_path, north(discovery=discovery))
    get = lambda bearer: client.get("/cds-services", headers={"Authorization": f"Bearer {bearer}"} if bearer else {}).status_code  # noqa: E731
    assert (get(None), get("garbage"), get(token(ES, claims("/cds-services")))) == (without, wrong, 200)


def test_a_preflight_never_needs_a_token(tmp_path: Path) -> None:
    client = app(tmp_path, north(discovery="protected", cors_origins=["https://ehr.north.example"]))
    for path in (SERVICE, "/cds-services", f"{SERVICE}/feedback"):
        answer = client.options(
            path,
            headers={"Origin": "https://ehr.north.example", "Access-Control-Request-Method": "POST"},
        )
        assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (200, "https://ehr.north.example")


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/openapi.yaml", "/cards/data-incomplete"])
def test_what_holds_no_patient_data_is_open(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 200


def test_an_unknown_service_is_401_before_it_is_404(client: FlaskClient) -> None:
    assert call(client, None, "/cds-services/unknown").status_code == 401
    assert call(client, token(ES, claims("/cds-services/unknown")), "/cds-services/unknown").status_code == 404


# -- keys by URL ------------------------------------------------------------------------------------------------------------


def test_keys_are_fetched_once(tmp_path: Path, server: KeyServer) -> None:
    """JWT-17."""
    server.document = jwks(ES, RS)
    client = app(tmp_path, by_url(server.url))
    assert [call(client, token(key)).status_code for key in (ES, RS, ES)] == [GOOD] * 3
    assert len(server.calls) == 1


def test_a_new_key_is_fetched_and_a_flood_of_unknown_ones_is_not(tmp_path: Path, server: KeyServer) -> None:
    """JWT-17: rotation, with a cooldown."""
    server.document = jwks(ES)
    client = app(tmp_path, by_url(server.url))
    assert call(client, token(ES)).status_code == GOOD
    server.document = jwks(ES, RS)
    assert call(client, token(RS)).status_code == GOOD
    assert [call(client, token(Key(f"x{n}"))).status_code for n in range(5)] == [401] * 5
    assert len(server.calls) == 2


@pytest.fixture
def knowing(tmp_path: Path, server: KeyServer, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """It has read the keys, and looks at them again soon."""
    monkeypatch.setattr(keys_module, "_LIFESPAN", 0.01)
    server.document = jwks(ES)
    client = app(tmp_path, by_url(server.url))
    assert call(client, token(ES)).status_code == GOOD
    time.sleep(0.05)
    return client


def test_a_key_server_that_is_down_leaves_the_keys_that_are_known(knowing: FlaskClient, server: KeyServer) -> None:
    """JWT-17."""
    server.status = 500
    assert call(knowing, token(ES)).status_code == GOOD


NO_KEYS: list[Any] = [None, [], "keys", {}, {"keys": []}, {"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "es-1"}]}]


@pytest.mark.parametrize("document", NO_KEYS)
def test_keys_that_are_none_admit_nobody(tmp_path: Path, server: KeyServer, document: Any) -> None:
    server.document = document
    assert call(app(tmp_path, by_url(server.url)), token(ES)).status_code == 401


def test_a_dead_key_server_is_not_asked_at_every_call(tmp_path: Path, server: KeyServer) -> None:
    server.status = 500
    client = app(tmp_path, by_url(server.url))
    assert [call(client, token(ES)).status_code for _ in range(4)] == [401] * 4
    assert len(server.calls) == 1


def test_a_redirect_of_the_key_server_is_not_followed(tmp_path: Path, server: KeyServer) -> None:
    server.document, server.status = jwks(ES), 302
    assert call(app(tmp_path, by_url(server.url)), token(ES)).status_code == 401


def test_a_jku_is_compared_and_never_followed(tmp_path: Path, server: KeyServer) -> None:
    """JWT-11."""
    foreign = KeyServer(jwks(STRANGER))
    try:
        server.document = jwks(ES)
        client = app(tmp_path, by_url(server.url))
        assert call(client, token(ES, jku=server.url)).status_code == GOOD
        assert call(client, token(ES, jku=foreign.url)).status_code == 401
        assert call(client, token(STRANGER, jku=foreign.url)).status_code == 401
        assert call(client, token(STRANGER, claims(iss=foreign.url), jku=foreign.url)).status_code == 401
        assert foreign.calls == []
    finally:
        foreign.close()


# -- what each client may ---------------------------------------------------------------------------------------------------


def test_a_client_names_only_its_own_fhir_servers(tmp_path: Path, server: KeyServer) -> None:
    """FHIR-15. Without a list it may name none, not even this machine."""
    base = server.url.removesuffix("/jwks.json")
    body = BODY | {"fhirServer": base, "prefetch": {"Patient": None}}
    assert "not on the list" in call(app(tmp_path, north()), token(ES), body=body).get_data(as_text=True)
    assert server.calls == []
    call(app(tmp_path, north(fhir_servers=[base])), token(ES), body=body)
    assert any(path.startswith("/Condition?") for path in server.calls)


GOOD_KEYS = {"keys": [{**ES.public, "alg": ["ES384"], "kid": "odd"}, {**ES.public, "alg": "none", "kid": "odd2"}, 5, ES.public]}


def test_odd_keys_among_good_ones_are_passed_over(tmp_path: Path, server: KeyServer) -> None:
    server.document = GOOD_KEYS
    assert call(app(tmp_path, by_url(server.url)), token(ES)).status_code == GOOD


def test_two_keys_of_one_id_are_told_apart_by_their_kind(tmp_path: Path, server: KeyServer) -> None:
    server.document = {"keys": [ES.public, {**RS.public, "kid": "es-1"}]}
    client = app(tmp_path, by_url(server.url))
    assert call(client, token(ES)).status_code == GOOD
    assert call(client, token(RS, kid="es-1")).status_code == GOOD


def test_an_answer_without_keys_does_not_replace_the_good_ones(knowing: FlaskClient, server: KeyServer) -> None:
    server.document = {"error": "maintenance"}
    assert [call(knowing, token(ES)).status_code for _ in range(5)] == [GOOD] * 5
    assert len(server.calls) == 2


def test_a_key_server_that_drips_is_hung_up_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within the whole of its time, not within that of each byte."""
    monkeypatch.setattr(keys_module, "_SECONDS", 0.4)
    stop = threading.Event()

    def drip(listener: socket.socket) -> None:
        with listener.accept()[0] as connection:
            connection.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
            while not stop.wait(0.05):
                try:
                    connection.sendall(b"x")
                except OSError:
                    return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip, args=(listener,))
        thread.start()
        client = app(tmp_path, by_url(f"http://127.0.0.1:{listener.getsockname()[1]}/jwks.json"))
        started = time.monotonic()
        assert call(client, token(ES)).status_code == 401
        took = time.monotonic() - started
        stop.set()
        thread.join()
    assert took < 1.5
