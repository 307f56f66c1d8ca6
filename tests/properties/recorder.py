"""Writes resources and remembers, in plain words, what they say."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from .catalogue import RXNORM
from .codes import CODES
from .story import GivenDeed, GivenMedicine, GivenProblem, GivenReading, Remedy, Resource, Story
from .tape import Tape

PATIENT = "generated-1"
_HL7 = "http://terminology.hl7.org/CodeSystem"
_PAST = ("resolved", "inactive", "remission")
_VOID = ("refuted", "entered-in-error")
_FREE_OF_STATUS = 180


def concept(system: str, code: str, text: str | None = None) -> Resource:
    found: Resource = {"coding": [{"system": system, "code": code}]}
    return found | ({"text": text} if text else {})


class Recorder:
    """One patient's resources and drafts beside their story."""

    def __init__(self, tape: Tape, story: Story) -> None:
        self.tape = tape
        self.story = story
        self.resources: dict[str, list[Resource]] = {}

    def ago(self, days: int) -> str:
        return (self.story.today - timedelta(days=days)).isoformat()

    def put(self, kind: str, **content: Any) -> Resource:
        listed = self.resources.setdefault(kind, [])
        whose = "patient" if kind == "AllergyIntolerance" else "subject"
        resource = {"resourceType": kind, "id": f"{kind.lower()}-{len(listed) + 1}", whose: {"reference": f"Patient/{PATIENT}"}}
        resource |= content
        listed.append(resource)
        return resource

    def code_of(self, tag: str) -> Resource:
        """One of the codes of a value set, with or without words beside it, sometimes after a code that means nothing."""
        codes = CODES[tag]
        found = concept(*codes[self.tape.below(len(codes))])
        extra = self.tape.below(8)
        if extra == 7:
            found["coding"].insert(0, {"system": "urn:oid:1.2.3.4", "code": "local-17", "display": "Entry 17"})
        if extra >= 4:
            found["text"] = tag.replace("-", " ").capitalize()
        return found

    # -- problems -------------------------------------------------------------------------------------------------------

    def problem(
        self, tag: str, code: Resource, days: int | None, status: str = "active", proof: str = "confirmed", **more: Any
    ) -> None:
        content: Resource = {"code": code, **more}
        if days is not None:
            content[self.tape.pick(("onsetDateTime", "recordedDate"))] = self.ago(days)
        if status:
            content["clinicalStatus"] = concept(f"{_HL7}/condition-clinical", status)
        if proof:
            content["verificationStatus"] = concept(f"{_HL7}/condition-ver-status", proof)
        self.put("Condition", **content)
        self.story.problems.append(GivenProblem(tag, _state(days, status, proof, more), days, status == "remission"))

    # -- measurements ---------------------------------------------------------------------------------------------------

    def reading(self, given: GivenReading, code: Resource, *, text: str = "", **more: Any) -> None:
        """``text`` is written instead of the quantity, as some laboratories do."""
        content: Resource = {
            "status": self.tape.pick(("final", "final", "final", "amended", "preliminary")),
            "code": code,
            **more,
        }
        if given.days is not None:
            content["effectiveDateTime"] = self.ago(given.days)
        if text:
            content["valueString"] = text
        elif given.value is not None:
            content["valueQuantity"] = {"value": given.value} | ({"unit": given.unit, "code": given.unit} if given.unit else {})
            if given.sign:
                content["valueQuantity"]["comparator"] = given.sign
        self.put("Observation", **content)
        if content["status"] != "preliminary":
            self.story.readings.append(given)

    # -- what was done --------------------------------------------------------------------------------------------------

    def deed(self, kind: str, tag: str, code: Resource, days: int | None, status: str, /, **more: Any) -> None:
        """A Procedure, Encounter, ServiceRequest, DiagnosticReport, CarePlan, EpisodeOfCare or Flag."""
        content: Resource = {"status": status, **more}
        date = None if days is None else self.ago(days)
        match kind:
            case "Encounter":
                content |= {"type": [code]} | ({"period": {"start": date}} if date else {})
            case "Procedure":
                content |= {"code": code} | ({"performedDateTime": date} if date else {})
            case "ServiceRequest":
                content |= {"code": code, "intent": "order"} | ({"authoredOn": date} if date else {})
            case "DiagnosticReport":
                content |= {"conclusionCode": [code]} | ({"effectiveDateTime": date} if date else {})
            case "CarePlan":
                content |= {"category": [code], "intent": "plan"}
            case "EpisodeOfCare":
                content |= {"type": [code], "patient": {"reference": f"Patient/{PATIENT}"}}
            case _:
                content |= {"code": code}
        self.put(kind, **content)
        live = status in ("active", "in-progress", "arrived") if kind != "Procedure" else status == "completed"
        self.story.deeds.append(GivenDeed(kind, tag, days, live))

    # -- medicines ------------------------------------------------------------------------------------------------------

    def drug(self, remedy: Remedy) -> Resource:
        """In words, by code, or both."""
        form = self.tape.below(4) if remedy.rxnorm else 0
        if form == 3 and remedy.rxnorm:
            return concept(RXNORM, remedy.rxnorm)
        return {"text": remedy.name} | (concept(RXNORM, remedy.rxnorm) if form and remedy.rxnorm else {})

    def medicine(
        self, remedy: Remedy, days: int | None, status: str = "active", kind: str = "MedicationRequest", **more: Any
    ) -> None:
        content: Resource = {"status": status, "medicationCodeableConcept": self.drug(remedy), **more}
        if kind == "MedicationRequest":
            content.setdefault("intent", "order")
            if days is not None:
                content["authoredOn"] = self.ago(days)
        elif days is not None:
            content["effectivePeriod"] = {"start": self.ago(days)}
        self.put(kind, **content)
        ordered = content.get("intent", "order") == "order" or content.get("reportedBoolean") is True
        active = status == "active" and ordered and content.get("doNotPerform") is not True
        self.story.medicines.append(GivenMedicine(remedy, active, days))


def _state(days: int | None, status: str, proof: str, more: Resource) -> str:
    if proof in _VOID:
        return "void"
    if status in _PAST or "abatementDateTime" in more:
        return "past"
    if status:
        return "current"
    return "current" if days is not None and days <= _FREE_OF_STATUS else "undated"
