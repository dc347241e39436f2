# SPDX-License-Identifier: Apache-2.0
"""last_used_at: noted in memory, written in bulk, never lost by a stop."""

import datetime
import time

from harness.surfaces import Rest


def newcomer(server):
    """A service account whose token was never used."""
    first = server.first
    return Rest(server, "--http1.1").create(first["account_id"], "ci", token=first["token"]).body


def look(server, made):
    """Its last_used_at, as another sees it."""
    got = Rest(server, "--http1.1").get(made["account_id"], made["id"],
                                        token=server.first["token"])
    return got.body["last_used_at"]


def parse(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def await_use(server, made, after=None):
    end = time.monotonic() + 10
    while time.monotonic() < end:
        at = look(server, made)
        if at is not None and at != after:
            return at
        time.sleep(0.02)
    raise AssertionError("no use was written within ten seconds")


def test_appears_after_a_use(start):
    server = start("--last_used_flush_interval=20ms")
    made = newcomer(server)
    assert made["last_used_at"] is None
    assert look(server, made) is None

    before = datetime.datetime.now(datetime.timezone.utc)
    assert Rest(server, "--http1.1").self_(token=made["token"]).code == "OK"
    at = parse(await_use(server, made))
    assert before <= at <= datetime.datetime.now(datetime.timezone.utc)


def test_a_refused_use_is_none(start):
    server = start("--last_used_flush_interval=20ms")
    made = newcomer(server)
    token = made["token"]
    wrong = token[:-1] + ("a" if token[-1] != "a" else "b")
    assert Rest(server, "--http1.1").self_(token=wrong).code == "UNAUTHENTICATED"
    time.sleep(0.2)
    assert look(server, made) is None


def test_goes_forward(start):
    server = start("--last_used_flush_interval=20ms")
    made = newcomer(server)
    Rest(server, "--http1.1").self_(token=made["token"])
    first = await_use(server, made)
    Rest(server, "--http1.1").self_(token=made["token"])
    assert parse(await_use(server, made, after=first)) > parse(first)


def test_a_stop_writes_what_is_pending(start):
    server = start("--last_used_flush_interval=1h")
    made = newcomer(server)
    before = datetime.datetime.now(datetime.timezone.utc)
    Rest(server, "--http1.1").self_(token=made["token"])
    after = datetime.datetime.now(datetime.timezone.utc)
    assert server.stop() == 0

    server.start()
    assert before <= parse(look(server, made)) <= after
