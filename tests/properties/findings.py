"""Measurements: kidneys, blood pressure, heart, pregnancy, pain, scores, fever and the examination."""

from __future__ import annotations

from .catalogue import EXAMINATIONS, LOCAL, LOINC, SCORES, SCT
from .recorder import Recorder, concept
from .story import GivenReading

_EGFR = (90, 60, 59.6, 59, 45, 30, 29.9, 29, 15, 14, 75, 61, 88, 100)
_TEXTS = (">60", ">90", "<15", "<30", "<60", ">=60", ">=30", ">15", "pending")
_UNITS = ("mL/min/{1.73_m2}", "mL/min/{1.73_m2}", "mL/min/{1.73_m2}", None, "mL/min", "L/h")
_RECENT = (60, 1, 30, 0, 364, 365, 60, 10, 14, 366, 700, 60)
_PRESSURES = ((128, 80), (120, 75), (140, 85), (110, 70), (159, 99), (160, 90), (150, 100), (180, 110), (135, None))
_STRENGTHS = ("exam-strength-ankle-dorsiflexion", "exam-strength-knee-flexion")


def measured(recorder: Recorder) -> None:
    """Whatever was measured. On order hooks mostly what a medicine depends on."""
    tape, hook = recorder.tape, recorder.story.hook
    ordering = hook != "patient-view"
    if ordering and recorder.story.calm and not tape.one_in(3):
        _well(recorder)
        for _ in range(tape.pick((0, 0, 0, 0, 1))):
            tape.pick((_kidney, _pressure, _pregnancy, _other))(recorder)
        return
    for _ in range(tape.pick((1, 1, 1, 0, 2)) if ordering else tape.pick((0, 0, 1))):
        _kidney(recorder)
    for _ in range(tape.pick((1, 1, 1, 0, 2)) if ordering else tape.pick((0, 0, 0, 1))):
        _pressure(recorder)
    for _ in range(tape.pick((1, 1, 1, 0, 2))):
        _pregnancy(recorder)
    for _ in range(
        tape.pick((0, 0, 0, 1, 2) if recorder.story.theme in ("therapy", "refractory", "patient") else (0, 0, 0, 0, 0, 1))
    ):
        _outcome(recorder)
    for _ in range(tape.pick((0, 0, 0, 0, 0, 0, 1) if recorder.story.calm else (0, 0, 0, 1, 2))):
        _other(recorder)


def _well(recorder: Recorder) -> None:
    """What a medicine depends on was measured, and mostly allows it."""
    tape = recorder.tape
    value = GivenReading("egfr", tape.pick(_RECENT[:5]), tape.pick((90, 75, 60, 59.6, 45, 30, 29)), unit=_UNITS[0])
    recorder.reading(value, recorder.code_of("egfr"))
    _pressure(recorder)
    if recorder.story.sex != "male" and not tape.one_in(6):
        given = GivenReading("pregnancy-status", 14, says="not-pregnant")
        code = concept(SCT, "60001007")
        recorder.reading(given, concept(LOINC, "82810-3"), valueCodeableConcept=code)


def _kidney(recorder: Recorder) -> None:
    tape = recorder.tape
    days = None if tape.one_in(24) else tape.pick(_RECENT)
    code = recorder.code_of("egfr")
    form = tape.below(16 if recorder.story.calm else 8)
    if form == 7:
        text = tape.pick(_TEXTS)
        sign, number = text.rstrip("0123456789"), text.lstrip("<>=")
        value = float(number) if number.isdigit() else None
        recorder.reading(GivenReading("egfr", days, value, sign if value is not None else ""), code, text=text)
    elif form == 6:
        sign = tape.pick((">", "<", ">=", "<="))
        recorder.reading(GivenReading("egfr", days, tape.pick((60, 90, 30, 15)), sign, "mL/min/{1.73_m2}"), code)
    elif form == 5:
        value, unit = tape.pick(((1.0, "mg/dL"), (2.2, "mg/dL"), (88.4, "umol/L"), (300, "umol/L"), (1.1, None)))
        recorder.reading(GivenReading("serum-creatinine", days, value, unit=unit), concept(LOINC, "2160-0"))
        if not tape.one_in(4):
            weight, scale = tape.pick(((80, "kg"), (45, "kg"), (150, "[lb_av]"), (120, "kg")))
            given = GivenReading("body-weight", tape.pick(_RECENT), weight, unit=scale)
            recorder.reading(given, concept(LOINC, "29463-7"))
    else:
        recorder.reading(
            GivenReading("egfr", days, tape.pick(_EGFR), unit=tape.pick(_UNITS[:5] if recorder.story.calm else _UNITS)), code
        )


