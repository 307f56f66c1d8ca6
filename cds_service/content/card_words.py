"""What the file of a card says in terms of the service (its kind, its hooks, its rest, its offers), in words for a clinician."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..compose import DECISION_PHRASES
from ..pathway.answers import Answer
from ..pathway.decide import GATES
from ..pathway.recommendation import Band, Hook, Indicator, Kind, Order, Recommendation, Snooze, Suggestion
from ..pathway.vocabulary import PHRASES, Line
from .library import Library
from .line_words import all_of, line_words, one_of, plain, prose, sentence
from .statements import Conflict

KINDS = {Kind.RED_FLAG: "Red flag", Kind.SAFETY: "Safety check", Kind.ADVICE: "Advice", Kind.DATA: "Missing data"}
LEVELS = {Indicator.INFO: "Information", Indicator.WARNING: "Warning", Indicator.CRITICAL: "Critical"}
HOOKS = {
    Hook.PATIENT_VIEW: "when a chart is opened",
    Hook.ORDER_SELECT: "when an order is selected",
    Hook.ORDER_SIGN: "when orders are signed",
}
_NEEDED = "Where a line of “Shown when all of this holds” cannot be answered there is no card"
_NAMED = "if a read failed, the card on incomplete data names this check."
_OPEN = (
    "Exclusions fail open: where a line of “Not shown when any of this holds” cannot be answered, the card is shown and names "
    "what was not checked."
)
_UNKNOWN = {
    Kind.RED_FLAG: (f"{_NEEDED}, and no text says that the red flag was excluded.", _OPEN),
    Kind.SAFETY: (f"{_NEEDED}; {_NAMED}", _OPEN),
    Kind.ADVICE: (f"Advice fails quiet: where any of these lines cannot be answered there is no card; {_NAMED}",),
    Kind.DATA: (f"{_NEEDED}.", _OPEN),
}
_RESTS = {
    Snooze.NONE: "It does not rest: it is shown again on the next call.",
    Snooze.ENCOUNTER: "It rests until the end of the encounter.",
    Snooze.ENCOUNTER_24H: "It rests for 24 hours of the same encounter.",
    Snooze.ORDER: "It rests in this encounter for as long as the selected orders stay the same.",
    Snooze.DAYS_7: "It rests for 7 days.",
    Snooze.DAYS_42: "It rests for 42 days.",
    Snooze.DAYS_90: "It rests for 90 days.",
    Snooze.DAYS_180: "It rests for 180 days.",
    Snooze.DAYS_90_DRUG: "It rests for 90 days; another medicine wakes it.",
}
_WAKES = (
    "It comes back earlier when a red flag, an episode, a risk or a medicine is new, a dose is higher, or kidney function is "
    "worse."
)


def shown_on(card: Recommendation) -> str:
    """At which moments of work the card can be shown."""
    return all_of(HOOKS[hook] for hook in card.hooks)


def unknown(card: Recommendation) -> tuple[str, ...]:
    """What becomes of the card when a line cannot be answered, as its kind settles it."""
    return _UNKNOWN[card.kind] if card.unless or card.kind is Kind.ADVICE else _UNKNOWN[card.kind][:1]


def gates(card: Recommendation) -> list[tuple[str, Line]]:
    """The lines that stand before every card of this kind, each with what it has to be."""
    return [(_gate(card, gate.line, gate.closes, gate.must_be_known), gate.line) for gate in GATES[card.kind]]


def _gate(card: Recommendation, line: Line, closes: Answer, must_be_known: bool) -> str:
    words = sentence(line_words(line))
    if closes is Answer.NO:
        return f"{words}: has to be known to hold" if must_be_known else f"{words}: must not be known to be otherwise"
    if must_be_known:
        return f"{words}: has to be known not to hold"
    if line.text in {other.text for other in card.despite}:
        return f"{words}: does not keep this card away"
    lifted = one_of(f"“{line_words(other)}”" for other in card.despite)
    return f"{words}: none may be found" + (f", unless {lifted} holds" if card.despite else "")


def rest(card: Recommendation) -> list[str]:
    """For how long the card rests after it was answered."""
    said = [_RESTS[card.snooze]]
    names = {reason.code: reason.display for reason in card.override_reasons}
    for reason, other in card.snooze_after.items():
        said.append(f"After “{names.get(reason, plain(reason))}”: {_lower(_RESTS[other])}")
    rests = {card.snooze, *card.snooze_after.values()} - {Snooze.NONE}
    return [*said, _WAKES] if rests else said


def limits(card: Recommendation) -> list[str]:
    """What else keeps the card away or does not: the number of cards, a switch of the deployment."""
    said = []
    if card.indicator is Indicator.INFO:
        most = "at most three on opening a chart and two on ordering, unless a deployment sets other numbers"
        said.append("Never left out for other cards." if card.cap_exempt else f"Counts among the information cards: {most}.")
    else:
        said.append("Never left out for the number of cards.")
    if card.switch:
        said.append(f"A deployment can switch it off (setting {card.switch}).")
    return said


def conflicts_of(library: Library, card: Recommendation) -> tuple[Conflict, ...]:
    """The conflicts whose settlement shows in this card, or that changed how one of its statements is used."""
    settled = {key for name in card.evidence.statements for key in library.statements[name].settled_by}
    return tuple(c for c in library.conflicts.values() if card.id in c.cards or c.id in settled)


def named_phrase(name: str) -> str:
    """What stands in the place of a name in curly braces: the first sentence of its meaning."""
    meaning = DECISION_PHRASES.get(name) or PHRASES[name].meaning
    return _lower(prose(meaning).split(". ", 1)[0].split("; ", 1)[0].rstrip("."))


def _lower(text: str) -> str:
    """With a small first letter, unless the word is an abbreviation."""
    return text[:1].lower() + text[1:] if text[1:2].islower() or text[1:2] == " " else text


# -- offers -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BandWords:
    """One form of an order: its label, when it is this form, and what the draft says."""

    label: str
    when: tuple[str, ...]
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Offer:
    """One button in words. ``texts`` stand in every form of the draft; ``needs`` must all be known to hold, ``never`` must all be
    known not to. ``takes_a_place``: both are judged on the chart without the drafts that it replaces or changes."""

    title: str
    does: tuple[str, ...]
    bands: tuple[BandWords, ...]
    texts: tuple[str, ...]
    needs: tuple[str, ...]
    never: tuple[str, ...]
    takes_a_place: bool


def offer(suggestion: Suggestion) -> Offer:
    """A suggestion in words."""
    order = suggestion.order
    bands, shared = _bands(order.bands if order else ())
    title = suggestion.label or (order.title if order else "Remove the draft")
    needs = (*suggestion.when, *(order.when if order else ()))
    never, takes_a_place = (order.unless if order else ()), bool(suggestion.deletes or suggestion.changes or suggestion.completes)
    return Offer(title, tuple(_does(suggestion, order)), bands, shared, _words(needs), _words(never), takes_a_place)


def _words(lines: Iterable[Line]) -> tuple[str, ...]:
    return tuple(map(line_words, lines))


def _does(suggestion: Suggestion, order: Order | None) -> Iterator[str]:
    if order and suggestion.changes:
        yield f"Gives the selected draft ({plain(suggestion.changes)}) the dose of “{order.title}”."
    elif order and suggestion.completes:
        yield f"Adds to the selected draft ({plain(suggestion.completes)}) what it lacks of “{order.title}”."
    elif order:
        yield f"Drafts an order: {order.title}." if suggestion.label else "Drafts this order."
    if suggestion.deletes:
        taken = "not where one of them is, or may be, taken already"
        yield f"Removes the selected drafts of this class: {plain(suggestion.deletes)}; {taken}."


def _bands(bands: Sequence[Band]) -> tuple[tuple[BandWords, ...], tuple[str, ...]]:
    """The forms of an order with what is said in each alone, and what is said in all of several."""
    said = [tuple(dict.fromkeys(_texts(band.template))) for band in bands]
    shared = tuple(text for text in said[0] if all(text in texts for texts in said)) if len(said) > 1 else ()
    made = zip(bands, said, strict=True)
    return tuple(BandWords(b.label, _words(b.when), tuple(t for t in texts if t not in shared)) for b, texts in made), shared


def _texts(template: Mapping[str, Any]) -> Iterator[str]:
    """The words of a draft that a clinician reads: what is ordered, how, and the notes."""
    for key in ("code", "dosageInstruction", "orderDetail", "description", "payload", "note"):
        for part in _listed(template.get(key)):
            text = part if isinstance(part, str) else part.get("text") or part.get("contentString")
            if text:
                yield sentence(str(text))


def _listed(value: Any) -> Iterable[Any]:
    if value is None:
        return ()
    return value if isinstance(value, list | tuple) else (value,)
