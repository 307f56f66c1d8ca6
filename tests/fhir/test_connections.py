"""Where connections may lead, how they end with the deadline, and what stays of them (FHIR-09, FHIR-15)."""

from __future__ import annotations

import gc
import socket
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trustme
from ehr import TOKEN, Call, Ehr, Hook, client, dripping, ids, reasons, slow
from fhir_support import bundle, condition

from cds_service import connections
from cds_service.addresses import is_forbidden
from cds_service.fhir.prefetch import NOT_ALLOWED, TIMED_OUT, UNTRUSTED
from cds_service.fhir.search import Search


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "169.254.1.1",
        "fe80::1",
        "fe80::1%eth0",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::1",
        "fd00:ec2::254",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "0.0.0.0",
        "::",
        "224.0.0.1",
        "ff02::1",
    ],
)
def test_link_local_and_metadata_addresses_are_forbidden(address: str) -> None:
    assert is_forbidden(address)


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "::1", "10.0.0.1", "192.168.1.1", "fd00::1", "203.0.113.5", "2001:db8::1", "ehr.example"]
)
def test_addresses_of_hospitals_are_not_forbidden(address: str) -> None:
    assert not is_forbidden(address)


def test_a_forbidden_address_is_not_called_even_when_it_is_on_the_list() -> None:
    base = "http://169.254.169.254/fhir"
    assert reasons(Hook(server=base, allowed=(base,)).gather()) == [NOT_ALLOWED]


