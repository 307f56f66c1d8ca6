"""Resources into a chart: leniently, resource by resource, in one pass; what cannot be understood becomes a gap."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta, tzinfo
from typing import Any, TypeVar

from ..pathway.answers import Answer
from ..pathway.chart import (
    NOTHING,
    Allergy,
    Chart,
    Concepts,
    Contact,
    Gap,
    Medicine,
    Person,
    Plan,
    Problem,
    Reading,
    Report,
    Request,
    Treatment,
)
from ..pathway.dates import When, day, within
from .elements import codings, first_when, items, local_id, number, reference, texts, token, when
from .medicines import Drug, daily_mg
from .prefetch import OTHER_PATIENT, PARTLY, Records, patient_of, sources_for
from .terminology import Terminology

T = TypeVar("T")
Resource = dict[str, Any]

_SEEN = frozenset({"final", "amended", "corrected"})
_CURRENT = frozenset({"active", "recurrence", "relapse"})
_PAST = frozenset({"inactive", "resolved", "remission"})
_NOT_THERE = frozenset({"entered-in-error", "refuted"})
_SUSPECTED = frozenset({"provisional", "differential", "unconfirmed"})
_STATUS_FREE_DAYS = 180  # a problem without clinicalStatus is current when it is at most this old (encodings, section 2)
_ORDERED = frozenset({"", "order", "original-order", "instance-order", "filler-order", "reflex-order"})
_TOOK_PLACE = frozenset({"finished", "in-progress", "arrived"})
_SIDES = frozenset({"right", "left"})
_SIDE_DIGIT = re.compile(r"(?:G57\.\d|M54\.[34]|M25\.85|M76\.89|S76\.3[019])([123])")
_SIDE_OF_DIGIT = {"1": frozenset({"right"}), "2": frozenset({"left"}), "3": _SIDES}
_BOUND = re.compile(r"\s*(<=|>=|<|>)?\s*(\d+(?:\.\d+)?)\s*\Z")
_WORD = re.compile(r"[a-z]+")
_NEGATIVE = frozenset({"negative", "absent", "no", "none", "false", "normal", "not"})
_POSITIVE = frozenset({"positive", "present", "yes", "true", "detected", "abnormal"})
_DAYS = {"d": 1, "day": 1, "days": 1, "wk": 7, "week": 7, "weeks": 7, "mo": 30, "month": 30, "months": 30, "a": 365}
_VISIT, _OTHER_SITE = "physiotherapy-visit", "other-body-site-words"
_NALOXONE = "med-naloxone"


class Reader:
    """Reads the resources of one request. ``today`` and ``zone`` are those of the site."""

    def __init__(self, records: Records, patient: str, terminology: Terminology, today: date, zone: tzinfo) -> None:
        self.records = records
        self.patient = patient
        self.today = today
        self.zone = zone
        self._patient_ref = f"Patient/{patient}"
        self._terminology = terminology
        self._of_code = terminology.codes.of
        self._of_words = terminology.words.of
        self._gaps: list[Gap] = list(records.gaps)

    # -- the whole chart ------------------------------------------------------------------------------------------------

    def chart(self, sections: frozenset[str]) -> Chart:
        """The chart of these sections, without the drafts of the session (orders.py)."""
        conditions = self._each("Condition", "problems", self._problem)
        dispensed = self._dispensed() if "medicines" in sections else {}
        medicines = self._each("MedicationRequest", "medicines", lambda r: self._request(r, dispensed))
        medicines += self._each("MedicationStatement", "medicines", self._statement)
        medicines += self._each("MedicationDispense", "medicines", self._dispense)
        readings = self._each("Observation", "readings", self._reading)
        readings += self._each("QuestionnaireResponse", "readings", self._questionnaire)
        plans = [p for kind in ("CarePlan", "EpisodeOfCare", "Flag") for p in self._each(kind, "plans", self._plan)]
        return Chart(
            today=self.today,
            person=self._person(sections),
            problems=tuple(conditions),
            readings=tuple(readings),
            medicines=tuple(medicines),
            allergies=tuple(self._each("AllergyIntolerance", "allergies", self._allergy)),
            treatments=tuple(self._each("Procedure", "treatments", self._treatment)),
            contacts=tuple(self._each("Encounter", "contacts", self._contact)),
            requests=tuple(self._each("ServiceRequest", "requests", self._asked)),
            reports=tuple(self._each("DiagnosticReport", "reports", self._report)),
            plans=tuple(plans),
            gaps=tuple(dict.fromkeys(self._gaps)),
        )

    def _each(self, kind: str, section: str, read: Callable[[Resource], T | None]) -> list[T]:
        """Reads every resource of a type that belongs to the patient; one that cannot be read is a gap, not an end."""
        found: list[T] = []
        resources = self.records.resources.get(kind, ())
        foreign = 0
        for resource in resources:
            try:
                whose = resource.get("subject") or resource.get("patient")
                if whose.__class__ is not dict or whose.get("reference") != self._patient_ref:
                    owner = patient_of(resource)
                    if not owner:
                        self._gap(section, kind, PARTLY)
                        continue
                    if owner != self.patient:
                        foreign += 1
                        continue
                item = read(resource)
            except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
                self._gap(section, kind, PARTLY)
                continue
            if item is not None:
                found.append(item)
        if foreign and foreign == len(resources):
            self._gap(section, kind, OTHER_PATIENT)
        return found

    def _gap(self, section: str, what: str, reason: str) -> None:
        self._gaps.append(Gap(section, what, reason))

    # -- codes and words ------------------------------------------------------------------------------------------------

    def codes(self, *concepts: Any) -> Concepts:
        """What the codings of these concepts stand for; most stand for nothing here."""
        found = NOTHING
        for concept in concepts:
            for system, code, _ in codings(concept):
                known = self._of_code(system, code)
                if known:
                    found = found | known if found else known
        return found

    def codes_and_words(self, *concepts: Any) -> Concepts:
        return self.codes(*concepts) | self._words(text for concept in concepts for text in texts(concept))

    def _words(self, said: Iterable[str]) -> Concepts:
        """What texts speak of; each on its own, so that a negation in one says nothing about the next."""
        found = NOTHING
        for text in said:
            found = found | self._of_words(text)
        return found

    def _sides(self, resource: Resource) -> Concepts:
        """Right, left or both, from the body site, the text and the laterality digit of the code."""
        words = [w for t in texts(resource.get("bodySite")) + texts(resource.get("code")) for w in _WORD.findall(t.lower())]
        found = _SIDES.intersection(words)
        if "bilateral" in words or "both" in words:
            return _SIDES
        if found:
            return found
        for _, code, _ in codings(resource.get("code")):
            match = _SIDE_DIGIT.match(code)
            if match:
                return _SIDE_OF_DIGIT[match[1]]
        return NOTHING

    def _when(self, resource: Resource, *names: str) -> When | None:
        return first_when(resource, names, self.zone)

    # -- one resource each ----------------------------------------------------------------------------------------------

    def _person(self, sections: frozenset[str]) -> Person:
        (source,) = sources_for({"person"})
        for resource in self.records.resources.get("Patient", ()):
            if resource.get("id") != self.patient:
                self._gap(source.section, source.resource_type, OTHER_PATIENT)
                continue
            sex = resource.get("gender")
            died = resource.get("deceasedBoolean") is True or bool(resource.get("deceasedDateTime"))
            born = when(resource.get("birthDate"), self.zone)
            return Person(born, sex if sex in ("male", "female") else None, died, self._patient_ref)
        if "person" in sections and not self._has_gap("Patient"):
            self._gap(source.section, source.resource_type, "not found")
        return Person()

    def _has_gap(self, what: str) -> bool:
        return any(gap.what == what for gap in self._gaps)

    def _problem(self, resource: Resource) -> Problem | None:
        verification = token(resource.get("verificationStatus"))
        clinical = token(resource.get("clinicalStatus"))
        if verification in _NOT_THERE or clinical in _NOT_THERE:
            return None
        code = resource.get("code")
        concepts = self.codes_and_words(code, resource.get("bodySite"), self._stage(resource))
        if not concepts:
            return None
        onset, recorded = (
            self._when(resource, "onsetDateTime", "onsetPeriod"),
            self._when(resource, "recordedDate", "dateRecorded"),
        )
        return Problem(
            ref=f"Condition/{resource.get('id', '')}",
            name=next(iter(texts(code)), "a problem without a name"),
            concepts=concepts,
            current=self._current(resource, clinical, onset, recorded),
            suspected=verification in _SUSPECTED,
            in_remission=clinical == "remission",
            onset=onset,
            recorded=recorded,
            sides=self._sides(resource),
        )

    def _stage(self, resource: Resource) -> list[Any]:
        return [s.get("summary") for s in items(resource.get("stage")) if isinstance(s, dict)]

    def _current(self, resource: Resource, clinical: str, onset: When | None, recorded: When | None) -> Answer:
        if clinical in _PAST or self._abated(resource):
            return Answer.NO
        if clinical in _CURRENT:
            return Answer.YES
        dates = [within(w, _STATUS_FREE_DAYS, self.today) for w in (recorded, onset) if w]
        return Answer.YES if Answer.YES in dates else Answer.UNKNOWN

    def _abated(self, resource: Resource) -> bool:
        """Is there an abatement that is not in the future?"""
        for name in ("abatementDateTime", "abatementPeriod", "abatementAge", "abatementRange", "abatementString"):
            value = resource.get(name)
            if value is not None:
                ended = when(value.get("end") if isinstance(value, dict) else value, self.zone)
                return ended is None or ended.earliest <= self.today
        return resource.get("abatementBoolean") is True

    def _reading(self, resource: Resource) -> Reading | None:
        code = resource.get("code")
        concepts, matched = NOTHING, ""
        for system, value, _ in codings(code):
            known = self._of_code(system, value)
            if known:
                concepts, matched = concepts | known, matched or value
        if not concepts or resource.get("status") not in _SEEN:
            return None
        concepts = concepts | self._words(texts(code)) | self.codes_and_words(resource.get("bodySite"))
        quantity, unit, comparator = self._quantity(resource)
        parts = tuple(
            (self.codes(c.get("code")), value)
            for c in items(resource.get("component"))
            if isinstance(c, dict) and (value := number((c.get("valueQuantity") or {}).get("value"))) is not None
        )
        return Reading(
            ref=f"Observation/{resource.get('id', '')}",
            code=matched,
            concepts=concepts,
            when=self._when(resource, "effectiveDateTime", "effectivePeriod", "effectiveInstant", "issued"),
            value=quantity,
            unit=unit,
            comparator=comparator,
            meaning=self.codes(resource.get("valueCodeableConcept")),
            present=self._present(resource),
            on=when(resource.get("valueDateTime"), self.zone),
            parts=parts,
            sides=self._sides(resource),
        )

    def _quantity(self, resource: Resource) -> tuple[float | None, str | None, str | None]:
        quantity = resource.get("valueQuantity")
        if isinstance(quantity, dict):
            unit = quantity.get("code") or quantity.get("unit")
            comparator = quantity.get("comparator")
            return number(quantity.get("value")), unit if isinstance(unit, str) else None, comparator
        if "valueInteger" in resource:
            return number(resource["valueInteger"]), None, None
        bound = _BOUND.match(resource["valueString"]) if isinstance(resource.get("valueString"), str) else None
        return (float(bound[2]), None, bound[1]) if bound else (None, None, None)

    def _present(self, resource: Resource) -> bool | None:
        """Whether a finding is there: True, False, or None when the resource has no such value."""
        if isinstance(resource.get("valueBoolean"), bool):
            present: bool = resource["valueBoolean"]
            return present
        said = texts(resource.get("valueCodeableConcept")) + texts(resource.get("valueString"))
        if not said and "valueCodeableConcept" not in resource:
            said = texts(resource.get("interpretation"))
        codes = {code for _, code, _ in codings(resource.get("valueCodeableConcept"))}
        words = {word for text in said for word in _WORD.findall(text.lower())}
        if "260385009" in codes or words & _NEGATIVE:
            return False
        return True if "10828004" in codes or words & _POSITIVE else None

    def _questionnaire(self, resource: Resource) -> Reading | None:
        """A hip score that came as a completed questionnaire: its name is the last part of the questionnaire's address."""
        name = str(resource.get("questionnaire", "")).rstrip("/").rsplit("/", 1)[-1].split("|")[0]
        concepts = self._of_code("https://example.org/fhir/CodeSystem/posterior-hip-pathway", name)
        if "hip-score" not in concepts or resource.get("status") not in ("completed", "amended"):
            return None
        for item in items(resource.get("item")):
            if item.get("linkId") == "total":
                answer = next(iter(items(item.get("answer"))), {})
                value = number(answer.get("valueDecimal", answer.get("valueInteger")))
                ref = f"QuestionnaireResponse/{resource.get('id', '')}"
                return Reading(ref, name, concepts, self._when(resource, "authored"), value)
        return None

    def _contact(self, resource: Resource) -> Contact | None:
        status = token(resource.get("status"))
        if status in ("planned", "cancelled", "entered-in-error"):
            return None
        stay = resource.get("hospitalization")
        concepts = self.codes(resource.get("type"), resource.get("serviceType"))
        reasons = self.codes_and_words(resource.get("reasonCode")) | self._reason_problems(resource)
        discharge = self.codes(stay.get("dischargeDisposition")) if isinstance(stay, dict) else NOTHING
        if not (concepts or reasons or discharge):
            return None
        if _VISIT in concepts and _OTHER_SITE in reasons:
            concepts = concepts - {_VISIT}
        return Contact(
            ref=f"Encounter/{resource.get('id', '')}",
            concepts=concepts,
            when=self._when(resource, "period"),
            took_place=status in _TOOK_PLACE,
            under_way=status in ("in-progress", "arrived"),
            reasons=reasons,
            discharge=discharge,
        )

    def _reason_problems(self, resource: Resource) -> Concepts:
        found = NOTHING
        for ref in items(resource.get("reasonReference")):
            condition = self.condition(reference(ref))
            if condition:
                found = found | self.codes_and_words(condition.get("code"))
        return found

    def condition(self, ref: str) -> Resource | None:
        """A Condition of the record by reference, unless it is refuted or an error."""
        if not ref or ref.startswith("#"):
            return None
        for resource in self.records.resources.get("Condition", ()):
            if resource.get("id") == local_id(ref) and patient_of(resource) == self.patient:
                stands = token(resource.get("verificationStatus")) not in _NOT_THERE
                return resource if stands else None
        return None

    def _treatment(self, resource: Resource) -> Treatment | None:
        status = token(resource.get("status"))
        concepts = self.codes(resource.get("code"))
        if not concepts or status not in ("completed", "in-progress"):
            return None
        if _VISIT in concepts:
            reasons = self.codes_and_words(resource.get("reasonCode"), resource.get("bodySite")) | self._reason_problems(resource)
            if _OTHER_SITE in reasons:
                concepts = concepts - {_VISIT}
        done = self._when(resource, "performedDateTime", "performedPeriod")
        return Treatment(f"Procedure/{resource.get('id', '')}", concepts, done, status == "completed")

    def _asked(self, resource: Resource) -> Request | None:
        concepts = self.codes(resource.get("code"))
        status = token(resource.get("status"))
        if not concepts or status not in ("active", "completed"):
            return None
        return Request(
            f"ServiceRequest/{resource.get('id', '')}", concepts, self._when(resource, "authoredOn"), status == "active"
        )

    def _report(self, resource: Resource) -> Report | None:
        concepts, conclusions = self.codes(resource.get("code")), self.codes(resource.get("conclusionCode"))
        if resource.get("status") not in _SEEN or not (concepts or conclusions):
            return None
        when_ = self._when(resource, "effectiveDateTime", "effectivePeriod", "issued")
        return Report(f"DiagnosticReport/{resource.get('id', '')}", concepts, conclusions, when_)

    def _plan(self, resource: Resource) -> Plan | None:
        details = [a.get("detail") for a in items(resource.get("activity")) if isinstance(a, dict)]
        activities = [d.get("code") for d in details if isinstance(d, dict)]
        concepts = self.codes(resource.get("category"), resource.get("code"), resource.get("type"), activities)
        if not concepts:
            return None
        status = token(resource.get("status"))
        period = resource.get("period")
        ended = when(period.get("end"), self.zone) if isinstance(period, dict) else None
        finished = status in ("completed", "revoked", "finished")
        return Plan(f"{resource['resourceType']}/{resource.get('id', '')}", concepts, status == "active", finished, ended)

    def _allergy(self, resource: Resource) -> Allergy | None:
        if token(resource.get("verificationStatus")) in _NOT_THERE:
            return None
        if token(resource.get("clinicalStatus")) in ("inactive", "resolved"):
            return None
        substances = [r.get("substance") for r in items(resource.get("reaction")) if isinstance(r, dict)]
        drug = Drug([resource.get("code") or {}, *(s for s in substances if isinstance(s, dict))], self._terminology)
        if not drug.classes and not drug.ingredients:
            return None
        return Allergy(f"AllergyIntolerance/{resource.get('id', '')}", drug.classes, drug.ingredients)

    # -- medicines ------------------------------------------------------------------------------------------------------

    def drug(self, resource: Resource) -> Drug | None:
        """The medicine of a resource: its concept, or the Medication that it points to (contained, included, by name)."""
        concepts = [c for c in items(resource.get("medicationCodeableConcept")) if isinstance(c, dict)]
        pointer = resource.get("medicationReference")
        if isinstance(pointer, dict):
            concepts.extend(self._medication(resource, pointer))
        if not any(texts(c) or any(codings(c)) for c in concepts):
            return None
        return Drug(concepts, self._terminology)

    def _medication(self, resource: Resource, pointer: Mapping[str, Any]) -> list[dict[str, Any]]:
        ref, found = reference(pointer), None
        if ref.startswith("#"):
            contained = [c for c in items(resource.get("contained")) if isinstance(c, dict)]
            found = next((c for c in contained if c.get("id") == ref[1:]), None)
        elif ref:
            found = self.records.others.get(ref) or self.records.others.get(f"Medication/{local_id(ref)}")
        concepts: list[dict[str, Any]] = []
        if found:
            ingredients = [i.get("itemCodeableConcept") for i in items(found.get("ingredient")) if isinstance(i, dict)]
            concepts = [c for c in (found.get("code"), *ingredients) if isinstance(c, dict)]
        if isinstance(pointer.get("display"), str):
            concepts.append({"text": pointer["display"]})
        return concepts

    def medicine(self, resource: Resource, dispensed: Mapping[str, When]) -> Medicine | None:
        """A MedicationRequest, of the record or of the session; None when it names no medicine."""
        drug = self.drug(resource)
        if drug is None:
            return None
        status = token(resource.get("status")) or "active"
        start, end = self._span(resource, dispensed)
        may_be_given = resource.get("doNotPerform") is not True
        at_home = resource.get("reportedBoolean") is True
        ordered = token(resource.get("intent")) in _ORDERED
        repeats = [
            t for d in items(resource.get("dosageInstruction")) if isinstance(d, dict) and isinstance(t := d.get("timing"), dict)
        ]
        return Medicine(
            ref=f"{resource.get('resourceType')}/{resource.get('id', '')}",
            name=drug.name,
            classes=drug.classes,
            ingredients=drug.ingredients,
            status=status,
            on_list=status == "active" and may_be_given and (ordered or at_home),
            do_not_give=not may_be_given and status not in ("entered-in-error", "cancelled"),
            ordered=self._when(resource, "authoredOn"),
            start=start,
            end=end,
            daily_mg=daily_mg(resource, drug),
            extended_release=drug.extended_release,
            single_dose=bool(repeats) and all((t.get("repeat") or {}).get("count") == 1 for t in repeats),
            inpatient="inpatient" in {code for _, code, _ in codings(resource.get("category"))},
            why_stopped=self.codes(resource.get("statusReason")),
        )

    def _request(self, resource: Resource, dispensed: Mapping[str, When]) -> Medicine | None:
        if token(resource.get("status")) in ("entered-in-error", "draft"):
            return None
        medicine = self.medicine(resource, dispensed)
        if medicine is None:
            self._gap("medicines", "MedicationRequest", "a medicine is not named")
            return None
        return medicine if medicine.classes else None

    def _statement(self, resource: Resource) -> Medicine | None:
        status = token(resource.get("status")) or "active"
        if status == "entered-in-error":
            return None
        drug = self.drug(resource)
        if drug is None:
            self._gap("medicines", "MedicationStatement", "a medicine is not named")
            return None
        if not drug.classes:
            return None
        period = resource.get("effectivePeriod")
        return Medicine(
            ref=f"MedicationStatement/{resource.get('id', '')}",
            name=drug.name,
            classes=drug.classes,
            ingredients=drug.ingredients,
            status=status,
            on_list=status == "active",
            ordered=self._when(resource, "dateAsserted", "effectivePeriod", "effectiveDateTime"),
            start=self._when(resource, "effectivePeriod", "effectiveDateTime"),
            end=when(period.get("end"), self.zone) if isinstance(period, dict) else None,
            daily_mg=daily_mg(resource, drug),
            extended_release=drug.extended_release,
            why_stopped=self.codes(resource.get("statusReason")),
        )

    def _dispense(self, resource: Resource) -> Medicine | None:
        """Only rescue naloxone: what was handed over may be the only trace of it."""
        drug = self.drug(resource) if token(resource.get("status")) == "completed" else None
        if drug is None or _NALOXONE not in drug.classes:
            return None
        ref, given = f"MedicationDispense/{resource.get('id', '')}", self._when(resource, "whenHandedOver", "whenPrepared")
        return Medicine(ref, drug.name, drug.classes, drug.ingredients, "dispensed", ordered=given)

    def _span(self, resource: Resource, dispensed: Mapping[str, When]) -> tuple[When | None, When | None]:
        """Start and end: bounds of the dosage, else order date and supply, else the last dispense."""
        start: When | None = None
        for dosage in items(resource.get("dosageInstruction")):
            repeat = ((dosage.get("timing") or {}).get("repeat") or {}) if isinstance(dosage, dict) else {}
            bounds = repeat.get("boundsPeriod") if isinstance(repeat, dict) else None
            if isinstance(bounds, dict):
                start = start or when(bounds.get("start"), self.zone)
                end = when(bounds.get("end"), self.zone)
                if end:
                    return start or self._when(resource, "authoredOn"), end
        start = start or self._when(resource, "authoredOn")
        supply = resource.get("dispenseRequest")
        days = _supply_days(supply) if isinstance(supply, dict) else None
        if start and days is not None:
            length = timedelta(days=days)
            return start, When(start.earliest + length, start.latest + length)
        return start, dispensed.get(str(resource.get("id", "")))

    def _dispensed(self) -> dict[str, When]:
        """The last day covered by the dispenses of each request."""
        last: dict[str, When] = {}
        for resource in self.records.resources.get("MedicationDispense", ()):
            given = self._when(resource, "whenHandedOver")
            supply = resource.get("daysSupply")
            days = number(supply.get("value")) if isinstance(supply, dict) else None
            if given is None or days is None or patient_of(resource) != self.patient:
                continue
            until = day(given.latest + timedelta(days=days))
            for pointer in items(resource.get("authorizingPrescription")):
                key = local_id(reference(pointer))
                if key not in last or last[key].latest < until.latest:
                    last[key] = until
        return last


def _supply_days(supply: Mapping[str, Any]) -> float | None:
    """Days of supply with all repeats."""
    duration = supply.get("expectedSupplyDuration")
    if not isinstance(duration, dict):
        return None
    value = number(duration.get("value"))
    unit = _DAYS.get(str(duration.get("code") or duration.get("unit") or "d"))
    repeats = number(supply.get("numberOfRepeatsAllowed")) or 0
    return value * unit * (1 + repeats) if value is not None and unit else None
