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
from harness import rest
from harness.api import Api, message
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
    assert first["details"] == {"reason": "ACCESS_DENIED"}
    assert (first["resource_type"], first["resource_id"]) == ("service_account", who["id"])
    be_denied(server, door, who, 7)
    assert listing(server, "?outcome=denied") == [first]
    assert server.stop() == 0
    server.start()
    rest_of_it, same = denials(server, count=2)
    assert same == first
    details = rest_of_it["details"]
    assert (details["count"], details["reason"]) == ("7", "ACCESS_DENIED")
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
    who = manager(server)  # Whether it covers its target is found out where it writes.
    body = b"{}"
    head = (f"POST {server.accounts_path}/{server.first['service_account_id']}/rotate HTTP/1.1\r\n"
            f"Host: x\r\nAuthorization: Bearer {who['token']}\r\n"
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
    denied, = denials(server, "&action=service_account.rotate")
    assert denied["actor"] == f"service_account:{who['id']}"
    assert denied["details"] == {"reason": "GRANT_EXCEEDS_OWN"}


def manager(server):
    """A service account that may manage the account, and does not cover its owner."""
    answer = rest.request(server, "POST", server.accounts_path, token=server.first["token"],
                          json_body={"name": "manager", "capabilities": ["auth.manage"]})
    assert answer.status == 201, answer.body
    return answer.json()


def take_over(server, door, who):
    """Tries to rotate the owner's service account; the reason why not."""
    owner, account = server.first["service_account_id"], server.first["account_id"]
    if door == "rest":
        answer = rest.request(server, "POST", f"{server.accounts_path}/{owner}/rotate",
                              token=who["token"], json_body={})
        assert answer.status == 403
        return answer.json()["reason"]
    with Api(server) as api:
        answer = api.call("signet.v1.ServiceAccounts/RotateServiceAccount",
                          message("signet.v1.RotateServiceAccountRequest", account_id=account,
                                  service_account_id=owner),
                          "signet.v1.IssuedServiceAccount", token=who["token"])
    assert answer.code.name == "PERMISSION_DENIED"
    return answer.reason


@pytest.mark.parametrize("door", SURFACES)
def test_an_attempt_on_somebody_is_found_by_who_it_was_on(server, door):
    who = manager(server)
    assert take_over(server, door, who) == "GRANT_EXCEEDS_OWN"
    event, = denials(server, f"&resource_id={server.first['service_account_id']}"
                             f"&actor=service_account:{who['id']}")
    assert (event["action"], event["resource_type"]) == ("service_account.rotate",
                                                         "service_account")
    assert event["details"] == {"reason": "GRANT_EXCEEDS_OWN"}


@pytest.mark.parametrize("door", SURFACES)
def test_many_denials_on_accounts_that_are_not_there_hide_none_on_one_that_is(start, door):
    server = start()
    who = nobody(server)
    connection = http.client.HTTPConnection("127.0.0.1", server.ports["rest"])
    for _ in range(600):
        timed(connection, str(uuid.uuid4()), who)
    for _ in range(3):
        assert take_over(server, door, who) == "ACCESS_DENIED"
    assert server.stop() == 0
    server.start()
    target = f"&resource_id={server.first['service_account_id']}"
    rest_of_it, first = denials(server, target, count=2)
    assert first["action"] == rest_of_it["action"] == "service_account.rotate"
    assert rest_of_it["details"]["count"] == "2"


def test_many_kinds_of_denials_are_few_events_which_tell_of_all(start):
    server = start()
    who = nobody(server)
    connection = http.client.HTTPConnection("127.0.0.1", server.ports["rest"])
    for _ in range(200):
        timed(connection, server.first["account_id"], {**who, "id": str(uuid.uuid4())})
    assert server.stop() == 0
    server.start()
    events = listing(server, "?outcome=denied")
    # Four that are named, and the rest: its first one, and those behind it.
    assert len(events) <= 6 * 3, "in ten seconds, and in three times ten"
    assert sum(int(event["details"].get("count", 1)) for event in events) == 200
    assert any("resources" in event["details"] for event in events)


@pytest.mark.parametrize("door", SURFACES)
def test_who_may_not_write_does_not_wait_for_who_writes(server, door):
    who = nobody(server)
    other = sqlite3.connect(server.data / "signet.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")  # The server's writes wait for it, for five seconds.
    try:
        begun = time.monotonic()
        refused = SURFACES[door](server).create(server.first["account_id"], "x",
                                                token=who["token"])
        assert (refused.code, refused.reason) == ("PERMISSION_DENIED", "ACCESS_DENIED")
        assert time.monotonic() - begun < 4
    finally:
        other.execute("ROLLBACK")
        other.close()
