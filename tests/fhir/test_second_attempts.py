"""One retry inside the budget, and servers that are left alone because they never answer."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from ehr import LONG, Answer, Call, Ehr, Hook, client, ids, reasons, slow
from fhir_support import bundle, condition, outcome

from cds_service.fhir import client as client_module
from cds_service.fhir.prefetch import FAILED, REFUSED, TIMED_OUT, TRUNCATED, UNREACHABLE, UNREADABLE
from cds_service.fhir.search import Attempt


def in_turn(ehr: Ehr, answers: Iterable[Answer]) -> None:
    """The first call gets the first answer, and so on; every further one the chart."""
    left = iter(answers)
    ehr.answer = lambda call: next(left, lambda c: c.send_json(bundle(condition())))(call)


def status(code: int, **headers: str) -> Answer:
    return lambda call: call.send_json(outcome(), code, **headers)


def reset(call: Call) -> None:
    call.close_connection = True
    call.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    call.connection.close()


def cut_short(call: Call) -> None:
    call.send(b'{"resourceType": "Bund')


def shorter_than_said(call: Call) -> None:
    call.send(b'{"resourceType": "Bundle"}', Content_Length="5000")


def a_page(call: Call) -> None:
    call.send(b"<html>come back later</html>")


PASSING = [*map(status, (429, 500, 502, 503, 504)), reset, cut_short, shorter_than_said, a_page]


@pytest.mark.parametrize("fault", PASSING)
def test_a_passing_fault_is_tried_once_more(ehr: Ehr, fault: Answer) -> None:
    in_turn(ehr, [fault])
    records = Hook(ehr).gather()
    assert (ids(records), records.gaps, len(ehr.calls)) == (["c1"], [], 2)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [(status(503), FAILED), (reset, UNREACHABLE), (cut_short, UNREADABLE), (shorter_than_said, FAILED), (status(429), FAILED)],
)
def test_twice_is_enough(ehr: Ehr, fault: Answer, reason: str) -> None:
    in_turn(ehr, [fault] * 9)
    assert (reasons(Hook(ehr).gather()), len(ehr.calls)) == ([reason], 2)


LASTING = {400: FAILED, 401: REFUSED, 403: REFUSED, 404: FAILED, 410: FAILED, 501: FAILED, 302: FAILED}


@pytest.mark.parametrize(("code", "reason"), LASTING.items())
def test_what_a_second_attempt_cannot_change_is_not_tried_again(ehr: Ehr, code: int, reason: str) -> None:
    in_turn(ehr, [status(code)] * 9)
    assert (reasons(Hook(ehr).gather()), len(ehr.calls)) == ([reason], 1)


def test_a_page_is_tried_once_more_too(ehr: Ehr) -> None:
    in_turn(ehr, [lambda c: c.send_json(bundle(condition(id="c0"), next_page=f"{ehr.base}/Condition?page=2")), status(500)])
    assert (ids(Hook(ehr).gather()), len(ehr.calls)) == (["c0", "c1"], 3)


@pytest.mark.parametrize("as_date", [False, True])
def test_the_server_says_how_long_to_wait(ehr: Ehr, as_date: bool) -> None:
    asked = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True) if as_date else "1"
    in_turn(ehr, [status(429, Retry_After=asked)])
    started = time.monotonic()
    assert ids(Hook(ehr).gather()) == ["c1"]
    assert time.monotonic() - started >= 0.9


@pytest.mark.parametrize("asked", ["30", "Fri, 31 Dec 2100 23:59:59 GMT"])
def test_a_wait_beyond_the_deadline_is_no_second_attempt(ehr: Ehr, asked: str) -> None:
    in_turn(ehr, [status(503, Retry_After=asked)])
    started = time.monotonic()
    assert (reasons(Hook(ehr, budget=1.0).gather()), len(ehr.calls)) == ([FAILED], 1)
    assert time.monotonic() - started < 0.9


@pytest.mark.parametrize("asked", ["soon", "-5", "1e9", ""])
def test_a_wait_that_is_no_time_is_passed_over(ehr: Ehr, asked: str) -> None:
    in_turn(ehr, [status(503, Retry_After=asked)])
    assert ids(Hook(ehr).gather()) == ["c1"]


def test_every_request_is_reported_with_its_end(ehr: Ehr) -> None:
    in_turn(ehr, [status(500)])
    seen: list[Attempt] = []
    client_module.FhirClient((), LONG, seen.append).fetch(ehr.base, None, {"it": "Condition"})
    assert [attempt.result for attempt in seen] == [FAILED, "read"]
    assert all(0 <= attempt.seconds < LONG for attempt in seen)


# -- a server that never answers --------------------------------------------------------------------------------------------


def silent_calls(shared: client_module.FhirClient, base: str, count: int) -> list[str | None]:
    return [shared.fetch(base, None, {"it": "Condition"})["it"].reason for _ in range(count)]


def timed(work: Callable[[], object]) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started


def test_a_silent_server_is_left_alone_and_tried_again(ehr: Ehr, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dead server does not cost every request its deadline; when it is back, it is read again."""
    monkeypatch.setattr(client_module, "_REST", 1)
    ehr.answer = slow(ehr)
    shared = client(0.2)
    assert silent_calls(shared, ehr.base, 5) == [TIMED_OUT] * 5
    asked = len(ehr.calls)
    assert timed(lambda: silent_calls(shared, ehr.base, 20)) < 0.2
    assert (silent_calls(shared, ehr.base, 1), len(ehr.calls)) == ([TIMED_OUT], asked)
    ehr.answer = lambda call: call.send_json(bundle())
    time.sleep(1.1)
    assert silent_calls(shared, ehr.base, 2) == [None, None]


