"""Sessions with the database of the memory: one engine for each process, and patience that ends."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from weakref import WeakSet

from circuitbreaker import CircuitBreaker
from sqlalchemy import Connection, Dialect, Engine, make_url
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

from .engine import READING, new_engine, upgrade

_PASSING = frozenset({"DeadlockDetected", "SerializationFailure"})
_FAILURES, _REST = 2, 5  # so many failures in a row, and the database is left alone for so many seconds


class MemoryDown(Exception):
    """The database does not answer. What it says may hold an address or data and is not repeated."""


class NotTaken(MemoryDown):
    """The database is there, and does not take what it was given."""


class _Reader:
    """The connection of one thread to an SQLite file, for reading."""

    def __init__(self, engine: Engine) -> None:
        lent = engine.raw_connection()
        self.connection: Any = lent.driver_connection
        lent.detach()  # not one of the pool: it stays with its thread


class Database:
    """Where the memory is kept. Every session raises MemoryDown when the database does not answer."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._breaker = CircuitBreaker(_FAILURES, _REST, MemoryDown, "memory")
        self._upgraded = False
        parts = make_url(url)
        self._file = Path(str(parts.database)) if parts.get_backend_name() == "sqlite" else None
        self._inode: int | None = None
        self._mine = threading.local()
        self._readers: WeakSet[_Reader] = WeakSet()
        self._pid = 0
        self._made: Engine

    @property
    def _engine(self) -> Engine:
        """Connections belong to one process: they are made after a server has forked."""
        if self._pid != os.getpid():
            self._made = new_engine(self.url)
            self._readers = WeakSet()
            self._pid = os.getpid()
        return self._made

    def _look_for_the_file(self) -> None:
        """An SQLite file that was removed or replaced goes on to be written to, unseen: begin anew with what is there."""
        if self._file is not None:
            try:
                found = os.stat(self._file).st_ino  # noqa: PTH116
            except OSError:
                found = None
            if self._upgraded and found != self._inode:
                self._engine.dispose()
                self._readers = WeakSet()
                self._upgraded = False
            self._inode = found

    def upgrade(self) -> None:
        """Brings the tables to the form that this release needs."""
        try:
            upgrade(self._engine)
        except SQLAlchemyError as error:
            failed = type(error).__name__
        else:
            self._upgraded = True
            self._inode = self._file.stat().st_ino if self._file else None
            return
        self.count_failure()
        raise MemoryDown(failed)

    def close(self) -> None:
        """Closes the connections of this process."""
        if self._pid == os.getpid():
            self._made.dispose()
            for reader in list(self._readers):
                reader.connection.close()
            self._readers = WeakSet()
            self._pid = 0

    def rows(self, query: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        """Reads from an SQLite file. A statement of its own needs no transaction, and making one takes longer than reading."""
        self.refuse_when_down()
        self._look_for_the_file()
        try:
            if not self._upgraded:
                self.upgrade()
            engine = self._engine
            reader: Any = getattr(self._mine, "reader", None)
            if reader not in self._readers:
                reader = self._mine.reader = _Reader(engine)
                self._readers.add(reader)
            found: list[tuple[Any, ...]] = reader.connection.execute(query, values).fetchall()
        except (SQLAlchemyError, self._engine.dialect.loaded_dbapi.Error) as error:
            failed = type(error).__name__
            self._mine.reader = None
        else:
            return found
        self.count_failure()
        raise MemoryDown(failed)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads."""
        with self._session(reading=True) as connection:
            yield connection

    @contextmanager
    def writing(self, *, durable: bool = False) -> Iterator[Connection]:
        """A transaction that is committed in the end; ``durable``: not before it is on disk."""
        with self._session(reading=False) as connection:
            if self._engine.dialect.name != "sqlite" or not durable:
                yield connection
            else:
                raw = connection.connection.driver_connection
                raw.execute("PRAGMA synchronous=FULL")  # type: ignore[union-attr]
                try:
                    yield connection
                    connection.commit()
                finally:
                    connection.rollback()
                    raw.execute("PRAGMA synchronous=NORMAL")  # type: ignore[union-attr]

    @contextmanager
    def _session(self, *, reading: bool) -> Iterator[Connection]:
        """A database that fails is MemoryDown, and left alone for some seconds: it must not cost every call its patience."""
        self.refuse_when_down()
        failed, counts, kind = "", True, MemoryDown
        self._look_for_the_file()
        try:
            if not self._upgraded:
                self.upgrade()
            with self._engine.connect().execution_options(**{READING: reading}) as connection:
                yield connection
                connection.commit()
        except (IntegrityError, MemoryDown):
            raise
        except SQLAlchemyError as error:
            # A deadlock and a value that the database does not take say nothing about the next call.
            failed = type(error).__name__
            kind = NotTaken if isinstance(error, DataError) else MemoryDown
            counts = kind is MemoryDown and type(getattr(error, "orig", None)).__name__ not in _PASSING
        if not failed:
            if not reading:  # a database that can only be read is down as well
                self._breaker.reset()
            return
        if counts:
            self.count_failure()
        raise kind(failed)

    @property
    def dialect(self) -> Dialect:
        return self._engine.dialect

    @property
    def file(self) -> Path | None:
        """The file of an embedded database."""
        return self._file

    @property
    def on_a_server(self) -> bool:
        return self._file is None

    def refuse_when_down(self) -> None:
        """Raises MemoryDown while the database is left alone."""
        if self._breaker.opened:
            raise MemoryDown("left alone for some seconds")

    def count_failure(self) -> None:
        """The breaker keeps what it is shown: not the error itself, which holds the rows that could not be written."""
        with suppress(MemoryDown), self._breaker:
            raise MemoryDown
