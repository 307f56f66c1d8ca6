"""compose.yaml, the Kubernetes manifests and the systemd units: valid, hardened, and in agreement with the service."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
from deploy_support import DEPLOY, ROOT
from ruamel.yaml import YAML

from cds_service.cli import _parser
from cds_service.config import _VARIABLES, settings_from
from cds_service.server import Listening, _options
from cds_service.trust.clients import load_clients

COMPOSE: dict[str, Any] = YAML(typ="safe").load((DEPLOY / "compose.yaml").read_text())
MANIFESTS = sorted(p for p in (DEPLOY / "kubernetes").glob("*.yaml") if p.name != "kustomization.yaml")
OBJECTS = [o for path in MANIFESTS for o in YAML(typ="safe").load_all(path.read_text())]


def one(kind: str, name: str = "cds-service") -> dict[str, Any]:
    (found,) = (o for o in OBJECTS if o["kind"] == kind and o["metadata"]["name"] == name)
    return found


# -- compose ----------------------------------------------------------------------------------------------------------------


def test_compose_is_valid() -> None:
    compose_spec = pytest.importorskip("compose_spec", reason="no compose-spec for this machine")
    plain = {name: part for name, part in COMPOSE.items() if not name.startswith("x-")}  # what is shared is merged by now
    assert set(compose_spec.PyCompose.from_json(json.dumps(plain)).service_names()) == set(COMPOSE["services"])


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_every_container_is_hardened(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert {"mem_limit", "cpus", "pids_limit", "healthcheck"} <= service.keys() | {
        "healthcheck" if "cds" in service["image"] else ""
    }
    assert "ports" not in service or name == "gateway"


def test_no_secret_stands_in_compose() -> None:
    text = (DEPLOY / "compose.yaml").read_text()
    assert "CDS_HASH_KEY" not in text
    assert "CDS_DATABASE_URL" not in text
    assert "POSTGRES_PASSWORD:" not in text
    assert "secrets/" in (DEPLOY / ".gitignore").read_text()


def test_files_that_compose_mounts_are_there_or_are_told_to_be_made() -> None:
    readme = (DEPLOY / "README.md").read_text()
    for service in COMPOSE["services"].values():
        for volume in [*service.get("volumes", []), *service.get("env_file", [])]:
            source = volume.split(":")[0]
            if source.startswith("./"):
                assert (DEPLOY / source).exists() or source.removeprefix("./") in readme, source


# -- kubernetes -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("found", OBJECTS, ids=lambda o: f"{o['kind']}-{o['metadata']['name']}")
def test_every_manifest_is_valid(found: dict[str, Any]) -> None:
    kubernetes_validate.validate(found, "1.31", strict=True)


def test_kustomize_takes_every_manifest_but_the_example_of_a_secret() -> None:
    listed = set(YAML(typ="safe").load((DEPLOY / "kubernetes" / "kustomization.yaml").read_text())["resources"])
    assert listed == {p.name for p in MANIFESTS} - {"secret.example.yaml"}


def templates() -> list[dict[str, Any]]:
    return [one("Deployment")["spec"]["template"], one("CronJob", "cds-service-prune")["spec"]["jobTemplate"]["spec"]["template"]]


@pytest.mark.parametrize("template", templates(), ids=["deployment", "prune"])
def test_every_pod_meets_the_restricted_standard(template: dict[str, Any]) -> None:
    pod = template["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    for container in pod["containers"]:
        context = container["securityContext"]
        assert context["readOnlyRootFilesystem"] is True
        assert context["allowPrivilegeEscalation"] is False
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert container["resources"]["limits"]["memory"]


def test_selectors_find_the_web_pods_and_no_others() -> None:
    web, prune = (set(t["metadata"]["labels"].items()) for t in templates())
    for selector in (
        one("Deployment")["spec"]["selector"]["matchLabels"],
        one("Service")["spec"]["selector"],
        one("PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
    ):
        assert set(selector.items()) <= web
        assert not set(selector.items()) <= prune
    policy = set(one("NetworkPolicy")["spec"]["podSelector"]["matchLabels"].items())
    assert policy <= web
    assert policy <= prune


def test_a_pod_has_longer_to_stop_than_requests_have_to_end() -> None:
    pod = one("Deployment")["spec"]["template"]["spec"]
    graceful: int = _options(Listening("127.0.0.1", 8000))["graceful_timeout"]
    assert pod["terminationGracePeriodSeconds"] > graceful + 5
    unit = (DEPLOY / "systemd" / "cds-service.service").read_text()
    assert int(re.findall(r"TimeoutStopSec=(\d+)", unit)[0]) > graceful
    assert int(COMPOSE["services"]["cds-service"]["stop_grace_period"].rstrip("s")) > graceful


@pytest.mark.parametrize(
    "path", ["/hip/cds-services", "/hip/cds-services/x/feedback", "/hip/cards", "/hip/cards/book", "/hip/openapi.yaml"]
)
def test_the_ingress_lets_through_what_ehrs_and_readers_need(path: str) -> None:
    (rule,) = one("Ingress")["spec"]["rules"]
    assert re.match(rule["http"]["paths"][0]["path"], path)


@pytest.mark.parametrize(
    "path", ["/hip/metrics", "/hip/healthz", "/hip/readyz", "/hip/", "/hip//metrics", "/metrics", "/hip/cardsx"]
)
def test_the_ingress_leaves_the_operators_addresses_out(path: str) -> None:
    (rule,) = one("Ingress")["spec"]["rules"]
    assert not re.match(rule["http"]["paths"][0]["path"], path)


# -- systemd ----------------------------------------------------------------------------------------------------------------

UNITS = sorted((DEPLOY / "systemd").glob("cds-*"))


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here")
@pytest.mark.parametrize("unit", UNITS, ids=lambda u: u.name)
def test_systemd_understands_every_unit(unit: Path, tmp_path: Path) -> None:
    for each in UNITS:  # the program of the unit is not on this machine
        (tmp_path / each.name).write_text(each.read_text().replace("/opt/cds-service/venv/bin/cds-service", "/bin/true"))
    done = subprocess.run(["systemd-analyze", "verify", tmp_path / unit.name], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


# -- with the service -------------------------------------------------------------------------------------------------------


def test_every_setting_and_every_command_that_is_named_is_real() -> None:
    files = [p for p in DEPLOY.rglob("*") if p.is_file() and "secrets" not in p.parts and "observability" not in p.parts]
    options = next(a for a in _parser()._actions if a.choices).choices
    for path in files:
        text = path.read_text()
        assert set(re.findall(r"\bCDS_[A-Z_]+\b", text)) <= set(_VARIABLES), path.name
        for command in re.findall(r"bin/cds-service ([a-z]+)", text):
            assert command in (options or ()), f"{path.name}: {command}"


@pytest.mark.parametrize("name", ["systemd/environment.example", "compose/service.env.example"])
def test_the_examples_of_settings_are_accepted(name: str, tmp_path: Path) -> None:
    clients = tmp_path / "clients.yaml"
    clients.write_text((DEPLOY / "clients.example.yaml").read_text())
    pairs = re.findall(r"(?m)^(CDS_\w+)=(.*)$", (DEPLOY / name).read_text())
    settings = settings_from(dict(pairs) | {"CDS_CLIENTS": str(clients)})
    assert settings.public_url == "https://cds.north.example/hip"
    assert len(settings.hash_key or "") > 20


def test_the_example_of_a_clients_file_is_accepted_and_the_same_everywhere(tmp_path: Path) -> None:
    given = tmp_path / "clients.yaml"
    given.write_text(one("ConfigMap", "cds-clients")["data"]["clients.yaml"])
    assert load_clients(given) == load_clients(DEPLOY / "clients.example.yaml")


def test_relative_links_of_the_guide_lead_somewhere() -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", (DEPLOY / "README.md").read_text()):
        assert (DEPLOY / target).exists(), target
    assert (ROOT / "deploy" / "nginx" / "cds-service.conf").exists()
