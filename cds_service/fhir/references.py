"""Records that only others point to: the Medication of a prescription, the problem that is the reason of an order.

Those that are contained, in the Bundle or in prefetch are there. The others are read one by one, side by side: every server
can do that, while not every server searches by id or includes what a search result points to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..pathway.answers import Answer
from .elements import items, local_id, reference, token
from .medicines import Pharmacopoeia
from .prefetch import Records
from .scopes import READ, Scopes

MEDICATION, CONDITION = "Medication", "Condition"
_MOST = 100  # reads in one hook call


class References:
    """What the records of one hook call point to. ``base`` is the FHIR server: links to another one are not followed."""

    def __init__(self, records: Records, base: str, medicines: Pharmacopoeia, scopes: Scopes) -> None:
        self._records = records
        self._base = base.rstrip("/") + "/"
        self._medicines = medicines
        self._scopes = scopes
        self._asked: set[str] = set()

    def medications(self, prescriptions: Iterable[Any]) -> dict[str, str]:
        """The Medications to read, as queries: those that are not there, where the name beside the reference does not tell."""
        return self._ask(MEDICATION, self._unnamed(prescriptions))

    def problems(self, orders: Iterable[Any]) -> dict[str, str]:
        """The problems to read that are a reason and not among the Conditions, once these are complete."""
        known = {resource.get("id") for resource in self._records.resources.get(CONDITION, ())}
        pointers = [p for order in orders if isinstance(order, dict) for p in items(order.get("reasonReference"))]
        return self._ask(CONDITION, (p for p in pointers if local_id(reference(p)) not in known))

    def take(self, ref: str, resource: Any) -> None:
        """Files what was read, if it is what was asked for."""
        if isinstance(resource, dict) and f"{resource.get('resourceType')}/{resource.get('id')}" == ref:
            self._records.others[ref] = resource

    def _unnamed(self, prescriptions: Iterable[Any]) -> Iterator[Mapping[str, Any]]:
        for resource in prescriptions:
            if isinstance(resource, dict) and token(resource.get("status")) != "entered-in-error":
                pointer = resource.get("medicationReference")
                if isinstance(pointer, dict) and not self._is_known(pointer.get("display")):
                    yield pointer

    def _is_known(self, name: Any) -> bool:
        return isinstance(name, str) and bool(self._medicines.drug([{"text": name}]).classes)

    def _ask(self, kind: str, pointers: Iterable[Any]) -> dict[str, str]:
        if self._scopes.permit(kind, READ) is Answer.NO:
            return {}
        refs = dict.fromkeys(self._here(pointer, kind) for pointer in pointers)
        fresh = [ref for ref in refs if ref and ref not in self._asked][: _MOST - len(self._asked)]
        self._asked.update(fresh)
        return {ref: ref for ref in fresh}

    def _here(self, pointer: Any, kind: str) -> str:
        """``Type/id`` on this server, when it has not been sent; empty otherwise."""
        ref = reference(pointer).removeprefix(self._base).split("/_history/", 1)[0]
        return ref if ref.startswith(f"{kind}/") and ref.count("/") == 1 and ref not in self._records.others else ""
