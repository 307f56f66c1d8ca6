"""Counts of every call, added up before they are written to where all processes keep them.

A call changes a dozen counts, and each of them is a lock and a few bytes of a shared file. Here they are sums in a dictionary,
written a moment later: by a thread that sleeps while there is nothing to write, whenever this process is asked for its
counts, and when it ends. A process that is killed takes a moment of counts with it.
"""

from __future__ import annotations

import atexit
import logging
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Protocol

_log = logging.getLogger("cds_service")
MOMENT = 0.25  # seconds


class Sum(Protocol):
    """Something that is counted up."""

    def inc(self, amount: float) -> object: ...


class Tally:
    """What one process has counted and not yet written."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sums: dict[Sum, float] = {}
        self._any = threading.Event()
        self._writing = threading.Lock()

    def add(self, ones: Iterable[Sum], much: Iterable[tuple[Sum, float]] = ()) -> None:
        """One to each of these, and as much as is said to those."""
        with self._lock:
            sums = self._sums
            first = not sums
            for one in ones:
                sums[one] = sums.get(one, 0.0) + 1.0
            for one, amount in much:
                sums[one] = sums.get(one, 0.0) + amount
        if first:
            self._any.set()

    def write(self) -> None:
        """When it returns, everything that was added before is written."""
        with self._writing:
            with self._lock:
                self._any.clear()
                sums, self._sums = self._sums, {}
            for one, amount in sums.items():
                one.inc(amount)

    def write_from_now_on(self) -> None:
        """Writes a moment after something is added, and when the process ends. Threads do not survive a fork, so this is said in
        the process that counts."""
        threading.Thread(target=self._write_again_and_again, name="counts", daemon=True).start()
        atexit.register(self._write_at_last)

    def _write_again_and_again(self) -> None:
        while True:
            self._any.wait()
            time.sleep(MOMENT)
            try:
                self.write()
            except Exception as error:  # a full disk: calls are answered all the same
                _log.error("counts not written", extra={"fields": {"error": type(error).__name__}})

    def _write_at_last(self) -> None:
        with suppress(OSError, ValueError):  # the directory may be gone before the last worker is
            self.write()
