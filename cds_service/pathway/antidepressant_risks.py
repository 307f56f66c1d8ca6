"""What makes a tricyclic or an SNRI risky, and tramadol beside one."""

from __future__ import annotations

from collections.abc import Iterable

from .answers import Answer, Finding, any_found, no, unknown, yes
from .chart import Chart, Medicine, once
from .demographics import age_at_least, age_below, age_range
from .exclusions import current_problem, problem_began_within
from .kidney import kidney_function_below
from .measurements import high_blood_pressure, low_sodium, qtc_measured_at_least, qtc_on_record
from .medicines import beside, drafted, taken
from .vocabulary import ValueSet, concept, finding, phrase

_TRICYCLICS, _SNRIS, _DULOXETINE = concept("tricyclics"), concept("snris"), concept("med-duloxetine")
_MAOI, _SSRI, _TRIPTAN = concept("med-maoi"), concept("med-ssri"), concept("med-triptan")
_SSRI_OR_SNRI = concept("serotonergic-antidepressants")
_TRAMADOL_CLASS, _TRAMADOL = concept("med-tramadol-tapentadol"), "tramadol"
_THINNERS, _NSAIDS = concept("med-anticoagulant"), concept("systemic-nsaids")
_INFARCTION = concept("recent-infarction-codes")
_GLAUCOMA, _SUICIDALITY = concept("angle-closure-glaucoma"), concept("suicidality")
_HEART = concept("conduction-risk")
_TRICYCLIC_PROBLEMS = (_GLAUCOMA, concept("urinary-retention"), concept("seizure-disorder"), _SUICIDALITY)
_SNRI_PROBLEMS = (concept("hepatic-impairment"), concept("heavy-alcohol-use"), _GLAUCOMA, _SUICIDALITY)

# Pathway specification, tca-safety and snri-safety.
_YOUNG, _OLD, _ECG_AGE = 25, 65, 40
_MOST_TRICYCLIC_MG, _START_MG, _NORTRIPTYLINE = 100, 10, "nortriptyline"
_LONG_QTC, _INFARCTION_DAYS = 500, 180
_DULOXETINE_KIDNEY, _SYSTOLIC, _DIASTOLIC, _SODIUM = 30, 160, 100, 130

_READS = ("person", "problems", "readings", "treatments", "medicines")


# -- tramadol ---------------------------------------------------------------------------------------------------------------


def _tramadol(medicines: Iterable[Medicine]) -> list[Medicine]:
    return [m for m in medicines if _TRAMADOL in m.ingredients]


def _selected_tramadol_with(chart: Chart, medicines: ValueSet) -> Finding:
    chosen = _tramadol(drafted(chart, _TRAMADOL_CLASS, selected=True))
    if not chosen:
        return no("tramadol is not selected")
    other = beside(chart, medicines)
    told = f"{chosen[0].name} {other.because}" if other.answer is Answer.YES else other.because
    return Finding(other.answer, told, (chosen[0].ref, *other.resources))


def _with_tramadol(chart: Chart) -> Finding:
    found = _tramadol(taken(chart, _TRAMADOL_CLASS) + drafted(chart, _TRAMADOL_CLASS))
    if found:
        return yes(f"with {found[0].name}", *(m.ref for m in found))
    if chart.unread("medicines"):
        return unknown("the list of medicines could not be read: tramadol unknown")
    return no("tramadol: not on the list and not drafted")


@finding(reads=("medicines",))
def ordering_tramadol_with(chart: Chart, medicines: ValueSet) -> Finding:
    """Tramadol is selected (not tapentadol), and a medicine of this class is active or in a draft of this session."""
    return _selected_tramadol_with(chart, medicines)


# -- tricyclics -------------------------------------------------------------------------------------------------------------


def _daily_mg(medicines: Iterable[Medicine]) -> float | None:
    """The daily dose of these drafts together, an upper limit; None when one cannot be computed."""
    doses = [m.daily_mg for m in medicines]
    known = [dose for dose in doses if dose is not None]
    return sum(known) if doses and len(known) == len(doses) else None


def _above_the_usual_dose(chosen: list[Medicine]) -> Finding:
    dose, refs = _daily_mg(chosen), [m.ref for m in chosen]
    if dose is None:
        return unknown("the daily dose of the tricyclic cannot be computed", *refs)
    return (yes if dose > _MOST_TRICYCLIC_MG else no)(f"{dose:g} mg a day", *refs)


def _heart_disease(chart: Chart) -> Finding:
    """A current problem of the heart, or an infarction of the last 180 days, whatever its status says."""
    current = current_problem(chart, _HEART)
    if current.answer is Answer.YES:
        return current
    return any_found([problem_began_within(chart, _INFARCTION, _INFARCTION_DAYS), current], current.because)


