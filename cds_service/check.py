"""What ``cds-service check`` does: load the folder strictly, verify every code, then run every case beside every card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from flask import Flask

from . import create_app, services_of
from .config import Settings
from .content.cases import Send, failures
from .content.library import Library
from .content.loader import ContentError, load
from .content.provenance import verify

# Cases speak of "days ago"; any day will do, a fixed one makes them repeatable.
CASE_DAY = date(2026, 3, 2)


def check(folder: Path) -> tuple[Sequence[str], str]:
    """Every problem as a line, and a closing sentence."""
    try:
        library = load(folder)
    except ContentError as error:
        return [str(p) for p in error.problems], f"{len(error.problems)} problems: this folder is refused."
    verified = verify(folder)
    failed = [f"{card}.yaml: case: {text}" for card, texts in case_failures(library).items() for text in texts]
    cases = sum(len(found) for found in library.cases.values())
    if failed:
        told = f"{len(failed)} of {cases} cases do not come out as expected."
    else:
        told = f"{len(library.recommendations)} cards with {cases} cases are good (content {library.version})."
    if verified.problems:
        told += f" Problems in codes and value sets: {len(verified.problems)}."
    else:
        told += f" {verified}"
    return [*map(str, verified.problems), *failed], told


def case_settings() -> Settings:
    """The settings under which cases run: the defaults, on the day of the cases, quietly."""
    return Settings(now=datetime.combine(CASE_DAY, datetime.min.time(), UTC).replace(hour=12), log_level="CRITICAL")


def case_failures(library: Library, only: Sequence[str] = ()) -> dict[str, list[str]]:
    """The cases that fail, by card."""
    settings = case_settings()
    send = sender(create_app(settings, library))
    services = services_of(library, settings)
    ids = only or [r.id for r in library.recommendations]
    return {i: found for i in ids if (found := list(failures(library, i, services, send, CASE_DAY)))}


def notices(library: Library, card_id: str) -> bool:
    """Does some case of this card fail? Stops at the first that does."""
    settings = case_settings()
    send = sender(create_app(settings, library))
    return any(failures(library, card_id, services_of(library, settings), send, CASE_DAY))


def sender(app: Flask) -> Send:
    """Sends hook requests through the whole application, from HTTP on."""
    client = app.test_client()

    def send(service: str, body: Mapping[str, Any]) -> tuple[int, Any]:
        answer = client.post(f"/cds-services/{service}", json=body)
        return answer.status_code, answer.get_json()

    return send
