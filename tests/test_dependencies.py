"""requirements.lock is what pyproject.toml asks for, with a hash for every file."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
# One entry: name, version, a marker perhaps, and the hashes on lines that are continued.
TEXT = (ROOT / "requirements.lock").read_text(encoding="utf-8").replace("\\\n", "")
ENTRIES = re.findall(r"(?m)^([\w.-]+)==([\w.]+)(.*)$", TEXT)
LOCKED = {canonicalize_name(name): version for name, version, _ in ENTRIES}


def test_everything_that_a_deployment_asks_for_is_locked_within_its_range() -> None:
    extras = [text for name in ("check", "postgresql") for text in PROJECT["optional-dependencies"][name]]
    asked = [Requirement(text) for text in (*PROJECT["dependencies"], *extras)]
    wrong = [r for r in asked if not r.specifier.contains(LOCKED.get(canonicalize_name(r.name), "0"))]
    assert not wrong, "make lock"
    assert all(canonicalize_name(r.name) in LOCKED for r in asked)


def test_what_an_extra_brings_is_locked_too() -> None:
    assert {"cryptography", "psycopg-binary"} <= LOCKED.keys()


def test_every_file_has_a_hash() -> None:
    assert len(ENTRIES) > 20
    assert [name for name, _, hashes in ENTRIES if not re.search(r"--hash=sha256:[0-9a-f]{64}", hashes)] == []


def test_nothing_that_only_tests_need_is_locked() -> None:
    tests = {canonicalize_name(Requirement(text).name) for text in PROJECT["optional-dependencies"]["test"]}
    assert tests.isdisjoint(LOCKED)