def test_a_server_that_is_still_dead_is_tried_by_one_call_and_left_alone_again(ehr: Ehr, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "_REST", 1)
    ehr.answer = slow(ehr)
    shared = client(0.1)
    silent_calls(shared, ehr.base, 5)
    asked = len(ehr.calls)
    time.sleep(1.1)
    silent_calls(shared, ehr.base, 4)
    assert len(ehr.calls) == asked + 1


def test_the_reason_stays_the_one_of_the_server(ehr: Ehr) -> None:
    """The same request has the same status whether it was asked or not: 412 for a server that cannot be connected to."""
    free = Ehr()
    address = free.base
    free.server_close()
    assert silent_calls(client(), address, 7) == [UNREACHABLE] * 7


@pytest.mark.parametrize("answer", [status(500), status(401), status(404), a_page])
def test_an_error_is_an_answer(ehr: Ehr, answer: Answer) -> None:
    """One broken kind of record must not silence the others."""
    ehr.answer = answer
    shared = client()
    silent_calls(shared, ehr.base, 8)
    ehr.answer = lambda call: call.send_json(bundle())
    assert silent_calls(shared, ehr.base, 1) == [None]


def test_one_kind_that_hangs_does_not_silence_the_others(ehr: Ehr) -> None:
    hang = slow(ehr)
    ehr.answer = lambda call: hang(call) if "Flag" in call.path else call.send_json(bundle())
    shared = client(0.1)
    for _ in range(8):
        found = shared.fetch(ehr.base, None, {"a": "Flag?patient=p1", "b": "Condition?patient=p1"})
    assert (found["a"].reason, found["b"].reason) == (TIMED_OUT, None)


def test_one_kind_that_hangs_alone_does_not_silence_the_others(ehr: Ehr) -> None:
    """Everything else was prefetched in those calls."""
    hang = slow(ehr)
    ehr.answer = lambda call: hang(call) if "Flag" in call.path else call.send_json(bundle())
    shared = client(0.1)
    for _ in range(7):
        shared.fetch(ehr.base, None, {"Flag": "Flag?patient=p1"})
    found = shared.fetch(ehr.base, None, {"Flag": "Flag?patient=p1", "Condition": "Condition?patient=p1"})
    assert (found["Flag"].reason, found["Condition"].reason) == (TIMED_OUT, None)
    assert len([path for path in ehr.paths if "Flag" in path]) == 5


def test_many_medications_that_hang_in_one_call_are_one_silence(ehr: Ehr) -> None:
    ehr.answer = slow(ehr)
    shared = client(0.1)
    for _ in range(4):
        shared.fetch(ehr.base, None, {f"Medication/{n}": f"Medication/{n}" for n in range(9)})
    ehr.answer = lambda call: call.send_json(bundle())
    assert shared.fetch(ehr.base, None, {"Medication/1": "Medication/1"})["Medication/1"].reason is None


def test_one_answer_in_between_starts_the_count_anew(ehr: Ehr) -> None:
    hang = slow(ehr)
    shared = client(0.1)
    for _ in range(3):
        ehr.answer = hang
        silent_calls(shared, ehr.base, 4)
        ehr.answer = lambda call: call.send_json(bundle())
        assert silent_calls(shared, ehr.base, 1) == [None]


def test_another_server_is_not_meant(ehr: Ehr, new_ehr: Callable[[], Ehr]) -> None:
    other = new_ehr()
    ehr.answer = slow(ehr)
    shared = client(0.1)
    silent_calls(shared, ehr.base, 6)
    assert silent_calls(shared, other.base, 1) == [None]


def test_a_page_that_hangs_after_others_were_read_is_no_silence(ehr: Ehr) -> None:
    hang = slow(ehr)
    ehr.answer = lambda c: (
        hang(c) if "page=2" in c.path else c.send_json(bundle(condition(), next_page=f"{ehr.base}/Condition?page=2"))
    )
    shared = client(0.1)
    assert silent_calls(shared, ehr.base, 7) == [TRUNCATED] * 7
