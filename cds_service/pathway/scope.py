"""Whether the recorded syndromes open the pathway, and what kind of pain they stand for."""

from __future__ import annotations

from collections.abc import Container

from .answers import Answer, Finding, no, unknown, yes
from .chart import Chart, Concepts, Problem, once
from .dates import within
from .syndromes import NAME, Syndrome, core_problems, names_of, refs_of, syndrome_of, syndromes, titles, undecided_core
from .vocabulary import concept, finding, phrase

_NERVE_OUTSIDE_SPINE = frozenset(
    {
        Syndrome.PIRIFORMIS,
        Syndrome.DEEP_GLUTEAL,
        Syndrome.GEMELLI_OBTURATOR,
        Syndrome.POSTERIOR_FEMORAL_CUTANEOUS,
    }
)
_RADICULAR = frozenset({Syndrome.SCIATICA, Syndrome.RADICULOPATHY})
_MECHANICAL = frozenset({Syndrome.ISCHIOFEMORAL, Syndrome.HAMSTRING})
_ALL = frozenset(Syndrome)

# Cut-offs of the three neuropathic pain scores: pathway specification, part D, neuropathic_indication.
_NEUROPATHIC_SCORES = {concept("score-dn4"): 4.0, concept("score-paindetect"): 19.0, concept("score-slanss"): 12.0}
_SCORE_DAYS = 180

_BUTTOCK_PAIN = concept("buttock-pain")
_UNSPECIFIC_PAIN = concept("unspecific-hip-or-thigh-pain")
_POSTERIOR_WORDS = concept("posterior-hip-words")
_OTHER_WIDE = (
    concept("sacroiliac-disorder"),
    concept("pudendal-words"),
    concept("extra-articular-impingement-words"),
)
_WIDE = frozenset({_BUTTOCK_PAIN, _UNSPECIFIC_PAIN, *_OTHER_WIDE})
_CAUDA_EQUINA = concept("rf-cauda-equina")


def _not_found(chart: Chart, what: str, asked: Container[Syndrome]) -> Finding:
    """The answer when none of the asked syndromes is known to be current."""
    if chart.unread("problems"):
        return unknown(f"the problem list could not be read: {what} unknown")
    if (undecided := undecided_core(chart)) and (refs := [ref for syndrome, ref in undecided if syndrome in asked]):
        return unknown(f"a recorded problem does not say whether it is current: {what} unknown", *refs)
    return no(f"{what} not recorded as current")


@finding(reads=("problems",))
@once
def in_pathway(chart: Chart) -> Finding:
    """A core syndrome is current: piriformis, deep gluteal, gemelli-obturator, ischiofemoral, hamstring, sciatica,
    lumbosacral radiculopathy or posterior femoral cutaneous nerve pain, or it is the reason of a selected order."""
    found = syndromes(chart)
    if found:
        return yes(f"recorded: {names_of(found)}", *refs_of(found))
    return _not_found(chart, "a pathway syndrome", _ALL)


@once
def pain_problems(chart: Chart) -> tuple[Problem, ...]:
    """The current problems of the posterior hip, core or wide."""
    core = [problem for _, problem in core_problems(chart)]
    wide = [p for p in chart.problems_of_any(_WIDE) if p.current is Answer.YES and _wide(p) and p not in core]
    return (*core, *wide)


def concerns_the_posterior_hip(concepts: Concepts) -> bool:
    """Do these codes and words speak of a core syndrome, or of what opens the wide scope?"""
    return syndrome_of(concepts) is not None or _wide_concepts(concepts)


def _wide(problem: Problem) -> bool:
    return _wide_concepts(problem.concepts)


def _wide_concepts(concepts: Concepts) -> bool:
    if _BUTTOCK_PAIN in concepts or not concepts.isdisjoint(_OTHER_WIDE):
        return True
    return _UNSPECIFIC_PAIN in concepts and _POSTERIOR_WORDS in concepts


