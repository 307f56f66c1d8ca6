"""Codes and words: value sets as one index, ICD-10-CM branches, negations, and names of medicines."""

from __future__ import annotations

from typing import Any

import pytest
from fhir_support import ICD, LOINC, RXNORM, SCT, terminology

from cds_service.fhir.terminology import CodeIndex, MedicineNames, WordIndex, tokens


def value_set(name: str, *include: dict[str, Any], exclude: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    return {"url": f"http://x/{name}", "compose": {"include": list(include), **({"exclude": list(exclude)} if exclude else {})}}


def codes(*listed: str, system: str = ICD) -> dict[str, Any]:
    return {"system": system, "concept": [{"code": code} for code in listed]}


def branch(value: str, system: str = ICD) -> dict[str, Any]:
    return {"system": system, "filter": [{"property": "concept", "op": "is-a", "value": value}]}


# -- the real content -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("system", "code", "name"),
    [
        (SCT, "129179000", "piriformis-syndrome"),
        (SCT, "52585001", "deep-gluteal-syndrome"),
        (ICD, "G57.01", "deep-gluteal-syndrome"),
        (ICD, "M54.31", "sciatica"),
        (ICD, "M54.41", "sciatica"),
        (SCT, "23056005", "sciatica"),
        (ICD, "M54.16", "lumbosacral-radiculopathy"),
        (ICD, "M54.17", "lumbosacral-radiculopathy"),
        (ICD, "M51.16", "lumbosacral-radiculopathy"),
        (ICD, "S76.311A", "hamstring-strain"),
        (SCT, "481000119104", "hamstring-strain"),
        (SCT, "279043006", "buttock-pain"),
        (ICD, "D57.1", "sickle-cell-disease"),
        (ICD, "D57.00", "sickle-cell-disease"),
        (ICD, "Z51.5", "palliative-care"),
        (ICD, "F11.20", "opioid-use-disorder"),
        (ICD, "C50.911", "malignancy"),
        (ICD, "Z99.2", "dialysis"),
        (ICD, "G83.4", "rf-cauda-equina"),
        (SCT, "449813001", "cauda-equina-saddle"),
        (ICD, "R33.9", "cauda-equina-bladder"),
        (ICD, "R15.9", "cauda-equina-bowel"),
        (ICD, "N52.9", "cauda-equina-sexual"),
        (SCT, "127378008", "cauda-equina-weakness"),
        (SCT, "6077001", "leg-weakness"),
        (ICD, "M21.371", "leg-weakness"),
        (LOINC, "98979-8", "egfr"),
        (LOINC, "2160-0", "serum-creatinine"),
        (LOINC, "82810-3", "pregnancy-status"),
        (LOINC, "72514-3", "pain-score"),
        (RXNORM, "25480", "gabapentinoids"),
        (RXNORM, "7804", "opioid-analgesics"),
        (RXNORM, "1819", "opioid-analgesics"),
        (RXNORM, "7531", "tricyclics"),
        (RXNORM, "72625", "snris"),
        (RXNORM, "7242", "med-naloxone"),
    ],
)
def test_a_code_of_the_encodings_is_known(system: str, code: str, name: str) -> None:
    assert name in terminology().codes.of(system, code)


@pytest.mark.parametrize(
    ("system", "code", "name"),
    [
        (ICD, "D57.3", "sickle-cell-disease"),
        (SCT, "16402000", "sickle-cell-disease"),
        (ICD, "C44.91", "malignancy"),
        (ICD, "Z85.828", "rf-history-of-malignancy"),
        (ICD, "S74.01XA", "deep-gluteal-syndrome"),
        (SCT, "86269002", "deep-gluteal-syndrome"),
        (SCT, "212311000", "deep-gluteal-syndrome"),
        (ICD, "M25.551", "buttock-pain"),
        (ICD, "N40.0", "urinary-retention"),
        (SCT, "311401005", "physiotherapy-visit"),
        (SCT, "410159001", "physiotherapy-visit"),
        (SCT, "424203006", "physiotherapy-visit"),
        (SCT, "306170007", "physiotherapy-visit"),
        (LOINC, "129179000", "piriformis-syndrome"),
    ],
)
def test_a_code_that_looks_alike_is_something_else(system: str, code: str, name: str) -> None:
    assert name not in terminology().codes.of(system, code)


