"""What the chart is read from: one prefetch template per resource type, and how each answer of the EHR is understood.

Absent, null, empty and failed are four different things: absent has to be fetched, null and an empty Bundle mean there is
none, an OperationOutcome means it was tried and failed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..pathway.chart import Gap
from .elements import items, local_id, plain, reference

PATIENT = "{{context.patientId}}"


@dataclass(frozen=True, slots=True)
class Source:
    """One kind of resource. The prefetch key is the resource type. ``optional``: a server that does not know the type
    (400, 404, 501) simply has none. ``narrower`` is added for a server that refuses the plain search."""

    resource_type: str
    section: str
    template: str
    optional: bool = False
    narrower: str = ""


def _search(resource_type: str, section: str, extra: str = "", *, optional: bool = False, narrower: str = "") -> Source:
    return Source(resource_type, section, f"{resource_type}?patient={PATIENT}{extra}", optional, narrower)


# By patient, without code lists and without clinical-status: several vendors cannot search by code, and some leave the
# status out (README, "Connect an EHR"). Observation needs a category at several vendors.
_CATEGORIES = "laboratory,vital-signs,survey,exam,social-history,imaging,procedure"
SOURCES = (
    Source("Patient", "person", f"Patient/{PATIENT}"),
    _search("Condition", "problems"),
    _search("Observation", "readings", f"&category={_CATEGORIES}"),
    _search("QuestionnaireResponse", "readings", optional=True),
    _search("MedicationRequest", "medicines"),
    _search("MedicationStatement", "medicines", optional=True),
    _search("MedicationDispense", "medicines", optional=True),
    _search("AllergyIntolerance", "allergies"),
    _search("Procedure", "treatments"),
    _search("Encounter", "contacts"),
    _search("ServiceRequest", "requests"),
    _search("DiagnosticReport", "reports"),
    _search("ImagingStudy", "reports", optional=True),
    # Oracle Health finds care plans of this category only, and refuses a search without it.
    _search("CarePlan", "plans", narrower="&category=assess-plan"),
    _search("EpisodeOfCare", "plans", optional=True),
    _search("Flag", "plans", optional=True),
    _search("Communication", "teaching", optional=True),
    _search("DocumentReference", "teaching", optional=True),
)


def sources_for(sections: Iterable[str]) -> tuple[Source, ...]:
    """The sources that these sections of the chart are read from."""
    wanted = frozenset(sections)
    return tuple(source for source in SOURCES if source.section in wanted)


def templates(sources: Iterable[Source]) -> dict[str, str]:
    """The ``prefetch`` object of discovery."""
    return {source.resource_type: source.template for source in sources}


# Reasons of a gap, in words a clinician reads.
NOT_SENT = "not sent, and no FHIR server to ask"
REFUSED = "not permitted"
FAILED = "the EHR reported an error"
OUT_OF_SCOPE = "outside the scope of the access token"
PART_OF_SCOPE = "incomplete: the access token permits a part"
UNREACHABLE = "the FHIR server could not be reached"
UNTRUSTED = "the certificate of the FHIR server is not trusted"
NOT_ALLOWED = "the FHIR server is not on the list of allowed servers"
TIMED_OUT = "timed out"
TRUNCATED = "incomplete: not all pages could be read"
UNREADABLE = "not readable as FHIR R4"
PARTLY = "in part not readable as FHIR R4"
NOT_R4 = "not R4 but FHIR"
OTHER_PATIENT = "belongs to another patient"
OTHER_IN_PART = "in part of another patient"
OTHER_TYPE = "another type of resource was sent"

# Reasons that mean there was no way to read at all (contract: 412 on every hook when it is the problem list).
NO_WAY = frozenset({NOT_SENT, UNREACHABLE, UNTRUSTED, NOT_ALLOWED})
# Reasons that leave most of it read.
IN_PART = frozenset({PARTLY, PART_OF_SCOPE, OTHER_IN_PART})


@dataclass(frozen=True, slots=True)
class Page:
    """A Bundle of the usual form (decoding.py): what it says of itself, the resources of the type that was asked for, as far as
    they are decoded, and the entries with something else."""

    about: Mapping[str, Any]
    sent: list[Any]
    others: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class Records:
    """The resources of one request by type, those that only explain others (included Medications), and the gaps."""

    resources: dict[str, list[Any]] = field(default_factory=dict)
    others: dict[str, dict[str, Any]] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)

    def gap(self, source: Source, reason: str) -> None:
        gap = Gap(source.section, source.resource_type, reason)
        if gap not in self.gaps:
            self.gaps.append(gap)

    def take(self, source: Source, value: Any) -> str | None:
        """Files one answer: a resource, a Bundle or null. Returns the address of the next page, if there is one."""
        if value is None:
            return None
        if value.__class__ is Page:
            return self._take_bundle(source, value.about, value.others, value.sent)
        if value.__class__ is not dict:
            self.gap(source, UNREADABLE)
            return None
        kind = value.get("resourceType")
        if kind == "OperationOutcome":
            self.gap(source, outcome_reason(value))
            return None
        if kind == source.resource_type:
            self.resources.setdefault(kind, []).append(value)
            return None
        if kind != "Bundle":
            self.gap(source, OTHER_TYPE if isinstance(kind, str) else UNREADABLE)
            return None
        return self._take_bundle(source, value, items(value.get("entry")), [])

    def _take_bundle(self, source: Source, bundle: Mapping[str, Any], entries: list[Any], sent: list[Any]) -> str | None:
        following = next_link(bundle)
        if not entries and not sent and following is None and bundle.get("total", 0) not in (0, None):
            self.gap(source, TRUNCATED)  # it says that there are some, and sends none
        self._take_entries(source, entries, sent)
        return following

    def _take_entries(self, source: Source, entries: list[Any], sent: list[Any]) -> None:
        mine = self.resources.setdefault(source.resource_type, [])
        before, reported, strange = len(mine), None, False
        mine.extend(sent)
        wanted = source.resource_type
        for entry in entries:
            resource = entry.get("resource") if entry.__class__ is dict else None
            if resource.__class__ is not dict:
                self.gap(source, PARTLY)
                continue
            kind = resource.get("resourceType")
            if kind == wanted:
                mine.append(resource)
            elif kind == "OperationOutcome":
                if _is_error(resource):
                    reported = outcome_reason(resource)
            elif is_type(kind):
                strange = strange or not _is_included(entry)
                if isinstance(resource.get("id"), str):
                    self.others[f"{kind}/{resource['id']}"] = resource
                if isinstance(entry.get("fullUrl"), str):
                    self.others[entry["fullUrl"]] = resource
            else:
                self.gap(source, PARTLY)
        if reported:
            self.gap(source, PARTLY if len(mine) > before else reported)
        elif strange and len(mine) == before:
            self.gap(source, OTHER_TYPE)


def next_link(bundle: Mapping[str, Any]) -> str | None:
    """The address of the next page of a search, as the server wrote it; empty when there is one that does not say where."""
    for link in items(bundle.get("link")):
        if isinstance(link, dict) and link.get("relation") == "next":
            url = link.get("url")
            return url if isinstance(url, str) else ""
    return None


def is_type(kind: Any) -> bool:
    """Is it the name of a resource type, of whatever version?"""
    return isinstance(kind, str) and kind.isalpha() and kind[0].isupper()


def _is_included(entry: Mapping[str, Any]) -> bool:
    """Is it there because another resource points to it?"""
    search = entry.get("search")
    return isinstance(search, dict) and search.get("mode") == "include"


def _is_error(outcome: Mapping[str, Any]) -> bool:
    """A server may put a warning or "nothing found" beside real entries (Epic warns at every search, with "suppressed"); an
    error means that something is missing, and so does the word "incomplete"."""
    issues = [issue for issue in items(outcome.get("issue")) if isinstance(issue, dict)]
    return any(issue.get("severity") in ("error", "fatal") or issue.get("code") == "incomplete" for issue in issues)


def outcome_reason(outcome: Mapping[str, Any]) -> str:
    """The reason of an OperationOutcome in our words; its own words may hold anything and are not repeated."""
    codes = {i["code"] for i in items(outcome.get("issue")) if isinstance(i, dict) and isinstance(i.get("code"), str)}
    if codes & {"forbidden", "security", "login", "suppressed"}:
        return REFUSED
    return TIMED_OUT if "timeout" in codes else FAILED


def patient_of(resource: Mapping[str, Any]) -> str:
    """The id of the patient whom a resource is about; empty when it does not say."""
    return local_id(reference(plain(resource.get("subject")) or resource.get("patient")))
