"""The card catalogue, the page of each card, and the review book: what they say, and that they work anywhere and for anybody."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import pytest
from flask.testing import FlaskClient

from cds_service import create_app, packaged_cards
from cds_service.check import case_settings
from cds_service.content.card_words import conflicts_of, rest
from cds_service.content.case_words import case_words
from cds_service.content.line_words import line_words
from cds_service.content.loader import load
from cds_service.pathway.recommendation import Snooze

LIBRARY = load(packaged_cards())
CARDS = {card.id: card for card in LIBRARY.recommendations}
CLIENT = create_app(case_settings(), LIBRARY).test_client()
GROUPINGS = ("stage", "hook", "statement")
ADDRESSES = ["/cards", "/cards/", "/cards/book", *(f"/cards?by={by}" for by in GROUPINGS), *(f"/cards/{key}" for key in CARDS)]


class Page(HTMLParser):
    """What a browser and a screen reader make of a page: its text, its links, its ids, its headings."""

    VOID = frozenset({"meta", "link", "input", "br", "hr", "img"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.headings: list[int] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append((tag, found))
        self.links += [value for name in ("href", "src", "action") if (value := found.get(name))]
        self.ids += [value for name, value in attrs if name == "id" and value]
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "template" not in self.open:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


def fetch(address: str, client: FlaskClient = CLIENT) -> Page:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return Page(answer.get_data(as_text=True))


PAGES = {address: fetch(address) for address in ADDRESSES}


def flat(text: str) -> str:
    return " ".join(text.split())


def listed(page: Page) -> set[str]:
    return {attributes["data-card"] or "" for _, attributes in page.tags if "data-card" in attributes}


# -- the page of a card -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("card_id", CARDS)
def test_the_page_of_a_card_says_what_its_file_says(card_id: str) -> None:
    card, page = CARDS[card_id], PAGES[f"/cards/{card_id}"]
    said = [card.title, card.summary, card.why, card.evidence.strength, card.evidence.label, LIBRARY.version]
    said += [card.review["last"], card.review["next"], card.review["by"] or "not signed off yet"]
    said += [reason.display for reason in card.override_reasons] + rest(card)
    for statement in card.evidence.statements:
        said += [statement, LIBRARY.statements[statement].gist]
    for conflict in conflicts_of(LIBRARY, card):
        said += [conflict.id, conflict.title, conflict.disagrees, conflict.resolution]
    for variant in card.variants:
        said += [variant.summary or ""]
    said += [case["name"] for case in LIBRARY.cases[card_id]]
    for text in said:
        assert flat(text) in page.text
    for link in card.links:
        assert link.label in page.text
        assert link.url in page.links
    for line in card.lines:
        assert line_words(line).lower() in page.text.lower()
    for suggestion in card.suggestions:
        for band in suggestion.order.bands if suggestion.order else ():
            assert band.label in page.text


@pytest.mark.parametrize("card_id", CARDS)
def test_every_line_of_a_card_stands_with_its_meaning(card_id: str) -> None:
    card, page = CARDS[card_id], PAGES[f"/cards/{card_id}"]
    for line in (*card.when, *card.unless):
        assert flat(line.entry.meaning).split("`")[0].strip() in page.text


def test_a_conflict_is_on_the_page_of_each_card_that_it_names() -> None:
    for conflict in LIBRARY.conflicts.values():
        for card_id in conflict.cards:
            assert conflict.resolution in PAGES[f"/cards/{card_id}"].text


def test_what_is_unknown_is_told_as_the_kind_settles_it() -> None:
    assert "Exclusions fail open" in PAGES["/cards/nsaid-safety"].text
    assert "no text says that the red flag was excluded" in PAGES["/cards/red-flag-fracture"].text
    advice = PAGES["/cards/neuropathic-first-line-options"].text
    assert "Advice fails quiet" in advice
    assert "Exclusions fail open" not in advice
    assert "Adult: has to be known to hold" in advice
    assert "Red flag: none may be found" in advice
    assert "Red flag: does not keep this card away" in PAGES["/cards/fasciculation-evaluation"].text
    assert "Red flag: none may be found, unless “" in PAGES["/cards/injection-order-check"].text


def test_every_rest_has_words() -> None:
    card = CARDS["nsaid-safety"]
    assert len({rest(replace(card, snooze=snooze))[0] for snooze in Snooze}) == len(Snooze)
    assert "90 days" in PAGES["/cards/nsaid-safety"].text
    assert any("90 days" in said and "After" in said for said in rest(CARDS["physio-start-general"]))


def test_a_card_that_is_signed_off_names_who_did_it() -> None:
    signed = replace(CARDS["nsaid-safety"], review={"last": "2026-12-01", "by": "Dr <Who>", "next": "2027-12-01"})
    library = replace(LIBRARY, recommendations=tuple(signed if c.id == signed.id else c for c in LIBRARY.recommendations))
    page = fetch("/cards/nsaid-safety", create_app(case_settings(), library).test_client())
    assert "2026-12-01, by Dr <Who>" in page.text
    assert "not signed off" not in page.text


# -- the catalogue ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", GROUPINGS)
def test_every_grouping_lists_every_card(by: str) -> None:
    assert listed(PAGES[f"/cards?by={by}"]) == set(CARDS)


def test_the_stages_stand_in_their_order_with_title_and_summary() -> None:
    text = PAGES["/cards"].text
    places = [text.index(f"{stage.title} {stage.summary}") for stage in LIBRARY.stages]
    assert places == sorted(places)


def test_every_statement_of_every_source_is_listed_with_its_cards_or_its_fate() -> None:
    page = PAGES["/cards?by=statement"]
    for statement in LIBRARY.statements.values():
        assert f"{statement.id} {flat(statement.gist)}" in page.text
    for title in LIBRARY.sources.values():
        assert title in page.text


def test_an_unknown_grouping_is_the_usual_one() -> None:
    assert CLIENT.get("/cards?by=moon").data == CLIENT.get("/cards").data


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("gabapentinoid kidney", "gabapentinoid-renal-dose"),
        ("TRICYCLIC", "tca-safety"),
        ("S2-37", "red-flag-motor-deficit"),
        ("beers nsaid", "nsaid-safety"),
        ("pain_at_least", "neuropathic-first-line-options"),
        ("  naloxone   nasal ", "naloxone-coprescribe"),
    ],
)
def test_a_search_finds_the_cards_that_hold_all_its_words(query: str, found: str) -> None:
    page = fetch(f"/cards?q={query}")
    assert found in listed(page)
    assert len(listed(page)) < len(CARDS)
    assert f"{len(listed(page))} of {len(CARDS)} cards" in page.text


def test_words_that_no_card_holds_find_none() -> None:
    page = fetch("/cards?q=opioid+zebra&by=statement")
    assert listed(page) == set()
    assert f"0 of {len(CARDS)} cards" in page.text


def test_a_search_keeps_the_grouping_and_its_words() -> None:
    answer = CLIENT.get("/cards?q=opioid&by=hook").get_data(as_text=True)
    assert 'name="by" value="hook"' in answer
    assert "cards?by=statement&amp;q=opioid" in answer


@pytest.mark.parametrize(
    "hostile", ['"><script>alert(1)</script>', "{{ 7 * 7 }}", "'onfocus=alert(1) x='", "\x00\ud7ff", "a" * 5000]
)
def test_what_is_searched_for_is_never_markup(hostile: str) -> None:
    answer = CLIENT.get("/cards", query_string={"q": hostile})
    assert answer.status_code == 200
    page = Page(answer.get_data(as_text=True))
    assert "script" not in {tag for tag, _ in page.tags}
    assert not any("onfocus" in attributes for _, attributes in page.tags)
    (value,) = [attributes["value"] for tag, attributes in page.tags if tag == "input" and attributes.get("name") == "q"]
    assert value == " ".join(hostile.split())[:200]


def test_what_is_searched_for_is_not_logged(capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
    CLIENT.get("/cards?q=Jane+Doe+1970")
    written = capfd.readouterr()
    assert "Jane" not in written.out + written.err + caplog.text


def test_the_script_searches_the_same_words_as_the_service() -> None:
    raw = CLIENT.get("/cards").get_data(as_text=True)
    texts = dict(re.findall(r'<p data-of="([\w-]+)">([^<]*)</p>', raw))
    assert set(texts) == set(CARDS)
    for word in ("gabapentinoid", "s0-37", "kidney", "mri"):
        assert {key for key, text in texts.items() if word in text} == listed(fetch(f"/cards?q={word}"))


# -- the review book --------------------------------------------------------------------------------------------------


def test_the_book_has_a_page_for_each_card_with_a_line_to_sign() -> None:
    raw = CLIENT.get("/cards/book").get_data(as_text=True)
    leaves = {
        key: Page(text)
        for key, text in re.findall(r'<section class="leaf[^"]*" id="card-([\w-]+)"[^>]*>(.*?)</section>', raw, re.S)
    }
    assert list(leaves) == list(CARDS)
    for key, leaf in leaves.items():
        for text in (CARDS[key].title, CARDS[key].summary, "Reviewer", "approve", "change", "retire", "Date", "Signature"):
            assert text in leaf.text
        for statement in CARDS[key].evidence.statements:
            assert statement in leaf.text
        counted = f"Test cases ({len(LIBRARY.cases[key])}): the page of the card tells them" in leaf.text
        for case in LIBRARY.cases[key]:
            assert counted or flat(case["name"]) in leaf.text


def test_the_cover_of_the_book_names_the_content_and_leads_to_every_card() -> None:
    page = PAGES["/cards/book"]
    assert f"Content {LIBRARY.version} Cards {len(CARDS)}" in page.text
    assert {f"#card-{key}" for key in CARDS} <= set(page.links)


def test_no_card_is_called_book() -> None:
    assert "book" not in CARDS


# -- all of them ------------------------------------------------------------------------------------------------------


def test_a_retired_card_is_nowhere_and_a_draft_says_that_it_is_one() -> None:
    statuses = {**LIBRARY.statuses, "nsaid-safety": "retired", "tca-safety": "draft"}
    client = create_app(case_settings(), replace(LIBRARY, statuses=statuses)).test_client()
    gone = client.get("/cards/nsaid-safety")
    assert (gone.status_code, gone.get_json()["resourceType"]) == (404, "OperationOutcome")
    for address in ("/cards", "/cards?by=hook", "/cards?by=statement", "/cards?q=safety", "/cards/book"):
        raw = client.get(address).get_data(as_text=True)
        assert "nsaid-safety" not in raw
        assert "tca-safety" in raw
    assert "not in service" in fetch("/cards/tca-safety", client).text


@pytest.mark.parametrize("address", ADDRESSES)
def test_nothing_is_left_over_from_templates(address: str) -> None:
    page = PAGES[address]
    assert not re.search(r"[{}<]|\bUndefined\b|\bTrue\b|&\w+;|(: |by |, )None\b", page.text)
    assert not {word.strip() for word in page.words} & {"None", "Undefined", "True", "False", "[]", "()"}


@pytest.mark.parametrize("address", ADDRESSES)
def test_pages_can_be_read_in_order(address: str) -> None:
    page = PAGES[address]
    assert page.headings[0] == 1
    assert page.headings.count(1) == 1
    assert all(after <= before + 1 for before, after in zip(page.headings, page.headings[1:], strict=False))
    assert len(page.ids) == len(set(page.ids))
    assert [tag for tag, _ in page.tags].count("main") == 1
    assert ("html", {"lang": "en"}) in page.tags
    labels = [attributes.get(name) for _, attributes in page.tags for name in ("aria-labelledby", "for")]
    assert {label for label in labels if label} <= set(page.ids)


def test_pages_load_nothing_from_elsewhere() -> None:
    for address in ("/cards", "/cards/book", "/cards/nsaid-safety"):
        headers = CLIENT.get(address).headers
        policy = headers["Content-Security-Policy"]
        assert policy == (
            "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
            "frame-ancestors 'none'"
        )
        assert (headers["X-Content-Type-Options"], headers["Referrer-Policy"]) == ("nosniff", "no-referrer")
    for page in PAGES.values():
        assert not any(tag == "style" or "style" in attributes for tag, attributes in page.tags)
        assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
        for tag, attributes in page.tags:
            if tag in ("script", "link", "img", "form"):
                target = attributes.get("src") or attributes.get("href") or attributes.get("action") or ""
                assert not urlsplit(target).netloc


def internal(page: Page) -> Iterator[str]:
    return (link for link in page.links if not link.startswith(("http:", "https:", "data:")))


def test_all_links_are_relative_and_lead_somewhere_below_any_prefix() -> None:
    known: dict[str, Page] = {}
    for address, page in PAGES.items():
        for link in internal(page):
            assert not link.startswith("/"), f"{link} on {address} forgets the prefix"
            target = urlsplit(urljoin(f"https://gate.example/hip/v1{address}", link))
            assert target.path.startswith("/hip/v1/"), f"{link} on {address} leaves the prefix"
            inner = target.path.removeprefix("/hip/v1") + (f"?{target.query}" if target.query else "")
            if inner.startswith("/assets/"):
                assert CLIENT.get(inner).status_code == 200, inner
                continue
            known[inner] = known.get(inner) or PAGES.get(inner) or fetch(inner)
            if target.fragment:
                assert target.fragment in known[inner].ids, f"{link} on {address}"


@pytest.mark.parametrize(
    ("file", "media_type"), [("base.css", "text/css"), ("catalogue.css", "text/css"), ("catalogue.js", "text/javascript")]
)
def test_assets_are_typed_kept_for_an_hour_and_told_when_unchanged(file: str, media_type: str) -> None:
    answer = CLIENT.get(f"/assets/{file}")
    assert (answer.status_code, answer.mimetype) == (200, media_type)
    assert "max-age=3600" in answer.headers["Cache-Control"]
    assert CLIENT.get(f"/assets/{file}", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


@pytest.mark.parametrize("file", ["nothing.css", "..%2fpages.py", "../html.py", "base.css/", "%00"])
def test_nothing_else_is_an_asset(file: str) -> None:
    answer = CLIENT.get(f"/assets/{file}")
    assert (answer.status_code, answer.mimetype) == (404, "application/json")


# -- cases in words ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("card_id", CARDS)
def test_every_case_becomes_words(card_id: str) -> None:
    for case in LIBRARY.cases[card_id]:
        words = case_words(case)
        assert words.name == case["name"]
        for text in (words.given, words.expect):
            # Quoted words of a card may hold anything; around them there is nothing of a file.
            bare = re.sub(r"“[^”]*”", "", text)
            assert not re.search(r"[{}\[\]'\"_]|\b(None|True|False|is:)\b", bare), text
        assert bool(words.given) == bool(case.get("given"))
        for offer in case["expect"].get("offers", ()):
            assert f"“{offer}”" in words.expect


def test_a_case_is_told_as_a_clinician_would() -> None:
    given = {
        "egfr": 88,
        "ordering": "oxycodone",
        "age": 54,
        "problems": ["piriformis-syndrome", {"is": "sciatica", "onset": 70, "side": "right", "status": "resolved"}],
        "medicines": [{"is": "gabapentin", "days": 40, "mg": 600, "times": 3}],
        "visits": [42, 30, 9],
        "unread": ["Observation"],
        "moon": {"phase": ["full", 2]},
    }
    words = case_words({"name": "x", "given": given, "expect": {"card": "warning", "offers": ["A", "B"], "never_says": ["C"]}})
    assert words.given == (
        "54 years old; problems: piriformis syndrome, sciatica (since 70 days, right, resolved); "
        "medicines: gabapentin 600 mg 3 times a day (since 40 days); ordering: oxycodone; eGFR 88; "
        "3 physiotherapy visits 42, 30 and 9 days ago; could not be read: results; moon: phase full, 2"
    )
    assert words.expect == "warning; offers “A” and “B”; does not say “C”"
    assert words.shown == "warning"
