"""Reads the content folder: strictly, cross-checked, and with all problems collected before it refuses."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version as package_version
from pathlib import Path
from typing import Any

from marshmallow import Schema, ValidationError

from .. import pathway
from ..compose import DECISION_PHRASES, placeholders
from ..fhir.orders import Session, build, problems_with
from ..fhir.terminology import Terminology
from ..pathway.dosing import Limits
from ..pathway.recommendation import (
    Band,
    Escalation,
    Evidence,
    Hook,
    Indicator,
    Kind,
    Link,
    Order,
    OverrideReason,
    Recommendation,
    Snooze,
    Suggestion,
    Variant,
)
from ..pathway.vocabulary import CONCEPTS, PHRASES, Line, LineError, Names, parse_line
from .files import UnreadableFile, read_json, read_yaml
from .library import Library
from .schema import CardFile, EvidenceFile, LimitsFile, OrderFile, ReasonsFile, messages

assert pathway  # importing the package fills the vocabulary

# Every card asks for one of these first: this service is silent outside its scope.
SCOPE_LINES = frozenset(
    {
        "in_pathway",
        "in_posterior_hip_scope",
        "in_scope_as_far_as_read",
        "has_syndrome",
        "neuropathic_indication",
        "radicular_only",
    }
)


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


def load(folder: Path) -> Library:
    """Reads a content folder. Raises ContentError with every problem that was found."""
    return _Loader(folder).library()


class _Loader:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.problems: list[Problem] = []
        self.statements: frozenset[str] = frozenset()
        self.references: dict[str, Link] = {}
        self.reasons: dict[str, OverrideReason] = {}
        self.orders: dict[str, Order] = {}
        self.names = Names(frozenset(), {})

    def library(self) -> Library:
        terminology = self._terminology()
        self._evidence()
        self._reasons()
        self.names = Names(terminology.names, self._limits())
        for path in sorted((self.folder / "orders").glob("*.yaml")):
            self._order(path)
        cards = {path: self._yaml(path, CardFile()) for path in self._card_files()}
        recommendations, cases, statuses = [], {}, {}
        known = {path.stem for path in cards}
        for path, card in cards.items():
            recommendation = self._card(path, card, known) if card else None
            if recommendation and card:
                recommendations.append(recommendation)
                cases[recommendation.id] = tuple(card["cases"])
                statuses[recommendation.id] = card["status"]
        if not cards:
            self._problem(self.folder / ".", "no card was found")
        self._unique_ranks(recommendations)
        if self.problems:
            raise ContentError(self.problems)
        return Library(
            tuple(sorted(recommendations, key=lambda r: r.rank)),
            self.orders,
            terminology,
            self.references,
            cases,
            statuses,
            self._version(),
        )

    # -- helpers of the loader ------------------------------------------------------------------------------------------

    _TABLES = frozenset({"evidence", "override-reasons", "dose-limits", "medicine-names", "problem-words"})

    def _card_files(self) -> list[Path]:
        return [path for path in sorted(self.folder.glob("*.yaml")) if path.stem not in self._TABLES]

    def _problem(self, path: Path, message: str) -> None:
        self.problems.append(Problem(str(path.relative_to(self.folder)), message))

    def _yaml(self, path: Path, schema: Schema | None = None) -> dict[str, Any] | None:
        try:
            found = read_yaml(path)
        except UnreadableFile as error:
            self._problem(path, str(error))
            return None
        if schema is None:
            return found
        try:
            loaded: dict[str, Any] = schema.load(found)
        except ValidationError as error:
            for message in messages(error):
                self._problem(path, message)
            return None
        return loaded

    def _version(self) -> str:
        """The package version and a digest of every content file."""
        digest = hashlib.sha256()
        for path in sorted(p for p in self.folder.rglob("*") if p.suffix in (".yaml", ".json")):
            digest.update(path.relative_to(self.folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
        return f"{package_version('cds-service')}+{digest.hexdigest()[:12]}"

    # -- tables ---------------------------------------------------------------------------------------------------------

    def _terminology(self) -> Terminology:
        value_sets: dict[str, dict[str, Any]] = {}
        for path in sorted((self.folder / "value-sets").glob("*.json")):
            value_set = self._value_set(path)
            if value_set:
                value_sets[path.stem] = value_set
        urls = {vs["url"] for vs in value_sets.values()}
        for name, value_set in value_sets.items():
            for part in value_set["compose"]["include"]:
                for url in part.get("valueSet", ()):
                    if url not in urls:
                        self._problem(self.folder / "value-sets" / f"{name}.json", f"unknown value set {url}")
                        part["valueSet"] = []
        words = self._word_lists(self.folder / "problem-words.yaml")
        names = self._yaml(self.folder / "medicine-names.yaml") or {}
        for medicines, entry in names.items():
            if medicines not in value_sets:
                self._problem(self.folder / "medicine-names.yaml", f"unknown value set {medicines!r}")
            if not isinstance(entry, dict) or not set(entry) <= {"ingredients", "brands"}:
                self._problem(self.folder / "medicine-names.yaml", f"{medicines}: ingredients and brands are expected")
                names[medicines] = {}
        terminology = Terminology(value_sets, words, names)
        for name in sorted(CONCEPTS - terminology.names):
            self._problem(self.folder / "value-sets", f"the findings need {name!r}: no value set and no words")
        return terminology

    def _value_set(self, path: Path) -> dict[str, Any] | None:
        try:
            value_set = read_json(path)
        except UnreadableFile as error:
            self._problem(path, str(error))
            return None
        compose = value_set.get("compose")
        parts = compose.get("include") if isinstance(compose, dict) else None
        if value_set.get("resourceType") != "ValueSet" or value_set.get("id") != path.stem or not parts:
            self._problem(path, "a ValueSet whose id is the file name and which includes something is expected")
            return None
        for part in parts:
            for item in part.get("concept", ()):
                if not isinstance(item.get("code"), str):
                    self._problem(path, f"code {item.get('code')!r} must be text; put it in quotes")
                    return None
        return value_set

    def _word_lists(self, path: Path) -> dict[str, list[str]]:
        words: dict[str, list[str]] = {}
        for name, phrases in (self._yaml(path) or {}).items():
            if isinstance(phrases, list) and phrases and all(isinstance(p, str) for p in phrases):
                words[name] = phrases
            else:
                self._problem(path, f"{name}: a list of words is expected")
        return words

    def _evidence(self) -> None:
        found = self._yaml(self.folder / "evidence.yaml", EvidenceFile())
        if found:
            self.statements = frozenset(
                f"{source}-{n:02d}" for source, entry in found["sources"].items() for n in range(1, entry["statements"] + 1)
            )
            self.references = {key: Link(ref["title"], ref["url"]) for key, ref in found["references"].items()}

    def _reasons(self) -> None:
        found = self._yaml(self.folder / "override-reasons.yaml", ReasonsFile())
        if found:
            self.reasons = {k: OverrideReason(k, r["display"], r["category"]) for k, r in found["reasons"].items()}

    def _limits(self) -> dict[str, Limits]:
        tables: dict[str, Limits] = {}
        path = self.folder / "dose-limits.yaml"
        for name, raw in (self._yaml(path) or {}).items():
            try:
                table = LimitsFile().load(raw)
            except ValidationError as error:
                for message in messages(error):
                    self._problem(path, f"{name}.{message}")
                continue
            bands = tuple(table["bands"])
            if list(bands) != sorted(bands, reverse=True) or any(len(c) != len(bands) for c in table["ceilings"].values()):
                self._problem(path, f"{name}: bands go down, and every medicine has one ceiling for each band")
                continue
            tables[name] = Limits(name, bands, {k: tuple(v) for k, v in table["ceilings"].items()})
        return tables

    # -- orders and cards -----------------------------------------------------------------------------------------------

    def _lines(self, path: Path, place: str, raw: Iterable[Any]) -> tuple[Line, ...]:
        lines = []
        for item in raw:
            try:
                lines.append(parse_line(item, self.names))
            except LineError as error:
                self._problem(path, f"{place}: {error}")
        return tuple(lines)

    def _order(self, path: Path) -> None:
        found = self._yaml(path, OrderFile())
        if not found:
            return
        if found["id"] != path.stem:
            self._problem(path, f"id {found['id']!r} is not the file name")
        bands = []
        for number, band in enumerate(found["bands"]):
            bands.append(Band(band["label"], self._lines(path, f"bands.{number}.when", band["when"]), band["draft"]))
            session = Session("example", "example", date(2026, 1, 2), "note", ("Condition/example",))
            for problem in problems_with(build(found["resource"], band["draft"], session)):
                self._problem(path, f"bands.{number}.draft is not valid FHIR R4: {problem}")
        self.orders[path.stem] = Order(
            found["id"],
            found["title"],
            found["resource"],
            self._lines(path, "when", found["when"]),
            self._lines(path, "unless", found["unless"]),
            tuple(bands),
        )

    def _card(self, path: Path, card: Mapping[str, Any], known: set[str]) -> Recommendation | None:
        before = len(self.problems)
        if card["id"] != path.stem:
            self._problem(path, f"id {card['id']!r} is not the file name")
        when = self._lines(path, "when", card["when"])
        if when and not any(line.entry.name in SCOPE_LINES for line in when):
            self._problem(path, f"when: one of {', '.join(sorted(SCOPE_LINES))} is needed")
        for other in card["yields_to"]:
            if other not in known or other == card["id"]:
                self._problem(path, f"yields_to: unknown card {other!r}")
        for place, text in self._card_texts(card):
            for name in placeholders(text):
                if place.endswith("summary"):
                    self._problem(path, f"{place}: a summary takes no placeholder")
                elif name not in PHRASES and name not in DECISION_PHRASES:
                    self._problem(path, f"{place}: unknown placeholder {{{name}}}")
            if text.count("{") != len(placeholders(text)) or text.count("}") != len(placeholders(text)):
                self._problem(path, f"{place}: a curly brace that is not a placeholder")
        unless = self._lines(path, "unless", card["unless"])
        suggestions = self._suggestions(path, "suggestions", card["suggestions"])
        variants = tuple(self._variant(path, n, v) for n, v in enumerate(card["variants"]))
        escalate = tuple(
            Escalation(Indicator(e["to"]), self._lines(path, f"escalate.{n}.when", e["when"]))
            for n, e in enumerate(card["escalate"])
        )
        evidence = self._card_evidence(path, card["evidence"])
        reasons = tuple(r for code in card["override_reasons"] if (r := self._reason(path, code)))
        if len(self.problems) > before:
            return None
        return Recommendation(
            id=card["id"],
            title=card["title"],
            kind=Kind(card["kind"]),
            hooks=tuple(Hook(h) for h in card["hooks"]),
            rank=card["rank"],
            why=card["why"],
            evidence=evidence,
            review=card["review"],
            when=when,
            unless=unless,
            yields_to=tuple(card["yields_to"]),
            cap_exempt="cap" in card,
            switch=card.get("switch"),
            indicator=Indicator(card["card"]["indicator"]),
            summary=card["card"]["summary"].strip(),
            detail=card["card"]["detail"],
            variants=variants,
            escalate=escalate,
            suggestions=suggestions,
            choose=card["choose"],
            override_reasons=reasons,
            snooze=Snooze(card["snooze"]),
            links=tuple(self.references[key] for key in evidence.references),
        )

    @staticmethod
    def _card_texts(card: Mapping[str, Any]) -> list[tuple[str, str]]:
        parts = [("card", card["card"]), *((f"variants.{n}.card", v.get("card", {})) for n, v in enumerate(card["variants"]))]
        return [(f"{place}.{key}", part[key]) for place, part in parts for key in ("summary", "detail") if key in part]

    def _card_evidence(self, path: Path, raw: Mapping[str, Any]) -> Evidence:
        for statement in raw["statements"]:
            if statement not in self.statements:
                self._problem(path, f"evidence: unknown statement {statement!r}")
        for key in raw["references"]:
            if key not in self.references:
                self._problem(path, f"evidence: unknown reference {key!r}")
        if not raw["statements"] and not raw["references"] and raw["strength"] != "governance":
            self._problem(path, "evidence: a statement or a reference is needed")
        return Evidence(tuple(raw["statements"]), tuple(raw["references"]), raw["strength"], raw["label"])

    def _reason(self, path: Path, code: str) -> OverrideReason | None:
        if code not in self.reasons:
            self._problem(path, f"override_reasons: unknown reason {code!r}")
        return self.reasons.get(code)

    def _variant(self, path: Path, number: int, raw: Mapping[str, Any]) -> Variant:
        place = f"variants.{number}"
        part = raw.get("card", {})
        suggestions: tuple[Suggestion, ...] | None = None
        given = raw.get("suggestions")
        if given == "none":
            suggestions = ()
        elif given is not None:
            self._problem(path, f"{place}.suggestions: only 'none' is allowed")
        indicator = Indicator(part["indicator"]) if "indicator" in part else None
        lines = self._lines(path, f"{place}.when", raw["when"])
        return Variant(lines, indicator, part.get("summary"), part.get("detail"), suggestions)

    def _suggestions(self, path: Path, place: str, raw: Sequence[Mapping[str, Any]]) -> tuple[Suggestion, ...]:
        found = []
        for number, item in enumerate(raw):
            here = f"{place}.{number}"
            order = self.orders.get(item["order"]) if "order" in item else None
            if "order" in item and order is None:
                self._problem(path, f"{here}: unknown order {item['order']!r}")
            for key in ("replaces", "deletes", "changes"):
                if key in item and item[key] not in self.names.value_sets:
                    self._problem(path, f"{here}.{key}: unknown value set {item[key]!r}")
            if ("replaces" in item or "changes" in item) and "order" not in item:
                self._problem(path, f"{here}: replaces and changes need an order")
            if "deletes" in item and ("label" not in item or "order" in item):
                self._problem(path, f"{here}: deletes needs a label and no order")
            if not {"order", "deletes"} & set(item):
                self._problem(path, f"{here}: an order or deletes is needed")
            lines = self._lines(path, f"{here}.when", item.get("when", ()))
            gone = item.get("replaces") or item.get("deletes")
            found.append(Suggestion(item.get("label"), order, gone, item.get("changes"), lines))
        return tuple(found)

    def _unique_ranks(self, recommendations: Sequence[Recommendation]) -> None:
        ranks: dict[int, str] = {}
        for recommendation in recommendations:
            other = ranks.setdefault(recommendation.rank, recommendation.id)
            if other != recommendation.id:
                self._problem(self.folder / f"{recommendation.id}.yaml", f"rank {recommendation.rank} is taken by {other}")
