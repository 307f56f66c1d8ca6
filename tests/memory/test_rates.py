"""How often a client may call (CDS_RATE_LIMIT): counted once for all processes and hosts, and never at the price of a card."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest
from flask.testing import FlaskClient
from memory_support import client, memory, request
from sqlalchemy import create_engine, text

from cds_service.web.pace import network

NOW = 1_800_000_000.0
HOOK = "patient-view"
SERVICE = f"/cds-services/posterior-hip-pain-{HOOK}"
SAID = {"feedback": [{"card": "c1", "outcome": "overridden", "outcomeTimestamp": "2026-03-02T12:00:00Z"}]}


# -- counting ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("a_minute", [1, 7, 60, 6000])
def test_a_minutes_worth_at_once_and_then_as_it_is_refilled(database: str, a_minute: int) -> None:
    store, one = memory(database), 60 / a_minute
    taken = sum(store.take("north", "", a_minute, NOW) == 0 for _ in range(min(a_minute, 300)))
    assert taken == min(a_minute, 300)
    if a_minute <= 300:
        wait = store.take("north", "", a_minute, NOW)
        assert wait == pytest.approx(one, abs=0.001)
        assert store.take("north", "", a_minute, NOW + wait) == 0
        assert store.take("north", "", a_minute, NOW + wait) > 0
        assert [store.take("north", "", a_minute, NOW + 3600) for _ in range(a_minute)] == [0.0] * a_minute
        assert store.take("north", "", a_minute, NOW + 3600) > 0


def test_a_host_whose_clock_is_late_gives_nothing_away(database: str) -> None:
    store = memory(database)
    assert store.take("north", "", 1, NOW) == 0
    assert store.take("north", "", 1, NOW - 5) == pytest.approx(65)


def test_clients_and_addresses_do_not_share(database: str) -> None:
    store = memory(database)
    for who in (("north", ""), ("south", ""), ("open", "192.0.2.1"), ("open", "192.0.2.2")):
        assert store.take(*who, 1, NOW) == 0
        assert store.take(*who, 1, NOW) > 0


def test_neither_name_nor_address_is_kept(database: str) -> None:
    memory(database).take("north-hospital", "192.0.2.1", 5, NOW)
    engine = create_engine(database)
    with engine.connect() as connection:
        ((kept, _),) = connection.execute(text("SELECT * FROM rates")).all()
    engine.dispose()
    assert len(kept) == 32
    assert int(kept, 16)


def test_what_is_full_again_is_deleted(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store = memory(database)
    store.take("north", "", 5, NOW)
    monkeypatch.setattr("random.randrange", lambda _: 0)
    store.take("south", "", 5, NOW + 100)
    engine = create_engine(database)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM rates")).scalar() == 1
    engine.dispose()


@pytest.mark.parametrize(
    ("peer", "whom"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("unix", "unix"),
        (None, ""),
    ],
)
def test_one_machine_has_a_whole_network_of_version_6(peer: str | None, whom: str) -> None:
    assert network(peer) == whom


# -- over HTTP --------------------------------------------------------------------------------------------------------------


def tell(app: FlaskClient, **options: Any) -> Any:
    return app.post(SERVICE, json=request(HOOK), **options)


def test_a_call_too_many_is_an_outcome_that_says_when_to_come_again(database: str) -> None:
    app = client(database, rate_limit=2)
    origin = {"Origin": "https://sandbox.cds-hooks.org"}
    assert [tell(app).status_code for _ in range(2)] == [200, 200]
    answer = tell(app, headers=origin)
    assert (answer.status_code, answer.json["issue"][0]["code"]) == (429, "throttled")
    assert answer.json["resourceType"] == "OperationOutcome"
    assert 1 <= int(answer.headers["Retry-After"]) <= 30
    assert answer.headers["Access-Control-Allow-Origin"] == origin["Origin"]
    assert "Retry-After" in answer.headers["Access-Control-Expose-Headers"]
    assert answer.headers["X-CDS-Content-Version"]
    assert "cds_rate_limited_total 1.0" in app.get("/metrics").text


def test_feedback_counts_and_what_operators_and_readers_ask_does_not(database: str) -> None:
    app = client(database, rate_limit=1)
    assert app.post(f"{SERVICE}/feedback", json=SAID).status_code == 200
    assert app.post(f"{SERVICE}/feedback", json=SAID).status_code == tell(app).status_code == 429
    for page in ("/cds-services", "/healthz", "/readyz", "/metrics", "/cards", "/openapi.yaml"):
        assert {app.get(page).status_code for _ in range(3)} == {200}, page


def test_a_caller_in_open_mode_is_its_address_behind_the_trusted_proxies(database: str) -> None:
    app = client(database, rate_limit=1, trusted_proxies=1)
    for address in ("192.0.2.1", "192.0.2.2"):
        via = {"X-Forwarded-For": f"203.0.113.9, {address}"}
        assert [tell(app, headers=via).status_code for _ in range(2)] == [200, 429]
    direct = client(database, rate_limit=1)
    forged = [tell(direct, headers={"X-Forwarded-For": f"203.0.113.{n}"}).status_code for n in range(2)]
    assert forged == [200, 429]


def test_who_waits_is_not_looked_up_again(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A flood must not reach the database, and not fill the log."""
    app = client(database, rate_limit=1)
    lines: list[logging.LogRecord] = []
    logger = logging.getLogger("cds_service")
    logger.setLevel("WARNING")
    monkeypatch.setattr(logger, "handlers", [])
    logger.addHandler(handler := logging.Handler())
    monkeypatch.setattr(handler, "emit", lines.append)
    asked = Counter[str]()
    recorder = app.application.extensions["recorder"]
    real: Callable[..., float] = recorder.take
    monkeypatch.setattr(recorder, "take", lambda *what: (asked.update(["take"]), real(*what))[1])
    assert [tell(app, environ_base={"REMOTE_ADDR": "192.0.2.44"}).status_code for _ in range(20)] == [200] + [429] * 19
    assert asked["take"] == 2
    assert [line.getMessage() for line in lines if line.getMessage() != "hook refused"] == ["too many requests"]
    assert "192.0.2.44" not in json.dumps([line.__dict__ for line in lines], default=str)


