"""Which syndromes open the pathway (encodings 2.1, pathway specification part D)."""

from __future__ import annotations

import pytest
from charts import NO, UNKNOWN, YES, Case, ago, case, chart, draft, gap, label, month, problem, reading, reason, year

from cds_service.pathway.scope import pain_began
from cds_service.pathway.syndromes import Syndrome, syndrome_of, syndromes

PIRIFORMIS, SCIATICA, IFI = "piriformis-syndrome", "sciatica", "ischiofemoral-impingement"
RADICULOPATHY, HAMSTRING, DGS = "lumbosacral-radiculopathy", "hamstring-strain", "deep-gluteal-syndrome"
HIP_PAIN, POSTERIOR = "unspecific-hip-or-thigh-pain", "posterior-hip-words"
CES = "rf-cauda-equina"

CORE = (
    PIRIFORMIS,
    DGS,
    "gemelli-obturator-syndrome",
    IFI,
    HAMSTRING,
    SCIATICA,
    RADICULOPATHY,
    "posterior-femoral-cutaneous-neuralgia",
)

CASES = [
    # in_pathway
    *(case("in_pathway", YES, f"{name} is a core syndrome", problem(name)) for name in CORE),
    case("in_pathway", YES, "a suspected problem counts as current", problem(PIRIFORMIS, suspected=True)),
    case("in_pathway", YES, "the reason of a selected order opens it", draft("oxycodone", reason(SCIATICA))),
    case("in_pathway", YES, "a read problem decides although others are unread", problem(SCIATICA), gap("problems")),
    case("in_pathway", NO, "nothing is recorded"),
    case("in_pathway", NO, "the problem is over", problem(SCIATICA, current=NO)),
    case("in_pathway", NO, "buttock pain is no core syndrome", problem("buttock-pain")),
    case("in_pathway", NO, "the reason of an order that is not selected", draft("oxycodone", reason(SCIATICA), selected=False)),
    case("in_pathway", UNKNOWN, "the record does not say whether it is current", problem(SCIATICA, current=UNKNOWN)),
    case("in_pathway", UNKNOWN, "the problem list could not be read", gap("problems")),
    # in_posterior_hip_scope
    case("in_posterior_hip_scope", YES, "a core syndrome", problem(DGS)),
    case("in_posterior_hip_scope", YES, "buttock pain", problem("buttock-pain")),
    case("in_posterior_hip_scope", YES, "a sacroiliac disorder", problem("sacroiliac-disorder")),
    case("in_posterior_hip_scope", YES, "pudendal in words", problem("pudendal-words")),
    case("in_posterior_hip_scope", YES, "another extra-articular impingement", problem("extra-articular-impingement-words")),
    case("in_posterior_hip_scope", YES, "hip pain that is called posterior", problem(HIP_PAIN, POSTERIOR)),
    case("in_posterior_hip_scope", YES, "cauda equina syndrome 30 days ago", problem(CES, began=30)),
    case("in_posterior_hip_scope", YES, "cauda equina syndrome without a date", problem(CES)),
    case(
        "in_posterior_hip_scope",
        YES,
        "cauda equina syndrome in a month that may be the last 30 days",
        problem(CES, began=month(1)),
    ),
    case("in_posterior_hip_scope", NO, "plain hip pain opens nothing", problem(HIP_PAIN)),
    case("in_posterior_hip_scope", NO, "the words alone open nothing", problem(POSTERIOR)),
    case("in_posterior_hip_scope", NO, "cauda equina syndrome 31 days ago", problem(CES, began=31)),
    case("in_posterior_hip_scope", NO, "buttock pain that is over", problem("buttock-pain", current=NO)),
    case("in_posterior_hip_scope", UNKNOWN, "the problem list could not be read", gap("problems")),
    case("in_posterior_hip_scope", UNKNOWN, "a core syndrome of unknown state", problem(DGS, current=UNKNOWN)),
    case("in_posterior_hip_scope", UNKNOWN, "buttock pain of unknown state", problem("buttock-pain", current=UNKNOWN)),
    # has_syndrome
    case("has_syndrome", YES, "the named one", problem(HAMSTRING), any_of=(Syndrome.HAMSTRING,)),
    case("has_syndrome", YES, "one of two", problem(IFI), any_of=(Syndrome.HAMSTRING, Syndrome.ISCHIOFEMORAL)),
    case("has_syndrome", YES, "the reason of a selected order", draft(None, reason(IFI)), any_of=(Syndrome.ISCHIOFEMORAL,)),
    case("has_syndrome", NO, "another syndrome", problem(SCIATICA), any_of=(Syndrome.HAMSTRING,)),
    case("has_syndrome", NO, "nothing is recorded", any_of=(Syndrome.HAMSTRING,)),
    case("has_syndrome", UNKNOWN, "its own state is unknown", problem(IFI, current=UNKNOWN), any_of=(Syndrome.ISCHIOFEMORAL,)),
    case("has_syndrome", UNKNOWN, "the problem list has a gap", problem(SCIATICA), gap("problems"), any_of=(Syndrome.HAMSTRING,)),
    case(
        "has_syndrome",
        NO,
        "an undecided sciatica says nothing about the hamstring",
        problem(PIRIFORMIS),
        problem(SCIATICA, current=UNKNOWN),
        any_of=(Syndrome.HAMSTRING, Syndrome.ISCHIOFEMORAL),
    ),
    # neuropathic_indication
    *(
        case("neuropathic_indication", YES, f"{name} is nerve pain from outside the spine", problem(name))
        for name in (PIRIFORMIS, DGS, "gemelli-obturator-syndrome", "posterior-femoral-cutaneous-neuralgia")
    ),
    case("neuropathic_indication", YES, "ischiofemoral together with sciatica", problem(IFI), problem(SCIATICA)),
    *(
        case("neuropathic_indication", YES, f"hamstring with {name} {value}", problem(HAMSTRING), reading(name, value=value))
        for name, value in (("score-dn4", 4), ("score-paindetect", 19), ("score-slanss", 12))
    ),
    case("neuropathic_indication", YES, "a score of 180 days ago", problem(IFI), reading("score-dn4", value=4, days=180)),
    *(
        case("neuropathic_indication", NO, f"hamstring with {name} {value}", problem(HAMSTRING), reading(name, value=value))
        for name, value in (("score-dn4", 3), ("score-paindetect", 18), ("score-slanss", 11))
    ),
    case("neuropathic_indication", NO, "a score of 181 days ago", problem(IFI), reading("score-dn4", value=4, days=181)),
    case("neuropathic_indication", NO, "hamstring alone: the diagnosis decides without a score", problem(HAMSTRING)),
    case("neuropathic_indication", NO, "sciatica alone", problem(SCIATICA), reading("score-dn4", value=9)),
    case("neuropathic_indication", NO, "nothing is recorded"),
    case("neuropathic_indication", UNKNOWN, "the scores could not be read", problem(IFI), gap("readings")),
    case("neuropathic_indication", UNKNOWN, "the problem list could not be read", gap("problems")),
    case(
        "neuropathic_indication", UNKNOWN, "piriformis of unknown state", problem(SCIATICA), problem(PIRIFORMIS, current=UNKNOWN)
    ),
    # nociceptive_only
    case("nociceptive_only", YES, "ischiofemoral impingement", problem(IFI)),
    case("nociceptive_only", YES, "a hamstring injury", problem(HAMSTRING)),
    case("nociceptive_only", YES, "a score below the cut-off", problem(IFI), reading("score-dn4", value=3, days=5)),
    case("nociceptive_only", YES, "the reason of a selected order", draft("oxycodone", reason(HAMSTRING))),
    *(
        case("nociceptive_only", NO, f"with {name}", problem(IFI), problem(name))
        for name in (PIRIFORMIS, DGS, SCIATICA, RADICULOPATHY, "posterior-femoral-cutaneous-neuralgia")
    ),
    *(case("nociceptive_only", NO, f"{name} alone", problem(name)) for name in (PIRIFORMIS, DGS, SCIATICA, RADICULOPATHY)),
    case("nociceptive_only", NO, "with a neuropathic score", problem(IFI), reading("score-dn4", value=4, days=5)),
    case("nociceptive_only", NO, "outside the pathway", problem("buttock-pain")),
    *(
        case(
            "nociceptive_only",
            UNKNOWN,
            f"beside {name} of unknown state",
            problem(IFI),
            problem(name, current=UNKNOWN),
        )
        for name in (PIRIFORMIS, SCIATICA, RADICULOPATHY)
    ),
    case("nociceptive_only", UNKNOWN, "scores could not be read", problem(IFI), gap("readings")),
    case("nociceptive_only", UNKNOWN, "other problems could not be read", problem(IFI), gap("problems")),
    case("nociceptive_only", UNKNOWN, "the problem list could not be read", gap("problems")),
    # radicular_only
    case("radicular_only", YES, "sciatica alone", problem(SCIATICA)),
    case("radicular_only", YES, "radiculopathy alone", problem(RADICULOPATHY)),
    case("radicular_only", NO, "sciatica with piriformis syndrome", problem(SCIATICA), problem(PIRIFORMIS)),
    case("radicular_only", NO, "sciatica with ischiofemoral impingement", problem(SCIATICA), problem(IFI)),
    case("radicular_only", NO, "no radicular problem", problem(HAMSTRING)),
    case("radicular_only", UNKNOWN, "more problems may exist that were not read", problem(SCIATICA), gap("problems")),
    case(
        "radicular_only",
        UNKNOWN,
        "a piriformis syndrome of unknown state",
        problem(SCIATICA),
        problem(PIRIFORMIS, current=UNKNOWN),
    ),
    case("radicular_only", UNKNOWN, "the sciatica itself is of unknown state", problem(SCIATICA, current=UNKNOWN)),
    case(
        "radicular_only",
        YES,
        "an old encounter diagnosis of sciatica without a status beside the current one",
        problem(SCIATICA),
        problem(RADICULOPATHY, current=UNKNOWN),
    ),
    # pain_not_known_to_last
    case("pain_not_known_to_last", YES, "89 of 90 days", problem(SCIATICA, began=89), days=90),
    case("pain_not_known_to_last", NO, "90 of 90 days", problem(SCIATICA, began=90), days=90),
    case("pain_not_known_to_last", NO, "the earliest onset counts", problem(IFI, began=5), problem(SCIATICA, began=90), days=90),
    case("pain_not_known_to_last", NO, "recorded 90 days ago, without an onset", problem(SCIATICA, recorded=90), days=90),
    case("pain_not_known_to_last", YES, "no onset at all", problem(SCIATICA), days=90),
    case("pain_not_known_to_last", YES, "no problem at all", days=90),
    case("pain_not_known_to_last", YES, "a year of which the last day is recent", problem(SCIATICA, began=year(2025)), days=90),
    case("pain_not_known_to_last", NO, "a year long past", problem(SCIATICA, began=year(2024)), days=90),
    # provisional_diagnosis
    case("provisional_diagnosis", YES, "only suspected", problem(IFI, suspected=True)),
    case("provisional_diagnosis", NO, "one is confirmed", problem(IFI, suspected=True), problem(SCIATICA)),
    case("provisional_diagnosis", NO, "nothing is recorded"),
    case("provisional_diagnosis", UNKNOWN, "the problem list could not be read", gap("problems")),
    # positional_advice_unsettled
    *(
        case("positional_advice_unsettled", YES, f"ischiofemoral with {name}", problem(IFI), problem(name))
        for name in (PIRIFORMIS, SCIATICA, DGS, "gemelli-obturator-syndrome")
    ),
    case("positional_advice_unsettled", YES, "only suspected", problem(PIRIFORMIS, suspected=True)),
    case("positional_advice_unsettled", NO, "piriformis alone", problem(PIRIFORMIS)),
    case("positional_advice_unsettled", NO, "ischiofemoral with hamstring", problem(IFI), problem(HAMSTRING)),
    case("positional_advice_unsettled", NO, "nothing is recorded"),
    case("positional_advice_unsettled", UNKNOWN, "the problem list could not be read", gap("problems")),
]


