"""When pathway.md, C.4, keeps a medicine away, judged on what was put into a chart. Knows nothing of the order files.

Every answer is a list of reasons; an empty list means that nothing in C.4 speaks against the medicine. What could not be
read counts against it: UNKNOWN is contraindicated.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from .story import GivenReading, Remedy, Story

_MEDICINES = {"MedicationRequest", "MedicationStatement", "MedicationDispense"}
_PLACES_OF_CARE = {"Encounter", "ServiceRequest", "CarePlan", "EpisodeOfCare", "Flag", "Condition"}
NERVE_MEDICINES = {"tca", "snri", "gabapentinoid"}
_NOT_IN_PREGNANCY = {*NERVE_MEDICINES, "nsaid", "topical-nsaid"}
_BY_PROBLEMS = {*NERVE_MEDICINES, "nsaid", "acetaminophen"}
_BIG = 1e9


def ages(story: Story) -> tuple[int, int] | None:
    """The youngest and oldest age that is possible; None when nothing is known."""
    return None if "Patient" in story.lost else story.ages


def sex(story: Story) -> str:
    return "" if "Patient" in story.lost else story.sex


def known_adult(story: Story) -> bool:
    found = ages(story)
    return found is not None and found[0] >= 18


def palliative_or_unknown(story: Story) -> bool:
    """Palliative care is recorded, or nobody can tell."""
    if story.lost & _PLACES_OF_CARE or story.current("palliative-care"):
        return True
    return any(
        d.live and d.tag == "palliative-care" and d.kind in ("Encounter", "ServiceRequest", "CarePlan", "Flag", "EpisodeOfCare")
        for d in story.deeds
    )


def certain_red_flag(story: Story) -> str:
    """A red flag that one record alone is enough for; empty when there is none of these."""
    if "Condition" not in story.lost:
        for problem in story.problems:
            days = problem.days if problem.days is not None and problem.days >= 0 else 9999
            alone = {"leg-weakness": 90, "cauda-equina-saddle": 30, "rf-cauda-equina": 30, "unable-to-bear-weight": 14}
            always = {"rf-hip-pelvic-infection", "stress-fracture", "mass-on-nerve"}
            if problem.state == "current" and (problem.tag in always or days <= alone.get(problem.tag, -1)):
                return problem.tag
    if "Observation" not in story.lost:
        for reading in story.measured("body-temperature", 7):
            limit = {"Cel": 38.0, "[degF]": 100.4}.get(reading.unit or "", _BIG)
            if reading.value is not None and reading.value >= limit:
                return "fever"
    return ""


# -- kidneys ------------------------------------------------------------------------------------------------------------


def _lowest(found: Sequence[GivenReading]) -> float | None:
    """The lowest value that these results allow; None without a result."""
    values = [0.0 if r.sign.startswith("<") else r.value for r in found if r.value is not None]
    return min(values, default=None)


def _clearance(story: Story) -> float | None:
    """Cockcroft and Gault, from the newest creatinine and weight."""
    span, kind = ages(story), sex(story)
    creatinine = [
        r.value / {"mg/dL": 1.0, "umol/L": 88.4}[r.unit]
        for r in story.newest("serum-creatinine")
        if r.value and r.unit in ("mg/dL", "umol/L")
    ]
    weight = [
        r.value * {"kg": 1.0, "[lb_av]": 0.45359237}[r.unit]
        for r in story.newest("body-weight")
        if r.value and r.unit in ("kg", "[lb_av]")
    ]
    if span is None or kind not in ("male", "female") or not creatinine or not weight:
        return None
    return (140 - span[1]) * min(weight) / (72 * max(creatinine)) * (0.85 if kind == "female" else 1.0)


def kidney_at_least(story: Story) -> float | None:
    """The kidney function in mL/min that is certain; None when it is unknown."""
    if "Observation" in story.lost or "Condition" in story.lost:
        return None
    dialysed = any(
        d.kind == "Procedure" and d.tag == "dialysis" and d.live and d.days is not None and d.days <= 90 for d in story.deeds
    )
    if story.current("dialysis", "ckd-stage-5") or dialysed:
        return 0.0
    units = ("mL/min/{1.73_m2}", "mL/min", None)
    reported = _lowest([r for r in story.newest("egfr") if r.unit in units])
    values = [v for v in (reported, _clearance(story)) if v is not None]
    if not values and story.current("ckd-stage-4"):
        return 15.0
    return min(values, default=None)


# -- pregnancy ----------------------------------------------------------------------------------------------------------


def known_not_pregnant(story: Story) -> bool:
    """Part D: male; or nothing says pregnant, and age, a recorded operation or a statement of 90 days says not."""
    if sex(story) == "male":
        return True
    denied = [r.days for r in story.measured("pregnancy-status", 9999) if r.says == "not-pregnant" and r.days is not None]
    stated = [r.days for r in story.measured("pregnancy-status", 42 * 7) if r.says == "pregnant" and r.days is not None]
    if stated and (not denied or min(stated) < min(denied)):
        return False
    if any(r.days and r.days > 0 for r in story.measured("delivery-date", 400)) or _current(story, "pregnancy"):
        return False
    span = ages(story)
    if span and (span[1] < 12 or span[0] > 55):
        return True
    cannot = any(d.tag == "cannot-be-pregnant" and d.kind == "Procedure" and d.live for d in story.deeds)
    if story.ever("cannot-be-pregnant") or cannot:
        return True
    return bool(denied) and min(denied) <= 90 and not story.lost & {"Observation", "Condition"}


def _current(story: Story, tag: str) -> bool:
    return any(p.tag == tag and p.state == "current" for p in story.problems)


# -- the rows of C.4 ----------------------------------------------------------------------------------------------------


def against(story: Story, remedy: Remedy, gone: Collection[str], milligrams: float | None, *, update: bool = False) -> list[str]:
    """Why this medicine must not be offered together with the deletion of the drafts ``gone``."""
    return [*_for_any(story, remedy, gone, update=update), *_by_class(story, remedy, gone, milligrams, update=update)]


def _for_any(story: Story, remedy: Remedy, gone: Collection[str], *, update: bool) -> Iterator[str]:
    if story.lost & _MEDICINES:
        yield "the medicines could not be read"
    if "AllergyIntolerance" in story.lost:
        yield "the allergies could not be read"
    for group in sorted(remedy.classes):
        if story.active(group) or (not update and story.drafted(group, gone=gone)):
            yield f"{group}: the class is active or drafted"
        if group in story.allergies:
            yield f"{group}: an allergy is recorded"


def _by_class(story: Story, remedy: Remedy, gone: Collection[str], milligrams: float | None, *, update: bool) -> Iterator[str]:
    if remedy.classes & _BY_PROBLEMS and "Condition" in story.lost:
        yield "the problems could not be read"
    if remedy.classes & _NOT_IN_PREGNANCY and not known_not_pregnant(story):
        yield "pregnant, or not known not to be"
    if remedy.classes & NERVE_MEDICINES and not update and not known_adult(story):
        yield "not known to be an adult"
    if "tca" in remedy.classes:
        yield from _tricyclic(story, gone)
    if "snri" in remedy.classes:
        yield from _snri(story, gone)
    if "gabapentinoid" in remedy.classes:
        yield from _gabapentinoid(story, gone, remedy, milligrams)
    if "nsaid" in remedy.classes:
        yield from _systemic_nsaid(story, gone)
    if remedy.classes & {"nsaid", "topical-nsaid"} and story.allergies & {"nsaid", "topical-nsaid"}:
        yield "an allergy to an NSAID is recorded"
    if "acetaminophen" in remedy.classes:
        yield from _now(story, "hepatic-impairment", "heavy-alcohol-use")


def _present(story: Story, gone: Collection[str], *classes: str) -> Iterator[str]:
    for group in classes:
        if story.active(group) or story.drafted(group, gone=gone):
            yield f"{group} is active or drafted"


def _ever(story: Story, *tags: str) -> Iterator[str]:
    yield from (f"{tag} is recorded" for tag in tags if story.ever(tag))


def _now(story: Story, *tags: str) -> Iterator[str]:
    yield from (f"{tag} is current or undated" for tag in tags if story.current(tag))


_BLEEDING = ("bleeding-history", "peptic-ulcer-gi-bleed", "nsaid-bleeding-risk-condition")
_HEART = ("heart-disease", "ischemic-heart-disease", "heart-block-conduction", "arrhythmia", "prolonged-qt", "heart-failure")


def _tricyclic(story: Story, gone: Collection[str]) -> Iterator[str]:
    span = ages(story)
    if span is None or span[0] < 25 or span[1] > 64:
        yield "age not known to be 25 to 64"
    yield from _ever(story, *_HEART, "seizure-disorder", "suicidality", "bipolar-disorder")
    yield from _now(story, "angle-closure-glaucoma", "urinary-retention")
    yield from _present(story, gone, "ssri", "snri", "maoi", "tca", "triptan", "tramadol", "linezolid")
    if "Observation" in story.lost:
        yield "the QT interval could not be read"
    if any(r.value is not None and r.value >= 500 for r in story.newest("qtc")):
        yield "QTc 500 or more"


def _snri(story: Story, gone: Collection[str]) -> Iterator[str]:
    span = ages(story)
    if span is None or span[0] < 25:
        yield "age not known to be 25 or more"
    kidney = kidney_at_least(story)
    if kidney is None or kidney < 30:
        yield "kidney function not known to be 30 or more"
    yield from _ever(story, "suicidality", "bipolar-disorder")
    yield from _ever(story, *_BLEEDING)
    yield from _now(story, "hepatic-impairment", "heavy-alcohol-use", "angle-closure-glaucoma")
    yield from _present(story, gone, "maoi", "tca", "ssri", "snri", "triptan", "tramadol", "linezolid", "cyp1a2", "anticoagulant")
    pressures = [r.parts for r in story.newest("blood-pressure") if r.parts]
    high = any((upper or 0) >= 160 or (lower or 0) >= 100 for upper, lower in pressures)
    if "Observation" in story.lost or high or not any(None not in pair for pair in pressures):
        yield "blood pressure not known to be below 160/100"


_MISUSE = ("drug-misuse", "substance-use", "opioid-use-disorder", "opioid-poisoning", "injecting-drug-use")


def _gabapentinoid(story: Story, gone: Collection[str], remedy: Remedy, milligrams: float | None) -> Iterator[str]:
    kidney, span = kidney_at_least(story), ages(story)
    if kidney is None or kidney < 30:
        yield "kidney function not known to be 30 or more"
    yield from _present(story, gone, "opioid", "benzodiazepine")
    yield from _now(story, "respiratory-depression-risk")
    yield from _ever(story, *_MISUSE)
    full = kidney is not None and kidney >= 60 and span is not None and span[1] < 65
    start = {"gabapentin": 300 if full else 100, "pregabalin": 75 if full else 25}.get(remedy.ingredient, 0)
    if milligrams is None or milligrams > start:
        yield f"the start dose is above {start} mg"


def _systemic_nsaid(story: Story, gone: Collection[str]) -> Iterator[str]:
    kidney, span = kidney_at_least(story), ages(story)
    if span is None or span[0] < 18 or span[1] > 64:
        yield "age not known to be 18 to 64"
    if kidney is None or kidney < 60:
        yield "kidney function not known to be 60 or more"
    yield from _ever(story, *_BLEEDING, "heart-failure", "ischemic-heart-disease", "stroke")
    yield from _present(story, gone, "anticoagulant", "antiplatelet", "ssri", "snri", "steroid", "acei", "arb", "diuretic")
