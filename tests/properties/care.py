"""Care around the problem: physiotherapy visits, injections, images, referrals, plans and palliative care."""

from __future__ import annotations

from .catalogue import FINDINGS, IMAGING, INJECTIONS, LOCAL, NERVE_STUDIES, REFERRALS, SCT, SURGERY, TREATMENTS
from .courses import UNCHANGED, pain
from .recorder import Recorder, concept
from .story import Resource

_FIRST = (42, 41, 43, 89, 90, 91, 28, 27, 100, 120, 179, 5)
_LAST = (1, 3, 9, 40, 41, 42, 89, 90, 91)


def given(recorder: Recorder) -> None:
    tape, theme = recorder.tape, recorder.story.theme
    refractory = theme == "refractory"
    if theme in ("therapy", "refractory") or tape.one_in(6):
        _visits(recorder)
    for _ in range(tape.pick((0, 1, 2)) if refractory or theme == "therapy" else tape.pick((0, 0, 0, 1))):
        _treatment(recorder)
    if refractory and tape.one_in(2):
        _exhausted(recorder)
    if theme == "service" and tape.one_in(2):
        _injected_often(recorder)
    for _ in range(tape.pick((1, 0, 2, 1)) if refractory or theme == "service" else tape.pick((0, 0, 0, 0, 0, 1))):
        _injection(recorder)
    for _ in range(tape.pick((1, 0, 2, 1)) if refractory else tape.pick((0, 0, 0, 0, 0, 1))):
        _image(recorder)
    for _ in range(tape.pick((0, 0, 0, 0, 1))):
        system, code, text = tape.pick((*REFERRALS, *SURGERY[-1:]))
        tag = "palliative-care" if code == "306237005" else code
        status = tape.pick(("active", "completed", "revoked"))
        recorder.deed("ServiceRequest", tag, concept(system, code, text), tape.pick((10, 180, 181)), status)
    if tape.one_in(24):
        _palliative(recorder)
    if tape.one_in(10):
        plan = concept(SCT, "229065009", "Exercise therapy")
        recorder.deed("CarePlan", "exercise-plan", plan, None, tape.pick(("active", "completed", "revoked")))


def _visits(recorder: Recorder) -> None:
    tape = recorder.tape
    if recorder.story.theme == "refractory" and tape.one_in(2):
        _in_vain(recorder)
        return
    first = tape.pick((90, 91, 100, 120, 89, 150) if recorder.story.theme == "refractory" else _FIRST)
    last = min(tape.pick(_LAST), first)
    count = tape.pick((11, 6, 14, 15, 16, 4, 3, 8, 1) if recorder.story.theme == "refractory" else (3, 6, 14, 15, 16, 2, 1, 8))
    status = tape.pick(("finished", "finished", "finished", "in-progress", "planned"))
    _attended(recorder, first, last, count, status)
    if recorder.story.theme == "refractory" or tape.one_in(4):
        pain(recorder, first)


def _attended(recorder: Recorder, first: int, last: int, count: int, status: str) -> None:
    """Visits spread from the first day to the last."""
    kind = concept(SCT, "91251008", "Physical therapy procedure")
    for number in range(count):
        days = first - (first - last) * number // max(count - 1, 1)
        recorder.deed("Encounter", "physiotherapy-visit", kind, days, status)


def _in_vain(recorder: Recorder) -> None:
    """Three months of exercise or more, and the pain is as it was."""
    first = recorder.tape.pick((90, 100, 120, 181))
    _attended(recorder, first, recorder.tape.pick((3, 1, 9)), recorder.tape.pick((11, 14, 8)), "finished")
    pain(recorder, first, UNCHANGED)


def _treatment(recorder: Recorder) -> None:
    tape = recorder.tape
    system, code, text = tape.pick(TREATMENTS)
    status = tape.pick(("completed", "completed", "in-progress", "entered-in-error"))
    recorder.deed("Procedure", code, concept(system, code, text), tape.pick((1, 10, 28, 30, 41, 42, 43, 60, 90)), status)


def _injection(recorder: Recorder) -> None:
    tape = recorder.tape
    system, code, text = tape.pick(INJECTIONS)
    more: Resource = {}
    if tape.one_in(2):
        more["usedCode"] = [
            concept(
                LOCAL,
                tape.pick(("agent-corticosteroid", "agent-corticosteroid", "agent-local-anaesthetic", "agent-botulinum-toxin")),
            )
        ]
    if tape.one_in(2):
        more["outcome"] = concept(SCT, tape.pick(("385671000", "385671000", "385669000", "385670004")))
    if tape.one_in(2):
        more["bodySite"] = [{"text": tape.pick(("right", "left"))}]
    days = tape.pick((60, 14, 29, 30, 31, 83, 84, 85, 120, 200, 364, 366))
    recorder.deed("Procedure", code, concept(system, code, text), days, "completed", **more)


def _exhausted(recorder: Recorder) -> None:
    """An injection that did not help, and an image or a nerve study that shows why."""
    tape = recorder.tape
    system, code, text = INJECTIONS[tape.below(3)]
    used, failed = [concept(LOCAL, "agent-corticosteroid")], concept(SCT, "385671000")
    days = tape.pick((60, 28, 40, 27, 90))
    recorder.deed("Procedure", code, concept(system, code, text), days, "completed", usedCode=used, outcome=failed)
    found = concept(LOCAL, tape.pick((FINDINGS[0], *FINDINGS[:3])))
    report = concept(*tape.pick(IMAGING + NERVE_STUDIES))
    recorder.deed("DiagnosticReport", found["coding"][0]["code"], found, 40, "final", code=report)


def _injected_often(recorder: Recorder) -> None:
    """Injections of corticosteroid at the same place, as many as are advised, or one more."""
    tape = recorder.tape
    system, code, text = tape.pick(INJECTIONS[:4])
    used = [concept(LOCAL, "agent-corticosteroid")]
    for days in tape.pick(((100, 200, 300), (30,), (83,), (90, 180, 364), (100, 200, 366), (84,), (20, 110, 200, 290))):
        recorder.deed("Procedure", code, concept(system, code, text), days, "completed", usedCode=used)


def _image(recorder: Recorder) -> None:
    tape = recorder.tape
    days = tape.pick((40, 1, 100, 364, 366))
    tag = tape.pick(FINDINGS)
    report = concept(*tape.pick(IMAGING + NERVE_STUDIES))
    if tape.one_in(6):
        negative = recorder.code_of("negative-result")
        recorder.deed("DiagnosticReport", "negative-result", negative, days, "final", code=report)
        return
    if tape.one_in(4):
        recorder.put("DiagnosticReport", status="final", code=report, effectiveDateTime=recorder.ago(days))
        return
    status = tape.pick(("final", "final", "final", "registered"))
    recorder.deed("DiagnosticReport", tag, concept(LOCAL, tag), days, status, code=report)


def _palliative(recorder: Recorder) -> None:
    tape = recorder.tape
    code = concept(SCT, tape.pick(("103735009", "385763009")))
    kind, status = tape.pick(
        (
            ("Encounter", "in-progress"),
            ("CarePlan", "active"),
            ("Flag", "active"),
            ("ServiceRequest", "active"),
            ("Encounter", "finished"),
            ("CarePlan", "completed"),
        )
    )
    recorder.deed(kind, "palliative-care", code, 5, status)
