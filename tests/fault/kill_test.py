# SPDX-License-Identifier: Apache-2.0
"""SIGKILL under concurrent creates: what was acknowledged is there afterwards.

KILL_ROUNDS sets the number of rounds, KILL_SEED repeats the same pauses.
"""

import collections
import os
import random
import sqlite3
import time

import grpc

from harness.api import Api
from harness.load import finish_load, start_load

ROUNDS = int(os.environ.get("KILL_ROUNDS", "200"))
SEED = int(os.environ.get("KILL_SEED", time.time_ns()))


def lost(server, tokens):
    """Those of `tokens` that no longer authenticate."""
    with Api(server) as api:
        return [token for token in tokens
                if api.self_(token=token).code != grpc.StatusCode.OK]


def test_no_acknowledged_create_is_lost(start):
    print(f"KILL_ROUNDS={ROUNDS} KILL_SEED={SEED}")
    pauses = random.Random(SEED)
    server = start()
    acknowledged, by_kind = [], collections.Counter()
    for number in range(ROUNDS):
        creators = start_load(server, each=3)
        # From before the first commit to well into the load.
        time.sleep(pauses.uniform(0, 0.25))
        server.kill()
        tokens = finish_load(creators)
        begin = time.monotonic()
        server.start()
        assert time.monotonic() - begin < 10
        assert lost(server, tokens) == [], f"round {number}"
        acknowledged += tokens
        for creator in creators:
            by_kind[type(creator).__name__] += len(creator.tokens)
    assert lost(server, [server.first["token"], *acknowledged]) == []
    print(dict(by_kind))
    assert min(by_kind["RestCreator"], by_kind["GrpcCreator"]) > ROUNDS
    server.kill()
    check_database(server.data / "signet.db", len(acknowledged))


def check_database(path, acknowledged):
    with sqlite3.connect(path) as db:
        def value(sql):
            return db.execute(sql).fetchone()[0]

        assert value("PRAGMA integrity_check") == "ok"
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        accounts = value("SELECT count(*) FROM service_accounts")
        # Creates without an answer may be there too; the owner is.
        assert accounts >= acknowledged + 1
        # Every service account is whole: its one token points back at it.
        assert value("SELECT count(*) FROM tokens") == accounts
        assert value("""SELECT count(*) FROM service_accounts s JOIN tokens t
                        ON t.public_id = s.token_public_id AND t.account_id = s.account_id
                        AND t.service_account_id = s.id""") == accounts
    db.close()
