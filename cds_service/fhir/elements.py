"""Small pieces of FHIR JSON, read leniently: a list where an object is, an object where a list belongs, or nothing."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Any

from msgspec import Raw, json

from ..pathway.dates import When, day

ABSENT = "data-absent-reason"  # a coding that says that there is no code
_AT_UTC = ("Z", "+00:00")
_YEAR = re.compile(r"(\d{4})(?:-(\d\d))?\Z")


_LONGEST_STATUS = 500  # bytes of one that is remembered
_parsed = json.Decoder().decode


def plain(value: Any) -> Any:
    """What an element says that was left as text (decoding.py)."""
    return _parsed(value) if value.__class__ is Raw else value


def items(value: Any) -> list[Any]:
    """A list of what is there: many servers and the public sandbox send one object where FHIR has a list."""
    value = plain(value)
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def codings(concept: Any) -> list[tuple[str, str, str]]:
    """System, code and display of every coding of a CodeableConcept, a list of them, or a bare Coding."""
    if concept.__class__ is Raw:
        concept = _parsed(concept)
    if concept.__class__ is list:
        return [coding for part in concept if part.__class__ is dict for coding in codings(part)]
    if concept.__class__ is not dict:
        return []
    listed = concept.get("coding")
    if listed.__class__ is not list:
        listed = [concept] if listed is None and "code" in concept and "text" not in concept else [listed]
    found = []
    for coding in listed:
        if coding.__class__ is dict:
            code = coding.get("code")
            if code.__class__ is str:
                system, display = coding.get("system"), coding.get("display")
                found.append(
                    (
                        system.strip() if system.__class__ is str else "",
                        code.strip(),
                        display if display.__class__ is str else "",
                    )
                )
    return found


def read(concept: Any) -> tuple[list[tuple[str, str]], list[str]]:
    """One pass over a CodeableConcept: system and code of its codings, and what it says in words, each once."""
    codes: list[tuple[str, str]] = []
    said: dict[str, None] = {}
    if concept.__class__ is Raw:
        concept = _parsed(concept)
    if concept.__class__ is list or (concept.__class__ is dict and "coding" not in concept and "code" in concept):
        return [(system, code) for system, code, _ in codings(concept)], texts(concept)  # not as FHIR has it
    if concept.__class__ is dict:
        text = concept.get("text")
        if text.__class__ is str and text:
            said[text] = None
        listed = concept.get("coding")
        for coding in listed if listed.__class__ is list else (listed,):
            if coding.__class__ is dict:
                code, display = coding.get("code"), coding.get("display")
                if code.__class__ is str:
                    system = coding.get("system")
                    codes.append((system.strip() if system.__class__ is str else "", code.strip()))
                if display.__class__ is str and display:
                    said[display] = None
    return codes, list(said)


def is_withheld(codes: list[tuple[str, str]] | tuple[tuple[str, str], ...]) -> bool:
    """Do all the codes only say that there is none: masked, or not known?"""
    return bool(codes) and all(ABSENT in system for system, _ in codes)


def texts(concept: Any) -> list[str]:
    """The text of a CodeableConcept (or a list of them) and the displays of its codings, each once."""
    found: dict[str, None] = {}
    for part in items(concept):
        if part.__class__ is dict:
            said = [part.get("text")]
            said += [coding.get("display") for coding in items(part.get("coding")) if coding.__class__ is dict]
        else:
            said = [part]
        for text in said:
            if text.__class__ is str and text and not text.isspace():
                found[text] = None
    return list(found)


def token(value: Any) -> str:
    """A status: a code, or the first code of a CodeableConcept (DSTU2 writes the former where R4 has the latter)."""
    if value.__class__ is str:
        text: str = value
        return text.strip().lower()
    if value.__class__ is Raw:
        raw = bytes(value)
        return _token_of(raw) if len(raw) <= _LONGEST_STATUS else token(_parsed(raw))
    listed = value.get("coding") if value.__class__ is dict else None
    code = listed[0].get("code") if listed.__class__ is list and listed and listed[0].__class__ is dict else None
    if code.__class__ is str:
        status: str = code.strip().lower()
        return status
    return next((code.lower() for _, code, _ in codings(value)), "")


@lru_cache(maxsize=1024)
def _token_of(text: bytes) -> str:
    return token(_parsed(text))


def number(value: Any) -> float | None:
    """A number; a numeric string too, as some servers quote decimals."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, str):
        try:
            parsed = float(value)
        except ValueError:
            return None
        return parsed if parsed == parsed and abs(parsed) != float("inf") else None
    return None


def when(value: Any, zone: tzinfo) -> When | None:
    """The local days of a FHIR date, dateTime or instant; a range for a year or a month, None when it cannot be read.

    A dateTime without an offset is taken as local time of the site.
    """
    if value.__class__ is not str:
        return None
    text: str = value.strip()
    try:
        if len(text) == 10 or (zone is UTC and text.endswith(_AT_UTC)):
            return _on(text[:10])
        match = _YEAR.match(text)
        if match:
            year, month = int(match[1]), match[2]
            if month is None:
                return When(date(year, 1, 1), date(year, 12, 31))
            first = date(year, int(month), 1)
            return When(first, (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1))
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None or (zone is UTC and moment.utcoffset() == timedelta(0)):
        return day(moment.date())
    try:
        return day(moment.astimezone(zone).date())
    except (OverflowError, ValueError):
        return None


@lru_cache(maxsize=8192)
def _on(text: str) -> When:
    return day(date.fromisoformat(text))


def reference(value: Any) -> str:
    """The reference text of a Reference, empty when there is none."""
    value = plain(value)
    if isinstance(value, dict):
        text = value.get("reference")
        return text.strip() if isinstance(text, str) else ""
    return value.strip() if isinstance(value, str) else ""


def local_id(text: str) -> str:
    """The id at the end of a reference: ``Patient/1``, an absolute URL, or with a version."""
    text = text.split("/_history/", 1)[0]
    return text.rstrip("/").rsplit("/", 1)[-1]
