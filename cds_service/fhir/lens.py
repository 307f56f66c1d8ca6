"""How this request's resources are looked at: whose they are, on what day, and what their codes and words stand for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, tzinfo
from functools import cached_property
from typing import Any

from msgspec import Raw

from ..pathway.chart import NOTHING, Concepts
from ..pathway.dates import When
from .elements import codings, items, local_id, reference, texts, token, when
from .meanings import BOTH
from .medicines import Pharmacopoeia
from .prefetch import Records, patient_of

Resource = dict[str, Any]

# Statuses of what does not exist for the rules (encodings, 1.2).
NOT_THERE = frozenset({"entered-in-error", "refuted"})
SEEN = frozenset({"final", "amended", "corrected"})

_WORD = re.compile(r"[a-z]+")
_SIDE_WORDS = BOTH | {"bilateral", "both", "side", "sides", "sided"}


def _is_side(site: Any) -> bool:
    """Does a body site say no more than right, left or both?"""
    words = {word for text in texts(site) for word in _WORD.findall(text.lower())}
    return not codings(site) and words <= _SIDE_WORDS


class Unnamed(ValueError):
    """A medicine, an allergy or a problem without a name and with no code that is known: nobody can tell what it is."""


class Lens:
    """The patient, the day and the terminology of one request."""

    def __init__(self, records: Records, patient: str, medicines: Pharmacopoeia, today: date, zone: tzinfo) -> None:
        self.records = records
        self.patient = patient
        self.patient_ref = f"Patient/{patient}"
        self.medicines = medicines
        self.today = today
        self.zone = zone
        self.of_code = medicines.terminology.codes.of
        self.meaning = medicines.terminology.meanings.of
        self.silent = medicines.terminology.meanings.silent
        self._of_words = medicines.terminology.words.of

    def codes(self, *concepts: Any) -> Concepts:
        """What the codings of these concepts stand for; most of a chart stand for nothing here."""
        found, of_code = NOTHING, self.of_code
        for concept in concepts:
            if concept.__class__ is Raw:
                found = found | self.meaning(concept).by_code
                continue
            for system, code, _ in codings(concept):
                known = of_code(system, code)
                if known:
                    found = found | known if found else known
        return found

    def codes_and_words(self, *concepts: Any) -> Concepts:
        found = self.codes(*concepts)
        for concept in concepts:
            found = found | (self.meaning(concept).by_words if concept.__class__ is Raw else self.words(texts(concept)))
        return found

    def words(self, said: Iterable[str]) -> Concepts:
        """What texts speak of; each on its own, so that a negation in one says nothing about the next."""
        found = NOTHING
        for text in said:
            spoken = self._of_words(text)
            if spoken:
                found = found | spoken
        return found

    def sides(self, resource: Resource) -> Concepts:
        """Right, left or both, from the body site, the text and the laterality digit of the code."""
        code = self.meaning(resource.get("code"))
        return code.sides_with(texts(resource["bodySite"])) if "bodySite" in resource else code.sides

    def places(self, resource: Resource) -> tuple[Concepts, ...]:
        """What each body site stands for, in codes and words. A mere side (right, left, both) is no site."""
        sites = [site for site in items(resource.get("bodySite")) if not _is_side(site)]
        return tuple(self.codes_and_words(site) for site in sites)

    def when(self, resource: Resource, *names: str) -> When | None:
        """The first of these elements that holds a date; ``Period`` elements give their start."""
        for name in names:
            value = resource.get(name)
            if value is not None:
                found = when(value.get("start") if value.__class__ is dict else value, self.zone)
                if found:
                    return found
        return None

    def condition(self, ref: str) -> Resource | None:
        """A Condition of the record by reference, unless it is refuted or an error."""
        if not ref or ref.startswith("#"):
            return None
        resource = self._conditions.get(local_id(ref)) or self._read_alone(ref)
        if resource is None or patient_of(resource) != self.patient:
            return None
        return resource if token(resource.get("verificationStatus")) not in NOT_THERE else None

    def has_condition(self, ref: str) -> bool:
        """Was a Condition of this id read at all, whatever became of it?"""
        return local_id(ref) in self._conditions or self._read_alone(ref) is not None

    def _read_alone(self, ref: str) -> Resource | None:
        """A Condition that was not in the search and was read because something points to it."""
        return self.records.others.get(f"Condition/{local_id(ref)}")

    @cached_property
    def _conditions(self) -> dict[str, Resource]:
        """The Conditions of the record by id, looked up for every reason; the first of an id counts, the patient's own before
        another's."""
        found: dict[str, Resource] = {}
        for resource in self.records.resources.get("Condition", ()):
            identity = resource.get("id")
            if isinstance(identity, str) and (identity not in found or patient_of(found[identity]) != self.patient):
                found[identity] = resource
        return found

    def reason_problems(self, resource: Resource) -> Concepts:
        """What the problems stand for that a resource names as its reason."""
        found = NOTHING
        for ref in items(resource.get("reasonReference")):
            condition = self.condition(reference(ref))
            if condition:
                found = found | self.codes_and_words(condition.get("code"))
        return found
