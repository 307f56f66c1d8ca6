"""Cancer, weight loss or night pain beside new pain of the posterior hip."""

from __future__ import annotations

from .answers import Answer, Finding
from .chart import Chart, once
from .dates import within
from .demographics import age_range
from .exclusions import MALIGNANCY, is_malignancy
from .imaging import NOTHING_TO_EXPLAIN, mri_of_the_pain, negative_since
from .mass import MASS
from .scope import pain_problems
from .suspicion import Flag, raised, recorded, signs, told
from .vocabulary import concept, finding, phrase

_HISTORY, _WEIGHT_LOSS, _NIGHT_PAIN = concept("rf-history-of-malignancy"), concept("weight-loss"), concept("night-pain")
_READS = ("problems", "readings", "person")


@once
def malignancies(chart: Chart) -> tuple[Flag, ...]:
    """Cancer, current, in remission or past, or weight loss within 180 days, or night pain at 50 or older, together with
    pathway pain that began within a year. Each flag counts from the beginning of the pain."""
    causes = _causes(chart)
    if not causes:
        return ()
    pains = [p.began for p in pain_problems(chart) if within(p.began, 365, chart.today) is Answer.YES]
    return tuple([Flag(cause.because, began, cause.refs) for cause in causes for began in pains])


def _causes(chart: Chart) -> list[Flag]:
    found = []
    for problem in chart.problems_of_any((MALIGNANCY, _HISTORY)):
        live = is_malignancy(problem) and (problem.current is Answer.YES or problem.in_remission)
        if live or _HISTORY in problem.concepts:  # a history is past by its name, whatever its status
            found.append(recorded(problem.name, None, problem.ref))
    for concepts, when, ref in signs(chart, _WEIGHT_LOSS, _NIGHT_PAIN):
        if _WEIGHT_LOSS in concepts and within(when, 180, chart.today) is Answer.YES:
            found.append(Flag("weight loss is recorded", when, (ref,)))
        if _NIGHT_PAIN in concepts and (ages := age_range(chart)) and ages[0] >= 50:
            found.append(Flag("night or rest pain is recorded", when, (ref,)))
    return found


@finding(reads=_READS)
def malignancy_suspected(chart: Chart) -> Finding:
    """Cancer (current, in remission or as a history; not non-melanoma skin cancer), or weight loss within 180 days, or night
    or rest pain at 50 or older, together with pain of the posterior hip that began within 365 days. When none is recorded
    the answer is unknown, never no."""
    return raised(malignancies(chart))


@finding(reads=(*_READS, "reports", "treatments"))
def pain_imaged_negative(chart: Chart) -> Finding:
    """An MRI on or after the day on which the pain began carries the coded conclusion negative: of the lumbar spine where
    the pain is sciatica or radiculopathy only, else of hip or pelvis. Unknown when it was done and its conclusion is not
    coded, or when reports could not be read. No when it shows a tumour or a mass."""
    since = [flag.since for flag in malignancies(chart)]
    if not since:
        return NOTHING_TO_EXPLAIN
    return negative_since(chart, mri_of_the_pain(chart), since, frozenset({MALIGNANCY, MASS}))


@phrase(reads=_READS)
def malignancy_found(chart: Chart) -> str:
    """What raises the suspicion of a tumour."""
    return told(malignancies(chart), dated=False)
