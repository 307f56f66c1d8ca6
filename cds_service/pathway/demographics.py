"""Age, sex, death and pregnancy."""

from __future__ import annotations

from .answers import Answer, Finding, no, unknown, yes
from .chart import Chart, once
from .dates import When, within, years_between
from .vocabulary import concept, finding


@once
def age_range(chart: Chart) -> tuple[int, int] | None:
    """The youngest and oldest age in years that the birth date allows; None without a usable birth date."""
    born = chart.person.born
    if born is None or born.earliest > chart.today:
        return None
    return max(years_between(born.latest, chart.today), 0), years_between(born.earliest, chart.today)


def _age_compared(chart: Chart, years: int) -> Answer:
    """Is the patient at least this old?"""
    ages = age_range(chart)
    if ages is None or ages[0] < years <= ages[1]:
        return Answer.UNKNOWN
    return Answer.of(ages[0] >= years)


def _told(chart: Chart, answer: Answer, otherwise: str) -> Finding:
    ages = age_range(chart)
    if ages is None:
        return Finding(answer, "no usable date of birth")
    span = str(ages[0]) if ages[0] == ages[1] else f"{ages[0]} or {ages[1]}"
    return Finding(answer, f"age {span}{otherwise}", (chart.person.ref,))


@finding(reads=("person",))
def adult(chart: Chart) -> Finding:
    """18 or older; on the 18th birthday a patient is an adult. Unknown without a date of birth that can tell."""
    return _told(chart, _age_compared(chart, 18), "")


@finding(reads=("person",))
def under_18(chart: Chart) -> Finding:
    """Younger than 18. Unknown without a date of birth that can tell."""
    return _told(chart, ~_age_compared(chart, 18), "")


@finding(reads=("person",))
def age_unknown(chart: Chart) -> Finding:
    """The date of birth is missing, or too coarse to tell whether the patient is 18."""
    answer = _age_compared(chart, 18)
    return _told(chart, Answer.of(answer is Answer.UNKNOWN), "")


@finding(reads=("person",))
def age_at_least(chart: Chart, years: int) -> Finding:
    """This old or older. Unknown when the date of birth could be on either side."""
    return _told(chart, _age_compared(chart, years), "")


@finding(reads=("person",))
def age_below(chart: Chart, years: int) -> Finding:
    """Younger than this. Unknown when the date of birth could be on either side."""
    return _told(chart, ~_age_compared(chart, years), "")


_STATUS = concept("pregnancy-status")
_TEST = concept("pregnancy-test")
_PREGNANT = concept("pregnant")
_NOT_PREGNANT = concept("not-pregnant")
_DUE = concept("delivery-date")
_CONDITION = concept("pregnancy")
_CANNOT = concept("cannot-be-pregnant")

# Pathway specification, part D, pregnancy: a positive counts for 42 weeks, a negative for 90 days (30 before radiation of the
# pelvis), fertile age is 12 to 55.
_POSITIVE_DAYS = 42 * 7
NEGATIVE_DAYS, RADIATION_DAYS = 90, 30
FERTILE = _YOUNGEST, _OLDEST = 12, 55


@once
def pregnancy(chart: Chart) -> Finding:
    """Pregnant, not pregnant, or unknown; what is missing is never taken for "not pregnant"."""
    return pregnancy_by(chart, NEGATIVE_DAYS)


def pregnancy_by(chart: Chart, negative_days: int) -> Finding:
    """``pregnancy``, when a negative statement counts for this many days."""
    if chart.person.sex == "male":
        return no("male", chart.person.ref)
    positive, negative = _latest_statements(chart)
    if positive and (negative is None or positive[0].latest > negative[0].latest):
        return yes(f"pregnant ({positive[0]})", positive[1])
    for reading in chart.readings_of(_DUE):
        if reading.on and reading.on.latest > chart.today:
            return yes(f"delivery expected {reading.on}", reading.ref)
    for problem in chart.problems_of(_CONDITION):
        if problem.current is Answer.YES:
            return yes(f"recorded: {problem.name}", problem.ref)
    return _not_pregnant(chart, negative, negative_days)


def _not_pregnant(chart: Chart, negative: tuple[When, str] | None, days: int) -> Finding:
    if _age_compared(chart, _YOUNGEST) is Answer.NO or _age_compared(chart, _OLDEST + 1) is Answer.YES:
        return _told(chart, Answer.NO, ", outside 12 to 55")
    for problem in chart.problems_of(_CANNOT):
        return no(f"recorded: {problem.name}", problem.ref)
    for treatment in chart.treatments:
        if _CANNOT in treatment.concepts and treatment.completed:
            return no("hysterectomy or sterilisation is recorded", treatment.ref)
    if negative and within(negative[0], days, chart.today) is Answer.YES:
        told = f"not pregnant ({negative[0]})"
        if chart.unread("readings", "problems"):
            return unknown(f"{told}; what may speak against it could not be read", negative[1])
        return no(told, negative[1])
    return unknown("pregnancy status is not recorded")


def _latest_statements(chart: Chart) -> tuple[tuple[When, str] | None, tuple[When, str] | None]:
    """The newest positive of the last 42 weeks and the newest negative statement, each with its record."""
    positive: tuple[When, str] | None = None
    negative: tuple[When, str] | None = None
    for reading in chart.readings_of_any((_STATUS, _TEST)):
        if reading.when is None or reading.when.happened(chart.today) is not Answer.YES:
            continue
        says: bool | None = None
        if _STATUS in reading.concepts:
            says = True if _PREGNANT in reading.meaning else False if _NOT_PREGNANT in reading.meaning else None
        elif _TEST in reading.concepts:
            says = reading.present
        if says is True and within(reading.when, _POSITIVE_DAYS, chart.today) is Answer.YES:
            positive = max(positive or (reading.when, reading.ref), (reading.when, reading.ref), key=lambda s: s[0].latest)
        elif says is False:
            negative = max(negative or (reading.when, reading.ref), (reading.when, reading.ref), key=lambda s: s[0].latest)
    return positive, negative


@finding(reads=("person", "readings", "problems", "treatments"))
def pregnant(chart: Chart) -> Finding:
    """Pregnant: a positive status or test within 42 weeks and newer than any negative, a future delivery date, or a
    current pregnancy problem. Not pregnant: male, under 12 or over 55, hysterectomy, sterilisation or menopause, or a
    negative statement within 90 days while everything that could contradict it was read. Everything else is unknown."""
    return pregnancy(chart)


@finding(reads=("person", "readings", "problems", "treatments"))
def pregnant_before_radiation(chart: Chart) -> Finding:
    """As `pregnant`, for radiation of the pelvis: a negative statement counts for 30 days only."""
    return pregnancy_by(chart, RADIATION_DAYS)


@finding(reads=("person", "readings", "problems", "treatments"))
def pregnancy_recorded(chart: Chart) -> Finding:
    """Pregnancy is recorded as current. No means: not recorded, which is not the same as excluded."""
    found = pregnancy(chart)
    return Finding(Answer.of(found.answer is Answer.YES), found.because, found.resources)
