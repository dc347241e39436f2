# SPDX-License-Identifier: Apache-2.0
"""The audit log as clients read it."""

import re
import uuid

import grpc
import pytest
from harness import rest
from harness.api import message
from harness.events import denials
from harness.surfaces import Rest

KEYS = ["sequence", "at", "actor", "action", "resource_type", "resource_id", "outcome",
        "request_id", "peer", "user_agent", "details"]


def path(server, query=""):
    return f"/v1/public/accounts/{server.first['account_id']}/auth/audit-events{query}"


def listing(server, query="", token=None):
    answer = rest.request(server, "GET", path(server, query),
                          token=token or server.first["token"])
    assert answer.status == 200, answer.body
    return answer


@pytest.fixture(scope="module")
def made(server):
    """Seven service accounts, made one after another."""
    first = server.first
    bodies = []
    for number in range(7):
        answer = rest.request(server, "POST", server.accounts_path, token=first["token"],
                              json_body={"name": f"audited {number}"},
                              fields=[f"X-Request-Id: audit-{number}",
                                      "User-Agent: auditor/1"])
        assert answer.status == 201
        bodies.append(answer.json())
    return bodies


def test_a_create_is_an_event(server, made):
    event = listing(server, f"?resource_id={made[3]['id']}").json()
    assert len(event) == 1
    event = event[0]
    assert list(event) == KEYS
    assert event["actor"] == f"service_account:{server.first['service_account_id']}"
    assert event["action"] == "service_account.create"
    assert event["resource_type"] == "service_account"
    assert event["outcome"] == "allowed"
    assert event["request_id"] == "audit-3"
    assert event["user_agent"] == "auditor/1"
    assert event["peer"].startswith("127.0.0.1:")
    assert re.fullmatch(r"[1-9]\d*", event["sequence"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", event["at"])


def test_no_event_holds_a_token(server, made):
    text = listing(server).body.decode()
    for secret in [server.first["token"], *(body["token"] for body in made)]:
        assert secret not in text
        assert secret[-49:-6] not in text


def test_newest_first_without_gaps(server, made):
    sequences = [int(event["sequence"]) for event in listing(server).json()]
    assert sequences == list(range(len(sequences), 0, -1))
    assert len(sequences) >= len(made)


def test_pages_are_linked(server, made):
    everything = listing(server, "?action=service_account.create").json()
    assert len(everything) >= len(made)
    pages, query = [], "?action=service_account.create&page_size=3"
    while query:
        answer = listing(server, query)
        page = answer.json()
        assert len(page) <= 3
        pages += page
        link = answer.value("link")
        query = link and re.search(r"<[^?>]*(\?[^>]*)>; rel=\"next\"", link)[1]
    assert pages == everything


def test_conditions(server, made):
    ours = listing(server, "?outcome=allowed&action=service_account.create").json()
    at = ours[2]["at"]
    assert ours[2] not in listing(server, f"?action=service_account.create&until={at}").json()
    assert ours[2] in listing(server, f"?action=service_account.create&from={at}").json()
    assert listing(server, f"?actor=user:{uuid.uuid4()}").json() == []


def test_a_denied_attempt_is_an_event(server, made):
    answer = rest.request(server, "POST", server.accounts_path, token=made[0]["token"],
                          json_body={"name": "no"}, fields=["X-Request-Id: denied-1"])
    assert answer.status == 403
    event, = denials(server, "&action=service_account.create")
    assert event["actor"] == f"service_account:{made[0]['id']}"
    assert event["request_id"] == "denied-1"


def test_needs_auth_manage(server, made):
    answer = rest.request(server, "GET", path(server), token=made[0]["token"])
    assert answer.status == 403
    foreign = rest.request(server, "GET",
                           f"/v1/public/accounts/{uuid.uuid4()}/auth/audit-events",
                           token=made[0]["token"])
    assert foreign.comparable() == answer.comparable()


@pytest.mark.parametrize("query, field", [
    ("?outcome=maybe", "outcome"),
    ("?actor=user:alice", "actor"),
    (f"?actor={uuid.UUID(int=7)}", "actor"),
    ("?from=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z", "until"),
    ("?page_size=1001", "page_size"),
    ("?page_token=x", "page_token"),
])
def test_faults_are_named(server, query, field):
    answer = rest.request(server, "GET", path(server, query), token=server.first["token"])
    assert answer.status == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_grpc_pages(server, api, made):
    seen, token = [], ""
    while True:
        reply = api.call("signet.v1.Audit/ListAuditEvents",
                         message("signet.v1.ListAuditEventsRequest",
                                 account_id=server.first["account_id"],
                                 action="service_account.create",
                                 page_size=2, page_token=token),
                         "signet.v1.ListAuditEventsResponse",
                         token=server.first["token"])
        assert reply.code == grpc.StatusCode.OK
        assert len(reply.message.events) <= 2
        seen += [event.sequence for event in reply.message.events]
        token = reply.message.next_page_token
        if not token:
            break
    want = listing(server, "?action=service_account.create").json()
    assert seen == [event["sequence"] for event in want]
