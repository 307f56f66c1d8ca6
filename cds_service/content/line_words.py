"""Lines of the vocabulary and names of value sets in plain words, for people."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..pathway.vocabulary import Line, value_text

# Words that are written otherwise than in a name.
_SPELLING = {
    "acei": "ACE inhibitor",
    "arb": "ARB",
    "ckd": "CKD",
    "cns": "CNS",
    "ct": "CT",
    "cyp1a2": "CYP1A2",
    "dn4": "DN4",
    "egfr": "eGFR",
    "emg": "EMG",
    "gi": "GI",
    "maoi": "MAO inhibitor",
    "mri": "MRI",
    "nsaid": "NSAID",
    "nsaids": "NSAIDs",
    "paindetect": "painDETECT",
    "ppi": "proton pump inhibitor",
    "prp": "PRP",
    "qtc": "QTc",
    "slanss": "S-LANSS",
    "snri": "SNRI",
    "snris": "SNRIs",
    "ssri": "SSRI",
    "tca": "tricyclic",
    "xray": "X-ray",
}
_TOGETHER = {
    "CNS active": "CNS-active",
    "angle closure": "angle-closure",
    "first line": "first-line",
    "second line": "second-line",
    "gemelli obturator": "gemelli-obturator",
    "kidney active": "kidney-active",
    "long term": "long-term",
    "nerve pain": "nerve-pain",
    "non response": "non-response",
    "z drug": "Z-drug",
}
# Prefixes that sort a folder and say nothing to a reader, and those that read better behind.
_DROPPED = ("med-", "rf-", "agent-", "outcome-")
_BEHIND = {"score-": "score"}
_WHOLE = {
    "med-nsaid-oral": "oral NSAID",
    "med-nsaid-topical": "topical NSAID",
    "referral-neurology": "referral to neurology",
    "referral-pain": "referral to pain management",
    "referral-surgery": "referral to surgery",
    "under_18": "younger than 18",
}
# What stands behind the value of a parameter.
_UNITS = {"days": " days", "years": " years", "weeks": " weeks", "milliseconds": " ms", "count": " times", "apart": " days apart"}
_UNITS |= {"systolic": " systolic", "diastolic": " diastolic"}
# A name that ends so is read on with its value.
_READ_ON = ("at least", "below", "within", "is", "last")


def plain(name: str) -> str:
    """A name of the content in words: ``med-z-drug`` is read as ``Z-drug``."""
    if name in _WHOLE:
        return _WHOLE[name]
    for prefix in _DROPPED:
        name = name.removeprefix(prefix)
    for prefix, word in _BEHIND.items():
        if name.startswith(prefix):
            name = f"{name.removeprefix(prefix)} {word}"
    words = " ".join(_SPELLING.get(word, word) for word in name.replace("_", " ").replace("-", " ").split())
    for apart, together in _TOGETHER.items():
        words = words.replace(apart, together)
    return words


def sentence(text: str) -> str:
    """The same with a capital letter, unless its first word is spelled in a way of its own (eGFR)."""
    first = text.split(" ", 1)[0]
    return text[:1].upper() + text[1:] if first.islower() or "-" in first else text


def one_of(items: Iterable[str]) -> str:
    """``a, b or c``."""
    return _joined(items, "or")


def all_of(items: Iterable[str]) -> str:
    """``a, b and c``."""
    return _joined(items, "and")


def line_words(line: Line) -> str:
    """A line as a clinician reads it: ``pain at least 4``, ``has syndrome: piriformis``."""
    name, values = plain(line.entry.name), dict(line.values)
    if not values:
        return name
    if set(values) == {"one", "other"}:
        return f"{name}: {_value(values['one'])} and {_value(values['other'])}"
    reads_on = name.endswith(_READ_ON)
    if len(values) == 1:
        ((key, value),) = values.items()
        unit = "" if key in name.split() or key == "count" else _UNITS.get(key, "")
        return f"{name}{' ' if reads_on else ': '}{_value(value)}{unit}"
    if reads_on and "days" in values:
        name = f"{name} {values.pop('days')} days"
        return f"{name}: {', '.join(_value(value) for value in values.values())}"
    said = ", ".join(f"{'within ' if key == 'days' else ''}{_value(value)}{_UNITS.get(key, '')}" for key, value in values.items())
    return f"{name}{' ' if reads_on else ': '}{said}"


def meaning(line: Line) -> str:
    """What a line asks, in the words of the vocabulary."""
    return prose(line.entry.meaning)


def prose(text: str) -> str:
    """Text of the vocabulary on one line; the names of findings in it are read as words."""
    pieces = " ".join(text.split()).replace("``", "`").split("`")
    return "".join(f"“{plain(piece)}”" if odd % 2 else piece for odd, piece in enumerate(pieces))


def _value(value: Any) -> str:
    if isinstance(value, tuple):
        return one_of(_value(item) for item in value)
    if isinstance(value, float):
        return f"{value:g}"
    return str(value) if isinstance(value, int) else plain(value_text(value))


def _joined(items: Iterable[str], word: str) -> str:
    *first, last = list(items) or [""]
    return f"{', '.join(first)} {word} {last}" if first else last
