"""The memory of a deployment, from its settings."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import make_url

from ..config import BadSetting, Settings
from .store import Memory
from .veil import Veil, key_beside


def open_memory(settings: Settings) -> Memory | None:
    """The memory that the settings name; None where nothing is remembered. Nothing is connected yet."""
    if settings.database_url is None:
        return None
    return Memory(settings.database_url, Veil(_key(settings, settings.database_url)), settings.store_comments, settings.journal)


def is_there(url: str | None) -> bool:
    """Is there a database to look into? An SQLite file that does not exist would be made by looking."""
    if url is None:
        return False
    parts = make_url(url)
    return parts.get_backend_name() != "sqlite" or Path(parts.database or "").is_file()


def _key(settings: Settings, url: str) -> bytes:
    if settings.hash_key:
        return settings.hash_key.encode()
    path = Path(f"{make_url(url).database}.key")
    try:
        return key_beside(path)
    except (OSError, ValueError) as error:
        raise BadSetting(f"CDS_DATABASE_URL: the key beside the file ({path}) cannot be used: {error}") from None
