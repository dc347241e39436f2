# SPDX-License-Identifier: Apache-2.0
"""Somebody else holds the database's write lock: named, survived, and over when it is free."""

import concurrent.futures
import contextlib
import sqlite3
import time

import pytest
from harness import rest
from harness.surfaces import Grpc, Rest

HELD = "another process holds the write lock of signet.db"
FREE = "the write lock of signet.db is free again"


def lines(server, message):
    return [line for line in server.log() if line["message"].startswith(message)]


@contextlib.contextmanager
def held_lock(server):
    """As who has typed BEGIN IMMEDIATE into the sqlite3 shell, and then gone for lunch."""
    with contextlib.closing(sqlite3.connect(server.data / "signet.db",
                                            isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        yield db
        if db.in_transaction:
            db.execute("ROLLBACK")


@pytest.fixture
def locked(start):
    """A server, and its doors."""
    server = start()
    doors = {"rest": Rest(server, "--http1.1"), "http2": Rest(server, "--http2-prior-knowledge"),
             "grpc": Grpc(server)}
    yield server, doors
    doors["grpc"].close()


def create(server, door, name):
    return door.create(server.first["account_id"], name, token=server.first["token"])


def names(server):
    answer = rest.request(server, "GET", server.accounts_path, token=server.first["token"])
    return {one["name"] for one in answer.json()}


def test_a_lock_that_lasts_is_named_and_ends_with_itself(locked):
    server, doors = locked
    before = names(server)
    stored = set()
    with held_lock(server):
        for name, door in doors.items():
            refused = create(server, door, f"while {name}")
            assert (refused.code, refused.reason) == ("UNAVAILABLE", "STORAGE_UNAVAILABLE"), name
            assert HELD in refused.text and "disk" not in refused.text
        # Who waits after the first is not kept for as long again.
        begin = time.monotonic()
        answer = rest.request(server, "POST", server.accounts_path, token=server.first["token"],
                              json_body={"name": "while late"})
        assert time.monotonic() - begin < 4
        assert answer.status == 503 and int(answer.value("retry-after")) > 0
        # Reads go on, and the server is well.
        assert names(server) == before
        assert doors["grpc"].self_(token=server.first["token"]).code == "OK"
        assert rest.request(server, "GET", "/readyz").status == 200
    for name, door in doors.items():
        assert create(server, door, f"after {name}").code == "OK"
        stored.add(f"after {name}")
    assert len(lines(server, HELD)) == 1 and len(lines(server, FREE)) == 1
    assert lines(server, HELD)[0]["for_s"] >= 5
    assert not any("disk" in line["message"] or "refused or checkpoints" in line["message"]
                   for line in server.log())
    assert server.stop() == 0
    server.start()
    assert names(server) == before | stored


@pytest.mark.parametrize("name", ["rest", "grpc"])
def test_a_lock_that_is_soon_free_delays_only(locked, name):
    server, doors = locked
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        with held_lock(server):
            made = pool.submit(create, server, doors[name], "soon")
            time.sleep(0.3)
            assert not made.done()
        assert made.result(30).code == "OK"
    assert "soon" in names(server)
    assert lines(server, HELD) == [] and lines(server, FREE) == []


def test_a_stop_while_it_lasts_ends(locked):
    """What cannot be copied into the database stays in its log, whole."""
    server, doors = locked
    assert create(server, doors["rest"], "kept").code == "OK"
    with held_lock(server):
        assert create(server, doors["grpc"], "refused").code == "UNAVAILABLE"
        server.stop(60)
    server.start()
    assert "kept" in names(server) and "refused" not in names(server)
