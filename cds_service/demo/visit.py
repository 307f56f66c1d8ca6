"""One visit at the demo EHR: whose chart is open, what is drafted, which cards lie there and what was done with them."""

from __future__ import annotations

import copy
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from ..fhir.terminology import Terminology
from ..pathway.recommendation import Hook
from .menu import Menu
from .personas import Resource, reference
from .what_if import Changes, changed, earlier
from .wire import CdsClient, Exchange, Explained, as_far_as_sent

_KEPT, _BYTES = 30, 20_000_000  # exchanges, and all of them together


class NotPossible(ValueError):
    """Something that this visit cannot do now, such as accepting a suggestion that is no longer there."""


@dataclass(frozen=True)
class Done:
    """What the clinician did with a card: the suggestions that were accepted, or the reason for dismissing it."""

    card: str
    at: datetime
    suggestions: tuple[str, ...] = ()
    reason: dict[str, str] | None = None

    @property
    def feedback(self) -> dict[str, Any]:
        """The item of a feedback body."""
        item: dict[str, Any] = {"card": self.card, "outcomeTimestamp": self.at.isoformat(timespec="seconds")}
        if self.suggestions:
            return item | {"outcome": "accepted", "acceptedSuggestions": [{"id": s} for s in self.suggestions]}
        return item | {"outcome": "overridden"} | ({"overrideReason": {"reason": self.reason}} if self.reason else {})


