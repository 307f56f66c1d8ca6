"""A hook call, as far as the service uses it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class HookRequest:
    """What came from the CDS Client, checked in form (web/protocol.py). ``prefetch`` values are as sent: a resource, a
    Bundle, null, or anything else that reading has to cope with. ``scope`` is what the token permits, in the words of
    SMART. ``selections`` is None where the hook has none."""

    hook: str
    instance: str
    patient: str
    user: str
    encounter: str | None = None
    prefetch: Mapping[str, Any] = field(default_factory=dict)
    server: str | None = None
    token: str | None = field(default=None, repr=False)
    scope: str | None = None
    draft_orders: Mapping[str, Any] | None = None
    selections: tuple[str, ...] | None = None
