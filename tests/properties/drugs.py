"""Medicines of the record, allergies, and the orders of the session."""

from __future__ import annotations

from .catalogue import (
    BENZODIAZEPINES,
    CLASS_WORDS,
    EVERY,
    GABAPENTINOIDS,
    IMAGING,
    INJECTIONS,
    IRRELEVANT,
    LOCAL,
    NSAIDS,
    OPIOIDS,
    ORDER_DETAILS,
    ORDERED,
    PELVIC_FLOOR,
    PHYSIOTHERAPY,
    REGENERATIVE,
    RELAXANTS,
    SNRIS,
    SURGERY,
    TRICYCLICS,
)
from .recorder import PATIENT, Recorder, concept
from .story import GivenDraft, Remedy, Resource

_DAYS = (10, 1, 14, 27, 28, 29, 41, 42, 43, 56, 60, 89, 90, 120, 364, 366, 800)
_STATUSES = ("active", "active", "active", "active", "stopped", "completed", "on-hold", "cancelled", "entered-in-error")
_DOSES = (300, 100, 600, 800, 1200, 1800, 75, 150, 25, 10, 30)
_OTHER_REASONS = (
    ("G89.18", "Acute postprocedural pain"),
    ("G89.3", "Neoplasm related pain"),
    ("R52", "Pain"),
    ("M54.31", "Sciatica"),
)
_BY_THEME: dict[str, tuple[Remedy, ...]] = {
    "opioid": OPIOIDS,
    "tendon": OPIOIDS,
    "pair": OPIOIDS + GABAPENTINOIDS + BENZODIAZEPINES,
    "sciatica": OPIOIDS + GABAPENTINOIDS + BENZODIAZEPINES,
    "kidney": GABAPENTINOIDS,
    "medicine": NSAIDS + RELAXANTS + SNRIS + TRICYCLICS,
}
_SERVICE_GROUPS = (PHYSIOTHERAPY, INJECTIONS, INJECTIONS, IMAGING, IMAGING, SURGERY, REGENERATIVE, PELVIC_FLOOR, ORDERED)


def taken(recorder: Recorder) -> None:
    """Some medicines of today and of the past; a pair is begun when the theme is one."""
    tape, theme = recorder.tape, recorder.story.theme
    if theme == "pair":
        recorder.medicine(tape.pick(OPIOIDS + GABAPENTINOIDS + BENZODIAZEPINES), tape.pick(_DAYS))
    for _ in range(tape.pick((0, 0, 0, 1) if recorder.story.calm else (0, 0, 1, 1, 2, 4))):
        _one_taken(recorder, tape.pick(EVERY))


def _one_taken(recorder: Recorder, remedy: Remedy) -> None:
    tape = recorder.tape
    days = None if tape.one_in(12) else tape.pick(_DAYS)
    form = tape.below(8)
    if form == 7:
        recorder.medicine(remedy, days, tape.pick(("active", "active", "completed", "stopped")), "MedicationStatement")
        return
    more: Resource = {}
    if form == 6:
        more["intent"] = tape.pick(("plan", "proposal"))
        if tape.one_in(2):
            more["reportedBoolean"] = True
    if form == 5:
        more["dispenseRequest"] = {"expectedSupplyDuration": {"value": tape.pick((28, 30, 90)), "unit": "d", "code": "d"}}
    if form == 4:
        more["doNotPerform"] = tape.one_in(4)
    status = tape.pick(_STATUSES)
    if status in ("stopped", "completed") and not tape.one_in(3):
        end = recorder.ago(tape.pick((3, 13, 14, 15, 40)))
        start = recorder.ago(tape.pick((40, 41, 42, 60, 100, 130)))
        more["dosageInstruction"] = [{"timing": {"repeat": {"boundsPeriod": {"start": start, "end": end}}}}]
    recorder.medicine(remedy, days, status, **more)


def allergies(recorder: Recorder) -> None:
    tape = recorder.tape
    for _ in range(tape.pick((0, 0, 0, 0, 0, 1) if recorder.story.calm else (0, 0, 0, 1, 2))):
        remedy = tape.pick(EVERY)
        named = sorted(remedy.classes & set(CLASS_WORDS))
        if named and tape.one_in(4):
            code: Resource = {"text": CLASS_WORDS[named[0]]}
            classes = {named[0]}
        else:
            code, classes = recorder.drug(remedy), set(remedy.classes)
        proof = tape.pick(("confirmed", "confirmed", "", "refuted"))
        more = {"verificationStatus": concept("http://terminology.hl7.org/CodeSystem/allergyintolerance-verification", proof)}
        recorder.put("AllergyIntolerance", code=code, **(more if proof else {}))
        if proof != "refuted":
            recorder.story.allergies |= classes


