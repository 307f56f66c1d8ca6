"""Identifiers that a database files one after the other.

Rows with keys at random are spread over every page of an index, and each page is written for one row. These begin with the
moment at which they were made; 74 bits are random. By form they are UUIDs of version 4.
"""

from __future__ import annotations

import os
import time


def new_uuid() -> str:
    """An identifier that was never given before."""
    digits, moment = os.urandom(10).hex(), f"{time.time_ns() // 1_000_000:012x}"
    variant = "89ab"[int(digits[3], 16) & 3]
    return f"{moment[:8]}-{moment[8:]}-4{digits[:3]}-{variant}{digits[4:7]}-{digits[7:19]}"
