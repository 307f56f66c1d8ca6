"""The fingerprint of the facts behind a card, as it is stored: names as keyed hashes, doses and bands as numbers."""

from __future__ import annotations

from typing import Any

import orjson

from ..pathway.chart import Concepts
from ..pathway.rests import Facts
from .veil import Veil


class FactsVeil:
    """Makes the same facts without a word of the chart, for one call. ``patient`` keeps the hashes of different patients
    apart."""

    def __init__(self, veil: Veil, patient: str) -> None:
        self._hashes = veil.within("fact", patient, length=12)

    def __call__(self, facts: Facts) -> Facts:
        hashes = self._hashes
        level, episode, flags, drugs, risks, kidneys, orders = facts
        return Facts(
            level,
            hashes[episode],
            self._all(flags),
            {hashes[drug]: dose for drug, dose in drugs.items()} if drugs else {},
            self._all(risks),
            kidneys,
            self._all(orders),
        )

    def _all(self, names: Concepts) -> Concepts:
        return frozenset([self._hashes[name] for name in names]) if names else names


def packed(facts: Facts) -> str:
    """As JSON; the same facts always give the same text."""
    level, episode, flags, drugs, risks, kidneys, orders = facts
    plain = {
        "drugs": drugs,
        "episode": episode,
        "flags": sorted(flags),
        "kidneys": kidneys,
        "level": level,
        "orders": sorted(orders),
        "risks": sorted(risks),
    }
    return orjson.dumps(plain, option=orjson.OPT_SORT_KEYS).decode()


def unpacked(text: str) -> Facts:
    """What ``packed`` made."""
    raw: dict[str, Any] = orjson.loads(text)
    sets = {name: frozenset(raw[name]) for name in ("flags", "risks", "orders")}
    return Facts(**{**raw, **sets})
