"""Resources that say nothing here, left out before they are read: most of a chart is about something else.

Left out is only what its reader would come to nothing with, and without a gap: the patient's own, in R4, with a code that is
known and stands for nothing. Whatever is odd is read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Raw

from .lens import Lens
from .prescriptions import OVER
from .versions import SIGNS

OBSERVATION, PRESCRIPTION = "Observation", "MedicationRequest"


def relevant(kind: str, resources: Sequence[Any], owners: Mapping[bytes, str], lens: Lens) -> Sequence[Any]:
    """The resources of this type that have to be read. ``owners`` tells whom a subject names."""
    if kind == OBSERVATION:
        silent, patient = lens.silent, lens.patient
        return [
            resource
            for resource in resources
            if (code := resource.get("code")).__class__ is not Raw
            or bytes(code) not in silent
            or (subject := resource.get("subject")).__class__ is not Raw
            or owners[bytes(subject)] != patient
            or "valueCodeableConcept" in resource
        ]
    if kind == PRESCRIPTION:
        return [resource for resource in resources if not _is_over_and_done_with(resource, owners, lens)]
    return resources


_TELLING = frozenset({"medicationReference", *SIGNS[PRESCRIPTION]})


def _is_over_and_done_with(resource: Any, owners: Mapping[bytes, str], lens: Lens) -> bool:
    """A medicine of no class that matters, which is not taken any more."""
    status, concept, subject = resource.get("status"), resource.get("medicationCodeableConcept"), resource.get("subject")
    if status.__class__ is not str or status not in OVER or concept.__class__ is not Raw or subject.__class__ is not Raw:
        return False
    drug = lens.medicines.drug_of(concept)
    return drug.known and not drug.classes and _TELLING.isdisjoint(resource) and owners[bytes(subject)] == lens.patient