def test_a_name_that_leads_to_a_forbidden_address_is_not_called(ehr: Ehr, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is on the list; what it resolves to is seen when the connection stands, before anything is sent."""
    real, port = socket.getaddrinfo, ehr.server_address[1]
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, _, *rest, **named: real("127.0.0.1", port, *rest, **named))
    monkeypatch.setattr(connections, "is_forbidden", lambda address: address == "127.0.0.1")
    base = "http://ehr.example/fhir"
    assert (reasons(Hook(server=base, allowed=(base,)).gather()), ehr.calls) == ([NOT_ALLOWED], [])
    monkeypatch.undo()
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, _, *rest, **named: real("127.0.0.1", port, *rest, **named))
    assert (reasons(Hook(server=base, allowed=(base,)).gather()), len(ehr.calls)) == ([], 1)


# -- the end of a call ------------------------------------------------------------------------------------------------------


def dripping_headers(ehr: Ehr, hung_up: threading.Event) -> Callable[[Call], None]:
    """Sends one header byte now and then, until nobody listens any more."""

    def answer(call: Call) -> None:
        try:
            call.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
            while not ehr.closing.wait(0.02):
                call.wfile.write(b"x")
                call.wfile.flush()
        except OSError:
            hung_up.set()

    return answer


def test_a_server_that_drips_headers_is_hung_up_on(ehr: Ehr) -> None:
    """The timeout of the socket never comes, so the connection is cut at the deadline, and its thread is free again."""
    hung_up = threading.Event()
    ehr.answer = dripping_headers(ehr, hung_up)
    started = time.monotonic()
    assert reasons(Hook(ehr, budget=0.3).gather()) == [TIMED_OUT]
    assert time.monotonic() - started < 1
    assert hung_up.wait(2)


@pytest.mark.parametrize("manner", [slow, dripping])
def test_the_connection_of_a_late_answer_is_cut(ehr: Ehr, manner: Callable[[Ehr], Callable[[Call], None]]) -> None:
    ehr.answer = manner(ehr)
    shared = client(0.2)
    shared.fetch(ehr.base, None, {f"{n}": f"Condition?_id={n}" for n in range(30)})
    until = time.monotonic() + 2
    while (busy := shared._pool._work_queue.qsize()) and time.monotonic() < until:
        time.sleep(0.01)
    assert busy == 0
    ehr.answer = lambda call: call.send_json(bundle())
    assert shared.fetch(ehr.base, None, {"it": "Condition"})["it"].reason is None


DRIPS = {
    "a chunk size": (b"Transfer-Encoding: chunked", b"0" * 3),
    "a chunk": (b"Transfer-Encoding: chunked", b"ffff\r\n"),
    "a trailer": (b"Transfer-Encoding: chunked", b"0\r\nX-Trailer: "),
    "a gzip header": (b"Content-Encoding: gzip\r\nContent-Length: 99999", b"\x1f\x8b\x08\x08\0\0\0\0\0\3"),
    "a body": (b"Content-Length: 99999", b""),
}


@pytest.mark.parametrize("drip", DRIPS)
@pytest.mark.parametrize("closes", [True, False])
def test_whatever_drips_is_hung_up_on(ehr: Ehr, drip: str, closes: bool) -> None:
    """Also when the connection has been let go of, because the server said that it closes it."""
    header, begin = DRIPS[drip]
    hung_up = threading.Event()

    def answer(call: Call) -> None:
        last = b"Connection: close\r\n\r\n" if closes else b"\r\n"
        try:
            call.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\n" + header + b"\r\n" + last + begin)
            while not ehr.closing.wait(0.02):
                call.wfile.write(b"0")
                call.wfile.flush()
        except OSError:
            hung_up.set()

    ehr.answer = answer
    started = time.monotonic()
    assert reasons(Hook(ehr, budget=0.3).gather()) == [TIMED_OUT]
    assert time.monotonic() - started < 1
    assert hung_up.wait(2)


def test_a_kept_connection_is_cut_as_well(ehr: Ehr) -> None:
    """The second call goes over the connection of the first."""
    protocol = "HTTP/1.1"
    hung_up = threading.Event()
    drip = dripping_headers(ehr, hung_up)
    ehr.RequestHandlerClass.protocol_version = protocol
    try:
        shared = client(0.3)
        assert shared.fetch(ehr.base, None, {"it": "Condition"})["it"].reason is None
        ehr.answer = drip
        assert shared.fetch(ehr.base, None, {"it": "Condition"})["it"].reason == TIMED_OUT
        assert hung_up.wait(2)
    finally:
        ehr.RequestHandlerClass.protocol_version = "HTTP/1.0"


def test_cutting_a_call_that_has_ended_does_nothing(ehr: Ehr) -> None:
    """Its connection may already serve another patient."""
    call, (ours, theirs) = connections.Call(), socket.socketpair()
    with ours, theirs:
        with call:
            call.runs_over(ours)
        call.cut()
        theirs.sendall(b"x")
        assert ours.recv(1) == b"x"


def test_a_call_that_is_cut_before_it_connects_is_shut_at_once() -> None:
    call, (ours, theirs) = connections.Call(), socket.socketpair()
    call.cut()
    with ours, theirs, call:
        call.runs_over(ours)
        assert theirs.recv(1) == b""


# -- TLS --------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def tls_ehr(ehr: Ehr, authority: trustme.CA) -> Ehr:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    ehr.socket = context.wrap_socket(ehr.socket, server_side=True)
    ehr.answer = lambda call: call.send_json(bundle(condition()))
    return ehr


def https(ehr: Ehr) -> str:
    return f"https://localhost:{ehr.server_address[1]}/fhir"


def test_a_certificate_that_is_not_trusted_ends_the_call(tls_ehr: Ehr) -> None:
    """The token is not sent."""
    assert (reasons(Hook(server=https(tls_ehr)).gather()), tls_ehr.calls) == ([UNTRUSTED], [])


def test_the_authority_of_the_hospital_is_trusted_by_setting(
    tls_ehr: Ehr, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    assert ids(Hook(server=https(tls_ehr)).gather()) == ["c1"]
    assert tls_ehr.calls[0][1]["Authorization"] == f"Bearer {TOKEN}"


# -- what stays (FHIR-09) ---------------------------------------------------------------------------------------------------


def test_nothing_of_a_call_stays(ehr: Ehr) -> None:
    """FHIR-09: neither a token nor a page outlives its call, after a failure that is remembered neither."""
    ehr.answer = slow(ehr)
    shared = client(0.1)
    shared.fetch(ehr.base, TOKEN, {"it": "Condition"})
    ehr.answer = lambda call: call.send_json(bundle(condition()))
    shared.fetch(ehr.base, TOKEN, {"it": "Condition"})
    until = time.monotonic() + 2
    while (kept := _searches(ehr.base)) and time.monotonic() < until:
        time.sleep(0.02)
    assert kept == []


def _searches(base: str) -> list[Any]:
    gc.collect()
    return [found for found in gc.get_objects() if isinstance(found, Search) and found.base == base]
