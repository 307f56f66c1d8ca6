"""Every page, wide and narrow, light and dark: nothing that axe calls serious, and nothing wider than the window."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import Demo, Opening, Watch

PAGES = [
    "/",
    "/patients/six-weeks",
    "/visits/over",
    "/docs",
    "/cards?by=statement",
    "/cards/first-line-before-opioid",
    "/cards/book",
]
WINDOWS = [(1440, "light"), (390, "dark")]
# Many times the same: the first few stand for the rest, or axe takes ten seconds a page.
_ALIKE = {"/cards/book": ".leaf", "/patients/six-weeks": ".silent details", "/docs": "section"}


def findings(page: Any) -> list[str]:
    """What axe finds, whatever it rates it."""
    found = Axe().run(page).response["violations"]
    return [f"{v['impact']} {v['id']}: {node['html'][:120]}" for v in found for node in v["nodes"][:3]]


@pytest.mark.parametrize(("width", "scheme"), WINDOWS, ids=["wide and light", "narrow and dark"])
@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_accessible_and_fits(opened: Opening, watch: Watch, path: str, width: int, scheme: Any) -> None:
    watch.expected = ["404"] if path == "/visits/over" else []
    page = opened(path, width=width, color_scheme=scheme, bypass_csp=True)  # axe is a script of the test
    alike = _ALIKE.get(path, "")
    page.evaluate("alike => alike && document.querySelectorAll(alike).forEach((one, n) => n > 4 && one.remove())", alike)
    page.evaluate("document.querySelectorAll('details').forEach(details => { details.open = true; })")
    assert findings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_an_order_with_its_card_is_accessible(opened: Opening) -> None:
    page = opened("/patients/piriformis", width=390, bypass_csp=True)
    page.get_by_label("New order").select_option("oxycodone")
    page.get_by_role("button", name="Choose").click()
    page.get_by_role("button", name="Remove the opioid draft").click()
    page.get_by_role("button", name="Undo").wait_for()
    assert findings(page) == []


def test_light_and_dark_differ(opened: Opening) -> None:
    shades = [
        opened("/", color_scheme=scheme).evaluate("getComputedStyle(document.body).backgroundColor")
        for scheme in ("light", "dark")
    ]
    assert len(set(shades)) == 2


def test_the_review_book_prints_one_page_a_card(opened: Opening, demo: Demo) -> None:
    """As measured with Arial; another font may be wider."""
    match = shutil.which("fc-match")
    font = subprocess.run([match, "Arial"], capture_output=True, text=True, check=True).stdout if match else ""
    if not re.search("Arial|Liberation", font):
        pytest.skip("no font with the widths of Arial on this machine")
    printed = opened("/cards/book").pdf(prefer_css_page_size=True)
    cards = len(demo.app.extensions["runtime"].library.recommendations)
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", printed)) == cards + 1
