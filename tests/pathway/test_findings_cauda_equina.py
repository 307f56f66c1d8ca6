"""Cauda equina syndrome: a sign is YES, its absence is UNKNOWN and never NO (encodings, section 3; pathway C.5)."""

from __future__ import annotations

import pytest
from charts import NO, UNKNOWN, YES, Case, case, gap, label, month, problem, reading, year

SADDLE, BLADDER, BOWEL = "cauda-equina-saddle", "cauda-equina-bladder", "cauda-equina-bowel"
SEXUAL, LEGS, TONE = "cauda-equina-sexual", "cauda-equina-weakness", "cauda-equina-anal-tone"
SYNDROME = "rf-cauda-equina"
SIGNS = (SADDLE, BLADDER, BOWEL, SEXUAL, LEGS, TONE, SYNDROME)
RIGHT, LEFT = ("right",), ("left",)


def sciatica(sides: tuple[str, ...], recorded: int | None = 90, name: str = "sciatica") -> object:
    return problem(name, recorded=recorded, sides=sides)


CASES = [
    # cauda_equina_suspected
    *(case("cauda_equina_suspected", YES, f"{sign} 30 days ago", problem(sign, began=30)) for sign in SIGNS),
    *(case("cauda_equina_suspected", YES, f"{sign} without a date", problem(sign)) for sign in SIGNS),
    *(case("cauda_equina_suspected", UNKNOWN, f"{sign} 31 days ago", problem(sign, began=31)) for sign in SIGNS),
    case("cauda_equina_suspected", YES, "the onset counts before the recording", problem(SADDLE, began=30, recorded=400)),
    case("cauda_equina_suspected", UNKNOWN, "recorded today with an onset long ago", problem(SADDLE, began=400, recorded=0)),
    case("cauda_equina_suspected", YES, "recorded 30 days ago without an onset", problem(SADDLE, recorded=30)),
    case("cauda_equina_suspected", YES, "a month that may be the last 30 days", problem(SADDLE, began=month(1))),
    case("cauda_equina_suspected", YES, "an observation", reading(TONE, days=3)),
    case("cauda_equina_suspected", YES, "an observation that says present", reading(TONE, days=3, present=True)),
    case("cauda_equina_suspected", UNKNOWN, "an observation that says absent", reading(TONE, days=3, present=False)),
    case("cauda_equina_suspected", YES, "numbness at a saddle site", problem("numbness", "saddle-site", began=2)),
    case("cauda_equina_suspected", YES, "numbness in saddle words", problem("numbness", "saddle-words", began=2)),
    case("cauda_equina_suspected", UNKNOWN, "numbness elsewhere", problem("numbness", began=2)),
    case("cauda_equina_suspected", UNKNOWN, "a sign that is over", problem(SADDLE, began=2, current=NO)),
    case(
        "cauda_equina_suspected",
        UNKNOWN,
        "bladder with prostate enlargement",
        problem(BLADDER, began=2),
        problem("prostate-enlargement"),
    ),
    case(
        "cauda_equina_suspected",
        UNKNOWN,
        "bladder with stress incontinence",
        problem(BLADDER, began=2),
        problem("stress-incontinence"),
    ),
    case(
        "cauda_equina_suspected",
        YES,
        "bladder with a prostate enlargement that is over",
        problem(BLADDER, began=2),
        problem("prostate-enlargement", current=NO),
    ),
    case(
        "cauda_equina_suspected",
        YES,
        "the prostate explains the bladder but not the saddle",
        problem(BLADDER, began=2),
        problem(SADDLE, began=2),
        problem("prostate-enlargement"),
    ),
    case("cauda_equina_suspected", YES, "right and left sciatica within 90 days", sciatica(RIGHT), sciatica(LEFT)),
    case("cauda_equina_suspected", YES, "one bilateral problem within 90 days", sciatica(("left", "right"))),
    case(
        "cauda_equina_suspected",
        YES,
        "sciatica on one side, radiculopathy on the other",
        sciatica(RIGHT),
        sciatica(LEFT, name="lumbosacral-radiculopathy"),
    ),
    case("cauda_equina_suspected", UNKNOWN, "one side 91 days ago", sciatica(RIGHT), sciatica(LEFT, 91)),
    case("cauda_equina_suspected", UNKNOWN, "one side without any date", sciatica(RIGHT), sciatica(LEFT, None)),
    case("cauda_equina_suspected", UNKNOWN, "one side only", sciatica(RIGHT)),
    case(
        "cauda_equina_suspected",
        UNKNOWN,
        "two sides of deep gluteal syndrome",
        sciatica(("left", "right"), 5, "deep-gluteal-syndrome"),
    ),
    case("cauda_equina_suspected", UNKNOWN, "nothing is recorded"),
    case("cauda_equina_suspected", UNKNOWN, "nothing could be read", gap("problems")),
    # cauda_equina_screen_only
    case("cauda_equina_screen_only", YES, "a sign without any date", problem(SADDLE)),
    case("cauda_equina_screen_only", YES, "a year that may be the last 30 days", problem(SADDLE, began=year(2026))),
    case("cauda_equina_screen_only", YES, "sexual dysfunction alone", problem(SEXUAL, began=2)),
    case("cauda_equina_screen_only", YES, "sciatica on both sides", sciatica(RIGHT), sciatica(LEFT)),
    case("cauda_equina_screen_only", NO, "a dated sign", problem(SADDLE, began=2)),
    case(
        "cauda_equina_screen_only", NO, "sexual dysfunction with another sign", problem(SEXUAL, began=2), problem(BOWEL, began=2)
    ),
    case("cauda_equina_screen_only", NO, "both sides and a dated sign", sciatica(RIGHT), sciatica(LEFT), problem(LEGS, began=2)),
    case("cauda_equina_screen_only", UNKNOWN, "nothing is recorded"),
    case("cauda_equina_screen_only", UNKNOWN, "nothing could be read", gap("problems")),
]


@pytest.mark.parametrize("one", CASES, ids=label)
def test_cauda_equina(one: Case) -> None:
    assert one.ask().answer is one.answer


def test_the_records_behind_the_suspicion_are_named() -> None:
    found = case("cauda_equina_suspected", YES, "", sciatica(RIGHT), sciatica(LEFT)).ask()
    assert set(found.resources) == {"Condition/sciatica-right", "Condition/sciatica-left"}
