"""What makes hip pain of a child more urgent."""

from __future__ import annotations

from .answers import Answer, Finding, unknown, yes
from .chart import Chart
from .exclusions import current_problem
from .vocabulary import concept, finding

_LIMPING = concept("limping")


@finding(reads=("problems", "readings"))
def limp_recorded(chart: Chart) -> Finding:
    """Limping is a current problem, or a coded finding that is not negative."""
    problem = current_problem(chart, _LIMPING)
    if problem.answer is Answer.YES:
        return problem
    for reading in chart.readings_of(_LIMPING):
        if reading.present is not False:
            return yes("limping is recorded", reading.ref)
    if problem.answer is Answer.NO and chart.unread("readings"):
        return unknown("findings could not be read: limping unknown")
    return problem
