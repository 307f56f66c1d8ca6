"""What makes a systemic NSAID risky: age, kidneys, stomach, heart and brain, and other medicines."""

from __future__ import annotations

from .answers import Answer, Finding, all_of, any_found, no
from .chart import Chart, Medicine, once
from .demographics import age_at_least
from .exclusions import current_problem, ever_had
from .kidney import kidney_function_below
from .medicines import beside, drafted, taken
from .vocabulary import concept, finding, phrase

_NSAIDS = concept("systemic-nsaids")
_ULCER, _BLEEDING = concept("peptic-ulcer-gi-bleed"), concept("nsaid-bleeding-risk-condition")
_HEART_AND_BRAIN = (concept("heart-failure"), concept("ischemic-heart-disease"), concept("stroke"))
_INTERACTING = (
    concept("med-anticoagulant"),
    concept("med-antiplatelet"),
    concept("serotonergic-antidepressants"),
    concept("med-systemic-corticosteroid"),
)
_ACE_OR_ARB, _DIURETIC = concept("ace-inhibitor-or-arb"), concept("med-diuretic")

# Pathway specification, nsaid-safety.
_AGE, _KIDNEY = 65, 60


@once
def nsaid_risks(chart: Chart) -> Finding:
    chosen = drafted(chart, _NSAIDS, selected=True)
    if not chosen:
        return no("no systemic NSAID is selected")
    asked = [
        age_at_least(chart, _AGE),
        kidney_function_below(chart, _KIDNEY),
        ever_had(chart, _ULCER),
        current_problem(chart, _BLEEDING),
        *(current_problem(chart, name) for name in _HEART_AND_BRAIN),
        *(beside(chart, name, chosen) for name in _INTERACTING),
        _second_nsaid(chart, chosen),
        _with_ace_inhibitor_and_diuretic(chart),
    ]
    return any_found(asked, "none of the risks of an NSAID is recorded")


def _second_nsaid(chart: Chart, chosen: list[Medicine]) -> Finding:
    """Another ingredient is active or drafted; the same one is a renewal."""
    first = chosen[0]
    same = [m for m in taken(chart, _NSAIDS) + drafted(chart, _NSAIDS) if _is_the_same(first, m)]
    return beside(chart, _NSAIDS, same)


def _is_the_same(one: Medicine, other: Medicine) -> bool:
    if one.ingredients and other.ingredients:
        return not one.ingredients.isdisjoint(other.ingredients)
    return one.name.lower() == other.name.lower()


def _with_ace_inhibitor_and_diuretic(chart: Chart) -> Finding:
    both = (beside(chart, _ACE_OR_ARB), beside(chart, _DIURETIC))
    answer = all_of(f.answer for f in both)
    because = " and ".join(dict.fromkeys(f.because.removeprefix("with ") for f in both))
    told = f"with {because}" if answer is Answer.YES else because
    return Finding(answer, told, tuple(ref for f in both for ref in f.resources))


@finding(reads=("person", "problems", "readings", "treatments", "medicines"))
def nsaid_risk(chart: Chart) -> Finding:
    """A systemic NSAID is selected, and at least one of these is known: 65 or older; kidney function below 60 mL/min; an
    ulcer or gastrointestinal bleeding in any state; a current bleeding risk, heart failure, ischaemic heart disease or
    stroke; an anticoagulant, antiplatelet, SSRI, SNRI or systemic corticosteroid; a second systemic NSAID of another
    ingredient; or an ACE inhibitor or angiotensin receptor blocker together with a diuretic. Medicines count when active or
    drafted. Unknown when none is known and one could not be told, such as kidney function without a result."""
    return nsaid_risks(chart)


@phrase(reads=("person", "problems", "readings", "treatments", "medicines"))
def nsaid_risks_found(chart: Chart) -> str:
    """The risks of the selected NSAID that are known for this patient."""
    found = nsaid_risks(chart)
    return found.because if found.answer is Answer.YES else ""


@phrase(reads=("person", "problems", "readings", "treatments", "medicines"))
def nsaid_risks_beside_pregnancy(chart: Chart) -> str:
    """A sentence on the other risks of the selected NSAID, or nothing."""
    found = nsaid_risks_found(chart)
    return f"For the NSAID also: {found}." if found else ""
