"""The two services as processes: how long a start takes, what they have used, how large they are."""

from __future__ import annotations

import http.client
import os
import re
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

# Milliseconds: the system counts no finer.
TICK = 1000 / os.sysconf("SC_CLK_TCK")
ROOT = Path(__file__).parents[2]
OURS, BARE = "service", "bare"


@dataclass
class Running:
    """A gunicorn with one worker."""

    process: subprocess.Popen[bytes]
    port: int
    cold_start: float  # seconds from the command to the first answer

    @property
    def worker(self) -> int:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return int(children[0])

    def cpu_ms(self) -> float:
        """What the worker has used so far, all threads, in the system too."""
        used = Path(f"/proc/{self.worker}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(used[11]) + int(used[12])) * TICK

    def memory_mb(self) -> dict[str, float]:
        """Of the worker: all that it sees, and its share of it."""
        found = Path(f"/proc/{self.worker}/smaps_rollup").read_text()
        return {name: int(re.findall(rf"(?m)^{name}: +(\d+) kB", found)[0]) / 1024 for name in ("Rss", "Pss")}

    def stop(self) -> None:
        try:
            self.process.wait(40)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start(which: str, folder: Path, now: str) -> Running:
    """One of the two, as shipped: all cards, a memory in ``folder``, the log in a file, counts shared as always."""
    port = _free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("CDS_", "OTEL_"))}
    environment |= {"PYTHONPATH": str(ROOT), "TMPDIR": str(folder)}
    if which == OURS:
        command = ["-m", "cds_service.cli", "serve", "--port", str(port)]
        environment |= {"CDS_DATABASE_URL": f"sqlite:///{folder / 'memory.sqlite3'}", "CDS_NOW": now}
    else:
        command = ["-m", "tests.bench.bare_server", str(port)]
    with (folder / f"{which}.log").open("wb") as log:
        began = time.perf_counter()
        process = subprocess.Popen([sys.executable, *command], cwd=ROOT, env=environment, stderr=log, stdout=log)
    while time.perf_counter() - began < 60 and process.poll() is None:
        if _ready(port):
            return Running(process, port, time.perf_counter() - began)
        time.sleep(0.005)
    process.kill()
    process.wait()
    raise RuntimeError((folder / f"{which}.log").read_text())


def _ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
