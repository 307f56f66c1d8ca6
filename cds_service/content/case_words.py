"""The test cases of a card in words: what the chart holds, and what is expected. Made from the raw ``given`` and ``expect``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .line_words import all_of, one_of, plain

_Word = Callable[[Any], str]

LEVELS = {"info": "information", "warning": "warning", "critical": "critical", "none": "no card"}
HOOKS = {"patient-view": "a chart is opened", "order-select": "an order is selected", "order-sign": "orders are signed"}
_SYSTEMS = {"icd": "ICD-10-CM", "sct": "SNOMED CT", "loinc": "LOINC", "rxnorm": "RxNorm"}
# Units whose code is not how they are written.
_UNITS = {"Cel": "°C", "[degF]": "°F", "mm[Hg]": "mmHg", "{score}": "points", "d": "days", "wk": "weeks"}
# What failed to arrive is named by what it holds, as clinicians call it.
_RECORDS = {
    "AllergyIntolerance": "allergies",
    "CarePlan": "care plans",
    "Communication": "messages",
    "Condition": "problems",
    "DiagnosticReport": "reports",
    "DocumentReference": "documents",
    "Encounter": "visits",
    "EpisodeOfCare": "episodes of care",
    "Flag": "flags",
    "ImagingStudy": "imaging studies",
    "MedicationDispense": "dispensed medicines",
    "MedicationRequest": "prescriptions",
    "MedicationStatement": "reported medicines",
    "Observation": "results",
    "Patient": "demographics",
    "Procedure": "procedures",
    "QuestionnaireResponse": "questionnaires",
    "ServiceRequest": "orders and referrals",
}


@dataclass(frozen=True, slots=True)
class CaseWords:
    """One case: its name, what the chart holds, what the card does, and of that the level alone."""

    name: str
    given: str
    expect: str
    shown: str


def case_words(case: Mapping[str, Any]) -> CaseWords:
    """A case in words. Words of ``given`` that are not known here are said plainly, so that none is lost."""
    given = case.get("given", {})
    expected = list(_expected(case["expect"]))
    return CaseWords(case.get("name", "A case without a name"), "; ".join(_given(given)), "; ".join(expected), expected[0])


# -- given ------------------------------------------------------------------------------------------------------------


def _given(given: Mapping[str, Any]) -> Iterator[str]:
    person = ", ".join(_person(given))
    if person:
        yield person
    for key in sorted(given, key=lambda key: _ORDER.get(key, len(_ORDER))):
        if key not in ("age", "sex", "born"):
            yield _GIVEN[key](given[key]) if key in _GIVEN else f"{plain(key)}: {_plainly(given[key])}"


def _person(given: Mapping[str, Any]) -> Iterator[str]:
    born = given.get("born")
    if "age" in given:
        yield f"{given['age']} years old"
    if born == "none":
        yield "no date of birth"
    elif born:
        yield f"born {born}"
    if "sex" in given:
        yield str(given["sex"])


def _things(heading: str, default_days: str = "{} ago") -> _Word:
    """A list of things, each with its details in parentheses."""

    def words(value: Any) -> str:
        items = value if isinstance(value, list | tuple) else [value]
        said = [_thing(item, default_days) for item in items]
        return f"{heading}: {', '.join(said) or 'none'}"

    return words


def _thing(item: Any, when: str = "{} ago") -> str:
    """A thing by its value set, its name or its code; then what else is said of it."""
    if not isinstance(item, Mapping):
        return plain(str(item))
    rest = dict(item)
    name = _name(rest)
    if "value" in rest:
        value, unit = rest.pop("value"), rest.pop("unit", None)
        said = {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value
        name += f" {said}" + (" without a unit" if unit == "none" else f" {_UNITS.get(unit, unit)}" if unit else "")
    if "mg" in rest:
        times = rest.pop("times", 1)
        dose = f"{rest.pop('mg')} mg"
        name = name.removesuffix(f" {dose}") + f" {dose} " + (f"{times} times a day" if times != 1 else "a day")
    details = [_detail(key, value, when) for key, value in rest.items()]
    return f"{name} ({', '.join(details)})" if details else name


def _name(rest: dict[str, Any]) -> str:
    name, text, code = rest.pop("is", None), rest.pop("text", None), rest.pop("code", None)
    said = str(text) if text else plain(str(name)) if name else ""
    if not code:
        return said
    system, value = code
    return f"{said} ({_SYSTEMS.get(system, plain(system))} {value})".strip()


def _detail(key: str, value: Any, when: str) -> str:
    if key == "days":
        return when.format(_days(value))
    return _DETAILS[key](value) if key in _DETAILS else f"{plain(key)} {_plainly(value)}"


def _site(value: Any) -> str:
    return "at " + all_of(_thing(part) for part in (value if isinstance(value, list | tuple) else [value]))


def _flag(words: str) -> _Word:
    return lambda value: words if value else f"not {words}"


def _onset(value: Any) -> str:
    return "without a date" if value == "none" else f"since {_days(value)}"


def _on(value: int) -> str:
    return f"for a day {_days(value)} ago" if value >= 0 else f"for a day in {_days(-value)}"


_DETAILS: dict[str, _Word] = {
    "details": lambda value: "with " + all_of(_thing(part) for part in value),
    "ended": lambda value: f"ended {_days(value)} ago",
    "for": lambda value: f"for {_thing(value)}",
    "found": lambda value: "found: " + (all_of(_thing(part) for part in value) if value else "nothing coded"),
    "grade": lambda value: f"grade {value}",
    "inpatient": _flag("for use in hospital"),
    "note": lambda value: f"note “{value}”",
    "on": _on,
    "once": _flag("one dose"),
    "onset": _onset,
    "outcome": lambda value: f"outcome {_thing(value)}",
    "side": lambda value: str(value),
    "site": _site,
    "status": lambda value: "without a status" if value == "none" else plain(str(value)),
    "suspected": _flag("suspected"),
    "times": lambda value: f"{value} times a day",
    "unit": lambda value: str(value),
    "used": lambda value: f"with {_thing(value)}",
    "verification": lambda value: plain(str(value)),
    "weeks": lambda value: f"for {value} weeks",
}


def _measured(name: str, unit: str) -> _Word:
    def words(value: Any) -> str:
        if not isinstance(value, Mapping):
            return f"{name} {value}{unit}"
        spec = {"is": name, "unit": unit.strip() or None} | dict(value)
        return _thing({key: part for key, part in spec.items() if part is not None}).replace(plain(name), name, 1)

    return words


def _visits(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{value['count']} physiotherapy visits, the first {_days(value['from'])} ago"
    if not value:
        return "no physiotherapy visits"
    noun = "a physiotherapy visit" if len(value) == 1 else f"{len(value)} physiotherapy visits"
    return f"{noun} {all_of(str(day) for day in value)} {'day' if value[-1] == 1 else 'days'} ago"


def _records(words: str) -> _Word:
    return lambda value: f"{words}: {all_of(_RECORDS.get(name, plain(name)) for name in value)}"


# In the order in which a chart is told.
_GIVEN: dict[str, _Word] = {
    "hook": lambda value: f"when {HOOKS.get(value, plain(value))}",
    "problems": _things("problems"),
    "medicines": _things("medicines", "since {}"),
    "ordering": _things("ordering"),
    "drafts": _things("other drafts"),
    "requesting": _things("requesting"),
    "reason": lambda value: f"reason of the orders: {_thing(value)}",
    "allergies": _things("allergies"),
    "pregnant": lambda value: f"pregnant (recorded {_days(value)} ago)",
    "not_pregnant": lambda value: f"not pregnant (recorded {_days(value)} ago)",
    "egfr": _measured("eGFR", ""),
    "creatinine": _measured("creatinine", " mg/dL"),
    "weight": _measured("weight", " kg"),
    "blood_pressure": lambda value: f"blood pressure {value[0]}/{value[1]}",
    "readings": _things("results"),
    "visits": _visits,
    "treatments": _things("treatments"),
    "requests": _things("orders and referrals"),
    "plans": _things("care plans"),
    "reports": _things("reports"),
    "taught": lambda value: f"education sent {_days(value)} ago",
    "unread": _records("could not be read"),
    "absent": _records("not sent"),
}
_ORDER = {key: position for position, key in enumerate(_GIVEN)}


# -- expect -----------------------------------------------------------------------------------------------------------


def _expected(expect: Mapping[str, Any]) -> Iterator[str]:
    if "card" in expect:
        yield LEVELS.get(expect["card"], plain(str(expect["card"])))
    if "status" in expect:
        yield f"the call is refused (status {expect['status']})"
    if "offers" in expect:
        yield f"offers {_quoted(expect['offers'])}" if expect["offers"] else "offers nothing"
    if expect.get("says"):
        yield f"says {_quoted(expect['says'])}"
    if expect.get("never_says"):
        yield f"does not say {one_of(f'“{text}”' for text in expect['never_says'])}"


def _quoted(texts: Iterable[Any]) -> str:
    return all_of(f"“{text}”" for text in texts)


def _plainly(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{plain(str(key))} {_plainly(part)}" for key, part in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_plainly(part) for part in value)
    return plain(str(value))


def _days(count: Any) -> str:
    return "1 day" if count == 1 else f"{count} days"
