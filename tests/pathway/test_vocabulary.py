"""The words of a card: what a line may say, how its mistakes are told, and what phrases say of an empty chart."""

from __future__ import annotations

import re
from typing import Any

import pytest
from charts import GABAPENTINOID_LIMITS, NO, OPIOID_FACTORS, YES, chart, gap, person, problem

from cds_service.pathway.answers import Finding
from cds_service.pathway.chart import SECTIONS, Chart
from cds_service.pathway.syndromes import Syndrome
from cds_service.pathway.vocabulary import (
    CONCEPTS,
    FINDINGS,
    PHRASES,
    Entry,
    LineError,
    Names,
    Parameter,
    ValueSet,
    finding,
    parse_line,
    phrase,
)

NAMES = Names(
    frozenset({"opioids", "benzodiazepines"}),
    {"gabapentinoid-limits": GABAPENTINOID_LIMITS},
    {"opioid-factors": OPIOID_FACTORS},
)


@pytest.mark.parametrize(
    ("raw", "text", "values"),
    [
        pytest.param("adult", "adult", {}, id="a name"),
        pytest.param({"age_at_least": 65}, "age_at_least 65", {"years": 65}, id="a name and a value"),
        pytest.param({"age_at_least": {"years": 65}}, "age_at_least 65", {"years": 65}, id="a name and a named value"),
        pytest.param({"taking": "opioids"}, "taking opioids", {"medicines": "opioids"}, id="a value set"),
        pytest.param(
            {"ordering_pair": {"one": "opioids", "other": "benzodiazepines"}},
            "ordering_pair one opioids, other benzodiazepines",
            {"one": "opioids", "other": "benzodiazepines"},
            id="two named values",
        ),
        pytest.param(
            {"has_syndrome": ["hamstring", "sciatica"]},
            "has_syndrome hamstring, sciatica",
            {"any_of": (Syndrome.HAMSTRING, Syndrome.SCIATICA)},
            id="a list",
        ),
        pytest.param(
            {"has_syndrome": "hamstring"}, "has_syndrome hamstring", {"any_of": (Syndrome.HAMSTRING,)}, id="a list of one"
        ),
        pytest.param(
            {"dose_above_kidney_limit": "gabapentinoid-limits"},
            "dose_above_kidney_limit gabapentinoid-limits",
            {"limits": GABAPENTINOID_LIMITS},
            id="a table of limits",
        ),
        pytest.param(
            {"opioid_dose_at_least": {"mme": 50, "factors": "opioid-factors"}},
            "opioid_dose_at_least mme 50, factors opioid-factors",
            {"mme": 50, "factors": OPIOID_FACTORS},
            id="a table of factors",
        ),
        pytest.param(
            {"blood_pressure_below": {"diastolic": 100, "systolic": 160}},
            "blood_pressure_below systolic 160, diastolic 100",
            {"systolic": 160, "diastolic": 100},
            id="named values in any order",
        ),
    ],
)
def test_a_line_is_a_name_with_its_values(raw: Any, text: str, values: dict[str, Any]) -> None:
    parsed = parse_line(raw, NAMES)
    assert (parsed.text, dict(parsed.values)) == (text, values)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ("adullt", "unknown finding 'adullt'"),
        ({"adullt": 18}, "unknown finding 'adullt'"),
        ({"adult": 18}, "adult takes no value"),
        ({"adult": {"years": 18}}, "adult takes no value, not years"),
        ("age_at_least", "age_at_least takes years, not nothing"),
        ({"age_at_least": None}, "a line is a finding, or a finding with its values"),
        ({"age_at_least": {}}, "age_at_least takes years, not nothing"),
        ({"age_at_least": {"year": 65}}, "age_at_least takes years, not year"),
        ({"age_at_least": {"years": 65, "sex": "male"}}, "age_at_least takes years, not sex, years"),
        ({"age_at_least": "65"}, "age_at_least: '65' is not a int"),
        ({"age_at_least": 65.5}, "age_at_least: 65.5 is not a int"),
        ({"age_at_least": True}, "age_at_least: True is not a int"),
        ({"age_at_least": [65]}, "age_at_least: [65] is not a int"),
        ({"taking": "opiods"}, "taking: unknown value set 'opiods'"),
        ({"taking": 5}, "taking: unknown value set 5"),
        ({"taking": ["opioids"]}, "taking: unknown value set ['opioids']"),
        ({"ordering_pair": "opioids"}, "ordering_pair takes one and other"),
        ({"ordering_pair": {"one": "opioids"}}, "ordering_pair takes one and other, not one"),
        ({"has_syndrome": "piriformus"}, "has_syndrome: 'piriformus' is not one of piriformis, gemelli-obturator"),
        ({"has_syndrome": ["hamstring", "hip"]}, "has_syndrome: 'hip' is not one of"),
        ({"dose_above_kidney_limit": "limits"}, "dose_above_kidney_limit: unknown dose limits 'limits'"),
        ({"overdose_risk": "gabapentinoid-limits"}, "overdose_risk: unknown opioid factors 'gabapentinoid-limits'"),
        ({"adult": 1, "under_18": 2}, "a line is a finding, or a finding with its values"),
        ({}, "a line is a finding, or a finding with its values"),
        ([], "a line is a finding, or a finding with its values"),
        (None, "a line is a finding, or a finding with its values"),
        (18, "a line is a finding, or a finding with its values"),
        ({18: "adult"}, "a line is a finding, or a finding with its values"),
        ({"dose_above_kidney_limit": ["gabapentinoid-limits"]}, "dose_above_kidney_limit: unknown dose limits"),
        ({"age_at_least": {65: "years"}}, "age_at_least takes years, not 65"),
        ({"has_syndrome": []}, "has_syndrome"),
    ],
)
def test_a_mistake_is_told_in_words(raw: Any, message: str) -> None:
    with pytest.raises(LineError, match=re.escape(message)):
        parse_line(raw, NAMES)


