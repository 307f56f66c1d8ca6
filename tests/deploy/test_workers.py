"""The connection of a client by itself: what is sent leaves together, and nobody is waited for longer than was said."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cds_service.workers import Client

Pair = tuple[Client, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    ours, theirs = socket.socketpair()
    client = Client(fileno=ours.detach())
    client.seconds, client.until = 0.3, time.monotonic() + 0.3
    theirs.settimeout(5)
    yield client, theirs
    client.close()
    theirs.close()


def test_head_and_body_leave_in_one_piece(pair: Pair) -> None:
    client, theirs = pair
    with client.in_one_piece():
        client.sendall(b"head ")
        client.sendall(b"body")
        theirs.setblocking(False)
        with pytest.raises(BlockingIOError):
            theirs.recv(100)
    assert theirs.recv(100) == b"head body"
    client.sendall(b"at once")
    assert theirs.recv(100) == b"at once"


def test_what_is_large_or_a_file_leaves_in_order(pair: Pair, tmp_path: Path) -> None:
    client, theirs = pair
    (tmp_path / "f").write_bytes(b"file ")
    with client.in_one_piece(), (tmp_path / "f").open("rb") as file:
        client.sendall(b"head ")
        client.sendfile(file)
        client.sendall(b"x" * 70_000)
        client.sendall(b" end")
    client.shutdown(socket.SHUT_WR)
    heard = b""
    while more := theirs.recv(100_000):
        heard += more
    assert heard == b"head file " + b"x" * 70_000 + b" end"


def test_nothing_half_leaves_when_the_answer_fails(pair: Pair) -> None:
    client, theirs = pair

    def fail() -> None:
        with client.in_one_piece():
            client.sendall(b"head ")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    client.sendall(b"refusal")
    assert theirs.recv(100) == b"refusal"


def test_who_does_not_read_is_given_up(pair: Pair) -> None:
    client, _ = pair
    began = time.monotonic()
    with pytest.raises(ConnectionResetError):
        client.sendall(b"x" * 10_000_000)
    assert 0.2 < time.monotonic() - began < 2
    assert client.gettimeout() is None


def test_who_reads_now_and_then_is_given_up_too(pair: Pair) -> None:
    client, theirs = pair
    stop = threading.Event()

    def drip() -> None:
        while not stop.wait(0.05):
            theirs.recv(1000)

    reader = threading.Thread(target=drip)
    reader.start()
    began = time.monotonic()
    with pytest.raises(ConnectionResetError):
        client.sendall(b"x" * 10_000_000)
    took = time.monotonic() - began
    stop.set()
    reader.join()
    assert 0.2 < took < 2


def test_a_large_answer_reaches_who_reads(pair: Pair) -> None:
    client, theirs = pair
    client.seconds = 10
    heard = [0]

    def read() -> None:
        while heard[0] < 5_000_000:
            heard[0] += len(theirs.recv(65536))

    reader = threading.Thread(target=read)
    reader.start()
    client.sendall(b"x" * 5_000_000)
    reader.join(10)
    assert heard[0] == 5_000_000


def test_a_body_is_collected_until_it_is_there(pair: Pair) -> None:
    client, theirs = pair
    client.until = time.monotonic() + 10

    def send() -> None:
        for _ in range(10):
            time.sleep(0.01)
            theirs.sendall(b"x" * 10_000)

    sender = threading.Thread(target=send)
    sender.start()
    assert client.recv(100_000) == b"x" * 100_000
    sender.join()


def test_a_body_that_drips_is_given_up(pair: Pair) -> None:
    client, theirs = pair
    stop = threading.Event()

    def drip() -> None:
        while not stop.wait(0.05):
            theirs.sendall(b"x")

    sender = threading.Thread(target=drip)
    sender.start()
    began = time.monotonic()
    assert len(client.recv(100_000)) < 100  # what has come until then
    with pytest.raises(ConnectionResetError):
        client.recv(100_000)
    took = time.monotonic() - began
    stop.set()
    sender.join()
    assert 0.1 < took < 2


def test_reading_ends_with_its_time(pair: Pair) -> None:
    client, theirs = pair
    theirs.sendall(b"here")
    assert client.recv(100) == b"here"
    began = time.monotonic()
    with pytest.raises(ConnectionResetError):
        client.recv(100)
    assert 0.1 < time.monotonic() - began < 2
    theirs.sendall(b"late")
    with pytest.raises(ConnectionResetError):  # although it is there
        client.recv(100)
    assert client.gettimeout() is None
