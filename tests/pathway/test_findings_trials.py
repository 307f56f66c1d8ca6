"""Medicines over time: adequate trials and long-term opioids (encodings, section 6; settled questions 1 to 3)."""

from __future__ import annotations

from typing import Any

import pytest
from charts import NO, UNKNOWN, YES, Case, allergy, case, chart, gap, label, medicine, month, problem, year

from cds_service.pathway.answers import Answer
from cds_service.pathway.exposure import days_covered, runs, runs_in
from cds_service.pathway.long_term_opioids import long_term_opioid_found
from cds_service.pathway.trials import GABAPENTINOIDS, SNRIS, TRICYCLICS, Outcome, first_line_trials, trials_found
from cds_service.pathway.vocabulary import ValueSet

INTOLERANCE, NO_BENEFIT = frozenset({"stopped-for-intolerance"}), frozenset({"stopped-as-ineffective"})


def stopped(ingredient: str, days: int | None, *, until: int = 100, **rest: Any) -> Any:
    """A medicine taken for so many days that ended ``until`` days ago; without days its length is not recorded."""
    end = None if days is None else until
    return medicine(ingredient, start=until + (days or 30), end=end, status=rest.pop("status", "stopped"), **rest)


def not_shown(answer: Answer, name: str, *parts: object) -> Case:
    return case("adequate_first_line_trial_not_shown", answer, name, *parts)


def unclear(answer: Answer, name: str, *parts: object) -> Case:
    return case("first_line_history_unclear", answer, name, *parts)


def adequate(answer: Answer, name: str, *parts: object) -> Case:
    return case("first_line_trial_adequate", answer, name, *parts)


def long_term(answer: Answer, name: str, *parts: object) -> Case:
    return case("long_term_opioid_shown", answer, name, *parts)


def chain(ingredient: str, *spans: tuple[int, int], status: str = "completed") -> list[Any]:
    """Prescriptions of one ingredient: pairs of first and last day, in days ago."""
    return [medicine(ingredient, start=first, end=last, status=status) for first, last in spans]


ALL_INTOLERANT = [stopped(i, 3, why_stopped=INTOLERANCE) for i in ("gabapentin", "nortriptyline", "duloxetine")]

