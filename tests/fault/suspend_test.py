# SPDX-License-Identifier: Apache-2.0
"""A server or a client that stands still for a while, as a machine does that sleeps."""

import signal
import time

import pytest

from harness import rest
from harness.example import Example

BOUND = 3  # TokenClientOptions::max_staleness


@pytest.fixture
def running(start):
    return start()


@pytest.fixture
def example(running):
    started = Example(running)
    yield started
    assert started.close() == 0


@pytest.fixture
def owner(running):
    """The token of a service account that the example says yes to."""
    made = rest.request(running, "POST", running.accounts_path, token=running.first["token"],
                        json_body={"name": "sender", "capabilities": ["mail.send"]}).json()

    def revoke():
        path = f"{running.accounts_path}/{made['id']}/revoke"
        assert rest.request(running, "POST", path, token=running.first["token"]).status == 200

    return made["token"], revoke


def test_a_client_that_stood_still_believes_nothing_old(example, owner):
    token, revoke = owner
    for _ in range(3):
        assert example.ask(token).startswith("yes: ")
    example.process.send_signal(signal.SIGSTOP)
    revoke()
    example.send(token)  # It asks as the first thing that it does.
    time.sleep(BOUND + 0.5)
    example.process.send_signal(signal.SIGCONT)
    assert example.process.stdout.readline() == "no: TOKEN_REVOKED\n"


def test_a_server_that_stands_still_is_not_believed_for_longer(running, example, owner):
    token, revoke = owner
    for _ in range(3):
        assert example.ask(token).startswith("yes: ")
    running.process.send_signal(signal.SIGSTOP)
    stopped = time.monotonic()
    while (asked := time.monotonic()) and example.ask(token).startswith("yes: "):
        assert asked - stopped < BOUND
    running.process.send_signal(signal.SIGCONT)
    revoke()
    end = time.monotonic() + BOUND
    while (said := example.ask(token)).startswith("yes: "):
        assert time.monotonic() < end
    # It may have to find the server again.
    while said.startswith(("DEADLINE_EXCEEDED", "UNAVAILABLE")):
        assert time.monotonic() < end + 20
        said = example.ask(token)
    assert said == "no: TOKEN_REVOKED"