@once
def tricyclic_risks(chart: Chart) -> Finding:
    asked = [_selected_tramadol_with(chart, _TRICYCLICS)]
    chosen = drafted(chart, _TRICYCLICS, selected=True)
    if chosen:
        asked = [
            age_at_least(chart, _OLD),
            age_below(chart, _YOUNG),
            _heart_disease(chart),
            *(current_problem(chart, name) for name in _TRICYCLIC_PROBLEMS),
            qtc_measured_at_least(chart, _LONG_QTC),
            beside(chart, _SSRI_OR_SNRI),
            beside(chart, _MAOI),
            _above_the_usual_dose(chosen),
            *asked,
        ]
    return any_found(asked, "none of the risks of a tricyclic is recorded")


@finding(reads=("person", "problems", "readings", "medicines"))
def tricyclic_risk(chart: Chart) -> Finding:
    """A tricyclic is selected, and at least one of these is known: 65 or older; younger than 25; ischaemic heart disease,
    conduction block, arrhythmia, long QT, angle-closure glaucoma, urinary retention, seizures or suicidality, current; an
    infarction within 180 days; a newest QTc of 500 ms or longer; an SSRI, SNRI or MAO inhibitor, active or drafted; more than
    100 mg a day. Or tramadol is selected while a tricyclic is active or drafted. Unknown when none is known and one could not
    be told, such as the age or the dose."""
    return tricyclic_risks(chart)


@finding(reads=())
def tricyclic_above_start_dose(chart: Chart) -> Finding:
    """A selected tricyclic is not nortriptyline, or its daily dose is above 10 mg or not clear. No also when none is
    selected."""
    chosen = drafted(chart, _TRICYCLICS, selected=True)
    if not chosen:
        return no("no tricyclic is selected")
    refs, dose = [m.ref for m in chosen], _daily_mg(chosen)
    if any(_NORTRIPTYLINE not in m.ingredients for m in chosen):
        return yes("another tricyclic than nortriptyline", *refs)
    if dose is None:
        return yes("the daily dose is not clear", *refs)
    return (yes if dose > _START_MG else no)(f"nortriptyline {dose:g} mg a day", *refs)


@phrase(reads=("person", "problems", "readings", "medicines"))
def tricyclic_risks_found(chart: Chart) -> str:
    """The risks of a tricyclic that are known for this patient."""
    found = tricyclic_risks(chart)
    return found.because if found.answer is Answer.YES else ""


@phrase(reads=("person", "readings"))
def ecg_reminder(chart: Chart) -> str:
    """From 40 years on: a sentence that no QTc of the last 365 days is known; or nothing."""
    ages = age_range(chart)
    if ages is None or ages[1] < _ECG_AGE or qtc_on_record(chart):
        return ""
    missing = "The ECG results could not be read" if chart.unread("readings") else "No QTc of the last 365 days is recorded"
    return f"{missing}: ECG first at 40 or older."


# -- SNRIs ------------------------------------------------------------------------------------------------------------------


def _duloxetine_and_kidney(chart: Chart) -> Finding:
    if not drafted(chart, _DULOXETINE, selected=True):
        return no("duloxetine is not selected")
    return kidney_function_below(chart, _DULOXETINE_KIDNEY)


@once
def snri_risks(chart: Chart) -> Finding:
    asked = [_selected_tramadol_with(chart, _SNRIS)]
    if drafted(chart, _SNRIS, selected=True):
        asked = [
            age_below(chart, _YOUNG),
            _duloxetine_and_kidney(chart),
            *(current_problem(chart, name) for name in _SNRI_PROBLEMS),
            *(beside(chart, name) for name in (_MAOI, _TRICYCLICS, _SSRI, _TRIPTAN, _THINNERS, _NSAIDS)),
            _with_tramadol(chart),
            high_blood_pressure(chart, _SYSTOLIC, _DIASTOLIC),
            low_sodium(chart, _SODIUM),
            *asked,
        ]
    return any_found(asked, "none of the risks of an SNRI is recorded")


@finding(reads=_READS)
def snri_risk(chart: Chart) -> Finding:
    """An SNRI is selected, and at least one of these is known: younger than 25; duloxetine with kidney function below 30
    mL/min (30 is allowed); liver disease, heavy alcohol use, angle-closure glaucoma or suicidality, current; an MAO
    inhibitor, tricyclic, SSRI, tramadol, triptan, anticoagulant or systemic NSAID, active or drafted; a newest blood pressure
    of 160 systolic or 100 diastolic or more; a newest sodium below 130 mmol/L. Or tramadol is selected while an SNRI is active
    or drafted. Unknown when none is known and one could not be told, such as kidney function without a result."""
    return snri_risks(chart)


@phrase(reads=_READS)
def snri_risks_found(chart: Chart) -> str:
    """The risks of an SNRI that are known for this patient."""
    found = snri_risks(chart)
    return found.because if found.answer is Answer.YES else ""
