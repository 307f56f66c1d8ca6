"""The service as it is run, with two workers: counts of all of them, a worker that is killed, and nothing of a patient in what
operators see. The tests share one running service, and the last one stops it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import threading
import time

from ehr import Ehr
from operations_support import HEADER, PLANTED, SIGN, TOKEN, Collector, Service, eventually, opioid_call, series, total, with_ehr
from prometheus_client.mmap_dict import MmapedDict

from cds_service.web.tally import MOMENT

CALLS = "cds_hook_calls_total"


def answered_by(service: Service) -> dict[int, float]:
    """How many hook calls each worker has counted, from its own file."""
    return {
        pid: sum(
            value
            for key, value, _, _ in MmapedDict.read_all_values_from_file(str(service.counts / f"counter_{pid}.db"))
            if json.loads(key)[1] == CALLS
        )
        for pid in service.workers
    }


def test_whichever_worker_is_asked_gives_the_sum(service: Service) -> None:
    """Half of the calls over kept connections, half over new ones, side by side, until both workers have had some."""
    before, sent = service.metrics(), 0
    answered: list[int] = []

    def work(keep: bool) -> None:
        kept = http.client.HTTPConnection("127.0.0.1", service.port, timeout=20) if keep else None
        for _ in range(5):
            answered.append(service.call(opioid_call(), over=kept)[0])
        if kept:
            kept.close()

    while len(answered_by(service)) < 2 or not all(answered_by(service).values()):
        assert sent < 400, "one worker does everything"
        threads = [threading.Thread(target=work, args=(keep,)) for keep in (True, False) * 2]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        sent += 20
    assert answered == [200] * sent
    wanted: list[tuple[str, dict[str, str]]] = [
        (CALLS, {}),
        (CALLS, {"mode": "live", "status": "200"}),
        ("cds_hook_seconds_count", {}),
        ("cds_hook_seconds_bucket", {"le": "+Inf"}),
        ("cds_cards_total", {"card": "first-line-before-opioid"}),
    ]
    for _ in range(12):
        found = service.metrics()
        assert [total(found, name, **labels) - total(before, name, **labels) for name, labels in wanted] == [sent] * 5


def test_everything_is_counted(service: Service, ehr: Ehr) -> None:
    before = service.metrics()
    _, answer, _ = service.call(with_ehr(opioid_call(), ehr, "Procedure", "Flag"))
    withheld = service.call(opioid_call(), "shadow")
    (card, *_) = json.loads(answer)["cards"]
    item = {"card": card["uuid"], "outcome": "overridden", "outcomeTimestamp": "2026-03-02T12:00:00Z"}
    stranger = item | {"card": "a-card-of-nobody"}
    path = f"{SIGN}/feedback"
    for _ in range(2):
        told = service.ask(path, {"feedback": [item, stranger]}, Authorization=service.bearer(path=path))
        assert told[0] == 200
    assert service.ask(SIGN, opioid_call())[0] == 401
    assert service.ask("/cds-services/nothing", {}, Authorization=service.bearer(path="/cds-services/nothing"))[0] == 404
    assert service.call(opioid_call() | {"hookInstance": "7"})[0] == 422
    after = service.metrics()

    def more(name: str, **labels: str) -> float:
        return total(after, name, **labels) - total(before, name, **labels)

    known = SIGN.rpartition("/")[2]
    assert json.loads(withheld[1]) == {"cards": []}
    assert more("cds_cards_total", fate="withheld", card="first-line-before-opioid") == 1
    assert more(CALLS, service=known, mode="shadow", status="200") == 1
    assert more(CALLS, service="other", mode="none", status="401") == 1
    assert more(CALLS, service="other", mode="live", status="404") == 1
    assert more(CALLS, service=known, mode="live", status="422") == 1
    assert more("cds_hook_seconds_count") == 3, "those that were let in"
    assert more("cds_gaps_total", resource="Procedure", reason="the EHR reported an error") == 1
    assert more("cds_fhir_request_seconds_count", result="the EHR reported an error") == 2
    assert more("cds_fhir_request_seconds_count", result="read") == 1
    assert more("cds_feedback_total", card="first-line-before-opioid", outcome="overridden") == 1, "delivered twice"
    assert more("cds_feedback_total", card="other", outcome="overridden") == 1
    assert more("cds_tokens_refused_total", reason="no token") == 1
    assert total(after, "cds_content_info") == total(after, "cds_build_info") == 1


def test_an_id_of_the_gateway_comes_back_and_stands_in_the_log(service: Service) -> None:
    _, _, headers = service.call(opioid_call(), **{"X-Request-ID": "gateway-7.a_B"})
    assert headers["X-Request-ID"] == "gateway-7.a_B"
    (line,) = [json.loads(line) for line in service.log.splitlines() if "gateway-7.a_B" in line]
    assert (line["message"], line["request_id"]) == ("hook answered", "gateway-7.a_B")
    assert line["cards"] + line["snoozed"] == ["first-line-before-opioid"]


def raw(service: Service, head: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", service.port), timeout=10) as connection:
        try:
            connection.sendall(head + b"\r\n\r\n")
            return connection.recv(4096)
        except ConnectionError:  # it may hang up before everything is sent
            return b""


def test_hostile_headers_do_no_harm(service: Service) -> None:
    """What no HTTP server takes is refused before the service sees it, and is not quoted in the log."""
    hostile = {
        "folded": f"a\r\n {HEADER}".encode(),
        "a line feed": f"a\n{HEADER}: 1".encode(),
        "a megabyte": HEADER.encode() * 100_000,
        "not ASCII": f"é{HEADER}".encode(),
        "a NUL": f"\0{HEADER}".encode(),
    }
    for name, value in hostile.items():
        answer = raw(service, b"GET /cds-services/x HTTP/1.1\r\nHost: cds\r\nConnection: close\r\nX-Request-ID: " + value)
        assert HEADER.encode() not in answer.partition(b"\r\n\r\n")[0], name
    refused = service.log.count("request refused")
    for head in ("{} x: 1", "Transfer-Encoding: {}", "Host: cds\r\n{}"):
        raw(service, f"POST {SIGN}?patient={HEADER} HTTP/1.1\r\n{head.format(HEADER)}".encode())
    raw(service, f"GET /cds-services?patient={HEADER} nonsense HTTP/1.1\r\nHost: cds".encode())
    eventually(lambda: service.log.count("request refused") == refused + 4)
    assert service.call(opioid_call())[0] == 200
    assert all(json.loads(line) for line in service.log.splitlines()), "every line is JSON"
    assert HEADER not in service.log


def test_nothing_of_the_patient_is_in_what_operators_see(service: Service, ehr: Ehr, collector: Collector) -> None:
    """Good and bad calls with planted identifiers everywhere, in queries and headers too."""
    body = with_ehr(opioid_call(), ehr, "Patient", "Procedure", "Flag", "Encounter")
    path = f"{SIGN}?patient={PLANTED[0]}"
    headers = {"Authorization": service.bearer(), "User-Agent": PLANTED[1], "baggage": PLANTED[0]}
    headers["tracestate"] = f"a={PLANTED[0]}"
    assert service.ask(path, body, **headers)[0] == 200
    assert service.call(body | {"prefetch": {"Condition": None, PLANTED[1]: {}}, "hookInstance": "x"})[0] == 422
    assert service.call(with_ehr(opioid_call(prefetch={}), ehr) | {"fhirServer": f"{ehr.base}/{PLANTED[0]}"})[0] == 412
    assert service.ask(f"/cds-services/{PLANTED[1]}", body, Authorization=f"Bearer {TOKEN}")[0] == 401
    assert service.ask(f"/cards?q={PLANTED[1]}")[0] == 200
    assert service.ask(f"/{PLANTED[0]}/{PLANTED[1]}")[0] == 404
    eventually(lambda: any(span.name == "GET Encounter" for span in collector.spans))
    eventually(lambda: any("412" in str(span) for span in collector.spans))
    seen = {
        "log": service.log.encode(),
        "metrics": service.ask("/metrics")[1],
        "traces": b"".join(collector.bodies),
    }
    assert [(place, word) for place, text in seen.items() for word in PLANTED if word.encode() in text] == []
    assert any(PLANTED[0] in path for path in ehr.paths), "the EHR was asked about this patient"


def test_the_spans_of_a_call_belong_together(service: Service, ehr: Ehr, collector: Collector) -> None:
    service.call(with_ehr(opioid_call(), ehr, "Flag"), **{"X-Request-ID": "traced-1"})

    def hook() -> list[object]:
        return [s for s in collector.spans if any(a.value.string_value == "traced-1" for a in s.attributes)]

    eventually(hook)
    (call,) = [s for s in collector.spans if any(a.value.string_value == "traced-1" for a in s.attributes)]
    assert call.name == "POST /cds-services/<service_id>"
    assert {a.key for a in call.attributes} >= {"cds.service", "cds.mode", "cds.client", "cds.hook_instance", "http.route"}
    eventually(lambda: [s for s in collector.spans if s.parent_span_id == call.span_id])
    (read,) = [s for s in collector.spans if s.parent_span_id == call.span_id]
    assert read.name == "GET Flag"
    assert {a.key: a.value.string_value for a in read.attributes}["url.full"] == f"{ehr.origin}/Flag"
    assert not [s for s in collector.spans if "metrics" in s.name]


def test_a_worker_that_is_told_to_stop_takes_no_count_with_it(service: Service) -> None:
    """Both of them, right after they have answered."""
    before = total(service.metrics(), CALLS)
    for _ in range(20):
        assert service.call(opioid_call())[0] == 200
    gone = service.workers
    for pid in gone:
        os.kill(pid, signal.SIGTERM)
    eventually(lambda: len(service.workers) == 2 and not set(gone) & set(service.workers))
    eventually(lambda: total(service.metrics(), "cds_workers") == 2)
    assert total(service.metrics(), CALLS) - before == 20


def test_a_killed_worker_takes_a_moment_of_counts_with_it_at_most(service: Service) -> None:
    """Killed while it works, several times: what was answered is counted, what was not sent is not."""
    before = total(service.metrics(), CALLS)
    sent, stop = [0], threading.Event()
    answered: list[float] = []
    killed: list[float] = []

    def work() -> None:
        while not stop.is_set():
            sent[0] += 1
            with contextlib.suppress(OSError, http.client.HTTPException):
                if service.call(opioid_call())[0] == 200:
                    answered.append(time.monotonic())

    caller = threading.Thread(target=work)
    caller.start()
    for _ in range(3):
        time.sleep(4 * MOMENT)
        goal, victim = len(answered) + 10, service.workers[0]
        eventually(lambda goal=goal: len(answered) >= goal)
        killed.append(time.monotonic())
        os.kill(victim, signal.SIGKILL)
        eventually(lambda victim=victim: victim not in service.workers and len(service.workers) == 2)
    stop.set()
    caller.join()
    eventually(lambda: total(service.metrics(), "cds_workers") == 2)
    found = {total(service.metrics(), CALLS) - before for _ in range(6)}
    assert len(found) == 1
    sure = [moment for moment in answered if not any(0 <= end - moment < 2 * MOMENT for end in killed)]
    assert 20 < len(sure) <= found.pop() <= sent[0]
    files = [path.name for path in service.counts.glob("counter_*.db")]
    assert len(files) == 4, "the parent, two workers, and one for all that are gone"
    assert service.log.count("was sent SIGKILL") == 3, "what gunicorn says of its workers is not cut"


def test_nothing_is_left_behind(service: Service) -> None:
    counts = service.counts
    assert series((service.ask("/metrics")[1]).decode())
    assert service.stop() == 0
    assert not counts.exists()
