"""Whether the posterior hip was examined."""

from __future__ import annotations

from .answers import Answer, Finding, no, unknown, yes
from .chart import Chart
from .dates import within
from .imaging import HIP_MRI, done
from .vocabulary import concept, finding

_EXAMINATION, _EMG = concept("examination"), concept("emg")

# Pathway specification, part D, exam_documented: an examination counts for 90 days, a hip MRI or an EMG for 180.
_DAYS, _STUDY_DAYS = 90, 180


@finding(reads=("readings", "reports", "treatments"))
def examination_not_documented(chart: Chart) -> Finding:
    """No examination of the posterior hip (a test, a strength, the completed template; any result) is recorded in the last 90
    days, and no MRI of hip or pelvis and no nerve conduction study in the last 180. A pain score, a vital sign or a
    laboratory value is no examination. Unknown when one of them could not be read."""
    undecided = chart.absence("readings") is Answer.UNKNOWN
    for reading in chart.readings_of(_EXAMINATION):
        recent = within(reading.when, _DAYS, chart.today)
        if recent is Answer.YES:
            return no("an examination of the last 90 days is recorded", reading.ref)
        undecided |= recent is Answer.UNKNOWN
    for what in (HIP_MRI, _EMG):
        study = done(chart, what, _STUDY_DAYS)
        if study.answer is Answer.YES:
            return no(study.because, *study.resources)
        undecided |= study.answer is Answer.UNKNOWN
    if undecided:
        return unknown("whether the posterior hip was examined could not be read")
    return yes("no examination in 90 days, no hip MRI or nerve study in 180 days")
