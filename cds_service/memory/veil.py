"""Keyed hashes: the same patient is recognised again, and nobody can tell who it is without the key."""

from __future__ import annotations

import hmac
import os
import secrets
from contextlib import suppress
from pathlib import Path

_LENGTH = 32  # hexadecimal digits
_KEY_BYTES = 32


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
    """The key of an embedded database, made once and readable by its owner only. Raises OSError, or ValueError for a file
    that holds no key."""
    if not path.exists():
        made = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(_KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # of several processes one is first, and its key is whole
            os.link(made, path)
        made.unlink()
    key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    if len(key) < _KEY_BYTES:
        raise ValueError("it holds no key")
    return key