@finding(reads=("problems",))
@once
def in_posterior_hip_scope(chart: Chart) -> Finding:
    """A core syndrome, or posterior hip or buttock pain, a sacroiliac or pudendal problem, another extra-articular
    impingement, or cauda equina syndrome itself (at most 30 days old or undated) is current."""
    core = in_pathway(chart)
    if core.answer is Answer.YES:
        return core
    undecided = None
    for problem in chart.problems_of_any((*_WIDE, _CAUDA_EQUINA)):
        if problem.current is not Answer.NO and (_wide(problem) or _opens_as_cauda_equina(problem, chart)):
            if problem.current is Answer.YES:
                return yes(f"recorded: {problem.name}", problem.ref)
            undecided = problem
    if undecided and core.answer is Answer.NO:
        return unknown(f"recorded, but not whether it is current: {undecided.name}", undecided.ref)
    return core


def _opens_as_cauda_equina(problem: Problem, chart: Chart) -> bool:
    if _CAUDA_EQUINA not in problem.concepts:
        return False
    return problem.began is None or problem.began.within(30, chart.today) is not Answer.NO


@finding(reads=("problems",))
def has_syndrome(chart: Chart, any_of: tuple[Syndrome, ...]) -> Finding:
    """One of the named syndromes is current, or the reason of a selected order."""
    recorded = syndromes(chart)
    if not recorded.keys().isdisjoint(any_of):
        found = {s: refs for s, refs in recorded.items() if s in any_of}
        return yes(f"recorded: {names_of(found)}", *refs_of(found))
    return _not_found(chart, titles(any_of), any_of)


@finding(reads=("problems", "readings"))
@once
def neuropathic_indication(chart: Chart) -> Finding:
    """Nerve pain from outside the spine: piriformis, deep gluteal, gemelli-obturator or posterior femoral cutaneous;
    or ischiofemoral or hamstring together with sciatica or a neuropathic score (DN4 4, painDETECT 19, S-LANSS 12 or
    more, in the last 180 days). Without a score the diagnosis decides."""
    found = syndromes(chart)
    nerve = {s: refs for s, refs in found.items() if s in _NERVE_OUTSIDE_SPINE}
    if nerve:
        return yes(f"nerve pain from outside the spine: {names_of(nerve)}", *refs_of(nerve))
    mechanical = {s: refs for s, refs in found.items() if s in _MECHANICAL}
    if mechanical:
        if Syndrome.SCIATICA in found:
            return yes(f"{names_of(mechanical)} with sciatica", *refs_of(mechanical), *found[Syndrome.SCIATICA])
        for reading in chart.readings_of_any(_NEUROPATHIC_SCORES):
            for score, cut_off in _NEUROPATHIC_SCORES.items():
                if score in reading.concepts and reading.value is not None and reading.value >= cut_off:
                    if within(reading.when, _SCORE_DAYS, chart.today) is Answer.YES:
                        return yes(f"{names_of(mechanical)} with a neuropathic pain score", reading.ref)
        if chart.unread("readings"):
            return unknown("scores of nerve pain could not be read")
    deciding = set(_NERVE_OUTSIDE_SPINE)
    if mechanical:
        deciding.add(Syndrome.SCIATICA)
    if Syndrome.SCIATICA in found:
        deciding |= _MECHANICAL
    return _not_found(chart, "nerve pain from outside the spine", deciding)


@finding(reads=("problems", "readings"))
@once
def radicular_only(chart: Chart) -> Finding:
    """Sciatica or lumbosacral radiculopathy, and no sign that the nerve pain comes from outside the spine."""
    found = {s: refs for s, refs in syndromes(chart).items() if s in _RADICULAR}
    if not found:
        return _not_found(chart, "sciatica or radiculopathy", _RADICULAR)
    outside = neuropathic_indication(chart)
    if outside.answer is Answer.YES:
        return no(outside.because, *outside.resources)
    if chart.unread("problems"):
        return unknown("the problem list could not be read: another source of the pain is not excluded")
    if outside.answer is Answer.UNKNOWN:
        return unknown(outside.because, *outside.resources)
    return yes(f"recorded: {names_of(found)}", *refs_of(found))


