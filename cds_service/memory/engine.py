"""The database behind a URL: how it is connected to, and how its tables come to the form of this release."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text

_LOCK = 7_264_301  # of PostgreSQL, held while tables are changed
_SECONDS = 3
_WAIT_MS = 5000  # for another process that writes to the same SQLite file
_THREADS = 20
READING = "cds_reading"  # execution option of a connection that only reads


def new_engine(url: str) -> Engine:
    """An engine for SQLite (WAL) or PostgreSQL. Nothing is connected yet."""
    if make_url(url).get_backend_name() == "sqlite":
        engine = create_engine(url, connect_args={"timeout": _WAIT_MS / 1000}, pool_size=_THREADS)
        event.listen(engine, "connect", _on_sqlite)
        event.listen(engine, "begin", _begin_to_write)
        return engine
    options = f"-c statement_timeout={_SECONDS * 1000} -c lock_timeout={_SECONDS * 1000}"
    return create_engine(
        url,
        pool_size=4,
        max_overflow=12,
        pool_timeout=_SECONDS,
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": _SECONDS,
            # A host that is gone without a word: nobody waits for the writer but the calls behind it.
            "tcp_user_timeout": 4 * _SECONDS * 1000,
            "options": options,
        },
    )


def _on_sqlite(connection: Any, _: Any) -> None:
    """Readers never wait for a writer; a crash of the process loses nothing that was committed."""
    connection.isolation_level = None  # SQLAlchemy begins and ends the transactions
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", f"busy_timeout={_WAIT_MS}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_to_write(connection: Any) -> None:
    """A transaction that begins by reading and writes later would fail when another one has written in between."""
    connection.exec_driver_sql("BEGIN" if connection.get_execution_options().get(READING) else "BEGIN IMMEDIATE")


def take_your_time(connection: Connection) -> None:
    """Upkeep may last longer than what a hook call waits for."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL statement_timeout = 0"))


def upgrade(engine: Engine, to: str = "head") -> None:
    """Runs what is missing of the migrations; of several processes one does it, the others wait."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with engine.begin() as connection:
        take_your_time(connection)
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        config.attributes["connection"] = connection
        command.upgrade(config, to)
