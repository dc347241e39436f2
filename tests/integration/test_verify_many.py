# SPDX-License-Identifier: Apache-2.0
"""Batches, streams, the feed of changes, and the trusted listener."""

import time

import grpc
import pytest
from harness.api import Api, message, messages
from harness.process import Server
from harness.verify import Refusal, request

MAIL = {"capability": {"capability_key": "mailbox.create"}}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("many"),
                "--trusted_grpc_address=127.0.0.1:0") as running:
        yield running


@pytest.fixture
def channel(server):
    with grpc.insecure_channel(server.grpc, options=[("grpc.enable_http_proxy", 0)]) as opened:
        yield opened


def bearer(token):
    return [("authorization", f"Bearer {token}")]


def test_a_batch_answers_each_in_order(world, asker):
    good, revoked, poor = world.create("mailbox.create"), world.create(), world.create()
    world.change(revoked, "revoke")
    kinds = {good["token"]: "", revoked["token"]: "TOKEN_REVOKED", "junk": "TOKEN_UNKNOWN",
             poor["token"]: "CAPABILITY_MISSING"}
    tokens = [*kinds, *(f"junk{i}" for i in range(996))]
    told = asker.batch(tokens, requirement=MAIL)
    assert [result.reason for result in told.results] == [
        kinds.get(token, "TOKEN_UNKNOWN") for token in tokens]
    assert not told.same_as
    assert told.results[0] == asker.verify(good["token"], requirement=MAIL)


def test_a_repeated_token_is_answered_once(world, asker):
    """What is asked in 75 KB was answered in 63 MB."""
    wide = {f"l{i}": "x" * 250 for i in range(32)}
    good = world.create(*(f"some.long_capability_{i}" for i in range(32)), labels=wide)
    told = asker.batch(500 * [good["token"], "junk"])
    assert told.ByteSize() < 20_000
    assert list(told.same_as) == 500 * [0, 1]
    assert told.results[0] == asker.verify(good["token"])
    assert told.results[1].reason == "TOKEN_UNKNOWN"
    assert {result.ByteSize() for result in told.results[2:]} == {0}


@pytest.mark.parametrize("tokens,fault", [
    ([], "tokens"), (1001 * ["junk"], "tokens"), (["junk", ""], "tokens[1]"),
    (["junk", "x" * 16385], "tokens[1]")])
def test_a_batch_that_breaks_a_rule(asker, tokens, fault):
    assert asker.batch(tokens) == Refusal("INVALID_ARGUMENT", "FIELD_INVALID", (fault,))


def stream(channel, token, requests, timeout=20):
    return channel.stream_stream(
        "/signet.v1.Tokens/VerifyTokens", request_serializer=lambda m: m.SerializeToString(),
        response_deserializer=messages()["signet.v1.VerifyTokenResponse"].FromString)(
            iter(requests), metadata=bearer(token), timeout=timeout)


def test_a_stream_answers_in_order(world, asker, channel):
    known = [world.create()["token"] for _ in range(3)]
    tokens = [known[i % 3] if i % 4 else f"junk{i}" for i in range(2000)]
    told = list(stream(channel, asker.token, [request(token) for token in tokens]))
    handles = [token.split("_")[2] if token in known else "" for token in tokens]
    assert [answer.token_public_id for answer in told] == handles


def test_a_stream_ends_with_the_first_refusal(world, asker, channel):
    good = world.create()["token"]
    answers = stream(channel, asker.token, [request(good), request(""), request(good)])
    assert next(answers).active
    with pytest.raises(grpc.RpcError) as refusal:
        next(answers)
    assert refusal.value.code() == grpc.StatusCode.INVALID_ARGUMENT


def test_a_stream_without_the_right_has_no_answer(world, channel):
    for token, code in (("junk", grpc.StatusCode.UNAUTHENTICATED),
                        (world.create()["token"], grpc.StatusCode.PERMISSION_DENIED)):
        with pytest.raises(grpc.RpcError) as refusal:
            list(stream(channel, token, [request("x")]))
        assert refusal.value.code() == code


def watch(channel, token, position=""):
    return channel.unary_stream(
        "/signet.v1.Tokens/WatchChanges", request_serializer=lambda m: m.SerializeToString(),
        response_deserializer=messages()["signet.v1.WatchChangesResponse"].FromString)(
            message("signet.v1.WatchChangesRequest", position=position),
            metadata=bearer(token), timeout=20)


def until(feed, service_account_id):
    """The message that tells of it."""
    for told in feed:
        assert not told.reset
        if service_account_id in told.service_account_ids:
            return told
    raise AssertionError("the feed ended")


def test_the_feed_tells_of_a_change_and_is_resumed(world, asker, channel):
    feed = watch(channel, asker.token)
    first = next(feed)
    assert first.position and not first.reset and not first.service_account_ids
    made = world.create()
    world.change(made, "revoke")
    seen = until(feed, made["id"])
    feed.cancel()

    missed = world.create()
    world.change(missed, "update", {"enabled": False})
    told = until(watch(channel, asker.token, seen.position), missed["id"])
    assert told.position != seen.position
    assert made["id"] not in told.service_account_ids


@pytest.mark.parametrize("position", ["junk", "0.0", "x" * 1000])
def test_a_place_that_is_not_known_means_forget_everything(asker, channel, position):
    told = next(watch(channel, asker.token, position))
    assert told.reset and told.position != position


def test_a_watcher_whose_right_ends_is_sent_away(world, channel):
    made = world.create("auth.verify")
    feed = watch(channel, made["token"])
    next(feed)
    world.change(made, "revoke")
    begin = time.monotonic()
    with pytest.raises(grpc.RpcError) as refusal:
        for _ in feed:
            pass
    assert refusal.value.code() == grpc.StatusCode.UNAUTHENTICATED
    assert time.monotonic() - begin < 5


class Trusted:
    """The trusted listener, as harness.api.Api wants a server."""

    def __init__(self, server):
        self.grpc = f"127.0.0.1:{server.ports['trusted_grpc']}"


def test_the_trusted_listener_asks_for_no_credential(server, world):
    made = world.create("mailbox.create")
    with Api(Trusted(server)) as trusted:
        def ask(**options):
            return trusted.call("signet.v1.Tokens/VerifyToken", request(made["token"]),
                                "signet.v1.VerifyTokenResponse", **options)

        assert ask().message.active
        assert ask(token="junk").reason == "TOKEN_INVALID"  # Who names one is held to it.
        denied = trusted.create(world.account, "x")
        assert (denied.code.name, denied.reason) == ("UNAUTHENTICATED", "CREDENTIAL_MISSING")
        world.change(made, "revoke")
        assert ask().message.reason == "TOKEN_REVOKED"
    with Api(server) as usual:
        assert usual.call("signet.v1.Tokens/VerifyToken", request(made["token"]),
                          "signet.v1.VerifyTokenResponse").reason == "CREDENTIAL_MISSING"
