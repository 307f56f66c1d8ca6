"""Large bodies of every shape against a real server: time and memory in proportion to the body.

One megabyte each with the suite, ten with ``make slow``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.error import HTTPError

import pytest

MEGABYTES = 10 if os.environ.get("HYPOTHESIS_PROFILE") == "slow" else 1
SIZE = MEGABYTES * 1024 * 1024 - 4096
# On a machine of today ten megabytes take three seconds at the most; what grows with the square takes minutes.
SECONDS, MORE_MB = 2 * MEGABYTES, 45 * MEGABYTES
SNOMED = "http://snomed.info/sct"

Made = Callable[[int], Any]  # the value of one entry, by its number


def resource(kind: str, **members: Any) -> dict[str, Any]:
    return {"resourceType": kind, "id": "x", "subject": {"reference": "Patient/1"}, **members}


PIRIFORMIS = resource("Condition", code={"coding": [{"system": SNOMED, "code": "129179000"}]}, clinicalStatus="active")


def bundle(*resources: Any) -> dict[str, Any]:
    return {"resourceType": "Bundle", "entry": [{"resource": r} for r in resources]}


def call(hook: str = "patient-view", **changed: Any) -> dict[str, Any]:
    context = {"userId": "Practitioner/1", "patientId": "1"} | changed.pop("context", {})
    prefetch = {"Patient": None, "Condition": bundle(PIRIFORMIS)} | changed.pop("prefetch", {})
    return {"hook": hook, "hookInstance": "5cf3a4f5-2d4c-4b6c-8f4f-6a1f1f7a2c11", "context": context, "prefetch": prefetch}


def many(make: Made) -> list[Any]:
    """As many as fit."""
    return [make(number) for number in range(SIZE // (len(json.dumps(make(99_999))) + 20))]


def words(text: str) -> str:
    return (text * (SIZE // len(text)))[:SIZE]


def prefetched(kind: str, **members: Any) -> dict[str, Any]:
    return call(prefetch={kind: bundle(*many(lambda n: resource(kind, **members) | {"id": str(n)}))})


def drafted(hook: str, kind: str, **members: Any) -> dict[str, Any]:
    drafts = many(
        lambda n: [resource(kind, status="draft", intent="order", **members) | {"id": str(n)}, f"{kind}/{n}", "selected"]
    )
    context: dict[str, Any] = {"draftOrders": bundle(*(draft for draft, _, _ in drafts))}
    if hook == "order-select":
        context["selections"] = [selected for _, selected, _ in drafts[:1000]]
    return call(hook, context=context)


OXYCODONE = {"text": "oxycodone 5 mg tablet"}
GABAPENTIN = {"text": "gabapentin 300 mg capsule"}
DAILY = [
    {"doseAndRate": [{"doseQuantity": {"value": 1, "unit": "mg"}}], "timing": {"repeat": {"period": 1, "periodUnit": "d"}}},
]
SHAPES: dict[str, Callable[[], dict[str, Any]]] = {
    "one text": lambda: call(prefetch={"Condition": bundle(resource("Condition", code={"text": "x" * SIZE}))}),
    "words that matter": lambda: call(
        prefetch={"Condition": bundle(resource("Condition", code={"text": words("no sciatica, denies left piriformis pain. ")}))}
    ),
    "a body site of words": lambda: call(
        prefetch={"Condition": bundle(resource("Condition", code={"text": "sciatica"}, bodySite={"text": words("left or ")}))}
    ),
    "the name of a medicine": lambda: call(
        prefetch={
            "MedicationRequest": bundle(
                resource("MedicationRequest", medicationCodeableConcept={"text": words("oxycodone 5 mg ")})
            )
        }
    ),
    "different codings of one problem": lambda: call(
        prefetch={"Condition": bundle(resource("Condition", code={"coding": many(lambda n: {"code": "1", "display": f"d{n}"})}))}
    ),
    "numbers instead of codings": lambda: call(prefetch={"Condition": bundle(resource("Condition", code=[1] * (SIZE // 2)))}),
    "problems": lambda: prefetched("Condition", code={"text": "sciatica"}, clinicalStatus="active"),
    "readings": lambda: prefetched(
        "Observation",
        status="final",
        code={"coding": [{"system": "http://loinc.org", "code": "72514-3"}]},
        valueQuantity={"value": 3},
        effectiveDateTime="2026-01-01",
    ),
    "first-line medicines": lambda: prefetched(
        "MedicationRequest",
        status="active",
        authoredOn="2026-02-01",
        medicationCodeableConcept=GABAPENTIN,
        dosageInstruction=DAILY,
    ),
    "visits": lambda: prefetched(
        "Encounter", status="finished", type=[{"text": "physiotherapy"}], period={"start": "2026-01-01"}
    ),
    "opioids to sign": lambda: drafted("order-sign", "MedicationRequest", medicationCodeableConcept=OXYCODONE),
    "opioids selected": lambda: drafted("order-select", "MedicationRequest", medicationCodeableConcept=OXYCODONE),
    "services to sign": lambda: drafted("order-sign", "ServiceRequest", code={"text": "MRI of pelvis"}),
    "prefetch keys": lambda: call(prefetch={f"key{n}": None for n in range(SIZE // 20)}),
    "members of the envelope": lambda: call() | {f"member{n}": None for n in range(SIZE // 23)},
    "a resource that is hidden": lambda: call() | {"more": many(lambda _: {"resourceType": "Basic"})},
}


class Server(NamedTuple):
    base: str
    worker: int

    def cpu(self) -> float:
        fields = Path(f"/proc/{self.worker}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self, what: str) -> float:
        lines = Path(f"/proc/{self.worker}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith(what)).split()[1]) / 1024

    def post(self, hook: str, body: bytes) -> tuple[int, int]:
        url = f"{self.base}/cds-services/posterior-hip-pain-{hook}"
        try:
            with urllib.request.urlopen(urllib.request.Request(url, body, {"Content-Type": "application/json"})) as answer:
                return answer.status, len(answer.read())
        except HTTPError as error:
            with error:
                return error.code, len(error.read())


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, module_port: int) -> Iterator[Server]:
    if not Path("/proc/self/clear_refs").exists():
        pytest.skip("memory is measured through /proc, which is not here")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("CDS_")}
    environment |= {"CDS_DATABASE_URL": f"sqlite:///{tmp_path_factory.mktemp('sizes')}/m.sqlite3", "CDS_LOG_LEVEL": "CRITICAL"}
    base = f"http://127.0.0.1:{module_port}"
    command = [sys.executable, "-m", "cds_service.cli", "serve", "--port", str(module_port)]
    with subprocess.Popen(command, env=environment) as process:
        try:
            for _ in range(600):
                try:
                    with urllib.request.urlopen(f"{base}/healthz"):
                        break
                except OSError:
                    time.sleep(0.05)
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            yield Server(base, int(children[0]))
        finally:
            process.terminate()


@pytest.mark.parametrize("shape", SHAPES)
def test_ten_megabytes_take_seconds_and_no_more_memory_than_some_bodies(server: Server, shape: str) -> None:
    request = SHAPES[shape]()
    body = json.dumps(request, separators=(",", ":")).encode()
    assert SIZE * 0.5 < len(body) < SIZE + 4096
    Path(f"/proc/{server.worker}/clear_refs").write_text("5")  # forgets the highest memory so far
    cpu, memory = server.cpu(), server.memory("VmRSS")
    status, length = server.post(request["hook"], body)
    assert status == 200
    assert length < 100_000
    assert server.cpu() - cpu < SECONDS
    assert server.memory("VmHWM") - memory < MORE_MB