@finding(reads=("problems", "readings"))
def nociceptive_only(chart: Chart) -> Finding:
    """Ischiofemoral impingement or a hamstring injury, and no sign of nerve pain: no sciatica, no radiculopathy, no nerve
    outside the spine and no neuropathic score. Unknown when problems or scores could not be read."""
    pathway = in_pathway(chart)
    if pathway.answer is not Answer.YES:
        return pathway
    radicular = {s: refs for s, refs in syndromes(chart).items() if s in _RADICULAR}
    if radicular:
        return no(f"recorded: {names_of(radicular)}", *refs_of(radicular))
    nerve = neuropathic_indication(chart)
    if nerve.answer is not Answer.NO:
        return Finding(~nerve.answer, nerve.because, nerve.resources)
    root = _not_found(chart, "sciatica or radiculopathy", _RADICULAR)
    return root if root.answer is Answer.UNKNOWN else pathway


@once
def pain_began(chart: Chart) -> int | None:
    """Days since the earliest onset among the current core problems; None when one of them cannot be told."""
    days = [(chart.today - p.began.latest).days for _, p in core_problems(chart) if p.began]
    return max(days, default=None)


@finding(reads=("problems",))
def pain_not_known_to_last(chart: Chart, days: int) -> Finding:
    """The pain began less than this many days ago, or its beginning is not recorded."""
    began = pain_began(chart)
    if began is None:
        return yes("no onset is recorded")
    return (yes if began < days else no)(f"onset {began} days ago", *(p.ref for _, p in core_problems(chart)))


@finding(reads=("problems",))
def provisional_diagnosis(chart: Chart) -> Finding:
    """Every current pathway problem is provisional, differential or unconfirmed."""
    found = core_problems(chart)
    if chart.unread("problems"):
        return unknown("the problem list could not be read")
    if not found:
        return no("no pathway problem on the problem list")
    if all(p.suspected for _, p in found):
        return yes("the diagnosis is not confirmed", *(p.ref for _, p in found))
    return no("a confirmed diagnosis is recorded", *(p.ref for _, p in found))


_AVOIDS_INTERNAL_ROTATION = (Syndrome.PIRIFORMIS, Syndrome.SCIATICA, Syndrome.DEEP_GLUTEAL, Syndrome.GEMELLI_OBTURATOR)


@finding(reads=("problems",))
def positional_advice_unsettled(chart: Chart) -> Finding:
    """Ischiofemoral impingement and piriformis or sciatic irritation are both current, whose positional advice is
    opposite, or the diagnosis is only provisional."""
    found = syndromes(chart)
    opposite = [s for s in _AVOIDS_INTERNAL_ROTATION if s in found]
    if Syndrome.ISCHIOFEMORAL in found and opposite:
        both = {s: found[s] for s in (Syndrome.ISCHIOFEMORAL, *opposite)}
        return yes(f"both recorded: {names_of(both)}", *refs_of(both))
    return provisional_diagnosis(chart)


@phrase(reads=("problems",))
def syndromes_found(chart: Chart) -> str:
    """The syndromes that are recorded."""
    return names_of(syndromes(chart)) or "none"


@phrase(reads=("problems",))
def recorded_beside(chart: Chart) -> str:
    """A sentence on the problems of the posterior hip that are recorded beside a red flag, or nothing."""
    names = names_of(syndromes(chart)) or ", ".join(dict.fromkeys(p.name for p in pain_problems(chart)))
    return f"Recorded beside it: {names}." if names else ""


@phrase(reads=("problems",))
def other_syndromes(chart: Chart) -> str:
    """A sentence on the other syndromes that are recorded beside the first, or nothing."""
    found = list(syndromes(chart))
    order = [Syndrome.HAMSTRING, Syndrome.ISCHIOFEMORAL, Syndrome.PIRIFORMIS]
    first = next((s for s in order if s in found), found[0] if found else None)
    others = [NAME[s] for s in found if s is not first]
    return f"Also recorded: {', '.join(others)}." if others else ""