CASES = [
    # adequate_first_line_trial_not_shown
    *(not_shown(NO, f"{drug} for 42 days", stopped(drug, 42)) for drug in ("gabapentin", "nortriptyline", "amitriptyline")),
    *(not_shown(YES, f"{drug} for 41 days", stopped(drug, 41)) for drug in ("gabapentin", "nortriptyline", "amitriptyline")),
    *(
        not_shown(NO, f"{drug} for 28 days", stopped(drug, 28))
        for drug in ("pregabalin", "duloxetine", "venlafaxine", "milnacipran")
    ),
    *(
        not_shown(YES, f"{drug} for 27 days", stopped(drug, 27))
        for drug in ("pregabalin", "duloxetine", "venlafaxine", "milnacipran")
    ),
    not_shown(NO, "gabapentin still taken on day 42", medicine("gabapentin", start=42)),
    not_shown(YES, "gabapentin still taken on day 41", medicine("gabapentin", start=41)),
    not_shown(NO, "all three classes not tolerated", ALL_INTOLERANT),
    not_shown(YES, "only two classes not tolerated", ALL_INTOLERANT[:2]),
    not_shown(NO, "the third class is ruled out by an allergy", ALL_INTOLERANT[:2], allergy("venlafaxine")),
    not_shown(NO, "the tricyclics are contraindicated", ALL_INTOLERANT[::2], problem("tricyclic-contraindications")),
    not_shown(NO, "the SNRIs are contraindicated", ALL_INTOLERANT[:2], problem("snri-contraindications")),
    not_shown(YES, "a contraindication that is over", ALL_INTOLERANT[:2], problem("snri-contraindications", current=NO)),
    not_shown(NO, "a request not to give it", ALL_INTOLERANT[:2], medicine("duloxetine", status="on-hold", do_not_give=True)),
    not_shown(YES, "runs of two agents of a class are not added", stopped("gabapentin", 30), stopped("pregabalin", 20, until=50)),
    not_shown(NO, "runs 30 days apart are one", chain("gabapentin", (100, 85), (55, 40))),
    not_shown(YES, "runs 31 days apart are two", chain("gabapentin", (100, 85), (54, 40))),
    not_shown(YES, "a draft is no trial", stopped("gabapentin", 60, status="draft")),
    not_shown(YES, "a cancelled request is no trial", stopped("gabapentin", 60, status="cancelled")),
    not_shown(YES, "an error is no trial", stopped("gabapentin", 60, status="entered-in-error")),
    not_shown(YES, "what was not taken is no trial", stopped("gabapentin", 60, status="not-taken")),
    not_shown(YES, "a start in the future is no trial", medicine("gabapentin", start=-5)),
    not_shown(YES, "supplied into the future, only today counts", medicine("gabapentin", start=20, end=-60)),
    not_shown(YES, "nothing is recorded"),
    not_shown(YES, "medicines could not be read", gap("medicines")),
    not_shown(NO, "an adequate trial was read although others were not", stopped("gabapentin", 42), gap("medicines")),
    not_shown(YES, "a trial of unknown length", stopped("gabapentin", None)),
    # first_line_history_unclear
    unclear(YES, "medicines could not be read", gap("medicines")),
    unclear(YES, "a trial of unknown length", stopped("gabapentin", None)),
    unclear(YES, "a trial of which only the start year is known", medicine("gabapentin", start=year(2025))),
    unclear(YES, "two classes ruled out, allergies could not be read", ALL_INTOLERANT[:2], gap("allergies")),
    unclear(NO, "unknown length in one class, adequate in another", stopped("gabapentin", None), stopped("duloxetine", 28)),
    unclear(NO, "unknown length in a class with an adequate run", stopped("gabapentin", None), stopped("pregabalin", 28)),
    unclear(NO, "unknown length in a class that an allergy decides", stopped("gabapentin", None), allergy("gabapentin")),
    unclear(NO, "nothing is recorded"),
    unclear(NO, "a trial that was too short", stopped("gabapentin", 3)),
    unclear(NO, "allergies could not be read and nothing was tried", gap("allergies")),
    unclear(NO, "an adequate trial was read although others were not", stopped("gabapentin", 42), gap("medicines")),
    # first_line_trial_adequate
    adequate(YES, "gabapentin for 42 days", stopped("gabapentin", 42)),
    adequate(NO, "gabapentin for 41 days", stopped("gabapentin", 41)),
    adequate(YES, "all three classes not tolerated", ALL_INTOLERANT),
    adequate(NO, "nothing is recorded"),
    adequate(UNKNOWN, "medicines could not be read", gap("medicines")),
    adequate(UNKNOWN, "the length of a trial is not recorded", stopped("gabapentin", None)),
    adequate(UNKNOWN, "one class not tolerated, allergies could not be read", ALL_INTOLERANT[0], gap("allergies")),
    adequate(YES, "one trial is known although others could not be read", stopped("gabapentin", 42), gap("medicines")),
    # long_term_opioid_shown
    long_term(YES, "90 days until today", medicine("oxycodone", start=90)),
    long_term(NO, "89 days until today", medicine("oxycodone", start=89)),
    long_term(YES, "90 days that ended 30 days ago", stopped("oxycodone", 90, until=30)),
    long_term(NO, "90 days that ended 31 days ago", stopped("oxycodone", 90, until=31)),
    long_term(YES, "monthly prescriptions", chain("hydrocodone", (90, 60), (60, 30)), medicine("hydrocodone", start=30)),
    long_term(YES, "prescriptions 30 days apart", chain("oxycodone", (110, 80), (50, 20))),
    long_term(NO, "prescriptions 31 days apart", chain("oxycodone", (110, 80), (49, 20))),
    long_term(YES, "two opioids one after the other", chain("oxycodone", (100, 50)), medicine("tramadol", start=50)),
    long_term(NO, "agonist treatment of a use disorder", medicine("methadone", start=400), problem("opioid-use-disorder")),
    long_term(YES, "methadone without a use disorder", medicine("methadone", start=400)),
    long_term(YES, "oxycodone beside a use disorder", medicine("oxycodone", start=400), problem("opioid-use-disorder")),
    long_term(NO, "a cough syrup is no analgesic", medicine("codeine cough syrup", start=400)),
    long_term(NO, "of unknown length", stopped("oxycodone", None)),
    long_term(NO, "nothing is recorded"),
    long_term(NO, "what could not be read is not shown", gap("medicines")),
    # long_term_opioid
    case("long_term_opioid", YES, "90 days", medicine("oxycodone", start=90)),
    case("long_term_opioid", YES, "shown, although others could not be read", medicine("oxycodone", start=90), gap("medicines")),
    case("long_term_opioid", NO, "89 days", medicine("oxycodone", start=89)),
    case("long_term_opioid", UNKNOWN, "medicines could not be read", gap("medicines")),
]


@pytest.mark.parametrize("one", CASES, ids=label)
def test_trials(one: Case) -> None:
    assert one.ask().answer is one.answer


