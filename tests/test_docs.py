"""The documentation says what is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cds_service import Runtime, packaged_cards
from cds_service.cli import _parser
from cds_service.config import _VARIABLES, Settings
from cds_service.content.case_charts import _Builder
from cds_service.content.loader import load
from cds_service.content.schema import SWITCHES
from cds_service.fhir import client, references, search
from cds_service.fhir.prefetch import SOURCES

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
CARDS = (ROOT / "cards" / "README.md").read_text()
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text()
LIBRARY = load(packaged_cards())


def test_the_settings_table_lists_every_variable_and_no_other() -> None:
    listed = re.findall(r"(?m)^\| `(CDS_\w+)` \|", README)
    assert listed == sorted(set(listed), key=listed.index)
    assert set(listed) == set(_VARIABLES)


def test_every_clinical_switch_stands_in_one_place() -> None:
    section = README.split("## Clinical switches")[1].split("\n## ")[0]
    for variable in ("CDS_RADICULOPATHY_RULE", "CDS_ADVICE_ON_ORDER_SIGN", "CDS_MAX_INFO_CARDS", "CDS_CARDS"):
        assert variable in section
    for recommendation in LIBRARY.recommendations:
        if recommendation.switch:
            assert f"`{recommendation.id}`" in section
            assert recommendation.switch in SWITCHES
    assert f"all {len(LIBRARY.recommendations)} cards are active" in section


def test_the_prefetch_table_lists_every_key_with_its_template() -> None:
    for source in SOURCES:
        assert f"`{source.resource_type}`" in README
    for key in ("Patient", "Condition", "Observation"):
        template = next(s.template for s in SOURCES if s.resource_type == key)
        assert f"`{template}`" in README


def test_the_limits_of_reading_from_an_ehr_are_the_real_ones() -> None:
    assert f"at most {search._MAX_PAGES} pages, {search._MAX_RESOURCES:,} resources and {search._MAX_BYTES >> 20} MB" in README
    assert f"read one by one, at most {references._MOST}" in README
    assert (client._SILENT_CALLS, client._REST) == (5, 10)
    assert "after five calls without any answer for a kind of record it is left alone for ten seconds" in README
    assert f"for {', '.join(map(str, sorted(search._FOR_A_MOMENT)))}, a broken connection" in README


def test_every_narrower_search_is_documented() -> None:
    assert [s.narrower for s in SOURCES if s.narrower] == ["&category=assess-plan"]
    assert "`category=assess-plan`" in README


def test_the_services_are_named() -> None:
    for service in Runtime.build(Settings(), LIBRARY).services.values():
        assert f"| `{service.id}` | {service.hook} |" in README


def test_every_command_is_documented() -> None:
    actions = next(a for a in _parser()._actions if a.choices)
    for command in actions.choices or ():
        assert f"cds-service {command}" in README


def test_the_table_of_cards_is_the_content() -> None:
    rows = re.findall(r"(?m)^\| (\d+) \| `([\w-]+)` \| ([\w-]+) \| ([\w, -]+) \|$", CARDS)
    expected = [(str(r.rank), r.id, r.kind.value, ", ".join(h.value for h in r.hooks)) for r in LIBRARY.recommendations]
    assert rows == expected


def test_every_word_of_a_case_is_documented() -> None:
    words = {name.removeprefix("_add_") for name in dir(_Builder) if name.startswith("_add_")}
    words |= {"age", "sex", "born", "reason", "unread", "absent", "hook"}
    assert {word for word in words if f"`{word}`" not in CARDS} == set()


@pytest.mark.parametrize(
    "page",
    ["README.md", "ARCHITECTURE.md", "cards/README.md", "fhir_fixtures/README.md", "CHANGELOG.md", "docs/observability.md"],
)
def test_relative_links_lead_somewhere(page: str) -> None:
    path = ROOT / page
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text()):
        assert (path.parent / target).exists(), f"{page} links to {target}"


def test_the_tree_in_architecture_names_what_is_there() -> None:
    block = ARCHITECTURE.split("```")[1]
    for name in re.findall(r"(?m)^  ([\w/.]+)", block):
        assert (ROOT / "cds_service" / name).exists(), name
    for name in re.findall(r"(?m)^([\w/.]+)/", block):
        assert (ROOT / name).is_dir(), name


def test_paths_in_architecture_exist() -> None:
    for name in set(re.findall(r"`((?:web|fhir|pathway|content|demo)/[\w/]+\.py)`", ARCHITECTURE)):
        assert (ROOT / "cds_service" / name).exists(), name


def test_each_release_tells_clinicians_and_operators_apart() -> None:
    for release in (ROOT / "CHANGELOG.md").read_text().split("\n## ")[1:]:
        assert "### Clinical" in release
        assert "### Technical" in release


def test_the_example_card_of_the_readme_is_the_real_one() -> None:
    card = next(r for r in LIBRARY.recommendations if r.id == "first-line-before-opioid")
    assert card.summary in README
    assert "Replace, do not add: an opioid together with a gabapentinoid depresses breathing." in README


def test_intended_use_is_said() -> None:
    assert "does not decide, diagnose or replace their judgement" in README
