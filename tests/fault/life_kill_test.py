# SPDX-License-Identifier: Apache-2.0
"""SIGKILL under every kind of change at once: an acknowledged one is there afterwards,
any other wholly or not at all.

LIFE_KILL_SECONDS sets how long it goes on, LIFE_KILL_SEED repeats the same choices.
"""

import collections
import dataclasses
import os
import random
import sqlite3
import threading
import time

from harness import process
from harness.life import GrpcDoor, Lost, Refused, RestDoor, request_id

SECONDS = float(os.environ.get("LIFE_KILL_SECONDS", "8"))
SEED = int(os.environ.get("LIFE_KILL_SEED", time.time_ns()))
OVERLAP = 0.5
CAPABILITIES = ["mailbox.create", "billing.view"]


@dataclasses.dataclass
class Retiring:
    """A replaced token: good until `from_`, dead from `until` on (monotonic clock)."""
    token: str
    from_: float
    until: float


@dataclasses.dataclass
class Account:
    """What was acknowledged of one service account."""
    id: str
    token: str
    description: str = ""
    comment: str = None  # Of its revocation.
    grants: dict = dataclasses.field(default_factory=dict)  # capability -> id
    retiring: list = dataclasses.field(default_factory=list)
    dead_tokens: list = dataclasses.field(default_factory=list)


class Worker(threading.Thread):
    """Makes service accounts and changes them, one call at a time, until the
    connection is lost. No other worker touches its service accounts."""

    def __init__(self, server, kind, seed):
        super().__init__(daemon=True)
        self.door = kind(server)
        self.kind = kind
        self.random = random.Random(seed)
        self.accounts, self.done = [], collections.Counter()
        self.pending = None  # (what, account or None, its arguments) not answered.
        self.keyed = []  # (method, arguments, answer) of keyed calls.
        self.surprise = None

    def run(self):
        try:
            while True:
                self.step()
        except Lost:
            pass
        except Exception as error:  # Also an assertion: for the main thread.
            self.surprise = error
        finally:
            self.door.close()

    def step(self):
        live = [account for account in self.accounts if account.comment is None]
        what = self.random.choice(["create", "rotate", "overlap", "update", "update", "grant",
                                   "ungrant", "revoke"])
        if what == "create" or len(live) < 2:
            self.create()
            return
        account = self.random.choice(live)
        if what == "rotate":
            self.rotate(account, 0)
        elif what == "overlap":
            self.rotate(account, OVERLAP)
        elif what == "update":
            text = request_id()
            self.call("update", account, description=text, labels={"text": text})
            account.description = text
        elif what == "grant":
            self.grant(account)
        elif what == "ungrant" and account.grants.get(CAPABILITIES[1]):
            self.call("ungrant", account, grant_id=account.grants[CAPABILITIES[1]])
            del account.grants[CAPABILITIES[1]]
        elif what == "revoke":
            text = request_id()
            self.call("revoke", account, comment=text)
            account.comment = text

    def call(self, what, account, **arguments):
        """The answer; while there is none the call is the pending one."""
        self.pending = what, account, arguments
        if account is not None and what != "ungrant":
            arguments = {"id_": account.id, **arguments}
        answer = getattr(self.door, what)(**arguments)
        if "key" in arguments:
            self.keyed.append((what, arguments, answer))
        self.pending = None
        self.done[what] += 1
        return answer

    def create(self):
        name = request_id()
        answer = self.call("create", None, name=name, key=request_id(), description=name,
                           labels={"text": name}, capabilities=CAPABILITIES[:1])
        self.accounts.append(Account(answer["id"], answer["token"], name,
                                     grants={CAPABILITIES[0]: None}))

    def rotate(self, account, overlap):
        begin = time.monotonic()
        answer = self.call("rotate", account, key=request_id(), overlap=overlap)
        rotated(account, answer["token"], overlap, begin, time.monotonic())

    def grant(self, account):
        answer = self.call("grant", account, capability=CAPABILITIES[1])
        account.grants[CAPABILITIES[1]] = answer["id"]


def rotated(account, token, overlap, begin, end):
    """A rotation ends what still retired, and lets the current token retire."""
    account.dead_tokens += [old.token for old in account.retiring]
    account.retiring = []
    if overlap:
        account.retiring = [Retiring(account.token, begin + overlap, end + overlap)]
    else:
        account.dead_tokens.append(account.token)
    account.token = token


