"""Medicines that sedate: two gabapentinoids, many at an older age, and what makes an overdose of opioids likely."""

from __future__ import annotations

from collections.abc import Iterable

from .answers import Answer, Finding, any_found, no, unknown, yes
from .chart import Chart, Concepts, Medicine
from .demographics import age_at_least
from .dosing import Factors, morphine_mg
from .exclusions import current_problem, drug_misuse_history
from .medicines import beside, drafted, taken
from .vocabulary import concept, finding, phrase

_GABAPENTINOIDS, _BENZODIAZEPINES = concept("gabapentinoids"), concept("benzodiazepines")
_OPIOIDS, _CNS_ACTIVE = concept("opioids"), concept("cns-active-medicines")
_BREATHING = concept("respiratory-depression-risk")

# Pathway specification, naloxone-coprescribe.
_AGE, _MME = 65, 50

# What stands beside a CNS-active ingredient in a combination and is not one itself.
COMPANIONS = frozenset({"acetaminophen", "paracetamol", "aspirin", "ibuprofen", "celecoxib", "naloxone", "naltrexone"})


def _active_ingredients(medicine: Medicine) -> Concepts:
    """The CNS-active ingredients of such a medicine; one without a known ingredient counts under its name."""
    return medicine.ingredients - COMPANIONS or frozenset({medicine.name.lower()})


# -- two gabapentinoids -----------------------------------------------------------------------------------------------------


@finding(reads=("medicines",))
def ordering_other_gabapentinoid(chart: Chart) -> Finding:
    """A gabapentinoid is selected, and another ingredient of that class is active or in a draft of this session. Two
    strengths of one ingredient, a renewal and a change of dose are not two gabapentinoids."""
    chosen = drafted(chart, _GABAPENTINOIDS, selected=True)
    if not chosen:
        return no("no gabapentinoid is selected")
    mine = _active_ingredients(chosen[0])
    everything = taken(chart, _GABAPENTINOIDS) + drafted(chart, _GABAPENTINOIDS)
    other = beside(chart, _GABAPENTINOIDS, [m for m in everything if not mine.isdisjoint(_active_ingredients(m))])
    told = f"{chosen[0].name} {other.because}" if other.answer is Answer.YES else other.because
    return Finding(other.answer, told, (chosen[0].ref, *other.resources))


@phrase(reads=("medicines",))
def gabapentinoids_present(chart: Chart) -> str:
    """The gabapentinoids that are active or drafted."""
    return ", ".join(dict.fromkeys(m.name for m in taken(chart, _GABAPENTINOIDS) + drafted(chart, _GABAPENTINOIDS)))


# -- many CNS-active medicines ----------------------------------------------------------------------------------------------


def _cns_active(chart: Chart) -> dict[str, Medicine]:
    """Each CNS-active ingredient, active or drafted, with a medicine that holds it."""
    found: dict[str, Medicine] = {}
    for medicine in taken(chart, _CNS_ACTIVE) + drafted(chart, _CNS_ACTIVE):
        for ingredient in sorted(_active_ingredients(medicine)):
            found.setdefault(ingredient, medicine)
    return found


@finding(reads=("medicines",))
def cns_active_at_least(chart: Chart, count: int) -> Finding:
    """So many different CNS-active ingredients are active or drafted: antiepileptics with the gabapentinoids, antidepressants,
    antipsychotics, benzodiazepines, Z-drugs, opioids and muscle relaxants. Two strengths of one ingredient count once; a
    medicine whose ingredient is not known counts under its name."""
    found = _cns_active(chart)
    told = f"{len(found)} CNS-active: {', '.join(found) or 'none'}"
    if len(found) >= count:
        return yes(told, *(m.ref for m in found.values()))
    if chart.unread("medicines"):
        return unknown("the list of medicines could not be read: CNS-active medicines unknown")
    return no(told, *(m.ref for m in found.values()))


@phrase(reads=("medicines",))
def cns_active_counted(chart: Chart) -> str:
    """The CNS-active medicines that are counted."""
    return ", ".join(dict.fromkeys(m.name for m in _cns_active(chart).values()))


# -- the dose of opioids ----------------------------------------------------------------------------------------------------


