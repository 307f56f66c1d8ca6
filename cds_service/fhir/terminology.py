"""Which concepts a code or a word stands for: every value set turned into one index, built once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from ..pathway.chart import NOTHING, Concepts
from .meanings import Meanings

ICD_10_CM = "http://hl7.org/fhir/sid/icd-10-cm"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"

# The same systems by their HL7 object identifiers, as some EHRs write them.
_ALIASES = {
    "urn:oid:2.16.840.1.113883.6.96": "http://snomed.info/sct",
    "urn:oid:2.16.840.1.113883.6.90": ICD_10_CM,
    "urn:oid:2.16.840.1.113883.6.88": RXNORM,
    "urn:oid:2.16.840.1.113883.6.1": "http://loinc.org",
}

_BRAND = re.compile(r"\[([^\]]+)\]\s*\Z")
_TOKEN = re.compile(r"[a-z0-9]+|\?")
_SHORTHAND = ((re.compile(r"\br/o\b"), "rule out"), (re.compile(r"\bh/o\b"), "history of"))
# Words that turn a mention into its opposite when they stand within five words before it (encodings, 1.2).
_NEGATIONS = frozenset({("no",), ("not",), ("without",), ("denies",), ("exclude",), ("excluded",), ("negative", "for")})
_NEGATION_PAIRS = frozenset({("rule", "out"), ("ruled", "out"), ("history", "of"), ("family", "history")}) | _NEGATIONS
_REACH = 5

Words = tuple[str, ...]


class CodeIndex:
    """Codes to value sets. ``include`` and ``exclude`` of a ValueSet may list codes or name an ICD-10-CM branch (``is-a``),
    and a value set may include another one."""

    def __init__(self, value_sets: Mapping[str, Mapping[str, Any]]) -> None:
        urls = {vs["url"]: name for name, vs in value_sets.items()}
        self._codes: dict[tuple[str, str], set[str]] = {}
        self._branches: dict[tuple[str, str], set[str]] = {}
        self._not_codes: dict[tuple[str, str], set[str]] = {}
        self._not_branches: dict[tuple[str, str], set[str]] = {}
        self.displays: dict[tuple[str, str], str] = {}
        parents: dict[str, set[str]] = {name: set() for name in value_sets}
        for name, value_set in value_sets.items():
            compose = value_set["compose"]
            self._add(name, compose["include"], self._codes, self._branches)
            self._add(name, compose.get("exclude", ()), self._not_codes, self._not_branches)
            for part in compose["include"]:
                for url in part.get("valueSet", ()):
                    parents[urls[url]].add(name)
        self.ancestors = {name: _closure(name, parents) for name in value_sets}
        self._known = {key: self._resolve(*key) for key in self._codes}
        self.branches_of = {name: branch for branch, names in reversed(self._branches.items()) for name in names}
        self._branch_systems = frozenset(system for system, _ in self._branches)
        self._other = lru_cache(maxsize=4096)(self._resolve)

    def _add(
        self,
        name: str,
        parts: Iterable[Mapping[str, Any]],
        codes: dict[tuple[str, str], set[str]],
        branches: dict[tuple[str, str], set[str]],
    ) -> None:
        for part in parts:
            for item in part.get("concept", ()):
                key = (part["system"], item["code"])
                codes.setdefault(key, set()).add(name)
                if "display" in item:
                    self.displays.setdefault(key, item["display"])
            for branch in part.get("filter", ()):
                branches.setdefault((part["system"], branch["value"]), set()).add(name)

    def _resolve(self, system: str, code: str) -> Concepts:
        found = set(self._codes.get((system, code), ()))
        gone = set(self._not_codes.get((system, code), ()))
        for end in range(1, len(code) + 1):
            found |= self._branches.get((system, code[:end]), set())
            gone |= self._not_branches.get((system, code[:end]), set())
        return frozenset().union(*(self.ancestors[name] for name in found - gone)) - gone

    def of(self, system: Any, code: str) -> Concepts:
        """The value sets that hold this code."""
        known = self._known.get((system, code)) if system.__class__ is str else NOTHING
        if known is not None:
            return known
        if system in self._branch_systems and len(code) <= 12:
            return self._other(system, code.strip())
        alias = _ALIASES.get(system)
        if alias:
            return self.of(alias, code)
        bare = code.strip()
        return NOTHING if bare == code else self.of(system, bare)

    def codes_of(self, name: str) -> list[tuple[str, str]]:
        """The listed codes of a value set and of those that it includes, the most specific first; for examples."""
        return sorted((key for key, names in self._known.items() if name in names), key=lambda key: len(self._known[key]))


def _closure(name: str, parents: Mapping[str, set[str]]) -> Concepts:
    found, todo = {name}, [name]
    while todo:
        for parent in parents[todo.pop()] - found:
            found.add(parent)
            todo.append(parent)
    return frozenset(found)


def tokens(text: str) -> Words:
    """The words of a text in lower case; a question mark is a word."""
    text = text.lower()
    if "/" in text:
        for shorthand, spelt_out in _SHORTHAND:
            text = shorthand.sub(spelt_out, text)
    return tuple(_TOKEN.findall(text))


class WordIndex:
    """Phrases to concepts, as whole words. Where a phrase is negated or asked for, it does not match."""

    def __init__(self, phrases: Mapping[str, Iterable[str]]) -> None:
        self._starts: dict[str, list[tuple[Words, str]]] = {}
        self._alone: dict[str, set[str]] = {}
        self._together: list[tuple[frozenset[str], str]] = []
        for name, wordings in phrases.items():
            for wording in wordings:
                parts = [part.strip() for part in wording.split("+")]
                if len(parts) == 1:
                    self._alone.setdefault(wording, set()).add(name)
                else:
                    self._together.append((frozenset(parts), name))
                for part in parts:
                    words = tokens(part)
                    entry = (words, part)
                    if entry not in self._starts.setdefault(words[0], []):
                        self._starts[words[0]].append(entry)

    def of(self, text: str) -> Concepts:
        """The concepts that this text speaks of."""
        words = tokens(text)
        starts = self._starts
        if starts.keys().isdisjoint(words):
            return NOTHING
        said: set[str] = set()
        for at, word in enumerate(words):
            for phrase, part in starts.get(word, ()):
                end = at + len(phrase)
                if words[at:end] == phrase and not _denied(words, at, end):
                    said.add(part)
        found: set[str] = set()
        for part in said:
            found |= self._alone.get(part, set())
        found.update(name for parts, name in self._together if parts <= said)
        return frozenset(found)


def _denied(words: Words, start: int, end: int) -> bool:
    if "?" in words[end : end + 2] or words[start - 1 : start] == ("?",):
        return True
    before = words[max(0, start - _REACH) : start]
    return any(before[i : i + n] in _NEGATION_PAIRS for i in range(len(before)) for n in (1, 2))


class MedicineNames:
    """Ingredient and brand names: ingredients anywhere in a text, brands as its first words only."""

    def __init__(self, names: Mapping[str, Mapping[str, Iterable[str]]]) -> None:
        self._ingredients: dict[str, list[tuple[Words, str, set[str]]]] = {}
        self._brands: dict[str, list[tuple[Words, set[str]]]] = {}
        ingredients: dict[str, set[str]] = {}
        brands: dict[str, set[str]] = {}
        alone: dict[str, str] = {}
        self._classes = WordIndex({m: entry["classes"] for m, entry in names.items() if "classes" in entry})
        for medicines, entry in names.items():
            listed = list(entry.get("ingredients", ()))
            for name in listed:
                ingredients.setdefault(name, set()).add(medicines)
            for name in entry.get("brands", ()):
                brands.setdefault(name, set()).add(medicines)
                if len(listed) == 1:
                    alone[name] = listed[0]
        for name, classes in ingredients.items():
            words = tokens(name)
            self._ingredients.setdefault(words[0], []).append((words, name, classes))
        for name, classes in brands.items():
            words = tokens(name)
            self._brands.setdefault(words[0], []).append((words, classes))
        self._of_brand: dict[Words, set[str]] = {tokens(brand): {name} for brand, name in alone.items()}

    def learn_brand(self, name: str) -> None:
        """Takes the ingredients of a brand from the full name of a product: ``oxycodone 5 MG Oral Tablet [Roxicodone]``."""
        match = _BRAND.search(name)
        if match:
            ingredients = self.of(name[: match.start()])[1]
            if ingredients:
                self._of_brand.setdefault(tokens(match[1]), set()).update(ingredients)

    def classes_of(self, text: str) -> Concepts:
        """The classes that a text names as such: ``tricyclic antidepressants``."""
        return self._classes.of(text)

    def of(self, text: str) -> tuple[set[str], set[str]]:
        """The classes and the ingredients that a name stands for."""
        words = tokens(text)
        classes: set[str] = set()
        ingredients: set[str] = set()
        if self._ingredients.keys().isdisjoint(words) and (not words or words[0] not in self._brands):
            return classes, ingredients
        for at, word in enumerate(words):
            for phrase, name, sets in self._ingredients.get(word, ()):
                if words[at : at + len(phrase)] == phrase:
                    classes |= sets
                    ingredients.add(name)
        for phrase, sets in self._brands.get(words[0], ()) if words else ():
            if words[: len(phrase)] == phrase:
                classes |= sets
                ingredients |= self._of_brand.get(phrase, set() if ingredients else {" ".join(phrase)})
        return classes, ingredients


class Terminology:
    """All that is known of codes and words."""

    def __init__(
        self,
        value_sets: Mapping[str, Mapping[str, Any]],
        problem_words: Mapping[str, Iterable[str]],
        medicine_names: Mapping[str, Mapping[str, Iterable[str]]],
    ) -> None:
        self.codes = CodeIndex(value_sets)
        wordings: dict[str, list[str]] = {}
        for name, phrases in problem_words.items():
            for concept in self.codes.ancestors.get(name, {name}):
                wordings.setdefault(concept, []).extend(phrases)
        self.words = WordIndex(wordings)
        self.meanings = Meanings(self.codes.of, self.words.of)
        self.medicines = MedicineNames(medicine_names)
        self.names = frozenset(value_sets) | frozenset(problem_words) | frozenset(medicine_names)
        self._part_of = {
            name: frozenset({name}).union(
                *(self.codes.ancestors[part] for part in entry.get("part_of", ()) if part in value_sets)
            )
            for name, entry in medicine_names.items()
        }
        for (system, _), display in self.codes.displays.items():
            if system == RXNORM:
                self.medicines.learn_brand(display)
        self._ingredients = {
            key: frozenset(self.medicines.of(display)[1]) for key, display in self.codes.displays.items() if key[0] == RXNORM
        }

    def ingredients_of(self, system: str, code: str) -> Concepts:
        """The ingredients of an RxNorm code, from its name."""
        return self._ingredients.get((_ALIASES.get(system, system), code), NOTHING)

    def ancestors(self, medicines: Iterable[str]) -> Concepts:
        """The classes themselves and every class that includes them."""
        ancestors = self.codes.ancestors
        return frozenset().union(*(ancestors.get(name) or self._part_of.get(name, frozenset({name})) for name in medicines))
