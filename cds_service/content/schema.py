"""The form of each content file: marshmallow schemas that refuse what they do not know."""

from __future__ import annotations

from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from ..fhir.orders import RESOURCE_TYPES
from ..pathway.recommendation import Hook, Indicator, Kind, Snooze

# cds-hooks CARD-02: under 140 characters.
SUMMARY_LIMIT = 139
# The HL7 categories of non-adherence reasons.
HL7_CATEGORIES = (
    "cds-not-applicable",
    "cds-suboptimal-context",
    "recipient-disagrees-evidence",
    "recipient-concerns-outcomes",
    "does-not-align-preferences",
    "not-convenient-feasible",
)
SWITCHES = ("radiculopathy-rule",)


class Text(fields.String):
    """A string that says something. A number is refused: a code without quotes has lost its leading zeros already."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise ValidationError(f"must be text; put {value!r} in quotes")
        if not value.strip():
            raise ValidationError("is empty")
        return value


class Day(fields.Field[str]):
    """A date, kept as text."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        try:
            return str(fields.Date().deserialize(str(value)))
        except ValidationError:
            raise ValidationError("must be a date, YYYY-MM-DD") from None


class Whole(fields.Integer):
    """An integer that is written as one."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(strict=True, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if isinstance(value, bool | str):
            raise ValidationError("must be a whole number")
        number: int = super()._deserialize(value, attr, data, **kwargs)
        return number


def _one_of(values: Any) -> Any:
    return validate.OneOf([str(v) for v in values], error="{input!r} is not one of: {choices}")


def _factor() -> fields.Float:
    return fields.Float(validate=validate.Range(min=0, min_inclusive=False, error="must be above 0"))


def _summary(text: str) -> None:
    if len(text) > SUMMARY_LIMIT:
        raise ValidationError(f"summary has {len(text)} characters; under 140 are allowed")


class Strict(Schema):
    """Refuses keys that it does not know."""

    class Meta:
        unknown = RAISE


class EvidenceOfCard(Strict):
    statements = fields.List(Text(), required=True)
    references = fields.List(Text(), required=True)
    strength = Text(required=True)
    label = Text(required=True)


class Review(Strict):
    last = Day(required=True)
    by = fields.String(required=True)
    next = Day(required=True)


class CardText(Strict):
    indicator = Text(required=True, validate=_one_of(Indicator))
    summary = Text(required=True, validate=_summary)
    detail = Text(required=True)


class CardPart(Strict):
    indicator = Text(validate=_one_of(Indicator))
    summary = Text(validate=_summary)
    detail = Text()


class SuggestionFile(Strict):
    label = Text()
    order = Text()
    replaces = Text()
    deletes = Text()
    changes = Text()
    completes = Text()
    when = fields.List(fields.Raw())


class VariantFile(Strict):
    when = fields.List(fields.Raw(), required=True, validate=validate.Length(min=1))
    card = fields.Nested(CardPart)
    suggestions = fields.Raw()


class EscalationFile(Strict):
    to = Text(required=True, validate=_one_of(Indicator))
    when = fields.List(fields.Raw(), required=True, validate=validate.Length(min=1))


class CardFile(Strict):
    """``<id>.yaml``: one recommendation."""

    id = Text(required=True)
    title = Text(required=True)
    kind = Text(required=True, validate=_one_of(Kind))
    stage = Text(required=True)
    status = Text(required=True, validate=_one_of(("draft", "active", "retired")))
    hooks = fields.List(Text(validate=_one_of(Hook)), required=True, validate=validate.Length(min=1))
    rank = Whole(required=True)
    review = fields.Nested(Review, required=True)
    why = Text(required=True)
    evidence = fields.Nested(EvidenceOfCard, required=True)
    when = fields.List(fields.Raw(), required=True, validate=validate.Length(min=1))
    unless = fields.List(fields.Raw(), load_default=list)
    despite = fields.List(fields.Raw(), load_default=list)
    yields_to = fields.List(Text(), load_default=list)
    cap = Text(validate=_one_of(("exempt",)))
    switch = Text(validate=_one_of(SWITCHES))
    card = fields.Nested(CardText, required=True)
    variants = fields.List(fields.Nested(VariantFile), load_default=list)
    escalate = fields.List(fields.Nested(EscalationFile), load_default=list)
    suggestions = fields.List(fields.Nested(SuggestionFile), load_default=list)
    choose = Text(validate=_one_of(("at-most-one", "any")), load_default="at-most-one")
    override_reasons = fields.List(Text(), required=True, validate=validate.Length(min=1))
    snooze = Text(required=True, validate=_one_of(Snooze))
    snooze_after = fields.Dict(keys=Text(), values=Text(validate=_one_of(Snooze)), load_default=dict)
    cases = fields.List(fields.Dict(), required=True, validate=validate.Length(min=1))


class BandFile(Strict):
    label = Text(required=True)
    when = fields.List(fields.Raw(), load_default=list)
    draft = fields.Dict(required=True)


class OrderFile(Strict):
    """``orders/<id>.yaml``: something that a card can draft; ``changes_only``: only what a card changes in a draft."""

    id = Text(required=True)
    title = Text(required=True)
    resource = Text(required=True, validate=_one_of(RESOURCE_TYPES))
    changes_only = fields.Boolean(load_default=False, truthy={True}, falsy={False})
    when = fields.List(fields.Raw(), load_default=list)
    unless = fields.List(fields.Raw(), load_default=list)
    bands = fields.List(fields.Nested(BandFile), required=True, validate=validate.Length(min=1))


class ReferenceFile(Strict):
    title = Text(required=True)
    url = Text(required=True, validate=validate.URL(schemes={"https"}, require_tld=True))


class EndFile(Strict):
    when = fields.List(fields.Raw(), load_default=list)
    unless = fields.List(fields.Raw(), load_default=list)


class StageFile(Strict):
    title = Text(required=True)
    summary = Text(required=True)
    from_day = Whole(load_default=None)
    all_along = fields.Boolean(load_default=False, truthy={True}, falsy={False})
    gated = fields.Boolean(load_default=True, truthy={True}, falsy={False})
    needs = fields.List(fields.Raw(), load_default=list)
    blocked = fields.List(fields.Raw(), load_default=list)
    under_way = fields.List(fields.Raw(), load_default=list)
    done = fields.Nested(EndFile, load_default=lambda: {"when": [], "unless": []})
    ended = fields.Nested(EndFile, load_default=lambda: {"when": [], "unless": []})


class StagesFile(Strict):
    """``stages.yaml``: the stages of the pathway in order."""

    stages = fields.Dict(keys=Text(), values=fields.Nested(StageFile), required=True, validate=validate.Length(min=1))


class EvidenceFile(Strict):
    """``evidence.yaml``: the sources by name, and the outside references."""

    sources = fields.Dict(keys=Text(), values=Text(), required=True)
    references = fields.Dict(keys=Text(), values=fields.Nested(ReferenceFile), required=True)


class StatementFile(Strict):
    gist = Text(required=True, validate=validate.Length(max=112, error="a gist has at most {max} characters"))
    settled_by = fields.List(Text(), load_default=list)
    rejected_by = Text(load_default=None)
    value_sets = fields.List(Text(), load_default=list)
    not_computable = Text(load_default=None)
    missing = Text(load_default=None)


class StatementsFile(Strict):
    """``statements.yaml``: what the sources say, in short, and what became of it beside the cards."""

    statements = fields.Dict(keys=Text(), values=fields.Nested(StatementFile), required=True)


class ConflictFile(Strict):
    title = Text(required=True)
    disagrees = Text(required=True)
    resolution = Text(required=True)
    cards = fields.List(Text(), required=True)
    elsewhere = Text(load_default=None)


class ConflictsFile(Strict):
    """``conflicts.yaml``: where the sources disagree, and how that is settled."""

    conflicts = fields.Dict(keys=Text(), values=fields.Nested(ConflictFile), required=True)


class ReasonFile(Strict):
    display = Text(required=True)
    category = Text(required=True, validate=_one_of(HL7_CATEGORIES))


class ReasonsFile(Strict):
    """``override-reasons.yaml``"""

    reasons = fields.Dict(keys=Text(), values=fields.Nested(ReasonFile), required=True)


class LimitsFile(Strict):
    """One table of ``dose-limits.yaml``: ceilings in mg a day for bands of kidney function in mL/min."""

    title = Text(required=True)
    source = Text(required=True)
    bands = fields.List(Whole(), required=True, validate=validate.Length(min=1))
    ceilings = fields.Dict(keys=Text(), values=fields.List(fields.Float()), required=True)


class FactorsFile(Strict):
    """``opioid-factors.yaml``: mg of morphine by mouth for one mg of an opioid, or for one microgram an hour of a patch."""

    title = Text(required=True)
    source = Text(required=True)
    factors = fields.Dict(keys=Text(), values=_factor(), required=True, validate=validate.Length(min=1))
    per_mcg_per_hour = fields.Dict(keys=Text(), values=_factor(), load_default=dict)
    left_out = fields.List(Text(), load_default=list)


def messages(error: ValidationError) -> list[str]:
    """The faults that marshmallow found, one sentence each, with the place of each."""
    return [f"{place}: {text}" for place, text in _walk(error.messages, "")]


def _walk(found: Any, place: str) -> list[tuple[str, str]]:
    if isinstance(found, dict):
        return [pair for key, value in found.items() for pair in _walk(value, f"{place}.{key}" if place else str(key))]
    return [(place, _plain(str(text))) for text in (found if isinstance(found, list) else [found])]


_PLAIN = {"Unknown field.": "unknown key", "Missing data for required field.": "is missing"}


def _plain(text: str) -> str:
    return _PLAIN.get(text, text)
