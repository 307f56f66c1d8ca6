"""What was imaged or ordered, whether it was negative since a red flag, and whether it is early for it."""

from __future__ import annotations

import pytest
from charts import (
    NO,
    UNKNOWN,
    YES,
    Case,
    ago,
    case,
    chart,
    gap,
    label,
    month,
    person,
    problem,
    report,
    request,
    treatment,
    visit,
)

from cds_service.pathway.answers import Answer
from cds_service.pathway.imaging import pain_since

XRAY, HIP, LUMBAR, NEGATIVE = "xray-hip-pelvis", "mri-hip-pelvis", "mri-lumbar", "negative-result"
FORTY = person("1986-01-01")
PIRIFORMIS, SCIATICA = problem("piriformis-syndrome", began=100), problem("sciatica", began=100)
FALL, BONE = problem("trauma", began=20), problem("osteoporosis")
PAIN, CANCER = problem("piriformis-syndrome", began=100), problem("malignancy")


def done(answer: Answer, name: str, *parts: object) -> Case:
    return case("imaging_done", answer, name, *parts, what=XRAY, days=365)


def mri(answer: Answer, name: str, *parts: object) -> Case:
    return case("mri_done_or_ordered", answer, name, *parts, days=365)


def injury(answer: Answer, name: str, *parts: object) -> Case:
    return case("injury_imaged_negative", answer, name, FORTY, FALL, BONE, *parts)


def pain(answer: Answer, name: str, *parts: object) -> Case:
    return case("pain_imaged_negative", answer, name, FORTY, CANCER, *parts)


def early(answer: Answer, name: str, *parts: object) -> Case:
    return case("early_in_care", answer, name, *parts, days=42)


