"""What medicine is this, and how much of it a day: codes, names, forms, and the traps among them (encodings, section 6)."""

from __future__ import annotations

from typing import Any

import pytest
from fhir_support import RXNORM, concept, drug, medication_request

from cds_service.fhir.medicines import daily_mg

OPIOID, NALOXONE, ORAL, TOPICAL = "opioid-analgesics", "med-naloxone", "systemic-nsaids", "med-nsaid-topical"


@pytest.mark.parametrize(
    ("name", "classes"),
    [
        ("gabapentin 300 MG Oral Capsule", {"gabapentinoids", "first-line-nerve-pain-medicines", "med-gabapentin"}),
        ("GABAPENTIN 300 mg cap", {"gabapentinoids"}),
        ("pregabalin 75 mg", {"gabapentinoids", "med-pregabalin"}),
        ("lisinopriL", {"kidney-active-medicines"}),
        ("template non-formulary (medication) (Lyrica)", set()),
        ("Lyrica 75 mg", {"gabapentinoids"}),
        ("Neurontin", {"gabapentinoids"}),
        ("buprenorphine 8 MG Sublingual Tablet", {OPIOID, "med-buprenorphine"}),
        ("tramadol 50 MG Oral Tablet", {OPIOID, "med-tramadol-tapentadol"}),
        ("acetaminophen 325 MG / hydrocodone bitartrate 5 MG Oral Tablet", {OPIOID}),
        ("carisoprodol 200 MG / aspirin 325 MG / codeine phosphate 16 MG Oral Tablet", {OPIOID, "med-muscle-relaxant"}),
        ("chlordiazepoxide 5 MG / amitriptyline 12.5 MG Oral Tablet", {"benzodiazepines", "tricyclics"}),
        ("ibuprofen 200 MG / hydrocodone bitartrate 7.5 MG Oral Tablet", {OPIOID, ORAL}),
        ("celecoxib 56 MG / tramadol hydrochloride 44 MG Oral Tablet", {OPIOID, ORAL}),
        ("72 HR fentanyl 0.025 MG/HR Transdermal System", {OPIOID}),
        ("fentanyl 25 mcg/hr patch", {OPIOID}),
        ("butorphanol nasal spray", {OPIOID}),
        ("Soma 350 MG Oral Tablet", {"med-muscle-relaxant"}),
        ("naloxone hydrochloride 4 MG/ACTUAT Nasal Spray", {NALOXONE}),
        ("Narcan", {NALOXONE}),
        ("citalopram 20 MG Oral Tablet", {"med-ssri"}),
        ("escitalopram 10 MG Oral Tablet", {"med-ssri"}),
        ("desvenlafaxine 50 MG", {"snris", "med-venlafaxine"}),
        ("levomilnacipran 40 MG", {"snris", "med-milnacipran"}),
        ("dihydrocodeine 10 MG", {OPIOID}),
        ("oxymorphone 5 MG", {OPIOID}),
        ("hydromorphone 2 MG", {OPIOID}),
        ("prednisone 10 MG Oral Tablet", {"med-systemic-corticosteroid", "not-advised-in-sciatica"}),
    ],
)
def test_a_name_belongs_to_every_class_that_it_contains(name: str, classes: set[str]) -> None:
    found = drug(name)
    assert found.known
    assert classes <= found.classes


@pytest.mark.parametrize(
    ("name", "ingredients"),
    [
        ("escitalopram 10 MG Oral Tablet", {"escitalopram"}),
        ("desvenlafaxine 50 MG", {"desvenlafaxine"}),
        ("levomilnacipran 40 MG", {"levomilnacipran"}),
        ("dihydrocodeine 10 MG", {"dihydrocodeine"}),
        ("oxymorphone 5 MG", {"oxymorphone"}),
        ("hydromorphone 2 MG", {"hydromorphone"}),
        ("Lyrica 75 mg", {"pregabalin"}),
        ("Neurontin 300 mg", {"gabapentin"}),
        ("Cymbalta 30 mg", {"duloxetine"}),
    ],
)
def test_an_ingredient_is_a_whole_word(name: str, ingredients: set[str]) -> None:
    assert drug(name).ingredients == ingredients


