"""A PostgreSQL server of its own on loopback, which can be stopped and started again with its data."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from sqlalchemy import create_engine, text


def _program(name: str) -> str | None:
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    return shutil.which(name) or (str(places[0]) if places else None)


def _as_postgres() -> list[str]:
    """PostgreSQL does not run as root: Debian's package brings a user for it."""
    return ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []


class PostgresqlServer:
    """Data in a folder of its own; ``url`` has no database name."""

    def __init__(self, *, durable: bool = False) -> None:
        initdb, server, control = _program("initdb"), _program("postgres"), _program("pg_ctl")
        if not initdb or not server or not control:
            raise FileNotFoundError("no PostgreSQL here; .ci/run installs it")
        self._folder = Path(tempfile.mkdtemp(prefix="cds-postgresql-"))
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(self._folder, owner.pw_uid, owner.pw_gid)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self._control, self._data = control, str(self._folder / "data")
        data = self._data
        made = [*_as_postgres(), initdb, "-D", data, "-U", "cds", "--auth=trust", "-E", "UTF8"]
        subprocess.run([*made, *([] if durable else ["--no-sync"])], check=True, capture_output=True, cwd=self._folder)
        self._command = [*_as_postgres(), server, "-D", data, "-k", str(self._folder), "-h", "127.0.0.1", "-p", str(port)]
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"postgresql+psycopg://cds@127.0.0.1:{port}"

    def start(self) -> None:
        """Starts it and waits until it answers."""
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen(self._command, stdout=quiet, stderr=quiet, cwd=self._folder)
        engine = create_engine(f"{self.url}/postgres")
        for _ in range(400):
            try:
                with engine.connect():
                    break
            except Exception:  # not up yet
                time.sleep(0.05)
        engine.dispose()

    def stop(self) -> None:
        """Ends it; open connections are cut."""
        if self._process:
            subprocess.run(
                [*_as_postgres(), self._control, "-D", self._data, "stop", "-m", "fast"], check=True, capture_output=True
            )
            self._process.wait(20)
            self._process = None

    def database(self) -> str:
        """The URL of a new database."""
        name = f"cds_{time.monotonic_ns()}"
        engine = create_engine(f"{self.url}/postgres", isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        engine.dispose()
        return f"{self.url}/{name}"

    def remove(self) -> None:
        """Stops it and deletes its data."""
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)
