"""SECURITY.md names tests that exist, and a test for whatever can be tested."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from cds_service.config import _VARIABLES

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", TEXT)))


def _tests(file: str) -> set[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


@pytest.mark.parametrize(("file", "name"), NAMED, ids=[name for _, name in NAMED])
def test_every_test_that_is_named_exists(file: str, name: str) -> None:
    assert name in _tests(file)


def test_every_mention_of_a_test_is_read() -> None:
    assert len(NAMED) > 30
    assert TEXT.count("::test_") == len(re.findall(r"`tests/[\w/]+\.py::\w+`", TEXT))


def test_each_attack_and_each_place_has_its_test_or_says_why_not() -> None:
    attacks, places = (
        TEXT.split(f"## {title}\n")[1].split("\n## ")[0] for title in ("Who attacks what", "Where patient data could leak")
    )
    for table in (attacks, places):
        rows = [line for line in table.splitlines() if line.startswith("| ")][1:]
        assert len(rows) > 10
        for row in rows:
            assert "::test_" in row or row.split("|")[-2].strip().startswith("none"), row


def test_the_settings_that_it_names_exist() -> None:
    assert set(re.findall(r"CDS_[A-Z_]+", TEXT)) <= set(_VARIABLES)


def test_targets_that_it_names_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"`make (\w+)`", TEXT)):
        assert re.search(rf"(?m)^{target}:", makefile), target
