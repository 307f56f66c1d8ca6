"""The medicines of today: taken, drafted, and the pairs that harm."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from .answers import Answer, Finding, no, unknown, yes
from .chart import Chart, Medicine, once
from .dates import within
from .exposure import long_term_ingredients
from .vocabulary import ValueSet, concept, finding, phrase

_OPIOIDS, _GABAPENTINOIDS = concept("opioids"), concept("gabapentinoids")
_BENZODIAZEPINES, _DEPRESSANTS = concept("benzodiazepines"), concept("other-cns-depressants")
_NALOXONE = concept("med-naloxone")

# Pathway specification, part D, med_active: a medicine completed within 14 days still counts for the opioid pairs; one last
# ordered more than 365 days ago counts and is called old; rescue naloxone counts for 24 months.
_JUST_ENDED, _OLD, _NALOXONE_DAYS = 14, 365, 730


def taken(chart: Chart, medicines: ValueSet) -> list[Medicine]:
    """The active medicines of a class."""
    return [m for m in chart.medicines_of(medicines) if m.on_list]


def drafted(chart: Chart, medicines: ValueSet, *, selected: bool = False) -> list[Medicine]:
    """The drafts of this session of a class; with ``selected`` only those that the clinician is working on."""
    drafts = chart.selected if selected else chart.drafts
    ordered = [d.medicine for d in drafts if d.medicine and medicines in d.medicine.classes]
    return [m for m in ordered if not m.do_not_give]


def _unless_unread(chart: Chart, what: str) -> Finding:
    if gaps := chart.unread("medicines"):
        return unknown(f"{', '.join(g.what for g in gaps)} could not be read: {what} unknown")
    return no(f"{what}: none on the list and none drafted")


@finding(reads=("medicines",))
def taking(chart: Chart, medicines: ValueSet) -> Finding:
    """A medicine of this class is on the active list."""
    found = taken(chart, medicines)
    if found:
        return yes(", ".join(_label(m, chart) for m in found), *(m.ref for m in found))
    return _unless_unread(chart, medicines)


@finding(reads=("medicines",))
def taking_or_drafted(chart: Chart, medicines: ValueSet) -> Finding:
    """A medicine of this class is on the active list or in a draft of this session."""
    found = taken(chart, medicines) + drafted(chart, medicines)
    if found:
        return yes(", ".join(_label(m, chart) for m in found), *(m.ref for m in found))
    return _unless_unread(chart, medicines)


def beside(chart: Chart, medicines: ValueSet, chosen: Iterable[Medicine] = ()) -> Finding:
    """Is a medicine of this class active or drafted, other than these drafts?"""
    apart = {m.ref for m in chosen}
    found = [m for m in taken(chart, medicines) + drafted(chart, medicines) if m.ref not in apart]
    if found:
        return yes(f"with {_joined(_label(m, chart) for m in found)}", *(m.ref for m in found))
    return _unless_unread(chart, medicines)


def _just_ended(chart: Chart, medicines: ValueSet) -> list[Medicine]:
    since = chart.today - timedelta(days=_JUST_ENDED)  # a supply that lasts beyond today counts too
    found = [m for m in chart.medicines_of(medicines) if m.status == "completed"]
    return [m for m in found if (last := m.end or m.start or m.ordered) and last.latest >= since]


def _pair(chart: Chart, one: ValueSet, other: ValueSet) -> tuple[Medicine, list[Medicine]] | None:
    """A selected draft of one class, with what stands against it of the other."""
    standing = taken(chart, other) + _just_ended(chart, other) + drafted(chart, other)
    for chosen in drafted(chart, one, selected=True):
        against = [m for m in standing if m.ref != chosen.ref]
        if against:
            return chosen, against
    return None


@finding(reads=("medicines",))
def ordering_pair(chart: Chart, one: ValueSet, other: ValueSet) -> Finding:
    """A draft of one class is selected, and one of the other class is active, in another draft of this session, or was
    completed within 14 days. Either of the two may be the selected one."""
    chosen = drafted(chart, one, selected=True) + drafted(chart, other, selected=True)
    pair = _pair(chart, one, other) or _pair(chart, other, one)
    if pair:
        first, against = pair
        return yes(f"{first.name} with {', '.join(_label(m, chart) for m in against)}", first.ref, *(m.ref for m in against))
    if not chosen:
        return no("neither is selected")
    return _unless_unread(chart, f"the other of {one} and {other}")


@finding(reads=("medicines",))
def single_dose_sedation(chart: Chart) -> Finding:
    """Every benzodiazepine in question is one dose ordered inside an encounter, as for a procedure."""
    found = taken(chart, _BENZODIAZEPINES) + drafted(chart, _BENZODIAZEPINES)
    if not found:
        return _unless_unread(chart, "benzodiazepines")
    if not all(m.single_dose and m.inpatient for m in found):
        return no(", ".join(m.name for m in found), *(m.ref for m in found))
    if chart.unread("medicines"):
        return unknown("the list of medicines could not be read: another benzodiazepine may be taken")
    return yes(", ".join(m.name for m in found), *(m.ref for m in found))


@finding(reads=("medicines",))
def third_cns_depressant(chart: Chart) -> Finding:
    """Beside the opioid and the gabapentinoid a benzodiazepine, Z-drug or muscle relaxant is active or drafted."""
    found = taken(chart, _DEPRESSANTS) + drafted(chart, _DEPRESSANTS)
    third = [m for m in found if m.classes.isdisjoint({_OPIOIDS, _GABAPENTINOIDS})]
    if third:
        return yes(", ".join(m.name for m in third), *(m.ref for m in third))
    return _unless_unread(chart, "a third sedating medicine")


@finding(reads=("medicines",))
def rescue_naloxone_available(chart: Chart) -> Finding:
    """Naloxone or nalmefene on its own is active, drafted, or was ordered within 24 months; combinations with an opioid do
    not count."""
    found = taken(chart, _NALOXONE) + drafted(chart, _NALOXONE)
    found += [m for m in chart.medicines_of(_NALOXONE) if _supplied(m, chart)]
    if found:
        return yes(", ".join(m.name for m in found), *(m.ref for m in found))
    return _unless_unread(chart, "naloxone")


def _supplied(medicine: Medicine, chart: Chart) -> bool:
    if medicine.status in ("cancelled", "draft", "not-taken"):
        return False
    return within(medicine.ordered, _NALOXONE_DAYS, chart.today) is Answer.YES


@finding(reads=("allergies",))
def allergic_to(chart: Chart, medicines: ValueSet) -> Finding:
    """An allergy or intolerance to a medicine of this class is recorded."""
    refs = tuple(a.ref for a in chart.allergies if medicines in a.classes)
    if refs:
        return yes(f"allergy or intolerance to {medicines} is recorded", *refs)
    if chart.unread("allergies"):
        return unknown("allergies could not be read")
    return no(f"no allergy to {medicines} is recorded")


@once
def taken_ingredients(chart: Chart) -> frozenset[str]:
    """The ingredients of the active list, and those taken for long until lately."""
    return frozenset(i for m in chart.medicines if m.on_list for i in m.ingredients) | long_term_ingredients(chart)


def already_taking(chart: Chart, medicine: Medicine) -> bool:
    """Is this draft a renewal or a change of something that is taken already? A medicine without a known ingredient is
    compared by name."""
    if medicine.ingredients:
        return not taken_ingredients(chart).isdisjoint(medicine.ingredients)
    return any(m.on_list and m.name.lower() == medicine.name.lower() for m in chart.medicines)


@finding(reads=("medicines",))
def renewing(chart: Chart, medicines: ValueSet) -> Finding:
    """A selected draft of this class has an ingredient that is taken already: it must not be stopped at once."""
    selected = drafted(chart, medicines, selected=True)
    again = [m for m in selected if already_taking(chart, m)]
    if again:
        return yes(f"{', '.join(m.name for m in again)}: already taken", *(m.ref for m in again))
    if not selected:
        return no("none is selected")
    return _unless_unread(chart, "an active medicine of the same ingredient")


def unclassified(chart: Chart) -> tuple[str, ...]:
    """The names of the active medicines that are of no class known here: not classified, which is not the same as absent."""
    return tuple(dict.fromkeys(m.name for m in chart.medicines if m.on_list and not m.classes))


def _label(medicine: Medicine, chart: Chart) -> str:
    if not medicine.on_list and medicine.status == "completed":
        return f"{medicine.name} (completed {medicine.end})" if medicine.end else f"{medicine.name} (completed, no end recorded)"
    if medicine.on_list and medicine.ordered and medicine.ordered.latest < chart.today:
        if within(medicine.ordered, _OLD, chart.today) is Answer.NO:
            return f"{medicine.name} (last ordered {medicine.ordered}: check that it is still taken)"
    return medicine.name


def _in_words(chart: Chart, one: ValueSet, other: ValueSet) -> str:
    pair = _pair(chart, one, other) or _pair(chart, other, one)
    if not pair:
        return ""
    chosen, against = pair
    return f"{chosen.name} with {_joined(_label(m, chart) for m in against)}"


def _joined(names: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(names))


@phrase(reads=("medicines",))
def opioid_and_gabapentinoid(chart: Chart) -> str:
    """The two medicines that meet."""
    return _in_words(chart, _OPIOIDS, _GABAPENTINOIDS)


@phrase(reads=("medicines",))
def opioid_and_benzodiazepine(chart: Chart) -> str:
    """The two medicines that meet."""
    return _in_words(chart, _OPIOIDS, _BENZODIAZEPINES)
