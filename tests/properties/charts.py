"""Generated charts: whole hook requests, weighted towards a pathway syndrome and a risky order."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from typing import Any

from cds_service.check import CASE_DAY
from cds_service.fhir.prefetch import SOURCES

from . import care, courses, drugs, findings
from .codes import ANYTHING, CORE, RED_FLAGS, RISKS, WIDE, WORDS
from .recorder import PATIENT, Recorder, concept
from .story import Resource, Story
from .tape import Tape

THEMES = (
    *(
        "opioid",
        "opioid",
        "opioid",
        "opioid",
        "patient",
        "pair",
        "sciatica",
        "kidney",
        "therapy",
        "therapy",
        "medicine",
        "service",
        "tendon",
    ),
    *("refractory", "refractory", "refractory", "hamstring", "flag", "child"),
)
_SELECTING = ("opioid", "pair", "sciatica", "kidney", "medicine", "service", "tendon")
_IN_CARE = ("piriformis-syndrome", "ischiofemoral-impingement", "deep-gluteal-syndrome")  # what injections and operations are for
_GROWN = (45, 54, 25, 64, 65, 24, 72)
_AGES = (45, 54, 24, 25, 64, 65, 17, 18, 11, 12, 55, 56, 30, 40, 49, 50, 72, 88, 6)
_ONSETS = (30, 1, 14, 15, 41, 42, 43, 89, 90, 91, 180, 181, 183, 184, 364, 365, 366, 900)
_NERVE = ("piriformis-syndrome", "deep-gluteal-syndrome", "gemelli-obturator-syndrome")
_STATUSES = ("active", "active", "active", "active", "recurrence", "", "resolved", "inactive", "remission", "relapse")
_PROOFS = ("confirmed", "confirmed", "confirmed", "confirmed", "", "provisional", "differential", "refuted", "entered-in-error")


def story_of(data: bytes) -> Story:
    """The chart that these bytes stand for."""
    tape = Tape(data)
    theme = tape.pick(THEMES)
    hook = tape.pick(("order-select", "order-select", "order-sign")) if theme in _SELECTING else "patient-view"
    if tape.one_in(12):
        hook = tape.pick(("patient-view", "order-select", "order-sign"))
    story = Story(hook=hook, today=CASE_DAY, theme=theme, calm=tape.below(4) < 3)
    recorder = Recorder(tape, story)
    person = _person(tape, story)
    _problems(recorder)
    drugs.taken(recorder)
    drugs.allergies(recorder)
    findings.measured(recorder)
    care.given(recorder)
    courses.run(recorder)
    _anything(recorder)
    drafts, selections = drugs.ordered(recorder)
    context: Resource = {"userId": "Practitioner/1", "patientId": PATIENT}
    if tape.one_in(3):
        context["encounterId"] = "encounter-0"
    if hook != "patient-view":
        entries = [{"resource": draft} for draft in drafts]
        context["draftOrders"] = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    if hook == "order-select":
        context["selections"] = selections
    prefetch = _prefetch(person, recorder)
    instance = str(uuid.UUID(int=0, version=4))
    story.request = {"hook": hook, "hookInstance": instance, "context": context, "prefetch": prefetch}
    _lose(tape, story)
    return story


def _person(tape: Tape, story: Story) -> Resource:
    patient: Resource = {"resourceType": "Patient", "id": PATIENT}
    age = tape.pick((6, 12, 17, 10)) if story.theme == "child" else tape.pick(_GROWN if story.calm else _AGES)
    form = tape.below(32 if story.calm else 16)
    shift = tape.pick((0, 0, 100, 200, -1))  # days after the birthday; -1: the birthday is tomorrow
    born = _years_before(story.today, age) - timedelta(days=shift)
    exact = _years_between(born, story.today)
    if form == 15:
        story.ages = None
    elif form == 14:
        patient["birthDate"] = str(born.year)
        story.ages = (_years_between(date(born.year, 12, 31), story.today), _years_between(date(born.year, 1, 1), story.today))
    elif form == 13:
        patient["birthDate"] = born.isoformat()[:7]
        first = born.replace(day=1)
        last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        story.ages = (_years_between(last, story.today), _years_between(first, story.today))
    else:
        patient["birthDate"] = born.isoformat()
        story.ages = (exact, exact)
    story.sex = tape.pick(("male", "male", "male", "female", "female", "other", ""))
    if story.sex:
        patient["gender"] = story.sex
    return patient


def _years_before(day: date, years: int) -> date:
    return day.replace(year=day.year - years)


def _years_between(born: date, today: date) -> int:
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def _problems(recorder: Recorder) -> None:
    tape, theme = recorder.tape, recorder.story.theme
    core = {
        "sciatica": ("sciatica", "lumbosacral-radiculopathy"),
        "hamstring": ("hamstring-strain",),
        "tendon": ("hamstring-strain", "ischiofemoral-impingement"),
        "refractory": _IN_CARE,
    }.get(theme)
    for number in range(tape.pick((1, 1, 1, 2)) if recorder.story.calm else tape.pick((1, 1, 2, 0))):
        tag = tape.pick(
            core
            if core and not number
            else _NERVE
            if theme in ("opioid", "pair") and recorder.story.calm
            else (*CORE, "piriformis-syndrome", *WORDS)
        )
        _syndrome(recorder, tag)
    if tape.one_in(8):
        recorder.problem(tag := tape.pick(WIDE), recorder.code_of(tag), tape.pick(_ONSETS))
    for _ in range(tape.pick((0, 0, 1) if recorder.story.calm else (0, 0, 1, 1, 2, 3))):
        _comorbidity(recorder, tape.pick(RISKS))
    if tape.one_in(2 if theme in ("flag", "child") else 24):
        _comorbidity(recorder, tape.pick(RED_FLAGS))


def _syndrome(recorder: Recorder, tag: str) -> None:
    tape = recorder.tape
    days = None if tape.one_in(10) else tape.pick(_ONSETS)
    more: dict[str, Any] = {}
    if tape.one_in(3):
        more["bodySite"] = [{"text": tape.pick(("right", "left", "bilateral"))}]
    if tag == "hamstring-strain" and tape.one_in(2):
        grade = f"hamstring-grade-{tape.pick((1, 2, 3))}"
        more["stage"] = [{"summary": recorder.code_of(grade)}]
    coded = tag in CORE and not tape.one_in(4)
    code = recorder.code_of(tag) if coded else {"text": WORDS[tag]}
    steady = recorder.story.calm or tape.below(4) < 3  # mostly what opens the pathway
    status, proof = ("active", "confirmed") if steady else (tape.pick(_STATUSES), tape.pick(_PROOFS))
    recorder.problem(tag, code, days, status, proof, **more)


def _comorbidity(recorder: Recorder, tag: str) -> None:
    tape = recorder.tape
    more: dict[str, Any] = {"abatementDateTime": recorder.ago(3)} if tape.one_in(16) else {}
    days = None if tape.one_in(10) else tape.pick(_ONSETS)
    recorder.problem(tag, recorder.code_of(tag), days, tape.pick(_STATUSES), tape.pick(_PROOFS), **more)


def _anything(recorder: Recorder) -> None:
    """A code of any value set that is loaded, wherever it may stand."""
    tape = recorder.tape
    for _ in range(tape.pick((0, 0, 0, 0, 0, 1) if recorder.story.calm else (0, 0, 0, 1, 2))):
        tag = tape.pick(ANYTHING)
        code, days = recorder.code_of(tag), tape.pick(_ONSETS)
        match tape.below(8):
            case 0 | 1:
                recorder.problem(tag, code, days, tape.pick(_STATUSES), tape.pick(_PROOFS))
            case 2:
                shown = {"valueBoolean": True} if tape.one_in(2) else {"valueCodeableConcept": {"text": "Positive"}}
                recorder.put("Observation", status="final", code=code, effectiveDateTime=recorder.ago(days), **shown)
            case 3:
                recorder.deed("Procedure", tag, code, days, "completed")
            case 4:
                recorder.deed("ServiceRequest", tag, code, days, "active")
            case 5:
                recorder.deed("DiagnosticReport", tag, code, days, "final")
            case 6:
                recorder.deed("Encounter", "-", concept("urn:none", "office"), days, "finished", reasonCode=[code])
            case _:
                recorder.deed(tape.pick(("CarePlan", "Flag", "EpisodeOfCare")), tag, code, days, "active")


def _prefetch(person: Resource, recorder: Recorder) -> dict[str, Any]:
    found: dict[str, Any] = {"Patient": person}
    for source in SOURCES:
        kind = source.resource_type
        if kind != "Patient":
            entries = [{"resource": resource} for resource in recorder.resources.get(kind, ())]
            found[kind] = {"resourceType": "Bundle", "type": "searchset", "entry": entries}
    return found


def _lose(tape: Tape, story: Story) -> None:
    """Some of what was asked for did not come."""
    if not tape.one_in(8 if story.calm else 3):
        return
    prefetch = story.request["prefetch"]
    for _ in range(tape.pick((1, 1, 2, 4))):
        kind = tape.pick(SOURCES).resource_type
        if kind in prefetch:
            story.lost.add(kind)
            lose(prefetch, kind, tape.pick(LOSSES))


LOSSES = ("failed", "absent", "short", "broken")


def lose(prefetch: dict[str, Any], kind: str, how: str) -> None:
    """Makes a kind of resource unreadable: refused, not sent, cut short after the first half, or one entry spoilt."""
    value = prefetch.get(kind, {})
    bundle = value.get("resourceType") == "Bundle"
    if how == "absent":
        prefetch.pop(kind, None)
    elif how == "failed" or not bundle:
        prefetch[kind] = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "forbidden"}]}
    elif how == "short":
        entries = value["entry"][: len(value["entry"]) // 2]
        link = [{"relation": "next", "url": f"https://ehr.example/{kind}?page=2"}]
        prefetch[kind] = {**value, "entry": entries, "link": link}
    else:
        prefetch[kind] = {**value, "entry": [*value["entry"][:-1], {"resource": {"resourceType": kind, "id": "spoilt"}}]}
