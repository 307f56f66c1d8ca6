"""From hook request to cards: gather, read, ask, decide, compose. HTTP stands before it and after it (web/)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, tzinfo

from .compose import Card, CardForm, Composer
from .content.library import Library, Service
from .errors import MissingData
from .fhir.client import Base, FhirClient
from .fhir.gather import gather
from .fhir.hook import HookRequest
from .fhir.lens import Lens
from .fhir.medicines import Pharmacopoeia
from .fhir.orders import Session
from .fhir.prefetch import IN_PART, NO_WAY
from .fhir.reader import Reader
from .fhir.session import with_drafts
from .pathway.answers import Answer
from .pathway.chart import Chart
from .pathway.decide import Caps, Outcome, decide
from .pathway.gaps import in_scope_as_far_as_read
from .pathway.recommendation import Hook
from .pathway.rests import Recall
from .pathway.scope import in_posterior_hip_scope


@dataclass(frozen=True, slots=True)
class Consultation:
    """One answered call: the chart that was read, every decision, and the cards."""

    chart: Chart
    outcome: Outcome
    cards: Sequence[Card]


class Pipeline:
    """Built once at start; holds nothing of any patient."""

    def __init__(self, library: Library, client: FhirClient, zone: tzinfo, caps: Caps) -> None:
        self._library = library
        self._medicines = Pharmacopoeia(library.terminology)
        self._client = client
        self._zone = zone
        self._caps = caps
        self._forms = {r.id: CardForm(r, library.version) for r in library.recommendations}

    def run(
        self,
        service: Service,
        request: HookRequest,
        today: date,
        pages: str | None = None,
        *,
        explain: bool = False,
        servers: frozenset[Base] | None = None,
        recall: Recall | None = None,
    ) -> Consultation:
        """Answers one call. ``servers`` are the FHIR bases that the caller may name, ``recall`` what the clinicians have
        answered before. Raises MissingData when the problem list cannot be had and nothing can be said without it."""
        records = gather(request, service.sources, self._client, servers)
        lens = Lens(records, request.patient, self._medicines, today, self._zone)
        chart = with_drafts(Reader(lens).chart(), lens, request.draft_orders, request.selections)
        self._require_problems(service, chart)
        cap = self._caps.patient_view if service.hook is Hook.PATIENT_VIEW else self._caps.orders
        resting = (lambda decision: recall.rest(decision, chart)) if recall else (lambda _: None)
        outcome = decide(service.recommendations, chart, cap, ask_everything=explain, resting=resting)
        session = Session(request.patient, request.encounter, today, "")
        return Consultation(chart, outcome, Composer(chart, outcome, session, pages, self._forms).cards())

    def _require_problems(self, service: Service, chart: Chart) -> None:
        """Conditions are the only required data. Without any way to read them: 412. Tried and failed: 412, except on an
        order hook when a selected order is a medicine that this service checks; then its cards say what was not done. Read
        in part is enough where what was read puts the patient on the pathway."""
        gaps = [gap for gap in chart.unread("problems") if gap.what == "Condition"]
        if not gaps or (all(gap.reason in IN_PART for gap in gaps) and in_posterior_hip_scope(chart).answer is Answer.YES):
            return
        no_way = any(gap.reason in NO_WAY for gap in gaps)
        checked = service.hook is not Hook.PATIENT_VIEW and in_scope_as_far_as_read(chart).answer is Answer.YES
        if no_way or not checked:
            raise MissingData(
                f"Condition: {gaps[0].reason}. The problem list is required.", "prefetch.Condition", gaps=chart.gaps
            )
