# SPDX-License-Identifier: Apache-2.0
"""One who asks for far too much is told so, and nobody else notices."""

import collections
import contextlib
import http.client
import json
import signal
import socket
import time

import grpc
import pytest
from harness import rest
from harness.api import message

IN_FLIGHT = 200
LABELS = {f"label-{number}": "x" * 100 for number in range(20)}


@pytest.fixture(scope="module")
def large(server):
    """Makes the account so large that a listing of it takes its time."""
    host, port = server.rest.removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=20)
    head = {"Authorization": f"Bearer {server.first['token']}",
            "Content-Type": "application/json"}
    for number in range(60):
        body = json.dumps({"name": f"one {number}", "labels": LABELS})
        connection.request("POST", server.accounts_path, body, head)
        answer = connection.getresponse()
        assert (answer.status, answer.read() != b"") == (201, True)
    connection.close()


def viewer(world):
    return world.create("account.view")["token"]


@contextlib.contextmanager
def at_once(server):
    """What is sent meanwhile is there all at once, however fast the server is."""
    server.process.send_signal(signal.SIGSTOP)
    try:
        yield
        time.sleep(0.5)  # For what another thread sends.
    finally:
        server.process.send_signal(signal.SIGCONT)


def over_rest(server, token):
    """What each of many listings at once was answered, as (status, reason)."""
    host, port = server.rest.removeprefix("http://").split(":")
    text = (f"GET {server.accounts_path} HTTP/1.1\r\nHost: {host}\r\n"
            f"Authorization: Bearer {token}\r\nConnection: close\r\n\r\n").encode()
    sockets = [socket.create_connection((host, int(port)), timeout=30) for _ in range(IN_FLIGHT)]
    with at_once(server):
        for one in sockets:
            one.sendall(text)
    yield
    for one in sockets:
        answer = http.client.HTTPResponse(one)
        answer.begin()
        body = json.loads(answer.read())
        if answer.status == 429:
            assert answer.getheader("Retry-After") is not None
        yield answer.status, "" if answer.status == 200 else body["reason"]
        one.close()


def over_grpc(server, token):
    request = message("signet.v1.ListServiceAccountsRequest",
                      account_id=server.first["account_id"])
    with grpc.insecure_channel(server.grpc) as channel:
        call = channel.unary_unary("/signet.v1.ServiceAccounts/ListServiceAccounts",
                                   request_serializer=lambda asked: asked.SerializeToString())
        metadata = [("authorization", f"Bearer {token}")]
        grpc.channel_ready_future(channel).result(timeout=30)
        with at_once(server):
            calls = [call.future(request, timeout=30, metadata=metadata)
                     for _ in range(IN_FLIGHT)]
        yield
        for one in calls:
            if one.code() == grpc.StatusCode.OK:
                yield 200, ""
            else:
                assert one.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
                yield 429, "READ_QUEUE_FULL" if b"READ_QUEUE_FULL" in dict(
                    one.trailing_metadata())["grpc-status-details-bin"] else "?"


@pytest.mark.parametrize("flood", [over_rest, over_grpc])
def test_a_flood_of_listings_is_the_flooders_own_trouble(server, world, large, flood):
    greedy, modest = viewer(world), viewer(world)
    answers = flood(server, greedy)
    next(answers)
    # The same account's others, while the flood waits.
    for _ in range(3):
        listed = rest.request(server, "GET", server.accounts_path + "?page_size=1", token=modest)
        assert listed.status == 200
        seen = rest.request(server, "GET", "/v1/public/auth/self", token=modest)
        assert seen.status == 200
        world.create()
    told = collections.Counter(answers)
    assert set(told) == {(200, ""), (429, "READ_QUEUE_FULL")}, told
    assert told[(200, "")] >= 64
    # Nor is it held against who flooded.
    assert rest.request(server, "GET", server.accounts_path, token=greedy).status == 200
