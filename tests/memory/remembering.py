"""Calls that are remembered without a service around: what another process starts with quickly."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from cds_service.ids import new_uuid
from cds_service.memory.store import Memory, Served
from cds_service.memory.veil import Veil
from cds_service.pathway.rests import Facts

_FACTS = Facts(0, "", frozenset(), {}, frozenset(), 0, frozenset())


def opened(database: str) -> Memory:
    return Memory(database, Veil(b"a key of the tests"))


def remember(store: Memory, number: int = 1, client: str = "open") -> list[str]:
    """Calls with one card and one suggestion each; the cards."""
    shown = [new_uuid() for _ in range(number)]
    caller = store.caller(client, "p", "u", "e")
    for card in shown:
        served = Served(card, "reassess-6-weeks", "info", _FACTS, [(new_uuid(), "an order")])
        noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
        store.remember(caller, "s", "patient-view", str(uuid.uuid4()), "1", noon, [served], shadow=False)
    return shown
