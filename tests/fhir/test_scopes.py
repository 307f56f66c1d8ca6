"""What the token permits is asked for, and what it does not is a gap without a call (FHIR-10)."""

from __future__ import annotations

import pytest
from ehr import Ehr, Hook, ids
from fhir_support import PATIENT, bundle, condition, source

from cds_service.fhir.prefetch import OUT_OF_SCOPE, PART_OF_SCOPE
from cds_service.fhir.scopes import READ, SEARCH, Scopes
from cds_service.pathway.answers import Answer

YES, NO, UNKNOWN = Answer.YES, Answer.NO, Answer.UNKNOWN


@pytest.mark.parametrize(
    ("scope", "kind", "read", "search"),
    [
        ("user/Condition.read", "Condition", YES, YES),
        ("patient/Condition.read", "Condition", YES, YES),
        ("system/Condition.*", "Condition", YES, YES),
        ("user/*.read", "Condition", YES, YES),
        ("user/*.*", "Flag", YES, YES),
        ("user/Condition.write", "Condition", NO, NO),
        ("user/Condition.rs", "Condition", YES, YES),
        ("user/Condition.cruds", "Condition", YES, YES),
        ("user/Condition.r", "Condition", YES, NO),
        ("user/Condition.s", "Condition", NO, YES),
        ("user/Condition.cud", "Condition", NO, NO),
        ("patient/*.rs", "Condition", YES, YES),
        ("user/Observation.rs", "Condition", NO, NO),
        ("launch openid fhirUser user/Condition.rs offline_access", "Condition", YES, YES),
        ("user/Condition.rs?category=problem-list-item", "Condition", UNKNOWN, UNKNOWN),
        ("user/Condition.rs?category=problem-list-item user/Condition.rs", "Condition", YES, YES),
        ("patient/Patient.read", "Observation", NO, NO),
        # Nothing that can be read as a permission: nothing is refused for it.
        ("", "Condition", YES, YES),
        (None, "Condition", YES, YES),
        ("launch openid", "Condition", YES, YES),
        ("user/Condition.sr", "Condition", YES, YES),
        ("user/Condition.", "Condition", YES, YES),
        ("Condition.read", "Condition", YES, YES),
    ],
)
def test_both_versions_of_smart_are_understood(scope: str | None, kind: str, read: Answer, search: Answer) -> None:
    scopes = Scopes(scope)
    assert (scopes.permit(kind, READ), scopes.permit(kind, SEARCH)) == (read, search)


def test_a_type_outside_the_scope_is_a_gap_without_a_call(ehr: Ehr) -> None:
    records = Hook(ehr, scope="user/Condition.rs user/Patient.r").gather(*map(source, ("Patient", "Condition", "Procedure")))
    assert sorted(ehr.paths) == [f"/fhir/Condition?patient={PATIENT}", f"/fhir/Patient/{PATIENT}"]
    assert [(gap.what, gap.reason) for gap in records.gaps if gap.what != "Patient"] == [("Procedure", OUT_OF_SCOPE)]


def test_a_part_of_a_type_is_read_and_not_taken_for_the_whole(ehr: Ehr) -> None:
    ehr.answer = lambda call: call.send_json(bundle(condition()))
    records = Hook(ehr, scope="user/Condition.rs?category=problem-list-item").gather()
    assert (ids(records), [gap.reason for gap in records.gaps]) == (["c1"], [PART_OF_SCOPE])


def test_what_was_sent_needs_no_scope(ehr: Ehr) -> None:
    records = Hook(ehr, {"Condition": bundle(condition())}, scope="user/Observation.rs").gather()
    assert (ids(records), records.gaps, ehr.calls) == (["c1"], [], [])
