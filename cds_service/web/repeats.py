"""Members that a JSON object names twice. The parser keeps the last one and says nothing: a list of problems could be hidden
behind an empty one."""

from __future__ import annotations

import json
from typing import Any

from ..errors import NotAHookRequest
from ..fhir.elements import items
from ..fhir.prefetch import Page

# The beginning of "resourceType", as far as it ends with a rare letter: a megabyte is searched faster for it than for all of it.
_RESOURCE = b'"resourceT'


def refuse_hidden(raw: bytes, body: Any) -> None:
    """Looks closer where the text of a hook request names more resources than were parsed. Counting costs a twentieth of a call
    at the most, looking closer as much as parsing. What is repeated inside of one resource hides no resource and is not looked
    for. Raises NotAHookRequest."""
    if raw.count(_RESOURCE) != _resources(body):
        refuse_repeated(raw)


def refuse_repeated(raw: bytes) -> None:
    """Raises NotAHookRequest for text in which any object names a member twice."""
    try:
        json.loads(raw, object_pairs_hook=_once, parse_int=len, parse_float=len)
    except _Repeated:
        raise NotAHookRequest("an object of the body names one of its members twice") from None
    except RecursionError:
        raise NotAHookRequest("the body is nested too deeply") from None


class _Repeated(ValueError):
    pass


def _once(pairs: list[tuple[str, Any]]) -> None:
    if len(pairs) > 1 and len({name for name, _ in pairs}) != len(pairs):
        raise _Repeated


def _resources(body: Any) -> int:
    """How many resources there are in prefetch and draft orders, the contained ones too."""
    if body.__class__ is not dict:
        return 0
    prefetch, context = body.get("prefetch"), body.get("context")
    found = sum(_in(value) for value in prefetch.values()) if prefetch.__class__ is dict else 0
    return found + _in(context.get("draftOrders")) if context.__class__ is dict else found


def _in(value: Any) -> int:
    """A resource with what is inside of it: the entries of a Bundle, contained ones."""
    if value.__class__ is Page:
        inside = [_in(r) - 1 for r in value.sent if "contained" in r] + [_in(entry["resource"]) for entry in value.others]
        return 1 + len(value.sent) + sum(inside)
    if value.__class__ is not dict or "resourceType" not in value:
        return 0
    found = 1
    if "entry" in value:
        found += sum(_in(entry.get("resource")) for entry in items(value["entry"]) if entry.__class__ is dict)
    if "contained" in value:
        found += sum(_in(resource) for resource in items(value["contained"]))
    return found
