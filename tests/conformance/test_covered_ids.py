"""Which requirements these tests answer for, and why some are left out."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
TABLE = HERE.parents[2] / "shared" / "reference" / "cds-hooks-requirements.tsv"
GROUPS = {"GEN", "DISC", "PREF", "REQ", "CARD", "SUG", "ACT", "LINK", "SYS", "CORS", "EXT", "HOOK-PV", "HOOK-OS", "HOOK-SN"}
OWN_DUTY = {"S", "s", "D"}


def numbered(**groups):
    return [f"{group}-{number:02}" for group, numbers in groups.items() for number in numbers]


# Every requirement of these groups with SHALL or SHALL NOT that is the duty of the service.
REQUIRED = numbered(
    GEN=(1, 2, 3, 4, 5),
    DISC=(1, 2, 4, 5, 6, 14),
    PREF=(1, 2, 3, 4, 5, 6, 7, 9, 12, 13, 14, 15, 16, 17, 18, 19),
    REQ=(1, 6, 7, 12, 14, 15),
    FHIR=(2, 12, 14),
    CARD=(1, 2, 3, 4, 9, 10, 11, 12, 13, 18),
    SUG=(1, 6),
    ACT=(1, 2, 3, 4, 6),
    LINK=(1, 2, 3, 4),
    SYS=(2,),
    CORS=(1, 2, 3),
    EXT=(1, 3, 4),
)

# Advice, permissions and what clients owe, as far as it can be seen from outside.
ALSO = numbered(
    GEN=(6, 7, 8, 9),
    DISC=(7, 8, 9, 10, 11, 12, 13),
    PREF=(8, 10, 11, 20, 21, 23),
    REQ=(2, 3, 4, 5, 8, 9, 10, 11, 13, 16),
    FHIR=(1, 3, 4, 5, 7, 11, 13, 15, 16, 17),
    CARD=(5, 6, 7, 8, 15, 16),
    SUG=(2, 3, 4, 5),
    ACT=(5, 7, 8),
    LINK=(5,),
    SYS=(1, 3, 4),
    CORS=(4, 5),
    EXT=(2,),
    PV=(1, 2, 3, 4),
    OS=(1, 2, 3, 4, 5, 6, 7, 8),
    SN=(1, 2, 3, 4, 5, 6),
)

LEFT_OUT = {
    "GEN-02": "TLS ends at the gateway in front of the service; that links carry its https address is tested under LINK-03.",
}


def cited():
    """The ids in the names of the tests beside this one: ``card_02`` stands for CARD-02."""
    found = set()
    for file in HERE.glob("test_*.py"):
        for name in re.findall(r"^def (test_\w+)", file.read_text(encoding="utf-8"), re.MULTILINE):
            found |= {f"{group.upper()}-{number}" for group, number in re.findall(r"_([a-z]+)_(\d\d)(?=_|$)", name)}
    return found


def test_every_required_id_is_cited_by_a_test_or_left_out_for_a_reason():
    assert sorted(set(REQUIRED) - cited() - set(LEFT_OUT)) == []
    assert all(reason.strip() for reason in LEFT_OUT.values())


def test_what_is_left_out_is_not_cited():
    assert not set(LEFT_OUT) & cited()


def test_every_other_id_that_is_claimed_is_cited():
    assert sorted(set(ALSO) - cited()) == []


def test_every_cited_id_is_listed():
    assert sorted(cited() - set(REQUIRED) - set(ALSO)) == []


def test_the_list_is_that_of_the_requirements_table():
    if not TABLE.is_file():
        pytest.skip(f"no table of requirements at {TABLE}")
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert {*REQUIRED, *ALSO} <= {row["id"] for row in rows}
    due = {r["id"] for r in rows if r["group"] in GROUPS and r["strength"].startswith("SHALL") and r["kind"] in OWN_DUTY}
    assert due <= set(REQUIRED)
    assert {i for i in REQUIRED if not i.startswith("FHIR-")} == due
