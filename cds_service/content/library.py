"""The checked content, and the CDS Service that each hook makes of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..compose import placeholders
from ..fhir.prefetch import Source, sources_for
from ..fhir.terminology import Terminology
from ..pathway.decide import GATES
from ..pathway.recommendation import Hook, Kind, Link, Order, Recommendation, Suggestion
from ..pathway.stages import Stage
from ..pathway.vocabulary import PHRASES
from .statements import Conflict, Statement


@dataclass(frozen=True, slots=True)
class Service:
    """One CDS Service: the recommendations of a hook, and what they are read from."""

    id: str
    hook: Hook
    recommendations: tuple[Recommendation, ...]
    sections: frozenset[str]
    sources: tuple[Source, ...]


@dataclass(frozen=True)
class Library:
    """The whole content, checked. ``cases`` are the raw test cases beside each card; ``raw`` the files as read."""

    recommendations: tuple[Recommendation, ...]
    orders: Mapping[str, Order]
    terminology: Terminology
    references: Mapping[str, Link]
    sources: Mapping[str, str]
    statements: Mapping[str, Statement]
    conflicts: Mapping[str, Conflict]
    stages: tuple[Stage, ...]
    cases: Mapping[str, tuple[Mapping[str, Any], ...]]
    statuses: Mapping[str, str]
    version: str

    def carriers(self, statement: str) -> tuple[Recommendation, ...]:
        """The recommendations whose evidence names a statement, in rank order. A retired one carries nothing."""
        return tuple(r for r in self.recommendations if statement in r.evidence.statements and self.statuses[r.id] != "retired")

    def service(
        self, hook: Hook, *, switched_off: Iterable[str] = (), advice_on_order_sign: bool = False, without: Iterable[str] = ()
    ) -> Service:
        """The service of a hook, with the deployment's switches applied and ``without`` the cards that a client disables."""
        off, disabled = frozenset(switched_off), frozenset(without)
        chosen = []
        for recommendation in self.recommendations:
            hooks = set(recommendation.hooks)
            if advice_on_order_sign and recommendation.kind is Kind.ADVICE and Hook.ORDER_SELECT in hooks:
                hooks.add(Hook.ORDER_SIGN)
            active = self.statuses[recommendation.id] == "active" and recommendation.id not in disabled
            if hook in hooks and recommendation.switch not in off and active:
                chosen.append(recommendation)
        lines = [line for r in chosen for line in (*r.lines, *(gate.line for gate in GATES[r.kind]))]
        sections = {section for line in lines for section in line.reads} | {"person", "problems"}
        for recommendation in chosen:
            for text in _texts(recommendation):
                sections.update(s for n in placeholders(text) if n in PHRASES for s in PHRASES[n].reads)
            if any(s.deletes or s.changes or s.completes for s in _suggestions(recommendation)):
                sections.add("medicines")
        found = frozenset(sections)
        return Service(f"posterior-hip-pain-{hook}", hook, tuple(chosen), found, sources_for(found))


def _suggestions(recommendation: Recommendation) -> list[Suggestion]:
    found = [*recommendation.suggestions]
    for variant in recommendation.variants:
        found.extend(variant.suggestions or ())
    return found


def _texts(recommendation: Recommendation) -> list[str]:
    return [recommendation.detail, *(v.detail for v in recommendation.variants if v.detail)]
