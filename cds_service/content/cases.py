"""The test cases of a card: ``given`` becomes a hook request, and the answer is held against ``expect``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any

from .case_charts import BadCase, request_for
from .library import Library, Service

_EXPECTED = {"card", "offers", "says", "never_says", "status"}

# Sends a hook request to a service and returns the status and the parsed body.
Send = Callable[[str, Mapping[str, Any]], tuple[int, Any]]


def failures(library: Library, card_id: str, services: Mapping[str, Service], send: Send, today: date) -> Iterator[str]:
    """Runs every case of a card through the service. Yields a sentence for each that does not come out as expected."""
    hooks = [h.value for h in next(r.hooks for r in library.recommendations if r.id == card_id)]
    for case in library.cases[card_id]:
        name = case.get("name", "a case without a name")
        try:
            body = request_for(library.terminology, case.get("given", {}), hooks[0], today)
            status, answer = send(f"posterior-hip-pain-{body['hook']}", body)
            fault = _fault(case, card_id, status, answer)
        except BadCase as error:
            fault = str(error)
        if fault:
            yield f"{name}: {fault}"


def _fault(case: Mapping[str, Any], card_id: str, status: int, answer: Any) -> str | None:
    expect = case.get("expect", {})
    if unknown := set(expect) - _EXPECTED or (set() if set(case) <= {"name", "given", "expect"} else set(case)):
        raise BadCase(f"unknown word {', '.join(sorted(unknown))}")
    if not expect:
        raise BadCase("a case needs an expectation")
    if status != expect.get("status", 200):
        return f"status {status}"
    if status != 200:
        return None
    card = next((c for c in answer["cards"] if c["source"]["topic"]["code"] == card_id), None)
    wanted, shown = expect.get("card"), card["indicator"] if card else "none"
    if shown != wanted:
        return f"expected {wanted}, got {shown}"
    if card is None:
        return None
    offers = [s["label"] for s in card.get("suggestions", ())]
    if "offers" in expect and offers != expect["offers"]:
        return f"offers {offers}"
    text = f"{card['summary']}\n{card['detail']}".replace("\\", "")
    for words in expect.get("says", ()):
        if words not in text:
            return f"does not say {words!r}"
    for words in expect.get("never_says", ()):
        if words in text:
            return f"says {words!r}"
    return None
