"""An exchange ends in its time and within its size, whatever the server does. Nothing drips but a real socket."""

from __future__ import annotations

import gzip
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import requests

from contact_sync.composition import http_session
from contact_sync.services import exchange
from contact_sync.services.exchange import Lost, asked_to_wait, lifetime, parsed

Handle = Callable[[socket.socket], None]
SECONDS = 0.5
PATIENCE = 3.0
"""Seconds within which an exchange of SECONDS has to be over on a busy machine; the servers here would take ten."""
HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.fixture
def served() -> Iterator[Callable[[Handle], str]]:
    """Starts a server that gives each connection to a function; answers its address."""
    listeners: list[socket.socket] = []

    def serve(handle: Handle) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def answered(connection: socket.socket) -> None:
            with connection:
                try:
                    handle(connection)
                except OSError:
                    """The client went away."""

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=answered, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield serve
    for listener in listeners:
        listener.close()


@pytest.fixture
def http() -> Iterator[requests.Session]:
    with http_session() as session:
        yield session


def answering(body: bytes, *headers: bytes) -> Handle:
    """Answers every request on a connection."""

    def handle(connection: socket.socket) -> None:
        head = b"\r\n".join([b"HTTP/1.1 200 OK", b"Content-Length: %d" % len(body), *headers])
        while _takes_a_request(connection):
            connection.sendall(head + b"\r\n\r\n" + body)

    return handle


def _takes_a_request(connection: socket.socket) -> bool:
    """Reads one request whole, however many pieces it comes in; False: there is none any more."""
    taken = b""
    while b"\r\n\r\n" not in taken:
        if not (piece := connection.recv(1 << 20)):
            return False
        taken += piece
    head, _, rest = taken.partition(b"\r\n\r\n")
    found = re.search(rb"(?i)content-length: (\d+)", head)
    left = int(found[1]) - len(rest) if found else 0
    while left > 0 and (piece := connection.recv(1 << 20)):
        left -= len(piece)
    return True


def dripping(begin: bytes, again: bytes) -> Handle:
    """Answers a little now and then, never so late that a limit for each piece would notice."""

    def handle(connection: socket.socket) -> None:
        connection.recv(1 << 20)
        connection.sendall(begin)
        for _ in range(100):
            time.sleep(0.1)
            connection.sendall(again)

    return handle


@pytest.mark.parametrize(
    ("begin", "again"),
    [
        (HEAD + b"Content-Length: 100\r\n\r\n", b"x"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n1", b"0"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n", b"X-Trailer: x\r\n"),
        (HEAD + b"X-Long: ", b"x"),
        (HEAD, b"X-Many: x\r\n"),
        (b"", b"H"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=[
        "body",
        "chunks",
        "size of a chunk",
        "trailers",
        "header",
        "headers",
        "status line",
        "interim answers",
    ],
)
def test_an_answer_that_trickles_in_ends_with_its_time(
    served: Callable[[Handle], str], http: requests.Session, begin: bytes, again: bytes
) -> None:
    url, began = served(dripping(begin, again)), time.monotonic()
    with pytest.raises(Lost) as caught:
        exchange.exchange(http, "GET", url, seconds=SECONDS)
    assert time.monotonic() - began < PATIENCE
    assert caught.value.sent


def test_the_time_of_one_answer_is_not_that_of_the_next_on_the_same_connection(
    served: Callable[[Handle], str], http: requests.Session
) -> None:
    connections = []
    answer = answering(b"{}")

    def counted(connection: socket.socket) -> None:
        connections.append(connection)
        answer(connection)

    url = served(counted)
    for _ in range(3):
        time.sleep(SECONDS * 0.6)
        assert exchange.exchange(http, "POST", url, data=b"x" * 100_000, seconds=SECONDS).content == b"{}"
    assert len(connections) == 1


def test_the_read_timeout_of_any_request_is_the_time_for_its_whole_answer(
    served: Callable[[Handle], str], http: requests.Session
) -> None:
    url, began = served(dripping(HEAD + b"Content-Length: 100\r\n\r\n", b"x")), time.monotonic()
    with pytest.raises(requests.RequestException):
        http.get(url, timeout=(5.0, SECONDS))
    assert time.monotonic() - began < PATIENCE


PLAIN = b"x" * (exchange.LARGEST_ANSWER + 1)


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (PLAIN, []),
        (gzip.compress(PLAIN), [b"Content-Encoding: gzip"]),
        (gzip.compress(gzip.compress(PLAIN)), [b"Content-Encoding: gzip, gzip"]),
    ],
    ids=["plain", "packed", "packed twice"],
)
def test_an_answer_that_is_too_large_is_given_up_like_one_that_takes_too_long(
    served: Callable[[Handle], str], http: requests.Session, body: bytes, headers: list[bytes]
) -> None:
    with pytest.raises(Lost) as caught:
        exchange.exchange(http, "GET", served(answering(body, *headers)))
    assert (caught.value.sent, caught.value.timed_out) == (True, True)


def test_as_much_as_an_answer_may_hold_is_read(
    served: Callable[[Handle], str], http: requests.Session
) -> None:
    body = gzip.compress(PLAIN[1:])
    answer = exchange.exchange(http, "GET", served(answering(body, b"Content-Encoding: gzip")))
    assert len(answer.content) == exchange.LARGEST_ANSWER


@pytest.mark.parametrize("headers", [[b"Content-Encoding: gzip"], [b"Content-Encoding: gzip, gzip"]])
def test_broken_compression_is_no_answer(
    served: Callable[[Handle], str], http: requests.Session, headers: list[bytes]
) -> None:
    with pytest.raises(Lost) as caught:
        exchange.exchange(http, "GET", served(answering(b"{}", *headers)))
    assert (caught.value.sent, caught.value.timed_out) == (True, False)


def test_a_redirect_is_an_answer_and_not_followed(
    served: Callable[[Handle], str], http: requests.Session
) -> None:
    def elsewhere(connection: socket.socket) -> None:
        connection.recv(1 << 20)
        connection.sendall(
            b"HTTP/1.1 302 Found\r\nLocation: http://elsewhere.test/\r\nContent-Length: 0\r\n\r\n"
        )

    assert exchange.exchange(http, "GET", served(elsewhere)).status == 302


@pytest.mark.parametrize(
    "text", [b"[" * 100_000, b'{"a":' * 100_000, b"<html>", b"", b"\xff\xfe\x00", b"1" * 5000]
)
def test_what_is_no_json_is_a_value_error(text: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        parsed(text)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("nan", None),
        ("soon", None),
        ("-5", 0.0),
        ("60", 60.0),
        ("99999999", 3600.0),
        ("1e12", 3600.0),
        ("inf", 3600.0),
        ("-inf", 0.0),
        ("9" * 5000, 3600.0),
    ],
)
def test_a_server_may_ask_to_wait_for_an_hour_at_most(header: str | None, seconds: float | None) -> None:
    assert asked_to_wait(header) == seconds


@pytest.mark.parametrize("seconds", [None, "x", [], {}, float("nan"), "nan", -1])
def test_a_lifetime_that_is_no_number_is_refused(seconds: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        lifetime(seconds)


@pytest.mark.parametrize("seconds", [1e300, float("inf"), "inf"])
def test_no_lifetime_is_too_long_for_a_clock(seconds: object) -> None:
    assert lifetime(seconds) <= timedelta(days=366)


def test_a_lifetime_is_what_was_named() -> None:
    assert lifetime("3600") == lifetime(3600) == timedelta(hours=1)
