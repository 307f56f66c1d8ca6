"""Random identities of cards and suggestions: version 4 UUIDs (RFC 9562), several from one read of the system's randomness."""

from __future__ import annotations

import os
from collections.abc import Iterator

_AT_ONCE = 16  # bytes of one read are enough for most answers
_VARIANT = "89ab"  # the two high bits of the clock sequence are 1 and 0


def identities() -> Iterator[str]:
    """As many as an answer needs. Not shared between answers: a process that forks would give the same ones twice."""
    while True:
        digits = os.urandom(16 * _AT_ONCE).hex()
        for at in range(0, 32 * _AT_ONCE, 32):
            variant = _VARIANT[int(digits[at + 16], 16) & 3]
            yield (
                f"{digits[at : at + 8]}-{digits[at + 8 : at + 12]}-4{digits[at + 13 : at + 16]}"
                f"-{variant}{digits[at + 17 : at + 20]}-{digits[at + 20 : at + 32]}"
            )
