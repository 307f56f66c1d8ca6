"""The tables of the content folder: value sets, words, names, evidence, override reasons, dose limits and opioid factors."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version as package_version
from pathlib import Path
from typing import Any

from marshmallow import Schema, ValidationError

from ..fhir.terminology import Terminology
from ..pathway.dosing import Factors, Limits
from ..pathway.recommendation import Link, OverrideReason
from ..pathway.vocabulary import CONCEPTS
from .files import UnreadableFile, read_json, read_yaml
from .schema import ConflictsFile, EvidenceFile, FactorsFile, LimitsFile, ReasonsFile, StatementsFile, messages
from .statements import Conflict, Statement, conflict, conflict_faults, statement, statement_faults


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with the content folder."""

    file: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}: {self.message}"


class ContentError(Exception):
    """The content folder was refused."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


class Tables:
    """Reads the tables of a folder and collects every problem."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.problems: list[Problem] = []
        self.terminology = self._terminology()
        self.limits = self._limits()
        self.factors = self._factors()
        self.sources: dict[str, str] = {}
        self.references: dict[str, Link] = {}
        self.reasons: dict[str, OverrideReason] = {}
        self.conflicts: dict[str, Conflict] = {}
        self.statements: dict[str, Statement] = {}
        self._evidence()
        self._reasons()
        self._conflicts()
        self._statements()

    # -- reading ------------------------------------------------------------------------------------------

    _TABLES = frozenset(
        {
            "conflicts",
            "dose-limits",
            "opioid-factors",
            "evidence",
            "medicine-names",
            "override-reasons",
            "problem-words",
            "stages",
            "statements",
        }
    )

    def card_files(self) -> list[Path]:
        return [path for path in sorted(self.folder.glob("*.yaml")) if path.stem not in self._TABLES]

    def problem(self, path: Path, message: str) -> None:
        self.problems.append(Problem(str(path.relative_to(self.folder)), message))

    def yaml(self, path: Path, schema: Schema | None = None) -> dict[str, Any] | None:
        try:
            found = read_yaml(path)
        except UnreadableFile as error:
            self.problem(path, str(error))
            return None
        if schema is None:
            return found
        try:
            loaded: dict[str, Any] = schema.load(found)
        except ValidationError as error:
            for message in messages(error):
                self.problem(path, message)
            return None
        return loaded

    def version(self) -> str:
        """The package version and a digest of every content file."""
        digest = hashlib.sha256()
        for path in sorted(p for p in self.folder.rglob("*") if p.suffix in (".yaml", ".json")):
            digest.update(path.relative_to(self.folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
        return f"{package_version('cds-service')}+{digest.hexdigest()[:12]}"

    # -- tables ---------------------------------------------------------------------------------------------------------

    def _terminology(self) -> Terminology:
        value_sets: dict[str, dict[str, Any]] = {}
        for file in sorted((self.folder / "value-sets").glob("*.json")):
            value_set = self._value_set(file)
            if value_set:
                value_sets[file.stem] = value_set
        urls = {vs["url"] for vs in value_sets.values()}
        for name, value_set in value_sets.items():
            for part in value_set["compose"]["include"]:
                for url in part.get("valueSet", ()):
                    if url not in urls:
                        self.problem(self.folder / "value-sets" / f"{name}.json", f"unknown value set {url}")
                        part["valueSet"] = []
        words = self._word_lists(self.folder / "problem-words.yaml")
        path = self.folder / "medicine-names.yaml"
        names = self.yaml(path) or {}
        for medicines, entry in names.items():
            if not isinstance(entry, dict) or not set(entry) <= {"ingredients", "brands", "classes", "part_of"}:
                self.problem(path, f"{medicines}: ingredients, brands, classes and part_of are expected")
                names[medicines] = {}
                continue
            known_by_name = "part_of" in entry
            for name in (*(() if known_by_name else (medicines,)), *entry.get("part_of", ())):
                if name not in value_sets:
                    self.problem(path, f"unknown value set {name!r}")
        terminology = Terminology(value_sets, words, names)
        for name in sorted(CONCEPTS - terminology.names):
            self.problem(self.folder / "value-sets", f"the findings need {name!r}: no value set and no words")
        return terminology

    def _value_set(self, path: Path) -> dict[str, Any] | None:
        try:
            value_set = read_json(path)
        except UnreadableFile as error:
            self.problem(path, str(error))
            return None
        compose = value_set.get("compose")
        compose = compose if isinstance(compose, dict) else {}
        parts = compose.get("include")
        if value_set.get("resourceType") != "ValueSet" or value_set.get("id") != path.stem or not parts:
            self.problem(path, "a ValueSet whose id is the file name and which includes something is expected")
            return None
        if not isinstance(value_set.get("url"), str):
            self.problem(path, "url is missing")
            return None
        for part in (*parts, *compose.get("exclude", ())):
            if ("concept" in part or "filter" in part) and not isinstance(part.get("system"), str):
                self.problem(path, "codes are listed without their code system")
                return None
            for item in part.get("concept", ()):
                if not isinstance(item.get("code"), str):
                    self.problem(path, f"code {item.get('code')!r} must be text; put it in quotes")
                    return None
        return value_set

    def _word_lists(self, path: Path) -> dict[str, list[str]]:
        words: dict[str, list[str]] = {}
        for name, phrases in (self.yaml(path) or {}).items():
            if isinstance(phrases, list) and phrases and all(isinstance(p, str) for p in phrases):
                words[name] = phrases
            else:
                self.problem(path, f"{name}: a list of words is expected")
        return words

    def _evidence(self) -> None:
        found = self.yaml(self.folder / "evidence.yaml", EvidenceFile())
        if found:
            self.sources = found["sources"]
            self.references = {key: Link(ref["title"], ref["url"]) for key, ref in found["references"].items()}

    def _reasons(self) -> None:
        found = self.yaml(self.folder / "override-reasons.yaml", ReasonsFile())
        if found:
            self.reasons = {k: OverrideReason(k, r["display"], r["category"]) for k, r in found["reasons"].items()}

    def _conflicts(self) -> None:
        path = self.folder / "conflicts.yaml"
        found = self.yaml(path, ConflictsFile()) or {"conflicts": {}}
        self.conflicts = {key: conflict(key, raw) for key, raw in found["conflicts"].items()}
        for fault in conflict_faults(self.conflicts):
            self.problem(path, fault)

    def _statements(self) -> None:
        path = self.folder / "statements.yaml"
        found = self.yaml(path, StatementsFile()) or {"statements": {}}
        self.statements = {key: statement(key, raw) for key, raw in found["statements"].items()}
        for fault in statement_faults(self.statements, self.sources, self.conflicts, self.terminology.names):
            self.problem(path, fault)

    def _limits(self) -> dict[str, Limits]:
        tables: dict[str, Limits] = {}
        path = self.folder / "dose-limits.yaml"
        for name, raw in (self.yaml(path) or {}).items():
            try:
                table = LimitsFile().load(raw)
            except ValidationError as error:
                for message in messages(error):
                    self.problem(path, f"{name}.{message}")
                continue
            bands = tuple(table["bands"])
            if list(bands) != sorted(bands, reverse=True) or any(len(c) != len(bands) for c in table["ceilings"].values()):
                self.problem(path, f"{name}: bands go down, and every medicine has one ceiling for each band")
                continue
            tables[name] = Limits(name, bands, {k: tuple(v) for k, v in table["ceilings"].items()})
        return tables

    def _factors(self) -> dict[str, Factors]:
        path = self.folder / "opioid-factors.yaml"
        found = self.yaml(path, FactorsFile())
        if not found:
            return {}
        per_mg, patches, left_out = found["factors"], found["per_mcg_per_hour"], frozenset(found["left_out"])
        if set(per_mg) & left_out:
            self.problem(path, "an ingredient has a factor or is left out, not both")
        return {path.stem: Factors(path.stem, per_mg, patches, left_out)}
