"""What medicine is this? Codes first, then names, then form: combinations belong to every class that they contain."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cached_property, lru_cache
from typing import Any

from msgspec import Raw

from ..pathway.chart import NOTHING, Concepts
from .elements import codings, is_withheld, items, number, plain, read
from .meanings import Remembered
from .terminology import Terminology

# Forms that act on the spot: the systemic classes do not apply to them (terminology: route matters).
_LOCAL_FORM = re.compile(
    r"\b(topical|gel|cream|ointment|lotion|ophthalmic|otic|nasal|inhal\w*|nebuli\w*|enema|rectal foam|mouthwash|eye|ear)\b", re.I
)
_PATCH = re.compile(r"\b(patch|transdermal)\b", re.I)
_SYSTEMIC_ONLY = frozenset({"med-nsaid-oral", "med-celecoxib", "med-tca", "med-systemic-corticosteroid", "med-aminoglycoside"})
_INJECTED = re.compile(r"\b(inject\w*|intra-?articular|intramuscular|epidural|depo)\b", re.I)
_ON_SKIN = re.compile(r"\b(topical|gel|cream|ointment|lotion|patch|transdermal)\b", re.I)
_COUGH = re.compile(r"\b(guaifenesin|chlorpheniramine|promethazine|brompheniramine|pseudoephedrine|phenylephrine|cough)\b", re.I)
_EXTENDED = re.compile(r"\b(extended[- ]release|once[- ]daily|enacarbil|xr|er|cr|sr|24 hr|12 hr)\b", re.I)
_RATE = re.compile(r"\b(\d+(?:\.\d+)?)\s*(?:mcg|ug)\s*/\s*(?:hr|hour|h)\b", re.I)
_OPIOID_NAME = re.compile(r"codone|codeine|morph|tramadol|tapentadol|pentazocine|butorphanol", re.I)
_STRENGTH = re.compile(r"\b(\d+(?:\.\d+)?)\s*(mg|mcg)\b(?!\s*/\s*ml)", re.I)

_NALOXONE, _COUGH_COLD, _ANALGESIC = "med-naloxone", "med-opioid-cough-cold", "med-opioid-analgesic"
_SYSTEMIC_STEROID, _LIDOCAINE = "med-systemic-corticosteroid", "med-lidocaine-topical"
_NSAID_ORAL, _NSAID_TOPICAL = "med-nsaid-oral", "med-nsaid-topical"
_OPIOIDS = "opioids"
_RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"


class Drug:
    """A classified medicine: its name, its classes and ingredients, and what its name says of form and strength."""

    known: bool  # can anybody tell from its codes and names what it is?
    coded: bool
    classes: Concepts
    ingredients: Concepts

    def __init__(self, codes: tuple[tuple[str, str], ...], said: Iterable[str], terminology: Terminology) -> None:
        names = list(said)
        classes: set[str] = set()
        ingredients: set[str] = set()
        # A code of RxNorm that is not known here is another medicine; a code of a list of their own may be any.
        self.coded = bool(codes)
        self.known = bool(names) and not is_withheld(codes)
        for system, code in codes:
            found = terminology.codes.of(system, code)
            self.known = self.known or bool(found) or system == _RXNORM
            if found:
                classes |= {name for name in found if name.startswith("med-")}
                ingredients |= terminology.ingredients_of(system, code)
                names.append(terminology.codes.displays.get((system, code), ""))
        by_code = _COUGH_COLD in classes
        for name in dict.fromkeys(names):
            more, which = terminology.medicines.of(name)
            if more:
                classes |= more
                ingredients |= which
        self._names = names
        self.classes = terminology.ancestors(_settled(classes, " | ".join(names), by_code)) if classes else NOTHING
        self.ingredients = frozenset(ingredients)

    @cached_property
    def name(self) -> str:
        return next((name for name in self._names if name.strip()), "unnamed medicine")

    @cached_property
    def extended_release(self) -> bool:
        return bool(_EXTENDED.search(" | ".join(self._names)))

    @cached_property
    def strength_mg(self) -> float | None:
        """mg of a product with one ingredient, or of the opioid in a combination, from its name; None where the name does not
        say."""
        for name in self._names:
            parts = name.split(" / ") if _OPIOIDS in self.classes else [name]
            if len(parts) > 1:
                parts = [part for part in parts if _OPIOID_NAME.search(part)]
            found = [strength for part in parts for strength in _STRENGTH.findall(part)]
            if len(found) == 1 and "/" not in parts[0]:
                value, unit = found[0]
                return float(value) / (1000 if unit.lower() == "mcg" else 1)
        return None

    @cached_property
    def mcg_per_hour(self) -> float | None:
        """The rate of a patch, from its name."""
        found = (_RATE.search(name) for name in self._names)
        return next((float(match[1]) for match in found if match), None)


class Pharmacopoeia:
    """Classifies medicines; remembers the coded ones, because a hospital orders the same few hundred again and again.
    Names without a code are not remembered: somebody may have typed anything."""

    def __init__(self, terminology: Terminology) -> None:
        self.terminology = terminology
        self._coded = lru_cache(maxsize=Remembered.most)(self._classify)
        self._by_text = Remembered[Drug]()

    def drug(self, concepts: Iterable[Any]) -> Drug:
        """What these CodeableConcepts together say the medicine is."""
        codes: list[tuple[str, str]] = []
        said: list[str] = []
        for concept in concepts:
            more_codes, more_said = read(concept)
            codes += more_codes
            said += more_said
        short = sum(map(len, said)) + sum(len(system) + len(code) for system, code in codes) <= Remembered.longest
        classify = self._coded if codes and short else self._classify
        return classify(tuple(codes), tuple(said))

    def drug_of(self, concept: Raw) -> Drug:
        """That of one CodeableConcept that is still text."""
        text = bytes(concept)
        known = self._by_text.get(text)
        if known is None:
            known = self.drug([plain(concept)])
            if known.coded:
                self._by_text.keep(text, known)
        return known

    def _classify(self, codes: tuple[tuple[str, str], ...], said: tuple[str, ...]) -> Drug:
        return Drug(codes, said, self.terminology)


def _settled(classes: set[str], text: str, cough_by_code: bool) -> set[str]:
    """The traps: forms that are not systemic, cough products, and naloxone inside an opioid."""
    if _LOCAL_FORM.search(text) or (_PATCH.search(text) and _NSAID_ORAL in classes):
        if _NSAID_ORAL in classes and _ON_SKIN.search(text):
            classes = classes | {_NSAID_TOPICAL}
        classes = classes - _SYSTEMIC_ONLY
    if _NSAID_TOPICAL in classes:  # some brands are both: the form in the name decides
        classes = classes - ({_NSAID_ORAL} if _ON_SKIN.search(text) or _NSAID_ORAL not in classes else {_NSAID_TOPICAL})
    if _INJECTED.search(text):
        classes = classes - {_SYSTEMIC_STEROID, _LIDOCAINE}
    if cough_by_code or (_ANALGESIC in classes and _COUGH.search(text)):
        classes = (classes - {_ANALGESIC}) | {_COUGH_COLD}
    if _NALOXONE in classes and classes & {_ANALGESIC, "med-buprenorphine", "med-tramadol-tapentadol"}:
        classes = classes - {_NALOXONE}
    return classes


# Units of a dose: a mass, or a count of tablets. Anything else (mL, mg/kg, ug/h) cannot be turned into mg.
_MASS = {"mg": 1.0, "milligram": 1.0, "milligrams": 1.0, "g": 1000.0, "gram": 1000.0, "ug": 0.001, "mcg": 0.001}
_COUNTS = frozenset({"1", "tablet", "tablets", "tab", "tabs", "tbl", "capsule", "capsules", "cap", "caps", "pill", "pills"})

# Doses a day of the timing codes (http://terminology.hl7.org/CodeSystem/v3-GTSAbbreviation).
_TIMES_A_DAY = {
    "QD": 1.0,
    "QHS": 1.0,
    "AM": 1.0,
    "PM": 1.0,
    "BED": 1.0,
    "BID": 2.0,
    "TID": 3.0,
    "QID": 4.0,
    "QOD": 0.5,
    "Q4H": 6.0,
    "Q6H": 4.0,
    "Q8H": 3.0,
}
_DAYS = {"min": 1 / 1440, "h": 1 / 24, "d": 1.0, "wk": 7.0, "mo": 30.0}


def daily_mg(resource: Mapping[str, Any], drug: Drug) -> float | None:
    """The highest daily dose in mg that the dosage supports; None when one of its parts cannot be computed.

    Several dosage instructions are added; several rates of one instruction describe the same dose and are not.
    """
    total = 0.0
    instructions = [d for d in items(resource.get("dosageInstruction")) + items(resource.get("dosage")) if isinstance(d, dict)]
    for dosage in instructions:
        dose = _instruction(dosage, drug)
        if dose is None:
            return None
        total += dose
    return total if instructions else None


def _instruction(dosage: Mapping[str, Any], drug: Drug) -> float | None:
    ceiling = _max_per_day(dosage, drug)
    if ceiling is not None and (dosage.get("asNeededBoolean") is True or "asNeededCodeableConcept" in dosage):
        return ceiling
    doses = [mg for rate in items(dosage.get("doseAndRate")) if (mg := _one_dose(rate, drug)) is not None]
    times = _times_a_day(dosage.get("timing"))
    if not doses or times is None:
        return ceiling
    return max(doses) * times


def _one_dose(rate: Any, drug: Drug) -> float | None:
    if not isinstance(rate, dict):
        return None
    quantity = rate.get("doseQuantity")
    if quantity is None and isinstance(rate.get("doseRange"), dict):
        quantity = rate["doseRange"].get("high")
    return _mg(quantity, drug)


def _mg(quantity: Any, drug: Drug) -> float | None:
    """mg of a quantity; a count of tablets or capsules is multiplied with the strength in the name."""
    if not isinstance(quantity, dict):
        return None
    value = number(quantity.get("value"))
    if value is None or value < 0:
        return None
    unit = str(quantity.get("code") or quantity.get("unit") or "").strip().lower()
    mass = _MASS.get(unit)
    if mass is not None:
        return value * mass
    counted = unit in _COUNTS or (unit.startswith("{") and unit.endswith("}"))
    return value * drug.strength_mg if counted and drug.strength_mg is not None else None


def _times_a_day(timing: Any) -> float | None:
    if not isinstance(timing, dict):
        return None
    repeat = timing.get("repeat")
    if isinstance(repeat, dict):
        period = number(repeat.get("period"))
        unit = _DAYS.get(str(repeat.get("periodUnit")))
        frequency = _frequency(repeat)
        named = float(max(len(items(repeat.get("when"))), len(items(repeat.get("timeOfDay")))))
        if period and period > 0 and unit and frequency:
            return max(frequency / (period * unit), named)  # the highest reading that the text supports
        if named and not period:
            return named
    code = timing.get("code")
    for _, value, _ in codings(code):
        if value.upper() in _TIMES_A_DAY:
            return _TIMES_A_DAY[value.upper()]
    text = code.get("text") if isinstance(code, dict) else None
    return _TIMES_A_DAY.get(text.strip().upper()) if isinstance(text, str) else None


def _frequency(repeat: Mapping[str, Any]) -> float | None:
    """How often in a period: once where nothing is said, unknown where what is said is no number above zero."""
    said = [repeat[name] for name in ("frequencyMax", "frequency") if name in repeat]
    return next((found for value in said if (found := number(value)) and found > 0), None if said else 1.0)


def _max_per_day(dosage: Mapping[str, Any], drug: Drug) -> float | None:
    ratio = dosage.get("maxDosePerPeriod")
    if isinstance(ratio, list):  # R5 writes a list
        ratio = ratio[0] if ratio else None
    if not isinstance(ratio, dict) or not isinstance(ratio.get("denominator"), dict):
        return None
    most = _mg(ratio.get("numerator"), drug)
    per = ratio["denominator"]
    value, unit = number(per.get("value")), _DAYS.get(str(per.get("code") or per.get("unit")))
    return most / (value * unit) if most is not None and value and unit else None
