"""What is made once for all answers: it is shared and never changed. What is made for each: identities, and words of a record."""

from __future__ import annotations

import copy
import json
import re
import uuid
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from cds_service import Runtime
from cds_service.check import case_settings
from cds_service.compose import CardForm, escape
from cds_service.compose.text import Template
from cds_service.fhir.orders import DraftForm, Session, Subject
from cds_service.ids import new_uuids
from cds_service.pathway.chart import Chart
from cds_service.pathway.decide import Outcome
from cds_service.pathway.recommendation import Hook
from cds_service.pathway.vocabulary import PHRASES, Phrase
from cds_service.web.protocol import parse

REQUESTS = sorted((Path(__file__).parents[1] / "fhir_fixtures" / "requests").glob("*.json"))
TODAY = date(2026, 3, 2)
CHART = Chart(TODAY)


# -- identities -------------------------------------------------------------------------------------------------------------


def test_identities_are_version_4_uuids_as_they_are_written() -> None:
    for found in islice(new_uuids(), 2000):
        read = uuid.UUID(found)
        assert (str(read), read.version, read.variant) == (found, 4, uuid.RFC_4122)


def test_no_identity_is_given_twice() -> None:
    assert len({*islice(new_uuids(), 2000), *islice(new_uuids(), 2000)}) == 4000


def test_every_digit_behind_the_moment_varies() -> None:
    drawn = list(islice(new_uuids(), 2000))
    for place in range(15, 36):
        wanted = {"-"} if place in (18, 23) else set("89ab" if place == 19 else "0123456789abcdef")
        assert {one[place] for one in drawn} == wanted


# -- words of a record ------------------------------------------------------------------------------------------------------


def test_words_of_a_record_are_escaped_and_stand_on_one_line() -> None:
    assert escape(" Pain <b>in</b>\n the *hip*\t(left) ") == r"Pain \<b\>in\</b\> the \*hip\* \(left\)"


def test_every_character_is_escaped_as_the_rules_of_markdown_ask() -> None:
    for code in range(0x10000):
        text = f"a{chr(code)}b"
        wanted = re.sub(r"([\\`*_{}\[\]()#+|<>~!$&])", r"\\\1", re.sub(r"\s+", " ", text).strip())
        assert escape(text) == wanted, hex(code)


# -- templates --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def phrases(monkeypatch: pytest.MonkeyPatch) -> None:
    said: dict[str, str | tuple[str, ...]] = {"word": "a_b", "other": "c", "nothing": "", "items": ("x", "*y"), "none": ()}
    for name, value in said.items():
        monkeypatch.setitem(PHRASES, name, Phrase(name, lambda _, value=value: value, (), ""))  # type: ignore[misc]


@pytest.mark.usefixtures("phrases")
@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("One line.", "One line."),
        ("\n First. \n\n  Second.\n", "First. \n\n  Second."),
        ("{word} and {other}, {word}", r"a\_b and c, a\_b"),
        ("Before.\n- {nothing}\nAfter.", "Before.\nAfter."),
        ("Before {nothing}.", "Before ."),
        ("Listed:\n{items}\nAfter.", "Listed:\n- x\n- \\*y\nAfter."),
        ("Listed:\n{none}\nAfter.", "After."),
        ("Not a heading.\n{none}", "Not a heading."),
        ("{word} {items}", "- x\n- \\*y"),
        ("{skipped_checks}", ""),
    ],
)
def test_a_template_is_filled_from_the_chart(text: str, filled: str) -> None:
    template = Template(text)
    assert template.fill(CHART, Outcome()) == filled
    assert template.fill(CHART, Outcome()) == filled


# -- what answers share -----------------------------------------------------------------------------------------------------


def _plain(value: Any) -> Any:
    """Everything below a form as plain data, to be compared."""
    if isinstance(value, dict):
        return {str(key): _plain(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if type(value).__module__ in (CardForm.__module__, Template.__module__, DraftForm.__module__):
        return _plain({key: member for key, member in vars(value).items() if key not in ("_of_day", "spec", "variant")})
    return value if isinstance(value, str | int | float | None) else repr(type(value))


def test_no_answer_changes_what_all_answers_share() -> None:
    runtime = Runtime.build(case_settings())
    pipeline = runtime.pipeline
    forms = pipeline._forms
    before = copy.deepcopy(_plain(forms))
    assert "Drafted from card" in json.dumps(before)  # it goes down to the drafts
    shown = 0
    for path in REQUESTS:
        raw = json.loads(path.read_text())
        service = runtime.services[f"posterior-hip-pain-{raw['hook']}"]
        request = parse(raw, Hook(raw["hook"]))
        for pages in (None, "https://cds.example/cards"):
            if request:
                shown += len(pipeline.run(service, request, TODAY, pages).cards)
    assert shown > 10
    assert _plain(forms) == before


def test_drafts_of_two_patients_share_no_member_that_names_one() -> None:
    form = DraftForm("ServiceRequest", {"code": {"text": "Physiotherapy"}}, frozenset(), "note")
    one, other = (form.draft(Subject(Session(name, f"e-{name}", TODAY, "", (f"Condition/{name}",)))) for name in ("p1", "p2"))
    assert (one["subject"], other["subject"]) == ({"reference": "Patient/p1"}, {"reference": "Patient/p2"})
    assert (one["encounter"], one["reasonReference"]) == ({"reference": "Encounter/e-p1"}, [{"reference": "Condition/p1"}])
    assert one["code"] is other["code"]
    assert one["note"] is other["note"]


def test_the_dates_of_a_form_follow_the_day() -> None:
    form = DraftForm("Task", {"restriction": {"period": {"end": "@today+1d"}}}, frozenset({"restriction"}), "note")
    for day, end in ((2, "2026-03-03"), (3, "2026-03-04"), (2, "2026-03-03")):
        assert form.draft(Subject(Session("p", None, date(2026, 3, day), "")))["restriction"] == {"period": {"end": end}}


@pytest.mark.parametrize(
    ("kind", "template", "member", "told"),
    [
        (
            "Task",
            {"note": [{"time": "@today", "text": "First."}]},
            "note",
            [{"time": "2026-03-02", "text": "First."}, {"text": "n"}],
        ),
        ("Appointment", {"comment": "@today"}, "comment", "2026-03-02 n"),
    ],
)
def test_a_note_with_a_date_keeps_what_is_said_behind_it(kind: str, template: dict[str, Any], member: str, told: Any) -> None:
    assert DraftForm(kind, template, frozenset({member}), "n").draft(Subject(Session("p", None, TODAY, "")))[member] == told
