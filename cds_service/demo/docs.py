"""The description of the interface, openapi.yaml, as a page: operations, examples that can be tried at once, and schemas."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_METHODS = ("get", "post", "put", "delete", "patch")


@dataclass(frozen=True, slots=True)
class Example:
    """A request or an answer of the description, as JSON text."""

    name: str
    summary: str
    text: str


@dataclass(frozen=True, slots=True)
class Response:
    status: str
    description: str
    schemas: tuple[str, ...]
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path. ``schemas`` are the names of those of its body."""

    id: str
    method: str
    path: str
    tag: str
    summary: str
    description: str
    parameters: tuple[Mapping[str, Any], ...]
    schemas: tuple[str, ...]
    examples: tuple[Example, ...]
    responses: tuple[Response, ...]


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a schema: its name, its type in words, and the schema that the type names."""

    name: str
    kind: str
    leads_to: str
    required: bool
    description: str


@dataclass(frozen=True, slots=True)
class Schema:
    name: str
    kind: str
    description: str
    members: tuple[Member, ...]
    alternatives: tuple[str, ...]


class Interface:
    """The parsed document, read once."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self.title: str = document["info"]["title"]
        self.version: str = document["info"]["version"]
        self.description: str = document["info"].get("description", "")
        self.operations = tuple(self._operations())
        self.schemas = tuple(self._schema(name, raw) for name, raw in document["components"]["schemas"].items())

    def _operations(self) -> Iterator[Operation]:
        for path, item in self._document["paths"].items():
            shared = item.get("parameters", [])
            for method in (m for m in _METHODS if m in item):
                raw = item[method]
                body = self._resolved(raw.get("requestBody", {})).get("content", {})
                yield Operation(
                    raw["operationId"],
                    method.upper(),
                    path,
                    next(iter(raw.get("tags", [])), ""),
                    raw.get("summary", ""),
                    raw.get("description", ""),
                    tuple(self._resolved(p) for p in (*shared, *raw.get("parameters", []))),
                    tuple(self._named(body)),
                    tuple(self._examples(body)),
                    tuple(self._response(str(status), self._resolved(r)) for status, r in raw["responses"].items()),
                )

    def _response(self, status: str, raw: Mapping[str, Any]) -> Response:
        content = raw.get("content", {})
        return Response(status, raw.get("description", ""), tuple(self._named(content)), tuple(self._examples(content)))

    def _named(self, content: Mapping[str, Any]) -> Iterator[str]:
        for media in content.values():
            name = _name(media.get("schema", {}))
            if name:
                yield name

    def _examples(self, content: Mapping[str, Any]) -> Iterator[Example]:
        for media in content.values():
            for name, raw in media.get("examples", {}).items():
                example = self._resolved(raw)
                value = example.get("value")
                yield Example(
                    name, example.get("summary", name), value if isinstance(value, str) else json.dumps(value, indent=2)
                )

    def _schema(self, name: str, raw: Mapping[str, Any]) -> Schema:
        needed = set(raw.get("required", ()))
        members = tuple(
            Member(key, _kind(value), _leads_to(value), key in needed, value.get("description", ""))
            for key, value in raw.get("properties", {}).items()
            if isinstance(value, dict)
        )
        others = tuple(other for way in ("allOf", "oneOf", "anyOf") for part in raw.get(way, ()) if (other := _name(part)))
        return Schema(name, _kind(raw), raw.get("description", ""), members, others)

    def _resolved(self, raw: Mapping[str, Any]) -> Mapping[str, Any]:
        """What a reference inside the document leads to."""
        while "$ref" in raw:
            found: Any = self._document
            for part in raw["$ref"].removeprefix("#/").split("/"):
                found = found[part.replace("~1", "/").replace("~0", "~")]
            raw = found
        return raw


def _name(schema: Mapping[str, Any]) -> str:
    reference: str = schema.get("$ref", "")
    return reference.rpartition("/")[2]


def _leads_to(schema: Mapping[str, Any]) -> str:
    return _name(schema) or _name(schema.get("items", {}))


def _kind(schema: Mapping[str, Any]) -> str:
    """A type in words."""
    if _name(schema):
        return _name(schema)
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return "one of " + ", ".join(json.dumps(value) for value in schema["enum"])
    kind = schema.get("type", "")
    if kind == "array":
        return f"list of {_kind(schema.get('items', {})) or 'anything'}"
    words = " or ".join(kind) if isinstance(kind, list) else str(kind)
    return f"{words}, {schema['format']}" if "format" in schema else words
