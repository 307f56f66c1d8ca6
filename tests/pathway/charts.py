"""Builders of charts, and the table of cases that every module of finding tests fills."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import cds_service.pathway
from cds_service.pathway.answers import Answer, Finding
from cds_service.pathway.chart import (
    Allergy,
    Chart,
    Contact,
    Draft,
    Gap,
    Medicine,
    Person,
    Plan,
    Problem,
    Reading,
    Reason,
    Report,
    Request,
    Teaching,
    Treatment,
)
from cds_service.pathway.dates import When, day
from cds_service.pathway.dosing import Factors, Limits
from cds_service.pathway.vocabulary import FINDINGS

assert cds_service.pathway  # importing the package fills the vocabulary

TODAY = date(2026, 3, 2)
YES, NO, UNKNOWN = Answer.YES, Answer.NO, Answer.UNKNOWN

GABAPENTINOID_LIMITS = Limits(
    "gabapentinoid-limits", (60, 30, 15, 0), {"gabapentin": (3600, 1400, 700, 300), "pregabalin": (600, 300, 150, 75)}
)

OPIOID_FACTORS = Factors(
    "opioid-factors",
    {"morphine": 1, "oxycodone": 1.5, "hydrocodone": 1, "tramadol": 0.2, "methadone": 4.7},
    {"fentanyl": 2.4},
    frozenset({"buprenorphine"}),
)

_NERVE = {"first-line-nerve-pain-medicines", "pathway-medicines"}
_CNS = {"cns-active-medicines"}
_OPIOID = {"opioids", "opioid-analgesics", "pathway-medicines", "not-advised-in-sciatica", "risk-in-pregnancy"} | _CNS
_GABAPENTINOID = {"gabapentinoids", "renally-cleared-medicines", "not-advised-in-sciatica", "pregnancy-check-medicines"} | _NERVE
_GABAPENTINOID |= _CNS | {"risk-in-pregnancy"}
_TRICYCLIC, _SNRI = {"med-tca", "tricyclics"} | _NERVE | _CNS, {"snris", "serotonergic-antidepressants"} | _NERVE | _CNS
_SEDATIVE = {"benzodiazepines", "med-benzodiazepine", "other-cns-depressants", "pathway-medicines", "not-advised-in-sciatica"}
_SEDATIVE |= _CNS
_NSAID = {"med-nsaid-oral", "systemic-nsaids", "nsaids", "pathway-medicines", "pregnancy-check-medicines", "risk-in-pregnancy"}
CLASSES: dict[str, set[str]] = {
    "oxycodone": {"med-opioid-analgesic"} | _OPIOID,
    "hydrocodone": {"med-opioid-analgesic"} | _OPIOID,
    "methadone": {"med-opioid-analgesic"} | _OPIOID,
    "tramadol": {"med-opioid-analgesic", "med-tramadol-tapentadol"} | _OPIOID,
    "buprenorphine": {"med-buprenorphine"} | _OPIOID,
    "morphine": {"med-opioid-analgesic"} | _OPIOID,
    "fentanyl": {"med-opioid-analgesic"} | _OPIOID,
    "meperidine": {"med-opioid-analgesic"} | _OPIOID,
    "tapentadol": {"med-opioid-analgesic", "med-tramadol-tapentadol"} | _OPIOID,
    "codeine cough syrup": {"med-opioid-cough-cold", "opioids", "pathway-medicines"} | _CNS,
    "gabapentin": {"med-gabapentin"} | _GABAPENTINOID,
    "pregabalin": {"med-pregabalin"} | _GABAPENTINOID,
    "nortriptyline": _TRICYCLIC,
    "amitriptyline": _TRICYCLIC,
    "duloxetine": {"med-duloxetine", "renally-cleared-medicines"} | _SNRI,
    "venlafaxine": {"med-venlafaxine"} | _SNRI,
    "milnacipran": {"med-milnacipran"} | _SNRI,
    "lorazepam": _SEDATIVE,
    "midazolam": _SEDATIVE,
    "zolpidem": {"med-z-drug", "other-cns-depressants"} | _CNS,
    "baclofen": {"med-muscle-relaxant", "med-baclofen", "other-cns-depressants", "renally-cleared-medicines"} | _CNS,
    "naloxone": {"med-naloxone"},
    "ibuprofen": _NSAID,
    "naproxen": _NSAID,
    "lisinopril": {"med-acei", "ace-inhibitor-or-arb", "kidney-active-medicines"},
    "losartan": {"med-arb", "ace-inhibitor-or-arb", "kidney-active-medicines"},
    "furosemide": {"med-diuretic", "kidney-active-medicines"},
    "warfarin": {"med-anticoagulant", "antiplatelet-or-anticoagulant"},
    "clopidogrel": {"med-antiplatelet", "antiplatelet-or-anticoagulant"},
    "prednisone": {"med-systemic-corticosteroid", "not-advised-in-sciatica"},
    "sertraline": {"med-ssri", "serotonergic-antidepressants"} | _CNS,
    "phenelzine": {"med-maoi"},
    "sumatriptan": {"med-triptan"},
    "botulinum toxin": {"med-botulinum-toxin", "pregnancy-check-medicines", "risk-in-pregnancy"},
    "apixaban": {"med-anticoagulant", "antiplatelet-or-anticoagulant"},
    "diclofenac gel": {"med-nsaid-topical", "nsaids", "topical-pain-medicines"},
    "lidocaine": {"med-lidocaine-topical", "topical-pain-medicines"},
    "capsaicin": {"med-capsaicin", "topical-pain-medicines"},
    "acetaminophen": {"med-acetaminophen"},
    "oxycodone and acetaminophen": {"med-acetaminophen", "med-opioid-analgesic"} | _OPIOID,
}


# -- dates ------------------------------------------------------------------------------------------------------------------


def ago(days: int) -> When:
    """An exact day, so many days before today; negative is the future."""
    return day(TODAY - timedelta(days=days))


def year(number: int) -> When:
    """A date of which only the year is recorded."""
    return When(date(number, 1, 1), date(number, 12, 31))


def month(number: int, of: int = 2026) -> When:
    """A date of which only the month is recorded."""
    following = date(of + number // 12, number % 12 + 1, 1)
    return When(date(of, number, 1), following - timedelta(days=1))


def _when(value: int | When | None) -> When | None:
    return ago(value) if isinstance(value, int) else value


# -- the parts of a chart ---------------------------------------------------------------------------------------------------


def person(born: str | When | None = "1970-06-15", sex: str | None = "female", *, deceased: bool = False) -> Person:
    return Person(day(date.fromisoformat(born)) if isinstance(born, str) else born, sex, deceased, "Patient/p")


def problem(
    *concepts: str,
    began: int | When | None = None,
    recorded: int | When | None = None,
    current: Answer = YES,
    sides: tuple[str, ...] = (),
    ref: str | None = None,
    **rest: Any,
) -> Problem:
    """A problem with these concepts; ``began`` and ``recorded`` are days ago."""
    return Problem(
        ref or f"Condition/{'-'.join((concepts[0], *sides))}",
        concepts[0].replace("-", " "),
        frozenset(concepts),
        current,
        onset=_when(began),
        recorded=_when(recorded),
        sides=frozenset(sides),
        **rest,
    )


def reading(
    *concepts: str,
    value: float | None = None,
    days: int | When | None = 0,
    code: str | None = None,
    sides: tuple[str, ...] = (),
    meaning: tuple[str, ...] = (),
    ref: str | None = None,
    **rest: Any,
) -> Reading:
    """A reading of so many days ago."""
    return Reading(
        ref or f"Observation/{concepts[0]}-{value}-{days}",
        code or concepts[0],
        frozenset(concepts),
        _when(days),
        value,
        meaning=frozenset(meaning),
        sides=frozenset(sides),
        **rest,
    )


def egfr(value: float, days: int | When = 10, **rest: Any) -> Reading:
    return reading("egfr", value=value, days=days, **rest)


def creatinine(value: float, unit: str | None = "mg/dL", days: int = 10) -> Reading:
    return reading("serum-creatinine", value=value, days=days, unit=unit)


def weight(value: float, unit: str | None = "kg", days: int = 10) -> Reading:
    return reading("body-weight", value=value, days=days, unit=unit)


def pain(value: float, days: int, **rest: Any) -> Reading:
    return reading("pain-score", value=value, days=days, code="72514-3", **rest)


def score(code: str, value: float, days: int) -> Reading:
    return reading("hip-score", value=value, days=days, code=code, ref=f"Observation/{code}-{days}")


def qtc(value: float | None, days: int | When = 10, **rest: Any) -> Reading:
    return reading("qtc", value=value, days=days, **rest)


def sodium(value: float | None, unit: str | None = "mmol/L", days: int | When = 10, **rest: Any) -> Reading:
    return reading("sodium", value=value, days=days, unit=unit, **rest)


def pressure(upper: float, lower: float | None, days: int | When = 10) -> Reading:
    parts = [(frozenset({"systolic"}), upper)]
    if lower is not None:
        parts.append((frozenset({"diastolic"}), lower))
    return reading("blood-pressure", days=days, parts=tuple(parts), ref=f"Observation/bp-{upper:g}-{days}")


def medicine(
    ingredient: str,
    *,
    start: int | When | None = None,
    end: int | When | None = None,
    status: str = "active",
    ref: str | None = None,
    **rest: Any,
) -> Medicine:
    """A medicine of the record; ``start`` and ``end`` are days ago. Active ones are on the list."""
    given = {"ingredients": frozenset({ingredient}), "on_list": status == "active", "ordered": _when(start)} | rest
    return Medicine(
        ref or f"MedicationRequest/{ingredient}-{start}-{end}",
        ingredient,
        frozenset(CLASSES[ingredient]),
        status=status,
        start=_when(start),
        end=_when(end),
        **given,
    )


def draft(
    ingredient: str | None,
    *reasons: Reason,
    selected: bool = True,
    daily_mg: float | None = None,
    ref: str | None = None,
    service: tuple[str, ...] = (),
    details: tuple[str, ...] = (),
    sides: tuple[str, ...] = (),
    says: tuple[bool, bool] = (False, False),
    **rest: Any,
) -> Draft:
    """An order of this session for a medicine, or, without one, for a service with these concepts; ``says`` is whether it
    states its length and its content."""
    ref = ref or (f"MedicationRequest/draft-{ingredient}" if ingredient else f"ServiceRequest/draft-{'-'.join(service)}")
    found = None
    if ingredient:
        found = medicine(ingredient, status="draft", ref=ref, daily_mg=daily_mg, **rest)
    length, content = says
    return Draft(
        ref,
        selected,
        found,
        frozenset(service),
        reasons,
        title=service[0].replace("-", " ") if service else "",
        details=frozenset(details),
        sides=frozenset(sides),
        states_length=length,
        states_content=content,
    )


def service(
    *concepts: str,
    reasons: tuple[Reason, ...] = (),
    details: tuple[str, ...] = (),
    selected: bool = True,
    ref: str | None = None,
    **rest: Any,
) -> Draft:
    """An order of this session for a service of these kinds."""
    ref, title = ref or f"ServiceRequest/draft-{concepts[0]}", concepts[0].replace("-", " ")
    return Draft(ref, selected, None, frozenset(concepts), reasons, title=title, details=frozenset(details), **rest)


def reason(*concepts: str, name: str = "the reason", of_problem: str = "") -> Reason:
    return Reason(frozenset(concepts), name, of_problem)


def visit(days: int | When | None, *more: str, took_place: bool = True, under_way: bool = False) -> Contact:
    """A physiotherapy encounter of so many days ago."""
    concepts = frozenset({"physiotherapy-visit", *more})
    return Contact(f"Encounter/visit-{days}", concepts, _when(days), took_place, under_way)


def visits(count: int, *, first: int, every: int = 1) -> list[Contact]:
    """So many visits, the first one ``first`` days ago."""
    return [visit(first - n * every) for n in range(count)]


def contact(*concepts: str, days: int | When | None = 0, under_way: bool = False, **rest: Any) -> Contact:
    return Contact(f"Encounter/{days}", frozenset(concepts), _when(days), True, under_way, **rest)


def treatment(
    *concepts: str,
    days: int | When | None,
    completed: bool = True,
    details: tuple[str, ...] = (),
    sides: tuple[str, ...] = (),
) -> Treatment:
    ref = f"Procedure/{concepts[0]}-{days}"
    return Treatment(ref, frozenset(concepts), _when(days), completed, frozenset(details), frozenset(sides))


def request(*concepts: str, days: int | When | None = 10, active: bool = True) -> Request:
    return Request(f"ServiceRequest/{concepts[0]}", frozenset(concepts), _when(days), active)


def report(*conclusions: str, of: str | None = None, days: int | When | None = 10) -> Report:
    """A report ``of`` a kind of imaging or study, with these coded conclusions."""
    return Report(f"DiagnosticReport/{of or 1}", frozenset([of] if of else ()), frozenset(conclusions), _when(days))


def plan(
    *concepts: str,
    active: bool = False,
    finished: bool = False,
    ended: int | When | None = None,
    began: int | When | None = None,
) -> Plan:
    return Plan(f"CarePlan/{concepts[0]}", frozenset(concepts), active, finished, _when(ended), _when(began))


def taught(days: int | When | None) -> Teaching:
    """Education that was sent or handed out."""
    return Teaching(f"Communication/{days}", _when(days))


def allergy(ingredient: str) -> Allergy:
    return Allergy(f"AllergyIntolerance/{ingredient}", frozenset(CLASSES[ingredient]), frozenset({ingredient}))


def gap(section: str) -> Gap:
    """This section could not be read."""
    return Gap(section, f"the {section}", "timed out")


_FIELDS = {
    Problem: "problems",
    Reading: "readings",
    Medicine: "medicines",
    Allergy: "allergies",
    Treatment: "treatments",
    Contact: "contacts",
    Request: "requests",
    Report: "reports",
    Plan: "plans",
    Teaching: "teaching",
    Draft: "drafts",
    Gap: "gaps",
}


def chart(*parts: Any) -> Chart:
    """A chart of these parts, each put where its kind belongs. A list counts as its items."""
    sorted_parts: dict[str, Any] = {}
    for part in parts:
        for one in part if isinstance(part, list) else [part]:
            if isinstance(one, Person):
                sorted_parts["person"] = one
            else:
                name = _FIELDS[type(one)]
                sorted_parts[name] = (*sorted_parts.get(name, ()), one)
    return Chart(TODAY, **sorted_parts)


# -- cases ------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """One finding, asked with some values of one chart, and the answer that it owes."""

    name: str
    finding: str
    answer: Answer
    chart: Chart
    values: dict[str, Any]

    def ask(self) -> Finding:
        return FINDINGS[self.finding].ask(self.chart, **self.values)


def case(finding: str, answer: Answer, name: str, *parts: Any, **values: Any) -> Case:
    """``name`` is a sentence, ``parts`` make the chart, ``values`` are those of the card's line."""
    return Case(name, finding, answer, chart(*parts), values)


def label(one: Case) -> str:
    """The name of a case in the list of tests."""
    return f"{one.finding} {one.answer.value}: {one.name}"