def outcomes(*parts: object) -> dict[str, Outcome]:
    return {name: outcome for name, outcome, _ in first_line_trials(chart(*parts))}


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        pytest.param(stopped("gabapentin", 42), Outcome.ADEQUATE, id="42 days"),
        pytest.param(medicine("gabapentin", start=10), Outcome.IN_PROGRESS, id="active and shorter"),
        pytest.param(stopped("gabapentin", 3), Outcome.INADEQUATE, id="ended and shorter"),
        pytest.param(stopped("gabapentin", 3, why_stopped=INTOLERANCE), Outcome.INTOLERANT, id="stopped for intolerance"),
        pytest.param(
            stopped("gabapentin", 3, why_stopped=NO_BENEFIT), Outcome.INADEQUATE, id="no benefit changes the words only"
        ),
        pytest.param(allergy("gabapentin"), Outcome.INTOLERANT, id="an allergy"),
        pytest.param(stopped("gabapentin", None), Outcome.LENGTH_UNKNOWN, id="no end is recorded"),
        pytest.param(medicine("gabapentin", do_not_give=True), Outcome.CONTRAINDICATED, id="not to be given"),
        pytest.param(medicine("sertraline", start=400), Outcome.NONE, id="another medicine"),
    ],
)
def test_what_became_of_a_class(part: Any, expected: Outcome) -> None:
    assert outcomes(part)[GABAPENTINOIDS] is expected


def test_one_agent_speaks_for_its_class() -> None:
    assert outcomes(stopped("gabapentin", 3), medicine("pregabalin", start=28))[GABAPENTINOIDS] is Outcome.ADEQUATE
    assert outcomes(allergy("gabapentin"), stopped("pregabalin", 3))[GABAPENTINOIDS] is Outcome.INTOLERANT


def test_a_disease_rules_out_its_own_class_only() -> None:
    found = outcomes(problem("tricyclic-contraindications"))
    assert found == {GABAPENTINOIDS: Outcome.NONE, TRICYCLICS: Outcome.CONTRAINDICATED, SNRIS: Outcome.NONE}


def test_a_medicine_without_an_ingredient_runs_under_its_name() -> None:
    nameless = medicine("oxycodone", start=10, ingredients=frozenset())
    assert [run.name for run in runs(chart(nameless))] == ["oxycodone"]


def test_overlapping_prescriptions_are_not_counted_twice() -> None:
    assert days_covered(chart(chain("gabapentin", (60, 20), (50, 30))), GABAPENTINOIDS) == 40


def test_a_start_of_which_only_the_month_is_known_has_no_length() -> None:
    (run,) = runs(chart(medicine("gabapentin", start=month(1), end=5, status="stopped")))
    assert run.days is None


@pytest.mark.parametrize("classes", [("opioids",), ("gabapentinoids",), ("opioids", "gabapentinoids"), ("snris",), ()])
def test_the_runs_of_classes_are_those_of_all_runs(classes: tuple[str, ...]) -> None:
    record = chart(
        chain("oxycodone", (90, 60), (20, 5)),
        chain("gabapentin", (60, 20), (50, 30)),
        medicine("pregabalin", start=10, status="draft"),
        medicine("tramadol", start=10, ingredients=frozenset()),
        medicine("tramadol", start=100, end=90, status="stopped")._replace(classes=frozenset({"other"})),
    )
    wanted = [run for run in runs(record) if not run.classes.isdisjoint(classes)]
    assert list(runs_in(record, *[ValueSet(name) for name in classes])) == wanted
    assert bool(wanted) is bool(classes and classes != ("snris",))


def test_the_trials_are_told_class_by_class() -> None:
    told = trials_found(
        chart(stopped("gabapentin", 3), medicine("nortriptyline", start=10), stopped("duloxetine", 5, why_stopped=INTOLERANCE))
    )
    assert told == (
        "gabapentinoid: gabapentin 3 days, stopped, no reason recorded; "
        "tricyclic: nortriptyline 10 days, still taken (adequate from 42); "
        "SNRI: duloxetine 5 days, not tolerated"
    )


def test_where_nothing_is_recorded_the_three_classes_are_named() -> None:
    assert trials_found(chart()) == "no tricyclic, SNRI or gabapentinoid"
    assert trials_found(chart(gap("allergies"))).endswith("gabapentinoid (the allergies could not be read)")
    in_part = trials_found(chart(stopped("gabapentin", 3), gap("medicines")))
    assert in_part.endswith("none recorded (the medicines could not be read)")
    assert "SNRI: none recorded" in trials_found(chart(stopped("gabapentin", 3)))


def test_the_first_day_of_a_run_is_known_where_its_length_is() -> None:
    (known,) = runs(chart(stopped("gabapentin", 42, until=10)))
    (unknown_length,) = runs(chart(stopped("gabapentin", None)))
    assert (str(known.start), unknown_length.start) == ("2026-01-09", None)


def test_long_term_opioids_are_told_as_at_least() -> None:
    assert long_term_opioid_found(chart(medicine("oxycodone", start=120))) == "at least 120 days recorded"
    assert long_term_opioid_found(chart()) == "no run of opioids recorded"
