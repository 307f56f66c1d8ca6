"""The memory itself: what is recorded, what is not, and that nothing is lost under load, kills and restarts."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request
import uuid
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from memory_support import KEY, LIBRARY, NOON, OPENED, call, client, memory, overridden, request, say, settings
from remembering import opened
from sqlalchemy import func, insert, select

from cds_service import create_app
from cds_service.config import BadSetting
from cds_service.memory.database import MemoryDown
from cds_service.memory.engine import new_engine, upgrade
from cds_service.memory.facts import FactsVeil, packed, unpacked
from cds_service.memory.store import Said
from cds_service.memory.tables import calls, cards, feedback, metadata, suggestions
from cds_service.memory.veil import Veil, key_beside
from cds_service.pathway.rests import Facts
from cds_service.web.metrics import Metrics
from cds_service.web.recorder import Recorder

OPIOID = {"problems": ["deep-gluteal-syndrome"], "ordering": "oxycodone", "egfr": 88, "blood_pressure": [128, 80], "age": 54}


def count(database: str, table: Any) -> int:
    with memory(database).reading() as connection:
        found: int = connection.execute(select(func.count()).select_from(table)).scalar_one()
    return found


# -- what is recorded -------------------------------------------------------------------------------------------------------


def test_every_call_and_its_cards_are_recorded(database: str) -> None:
    body = request("order-select", **OPIOID)
    shown = call(client(database), body)
    with memory(database).reading() as connection:
        (made,) = connection.execute(select(calls)).all()
        kept = {row.card: row for row in connection.execute(select(cards))}
        offered = {row.uuid for row in connection.execute(select(suggestions))}
    assert (made.client, made.service, made.instance, made.shadow) == (
        "open",
        "posterior-hip-pain-order-select",
        body["hookInstance"],
        False,
    )
    assert {name: card["uuid"] for name, card in shown.items()} == {name: row.uuid for name, row in kept.items()}
    assert offered == {s["uuid"] for card in shown.values() for s in card.get("suggestions", ())}


def test_a_call_without_cards_is_recorded_too(database: str) -> None:
    """The report counts cards per hundred calls."""
    assert call(client(database), request("patient-view", problems=["hypertension"])) == {}
    assert (count(database, calls), count(database, cards)) == (1, 0)


PLANTED = ("case-patient", "Practitioner/case", "Zebediah", "oxycodone", "Deep gluteal", "piriformis", "1972")


def test_nothing_in_the_database_says_who_the_patient_is(tmp_path: Path) -> None:
    path = tmp_path / "m.sqlite3"
    app = client(f"sqlite:///{path}")
    body = request("order-select", encounter="encounter-zebra", **OPIOID)
    card = call(app, body)["first-line-before-opioid"]
    say(app, "order-select", overridden(card, None) | {"overrideReason": {"userComment": "Zebediah said no"}})
    with sqlite3.connect(path) as connection:
        dump = "\n".join(connection.iterdump())
    connection.close()
    call(app, body)
    for line in b"".join(path.read_bytes() for path in tmp_path.rglob("*.journal") if path.is_file()).splitlines():
        *made, shown = json.loads(line)
        dump += json.dumps([made, [card[:4] for card in shown]])  # the names of suggestions are of the content
    assert body["hookInstance"] in dump[-2000:]
    rows = "\n".join(line for line in dump.splitlines() if not line.startswith('INSERT INTO "suggestions"'))
    assert not [word for word in (*PLANTED, "encounter-zebra") if word.lower() in rows.lower()]


def test_the_same_patient_has_another_hash_for_another_client_and_another_key() -> None:
    veil = Veil(b"one")
    assert veil.of("p1", "patient", "a") == veil.of("p1", "patient", "a")
    assert len({veil.of("p1", "patient", "a"), veil.of("p1", "patient", "b"), Veil(b"two").of("p1", "patient", "a")}) == 3
    assert veil.of("", "x") == veil.of(None, "x") == ""


def test_the_key_of_an_embedded_database_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "k"
    key = key_beside(path)
    assert key_beside(path) == key
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", [None, "no key", "", "abcd"])
def test_a_key_that_cannot_be_used_stops_the_start_and_is_named(tmp_path: Path, content: str | None) -> None:
    """With another key nobody would be recognised again."""
    folder = tmp_path / "data"
    if content is not None:
        folder.mkdir()
        (folder / "m.sqlite3.key").write_text(content)
    with pytest.raises(BadSetting, match="CDS_DATABASE_URL: the key beside the file"):
        create_app(settings(f"sqlite:///{folder / 'm.sqlite3'}", hash_key=None), LIBRARY)


def test_facts_are_read_back_as_they_were_written() -> None:
    facts = Facts(1, "2026-01-01", frozenset({"a"}), {"oxycodone": 5.0, "x": None}, frozenset({"r"}), -1, frozenset({"o"}))
    hidden = FactsVeil(Veil(b"k"), "p")(facts)
    assert unpacked(packed(hidden)) == hidden
    assert "oxycodone" not in packed(hidden)
    assert FactsVeil(Veil(b"k"), "q")(facts) != hidden


# -- tables -----------------------------------------------------------------------------------------------------------------


def test_the_migrations_make_the_tables_that_the_code_names(database: str) -> None:
    memory(database).upgrade()
    engine = new_engine(database)
    with engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), metadata)
    engine.dispose()
    assert found == []


def test_a_database_of_the_first_release_goes_on_with_what_it_holds(database: str) -> None:
    engine, store = new_engine(database), memory(database)
    upgrade(engine, "0001")
    caller = store.caller("open", "p", "u", "e")
    call = {**caller._asdict(), "id": "c1", "at": NOON.replace(tzinfo=None), "service": "s", "hook": "patient-view"}
    card = {"uuid": "k1", "call": "c1", "patient": caller.patient, "card": "reassess-6-weeks", "indicator": "info"}
    said = {"client": "open", "service": "s", "card": "k1", "known": True, "outcome": "overridden", "commented": False}
    said |= {"outcome_at": NOON.replace(tzinfo=None), "received_at": NOON.replace(tzinfo=None), "digest": "d1"}
    with engine.begin() as connection:
        connection.execute(insert(calls), call | {"instance": "i", "content": "0.1.0", "shadow": False})
        connection.execute(insert(cards), card | {"facts": packed(Facts(0, "", frozenset(), {}, frozenset(), 0, frozenset()))})
        connection.execute(insert(feedback), said)
    engine.dispose()
    assert [answer.card for answer in store.answered(caller, NOON + timedelta(days=1))] == ["reassess-6-weeks"]
    assert store.take("open", "", 600, NOON.timestamp()) == 0


def test_the_workers_inherit_no_connection(database: str) -> None:
    """A connection that two processes hold is closed by either under the other."""
    store = memory(database)
    Recorder(store, Metrics()).prepare()
    assert (store._upgraded, store._pid) == (True, 0)


def test_many_processes_may_start_at_once(database: str) -> None:
    found: list[BaseException] = []

    def start() -> None:
        try:
            memory(database).upgrade()
        except BaseException as error:
            found.append(error)

    threads = [threading.Thread(target=start) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == []


def test_what_is_old_is_pruned_with_everything_that_hangs_on_it(database: str) -> None:
    for days in (0, 100):
        app = client(database, days)
        card = call(app, request("order-select", encounter=f"e{days}", **OPIOID))
        say(app, "order-select", *(overridden(c) for c in card.values()))
    kept = memory(database)
    assert kept.prune(NOON + timedelta(days=50)) > 0
    assert (count(database, calls), count(database, feedback)) == (1, 1 if count(database, cards) else 0)
    assert kept.prune(NOON + timedelta(days=50)) == 0


# -- tokens -----------------------------------------------------------------------------------------------------------------


def test_a_token_is_new_once_for_all_processes(database: str) -> None:
    one, other = memory(database), memory(database)
    later = time.time() + 300
    assert [m.first_time("iss", "jti", later) for m in (one, other, one)] == [True, False, False]
    assert other.first_time("another issuer", "jti", later) is True


def test_only_one_of_many_at_the_same_moment_is_first(database: str) -> None:
    stores = [memory(database) for _ in range(8)]
    stores[0].upgrade()
    found: list[bool] = []
    gate = threading.Barrier(8)

    def use(store: Any) -> None:
        gate.wait()
        found.append(store.first_time("iss", "same", time.time() + 300))

    threads = [threading.Thread(target=use, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(found) == {True: 1, False: 7}


# -- failures ---------------------------------------------------------------------------------------------------------------


def test_a_database_that_is_down_is_left_alone_for_some_seconds(tmp_path: Path) -> None:
    """It must not cost every hook call its patience."""
    down = memory("postgresql+psycopg://cds@127.0.0.1:1/none")
    for _ in range(2):
        with pytest.raises(MemoryDown):
            down.check()
    started = time.monotonic()
    for _ in range(20):
        with pytest.raises(MemoryDown, match="left alone"):
            down.check()
    assert time.monotonic() - started < 0.1


def test_a_file_that_was_removed_or_spoilt_is_begun_anew(tmp_path: Path) -> None:
    """A connection to a file that is gone would go on writing to nothing."""
    path = tmp_path / "m.sqlite3"
    kept = memory(f"sqlite:///{path}")
    kept.check()
    for spoil in (lambda: None, lambda: path.write_bytes(b"not a database" * 999)):
        spoil()
        for name in ("", "-wal", "-shm"):
            Path(f"{path}{name}").unlink(missing_ok=True)
        assert len(kept.hear("open", "s", [said("c1")], NOON)) == 1
        with memory(f"sqlite:///{path}").reading() as connection:
            assert connection.execute(select(func.count()).select_from(feedback)).scalar_one() == 1


def said(card: str) -> Said:
    return Said(card, "overridden", NOON)


def test_a_database_that_somebody_else_has_locked_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading goes on, and must not hide that nothing can be written."""
    monkeypatch.setattr("cds_service.memory.engine._WAIT_MS", 50)
    kept = memory(f"sqlite:///{tmp_path / 'm.sqlite3'}")
    kept.check()
    caller = kept.caller("open", "p", "u", None)
    blocker = sqlite3.connect(tmp_path / "m.sqlite3", isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    for told in ("OperationalError", "OperationalError", "left alone"):
        with suppress(MemoryDown):
            kept.answered(caller, NOON)
        with pytest.raises(MemoryDown, match=told):
            kept.check()
    blocker.close()


def test_a_server_that_hangs_costs_two_calls_some_patience_and_the_next_none() -> None:
    """It accepts and says nothing: no time limit of the database can help there."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        store = memory(f"postgresql+psycopg://cds@127.0.0.1:{silent.getsockname()[1]}/cds")
        recorder, took = Recorder(store, Metrics()), []
        for _ in range(4):
            started = time.monotonic()
            assert recorder.first_time("iss", str(uuid.uuid4()), time.time() + 60)
            took.append(time.monotonic() - started)
    assert all(1 < seconds < 3.5 for seconds in took[:2])
    assert all(seconds < 0.1 for seconds in took[2:])


def test_a_value_that_the_database_does_not_take_says_nothing_about_the_next(postgresql: str) -> None:
    store = memory(postgresql)
    store.check()
    for _ in range(4):
        with pytest.raises(MemoryDown):
            store.hear("open", "s", [said("a\0")], NOON)
    assert len(store.hear("open", "s", [said("b")], NOON)) == 1


def test_the_same_items_in_opposite_order_do_not_block_each_other(postgresql: str) -> None:
    store, found = memory(postgresql), []
    store.upgrade()
    items = [said(f"c{n}") for n in range(60)]

    def deliver(batch: list[Said]) -> None:
        found.append(len(store.hear("open", "s", batch, NOON)))

    threads = [threading.Thread(target=deliver, args=(items[:: 1 if n % 2 else -1],)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(found) == 60
    assert len(found) == 6


def test_what_goes_wrong_is_said_without_what_was_to_be_written(tmp_path: Path) -> None:
    with pytest.raises(MemoryDown) as down:
        memory(f"sqlite:///{tmp_path / 'missing' / 'm'}").check()
    assert str(down.value) == "OperationalError"


# -- real processes ---------------------------------------------------------------------------------------------------------


class Server:
    """The service as it is run, with several workers."""

    def __init__(self, database: str, port: int, folder: Path, workers: int = 4) -> None:
        environment = os.environ | {
            "CDS_DATABASE_URL": database,
            "CDS_HASH_KEY": KEY,
            "CDS_NOW": NOON.isoformat(),
            "CDS_LOG_LEVEL": "ERROR",
        }
        command = [sys.executable, "-m", "cds_service.cli", "serve", "--port", str(port), "--workers", str(workers)]
        self.log = (folder / f"log-{uuid.uuid4()}").open("wb")
        self.process = subprocess.Popen(command, env=environment, stderr=self.log, cwd=folder, start_new_session=True)
        self.base = f"http://127.0.0.1:{port}"
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                if self.post("/readyz", None)[0] == 200:
                    return
            except OSError:
                time.sleep(0.1)
        raise AssertionError("the service does not start")

    def post(self, path: str, body: Any) -> tuple[int, Any]:
        data = None if body is None else json.dumps(body).encode()
        asked = urllib.request.Request(self.base + path, data, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(asked, timeout=10) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as refused:
            return refused.code, None

    def kill(self) -> None:
        """Returns when all of its processes are gone, and their files are free."""
        master = self.process.pid
        everybody = [master, *map(int, Path(f"/proc/{master}/task/{master}/children").read_text().split())]
        os.killpg(master, signal.SIGKILL)
        self.process.wait(10)
        while any(_runs(process) for process in everybody):
            time.sleep(0.01)
        self.log.close()


def _runs(process: int) -> bool:
    """Its files are held until the last of its threads is gone, also when the first one is."""
    try:
        of_the_first = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
        return of_the_first not in "ZX" or len(os.listdir(f"/proc/{process}/task")) > 1  # noqa: PTH208
    except OSError:
        return False


def statements(server: Server, heard: list[str], stop: threading.Event) -> None:
    """Feedback without end; what was answered 200 is noted."""
    while not stop.is_set():
        card = str(uuid.uuid4())
        item = {"card": card, "outcome": "overridden", "outcomeTimestamp": "2026-03-02T12:00:00Z"}
        try:
            status, _ = server.post("/cds-services/posterior-hip-pain-order-sign/feedback", {"feedback": [item]})
        except (OSError, HTTPException, ValueError):  # killed while it answered
            continue
        if status == 200:
            heard.append(card)


def test_what_was_answered_200_is_there_after_a_kill(database: str, free_port: int, tmp_path: Path) -> None:
    """Four workers, sixteen clients; the whole service is killed in the middle, started again and killed again."""
    heard: list[str] = []
    for _ in range(2):
        server, stop = Server(database, free_port, tmp_path), threading.Event()
        clients = [threading.Thread(target=statements, args=(server, heard, stop)) for _ in range(16)]
        for thread in clients:
            thread.start()
        time.sleep(1.5)
        server.kill()
        stop.set()
        for thread in clients:
            thread.join()
    with memory(database).reading() as connection:
        kept = Counter(row.card for row in connection.execute(select(feedback)))
    assert len(heard) > 50
    assert not set(heard) - set(kept)
    assert set(kept.values()) == {1}


def test_four_workers_and_many_clients_never_find_the_database_locked(database: str, free_port: int, tmp_path: Path) -> None:
    server = Server(database, free_port, tmp_path)
    body = request("order-select", **OPIOID)
    found: Counter[int] = Counter()
    answered = threading.Lock()

    def work() -> None:
        for _ in range(6):
            status, answer = server.post(
                "/cds-services/posterior-hip-pain-order-select", body | {"hookInstance": str(uuid.uuid4())}
            )
            items = [overridden(card) for card in answer["cards"]]
            more = server.post("/cds-services/posterior-hip-pain-order-select/feedback", {"feedback": items})[0] if items else 200
            with answered:
                found.update((status, more))

    threads = [threading.Thread(target=work) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    server.kill()
    assert found == {200: 32 * 6 * 2}
    assert count(database, calls) == 32 * 6
    log = b"".join(path.read_bytes() for path in tmp_path.glob("log-*"))
    assert b"memory down" not in log


def test_a_service_that_is_stopped_leaves_nothing_waiting(database: str, free_port: int, tmp_path: Path) -> None:
    server = Server(database, free_port, tmp_path, workers=1)
    for _ in range(5):
        body = request("order-select", **OPIOID) | {"hookInstance": str(uuid.uuid4())}
        assert server.post("/cds-services/posterior-hip-pain-order-select", body)[0] == 200
    server.process.terminate()
    assert server.process.wait(20) == 0
    server.log.close()
    store = opened(database)
    OPENED.append(store)
    with store.reading() as connection:  # without a look at any journal
        assert connection.execute(select(func.count()).select_from(calls)).scalar_one() == 5


def test_two_services_on_one_server_share_snooze(postgresql: str) -> None:
    body = request("order-select", **OPIOID)
    one, other = client(postgresql), client(postgresql)
    card = call(one, body)["first-line-before-opioid"]
    assert say(one, "order-select", overridden(card)).status_code == 200
    assert "first-line-before-opioid" not in call(other, body)


def test_the_memory_is_back_when_the_database_is(tmp_path: Path) -> None:
    """A database that was down at the start is used as soon as it answers."""
    folder = tmp_path / "later"
    app = create_app(settings(f"sqlite:///{folder / 'm.sqlite3'}"))
    OPENED.append(app.extensions["memory"])
    assert app.test_client().get("/readyz").status_code == 503
    folder.mkdir()
    app.extensions["memory"]._breaker.reset()
    assert app.test_client().get("/readyz").status_code == 200
