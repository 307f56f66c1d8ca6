"""Writes the recorded requests and answers of ``fhir_fixtures``: ``python -m cds_service.demo.record``.

Some of them stand in openapi.yaml as examples too. Run it after a change of cards or charts, and read the difference: it is
what clinicians will see differently.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from flask.testing import FlaskClient

from ..config import Settings
from . import demo_app, fixtures_folder
from .personas import Charts, Persona, reference

CLOCK = datetime(2026, 3, 2, 12, tzinfo=UTC)
PUBLIC_URL = "https://cds.example.org"

# What differs from one run or one content to the next, and what stands for it in a recorded answer.
_ANY_UUID = "00000000-0000-0000-0000-000000000000"
_ANY_VERSION = "Content 0.0.0,"
_VERSION = re.compile(r"Content \S+,")


@dataclass(frozen=True, slots=True)
class Recorded:
    """One recorded request: whose chart, which hook, and the resource types that the EHR refuses to send."""

    persona: str
    hook: str
    refused: tuple[str, ...] = ()


RECORDED = {
    "piriformis-patient-view": Recorded("piriformis", "patient-view"),
    "piriformis-order-select": Recorded("piriformis", "order-select"),
    "deep-gluteal-medicines-refused": Recorded("deep-gluteal", "order-select", refused=("MedicationRequest",)),
    "radiculopathy-order-select": Recorded("radiculopathy", "order-select"),
    "kidney-order-sign": Recorded("kidney", "order-sign"),
    "benzodiazepine-order-select": Recorded("benzodiazepine", "order-select"),
    "benzodiazepine-order-sign": Recorded("benzodiazepine", "order-sign"),
    "red-flag-patient-view": Recorded("red-flag", "patient-view"),
    "three-months-patient-view": Recorded("three-months", "patient-view"),
    "nsaid-order-select": Recorded("nsaid", "order-select"),
    "child-patient-view": Recorded("child", "patient-view"),
    "healthy-patient-view": Recorded("healthy", "patient-view"),
}


def recording_app(clock: datetime = CLOCK) -> FlaskClient:
    """A client of the demo whose clock stands still."""
    return demo_app(Settings(now=clock, public_url=PUBLIC_URL, log_level="CRITICAL")).test_client()


def recordings(client: FlaskClient) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Name, request and answer of every recording."""
    for name, recorded in RECORDED.items():
        request = hook_request(client, recorded.persona, recorded.hook, name=name, refused=recorded.refused)
        yield name, request, answer_to(client, request)


def hook_request(
    client: FlaskClient, persona_id: str, hook: str, *, name: str = "", refused: Sequence[str] = ()
) -> dict[str, Any]:
    """The request of a CDS Client that fills in every prefetch template of discovery from the demo EHR."""
    charts: Charts = client.application.extensions["demo_charts"]
    persona = charts.persona(persona_id)
    context: dict[str, Any] = {"userId": "Practitioner/demo", "patientId": persona.id}
    if hook != "patient-view":
        draft = draft_order(persona, client.application.config["CDS"].clock().date().isoformat())
        context["draftOrders"] = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": draft}]}
        if hook == "order-select":
            context["selections"] = [reference(draft)]
    services = client.get("/cds-services").get_json()["services"]
    templates = next(service for service in services if service["hook"] == hook)["prefetch"]
    refusal = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "forbidden"}]}
    prefetch = {
        key: refusal
        if key in refused
        else client.get(f"/fhir/{template.replace('{{context.patientId}}', persona.id)}").get_json()
        for key, template in templates.items()
    }
    return {"hook": hook, "hookInstance": str(uuid5(NAMESPACE_URL, name or hook)), "context": context, "prefetch": prefetch}


def draft_order(persona: Persona, day: str) -> dict[str, Any]:
    """The medicine of this persona as an unsigned order."""
    medicine = {
        "system": "http://www.nlm.nih.gov/research/umls/rxnorm",
        "code": persona.order.code,
        "display": persona.order.text,
    }
    tablet = {"value": 1, "unit": "tablet", "system": "http://unitsofmeasure.org", "code": "{pill}"}
    times = {"frequency": persona.order.times_a_day, "period": 1, "periodUnit": "d"}
    return {
        "resourceType": "MedicationRequest",
        "id": "draft-1",
        "status": "draft",
        "intent": "order",
        "medicationCodeableConcept": {"text": persona.order.text, "coding": [medicine]},
        "subject": {"reference": f"Patient/{persona.id}"},
        "authoredOn": day,
        "dosageInstruction": [{"timing": {"repeat": times}, "doseAndRate": [{"doseQuantity": tablet}]}],
    }


def answer_to(client: FlaskClient, request: dict[str, Any]) -> dict[str, Any]:
    """The answer of the service, with placeholders for what never is the same."""
    # As text: the test client's own JSON sorts the members, and the answer repeats parts of the request.
    body = json.dumps(request)
    answer = client.post(f"/cds-services/posterior-hip-pain-{request['hook']}", data=body, content_type="application/json")
    if answer.status_code != 200:
        raise ValueError(f"status {answer.status_code}: {answer.get_data(as_text=True)}")
    stable: dict[str, Any] = _stable(answer.get_json())
    return stable


def _stable(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _ANY_UUID if key == "uuid" else _stable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_stable(item) for item in value]
    return _VERSION.sub(_ANY_VERSION, value) if isinstance(value, str) else value


def written(value: Any, indent: str = "") -> str:
    """JSON for readers: what fits on a line stands on a line."""
    line = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, dict | list) or len(indent) + len(line) <= 120:
        return line
    deeper = indent + "  "
    if isinstance(value, list):
        return "[\n" + ",\n".join(deeper + written(item, deeper) for item in value) + f"\n{indent}]"
    members = (f"{deeper}{json.dumps(key)}: {written(item, deeper)}" for key, item in value.items())
    return "{\n" + ",\n".join(members) + f"\n{indent}}}"


def record(folder: Path) -> list[str]:
    """Writes every recording below the folder. Returns their names."""
    names = []
    for name, request, answer in recordings(recording_app()):
        (folder / "requests" / f"{name}.json").write_text(written(request) + "\n", encoding="utf-8")
        (folder / "responses" / f"{name}.json").write_text(written(answer) + "\n", encoding="utf-8")
        names.append(name)
    return names


# One recording for each hook stands in the description of the interface; everything below this line of it is written here.
DESCRIBED = ("piriformis-patient-view", "radiculopathy-order-select", "kidney-order-sign")
_MARK = "  # Recorded requests and answers of fhir_fixtures; python -m cds_service.demo.record writes them.\n"


def with_examples(description: str, folder: Path) -> str:
    """openapi.yaml with the recordings of the folder as its examples."""
    own = description.partition(_MARK)[0].rstrip("\n") + "\n"
    parts = [own, _MARK, "  examples:\n"]
    for kind in ("request", "response"):
        for name in DESCRIBED:
            value = json.loads((folder / f"{kind}s" / f"{name}.json").read_text(encoding="utf-8"))
            parts.append(f"    {kind}-{name}:\n      summary: {name}, {kind}\n      value:\n        {written(value, ' ' * 8)}\n")
    return "".join(parts)


if __name__ == "__main__":
    for line in record(fixtures_folder()):
        print(line)
    page = Path(__file__).parents[2] / "openapi.yaml"
    page.write_text(with_examples(page.read_text(encoding="utf-8"), fixtures_folder()), encoding="utf-8")