@pytest.mark.parametrize(
    ("brand", "name"),
    [
        ("Percocet 5 MG / 325 MG Oral Tablet", "oxycodone hydrochloride 5 MG Oral Tablet"),
        ("OxyContin 20 MG", "oxycodone hydrochloride 20 MG"),
        ("Xanax 1 MG Oral Tablet", "alprazolam 1 MG Oral Tablet"),
        ("Valium 5 MG", "diazepam 5 MG"),
        ("Effexor XR 75 MG", "venlafaxine 75 MG"),
        ("Pamelor 25 MG", "nortriptyline 25 MG"),
    ],
)
def test_a_brand_is_its_ingredient(brand: str, name: str) -> None:
    """Otherwise the renewal of a medicine under another name looks like a new one (pathway C.1, Renewals)."""
    assert drug(brand).ingredients & drug(name).ingredients


@pytest.mark.parametrize(
    "name", ["soma for the body", "the Norco clinic's cream", "amoxicillin 500 MG", "Lipitor", "insulin pen"]
)
def test_another_medicine_is_of_no_class_unless_a_brand_stands_first(name: str) -> None:
    assert drug("take " + name).classes == frozenset()


@pytest.mark.parametrize(
    "name",
    [
        "diclofenac sodium 1 % Topical Gel",
        "diclofenac 1.3 % patch",
        "diclofenac epolamine 0.0542 MG/MG Transdermal System",
        "Voltaren 1 % Topical Gel",
        "ketoprofen cream",
    ],
)
def test_an_nsaid_on_the_skin_is_not_systemic(name: str) -> None:
    found = drug(name)
    assert TOPICAL in found.classes
    assert ORAL not in found.classes


@pytest.mark.parametrize("name", ["ketorolac 0.5 % Ophthalmic Solution", "diclofenac 0.1 % eye drops", "flurbiprofen ophthalmic"])
def test_an_nsaid_in_the_eye_is_neither(name: str) -> None:
    assert drug(name).classes.isdisjoint({ORAL, TOPICAL})


@pytest.mark.parametrize(
    "name", ["diclofenac sodium 75 MG Oral Tablet", "Voltaren 75 MG Delayed Release Oral Tablet", "Aleve 220 mg"]
)
def test_an_nsaid_by_mouth_is_systemic(name: str) -> None:
    assert ORAL in drug(name).classes


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("doxepin 5 % Topical Cream", "tricyclics"),
        ("budesonide 0.032 MG/ACTUAT Nasal Spray", "med-systemic-corticosteroid"),
        ("hydrocortisone 1 % cream", "med-systemic-corticosteroid"),
        ("budesonide inhalation suspension nebulizer", "med-systemic-corticosteroid"),
        ("prednisolone 1 % Ophthalmic Suspension", "med-systemic-corticosteroid"),
        ("methylprednisolone acetate 40 MG/ML Injectable Suspension", "not-advised-in-sciatica"),
    ],
)
def test_what_acts_on_the_spot_is_not_systemic(name: str, group: str) -> None:
    assert group not in drug(name).classes


@pytest.mark.parametrize(
    "name",
    [
        "buprenorphine 8 MG / naloxone 2 MG Sublingual Film",
        "naloxone 0.5 MG / pentazocine 50 MG Oral Tablet",
        "oxycodone 10 MG / naloxone 5 MG Extended Release Oral Tablet",
        "Suboxone 8 MG / 2 MG",
    ],
)
def test_naloxone_inside_an_opioid_is_no_rescue(name: str) -> None:
    found = drug(name)
    assert NALOXONE not in found.classes
    assert OPIOID in found.classes


@pytest.mark.parametrize(
    "name",
    [
        "promethazine / codeine syrup",
        "codeine phosphate 2 MG/ML / guaifenesin 20 MG/ML Oral Solution",
        "Hycodan",
        "cheratussin AC",
    ],
)
def test_a_cough_product_is_an_opioid_but_no_analgesic(name: str) -> None:
    found = drug(name)
    assert "opioids" in found.classes
    assert OPIOID not in found.classes


def test_a_code_is_enough_and_gives_the_name() -> None:
    found = drug(codes=[(RXNORM, "310431")])
    assert "gabapentinoids" in found.classes
    assert found.name == "gabapentin 300 MG Oral Capsule"
    assert found.strength_mg == 300


def test_every_coding_is_looked_at() -> None:
    found = drug("Unlisted product", codes=[("urn:oid:1.2.3", "77"), ("http://www.nlm.nih.gov/research/umls/rxnorm", "25480")])
    assert "gabapentinoids" in found.classes
    assert found.name == "Unlisted product"


def test_an_ingredient_code_beside_the_clinical_drug_changes_nothing() -> None:
    found = drug(codes=[(RXNORM, "310431"), (RXNORM, "25480")])
    assert found.ingredients == {"gabapentin"}
    assert found.strength_mg == 300