@pytest.mark.parametrize("one", CASES, ids=label)
def test_scope(one: Case) -> None:
    assert one.ask().answer is one.answer


def test_a_shared_code_is_read_in_the_order_of_precedence() -> None:
    assert syndrome_of(frozenset({DGS, PIRIFORMIS})) is Syndrome.PIRIFORMIS
    assert syndrome_of(frozenset({DGS, "gemelli-obturator-syndrome"})) is Syndrome.GEMELLI_OBTURATOR
    assert syndrome_of(frozenset({RADICULOPATHY, SCIATICA})) is Syndrome.RADICULOPATHY
    assert syndrome_of(frozenset({DGS})) is Syndrome.DEEP_GLUTEAL
    assert syndrome_of(frozenset({"diabetes"})) is None


def test_two_one_sided_problems_are_one_syndrome_with_two_records() -> None:
    both = chart(problem(SCIATICA, sides=("right",)), problem(SCIATICA, sides=("left",)))
    assert syndromes(both) == {Syndrome.SCIATICA: ("Condition/sciatica-right", "Condition/sciatica-left")}


def test_a_reason_that_points_to_a_problem_names_the_problem_once() -> None:
    pointing = chart(problem(SCIATICA), draft("oxycodone", reason(SCIATICA, of_problem="Condition/sciatica")))
    assert syndromes(pointing) == {Syndrome.SCIATICA: ("Condition/sciatica",)}


def test_onset_counts_before_the_day_of_recording() -> None:
    assert pain_began(chart(problem(SCIATICA, began=200, recorded=3))) == 200
    assert pain_began(chart(problem(SCIATICA, began=ago(200)), problem("diabetes", began=4000))) == 200
    assert pain_began(chart()) is None
