"""The journal: what was remembered reaches the database, whatever becomes of the process or of the database, and once."""

from __future__ import annotations

import fcntl
import hmac
import os
import signal
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import remembering
from memory_support import NOON, OPENED, call, client, overridden, request, say, settings
from postgresql_server import PostgresqlServer
from remembering import remember
from sqlalchemy import func, select

from cds_service import create_app
from cds_service.ids import new_uuid
from cds_service.memory import writer as writing
from cds_service.memory.journal import Journal, left_behind
from cds_service.memory.opening import open_memory
from cds_service.memory.store import Memory, Said
from cds_service.memory.tables import calls, cards, feedback, suggestions
from cds_service.memory.veil import Veil

OPIOID = {"problems": ["deep-gluteal-syndrome"], "ordering": "oxycodone", "egfr": 88, "blood_pressure": [128, 80], "age": 54}
FIRST_LINE = "first-line-before-opioid"


def opened(database: str) -> Memory:
    """A memory of its own, as that of another process."""
    OPENED.append(remembering.opened(database))
    return OPENED[-1]


def counted(database: str) -> tuple[int, int, int]:
    """What a look at the tables finds, without a look at any journal."""
    with opened(database).reading() as connection:
        found = [connection.execute(select(func.count()).select_from(t)).scalar_one() for t in (calls, cards, suggestions)]
    return found[0], found[1], found[2]


def until(holds: Any, seconds: float = 5.0) -> None:
    last = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < last, "it did not happen"
        time.sleep(0.02)


