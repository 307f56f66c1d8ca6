"""The dashboard, the alerts and the documentation speak of what /metrics really exposes."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import promql_parser as promql
import pytest
import yaml
from ehr import Ehr
from operations_support import LIBRARY, SIGN, opioid_call, refusing_some, series, start, with_ehr
from prometheus_client.parser import text_string_to_metric_families

from cds_service import create_app
from cds_service.check import case_settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy" / "observability"
DOCS = (ROOT / "docs" / "observability.md").read_text()
RULES = yaml.safe_load((DEPLOY / "alerts.yaml").read_text())["groups"][0]["rules"]
BOARD = json.loads((DEPLOY / "grafana-dashboard.json").read_text())
ADDED = {"job", "instance"}  # by Prometheus


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What is exposed after traffic of every kind."""
    ehr, folder = Ehr(), tmp_path_factory.mktemp("memory")
    ehr.answer = refusing_some
    start(ehr)
    url = f"sqlite:///{folder / 'm.sqlite3'}"
    settings = replace(case_settings(), database_url=url, hash_key="k", fhir_servers=(ehr.base,), deadline_ms=5000)
    app = create_app(settings, LIBRARY)
    client = app.test_client()
    (card, *_) = client.post(SIGN, json=with_ehr(opioid_call(), ehr, "Procedure")).json["cards"]
    item = {"card": card["uuid"], "outcome": "overridden", "outcomeTimestamp": "2026-03-02T12:00:00Z"}
    assert client.post(f"{SIGN}/feedback", json={"feedback": [item]}).status_code == 200
    app.extensions["metrics"].refused_token("no token")  # an open door refuses none
    app.extensions["memory"].close()
    ehr.shutdown()
    ehr.server_close()
    return client.get("/metrics").get_data(as_text=True)


@pytest.fixture(scope="module")
def exposed(page: str) -> dict[str, set[str]]:
    """The labels of every metric, by the name that an expression uses."""
    found: dict[str, set[str]] = {"up": set()}
    for name, labels in series(page):
        found.setdefault(name, set()).update(label for label, _ in labels)
    return found


def parts(expression: Any) -> Iterator[Any]:
    """Every node of a parsed expression."""
    yield expression
    for name in ("expr", "lhs", "rhs", "vector_selector", "param"):
        inner = getattr(expression, name, None)
        if inner is not None and type(inner).__module__.startswith(type(expression).__module__.partition(".")[0]):
            yield from parts(inner)
    for inner in getattr(expression, "args", None) or ():
        yield from parts(inner)


def parsed(text: str) -> Any:
    for variable, value in (("$__rate_interval", "5m"), ("$__range", "1h"), ("$instance", ".*")):
        text = text.replace(variable, value)
    return promql.parse(text)


def strangers(text: str, exposed: dict[str, set[str]]) -> list[str]:
    """Metrics and labels of an expression that do not exist."""
    wrong, known, grouped = [], set(ADDED), set()
    for part in parts(parsed(text)):
        if isinstance(part, promql.VectorSelector):
            if part.name not in exposed:
                wrong.append(part.name)
                continue
            has = exposed[part.name] | ADDED
            known |= has
            wrong += [f"{part.name}.{m.name}" for m in part.matchers.matchers if m.name not in has]
        if isinstance(part, promql.AggregateExpr) and part.modifier:
            grouped |= set(part.modifier.labels)
    return wrong + sorted(grouped - known)


QUERIES = {rule["alert"]: rule["expr"] for rule in RULES}
QUERIES |= {f"{p['title']} {t['refId']}": t["expr"] for p in BOARD["panels"] for t in p["targets"]}


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_uses_what_is_exposed(name: str, exposed: dict[str, set[str]]) -> None:
    assert strangers(QUERIES[name], exposed) == []


@pytest.mark.parametrize(
    "wrong", ["sum(rate(cds_hooks_total[5m]))", 'cds_gaps_total{type="x"}', "sum by (hook) (cds_workers) / cds_workers > 1"]
)
def test_a_query_for_something_else_is_noticed(wrong: str, exposed: dict[str, set[str]]) -> None:
    assert strangers(wrong, exposed)


def test_every_metric_is_on_the_dashboard_or_in_an_alert() -> None:
    selectors = [part for query in QUERIES.values() for part in parts(parsed(query)) if isinstance(part, promql.VectorSelector)]
    used = {re.sub(r"_(bucket|count|sum)$", "", part.name) for part in selectors}
    assert {name for name, *_ in documented()} <= used


def test_each_alert_says_what_it_is_and_what_to_do() -> None:
    for rule in RULES:
        assert set(rule["annotations"]) == {"summary", "description", "runbook"}
        assert rule["labels"]["severity"] in ("critical", "warning")
        assert f"| `{rule['alert']}` |" in DOCS
        for label in re.findall(r"\$labels\.(\w+)", " ".join(rule["annotations"].values())):
            aggregated = [p for p in parts(parsed(rule["expr"])) if isinstance(p, promql.AggregateExpr)]
            assert not aggregated or any(p.modifier and label in p.modifier.labels for p in aggregated), label
    assert len(re.findall(r"(?m)^\| `Cds\w+` \|", DOCS)) == len(RULES)