class Checker:
    """Compares a server that came up again with what the workers know."""

    def __init__(self, server, down):
        self.door, self.server = RestDoor(server), server
        self.down = down  # When the last server was surely gone (monotonic clock).
        self.settled = collections.Counter()  # (what, whether it had happened)

    def settle(self, worker):
        """Finds out what became of the worker's pending call: the account must be as
        before or as after. A keyed call is repeated, which makes it done."""
        if worker.pending is None:
            return
        what, account, arguments = worker.pending
        happened = getattr(self, f"settle_{what}")(worker, account, **arguments)
        self.settled[what, happened] += 1
        worker.pending = None

    def settle_create(self, worker, _, name, key, **fields):
        found = self.door.named(name)
        assert len(found) <= 1
        answer = self.repeat(worker, "create", dict(name=name, key=key, **fields))
        if found:
            assert found[0] == {k: v for k, v in answer.items() if k != "token"}
        assert [a["id"] for a in self.door.named(name)] == [answer["id"]]
        worker.accounts.append(Account(answer["id"], answer["token"], name,
                                       grants={CAPABILITIES[0]: None}))
        return bool(found)

    def settle_rotate(self, worker, account, key, overlap):
        now = self.door.get(account.id)
        before = account.token.rpartition("_")[0].rpartition("_")[2]
        happened = now["token_public_id"] != before
        if not happened:
            assert self.door.works(account.token)
        begin = time.monotonic()
        answer = self.repeat(worker, "rotate",
                             dict(id_=account.id, key=key, overlap=overlap))
        if happened:
            assert answer["token_public_id"] == now["token_public_id"]
        # One that happened did so before the kill; when exactly nobody knows.
        rotated(account, answer["token"], overlap, *(
            (0, self.down) if happened else (begin, time.monotonic())))
        return happened

    def settle_update(self, _, account, description, labels):
        now = self.door.get(account.id)
        assert now["labels"] == {"text": now["description"]}
        assert now["description"] in (description, account.description)
        happened = now["description"] == description
        account.description = now["description"]
        return happened

    def settle_revoke(self, _, account, comment):
        now = self.door.get(account.id)
        happened = now["revoked_at"] is not None
        if happened:
            assert (now["revoke_reason"], now["revoke_comment"]) == ("superseded", comment)
            account.comment = comment
        return happened

    def settle_grant(self, _, account, capability):
        held = {g["capability_key"]: g["id"] for g in self.door.grants(account.id)}
        happened = capability in held and capability not in account.grants
        account.grants |= {k: v for k, v in held.items() if k == capability}
        return happened

    def settle_ungrant(self, _, account, grant_id):
        held = {g["id"] for g in self.door.grants(account.id)}
        happened = grant_id not in held
        if happened:
            account.grants = {k: v for k, v in account.grants.items() if v != grant_id}
        return happened

    def repeat(self, worker, what, arguments):
        """The answer to a keyed call that is made twice more: one and the same."""
        door = worker.kind(self.server)
        first, second = (getattr(door, what)(**arguments) for _ in range(2))
        door.close()
        assert first == second
        return first

    def check_repetition(self, worker, what, arguments, answer):
        """The same answer again, unless what it issued has ended since."""
        try:
            assert self.repeat(worker, what, arguments) == answer
        except Refused as refusal:
            assert "REPLAY_TOKEN_ENDED" in str(refusal)
            assert not self.door.works(answer["token"])

    def check(self, account):
        now = self.door.get(account.id)
        assert now["description"] == account.description
        assert now["labels"] == {"text": account.description}
        held = {g["capability_key"]: g["id"] for g in self.door.grants(account.id)}
        assert held.keys() == account.grants.keys()
        for capability, id_ in account.grants.items():
            assert id_ is None or held[capability] == id_
            account.grants[capability] = held[capability]
        live = account.comment is None
        assert (now["revoked_at"] is None) == live
        if not live:
            assert now["revoke_comment"] == account.comment
        assert self.door.works(account.token) == live
        for old in account.retiring:
            begin = time.monotonic()
            works = self.door.works(old.token)
            if time.monotonic() < old.from_:
                assert works == live
            if begin > old.until:
                assert not works
        for token in account.dead_tokens:
            assert not self.door.works(token)


def verify_audit(server):
    done = process.run("--verify_audit", f"--data_dir={server.data}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith(" 0 faults\n")


def test_every_kind_of_change_survives_a_kill(start):
    print(f"LIFE_KILL_SECONDS={SECONDS} LIFE_KILL_SEED={SEED}")
    choices = random.Random(SEED)
    server = start()
    accounts, done, settled = [], collections.Counter(), collections.Counter()
    end, rounds = time.monotonic() + SECONDS, 0
    while rounds == 0 or time.monotonic() < end:
        rounds += 1
        workers = [Worker(server, kind, choices.random())
                   for kind in (RestDoor, GrpcDoor) for _ in range(3)]
        for worker in workers:
            worker.start()
        time.sleep(choices.uniform(0.02, 0.4))
        server.kill()
        down = time.monotonic()
        for worker in workers:
            worker.join(20)
            assert not worker.is_alive()
            if worker.surprise is not None:
                raise worker.surprise
            done += worker.done
        verify_audit(server)
        server.start()
        checker = Checker(server, down)
        for worker in workers:
            for what, arguments, answer in worker.keyed[-3:]:
                checker.check_repetition(worker, what, arguments, answer)
            checker.settle(worker)
            for account in worker.accounts:
                checker.check(account)
            accounts += worker.accounts
        settled += checker.settled
        checker.door.close()
    time.sleep(OVERLAP)  # Nothing is left to retire.
    checker = Checker(server, 0)
    for account in choices.sample(accounts, min(len(accounts), 200)):
        checker.check(account)
    print(f"{rounds} kills, {len(accounts)} accounts, {dict(done)}, unanswered {dict(settled)}")
    assert all(done[what] > 0
               for what in ("create", "rotate", "update", "grant", "ungrant", "revoke"))
    server.kill()
    verify_audit(server)
    check_database(server.data / "signet.db")


def check_database(path):
    """Every change wrote all of its rows, or none."""
    with sqlite3.connect(path) as db:
        def value(sql):
            return db.execute(sql).fetchone()[0]

        def events(action):
            return value("SELECT count(*) FROM audit_events WHERE outcome = 'allowed' AND"
                         f" action = '{action}'")

        assert value("PRAGMA integrity_check") == "ok"
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        creates, rotations = events("service_account.create"), events("service_account.rotate")
        # And the one that the bootstrap made.
        assert value("SELECT count(*) FROM service_accounts") == creates + 1
        assert value("SELECT count(*) FROM tokens") == rotations + value(
            "SELECT count(*) FROM service_accounts")
        assert events("service_account.revoke") == value(
            "SELECT count(*) FROM service_accounts WHERE revoked_at IS NOT NULL")
        assert events("authorization.revoke") == value(
            "SELECT count(*) FROM authorizations WHERE revoked_at IS NOT NULL")
        assert value("SELECT count(*) FROM replays") == creates + rotations
    db.close()
