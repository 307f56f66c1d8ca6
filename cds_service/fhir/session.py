"""The unsigned orders of the session: which are there, which the clinician is working on, and for what reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from ..pathway.chart import Chart, Draft, Gap, Medicine, Reason
from .elements import ABSENT, codings, items, local_id, reference, texts
from .lens import Lens
from .prefetch import NOT_R4, UNREADABLE, is_type, patient_of
from .prescriptions import drug, medicine
from .versions import foreign_version

_MEDICINE, _SERVICE = "MedicationRequest", "ServiceRequest"
# Where a service order says how long or how much, and what is to be done (encodings, section 8).
_LENGTH = frozenset({"occurrenceTiming", "occurrencePeriod", "quantityQuantity", "quantityRatio", "quantityRange"})
_CONTENT = ("orderDetail", "note", "patientInstruction", "supportingInfo")
# The order types of other FHIR versions: a selected one is a gap, because this service reads R4 only.
_OTHER_VERSIONS = frozenset({"MedicationOrder", "ProcedureRequest", "ReferralRequest", "DiagnosticOrder"})
_NO_ORDER = Gap("medicines", "an order of this session", UNREADABLE)


def with_drafts(chart: Chart, lens: Lens, bundle: Mapping[str, Any] | None, selections: Iterable[str] | None) -> Chart:
    """The chart with the drafts of ``draftOrders``. ``selections`` None selects all of them (order-sign); otherwise the
    named ones, as ``Type/id`` or a bare id. A selection that is not among the drafts is passed over."""
    if bundle is None:
        return chart
    wanted = None if selections is None else frozenset(selections)
    drafts: list[Draft] = []
    gaps: list[Gap] = []
    seen: set[str] = set()
    for position, entry in enumerate(items(bundle.get("entry"))):
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if not isinstance(resource, dict) or not is_type(resource.get("resourceType")):
            if not isinstance(entry, dict | None) or resource is not None:
                gaps.append(_NO_ORDER)
            continue
        kind, identity = resource.get("resourceType"), resource.get("id")
        ref = f"{kind}/{identity}" if isinstance(identity, str) and identity else f"#{position}"
        selected = wanted is None or ref in wanted or (isinstance(identity, str) and identity in wanted)
        if patient_of(resource) not in ("", lens.patient) or ref in seen:
            continue
        seen.add(ref)
        if wanted is not None and "id" in resource and not (isinstance(identity, str) and identity):
            gaps.append(_NO_ORDER)  # it may be the selected one
        try:
            if resource.get("doNotPerform") is True:
                continue  # an instruction not to give it is no order
            if kind in (_MEDICINE, _SERVICE):
                version = foreign_version(resource)
                if version and selected:
                    gaps.append(Gap("medicines", "the selected order", f"{NOT_R4} {version}"))
                if version:
                    continue
                drafts.append(_draft(lens, resource, ref, selected))
                if selected and kind == _MEDICINE and drafts[-1].medicine is None and _says_a_medicine(resource):
                    gaps.append(Gap("medicines", "the selected order", "its medicine is not named"))
            elif kind in _OTHER_VERSIONS and selected:
                gaps.append(Gap("medicines", f"the selected order ({kind})", UNREADABLE))
        except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
            gaps.append(_NO_ORDER)
    return replace(chart, drafts=tuple(drafts), gaps=(*chart.gaps, *gaps), memo={})


def _says_a_medicine(resource: Mapping[str, Any]) -> bool:
    """Not one in which none was chosen yet: the public sandbox sends such a draft each time its view opens."""
    return "medicationReference" in resource or resource.get("medicationCodeableConcept") not in (None, {})


def _draft(lens: Lens, resource: dict[str, Any], ref: str, selected: bool) -> Draft:
    found: Medicine | None = None
    if resource["resourceType"] == _MEDICINE:
        named = drug(resource, lens)
        if named:
            found = medicine(resource, named, {}, lens)._replace(ref=ref, status="draft", on_list=False)
    return Draft(
        ref=ref,
        selected=selected,
        medicine=found,
        concepts=lens.codes_and_words(resource.get("code")),
        reasons=tuple(_reasons(lens, resource)),
        resource=resource,
        title=next(iter(texts(resource.get("code"))), ""),
        details=lens.codes(resource.get("orderDetail")),
        sides=lens.sides(resource),
        states_length=not _LENGTH.isdisjoint(resource),
        states_content=any(resource.get(name) for name in _CONTENT),
        uncoded_details=any(not lens.codes(detail) for detail in items(resource.get("orderDetail"))),
    )


def _reasons(lens: Lens, resource: Mapping[str, Any]) -> Iterable[Reason]:
    """The coded reasons and the problems pointed to. A reason in words only counts when the words name a syndrome."""
    for concept in items(resource.get("reasonCode")):
        if isinstance(concept, dict):
            concepts = lens.codes_and_words(concept)
            if concepts or any(ABSENT not in system for system, _, _ in codings(concept)):
                yield Reason(concepts, next(iter(texts(concept)), "coded reason"))
    for pointer in items(resource.get("reasonReference")):
        ref = reference(pointer)
        condition = lens.condition(ref)
        if condition:
            code = condition.get("code")
            name = next(iter(texts(code)), "the problem")
            yield Reason(lens.codes_and_words(code), name, f"Condition/{local_id(ref)}")
        elif isinstance(pointer, dict) and isinstance(pointer.get("display"), str) and not lens.has_condition(ref):
            concepts = lens.codes_and_words({"text": pointer["display"]})
            if concepts:
                yield Reason(concepts, pointer["display"])
