"""Resources into a chart: leniently, resource by resource, in one pass; what cannot be understood becomes a gap."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from msgspec import Raw

from ..pathway.chart import Chart, Gap, Medicine, Person, Problem
from . import care, prescriptions
from .conditions import problem
from .elements import plain, when
from .lens import Lens, Resource, Unnamed
from .observations import questionnaire, reading
from .prefetch import NOT_R4, OTHER_IN_PART, OTHER_PATIENT, PARTLY, patient_of
from .versions import VERSIONED, foreign_version

N = TypeVar("N", Medicine, Problem)


class Recorded(Protocol):
    """Everything that is read has a reference to its record."""

    @property
    def ref(self) -> str: ...


T = TypeVar("T", bound=Recorded)
Read = Callable[[Resource, Lens], T | None]


class Reader:
    """Reads the resources of one request through its lens."""

    def __init__(self, lens: Lens) -> None:
        self._lens = lens
        self._owners: dict[bytes, str] = {}
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
        return tuple(sorted(found, key=lambda item: item.name))

    def _each(self, section: str, *kinds: tuple[str, Read[T]]) -> tuple[T, ...]:
        """Reads the resources of these types that belong to the patient; one that cannot be read is a gap, not an end. The
        order in which a server sends them does not matter."""
        found: list[T] = []
        for kind, read in kinds:
            found.extend(self._of_type(section, kind, read))
        return tuple(sorted(found, key=lambda item: item.ref))

    def _of_type(self, section: str, kind: str, read: Read[T]) -> list[T]:
        lens, patient, owner_of = self._lens, self._lens.patient, self._owner_of
        may_be_foreign = kind in VERSIONED
        found: list[T] = []
        resources = lens.records.resources.get(kind, ())
        foreign, doubts = 0, set[str]()
        for resource in resources:
            try:
                owner = owner_of(resource)
                foreign += owner not in ("", patient)
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

    def _owner_of(self, resource: Resource) -> str:
        """The id of the patient; found out once for the many resources that name one in the same words."""
        subject = resource.get("subject")
        if subject.__class__ is not Raw:
            return patient_of(resource)
        text = bytes(subject)
        owner = self._owners.get(text)
        if owner is None:
            owner = self._owners[text] = patient_of({"subject": plain(subject)})
        return owner or patient_of(resource)

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
