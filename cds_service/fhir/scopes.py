"""What an access token permits, by its SMART scopes in both versions: ``user/Observation.read``, ``patient/*.rs``."""

from __future__ import annotations

import re

from ..pathway.answers import Answer

_SCOPE = re.compile(r"(?:patient|user|system)/(\*|[A-Za-z]+)\.(\*|read|write|c?r?u?d?s?)(\?\S*)?\Z")
_EVERYTHING = frozenset({"*", "read"})
READ, SEARCH = "r", "s"


class Scopes:
    """The scopes of one token. Without any that can be read they say nothing, and nothing is refused for them."""

    def __init__(self, scope: str | None) -> None:
        self._whole: set[tuple[str, str]] = set()
        self._part: set[tuple[str, str]] = set()
        self._silent = True
        for word in (scope or "").split():
            found = _SCOPE.match(word)
            if found and found[2]:
                self._silent = False
                rights = (READ, SEARCH) if found[2] in _EVERYTHING else found[2] if found[2] != "write" else ""
                # A scope with a query (``?category=...``) opens only a part of the type.
                (self._part if found[3] else self._whole).update((found[1], right) for right in rights)

    def permit(self, resource_type: str, right: str) -> Answer:
        """May resources of this type be read, or searched? UNKNOWN: only a part of them."""
        asked = {(resource_type, right), ("*", right)}
        if self._silent or self._whole & asked:
            return Answer.YES
        return Answer.UNKNOWN if self._part & asked else Answer.NO
