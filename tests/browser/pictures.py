"""``make pictures``: the main views of the demo as the pictures of the README, always of the same day."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from .conftest import CALM, CHROMIUM, running

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"


def order(page: Page) -> None:
    """An opioid is chosen for a patient with nothing tried."""
    page.goto("/patients/piriformis")
    page.get_by_label("New order").select_option("oxycodone")
    page.get_by_role("button", name="Choose").click()
    page.locator("#card-first-line-before-opioid").wait_for()
    page.screenshot(path=FOLDER / "order.png")


def place(page: Page) -> None:
    """Where a patient stands, with the first silent cards."""
    page.goto("/patients/six-weeks")
    page.locator("#pathway").evaluate("heading => heading.scrollIntoView()")
    page.screenshot(path=FOLDER / "pathway.png")


def card(page: Page) -> None:
    """The page of a card."""
    page.goto("/cards/first-line-before-opioid")
    page.screenshot(path=FOLDER / "card.png")


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, contextmanager(running)(Path(folder)) as demo, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CALM)
        page = browser.new_page(viewport={"width": 1280, "height": 860}, base_url=demo.base, color_scheme="light")
        for view in (order, place, card):
            view(page)
        browser.close()


if __name__ == "__main__":
    main()
