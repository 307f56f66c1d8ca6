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
    Treatment,
)
from cds_service.pathway.dates import When, day
from cds_service.pathway.dosing import Limits
from cds_service.pathway.vocabulary import FINDINGS

assert cds_service.pathway  # importing the package fills the vocabulary

TODAY = date(2026, 3, 2)
YES, NO, UNKNOWN = Answer.YES, Answer.NO, Answer.UNKNOWN

GABAPENTINOID_LIMITS = Limits(
    "gabapentinoid-limits", (60, 30, 15, 0), {"gabapentin": (3600, 1400, 700, 300), "pregabalin": (600, 300, 150, 75)}
)

_NERVE = {"first-line-nerve-pain-medicines", "pathway-medicines"}
_OPIOID = {"opioids", "opioid-analgesics", "pathway-medicines", "not-advised-in-sciatica"}
_GABAPENTINOID = {"gabapentinoids", "renally-cleared-medicines", "not-advised-in-sciatica"} | _NERVE
_SEDATIVE = {"benzodiazepines", "med-benzodiazepine", "other-cns-depressants", "pathway-medicines", "not-advised-in-sciatica"}
_NSAID = {"med-nsaid-oral", "systemic-nsaids", "pathway-medicines"}
CLASSES: dict[str, set[str]] = {
    "oxycodone": {"med-opioid-analgesic"} | _OPIOID,
    "hydrocodone": {"med-opioid-analgesic"} | _OPIOID,
    "methadone": {"med-opioid-analgesic"} | _OPIOID,
    "tramadol": {"med-opioid-analgesic", "med-tramadol-tapentadol"} | _OPIOID,
    "buprenorphine": {"med-buprenorphine"} | _OPIOID,
    "codeine cough syrup": {"med-opioid-cough-cold", "opioids", "pathway-medicines"},
    "gabapentin": {"med-gabapentin"} | _GABAPENTINOID,
    "pregabalin": {"med-pregabalin"} | _GABAPENTINOID,
    "nortriptyline": {"med-tca", "tricyclics"} | _NERVE,
    "amitriptyline": {"med-tca", "tricyclics"} | _NERVE,
    "duloxetine": {"med-duloxetine", "snris", "renally-cleared-medicines"} | _NERVE,
    "venlafaxine": {"med-venlafaxine", "snris"} | _NERVE,
    "milnacipran": {"med-milnacipran", "snris"} | _NERVE,
    "lorazepam": _SEDATIVE,
    "midazolam": _SEDATIVE,
    "zolpidem": {"med-z-drug", "other-cns-depressants"},
    "baclofen": {"med-muscle-relaxant", "med-baclofen", "other-cns-depressants", "renally-cleared-medicines"},
    "naloxone": {"med-naloxone"},
    "ibuprofen": _NSAID,
    "lisinopril": {"med-acei", "kidney-active-medicines"},
    "prednisone": {"med-systemic-corticosteroid", "not-advised-in-sciatica"},
    "sertraline": {"med-ssri"},
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
    **rest: Any,
) -> Draft:
    """An order of this session for a medicine, or, without one, for a service."""
    ref = ref or f"MedicationRequest/draft-{ingredient}"
    found = None
    if ingredient:
        found = medicine(ingredient, status="draft", ref=ref, daily_mg=daily_mg, **rest)
    return Draft(ref, selected, found, reasons=reasons)


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


def treatment(*concepts: str, days: int | When | None, completed: bool = True) -> Treatment:
    return Treatment(f"Procedure/{concepts[0]}-{days}", frozenset(concepts), _when(days), completed)


def request(*concepts: str, days: int | When | None = 10, active: bool = True) -> Request:
    return Request(f"ServiceRequest/{concepts[0]}", frozenset(concepts), _when(days), active)


def report(*conclusions: str, days: int = 10) -> Report:
    return Report("DiagnosticReport/1", frozenset(), frozenset(conclusions), ago(days))


def plan(*concepts: str, active: bool = False, finished: bool = False, ended: int | When | None = None) -> Plan:
    return Plan(f"CarePlan/{concepts[0]}", frozenset(concepts), active, finished, _when(ended))


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
