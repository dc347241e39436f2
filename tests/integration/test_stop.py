# SPDX-License-Identifier: Apache-2.0
"""SIGTERM and SIGINT drain: no acknowledged create is lost, exit code 0."""

import http.client
import json
import signal
import socket
import time

import grpc
import pytest

from harness.api import Api, message
from harness.load import finish_load, start_load
from harness.surfaces import Rest


def health(api, service=""):
    reply = api.call("grpc.health.v1.Health/Check",
                     message("grpc.health.v1.HealthCheckRequest", service=service),
                     "grpc.health.v1.HealthCheckResponse")
    return reply.message.status if reply.message else reply.code


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stop_under_load_loses_nothing(start, number):
    server = start()
    creators = start_load(server)
    time.sleep(0.7)
    server.process.send_signal(number)
    assert server.process.wait(30) == 0
    tokens = finish_load(creators)
    assert all(creator.tokens for creator in creators)
    assert not (server.data / "signet.db-wal").exists()  # All is in the database.

    server.start()
    with Api(server) as api:
        for token in tokens:
            assert api.self_(token=token).code == grpc.StatusCode.OK


def test_health_and_the_listeners_on_the_way_down(start):
    server = start("--drain_timeout_ms=20000")
    # A request that is not whole holds the drain up.
    slow = socket.create_connection(("127.0.0.1", server.ports["rest"]))
    body = b'{"name": "slow"}'
    head = (f"POST {server.accounts_path} HTTP/1.1\r\nHost: x\r\n"
            f"Authorization: Bearer {server.first['token']}\r\n"
            "Content-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n").encode()
    slow.sendall(head + body[:5])
    with Api(server) as api:
        assert health(api) == 1  # SERVING
        assert health(api, "signet.v1.ServiceAccounts") == 1
    time.sleep(0.2)
    server.process.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    assert server.process.poll() is None
    for port in server.ports.values():
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))
    slow.sendall(body[5:])
    answer = b""
    while chunk := slow.recv(65536):
        answer += chunk
    assert answer.startswith(b"HTTP/1.1 201 ")
    assert b"connection: close" in answer.lower()
    assert server.process.wait(10) == 0
    token = json.loads(answer.partition(b"\r\n\r\n")[2])["token"]
    server.start()
    assert Rest(server, "--http1.1").self_(token=token).code == "OK"


def test_nohup_is_heeded(start):
    server = start()
    server.stop()
    server.start(["nohup"])
    server.process.send_signal(signal.SIGHUP)
    time.sleep(0.5)
    assert server.process.poll() is None
    assert "reloaded" not in [line["message"] for line in server.log()]
    assert server.stop() == 0


def test_second_signal_ends_it_at_once(start):
    server = start("--drain_timeout_ms=20000")
    slow = socket.create_connection(("127.0.0.1", server.ports["rest"]))
    slow.sendall(b"POST / HTTP/1.1\r\nHost: x\r\n")
    time.sleep(0.2)
    server.process.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    assert server.process.poll() is None
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(2) == 1


def test_what_does_not_finish_in_time_is_cut_off(start):
    server = start("--drain_timeout_ms=300")
    slow = socket.create_connection(("127.0.0.1", server.ports["rest"]))
    slow.sendall(b"POST / HTTP/1.1\r\nHost: x\r\n")
    time.sleep(0.2)
    begin = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(30) == 1
    assert 0.2 < time.monotonic() - begin < 20
    assert "--drain_timeout_ms" in server.stderr.read_text()


def stop_time(server):
    begin = time.monotonic()
    assert server.stop() == 0
    return time.monotonic() - begin


def test_with_nothing_under_way_it_takes_no_time(start):
    """Whoever is connected, has asked before, and does not close: not --drain_timeout_ms, 30 s,
    nor the seconds that are left to calls that were cut off. On directories that are new."""
    alone = sorted(stop_time(start()) for _ in range(5))[2]
    assert alone < 1, "milliseconds, but for what a busy machine adds"
    for _ in range(5):
        server = start()
        kept = http.client.HTTPConnection("127.0.0.1", server.ports["rest"])
        kept.request("GET", "/")
        kept.getresponse().read()
        with Api(server) as api:
            assert api.self_(token=server.first["token"]).code == grpc.StatusCode.OK
            assert stop_time(server) < alone + 1.5
        kept.close()


def test_idle_connections_do_not_hold_it_up(start):
    server = start()
    idle = [socket.create_connection(("127.0.0.1", port)) for port in server.ports.values()]
    with Api(server) as api:
        assert health(api) == 1
        # Those of gRPC that have not yet said anything get a moment.
        assert stop_time(server) < 15
    for connection in idle:
        connection.close()
