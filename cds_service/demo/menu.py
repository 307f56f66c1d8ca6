"""What can be ordered in the demo: medicines, referrals, imaging and procedures, as unsigned orders."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the menu. ``resource`` is the order without patient, id and day."""

    key: str
    label: str
    resource: Mapping[str, Any]


@dataclass(frozen=True)
class Menu:
    """The menu in groups, as ``orders.json`` has it."""

    groups: Mapping[str, tuple[Item, ...]]

    @classmethod
    def load(cls, folder: Path) -> Menu:
        """Reads ``orders.json``. Raises when it is missing or has another form."""
        found = orjson.loads((folder / "orders.json").read_bytes())
        return cls({group: tuple(Item(**item) for item in items) for group, items in found.items()})

    def draft(self, key: str, identity: str, patient: str, day: str) -> dict[str, Any]:
        """An unsigned order of this patient. Raises KeyError for a key that is not on the menu."""
        item = {item.key: item for items in self.groups.values() for item in items}[key]
        resource: dict[str, Any] = copy.deepcopy(dict(item.resource))
        return {**resource, "id": identity, "subject": {"reference": f"Patient/{patient}"}, "authoredOn": day}
