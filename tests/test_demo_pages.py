"""The pages of the demo without a browser: every persona, every order, every change, every kind of own data."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urljoin
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from ruamel.yaml import YAML

from cds_service import create_app
from cds_service.config import Settings
from cds_service.demo import demo_app, fixtures_folder
from cds_service.demo.docs import Interface
from cds_service.demo.menu import Menu
from cds_service.demo.own import NotUsable, read_own
from cds_service.demo.personas import Charts
from cds_service.demo.picture import pathway
from cds_service.demo.rows import rows
from cds_service.demo.timeline import timeline
from cds_service.demo.what_if import FACTS, Changes, NoSuchChange, changed, changes_from, earlier
from cds_service.demo.wire import prefetch_of
from cds_service.fhir.orders import problems_with
from cds_service.pathway.chart import Chart
from cds_service.pathway.stages import Clock, places
from cds_service.web.operations import openapi_file

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
TODAY = NOW.date()
SETTINGS = Settings(now=NOW, log_level="CRITICAL")
PERSONAS = Charts.load(fixtures_folder()).personas
MENU = Menu.load(fixtures_folder())
ITEMS = [item for items in MENU.groups.values() for item in items]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    folder = tmp_path_factory.mktemp("memory")
    return demo_app(Settings(now=NOW, log_level="CRITICAL", database_url=f"sqlite:///{folder}/m.sqlite3")).test_client()


@pytest.fixture(scope="module")
def library(client: FlaskClient) -> Any:
    return client.application.extensions["runtime"].library


class Visitor:
    """Somebody who clicks: one visit, by its forms."""

    def __init__(self, client: FlaskClient, opened: Any) -> None:
        assert opened.status_code == 303, opened.get_data(as_text=True)
        self._client = client
        self.path = urljoin(opened.request.path, opened.headers["Location"])

    @property
    def page(self) -> str:
        return self._client.get(self.path).get_data(as_text=True)

    @property
    def cards(self) -> tuple[str, ...]:
        return tuple(re.findall(r'<article [^>]*id="card-([\w-]+)"', self.page))

    @property
    def notice(self) -> str:
        found = re.search(r'id="notice">([^<]*)<', self.page)
        assert found
        return html.unescape(found[1])

    @property
    def drafts(self) -> list[str]:
        return re.findall(r"<li><span><strong>([^<]*)</strong>", self.page)

    def do(self, step: str, **form: Any) -> Visitor:
        assert self._client.post(f"{self.path}/{step}", data=form).status_code == 303
        return self

    def hidden(self, name: str) -> str:
        found = re.search(rf'name="{name}" value="([^"]+)"', self.page)
        assert found
        return found[1]


def visitor(client: FlaskClient, persona: str) -> Visitor:
    return Visitor(client, client.get(f"/patients/{persona}"))


def own(client: FlaskClient, data: Any) -> Any:
    return client.post("/own", data={"text": data if isinstance(data, str) else json.dumps(data)})


# -- visits -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("persona", PERSONAS, ids=lambda persona: persona.id)
def test_a_persona_gets_the_cards_that_it_promises(client: FlaskClient, persona: Any) -> None:
    """The same as over the FHIR endpoint in the manner of the public sandbox (test_demo.py)."""
    visit = visitor(client, persona.id)
    assert visit.cards == persona.patient_view
    assert "Status 4" not in visit.page


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.key)
def test_every_order_of_the_menu_is_fhir_and_is_understood(client: FlaskClient, item: Any) -> None:
    draft = MENU.draft(item.key, "draft-1", "deep-gluteal", "2026-03-02")
    assert problems_with(draft) == []
    visit = visitor(client, "deep-gluteal").do("order", order=item.key)
    assert visit.drafts == [(draft.get("medicationCodeableConcept") or draft["code"])["text"]]
    assert "Not classified" not in visit.page
    assert "Not read" not in visit.page


def test_cards_of_another_hook_are_not_said_to_be_gone(client: FlaskClient) -> None:
    visit = visitor(client, "piriformis").do("order", order="oxycodone")
    assert visit.notice == "1 card."
    visit.do("what-if", added="Foot drop, ten days")
    assert "Gone: No adequate first-line" in visit.notice


def test_an_unknown_order_is_told(client: FlaskClient) -> None:
    assert visitor(client, "piriformis").do("order", order="aspirin").notice == "That order is not on the list."


def test_a_visit_does_not_silence_the_next(client: FlaskClient) -> None:
    first = visitor(client, "piriformis")
    first.do("dismiss", card=first.hidden("card"), reason="").do("open")
    assert first.cards == ("neuropathic-first-line-options",)
    assert "At rest" in first.page
    assert visitor(client, "piriformis").cards == ("physio-start-piriformis", "neuropathic-first-line-options")


@pytest.mark.parametrize(
    ("step", "form", "said"),
    [
        ("accept", {"card": "x", "suggestion": "y"}, "That card is gone."),
        ("dismiss", {"card": "x"}, "That card is gone."),
        ("undo", {"card": "x"}, "Nothing was done with this card, or it has been sent already."),
        ("what-if", {"age": "old"}, "age: a number from 0 to 120 is needed."),
        ("what-if", {"pain": "11"}, "pain: a number from 0 to 10 is needed."),
        ("what-if", {"egfr": "nan"}, "egfr: a number from 0 to 200 is needed."),
        ("what-if", {"added": "Luck"}, "That fact is not on the list."),
        ("what-if", {"sex": "other"}, "That fact is not on the list."),
    ],
)
def test_what_cannot_be_done_is_told_and_changes_nothing(client: FlaskClient, step: str, form: dict[str, str], said: str) -> None:
    visit = visitor(client, "piriformis")
    before = visit.cards
    visit.do(step, **form)
    assert visit.notice == said
    assert visit.cards == before


def test_a_foreign_suggestion_or_reason_is_refused(client: FlaskClient) -> None:
    visit = visitor(client, "piriformis")
    card = visit.hidden("card")
    assert visit.do("accept", card=card, suggestion="x").notice == "That suggestion is gone."
    assert visit.do("dismiss", card=card, reason="tired").notice == "That reason is not one of this card's."


def test_feedback_that_is_not_stored_is_kept_and_the_drafts_too() -> None:
    """Without a memory the endpoint answers 503."""
    client = demo_app(SETTINGS).test_client()
    visit = visitor(client, "piriformis").do("order", order="oxycodone")
    suggestion = re.search(r'name="suggestion" value="([^"]+)"', visit.page)
    assert suggestion
    visit.do("accept", card=visit.hidden("card"), suggestion=suggestion[1]).do("feedback")
    assert "could not store this" in visit.notice
    assert visit.drafts == ["nortriptyline 10 MG Oral Capsule"]
    visit.do("feedback")
    assert len(re.findall(r"<strong>\d+\. feedback</strong>", visit.page)) == 2, "what was not stored is sent again"


def test_the_oldest_visits_make_room(client: FlaskClient) -> None:
    first = visitor(client, "healthy")
    for _ in range(100):
        visitor(client, "healthy")
    answer = client.get(first.path)
    assert answer.status_code == 404
    assert "This visit is over" in answer.get_data(as_text=True)
    assert answer.mimetype == "text/html"


@pytest.mark.parametrize("path", ["/patients/nobody", "/visits/nothing"])
def test_what_is_not_there_is_told_as_a_page(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.mimetype) == (404, "text/html")


def test_an_unknown_step_is_told(client: FlaskClient) -> None:
    assert client.post(f"{visitor(client, 'healthy').path}/dance").status_code == 404


def test_serve_has_nothing_of_the_demo() -> None:
    service = create_app(SETTINGS).test_client()
    for path in ("/", "/docs", "/patients/piriformis", "/visits/x", "/demo/demo.css", "/fhir/metadata", "/own"):
        assert service.get(path).status_code == 404, path
    assert "demo" not in service.application.blueprints


# -- what if ----------------------------------------------------------------------------------------------------------------


def chart_of(persona: str) -> list[dict[str, Any]]:
    charts = Charts.load(fixtures_folder())
    return [r for of_type in charts.on(TODAY).values() for r in of_type if persona in json.dumps(r)]


@pytest.mark.parametrize("name", [name for group in FACTS.values() for name in group])
def test_every_fact_can_be_added_and_is_read(client: FlaskClient, name: str) -> None:
    visit = visitor(client, "deep-gluteal").do("what-if", added=name)
    assert "Not read" not in visit.page
    assert "Not classified" not in visit.page
    assert f"Now: {name}." in visit.page


def test_nothing_changed_is_the_chart_itself(library: Any) -> None:
    chart = chart_of("six-weeks")
    assert changed(chart, "six-weeks", Changes(), library.terminology, TODAY) == chart


def test_changes_are_about_the_patient_and_valid(library: Any) -> None:
    changes = Changes(age=70, sex="female", egfr=25, pain=3, added=("Pregnancy", "Lorazepam, 60 days"))
    found = changed(chart_of("six-weeks"), "six-weeks", changes, library.terminology, TODAY)
    person = next(r for r in found if r["resourceType"] == "Patient")
    assert (person["gender"], person["birthDate"]) == ("female", "1956-03-02")
    added = [r for r in found if r["id"].startswith("what-if")]
    assert [r["resourceType"] for r in added] == ["Observation", "MedicationRequest", "Observation", "Observation"]
    assert {r["subject"]["reference"] for r in added} == {"Patient/six-weeks"}
    assert len({r["id"] for r in added}) == 4
    assert changes.said == ["age 70", "female", "eGFR 25", "pain 3", "Pregnancy", "Lorazepam, 60 days"]


def test_an_entry_that_is_left_out_is_gone(library: Any) -> None:
    changes = Changes(without=frozenset({"Condition/six-weeks-problem-1"}))
    found = changed(chart_of("six-weeks"), "six-weeks", changes, library.terminology, TODAY)
    assert "Condition" not in {r["resourceType"] for r in found}
    assert changes.said == ["1 left out"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-03-02", "2026-01-19"),
        ("2026-03-02T10:00:00+01:00", "2026-01-19T10:00:00+01:00"),
        ("2026", "2026"),
        ("2026-03", "2026-03"),
        ("2026-13-40", "2026-13-40"),
        ("0001-01-02", "0001-01-02"),
        ("1049621", "1049621"),
        (7, 7),
    ],
)
def test_days_that_pass_move_full_dates_only(value: Any, expected: Any) -> None:
    assert earlier({"a": [value]}, 42) == {"a": [expected]}


def test_an_empty_form_changes_nothing() -> None:
    assert changes_from({"age": "", "egfr": " ", "pain": "", "later": "", "sex": ""}, [], []) == Changes()
    assert changes_from({"age": "0", "pain": "0"}, [], []) == Changes(age=0, pain=0)
    with pytest.raises(NoSuchChange):
        changes_from({"later": "3651"}, [], [])


# -- own data ---------------------------------------------------------------------------------------------------------------

PATIENT = {"resourceType": "Patient", "id": "p", "birthDate": "1960-05-05", "gender": "male"}
PROBLEM = {
    "resourceType": "Condition",
    "id": "c",
    "subject": {"reference": "Patient/p"},
    "clinicalStatus": {"coding": [{"code": "active"}]},
    "code": {"text": "Piriformis syndrome"},
    "onsetDateTime": "2026-02-01",
}


def bundle(*resources: Any, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in resources], **more}


@pytest.mark.parametrize(
    "data",
    [bundle(PATIENT, PROBLEM), [PATIENT, PROBLEM], bundle(bundle(PATIENT), bundle(PROBLEM)), [bundle(PROBLEM), PATIENT]],
    ids=["a bundle", "a list", "bundles in a bundle", "both"],
)
def test_own_resources_become_a_chart(client: FlaskClient, data: Any) -> None:
    visit = Visitor(client, own(client, data))
    assert visit.cards == ("physio-start-piriformis", "document-exam-differential")


def test_a_chart_without_a_patient_resource_is_judged_as_far_as_it_goes(client: FlaskClient) -> None:
    assert Visitor(client, own(client, PROBLEM)).cards == ("demographics-missing", "data-incomplete")


def test_addresses_inside_a_bundle_are_followed() -> None:
    problem = {**PROBLEM, "subject": {"reference": "urn:uuid:7"}}
    entries = [{"fullUrl": "urn:uuid:7", "resource": PATIENT}, {"fullUrl": "urn:uuid:8", "resource": problem}]
    found = read_own(json.dumps({"resourceType": "Bundle", "entry": entries}).encode())
    assert found.chart[1]["subject"] == {"reference": "Patient/p"}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("", "Nothing was pasted or chosen"),
        (" \n", "Nothing was pasted or chosen"),
        ('{"a": 1,}', r"line 1, column"),
        ("[]", "neither a hook request nor FHIR"),
        ("7", "neither a hook request nor FHIR"),
        ('{"resourceType": 7}', "neither a hook request nor FHIR"),
        (json.dumps(bundle()), "neither a hook request nor FHIR"),
        (json.dumps({"resourceType": "Location", "id": "l"}), "No resource in it says whose it is"),
        (json.dumps(bundle(PATIENT, {**PATIENT, "id": "q"})), "this holds 2"),
        (json.dumps({"hook": 7}), "`hook` is not one"),
        ("[" * 1020 + "]" * 1020, "nested too deeply"),
        (json.dumps(PATIENT)[:-1] + ', "extension": ' + "[" * 300 + "]" * 300 + "}", "nested too deeply"),
        (json.dumps({"resourceType": "Patient", "name": []}), "The Patient has no id"),
        ("[" * 5000 + "]" * 5000, "This is not JSON"),
    ],
)
def test_what_cannot_be_used_says_why(data: str, said: str) -> None:
    with pytest.raises(NotUsable, match=said):
        read_own(data.encode())


def test_a_mark_before_the_json_is_no_fault() -> None:
    assert read_own(b"\xef\xbb\xbf" + json.dumps(PATIENT).encode()).patient == "p"


def test_entries_without_an_id_can_be_left_out_one_by_one() -> None:
    bare = [{key: value for key, value in PROBLEM.items() if key != "id"}] * 2
    assert len({r["id"] for r in read_own(json.dumps([PATIENT, *bare]).encode()).chart}) == 3


def test_an_order_without_sense_does_not_break_the_page(client: FlaskClient) -> None:
    drafts = bundle(
        *({"resourceType": "MedicationRequest", "id": f"d{n}", "dosageInstruction": n} for n in (5, True, 1.5, [None]))
    )
    context = {"userId": "Practitioner/1", "patientId": "p", "draftOrders": drafts, "selections": []}
    body = {"hook": "order-select", "hookInstance": str(UUID(int=4)), "context": context, "prefetch": {"Condition": None}}
    assert len(Visitor(client, own(client, body)).drafts) == 4


def test_a_request_that_reads_from_a_server_keeps_doing_so(client: FlaskClient) -> None:
    """An empty chart must not stand in for what the service reads itself."""
    context = {"userId": "Practitioner/1", "patientId": "red-flag"}
    body = {"hook": "patient-view", "hookInstance": str(UUID(int=4)), "context": context, "fhirServer": "http://127.0.0.1:9/fhir"}
    visit = Visitor(
        client, own(client, body | {"prefetch": {"Condition": bundle({**PROBLEM, "subject": {"reference": "Patient/red-flag"}})}})
    )
    before = visit.cards
    assert "data-incomplete" in before
    assert visit.do("open").cards == before
    assert "nothing can be changed here" in visit.page


def test_what_a_request_could_not_read_stays_unread(client: FlaskClient) -> None:
    """The medicines were refused: opening the chart again, an order and a changed fact must not turn that into "none"."""
    recorded = (fixtures_folder() / "requests" / "deep-gluteal-medicines-refused.json").read_text()
    visit = Visitor(client, own(client, recorded))
    assert "Not read: MedicationRequest" in visit.page
    for step, form in (("open", {}), ("order", {"order": "tramadol"}), ("what-if", {"age": "60"})):
        assert "Not read: MedicationRequest" in visit.do(step, **form).page, step


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({"resourceType": "OperationOutcome", "issue": []}, True),
        ({**bundle(), "link": [{"relation": "next", "url": "https://ehr.example/2"}]}, True),
        (bundle({"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}), True),
        ({**bundle(), "entry": [{"resource": None}]}, True),
        (bundle(), False),
        (None, False),
    ],
    ids=["failed", "another page", "an error inside", "an entry without a resource", "empty", "null"],
)
def test_a_request_of_ones_own_is_sent_again_as_far_as_it_went(client: FlaskClient, sent: Any, told: bool) -> None:
    context = {"userId": "Practitioner/1", "patientId": "p"}
    kinds = ("Observation", "MedicationRequest", "Procedure", "Encounter", "ServiceRequest", "DiagnosticReport", "CarePlan")
    prefetch = dict.fromkeys(kinds) | {"Patient": PATIENT, "Condition": bundle(PROBLEM), "AllergyIntolerance": sent}
    body = {"hook": "patient-view", "hookInstance": str(UUID(int=4)), "context": context, "prefetch": prefetch}
    visit = Visitor(client, own(client, body))
    assert ("Not read: AllergyIntolerance" in visit.page) is told
    assert ("Not read: AllergyIntolerance" in visit.do("what-if", pain="6").page) is told
    assert "Not read: ImagingStudy" in visit.page, "what was not sent is not there"


def test_nothing_is_said_to_be_checked_that_was_not(client: FlaskClient) -> None:
    visit = visitor(client, "radiculopathy").do("order", order="gabapentin-300")
    visit.do("dismiss", card=visit.hidden("card"), reason="").do("feedback")
    assert "Every card was answered." in visit.page
    visit = visitor(client, "hamstring")
    visit.do("dismiss", card=visit.hidden("card"), reason="").do("open")
    assert visit.notice.startswith("No card now. Cards that were answered before and rest: 1.")
    context = {"userId": "Practitioner/1", "patientId": "p"}
    reopened = {"hook": "order-select", "hookInstance": str(UUID(int=4)), "context": context}
    assert "Nothing was evaluated" in Visitor(client, own(client, reopened)).notice


def test_days_that_pass_leave_the_dates_of_the_record(client: FlaskClient) -> None:
    visit = visitor(client, "six-weeks").do("what-if", later="41")
    assert "born 1975-03-30" in visit.page
    assert "as if on 2026-04-12" in visit.page
    assert "since the first visit of physiotherapy on 2026-01-12. Day 42 is 2026-02-23, day 90 is 2026-04-12." in visit.page
    visit.do("order", order="mri-hip").do("sign-all-the-same")
    assert re.search(r"MRI of pelvis and hip</span>\s*<span[^>]*>2026-04-12", visit.page), "signed on the day that is tried"


def test_a_suggestion_is_accepted_once(client: FlaskClient) -> None:
    visit = visitor(client, "piriformis")
    suggestion = re.search(r'name="suggestion" value="([^"]+)"', visit.page)
    assert suggestion
    for _ in range(2):
        visit.do("accept", card=visit.hidden("card"), suggestion=suggestion[1])
    assert len(visit.drafts) == 1


def test_a_gateway_that_strips_a_prefix_is_no_trouble() -> None:
    """Redirects and links are relative, whatever the public address is."""
    client = demo_app(replace(SETTINGS, public_url="https://demo.example.org/hip")).test_client()
    opened = client.get("/patients/piriformis")
    assert opened.headers["Location"].startswith("../visits/")
    visit = Visitor(client, opened)
    assert client.post(f"{visit.path}/open").headers["Location"].startswith("../../visits/")
    assert own(client, PROBLEM).headers["Location"].startswith("visits/")
    local = re.findall(r'(?:href|action|src)="([^"#][^"]*)"', visit.page)
    assert not [address for address in local if address.startswith("/")]


def test_odd_entries_do_not_break_the_page(client: FlaskClient) -> None:
    odd: list[Any] = [
        {"resourceType": "Observation", "id": 7, "subject": {"reference": "Patient/p"}, "code": "text", "valueQuantity": "5"},
        {"resourceType": "MedicationRequest", "subject": "Patient/p", "dosageInstruction": {"timing": 7, "doseAndRate": {}}},
        {"resourceType": "Encounter", "id": "e", "subject": {"reference": "Patient/p"}, "period": "2026", "type": [None]},
        {"resourceType": "Procedure", "id": "x", "subject": {"reference": "Patient/p"}, "performedDateTime": "yesterday"},
        {
            "resourceType": "Observation",
            "id": "o",
            "subject": {"reference": "Patient/p"},
            "component": [7, {"code": {"text": "a"}}],
        },
    ]
    visit = Visitor(client, own(client, bundle(PATIENT, PROBLEM, *odd)))
    assert "physio-start-piriformis" in visit.cards
    assert "physio-start-piriformis" in visit.do("what-if", later="10").cards


def test_a_large_bundle_is_taken_and_a_larger_one_told(client: FlaskClient) -> None:
    note = [{"text": "x" * 700_000}]
    assert "physio-start-piriformis" in Visitor(client, own(client, bundle(PATIENT, {**PROBLEM, "note": note}))).cards
    answer = own(client, bundle(PATIENT, {**PROBLEM, "note": [{"text": "x" * 11_000_000}]}))
    assert answer.status_code == 413
    assert "larger than the demo takes" in answer.get_data(as_text=True)


def test_the_text_of_a_record_is_text(client: FlaskClient) -> None:
    name = "<img src=x onerror=alert(1)> [link](javascript:alert(1))"
    visit = Visitor(client, own(client, bundle(PATIENT, {**PROBLEM, "code": {"text": f"Piriformis syndrome {name}"}})))
    assert "<img" not in visit.page
    assert 'href="javascript' not in visit.page
    assert "&lt;img src=x" in visit.page


def test_a_refused_request_of_ones_own_shows_the_reason(client: FlaskClient) -> None:
    visit = Visitor(client, own(client, {"hook": "patient-view", "hookInstance": "1", "context": []}))
    assert "Status 422" in visit.notice
    assert "context: must be an object" in visit.notice


# -- drawings ---------------------------------------------------------------------------------------------------------------


def drawn(library: Any, clock: Clock | None, *, upright: bool = False) -> Any:
    return pathway(places(library.stages, Chart(TODAY)), clock, upright=upright)


def test_the_picture_has_every_stage_of_the_content(library: Any) -> None:
    for upright in (False, True):
        picture = drawn(library, None, upright=upright)
        assert {box.place.stage.id for box in picture.turns + picture.along} == {stage.id for stage in library.stages}
        assert [tick.label for tick in picture.ticks] == ["Day 0", "Day 42", "Day 90"]
        assert picture.today is None
        for box in picture.turns + picture.along:
            assert 0 <= box.x <= box.x + box.width <= picture.width
            assert 0 <= box.y <= box.y + box.height <= picture.height


@pytest.mark.parametrize("upright", [False, True])
def test_today_stands_on_the_axis_between_its_days(library: Any, upright: bool) -> None:
    def at(day: int) -> Any:
        return drawn(library, Clock(TODAY - timedelta(days=day), day), upright=upright)

    ticks = [tick.at for tick in at(0).ticks]
    assert [at(day).today for day in (0, 42, 90)] == ticks
    assert ticks[0] < at(41).today < ticks[1] < at(43).today < ticks[2] < at(200).today
    end = at(270).today
    assert at(100_000).today == end <= (at(0).height if upright else at(0).width)


def test_the_words_of_today_keep_clear_of_those_of_a_day(library: Any) -> None:
    picture = drawn(library, Clock(TODAY - timedelta(days=43), 43), upright=True)
    assert all(abs(picture.told - tick.at) > 40 or picture.told < tick.at for tick in picture.ticks)


def test_the_time_line_has_edges() -> None:
    chart = [
        {**PROBLEM, "onsetDateTime": "2010-01-01"},
        {**PROBLEM, "id": "d", "onsetDateTime": "2027-01-01"},
        {"resourceType": "Encounter", "id": "e", "period": {"start": "2026-02-01"}},
    ]
    line = timeline(rows(chart), TODAY)
    assert line is not None
    old, visit = (next(m for m in line.marks if m.row.ref == ref) for ref in ("Condition/c", "Encounter/e"))
    assert old.earlier
    assert not visit.earlier
    assert all(0 <= mark.x <= line.width for mark in line.marks)
    assert timeline(rows([{"resourceType": "Condition", "id": "n", "code": {"text": "undated"}}]), TODAY) is None


def test_a_row_says_what_an_ehr_lists() -> None:
    score = {
        "resourceType": "Observation",
        "id": "o",
        "code": {"text": "Pain 0 to 10"},
        "valueQuantity": {"value": 6, "unit": "{score}"},
        "effectiveDateTime": "2026-02-27T10:00:00Z",
        "status": "final",
    }
    (row,) = rows([score])["Scores and results"]
    assert (row.title, row.said, row.begin) == ("Pain 0 to 10", "6", date(2026, 2, 27))
    kidneys = {**score, "valueQuantity": {"value": 45, "unit": "mL/min/{1.73_m2}"}, "effectiveDateTime": "2026-02"}
    (row,) = rows([kidneys])["Scores and results"]
    assert (row.said, row.begin) == ("45 mL/min", date(2026, 2, 1))
    pointed = {"medicationReference": {"display": "Oxycodone 5 mg"}, "category": [{"text": "Community"}]}
    (row,) = rows([{"resourceType": "MedicationRequest", "id": "m", **pointed}])["Medicines"]
    assert row.title == "Oxycodone 5 mg"
    assert rows([{**PROBLEM, "verificationStatus": {"coding": [{"code": "refuted"}]}}])["Problems"][0].is_error


# -- the wire and the interface ---------------------------------------------------------------------------------------------


def test_prefetch_answers_what_discovery_asks_and_only_of_this_patient() -> None:
    templates = {"Patient": "Patient/{{context.patientId}}", "Condition": "Condition?patient={{context.patientId}}"}
    other = {**PROBLEM, "id": "z", "subject": {"reference": "Patient/z"}}
    found = prefetch_of(templates, "p", [PATIENT, PROBLEM, other])
    assert found["Patient"] == PATIENT
    assert [entry["resource"]["id"] for entry in found["Condition"]["entry"]] == ["c"]
    assert prefetch_of(templates, "nobody", [PATIENT]) == {
        "Patient": None,
        "Condition": {"resourceType": "Bundle", "type": "searchset", "entry": []},
    }


def test_the_interface_page_has_every_path_status_and_schema(client: FlaskClient) -> None:
    document = YAML(typ="safe").load(openapi_file())
    page = client.get("/docs").get_data(as_text=True)
    for path, item in document["paths"].items():
        assert f"<code>{path}</code>" in page
        for operation in item.values():
            if isinstance(operation, dict):
                assert all(f"<strong>{status}</strong>" in page for status in operation["responses"])
    for name in document["components"]["schemas"]:
        assert f'id="schema-{name}"' in page
    targets = set(re.findall(r'href="#([^"]+)"', page))
    assert targets <= set(re.findall(r'id="([^"]+)"', page))


def test_the_examples_of_the_interface_are_those_of_the_document() -> None:
    interface = Interface(YAML(typ="safe").load(openapi_file()))
    call = next(operation for operation in interface.operations if operation.path == "/cds-services/{id}")
    assert {json.loads(example.text)["hook"] for example in call.examples} == {"patient-view", "order-select", "order-sign"}