def documented() -> list[tuple[str, str, frozenset[str], str]]:
    rows = re.findall(r"(?m)^\| `(cds_\w+)` \| (\w+) \| ([`\w, ]*) ?\| (.+) \|$", DOCS)
    return [(name, kind, frozenset(re.findall(r"\w+", labels)), meaning) for name, kind, labels, meaning in rows]


def test_the_table_of_metrics_is_complete_and_true(page: str) -> None:
    found = set()
    for family in text_string_to_metric_families(page):
        labels = frozenset(label for sample in family.samples for label in sample.labels) - {"le"}
        name = family.name + ("_total" if family.type == "counter" else "")
        found.add((name, family.type, labels, family.documentation))
    assert set(documented()) == found


# Series that make an alert fire, and the step at which it does. `a+bxn`: from a, b more at each step, n times. A step is one,
# five or fifteen minutes, by how far the alert looks back.
UP = 'up{job="cds-service",instance="i1"}'
CALLS = 'cds_hook_calls_total{job="cds-service",instance="i1",service="s",mode="live",status="%s"}'
FHIR = 'cds_fhir_request_seconds_count{job="cds-service",instance="i1",result="%s"}'
SLOW = 'cds_hook_seconds_bucket{job="cds-service",instance="i1",service="s",le="%s"}'
TOKENS = 'cds_tokens_refused_total{job="cds-service",instance="i1",reason="unknown kid"}'
CONTENT = 'cds_content_info{job="cds-service",instance="%s",version="%s"}'
DAY = 4 * 24
FIRES: dict[str, tuple[dict[str, str], int]] = {
    "CdsServiceDown": ({UP: "1x5 0x30"}, 20),
    "CdsHookErrors": ({CALLS % 200: "0+60x60", CALLS % 500: "0+1x60"}, 40),
    "CdsHookRefusals": ({CALLS % 200: "0+60x60", CALLS % 422: "0+6x60"}, 50),
    "CdsHookSlow": ({SLOW % "1.0": "0+90x60", SLOW % "2.5": "0+100x60", SLOW % "+Inf": "0+100x60"}, 50),
    "CdsDataNotRead": (
        {CALLS % 200: "0+60x90", 'cds_gaps_total{job="cds-service",resource="Condition",reason="timed out"}': "0+7x90"},
        80,
    ),
    "CdsFhirFailures": ({FHIR % "read": "0+60x60", FHIR % "timed out": "0+20x60"}, 40),
    "CdsMemoryLosses": ({'cds_memory_losses_total{job="cds-service",instance="i1",what="cards"}': "0x20 1x20"}, 25),
    "CdsTokensRefused": ({TOKENS: "0x20 0+30x40"}, 50),
    "CdsContentDiffers": ({CONTENT % ("i1", "a"): "1x60", CONTENT % ("i2", "b"): "1x60"}, 50),
}
FIRES_LATER = {"CdsNoHookCalls": ({CALLS % 200: f"0+15x{7 * DAY} {7 * DAY * 15}x40"}, 7 * DAY + 30)}
CALM = {
    UP: "1x400",
    CALLS % 200: "0+3000x400",
    CALLS % 500: "0+10x400",
    CALLS % 422: "0+100x400",
    CALLS % 401: "0+1500x400",
    SLOW % "1.0": "0+3000x400",
    SLOW % "+Inf": "0+3003x400",
    FHIR % "read": "0+3000x400",
    FHIR % "timed out": "0+300x400",
    TOKENS: "0+90x400",  # as many as a day ago
    'cds_gaps_total{job="cds-service",resource="Condition",reason="timed out"}': "0+200x400",
    'cds_memory_losses_total{job="cds-service",instance="i1",what="cards"}': "7x400",
    CONTENT % ("i1", "a"): "1x400",
    CONTENT % ("i2", "a"): "1x400",
}


def scenario(minutes: int, inputs: dict[str, str], step: int, expected: list[str]) -> dict[str, Any]:
    return {
        "interval": f"{minutes}m",
        "input_series": [{"series": name, "values": values} for name, values in inputs.items()],
        "promql_expr_test": [
            {
                "expr": 'count by (alertname) (ALERTS{alertstate="firing"})',
                "eval_time": f"{step * minutes}m",
                "exp_samples": [{"labels": f'{{alertname="{name}"}}', "value": 1} for name in expected],
            }
        ],
    }


@pytest.mark.parametrize("minutes", [1, 5, 15])
def test_every_alert_fires_when_it_should_and_only_then(tmp_path: Path, minutes: int) -> None:
    if not shutil.which("promtool"):
        pytest.skip("no promtool here (Debian's prometheus brings it); .ci/run installs it")
    assert set(FIRES) | set(FIRES_LATER) == {rule["alert"] for rule in RULES}
    by_minutes = {1: FIRES, 5: {"": (CALM, 390)}, 15: FIRES_LATER}
    up = {UP: "1x1000"}
    tests = [scenario(minutes, up | inputs, step, [name] if name else []) for name, (inputs, step) in by_minutes[minutes].items()]
    file = tmp_path / "alerts.yaml"
    about = {"rule_files": [str(DEPLOY / "alerts.yaml")], "evaluation_interval": f"{minutes}m", "tests": tests}
    file.write_text(json.dumps(about))
    done = subprocess.run(["promtool", "test", "rules", str(file)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
