"""What could not be read, and what that means for the answer."""

from __future__ import annotations

from .answers import Answer, Finding, no, yes
from .chart import Chart
from .medicines import drafted
from .scope import in_posterior_hip_scope
from .vocabulary import concept, finding, phrase

_PATHWAY_MEDICINES = concept("pathway-medicines")


@finding(reads=())
def some_data_unread(chart: Chart) -> Finding:
    """Something that the checks need could not be read: it failed, was refused, timed out or was cut short. An empty
    answer is not a failure."""
    if chart.gaps:
        return yes(", ".join(dict.fromkeys(f"{g.what}: {g.reason}" for g in chart.gaps)))
    return no("everything was read")


@finding(reads=("problems",))
def in_scope_as_far_as_read(chart: Chart) -> Finding:
    """The posterior hip scope is open; or the problem list could not be read and a selected order is a medicine that this
    service checks."""
    scope = in_posterior_hip_scope(chart)
    if scope.answer is Answer.UNKNOWN and chart.unread("problems"):
        medicines = drafted(chart, _PATHWAY_MEDICINES, selected=True)
        if medicines:
            return yes(f"problem list unread, selected: {medicines[0].name}", *(m.ref for m in medicines))
    return scope


@phrase(reads=())
def unread_data(chart: Chart) -> tuple[str, ...]:
    """A list of what could not be read, and why."""
    return tuple(dict.fromkeys(f"{gap.what}: {gap.reason}" for gap in chart.gaps))
