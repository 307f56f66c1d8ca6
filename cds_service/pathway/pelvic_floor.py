"""What makes pelvic-floor therapy a treatment of its target: a pelvic-floor, bladder, pudendal or postpartum problem."""

from __future__ import annotations

from .answers import Answer, Finding, no, unknown, yes
from .chart import Chart
from .vocabulary import concept, finding, phrase

_THERAPY = concept("pelvic-floor-therapy")
_INDICATIONS = frozenset({concept("pelvic-floor-indication"), concept("pelvic-floor-words"), concept("pudendal-words")})


@finding(reads=("problems",))
def pelvic_floor_indication(chart: Chart) -> Finding:
    """A pelvic-floor, bladder-pain, incontinence, prolapse, pudendal or postpartum problem is current, or is the reason of a
    selected order."""
    for draft in chart.selected:
        for reason in draft.reasons:
            if not _INDICATIONS.isdisjoint(reason.concepts):
                return yes(f"reason of the order: {reason.name}", draft.ref)
    undecided: Finding | None = None
    for problem in chart.problems_of_any(_INDICATIONS):
        if problem.current is Answer.YES:
            return yes(f"recorded: {problem.name}", problem.ref)
        if problem.current is Answer.UNKNOWN:
            undecided = unknown(f"recorded, but not whether it is current: {problem.name}", problem.ref)
    if undecided:
        return undecided
    if chart.unread("problems"):
        return unknown("the problem list could not be read: pelvic-floor problems unknown")
    return no("no pelvic-floor, bladder-pain, pudendal or postpartum problem is recorded")


@phrase(reads=())
def pelvic_floor_therapy_selected(chart: Chart) -> str:
    """The selected orders of pelvic-floor therapy."""
    return ", ".join(dict.fromkeys(draft.name for draft in chart.selected if draft.is_of(_THERAPY)))
