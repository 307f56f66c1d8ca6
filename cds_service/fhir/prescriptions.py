"""Prescriptions: which medicine, whether it is taken, from when to when, and at what dose."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from msgspec import Raw

from ..pathway.chart import NOTHING, Concepts, Medicine
from ..pathway.dates import When, day
from .elements import items, local_id, number, plain, reference, token, when
from .lens import Lens, Resource, Unnamed
from .medicines import Drug, daily_mg
from .prefetch import patient_of

_ORDERED = frozenset({"", "order", "original-order", "instance-order", "filler-order", "reflex-order"})
_STATUSES = frozenset(
    {"active", "cancelled", "completed", "draft", "ended", "intended", "not-taken", "on-hold", "stopped", "unknown"}
)
# Statuses in which a medicine of no class that matters is nobody's question.
OVER = _STATUSES - {"active"}
_DAYS = {"d": 1, "day": 1, "days": 1, "wk": 7, "week": 7, "weeks": 7, "mo": 30, "month": 30, "months": 30, "a": 365}
_NALOXONE, _SEDATION = "med-naloxone", "benzodiazepines"
_ASPIRIN, _ANTIPLATELET_MG, _FIRST_LINE = "med-aspirin", 100, "first-line-nerve-pain-medicines"


def drug(resource: Resource, lens: Lens) -> Drug | None:
    """The medicine of a resource: its concept, or the Medication that it points to (contained, included, by name)."""
    concept, pointer = resource.get("medicationCodeableConcept"), resource.get("medicationReference")
    if isinstance(pointer, dict):
        found = lens.medicines.drug([*items(concept), *_medication(resource, pointer, lens)])
    else:
        found = lens.medicines.drug_of(concept) if concept.__class__ is Raw else lens.medicines.drug(items(concept))
    return found if found.known else None


def _medication(resource: Resource, pointer: Mapping[str, Any], lens: Lens) -> list[dict[str, Any]]:
    ref, found = reference(pointer), None
    if ref.startswith("#"):
        contained = [c for c in items(resource.get("contained")) if isinstance(c, dict)]
        found = next((c for c in contained if c.get("id") == ref[1:]), None)
    elif ref:
        found = lens.records.others.get(ref) or lens.records.others.get(f"Medication/{local_id(ref)}")
    concepts: list[dict[str, Any]] = []
    if found:
        ingredients = [i.get("itemCodeableConcept") for i in items(found.get("ingredient")) if isinstance(i, dict)]
        concepts = [c for c in (found.get("code"), *ingredients) if isinstance(c, dict)]
    if isinstance(pointer.get("display"), str):
        concepts.append({"text": pointer["display"]})
    return concepts


def medicine(resource: Resource, found: Drug, dispensed: Mapping[str, When], lens: Lens) -> Medicine:
    """A MedicationRequest for this drug, of the record or of the session."""
    status = token(resource.get("status")) or "active"
    if resource.get("dosageInstruction").__class__ is Raw:
        resource = resource | {"dosageInstruction": plain(resource["dosageInstruction"])}  # looked at three times below
    start, end = _span(resource, dispensed, lens)
    may_be_given = resource.get("doNotPerform") is not True
    at_home = resource.get("reportedBoolean") is True
    ordered = token(resource.get("intent")) in _ORDERED
    being_dosed = status in ("active", "draft")  # the dose of what is over is nobody's question
    once = being_dosed and _SEDATION in found.classes and _single_dose(resource)
    dosed = being_dosed or _FIRST_LINE in found.classes  # an earlier dose tells whether it was raised
    mg = daily_mg(resource, found) if dosed else None
    return Medicine(
        ref=f"{resource.get('resourceType')}/{resource.get('id', '')}",
        name=found.name,
        classes=classes_by_dose(found, mg, lens),
        ingredients=found.ingredients,
        status=status,
        on_list=status == "active" and may_be_given and (ordered or at_home),
        do_not_give=not may_be_given and status not in ("entered-in-error", "cancelled"),
        ordered=lens.when(resource, "authoredOn"),
        start=start,
        end=end,
        daily_mg=mg,
        extended_release=being_dosed and found.extended_release,
        single_dose=once,
        inpatient=being_dosed and any(code == "inpatient" for _, code in lens.meaning(resource.get("category")).codes),
        why_stopped=lens.codes(resource["statusReason"]) if "statusReason" in resource else NOTHING,
        mcg_per_hour=found.mcg_per_hour if being_dosed else None,
        reasons=_reasons(resource, found, lens),
    )


def _reasons(resource: Resource, found: Drug, lens: Lens) -> Concepts:
    """Why a first-line nerve-pain medicine is taken; nobody asks it of the others."""
    if _FIRST_LINE not in found.classes:
        return NOTHING
    return lens.codes_and_words(resource.get("reasonCode")) | lens.reason_problems(resource)


def classes_by_dose(found: Drug, mg: float | None, lens: Lens) -> Concepts:
    """Aspirin up to 100 mg a day (or of unknown dose) is an antiplatelet, above that an NSAID."""
    if _ASPIRIN not in found.classes:
        return found.classes
    dose = mg if mg is not None else found.strength_mg
    acts_as = "med-antiplatelet" if dose is None or dose <= _ANTIPLATELET_MG else "med-nsaid-oral"
    return found.classes | lens.medicines.terminology.ancestors({acts_as})


def _single_dose(resource: Resource) -> bool:
    timings = [d.get("timing") for d in items(resource.get("dosageInstruction")) if isinstance(d, dict)]
    repeats = [t.get("repeat") for t in timings if isinstance(t, dict)]
    return bool(repeats) and all(isinstance(r, dict) and r.get("count") == 1 for r in repeats)


def _of_ours(resource: Resource, status: str, lens: Lens) -> Drug | None:
    """The medicine of a resource if it is of a class that matters, or active and not classified: that is not the same as
    absent. Raises Unnamed when nobody can tell, ValueError when nobody can tell whether it is taken."""
    found = drug(resource, lens)
    if found is None:
        raise Unnamed
    if found.classes and status not in _STATUSES:
        raise ValueError("status")
    return found if found.classes or status == "active" else None


def request(resource: Resource, dispensed: Mapping[str, When], lens: Lens) -> Medicine | None:
    """A MedicationRequest of the record, if it is of a class that matters. Raises Unnamed."""
    status = token(resource.get("status")) or "active"
    if status in ("entered-in-error", "draft"):
        return None
    found = _of_ours(resource, status, lens)
    if found is None:
        return None
    return medicine(resource, found, dispensed, lens) if found.classes else _unclassified(resource, found)


def _unclassified(resource: Resource, found: Drug) -> Medicine:
    """An active medicine of no class known here: its name is all that anybody asks."""
    on_list = resource.get("doNotPerform") is not True
    return Medicine(f"MedicationRequest/{resource.get('id', '')}", found.name, on_list=on_list)


def statement(resource: Resource, lens: Lens) -> Medicine | None:
    """A MedicationStatement, if it is of a class that matters. Raises Unnamed."""
    status = token(resource.get("status")) or "active"
    if status == "entered-in-error":
        return None
    found = _of_ours(resource, status, lens)
    if found is None:
        return None
    period, mg = resource.get("effectivePeriod"), daily_mg(resource, found)
    return Medicine(
        ref=f"MedicationStatement/{resource.get('id', '')}",
        name=found.name,
        classes=classes_by_dose(found, mg, lens),
        ingredients=found.ingredients,
        status=status,
        on_list=status == "active",
        ordered=lens.when(resource, "dateAsserted", "effectivePeriod", "effectiveDateTime"),
        start=lens.when(resource, "effectivePeriod", "effectiveDateTime"),
        end=when(period.get("end"), lens.zone) if isinstance(period, dict) else None,
        daily_mg=mg,
        extended_release=found.extended_release,
        why_stopped=lens.codes(resource.get("statusReason")),
        mcg_per_hour=found.mcg_per_hour,
        reasons=_reasons(resource, found, lens),
    )


def dispense(resource: Resource, lens: Lens) -> Medicine | None:
    """Only rescue naloxone: what was handed over may be the only trace of it."""
    found = drug(resource, lens) if token(resource.get("status")) == "completed" else None
    if found is None or _NALOXONE not in found.classes:
        return None
    ref, given = f"MedicationDispense/{resource.get('id', '')}", lens.when(resource, "whenHandedOver", "whenPrepared")
    return Medicine(ref, found.name, found.classes, found.ingredients, "dispensed", ordered=given)


def _span(resource: Resource, dispensed: Mapping[str, When], lens: Lens) -> tuple[When | None, When | None]:
    """Start and end: bounds of the dosage, else order date and supply, else the last dispense."""
    start: When | None = None
    for dosage in items(resource.get("dosageInstruction")):
        repeat = ((dosage.get("timing") or {}).get("repeat") or {}) if isinstance(dosage, dict) else {}
        bounds = repeat.get("boundsPeriod") if isinstance(repeat, dict) else None
        if isinstance(bounds, dict):
            start = start or when(bounds.get("start"), lens.zone)
            end = when(bounds.get("end"), lens.zone)
            if end:
                return start or lens.when(resource, "authoredOn"), end
    start = start or lens.when(resource, "authoredOn")
    supply = plain(resource.get("dispenseRequest"))
    days = _supply_days(supply) if isinstance(supply, dict) else None
    if start and days is not None:
        length = timedelta(days=days)
        return start, When(start.earliest + length, start.latest + length)
    return start, dispensed.get(str(resource.get("id", "")))


def dispensed(lens: Lens) -> dict[str, When]:
    """The last day covered by the dispenses of each request."""
    last: dict[str, When] = {}
    for resource in lens.records.resources.get("MedicationDispense", ()):
        try:
            until = _covered_until(resource, lens)
        except (AttributeError, TypeError, ValueError, OverflowError):
            continue  # its length stays unknown
        for pointer in items(resource.get("authorizingPrescription")) if until else ():
            key = local_id(reference(pointer))
            if until and (key not in last or last[key].latest < until.latest):
                last[key] = until
    return last


def _covered_until(resource: Resource, lens: Lens) -> When | None:
    given, supply = lens.when(resource, "whenHandedOver"), resource.get("daysSupply")
    days = number(supply.get("value")) if isinstance(supply, dict) else None
    if given is None or days is None or patient_of(resource) != lens.patient:
        return None
    return day(given.latest + timedelta(days=days))


def _supply_days(supply: Mapping[str, Any]) -> float | None:
    """Days of supply with all repeats."""
    duration = supply.get("expectedSupplyDuration")
    if not isinstance(duration, dict):
        return None
    value = number(duration.get("value"))
    unit = _DAYS.get(str(duration.get("code") or duration.get("unit") or "d"))
    repeats = number(supply.get("numberOfRepeatsAllowed")) or 0
    return value * unit * (1 + repeats) if value is not None and unit else None
