"""Small pieces of FHIR JSON: dates as they are written, codings wherever they stand, and numbers in quotes."""

from __future__ import annotations

import time
from datetime import UTC, date, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from fhir_support import lens

from cds_service.fhir.elements import codings, items, local_id, number, read, reference, texts, token, when
from cds_service.pathway.dates import When

SYDNEY, CHICAGO = ZoneInfo("Australia/Sydney"), ZoneInfo("America/Chicago")
MARCH_2 = When(date(2026, 3, 2), date(2026, 3, 2))
MARCH_1 = When(date(2026, 3, 1), date(2026, 3, 1))
MARCH_3 = When(date(2026, 3, 3), date(2026, 3, 3))


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-02",
        " 2026-03-02 ",
        "2026-03-02T12:00:00Z",
        "2026-03-02T12:00:00.123Z",
        "2026-03-02T12:00:00.1234567Z",
        "2026-03-02T12:00:00+00:00",
        "2026-03-02T12:00:00+0000",
        "2026-03-02T12:00Z",
        "2026-03-02T12:00:00",
        "2026-03-02T23:59:59-00:00",
        "2026-03-02T02:00:00+01:00",
    ],
)
def test_a_day_is_read_from_every_way_of_writing_it(text: str) -> None:
    assert when(text, UTC) == MARCH_2


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026", date(2026, 1, 1), date(2026, 12, 31)),
        ("2026-02", date(2026, 2, 1), date(2026, 2, 28)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2026-12", date(2026, 12, 1), date(2026, 12, 31)),
    ],
)
def test_a_year_or_a_month_is_a_range(text: str, first: date, last: date) -> None:
    assert when(text, UTC) == When(first, last)


@pytest.mark.parametrize(
    "value",
    ["", " ", "soon", "2026-13", "2026-02-30", "0000", "12", "2026-00-01", None, 2026, ["2026"], {}, "9999-12-99", "9999-12"],
)
def test_what_is_no_date_is_no_date_and_no_crash(value: Any) -> None:
    found = when(value, UTC)
    assert found is None or found.latest <= date.max


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("2026-03-02T23:30:00Z", SYDNEY, MARCH_3),
        ("2026-03-02T02:00:00Z", CHICAGO, MARCH_1),
        ("2026-03-02T23:30:00-06:00", UTC, MARCH_3),
        ("2026-03-02T23:30:00-06:00", CHICAGO, MARCH_2),
        ("2026-03-02T01:00:00+11:00", UTC, MARCH_1),
        ("2026-03-02T01:00:00", SYDNEY, MARCH_2),
        ("2026-03-02", SYDNEY, MARCH_2),
    ],
)
def test_an_instant_is_a_local_day_of_the_site(text: str, zone: tzinfo, expected: When) -> None:
    assert when(text, zone) == expected


def test_the_edge_of_the_calendar_does_not_crash_in_another_zone() -> None:
    assert when("0001-01-01T00:00:00Z", CHICAGO) is None


def test_the_first_element_that_holds_a_date_counts() -> None:
    resource = {"onsetString": "last year", "onsetPeriod": {"start": "2026-03-02"}, "recordedDate": "2020"}
    first_of = lens([]).when
    assert first_of(resource, "onsetDateTime", "onsetPeriod", "recordedDate") == MARCH_2
    assert first_of({"a": "nonsense", "b": "2026-03-02"}, "a", "b") == MARCH_2
    assert first_of({}, "a") is None


@pytest.mark.parametrize(
    ("concept", "expected"),
    [
        pytest.param(
            {"coding": [{"system": "s", "code": "a"}, {"code": "b", "display": "B"}]}, [("s", "a", ""), ("", "b", "B")], id="all"
        ),
        pytest.param({"coding": {"system": "s", "code": "a"}}, [("s", "a", "")], id="an object where a list belongs"),
        pytest.param(
            [{"coding": [{"code": "a"}]}, {"coding": [{"code": "b"}]}], [("", "a", ""), ("", "b", "")], id="several concepts"
        ),
        pytest.param({"system": "s", "code": "a"}, [("s", "a", "")], id="a bare coding"),
        pytest.param({"coding": [{"system": "s ", "code": " a "}]}, [("s", "a", "")], id="blanks at the ends"),
        pytest.param(
            {"coding": [{}, None, "x", {"code": None}, {"code": 5}, {"display": "only"}]}, [], id="nothing that is a code"
        ),
        pytest.param({"coding": []}, [], id="an empty list"),
        pytest.param({"text": "words"}, [], id="words only"),
        pytest.param({}, [], id="empty"),
        pytest.param(None, [], id="nothing"),
        pytest.param("code", [], id="a string"),
    ],
)
def test_every_coding_is_read(concept: Any, expected: list[tuple[str, str, str]]) -> None:
    assert list(codings(concept)) == expected


def test_texts_are_the_text_and_the_displays() -> None:
    concept = {"text": "Sciatica", "coding": [{"display": "Sciatica, right side"}, {"display": " "}, {}]}
    assert texts(concept) == ["Sciatica", "Sciatica, right side"]
    assert texts([{"text": "one"}, "two", None, {"text": 3}]) == ["one", "two"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Active ", "active"),
        ({"coding": [{"code": "ACTIVE"}]}, "active"),
        (None, ""),
        ({}, ""),
        ({"text": "active"}, ""),
        (["x"], ""),
    ],
)
def test_a_status_is_a_code_or_the_first_code_of_a_concept(value: Any, expected: str) -> None:
    assert token(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (7, 7.0),
        (1.1, 1.1),
        ("7", 7.0),
        ("1.50", 1.5),
        (">90", None),
        ("", None),
        (True, None),
        (None, None),
        ("nan", None),
        ("inf", None),
    ],
)
def test_a_number_may_stand_in_quotes(value: Any, expected: float | None) -> None:
    assert number(value) == expected


def test_a_list_of_what_is_there() -> None:
    assert items(None) == []
    assert items({"a": 1}) == [{"a": 1}]
    assert items([1, 2]) == [1, 2]


@pytest.mark.parametrize(
    ("text", "identity"),
    [
        ("Patient/1", "1"),
        ("https://ehr.example/fhir/Patient/1", "1"),
        ("Patient/1/_history/3", "1"),
        ("1", "1"),
        ("Patient/1/", "1"),
        ("", ""),
    ],
)
def test_the_id_stands_at_the_end_of_a_reference(text: str, identity: str) -> None:
    assert local_id(text) == identity


def test_a_reference_is_its_text() -> None:
    assert reference({"reference": " Patient/1 "}) == "Patient/1"
    assert reference({"identifier": {"value": "x"}}) == ""
    assert reference({"reference": 5}) == ""
    assert reference(None) == ""


def test_many_words_in_one_concept_take_time_in_proportion() -> None:
    """Ten megabytes of different displays took an hour when each was looked for among all others."""
    concept = {"coding": [{"code": "1", "display": f"display {n}"} for n in range(100_000)]}
    started = time.process_time()
    assert len(read(concept)[1]) == len(texts(concept)) == 100_000
    assert time.process_time() - started < 2
