"""A demo on loopback and a real Chromium in front of it. An error in the console or a request to another host fails the test."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from werkzeug.serving import make_server

from cds_service.config import Settings
from cds_service.demo import demo_app

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
# Without these a headless Chromium looks for updates and time servers at every start.
CALM = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update"]
CALM += ["--disable-sync", "--disable-quic"]
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Demo:
    """A demo that runs: its application and its address."""

    app: Flask
    base: str


def running(folder: Path) -> Iterator[Demo]:
    """The demo on a free port of loopback, with a clock that stands still."""
    app = demo_app(Settings(now=NOW, log_level="CRITICAL", database_url=f"sqlite:///{folder}/memory.sqlite3"))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Demo(app, f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    yield from running(tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine (.ci/run installs it)")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=CALM)
        yield chromium
        chromium.close()


@dataclass
class Watch:
    """What pages did that they must not do. ``expected`` are parts of console errors that a test provokes."""

    host: str
    faults: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def over(self, page: Page) -> None:
        page.on("console", lambda message: self._said(message.type, message.text))
        page.on("pageerror", lambda error: self.faults.append(f"uncaught: {error}"))
        page.on("dialog", lambda dialog: self.faults.append(f"dialog: {dialog.message}"))
        page.on("request", lambda request: self._asked(request.url))

    def _said(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and not any(part in text for part in self.expected):
            self.faults.append(f"{kind}: {text}")

    def _asked(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.netloc != self.host:
            self.faults.append(f"asked {parts.netloc}")


@pytest.fixture
def watch(demo: Demo) -> Iterator[Watch]:
    watched = Watch(urlsplit(demo.base).netloc)
    yield watched
    assert watched.faults == []


Opening = Callable[..., Page]


@pytest.fixture
def opened(demo: Demo, browser: Browser, watch: Watch) -> Iterator[Opening]:
    """Opens a path of the demo in a window of its own; keywords go to the browser context."""
    contexts: list[BrowserContext] = []

    def open_(path: str, *, width: int = 1440, **options: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 900}, base_url=demo.base, **options)
        context.set_default_timeout(8000)
        contexts.append(context)
        page = context.new_page()
        watch.over(page)
        page.goto(path)
        return page

    yield open_
    for context in contexts:
        context.close()
