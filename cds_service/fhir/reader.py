"""Resources into a chart: leniently, resource by resource, in one pass; what cannot be understood becomes a gap."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Protocol, TypeVar

from msgspec import Raw

from ..pathway.chart import Chart, Gap, Medicine, Person, Problem
from . import care, prescriptions
from .conditions import problem
from .elements import when
from .lens import Lens, Resource, Unnamed
from .observations import questionnaire, reading
from .prefetch import NOT_R4, OTHER_IN_PART, OTHER_PATIENT, PARTLY, patient_of
from .relevance import relevant
from .versions import VERSIONED, foreign_version

N = TypeVar("N", Medicine, Problem)


class Recorded(Protocol):
    """Everything that is read has a reference to its record."""

    @property
    def ref(self) -> str: ...


T = TypeVar("T", bound=Recorded)
_REF, _NAME = attrgetter("ref"), attrgetter("name")
Read = Callable[[Resource, Lens], T | None]


class _Owners(dict[bytes, str]):
    """Whom a subject names, found out once for all resources that name the same in the same words."""

    def __missing__(self, subject: bytes) -> str:
        owner = self[subject] = patient_of({"subject": Raw(subject)})
        return owner


class Reader:
    """Reads the resources of one request through its lens."""

    def __init__(self, lens: Lens) -> None:
        self._lens = lens
        self._owners = _Owners()
        self._gaps: list[Gap] = list(lens.records.gaps)

    def chart(self) -> Chart:
        """The chart, without the drafts of the session (session.py)."""
        lens = self._lens
        return Chart(
            today=lens.today,
            person=self._person(),
            problems=self._by_name(self._each("problems", ("Condition", problem))),
            readings=self._each("readings", ("Observation", reading), ("QuestionnaireResponse", questionnaire)),
            medicines=self._medicines(),
            allergies=self._each("allergies", ("AllergyIntolerance", care.allergy)),
            treatments=self._each("treatments", ("Procedure", care.treatment)),
            contacts=self._each("contacts", ("Encounter", care.contact)),
            requests=self._each("requests", ("ServiceRequest", care.request)),
            reports=self._each("reports", ("DiagnosticReport", care.report), ("ImagingStudy", care.study)),
            plans=self._each("plans", *((kind, care.plan) for kind in ("CarePlan", "EpisodeOfCare", "Flag"))),
            teaching=self._each("teaching", ("Communication", care.communication), ("DocumentReference", care.document)),
            gaps=tuple(dict.fromkeys(self._gaps)),
        )

    def _medicines(self) -> tuple[Medicine, ...]:
        dispensed = prescriptions.dispensed(self._lens)
        found = self._each(
            "medicines",
            ("MedicationRequest", lambda resource, lens: prescriptions.request(resource, dispensed, lens)),
            ("MedicationStatement", prescriptions.statement),
            ("MedicationDispense", prescriptions.dispense),
        )
        return self._by_name(found)

    @staticmethod
    def _by_name(found: tuple[N, ...]) -> tuple[N, ...]:
        """Cards name them."""
        return tuple(sorted(found, key=_NAME))

    def _each(self, section: str, *kinds: tuple[str, Read[T]]) -> tuple[T, ...]:
        """Reads the resources of these types that belong to the patient; one that cannot be read is a gap, not an end. The
        order in which a server sends them does not matter."""
        found: list[T] = []
        for kind, read in kinds:
            if self._lens.records.resources.get(kind):
                found += self._of_type(section, kind, read)
        return tuple(sorted(found, key=_REF)) if found else ()

    def _of_type(self, section: str, kind: str, read: Read[T]) -> list[T]:
        lens, patient, owners = self._lens, self._lens.patient, self._owners
        may_be_foreign = kind in VERSIONED
        found: list[T] = []
        resources = lens.records.resources[kind]
        foreign, doubts = 0, set[str]()
        for resource in relevant(kind, resources, owners, lens):
            try:
                subject = resource.get("subject")
                owner = (owners[bytes(subject)] if subject.__class__ is Raw else "") or patient_of(resource)
                foreign += owner != patient and owner != ""
                version = foreign_version(resource) if may_be_foreign else None
                if version:
                    self._gap(section, kind, f"{NOT_R4} {version}")
                    continue
                item = read(resource, lens)
                if owner != patient:  # never used; told where it could have been this patient's under another id
                    if item is not None or not owner:
                        doubts.add(OTHER_IN_PART if owner else PARTLY)
                    continue
            except Unnamed:
                # One masked problem is told; it does not make the problem list unread.
                what = "a masked problem" if kind == "Condition" else kind
                self._gap(section, what, "one entry does not say what it is")
            except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
                self._gap(section, kind, PARTLY)
            else:
                if item is not None:
                    found.append(item)
        if foreign and foreign == len(resources):
            doubts = {OTHER_PATIENT}
        for reason in sorted(doubts):
            self._gap(section, kind, reason)
        return found

    def _person(self) -> Person:
        lens = self._lens
        for resource in lens.records.resources.get("Patient", ()):
            if resource.get("id") != lens.patient:
                self._gap("person", "Patient", OTHER_PATIENT)
                continue
            sex = resource.get("gender")
            died = resource.get("deceasedBoolean") is True or bool(resource.get("deceasedDateTime"))
            born = when(resource.get("birthDate"), lens.zone)
            return Person(born, sex if sex in ("male", "female") else None, died, lens.patient_ref)
        if not any(gap.section == "person" for gap in self._gaps):
            self._gap("person", "Patient", "not found")
        return Person()

    def _gap(self, section: str, what: str, reason: str) -> None:
        self._gaps.append(Gap(section, what, reason))