def _pressure(recorder: Recorder) -> None:
    tape = recorder.tape
    upper, lower = tape.pick(_PRESSURES)
    parts = [
        {"code": concept(LOINC, code), "valueQuantity": {"value": value, "code": "mm[Hg]"}}
        for code, value in (("8480-6", upper), ("8462-4", lower))
        if value is not None
    ]
    given = GivenReading("blood-pressure", tape.pick(_RECENT), parts=(upper, lower))
    recorder.reading(given, concept(LOINC, "85354-9"), component=parts)


def _pregnancy(recorder: Recorder) -> None:
    tape = recorder.tape
    if recorder.story.sex == "male" and not tape.one_in(12):
        return
    form = tape.below(12 if recorder.story.calm else 8)
    if form == 7:
        due = tape.pick((-40, 40, -1))
        recorder.reading(GivenReading("delivery-date", -due), concept(LOINC, "11778-8"), valueDateTime=recorder.ago(due))
        return
    says = "pregnant" if form == 6 else "not-pregnant"
    days = tape.pick((14, 1, 30, 89, 90, 91, 293, 294, 295))
    code = concept(SCT, {"pregnant": "77386006", "not-pregnant": "60001007"}[says])
    recorder.reading(GivenReading("pregnancy-status", days, says=says), concept(LOINC, "82810-3"), valueCodeableConcept=code)


def _outcome(recorder: Recorder) -> None:
    tape = recorder.tape
    days = tape.pick((1, 20, 30, 41, 42, 56, 80, 90, 91, 100, 130, 179, 181))
    if tape.one_in(3):
        tag = tape.pick(SCORES)
        recorder.reading(GivenReading(tag, days, tape.pick((4, 12, 19, 40, 55, 60, 90))), concept(LOCAL, tag))
    else:
        value, unit = tape.pick(
            ((6, "{score}"), (4, "{score}"), (3, "{score}"), (7, "{score}"), (60, "mm"), (11, "{score}"), (0, None))
        )
        recorder.reading(GivenReading("pain-score", days, value, unit=unit), recorder.code_of("pain-score"))


def _other(recorder: Recorder) -> None:
    tape = recorder.tape
    days = tape.pick((1, 3, 7, 8, 14, 15, 30, 31, 90, 400))
    match tape.below(6):
        case 0:
            given = GivenReading("qtc", days, tape.pick((430, 499, 500, 520)), unit="ms")
            recorder.reading(given, recorder.code_of("qtc"))
        case 1:
            value, unit = tape.pick(
                ((37.0, "Cel"), (37.9, "Cel"), (38.0, "Cel"), (100.3, "[degF]"), (100.4, "[degF]"), (39, None))
            )
            recorder.reading(GivenReading("body-temperature", days, value, unit=unit), concept(LOINC, "8310-5"))
        case 2:
            value, unit = tape.pick(((5, "mg/L"), (20, "mg/L"), (40, "mg/L"), (2.1, "mg/dL")))
            recorder.reading(GivenReading("c-reactive-protein", days, value, unit=unit), concept(LOINC, "1988-5"))
        case 3:
            recorder.reading(GivenReading("sodium", days, tape.pick((140, 134, 128)), unit="mmol/L"), concept(LOINC, "2951-2"))
        case 4:
            tag = tape.pick(_STRENGTHS)
            recorder.reading(GivenReading(tag, days, tape.pick((5, 4, 3, 2))), concept(LOCAL, tag))
        case _:
            tag = tape.pick(EXAMINATIONS)
            positive = concept(SCT, tape.pick(("10828004", "260385009")))
            recorder.reading(GivenReading(tag, days), concept(LOCAL, tag), valueCodeableConcept=positive)
