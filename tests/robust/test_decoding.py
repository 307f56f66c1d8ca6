"""Bodies that are decoded as far as they are read say the same as whole ones, in whatever form they come."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC
from functools import cache
from typing import Any

import orjson
import pytest
from msgspec import Raw
from mutations import FORMS, REQUESTS, mutations, paths, with_

from cds_service import create_app, packaged_cards
from cds_service.check import CASE_DAY, case_settings
from cds_service.content.case_charts import BadCase, request_for
from cds_service.content.loader import load
from cds_service.fhir import elements
from cds_service.fhir.client import FhirClient
from cds_service.fhir.decoding import _ALL_HAVE, ELEMENTS, hook_body
from cds_service.fhir.lens import Lens
from cds_service.fhir.meanings import Meanings, Remembered
from cds_service.fhir.medicines import Pharmacopoeia
from cds_service.fhir.prefetch import SOURCES, Page, Records
from cds_service.fhir.reader import Reader
from cds_service.fhir.versions import SIGNS
from cds_service.pathway.chart import Chart
from cds_service.web.repeats import refuse_hidden

STEP = 1 if os.environ.get("HYPOTHESIS_PROFILE") == "slow" else 23
SNOMED = "http://snomed.info/sct"
CASES = [case for case in mutations() if case.path[:1] == ("prefetch",) and case.path[1:2] and case.path[1] in ELEMENTS]


@cache
def medicines() -> Pharmacopoeia:
    return Pharmacopoeia(load(packaged_cards()).terminology)


def read(body: Any) -> Chart:
    """The chart of what is in prefetch, with its gaps."""
    records = Records()
    for source in SOURCES:
        records.take(source, body["prefetch"].get(source.resource_type))
    return Reader(Lens(records, body["context"]["patientId"], medicines(), CASE_DAY, UTC)).chart()


@cache
def of_the_cards() -> list[Any]:
    """The requests of the cases beside the cards: every kind of record is in some of them."""
    library, found = load(packaged_cards()), []
    for card in library.recommendations:
        for case in library.cases[card.id]:
            with suppress(BadCase):
                found.append(request_for(library.terminology, case.get("given", {}), card.hooks[0].value, CASE_DAY))
    return found


def odd_bodies() -> Iterator[Any]:
    """Records in odd forms: those of the recorded requests, and of every kind that they do not have."""
    for case in CASES[::STEP]:
        yield case.body()
    for kind in ELEMENTS.keys() - {case.path[1] for case in CASES}:
        have = [body for body in of_the_cards() if body["prefetch"].get(kind, {}).get("entry")]
        assert have
        for body in have[:: max(len(have) // 5, 1)]:
            for number, path in enumerate(paths(body["prefetch"][kind], ("prefetch", kind))):
                yield with_(body, path, list(FORMS.values())[number % len(FORMS)])


def text_of(body: Any) -> bytes:
    return json.dumps(body).encode()


@pytest.mark.parametrize("name", REQUESTS)
def test_recorded_requests_are_decoded_in_the_short_way(name: str) -> None:
    """Otherwise the other tests here would compare nothing."""
    text = text_of(REQUESTS[name])
    body = hook_body(text)
    bundles = [kind for kind, value in REQUESTS[name]["prefetch"].items() if value and value["resourceType"] == "Bundle"]
    if name != "deep-gluteal-medicines-refused":  # a server's error in place of a Bundle
        assert all(isinstance(body["prefetch"][kind], Page) for kind in bundles if kind in ELEMENTS)
    assert read(body) == read(orjson.loads(text))
    refuse_hidden(text, body)


def test_odd_ones_say_the_same_either_way() -> None:
    compared = different = 0
    for body in odd_bodies():
        text = text_of(body)
        one, other = read(hook_body(text)), read(orjson.loads(text))
        compared += 1
        # A number in place of an id is written in another way.
        different += one != other and "1e+30" not in str(other) and str(10**30) not in str(one)
    assert (different, compared > 300) == (0, True)


def test_requests_of_the_cards_say_the_same_either_way() -> None:
    for body in of_the_cards()[:: 1 if STEP == 1 else 7]:
        assert read(hook_body(text_of(body))) == read(body)


def chart_with(*entries: Any, kind: str = "Condition") -> Any:
    return {"context": {"patientId": "p1"}, "prefetch": {kind: {"resourceType": "Bundle", "entry": list(entries)}}}


SCIATICA = {
    "resourceType": "Condition",
    "id": "c1",
    "subject": {"reference": "Patient/p1"},
    "code": {"coding": [{"system": SNOMED, "code": "23056005", "display": "Sciatica"}]},
    "clinicalStatus": {"coding": [{"code": "active"}]},
}
OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "security"}]}


@pytest.mark.parametrize(
    "entry",
    [
        None,
        {},
        {"resource": None},
        {"resource": OUTCOME, "search": {"mode": "outcome"}},
        {"resource": {"resourceType": "Provenance", "id": "1"}, "search": {"mode": "include"}},
        {"resource": {"id": "2"}},
        {"resource": {**SCIATICA, "subject": {"reference": "Patient/somebody"}}},
        {"resource": {**SCIATICA, "subject": None, "patient": {"reference": "Patient/p1"}}},
        {"resource": {**SCIATICA, "subject": {}}},
        {"resource": {key: value for key, value in SCIATICA.items() if key != "subject"}},
    ],
    ids=str,
)
@pytest.mark.parametrize("kind", ELEMENTS)
def test_what_stands_beside_a_resource_is_told_the_same(kind: str, entry: Any) -> None:
    body = chart_with({"resource": {**SCIATICA, "resourceType": kind}}, entry, kind=kind)
    assert read(hook_body(text_of(body))) == read(body)


def test_an_error_of_the_server_does_not_take_the_short_way_from_the_rest() -> None:
    page = hook_body(text_of(chart_with({"resource": SCIATICA}, {"resource": OUTCOME})))["prefetch"]["Condition"]
    assert isinstance(page, Page)
    assert (len(page.sent), page.others) == (1, [{"resource": OUTCOME}])


def test_a_medication_that_is_included_is_found() -> None:
    pointing = {
        "resourceType": "MedicationRequest",
        "id": "m1",
        "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/p1"},
        "medicationReference": {"reference": "Medication/7"},
    }
    naproxen = {"resourceType": "Medication", "id": "7", "code": {"text": "naproxen 500 MG Oral Tablet"}}
    body = chart_with({"resource": pointing}, {"resource": naproxen, "search": {"mode": "include"}}, kind="MedicationRequest")
    decoded = hook_body(text_of(body))
    assert isinstance(decoded["prefetch"]["MedicationRequest"], Page)
    assert read(decoded) == read(body)
    assert [m.name for m in read(decoded).medicines] == ["naproxen 500 MG Oral Tablet"]


class Watched(dict[str, Any]):
    """A resource that notes which of its elements are asked for."""

    asked: set[str]

    def get(self, name: str, otherwise: Any = None) -> Any:
        self.asked.add(name)
        return super().get(name, otherwise)

    def __getitem__(self, name: str) -> Any:
        self.asked.add(name)
        return super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        self.asked.add(str(name))
        return super().__contains__(name)


def test_nothing_is_asked_for_that_is_not_decoded() -> None:
    asked: dict[str, set[str]] = {kind: {"resourceType"} for kind in ELEMENTS}
    for body in of_the_cards():
        records = Records()
        for source in SOURCES:
            records.take(source, body["prefetch"].get(source.resource_type))
        for kind in ELEMENTS:
            for place, resource in enumerate(records.resources.get(kind, ())):
                watched = Watched(resource)
                watched.asked = asked[kind]
                records.resources[kind][place] = watched
        Reader(Lens(records, body["context"]["patientId"], medicines(), CASE_DAY, UTC)).chart()
    for kind, names in asked.items():
        decoded = {"resourceType", *_ALL_HAVE, *ELEMENTS[kind], *SIGNS.get(kind, ())}
        assert names <= decoded
        assert {"id", "subject", "status" if kind != "Condition" else "clinicalStatus"} <= names


def test_text_that_is_not_utf_8_is_seen_in_what_is_passed_over() -> None:
    client = create_app(case_settings()).test_client()
    body = json.dumps(REQUESTS["piriformis-patient-view"])
    url = "/cds-services/posterior-hip-pain-patient-view"
    good = body.replace('"prefetch":', '"extension": {"a": "\u00fc"}, "prefetch":', 1)
    assert client.post(url, data=good.encode(), content_type="application/json").status_code == 200
    assert client.post(url, data=good.encode("latin-1"), content_type="application/json").status_code == 400


def concept(display: str, text: str | None = None, code: str = "23056005") -> Raw:
    said = {"coding": [{"system": SNOMED, "code": code, "display": display}]} | ({"text": text} if text else {})
    return Raw(json.dumps(said).encode())


def test_only_what_a_terminology_says_is_remembered() -> None:
    terminology = medicines().terminology
    meanings = Meanings(terminology.codes.of, terminology.words.of)
    assert meanings.of(concept("Sciatica")) is meanings.of(concept("Sciatica"))
    assert meanings.of(concept("Sciatica", "Sciatica")) is meanings.of(concept("Sciatica", "Sciatica"))
    typed = concept("Sciatica", "sciatica since the accident with his brother")
    assert meanings.of(typed) is not meanings.of(typed)
    words = Raw(b'{"text": "Sciatica"}')
    assert meanings.of(words) is not meanings.of(words)
    assert "sciatica" in meanings.of(words).by_words


def test_what_is_remembered_has_an_end() -> None:
    meanings = Meanings(lambda system, code: frozenset(), lambda text: frozenset())
    for number in range(Remembered.most + 10):
        meanings.of(concept("x", code=str(number)))
    assert len(meanings._known) == len(meanings.silent) == 10


def test_what_is_long_is_not_remembered() -> None:
    """The number of things that are remembered is bounded; without this their size would not be."""
    terminology = medicines().terminology
    meanings = Meanings(terminology.codes.of, terminology.words.of)
    long = concept("Sciatica " * 1000)
    assert meanings.of(long).by_code == meanings.of(concept("Sciatica")).by_code
    assert meanings.of(long) is not meanings.of(long)
    silent = concept("x" * 5000, code="0")
    assert (meanings.of(silent).by_code, meanings.silent) == (frozenset(), set())
    naproxen = [{"coding": [{"system": "urn:x", "code": "1", "display": "naproxen " + "x" * 5000}]}]
    assert medicines().drug(naproxen) is not medicines().drug(naproxen)
    assert "med-nsaid-oral" in medicines().drug(naproxen).classes
    held = elements._token_of.cache_info().currsize
    assert elements.token(Raw(json.dumps({"coding": [{"code": "a" * 5000}]}).encode())) == "a" * 5000
    assert elements._token_of.cache_info().currsize == held
    client = FhirClient(("http://fhir.example",), 1.0)
    assert [client.allows(base) for base in ("http://other.example/" + "x" * 5000, "http://fhir.example")] == [False, True]
    assert client._allowed_before.cache_info().currsize == 1
