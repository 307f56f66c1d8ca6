"""Conditions: which problem, whether it is current, since when and on which side."""

from __future__ import annotations

from typing import Any

from ..pathway.answers import Answer
from ..pathway.chart import Problem
from ..pathway.dates import When, within
from .elements import items, token, when
from .lens import NOT_THERE, Lens, Resource, Unnamed

_CURRENT = frozenset({"active", "recurrence", "relapse"})
_PAST = frozenset({"inactive", "resolved", "remission"})
_SUSPECTED = frozenset({"provisional", "differential", "unconfirmed"})
_STATUS_FREE_DAYS = 180  # a problem without clinicalStatus is current when it is at most this old (encodings, section 2)


def problem(resource: Resource, lens: Lens) -> Problem | None:
    """A problem that stands for something here. Raises Unnamed for one that is masked or says nothing at all."""
    verification = token(resource.get("verificationStatus"))
    clinical = token(resource.get("clinicalStatus"))
    if verification in NOT_THERE or clinical in NOT_THERE:
        return None
    code = lens.meaning(resource.get("code"))
    if (code.withheld or not (code.codes or code.said)) and clinical not in _PAST:
        raise Unnamed
    concepts = code.by_code
    if concepts or clinical not in _PAST:
        concepts = concepts | code.by_words
    if not concepts:
        return None
    if "bodySite" in resource or "stage" in resource:
        concepts = concepts | lens.codes_and_words(resource.get("bodySite"), _stage(resource))
    onset, recorded = (
        lens.when(resource, "onsetDateTime", "onsetPeriod"),
        lens.when(resource, "recordedDate"),
    )
    return Problem(
        ref=f"Condition/{resource.get('id', '')}",
        name=code.said[0] if code.said else "a problem without a name",
        concepts=concepts,
        current=_current(resource, clinical, onset, recorded, lens),
        suspected=verification in _SUSPECTED,
        in_remission=clinical == "remission",
        onset=onset,
        recorded=recorded,
        sides=lens.sides(resource),
        places=lens.places(resource) if "bodySite" in resource else (),
    )


def _stage(resource: Resource) -> list[Any]:
    return [s.get("summary") for s in items(resource.get("stage")) if isinstance(s, dict)]


def _current(resource: Resource, clinical: str, onset: When | None, recorded: When | None, lens: Lens) -> Answer:
    if clinical in _PAST or _abated(resource, lens):
        return Answer.NO
    if clinical in _CURRENT:
        return Answer.YES
    dates = [within(w, _STATUS_FREE_DAYS, lens.today) for w in (recorded, onset) if w]
    return Answer.YES if Answer.YES in dates else Answer.UNKNOWN


def _abated(resource: Resource, lens: Lens) -> bool:
    """Is there an abatement that is not in the future?"""
    for name in ("abatementDateTime", "abatementPeriod", "abatementAge", "abatementRange", "abatementString"):
        value = resource.get(name)
        if value is not None:
            ended = when(value.get("end") if isinstance(value, dict) else value, lens.zone)
            return ended is None or ended.earliest <= lens.today
    return resource.get("abatementBoolean") is True