@pytest.mark.parametrize("code", ["G57.01", "M54.31", "M25.851", "M76.891", "G57.81"])
def test_a_code_alone_never_says_piriformis_or_ischiofemoral(code: str) -> None:
    assert terminology().codes.of(ICD, code).isdisjoint({"piriformis-syndrome", "ischiofemoral-impingement", "hamstring-strain"})


@pytest.mark.parametrize(
    ("oid", "code", "name"),
    [
        ("urn:oid:2.16.840.1.113883.6.96", "129179000", "piriformis-syndrome"),
        ("urn:oid:2.16.840.1.113883.6.90", "D57.1", "sickle-cell-disease"),
        ("urn:oid:2.16.840.1.113883.6.88", "25480", "gabapentinoids"),
        ("urn:oid:2.16.840.1.113883.6.1", "98979-8", "egfr"),
    ],
)
def test_a_system_may_be_written_as_an_object_identifier(oid: str, code: str, name: str) -> None:
    assert name in terminology().codes.of(oid, code)


def test_a_code_without_a_system_is_no_code() -> None:
    assert terminology().codes.of("", "129179000") == frozenset()
    assert terminology().codes.of("urn:oid:9.9", "129179000") == frozenset()


def test_an_rxnorm_code_names_its_ingredient() -> None:
    assert terminology().ingredients_of(RXNORM, "310431") == {"gabapentin"}
    assert terminology().ingredients_of("urn:oid:2.16.840.1.113883.6.88", "310431") == {"gabapentin"}
    assert terminology().ingredients_of(RXNORM, "0") == frozenset()


# -- the index --------------------------------------------------------------------------------------------------------------


def test_a_branch_holds_everything_below_it_and_nothing_beside_it() -> None:
    index = CodeIndex({"sickle": value_set("sickle", branch("D57"), exclude=(branch("D57.3"),))})
    assert index.of(ICD, "D57") == index.of(ICD, "D57.1") == index.of(ICD, "D57.219") == {"sickle"}
    assert index.of(ICD, "D57.3") == index.of(ICD, "D57.31") == index.of(ICD, "D58.1") == frozenset()
    assert index.of(SCT, "D57.1") == frozenset()


def test_a_listed_code_can_be_excluded() -> None:
    index = CodeIndex({"some": value_set("some", branch("C44"), codes("C50"), exclude=(codes("C44.1", "C50"),))})
    assert index.of(ICD, "C44.2") == {"some"}
    assert index.of(ICD, "C44.1") == index.of(ICD, "C50") == frozenset()


def test_a_set_that_includes_another_holds_its_codes() -> None:
    index = CodeIndex(
        {
            "inner": value_set("inner", codes("A1")),
            "outer": value_set("outer", {"valueSet": ["http://x/inner"]}),
            "outmost": value_set("outmost", {"valueSet": ["http://x/outer"]}, codes("B1")),
        }
    )
    assert index.of(ICD, "A1") == {"inner", "outer", "outmost"}
    assert index.of(ICD, "B1") == {"outmost"}


def test_two_sets_that_include_each_other_do_not_hang() -> None:
    index = CodeIndex(
        {
            "a": value_set("a", {"valueSet": ["http://x/b"]}, codes("A1")),
            "b": value_set("b", {"valueSet": ["http://x/a"]}),
        }
    )
    assert index.of(ICD, "A1") == {"a", "b"}


def test_what_a_set_excludes_it_does_not_get_back_from_a_set_that_it_includes() -> None:
    index = CodeIndex(
        {
            "inner": value_set("inner", codes("A1", "A2")),
            "outer": value_set("outer", {"valueSet": ["http://x/inner"]}, exclude=(codes("A2"),)),
        }
    )
    assert index.of(ICD, "A1") == {"inner", "outer"}
    assert index.of(ICD, "A2") == {"inner"}


