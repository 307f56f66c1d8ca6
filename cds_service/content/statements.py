"""What the sources say, where they disagree, and what became of each statement."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_STATEMENT = re.compile(r"(S\d)-(\d\d)\Z")
_CONFLICT = re.compile(r"B-\d\d\Z")


@dataclass(frozen=True, slots=True)
class Statement:
    """One actionable statement of a source. The cards that carry it name it; this is the rest of its fate."""

    id: str
    gist: str
    settled_by: tuple[str, ...]
    rejected_by: str | None
    value_sets: tuple[str, ...]
    not_computable: str | None
    missing: str | None

    @property
    def source(self) -> str:
        return self.id.partition("-")[0]

    @property
    def has_place(self) -> bool:
        """It needs no card: it is rejected, carried by value sets, or nothing that a card could compute."""
        return bool(self.rejected_by or self.value_sets or self.not_computable)


@dataclass(frozen=True, slots=True)
class Conflict:
    """One conflict between the sources, or one weakness of them, and how it is settled."""

    id: str
    title: str
    disagrees: str
    resolution: str
    cards: tuple[str, ...]
    elsewhere: str | None


def statement(key: str, raw: Mapping[str, Any]) -> Statement:
    return Statement(
        key,
        raw["gist"],
        tuple(raw["settled_by"]),
        raw["rejected_by"],
        tuple(raw["value_sets"]),
        raw["not_computable"],
        raw["missing"],
    )


def conflict(key: str, raw: Mapping[str, Any]) -> Conflict:
    disagrees, resolution = (" ".join(raw[name].split()) for name in ("disagrees", "resolution"))
    return Conflict(key, raw["title"], disagrees, resolution, tuple(raw["cards"]), raw["elsewhere"])


def statement_faults(
    statements: Mapping[str, Statement], sources: Collection[str], conflicts: Collection[str], concepts: Collection[str]
) -> Iterator[str]:
    """What is wrong with the statements, one sentence each."""
    following = dict.fromkeys(sources, 1)
    for key, found in statements.items():
        name = _STATEMENT.match(key)
        if not name or name[1] not in following:
            yield f"{key!r} is not a statement of a known source"
            continue
        if int(name[2]) != following[name[1]]:
            yield f"{key}: {name[1]}-{following[name[1]]:02d} is expected here; the numbers of a source run on"
        following[name[1]] = int(name[2]) + 1
        for other in (*found.settled_by, *filter(None, [found.rejected_by])):
            if other not in conflicts:
                yield f"{key}: unknown conflict {other!r}"
        for other in found.value_sets:
            if other not in concepts:
                yield f"{key}: unknown value set {other!r}"


def conflict_faults(conflicts: Mapping[str, Conflict]) -> Iterator[str]:
    """What is wrong with the conflicts, one sentence each."""
    for key, found in conflicts.items():
        if not _CONFLICT.match(key):
            yield f"{key!r} is not the name of a conflict"
        if not found.cards and not found.elsewhere:
            yield f"{key}: cards or elsewhere must say where the settlement shows"
