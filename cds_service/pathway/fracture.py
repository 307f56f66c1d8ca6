"""Fracture of hip, pelvis or sacrum that may have been missed."""

from __future__ import annotations

from .answers import Answer, Finding, both_found
from .chart import Chart, once
from .dates import When, within
from .demographics import age_range
from .exposure import days_covered
from .imaging import HIP_MRI, NOTHING_TO_EXPLAIN, XRAY, negative_since
from .suspicion import Flag, raised, recorded, told
from .vocabulary import concept, finding, phrase

_TRAUMA, _BEARING = concept("trauma"), concept("unable-to-bear-weight")
_OSTEOPOROSIS, _STEROID = concept("osteoporosis"), concept("med-systemic-corticosteroid")
_STRESS_FRACTURE, _HIP_FRACTURE = concept("stress-fracture"), concept("rf-hip-pelvic-fracture")
_READS = ("problems", "readings", "contacts", "medicines", "person")


_NOTHING = both_found(NOTHING_TO_EXPLAIN, NOTHING_TO_EXPLAIN)


@once
def fractures(chart: Chart) -> tuple[Flag, ...]:
    """A fall within 30 days with age 65, osteoporosis or 90 days of a systemic steroid; unable to bear weight within 14
    days; a stress or insufficiency fracture, or a suspected hip or pelvic fracture."""
    found = []
    for problem in chart.problems_of_any((_STRESS_FRACTURE, _HIP_FRACTURE, _BEARING)):
        if problem.current is not Answer.YES:
            continue
        named = _STRESS_FRACTURE in problem.concepts or (_HIP_FRACTURE in problem.concepts and problem.suspected)
        if named or (_BEARING in problem.concepts and within(problem.began, 14, chart.today) is Answer.YES):
            found.append(recorded(problem.name, problem.began, problem.ref))
    for reading in chart.readings_of(_BEARING):
        if reading.present is not False and within(reading.when, 14, chart.today) is Answer.YES:
            found.append(Flag("unable to bear weight", reading.when, (reading.ref,)))
    falls = _recent_falls(chart)
    if falls and _fragile(chart):
        found += [Flag("a recent fall or injury, with fragile bone", when, (ref,)) for when, ref in falls]
    return tuple(found)


def _recent_falls(chart: Chart) -> list[tuple[When | None, str]]:
    falls = [(p.began, p.ref) for p in chart.problems_of(_TRAUMA)]
    falls += [(r.when, r.ref) for r in chart.readings_of(_TRAUMA) if r.present is not False]
    falls += [(c.when, c.ref) for c in chart.contacts if _TRAUMA in c.reasons]
    return [(when, ref) for when, ref in falls if within(when, 30, chart.today) is Answer.YES]


def _fragile(chart: Chart) -> bool:
    """65 or older, or of unknown age (counts as at risk); osteoporosis; a systemic steroid for 90 days."""
    ages = age_range(chart)
    if ages is None or ages[1] >= 65:
        return True
    if any(p.current is Answer.YES for p in chart.problems_of(_OSTEOPOROSIS)):
        return True
    return days_covered(chart, _STEROID) >= 90


@finding(reads=_READS)
def fracture_suspected(chart: Chart) -> Finding:
    """A fall or injury within 30 days with fragile bone (65 or older, an age that is not known, osteoporosis, or a systemic
    steroid for 90 days); unable to bear weight within 14 days; a stress or insufficiency fracture; or a suspected fracture
    of hip, pelvis or sacrum. When none is recorded the answer is unknown, never no."""
    return raised(fractures(chart))


@finding(reads=(*_READS, "reports", "treatments"))
def injury_imaged_negative(chart: Chart) -> Finding:
    """A radiograph and an MRI of hip or pelvis, both on or after the day of the injury, both carry the coded conclusion
    negative. Unknown when both were done and a conclusion is not coded, or when reports could not be read. No when one of
    them shows a fracture."""
    since = [flag.since for flag in fractures(chart)]
    if not since:
        return _NOTHING
    shows = frozenset({_STRESS_FRACTURE, _HIP_FRACTURE})
    return both_found(negative_since(chart, XRAY, since, shows), negative_since(chart, HIP_MRI, since, shows))


@phrase(reads=_READS)
def fracture_found(chart: Chart) -> str:
    """What raises the suspicion of a fracture, with the days."""
    return told(fractures(chart))
