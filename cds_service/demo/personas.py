"""The people of the demo: what each of them shows, and a chart whose dates always lie as many days back as the file says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import orjson

Resource = dict[str, Any]


def reference(resource: Resource) -> str:
    """``Type/id`` of a resource."""
    return f"{resource['resourceType']}/{resource.get('id', '')}"


_DAY = re.compile(r"@today(?:([+-]\d+)d)?(T\d\d:\d\d)?\Z")
_BIRTHDAY = re.compile(r"@birthday-(\d+)y/(\d\d)-(\d\d)\Z")


def fixtures_folder() -> Path:
    """The fixtures: inside an installed package, or at the top of a checkout."""
    inside = Path(__file__).parents[1] / "_fixtures"
    return inside if inside.is_dir() else Path(__file__).parents[2] / "fhir_fixtures"


@dataclass(frozen=True, slots=True)
class Order:
    """The medicine to try on a persona. ``choose`` says what to type and pick, ``cards`` which cards come for it."""

    choose: str
    text: str
    code: str
    times_a_day: int
    cards: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Persona:
    """One synthetic patient. ``id`` is the id of the Patient; ``patient_view`` the cards on opening the chart."""

    id: str
    name: str
    shows: str
    patient_view: tuple[str, ...]
    order: Order


class Charts:
    """The personas and their charts, read once. A chart is rendered for a day, so that a long-running demo does not age."""

    def __init__(self, personas: tuple[Persona, ...], raw: Iterable[Resource]) -> None:
        self.personas = personas
        self._raw = tuple(raw)
        self._rendered: tuple[date, Mapping[str, list[Resource]]] | None = None

    @classmethod
    def load(cls, folder: Path) -> Charts:
        """Reads ``personas.json`` and the chart of each. Raises when a file is missing or a date is not understood."""
        personas: list[Persona] = []
        raw: list[Resource] = []
        for identity, said in orjson.loads((folder / "personas.json").read_bytes()).items():
            bundle = orjson.loads((folder / "patients" / identity / "chart.json").read_bytes())
            chart = [entry["resource"] for entry in bundle["entry"]]
            raw.extend(chart)
            name = next(r for r in chart if r["resourceType"] == "Patient")["name"][0]
            order = Order(**(said["order"] | {"cards": tuple(said["order"]["cards"])}))
            full_name = " ".join([*name["given"], name["family"]])
            personas.append(Persona(identity, full_name, said["shows"], tuple(said["patient_view"]), order))
        charts = cls(tuple(personas), raw)
        charts.on(date(2000, 1, 1))
        return charts

    def on(self, day: date) -> Mapping[str, list[Resource]]:
        """Every resource by type, with the dates of this day. What is returned is shared and must not be changed."""
        rendered = self._rendered
        if rendered is None or rendered[0] != day:
            by_type: dict[str, list[Resource]] = {}
            for resource in self._raw:
                by_type.setdefault(resource["resourceType"], []).append(render(resource, day))
            self._rendered = rendered = (day, by_type)
        return rendered[1]

    def persona(self, identity: str) -> Persona:
        """The persona with this id. Raises KeyError."""
        return {p.id: p for p in self.personas}[identity]


def render(value: Any, today: date) -> Any:
    """The value with its date words replaced.

    ``@today``, ``@today-20d`` and ``@today+7d`` are dates, ``@today-20dT10:00`` a moment of that day in UTC, and
    ``@birthday-54y/11-20`` a birth date on a 20 November of somebody who is 54 years old today. Raises ValueError for any
    other word that begins with ``@``.
    """
    if isinstance(value, dict):
        return {key: render(item, today) for key, item in value.items()}
    if isinstance(value, list):
        return [render(item, today) for item in value]
    if not isinstance(value, str) or not value.startswith("@"):
        return value
    if match := _DAY.match(value):
        day = today + timedelta(days=int(match[1] or 0))
        return f"{day}{match[2]}:00+00:00" if match[2] else str(day)
    if match := _BIRTHDAY.match(value):
        born = date(today.year - int(match[1]), int(match[2]), int(match[3]))
        still_to_come = (born.month, born.day) > (today.month, today.day)
        return str(born.replace(year=born.year - 1) if still_to_come else born)
    raise ValueError(f"{value!r} is no date word")
