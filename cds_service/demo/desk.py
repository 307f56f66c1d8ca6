"""What each click of the demo does to a visit: the steps of somebody who works with an EHR."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from werkzeug.datastructures import MultiDict

from ..errors import NotFound
from ..fhir.terminology import Terminology
from ..pathway.recommendation import Hook
from .menu import Menu
from .own import Own
from .personas import reference
from .visit import NotPossible, Visit
from .what_if import NoSuchChange, changes_from
from .wire import CdsClient

Form = MultiDict[str, str]
Step = Callable[[Visit, Form], None]


class Desk:
    """The steps, by name. ``clock`` tells the moment at which the service evaluates."""

    def __init__(self, client: CdsClient, menu: Menu, terminology: Terminology, clock: Callable[[], datetime]) -> None:
        self._client = client
        self._menu = menu
        self._terminology = terminology
        self._clock = clock
        self._steps: Mapping[str, Step] = {
            "open": self._open,
            "order": self._order,
            "remove": self._remove,
            "sign": self._sign,
            "sign-all-the-same": self._sign_all_the_same,
            "accept": lambda visit, form: visit.accept(form.get("card", ""), form.get("suggestion", ""), clock()),
            "dismiss": lambda visit, form: visit.dismiss(form.get("card", ""), form.get("reason", ""), clock()),
            "undo": lambda visit, form: visit.undo(form.get("card", "")),
            "feedback": lambda visit, _: visit.deliver(client),
            "what-if": self._what_if,
        }

    def do(self, step: str, visit: Visit, form: Form) -> None:
        """Does one step. What cannot be done is told as the notice of the visit. Raises NotFound for an unknown step."""
        if step not in self._steps:
            raise NotFound("There is no such step.")
        try:
            self._steps[step](visit, form)
        except (NotPossible, NoSuchChange) as refusal:
            visit.notice = str(refusal)

    def begin(self, visit: Visit, own: Own | None = None) -> None:
        """Opens the chart; a hook request of somebody's own is sent as it came."""
        if own and own.body is not None:
            visit.send(self._client, own.hook, own.body, own.selections)
        else:
            self._fire(visit, Hook.PATIENT_VIEW)

    def _fire(self, visit: Visit, hook: Hook, *selections: str) -> None:
        visit.fire(self._client, self._terminology, self._clock(), hook, selections)

    def _fire_again(self, visit: Visit) -> None:
        """The hook of before, with what is still drafted."""
        drafted = {reference(draft) for draft in visit.drafts}
        selections = [ref for ref in visit.selections if ref in drafted]
        nothing_left = not drafted or (visit.hook is Hook.ORDER_SELECT and not selections)
        self._fire(visit, Hook.PATIENT_VIEW if nothing_left else visit.hook, *selections)

    def _open(self, visit: Visit, _: Form) -> None:
        self._fire(visit, Hook.PATIENT_VIEW)

    def _order(self, visit: Visit, form: Form) -> None:
        chosen = visit.add(self._menu, form.get("order", ""), self._clock().date().isoformat())
        self._fire(visit, Hook.ORDER_SELECT, chosen)

    def _remove(self, visit: Visit, form: Form) -> None:
        visit.remove(form.get("ref", ""))
        self._fire_again(visit)

    def _sign(self, visit: Visit, form: Form) -> None:
        """Signing asks the service first; where it has nothing to say, it is done with that."""
        self._fire(visit, Hook.ORDER_SIGN)
        if not visit.cards and not visit.problem:
            self._sign_all_the_same(visit, form)

    def _sign_all_the_same(self, visit: Visit, _: Form) -> None:
        visit.sign()
        self._fire(visit, Hook.PATIENT_VIEW)
        visit.notice = f"Signed. {visit.notice}"

    def _what_if(self, visit: Visit, form: Form) -> None:
        visit.changes = changes_from(form, form.getlist("added"), form.getlist("without"))
        self._fire_again(visit)
