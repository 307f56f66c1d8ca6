"""No finding without its cases: every word of the vocabulary is asked for yes, for no, and for unknown."""

from __future__ import annotations

import importlib
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from charts import NO, UNKNOWN, YES, Answer, Case

from cds_service.pathway.vocabulary import FINDINGS

# Nobody can tell from a record that nothing is wrong.
NEVER_NO = frozenset(
    {
        "red_flag",
        "cauda_equina_suspected",
        "new_leg_weakness",
        "infection_suspected",
        "fracture_suspected",
        "malignancy_suspected",
        "avulsion_suspected",
        "mass_on_nerve_reported",
    }
)

# Their answer is known whatever was read; the docstring says what NO or YES then means.
NEVER_UNKNOWN = frozenset(
    {
        "age_unknown",
        "some_data_unread",
        "adequate_first_line_trial_not_shown",
        "first_line_history_unclear",
        "long_term_opioid_shown",
        "pain_not_known_to_last",
        "is_ordering",
        "in_registered_trial",
        "gestation_not_known_below",
        "ordered_for_inpatient",
        "opening_chart_or_ordering",
        "ordered_for_another_reason",
        "nonopioid_trial_not_shown",
        "nonopioid_history_unclear",
        "physiotherapy_order_without_length",
        "physiotherapy_order_without_content",
        "physiotherapy_order_incomplete",
        "postoperative_protocol_attached",
        "ordering_analgesic",
        "pregnancy_recorded",
        "tricyclic_above_start_dose",
    }
)


def all_cases() -> list[Case]:
    modules = sorted(path.stem for path in Path(__file__).parent.glob("test_findings_*.py"))
    return [case for name in modules for case in getattr(importlib.import_module(name), "CASES", ())]


def owed(finding: str) -> set[Answer]:
    answers = {YES, NO, UNKNOWN}
    if finding in NEVER_NO:
        answers.discard(NO)
    if finding in NEVER_UNKNOWN:
        answers.discard(UNKNOWN)
    return answers


@pytest.fixture(scope="module")
def asked() -> dict[str, set[Answer]]:
    found: dict[str, set[Answer]] = defaultdict(set)
    for case in all_cases():
        found[case.finding].add(case.answer)
    return found


@pytest.mark.parametrize("finding", FINDINGS)
def test_every_answer_that_a_finding_can_give_has_a_case(finding: str, asked: dict[str, set[Answer]]) -> None:
    assert asked[finding] == owed(finding)


def test_the_cases_ask_for_findings_that_exist(asked: dict[str, set[Answer]]) -> None:
    assert set(asked) <= set(FINDINGS)
    assert set(FINDINGS) >= NEVER_NO | NEVER_UNKNOWN


def test_every_parameter_of_a_finding_is_given_in_its_cases() -> None:
    given: dict[str, set[str]] = defaultdict(set)
    for case in all_cases():
        given[case.finding] |= set(case.values)
    assert {name: {p.name for p in entry.parameters} for name, entry in FINDINGS.items()} == {
        name: given[name] for name in FINDINGS
    }


def test_no_two_cases_have_one_name() -> None:
    names = Counter((case.finding, case.answer, case.name) for case in all_cases())
    assert [name for name, count in names.items() if count > 1] == []


def test_every_finding_gives_a_reason() -> None:
    assert [case for case in all_cases() if not case.ask().because] == []