# -- words ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Piriformis syndrome", "piriformis-syndrome"),
        ("PIRIFORMIS", "piriformis-syndrome"),
        ("Right-sided piriformis syndrome.", "piriformis-syndrome"),
        ("Gemelli-obturator syndrome", "gemelli-obturator-syndrome"),
        ("obturator internus spasm", "gemelli-obturator-syndrome"),
        ("Ischiotrochanteric impingement", "ischiofemoral-impingement"),
        ("quadratus femoris impingement", "ischiofemoral-impingement"),
        ("Posterior femoral cutaneous neuralgia", "posterior-femoral-cutaneous-neuralgia"),
        ("Proximal hamstring tendinopathy", "hamstring-strain"),
        ("Radiculopathy, lumbosacral region", "lumbosacral-radiculopathy"),
        ("lumbar radiculopathy", "lumbosacral-radiculopathy"),
        ("Sciatica, left side", "sciatica"),
        ("Deep gluteal syndrome", "deep-gluteal-syndrome"),
        ("not only back pain: known to have had years of piriformis syndrome", "piriformis-syndrome"),
        ("no sciatica, but piriformis pain is the problem and piriformis syndrome", "piriformis-syndrome"),
    ],
)
def test_words_say_what_no_code_says(text: str, name: str) -> None:
    assert name in terminology().words.of(text)


@pytest.mark.parametrize(
    "text",
    [
        "no piriformis syndrome",
        "not piriformis syndrome",
        "pain without piriformis syndrome",
        "denies piriformis pain",
        "negative for piriformis syndrome",
        "rule out piriformis syndrome",
        "ruled out piriformis syndrome",
        "R/O piriformis syndrome",
        "r/o right piriformis syndrome",
        "exclude piriformis syndrome",
        "excluded: piriformis syndrome",
        "history of piriformis syndrome",
        "H/O piriformis syndrome",
        "family history of piriformis syndrome",
        "Family history: piriformis syndrome",
        "no sign of a right piriformis syndrome",
        "piriformis?",
        "piriformis syndrome?",
        "piriformis syndrome ?",
        "?piriformis syndrome",
        "? piriformis syndrome",
    ],
)
def test_a_mention_that_is_negated_or_asked_for_does_not_count(text: str) -> None:
    assert "piriformis-syndrome" not in terminology().words.of(text)


@pytest.mark.parametrize(
    "text",
    [
        "piriformiss",
        "cervical radiculopathy",
        "radiculopathy",
        "ischial bursitis",
        "gluteal tendinopathy",
        "",
        "   ",
        "?",
        "hip pain",
    ],
)
def test_parts_of_words_and_other_diseases_are_no_syndrome(text: str) -> None:
    syndromes = {"piriformis-syndrome", "lumbosacral-radiculopathy", "ischiofemoral-impingement", "deep-gluteal-syndrome"}
    assert terminology().words.of(text).isdisjoint(syndromes)


def test_a_negation_reaches_five_words() -> None:
    index = WordIndex({"x": ["target"]})
    assert index.of("no a b c d target") == frozenset()
    assert index.of("no a b c d e target") == {"x"}


def test_a_second_mention_may_count_where_the_first_is_negated() -> None:
    assert WordIndex({"x": ["target"]}).of("no target a b c d e f target") == {"x"}


def test_a_phrase_of_two_parts_needs_both() -> None:
    index = WordIndex({"x": ["radiculopathy + lumbar"]})
    assert index.of("lumbar radiculopathy") == {"x"}
    assert index.of("lumbar pain") == index.of("radiculopathy") == frozenset()
    assert index.of("lumbar pain, no radiculopathy") == frozenset()


def test_grades_are_whole_words() -> None:
    words = terminology().words
    assert "hamstring-grade-2" in words.of("Hamstring tear, grade II")
    assert "hamstring-grade-1" not in words.of("Hamstring tear, grade II")
    assert "hamstring-grade-3" in words.of("grade 3 hamstring avulsion")


def test_shorthand_is_spelt_out() -> None:
    assert tokens("R/O x") == ("rule", "out", "x")
    assert tokens("H/O x?") == ("history", "of", "x", "?")


# -- names of medicines -----------------------------------------------------------------------------------------------------


def test_ingredients_match_anywhere_brands_as_the_first_words_only() -> None:
    names = MedicineNames({"med-x": {"ingredients": ["xol"], "brands": ["soma"]}})
    assert names.of("tablets of xol 5 mg") == ({"med-x"}, {"xol"})
    assert names.of("Soma 350 mg") == ({"med-x"}, {"xol"})
    assert names.of("body soma") == (set(), set())


def test_a_brand_of_several_words_needs_all_of_them() -> None:
    names = MedicineNames({"med-y": {"ingredients": ["yol"], "brands": ["ms contin"]}})
    assert names.of("MS Contin 15 mg")[0] == {"med-y"}
    assert names.of("MS 15 mg")[0] == set()