def _of_one(factors: Factors, ingredient: str, medicine: Medicine) -> float | None:
    return morphine_mg(factors, ingredient, medicine.daily_mg, medicine.mcg_per_hour)


def _opioid_of(medicine: Medicine, factors: Factors) -> str:
    """The opioid in it; what the table does not know goes under a name of its own and cannot be computed."""
    return min(medicine.ingredients & factors.ingredients, default=medicine.name.lower())


def _added(factors: Factors, ingredient: str, medicines: Iterable[Medicine], *, renewals: bool) -> tuple[float, bool]:
    """mg of morphine of these medicines together, and whether all could be computed. With ``renewals`` entries of one name
    are renewals of each other: the highest counts."""
    total, complete = 0.0, True
    highest: dict[str, float] = {}
    for medicine in medicines:
        dose = _of_one(factors, ingredient, medicine)
        if dose is None:
            complete = False
        elif renewals:
            highest[medicine.name.lower()] = max(highest.get(medicine.name.lower(), 0.0), dose)
        else:
            total += dose
    return total + sum(highest.values()), complete


def daily_morphine_mg(chart: Chart, factors: Factors) -> tuple[float, bool]:
    """mg of morphine a day that the record and the drafts stand for, as far as it can be computed, and whether that is all.

    For each ingredient the higher of what is taken and what is drafted counts, because a draft mostly is a renewal.
    """
    listed, planned = taken(chart, _OPIOIDS), drafted(chart, _OPIOIDS)
    total, complete = 0.0, not chart.unread("medicines")
    for ingredient in sorted({_opioid_of(m, factors) for m in (*listed, *planned)}):
        mine = [[m for m in group if _opioid_of(m, factors) == ingredient] for group in (listed, planned)]
        now, all_of_now = _added(factors, ingredient, mine[0], renewals=True)
        then, all_of_then = _added(factors, ingredient, mine[1], renewals=False)
        total += max(now, then)
        complete = complete and all_of_now and all_of_then
    return total, complete


@finding(reads=("medicines",))
def opioid_dose_at_least(chart: Chart, mme: int, factors: Factors) -> Finding:
    """The opioids that are active or drafted come to so many mg of morphine a day (MME) or more. For each ingredient the
    higher of what is taken and what is drafted counts; drafts of one ingredient are added; buprenorphine has no factor and is
    left out. Unknown when the part that can be computed is below and a dose cannot be computed or was not read: unknown is
    not below."""
    total, complete = daily_morphine_mg(chart, factors)
    refs = [m.ref for m in taken(chart, _OPIOIDS) + drafted(chart, _OPIOIDS)]
    total = round(total, 6)  # 0.2 x 250 is 50
    if total >= mme:
        return yes(f"opioids of {total:g} mg morphine a day{'' if complete else ' or more'}", *refs)
    if not complete:
        return unknown(f"the daily opioid dose cannot be computed (known part: {total:g} mg morphine)", *refs)
    return no(f"opioids of {total:g} mg morphine a day", *refs)


# -- overdose ---------------------------------------------------------------------------------------------------------------

_FOUND = "overdose_risk: found"


@finding(reads=("person", "problems", "medicines"))
def overdose_risk(chart: Chart, factors: Factors) -> Finding:
    """At least one of these is known: a benzodiazepine or gabapentinoid, active or drafted; chronic lung disease or sleep
    apnoea, current; substance use disorder or overdose, ever; 65 or older; opioids of 50 mg morphine a day (MME) or more.
    Unknown when none is known and one could not be told, such as the dose."""
    found = any_found(
        [
            beside(chart, _BENZODIAZEPINES),
            beside(chart, _GABAPENTINOIDS),
            current_problem(chart, _BREATHING),
            drug_misuse_history(chart),
            age_at_least(chart, _AGE),
            opioid_dose_at_least(chart, _MME, factors),
        ],
        "no risk factor of an overdose is recorded",
    )
    chart.memo[_FOUND] = found.because if found.answer is Answer.YES else ""
    return found


@phrase(reads=("person", "problems", "medicines"))
def overdose_risks_found(chart: Chart) -> str:
    """The risk factors of an overdose that `overdose_risk` found for this patient."""
    said: str = chart.memo.get(_FOUND, "")
    return said
