"""Imaging that was done or ordered, what it showed, and whether it is early for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .answers import Answer, Finding, any_of, no, unknown, yes
from .chart import NOTHING, Chart, Concepts
from .dates import When, since, within
from .physiotherapy import episode
from .scope import pain_problems, radicular_only
from .vocabulary import ValueSet, concept, finding, phrase

XRAY, HIP_MRI, LUMBAR_MRI = concept("xray-hip-pelvis"), concept("mri-hip-pelvis"), concept("mri-lumbar")
_NEGATIVE = concept("negative-result")
_READS = ("reports", "treatments")

Scan = tuple[When | None, Concepts, str]


def _scans(chart: Chart, what: ValueSet) -> list[Scan]:
    """When it was done, its coded conclusions, and its record: final reports, available studies and completed procedures."""
    found: list[Scan] = []
    if chart.reports:
        found += [(r.when, r.conclusions, r.ref) for r in chart.reports if what in r.concepts]
    if chart.treatments:
        found += [(t.when, NOTHING, t.ref) for t in chart.treatments if t.completed and what in t.concepts]
    return found


_TITLES = {XRAY: "a radiograph", HIP_MRI: "an MRI of hip or pelvis", LUMBAR_MRI: "a lumbar MRI"}


def _title(what: ValueSet) -> str:
    return _TITLES.get(what) or what.replace("-", " ")


def done(chart: Chart, what: ValueSet, days: int) -> Finding:
    """Was it done in these days?"""
    undated = None
    for when, _, ref in _scans(chart, what):
        recent = within(when, days, chart.today)
        if recent is Answer.YES:
            return yes(f"{_title(what)} was done {when}", ref)
        undated = ref if recent is Answer.UNKNOWN else undated
    if undated:
        return unknown(f"{_title(what)} was done, but its day is not recorded well enough", undated)
    if gaps := chart.unread(*_READS):
        return unknown(f"{', '.join(g.what for g in gaps)} could not be read: {_title(what)} unknown")
    return no(f"{_title(what)} is not recorded in the last {days} days")


@finding(reads=_READS)
def imaging_done(chart: Chart, what: ValueSet, days: int) -> Finding:
    """Imaging or a study of this value set was done within so many days, as a final report, an available study or a completed
    procedure. Unknown when reports or procedures could not be read."""
    return done(chart, what, days)


def _done_or_ordered(chart: Chart, what: ValueSet, days: int) -> Finding:
    before = done(chart, what, days)
    if before.answer is Answer.YES:
        return before
    ordered = [(within(r.when, days, chart.today), r) for r in chart.requests if r.active and what in r.concepts]
    for recent, request in ordered:
        if recent is Answer.YES:
            return yes(f"{_title(what)} was ordered {request.when}", request.ref)
    if ordered and any_of(recent for recent, _ in ordered) is Answer.UNKNOWN:
        return unknown(f"{_title(what)} was ordered, but its day is not recorded well enough", *(r.ref for _, r in ordered))
    if before.answer is Answer.NO and chart.unread("requests"):
        return unknown(f"orders could not be read: {_title(what)} unknown")
    return before


def mri_of_the_pain(chart: Chart) -> ValueSet:
    """The MRI that looks at where the pain comes from: the lumbar spine for sciatica or radiculopathy alone, else hip and
    pelvis."""
    return LUMBAR_MRI if radicular_only(chart).answer is Answer.YES else HIP_MRI


@finding(reads=(*_READS, "requests", "problems", "readings"))
def mri_done_or_ordered(chart: Chart, days: int) -> Finding:
    """An MRI was done within so many days, or an active order for it was made in them: of the lumbar spine where the pain is
    sciatica or radiculopathy only, else of hip or pelvis. Unknown when reports, procedures or orders could not be read."""
    radicular = radicular_only(chart)
    if radicular.answer is not Answer.UNKNOWN:
        return _done_or_ordered(chart, mri_of_the_pain(chart), days)
    hip, lumbar = _done_or_ordered(chart, HIP_MRI, days), _done_or_ordered(chart, LUMBAR_MRI, days)
    return hip if hip.answer is lumbar.answer else unknown(f"which region matters is not known: {radicular.because}")


NOTHING_TO_EXPLAIN = unknown("nothing is recorded that the imaging could explain")


def negative_since(chart: Chart, what: ValueSet, days: Sequence[When | None], shows: Concepts) -> Finding:
    """Was it done on or after all these days, with the coded conclusion negative? ``shows`` are conclusions against it."""
    if not days:
        return NOTHING_TO_EXPLAIN
    dated = [(since(when, days, chart.today), conclusions, ref) for when, conclusions, ref in _scans(chart, what)]
    later = [scan for scan in dated if scan[0] is not Answer.NO]
    refs = [ref for *_, ref in later]
    if any(not conclusions.isdisjoint(shows) for _, conclusions, _ in later):
        return no(f"{_title(what)} since then shows something", *refs)
    if any(answer is Answer.YES and _NEGATIVE in conclusions for answer, conclusions, _ in later):
        return yes(f"{_title(what)} since then is negative", *refs)
    if later:
        return unknown(f"{_title(what)} was done since; the result is not coded", *refs)
    if gaps := chart.unread(*_READS):
        return unknown(f"{', '.join(g.what for g in gaps)} could not be read: {_title(what)} since then unknown")
    return no(f"{_title(what)} since then is not recorded")


@finding(reads=("problems", "contacts", "treatments"))
def early_in_care(chart: Chart, days: int) -> Finding:
    """The earliest onset of the current problems of the posterior hip is less than this many days ago, and so is the first
    visit of physiotherapy, if there was one. Unknown without an onset, or when visits could not be read."""
    began = [p.began for p in pain_problems(chart)]
    known = [when for when in began if when]
    if any((chart.today - when.latest).days >= days for when in known):
        return no(f"the pain began {days} days ago or earlier")
    if not known or len(known) < len(began) or any((chart.today - when.earliest).days >= days for when in known):
        return unknown("the onset is not recorded well enough")
    current = episode(chart)
    if current and (chart.today - current.start).days >= days:
        return no(f"physiotherapy since {current.start}", *current.refs)
    if gaps := chart.unread("problems", "contacts", "treatments"):
        return unknown(f"{', '.join(g.what for g in gaps)} could not be read")
    return yes(f"the pain began less than {days} days ago", *(p.ref for p in pain_problems(chart)))


@phrase(reads=("problems",))
def pain_since(chart: Chart) -> str:
    """Since when the pain is recorded, and for how many days."""
    return _in_words(chart, (p.began for p in pain_problems(chart)))


def _in_words(chart: Chart, began: Iterable[When | None]) -> str:
    known = [when for when in began if when]
    if not known:
        return "the onset could not be read" if chart.unread("problems") else "the onset is not recorded"
    first = min(known, key=lambda when: when.earliest)
    return f"pain since {first} ({(chart.today - first.latest).days} days)"
