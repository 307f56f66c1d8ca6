"""The visits that are open: in the memory of this process, the newest hundred of them, and gone with it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from datetime import date

import orjson

from ..errors import NotFound
from ..fhir.elements import items
from .own import Own
from .personas import Charts, Persona, Resource
from .visit import Visit

_MOST = 100


class Visits:
    """Opens visits and finds them again."""

    def __init__(self, charts: Charts) -> None:
        self._charts = charts
        self._open: OrderedDict[str, Visit] = OrderedDict()
        self._lock = threading.Lock()

    def of_persona(self, persona: Persona, today: date) -> Visit:
        """A visit of a persona, as a patient of this visit only: what is answered in it rests in no other."""
        visit = Visit(persona.name, persona.shows, "", [], persona.id)
        visit.patient = f"{persona.id}-{visit.id}"
        listed = [r for of_type in self._charts.on(today).values() for r in of_type]
        visit.chart = [_as(resource, persona.id, visit.patient) for resource in listed if _is_of(resource, persona.id)]
        return self._keep(visit)

    def of_own(self, own: Own) -> Visit:
        """A visit with what somebody pasted."""
        visit = Visit(_named(own) or "Your own data", "It is kept in the memory of this demo only.", own.patient, list(own.chart))
        visit.drafts, visit.sent = list(own.drafts), own.sent
        return self._keep(visit)

    def find(self, identity: str) -> Visit:
        """The visit with this id. Raises NotFound."""
        with self._lock:
            visit = self._open.get(identity)
            if visit:
                self._open.move_to_end(identity)
        if visit is None:
            raise NotFound("This visit is over: the demo was started again, or many others were opened since.")
        return visit

    def _keep(self, visit: Visit) -> Visit:
        with self._lock:
            self._open[visit.id] = visit
            while len(self._open) > _MOST:
                self._open.popitem(last=False)
        return visit


def _named(own: Own) -> str:
    """The name of the patient, as far as it is one."""
    for resource in own.chart:
        if resource["resourceType"] == "Patient":
            for name in items(resource.get("name")):
                parts = [*items(name.get("given")), name.get("family")] if isinstance(name, dict) else []
                return " ".join(part for part in parts if isinstance(part, str))
    return ""


def _is_of(resource: Resource, patient: str) -> bool:
    return resource["id"] == patient or f'"Patient/{patient}"' in orjson.dumps(resource).decode()


def _as(resource: Resource, patient: str, other: str) -> Resource:
    """The resource as that of another patient."""
    text = orjson.dumps(resource).decode().replace(f'"Patient/{patient}"', f'"Patient/{other}"')
    found: Resource = orjson.loads(text)
    return {**found, "id": other} if resource["resourceType"] == "Patient" else found
