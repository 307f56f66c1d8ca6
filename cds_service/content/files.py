"""Content files read strictly: a repeated key, a tab or a value that YAML would quietly convert is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError


class UnreadableFile(Exception):
    """A file that is not what its name says; the text says why and where."""


def read_yaml(path: Path, *, slowly: bool = False) -> dict[str, Any]:
    """A YAML file that holds a mapping. ``slowly``: without the C parser, which takes no addresses in ``[https://…]``. Raises
    UnreadableFile."""
    try:
        found = YAML(typ="safe", pure=slowly).load(path.read_text(encoding="utf-8"))
    except DuplicateKeyError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        key = str(error.problem).partition(" with value")[0].removeprefix("found ")
        raise UnreadableFile(f"repeated key: {key}{line}") from None
    except MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise UnreadableFile(f"not YAML: {error.problem}{line}") from None
    except (YAMLError, UnicodeDecodeError, OSError) as error:
        raise UnreadableFile(f"not readable: {type(error).__name__}") from None
    if not isinstance(found, dict):
        raise UnreadableFile("a mapping is expected")
    return found


def read_json(path: Path) -> dict[str, Any]:
    """A JSON file that holds an object. Raises UnreadableFile."""
    try:
        found = orjson.loads(path.read_bytes())
    except (orjson.JSONDecodeError, OSError) as error:
        raise UnreadableFile(f"not JSON: {error}") from None
    if not isinstance(found, dict):
        raise UnreadableFile("an object is expected")
    return found
