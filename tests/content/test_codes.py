"""Codes are verified offline, and every mistake in a code or a value set has its sentence."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B.valueset import ValueSet

from cds_service import check, packaged_cards
from cds_service.content.codes import NAMES, RELEASE, CodeSystems, nearly
from cds_service.content.provenance import HEADER, verify

ICD, SNOMED, LOINC, RXNORM, CPT, PCS = (
    "http://hl7.org/fhir/sid/icd-10-cm",
    "http://snomed.info/sct",
    "http://loinc.org",
    "http://www.nlm.nih.gov/research/umls/rxnorm",
    "http://www.ama-assn.org/go/cpt",
    "http://www.cms.gov/Medicare/Coding/ICD10",
)
VALUE_SETS = sorted((packaged_cards() / "value-sets").glob("*.json"))
Place = Callable[..., Path]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Writes a folder with one value set that includes (or excludes) these parts."""

    def write(*parts: dict[str, Any], where: str = "include", **told: Any) -> Path:
        value_set = {
            "resourceType": "ValueSet",
            "id": "sample",
            "url": "https://example.org/fhir/ValueSet/sample",
            "version": "1",
            "title": "Sample",
            "status": "draft",
            "purpose": "Where the codes were verified: nowhere, this is a sample.",
            "compose": {"include": [{"valueSet": ["https://example.org/fhir/ValueSet/another"]}], where: list(parts)},
        }
        (tmp_path / "value-sets").mkdir(exist_ok=True)
        (tmp_path / "value-sets" / "sample.json").write_text(json.dumps(value_set | told))
        return tmp_path

    return write


def _told(folder: Path) -> list[str]:
    return [str(problem) for problem in verify(folder).problems]


def _listed(system: str, *codes: str) -> dict[str, Any]:
    return {"system": system, "concept": [{"code": code} for code in codes]}


def _branch(code: str, **changed: str) -> dict[str, Any]:
    return {"system": ICD, "filter": [{"property": "concept", "op": "is-a", "value": code} | changed]}


# -- the packaged content -------------------------------------------------------------------------------------------------


def test_every_code_of_the_packaged_content_is_verified() -> None:
    found = verify(packaged_cards())
    assert [str(problem) for problem in found.problems] == []
    assert found.value_sets == len(VALUE_SETS)
    assert str(found).startswith(f"{found.codes} codes in {found.value_sets} value sets were verified; ")
    assert found.codes > 20 * found.elsewhere


@pytest.mark.parametrize("path", VALUE_SETS, ids=lambda path: path.stem)
def test_every_value_set_is_a_valid_r4b_resource(path: Path) -> None:
    ValueSet.model_validate_json(path.read_bytes())


def test_the_release_is_the_one_that_is_named() -> None:
    month, year = RELEASE.split()
    CodeSystems()  # loads the library
    assert (files("simple_icd_10_cm.data") / f"code-list-{month}-{year}.txt").is_file()


# -- codes ----------------------------------------------------------------------------------------------------------------

GOOD = [
    _listed(ICD, "M54.31", "S76.311A", "W19.XXXA"),
    _listed(SNOMED, "23056005", "900000000000207008", "46960006"),
    _listed(LOINC, "72514-3", "98979-8", "2160-0"),
    _listed(RXNORM, "1725059"),
    _listed(CPT, "97161", "0232T"),
    _listed(PCS, "0KNN0ZZ"),
    _listed("https://example.org/fhir/CodeSystem/posterior-hip-pathway", "hip-trauma"),
    _branch("M54"),
    _branch("M54.31"),
    {"system": ICD, "concept": [{"code": "M54.3", "designation": [HEADER]}]},
]


@pytest.mark.parametrize("where", ["include", "exclude"])
def test_good_codes_pass(place: Place, where: str) -> None:
    found = verify(place(*GOOD, where=where))
    assert found.problems == []
    assert (found.value_sets, found.codes, found.elsewhere) == (1, 16, 1)


