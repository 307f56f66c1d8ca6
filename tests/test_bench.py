"""The benchmark runs: both services, a few calls, nothing timed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cds_service.fhir.prefetch import SOURCES
from tests.bench.bodies import SIZES, body_with, own, read
from tests.bench.report import bars, page, table
from tests.bench.run import Plan, run
from tests.bench.services import BARE, OURS

NOW = "2026-03-02T12:00:00+00:00"


@pytest.mark.parametrize("resources", SIZES)
def test_a_body_has_as_many_resources_as_it_says_and_each_is_told_apart(resources: int) -> None:
    body = json.loads(body_with(resources))
    records = [entry["resource"] for found in body["prefetch"].values() for entry in found.get("entry", ())]
    assert len(records) == resources
    assert len({(record["resourceType"], record["id"]) for record in records}) == resources
    if resources > SIZES[0]:
        assert {record["resourceType"] for record in records} >= {"Condition", "Observation", "MedicationRequest", "Procedure"}
        assert 800 < len(body_with(resources)) / resources < 1400


def test_a_body_of_somebody_else_gets_every_key_of_discovery(tmp_path: Path) -> None:
    (tmp_path / "n10.json").write_text(json.dumps({"hook": "patient-view", "prefetch": {"Condition": {}}}))
    sent = [json.loads(read(tmp_path, 10).next()) for _ in range(2)]
    assert sent[0]["prefetch"] == dict.fromkeys(source.resource_type for source in SOURCES) | {"Condition": {}}
    assert sent[0]["hookInstance"] != sent[1]["hookInstance"]


def test_a_run_tells_everything() -> None:
    plan = Plan({10: 16}, rounds=1, starts=1)
    result = run([own(10)], plan, NOW)
    assert [(one.connections, len(one.ratios)) for one in result.found] == [(1, 1), (8, 1)]
    for one in result.found:
        for which in (OURS, BARE):
            (sample,) = one.rounds[which]
            assert len(sample.latencies) == 16
            assert 0 < one.latency(which, 0.5) <= one.latency(which, 0.99)
    for which in (OURS, BARE):
        assert result.memory_mb[which]["Rss"] > result.memory_mb[which]["Pss"] > 1
        assert result.cold_starts[which][0] > 0
    assert bars(result) == [], "there is no bar for ten resources"
    assert table(result).count("\n") == 4
    written = page(result, plan, "two")
    assert "Machine: " in written
    assert "{" not in written
