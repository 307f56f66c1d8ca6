"""Records that others point to: contained, in the Bundle, in prefetch, or read from the EHR."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest
from ehr import Call, Ehr, Hook, slow
from fhir_support import (
    PATIENT,
    RXNORM,
    SUBJECT,
    TODAY,
    Resource,
    bundle,
    concept,
    condition,
    medication_request,
    outcome,
    pharmacopoeia,
    source,
)

from cds_service.fhir.lens import Lens
from cds_service.fhir.prefetch import OUT_OF_SCOPE, REFUSED, TIMED_OUT, TRUNCATED, UNREADABLE, Records
from cds_service.fhir.reader import Reader
from cds_service.pathway.chart import Chart

REQUESTS, CONDITIONS = source("MedicationRequest"), source("Condition")
MEDICATION = {"resourceType": "Medication", "id": "med1", "code": concept((RXNORM, "25480"), text="Neurontin")}


def pointing(ref: str = "Medication/med1", display: str | None = None, **rest: Any) -> Resource:
    """A prescription whose medicine stands elsewhere."""
    pointer = {"reference": ref} | ({"display": display} if display else {})
    return medication_request(None, medicationReference=pointer) | rest


def draft(*reasons: str, display: str | None = None) -> Resource:
    pointers = [{"reference": ref} | ({"display": display} if display else {}) for ref in reasons]
    return medication_request("oxycodone 5 MG Oral Tablet", id="d1", status="draft", reasonReference=pointers)


def addressed(*resources: Resource) -> Resource:
    """A Bundle whose entries are known by address only."""
    return {"resourceType": "Bundle", "entry": [{"fullUrl": f"urn:uuid:{n}", "resource": r} for n, r in enumerate(resources)]}


def serve(ehr: Ehr, *resources: Resource) -> None:
    """Reads by id, and searches that give everything of a type."""

    def answer(call: Call) -> None:
        path = call.path.removeprefix("/fhir/")
        named = {f"{r['resourceType']}/{r['id']}": r for r in resources}
        if path in named:
            call.send_json(named[path])
        elif "?" in path:
            call.send_json(bundle(*(r for r in resources if path.startswith(f"{r['resourceType']}?"))))
        else:
            call.send_json(outcome("not-found"), 404)

    ehr.answer = answer


def chart(records: Records) -> Chart:
    return Reader(Lens(records, PATIENT, pharmacopoeia(), TODAY, UTC)).chart()


def names(records: Records) -> list[tuple[str, bool]]:
    """Each medicine, and whether it is known as a gabapentinoid."""
    return [(m.name, "gabapentinoids" in m.classes) for m in chart(records).medicines]


def reads(ehr: Ehr) -> list[str]:
    return [path for path in ehr.paths if "?" not in path]


def test_a_medication_that_nobody_sent_is_read(ehr: Ehr) -> None:
    serve(ehr, pointing(), MEDICATION)
    records = Hook(ehr).gather(REQUESTS)
    assert (names(records), reads(ehr)) == ([("Neurontin", True)], ["/fhir/Medication/med1"])
    assert all("Authorization" in headers for _, headers in ehr.calls)


def test_a_medication_of_a_prefetched_prescription_is_read(ehr: Ehr) -> None:
    """Nothing else is called."""
    serve(ehr, MEDICATION)
    records = Hook(ehr, {"MedicationRequest": bundle(pointing())}).gather(REQUESTS)
    assert (names(records), ehr.paths) == ([("Neurontin", True)], ["/fhir/Medication/med1"])


@pytest.mark.parametrize(
    "sent",
    [
        bundle(pointing(), MEDICATION),
        {
            "resourceType": "Bundle",
            "entry": [{"resource": pointing("urn:uuid:1")}, {"fullUrl": "urn:uuid:1", "resource": MEDICATION}],
        },
        bundle(pointing("#m") | {"contained": [MEDICATION | {"id": "m"}]}),
        bundle(medication_request() | {"medicationReference": {"reference": "Medication/med1"}}),
        bundle(pointing(display="gabapentin 300 MG Oral Capsule")),
        bundle(pointing() | {"status": "entered-in-error"}),
    ],
    ids=["in the Bundle", "by its address", "contained", "coded as well", "named with its strength", "an error"],
)
def test_what_is_there_is_not_read(ehr: Ehr, sent: Resource) -> None:
    records = Hook(ehr, {"MedicationRequest": sent}).gather(REQUESTS)
    assert ehr.calls == []
    assert all(known for _, known in names(records))


@pytest.mark.parametrize("display", ["patient's own medication", "gabapentin", "oxycodone", "Formulary item 4711", "mg"])
def test_a_bare_name_beside_the_reference_does_not_replace_the_record(ehr: Ehr, display: str) -> None:
    """ "Diclofenac" may be a gel, "acetaminophen" may contain hydrocodone."""
    serve(ehr, pointing(display=display), MEDICATION)
    assert names(Hook(ehr).gather(REQUESTS)) == [("Neurontin", True)]


@pytest.mark.parametrize("display", [None, "gabapentin", "Formulary item 4711"])
def test_a_medication_that_cannot_be_read_is_told_whatever_its_name(ehr: Ehr, display: str | None) -> None:
    """The item may be the benzodiazepine that the check looks for."""
    ehr.answer = lambda call: (
        call.send_json(bundle(pointing(display=display))) if "?" in call.path else call.send_json(outcome(), 403)
    )
    records = Hook(ehr).gather(REQUESTS)
    assert ("medicines", "Medication", REFUSED) in records.gaps


def test_a_medication_that_comes_too_late_is_told(ehr: Ehr) -> None:
    hang = slow(ehr)
    ehr.answer = lambda call: call.send_json(bundle(pointing(display="aspirin"))) if "?" in call.path else hang(call)
    records = Hook(ehr, budget=0.3).gather(REQUESTS)
    assert records.gaps == [("medicines", "Medication", TIMED_OUT)]


def test_each_medication_is_read_once(ehr: Ehr) -> None:
    serve(ehr, *(pointing(id=f"m{n}") for n in range(5)), MEDICATION)
    assert len(names(Hook(ehr).gather(REQUESTS))) == 5
    assert reads(ehr) == ["/fhir/Medication/med1"]


def test_a_version_of_a_medication_and_its_full_address_are_the_same_record(ehr: Ehr) -> None:
    serve(ehr, pointing("Medication/med1/_history/3"), pointing(f"{ehr.base}/Medication/med1", id="m2"), MEDICATION)
    assert names(Hook(ehr).gather(REQUESTS)) == [("Neurontin", True)] * 2
    assert reads(ehr) == ["/fhir/Medication/med1"]


STRANGE = ["https://elsewhere.example/fhir/Medication/med1", "Medication/../Patient/2", "Substance/med1", "med1"]


@pytest.mark.parametrize("ref", STRANGE)
def test_what_is_no_medication_of_this_server_is_not_read(ehr: Ehr, ref: str) -> None:
    """FHIR-15. A medicine that nobody can name is told."""
    serve(ehr, pointing(ref), MEDICATION)
    records = Hook(ehr).gather(REQUESTS)
    assert reads(ehr) == []
    assert [gap.what for gap in chart(records).gaps if gap.section == "medicines"] == ["MedicationRequest"]


def test_a_hundred_medications_are_read_and_no_more(ehr: Ehr) -> None:
    many = [pointing(f"Medication/{n}", id=f"m{n}") for n in range(120)]
    serve(ehr, *many, *({**MEDICATION, "id": str(n)} for n in range(120)))
    found = chart(Hook(ehr, budget=20).gather(REQUESTS))
    assert (len(reads(ehr)), len(found.medicines)) == (100, 100)
    assert ("medicines", "Medication", TRUNCATED) in found.gaps


@pytest.mark.parametrize("answer", [outcome(), {**MEDICATION, "id": "other"}, {"resourceType": "Patient", "id": "med1"}])
def test_an_answer_that_is_not_the_medication_is_none(ehr: Ehr, answer: Resource) -> None:
    ehr.answer = lambda call: call.send_json(bundle(pointing()) if "?" in call.path else answer)
    found = chart(Hook(ehr).gather(REQUESTS))
    assert found.medicines == ()
    assert ("medicines", "Medication", UNREADABLE) in found.gaps


def test_a_medication_outside_the_scope_is_not_read(ehr: Ehr) -> None:
    serve(ehr, pointing(), MEDICATION)
    records = Hook(ehr, scope="user/MedicationRequest.rs").gather(REQUESTS)
    assert (reads(ehr), records.gaps) == ([], [("medicines", "Medication", OUT_OF_SCOPE)])


@pytest.mark.parametrize("form", ["{base}/Medication/med1", "{BASE}/Medication/med1", "{base}/Medication/med1/_history/2"])
def test_the_address_of_a_record_is_known_however_it_is_written(ehr: Ehr, form: str) -> None:
    loud = ehr.base.replace("http", "HTTP")
    serve(ehr, pointing(form.format(base=ehr.base, BASE=loud)), MEDICATION)
    assert names(Hook(ehr).gather(REQUESTS)) == [("Neurontin", True)]


@pytest.mark.parametrize("identity", [["x"], {"a": 1}, 5, None])
def test_an_id_that_is_none_does_no_harm(ehr: Ehr, identity: Any) -> None:
    serve(ehr, condition(id="c9"))
    lens = reasons_of(ehr, draft("Condition/c9"), sent=bundle(condition(id=identity)))
    assert lens.condition("Condition/c9") == condition(id="c9")


@pytest.mark.parametrize(("status", "expected"), [(404, []), (403, [("problems", "the reason of an order", REFUSED)])])
def test_a_reason_that_cannot_be_read_is_told_unless_it_is_gone(ehr: Ehr, status: int, expected: list[Any]) -> None:
    ehr.answer = lambda call: call.send_json(outcome(), status)
    assert reasons_of(ehr, draft("Condition/c9"), sent=bundle()).records.gaps == expected


# -- the reason of an order -------------------------------------------------------------------------------------------------


def reasons_of(ehr: Ehr, *drafts: Resource, sent: Resource | None = None) -> Lens:
    prefetch = {} if sent is None else {"Condition": sent}
    records = Hook(ehr, prefetch, drafts=drafts).gather(CONDITIONS)
    return Lens(records, PATIENT, pharmacopoeia(), TODAY, UTC)


def test_a_reason_that_is_on_no_list_is_read(ehr: Ehr) -> None:
    """An encounter diagnosis that the server leaves out of the search."""
    serve(ehr, condition(id="c9"))
    lens = reasons_of(ehr, draft("Condition/c9"), sent=bundle())
    assert (reads(ehr), lens.condition("Condition/c9")) == (["/fhir/Condition/c9"], condition(id="c9"))
    assert lens.records.resources.get("Condition", []) == []


@pytest.mark.parametrize("sent", [bundle(condition(id="c9")), None], ids=["prefetched", "searched"])
def test_a_reason_on_the_list_is_not_read_again(ehr: Ehr, sent: Resource | None) -> None:
    serve(ehr, condition(id="c9"))
    lens = reasons_of(ehr, draft("Condition/c9"), sent=sent)
    assert (reads(ehr), lens.condition("Condition/c9")) == ([], condition(id="c9"))


NOT_A_REASON = [{"subject": {"reference": "Patient/2"}}, {"verified": "entered-in-error"}, {"verified": "refuted"}]


@pytest.mark.parametrize("rest", NOT_A_REASON)
def test_a_reason_of_somebody_else_or_an_error_is_none(ehr: Ehr, rest: Resource) -> None:
    """FHIR-14."""
    serve(ehr, condition(id="c9", **rest))
    assert reasons_of(ehr, draft("Condition/c9"), sent=bundle()).condition("Condition/c9") is None


def test_the_medication_of_a_draft_is_read(ehr: Ehr) -> None:
    serve(ehr, MEDICATION)
    Hook(ehr, {"Condition": bundle()}, drafts=(pointing(id="d1", status="draft", subject=SUBJECT),)).gather(CONDITIONS)
    assert reads(ehr) == ["/fhir/Medication/med1"]