def test_two_lines_that_differ_have_two_texts() -> None:
    """Answers are remembered by the text of a line."""
    raws: list[Any] = [
        {"has_syndrome": ["hamstring", "sciatica"]},
        {"has_syndrome": ["sciatica"]},
        {"age_at_least": 65},
        {"age_at_least": 18},
        {"ordering_pair": {"one": "opioids", "other": "benzodiazepines"}},
        {"ordering_pair": {"one": "benzodiazepines", "other": "opioids"}},
    ]
    assert len({parse_line(raw, NAMES).text for raw in raws}) == len(raws)


def test_a_line_reads_what_its_finding_reads() -> None:
    assert parse_line("adult", NAMES).reads == ("person",)


def test_a_line_asks_its_finding_with_its_values() -> None:
    limit = parse_line({"age_at_least": 65}, NAMES)
    assert limit.ask(chart(person("1950-01-01"))).answer is YES
    assert limit.ask(chart(person("1990-01-01"))).answer is NO


# -- the vocabulary itself --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("entry", FINDINGS.values(), ids=lambda entry: entry.name)
def test_every_finding_says_what_it_means_and_what_it_reads(entry: Entry) -> None:
    assert len(entry.meaning) > 20
    assert entry.meaning.endswith(".")
    assert set(entry.reads) <= set(SECTIONS)
    assert len(set(entry.reads)) == len(entry.reads)


@pytest.mark.parametrize("entry", FINDINGS.values(), ids=lambda entry: entry.name)
def test_every_parameter_has_a_kind_that_a_card_can_write(entry: Entry) -> None:
    kinds = {"ValueSet", "int", "float", "Limits", "Factors"}
    for parameter in entry.parameters:
        name = getattr(parameter.kind, "__name__", str(parameter.kind))
        assert name in kinds or parameter.kind in (tuple[Syndrome, ...], tuple[ValueSet, ...])


def test_a_finding_without_a_meaning_is_refused() -> None:
    def undocumented(chart: Chart) -> Finding:
        raise NotImplementedError

    with pytest.raises(ValueError, match="undocumented: a docstring, a name of its own and known sections are needed"):
        finding(reads=("problems",))(undocumented)


