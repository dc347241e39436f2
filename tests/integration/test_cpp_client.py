# SPDX-License-Identifier: Apache-2.0
"""The program of docs/integrations/cpp-client.md, against a server."""

import time

import pytest

from harness import rest
from harness.example import Example

@pytest.fixture
def running(start):
    return start()


@pytest.fixture
def example(running):
    started = Example(running)
    yield started
    assert started.close() == 0


def issue(server, name):
    answer = rest.request(server, "POST", server.accounts_path, token=server.first["token"],
                          json_body={"name": name})
    return answer.json()


def test_says_who_may_send_mail(running, example):
    bot = issue(running, "bot")
    assert example.ask(running.first["token"]) == f"yes: {running.first['service_account_id']}"
    assert example.ask(bot["token"]) == "no: CAPABILITY_MISSING"
    assert example.ask("nonsense") == "no: TOKEN_UNKNOWN"
    revoked = rest.request(running, "DELETE", f"{running.accounts_path}/{bot['id']}",
                           token=running.first["token"])
    assert revoked.status == 200
    # What is kept here may be older by what a change takes to arrive.
    end = time.monotonic() + 5
    while (said := example.ask(bot["token"])) == "no: CAPABILITY_MISSING":
        assert time.monotonic() < end
    assert said == "no: TOKEN_REVOKED"


def test_a_killed_server_leaves_no_kept_answer(running, example):
    token = running.first["token"]
    for _ in range(3):
        assert example.ask(token).startswith("yes: ")
    running.kill()
    end = time.monotonic() + 4
    while (said := example.ask(token)).startswith("yes: "):
        assert time.monotonic() < end
    assert said.startswith("UNAVAILABLE: ")
    assert token not in said
