"""Why a request got its answer: every card, every line, what was found and on which records."""

from __future__ import annotations

from typing import Any

import orjson

from . import Runtime
from .config import Settings
from .content.library import Service
from .content.line_words import line_words, meaning
from .errors import NotAHookRequest, NotJson, ServiceError, outcome
from .fhir.hook import HookRequest
from .memory.opening import is_there, open_memory
from .pathway.answers import Answer
from .pathway.chart import SECTIONS, Chart
from .pathway.decide import Decision
from .pathway.medicines import unclassified
from .pathway.recommendation import Hook
from .pathway.rests import Recall
from .pathway.vocabulary import FINDINGS, PHRASES
from .pipeline import Consultation
from .trust.clients import CdsClient
from .web.auth import ANYBODY
from .web.metrics import Metrics
from .web.protocol import parse
from .web.recorder import Recorder

_RECORDS = tuple(section for section in SECTIONS if section != "person")
_MARK = {Answer.YES: "yes    ", Answer.NO: "no     ", Answer.UNKNOWN: "unknown"}


def explain(body: bytes, settings: Settings, *, as_json: bool, client: str = ANYBODY.name) -> tuple[str, int]:
    """The explanation of one hook request of a CDS Client, as text or JSON, and an exit status: 1 when it was refused."""
    try:
        found = _run(body, settings, client)
    except ServiceError as error:
        if as_json:
            return _json(outcome(error.code, error.text, error.expressions)), 1
        return f"refused with status {error.status}: {error.text}", 1
    if found is None:
        return (_json({"decisions": []}) if as_json else "nothing to evaluate: the request carries no order"), 0
    return (_json(as_data(found)) if as_json else _as_text(found)), 0


def _run(body: bytes, settings: Settings, client: str) -> Consultation | None:
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise NotJson("the file is not JSON") from None
    hook = parsed.get("hook") if isinstance(parsed, dict) else None
    if hook not in [h.value for h in Hook]:
        raise NotAHookRequest(f"hook: one of {', '.join(Hook)} is needed", "hook")
    request = parse(parsed, Hook(hook))
    if request is None:
        return None
    runtime = Runtime.build(settings)
    service = runtime.services[f"posterior-hip-pain-{hook}"]
    return examine(runtime, service, request, _recall(settings, client, request, service))


def examine(runtime: Runtime, service: Service, request: HookRequest, recall: Recall | None) -> Consultation:
    """Evaluates a request with every line asked, also those that another line had made idle. Raises MissingData."""
    return runtime.pipeline.run(service, request, runtime.settings.clock().date(), explain=True, recall=recall)


def _recall(settings: Settings, client: str, request: HookRequest, service: Service) -> Recall | None:
    """What was answered before, where there is a memory; explaining makes none."""
    memory = open_memory(settings) if is_there(settings.database_url) else None
    if memory is None:
        return None
    recorder = Recorder(memory, Metrics())
    recall = recorder.recall(recorder.who(CdsClient(client, ""), request), service, settings.clock())
    memory.close()
    return recall


def _json(data: Any) -> str:
    return orjson.dumps(data, option=orjson.OPT_INDENT_2).decode()


def as_data(found: Consultation) -> dict[str, Any]:
    """The explanation as plain data; ``dates`` says from when each record is that a line rests on."""
    dates = _dates(found.chart)
    named = {ref for decision in found.outcome.decisions for step in decision.steps for ref in step.finding.resources}
    return {
        "today": found.chart.today.isoformat(),
        "not_classified": list(unclassified(found.chart)),
        "gaps": [{"what": gap.what, "reason": gap.reason} for gap in found.chart.gaps],
        "decisions": [_decision(decision) for decision in found.outcome.decisions],
        "dates": {ref: dates[ref] for ref in sorted(named & dates.keys())},
        "cards": list(found.cards),
    }


# What tells from when a record is, best first.
_DAYS = ("when", "start", "onset", "recorded", "began", "ordered", "born")


def _dates(chart: Chart) -> dict[str, str]:
    """The day of every record of the chart that has one."""
    found: dict[str, str] = {}
    for record in (chart.person, *(record for section in _RECORDS for record in getattr(chart, section))):
        day = next((day for name in _DAYS if (day := getattr(record, name, None))), None)
        if day:
            found[record.ref] = str(day)
    return found


def _decision(decision: Decision) -> dict[str, Any]:
    return {
        "card": decision.recommendation.id,
        "title": decision.recommendation.title,
        "verdict": decision.verdict.value,
        "indicator": decision.indicator.value if decision.verdict == "shown" else None,
        "because": decision.because,
        "lines": [
            {
                "role": step.role.value,
                "line": step.line.text,
                "words": line_words(step.line),
                "meaning": meaning(step.line),
                "answer": step.finding.answer.value,
                "because": step.finding.because,
                "resources": list(step.finding.resources),
                "decisive": step in decision.decisive,
            }
            for step in decision.steps
        ],
    }


def _as_text(found: Consultation) -> str:
    lines = [f"Evaluated for {found.chart.today}."]
    lines += [f"Not read: {gap.what} ({gap.reason})." for gap in found.chart.gaps]
    if names := unclassified(found.chart):
        lines.append(f"Not classified: {', '.join(names)}.")
    for decision in found.outcome.decisions:
        level = f", {decision.indicator}" if decision.verdict == "shown" else ""
        lines += ["", f"{decision.recommendation.id}: {decision.verdict}{level}", f"  because {decision.because}"]
        for step in decision.steps:
            records = f"  [{', '.join(step.finding.resources)}]" if step.finding.resources else ""
            decisive = "  (decisive)" if step in decision.decisive else ""
            asked = f"{step.role.value} {step.line.text}: {step.finding.because}{records}{decisive}"
            lines.append(f"    {_MARK[step.finding.answer]}  {asked}")
    return "\n".join(lines)


def vocabulary() -> str:
    """Every finding and every phrase, by subject."""
    lines: list[str] = ["FINDINGS (lines of when, unless, variants, escalate and orders)"]
    for entry in sorted(FINDINGS.values(), key=lambda e: (e.subject, e.name)):
        takes = ", ".join(p.name for p in entry.parameters)
        lines += ["", f"{entry.name}" + (f": {takes}" if takes else "") + f"   ({entry.subject})"]
        lines += [f"  {line}" for line in entry.meaning.splitlines()]
        lines.append(f"  reads: {', '.join(entry.reads) or 'nothing but the session'}")
    lines += ["", "PHRASES (in curly braces in the detail of a card)"]
    for phrase in sorted(PHRASES.values(), key=lambda p: p.name):
        lines += ["", f"{{{phrase.name}}}", *(f"  {line}" for line in phrase.meaning.splitlines())]
    return "\n".join(lines)