def test_the_text_is_read_although_the_code_is_not_known() -> None:
    assert "gabapentinoids" in drug("gabapentin 300 mg", codes=[(RXNORM, "99999999")]).classes


def test_a_medicine_without_a_name_or_a_code_is_not_known() -> None:
    assert not drug().known


@pytest.mark.parametrize(
    ("name", "extended"),
    [
        ("Once-Daily gabapentin 300 MG Oral Tablet", True),
        ("24 HR pregabalin 165 MG Extended Release Oral Tablet", True),
        ("gabapentin enacarbil 600 MG", True),
        ("tramadol ER 100 mg", True),
        ("venlafaxine XR 75 mg", True),
        ("gabapentin 300 MG Oral Capsule", False),
        ("gabapentin 600 MG Oral Tablet", False),
    ],
)
def test_extended_release_is_told_by_the_name(name: str, extended: bool) -> None:
    assert drug(name).extended_release is extended


@pytest.mark.parametrize(
    ("name", "mg"),
    [
        ("gabapentin 300 MG Oral Capsule", 300),
        ("gabapentin 300mg", 300),
        ("pregabalin 82.5 MG", 82.5),
        ("fentanyl 100 mcg lozenge", 0.1),
        ("gabapentin 250 MG per 5 ML / solution", None),
        ("gabapentin 50 MG/ML Oral Solution", None),
        ("oxycodone 5 MG / acetaminophen 325 MG", 5.0),
        ("gabapentin", None),
    ],
)
def test_the_strength_is_told_by_the_name_of_a_single_product(name: str, mg: float | None) -> None:
    assert drug(name).strength_mg == mg


# -- dose a day -------------------------------------------------------------------------------------------------------------

CAPSULE = "gabapentin 300 MG Oral Capsule"


def quantity(value: float, unit: str | None = "mg", **rest: Any) -> dict[str, Any]:
    return {"doseQuantity": {"value": value} | ({"unit": unit} if unit else {}) | rest}


def sig(*rates: dict[str, Any], repeat: dict[str, Any] | None = None, **rest: Any) -> dict[str, Any]:
    return {"doseAndRate": list(rates)} | ({"timing": {"repeat": repeat}} if repeat else {}) | rest


THRICE = {"frequency": 3, "period": 1, "periodUnit": "d"}
ONCE = {"frequency": 1, "period": 1, "periodUnit": "d"}


def dose(*instructions: dict[str, Any], name: str = CAPSULE) -> float | None:
    return daily_mg(medication_request(concept(text=name), dosageInstruction=list(instructions)), drug(name))


@pytest.mark.parametrize(
    ("repeat", "mg"),
    [
        (THRICE, 900),
        (ONCE, 300),
        ({"frequency": 1, "period": 8, "periodUnit": "h"}, 900),
        ({"frequency": 1, "period": 2, "periodUnit": "d"}, 150),
        ({"frequency": 7, "period": 1, "periodUnit": "wk"}, 300),
        ({"frequency": 1, "frequencyMax": 3, "period": 1, "periodUnit": "d"}, 900),
        ({"period": 1, "periodUnit": "d"}, 300),
        ({"when": ["MORN", "NOON", "EVE"]}, 900),
        ({"timeOfDay": ["08:00:00", "20:00:00"]}, 600),
        ({"frequency": 1, "period": 1, "periodUnit": "d", "when": ["MORN", "NOON", "EVE"]}, 900),
        ({"boundsPeriod": {"start": "2026-01-01"}}, None),
        ({"frequency": 3}, None),
        *(({"frequency": odd, "period": 1, "periodUnit": "d"}, None) for odd in (0, -1, None, "", [], {}, True, "often")),
        ({"frequency": 3, "period": -1, "periodUnit": "d"}, None),
        ({"frequency": 3, "period": 0, "periodUnit": "d"}, None),
        ({"frequency": 3, "period": 1, "periodUnit": "fortnight"}, None),
    ],
)
def test_doses_a_day_from_the_timing(repeat: dict[str, Any], mg: float | None) -> None:
    assert dose(sig(quantity(300), repeat=repeat)) == mg


@pytest.mark.parametrize(
    ("code", "mg"), [("QD", 300), ("QHS", 300), ("BID", 600), ("TID", 900), ("QID", 1200), ("bid", 600), ("WHEN", None)]
)
def test_doses_a_day_from_a_timing_code(code: str, mg: float | None) -> None:
    system = "http://terminology.hl7.org/CodeSystem/v3-GTSAbbreviation"
    assert dose({"doseAndRate": [quantity(300)], "timing": {"code": concept((system, code))}}) == mg
    assert dose({"doseAndRate": [quantity(300)], "timing": {"code": {"text": code}}}) == mg


