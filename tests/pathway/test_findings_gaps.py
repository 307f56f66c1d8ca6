"""What could not be read: never silence, and never a failure where the answer was empty."""

from __future__ import annotations

import pytest
from charts import NO, UNKNOWN, YES, Case, case, chart, draft, gap, label, problem

from cds_service.pathway.chart import SECTIONS, Chart, Gap
from cds_service.pathway.gaps import unread_data

SCOPE = "in_scope_as_far_as_read"

CASES = [
    # some_data_unread
    *(case("some_data_unread", YES, f"the {section} could not be read", gap(section)) for section in SECTIONS),
    case("some_data_unread", NO, "everything was read, and there is nothing"),
    # in_scope_as_far_as_read
    case(SCOPE, YES, "a core syndrome", problem("sciatica")),
    case(SCOPE, YES, "buttock pain", problem("buttock-pain")),
    *(
        case(SCOPE, YES, f"{drug} is selected and the problem list could not be read", draft(drug), gap("problems"))
        for drug in ("oxycodone", "gabapentin", "nortriptyline", "duloxetine", "ibuprofen", "lorazepam")
    ),
    case(SCOPE, NO, "out of scope, whatever is selected", draft("oxycodone")),
    case(SCOPE, NO, "out of scope, and another section could not be read", draft("oxycodone"), gap("readings")),
    case(SCOPE, UNKNOWN, "the problem list could not be read", gap("problems")),
    case(SCOPE, UNKNOWN, "a medicine outside the pathway is selected", draft("lisinopril"), gap("problems")),
    case(SCOPE, UNKNOWN, "a draft that is not selected", draft("oxycodone", selected=False), gap("problems")),
    case(SCOPE, UNKNOWN, "a problem of unknown state", draft("oxycodone"), problem("sciatica", current=UNKNOWN)),
]


@pytest.mark.parametrize("one", CASES, ids=label)
def test_gaps(one: Case) -> None:
    assert one.ask().answer is one.answer


def test_what_is_unread_is_listed_once_with_its_reason() -> None:
    twice = chart(
        Gap("plans", "CarePlan", "timed out"), Gap("plans", "CarePlan", "timed out"), Gap("plans", "Flag", "not permitted")
    )
    assert unread_data(twice) == ("CarePlan: timed out", "Flag: not permitted")


def test_absence_in_a_section_with_a_gap_proves_nothing() -> None:
    unread = chart(gap("plans"))
    assert unread.absence("plans") is UNKNOWN
    assert unread.absence("problems") is NO
    assert unread.absence("problems", "plans") is UNKNOWN


def test_a_chart_without_some_drafts_remembers_no_old_answers() -> None:
    before = chart(draft("oxycodone"), draft("gabapentin"))
    before.memo["asked"] = "already"
    after = before.without_drafts(["MedicationRequest/draft-oxycodone"])
    assert isinstance(after, Chart)
    assert [d.ref for d in after.drafts] == ["MedicationRequest/draft-gabapentin"]
    assert after.memo == {}
