# SPDX-License-Identifier: Apache-2.0
"""When a token dies."""

import datetime
import time

import pytest

from harness import rest
from harness.api import Api
from harness.surfaces import Grpc, Rest


def in_future(**delta):
    when = datetime.datetime.utcnow() + datetime.timedelta(**delta)
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


GOOD = {  # As sent by REST -> as answered.
    "2099-11-07T05:31:56Z": "2099-11-07T05:31:56Z",
    "2099-11-07t05:31:56z": "2099-11-07T05:31:56Z",
    "2099-11-07T05:31:56.1Z": "2099-11-07T05:31:56.100Z",
    "2099-11-07T05:31:56.123456789Z": "2099-11-07T05:31:56.123456789Z",
    "2099-11-07T05:31:56+02:00": "2099-11-07T03:31:56Z",
    "2099-12-31T23:30:00-01:00": "2100-01-01T00:30:00Z",
    "2096-02-29T00:00:00Z": "2096-02-29T00:00:00Z",
    "9999-12-31T23:59:59.999999999Z": "9999-12-31T23:59:59.999999999Z",
    None: None,
}

BAD = ["2001-01-01T00:00:00Z", "2099-11-07T05:31:56", "2099-11-07 05:31:56Z",
       "2099-11-07", "2099-1-7T05:31:56Z", "2099-11-07T05:31:60Z",
       "2099-11-07T24:00:00Z", "2099-02-29T00:00:00Z", "2099-11-07T05:31:56+0200",
       "2099-11-07T05:31:56.1234567890Z", "2099-11-07T05:31:56.Z", "",
       "9999-12-31T23:59:59-01:00", "10000-01-01T00:00:00Z", "2099-11-07T05:31:56+24:00",
       " 2099-11-07T05:31:56Z", 4102444800, {"seconds": 4102444800}, True, []]


@pytest.mark.parametrize("sent", GOOD)
def test_rest_reads_rfc3339(server, sent):
    answer = rest.request(server, "POST", server.accounts_path,
                          token=server.first["token"],
                          json_body={"name": "x", "expires_at": sent})
    assert answer.status == 201
    assert answer.json()["expires_at"] == GOOD[sent]


@pytest.mark.parametrize("sent", BAD, ids=str)
def test_rest_refuses_anything_else(server, sent):
    answer = rest.request(server, "POST", server.accounts_path,
                          token=server.first["token"],
                          json_body={"name": "x", "expires_at": sent})
    assert answer.status == 400
    assert [e["field"] for e in answer.json()["errors"]] == ["expires_at"]


@pytest.mark.parametrize("seconds, nanos", [
    (4102444800, 1_000_000_000), (4102444800, -1), (253402300800, 0), (2**62, 0), (0, 0),
    (-62135596801, 0)])
def test_grpc_refuses_what_is_no_future_timestamp(server, api, seconds, nanos):
    first = server.first
    reply = api.create(first["account_id"], "x", token=first["token"],
                       expires_at=(seconds, nanos))
    assert reply.code.name == "INVALID_ARGUMENT"
    assert [field for field, _ in reply.violations] == ["expires_at"]


def test_nanoseconds_survive_on_every_surface(server, surface):
    first = server.first
    moment = "2099-11-07T05:31:56.000000001Z"
    created = surface.create(first["account_id"], "x", token=first["token"],
                             expires_at=moment)
    assert created.body["expires_at"] == moment
    me = surface.self_(token=created.body["token"])
    assert me.body["expires_at"] == moment


def test_token_dies_at_its_expiry(server, surface):
    first = server.first
    moment = time.time() + 2
    text = datetime.datetime.utcfromtimestamp(moment).isoformat() + "Z"
    made = surface.create(first["account_id"], "x", token=first["token"], expires_at=text)
    assert surface.self_(token=made.body["token"]).code == "OK"
    time.sleep(max(0, moment - time.time()))
    dead = surface.self_(token=made.body["token"])
    assert (dead.code, dead.reason) == ("UNAUTHENTICATED", "TOKEN_INVALID")


def test_maximum_and_default_life(start):
    server = start("--max_token_ttl=30d", "--default_token_ttl=1h")
    first = server.first
    for surface in (Rest(server, "--http1.1"), Grpc(server)):
        def create(expires_at):
            return surface.create(first["account_id"], "x", token=first["token"],
                                  expires_at=expires_at)
        body = create(None).body
        life = (datetime.datetime.fromisoformat(body["expires_at"][:19]) -
                datetime.datetime.fromisoformat(body["created_at"][:19]))
        assert life == datetime.timedelta(hours=1)
        assert create(in_future(days=29)).code == "OK"
        refused = create(in_future(days=31))
        assert (refused.code, refused.faults) == ("INVALID_ARGUMENT", ("expires_at",))


def test_first_token_outlives_the_default(start):
    server = start("--max_token_ttl=1h", "--default_token_ttl=1h")
    with Api(server) as api:
        me = api.self_(token=server.first["token"])
    assert not me.message.HasField("expires_at")