def journals(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.journal") if path.is_file())


@pytest.fixture(autouse=True)
def _temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The journals of server databases stand below the folder for temporary files: another one for each test."""
    monkeypatch.setattr("cds_service.memory.backlog.tempfile", SimpleNamespace(gettempdir=lambda: str(tmp_path)))
    monkeypatch.setenv("TMPDIR", str(tmp_path))


# -- the way into the database ----------------------------------------------------------------------------------------------


def test_what_was_remembered_is_in_the_database_some_moments_later(database: str) -> None:
    opened(database).upgrade()
    remember(opened(database), 700)
    until(lambda: counted(database) == (700, 700, 700))


def test_a_line_that_is_brought_in_twice_counts_once(database: str) -> None:
    store = opened(database)
    remember(store, 3)
    waiting = [*store._backlog._writer._waiting]  # type: ignore[union-attr]
    store.settle()
    store._backlog._insert(waiting)
    assert counted(database) == (3, 3, 3)


def test_a_call_that_the_database_does_not_take_does_not_hold_up_the_others(postgresql: str) -> None:
    store, lost = opened(postgresql), []
    store.on_loss(lambda number, why: lost.append((number, why)))
    remember(store)
    remember(store, client="a client\0")
    remember(store, client="a name that is longer than the column" * 9)
    remember(store)
    store.settle()
    assert counted(postgresql)[0] == 2
    assert [number for number, _ in lost] == [1, 1]


def test_feedback_on_a_card_that_still_waits_counts_for_it(database: str) -> None:
    """In the same process, at once."""
    app, body = client(database), request("order-select", **OPIOID)
    card = call(app, body)[FIRST_LINE]
    assert say(app, "order-select", overridden(card)).status_code == 200
    assert FIRST_LINE not in call(app, body)


def test_feedback_in_another_process_right_after_waits_for_the_card(database: str) -> None:
    one, other, body = client(database), client(database), request("order-select", **OPIOID)
    card = call(one, body)[FIRST_LINE]
    assert say(other, "order-select", overridden(card)).status_code == 200
    assert FIRST_LINE not in call(other, body)
    with opened(database).reading() as connection:
        assert connection.execute(select(feedback.c.known)).scalars().all() == [True]


def test_feedback_that_overtakes_its_card_is_found_when_the_card_comes(database: str) -> None:
    """The database was down when the card was shown, and is back for the process that hears of it."""
    shows, hears = opened(database), opened(database)
    caller = shows.caller("open", "p", "u", "e")
    shows.upgrade()
    shows._backlog._begin()._stopping = True  # it never comes to it by itself
    (card,) = remember(shows)
    assert [heard.card for heard in hears.hear("open", "s", [Said(card, "overridden", NOON)], NOON)] == [None]
    assert hears.answered(caller, NOON) == []
    shows.settle()
    assert [answer.card for answer in hears.answered(caller, NOON)] == ["reassess-6-weeks"]


def test_another_client_cannot_speak_for_a_card(database: str) -> None:
    store = opened(database)
    (card,) = remember(store)
    store.hear("another", "s", [Said(card, "overridden", NOON)], NOON)
    remember(store)
    store.settle()
    for client_name in ("open", "another"):
        assert store.answered(store.caller(client_name, "p", "u", "e"), NOON) == []


# -- the process ends -------------------------------------------------------------------------------------------------------

_REMEMBERS = """
import os, sys, time
sys.path.insert(0, {here!r})
from remembering import opened, remember
from cds_service.memory import writer
writer.EVERY = 60.0
store = opened({database!r})
remember(store, {number})
print("remembered", flush=True)
{then}
"""


def process(database: str, number: int, then: str) -> subprocess.Popen[str]:
    """Another process that has remembered some calls and does something then."""
    script = _REMEMBERS.format(here=str(Path(__file__).parent), database=database, number=number, then=then)
    started = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert started.stdout is not None
    assert started.stdout.readline() == "remembered\n"
    return started


def end(started: subprocess.Popen[str]) -> None:
    started.wait(10)
    assert started.stdout is not None
    started.stdout.close()


def test_nothing_is_lost_or_doubled_when_a_process_is_killed(database: str, tmp_path: Path) -> None:
    opened(database).upgrade()
    killed = process(database, 50, "time.sleep(60)")
    opened(database).recover()
    assert counted(database)[0] == 0, "a process that lives brings in its own"
    killed.send_signal(signal.SIGKILL)
    end(killed)
    for _ in range(2):
        opened(database).recover()
        assert counted(database) == (50, 50, 50)
    assert journals(tmp_path) == []


def test_a_service_that_starts_brings_in_what_was_left(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'm.sqlite3'}"
    killed = process(database, 5, "time.sleep(60)")
    killed.kill()
    end(killed)
    client(database)
    assert counted(database)[0] == 5


def test_a_process_that_ends_in_good_order_leaves_nothing(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'm.sqlite3'}"
    end(process(database, 7, ""))
    assert counted(database) == (7, 7, 7)
    assert journals(tmp_path) == []


def test_a_process_that_was_forked_does_not_touch_what_waits_in_the_other(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'm.sqlite3'}"
    end(process(database, 4, "if os.fork():\n    os.wait()\nelse:\n    remember(store, 3)"))
    assert counted(database)[0] == 7
    assert journals(tmp_path) == []


def test_a_line_that_was_cut_short_is_counted_and_the_others_come_in(tmp_path: Path) -> None:
    database, folder = f"sqlite:///{tmp_path / 'm.sqlite3'}", tmp_path / "m.sqlite3.journal"
    killed = process(database, 3, "time.sleep(60)")
    killed.kill()
    end(killed)
    (path,) = [path for path in journals(folder) if path.stat().st_size]
    with path.open("ab") as file:
        file.write(b'["cut\n[]\n5\n[1,2,[]]\n')
        file.write(path.read_bytes().splitlines()[0][:-20])
    store, lost = opened(database), []
    store.on_loss(lambda number, _: lost.append(number))
    store.recover()
    assert (counted(database)[0], lost) == (3, [5])


# -- the database is away ---------------------------------------------------------------------------------------------------


def test_what_was_shown_while_a_file_was_locked_is_there_when_it_is_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cds_service.memory.engine._WAIT_MS", 50)
    monkeypatch.setattr(writing, "_AGAIN", 0.1)
    monkeypatch.setattr("cds_service.memory.database._REST", 0.2)
    database = f"sqlite:///{tmp_path / 'm.sqlite3'}"
    app = client(database)
    blocker = sqlite3.connect(tmp_path / "m.sqlite3", isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    body = request("order-select", **OPIOID)
    for _ in range(3):
        assert FIRST_LINE in call(app, body)
        time.sleep(0.2)
    assert app.get("/readyz").status_code == 503
    blocker.execute("ROLLBACK")
    blocker.close()
    until(lambda: counted(database)[0] == 3)
    assert 'cds_memory_losses_total{what="cards"} 0.0' in app.get("/metrics").get_data(as_text=True)


@pytest.fixture
def server() -> Iterator[PostgresqlServer]:
    try:
        own = PostgresqlServer()
    except FileNotFoundError as missing:
        pytest.skip(str(missing))
    own.start()
    yield own
    own.remove()


def test_what_was_shown_while_a_server_was_down_is_there_when_it_is_back(
    server: PostgresqlServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "_AGAIN", 0.1)
    monkeypatch.setattr("cds_service.memory.database._REST", 0.2)
    database = server.database()
    app, body = client(database), request("order-select", **OPIOID)
    call(app, body)
    server.stop()
    for _ in range(3):
        assert FIRST_LINE in call(app, body)
    assert app.get("/readyz").status_code == 503
    server.start()
    until(lambda: app.get("/readyz").status_code == 200)
    until(lambda: counted(database)[0] == 4)
    OPENED[0].close()


def test_what_is_too_much_is_counted_as_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "MOST_CALLS", 2)
    app, body = client(f"sqlite:///{tmp_path / 'missing' / 'm'}"), request("order-select", **OPIOID)
    for _ in range(3):
        assert FIRST_LINE in call(app, body)
    assert 'cds_memory_losses_total{what="cards"} 1.0' in app.get("/metrics").get_data(as_text=True)


def test_bytes_are_bounded_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder for temporary files of a container is small, and stands in its memory."""
    monkeypatch.setattr(writing, "MOST_BYTES", 1000)
    app = client(f"sqlite:///{tmp_path / 'missing' / 'm'}")
    for _ in range(3):
        call(app, request("order-select", **OPIOID))
    lost = app.get("/metrics").get_data(as_text=True).partition('cds_memory_losses_total{what="cards"} ')[2][:3]
    assert float(lost) > 0


def test_a_stop_while_neither_journal_nor_database_can_be_written_is_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    app = client(f"sqlite:///{tmp_path / 'missing' / 'm'}", log_level="ERROR")
    call(app, request("order-select", **OPIOID))
    OPENED.pop().close()
    assert 'cds_memory_losses_total{what="cards"} 1.0' in app.get("/metrics").get_data(as_text=True)
    told = capsys.readouterr().err
    assert told.count("journal of the memory cannot be written") == 1
    assert "stopped before the database was back" in told


# -- the files --------------------------------------------------------------------------------------------------------------


def test_the_files_are_for_their_owner_only_and_beside_an_sqlite_file(tmp_path: Path) -> None:
    store = opened(f"sqlite:///{tmp_path / 'm.sqlite3'}")
    remember(store)
    folder = tmp_path / "m.sqlite3.journal"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert journals(folder)
    assert {path.stat().st_mode & 0o777 for path in journals(folder)} == {0o600}


@pytest.mark.parametrize("given", [None, "kept"])
def test_each_database_of_a_server_has_its_folder(tmp_path: Path, given: str | None) -> None:
    """The calls of one must not come into another."""
    chosen = tmp_path / given if given else None
    folders = []
    for name in ("a", "b"):
        url = f"postgresql+psycopg://cds:secret@127.0.0.1:1/{name}"
        store = open_memory(settings(url, journal=chosen))
        assert store is not None
        OPENED.append(store)
        remember(store)
        folders.append({path.parent for path in journals(chosen or tmp_path)})
    assert len(folders[1] - folders[0]) == 1
    assert all(path.parent.parent == (chosen or tmp_path / f"cds-service-journal-{os.geteuid()}") for path in journals(tmp_path))
    assert "secret" not in "".join(map(str, journals(tmp_path)))


def test_a_folder_of_somebody_else_is_not_written_to(tmp_path: Path) -> None:
    """Anybody may make folders and links where temporary files are."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "open").mkdir(mode=0o777)
    (tmp_path / "open").chmod(0o777)
    for name in ("link", "open", "missing/below"):
        journal = Journal(tmp_path / name, with_parent=False)
        assert journal.append(b"x\n") is False
        journal.close()
    assert journals(tmp_path) == []


def test_a_folder_that_was_removed_is_made_again(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j", with_parent=False)
    for path in journals(tmp_path / "j"):
        path.unlink()
    (tmp_path / "j").rmdir()
    journal.turn()
    journal.turn()
    assert journal.append(b"[]\n") is True
    assert len([path for path in journals(tmp_path / "j") if path.stat().st_size]) == 1
    journal.close()


def test_a_disk_that_is_full_stops_nothing_and_tears_no_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(tmp_path / "j", with_parent=False)
    write = os.write
    monkeypatch.setattr(os, "write", lambda number, line: write(number, line[:4]))
    assert journal.append(b'["one"]\n') is False
    monkeypatch.undo()
    assert journal.append(b'["two"]\n') is True
    journal.close()
    assert list(left_behind(tmp_path / "j")) == [[b'["on', b'["two"]']]
    assert journals(tmp_path / "j") == []


def test_a_file_that_somebody_takes_for_left_behind_in_its_first_moment_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, lock = os.open, fcntl.flock
    taken: list[int] = []

    def locked(number: int, how: int) -> None:
        if not taken:  # quicker than its owner
            taken.append(make(journals(tmp_path)[0], os.O_RDWR))
            lock(taken[0], how)
        lock(number, how)

    monkeypatch.setattr(fcntl, "flock", locked)
    journal = Journal(tmp_path / "j", with_parent=False)
    assert journal.append(b"[]\n") is True
    journal.close()
    os.close(taken[0])
    assert list(left_behind(tmp_path / "j")) == [[b"[]"]]


def test_the_start_of_a_service_with_no_memory_makes_no_journal(tmp_path: Path) -> None:
    create_app(settings(None))
    assert journals(tmp_path) == []


# -- what it is made of -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [b"k", b"x" * 64, b"long" * 40])
def test_the_hashes_are_those_of_the_standard(key: bytes) -> None:
    expected = hmac.digest(key, b"fact\x1fp\x1foxycodone", "sha256").hex()
    assert Veil(key).of("oxycodone", "fact", "p") == expected[:32]
    assert Veil(key).within("fact", "p", length=12)["oxycodone"] == expected[:12]
    assert Veil(key).within("fact", "p")[""] == ""


def test_identifiers_follow_each_other_and_look_like_any_uuid() -> None:
    made = [new_uuid() for _ in range(2000)]
    assert len(set(made)) == 2000
    assert all(str(uuid.UUID(one)) == one and uuid.UUID(one).version == 4 for one in made)
    assert all(uuid.UUID(one).variant == uuid.RFC_4122 for one in made)
    assert [one[:13] for one in made] == sorted(one[:13] for one in made)
