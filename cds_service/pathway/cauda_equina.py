"""Cauda equina syndrome: its signs, and the weaker screen that only asks for an examination."""

from __future__ import annotations

from .answers import Answer, Finding, yes
from .chart import Chart, Concepts, once
from .dates import When, within
from .suspicion import NOT_EXCLUDED
from .syndromes import Syndrome, core_problems
from .vocabulary import ValueSet, concept, finding

_SIGN_DAYS = 30
_SADDLE, _NUMBNESS = concept("cauda-equina-saddle"), concept("numbness")
_SADDLE_SITE, _SADDLE_WORDS = concept("saddle-site"), concept("saddle-words")
_BLADDER, _BOWEL = concept("cauda-equina-bladder"), concept("cauda-equina-bowel")
_SEXUAL, _BOTH_LEGS = concept("cauda-equina-sexual"), concept("cauda-equina-weakness")
_ANAL_TONE, _SYNDROME = concept("cauda-equina-anal-tone"), concept("rf-cauda-equina")
_KINDS = (_SADDLE, _BLADDER, _BOWEL, _SEXUAL, _BOTH_LEGS, _ANAL_TONE, _SYNDROME)
_ANY = frozenset({*_KINDS, _NUMBNESS})
_RADICULAR = frozenset({Syndrome.SCIATICA, Syndrome.RADICULOPATHY})
_READING, _REASON = "a recorded finding", "the reason of an encounter"
_PROSTATE, _STRESS = concept("prostate-enlargement"), concept("stress-incontinence")


def _signs(chart: Chart) -> list[tuple[ValueSet, When | None, str, str]]:
    """Every recorded sign of cauda equina syndrome: which, when, in what words, and its record."""
    items: list[tuple[Concepts, When | None, str, str]] = []
    for problem in chart.problems_of_any(_ANY):
        if problem.current is Answer.YES:
            items.append((problem.concepts, problem.began, problem.name, problem.ref))
    for reading in chart.readings_of_any(_ANY):
        if reading.present is not False:
            items.append((reading.concepts, reading.when, _READING, reading.ref))
    for contact in chart.contacts:
        if contact.took_place and not _ANY.isdisjoint(contact.reasons):
            items.append((contact.reasons, contact.when, _REASON, contact.ref))
    found: list[tuple[ValueSet, When | None, str, str]] = []
    for concepts, when, name, ref in items:
        kind = next((k for k in _KINDS if k in concepts), None)
        if kind is None and _NUMBNESS in concepts and not concepts.isdisjoint({_SADDLE_SITE, _SADDLE_WORDS}):
            kind = _SADDLE
        if kind:
            found.append((kind, when, name, ref))
    return found


@once
def _live_signs(chart: Chart) -> tuple[tuple[ValueSet, Answer | None, str, str], ...]:
    """The signs of the last 30 days (YES) and those without a date (None); older ones are gone."""
    signs: list[tuple[ValueSet, Answer | None, str, str]] = []
    found = _signs(chart)
    if not found:
        return ()
    for kind, when, name, ref in found:
        recent = None if when is None else when.within(_SIGN_DAYS, chart.today)
        if recent is Answer.UNKNOWN:
            recent = None  # a month or a year that could be the last 30 days: ask, like an undated sign
        if recent is not Answer.NO:
            signs.append((kind, recent, name, ref))
    if {kind for kind, *_ in signs} == {_BLADDER} and _bladder_explained(chart):
        return ()
    return tuple(signs)


def _bladder_explained(chart: Chart) -> bool:
    """Prostate enlargement or stress incontinence explains a bladder code that stands alone."""
    return any(p.current is Answer.YES for p in chart.problems_of_any((_PROSTATE, _STRESS)))


@once
def _definite(chart: Chart) -> Finding | None:
    dated = [sign for sign in _live_signs(chart) if sign[1] is Answer.YES]
    if dated and {kind for kind, *_ in dated} - {_SEXUAL}:
        return yes("recorded in the last 30 days: " + ", ".join(name for _, _, name, _ in dated), *(s[3] for s in dated))
    return None


@once
def _both_sides(chart: Chart) -> Finding | None:
    """Right and left sciatica or radiculopathy, both recorded within 90 days."""
    sides: dict[str, str] = {}
    for syndrome, problem in core_problems(chart):
        if problem.sides and syndrome in _RADICULAR:
            if within(problem.entered, 90, chart.today) is Answer.YES:
                for side in problem.sides:
                    sides.setdefault(side, problem.ref)
    if "right" in sides and "left" in sides:
        return yes("sciatica newly recorded on both sides", *dict.fromkeys(sides.values()))
    return None


@finding(reads=("problems", "readings", "contacts"))
@once
def cauda_equina_suspected(chart: Chart) -> Finding:
    """A sign of cauda equina syndrome is active: saddle, bladder, bowel or sexual change, weakness of both legs, reduced
    anal tone, or the syndrome itself, in the last 30 days or undated; or sciatica is newly recorded on both sides."""
    live = _live_signs(chart)
    certain = (_definite(chart) if live else None) or _both_sides(chart)
    if certain:
        return certain
    if live:
        return yes("recorded: " + ", ".join(name for _, _, name, _ in live), *(ref for *_, ref in live))
    return NOT_EXCLUDED


@finding(reads=("problems", "readings", "contacts"))
def cauda_equina_screen_only(chart: Chart) -> Finding:
    """The suspicion rests only on sciatica of both sides, on an undated sign, or on sexual dysfunction alone."""
    if certain := _definite(chart):
        return Finding(Answer.NO, certain.because, certain.resources)
    return cauda_equina_suspected(chart)
