"""Stage 7, compose: a decision becomes card JSON. Card text comes from the content folder, never from here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from .fhir.orders import Session, build, change, complete
from .ids import new_uuid
from .pathway.answers import Answer
from .pathway.chart import Chart, Draft
from .pathway.decide import Decision, Outcome, holds
from .pathway.medicines import already_taking
from .pathway.recommendation import Band, Order, Recommendation, Suggestion
from .pathway.syndromes import syndromes
from .pathway.vocabulary import PHRASES

TOPIC_SYSTEM = "https://example.org/fhir/CodeSystem/posterior-hip-recommendations"
REASON_SYSTEM = "https://example.org/fhir/CodeSystem/posterior-hip-override-reasons"
SERVICE_NAME = "Posterior hip pain pathway"

# Placeholders that are filled from the decisions rather than from the chart.
DECISION_PHRASES = {"skipped_checks": "The titles of the checks that were not done because something could not be read."}

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+|<>~!$&])")
_CONDITION = re.compile(r"Condition/[^/]+\Z")  # a problem with an id: a reference that leads somewhere
_SPACE = re.compile(r"\s+")

Card = dict[str, Any]
Merge = Callable[[Mapping[str, Any], Mapping[str, Any], Session], dict[str, Any] | None]


class Composer:
    """Composes the cards of one answer. ``pages`` is the address below which the card pages stand, if it is known."""

    def __init__(self, chart: Chart, outcome: Outcome, session: Session, pages: str | None, version: str) -> None:
        self._chart = chart
        self._outcome = outcome
        self._session = session
        self._pages = pages
        self._version = version

    def cards(self) -> list[Card]:
        """The shown cards in rank order."""
        return [self._card(decision) for decision in self._outcome.shown]

    def _card(self, decision: Decision) -> Card:
        recommendation, variant = decision.recommendation, decision.variant
        summary = (variant and variant.summary) or recommendation.summary
        detail = (variant and variant.detail) or recommendation.detail
        offered = recommendation.suggestions
        if variant and variant.suggestions is not None:
            offered = variant.suggestions
        card: Card = {
            "uuid": new_uuid(),
            "summary": summary,
            "indicator": decision.indicator.value,
            "detail": self._detail(decision, detail),
            "source": self._source(recommendation),
        }
        suggestions = [s for spec in offered if (s := self._suggestion(recommendation, spec))]
        if suggestions:
            card["suggestions"] = suggestions
            card["selectionBehavior"] = recommendation.choose
        if recommendation.override_reasons:
            card["overrideReasons"] = [
                {"code": r.code, "system": REASON_SYSTEM, "display": r.display} for r in recommendation.override_reasons
            ]
        links = [{"label": link.label, "url": link.url, "type": "absolute"} for link in recommendation.links]
        if self._pages:
            links.append({"label": "About this card", "url": f"{self._pages}/{recommendation.id}", "type": "absolute"})
        if links:
            card["links"] = links
        return card

    def _source(self, recommendation: Recommendation) -> dict[str, Any]:
        source: dict[str, Any] = {
            "label": recommendation.evidence.label,
            "topic": {"system": TOPIC_SYSTEM, "code": recommendation.id, "display": recommendation.title},
        }
        if self._pages:
            source["url"] = f"{self._pages}/{recommendation.id}"
        return source

    def _detail(self, decision: Decision, template: str) -> str:
        text = _fill(template, self._chart, {"skipped_checks": self._outcome.skipped})
        if decision.unchecked:
            names = "; ".join(dict.fromkeys(escape(step.finding.because) for step in decision.unchecked))
            text += f"\n\nNot checked: {names}."
        evidence = decision.recommendation.evidence
        review = decision.recommendation.review
        statements = f" Statements {', '.join(evidence.statements)}." if evidence.statements else ""
        return f"{text}\n\n*Evidence: {evidence.strength}.{statements} Content {self._version}, reviewed {review['last']}.*"

    # -- suggestions ----------------------------------------------------------------------------------------------------

    def _suggestion(self, recommendation: Recommendation, spec: Suggestion) -> dict[str, Any] | None:
        """One button, or None when it must not be offered to this patient."""
        if not holds(spec.when, self._chart):
            return None
        gone: Sequence[Draft] = ()
        if spec.deletes:
            selected = self._selected(spec.deletes)
            gone = [d for d in selected if self._may_go(d)]
            if not gone or len(gone) != len(selected):
                return None
        actions: list[dict[str, Any]] = []
        label = spec.label
        if spec.order:
            replaced = self._selected(spec.changes) if spec.changes else gone
            band = offered_band(spec.order, self._chart, self._chart.without_drafts(d.ref for d in replaced))
            if band is None:
                return None
            made = self._action(recommendation, spec, spec.order, band)
            if made is None:
                return None
            actions.append(made)
            label = label or (f"{band.label} instead" if gone else band.label)
        # Create first, then delete: some clients apply the first action only.
        actions.extend({"type": "delete", "description": f"Remove the draft {d.name}", "resourceId": d.ref} for d in gone)
        return {"label": label or "Apply", "uuid": new_uuid(), "actions": actions}

    def _selected(self, what: str) -> list[Draft]:
        return [d for d in self._chart.selected if d.is_of(what)]

    def _may_go(self, draft: Draft) -> bool:
        """A draft of this session with an id, which is not the renewal of something the patient takes; when the list of
        medicines could not be read, nobody can tell."""
        if draft.ref.startswith("#"):
            return False
        if draft.medicine is None:
            return True
        unread = self._chart.absence("medicines") is Answer.UNKNOWN
        return not unread and not already_taking(self._chart, draft.medicine)

    def _action(self, recommendation: Recommendation, spec: Suggestion, order: Order, band: Band) -> dict[str, Any] | None:
        if spec.changes:
            return self._update(recommendation, spec.changes, band, change)
        if spec.completes:
            return self._update(recommendation, spec.completes, band, complete)
        resource = build(order.resource_type, band.template, band.dated, self._for(recommendation))
        return {"type": "create", "description": f"Draft: {band.label}", "resource": resource}

    def _update(self, recommendation: Recommendation, what: str, band: Band, merge: Merge) -> dict[str, Any] | None:
        selected = self._selected(what)
        if len(selected) != 1 or not self._may_go(selected[0]):
            return None
        resource = merge(selected[0].resource, band.template, self._for(recommendation))
        if resource is None:
            return None
        words = f"Change the draft to {band.label}" if merge is change else f"Complete the draft: {band.label}"
        return {"type": "update", "description": words, "resource": resource}

    def _for(self, recommendation: Recommendation) -> Session:
        """The session with a note that names this card, and the pathway problems as the reason."""
        note = f"Drafted from card {recommendation.id} of the {SERVICE_NAME} service. Review and complete before signing."
        return Session(self._session.patient, self._session.encounter, self._session.today, note, self._reasons)

    @cached_property
    def _reasons(self) -> tuple[str, ...]:
        found = syndromes(self._chart).values()
        return tuple(dict.fromkeys(ref for refs in found for ref in sorted(refs) if _CONDITION.match(ref)))


def offered_band(order: Order, chart: Chart, after: Chart) -> Band | None:
    """The form in which this order may be offered: every ``when`` known to hold, every ``unless`` known not to, judged on
    what is left ``after`` the drafts that it replaces are gone. The form itself may depend on what is replaced."""
    if not holds(order.when, after):
        return None
    if any(line.ask(after).answer is not Answer.NO for line in order.unless):
        return None
    return next((band for band in order.bands if holds(band.when, chart)), None)


def _fill(template: str, chart: Chart, decided: Mapping[str, Iterable[str]]) -> str:
    """The text with its placeholders filled; a line that is left empty by them goes."""
    lines: list[str] = []
    for line in template.strip().splitlines():
        names = _PLACEHOLDER.findall(line)
        values = {name: decided[name] if name in decided else PHRASES[name].say(chart) for name in names}
        listed = [name for name, value in values.items() if not isinstance(value, str)]
        if listed:
            if values[listed[0]]:
                lines.extend(f"- {escape(item)}" for item in values[listed[0]])
            elif lines and lines[-1].endswith(":"):
                lines.pop()  # the heading of a list that is empty
            continue
        words = {name: escape(str(value)) for name, value in values.items()}
        filled = _PLACEHOLDER.sub(lambda match, words=words: words[match[1]], line)  # type: ignore[misc]
        if names and not filled.strip(" -*"):
            continue
        lines.append(filled)
    return "\n".join(lines)


def placeholders(text: str) -> list[str]:
    """The names in curly braces."""
    return _PLACEHOLDER.findall(text)


def escape(text: str) -> str:
    """Words from a record as plain words in Markdown: clients render raw HTML and links."""
    return _MARKDOWN.sub(r"\\\1", _SPACE.sub(" ", text).strip())
