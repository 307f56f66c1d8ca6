"""What the clinician is ordering right now, and for what reason."""

from __future__ import annotations

from .answers import Answer, Finding, no, unknown, yes
from .chart import Chart, Draft, Medicine
from .demographics import age_range
from .exclusions import current_problem
from .long_term_opioids import OPIOID_ANALGESICS, is_analgesic, long_term_opioid_shown
from .medicines import already_taking, drafted, taken
from .scope import concerns_the_posterior_hip
from .vocabulary import ValueSet, concept, finding, phrase

_GENERAL_PAIN = concept("general-pain")
_NOT_ADVISED = concept("not-advised-in-sciatica")
_OTHER_INDICATION = concept("other-indication-for-nerve-medicines")
_RENALLY_CLEARED = concept("renally-cleared-medicines")
_NSAIDS, _KIDNEY_MEDICINES = concept("systemic-nsaids"), concept("kidney-active-medicines")
_NSAID_RISKS = concept("nsaid-kidney-risks")
_ADVANCED_IMAGING = concept("advanced-imaging")


def selected_of(chart: Chart, what: ValueSet) -> list[Draft]:
    """Selected drafts of a class of medicines or a kind of service; for opioid analgesics without the agonist treatment of
    a use disorder."""
    found = [d for d in chart.selected if d.is_of(what) and not (d.medicine and d.medicine.do_not_give)]
    if what == OPIOID_ANALGESICS:
        found = [d for d in found if d.medicine and is_analgesic(d.medicine, chart)]
    return found


@finding(reads=("problems",))
def is_ordering(chart: Chart, what: ValueSet) -> Finding:
    """A selected draft is a medicine of this class, or a service (imaging, injection, therapy, referral) of this value set.
    Buprenorphine and methadone for a current opioid use disorder are not analgesics."""
    found = selected_of(chart, what)
    if found:
        return yes(f"selected: {', '.join(d.name for d in found)}", *(d.ref for d in found))
    return no(f"{what} not selected")


@finding(reads=("problems",))
def opening_chart_or_ordering(chart: Chart, what: ValueSet) -> Finding:
    """The session has no order yet (the chart is being opened), or a selected draft is of this class or kind."""
    return is_ordering(chart, what) if chart.drafts else yes("no order in this session")


def _other_reason(draft: Draft) -> str | None:
    """The name of a coded reason that is neither the pathway nor general pain."""
    for reason in draft.reasons:
        if not concerns_the_posterior_hip(reason.concepts) and _GENERAL_PAIN not in reason.concepts:
            return reason.name
    return None


@finding(reads=("problems",))
def ordered_for_another_reason(chart: Chart, what: ValueSet) -> Finding:
    """Every selected medicine or service of this value set carries a coded reason outside the pathway, such as surgery,
    injury, teeth or a tumour."""
    ordered = selected_of(chart, what)
    named = [(d, name) for d in ordered if (name := _other_reason(d))]
    if ordered and len(named) == len(ordered):
        return yes(f"reason of the order: {named[0][1]}", *(d.ref for d, _ in named))
    return no("no coded reason outside the pathway on the order", *(d.ref for d in ordered))


@finding(reads=("problems",))
def ordered_for_inpatient(chart: Chart, medicines: ValueSet) -> Finding:
    """Every selected medicine of this class is ordered for use in hospital. No means: one is not marked so, or none is
    selected."""
    ordered = [d.medicine for d in selected_of(chart, medicines) if d.medicine]
    if ordered and all(m.inpatient for m in ordered):
        return yes(f"inpatient order: {', '.join(m.name for m in ordered)}", *(m.ref for m in ordered))
    return no("not marked as an inpatient order", *(m.ref for m in ordered))


@finding(reads=("medicines", "problems"))
def ordering_newly_not_advised_in_sciatica(chart: Chart) -> Finding:
    """A selected draft is an opioid without long-term opioid treatment, or a gabapentinoid, benzodiazepine or oral
    corticosteroid of an ingredient that is not taken already."""
    new = [d for d in selected_of(chart, _NOT_ADVISED) if d.medicine and not _continues(chart, d.medicine)]
    if not new:
        return no("none of them is newly selected")
    if chart.unread("medicines"):
        return unknown("the list of medicines could not be read: this may be a renewal", *(d.ref for d in new))
    return yes(f"newly selected: {', '.join(d.medicine.name for d in new if d.medicine)}", *(d.ref for d in new))


def _continues(chart: Chart, medicine: Medicine) -> bool:
    if OPIOID_ANALGESICS in medicine.classes:
        return not is_analgesic(medicine, chart) or long_term_opioid_shown(chart).answer is Answer.YES
    return already_taking(chart, medicine)


@finding(reads=("problems",))
def other_indication_recorded(chart: Chart) -> Finding:
    """Another reason for such a medicine is current or on the order: epilepsy, shingles, diabetic neuropathy, fibromyalgia,
    cord injury, restless legs or generalised anxiety."""
    for draft in chart.selected:
        for reason in draft.reasons:
            if _OTHER_INDICATION in reason.concepts:
                return yes(f"reason of the order: {reason.name}", draft.ref)
    return current_problem(chart, _OTHER_INDICATION)


# Age from which an oral NSAID calls for a kidney result: pathway specification, renal-function-unknown.
_NSAID_AGE = 65


@finding(reads=("problems", "medicines", "person"))
def ordering_renally_dosed_medicine(chart: Chart) -> Finding:
    """A selected draft is a gabapentinoid, duloxetine or baclofen; or an oral NSAID at 65 or older, with kidney disease,
    diabetes, heart failure or hypertension, or beside an ACE inhibitor, angiotensin receptor blocker or diuretic."""
    found = selected_of(chart, _RENALLY_CLEARED)
    if found:
        return yes(f"selected: {', '.join(d.medicine.name for d in found if d.medicine)}", *(d.ref for d in found))
    nsaids = selected_of(chart, _NSAIDS)
    if not nsaids:
        return no("no renally dosed medicine is selected")
    risk = _nsaid_kidney_risk(chart)
    return Finding(risk.answer, risk.because, (*(d.ref for d in nsaids), *risk.resources))


def _nsaid_kidney_risk(chart: Chart) -> Finding:
    ages = age_range(chart)
    if ages and ages[0] >= _NSAID_AGE:
        return yes("65 or older", chart.person.ref)
    problem = current_problem(chart, _NSAID_RISKS)
    if problem.answer is Answer.YES:
        return problem
    medicines = taken(chart, _KIDNEY_MEDICINES) + drafted(chart, _KIDNEY_MEDICINES)
    if medicines:
        return yes(f"with {medicines[0].name}", *(m.ref for m in medicines))
    if problem.answer is Answer.UNKNOWN or chart.unread("medicines") or ages is None or ages[1] >= _NSAID_AGE:
        return unknown("not all risks to the kidney could be checked")
    return no("no risk to the kidney is recorded")


@phrase(reads=())
def selected_medicines(chart: Chart) -> str:
    """The names of the selected medicines, or of the selected services where there is no medicine."""
    if not any(d.medicine for d in chart.selected):
        return ", ".join(dict.fromkeys(d.name for d in chart.selected))
    return ", ".join(dict.fromkeys(d.medicine.name for d in chart.selected if d.medicine))


@phrase(reads=("problems",))
def selected_imaging(chart: Chart) -> str:
    """The names of the selected MRI and CT orders."""
    return ", ".join(dict.fromkeys(d.name for d in selected_of(chart, _ADVANCED_IMAGING)))
