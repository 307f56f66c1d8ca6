"""What ``cds-service check`` verifies of value sets and orders: where they come from, and every code in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..fhir.terminology import ICD_10_CM
from .codes import CPT, NAMES, CodeSystems, NotInstalled, nearly
from .files import read_json, read_yaml
from .tables import Problem

# What a value set has to say of itself; a purpose says where its codes were verified.
TOLD = ("url", "version", "title", "status", "purpose")
STATUSES = ("draft", "active", "retired", "unknown")
# The mark of a listed ICD-10-CM code that only heads others: charts hold it, claims do not.
HEADER = {"use": {"display": "header"}, "value": "header, not billable"}


@dataclass
class Verified:
    """What was verified, and what was found."""

    value_sets: int = 0
    codes: int = 0
    elsewhere: int = 0
    problems: list[Problem] = field(default_factory=list)
    not_installed: str = ""

    def __str__(self) -> str:
        if self.not_installed:
            return f"The codes of {self.value_sets} value sets were not verified: {self.not_installed}."
        told = f"{self.codes} codes in {self.value_sets} value sets were verified"
        return f"{told}; {self.elsewhere} more are of code systems that cannot be verified offline."


def verify(folder: Path) -> Verified:
    """Verifies a content folder that loads."""
    found = Verified()
    value_sets = {path: read_json(path) for path in sorted((folder / "value-sets").glob("*.json"))}
    found.value_sets = len(value_sets)
    urls = Counter(value_set["url"] for value_set in value_sets.values())
    try:
        systems = CodeSystems()
    except NotInstalled as missing:
        found.not_installed = str(missing)
        systems = None
    for path, value_set in value_sets.items():
        texts = list(_untold(value_set, urls))
        if systems:
            texts += _value_set_faults(value_set, systems, found)
        found.problems += [Problem(f"value-sets/{path.name}", text) for text in texts]
    for path in sorted((folder / "orders").glob("*.yaml")) if systems else ():
        texts = [text for coding in _codings(read_yaml(path)) if systems for text in _coding_faults(coding, systems, found)]
        found.problems += [Problem(f"orders/{path.name}", text) for text in texts]
    return found


def _untold(value_set: Mapping[str, Any], urls: Counter[str]) -> Iterator[str]:
    for name in TOLD:
        if not isinstance(value_set.get(name), str) or not value_set[name].strip():
            yield f"{name} is missing" + (": say where the codes were verified." if name == "purpose" else ".")
    if value_set.get("status") not in (None, *STATUSES):
        yield f"status {value_set['status']!r} is none of {', '.join(STATUSES)}."
    if urls[value_set["url"]] > 1:
        yield f"url {value_set['url']} is also that of another value set."


def _value_set_faults(value_set: Mapping[str, Any], systems: CodeSystems, found: Verified) -> Iterator[str]:
    for where in ("include", "exclude"):
        seen: set[tuple[str, str]] = set()
        for part in value_set["compose"].get(where, ()):
            system = part.get("system", "")
            yield from _system_faults(system)
            for concept in part.get("concept", ()):
                _count(system, systems, found)
                yield from _concept_faults(system, concept, systems)
                if (system, concept["code"]) in seen:
                    yield f"{_named(system)} {concept['code']} is listed twice."
                seen.add((system, concept["code"]))
            for branch in part.get("filter", ()):
                _count(system, systems, found)
                yield from _branch_faults(system, branch, systems)


def _concept_faults(system: str, concept: Mapping[str, Any], systems: CodeSystems) -> Iterator[str]:
    code = concept["code"]
    fault = systems.fault(system, code)
    if fault:
        yield f"{_named(system)} {code} {fault}."
        return
    marked = HEADER in concept.get("designation", ())
    if systems.is_header(system, code) and not marked:
        yield f"{_named(system)} {code} is a header, not billable: mark it with the designation {HEADER['value']!r}."
    if marked and not systems.is_header(system, code):
        yield f"{_named(system)} {code} is marked as a header, but is none."
    if system == CPT and "display" in concept:
        yield f"CPT {code} has a display: its texts are licensed, only numbers may stand here."


def _branch_faults(system: str, branch: Mapping[str, Any], systems: CodeSystems) -> Iterator[str]:
    code = branch.get("value", "")
    if system != ICD_10_CM or (branch.get("property"), branch.get("op")) != ("concept", "is-a"):
        yield f"the filter on {code} is not understood: concept is-a a code of ICD-10-CM is."
        return
    fault = systems.fault(system, code)
    if fault:
        yield f"the branch {_named(system)} {code} {fault}."


def _coding_faults(coding: Mapping[str, Any], systems: CodeSystems, found: Verified) -> Iterator[str]:
    system, code = coding["system"], coding["code"]
    _count(system, systems, found)
    yield from _system_faults(system)
    fault = systems.fault(system, code)
    if fault:
        yield f"{_named(system)} {code} {fault}."
    elif systems.is_header(system, code):
        yield f"{_named(system)} {code} is a header, not billable: an order needs a billable code."


def _codings(found: Any) -> Iterator[Mapping[str, Any]]:
    """Every pair of system and code in an order, wherever it stands."""
    if isinstance(found, dict):
        if isinstance(found.get("system"), str) and isinstance(found.get("code"), str):
            yield found
        for member in found.values():
            yield from _codings(member)
    elif isinstance(found, list):
        for member in found:
            yield from _codings(member)


def _system_faults(system: str) -> Iterator[str]:
    meant = nearly(system)
    if meant:
        yield f"system {system} is not the address of {NAMES[meant]}, which is {meant}."


def _count(system: str, systems: CodeSystems, found: Verified) -> None:
    if systems.knows(system):
        found.codes += 1
    else:
        found.elsewhere += 1


def _named(system: str) -> str:
    return NAMES.get(system, system)
