"""The clinical test patients, through the production server: every card of this content comes, and no other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cds_service import packaged_cards
from cds_service.content.loader import load

SHARED = Path(__file__).parents[2] / "shared"
RUNNER = SHARED / "tools" / "run_vignettes.py"
CARDS = {recommendation.id for recommendation in load(packaged_cards()).recommendations}

pytestmark = pytest.mark.skipif(not RUNNER.exists(), reason=f"no clinical test patients at {SHARED}")


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory, module_port: int) -> Iterator[list[dict[str, Any]]]:
    """Every vignette in every mode: all prefetched, all fetched, half and half."""
    port, out = module_port, tmp_path_factory.mktemp("vignettes") / "results.json"
    environment = {k: v for k, v in os.environ.items() if not k.startswith("CDS_")}
    # More time than a clinician has: tests share their machine, and a late answer is another test's subject.
    environment |= {"CDS_NOW": "2026-03-02T12:00:00+00:00", "CDS_DEADLINE_MS": "5000", "CDS_LOG_LEVEL": "ERROR"}
    environment["CDS_DATABASE_URL"] = f"sqlite:///{out.with_suffix('.sqlite3')}"
    serve = [sys.executable, "-m", "cds_service.cli", "serve", "--port", str(port)]
    with subprocess.Popen(serve, env=environment) as process:
        try:
            _wait(f"http://127.0.0.1:{port}/readyz")
            command = [sys.executable, str(RUNNER), "--base", f"http://127.0.0.1:{port}", "--mode", "all", "--json", str(out)]
            subprocess.run(command, env=environment, capture_output=True, timeout=120, check=False)
            yield json.loads(out.read_text())["results"]
        finally:
            process.terminate()


def _wait(url: str) -> None:
    for _ in range(150):
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"{url} does not answer")


def test_every_patient_is_seen_in_every_mode(results: list[dict[str, Any]]) -> None:
    assert {r["mode"] for r in results} == {"prefetch", "fetch", "partial"}
    assert len(results) >= 3 * 35


@pytest.mark.parametrize("fault", ["extra", "must_not", "indicators", "suggestions", "problems"])
def test_nothing_is_wrong_with_what_is_said(results: list[dict[str, Any]], fault: str) -> None:
    assert {f"{r['id']} {r['mode']}": r[fault] for r in results if r[fault]} == {}


def test_no_card_of_this_content_is_missing(results: list[dict[str, Any]]) -> None:
    missing = {f"{r['id']} {r['mode']}": sorted(CARDS & set(r["missing"])) for r in results}
    assert {name: cards for name, cards in missing.items() if cards} == {}
