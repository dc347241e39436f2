# SPDX-License-Identifier: Apache-2.0
"""What being denied costs, and whom."""

import concurrent.futures
import http.client
import signal
import socket
import sqlite3
import statistics
import time
import uuid

import pytest
from harness.events import denials, listing
from harness.surfaces import Grpc, Rest

ACTION = "service_account.get"
SURFACES = {"rest": lambda server: Rest(server, "--http1.1"), "grpc": Grpc}


def nobody(server):
    """A service account that holds nothing, over gRPC."""
    return SURFACES["grpc"](server).create(
        server.first["account_id"], "nobody", token=server.first["token"]).body


def be_denied(server, door, who, times, account=None):
    for _ in range(times):
        refused = SURFACES[door](server).get(account or server.first["account_id"], who["id"],
                                             token=who["token"])
        assert (refused.code, refused.reason) == ("PERMISSION_DENIED", "ACCESS_DENIED")


@pytest.mark.parametrize("door", SURFACES)
def test_the_first_is_an_event_at_once_and_a_stop_writes_how_many_followed(start, door):
    server = start()
    who = nobody(server)
    be_denied(server, door, who, 1)
    first, = denials(server)
    assert (first["actor"], first["action"]) == (f"service_account:{who['id']}", ACTION)
    assert first["details"] == {}
    be_denied(server, door, who, 7)
    assert listing(server, "?outcome=denied") == [first]
    assert server.stop() == 0
    server.start()
    rest_of_it, same = denials(server, count=2)
    assert same == first
    details = rest_of_it["details"]
    assert details.pop("count") == "7"
    assert first["at"] < details["first_at"] < details["last_at"]


def test_after_ten_seconds_the_rest_is_one_event(start):
    server = start()
    who = nobody(server)
    be_denied(server, "grpc", who, 38)
    rest_of_it, _ = denials(server, count=2)
    assert rest_of_it["details"]["count"] == "37"


def timed(connection, account, who):
    begun = time.perf_counter()
    connection.request("GET", f"/v1/public/accounts/{account}/auth/service-accounts/{who['id']}",
                       headers={"Authorization": f"Bearer {who['token']}"})
    response = connection.getresponse()
    response.read()
    assert response.status == 403
    return time.perf_counter() - begun


def test_the_time_of_a_denial_does_not_tell_whether_there_is_an_account(server):
    """Roughly; `./dev bench denials` looks closer. A busy machine may spoil some rounds."""
    who = nobody(server)
    connection = http.client.HTTPConnection("127.0.0.1", server.ports["rest"])
    accounts = {"there": server.first["account_id"], "absent": str(uuid.uuid4())}
    ratios = []
    while not ratios or not 0.8 < ratios[-1] < 1.25:
        assert len(ratios) < 8, ratios
        times = {name: [] for name in accounts}
        for number in range(400):
            for name in sorted(accounts, reverse=number % 2):
                times[name].append(timed(connection, accounts[name], who))
        middle = {name: statistics.median(values) for name, values in times.items()}
        ratios.append(middle["there"] / middle["absent"])


def test_a_flood_of_denials_leaves_few_events(server):
    who = nobody(server)
    with concurrent.futures.ThreadPoolExecutor(4) as clients:
        list(clients.map(lambda _: be_denied(server, "grpc", who, 100), range(4)))
    found = denials(server, f"&actor=service_account:{who['id']}")
    assert len(found) <= 1 + 400 / 30, "at 30 denials in ten seconds, and faster than that"


def test_who_is_cut_off_by_a_stop_and_then_denied_is_in_the_log(start):
    server = start("--drain_timeout_ms=100")
    who = nobody(server)
    body = b'{"name": "x"}'
    head = (f"POST {server.accounts_path} HTTP/1.1\r\nHost: x\r\n"
            f"Authorization: Bearer {who['token']}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n").encode()
    other = sqlite3.connect(server.data / "signet.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")  # The server's writes wait for it, for five seconds.
    waiting = socket.create_connection(("127.0.0.1", server.ports["rest"]))
    waiting.sendall(head + body)
    time.sleep(0.3)
    server.process.send_signal(signal.SIGTERM)
    assert waiting.recv(1) == b""  # Cut off.
    other.execute("ROLLBACK")
    other.close()
    assert server.process.wait(20) == 1
    server.start()
    denied, = denials(server, "&action=service_account.create")
    assert denied["actor"] == f"service_account:{who['id']}"