# -- orders of the session ----------------------------------------------------------------------------------------------


def ordered(recorder: Recorder) -> tuple[list[Resource], list[str]]:
    """The drafts, and the names of the selected ones."""
    tape, story = recorder.tape, recorder.story
    drafts: list[Resource] = []
    selections: list[str] = []
    if story.hook == "patient-view":
        return drafts, selections
    if story.theme == "service" or tape.one_in(12):
        _draft(recorder, drafts, selections, _service(recorder), None, selected=True)
    if story.theme != "service" or tape.one_in(6):
        remedy = tape.pick(_BY_THEME.get(story.theme, EVERY))
        _draft(recorder, drafts, selections, _prescription(recorder, remedy), remedy, selected=True)
    for _ in range(tape.pick((0, 0, 0, 0, 0, 1) if story.calm else (0, 0, 0, 1, 1, 2))):
        remedy = tape.pick(EVERY + IRRELEVANT)
        chosen = tape.one_in(2)
        _draft(recorder, drafts, selections, _prescription(recorder, remedy), remedy, selected=chosen)
    if tape.one_in(24):
        selections.append("MedicationRequest/nowhere")
    return drafts, selections


def _draft(
    recorder: Recorder, drafts: list[Resource], selections: list[str], content: Resource, remedy: Remedy | None, *, selected: bool
) -> None:
    tape, story = recorder.tape, recorder.story
    kind = content["resourceType"]
    identity = {} if tape.one_in(24) else {"id": f"draft-{len(drafts) + 1}"}
    resource = {**content, **identity, "subject": {"reference": f"Patient/{PATIENT}"}}
    drafts.append(resource)
    ref = f"{kind}/{identity['id']}" if identity else None
    if selected and identity:
        selections.append(identity["id"] if tape.one_in(4) else f"{kind}/{identity['id']}")
    chosen = story.hook == "order-sign" or (selected and ref is not None)
    story.drafts.append(GivenDraft(ref, chosen, remedy, resource))


def _reason(recorder: Recorder) -> Resource:
    tape = recorder.tape
    form = tape.below(8)
    if form == 7:
        code, text = tape.pick(_OTHER_REASONS)
        return {"reasonCode": [concept("http://hl7.org/fhir/sid/icd-10-cm", code, text)]}
    if form == 6 and recorder.resources.get("Condition"):
        return {"reasonReference": [{"reference": f"Condition/{tape.pick(recorder.resources['Condition'])['id']}"}]}
    return {}


def _prescription(recorder: Recorder, remedy: Remedy) -> Resource:
    tape = recorder.tape
    content: Resource = {
        "resourceType": "MedicationRequest",
        "status": "draft",
        "intent": "order",
        "medicationCodeableConcept": recorder.drug(remedy),
        "authoredOn": recorder.ago(0),
        **_reason(recorder),
    }
    form = tape.below(6)
    if form:
        repeat = {"frequency": tape.pick((1, 2, 3)), "period": 1, "periodUnit": "d"}
        dosage: Resource = {"timing": {"repeat": repeat}}
        if form > 1:
            dosage["doseAndRate"] = [{"doseQuantity": {"value": tape.pick(_DOSES), "unit": "mg", "code": "mg"}}]
        if form == 5:
            dosage["text"] = "as directed"
        content["dosageInstruction"] = [dosage]
    if tape.one_in(12):
        content["dispenseRequest"] = {
            "numberOfRepeatsAllowed": 1,
            "expectedSupplyDuration": {"value": 14, "unit": "d", "code": "d"},
        }
    return content


def _service(recorder: Recorder) -> Resource:
    tape = recorder.tape
    content: Resource = {
        "resourceType": "ServiceRequest",
        "status": "draft",
        "intent": "order",
        "code": concept(*tape.pick(tape.pick(_SERVICE_GROUPS))),
        **_reason(recorder),
    }
    details = [concept(LOCAL, tape.pick(ORDER_DETAILS)) for _ in range(tape.pick((0, 0, 0, 1, 2)))]
    if details:
        content["orderDetail"] = details
    if tape.one_in(6):
        content["occurrencePeriod"] = {"start": recorder.ago(0), "end": recorder.ago(-84)}
    if tape.one_in(6):
        content["note"] = [{"text": "3 sets of 10"}]
    return content
