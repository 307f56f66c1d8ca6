"""What takes weeks: nerve-pain medicines with pain before and after, spent injections, and twitching of a muscle."""

from __future__ import annotations

from collections.abc import Sequence

from .catalogue import GABAPENTINOIDS, LOINC, SCT, SNRIS, TRICYCLICS
from .recorder import Recorder, concept
from .story import GivenReading, Resource

_FIRST_LINE = TRICYCLICS + SNRIS + GABAPENTINOIDS
_LONG = (60, 90, 120, 57, 56, 55, 70, 200)
_BUTTOCK, _HAND = concept(SCT, "46862004", "Buttock"), {"text": "Hand"}
_SITES: tuple[list[Resource], ...] = ([], [_BUTTOCK], [_BUTTOCK, _HAND], [_HAND], [{"text": "Left thigh"}])
UNCHANGED = ((5, 5), (6, 7), (6, 5), (7, 7))
_PAIN = (*UNCHANGED, (6, 4), (5, 2))


def run(recorder: Recorder) -> None:
    """What began weeks ago, in the themes that are about it."""
    tape, theme = recorder.tape, recorder.story.theme
    if tape.one_in({"refractory": 4, "patient": 4, "therapy": 8}.get(theme, 32)):
        _trial(recorder)
    if tape.one_in({"flag": 6, "patient": 6, "sciatica": 16}.get(theme, 48)):
        _twitching(recorder)


def _trial(recorder: Recorder) -> None:
    """A first-line medicine that is taken, sometimes for another reason or with a newer dose, and mostly did not help."""
    tape = recorder.tape
    remedy, days = tape.pick(_FIRST_LINE), tape.pick(_LONG)
    more: Resource = {}
    if tape.one_in(6):
        more["reasonCode"] = [recorder.code_of(tape.pick(("reason-to-continue", "general-pain")))]
    recorder.medicine(remedy, days, **more, **_dose(recorder))
    if tape.one_in(4):
        recorder.medicine(remedy, tape.pick((20, 27, 28, 29, 40)), **more, **_dose(recorder))
    if not tape.one_in(6):
        pain(recorder, days)


def _dose(recorder: Recorder) -> Resource:
    tape = recorder.tape
    if tape.one_in(3):
        return {}
    repeat = {"frequency": tape.pick((1, 2, 3)), "period": 1, "periodUnit": "d"}
    amount = {"value": tape.pick((25, 10, 30, 60, 300)), "unit": "mg", "code": "mg"}
    return {"dosageInstruction": [{"timing": {"repeat": repeat}, "doseAndRate": [{"doseQuantity": amount}]}]}


def pain(recorder: Recorder, start: int, pairs: Sequence[tuple[int, int]] = _PAIN) -> None:
    """Pain when something began, so many days ago, and lately: mostly as it was."""
    tape = recorder.tape
    before, after = tape.pick(pairs)
    for value, days in ((before, start + tape.pick((0, 2, 28, 29, -14, -15))), (after, tape.pick((2, 1, 10, 30)))):
        given_score = GivenReading("pain-score", days, value, unit="{score}")
        recorder.reading(given_score, concept(LOINC, "72514-3"))


def _twitching(recorder: Recorder) -> None:
    """Fasciculation as a problem or as a finding, of a named place or of none."""
    tape = recorder.tape
    days, places = tape.pick((20, 60, 179, 180, 181)), tape.pick(_SITES)
    code = recorder.code_of("fasciculation")
    if tape.one_in(3):
        site = {"bodySite": places[-1]} if places else {}
        present = not tape.one_in(4)
        recorder.reading(GivenReading("fasciculation", days), code, valueBoolean=present, **site)
        return
    recorder.problem("fasciculation", code, days, **({"bodySite": places} if places else {}))
    if tape.one_in(8):
        known = tape.pick(("motor-neurone-disease", "leg-weakness"))
        recorder.problem(known, recorder.code_of(known), tape.pick((10, 90, 400)))
