"""The CDS Clients file: every mistake is named, and what is left out has its documented default."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml_writer
from trust_support import AUDIENCE, ISSUER, Key, jwks

from cds_service.cli import main
from cds_service.trust.clients import BadClients, CdsClient, load_clients

ES = Key("es-1")
GOOD: dict[str, Any] = {"name": "north", "issuer": ISSUER, "jwks": jwks(ES), "audiences": [AUDIENCE]}


def loaded(tmp_path: Path, *clients: Any) -> tuple[CdsClient, ...]:
    path = tmp_path / "clients.yaml"
    yaml_writer.write(path, {"clients": list(clients)})
    return load_clients(path)


def test_the_example_of_the_readme_is_accepted_as_it_stands(tmp_path: Path) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    path = tmp_path / "clients.yaml"
    path.write_text(readme.split("```yaml\n")[1].split("```")[0])
    (client,) = load_clients(path)
    assert (client.issuer, client.audiences, client.mode) == (ISSUER, (AUDIENCE,), "live")


def test_what_is_left_out_has_its_default(tmp_path: Path) -> None:
    (client,) = loaded(tmp_path, GOOD)
    assert (client.leeway_seconds, client.discovery, client.algorithms, client.mode, client.replay_check) == (
        60,
        "open",
        ("ES384", "RS384"),
        "live",
        True,
    )
    assert (client.fhir_servers, client.tenants, client.disabled_cards, client.cors_origins) == ((), frozenset(), frozenset(), ())


def test_everything_may_be_said(tmp_path: Path) -> None:
    more = {
        "jwks_url": "https://ehr.north.example/jwks.json",
        "extra_audiences": ["x"],
        "leeway_seconds": 0,
        "discovery": "protected",
        "cors_origins": ["https://ehr.north.example"],
        "algorithms": ["EdDSA"],
        "tenants": ["a"],
        "fhir_servers": ["https://fhir.north.example/r4", "http://127.0.0.1:9000/fhir"],
        "mode": "shadow",
        "disabled_cards": ["prom-not-recorded"],
        "replay_check": False,
    }
    (client,) = loaded(tmp_path, GOOD | more)
    assert (client.shadow, client.tenants, client.fhir_servers[0]) == (True, {"a"}, "https://fhir.north.example/r4")


BAD: dict[str, Any] = {
    "name": [None, "", "North Hospital", 5],
    "issuer": [None, ""],
    "audiences": [None, [], "https://x.example", ["x"], ["http://cds.example"], ["https://cds.example?x=1"]],
    "jwks_url": ["http://ehr.example/jwks", "x", "https://user:pw@ehr.example/jwks", "https://169.254.169.254/jwks"],
    "cors_origins": [["not an origin"], ["https://ehr.example/path"]],
    "jwks": [
        None,
        {},
        {"keys": []},
        {"keys": [5]},
        {"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "a"}]},
        {"keys": [ES.public | {"d": "x"}]},
        {"keys": [{k: v for k, v in ES.public.items() if k != "kid"}]},
        {"keys": [{"kty": "XX", "kid": "a"}]},
        {"keys": [ES.public | {"kid": 5}]},
        {"keys": [ES.public | {"use": "enc"}]},
        {"keys": [ES.public | {"alg": ["ES384"]}]},
        {"keys": [ES.public, ES.public]},
    ],
    "algorithms": [[], ["HS256"], ["none"], "ES384"],
    "leeway_seconds": [-1, 301, "60", 1.5],
    "discovery": ["closed"],
    "mode": ["test"],
    "replay_check": ["no", 2],
    "fhir_servers": [["http://fhir.example/r4"], ["x"]],
    "disabled_cards": ["x"],
    "surprise": [1],
}


@pytest.mark.parametrize(("name", "value"), [(n, v) for n, values in BAD.items() for v in values])
def test_a_mistake_is_named(tmp_path: Path, name: str, value: Any) -> None:
    entry = GOOD | {name: value}
    if value is None:
        del entry[name]
    with pytest.raises(BadClients, match=f"clients.0.({name}|jwks_url)"):
        loaded(tmp_path, entry)


@pytest.mark.parametrize("text", ["", "clients: []", "clients:\n\t- x", "clients: [", "other: 1", "clients: {a: 1}"])
def test_a_file_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "clients.yaml"
    path.write_text(text)
    with pytest.raises(BadClients, match=str(path)):
        load_clients(path)


def test_two_clients_of_a_name_or_of_one_issuer_without_tenants_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadClients, match="the name 'north' is used twice"):
        loaded(tmp_path, GOOD, GOOD | {"issuer": "https://other.example"})
    with pytest.raises(BadClients, match="is used twice: its clients need tenants"):
        loaded(tmp_path, GOOD, GOOD | {"name": "south"})
    assert len(loaded(tmp_path, GOOD | {"tenants": ["a"]}, GOOD | {"name": "south", "tenants": ["b"]})) == 2


# -- the commands -----------------------------------------------------------------------------------------------------------


def test_check_tells_what_the_ehr_must_enter(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "clients.yaml"
    yaml_writer.write(path, {"clients": [GOOD | {"fhir_servers": ["https://fhir.north.example/r4"], "tenants": ["t1"]}]})
    monkeypatch.setenv("CDS_PUBLIC_URL", AUDIENCE)
    assert main(["clients", "check", str(path)]) == 0
    told = capsys.readouterr().out
    for words in (
        f"{AUDIENCE}/cds-services",
        f"{AUDIENCE}/cds-services/posterior-hip-pain-order-sign",
        ISSUER,
        "ES384, RS384",
        "https://fhir.north.example/r4",
        "user/Condition.rs",
        "user/Medication.rs",
        "t1",
    ):
        assert words in told
    assert "ATTENTION" not in told


def test_check_warns_of_an_audience_that_does_not_fit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "clients.yaml"
    yaml_writer.write(path, {"clients": [GOOD]})
    monkeypatch.setenv("CDS_PUBLIC_URL", "https://other.example")
    assert main(["clients", "check", str(path)]) == 0
    assert "ATTENTION: https://other.example is not among the audiences" in capsys.readouterr().out


@pytest.mark.parametrize("entry", [GOOD | {"mode": "x"}, GOOD | {"disabled_cards": ["no-such-card"]}])
def test_check_and_serve_refuse_a_bad_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, entry: Any
) -> None:
    path = tmp_path / "clients.yaml"
    yaml_writer.write(path, {"clients": [entry]})
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CDS_CLIENTS", str(path))
    assert main(["clients", "check"]) == 1
    assert main(["serve", "--port", "1"]) == 1
    assert capsys.readouterr().err.count(str(path)) == 2
