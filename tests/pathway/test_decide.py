"""Decisions over hand-made recommendations: the policy for UNKNOWN, gates, suppression, rank and cap (pathway C.1, D.2)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from charts import NO, UNKNOWN, YES, chart, gap, person, problem

from cds_service.pathway.answers import Answer, Finding
from cds_service.pathway.chart import Chart
from cds_service.pathway.decide import Caps, Decision, Outcome, Role, Verdict, decide, holds
from cds_service.pathway.recommendation import (
    Escalation,
    Evidence,
    Indicator,
    Kind,
    Order,
    Recommendation,
    Snooze,
    Suggestion,
    Variant,
)
from cds_service.pathway.vocabulary import Entry, Line

ADULT, CHILD, AGELESS = person("1980-01-01"), person("2020-01-01"), person(None)
SHOWN, SILENT, EXCLUDED, UNDECIDED = Verdict.SHOWN, Verdict.SILENT, Verdict.EXCLUDED, Verdict.UNDECIDED
YIELDED, CAPPED = Verdict.YIELDED, Verdict.CAPPED


def line(answer: Answer, name: str = "", reads: tuple[str, ...] = ("readings",)) -> Line:
    """A line whose finding always gives this answer."""
    name = name or f"says_{answer.value}"

    def ask(_: Chart) -> Finding:
        return Finding(answer, f"because {name}")

    return Line(name, Entry(name, ask, reads, (), "", "test"), ())


def raising(name: str = "raises") -> Line:
    def ask(_: Chart) -> Finding:
        raise RuntimeError(name)

    return Line(name, Entry(name, ask, (), (), "", "test"), ())


def card(
    name: str = "card",
    *,
    kind: Kind = Kind.SAFETY,
    when: Answer | tuple[Line, ...] = YES,
    unless: Answer | tuple[Line, ...] = (),
    indicator: Indicator = Indicator.WARNING,
    **rest: Any,
) -> Recommendation:
    """A recommendation of which only the decisive parts matter."""
    return Recommendation(
        id=name,
        title=f"Title of {name}",
        kind=kind,
        stage="red-flags",
        hooks=(),
        rank=1,
        why="",
        evidence=Evidence((), (), "", ""),
        review={},
        when=(line(when),) if isinstance(when, Answer) else when,
        unless=(line(unless),) if isinstance(unless, Answer) else unless,
        indicator=indicator,
        summary="",
        detail="",
        **{
            "yields_to": (),
            "cap_exempt": False,
            "switch": None,
            "variants": (),
            "escalate": (),
            "suggestions": (),
            "choose": "any",
            "override_reasons": (),
            "snooze": Snooze.NONE,
            "links": (),
        }
        | rest,
    )


def info(name: str, **rest: Any) -> Recommendation:
    return card(name, indicator=Indicator.INFO, **rest)


def one(recommendation: Recommendation, *parts: object) -> Decision:
    return decide([recommendation], chart(ADULT, *parts), 3).decisions[0]


def verdicts(recommendations: list[Recommendation], cap: int = 3, *parts: object) -> dict[str, Verdict]:
    return {d.recommendation.id: d.verdict for d in decide(recommendations, chart(ADULT, *parts), cap).decisions}


# -- the table of D.2 -------------------------------------------------------------------------------------------------------

RED, SAFETY, ADVICE, DATA = Kind.RED_FLAG, Kind.SAFETY, Kind.ADVICE, Kind.DATA

# kind, trigger, then the verdicts for an exclusion that is YES, NO and UNKNOWN
D2: list[tuple[Kind, Answer, Verdict, Verdict, Verdict]] = [
    (ADVICE, YES, EXCLUDED, SHOWN, UNDECIDED),
    (ADVICE, NO, SILENT, SILENT, SILENT),
    (ADVICE, UNKNOWN, EXCLUDED, UNDECIDED, UNDECIDED),
    (SAFETY, YES, EXCLUDED, SHOWN, SHOWN),
    (SAFETY, NO, SILENT, SILENT, SILENT),
    (SAFETY, UNKNOWN, EXCLUDED, UNDECIDED, UNDECIDED),
    (RED, YES, EXCLUDED, SHOWN, SHOWN),
    (RED, NO, SILENT, SILENT, SILENT),
    (RED, UNKNOWN, EXCLUDED, UNDECIDED, UNDECIDED),
    (DATA, YES, EXCLUDED, SHOWN, SHOWN),
    (DATA, NO, SILENT, SILENT, SILENT),
    (DATA, UNKNOWN, EXCLUDED, UNDECIDED, UNDECIDED),
]
TABLE = [
    pytest.param(kind, trigger, exclusion, verdict, id=f"{kind}: trigger {trigger.value}, exclusion {exclusion.value}")
    for kind, trigger, *row in D2
    for exclusion, verdict in zip((YES, NO, UNKNOWN), row, strict=True)
]


def test_a_line_of_despite_lifts_the_red_flag_gate_and_no_other() -> None:
    flag = problem("leg-weakness", began=10)
    lifted, not_lifted = (card(kind=ADVICE, despite=(line(answer),)) for answer in (YES, UNKNOWN))
    assert one(card(kind=ADVICE), flag).verdict is EXCLUDED
    assert one(not_lifted, flag).verdict is EXCLUDED
    assert one(lifted, flag).verdict is SHOWN
    assert one(lifted, flag, problem("palliative-care")).verdict is EXCLUDED
    assert one(lifted, flag, person("2015-01-01")).verdict is EXCLUDED


@pytest.mark.parametrize(("kind", "trigger", "exclusion", "verdict"), TABLE)
def test_the_truth_table(kind: Kind, trigger: Answer, exclusion: Answer, verdict: Verdict) -> None:
    assert one(card(kind=kind, when=trigger, unless=exclusion)).verdict is verdict


@pytest.mark.parametrize(("kind", "trigger", "exclusion", "verdict"), TABLE)
def test_asking_everything_comes_to_the_same_verdict(kind: Kind, trigger: Answer, exclusion: Answer, verdict: Verdict) -> None:
    asked = card(kind=kind, when=(line(UNKNOWN, "first"), line(trigger)), unless=(line(NO), line(exclusion, "last")))
    short = decide([asked], chart(ADULT), 3).decisions[0]
    full = decide([asked], chart(ADULT), 3, ask_everything=True).decisions[0]
    assert (full.verdict, full.because, full.unread) == (short.verdict, short.because, short.unread)
    assert len(full.steps) >= len(short.steps)


def test_the_table_covers_every_kind_and_answer() -> None:
    assert {(row[0], row[1]) for row in D2} == {(kind, answer) for kind in Kind for answer in Answer}


def test_an_unknown_exclusion_of_a_safety_card_is_named_as_not_checked() -> None:
    decided = one(card(unless=(line(NO), line(UNKNOWN, "unless_cancer"))))
    assert decided.verdict is SHOWN
    assert [step.finding.because for step in decided.unchecked] == ["because unless_cancer"]


def test_every_line_of_when_must_hold_and_any_line_of_unless_withholds() -> None:
    assert one(card(when=(line(YES, "a"), line(NO, "b")))).verdict is SILENT
    assert one(card(unless=(line(NO, "a"), line(YES, "b")))).verdict is EXCLUDED
    assert one(card(when=(), unless=())).verdict is SHOWN


def test_a_no_decides_although_an_unknown_stands_before_it() -> None:
    decided = one(card(when=(line(UNKNOWN, "first"), line(NO, "second"))), gap("readings"))
    assert decided.verdict is SILENT
    assert decided.because == "second: because second"
    assert not decided.unread


def test_the_trace_ends_with_the_line_that_decided() -> None:
    decided = one(card(when=(line(YES, "a"), line(NO, "b"), raising())))
    assert [(step.role, step.line.text) for step in decided.steps] == [(Role.WHEN, "a"), (Role.WHEN, "b")]


def test_asking_everything_leaves_no_line_out() -> None:
    asked = card(kind=ADVICE, when=(line(NO, "a"), line(YES, "b")), unless=(line(YES, "c"), line(NO, "d")))
    decided = decide([asked], chart(ADULT), 3, ask_everything=True).decisions[0]
    assert [step.line.text for step in decided.steps] == ["a", "b", "adult", "red_flag", "palliative_care", "c", "d"]


def test_a_finding_that_raises_is_not_silence() -> None:
    with pytest.raises(RuntimeError, match="raises"):
        one(card(when=(raising(),)))


def test_a_line_is_asked_once_for_a_chart() -> None:
    asked: list[str] = []

    def ask(_: Chart) -> Finding:
        asked.append("asked")
        return Finding(YES, "")

    counted = Line("counted", Entry("counted", ask, (), (), "", "test"), ())
    decide([card("a", when=(counted,)), card("b", when=(counted,), unless=(counted,))], chart(ADULT), 3)
    assert asked == ["asked"]


def test_lines_of_two_cards_that_say_the_same_are_asked_once_for_a_chart_and_again_for_the_next() -> None:
    asked: list[str] = []

    def ask(_: Chart, word: str) -> Finding:
        asked.append(word)
        return Finding(YES, "")

    def counted(word: str) -> Line:
        return Line(f"counted {word}", Entry("counted", ask, (), (), "", "test"), (("word", word),))

    cards = [card("a", when=(counted("x"), counted("y"))), card("b", when=(counted("x"),), unless=(counted("x"),))]
    for days in (1, 2):
        decide(cards, chart(ADULT), 3)
        assert asked == ["x", "y"] * days


def test_a_decision_tells_its_steps_and_reasons_whenever_it_is_asked() -> None:
    decided = one(card(when=(line(YES, "a"), line(YES, "b")), unless=(line(UNKNOWN, "c"),)))
    for _ in range(2):
        assert decided.because == "because a; because b"
        assert [(step.role, step.line.text, step.finding.answer) for step in decided.steps] == [
            (Role.WHEN, "a", YES),
            (Role.WHEN, "b", YES),
            (Role.UNLESS, "c", UNKNOWN),
        ]
        assert decided.decisive == decided.steps[:2]
        assert decided.unchecked == decided.steps[2:]


@pytest.mark.parametrize(
    ("cards", "cap", "because"),
    [
        ([card("first"), card("last", yields_to=("first",))], 3, "first is shown"),
        ([info("first"), info("last")], 1, "1 cards of better rank are shown"),
        ([card("last", when=(line(UNKNOWN, "a"), line(UNKNOWN, "b")))], 3, "a: because a; b: because b"),
        ([card("last", when=(line(NO, "a"), line(NO, "b")))], 3, "a: because a"),
        ([card("last", when=YES, unless=(line(NO, "a"), line(YES, "b")))], 3, "b: because b"),
    ],
)
def test_every_decision_says_why(cards: list[Recommendation], cap: int, because: str) -> None:
    outcome = decide(cards, chart(ADULT), cap)
    assert outcome.decisions[-1].because == because
    assert outcome.shown == outcome.decisions[:-1]


# -- a failed read is named in the data card --------------------------------------------------------------------------------

FLAGS = "Red flags, as far as they would be recorded there"


@pytest.mark.parametrize("section", ["problems", "readings", "contacts"])
def test_a_read_that_could_hide_a_red_flag_is_named_first(section: str) -> None:
    assert decide([], chart(ADULT, gap(section)), 3).skipped == (FLAGS,)


def test_a_red_flag_that_was_found_leaves_nothing_to_name() -> None:
    assert decide([], chart(ADULT, gap("readings"), problem("cauda-equina-saddle", began=2)), 3).skipped == ()


def test_what_hides_no_red_flag_is_not_named() -> None:
    assert decide([], chart(ADULT, gap("plans")), 3).skipped == ()


@pytest.mark.parametrize("kind", [SAFETY, ADVICE])
def test_an_unknown_trigger_is_named_when_a_read_failed(kind: Kind) -> None:
    unread = decide([card(kind=kind, when=UNKNOWN)], chart(ADULT, gap("readings")), 3)
    assert unread.skipped == (FLAGS, "Title of card")
    assert unread.shown == ()


@pytest.mark.parametrize("kind", list(Kind))
def test_an_unknown_trigger_is_not_named_when_everything_was_read(kind: Kind) -> None:
    assert decide([card(kind=kind, when=UNKNOWN)], chart(ADULT), 3).skipped == ()


def test_a_gap_in_a_section_that_the_line_does_not_read_is_not_the_cause() -> None:
    assert decide([card(when=UNKNOWN)], chart(ADULT, gap("plans")), 3).skipped == ()


def test_a_card_that_is_excluded_anyway_is_not_named() -> None:
    assert decide([card(when=UNKNOWN, unless=YES)], chart(ADULT, gap("readings")), 3).skipped == (FLAGS,)


def test_a_card_that_is_silent_anyway_is_not_named() -> None:
    assert decide([card(when=NO, unless=UNKNOWN)], chart(ADULT, gap("readings")), 3).skipped == (FLAGS,)


def offer(*unless: Line) -> Suggestion:
    return Suggestion("Offer", Order("order", "Order", "MedicationRequest", (), unless, ()), None, None, ())


def test_a_shown_card_whose_offers_could_not_be_judged_is_named() -> None:
    offering = card(suggestions=(offer(line(UNKNOWN)),))
    assert decide([offering], chart(ADULT, gap("readings")), 3).skipped == (FLAGS, "Title of card: what may be offered")
    assert decide([offering], chart(ADULT, gap("plans")), 3).skipped == ()
    assert decide([offering], chart(ADULT), 3).skipped == ()


def test_a_variant_without_offers_has_none_to_judge() -> None:
    bare = Variant((line(YES),), None, None, None, ())
    offering = card(suggestions=(offer(line(UNKNOWN)),), variants=(bare,))
    assert decide([offering], chart(ADULT, gap("readings")), 3).skipped == (FLAGS,)


# -- gates ------------------------------------------------------------------------------------------------------------------

RED_FLAG = problem("cauda-equina-saddle", began=2)
PALLIATIVE = problem("palliative-care")

GATES = [
    pytest.param((ADULT,), SHOWN, id="an adult without red flags"),
    pytest.param((CHILD,), EXCLUDED, id="under 18"),
    pytest.param((AGELESS,), UNDECIDED, id="of unknown age"),
    pytest.param((ADULT, RED_FLAG), EXCLUDED, id="beside a red flag"),
    pytest.param((ADULT, problem("sciatica", recorded=5, sides=("left", "right"))), EXCLUDED, id="sciatica of both sides"),
    pytest.param((ADULT, PALLIATIVE), EXCLUDED, id="in palliative care"),
    pytest.param((ADULT, gap("contacts")), UNDECIDED, id="where palliative care is unknown"),
]


@pytest.mark.parametrize(("parts", "verdict"), GATES)
def test_advice_passes_the_gates_only(parts: tuple[object, ...], verdict: Verdict) -> None:
    assert decide([card(kind=ADVICE)], chart(*parts), 3).decisions[0].verdict is verdict


@pytest.mark.parametrize("kind", [RED, SAFETY, DATA])
@pytest.mark.parametrize("parts", [(CHILD,), (AGELESS,), (ADULT, RED_FLAG), (ADULT, PALLIATIVE)])
def test_the_gates_are_for_advice_alone(kind: Kind, parts: tuple[object, ...]) -> None:
    assert decide([card(kind=kind)], chart(*parts), 3).decisions[0].verdict is SHOWN


def test_a_red_flag_that_is_unknown_lets_advice_pass() -> None:
    decided = one(card(kind=ADVICE))
    assert [(s.line.text, s.finding.answer) for s in decided.steps if s.role is Role.GATE] == [
        ("adult", YES),
        ("red_flag", UNKNOWN),
        ("palliative_care", NO),
    ]


def test_an_age_that_could_not_be_read_is_named_among_the_skipped_checks() -> None:
    assert decide([card(kind=ADVICE)], chart(AGELESS, gap("person")), 3).skipped == (FLAGS, "Title of card")


@pytest.mark.parametrize("kind", list(Kind))
def test_for_the_dead_there_is_no_card(kind: Kind) -> None:
    outcome = decide([card(kind=kind, when=(raising(),))], chart(person(deceased=True)), 3)
    assert outcome.shown == ()
    assert outcome.decisions[0].verdict is EXCLUDED


# -- suppression ------------------------------------------------------------------------------------------------------------


def test_a_card_yields_to_one_that_is_shown() -> None:
    assert verdicts([card("first"), card("second", yields_to=("first",))]) == {"first": SHOWN, "second": YIELDED}


@pytest.mark.parametrize("state", [{"when": NO}, {"when": UNKNOWN}, {"unless": YES}])
def test_a_card_does_not_yield_to_one_that_is_not_shown(state: dict[str, Any]) -> None:
    assert verdicts([card("first", **state), card("second", yields_to=("first",))])["second"] is SHOWN


def test_a_card_does_not_yield_to_one_that_is_not_of_this_hook() -> None:
    assert verdicts([card("second", yields_to=("elsewhere",))]) == {"second": SHOWN}


def test_a_card_that_is_silent_stays_silent() -> None:
    assert verdicts([card("first"), card("second", when=NO, yields_to=("first",))])["second"] is SILENT


def test_a_card_that_yielded_hides_nothing() -> None:
    chain = [card("first"), card("second", yields_to=("first",)), card("third", yields_to=("second",))]
    assert verdicts(chain) == {"first": SHOWN, "second": YIELDED, "third": SHOWN}


def test_a_card_that_is_cut_hides_nothing() -> None:
    cards = [info("first", yields_to=("last",)), info("second"), info("third"), info("last")]
    assert SHOWN in (verdicts(cards, 2)["first"], verdicts(cards, 2)["last"])


# -- cap and rank -----------------------------------------------------------------------------------------------------------


def test_the_default_caps_are_three_and_two() -> None:
    assert (Caps().patient_view, Caps().orders) == (3, 2)


@pytest.mark.parametrize("cap", [Caps().patient_view, Caps().orders, 0])
def test_the_best_ranked_info_cards_are_shown(cap: int) -> None:
    found = verdicts([info(str(n)) for n in range(5)], cap)
    assert list(found.values()) == [SHOWN] * cap + [CAPPED] * (5 - cap)


def test_warnings_and_critical_cards_are_never_cut_and_take_no_place() -> None:
    cards = [card("w", indicator=Indicator.WARNING), card("c", indicator=Indicator.CRITICAL), info("i"), info("j"), card("last")]
    assert verdicts(cards, 1) == {"w": SHOWN, "c": SHOWN, "i": SHOWN, "j": CAPPED, "last": SHOWN}


def test_exempt_cards_are_never_cut_and_take_no_place() -> None:
    cards = [info("exempt", cap_exempt=True), info("i"), info("j"), info("also", cap_exempt=True)]
    assert verdicts(cards, 1) == {"exempt": SHOWN, "i": SHOWN, "j": CAPPED, "also": SHOWN}


def test_an_escalated_info_card_is_still_cut() -> None:
    raised = info("raised", escalate=(Escalation(Indicator.CRITICAL, (line(YES),)),))
    assert verdicts([info("first"), raised], 1) == {"first": SHOWN, "raised": CAPPED}


def test_a_warning_that_is_shown_as_info_is_not_cut() -> None:
    lowered = card("lowered", variants=(Variant((line(YES),), Indicator.INFO, None, None, None),))
    outcome = decide([info("first"), lowered], chart(ADULT), 1)
    assert [(d.recommendation.id, d.indicator) for d in outcome.shown] == [("first", Indicator.INFO), ("lowered", Indicator.INFO)]


def test_a_card_that_yields_or_is_silent_takes_no_place() -> None:
    cards = [card("w"), info("yielding", yields_to=("w",)), info("silent", when=NO), info("i")]
    assert verdicts(cards, 1) == {"w": SHOWN, "yielding": YIELDED, "silent": SILENT, "i": SHOWN}


def test_decisions_keep_the_order_of_rank() -> None:
    names = ["c", "a", "b"]
    outcome = decide([card(name) for name in names], chart(ADULT), 3)
    assert [d.recommendation.id for d in outcome.decisions] == names
    assert [d.recommendation.id for d in outcome.shown] == names


def test_no_recommendation_makes_no_decision() -> None:
    assert decide([], chart(ADULT), 3) == Outcome()


# -- variants and escalation ------------------------------------------------------------------------------------------------


def variant(name: str, *lines: Line, indicator: Indicator | None = None) -> Variant:
    return Variant(lines, indicator, name, None, None)


def test_the_first_variant_of_which_all_lines_hold_is_taken() -> None:
    variants = (
        variant("no", line(NO)),
        variant("unknown", line(UNKNOWN)),
        variant("half", line(YES), line(NO)),
        variant("whole", line(YES), line(YES, "too")),
        variant("later", line(YES)),
    )
    chosen = one(card(variants=variants)).variant
    assert chosen is not None
    assert chosen.summary == "whole"


def test_without_a_variant_that_holds_the_card_stays_as_it_is() -> None:
    decided = one(card(variants=(variant("no", line(UNKNOWN)),)))
    assert decided.variant is None
    assert decided.indicator is Indicator.WARNING


@pytest.mark.parametrize(
    ("to", "answer", "level"),
    [
        (Indicator.CRITICAL, YES, Indicator.CRITICAL),
        (Indicator.CRITICAL, UNKNOWN, Indicator.WARNING),
        (Indicator.CRITICAL, NO, Indicator.WARNING),
        (Indicator.INFO, YES, Indicator.WARNING),
        (Indicator.WARNING, YES, Indicator.WARNING),
    ],
)
def test_escalation_raises_only(to: Indicator, answer: Answer, level: Indicator) -> None:
    assert one(card(escalate=(Escalation(to, (line(answer),)),))).indicator is level


def test_escalation_starts_from_the_level_of_the_variant() -> None:
    lowered = card(variants=(variant("v", line(YES), indicator=Indicator.INFO),))
    raised = replace(lowered, escalate=(Escalation(Indicator.WARNING, (line(YES),)),))
    assert one(lowered).indicator is Indicator.INFO
    assert one(raised).indicator is Indicator.WARNING


def test_the_highest_of_several_escalations_holds_in_any_order() -> None:
    steps = (Escalation(Indicator.CRITICAL, (line(YES),)), Escalation(Indicator.WARNING, (line(YES),)))
    assert one(info("i", escalate=steps)).indicator is Indicator.CRITICAL
    assert one(info("i", escalate=steps[::-1])).indicator is Indicator.CRITICAL


def test_every_line_of_an_escalation_must_hold() -> None:
    assert one(info("i", escalate=(Escalation(Indicator.CRITICAL, (line(YES), line(NO))),))).indicator is Indicator.INFO


def test_a_card_that_is_not_shown_chooses_no_variant() -> None:
    assert one(card(when=NO, variants=(variant("v", raising()),))).variant is None


def test_lines_hold_together_only_when_all_are_yes() -> None:
    assert holds([], chart())
    assert holds([line(YES)], chart())
    assert not holds([line(YES), line(UNKNOWN)], chart())