@dataclass
class Visit:
    """The state of one visit. It lives in the memory of the process and nowhere else."""

    title: str
    shows: str
    patient: str
    chart: list[Resource]
    persona: str | None = None
    sent: Mapping[str, Any] | None = None  # the hook request that somebody pasted
    id: str = field(default_factory=lambda: secrets.token_hex(4))
    changes: Changes = field(default_factory=Changes)
    drafts: list[Resource] = field(default_factory=list)
    hook: Hook = Hook.PATIENT_VIEW
    selections: tuple[str, ...] = ()
    cards: list[dict[str, Any]] = field(default_factory=list)
    done: dict[str, Done] = field(default_factory=dict)
    unsent: list[tuple[Hook, dict[str, Any]]] = field(default_factory=list)
    explained: Explained | None = None
    problem: str = ""
    notice: str = ""
    wire: list[Exchange] = field(default_factory=list)
    drafted: int = 0
    answered: bool = False  # cards that lay here were answered and sent
    chosen: str = ""  # the last order of the menu

    # -- what the EHR fires ---------------------------------------------------------------------------------------------

    def fire(
        self, client: CdsClient, terminology: Terminology, now: datetime, hook: Hook, selections: Sequence[str] = ()
    ) -> None:
        """Calls the service for a hook with the chart as it is now; answers of before are delivered first."""
        self.deliver(client)
        chart = changed(self.chart, self.patient, self.changes, terminology, now.date())
        request = client.request(hook, self.id, self.patient, chart, self.drafts, selections)
        if self.sent is not None:
            request = as_far_as_sent(request, self.sent)
        self.send(client, hook, orjson.dumps(request), selections)

    def send(self, client: CdsClient, hook: Hook, body: bytes, selections: Sequence[str] = ()) -> None:
        """Calls the service with this body, and lays out what came."""
        # Cards of another hook are no others than before: nothing came or went.
        before = {_topic(card): card["summary"] for card in self.cards} if hook is self.hook else {}
        exchange = client.fire(hook.value, hook, body)
        self._keep(exchange)
        self.hook, self.selections, self.problem = hook, tuple(selections), exchange.problem
        self.cards = exchange.answer["cards"] if exchange.status == 200 and isinstance(exchange.answer, dict) else []
        self.done, self.answered = {}, False
        self.explained = client.explain(hook, body) if exchange.status == 200 else None
        self.notice = self.problem or _told(before, self.cards, self.quiet)

    @property
    def reads_itself(self) -> bool:
        """Does the service read a part of the chart from a FHIR server, so that nobody here knows the whole of it?"""
        return self.sent is not None and "fhirServer" in self.sent

    @property
    def quiet(self) -> str:
        """Why there is no card, in words that are true; empty where there is one or something went wrong."""
        if self.cards or self.problem:
            return ""
        if self.answered:
            return "Every card was answered."
        if self.explained is None:
            return "Nothing was evaluated: the request carries no order."
        verdicts = [decision["verdict"] for decision in self.explained.data["decisions"]]
        if "snoozed" in verdicts:
            return f"No card now. Cards that were answered before and rest: {verdicts.count('snoozed')}."
        if self.explained.data["gaps"]:
            return "No card. Not everything could be read."
        return "No card. Every check ran and has nothing to say; that excludes nothing."

    # -- orders ---------------------------------------------------------------------------------------------------------

    def add(self, menu: Menu, key: str, day: str) -> str:
        """Drafts an order of the menu. Returns its reference. Raises NotPossible."""
        self._settle()
        self.chosen = key
        self.drafted += 1
        try:
            draft = menu.draft(key, f"draft-{self.drafted}", self.patient, day)
        except KeyError:
            raise NotPossible("That order is not on the list.") from None
        self.drafts.append(draft)
        return reference(draft)

    def remove(self, ref: str) -> None:
        """Takes a draft back."""
        self._settle()
        self.drafts = [draft for draft in self.drafts if reference(draft) != ref]

    def sign(self) -> None:
        """Signs every draft: they become orders of the chart."""
        self._settle()
        for draft in self.drafts:
            signed = {**draft, "id": f"signed-{draft.get('id', '')}"}
            if self.changes.later:  # signed on the day that is tried, not so many days before
                signed = earlier(signed, -self.changes.later)
            self.chart.append(signed | ({"status": "active"} if draft.get("status") == "draft" else {}))
        self.drafts = []

    @property
    def orders(self) -> list[Resource]:
        """The drafts with every accepted suggestion applied."""
        drafts = copy.deepcopy(self.drafts)
        for done in self.done.values():
            for uuid in done.suggestions:
                drafts = applied(drafts, self._suggestion(done.card, uuid))
        return drafts

    # -- cards ----------------------------------------------------------------------------------------------------------

    def accept(self, card: str, suggestion: str, now: datetime) -> None:
        """Accepts a suggestion; the drafts change. Raises NotPossible."""
        label = self._suggestion(card, suggestion)["label"]
        before = self.done.get(card)
        taken = before.suggestions if before else ()
        if suggestion in taken:
            return
        if taken and self._card(card).get("selectionBehavior") != "any":
            taken = ()
        self.done[card] = Done(card, now, (*taken, suggestion))
        self.notice = f"Accepted: {label}."

    def dismiss(self, card: str, code: str, now: datetime) -> None:
        """Dismisses a card, with one of its reasons or without any. Raises NotPossible."""
        reasons = {reason["code"]: reason for reason in self._card(card).get("overrideReasons", ())}
        if code and code not in reasons:
            raise NotPossible("That reason is not one of this card's.")
        reason = reasons.get(code)
        self.done[card] = Done(card, now, reason={k: reason[k] for k in ("code", "system")} if reason else None)
        self.notice = "Dismissed."

    def undo(self, card: str) -> None:
        """Takes back what was done with a card."""
        if self.done.pop(card, None) is None:
            raise NotPossible("Nothing was done with this card, or it has been sent already.")
        self.notice = "Taken back."

    def reason_of(self, done: Done) -> str:
        """The words of the reason for which a card was dismissed; empty without one."""
        listed = self._card(done.card).get("overrideReasons", ())
        return next((r["display"] for r in listed if done.reason and r["code"] == done.reason["code"]), "")

    def deliver(self, client: CdsClient) -> None:
        """Sends what was done with the cards to the feedback endpoint; after that it cannot be taken back. What is not
        accepted there is kept for the next time."""
        self._settle()
        for hook in dict.fromkeys(hook for hook, _ in self.unsent):
            exchange = client.feedback(hook, [item for of, item in self.unsent if of is hook])
            self._keep(exchange)
            self.notice = exchange.problem or "Feedback sent."
            if exchange.status == 200:
                self.unsent = [(of, item) for of, item in self.unsent if of is not hook]

    # -- inside ---------------------------------------------------------------------------------------------------------

    def _settle(self) -> None:
        """What was accepted becomes part of the drafts, for good; the cards it belongs to are gone."""
        self.drafts = self.orders
        self.unsent += [(self.hook, done.feedback) for done in self.done.values()]
        gone = set(self.done)
        self.answered = self.answered or bool(gone)
        self.cards = [card for card in self.cards if card["uuid"] not in gone]
        self.done = {}

    def _keep(self, exchange: Exchange) -> None:
        self.wire = [exchange, *self.wire][:_KEPT]
        while len(self.wire) > 1 and sum(len(one.sent) + len(one.received) for one in self.wire) > _BYTES:
            self.wire.pop()

    def _card(self, uuid: str) -> dict[str, Any]:
        for card in self.cards:
            if card["uuid"] == uuid:
                return card
        raise NotPossible("That card is gone.")

    def _suggestion(self, card: str, uuid: str) -> dict[str, Any]:
        for suggestion in self._card(card).get("suggestions", ()):
            if suggestion["uuid"] == uuid:
                found: dict[str, Any] = suggestion
                return found
        raise NotPossible("That suggestion is gone.")


def applied(drafts: list[Resource], suggestion: dict[str, Any]) -> list[Resource]:
    """The drafts after a suggestion was accepted: created, deleted and updated ones (CDS Hooks, Action)."""
    for number, action in enumerate(suggestion["actions"]):
        resource = action.get("resource")
        if action["type"] == "delete":
            drafts = [draft for draft in drafts if reference(draft) != action["resourceId"]]
        elif action["type"] == "update":
            drafts = [resource if reference(draft) == reference(resource) else draft for draft in drafts]
        else:
            drafts = [*drafts, {**resource, "id": f"new-{suggestion['uuid'][:8]}-{number + 1}"}]
    return drafts


def _topic(card: dict[str, Any]) -> str:
    topic: str = card["source"]["topic"]["code"]
    return topic


def _told(before: dict[str, str], cards: Sequence[dict[str, Any]], quiet: str) -> str:
    """What changed on the page, for those who do not see it."""
    now = {_topic(card): card["summary"] for card in cards}
    count = f"{len(cards)} card{'' if len(cards) == 1 else 's'}." if cards else quiet
    new = [summary for topic, summary in now.items() if topic not in before]
    gone = [summary for topic, summary in before.items() if topic not in now]
    parts = [count, *(f"New: {s}" for s in new if before), *(f"Gone: {s}" for s in gone)]
    return " ".join(parts)
