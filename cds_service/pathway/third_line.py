"""After exercise and second-line care: what was tried, and what imaging supports."""

from __future__ import annotations

from .answers import Answer, Finding, any_of, no, unknown, yes
from .chart import Chart
from .injections import injection_failed
from .physiotherapy import care_days
from .suspicion import signs
from .syndromes import Syndrome, core_problems, titles
from .trials import adequate_agents
from .vocabulary import ValueSet, concept, finding

_COMPRESSION, _ISCHIOFEMORAL = concept("nerve-compression"), concept("ischiofemoral-imaging")
# Pathway specification, pain-specialist-referral and the surgical cards.
_AFTER_INJECTION, _AGENTS = 28, 2


@finding(reads=("problems",))
def confirmed_syndrome(chart: Chart, any_of: tuple[Syndrome, ...]) -> Finding:
    """One of the named syndromes is current and confirmed: not provisional, differential or unconfirmed."""
    mine = [p for s, p in core_problems(chart) if s in any_of]
    if mine and (firm := [p for p in mine if not p.suspected]):
        return yes(f"confirmed: {firm[0].name}", *[p.ref for p in firm])
    if chart.unread("problems"):
        return unknown("the problem list could not be read")
    if mine:
        return no("the diagnosis is not confirmed", *(p.ref for p in mine))
    return no(f"{titles(any_of)} not recorded as current")


def _documented(chart: Chart, finding_of: ValueSet, what: str) -> Finding:
    """YES where it is reported or recorded, NO where it is recorded as absent; otherwise nobody knows."""
    for report in chart.reports:
        if finding_of in report.conclusions:
            return yes(f"{what} reported {report.when}", report.ref)
    for _, _, ref in signs(chart, finding_of):
        return yes(f"{what} recorded", ref)
    absent = [r.ref for r in chart.readings_of(finding_of) if r.present is False]
    return no(f"{what} recorded as absent", *absent) if absent else unknown(f"{what} not recorded")


@finding(reads=("reports", "readings", "problems"))
def nerve_compression_documented(chart: Chart) -> Finding:
    """Compression of the sciatic nerve is documented by imaging or electrodiagnosis, as a coded finding. Unknown when nothing
    is coded; the words of a report are for people only."""
    return _documented(chart, _COMPRESSION, "compression of the nerve")


@finding(reads=("reports", "readings", "problems"))
def imaging_supports_ischiofemoral(chart: Chart) -> Finding:
    """A narrow ischiofemoral space or oedema of the quadratus femoris is documented, as a coded finding. Unknown when nothing
    is coded."""
    return _documented(chart, _ISCHIOFEMORAL, "ischiofemoral narrowing or oedema")


@finding(reads=("treatments", "problems", "readings", "contacts"))
def injection_failed_or_care_for(chart: Chart, days: int) -> Finding:
    """An injection at least 28 days ago gave no sustained benefit, or conservative care began at least so many days ago."""
    passed = care_days(chart)
    if passed is not None and passed >= days:
        return yes(f"day {passed} of conservative care")
    failed = injection_failed(chart, _AFTER_INJECTION)
    if failed.answer is Answer.NO and (passed is None or chart.unread("contacts", "treatments")):
        return unknown(f"{failed.because}; the begin of conservative care cannot be told", *failed.resources)
    return failed


@finding(reads=("treatments", "problems", "readings", "medicines"))
def second_line_exhausted(chart: Chart) -> Finding:
    """An injection at least 28 days ago gave no sustained benefit, or at least two first-line medicines were tried for an
    adequate time."""
    failed = injection_failed(chart, _AFTER_INJECTION)
    agents = adequate_agents(chart)
    if len(agents) >= _AGENTS:
        return yes(f"tried for an adequate time: {', '.join(run.name for run in agents)}", *(r for a in agents for r in a.refs))
    tried = Finding(chart.absence("medicines"), f"first-line medicines tried for an adequate time: {len(agents)}")
    answer = any_of([failed.answer, tried.answer])
    return failed if failed.answer is Answer.YES else Finding(answer, f"{failed.because}; {tried.because}", failed.resources)


@finding(reads=("contacts", "treatments", "requests", "plans"))
def conservative_care_below(chart: Chart, days: int) -> Finding:
    """Conservative care began less than so many days ago, or no visit is recorded. Unknown when visits could not be read, or
    when a finished programme is recorded without its visits."""
    passed = care_days(chart)
    if passed is None or (passed < days and chart.unread("contacts", "treatments")):
        return unknown("the begin of conservative care cannot be told")
    return (yes if passed < days else no)(f"day {passed} of conservative care")
