"""One element of a recorded request at a time, put in a form that FHIR and CDS Hooks do not have there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from cds_service.demo.personas import fixtures_folder

Path = tuple[str | int, ...]
REQUESTS = {path.stem: json.loads(path.read_text()) for path in sorted((fixtures_folder() / "requests").glob("*.json"))}

FORMS: dict[str, Any] = {
    "null": None,
    "empty text": "",
    "empty list": [],
    "empty object": {},
    "zero": 0,
    "minus one": -1,
    "true": True,
    "long text": "x" * 3000,
    "NUL": "a\0b",
    "a number as text": "12",
    "a large number": 10**30,
    "a very small number": -1e308,
    "lists of lists": [[["a"], []], []],
    "objects of objects": {"a": {"b": [{}]}},
}


class Mutation(NamedTuple):
    """Which element of which request, and what stands there now."""

    request: str
    path: Path
    form: str

    @property
    def element(self) -> str:
        """The path without the places in lists."""
        return ".".join(part for part in self.path if isinstance(part, str))

    def body(self) -> Any:
        whole = REQUESTS[self.request]
        if self.form in FORMS:
            return with_(whole, self.path, FORMS[self.form])
        value = whole
        for part in self.path:
            value = value[part]
        return with_(whole, self.path, [value])


def paths(value: Any, at: Path = ()) -> Iterator[Path]:
    """Every element with everything inside of it."""
    yield at
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for part, element in inside:
        yield from paths(element, (*at, part))


def mutations() -> Iterator[Mutation]:
    """All of them: each element of each request in each form, and inside of a list."""
    for name, body in REQUESTS.items():
        for path in paths(body):
            for form in (*FORMS, "inside a list"):
                yield Mutation(name, path, form)


def with_(value: Any, path: Path, new: Any) -> Any:
    if not path:
        return new
    first, rest = path[0], path[1:]
    if isinstance(value, dict):
        return {k: with_(v, rest, new) if k == first else v for k, v in value.items()}
    return [with_(v, rest, new) if i == first else v for i, v in enumerate(value)]
