"""Red flags. Not finding one is UNKNOWN, never "excluded": nobody can tell from a record that nothing is wrong."""

from __future__ import annotations

from .answers import Answer, Finding
from .cauda_equina import cauda_equina_suspected
from .chart import Chart
from .fracture import fracture_suspected
from .hamstring import avulsion_suspected
from .infection import infection_suspected
from .malignancy import malignancy_suspected
from .mass import mass_on_nerve_reported
from .suspicion import NOT_EXCLUDED
from .vocabulary import finding
from .weakness import new_leg_weakness

_FLAGS = (
    cauda_equina_suspected,
    new_leg_weakness,
    infection_suspected,
    fracture_suspected,
    malignancy_suspected,
    avulsion_suspected,
    mass_on_nerve_reported,
)
_READS = ("problems", "readings", "treatments", "contacts", "reports", "medicines", "person")


def flags_recorded(chart: Chart) -> list[str]:
    """The names of the red flags that are recorded."""
    return [ask.__name__ for ask in _FLAGS if ask(chart).answer is Answer.YES]


@finding(reads=_READS)
def red_flag(chart: Chart) -> Finding:
    """Any red flag is recorded: cauda equina signs, new leg weakness, infection, fracture, malignancy, hamstring avulsion
    or a mass on the nerve. When none is, the answer is unknown, never no."""
    for ask in _FLAGS:
        found: Finding = ask(chart)
        if found.answer is Answer.YES:
            return found
    return NOT_EXCLUDED
