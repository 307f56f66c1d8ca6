"""The cards of one answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..fhir.orders import Session, Subject, change, complete
from ..ids import new_uuids
from ..pathway.answers import Answer
from ..pathway.chart import Chart, Draft
from ..pathway.decide import Decision, Outcome, holds
from ..pathway.medicines import already_taking
from ..pathway.recommendation import Band, Order
from ..pathway.syndromes import syndromes
from .forms import CardForm, Offer
from .text import escape

_CONDITION = re.compile(r"Condition/[^/]+\Z")  # a problem with an id: a reference that leads somewhere
_NO = Answer.NO

Card = dict[str, Any]
Merge = Callable[[Mapping[str, Any], Mapping[str, Any], Session], dict[str, Any] | None]


class Composer:
    """Composes the cards of one answer. ``forms`` hold what is the same in every answer, by card; ``pages`` is the address below
    which the card pages stand, if it is known."""

    def __init__(
        self, chart: Chart, outcome: Outcome, session: Session, pages: str | None, forms: Mapping[str, CardForm]
    ) -> None:
        self._chart = chart
        self._outcome = outcome
        self._session = session
        self._pages = pages
        self._forms = forms
        self._ids = new_uuids()
        self._without: dict[frozenset[str], Chart] = {}
        self._subject: Subject | None = None

    def cards(self) -> list[Card]:
        """The shown cards in rank order."""
        return [self._card(decision) for decision in self._outcome.shown]

    def _card(self, decision: Decision) -> Card:
        form = self._forms[decision.recommendation.id]
        face = form.face(decision.variant)
        detail = face.detail.fill(self._chart, self._outcome)
        if decision.left_open:
            names = "; ".join(dict.fromkeys(escape(found.because) for _, _, found in decision.left_open))
            detail += f"\n\nNot checked: {names}."
        source: dict[str, Any] = {"label": form.label, "topic": form.topic}
        card: Card = {
            "uuid": next(self._ids),
            "summary": face.summary,
            "indicator": decision.indicator.value,
            "detail": detail + form.evidence,
            "source": source,
        }
        suggestions = [made for offer in face.offers if (made := self._suggestion(offer))]
        if suggestions:
            card["suggestions"] = suggestions
            card["selectionBehavior"] = form.choose
        if form.override_reasons:
            card["overrideReasons"] = form.override_reasons
        links = form.links
        if self._pages:
            source["url"] = page = f"{self._pages}/{form.id}"
            links = [*links, {"label": "About this card", "url": page, "type": "absolute"}]
        if links:
            card["links"] = links
        return card

    # -- suggestions ----------------------------------------------------------------------------------------------------

    def _suggestion(self, offer: Offer) -> dict[str, Any] | None:
        """One button, or None when it must not be offered to this patient."""
        spec, chart = offer.spec, self._chart
        if spec.when and not holds(spec.when, chart):
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
            band = offered_band(spec.order, chart, self._after(replaced))
            if band is None:
                return None
            made = self._action(offer, band)
            if made is None:
                return None
            actions.append(made)
            label = label or (f"{band.label} instead" if gone else band.label)
        # Create first, then delete: some clients apply the first action only.
        actions.extend([{"type": "delete", "description": f"Remove the draft {d.name}", "resourceId": d.ref} for d in gone])
        return {"label": label or "Apply", "uuid": next(self._ids), "actions": actions}

    def _after(self, gone: Sequence[Draft]) -> Chart:
        """The chart without these drafts; buttons that replace the same ones are judged on the same chart."""
        if not gone:
            return self._chart
        refs = frozenset([draft.ref for draft in gone])
        if refs not in self._without:
            self._without[refs] = self._chart.without_drafts(refs)
        return self._without[refs]

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

    def _action(self, offer: Offer, band: Band) -> dict[str, Any] | None:
        if offer.spec.changes:
            return self._update(offer, offer.spec.changes, band, change)
        if offer.spec.completes:
            return self._update(offer, offer.spec.completes, band, complete)
        creation = offer.creation(band)
        resource = creation.form.draft(self._of_patient())
        return {"type": "create", "description": creation.description, "resource": resource}

    def _update(self, offer: Offer, what: str, band: Band, merge: Merge) -> dict[str, Any] | None:
        selected = self._selected(what)
        if len(selected) != 1 or not self._may_go(selected[0]):
            return None
        resource = merge(selected[0].resource, band.template, self._session._replace(note=offer.note))
        if resource is None:
            return None
        words = f"Change the draft to {band.label}" if merge is change else f"Complete the draft: {band.label}"
        return {"type": "update", "description": words, "resource": resource}

    def _of_patient(self) -> Subject:
        """Whom the drafts are for, with the pathway problems as their reason."""
        if self._subject is None:
            found = [ref for refs in syndromes(self._chart).values() for ref in sorted(refs) if _CONDITION.match(ref)]
            self._subject = Subject(self._session._replace(reasons=tuple(dict.fromkeys(found))))
        return self._subject


def offered_band(order: Order, chart: Chart, after: Chart) -> Band | None:
    """The form in which this order may be offered: every ``when`` known to hold, every ``unless`` known not to, judged on
    what is left ``after`` the drafts that it replaces are gone. The form itself may depend on what is replaced."""
    if not holds(order.when, after):
        return None
    for line in order.unless:
        if line.ask(after).answer is not _NO:
            return None
    for band in order.bands:
        if holds(band.when, chart):
            return band
    return None
