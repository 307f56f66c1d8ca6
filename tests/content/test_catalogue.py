"""The cards are those of the pathway specification, with its rank, hooks and words (where it stands beside the checkout)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cds_service import packaged_cards
from cds_service.content.loader import load

SPECIFICATION = Path(__file__).parents[3] / "shared" / "clinical" / "pathway.md"
CARDS = {r.id: r for r in load(packaged_cards()).recommendations}
HOOKS = "patient-view, order-select, order-sign"

pytestmark = pytest.mark.skipif(not SPECIFICATION.exists(), reason=f"no pathway specification at {SPECIFICATION}")


def catalogue() -> dict[str, tuple[str, ...]]:
    """The rows of table C.3 by card: rank, hooks, level and summary."""
    text = SPECIFICATION.read_text(encoding="utf-8").split("## C.3")[1].split("\n## ")[0]
    rows = re.findall(r"(?m)^\| (\d+) \| `([\w-]+)` \| ([^|]+) \| [^|]+ \| ([^|]+) \| (.+?) \(\d+\) \|$", text)
    return {card: (rank, hooks.replace("all three", HOOKS), level, summary) for rank, card, hooks, level, summary in rows}


def test_every_card_of_the_specification_is_here_and_no_other() -> None:
    assert set(CARDS) == set(catalogue())
    assert len(CARDS) == 53


@pytest.mark.parametrize("card_id", CARDS)
def test_a_card_has_the_rank_the_hooks_the_level_and_the_summary_of_the_specification(card_id: str) -> None:
    card, (rank, hooks, level, summary) = CARDS[card_id], catalogue()[card_id]
    assert str(card.rank) == rank
    assert ", ".join(h.value for h in card.hooks) == hooks
    assert card.summary == summary
    base = "warning" if card_id == "paediatric-hip-red-flag" else re.findall(r"\w+", level)[0]
    assert card.indicator.value == base
    named = {word for word in ("warning", "critical") if word in level} - {base}
    reachable = {e.to.value for e in card.escalate} | {v.indicator.value for v in card.variants if v.indicator}
    assert named <= reachable | {"info"}


@pytest.mark.parametrize("card_id", CARDS)
def test_a_card_offers_the_override_reasons_of_the_specification(card_id: str) -> None:
    full = SPECIFICATION.read_text(encoding="utf-8").split(f"### {card_id}\n")[1].split("\n### ")[0]
    listed = re.search(r"(?m)^- override reasons: (.+)$", full)
    assert listed is not None
    codes = {code.strip() for code in listed[1].split(";")}
    if codes == {"as first-line-before-opioid"}:
        codes = {reason.code for reason in CARDS["first-line-before-opioid"].override_reasons}
    assert {reason.code for reason in CARDS[card_id].override_reasons} == codes


@pytest.mark.parametrize("card_id", CARDS)
def test_a_card_links_to_the_references_of_the_specification(card_id: str) -> None:
    full = SPECIFICATION.read_text(encoding="utf-8").split(f"### {card_id}\n")[1].split("\n### ")[0].split("\n# ")[0]
    listed = re.search(r"(?m)^- links \(absolute\): (.+)$", full)
    assert listed is not None
    urls = {url.rstrip("/") for url in re.findall(r"https?://[^\s;]+", listed[1])}
    assert urls <= {link.url.rstrip("/") for link in CARDS[card_id].links}
