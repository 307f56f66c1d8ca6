"""What if the patient were older, the kidneys worse, six weeks had passed? A chart with facts changed, for trying out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from ..content.case_charts import request_for
from ..fhir.terminology import Terminology
from .personas import Resource, reference

_NUMBER = re.compile(r"\d{1,4}(\.\d{1,4})?\Z", re.ASCII)
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)(T.*)?\Z")

# Facts to add, in the words of the test cases (cards/README.md, "Cases").
FACTS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "Problems": {
        "Saddle numbness, today": {"problems": [{"is": "cauda-equina-saddle", "onset": 0}]},
        "Foot drop, ten days": {"problems": [{"is": "leg-weakness", "onset": 10}]},
        "Cancer": {"problems": [{"is": "malignancy", "onset": 300}]},
        "Palliative care": {"problems": ["palliative-care"]},
        "Pregnancy": {"pregnant": 7},
        "Not pregnant, documented": {"not_pregnant": 7},
        "Heart failure": {"problems": [{"is": "heart-failure", "onset": 400}]},
        "Sciatica": {"problems": [{"is": "sciatica", "onset": 60}]},
        "Ischiofemoral impingement": {"problems": [{"is": "ischiofemoral-impingement", "onset": 60}]},
        "Allergy to gabapentin": {"allergies": ["gabapentin"]},
    },
    "Medicines": {
        "Gabapentin, 50 days": {"medicines": [{"is": "gabapentin 300 mg", "days": 50, "mg": 300, "times": 3}]},
        "Gabapentin, 10 days": {"medicines": [{"is": "gabapentin", "days": 10}]},
        "Duloxetine, 30 days": {"medicines": [{"is": "duloxetine", "days": 30}]},
        "Nortriptyline, 20 days": {"medicines": [{"is": "nortriptyline", "days": 20}]},
        "Oxycodone, 120 days": {"medicines": [{"is": "oxycodone", "days": 120}]},
        "Lorazepam, 60 days": {"medicines": [{"is": "lorazepam", "days": 60}]},
        "Sertraline, 200 days": {"medicines": [{"is": "sertraline", "days": 200}]},
        "Apixaban, 300 days": {"medicines": [{"is": "apixaban", "days": 300}]},
        "Lisinopril, 400 days": {"medicines": [{"is": "lisinopril", "days": 400}]},
    },
}
_ADDED = {name: given for group in FACTS.values() for name, given in group.items()}


class NoSuchChange(ValueError):
    """A change that is outside what can be tried; its text says which."""


@dataclass(frozen=True)
class Changes:
    """What differs from the chart: years of age, sex, eGFR (mL/min/1.73 m2), pain (0 to 10), days that pass, names of added
    facts, and references of entries that are left out. None leaves it as it is."""

    age: int | None = None
    sex: str | None = None
    egfr: float | None = None
    pain: int | None = None
    later: int = 0
    added: tuple[str, ...] = ()
    without: frozenset[str] = field(default_factory=frozenset)

    @property
    def said(self) -> list[str]:
        """The changes in words."""
        words = [
            f"age {self.age}" if self.age is not None else "",
            self.sex or "",
            f"eGFR {self.egfr:g}" if self.egfr is not None else "",
            f"pain {self.pain}" if self.pain is not None else "",
            f"{self.later} days later" if self.later else "",
            *self.added,
            f"{len(self.without)} left out" if self.without else "",
        ]
        return [word for word in words if word]


def changes_from(form: Mapping[str, str], added: Sequence[str], without: Iterable[str]) -> Changes:
    """The changes of a form; empty fields change nothing. Raises NoSuchChange."""
    unknown = [name for name in added if name not in _ADDED]
    sex = form.get("sex") or None
    if unknown or sex not in (None, "female", "male"):
        raise NoSuchChange("That fact is not on the list.")
    age, pain, later = (_number(form, name, most) for name, most in (("age", 120), ("pain", 10), ("later", 3650)))
    return Changes(
        age=None if age is None else int(age),
        sex=sex,
        egfr=_number(form, "egfr", 200),
        pain=None if pain is None else int(pain),
        later=int(later or 0),
        added=tuple(added),
        without=frozenset(without),
    )


def _number(form: Mapping[str, str], name: str, most: float) -> float | None:
    text = form.get(name, "").strip()
    if not text:
        return None
    value = float(text) if _NUMBER.match(text) else -1
    if not 0 <= value <= most:
        raise NoSuchChange(f"{name}: a number from 0 to {most:g} is needed.")
    return value


def changed(chart: Sequence[Resource], patient: str, changes: Changes, terminology: Terminology, today: date) -> list[Resource]:
    """The chart with the changes: later days first, so that what is added stands as it is said."""
    found = [r for r in chart if reference(r) not in changes.without]
    if changes.later:
        found = [earlier(resource, changes.later) for resource in found]
    given: dict[str, Any] = {"age": changes.age} if changes.age is not None else {}
    parts = [_ADDED[name] for name in changes.added]
    if changes.egfr is not None:
        parts.append({"egfr": {"value": changes.egfr, "days": 0}})
    if changes.pain is not None:
        parts.append({"readings": [{"is": "pain-score", "value": changes.pain, "days": 0}]})
    for number, part in enumerate(parts):
        found += _made(terminology, part, patient, today, number)
    for place, resource in enumerate(found):
        if resource["resourceType"] == "Patient" and resource.get("id") == patient:
            found[place] = _person(resource, changes, terminology, given, today)
    return found


def _person(resource: Resource, changes: Changes, terminology: Terminology, given: Mapping[str, Any], today: date) -> Resource:
    person = dict(resource)
    if changes.sex:
        person["gender"] = changes.sex
    if given:
        person["birthDate"] = request_for(terminology, given, "patient-view", today)["prefetch"]["Patient"]["birthDate"]
    return person


def _made(terminology: Terminology, given: Mapping[str, Any], patient: str, today: date, number: int) -> list[Resource]:
    """The resources of a fact in the words of the test cases, as this patient's."""
    prefetch = request_for(terminology, given, "patient-view", today)["prefetch"]
    found: list[Resource] = []
    for bundle in prefetch.values():
        for entry in bundle.get("entry", ()):
            resource = dict(entry["resource"])
            whose = "patient" if "patient" in resource else "subject"
            identity = f"what-if-{number + 1}-{resource['id']}"
            found.append({**resource, "id": identity, whose: {"reference": f"Patient/{patient}"}})
    return found


def earlier(value: Any, days: int) -> Any:
    """The value with every full date so many days earlier: for the reader, so many days have passed."""
    if isinstance(value, dict):
        return {key: earlier(item, days) for key, item in value.items()}
    if isinstance(value, list):
        return [earlier(item, days) for item in value]
    match = _MOMENT.match(value) if isinstance(value, str) else None
    if not match:
        return value
    try:
        return f"{date.fromisoformat(match[1]) - timedelta(days=days)}{match[2] or ''}"
    except (ValueError, OverflowError):
        return value