def test_when_it_cannot_be_counted_the_cards_go_out_and_the_loss_is_counted(tmp_path: Path) -> None:
    app = client(f"sqlite:///{tmp_path / 'missing' / 'm.sqlite3'}", rate_limit=1)
    assert [tell(app).status_code for _ in range(3)] == [200] * 3
    counted = next(line for line in app.get("/metrics").text.splitlines() if 'losses_total{what="rates"}' in line)
    assert float(counted.split()[-1]) == 3


def test_without_a_limit_nothing_is_counted(database: str) -> None:
    app = client(database)
    assert {tell(app).status_code for _ in range(5)} == {200}
    engine = create_engine(database)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM rates")).scalar() == 0
    engine.dispose()


# -- several processes ------------------------------------------------------------------------------------------------------


@contextmanager
def served(port: int, database: str, workers: int) -> Iterator[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("CDS_")}
    environment |= {"CDS_DATABASE_URL": database, "CDS_HASH_KEY": "k", "CDS_RATE_LIMIT": "30", "CDS_LOG_LEVEL": "CRITICAL"}
    command = [sys.executable, "-m", "cds_service.cli", "serve", "--port", str(port), "--workers", str(workers)]
    with subprocess.Popen(command, env=environment) as process:
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def status(base: str) -> int:
    body = json.dumps(request(HOOK)).encode()
    asked = urllib.request.Request(base + SERVICE, body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(asked, timeout=20) as answer:
            return int(answer.status)
    except HTTPError as error:
        with error:
            return error.code


def wait_for(base: str) -> None:
    for _ in range(600):
        try:
            with urllib.request.urlopen(f"{base}/healthz", timeout=5):
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"{base} does not answer")


def test_two_servers_with_two_workers_each_keep_one_count(database: str, free_port: int, module_port: int) -> None:
    with served(free_port, database, 2) as here, served(module_port, database, 2) as there:
        wait_for(here)
        wait_for(there)
        started = time.monotonic()
        with ThreadPoolExecutor(8) as pool:
            found = Counter(pool.map(status, [here, there] * 60))
        refilled = (time.monotonic() - started) / 2 + 1  # 30 a minute
        assert set(found) == {200, 429}
        assert 30 <= found[200] <= 30 + refilled
