"""Red flags. Not finding one is UNKNOWN, never "excluded": nobody can tell from a record that nothing is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from .answers import Answer, Finding, unknown, yes
from .chart import Chart, Problem, Reading, once
from .dates import When, within
from .demographics import age_range
from .exclusions import is_malignancy
from .scope import Syndrome, core_problems, syndromes
from .trials import days_covered
from .vocabulary import ValueSet, concept, finding

_SIGN_DAYS = 30
_SADDLE, _NUMBNESS = concept("cauda-equina-saddle"), concept("numbness")
_SADDLE_SITE, _SADDLE_WORDS = concept("saddle-site"), concept("saddle-words")
_BLADDER, _BOWEL = concept("cauda-equina-bladder"), concept("cauda-equina-bowel")
_SEXUAL, _BOTH_LEGS = concept("cauda-equina-sexual"), concept("cauda-equina-weakness")
_ANAL_TONE, _SYNDROME = concept("cauda-equina-anal-tone"), concept("rf-cauda-equina")
_PROSTATE, _STRESS = concept("prostate-enlargement"), concept("stress-incontinence")

_NONE = unknown("none recorded; absence is not proof")


def _never_excluded(ask: Callable[[Chart], Finding | None]) -> Callable[[Chart], Finding]:
    """A red flag is YES or UNKNOWN."""

    @once
    def red_flag(chart: Chart) -> Finding:
        return ask(chart) or _NONE

    return red_flag


def _signs(chart: Chart) -> list[tuple[ValueSet, When | None, str, str]]:
    """Every recorded sign of cauda equina syndrome: which, when, in what words, and its record."""
    found: list[tuple[ValueSet, When | None, str, str]] = []
    kinds = (_SADDLE, _BLADDER, _BOWEL, _SEXUAL, _BOTH_LEGS, _ANAL_TONE, _SYNDROME)
    items: Iterable[tuple[frozenset[str], When | None, str, str]] = [
        *((p.concepts, p.began, p.name, p.ref) for p in chart.problems if p.current is Answer.YES),
        *((r.concepts, r.when, "a recorded finding", r.ref) for r in chart.readings if r.present is not False),
    ]
    for concepts, when, name, ref in items:
        kind = next((k for k in kinds if k in concepts), None)
        if kind is None and _NUMBNESS in concepts and not concepts.isdisjoint({_SADDLE_SITE, _SADDLE_WORDS}):
            kind = _SADDLE
        if kind:
            found.append((kind, when, name, ref))
    return found


@once
def _live_signs(chart: Chart) -> tuple[tuple[ValueSet, Answer | None, str, str], ...]:
    """The signs of the last 30 days (YES) and those without a date (None); older ones are gone."""
    signs: list[tuple[ValueSet, Answer | None, str, str]] = []
    for kind, when, name, ref in _signs(chart):
        recent = None if when is None else when.within(_SIGN_DAYS, chart.today)
        if recent is Answer.UNKNOWN:
            recent = None  # a month or a year that could be the last 30 days: ask, like an undated sign
        if recent is not Answer.NO:
            signs.append((kind, recent, name, ref))
    if {kind for kind, *_ in signs} == {_BLADDER} and _bladder_explained(chart):
        return ()
    return tuple(signs)


def _bladder_explained(chart: Chart) -> bool:
    """Prostate enlargement or stress incontinence explains a bladder code that stands alone."""
    return any(p.current is Answer.YES and not p.concepts.isdisjoint({_PROSTATE, _STRESS}) for p in chart.problems)


@once
def _definite(chart: Chart) -> Finding | None:
    dated = [sign for sign in _live_signs(chart) if sign[1] is Answer.YES]
    if {kind for kind, *_ in dated} - {_SEXUAL}:
        return yes("recorded in the last 30 days: " + ", ".join(name for _, _, name, _ in dated), *(s[3] for s in dated))
    return None


@once
def _both_sides(chart: Chart) -> Finding | None:
    """Right and left sciatica or radiculopathy, both recorded within 90 days."""
    sides: dict[str, str] = {}
    for syndrome, problem in core_problems(chart):
        if syndrome in (Syndrome.SCIATICA, Syndrome.RADICULOPATHY):
            if within(problem.entered, 90, chart.today) is Answer.YES:
                for side in problem.sides:
                    sides.setdefault(side, problem.ref)
    if {"right", "left"} <= set(sides):
        return yes("sciatica newly recorded on both sides", *dict.fromkeys(sides.values()))
    return None


@finding(reads=("problems", "readings"))
def cauda_equina_suspected(chart: Chart) -> Finding:
    """A sign of cauda equina syndrome is active: saddle, bladder, bowel or sexual change, weakness of both legs, reduced
    anal tone, or the syndrome itself, in the last 30 days or undated; or sciatica is newly recorded on both sides."""
    live = _live_signs(chart)
    certain = _definite(chart) or _both_sides(chart)
    if certain:
        return certain
    if live:
        return yes("recorded: " + ", ".join(name for _, _, name, _ in live), *(ref for *_, ref in live))
    return _NONE


@finding(reads=("problems", "readings"))
def cauda_equina_screen_only(chart: Chart) -> Finding:
    """The suspicion rests only on sciatica of both sides, on an undated sign, or on sexual dysfunction alone."""
    if certain := _definite(chart):
        return Finding(Answer.NO, certain.because, certain.resources)
    return cauda_equina_suspected(chart)


_WEAK_LEG, _WEAK_MUSCLE = concept("leg-weakness"), concept("muscle-weakness")
_LEG_WORDS, _STRENGTH = concept("leg-words"), concept("limb-strength")
_OTHER_CAUSE = concept("other-cause-of-weakness")


@_never_excluded
def motor_deficit(chart: Chart) -> Finding | None:
    """Foot drop or leg weakness of the last 90 days; strength 3/5 or less within 30 days, or a fall of one grade."""
    if any(p.current is Answer.YES and _OTHER_CAUSE in p.concepts for p in chart.problems):
        return None
    for problem in chart.problems:
        weak = _WEAK_LEG in problem.concepts or {_WEAK_MUSCLE, _LEG_WORDS} <= problem.concepts
        if weak and problem.current is Answer.YES and within(problem.began, 90, chart.today) is Answer.YES:
            return yes(f"recorded: {problem.name}", problem.ref)
    return _weak_reading(chart)


def _weak_reading(chart: Chart) -> Finding | None:
    strengths = [r for r in chart.readings if _STRENGTH in r.concepts and r.value is not None and 0 <= r.value <= 5 and r.when]
    for reading in strengths:
        if within(reading.when, 30, chart.today) is not Answer.YES or reading.value is None:
            continue
        if reading.value <= 3:
            return yes(f"strength {reading.value:g} of 5", reading.ref)
        earlier = [r.value for r in strengths if _same_movement(r, reading) and _before(r, reading) and r.value is not None]
        if earlier and max(earlier) - reading.value >= 1:
            return yes(f"strength fell to {reading.value:g} of 5", reading.ref)
    return None


def _same_movement(one: Reading, other: Reading) -> bool:
    return one.code == other.code and one.sides == other.sides


def _before(one: Reading, other: Reading) -> bool:
    return one.when is not None and other.when is not None and one.when.latest < other.when.earliest


_TEMPERATURE, _CRP = concept("body-temperature"), concept("c-reactive-protein")
_INFECTION, _IMMUNE = concept("rf-hip-pelvic-infection"), concept("immunosuppression")
_INJECTING, _DIALYSIS = concept("injecting-drug-use"), concept("dialysis")
_INTERVENTION = concept("spinal-or-hip-intervention")
_FEVER_CELSIUS, _FEVER_FAHRENHEIT, _CRP_MG_L = 38.0, 100.4, 20.0


@_never_excluded
def infection(chart: Chart) -> Finding | None:
    """Hip, pelvic or spinal infection; fever within 7 days; CRP above 20 mg/L within 14 days with a risk factor."""
    for problem in chart.problems:
        if _INFECTION in problem.concepts and problem.current is Answer.YES:
            return yes(f"recorded: {problem.name}", problem.ref)
    for reading in chart.readings:
        if reading.value is None:
            continue
        if _TEMPERATURE in reading.concepts and within(reading.when, 7, chart.today) is Answer.YES:
            limit = {"Cel": _FEVER_CELSIUS, "[degF]": _FEVER_FAHRENHEIT}.get(reading.unit or "")
            if limit is not None and reading.value >= limit:
                return yes(f"temperature {reading.value:g}", reading.ref)
        if _CRP in reading.concepts and within(reading.when, 14, chart.today) is Answer.YES:
            factor = {"mg/L": 1.0, "mg/dL": 10.0}.get(reading.unit or "")
            if factor and reading.value * factor > _CRP_MG_L and (risk := _infection_risk(chart)):
                return yes("raised CRP with a risk factor", reading.ref, risk)
    return None


def _infection_risk(chart: Chart) -> str | None:
    for problem in chart.problems:
        if problem.current is Answer.YES and not problem.concepts.isdisjoint({_INJECTING, _IMMUNE, _DIALYSIS}):
            return problem.ref
    for treatment in chart.treatments:
        days = 30 if _INTERVENTION in treatment.concepts else 90 if _DIALYSIS in treatment.concepts else None
        if days and within(treatment.when, days, chart.today) is Answer.YES:
            return treatment.ref
    return None


_TRAUMA, _BEARING = concept("trauma"), concept("unable-to-bear-weight")
_OSTEOPOROSIS, _STEROID = concept("osteoporosis"), concept("med-systemic-corticosteroid")
_STRESS_FRACTURE, _HIP_FRACTURE = concept("stress-fracture"), concept("rf-hip-pelvic-fracture")


@_never_excluded
def fracture(chart: Chart) -> Finding | None:
    """A fall within 30 days with age 65, osteoporosis or 90 days of a systemic steroid; unable to bear weight within 14
    days; a stress or insufficiency fracture, or a suspected hip or pelvic fracture."""
    for problem in chart.problems:
        if problem.current is not Answer.YES:
            continue
        if _STRESS_FRACTURE in problem.concepts or (_HIP_FRACTURE in problem.concepts and problem.suspected):
            return yes(f"recorded: {problem.name}", problem.ref)
        if _BEARING in problem.concepts and within(problem.began, 14, chart.today) is Answer.YES:
            return yes(f"recorded: {problem.name}", problem.ref)
    for reading in chart.readings:
        if _BEARING in reading.concepts and reading.present is not False and within(reading.when, 14, chart.today) is Answer.YES:
            return yes("unable to bear weight", reading.ref)
    trauma = _recent_trauma(chart)
    return yes("a recent fall or injury, with fragile bone", trauma) if trauma and _fragile(chart) else None


def _recent_trauma(chart: Chart) -> str | None:
    for problem in chart.problems:
        if _TRAUMA in problem.concepts and within(problem.began, 30, chart.today) is Answer.YES:
            return problem.ref
    for contact in chart.contacts:
        if _TRAUMA in contact.reasons and within(contact.when, 30, chart.today) is Answer.YES:
            return contact.ref
    return None


def _fragile(chart: Chart) -> bool:
    """65 or older, or of unknown age (counts as at risk); osteoporosis; a systemic steroid for 90 days."""
    ages = age_range(chart)
    if ages is None or ages[1] >= 65:
        return True
    if any(p.current is Answer.YES and _OSTEOPOROSIS in p.concepts for p in chart.problems):
        return True
    return days_covered(chart, _STEROID) >= 90


_HISTORY, _WEIGHT_LOSS, _NIGHT_PAIN = concept("rf-history-of-malignancy"), concept("weight-loss"), concept("night-pain")


@_never_excluded
def malignancy(chart: Chart) -> Finding | None:
    """Cancer, current, in remission or past, or weight loss within 180 days, or night pain at 50 or older, together with
    pathway pain that began within a year."""
    began = [p.began for _, p in core_problems(chart) if p.began]
    recent_pain = not began or any(within(b, 365, chart.today) is not Answer.NO for b in began)
    if not recent_pain:
        return None
    for problem in chart.problems:
        if is_malignancy(problem) and (problem.current is Answer.YES or problem.in_remission):
            return yes(f"recorded: {problem.name}", problem.ref)
        if _HISTORY in problem.concepts and problem.current is not Answer.NO:
            return yes(f"recorded: {problem.name}", problem.ref)
    for concepts, when, ref in _findings(chart):
        if _WEIGHT_LOSS in concepts and within(when, 180, chart.today) is Answer.YES:
            return yes("weight loss is recorded", ref)
        ages = age_range(chart)
        if _NIGHT_PAIN in concepts and ages and ages[0] >= 50:
            return yes("night or rest pain is recorded", ref)
    return None


def _findings(chart: Chart) -> Iterable[tuple[frozenset[str], When | None, str]]:
    """Current problems and coded readings that are not negative."""
    for problem in chart.problems:
        if problem.current is Answer.YES:
            yield problem.concepts, problem.began, problem.ref
    for reading in chart.readings:
        if reading.present is not False:
            yield reading.concepts, reading.when, reading.ref


_AVULSION, _RETRACTION = concept("hamstring-avulsion"), concept("hamstring-retraction")
_GAP_FELT, _GRADE_3 = concept("tendon-gap"), concept("hamstring-grade-3")


@_never_excluded
def avulsion(chart: Chart) -> Finding | None:
    """Complete proximal hamstring avulsion or retraction of 2 cm or more; or grade III within 42 days with a deficit, a
    palpable gap or inability to walk. Older than 183 days is routine."""
    injuries = [p for s, p in core_problems(chart) if s is Syndrome.HAMSTRING]
    if not injuries or all(p.began and within(p.began, 183, chart.today) is Answer.NO for p in injuries):
        return None
    for concepts, _, ref in _findings(chart):
        if _AVULSION in concepts:
            return yes("complete proximal hamstring avulsion is recorded", ref)
    for report in chart.reports:
        if _AVULSION in report.conclusions:
            return yes("complete proximal hamstring avulsion is reported", report.ref)
    for reading in chart.readings:
        if _RETRACTION in reading.concepts and reading.value is not None:
            if reading.value / {"cm": 1.0, "mm": 10.0}.get(reading.unit or "", 1e9) >= 2:
                return yes("tendon retraction of 2 cm or more", reading.ref)
    severe = [p for p in injuries if _GRADE_3 in p.concepts and within(p.began, 42, chart.today) is Answer.YES]
    signs = [ref for concepts, _, ref in _findings(chart) if not concepts.isdisjoint({_GAP_FELT, _BEARING})]
    if severe and (signs or motor_deficit(chart).answer is Answer.YES):
        return yes("grade III injury with a deficit, a gap or inability to walk", severe[0].ref, *signs)
    return None


_MASS = concept("mass-on-nerve")


@_never_excluded
def mass_on_nerve(chart: Chart) -> Finding | None:
    """A mass in contact with the sciatic or pudendal nerve is reported or recorded."""
    for report in chart.reports:
        if _MASS in report.conclusions:
            return yes("a mass on the nerve is reported", report.ref)
    for concepts, _, ref in _findings(chart):
        if _MASS in concepts:
            return yes("a mass on the nerve is recorded", ref)
    return None


_READS = ("problems", "readings", "treatments", "contacts", "reports", "medicines", "person")


@finding(reads=_READS)
def red_flag(chart: Chart) -> Finding:
    """Any red flag is recorded: cauda equina signs, new leg weakness, infection, fracture, malignancy, hamstring avulsion
    or a mass on the nerve. When none is, the answer is unknown, never no."""
    for ask in (cauda_equina_suspected, motor_deficit, infection, fracture, malignancy, avulsion, mass_on_nerve):
        found: Finding = ask(chart)
        if found.answer is Answer.YES:
            return found
    return _NONE


@finding(reads=("problems",))
def hamstring_grade_unknown(chart: Chart) -> Finding:
    """A hamstring injury is current, and its grade is not recorded."""
    if hamstring_grade(chart) is None:
        return Finding(Answer.of(Syndrome.HAMSTRING in syndromes(chart)), "no grade is recorded")
    return Finding(Answer.NO, f"grade {hamstring_grade(chart)}")


@finding(reads=("problems",))
def hamstring_grade_is(chart: Chart, grade: int) -> Finding:
    """The recorded grade (1 to 3) of the current hamstring injury. Unknown without one."""
    recorded = hamstring_grade(chart)
    if recorded is None:
        return unknown("no grade is recorded")
    return Finding(Answer.of(recorded == grade), f"grade {recorded}")


@once
def hamstring_grade(chart: Chart) -> int | None:
    """The highest grade that a current hamstring problem carries."""
    grades = [
        n
        for syndrome, problem in core_problems(chart)
        if syndrome is Syndrome.HAMSTRING
        for n in (1, 2, 3)
        if f"hamstring-grade-{n}" in problem.concepts
    ]
    return max(grades, default=None)
