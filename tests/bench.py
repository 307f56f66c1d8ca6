"""CPU time of one request, against a bare Flask service that parses the same body with the json module and answers.

Run it with ``make bench``. Both run in this process without a server, in turn, so that the ratio holds when the machine is
busy. The bodies are a persona's chart, filled up with unrelated resources.
"""

from __future__ import annotations

import copy
import gc
import io
import json
import logging
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Flask, request

from cds_service import create_app
from cds_service.config import Settings

REQUEST = Path(__file__).parents[1] / "fhir_fixtures" / "requests" / "piriformis-patient-view.json"
ROUNDS = 7
# Real resources weigh about one kilobyte.
NARRATIVE = "Recorded at a routine visit. " * 8
FILLERS = ("Observation", "Condition", "MedicationRequest")


def body_with(resources: int) -> bytes:
    """A patient-view request with about this many resources."""
    body = json.loads(REQUEST.read_text())
    patient = body["context"]["patientId"]
    prefetch: dict[str, Any] = body["prefetch"]
    have = sum(len(v.get("entry", [])) for v in prefetch.values() if isinstance(v, dict))
    for number in range(max(resources - have, 0)):
        kind = FILLERS[number % 5] if number % 5 < 3 else "Observation"
        prefetch[kind].setdefault("entry", []).append({"resource": _filler(kind, number, patient)})
    return json.dumps(body).encode()


def _filler(kind: str, number: int, patient: str) -> dict[str, Any]:
    shared: dict[str, Any] = {
        "resourceType": kind,
        "id": f"filler-{number}",
        "meta": {"versionId": "1", "lastUpdated": "2020-05-04T10:00:00.000+00:00", "profile": ["http://hl7.org/fhir/us/core"]},
        "text": {"status": "generated", "div": f"<div xmlns='http://www.w3.org/1999/xhtml'>{NARRATIVE}</div>"},
        "category": [
            {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "vital-signs"}]}
        ],
        "encounter": {"reference": f"Encounter/encounter-{number}"},
        "subject": {"reference": f"Patient/{patient}"},
    }
    if kind == "Observation":
        code = {"coding": [{"system": "http://loinc.org", "code": "8302-2", "display": "Body height"}], "text": "Body height"}
        value = {"value": 170.5, "unit": "cm", "system": "http://unitsofmeasure.org", "code": "cm"}
        return {
            **shared,
            "status": "final",
            "code": code,
            "effectiveDateTime": "2020-05-04T10:00:00+00:00",
            "valueQuantity": value,
        }
    if kind == "Condition":
        status = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "resolved"}]}
        code = {
            "coding": [{"system": "http://snomed.info/sct", "code": "444814009", "display": "Viral sinusitis"}],
            "text": "Viral sinusitis",
        }
        return {**shared, "clinicalStatus": status, "code": code, "onsetDateTime": "2019-01-01"}
    rxnorm = {
        "system": "http://www.nlm.nih.gov/research/umls/rxnorm",
        "code": "308136",
        "display": "amlodipine 2.5 MG Oral Tablet",
    }
    medicine = {"coding": [rxnorm], "text": "amlodipine 2.5 MG Oral Tablet"}
    return {**shared, "status": "active", "intent": "order", "medicationCodeableConcept": medicine, "authoredOn": "2025-01-01"}


def bare() -> Flask:
    """The service that only parses and answers."""
    app = Flask("bare")

    @app.post("/cds-services/<service>")
    def answer(service: str) -> dict[str, Any]:
        json.loads(request.get_data())
        return {"cards": []}

    return app


def cpu_ms(app: Flask, body: bytes, calls: int) -> float:
    """CPU milliseconds a call."""
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/cds-services/posterior-hip-pain-patient-view",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.url_scheme": "http",
        "wsgi.errors": io.StringIO(),
    }
    started = time.process_time()
    for _ in range(calls):
        statuses: list[str] = []
        call = copy.copy(environ) | {"wsgi.input": io.BytesIO(body)}
        b"".join(app(call, _noting(statuses)))
        assert statuses == ["200 OK"]
    return (time.process_time() - started) / calls * 1000


def _noting(statuses: list[str]) -> Any:
    """A WSGI start_response that only notes the status."""
    return lambda status, *_: statuses.append(status)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(now=datetime(2026, 3, 2, 12, tzinfo=UTC), database_url=f"sqlite:///{folder}/memory.sqlite3")
        compare(create_app(settings), bare())


def compare(service: Flask, other: Flask) -> None:
    """The table, with the memory writing."""
    logging.getLogger("cds_service").handlers[:] = [logging.NullHandler()]
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)
    print("resources    body kB    service ms    bare ms    ratio (median of pairs)")
    for resources, calls in ((10, 300), (100, 100), (1000, 15)):
        body = body_with(resources)
        pairs = [(cpu_ms(service, body, calls), cpu_ms(other, body, calls)) for _ in range(ROUNDS)]
        ours, theirs = (statistics.median(values) for values in zip(*pairs, strict=True))
        ratio = statistics.median(a / b for a, b in pairs)
        print(f"{resources:9d} {len(body) / 1000:10.1f} {ours:13.2f} {theirs:10.2f} {ratio:8.2f}")


if __name__ == "__main__":
    main()
