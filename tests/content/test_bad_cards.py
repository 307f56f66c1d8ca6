"""The gallery of broken content files: each is refused, in the words that it names itself."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from cds_service import packaged_cards
from cds_service.content.loader import load
from cds_service.content.tables import ContentError

GALLERY = Path(__file__).parents[1] / "bad_cards"
KEPT = ("red-flag-cauda-equina", "first-line-before-opioid")
NAMED = set(re.findall(r"order: ([\w-]+)", "".join((packaged_cards() / f"{name}.yaml").read_text() for name in KEPT))) | {
    "muscle-relaxant-short"
}
MISTAKES = sorted(path for path in GALLERY.iterdir() if path.name != "good.yaml")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the content folder, with few of its cards and orders: reading all of them is most of the time."""
    copied = Path(shutil.copytree(packaged_cards(), tmp_path / "cards"))
    for path in copied.glob("*.yaml"):
        if "\ncases:\n" in path.read_text() and path.stem not in KEPT:
            path.unlink()
    for path in (copied / "orders").glob("*.yaml"):
        if path.stem not in NAMED:
            path.unlink()
    return copied


def _placed(path: Path, folder: Path) -> tuple[Path, str]:
    """Puts a broken file where it belongs; returns the place and the words of its refusal."""
    if path.suffix == ".json":
        content = json.loads(path.read_text())
        target = folder / "value-sets" / "sciatica.json"
        if content.get("_missing"):
            target.unlink()
            words = folder / "problem-words.yaml"
            words.write_text(re.sub(r"(?m)^sciatica:.*\n", "", words.read_text()))
        else:
            target.write_text(path.read_text())
        return target, content["_refused"]
    text = path.read_text()
    refused = re.match(r"# refused: (.*)\n", text)
    place = re.search(r"(?m)^# as: (.*)$", text)
    assert refused, f"{path.name} does not say how it is refused"
    target = folder / (place[1] if place else "sample.yaml")
    target.write_text(text)
    return target, refused[1]


@pytest.mark.parametrize("path", MISTAKES, ids=lambda path: path.stem)
def test_a_broken_file_is_refused_in_its_own_words(path: Path, folder: Path) -> None:
    target, words = _placed(path, folder)
    with pytest.raises(ContentError) as refusal:
        load(folder)
    told = [str(problem) for problem in refusal.value.problems]
    mine = [line for line in told if line.startswith((str(target.relative_to(folder)), "value-sets"))]
    assert any(words in line for line in mine), told


def test_the_sound_card_beside_them_is_accepted(folder: Path) -> None:
    shutil.copy(GALLERY / "good.yaml", folder / "sample.yaml")
    library = load(folder)
    assert "sample" in {recommendation.id for recommendation in library.recommendations}


def test_all_problems_are_told_at_once(folder: Path) -> None:
    for number, name in enumerate(("unknown-finding", "summary-of-140", "unknown-order")):
        text = (GALLERY / f"{name}.yaml").read_text().replace("id: sample", f"id: sample-{number}")
        (folder / f"sample-{number}.yaml").write_text(text.replace("rank: 900", f"rank: {900 + number}"))
    with pytest.raises(ContentError) as refusal:
        load(folder)
    assert {problem.file for problem in refusal.value.problems} == {f"sample-{n}.yaml" for n in range(3)}


def test_a_folder_without_cards_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match="no card was found"):
        load(tmp_path)