CASES = [
    # imaging_done
    done(YES, "a report 365 days ago", report(of=XRAY, days=365)),
    done(NO, "a report 366 days ago", report(of=XRAY, days=366)),
    done(YES, "a completed procedure", treatment(XRAY, days=3)),
    done(NO, "a procedure under way", treatment(XRAY, days=3, completed=False)),
    done(NO, "other imaging", report(of=HIP)),
    done(NO, "nothing"),
    done(NO, "only ordered", request(XRAY)),
    done(UNKNOWN, "a report without a date", report(of=XRAY, days=None)),
    done(UNKNOWN, "a report of a month at the edge", report(of=XRAY, days=month(3, 2025))),
    done(YES, "a dated report beside an undated one", report(of=XRAY, days=None), report(of=XRAY, days=5)),
    done(UNKNOWN, "reports could not be read", gap("reports")),
    done(UNKNOWN, "procedures could not be read", gap("treatments")),
    done(YES, "a report, although procedures could not be read", report(of=XRAY), gap("treatments")),
    # mri_done_or_ordered
    mri(YES, "an MRI of the hip for piriformis syndrome", PIRIFORMIS, report(of=HIP)),
    mri(YES, "an MRI of the hip 365 days ago", PIRIFORMIS, report(of=HIP, days=365)),
    mri(NO, "an MRI of the hip 366 days ago", PIRIFORMIS, report(of=HIP, days=366)),
    mri(NO, "a lumbar MRI for piriformis syndrome", PIRIFORMIS, report(of=LUMBAR)),
    mri(YES, "a lumbar MRI for sciatica", SCIATICA, report(of=LUMBAR)),
    mri(NO, "an MRI of the hip for sciatica", SCIATICA, report(of=HIP)),
    mri(YES, "an MRI of the hip is ordered", PIRIFORMIS, request(HIP, days=365)),
    mri(NO, "an order of 366 days ago", PIRIFORMIS, request(HIP, days=366)),
    mri(NO, "an order that is completed, and no report", PIRIFORMIS, request(HIP, active=False)),
    mri(NO, "another order", PIRIFORMIS, request(XRAY)),
    mri(NO, "nothing", PIRIFORMIS),
    mri(UNKNOWN, "an order without a date", PIRIFORMIS, request(HIP, days=None)),
    mri(UNKNOWN, "orders could not be read", PIRIFORMIS, gap("requests")),
    mri(YES, "an MRI was done, although orders could not be read", PIRIFORMIS, report(of=HIP), gap("requests")),
    mri(UNKNOWN, "reports could not be read", PIRIFORMIS, gap("reports")),
    mri(UNKNOWN, "procedures could not be read", PIRIFORMIS, gap("treatments")),
    mri(UNKNOWN, "the problem list could not be read, and one region was imaged", report(of=HIP), gap("problems")),
    mri(
        YES,
        "the problem list could not be read, and both regions were imaged",
        report(of=HIP),
        report(of=LUMBAR),
        gap("problems"),
    ),
    mri(NO, "the problem list could not be read, and no region was imaged", gap("problems")),
    # injury_imaged_negative
    injury(YES, "radiograph and MRI are negative", report(NEGATIVE, of=XRAY), report(NEGATIVE, of=HIP)),
    injury(YES, "both on the day of the fall", report(NEGATIVE, of=XRAY, days=20), report(NEGATIVE, of=HIP, days=20)),
    injury(NO, "the MRI was the day before", report(NEGATIVE, of=XRAY, days=20), report(NEGATIVE, of=HIP, days=21)),
    injury(NO, "a negative radiograph alone", report(NEGATIVE, of=XRAY)),
    injury(NO, "a negative MRI alone", report(NEGATIVE, of=HIP)),
    injury(NO, "nothing was imaged"),
    injury(NO, "a lumbar MRI looks elsewhere", report(NEGATIVE, of=XRAY), report(NEGATIVE, of=LUMBAR)),
    injury(NO, "the MRI shows a fracture", report(NEGATIVE, of=XRAY), report("rf-hip-pelvic-fracture", of=HIP)),
    injury(NO, "the radiograph shows a stress fracture", report("stress-fracture", of=XRAY), report(NEGATIVE, of=HIP)),
    injury(UNKNOWN, "both were done, and no conclusion is coded", report(of=XRAY), report(of=HIP)),
    injury(UNKNOWN, "one conclusion is not coded", report(NEGATIVE, of=XRAY), report(of=HIP)),
    injury(UNKNOWN, "the MRI is a procedure without a report", report(NEGATIVE, of=XRAY), treatment(HIP, days=5)),
    injury(UNKNOWN, "the MRI has no date", report(NEGATIVE, of=XRAY), report(NEGATIVE, of=HIP, days=None)),
    injury(UNKNOWN, "reports could not be read", gap("reports")),
    injury(NO, "negative before a second fall", problem("trauma", began=3), report(NEGATIVE, of=XRAY), report(NEGATIVE, of=HIP)),
    case(
        "injury_imaged_negative",
        UNKNOWN,
        "a stress fracture without a date",
        FORTY,
        problem("stress-fracture"),
        report(NEGATIVE, of=XRAY),
        report(NEGATIVE, of=HIP),
    ),
    case("injury_imaged_negative", UNKNOWN, "no injury is recorded", FORTY, report(NEGATIVE, of=XRAY), report(NEGATIVE, of=HIP)),
    # pain_imaged_negative
    pain(YES, "a negative MRI after the pain began", PAIN, report(NEGATIVE, of=HIP)),
    pain(YES, "on the day on which it began", PAIN, report(NEGATIVE, of=HIP, days=100)),
    pain(NO, "the day before it began", PAIN, report(NEGATIVE, of=HIP, days=101)),
    pain(NO, "before a second pain began", PAIN, problem("sciatica", began=3), report(NEGATIVE, of=HIP)),
    pain(UNKNOWN, "its conclusion is not coded", PAIN, report(of=HIP)),
    pain(UNKNOWN, "another conclusion", PAIN, report("nerve-compression", of=HIP)),
    pain(NO, "it shows a tumour", PAIN, report("malignancy", of=HIP)),
    pain(NO, "it shows a mass", PAIN, report("mass-on-nerve", of=HIP)),
    pain(NO, "a lumbar MRI for piriformis syndrome", PAIN, report(NEGATIVE, of=LUMBAR)),
    pain(YES, "a lumbar MRI for sciatica", SCIATICA, report(NEGATIVE, of=LUMBAR)),
    pain(NO, "nothing was imaged", PAIN),
    pain(UNKNOWN, "reports could not be read", PAIN, gap("reports")),
    pain(UNKNOWN, "procedures could not be read", PAIN, gap("treatments")),
    pain(UNKNOWN, "no pain is recorded", report(NEGATIVE, of=HIP)),
    # early_in_care
    early(YES, "pain of 41 days", problem("sciatica", began=41)),
    early(NO, "pain of 42 days", problem("sciatica", began=42)),
    early(NO, "buttock pain of 42 days came first", problem("sciatica", began=10), problem("buttock-pain", began=42)),
    early(NO, "an older one beside one without a date", problem("sciatica", began=42), problem("piriformis-syndrome")),
    early(UNKNOWN, "one of two has no date", problem("sciatica", began=10), problem("piriformis-syndrome")),
    early(UNKNOWN, "no onset", problem("sciatica")),
    early(UNKNOWN, "no pain"),
    early(UNKNOWN, "pain of a month at the edge", problem("sciatica", began=month(1))),
    early(YES, "a first visit 41 days ago", problem("sciatica", began=41), visit(41)),
    early(NO, "a first visit 42 days ago", problem("sciatica", began=41), visit(42), visit(3)),
    early(
        NO,
        "a first visit 42 days ago, although others could not be read",
        problem("sciatica", began=3),
        visit(42),
        gap("contacts"),
    ),
    early(UNKNOWN, "visits could not be read", problem("sciatica", began=3), gap("contacts")),
    early(UNKNOWN, "treatments could not be read", problem("sciatica", began=3), gap("treatments")),
    early(UNKNOWN, "the problem list could not be read", gap("problems")),
]


@pytest.mark.parametrize("one", CASES, ids=label)
def test_imaging(one: Case) -> None:
    assert one.ask().answer is one.answer


def test_the_pain_is_told_from_its_earliest_onset() -> None:
    found = chart(problem("sciatica", began=10), problem("buttock-pain", began=30))
    assert pain_since(found) == f"pain since {ago(30)} (30 days)"
    assert pain_since(chart(problem("sciatica"))) == "the onset is not recorded"
    assert pain_since(chart(problem("sciatica"), gap("problems"))) == "the onset could not be read"
