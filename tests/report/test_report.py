"""The report: which card helps and which is noise, counted from real calls and real feedback."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import date, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml_writer
from memory_support import KEY, NOON, OPENED, accepted, call, client, memory, overridden, request, say
from trust_support import AUDIENCE, ISSUER, Key, claims, jwks, token

from cds_service.cli import main
from cds_service.report.figures import Figures, figures
from cds_service.report.page import as_html, verdict
from cds_service.report.text import as_csv, as_text

OPIOID = {"problems": ["deep-gluteal-syndrome"], "ordering": "oxycodone", "egfr": 88, "blood_pressure": [128, 80], "age": 54}
CARD = "first-line-before-opioid"
DAY = NOON.date()


@pytest.fixture(autouse=True)
def _closed():  # type: ignore[no-untyped-def]
    yield
    while OPENED:
        OPENED.pop().close()


@pytest.fixture
def database(tmp_path: Path) -> str:
    """Four calls: a card that is accepted, two that are overridden (one commented on), one ignored; a quiet patient."""
    url = f"sqlite:///{tmp_path / 'm.sqlite3'}"
    for number in range(4):
        app = client(url, days=7 * number, store_comments=True)
        body = request("order-select", **OPIOID)
        body = json.loads(json.dumps(body).replace("case-patient", f"p{number}"))
        card = call(app, body)[CARD]
        if number == 0:
            say(app, "order-select", accepted(card), accepted(card))
        elif number < 3:
            comment = {"overrideReason": {"userComment": "because"}} if number == 2 else {}
            say(app, "order-select", overridden(card, None if comment else "patient-declined") | comment)
    call(client(url), request("patient-view", problems=["hypertension"]))
    say(client(url), "order-select", {"card": "stranger", "outcome": "overridden", "outcomeTimestamp": "2026-03-02T12:00:00Z"})
    return url


@pytest.fixture
def found(database: str) -> Figures:
    return figures(memory(database), None, DAY + timedelta(days=30))


def test_every_card_is_counted_once_by_what_became_of_it(found: Figures) -> None:
    (card,) = found.cards
    assert (card.card, card.served, card.accepted, card.overridden, card.ignored, card.comments) == (CARD, 4, 1, 2, 1, 1)
    assert card.reasons == {"patient-declined": 1, "no reason": 1}
    assert sum(card.suggestions.values()) == 1
    assert (found.calls, found.unknown) == (5, 1)
    assert found.per_100(card) == 80.0
    assert card.acceptance == pytest.approx(1 / 3)


def test_the_trend_goes_by_week(found: Figures) -> None:
    weeks = found.cards[0].weeks
    monday = DAY - timedelta(days=DAY.weekday())
    assert {week: w.served for week, w in weeks.items()} == {monday + timedelta(days=7 * n): 1 for n in range(4)}
    assert [weeks[week].accepted for week in sorted(weeks)] == [1, 0, 0, 0]


def test_since_a_day(database: str) -> None:
    later = figures(memory(database), DAY + timedelta(days=7), DAY + timedelta(days=30))
    assert (later.cards[0].served, later.cards[0].accepted, later.calls) == (3, 0, 3)


def test_content_versions_are_told(found: Figures) -> None:
    assert sum(found.cards[0].versions.values()) == 4


def test_the_table_and_the_csv_say_the_same(found: Figures) -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv(found))))
    assert (rows[0]["card"], rows[0]["served"], rows[0]["overridden"]) == (CARD, "4", "2")
    assert re.search(rf"{CARD} +4 +80\.0 +1 +2 +1", as_text(found))


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_the_page_has_plots_and_needs_nothing_from_elsewhere(found: Figures) -> None:
    text = as_html(found)
    page = _Page()
    page.feed(text)
    assert len([tag for tag, _ in page.tags if tag == "svg"]) == 2
    assert not [tag for tag, _ in page.tags if tag in ("script", "link", "img", "iframe")]
    loads = [a.get("src") or a.get("href") or a.get("xlink:href") or "" for _, a in page.tags]
    assert not [address for address in loads if address and not address.startswith("#")]
    assert CARD in text


def test_a_page_without_cards_says_so(tmp_path: Path) -> None:
    assert "Nothing was shown" in as_html(figures(memory(f"sqlite:///{tmp_path / 'm.sqlite3'}"), None, date(2026, 3, 2)))


def test_the_first_reading_waits_for_answers(found: Figures) -> None:
    card = found.cards[0]
    assert verdict(card) == "too few answers to tell"
    card.served, card.accepted, card.overridden = 100, 30, 20
    assert verdict(card).startswith("helps")
    card.accepted, card.overridden = 1, 49
    assert verdict(card).startswith("look at it")
    card.accepted, card.overridden = 10, 40
    assert verdict(card) == "mixed"


def test_the_commands(database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDS_DATABASE_URL", database)
    monkeypatch.setenv("CDS_HASH_KEY", KEY)
    out = tmp_path / "report.html"
    assert main(["report"]) == 0
    assert main(["report", "--since", "2026-01-01", "--html", str(out)]) == 0
    assert (out.exists(), out.with_suffix(".csv").exists()) == (True, True)
    assert main(["memory", "upgrade"]) == 0
    monkeypatch.setenv("CDS_NOW", (NOON + timedelta(days=1000)).isoformat())
    assert main(["memory", "prune"]) == 0
    assert CARD in capsys.readouterr().out
    assert figures(memory(database), None, DAY).cards == []


def test_a_database_that_does_not_answer_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CDS_DATABASE_URL", f"sqlite:///{tmp_path / 'missing' / 'm'}")
    monkeypatch.setenv("CDS_HASH_KEY", KEY)
    assert main(["report"]) == 1
    assert "does not answer" in capsys.readouterr().err


def test_a_shadow_client_sees_no_card_and_the_report_what_it_would_have_seen(tmp_path: Path) -> None:
    key, url = Key("es-1"), f"sqlite:///{tmp_path / 'm.sqlite3'}"
    path = tmp_path / "clients.yaml"
    entry = {"name": "south", "issuer": ISSUER, "jwks": jwks(key), "audiences": [AUDIENCE], "mode": "shadow"}
    yaml_writer.write(path, {"clients": [entry]})
    app = client(url, clients=path)
    service = "/cds-services/posterior-hip-pain-order-select"
    headers = {"Authorization": f"Bearer {token(key, claims(service))}"}
    assert call(app, request("order-select", **OPIOID), headers=headers) == {}
    found = figures(memory(url), None, DAY)
    (card,) = found.cards
    assert (card.card, card.served, card.withheld, found.calls, found.shadow_calls) == (CARD, 0, 1, 0, 1)
    assert found.per_100_withheld(card) == 100.0
    assert "in shadow mode" in as_text(found)


def test_a_disabled_card_is_not_shown_to_its_client(tmp_path: Path) -> None:
    key, path = Key("es-1"), tmp_path / "clients.yaml"
    entry = {"name": "south", "issuer": ISSUER, "jwks": jwks(key), "audiences": [AUDIENCE], "disabled_cards": [CARD]}
    yaml_writer.write(path, {"clients": [entry]})
    service = "/cds-services/posterior-hip-pain-order-select"
    headers = {"Authorization": f"Bearer {token(key, claims(service))}"}
    assert CARD not in call(client(None, clients=path), request("order-select", **OPIOID), headers=headers)
