"""Reads the content folder: strictly, cross-checked, and with all problems collected before it refuses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from .. import pathway
from ..compose import DECISION_PHRASES, placeholders
from ..fhir.orders import Session, as_sent, members_with_dates, problems_with
from ..pathway.recommendation import (
    Band,
    Escalation,
    Evidence,
    Hook,
    Indicator,
    Kind,
    Order,
    OverrideReason,
    Recommendation,
    Snooze,
    Suggestion,
    Variant,
)
from ..pathway.stages import End, Stage
from ..pathway.vocabulary import PHRASES, Line, LineError, Names, parse_line
from .library import Library
from .schema import CardFile, OrderFile, StagesFile
from .tables import ContentError, Tables

__all__ = ["ContentError", "load"]

assert pathway  # importing the package fills the vocabulary

# Every card asks for one of these first: this service is silent outside its scope. An avulsion is suspected only of a current
# hamstring injury, a malignancy only with current pain of the posterior hip.
SCOPE_LINES = frozenset(
    {
        "in_pathway",
        "in_posterior_hip_scope",
        "in_scope_as_far_as_read",
        "has_syndrome",
        "neuropathic_indication",
        "nociceptive_only",
        "radicular_only",
        "confirmed_syndrome",
        "avulsion_suspected",
        "malignancy_suspected",
    }
)


def load(folder: Path) -> Library:
    """Reads a content folder. Raises ContentError with every problem that was found."""
    return _Loader(folder).library()


class _Loader:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._tables = Tables(folder)
        self._names = Names(self._tables.terminology.names, self._tables.limits, self._tables.factors)
        self._orders: dict[str, Order] = {}
        self._stages = self._read_stages()

    def library(self) -> Library:
        for path in sorted((self._folder / "orders").glob("*.yaml")):
            self._order(path)
        cards = {path: self._tables.yaml(path, CardFile()) for path in self._tables.card_files()}
        recommendations, cases, statuses = [], {}, {}
        known = {path.stem: card["rank"] if card else None for path, card in cards.items()}
        for path, card in cards.items():
            recommendation = self._card(path, card, known) if card else None
            if recommendation and card:
                recommendations.append(recommendation)
                cases[recommendation.id] = tuple(card["cases"])
                statuses[recommendation.id] = card["status"]
        if not cards:
            self._tables.problem(self._folder / ".", "no card was found")
        self._unique_ranks(recommendations)
        if self._tables.problems:
            raise ContentError(self._tables.problems)
        return Library(
            tuple(sorted(recommendations, key=lambda r: r.rank)),
            self._orders,
            self._tables.terminology,
            self._tables.references,
            self._tables.sources,
            self._tables.statements,
            self._tables.conflicts,
            self._stages,
            cases,
            statuses,
            self._tables.version(),
        )

    # -- stages -----------------------------------------------------------------------------------------------------------

    def _read_stages(self) -> tuple[Stage, ...]:
        path = self._folder / "stages.yaml"
        found = self._tables.yaml(path, StagesFile()) or {"stages": {}}
        return tuple(self._stage(path, key, raw) for key, raw in found["stages"].items())

    def _stage(self, path: Path, key: str, raw: Mapping[str, Any]) -> Stage:
        def lines(place: str, given: Iterable[Any]) -> tuple[Line, ...]:
            return self._lines(path, f"{key}.{place}", given)

        return Stage(
            key,
            raw["title"],
            raw["summary"],
            raw["from_day"],
            raw["all_along"],
            raw["gated"],
            lines("needs", raw["needs"]),
            lines("blocked", raw["blocked"]),
            lines("under_way", raw["under_way"]),
            *(
                End(lines(f"{end}.when", raw[end]["when"]), lines(f"{end}.unless", raw[end]["unless"]))
                for end in ("done", "ended")
            ),
        )

    # -- orders and cards -----------------------------------------------------------------------------------------------

    def _lines(self, path: Path, place: str, raw: Iterable[Any]) -> tuple[Line, ...]:
        lines = []
        for item in raw:
            try:
                lines.append(parse_line(item, self._names))
            except LineError as error:
                self._tables.problem(path, f"{place}: {error}")
        return tuple(lines)

    def _order(self, path: Path) -> None:
        found = self._tables.yaml(path, OrderFile())
        if not found:
            return
        if found["id"] != path.stem:
            self._tables.problem(path, f"id {found['id']!r} is not the file name")
        bands = []
        for number, band in enumerate(found["bands"]):
            template, dated = band["draft"], members_with_dates(band["draft"])
            bands.append(Band(band["label"], self._lines(path, f"bands.{number}.when", band["when"]), template, dated))
            session = Session("example", "example", date(2026, 1, 2), "note", ("Condition/example",))
            sent = as_sent(found["resource"], template, dated, session, changes_only=found["changes_only"])
            for problem in problems_with(sent):
                self._tables.problem(path, f"bands.{number}.draft is not valid FHIR R4: {problem}")
        self._orders[path.stem] = Order(
            found["id"],
            found["title"],
            found["resource"],
            self._lines(path, "when", found["when"]),
            self._lines(path, "unless", found["unless"]),
            tuple(bands),
            found["changes_only"],
        )

    def _card(self, path: Path, card: Mapping[str, Any], known: Mapping[str, Any]) -> Recommendation | None:
        before = len(self._tables.problems)
        if card["id"] != path.stem:
            self._tables.problem(path, f"id {card['id']!r} is not the file name")
        if card["stage"] not in [stage.id for stage in self._stages]:
            self._tables.problem(path, f"unknown stage {card['stage']!r}")
        when = self._lines(path, "when", card["when"])
        if when and not any(line.entry.name in SCOPE_LINES for line in when):
            self._tables.problem(path, f"when: one of {', '.join(sorted(SCOPE_LINES))} is needed")
        for other in card["yields_to"]:
            if other not in known or other == card["id"]:
                self._tables.problem(path, f"yields_to: unknown card {other!r}")
            elif known[other] is not None and known[other] >= card["rank"]:
                self._tables.problem(path, f"yields_to: {other} has no better rank")
        for place, text in self._card_texts(card):
            for name in placeholders(text):
                if place.endswith("summary"):
                    self._tables.problem(path, f"{place}: a summary takes no placeholder")
                elif name not in PHRASES and name not in DECISION_PHRASES:
                    self._tables.problem(path, f"{place}: unknown placeholder {{{name}}}")
            if text.count("{") != len(placeholders(text)) or text.count("}") != len(placeholders(text)):
                self._tables.problem(path, f"{place}: a curly brace that is not a placeholder")
        unless = self._lines(path, "unless", card["unless"])
        suggestions = self._suggestions(path, "suggestions", card["suggestions"])
        variants = tuple(self._variant(path, n, v) for n, v in enumerate(card["variants"]))
        escalate = tuple(
            Escalation(Indicator(e["to"]), self._lines(path, f"escalate.{n}.when", e["when"]))
            for n, e in enumerate(card["escalate"])
        )
        evidence = self._card_evidence(path, card["evidence"])
        reasons = tuple(r for code in card["override_reasons"] if (r := self._reason(path, code)))
        for code in sorted(set(card["snooze_after"]) - set(card["override_reasons"])):
            self._tables.problem(path, f"snooze_after: {code!r} is not an override reason of this card")
        if len(self._tables.problems) > before:
            return None
        return Recommendation(
            id=card["id"],
            title=card["title"],
            kind=Kind(card["kind"]),
            stage=card["stage"],
            hooks=tuple(Hook(h) for h in card["hooks"]),
            rank=card["rank"],
            why=card["why"],
            evidence=evidence,
            review=card["review"],
            when=when,
            unless=unless,
            despite=self._lines(path, "despite", card["despite"]),
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
            snooze_after={reason: Snooze(rest) for reason, rest in card["snooze_after"].items()},
            links=tuple(self._tables.references[key] for key in evidence.references),
        )

    @staticmethod
    def _card_texts(card: Mapping[str, Any]) -> list[tuple[str, str]]:
        parts = [("card", card["card"]), *((f"variants.{n}.card", v.get("card", {})) for n, v in enumerate(card["variants"]))]
        return [(f"{place}.{key}", part[key]) for place, part in parts for key in ("summary", "detail") if key in part]

    def _card_evidence(self, path: Path, raw: Mapping[str, Any]) -> Evidence:
        for statement in raw["statements"]:
            if statement not in self._tables.statements:
                self._tables.problem(path, f"evidence: unknown statement {statement!r}")
        for key in raw["references"]:
            if key not in self._tables.references:
                self._tables.problem(path, f"evidence: unknown reference {key!r}")
        if not raw["statements"] and not raw["references"] and raw["strength"] != "governance":
            self._tables.problem(path, "evidence: a statement or a reference is needed")
        return Evidence(tuple(raw["statements"]), tuple(raw["references"]), raw["strength"], raw["label"])

    def _reason(self, path: Path, code: str) -> OverrideReason | None:
        if code not in self._tables.reasons:
            self._tables.problem(path, f"override_reasons: unknown reason {code!r}")
        return self._tables.reasons.get(code)

    def _variant(self, path: Path, number: int, raw: Mapping[str, Any]) -> Variant:
        place = f"variants.{number}"
        part = raw.get("card", {})
        suggestions: tuple[Suggestion, ...] | None = None
        given = raw.get("suggestions")
        if given == "none":
            suggestions = ()
        elif given is not None:
            self._tables.problem(path, f"{place}.suggestions: only 'none' is allowed")
        indicator = Indicator(part["indicator"]) if "indicator" in part else None
        lines = self._lines(path, f"{place}.when", raw["when"])
        return Variant(lines, indicator, part.get("summary"), part.get("detail"), suggestions)

    def _suggestions(self, path: Path, place: str, raw: Sequence[Mapping[str, Any]]) -> tuple[Suggestion, ...]:
        found = []
        for number, item in enumerate(raw):
            here = f"{place}.{number}"
            order = self._orders.get(item["order"]) if "order" in item else None
            if "order" in item and order is None:
                self._tables.problem(path, f"{here}: unknown order {item['order']!r}")
            for key in ("replaces", "deletes", "changes", "completes"):
                if key in item and item[key] not in self._names.value_sets:
                    self._tables.problem(path, f"{here}.{key}: unknown value set {item[key]!r}")
            if {"replaces", "changes", "completes"} & set(item) and "order" not in item:
                self._tables.problem(path, f"{here}: replaces, changes and completes need an order")
            if order and order.changes_only and not {"changes", "completes"} & set(item):
                self._tables.problem(path, f"{here}: {order.id} can change or complete a draft only")
            if "deletes" in item and ("label" not in item or "order" in item):
                self._tables.problem(path, f"{here}: deletes needs a label and no order")
            if not {"order", "deletes"} & set(item):
                self._tables.problem(path, f"{here}: an order or deletes is needed")
            lines = self._lines(path, f"{here}.when", item.get("when", ()))
            gone = item.get("replaces") or item.get("deletes")
            found.append(Suggestion(item.get("label"), order, gone, item.get("changes"), lines, item.get("completes")))
        return tuple(found)

    def _unique_ranks(self, recommendations: Sequence[Recommendation]) -> None:
        ranks: dict[int, str] = {}
        for recommendation in recommendations:
            other = ranks.setdefault(recommendation.rank, recommendation.id)
            if other != recommendation.id:
                self._tables.problem(
                    self._folder / f"{recommendation.id}.yaml", f"rank {recommendation.rank} is taken by {other}"
                )
