# SPDX-License-Identifier: Apache-2.0
"""Numbers of connections and calls, and the end of the server."""

import resource
import signal
import time

import pytest
from http_wire import ENHANCE_YOUR_CALM, GOAWAY, NO_ERROR, Closed, Http1, Http2, Peer

GET = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"


def slow(ms):
    return b"GET /slow?ms=%d HTTP/1.1\r\nHost: h\r\n\r\n" % ms


def test_too_many_connections(start_echo, bystander):
    server = start_echo(max_connections=10)
    bystander(server)
    clients = [Http1(server.port) for _ in range(9)]
    for client in clients:
        assert client.ask(GET).status == 200
    with Http1(server.port) as client:
        answer = client.ask(GET)
        assert answer.status == 503 and answer.fields["connection"] == "close"
        assert client.is_closed()
    with Http2(server.port) as client:
        assert client.goaway() == ENHANCE_YOUR_CALM
    with Peer(server.port) as client:  # One that waits to be told.
        assert client.is_closed(within=5)
    for client in clients:
        assert client.ask(GET).status == 200
        client.socket.close()
    for _ in range(100):  # There is room again.
        with Http1(server.port) as client:
            if client.ask(GET).status == 200:
                return
        time.sleep(0.02)
    raise AssertionError("the places were not given back")


def test_crowd_far_beyond_the_limit(start_echo, bystander):
    server = start_echo(max_connections=20)
    bystander(server)
    memory = server.resident_bytes()
    crowd = [Peer(server.port) for _ in range(500)]
    time.sleep(1)
    assert server.resident_bytes() - memory < 8 << 20
    for peer in crowd:
        peer.socket.close()
    for _ in range(200):
        with Http1(server.port) as client:
            if client.ask(GET).status == 200:
                return
        time.sleep(0.05)
    raise AssertionError("the listener did not recover")


def test_out_of_file_descriptors(start_echo, bystander):
    def few_descriptors():
        resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))

    server = start_echo(preexec=few_descriptors)
    bystander(server)
    crowd = [Peer(server.port) for _ in range(150)]
    hung_up_on = sum(peer.is_closed(within=0.05) for peer in crowd)
    assert hung_up_on >= 100
    cpu = server.cpu_seconds()
    time.sleep(1)
    assert server.cpu_seconds() - cpu < 0.5, "the listener spins"
    for peer in crowd:
        peer.socket.close()
    time.sleep(0.2)
    with Http1(server.port) as client:
        assert client.ask(GET).status == 200


def test_too_many_calls(start_echo):
    server = start_echo(max_running_calls=5)
    busy = [Http1(server.port) for _ in range(5)]
    for client in busy:
        client.send(slow(1000))
    time.sleep(0.2)
    with Http1(server.port) as client:
        assert client.ask(GET).status == 503
    for client in busy:
        assert client.answer().status == 200
        client.socket.close()
    with Http1(server.port) as client:
        assert client.ask(GET).status == 200


def test_many_connections_come_and_go(echo):
    memory = None
    for number in range(3000):
        with Http1(echo.port) as client:
            assert client.ask(GET).status == 200
        if number == 500:
            memory = echo.resident_bytes()
    assert echo.resident_bytes() - memory < 4 << 20


def test_memory_of_idle_connections(start_echo):
    server = start_echo()
    for kind, most in ((Http1, 4096), (Http2, 32 * 1024)):
        before = server.resident_bytes()
        idle = [kind(server.port) for _ in range(400)]
        for client in idle:
            if kind is Http1:
                client.ask(GET)
            else:
                client.request(1)
                client.answer(1)
        grown = (server.resident_bytes() - before) / len(idle)
        print(f"{kind.__name__}: {grown:.0f} bytes for an idle connection")
        assert grown < most
        for client in idle:
            client.socket.close()


def test_stop_finishes_what_is_under_way(start_echo):
    server = start_echo(threads=2)
    idle = Http1(server.port)
    idle.ask(GET)
    fresh = Peer(server.port)
    idle2 = Http2(server.port)
    idle2.request(1)
    idle2.answer(1)
    busy, half = Http1(server.port), Http1(server.port)
    busy.send(slow(800) + GET)
    half.send(b"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nab")
    busy2 = Http2(server.port)
    busy2.request(1, path="/slow?ms=800")
    time.sleep(0.2)

    server.process.send_signal(signal.SIGTERM)
    assert idle.is_closed(within=0.5) and idle.received == b""
    assert fresh.is_closed(within=0.5)
    assert idle2.goaway() == NO_ERROR
    with pytest.raises(ConnectionRefusedError):
        Peer(server.port)

    half.send(b"cd")
    answer = half.answer()
    assert answer.status == 200 and answer.fields["connection"] == "close"
    assert half.is_closed()
    answer = busy.answer()
    assert answer.status == 200 and answer.fields["connection"] == "close"
    assert busy.is_closed()
    assert busy2.until_frame(GOAWAY).error == NO_ERROR
    assert busy2.answer(1).status == 200
    with pytest.raises(Closed):
        while True:
            busy2.next_frame()
    assert server.process.wait(timeout=5) == 0


def test_stop_under_load(start_echo):
    """No answer is cut short: a client either gets all of it or none."""
    server = start_echo()
    clients = [Http1(server.port) for _ in range(50)]
    for client in clients:
        client.send(slow(100))
    time.sleep(0.05)
    server.process.send_signal(signal.SIGTERM)
    for client in clients:
        assert client.answer().status == 200
        client.socket.close()
    assert server.process.wait(timeout=5) == 0
