"""What somebody does who tries the demo, in a real browser: charts, cards, orders, feedback, explanations, what if, the wire."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import Demo, Opening, Watch
from playwright.sync_api import Page, expect
from sqlalchemy import select

from cds_service.memory.tables import feedback

NERVE_PAIN, FIRST_LINE = "#card-neuropathic-first-line-options", "#card-first-line-before-opioid"


def choose(page: Page, label: str) -> None:
    page.get_by_label("New order").select_option(label=label)
    page.get_by_role("button", name="Choose").click()


def drafts(page: Page) -> list[str]:
    return page.locator(".drafts strong").all_inner_texts()


def told(demo: Demo) -> list[tuple[str, str | None]]:
    """Outcome and reason of everything that the feedback endpoint has stored."""
    with demo.app.extensions["memory"].reading() as connection:
        return [tuple(row) for row in connection.execute(select(feedback.c.outcome, feedback.c.reason))]


def test_a_chart_opens_with_its_cards_its_entries_and_its_time_line(opened: Opening) -> None:
    page = opened("/")
    expect(page.get_by_text("Synthetic patients", exact=True)).to_be_visible()
    page.get_by_role("link", name="Simon Testperson", exact=True).click()
    expect(page.locator("#card-reassess-6-weeks")).to_contain_text("Six weeks or more of physiotherapy")
    expect(page.locator(".record")).to_contain_text("Deep gluteal syndrome, right")
    expect(page.locator("svg.timeline circle.visit")).to_have_count(9 + 4)
    expect(page.get_by_text("Synthetic patient", exact=True)).to_be_visible()


def test_an_accepted_suggestion_changes_the_draft_and_can_be_undone(opened: Opening, demo: Demo) -> None:
    page = opened("/patients/piriformis")
    choose(page, "Oxycodone 5 mg, four times a day")
    expect(page.locator(FIRST_LINE)).to_contain_text("Warning")
    assert drafts(page) == ["Oxycodone Hydrochloride 5 MG Oral Tablet"]
    page.get_by_role("button", name="Nortriptyline 10 mg at night instead").click()
    expect(page.locator(FIRST_LINE)).to_contain_text("Accepted: Nortriptyline 10 mg at night instead")
    assert drafts(page) == ["nortriptyline 10 MG Oral Capsule"]
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Nortriptyline 10 mg at night instead")).to_be_visible()
    assert drafts(page) == ["Oxycodone Hydrochloride 5 MG Oral Tablet"]
    before = len(told(demo))
    page.get_by_role("button", name="Gabapentin 300 mg at night instead").click()
    expect(page.locator("#notice")).to_have_text("Accepted: Gabapentin 300 mg at night instead.")
    assert len(told(demo)) == before, "what can be undone has not been sent"
    page.get_by_role("button", name="Sign the order").click()
    expect(page.locator("#notice")).to_contain_text("Signed.")
    assert told(demo)[before:] == [("accepted", None)]
    expect(page.locator(".record")).to_contain_text("gabapentin 300 MG Oral Capsule")
    assert drafts(page) == []


def test_a_dismissed_card_sends_its_reason_and_rests(opened: Opening, demo: Demo) -> None:
    page = opened("/patients/deep-gluteal")
    card = page.locator(NERVE_PAIN)
    card.get_by_label("Reason").select_option(label="Patient declined")
    card.get_by_role("button", name="Dismiss").click()
    expect(card).to_contain_text("Dismissed: Patient declined")
    card.get_by_role("button", name="Undo").click()
    expect(card.get_by_role("button", name="Dismiss")).to_be_visible()
    card.get_by_label("Reason").select_option(label="Patient declined")
    card.get_by_role("button", name="Dismiss").click()
    before = len(told(demo))
    page.get_by_role("button", name="Send feedback now").click()
    expect(page.locator("#notice")).to_have_text("Feedback sent.")
    assert told(demo)[before:] == [("overridden", "patient-declined")]
    expect(page.locator(".exchange").first).to_contain_text("feedback 200")
    page.get_by_role("button", name="Open the chart again").click()
    expect(page.get_by_role("heading", name="At rest")).to_be_visible()
    expect(card).to_have_count(0)


def test_signing_asks_again_and_can_be_done_all_the_same(opened: Opening) -> None:
    page = opened("/patients/benzodiazepine")
    choose(page, "Oxycodone 5 mg, four times a day")
    expect(page.locator("#card-opioid-benzodiazepine")).to_be_visible()
    page.get_by_role("button", name="Sign the order").click()
    expect(page.locator("#card-naloxone-coprescribe")).to_be_visible()
    page.get_by_role("button", name="Sign all the same").click()
    expect(page.locator("#notice")).to_contain_text("Signed.")
    assert drafts(page) == []


def test_a_referral_is_judged_and_a_draft_can_be_removed(opened: Opening) -> None:
    page = opened("/patients/piriformis")
    choose(page, "MRI of pelvis and hip")
    expect(page.locator("#card-early-advanced-imaging")).to_be_visible()
    page.get_by_role("button", name="Remove MRI of pelvis and hip").click()
    expect(page.locator("#card-physio-start-piriformis")).to_be_visible()
    assert drafts(page) == []


def test_every_card_explains_itself_with_records_and_their_dates(opened: Opening) -> None:
    page = opened("/patients/six-weeks")
    card = page.locator("#card-reassess-6-weeks")
    card.get_by_text("Why this card?").click()
    lines = card.locator("ol.lines > li")
    expect(lines).to_have_count(12)
    expect(lines.filter(has_text="physiotherapy_days_at_least 42")).to_contain_text("✓ yes")
    expect(lines.filter(has_text="physiotherapy_days_at_least 42")).to_contain_text("day 49 since the first visit")
    expect(lines.filter(has_text="in_pathway")).to_contain_text("Condition/six-weeks-problem-1 2025-11-12")
    expect(lines.filter(has_text="red_flag")).to_contain_text("? unknown")


def test_the_silent_cards_say_why(opened: Opening) -> None:
    page = opened("/patients/six-weeks")
    page.get_by_role("heading", name="Does not apply").click()
    silent = page.locator("#silent-injection-after-failed-conservative")
    expect(silent).to_contain_text("before day 90")
    silent.locator("summary").click()
    expect(silent.locator("li.decisive")).to_contain_text("✕ no")
    silent.get_by_role("link", name="About this card").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Injection after three months without benefit")


def test_the_picture_shows_the_place_and_the_clocks(opened: Opening) -> None:
    page = opened("/patients/six-weeks")
    picture = page.locator("svg.pathway.lying")
    expect(picture).to_be_visible()
    expect(picture.locator("g.due")).to_contain_text(["Nerve-pain medicine", "Reassessment"])
    expect(picture.locator("g.done")).to_contain_text(["Examination"])
    expect(picture).to_contain_text("today: day 49")
    expect(page.locator(".steps")).to_contain_text("Surgery or pain specialist")
    expect(page.get_by_text("Day 42 is 2026-02-23, day 90 is 2026-04-12.")).to_be_visible()


def test_a_red_flag_blocks_the_stages(opened: Opening) -> None:
    page = opened("/patients/red-flag")
    expect(page.locator("svg.pathway.lying g.blocked")).to_contain_text(["Exercise and"])
    expect(page.locator("svg.pathway.lying g.found")).to_contain_text(["Red flags"])


def test_what_if_changes_the_cards_at_once(opened: Opening) -> None:
    page = opened("/patients/piriformis")
    offers = page.locator(NERVE_PAIN).locator(".suggestions button")
    expect(offers.filter(has_text="Nortriptyline")).to_have_count(1)
    page.get_by_label("Age in years").fill("70")
    expect(offers.filter(has_text="Nortriptyline")).to_have_count(0)
    expect(page.get_by_label("Age in years")).to_be_focused()
    page.get_by_label("Pain, 0 to 10").fill("2")
    expect(page.locator(NERVE_PAIN)).to_have_count(0)
    expect(page.locator("#notice")).to_contain_text("Gone: Moderate nerve pain")
    page.get_by_label("Foot drop").check()
    expect(page.locator("#card-red-flag-motor-deficit")).to_be_visible()
    page.get_by_role("button", name="As recorded").click()
    expect(page.locator(NERVE_PAIN)).to_be_visible()
    expect(page.get_by_text("Nothing is changed.")).to_be_visible()


def test_days_that_pass_and_entries_left_out_count(opened: Opening) -> None:
    page = opened("/patients/six-weeks")
    page.get_by_label("Days later").fill("41")
    expect(page.locator("svg.pathway.lying")).to_contain_text("today: day 90")
    page.get_by_text("Entries to leave out").click()
    page.get_by_role("checkbox", name="Deep gluteal syndrome").check()
    expect(page.locator("#cards ~ p.panel")).to_contain_text("No card")


@pytest.mark.parametrize("pause", [100, 450])
def test_a_number_can_be_typed_slowly(opened: Opening, pause: int) -> None:
    """The cards are asked for while somebody types; the field and its caret stay."""
    page = opened("/patients/kidney")
    field = page.get_by_label("eGFR in mL/min")
    field.click()
    page.keyboard.type("125", delay=pause)
    expect(page.get_by_text("Now: eGFR 125.")).to_be_visible()
    expect(field).to_have_value("125")
    expect(field).to_be_focused()


def test_a_number_out_of_range_is_told(opened: Opening) -> None:
    page = opened("/patients/kidney")
    page.get_by_label("Pain, 0 to 10").fill("11")
    expect(page.locator("#notice")).to_contain_text("Pain, 0 to 10:")
    expect(page.get_by_text("Nothing is changed.")).to_be_visible()


def test_a_double_click_is_one_step(opened: Opening) -> None:
    page = opened("/patients/piriformis")
    page.get_by_role("button", name="Order 12-week physiotherapy").dblclick()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    expect(page.locator(".drafts li")).to_have_count(1)
    page.get_by_label("New order").select_option("tramadol")
    page.get_by_role("button", name="Choose").dblclick()
    expect(page.locator(FIRST_LINE)).to_be_visible()
    expect(page.locator(".drafts li")).to_have_count(2)
    expect(page.get_by_label("New order")).to_have_value("tramadol")


def test_what_a_click_did_stays_in_view_on_a_phone(opened: Opening) -> None:
    page = opened("/patients/piriformis", width=390)
    page.get_by_label("New order").select_option("oxycodone")
    page.get_by_role("button", name="Choose").click()
    page.locator(FIRST_LINE).get_by_text("Why this card?").click()
    page.get_by_role("button", name="Remove the opioid draft").click()
    expect(page.get_by_role("button", name="Undo")).to_be_in_viewport()
    expect(page.locator("#notice")).to_be_in_viewport()


def test_an_egfr_changes_what_is_offered(opened: Opening) -> None:
    page = opened("/patients/piriformis")
    page.get_by_label("eGFR in mL/min").fill("25")
    choose(page, "Oxycodone 5 mg, four times a day")
    expect(page.locator(FIRST_LINE)).to_be_visible()
    expect(page.get_by_role("button", name="Duloxetine 30 mg daily instead")).to_have_count(0)


def test_the_wire_can_be_copied_as_curl_and_repeated(opened: Opening) -> None:
    if not shutil.which("curl"):
        pytest.skip("no curl on this machine")
    page = opened("/patients/six-weeks", permissions=["clipboard-read", "clipboard-write"])
    exchange = page.locator(".exchange").first
    expect(exchange.locator("pre").first).to_contain_text('"hook": "patient-view"')
    page.get_by_role("button", name="Copy as curl").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    line = page.evaluate("navigator.clipboard.readText()")
    ran = subprocess.run(["sh", "-c", line], capture_output=True, check=True, timeout=20)
    shown = page.locator("article.card").evaluate_all("cards => cards.map(card => card.id)")
    assert [f"card-{card['source']['topic']['code']}" for card in json.loads(ran.stdout)["cards"]] == shown


BUNDLE = {
    "resourceType": "Bundle",
    "type": "collection",
    "entry": [
        {
            "fullUrl": "urn:uuid:1",
            "resource": {"resourceType": "Patient", "id": "own", "birthDate": "1960-05-05", "gender": "male"},
        },
        {
            "resource": {
                "resourceType": "Condition",
                "id": "c1",
                "subject": {"reference": "urn:uuid:1"},
                "clinicalStatus": {"coding": [{"code": "active"}]},
                "code": {"text": "Piriformis syndrome <script>alert(1)</script>"},
                "onsetDateTime": "2026-02-01",
            }
        },
    ],
}


def test_an_own_bundle_can_be_pasted_and_worked_with(opened: Opening) -> None:
    page = opened("/")
    page.get_by_label("JSON").fill(json.dumps(BUNDLE))
    page.get_by_role("button", name="Try it").click()
    expect(page.locator("#card-physio-start-piriformis")).to_be_visible()
    expect(page.locator(".record")).to_contain_text("<script>alert(1)</script>")
    expect(page.get_by_text("Synthetic patient", exact=True)).to_have_count(0)
    choose(page, "Oxycodone 5 mg, four times a day")
    expect(page.locator(FIRST_LINE)).to_be_visible()


def test_an_own_file_can_be_dropped(opened: Opening) -> None:
    page = opened("/")
    data = page.evaluate_handle(
        "text => { const data = new DataTransfer(); data.items.add(new File([text], 'own.json')); return data; }",
        json.dumps(BUNDLE),
    )
    page.dispatch_event("[data-drop]", "drop", {"dataTransfer": data})
    expect(page.locator("#card-physio-start-piriformis")).to_be_visible()


def test_an_own_hook_request_is_sent_as_it_is(opened: Opening) -> None:
    recorded = Path(__file__).parents[2] / "fhir_fixtures" / "requests" / "kidney-order-sign.json"
    page = opened("/")
    page.get_by_label("or a file").set_input_files(recorded)
    page.get_by_role("button", name="Try it").click()
    expect(page.locator("#card-gabapentinoid-renal-dose")).to_be_visible()
    expect(page.locator(".exchange").first).to_contain_text("order-sign")
    assert drafts(page) == ["gabapentin 600 MG Oral Tablet"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"hook": "patient-view",\n}', "This is not JSON"),
        ("{}", "neither a hook request nor FHIR"),
        ('{"hook": "order-review"}', "`hook` is not one that this service answers"),
        ('[{"resourceType": "Patient", "id": "a"}, {"resourceType": "Patient", "id": "b"}]', "this holds 2"),
    ],
)
def test_what_cannot_be_used_is_told_in_plain_words(opened: Opening, watch: Watch, text: str, said: str) -> None:
    watch.expected = ["400"]
    page = opened("/")
    page.get_by_label("JSON").fill(text)
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_role("alert")).to_contain_text(said)


def test_a_request_that_the_service_refuses_shows_why(opened: Opening) -> None:
    page = opened("/")
    page.get_by_label("JSON").fill(json.dumps({"hook": "patient-view", "hookInstance": "x", "context": {}}))
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_role("alert")).to_contain_text("not a request that the service understands")
    expect(page.get_by_role("alert")).to_contain_text("hookInstance: must be a UUID")


def test_everything_works_without_scripts(opened: Opening) -> None:
    page = opened("/patients/piriformis", java_script_enabled=False)
    choose(page, "Oxycodone 5 mg, four times a day")
    page.get_by_role("button", name="Remove the opioid draft").click()
    expect(page.locator(FIRST_LINE)).to_contain_text("Accepted: Remove the opioid draft")
    page.get_by_label("Age in years").fill("70")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("#notice")).to_contain_text("card")


def test_the_keyboard_is_enough_and_keeps_its_place(opened: Opening) -> None:
    page = opened("/patients/piriformis")
    page.get_by_label("New order").focus()
    page.keyboard.type("Tramadol")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(FIRST_LINE)).to_be_visible()
    expect(page.get_by_role("button", name="Choose")).to_be_focused()
    button = page.get_by_role("button", name="Remove the opioid draft")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Undo")).to_be_focused()


def test_a_visit_that_is_over_says_so(opened: Opening, watch: Watch) -> None:
    watch.expected = ["404"]
    page = opened("/visits/0123abcd")
    expect(page.get_by_role("alert")).to_contain_text("This visit is over")
    page.get_by_role("link", name="Back to the patients").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Posterior hip pain cards: demo")


def test_an_example_of_the_interface_can_be_tried(opened: Opening) -> None:
    page = opened("/docs")
    page.get_by_text("Example: An opioid is signed while a benzodiazepine is taken").click()
    page.get_by_role("button", name=re.compile("Try it.*An opioid is signed")).click()
    expect(page.locator("#card-opioid-benzodiazepine")).to_be_visible()


def test_the_catalogue_is_searched_while_typing(opened: Opening) -> None:
    page = opened("/cards")
    page.get_by_role("searchbox").fill("tricyclic")
    expect(page.get_by_role("link", name="Tricyclic with a risk in this patient")).to_be_visible()
    expect(page.get_by_role("link", name="Possible cauda equina syndrome")).to_be_hidden()