WRONG = {
    "ICD-10-CM M54.39 is not a code of the release of April 2026.": _listed(ICD, "M54.39"),
    "ICD-10-CM M50-M54 is not a code of the release of April 2026.": _listed(ICD, "M50-M54"),
    "ICD-10-CM m54.31 is not a code of the release of April 2026.": _listed(ICD, "m54.31"),
    "ICD-10-CM M5431 is written M54.31.": _listed(ICD, "M5431"),
    "ICD-10-CM M54.3 is a header, not billable: mark it with the designation 'header, not billable'.": _listed(ICD, "M54.3"),
    "ICD-10-CM M54.31 is marked as a header, but is none.": {
        "system": ICD,
        "concept": [{"code": "M54.31", "designation": [HEADER]}],
    },
    "ICD-10-CM M54.31 is listed twice.": _listed(ICD, "M54.31", "M54.31"),
    "the branch ICD-10-CM W02 is not a code of the release of April 2026.": _branch("W02"),
    "the branch ICD-10-CM M543 is written M54.3.": _branch("M543"),
    "the filter on M54 is not understood: concept is-a a code of ICD-10-CM is.": _branch("M54", op="descendent-of"),
    "SNOMED CT 23056006 has a wrong check digit (Verhoeff).": _listed(SNOMED, "23056006"),
    "SNOMED CT 23065005 has a wrong check digit (Verhoeff).": _listed(SNOMED, "23065005"),
    "SNOMED CT 23056 is no identifier: it has 6 to 18 digits and does not begin with 0.": _listed(SNOMED, "23056"),
    "SNOMED CT 680946014 is not a concept: its partition is 01, not 00 or 10.": _listed(SNOMED, "680946014"),
    "LOINC 72514-4 has a wrong check digit (mod 10).": _listed(LOINC, "72514-4"),
    "LOINC 725143 is no LOINC number: it has digits, a dash and one check digit.": _listed(LOINC, "725143"),
    "RxNorm N0000 cannot be right: an RxNorm code has one to eight digits.": _listed(RXNORM, "N0000"),
    "CPT 9716 cannot be right: a CPT code has five characters.": _listed(CPT, "9716"),
    "CPT 97161 has a display: its texts are licensed, only numbers may stand here.": {
        "system": CPT,
        "concept": [{"code": "97161", "display": "A text"}],
    },
    "ICD-10-PCS 0KNO0ZZ cannot be right: an ICD-10-PCS code has seven characters, without I and O.": _listed(PCS, "0KNO0ZZ"),
    "system https://loinc.org/ is not the address of LOINC, which is http://loinc.org.": _listed("https://loinc.org/", "2160-0"),
}


@pytest.mark.parametrize("where", ["include", "exclude"])
@pytest.mark.parametrize("sentence", WRONG)
def test_a_wrong_code_has_its_sentence(place: Place, sentence: str, where: str) -> None:
    assert _told(place(WRONG[sentence], where=where)) == [f"value-sets/sample.json: {sentence}"]


def test_the_codes_of_an_order_are_verified_too(place: Place) -> None:
    folder = place(*GOOD)
    (folder / "orders").mkdir()
    coding = '{{system: "{}", code: "{}"}}'
    (folder / "orders" / "sample.yaml").write_text(
        f"resource:\n  code: {{coding: [{coding.format(LOINC, '2160-1')}, {coding.format(ICD, 'M54.3')}]}}\n"
        f"bands: [{{code: {{coding: [{coding.format(SNOMED, '229065009')}]}}}}]\n"
    )
    assert _told(folder) == [
        "orders/sample.yaml: LOINC 2160-1 has a wrong check digit (mod 10).",
        "orders/sample.yaml: ICD-10-CM M54.3 is a header, not billable: an order needs a billable code.",
    ]


@pytest.mark.parametrize("system", NAMES)
def test_addresses_of_code_systems_that_are_almost_right_are_noticed(system: str) -> None:
    assert nearly(system) is None
    assert nearly(f"{system}/") == system
    assert nearly(system.replace("http:", "https:")) == system
    assert nearly("https://example.org/fhir/CodeSystem/local") is None


# -- where the codes come from ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        ({"purpose": " "}, "purpose is missing: say where the codes were verified."),
        ({"version": None}, "version is missing."),
        ({"title": ""}, "title is missing."),
        ({"status": None}, "status is missing."),
        ({"status": "new"}, "status 'new' is none of draft, active, retired, unknown."),
    ],
)
def test_a_value_set_tells_of_itself(place: Place, told: dict[str, Any], sentence: str) -> None:
    assert _told(place(*GOOD, **told)) == [f"value-sets/sample.json: {sentence}"]


def test_no_two_value_sets_share_a_url(place: Place) -> None:
    folder = place(*GOOD)
    shutil.copy(folder / "value-sets" / "sample.json", folder / "value-sets" / "twin.json")
    sentence = "url https://example.org/fhir/ValueSet/sample is also that of another value set."
    assert _told(folder) == [f"value-sets/{name}.json: {sentence}" for name in ("sample", "twin")]


# -- the command ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def without_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "case_failures", lambda _: {})


@pytest.mark.usefixtures("without_cases")
def test_the_check_fails_on_a_wrong_code(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(packaged_cards(), tmp_path / "cards"))
    path = folder / "value-sets" / "sciatica.json"
    path.write_text(path.read_text().replace('"23056005"', '"23056006"'))
    problems, told = check.check(folder)
    assert problems == ["value-sets/sciatica.json: SNOMED CT 23056006 has a wrong check digit (Verhoeff)."]
    assert told.endswith("Problems in codes and value sets: 1.")


@pytest.mark.usefixtures("without_cases")
@pytest.mark.parametrize("library", ["simple_icd_10_cm", "stdnum"])
def test_the_check_says_when_codes_were_not_verified(monkeypatch: pytest.MonkeyPatch, library: str) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    problems, told = check.check(packaged_cards())
    assert problems == []
    sentence = f"The codes of {len(VALUE_SETS)} value sets were not verified: the extra check is missing"
    assert sentence in told


def test_a_service_does_not_load_the_list_of_codes() -> None:
    """A process of its own: another test may have loaded it here."""
    code = "import sys, cds_service; cds_service.create_app(); sys.exit('simple_icd_10_cm' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
