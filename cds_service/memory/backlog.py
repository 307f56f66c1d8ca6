"""What was remembered and is not in the database yet: the writer of this process, where the journals stand, and what is done with
lines that the database does not take."""

from __future__ import annotations

import hashlib
import os
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from weakref import WeakSet

from sqlalchemy import make_url
from sqlalchemy.exc import IntegrityError

from .database import Database, MemoryDown, NotTaken
from .journal import Journal, left_behind
from .lines import Insertion, find_late, is_sound, rows_of
from .writer import Full, Late, Writer


class Backlog:
    """One per memory. The writer and its files belong to one process: they are made when something is remembered, after a
    server has forked."""

    def __init__(self, database: Database, journals: Path | None) -> None:
        self._database = database
        self._journals = journals
        self._folder = _folder(database, journals)
        self._lock = threading.Lock()
        self._writer: Writer | None = None
        self._insertion: Insertion | None = None
        self.tell_loss: Callable[[int, str], None] = lambda _number, _why: None
        _BACKLOGS.add(self)

    def add(self, line: bytes) -> None:
        """Keeps a call. Raises MemoryDown when too much waits already."""
        try:
            (self._writer or self._begin()).add(line)
        except Full:
            raise MemoryDown("too much waits for the database") from None

    def settle(self) -> None:
        """What waits is in the database when this returns. Raises MemoryDown."""
        try:
            if self._writer:
                self._writer.settle()
        except Late:
            raise MemoryDown("no answer in time") from None

    def recover(self) -> None:
        """Brings in what processes that are gone have left. Raises MemoryDown."""
        for lines in left_behind(self._folder):
            sound = [line for line in lines if is_sound(line)]
            if len(sound) < len(lines):
                self.tell_loss(len(lines) - len(sound), "cut short")
            if sound:
                self._insert(sound)

    def close(self) -> None:
        """Settles as far as the database lets it, and gives the journal up."""
        with self._lock:
            writer, self._writer = self._writer, None
        if writer:
            writer.close()

    def forked(self) -> None:
        """This is another process now."""
        self._lock = threading.Lock()
        if self._writer:
            self._writer.abandon()
            self._writer = None

    def _begin(self) -> Writer:
        with self._lock:
            if self._writer is None:
                beside = self._database.file is not None and self._journals is None
                journal = Journal(self._folder, with_parent=not beside)
                self._writer = Writer(journal, self._insert, self.recover, lambda number, why: self.tell_loss(number, why))
            return self._writer

    def _insert(self, lines: list[bytes]) -> None:
        """Inserts these calls. One that the database does not take must not hold up the others."""
        self._insertion = insertion = self._insertion or Insertion(self._database.dialect)
        rows = rows_of(lines)
        try:
            with self._database.writing() as connection:
                insertion.run(connection, rows)
        except (NotTaken, IntegrityError) as refused:
            if len(lines) == 1:
                self.tell_loss(1, type(refused).__name__)
                return
            for line in lines:
                self._insert([line])
            return
        with self._database.writing() as connection:  # not before others can see the cards: one of the two finds the other
            find_late(connection, rows)


_BACKLOGS: WeakSet[Backlog] = WeakSet()


def _forked() -> None:
    for backlog in list(_BACKLOGS):
        backlog.forked()


os.register_at_fork(after_in_child=_forked)


def _folder(database: Database, journals: Path | None) -> Path:
    """Beside an SQLite file, else in a folder for all journals: each database has one of its own there, or the calls of one
    would come into another."""
    file = database.file
    if file is not None and journals is None:
        return file.with_name(f"{file.name}.journal")
    name = str(file.resolve()) if file else make_url(database.url).set(password=None).render_as_string()
    parent = journals or Path(tempfile.gettempdir()) / f"cds-service-journal-{os.geteuid()}"
    return parent / hashlib.sha256(name.encode()).hexdigest()[:16]
