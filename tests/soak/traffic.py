"""The traffic of the soak, for locust: hooks with and without prefetch, and feedback on the cards that came.

What was answered 200 is written down (``SOAK_FOLDER``), so that it can be looked for in the database afterwards.
"""

from __future__ import annotations

import json
import os
import random
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from locust import HttpUser, between, events, task

FOLDER = Path(os.environ["SOAK_FOLDER"])
FHIR = os.environ["SOAK_FHIR"]
REQUESTS = [json.loads(path.read_text()) for path in sorted(Path(os.environ["SOAK_REQUESTS"]).glob("*.json"))]
CALLS, FEEDBACK = (FOLDER / "calls").open("a"), (FOLDER / "feedback").open("a")


@events.quitting.add_listener
def close(**_: Any) -> None:
    CALLS.close()
    FEEDBACK.close()


class Clinician(HttpUser):
    """Somebody at an EHR: opens charts, orders, signs, and answers some of the cards."""

    wait_time = between(0.05, 0.4)

    def hook(self, body: dict[str, Any], name: str) -> None:
        body = body | {"hookInstance": str(uuid.uuid4())}
        service = f"/cds-services/posterior-hip-pain-{body['hook']}"
        with self.client.post(service, json=body, name=name, catch_response=True) as got:
            if got.status_code == 412 and "fhirServer" in body:
                got.success()  # the problem list could not be read: that is the answer
                return
            if got.status_code != 200:
                got.failure(f"status {got.status_code}")
                return
            got.success()
            CALLS.write(body["hookInstance"] + "\n")
            cards = got.json()["cards"]
        if cards and random.random() < 0.5:
            self.answer(service, random.choice(cards))

    def answer(self, service: str, card: dict[str, Any]) -> None:
        item: dict[str, Any] = {"card": card["uuid"], "outcomeTimestamp": datetime.now(UTC).isoformat(timespec="seconds")}
        if card.get("suggestions") and random.random() < 0.5:
            item |= {"outcome": "accepted", "acceptedSuggestions": [{"id": card["suggestions"][0]["uuid"]}]}
        else:
            item |= {"outcome": "overridden"}
        with self.client.post(f"{service}/feedback", json={"feedback": [item]}, name="feedback", catch_response=True) as got:
            if got.status_code == 200:
                FEEDBACK.write(card["uuid"] + "\n")
                got.success()
            elif got.status_code == 503:
                got.success()  # not stored, and said so: an EHR sends it again
            else:
                got.failure(f"status {got.status_code}")

    @task(6)
    def with_prefetch(self) -> None:
        body = random.choice(REQUESTS)
        self.hook(body, f"{body['hook']}, prefetch")

    @task(2)
    def read_from_the_ehr(self) -> None:
        self.reading("calm")

    @task(1)
    def read_from_a_slow_ehr(self) -> None:
        self.reading("slow")

    @task(1)
    def read_from_a_failing_ehr(self) -> None:
        self.reading("failing")

    def reading(self, mood: str) -> None:
        body = random.choice(REQUESTS)
        self.hook({"hook": body["hook"], "context": body["context"], "fhirServer": f"{FHIR}/{mood}"}, f"reading, {mood}")
