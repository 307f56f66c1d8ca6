"""Care around the problem: encounters, procedures, requests, reports, plans, teaching and allergies."""

from __future__ import annotations

from ..pathway.chart import NOTHING, Allergy, Concepts, Contact, Plan, Report, Request, Teaching, Treatment
from ..pathway.syndromes import syndrome_of
from .elements import items, texts, token, when
from .lens import NOT_THERE, SEEN, Lens, Resource, Unnamed

_NO_DRUGS = frozenset({"food", "environment"})
_TOOK_PLACE = frozenset({"finished", "in-progress", "arrived"})
_VISIT, _OTHER_SITE = "physiotherapy-visit", "other-body-site"
_EDUCATION, _EDUCATION_WORDS = "education", "education-words"
_INJECTION = "any-injection"


def _for_the_hip(concepts: Concepts, reasons: Concepts) -> Concepts:
    """Without the visit when it is for another part of the body only."""
    elsewhere = _OTHER_SITE in reasons and syndrome_of(reasons) is None
    return concepts - {_VISIT} if elsewhere else concepts


def contact(resource: Resource, lens: Lens) -> Contact | None:
    status = token(resource.get("status"))
    if status in ("planned", "cancelled", "entered-in-error"):
        return None
    stay = resource.get("hospitalization")
    concepts = lens.codes(resource.get("type"), resource.get("serviceType"))
    reasons = lens.codes_and_words(resource.get("reasonCode")) | lens.reason_problems(resource)
    discharge = lens.codes(stay.get("dischargeDisposition")) if isinstance(stay, dict) else NOTHING
    if not (concepts or reasons or discharge):
        return None
    return Contact(
        ref=f"Encounter/{resource.get('id', '')}",
        concepts=_for_the_hip(concepts, reasons),
        when=lens.when(resource, "period"),
        took_place=status in _TOOK_PLACE,
        under_way=status in ("in-progress", "arrived"),
        reasons=reasons,
        discharge=discharge,
    )


def treatment(resource: Resource, lens: Lens) -> Treatment | None:
    status = token(resource.get("status"))
    concepts = lens.codes(resource.get("code"))
    if not concepts or status not in ("completed", "in-progress"):
        return None
    if _VISIT in concepts:
        reasons = lens.codes_and_words(resource.get("reasonCode"), resource.get("bodySite")) | lens.reason_problems(resource)
        concepts = _for_the_hip(concepts, reasons)
    done = lens.when(resource, "performedDateTime", "performedPeriod")
    ref, details = f"Procedure/{resource.get('id', '')}", NOTHING
    if "usedCode" in resource or "outcome" in resource:
        details = lens.codes(resource.get("usedCode"), resource.get("outcome"))
    sides = lens.sides(resource) if _INJECTION in concepts else NOTHING
    return Treatment(ref, concepts, done, status == "completed", details, sides)


def request(resource: Resource, lens: Lens) -> Request | None:
    concepts = lens.codes(resource.get("code"))
    status = token(resource.get("status"))
    if not concepts or status not in ("active", "completed"):
        return None
    return Request(f"ServiceRequest/{resource.get('id', '')}", concepts, lens.when(resource, "authoredOn"), status == "active")


def report(resource: Resource, lens: Lens) -> Report | None:
    concepts, conclusions = lens.codes(resource.get("code")), lens.codes(resource.get("conclusionCode"))
    if resource.get("status") not in SEEN or not (concepts or conclusions):
        return None
    when_ = lens.when(resource, "effectiveDateTime", "effectivePeriod", "issued")
    return Report(f"DiagnosticReport/{resource.get('id', '')}", concepts, conclusions, when_)


def study(resource: Resource, lens: Lens) -> Report | None:
    """An imaging study that is available: it was done, whatever its report says."""
    concepts = lens.codes(resource.get("procedureCode"))
    if not concepts or token(resource.get("status")) != "available":
        return None
    return Report(f"ImagingStudy/{resource.get('id', '')}", concepts, NOTHING, lens.when(resource, "started"))


def communication(resource: Resource, lens: Lens) -> Teaching | None:
    """Something that was sent as instruction."""
    if token(resource.get("status")) != "completed" or _EDUCATION not in lens.codes(resource.get("category")):
        return None
    return Teaching(f"Communication/{resource.get('id', '')}", lens.when(resource, "sent", "received"))


def document(resource: Resource, lens: Lens) -> Teaching | None:
    """A document that is named as education."""
    if token(resource.get("status")) not in ("", "current"):
        return None
    if _EDUCATION_WORDS not in lens.words([*texts(resource.get("type")), *texts(resource.get("description"))]):
        return None
    return Teaching(f"DocumentReference/{resource.get('id', '')}", lens.when(resource, "date"))


def plan(resource: Resource, lens: Lens) -> Plan | None:
    details = [a.get("detail") for a in items(resource.get("activity")) if isinstance(a, dict)]
    activities = [d.get("code") for d in details if isinstance(d, dict)]
    concepts = lens.codes(resource.get("category"), resource.get("code"), resource.get("type"), activities)
    if not concepts:
        return None
    status = token(resource.get("status"))
    period = resource.get("period")
    ended = when(period.get("end"), lens.zone) if isinstance(period, dict) else None
    finished = status in ("completed", "revoked", "finished")
    ref, began = f"{resource['resourceType']}/{resource.get('id', '')}", lens.when(resource, "period", "created")
    return Plan(ref, concepts, status == "active", finished, ended, began)


def allergy(resource: Resource, lens: Lens) -> Allergy | None:
    """An allergy or intolerance to a medicine or a class of ours. Raises Unnamed when it does not say to what."""
    if token(resource.get("verificationStatus")) in NOT_THERE:
        return None
    if token(resource.get("clinicalStatus")) in ("inactive", "resolved"):
        return None
    substances = [r.get("substance") for r in items(resource.get("reaction")) if isinstance(r, dict)]
    concepts = [resource.get("code"), *substances]
    drug = lens.medicines.drug(concepts)
    said = texts(concepts)
    named = lens.medicines.terminology.medicines.classes_of
    classes = lens.medicines.terminology.ancestors(name for text in said for name in named(text)) | drug.classes
    if classes or drug.ingredients:
        return Allergy(f"AllergyIntolerance/{resource.get('id', '')}", classes, drug.ingredients)
    if not said and not _NO_DRUGS.intersection(c for c in items(resource.get("category")) if isinstance(c, str)):
        raise Unnamed  # a bare code that nobody here knows may be the very medicine that is offered
    return None
