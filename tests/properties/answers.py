"""Generated charts through the real pipeline, and their answers in a form that can be compared."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from cds_service import Runtime
from cds_service.check import CASE_DAY, case_settings
from cds_service.content.library import Library
from cds_service.errors import MissingData
from cds_service.pathway.decide import Decision
from cds_service.pipeline import Consultation
from cds_service.web.protocol import parse

from .codes import LIBRARY

Card = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the consultation, or None when the problem list was missing (412)."""

    found: Consultation | None

    @property
    def cards(self) -> dict[str, Card]:
        """The cards by the id of their recommendation."""
        return {card["source"]["topic"]["code"]: card for card in self.found.cards} if self.found else {}

    @property
    def decisions(self) -> dict[str, Decision]:
        return {d.recommendation.id: d for d in self.found.outcome.decisions} if self.found else {}


class Desk:
    """Answers hook requests with a library, like one process of the service."""

    def __init__(self, library: Library = LIBRARY) -> None:
        self._runtime = Runtime.build(case_settings(), library)

    def ask(self, request: Mapping[str, Any]) -> Answer:
        service = self._runtime.services[f"posterior-hip-pain-{request['hook']}"]
        parsed = parse(request, service.hook)
        assert parsed is not None
        try:
            return Answer(self._runtime.pipeline.run(service, parsed, CASE_DAY))
        except MissingData:
            return Answer(None)


@cache
def desk() -> Desk:
    """The service with the content of this checkout."""
    return Desk()


_WORD = re.compile(r"[^\s,;]+?(?=\.?(?:[\s,;]|\Z))")


def comparable(answer: Answer) -> Any:
    """The cards without their random identities. The words of a text count, not the order of names in a list of records."""
    if answer.found is None:
        return None
    return [_plain({**card, "detail": sorted(_WORD.findall(card["detail"]))}) for card in answer.found.cards]


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(member) for key, member in value.items() if key != "uuid"}
    if isinstance(value, list):
        items = [_plain(item) for item in value]
        references = items and all(isinstance(i, dict) and set(i) == {"reference"} for i in items)
        return sorted(items, key=json.dumps) if references else items
    return value
