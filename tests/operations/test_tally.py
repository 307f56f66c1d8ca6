"""Counts that are added up for a moment before they are written."""

from __future__ import annotations

import threading
import time

import pytest
from operations_support import eventually

from cds_service.web import tally
from cds_service.web.tally import MOMENT, Tally


class Written:
    """A series that is asked what it holds."""

    def __init__(self) -> None:
        self.value, self.times = 0.0, 0

    def inc(self, amount: float) -> None:
        self.value += amount
        self.times += 1


def test_calls_are_written_once_together() -> None:
    counts, one, seconds = Tally(), Written(), Written()
    for _ in range(10):
        counts.add([one, one], [(seconds, 0.5)])
    assert (one.times, seconds.times) == (0, 0)
    counts.write()
    counts.write()
    assert (one.value, one.times) == (20, 1)
    assert (seconds.value, seconds.times) == (5, 1)


def test_threads_lose_nothing() -> None:
    counts, one = Tally(), Written()

    def work() -> None:
        for number in range(2000):
            counts.add([one])
            if not number % 50:
                counts.write()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counts.write()
    assert one.value == 16_000


def test_what_is_added_is_written_a_moment_later_and_a_failure_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def inc(self, amount: float) -> None:
            raise OSError(28, "no space left")

    monkeypatch.setattr(tally.atexit, "register", lambda _: None)
    told: list[str] = []
    monkeypatch.setattr(tally._log, "error", lambda message, **_: told.append(message))
    counts, one = Tally(), Written()
    counts.write_from_now_on()
    counts.add([Broken()])
    eventually(lambda: told == ["counts not written"])
    counts.add([one])
    began = time.monotonic()
    eventually(lambda: one.value == 1)
    assert time.monotonic() - began < 4 * MOMENT
