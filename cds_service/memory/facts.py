"""The fingerprint of the facts behind a card, as it is stored: names as keyed hashes, doses and bands as numbers."""

from __future__ import annotations

from typing import Any

import orjson

from ..pathway.rests import Facts
from .veil import Veil


def veiled(facts: Facts, veil: Veil, patient: str) -> Facts:
    """The same facts without a word of the chart. ``patient`` keeps the hashes of different patients apart."""

    def of(name: str) -> str:
        return veil.of(name, "fact", patient)[:12]

    return facts._replace(
        episode=of(facts.episode),
        flags=frozenset(map(of, facts.flags)),
        drugs={of(drug): dose for drug, dose in facts.drugs.items()},
        risks=frozenset(map(of, facts.risks)),
        orders=frozenset(map(of, facts.orders)),
    )


def packed(facts: Facts) -> str:
    """As JSON; the same facts always give the same text."""
    plain = {name: sorted(value) if isinstance(value, frozenset) else value for name, value in facts._asdict().items()}
    return orjson.dumps(plain, option=orjson.OPT_SORT_KEYS).decode()


def unpacked(text: str) -> Facts:
    """What ``packed`` made."""
    raw: dict[str, Any] = orjson.loads(text)
    sets = {name: frozenset(raw[name]) for name in ("flags", "risks", "orders")}
    return Facts(**{**raw, **sets})