@pytest.mark.parametrize(
    ("unit", "mg"),
    [
        pytest.param({"unit": "mg", "code": "mg"}, 6, id="mg"),
        pytest.param({"unit": "MG"}, 6, id="mg in capitals"),
        pytest.param({"unit": "milligram"}, 6, id="mg in words"),
        pytest.param({"unit": "g", "code": "g"}, 6000, id="g"),
        pytest.param({"unit": "mcg"}, 0.006, id="mcg"),
        pytest.param({"unit": "tablet"}, 1800, id="tablets, counted with the strength of the name"),
        pytest.param({"unit": "capsule(s)", "code": "{capsule}"}, 1800, id="capsules"),
        pytest.param({"code": "1"}, 1800, id="a bare count"),
        pytest.param({"unit": "mL", "code": "mL"}, None, id="a volume"),
        pytest.param({"unit": "mg/kg", "code": "mg/kg"}, None, id="by weight"),
        pytest.param({"unit": "mcg/h", "code": "ug/h"}, None, id="a rate"),
    ],
)
def test_only_a_mass_or_a_count_of_units_is_a_dose(unit: dict[str, Any], mg: float | None) -> None:
    found = dose(sig({"doseQuantity": {"value": 2} | unit}, repeat=THRICE))
    assert found == (pytest.approx(mg) if mg is not None else None)


def test_a_count_of_tablets_without_a_strength_is_no_dose() -> None:
    assert dose(sig(quantity(2, "tablet"), repeat=THRICE), name="gabapentin") is None


def test_the_upper_end_of_a_range_counts() -> None:
    assert (
        dose(sig({"doseRange": {"low": {"value": 300, "unit": "mg"}, "high": {"value": 600, "unit": "mg"}}}, repeat=THRICE))
        == 1800
    )


def test_three_rates_of_one_dose_are_not_added() -> None:
    rates = [quantity(300), quantity(1, "capsule"), quantity(300, type={"text": "ordered"})]
    assert dose(sig(*rates, repeat=THRICE)) == 900


def test_several_instructions_are_added() -> None:
    assert dose(sig(quantity(300), repeat=ONCE), sig(quantity(600), repeat=ONCE)) == 900


def test_one_instruction_that_cannot_be_computed_leaves_the_whole_unknown() -> None:
    assert dose(sig(quantity(300), repeat=ONCE), {"text": "and more at night"}) is None


def test_words_alone_are_no_dose() -> None:
    assert dose({"text": "Take one capsule three times a day"}) is None
    assert dose() is None


CEILING = {"numerator": {"value": 900, "unit": "mg"}, "denominator": {"value": 1, "unit": "d"}}


def test_as_needed_the_maximum_counts() -> None:
    needed = sig(quantity(600), repeat={"frequency": 4, "period": 1, "periodUnit": "d"}, asNeededBoolean=True)
    assert dose(needed | {"maxDosePerPeriod": CEILING}) == 900
    assert dose(needed) == 2400
    assert dose({"asNeededCodeableConcept": {"text": "pain"}, "maxDosePerPeriod": CEILING}) == 900


@pytest.mark.parametrize(
    ("denominator", "mg"),
    [({"value": 24, "unit": "h"}, 900), ({"value": 12, "code": "h"}, 1800), ({"value": 0, "unit": "d"}, None)],
)
def test_a_maximum_is_turned_into_a_day(denominator: dict[str, Any], mg: float | None) -> None:
    needed = {
        "asNeededBoolean": True,
        "maxDosePerPeriod": {"numerator": {"value": 900, "unit": "mg"}, "denominator": denominator},
    }
    assert dose(needed) == mg


def test_the_maximum_does_not_replace_a_scheduled_dose() -> None:
    assert dose(sig(quantity(300), repeat=ONCE, maxDosePerPeriod=CEILING)) == 300


@pytest.mark.parametrize(
    "instruction",
    [
        {"doseAndRate": ["x"], "timing": "daily"},
        {"doseAndRate": {"doseQuantity": {"value": "many"}}, "timing": {"repeat": "x"}},
        {"doseAndRate": [{"doseQuantity": 5}], "timing": {"repeat": THRICE}},
        {"doseAndRate": [quantity(-5)], "timing": {"repeat": THRICE}},
        {"maxDosePerPeriod": "x", "asNeededBoolean": True},
    ],
)
def test_a_malformed_dose_is_no_dose(instruction: dict[str, Any]) -> None:
    assert dose(instruction) is None
