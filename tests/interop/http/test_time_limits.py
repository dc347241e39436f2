# SPDX-License-Identifier: Apache-2.0
"""Whoever is slow is sent away in time; others notice nothing."""

import struct
import time

import pytest
from http_wire import (
    DATA,
    END_HEADERS,
    END_STREAM,
    GOAWAY,
    HEADERS,
    NO_ERROR,
    PREFACE,
    SETTINGS,
    Closed,
    Http1,
    Http2,
    Peer,
    frame,
)


@pytest.fixture
def impatient(start_echo, bystander):
    """Listeners with short limits: half a second for a request, one for an answer
    to be taken, one and a half between requests."""
    server = start_echo(request_timeout_ms=500, write_timeout_ms=1000, idle_timeout_ms=1500)
    bystander(server)
    return server


class Stopwatch:
    def __init__(self):
        self.begin = time.monotonic()

    def assert_between(self, least, most):
        assert least <= time.monotonic() - self.begin <= most


def trickle(client, data, pause=0.02):
    """Sends byte by byte until an answer or the end comes."""
    client.socket.settimeout(pause)
    for byte in data:
        try:
            client.send(bytes([byte]))
            client.more()
        except TimeoutError:
            continue
        except Closed:
            pass
        break
    client.socket.settimeout(10)


SLOW_REQUESTS = {
    "head": b"GET / HTTP/1.1\r\nHost: h\r\nX: " + b"a" * 1000,
    "request line": b"GET /" + b"a" * 1000,
    "body": b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n" + b"a" * 999,
    "chunks": b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
    + b"1\r\na\r\n" * 200,
}


@pytest.mark.parametrize("data", SLOW_REQUESTS.values(), ids=SLOW_REQUESTS.keys())
def test_slowloris(impatient, data):
    with Http1(impatient.port) as client:
        if b"\r\n\r\n" in data:
            head, _, data = data.partition(b"\r\n\r\n")
            client.send(head + b"\r\n\r\n")
        watch = Stopwatch()
        trickle(client, data)
        answer = client.answer()
        watch.assert_between(0.3, 3)
        assert answer.status == 408 and answer.fields["connection"] == "close"
        assert answer.fields["content-type"] == "application/problem+json"
        assert client.is_closed()


def test_many_slowloris(impatient):
    clients = [Http1(impatient.port) for _ in range(300)]
    watch = Stopwatch()
    for client in clients:
        client.send(b"GET / HTTP/1.1\r\n")
    for client in clients:
        assert client.answer().status == 408
    watch.assert_between(0.3, 5)
    for client in clients:
        client.socket.close()


@pytest.mark.parametrize("data", [b"", PREFACE[:10]])
def test_connection_that_says_nothing(impatient, data):
    with Peer(impatient.port) as client:
        watch = Stopwatch()
        client.send(data)
        assert client.is_closed() and client.received == b""
        watch.assert_between(0.3, 2)


def test_idle_keep_alive(impatient):
    with Http1(impatient.port) as client:
        client.ask(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        watch = Stopwatch()
        assert client.is_closed(within=5) and client.received == b""
        watch.assert_between(1, 4)


def test_handler_may_take_longer_than_a_request(impatient):
    with Http1(impatient.port) as client:
        assert client.ask(b"GET /slow?ms=2500 HTTP/1.1\r\nHost: h\r\n\r\n").status == 200
    with Http2(impatient.port) as client:
        client.request(1, path="/slow?ms=2500")
        assert client.answer(1).status == 200


def test_slow_reader(impatient):
    with Http1(impatient.port, receive_buffer=4096) as client:
        before = impatient.resident_bytes()
        watch = Stopwatch()
        client.send(b"GET /big?bytes=50000000 HTTP/1.1\r\nHost: h\r\n\r\n")
        time.sleep(2.5)
        # The handler's body has been let go.
        assert impatient.resident_bytes() - before < 20 << 20
        with pytest.raises(Closed):
            client.answer()
        watch.assert_between(1, 5)


def test_slow_reader_of_pipelined_answers(impatient):
    with Http1(impatient.port, receive_buffer=4096) as client:
        client.socket.settimeout(1)
        with pytest.raises((Closed, TimeoutError)):
            while True:
                client.send(b"GET /big?bytes=10000 HTTP/1.1\r\nHost: h\r\n\r\n")
        time.sleep(2)
        with pytest.raises(Closed):
            while True:
                client.more()


def test_http2_slow_head(impatient):
    """Nothing can follow an unfinished field block, so the connection ends."""
    with Http2(impatient.port) as client:
        client.request(1)
        client.answer(1)
        watch = Stopwatch()
        client.send(frame(HEADERS, END_STREAM, 3, client.head()))
        client.until_frame(GOAWAY)
        assert client.is_closed()
        watch.assert_between(0.3, 3)


def test_http2_slow_body(impatient):
    """Only its stream suffers."""
    with Http2(impatient.port) as client:
        watch = Stopwatch()
        client.request(1, method="POST", flags=END_HEADERS)
        client.send(frame(DATA, 0, 1, b"a"))
        answer = client.answer(1)
        watch.assert_between(0.3, 3)
        assert answer.status == 408
        client.request(3)
        assert client.answer(3).status == 200


def test_http2_idle(impatient):
    with Http2(impatient.port) as client:
        client.request(1)
        client.answer(1)
        watch = Stopwatch()
        assert client.goaway() == NO_ERROR
        watch.assert_between(1, 4)


def test_http2_half_a_frame(impatient):
    with Http2(impatient.port) as client:
        watch = Stopwatch()
        client.send(frame(SETTINGS, 0, 0, b"\0" * 60)[:30])
        client.until_frame(GOAWAY)
        watch.assert_between(1, 4)


def test_http2_window_kept_shut(impatient):
    """SETTINGS_INITIAL_WINDOW_SIZE of 0: the answer is never taken."""
    with Http2(impatient.port, settings=struct.pack(">HI", 4, 0)) as client:
        watch = Stopwatch()
        client.request(1)
        client.until_frame(GOAWAY)
        assert client.is_closed()
        watch.assert_between(0.9, 4)


def test_http2_slow_reader(impatient):
    """An open window, but nothing is read from the socket."""
    wide = struct.pack(">HI", 4, 0x7FFFFFFF)
    with Http2(impatient.port, settings=wide, receive_buffer=4096) as client:
        before = impatient.resident_bytes()
        client.send(frame(8, 0, 0, struct.pack(">I", 0x7FFF0000)))
        client.request(1, path="/big?bytes=50000000")
        time.sleep(2.5)
        assert impatient.resident_bytes() - before < 20 << 20
        with pytest.raises(Closed):
            while True:
                client.next_frame()
