"""The command line, run as its users run it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from cds_service import packaged_cards
from cds_service.cli import main
from cds_service.pathway.vocabulary import FINDINGS, PHRASES

REQUESTS = Path(__file__).parents[1] / "fhir_fixtures" / "requests"


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs ``cds-service`` in a process of its own."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("CDS_")}
    command = [sys.executable, "-m", "cds_service.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=clean | environment, check=False)


def test_check_is_content_with_the_packaged_cards(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert re.search(r"\d+ cards with \d+ cases are good .*\d+ codes in \d+ value sets were verified", last)


def test_check_tells_every_problem_on_a_line_and_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = shutil.copytree(packaged_cards(), tmp_path / "cards")
    card = folder / "naloxone-misnamed.yaml"
    shutil.copy(folder / "data-incomplete.yaml", card)
    (folder / "demographics-missing.yaml").write_text("id: demographics-missing\n")
    assert main(["check", str(folder)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("naloxone-misnamed.yaml: id 'data-incomplete' is not the file name") for line in lines)
    assert any(line.startswith("demographics-missing.yaml: ") and "is missing" in line for line in lines)


def test_check_runs_the_cases(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = shutil.copytree(packaged_cards(), tmp_path / "cards")
    card = folder / "physio-start-piriformis.yaml"
    card.write_text(card.read_text().replace("has_syndrome: [piriformis]", "has_syndrome: [sciatica]"))
    assert main(["check", str(folder)]) == 1
    told = capsys.readouterr().out
    assert "physio-start-piriformis.yaml: case: New piriformis syndrome, nothing started: expected info, got none" in told


def test_explain_tells_card_by_card_why(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDS_NOW", "2026-03-02T12:00:00+00:00")
    assert main(["explain", str(REQUESTS / "piriformis-order-select.json")]) == 0
    told = capsys.readouterr().out
    assert "first-line-before-opioid: shown, warning" in told
    assert "radiculopathy-drug-evidence: silent" in told
    assert "yes      when neuropathic_indication" in told
    assert "[Condition/" in told
    silent = told.split("radiculopathy-drug-evidence")[1].split("\n\n")[0]
    assert [line for line in silent.splitlines() if line.endswith("(decisive)")] == [
        line for line in silent.splitlines() if "no       when radicular_only" in line
    ]


def test_explain_as_json_names_every_line_and_its_records(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CDS_NOW", "2026-03-02T12:00:00+00:00")
    assert main(["explain", "--json", str(REQUESTS / "piriformis-order-select.json")]) == 0
    told = json.loads(capsys.readouterr().out)
    shown = {d["card"]: d for d in told["decisions"] if d["verdict"] == "shown"}
    assert "first-line-before-opioid" in shown
    lines = shown["first-line-before-opioid"]["lines"]
    assert {line["answer"] for line in lines} <= {"yes", "no", "unknown"}
    assert {line["role"] for line in lines} >= {"when", "unless", "gate"}
    assert any(line["resources"] for line in lines)
    assert {line["role"] for line in lines if line["decisive"]} == {"when"}


def test_explain_tells_what_was_withheld_by_a_red_flag(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CDS_NOW", "2026-03-02T12:00:00+00:00")
    assert main(["explain", str(REQUESTS / "red-flag-patient-view.json")]) == 0
    told = capsys.readouterr().out
    assert "physio-start-general: excluded" in told
    decisive = [line for line in told.split("physio-start-general")[1].split("\n\n")[0].splitlines() if "(decisive)" in line]
    assert len(decisive) == 1
    assert "gate red_flag" in decisive[0]


def test_explain_names_the_medicines_that_it_cannot_classify(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CDS_NOW", "2026-03-02T12:00:00+00:00")
    body = json.loads((REQUESTS / "piriformis-order-select.json").read_text())
    mine = {"reference": f"Patient/{body['context']['patientId']}"}
    medicine = {"resourceType": "MedicationRequest", "id": "x", "status": "active", "intent": "order", "subject": mine}
    medicine["medicationCodeableConcept"] = {"text": "house brand 12 mg"}
    bundle = body["prefetch"].setdefault("MedicationRequest", None) or {"resourceType": "Bundle", "type": "searchset"}
    body["prefetch"]["MedicationRequest"] = {**bundle, "entry": [*bundle.get("entry", []), {"resource": medicine}]}
    path = tmp_path / "request.json"
    path.write_text(json.dumps(body))
    assert main(["explain", str(path)]) == 0
    assert "Not classified: house brand 12 mg." in capsys.readouterr().out


def test_explain_refuses_what_the_service_refuses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "request.json"
    path.write_text('{"hook": "patient-view"}')
    assert main(["explain", str(path)]) == 1
    assert "refused with status 422" in capsys.readouterr().out


def test_explain_of_a_missing_file_is_a_sentence() -> None:
    done = run("explain", "nowhere.json")
    assert done.returncode == 1
    assert "nowhere.json" in done.stderr
    assert "Traceback" not in done.stderr


def test_vocabulary_lists_every_finding_and_phrase(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["vocabulary"]) == 0
    told = capsys.readouterr().out
    for name, entry in FINDINGS.items():
        assert f"\n{name}" in told
        assert entry.meaning.splitlines()[0] in told
    for name in PHRASES:
        assert f"{{{name}}}" in told


def test_an_unknown_setting_stops_the_start_with_its_name() -> None:
    done = run("serve", CDS_DEADLNE_MS="400")
    assert done.returncode == 1
    assert "unknown setting CDS_DEADLNE_MS" in done.stderr
    assert "Traceback" not in done.stderr


def test_broken_content_stops_the_start(tmp_path: Path) -> None:
    done = run("serve", CDS_CARDS=str(tmp_path))
    assert done.returncode == 1
    assert "no card was found" in done.stderr


def test_it_does_not_listen_beyond_loopback_without_authentication() -> None:
    done = run("serve", "--host", "192.0.2.1")
    assert done.returncode == 1
    assert "CDS_ALLOW_ANONYMOUS=1" in done.stderr


@pytest.mark.parametrize("host", ["192.0.2.1", "0.0.0.0", "::"])
def test_the_demo_listens_on_this_machine_only(host: str) -> None:
    done = run("demo", "--host", host, CDS_ALLOW_ANONYMOUS="1")
    assert done.returncode == 1
    assert f"does not listen on {host}" in done.stderr


def test_serve_answers_and_finishes_what_is_in_flight(free_port: int, tmp_path: Path) -> None:
    """The production server: starts, warns of a fixed clock, answers, and ends on SIGTERM."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("CDS_")}
    environment["CDS_NOW"] = "2026-03-02T12:00:00+00:00"
    environment["CDS_DATABASE_URL"] = f"sqlite:///{tmp_path / 'memory.sqlite3'}"
    command = [sys.executable, "-m", "cds_service.cli", "serve", "--port", str(free_port), "--workers", "2"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert _get(f"http://127.0.0.1:{free_port}/readyz")["status"] == "ready"
            assert len(_get(f"http://127.0.0.1:{free_port}/cds-services")["services"]) == 3
            long = urllib.request.Request(f"http://127.0.0.1:{free_port}/healthz", headers={"Authorization": "x" * 20_000})
            with urllib.request.urlopen(long, timeout=5) as answer:  # a token that is too long is for the service to refuse
                assert answer.status == 200
        finally:
            process.terminate()
        _, told = process.communicate(timeout=30)
        assert process.returncode == 0
        assert "the clock is fixed by CDS_NOW" in told


def _get(url: str) -> dict[str, object]:
    for _ in range(100):
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                found: dict[str, object] = json.load(answer)
                return found
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"{url} does not answer")
