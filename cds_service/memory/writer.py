"""Brings what was remembered into the database, some moments later and many calls at a time."""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from weakref import WeakSet

from .journal import Journal

_log = logging.getLogger("cds_service")
EVERY = 0.1  # seconds between two transactions
_AGAIN = 1.0  # seconds until a database that is down is tried again
_IDLE = 10.0  # seconds without a call, and the thread ends
_LOOK_EVERY = 60.0  # seconds between two looks at what others have left behind
_PATIENCE = 5.0  # seconds for the insertion of another thread
_AT_ONCE = 500  # calls in one transaction
# What may wait while the database is down. The journals of two workers fit into the 64 MB that deploy/ gives to /tmp.
MOST_CALLS, MOST_BYTES = 20_000, 16_000_000


class Full(Exception):
    """So much waits that no more is taken."""


class Late(Exception):
    """Another thread has been at it for too long."""


class Writer:
    """The queue of one process and its thread. ``insert`` raises when the database does not answer; the same line may be
    inserted twice. ``tell_loss`` is told of calls that are lost."""

    def __init__(
        self,
        journal: Journal,
        insert: Callable[[list[bytes]], None],
        recover: Callable[[], None],
        tell_loss: Callable[[int, str], None],
    ) -> None:
        self.pid = os.getpid()
        self._journal = journal
        self._insert = insert
        self._recover = recover
        self._tell_loss = tell_loss
        self._lock = threading.Lock()  # of the queue and of the journal
        self._inserting = threading.Lock()
        self._waiting: list[bytes] = []
        self._taken: list[bytes] = []  # out of the queue, not yet in the database
        self._size = 0  # bytes of both
        self._bare = 0  # calls that stand in no journal
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._looked = -_LOOK_EVERY
        self._stopping = self._closed = False
        _WRITERS.add(self)

    def add(self, line: bytes) -> None:
        """Takes a call. Raises Full."""
        with self._lock:
            waiting = self._waiting
            if self._closed or self._size + len(line) > MOST_BYTES or len(waiting) + len(self._taken) >= MOST_CALLS:
                raise Full
            if not self._journal.append(line):
                self._bare += 1
            self._size += len(line)
            waiting.append(line)
            if len(waiting) == 1:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name="memory-writer", daemon=True)
                    self._thread.start()
                self._wake.set()

    def settle(self) -> None:
        """Everything that waits now is in the database when this returns. Raises what ``insert`` raises, or Late."""
        if not self._waiting and not self._taken:
            return
        if not self._inserting.acquire(timeout=_PATIENCE):
            raise Late
        try:
            self._bring()  # what an earlier attempt has left
            with self._lock:
                if not self._waiting:
                    return
                self._taken, self._waiting = self._waiting, []
                self._journal.turn()
            self._bring()
        finally:
            self._inserting.release()

    def _bring(self) -> None:
        if not self._taken:
            return
        while self._taken:
            some = self._taken[:_AT_ONCE]
            self._insert(some)
            with self._lock:
                self._taken = self._taken[_AT_ONCE:]
                self._size -= sum(map(len, some))
        with self._lock:
            self._journal.done()
            if not self._waiting:
                self._bare = 0

    def _run(self) -> None:
        """Until nothing has come for a while: a thread that waits for ever would keep all of this from being forgotten."""
        while self._has_work():
            try:
                if time.monotonic() - self._looked > _LOOK_EVERY:
                    self._looked = time.monotonic()
                    self._recover()
                time.sleep(EVERY)
                self.settle()
            except Exception as error:  # a thread that ends would leave everything waiting
                self._wake.set()
                if not self._stopping:
                    _log.debug("memory waits", extra={"fields": {"error": type(error).__name__}})
                    time.sleep(_AGAIN)

    def _has_work(self) -> bool:
        if not self._wake.wait(_IDLE):
            with self._lock:
                if not self._wake.is_set():
                    self._thread = None
                    return False
        self._wake.clear()
        return not self._stopping

    def close(self) -> None:
        """A last attempt. What cannot be written stays in the journal for whoever comes next."""
        self._stopping = True
        self._wake.set()
        with suppress(Exception):
            self.settle()
        with self._lock:
            self._closed = True
            self._journal.close()
            if self._bare and (self._waiting or self._taken):
                self._tell_loss(self._bare, "stopped before the database was back")

    def abandon(self) -> None:
        """In a process that was forked: what waits is the business of the other one."""
        self._journal.abandon()


_WRITERS: WeakSet[Writer] = WeakSet()


@atexit.register
def _close_all() -> None:
    """When a process ends in good order nothing waits."""
    for writer in list(_WRITERS):
        if writer.pid == os.getpid():
            writer.close()
