"""Keyed hashes: the same patient is recognised again, and nobody can tell who it is without the key."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hashlib import _Hash as Hash

_LENGTH = 32  # hexadecimal digits
_KEY_BYTES = 32
_BLOCK = 64  # bytes that SHA-256 takes at a time


class Veil:
    """Hashes with one key (HMAC-SHA-256, both halves begun once: a call has dozens of values). Values of different kinds and
    clients never meet: each has its own ``scope``."""

    def __init__(self, key: bytes) -> None:
        block = (sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
        self._inner = sha256(bytes(byte ^ 0x36 for byte in block))
        self._outer = sha256(bytes(byte ^ 0x5C for byte in block))

    def of(self, value: str | None, *scope: str) -> str:
        """Empty for what is empty."""
        if not value:
            return ""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update("\x1f".join((*scope, value)).encode("utf-8", "surrogatepass"))
        outer.update(inner.digest())
        return outer.hexdigest()[:_LENGTH]

    def within(self, *scope: str, length: int = _LENGTH) -> Veiled:
        """The hashes of many values of one scope, each made once."""
        begun = self._inner.copy()
        begun.update("\x1f".join((*scope, "")).encode("utf-8", "surrogatepass"))
        return Veiled(begun, self._outer, length)


class Veiled(dict[str, str]):
    """Hashes by value."""

    def __init__(self, inner: Hash, outer: Hash, length: int) -> None:
        super().__init__({"": ""})
        self._inner = inner
        self._outer = outer
        self._length = length

    def __missing__(self, value: str) -> str:
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(value.encode("utf-8", "surrogatepass"))
        outer.update(inner.digest())
        found = self[value] = outer.hexdigest()[: self._length]
        return found


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
