"""Identifiers that a database files one after the other.

Rows with keys at random are spread over every page of an index, and each page is written for one row. These begin with the
moment at which they were made; 74 bits are random. By form they are UUIDs of version 4.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

_AT_ONCE = 16  # of one read of the system's randomness: enough for most answers


def new_uuids() -> Iterator[str]:
    """As many as an answer needs. Not shared between answers: a process that forks would give the same ones twice."""
    moment = f"{time.time_ns() // 1_000_000:012x}"
    head = f"{moment[:8]}-{moment[8:]}-4"
    while True:
        digits = os.urandom(10 * _AT_ONCE).hex()
        for at in range(0, 20 * _AT_ONCE, 20):
            variant = "89ab"[int(digits[at + 3], 16) & 3]
            yield f"{head}{digits[at : at + 3]}-{variant}{digits[at + 4 : at + 7]}-{digits[at + 7 : at + 19]}"


def new_uuid() -> str:
    """An identifier that was never given before."""
    return next(new_uuids())
