"""The production server, as its gateway and its operators meet it: real processes, real sockets, clients that misbehave."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from deploy_support import REQUEST, VIEW, Answer, Drip, Served, heard, serving, slow_ehr

from cds_service import packaged_cards

SECONDS = 1.0
HEAD = f"POST {VIEW} HTTP/1.1\r\nHost: cds\r\nContent-Type: application/json\r\n".encode()


@pytest.fixture(scope="module")
def served(module_port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    options = ("--workers", "2", "--request-seconds", str(SECONDS))
    with serving(tmp_path_factory.mktemp("served"), module_port, *options, CDS_MAX_BODY_MB="1") as process:
        yield process


# -- bounds -----------------------------------------------------------------------------------------------------------------


def test_a_body_that_says_it_is_too_large_is_refused_unread(served: Served) -> None:
    with served.raw() as client:
        client.sendall(HEAD + b"Content-Length: 1048577\r\n\r\n")
        assert heard(client).refused == (413, "application/json", "too-long")


def test_who_sends_on_and_on_hears_the_refusal_all_the_same(served: Served) -> None:
    with served.raw() as client:
        client.sendall(HEAD + b"Content-Length: 8000000\r\n\r\n" + b" " * 8_000_000)
        assert heard(client).refused == (413, "application/json", "too-long")


def test_a_chunked_body_has_the_same_limit_and_is_not_read_to_its_end(served: Served) -> None:
    chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
    with served.raw() as client:
        client.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 17)  # the end never comes
        assert heard(client).refused == (413, "application/json", "too-long")


def test_a_chunked_body_within_the_limit_is_a_request(served: Served) -> None:
    body = b"%x\r\n%s\r\n0\r\n\r\n"
    with served.raw() as client:
        text = b'{"hook": "patient-view"}'
        client.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + body % (len(text), text))
        assert heard(client).refused == (422, "application/json", "invalid")


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\nHost: cds\r\n\r\n", 414, "too-long"),
        (b"GET /healthz HTTP/1.1\r\nHost: cds\r\nX-Long: " + b"a" * 40_000 + b"\r\n\r\n", 431, "too-long"),
        (b"GET /healthz HTTP/1.1\r\nHost: cds\r\n" + b"X-Many: 1\r\n" * 61 + b"\r\n", 431, "too-long"),
        (b"GET /healthz HTTP/1.1\r\nHost: cds\r\nPatient Jane Doe: 1\r\n\r\n", 400, "structure"),
        (b"Jane Doe\r\n\r\n", 400, "structure"),
        (HEAD + b"Transfer-Encoding: jane\r\n\r\n", 501, "not-supported"),
        (HEAD + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "structure"),
    ],
)
def test_what_is_no_request_is_refused_in_the_same_form_and_not_told(served: Served, sent: bytes, status: int, code: str) -> None:
    with served.raw() as client:
        client.sendall(sent)
        answer = heard(client)
    assert answer.refused == (status, "application/json", code)
    log = (served.folder / "log").read_text()
    for told in (answer.body.decode(), log):
        assert "jane" not in told.lower()
        assert "aaaa" not in told


# -- slow clients -----------------------------------------------------------------------------------------------------------


def test_a_body_that_does_not_come_is_given_up_in_time(served: Served) -> None:
    with served.raw() as client:
        began = time.monotonic()
        client.sendall(HEAD + b"Content-Length: 100\r\n\r\n{")
        assert heard(client).refused == (408, "application/json", "timeout")
        assert SECONDS - 0.1 < time.monotonic() - began < SECONDS + 1


def test_slow_clients_keep_nobody_longer_than_the_bound_for_each_of_them_a_thread(served: Served) -> None:
    """32 threads, and twice as many clients that drip their head or their body: two rounds, and everybody else is answered."""
    heads = [served.raw() for _ in range(32)]
    bodies = [served.raw() for _ in range(32)]
    for client in heads:
        client.sendall(b"GET /healthz HTTP/1.1\r\nX-Slow: ")
    for client in bodies:
        client.sendall(HEAD + b"Content-Length: 10000\r\n\r\n{")
    drip = Drip([*heads, *bodies])
    try:
        time.sleep(0.3)
        assert soon(served, 2 * SECONDS + 1.5)
        assert drip.sent > len(drip.connections), "nobody was dripping"
    finally:
        drip.close()


@pytest.mark.parametrize("said", [b"", b"GET /healthz HTTP/1.1\r\nHost: cds\r\n\r\n"])
def test_connections_on_which_nothing_is_said_keep_nobody(served: Served, said: bytes) -> None:
    silent = [served.raw() for _ in range(80)]
    for client in silent:
        client.sendall(said)
    time.sleep(0.3)
    assert soon(served)
    for client in silent:
        client.close()


def test_clients_that_do_not_hang_up_keep_the_loop_from_nothing(served: Served) -> None:
    lasting = [served.raw() for _ in range(16)]
    for client in lasting:
        client.sendall(b"GET /healthz HTTP/1.1\r\nHost: cds\r\nConnection: close\r\n\r\n")
    time.sleep(0.3)
    assert soon(served)
    for client in lasting:
        client.close()


def soon(served: Served, seconds: float = 1) -> bool:
    began = time.monotonic()
    assert served.ask("/healthz").status == 200
    return time.monotonic() - began < seconds


def test_a_client_that_was_cut_is_no_error_in_the_log(served: Served) -> None:
    with served.raw() as client:
        client.sendall(b"GET /healthz HTTP/1.1\r\nX-Slow: ")
        assert client.recv(100) == b""
    assert served.told("unexpected error") == []
    assert served.told("Socket error processing request.") == []


def test_a_connection_is_kept_for_the_next_request(served: Served) -> None:
    with served.raw() as client:
        for _ in range(3):
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: cds\r\n\r\n")
            assert heard(client).status == 200
            time.sleep(SECONDS / 2)  # the bound is that of one request, not of its connection


# -- who is believed --------------------------------------------------------------------------------------------------------

SPOOFED = {
    "X-Forwarded-For": "203.0.113.9",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Ssl": "on",
    "X-Forwarded-Protocol": "ssl",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Port": "444",
    "X-Forwarded-Prefix": "/evil",
    "Forwarded": "host=evil.example;proto=https",
    "SCRIPT_NAME": "/cds-services",
    "PATH_INFO": "/healthz",
}


def first_link(answer: Answer) -> str:
    assert answer.status == 200
    url: str = answer.json["cards"][0]["source"]["url"]
    return url


def test_no_forwarded_header_is_believed_on_loopback_without_a_trusted_proxy(served: Served) -> None:
    link = first_link(served.ask(VIEW, REQUEST, SPOOFED))
    assert link.startswith(f"http://127.0.0.1:{served.place}/cards/")


# -- processes --------------------------------------------------------------------------------------------------------------


def test_a_worker_that_dies_is_replaced(served: Served) -> None:
    victim = served.workers()[0]
    os.kill(victim, signal.SIGKILL)
    end = time.monotonic() + 10
    while (left := served.workers()) and (victim in left or len(left) < 2) and time.monotonic() < end:
        time.sleep(0.05)
    assert victim not in left
    assert len(left) == 2
    assert served.ask("/healthz").status == 200


def version(served: Served) -> str:
    return served.ask(VIEW, REQUEST).headers["X-CDS-Content-Version"]


def test_a_server_on_a_unix_socket_from_its_start_over_reloads_to_its_end(tmp_path_factory: pytest.TempPathFactory) -> None:
    """One process for all of it, because a start is what takes long."""
    folder = tmp_path_factory.mktemp("s")
    shutil.copytree(packaged_cards(), folder / "cards")
    settings = {"CDS_CARDS": str(folder / "cards"), "CDS_DEADLINE_MS": "5000"}
    with serving(folder, str(folder / "cds.sock"), **settings) as served:
        only_its_group_may_connect_and_no_header_is_believed(served)
        a_reload_takes_new_content_without_a_lost_request(served)
        a_reload_of_bad_content_leaves_the_old_in_service(served)
        a_request_in_flight_is_finished_when_the_server_is_told_to_stop(served)


def only_its_group_may_connect_and_no_header_is_believed(served: Served) -> None:
    mode = stat.S_IMODE(Path(str(served.place)).stat().st_mode)
    assert mode & 0o007 == 0
    assert first_link(served.ask(VIEW, REQUEST, SPOOFED)).startswith("http://localhost/cards/")


def a_reload_takes_new_content_without_a_lost_request(served: Served) -> None:
    before = version(served)
    stages = served.folder / "cards" / "stages.yaml"
    stages.write_text(stages.read_text() + "\n# changed\n")
    served.process.send_signal(signal.SIGHUP)
    seen = []
    end = time.monotonic() + 20
    while time.monotonic() < end and (not seen or seen[-1] == before):
        seen.append(version(served))  # every single one is answered
    assert seen[-1] != before
    assert served.wait_for("reloaded")["content"] == seen[-1]


def a_reload_of_bad_content_leaves_the_old_in_service(served: Served) -> None:
    before = version(served)
    (served.folder / "cards" / "data-incomplete.yaml").write_text("id: [")
    served.process.send_signal(signal.SIGHUP)
    line = served.wait_for("reload refused, the old content stays")
    assert line["error"] == "ContentError"
    assert "data-incomplete.yaml" in line["why"]
    assert version(served) == before


def a_request_in_flight_is_finished_when_the_server_is_told_to_stop(served: Served) -> None:
    answers: list[Answer] = []
    with slow_ehr(1.0) as ehr, socket.socket(socket.AF_UNIX) as silent:
        silent.connect(str(served.place))  # says nothing, and is no reason to wait
        body = {key: value for key, value in REQUEST.items() if key not in ("prefetch", "fhirAuthorization")}
        caller = threading.Thread(target=lambda: answers.append(served.ask(VIEW, body | {"fhirServer": ehr.url})))
        caller.start()
        assert ehr.asked.wait(20)
        served.process.send_signal(signal.SIGTERM)
        assert served.process.wait(20) == 0
        caller.join()
    (answer,) = answers
    assert answer.status == 200
    assert answer.json == {"cards": []}
