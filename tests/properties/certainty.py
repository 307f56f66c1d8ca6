"""Less to read never makes the service more certain."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cds_service.pathway.answers import Answer as Known
from cds_service.pathway.decide import Decision, Role, Verdict
from cds_service.pathway.recommendation import Kind, Recommendation
from cds_service.pathway.vocabulary import FINDINGS

from .answers import Answer, Card
from .checks import actions, medicine_of

_WOULD_SHOW = (Verdict.SHOWN, Verdict.YIELDED, Verdict.CAPPED)
_COULD_NOT = re.compile(r"could not be (?:checked|read)|[Nn]ot checked")
_DENIED = re.compile(r"\b(?:no|none|never|nothing|not recorded)\b[^.;:,\n]*", re.IGNORECASE)
_LEVELS = ("info", "warning", "critical")


def growth(base: Answer, less: Answer) -> Iterator[str]:
    """Where ``less``, the answer to the same chart with one kind of resource unreadable, is more certain than ``base``.

    A kind of resource is lost when it was refused, not sent, cut short or spoilt in one entry. Then

    1. no advice card appears whose lines did not hold before. A card that was only yielding or capped may move up. The one
       exception is a card that a red flag held back which was read from what is now lost: a red flag is never known to be
       absent, so its card comes back, and ``data-incomplete`` must say that red flags were not looked for. A variant whose
       summary says what could not be checked, and that offers nothing, may appear too (C.1, D.2: first-line-before-opioid);
    2. a red-flag or safety card appears only because the exclusion that kept it away (a line of `unless`) cannot be checked any
       more, and says what was not checked;
    3. a card that is shown both times is not at a higher level, does not offer a medicine that it did not offer, does not
       delete a draft that it did not delete, keeps a text that says what could not be checked, and does not newly say that
       something is not there, unless the same line says what could not be read.
       A QTc that was looked for and is missing may be told where the age is lost: from 40 it is asked for.
       The exception in 2 and 3: a safety card may appear or rise when readings were lost. The newest result may be among them,
       and then the worst that is left counts, an older result or a recorded stage of kidney disease: that errs towards the
       warning, and never towards an offer;
    4. no card goes because a line that held is now answered with no, or because an exclusion is now answered with yes: what
       was lost makes an answer unknown, and ``data-incomplete`` names the check.
       The exceptions in 2 and 4: a red flag may appear, and hold advice back, when the birth date was lost, because an unknown
       age counts as at risk of a fracture. And where a record of pregnancy contradicts sex or age (part D: male, or outside 12
       to 55), the loss of one lets the other answer.

    Data cards may come and go: they speak of what is missing. No answer at all (412) is never more certain.
    """
    if less.found is None:
        return
    if base.found is None:
        yield "an answer came where the problem list was missing before"
        return
    shown = less.cards
    for decision in less.found.outcome.shown:
        card = decision.recommendation
        if card.kind is Kind.DATA:
            continue
        before = base.decisions[card.id].verdict
        if before not in _WOULD_SHOW:
            yield from _appeared(card, before, base, less)
        elif before is Verdict.SHOWN:
            yield from (f"{card.id}: {fault}" for fault in _stronger(card, base.cards[card.id], shown[card.id], less))
    for decision in base.found.outcome.shown:
        after = less.decisions[decision.recommendation.id]
        decided = after.verdict in (Verdict.SILENT, Verdict.EXCLUDED)
        if decided and not (_age_lost(less) and _flag_only_in(less, base)) and not _contradicted(after, base, less):
            yield f"{after.recommendation.id} goes, as if it were known: {after.because}"


def _appeared(card: Recommendation, before: Verdict, base: Answer, less: Answer) -> Iterator[str]:
    shown, kept_back = less.cards[card.id], base.decisions[card.id]
    if _COULD_NOT.search(shown["summary"]) and "suggestions" not in shown:
        return  # the variant that only says what could not be checked
    if card.kind is Kind.ADVICE:
        if before is not Verdict.EXCLUDED or not _flag_only_in(base, less):
            yield f"{card.id} appears; it was {before}: {kept_back.because}"
        elif "Red flags" not in less.cards.get("data-incomplete", {"detail": ""})["detail"]:
            yield f"{card.id} appears without a word on the red flags that could not be read"
    elif (card.kind is Kind.SAFETY and _readings_lost(less)) or (card.kind is Kind.RED_FLAG and _age_lost(less)):
        return  # errs towards the warning
    elif not _contradicted(kept_back, base, less) and not _only_unchecked(kept_back, less.decisions[card.id]):
        yield f"{card.id} appears; it was {before}: {kept_back.because}"
    elif before is Verdict.EXCLUDED and "Not checked:" not in shown["detail"]:
        yield f"{card.id} appears and does not say what was not checked"


def _only_unchecked(before: Decision, after: Decision) -> bool:
    """Was it kept away by a line of ``unless`` alone, and is that line now among those that could not be checked?"""
    missing = {step.line.text for step in after.unchecked}
    kept_away = before.verdict is Verdict.EXCLUDED and bool(before.decisive)
    return kept_away and all(step.role is Role.UNLESS and step.line.text in missing for step in before.decisive)


def _contradicted(decision: Decision, base: Answer, less: Answer) -> bool:
    """Was it settled by pregnancy, where sex or age alone denies it in one of the two answers?"""
    settled = {step.line.entry.name for step in decision.decisive}
    charts = [answer.found.chart for answer in (base, less) if answer.found]
    denied = any(FINDINGS["pregnant"].ask(chart).resources == (chart.person.ref,) for chart in charts)
    return bool(settled) and settled <= {"pregnant", "pregnancy_recorded"} and denied


def _age_lost(less: Answer) -> bool:
    return less.found is not None and bool(less.found.chart.unread("person"))


def _readings_lost(less: Answer) -> bool:
    return less.found is not None and bool(less.found.chart.unread("readings"))


def _flag_only_in(one: Answer, other: Answer) -> bool:
    ask = FINDINGS["red_flag"].ask
    if one.found is None or other.found is None:
        return False
    return ask(one.found.chart).answer is Known.YES and ask(other.found.chart).answer is not Known.YES


def _stronger(card: Recommendation, before: Card, after: Card, less: Answer) -> Iterator[str]:
    rises = _LEVELS.index(after["indicator"]) > _LEVELS.index(before["indicator"])
    if rises and not (card.kind is Kind.SAFETY and _readings_lost(less)):
        yield f"rises from {before['indicator']} to {after['indicator']}"
    yield from (f"newly offers {name}" for name in sorted(_medicines(after) - _medicines(before)))
    yield from (f"newly deletes {name}" for name in sorted(_deletions(after) - _deletions(before)))
    if _COULD_NOT.search(before["summary"]) and not _COULD_NOT.search(after["summary"]):
        yield f"turns {before['summary']!r} into {after['summary']!r}"
    fixed = [card.detail, *(v.detail for v in card.variants if v.detail)]
    known = {claim for text in (*fixed, _said(before)) for claim in _DENIED.findall(text)}
    for line in _said(after).splitlines():
        for claim in () if _COULD_NOT.search(line) else _DENIED.findall(line):
            asked_by_age = claim.startswith("No QTc") and _age_lost(less) and not _readings_lost(less)
            if claim not in known and not asked_by_age:
                yield f"newly says {claim!r}"


def _said(card: Card) -> str:
    text: str = card["detail"].replace("\\", "")
    return text.split("\n\nNot checked:", 1)[0]


def _medicines(card: Card) -> set[str]:
    resources = [action["resource"] for _, taken in actions(card) for action in taken if "resource" in action]
    return {remedy.ingredient + str(r.get("dosageInstruction")) for r in resources if (remedy := medicine_of(r))}


def _deletions(card: Card) -> set[str]:
    return {action["resourceId"] for _, taken in actions(card) for action in taken if action["type"] == "delete"}
