"""Settings from the environment, frozen at start; a name or a value that is not understood is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

SANDBOX = "https://sandbox.cds-hooks.org"
DATABASE = "sqlite:///cds-service.sqlite3"
DEFAULT_ORIGINS = (SANDBOX, "http://localhost:*", "http://127.0.0.1:*")


class BadSetting(Exception):
    """A setting that stops the start. The text names it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """One field for each variable; README, "Settings", says what they mean."""

    now: datetime | None = None
    timezone: tzinfo = UTC
    cards: Path | None = None
    clients: Path | None = None
    fhir_servers: tuple[str, ...] = ()
    database_url: str | None = None  # none: nothing is remembered, as in `check` and `explain` of a case
    public_url: str | None = None
    deadline_ms: int = 400
    max_body_mb: int = 10
    cors_origins: tuple[str, ...] = DEFAULT_ORIGINS
    log_level: str = "INFO"
    radiculopathy_rule: str = "nice"
    advice_on_order_sign: bool = False
    max_info_cards: tuple[int, int] = (3, 2)
    hash_key: str | None = None
    store_comments: bool = False
    retention_days: int = 730
    trusted_proxies: int = 0
    rate_limit: int | None = None
    allow_anonymous: bool = False
    journal: Path | None = None  # beside the SQLite file, or below the folder for temporary files

    @property
    def switched_off(self) -> tuple[str, ...]:
        """The switches of cards (``switch:`` in their files) that are off."""
        return ("radiculopathy-rule",) if self.radiculopathy_rule == "off" else ()

    def clock(self) -> datetime:
        """The moment of evaluation: fixed by CDS_NOW, else the real clock, in the zone of the site."""
        return (self.now or datetime.now(UTC)).astimezone(self.timezone)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("an offset is needed, as in 2026-03-02T12:00:00+00:00")
    return moment


def _zone(text: str) -> tzinfo:
    try:
        return UTC if text == "UTC" else ZoneInfo(text)
    except (ZoneInfoNotFoundError, OSError):
        raise ValueError("no such time zone") from None


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("an http or https address without query is needed")
    return text.rstrip("/")


def _database(text: str) -> str:
    """A database of a kind that is tested."""
    known = text.startswith(("sqlite:///", "postgresql+psycopg://", "postgresql://"))
    if not known or text in ("sqlite:///", "sqlite:///:memory:"):
        raise ValueError("sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME is needed")
    return text.replace("postgresql://", "postgresql+psycopg://", 1)


def _list(text: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in text.split(",") if item.strip())


def _whole(least: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        number = int(text)
        if number < least:
            raise ValueError(f"{least} or more is needed")
        return number

    return parse


def _switch(text: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError("0 or 1 is needed")
    return text == "1"


def _one_of(*names: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in names:
            raise ValueError(f"one of {', '.join(names)} is needed")
        return text

    return parse


def _folder(text: str) -> Path:
    if not Path(text).is_dir():
        raise ValueError("no such folder")
    return Path(text)


def _file(text: str) -> Path:
    if not Path(text).is_file():
        raise ValueError("no such file")
    return Path(text)


def _absolute(text: str) -> Path:
    if not Path(text).is_absolute():
        raise ValueError("an absolute path is needed")
    return Path(text)


def _two(text: str) -> tuple[int, int]:
    first, second = (int(part) for part in text.split(","))
    if first < 0 or second < 0:
        raise ValueError("two numbers from 0 on are needed, as in 3,2")
    return first, second


_VARIABLES: dict[str, tuple[str, Callable[[str], Any]]] = {
    "CDS_NOW": ("now", _moment),
    "CDS_TIMEZONE": ("timezone", _zone),
    "CDS_CARDS": ("cards", _folder),
    "CDS_CLIENTS": ("clients", _file),
    "CDS_FHIR_SERVERS": ("fhir_servers", lambda text: tuple(_url(u) for u in _list(text))),
    "CDS_DATABASE_URL": ("database_url", _database),
    "CDS_PUBLIC_URL": ("public_url", _url),
    "CDS_DEADLINE_MS": ("deadline_ms", _whole(1)),
    "CDS_MAX_BODY_MB": ("max_body_mb", _whole(1)),
    "CDS_CORS_ORIGINS": ("cors_origins", _list),
    "CDS_LOG_LEVEL": ("log_level", _one_of("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")),
    "CDS_RADICULOPATHY_RULE": ("radiculopathy_rule", _one_of("nice", "off")),
    "CDS_ADVICE_ON_ORDER_SIGN": ("advice_on_order_sign", _switch),
    "CDS_MAX_INFO_CARDS": ("max_info_cards", _two),
    "CDS_HASH_KEY": ("hash_key", str),
    "CDS_STORE_COMMENTS": ("store_comments", _switch),
    "CDS_RETENTION_DAYS": ("retention_days", _whole(1)),
    "CDS_TRUSTED_PROXIES": ("trusted_proxies", _whole(0)),
    "CDS_RATE_LIMIT": ("rate_limit", _whole(1)),
    "CDS_ALLOW_ANONYMOUS": ("allow_anonymous", _switch),
    "CDS_JOURNAL": ("journal", _absolute),
}


_SECRET = frozenset({"CDS_DATABASE_URL", "CDS_HASH_KEY"})


def settings_from(environment: Mapping[str, str]) -> Settings:
    """The settings of this environment. An empty value counts as not set. Raises BadSetting."""
    unknown = sorted(name for name in environment if name.startswith("CDS_") and name not in _VARIABLES)
    if unknown:
        raise BadSetting(f"unknown setting {', '.join(unknown)}")
    values: dict[str, Any] = {}
    for name, (field, parse) in _VARIABLES.items():
        text = environment.get(name, "").strip()
        if text:
            try:
                values[field] = parse(text)
            except ValueError as error:
                told = "" if name in _SECRET else f"={text!r}"
                raise BadSetting(f"{name}{told}: {error}") from None
    settings = Settings(**{"database_url": DATABASE, **values})
    if settings.database_url and not settings.database_url.startswith("sqlite") and not settings.hash_key:
        raise BadSetting("CDS_HASH_KEY is needed with a database server: all processes have to share one key")
    return settings
