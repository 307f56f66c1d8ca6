"""Records that only others point to: the Medication of a prescription, the problem that is the reason of an order.

Those that are contained, in the Bundle or in prefetch are there. The others are read one by one, side by side: every server
can do that, while not every server searches by id or includes what a search result points to. A bare name beside the
reference does not replace the record: "Diclofenac" may be a gel, "acetaminophen" may contain hydrocodone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from ..addresses import origin
from ..pathway.answers import Answer
from ..pathway.chart import Gap
from .elements import items, local_id, reference, token
from .prefetch import FAILED, OUT_OF_SCOPE, TRUNCATED, UNREADABLE, Records
from .scopes import READ, Scopes
from .search import Fetched

MEDICATION, CONDITION = "Medication", "Condition"
_STRENGTH = re.compile(r"\d\s*(?:%|(?:mg|mcg|ug|g|ml|units?|iu|meq)\b)", re.I)
_MOST = 100  # reads in one hook call
# Where a reference that cannot be followed leaves a hole, and what it is called there.
_HOLES = {MEDICATION: ("medicines", "Medication"), CONDITION: ("problems", "the reason of an order")}


def _says_enough(pointer: Mapping[str, Any]) -> bool:
    """Does the name beside the reference tell the product, with its strength?"""
    display = pointer.get("display")
    return isinstance(display, str) and _STRENGTH.search(display) is not None


class References:
    """What the records of one hook call point to. ``base`` is the FHIR server: links to another one are not followed."""

    def __init__(self, records: Records, base: str, scopes: Scopes) -> None:
        self._records = records
        self._base = base.rstrip("/") + "/"
        self._scopes = scopes
        self._asked: set[str] = set()

    def medications(self, prescriptions: Iterable[Any]) -> dict[str, str]:
        """The Medications to read, as queries: those that have not been sent."""
        return self._ask(MEDICATION, self._pointers(prescriptions))

    def problems(self, orders: Iterable[Any]) -> dict[str, str]:
        """The problems to read that are a reason and not among the Conditions, once these are complete."""
        pointers = [p for order in orders if isinstance(order, dict) for p in items(order.get("reasonReference"))]
        known = [resource.get("id") for resource in self._records.resources.get(CONDITION, ())] if pointers else ()
        return self._ask(CONDITION, (p for p in pointers if local_id(reference(p)) not in known))

    def take(self, ref: str, answer: Fetched) -> None:
        """Files what was read, if it is what was asked for; what could not be read is a gap."""
        kind = ref.partition("/")[0]
        resource = answer.pages[0] if answer.pages else None
        if isinstance(resource, dict) and f"{resource.get('resourceType')}/{resource.get('id')}" == ref:
            self._records.others[ref] = resource
        elif kind == MEDICATION or not answer.unknown_type:  # a problem that is no longer there is none
            self._gap(kind, (FAILED if answer.unknown_type else answer.reason) or UNREADABLE)

    def late(self, found: Mapping[str, Fetched]) -> None:
        """Files what the deadline cut off."""
        for ref in sorted(self._asked - self._records.others.keys()):
            if ref in found:
                self.take(ref, found[ref])

    @staticmethod
    def _pointers(prescriptions: Iterable[Any]) -> Iterator[Mapping[str, Any]]:
        for resource in prescriptions:
            pointer = resource.get("medicationReference") if isinstance(resource, dict) else None
            if isinstance(pointer, dict) and "medicationCodeableConcept" not in resource and not _says_enough(pointer):
                if token(resource.get("status")) != "entered-in-error":
                    yield pointer

    def _ask(self, kind: str, pointers: Iterable[Any]) -> dict[str, str]:
        refs = dict.fromkeys(self._here(pointer, kind) for pointer in pointers)
        if not refs:
            return {}
        wanted = [ref for ref in refs if ref and ref not in self._asked]
        if wanted and self._scopes.permit(kind, READ) is Answer.NO:
            self._gap(kind, OUT_OF_SCOPE)
            return {}
        fresh = wanted[: _MOST - len(self._asked)]
        if len(fresh) < len(wanted):
            self._gap(kind, TRUNCATED)
        self._asked.update(fresh)
        return {ref: ref for ref in fresh}

    def _gap(self, kind: str, reason: str) -> None:
        section, what = _HOLES[kind]
        gap = Gap(section, what, reason)
        if gap not in self._records.gaps:
            self._records.gaps.append(gap)

    def _here(self, pointer: Any, kind: str) -> str:
        """``Type/id`` on this server, when it has not been sent; empty otherwise."""
        ref = self._relative(reference(pointer)).split("/_history/", 1)[0]
        return ref if ref.startswith(f"{kind}/") and ref.count("/") == 1 and ref not in self._records.others else ""

    def _relative(self, ref: str) -> str:
        """Without the address of this server, however it is written."""
        try:
            here = origin(ref) == origin(self._base)
        except ValueError:  # it is relative as it is
            return ref
        return urlsplit(ref).path.removeprefix(urlsplit(self._base).path) if here else ref