def test_a_finding_that_reads_an_unknown_section_is_refused() -> None:
    def astray(chart: Chart) -> Finding:
        """Reads what nobody can read."""
        raise NotImplementedError

    with pytest.raises(ValueError, match="astray"):
        finding(reads=("prolems",))(astray)
    assert "astray" not in FINDINGS


def test_a_name_is_given_once() -> None:
    def adult(chart: Chart) -> Finding:
        """Another one of that name."""
        raise NotImplementedError

    with pytest.raises(ValueError, match="adult"):
        finding(reads=())(adult)
    with pytest.raises(ValueError, match="unread_data"):
        phrase(reads=())(PHRASES["unread_data"].say)


def test_the_parameters_are_those_of_the_function() -> None:
    assert FINDINGS["ordering_pair"].parameters == (Parameter("one", ValueSet, True), Parameter("other", ValueSet, True))
    assert FINDINGS["adult"].parameters == ()


def test_the_concepts_that_python_relies_on_are_named() -> None:
    assert {"opioid-analgesics", "piriformis-syndrome", "egfr"} <= CONCEPTS


# -- phrases ----------------------------------------------------------------------------------------------------------------

EMPTY = [
    pytest.param((), id="an empty chart"),
    pytest.param((person(None),), id="nobody"),
    pytest.param((problem("sciatica"),), id="one problem"),
    pytest.param(tuple(gap(section) for section in SECTIONS), id="nothing could be read"),
]
FALSE_COMFORT = re.compile(
    r"no red flag|normal (renal|kidney)|(renal|kidney) function is normal|not pregnant|excluded|ruled out|no cancer", re.I
)


@pytest.mark.parametrize("parts", EMPTY)
@pytest.mark.parametrize("name", PHRASES)
def test_a_phrase_speaks_of_an_empty_chart_without_false_comfort(name: str, parts: tuple[object, ...]) -> None:
    said = PHRASES[name].say(chart(*parts))
    words = said if isinstance(said, str) else " ".join(said)
    assert isinstance(said, str | tuple)
    assert not FALSE_COMFORT.search(words)
    assert "None" not in words


@pytest.mark.parametrize("name", PHRASES)
def test_every_phrase_says_what_it_means_and_what_it_reads(name: str) -> None:
    assert len(PHRASES[name].meaning) > 20
    assert set(PHRASES[name].reads) <= set(SECTIONS)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("syndromes_found", "none"),
        ("other_syndromes", ""),
        ("trials_found", "no tricyclic, SNRI or gabapentinoid"),
        (
            "kidney_values",
            "no eGFR within 365 days; creatinine clearance not computed (needs creatinine, weight, age and sex)",
        ),
        ("physiotherapy_so_far", "No visit recorded"),
        ("outcome_so_far", "no outcome recorded"),
        ("opioid_and_gabapentinoid", ""),
        ("unread_data", ()),
    ],
)
def test_what_a_phrase_says_of_an_empty_chart(name: str, said: str | tuple[str, ...]) -> None:
    assert PHRASES[name].say(chart()) == said


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("sciatica",), ""),
        (("sciatica", "piriformis-syndrome"), "Also recorded: sciatica."),
        (("piriformis-syndrome", "hamstring-strain", "sciatica"), "Also recorded: piriformis syndrome, sciatica."),
        (("sciatica", "deep-gluteal-syndrome"), "Also recorded: deep gluteal syndrome."),
    ],
)
def test_the_other_syndromes_are_named_beside_the_first(names: tuple[str, ...], said: str) -> None:
    assert PHRASES["other_syndromes"].say(chart(*(problem(name) for name in names))) == said


def test_the_kidney_text_says_when_results_could_not_be_read() -> None:
    said = PHRASES["kidney_values"].say(chart(gap("readings")))
    assert "could not be read" in said


def test_the_trials_text_says_when_medicines_could_not_be_read() -> None:
    said = PHRASES["trials_found"].say(chart(gap("medicines")))
    assert "could not be read" in said
