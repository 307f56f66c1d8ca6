"""Keyed hashes: the same patient is recognised again, and nobody can tell who it is without the key."""

from __future__ import annotations

import hmac
import os
import secrets
from pathlib import Path

_LENGTH = 32  # hexadecimal digits


class Veil:
    """Hashes with one key. Values of different kinds and clients never meet: each has its own ``scope``."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def of(self, value: str | None, *scope: str) -> str:
        """Empty for what is empty."""
        if not value:
            return ""
        message = "\x1f".join((*scope, value)).encode("utf-8", "surrogatepass")
        return hmac.digest(self._key, message, "sha256").hex()[:_LENGTH]


def key_beside(path: Path) -> bytes:
    """The key of an embedded database, made once and readable by its owner only."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return bytes.fromhex(path.read_text(encoding="ascii").strip())
    key = secrets.token_bytes(32)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(key.hex())
        file.flush()
        os.fsync(file.fileno())
    return key
