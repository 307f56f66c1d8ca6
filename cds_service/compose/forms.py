"""What a card says alike to everybody, put together once when the service starts.

The cards of an answer share these dictionaries and lists: whoever gets a card reads it and changes nothing in it.
"""

from __future__ import annotations

from ..fhir.orders import DraftForm
from ..pathway.recommendation import Band, Order, Recommendation, Suggestion, Variant
from .text import Template

TOPIC_SYSTEM = "https://example.org/fhir/CodeSystem/posterior-hip-recommendations"
REASON_SYSTEM = "https://example.org/fhir/CodeSystem/posterior-hip-override-reasons"
SERVICE_NAME = "Posterior hip pain pathway"


class CardForm:
    """One recommendation."""

    def __init__(self, recommendation: Recommendation, version: str) -> None:
        evidence = recommendation.evidence
        self.id = recommendation.id
        self.label = evidence.label
        self.topic = {"system": TOPIC_SYSTEM, "code": recommendation.id, "display": recommendation.title}
        statements = f" Statements {', '.join(evidence.statements)}." if evidence.statements else ""
        reviewed = f"Content {version}, reviewed {recommendation.review['last']}."
        self.evidence = f"\n\n*Evidence: {evidence.strength}.{statements} {reviewed}*"
        self.choose = recommendation.choose
        self.override_reasons = [
            {"code": r.code, "system": REASON_SYSTEM, "display": r.display} for r in recommendation.override_reasons
        ]
        self.links = [{"label": link.label, "url": link.url, "type": "absolute"} for link in recommendation.links]
        self.note = f"Drafted from card {recommendation.id} of the {SERVICE_NAME} service. Review and complete before signing."
        self._plain = Face(recommendation, None, self.note)
        self._variants = [Face(recommendation, variant, self.note) for variant in recommendation.variants]

    def face(self, variant: Variant | None) -> Face:
        """What this variant shows."""
        if variant is None:
            return self._plain
        return next(face for face in self._variants if face.variant is variant)


class Face:
    """The text and the buttons of a card, or of one of its variants."""

    def __init__(self, recommendation: Recommendation, variant: Variant | None, note: str) -> None:
        self.variant = variant
        self.summary = (variant and variant.summary) or recommendation.summary
        self.detail = Template((variant and variant.detail) or recommendation.detail)
        offered = recommendation.suggestions
        if variant and variant.suggestions is not None:
            offered = variant.suggestions
        self.offers = [Offer(spec, note) for spec in offered]


class Offer:
    """One button, with the drafts that it can create."""

    def __init__(self, spec: Suggestion, note: str) -> None:
        self.spec = spec
        self.note = note
        creates = spec.order if spec.order and not (spec.changes or spec.completes) else None
        self._creations = {id(band): _Creation(creates, band, note) for band in creates.bands} if creates else {}

    def creation(self, band: Band) -> _Creation:
        """The draft in this form of its order."""
        return self._creations[id(band)]


class _Creation:
    """The action that creates a draft."""

    def __init__(self, order: Order, band: Band, note: str) -> None:
        self.description = f"Draft: {band.label}"
        self.form = DraftForm(order.resource_type, band.template, band.dated, note)
