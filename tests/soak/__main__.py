"""``make soak``: traffic by locust on a service with two workers, slow and failing FHIR servers, a worker that is killed after a
third and a database that is restarted after two thirds. Writes what was measured to ``docs/soak.md``, with plots."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import requests
from postgresql_server import PostgresqlServer
from sqlalchemy import create_engine, func, select

from cds_service.memory.tables import calls, feedback

from .fhir_servers import FhirServers
from .report import Measured, write

ROOT = Path(__file__).parents[2]
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@dataclass
class Run:
    """The processes of one soak."""

    minutes: float
    users: int
    folder: Path
    began: float = 0.0
    memory: list[tuple[float, int, int]] = field(default_factory=list)  # seconds, workers, MB of all of them together
    events: list[tuple[float, str]] = field(default_factory=list)

    def note(self, what: str) -> None:
        self.events.append((time.monotonic() - self.began, what))

    def sample(self, master: int, until: threading.Event) -> None:
        """Resident memory of the workers, every five seconds."""
        while not until.wait(5) and Path(f"/proc/{master}").exists():
            sizes = [_megabytes(pid) for pid in _children(master)]
            self.memory.append((time.monotonic() - self.began, len(sizes), sum(sizes)))


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _megabytes(pid: int) -> int:
    """The memory that is this process's own or its share of what is shared (PSS)."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) // 1024 for line in lines if line.startswith("Pss:")), 0)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--users", type=int, default=12)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cds-soak-") as folder:
        measured = soak(Run(options.minutes, options.users, Path(folder)))
        write(measured, ROOT / "docs")
        print((ROOT / "docs" / "soak.md").read_text())
        sys.exit(1 if measured.lost_feedback or measured.unexplained_calls > 0 or measured.failures else 0)


def soak(run: Run) -> Measured:
    database, ehr = PostgresqlServer(durable=True), FhirServers(NOON.date())
    database.start()
    url = database.database()
    port = int(ehr.base.rpartition(":")[2]) + 1
    base = f"http://127.0.0.1:{port}"
    service = _service(url, port, ehr.base, run.folder)
    try:
        _wait_for(f"{base}/readyz")
        run.began = time.monotonic()
        ended = threading.Event()
        threading.Thread(target=run.sample, args=(service.pid, ended), daemon=True).start()
        traffic = _traffic(run, base, ehr.base)
        third = run.minutes * 60 / 3
        time.sleep(third)
        os.kill(_children(service.pid)[0], signal.SIGKILL)
        run.note("a worker is killed")
        time.sleep(third)
        run.note("the database is stopped")
        database.stop()
        time.sleep(10)
        database.start()
        run.note("the database is back")
        traffic.wait()
        losses = _losses(base)
        ended.set()
        service.terminate()  # in good order: nothing waits any more
        service.wait(40)
        return _measured(run, url, losses)
    finally:
        service.terminate()
        service.wait(30)
        ehr.close()
        database.remove()


def _service(url: str, port: int, fhir: str, folder: Path) -> subprocess.Popen[bytes]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CDS_")}
    environment |= {"CDS_NOW": NOON.isoformat(), "CDS_DATABASE_URL": url, "CDS_HASH_KEY": "soak", "CDS_LOG_LEVEL": "ERROR"}
    environment["CDS_JOURNAL"] = str(folder / "journal")
    environment["CDS_FHIR_SERVERS"] = ",".join(f"{fhir}/{mood}" for mood in ("calm", "slow", "failing"))
    command = [sys.executable, "-m", "cds_service.cli", "serve", "--port", str(port), "--workers", "2"]
    with (folder / "service.log").open("wb") as log:
        return subprocess.Popen(command, env=environment, stderr=log, cwd=folder)


def _traffic(run: Run, base: str, fhir: str) -> subprocess.Popen[bytes]:
    environment = os.environ | {"SOAK_FOLDER": str(run.folder), "SOAK_FHIR": fhir}
    environment["SOAK_REQUESTS"] = str(ROOT / "fhir_fixtures" / "requests")
    command = [sys.executable, "-m", "locust", "-f", str(Path(__file__).parent / "traffic.py"), "--headless", "--host", base]
    command += ["-u", str(run.users), "-r", "4", "-t", f"{int(run.minutes * 60)}s", "--csv", str(run.folder / "locust")]
    command += ["--csv-full-history", "--only-summary", "--loglevel", "WARNING"]
    return subprocess.Popen(command, env=environment, cwd=run.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _wait_for(url: str) -> None:
    for _ in range(200):
        try:
            if requests.get(url, timeout=1).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.1)
    raise TimeoutError(url)


def _losses(base: str) -> int:
    """What the service counted as not recorded while its memory was down."""
    lines = requests.get(f"{base}/metrics", timeout=5).text.splitlines()
    return int(sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith('cds_memory_losses_total{what="cards"}')))


def _measured(run: Run, url: str, losses: int) -> Measured:
    engine = create_engine(url)
    with engine.connect() as connection:
        instances = set(connection.execute(select(calls.c.instance)).scalars())
        cards = set(connection.execute(select(feedback.c.card)).scalars())
        doubled = connection.execute(select(func.count()).select_from(feedback)).scalar_one() - len(cards)
    engine.dispose()
    answered = (run.folder / "calls").read_text().split()
    said = (run.folder / "feedback").read_text().split()
    return Measured(
        run.minutes,
        run.users,
        run.memory,
        run.events,
        run.folder,
        calls=len(answered),
        feedback=len(said),
        lost_calls=len(set(answered) - instances),
        counted_losses=losses,
        lost_feedback=len(set(said) - cards),
        doubled_feedback=doubled,
    )


if __name__ == "__main__":
    main()
