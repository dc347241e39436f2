# SPDX-License-Identifier: Apache-2.0
"""On a full disk what ends a credential still commits, out of a reserve; nothing else does."""

import concurrent.futures
import contextlib
import itertools
import os
import sqlite3
import subprocess
import threading
import time

import pytest
from harness import rest
from harness.api import Api, message
from harness.life import GrpcDoor, Lost, RestDoor
from harness.process import Server


IN_USE = "the disk is full; only revocations are stored, in what was reserved"

# The log's index grows when this page of the log is written.
PAGES_OF_FIRST_INDEX_REGION = 4062


class SmallDisk:
    """A server whose data directory lies on a file system of 48 MB."""

    def __init__(self, folder, disk):
        self.disk = disk
        self.server = Server(folder, "--last_used_flush_interval=1h").start()
        self.doors = {"rest": RestDoor(self.server), "grpc": GrpcDoor(self.server)}

    def restart(self):
        self.server.kill()  # Unless it has ended.
        self.server.start()
        self.doors = {"rest": RestDoor(self.server), "grpc": GrpcDoor(self.server)}

    def fill(self, but=0):
        """All but so many bytes, with a file that is not the server's."""
        with (self.disk / "filler").open("ab", buffering=0) as filler:
            for size in (1 << 20, 4096):
                try:
                    while True:
                        filler.write(b"x" * size)
                except OSError:
                    pass
            if but:
                filler.truncate(filler.tell() - but)

    def fill_with_creates(self):
        """Until ten in a row are refused."""
        labels = {str(i): "v" * 250 for i in range(30)}
        refused = 0
        while refused < 10:
            try:
                self.doors["rest"].create("fat", None, labels=labels)
                refused = 0
            except Lost as refusal:
                assert "STORAGE_UNAVAILABLE" in str(refusal.args[0])
                refused += 1

    @contextlib.contextmanager
    def reader(self):
        """Another process's read, which keeps the log from starting over."""
        database = sqlite3.connect(f"file:{self.server.data}/signet.db?mode=ro", uri=True,
                                   isolation_level=None)
        database.execute("begin")
        database.execute("select count(*) from accounts").fetchall()
        try:
            yield
        finally:
            database.close()

    @contextlib.contextmanager
    def eater(self):
        """Another writer on the disk, which takes all that becomes free."""
        end = threading.Event()

        def eat():
            while not end.wait(0.0002):
                self.fill()

        thread = threading.Thread(target=eat)
        thread.start()
        try:
            yield
        finally:
            end.set()
            thread.join()

    def pages(self):
        with contextlib.closing(sqlite3.connect(f"file:{self.server.data}/signet.db?mode=ro",
                                                uri=True)) as database:
            return database.execute("pragma page_count").fetchone()[0]

    def log_pages(self):
        return ((self.disk / "data" / "signet.db-wal").stat().st_size - 32) // (4096 + 24)

    def said_of_reserve(self):
        return [line["message"] for line in self.server.log() if "reserve" in line["message"]]

    def make(self):
        return self.doors["rest"].create("ci", None)

    def make_many(self, count):
        local = threading.local()

        def one(_):
            if not hasattr(local, "door"):
                local.door = RestDoor(self.server)
            return local.door.create("ci", None)

        with concurrent.futures.ThreadPoolExecutor(8) as threads:
            return list(threads.map(one, range(count)))

    def revoke_all(self, many):
        """One by one, over REST and gRPC in turn."""
        for door, made in zip(itertools.cycle(self.doors.values()), many):
            door.revoke(made["id"], "leaked")

    def wait_for_room(self):
        """Until another write is stored: the disk is looked at now and then."""
        end = time.monotonic() + 20
        while True:
            try:
                return self.make()
            except Lost:
                assert time.monotonic() < end
                time.sleep(0.1)

    def request(self, method, path, **options):
        return rest.request(self.server, method, path, **options)

    def works(self, token):
        with Api(self.server) as api:
            over_grpc = api.self_(token=token).code.name == "OK"
        assert self.doors["rest"].works(token) == over_grpc
        return over_grpc

    def refuses_other_writes(self):
        for door in self.doors.values():
            try:
                door.create("no", "key")
            except Lost as refusal:
                reply = refusal.args[0]
                assert "STORAGE_UNAVAILABLE" in str(reply)
            else:
                return False
        answer = self.request("POST", self.server.accounts_path, json_body={"name": "no"},
                              token=self.server.first["token"])
        if answer.status == 201:  # There is room again, since a moment ago.
            return False
        assert answer.status == 503
        assert int(answer.value("retry-after")) >= 1
        return True


@pytest.fixture
def small(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "none", disk],
                             check=False, capture_output=True)
    if mounted.returncode != 0:
        # Where it counts, it must not be left out unseen.
        give_up = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        give_up("mounting a small file system takes root")
    folder = tmp_path / "server"
    folder.mkdir()
    (disk / "data").mkdir(mode=0o700)
    (folder / "data").symlink_to(disk / "data")
    one = None
    try:
        one = SmallDisk(folder, disk)
        yield one
    finally:
        if one is not None:
            one.server.kill()
        subprocess.run(["umount", disk], check=True)


def revoke_by_delete(small, made):
    path = f"{small.server.accounts_path}/{made['id']}"
    answer = small.request("DELETE", path, token=small.server.first["token"])
    assert answer.status < 300, answer.body


def disable_by_rest(small, made):
    small.doors["rest"].update(made["id"], enabled=False)


def disable_by_grpc(small, made):
    request = message("signet.v1.UpdateServiceAccountRequest")
    request.service_account.account_id = small.server.first["account_id"]
    request.service_account.id = made["id"]
    request.service_account.enabled = False
    request.update_mask.paths.append("enabled")
    with Api(small.server) as api:
        reply = api.call("signet.v1.ServiceAccounts/UpdateServiceAccount", request,
                         "signet.v1.ServiceAccount", token=small.server.first["token"])
    assert reply.code.name == "OK", reply


def self_by_rest(small, made):
    answer = small.request("POST", "/v1/public/auth/self/revoke", token=made["token"])
    assert answer.status == 200, answer.body


def self_by_form(small, made):
    answer = small.request("POST", "/v1/public/auth/self/revoke", body=f"token={made['token']}",
                           fields=["Content-Type: application/x-www-form-urlencoded"])
    assert answer.status == 200, answer.body


def self_by_grpc(small, made):
    with Api(small.server) as api:
        reply = api.call("signet.v1.Identity/RevokeSelf", message("signet.v1.RevokeSelfRequest"),
                         "signet.v1.RevokeSelfResponse", token=made["token"])
    assert reply.code.name == "OK", reply


ENDS = [lambda small, made: small.doors["rest"].revoke(made["id"], "leaked"),
        lambda small, made: small.doors["grpc"].revoke(made["id"], "leaked"),
        revoke_by_delete, disable_by_rest, disable_by_grpc, self_by_rest, self_by_form,
        self_by_grpc]


def test_a_leaked_token_is_ended_while_nothing_else_is_written(small):
    leaked = [small.make() for _ in ENDS]
    many = [small.make() for _ in range(200)]
    holder = small.make()
    grants = {name: door.grant(holder["id"], f"mail.{name}") for name, door in small.doors.items()}
    small.fill()
    assert small.refuses_other_writes()
    for end, made in zip(ENDS, leaked):
        assert small.works(made["token"])
        end(small, made)
        assert not small.works(made["token"])
        assert small.refuses_other_writes()
    for name, door in small.doors.items():
        assert door.ungrant(grants[name]["id"])["revoked_at"] is not None
    # The log starts over in between, so more of them fit than it could grow by.
    for made in many:
        small.doors["grpc"].revoke(made["id"], "leaked")
    assert small.said_of_reserve() == [IN_USE]

    small.restart()
    assert not any(small.works(made["token"]) for made in leaked + many)
    (small.disk / "filler").unlink()
    small.wait_for_room()
    small.restart()
    assert not any(small.works(made["token"]) for made in leaked)


def test_space_that_comes_back_is_noticed_and_reserved_again(small):
    made = [small.make() for _ in range(60)]
    reserve = small.disk / "data" / "signet.reserve"
    database = small.disk / "data" / "signet.db"
    whole = reserve.stat().st_size
    assert whole == reserve.stat().st_blocks * 512 == 8 << 20
    assert database.stat().st_blocks * 512 >= database.stat().st_size > 8 << 20
    with small.reader():
        small.fill()
        small.fill_with_creates()
        assert reserve.stat().st_size == whole  # Not for these.
        while reserve.stat().st_size == whole:
            small.doors["rest"].revoke(made.pop()["id"], "leaked")
        assert small.refuses_other_writes()
    (small.disk / "filler").unlink()
    small.wait_for_room()
    assert reserve.stat().st_size == whole
    # And a second time.
    small.fill()
    small.doors["rest"].revoke(made[0]["id"], "leaked")
    assert not small.works(made[0]["token"])


def test_creates_that_filled_the_disk_leave_room_for_revocations(small):
    """Also where a reader let them fill it with a log that could not be copied."""
    leaked = small.make_many(1200)
    with small.reader():
        small.fill_with_creates()
    small.revoke_all(leaked[:1000])
    assert small.said_of_reserve() == [IN_USE]
    assert small.refuses_other_writes()
    assert small.works(leaked[-1]["token"])

    # And after starts on the full disk, each of which shortens the log.
    for end, some in ((small.server.kill, leaked[1000:1100]), (small.server.stop, leaked[1100:])):
        assert not end()
        small.fill()
        small.restart()
        small.fill()
        small.revoke_all(some)
        assert small.refuses_other_writes()
    assert not any(small.doors["rest"].works(made["token"]) for made in leaked)


@pytest.mark.parametrize("name", ["rest", "grpc"])
def test_the_index_of_the_log_grows_on_a_full_disk(small, name):
    """A commit fills it in when it is on the disk already, and must not fail then."""
    leaked = small.make_many(300)
    with small.reader():
        while small.log_pages() < PAGES_OF_FIRST_INDEX_REGION - 40:
            small.make()
        while small.log_pages() <= PAGES_OF_FIRST_INDEX_REGION:
            # Room for some pages of the log, but for no region of its index.
            small.fill(but=10 * 4096)
            small.doors[name].revoke(leaked.pop()["id"], "leaked")
        small.doors[name].revoke(leaked.pop()["id"], "leaked")
    assert small.works(leaked[0]["token"])
    assert small.request("GET", "/readyz").status == 200
    assert small.server.stop() == 0
    small.fill()
    small.restart()
    small.doors[name].revoke(leaked[0]["id"], "leaked")
    assert not small.works(leaked[0]["token"])


def test_while_a_reader_stays_the_reserve_holds_some_hundreds(small):
    leaked = small.make_many(600)
    reserve = small.disk / "data" / "signet.reserve"
    with small.reader():
        small.fill(but=4 << 20)
        small.fill_with_creates()
        stored = 0
        with pytest.raises(Lost):
            for made in leaked:
                small.doors["rest"].revoke(made["id"], "leaked")
                stored += 1
        assert stored > 250
        assert reserve.stat().st_size == 0
        assert small.works(leaked[stored]["token"])
    # The log can start over.
    small.revoke_all(leaked[stored:])
    assert not any(small.doors["rest"].works(made["token"]) for made in leaked)


def test_nobody_else_gets_what_is_kept(small):
    leaked = small.make_many(600)
    small.fill()
    before = small.pages()
    with small.eater():
        small.revoke_all(leaked)
    assert small.refuses_other_writes()
    assert not any(small.doors["rest"].works(made["token"]) for made in leaked)
    # Nothing was given up, and at this pace it holds 20,000.
    assert (small.disk / "data" / "signet.reserve").stat().st_size == 8 << 20
    assert (small.pages() - before) * 4096 / len(leaked) * 20_000 <= 8 << 20


def test_the_log_tells_of_a_full_disk_once(small):
    """Though the server writes, or looks whether it could, every few seconds."""
    server = small.server
    server.stop()
    server.flags = ["--last_used_flush_interval=1s"]
    small.restart()
    seen = len(server.log())
    small.fill()
    small.fill_with_creates()
    for _ in range(6):
        assert small.works(server.first["token"])  # Something to be written.
        small.fill()
        time.sleep(0.7)

    def said(*words):
        return [line["message"] for line in server.log()[seen:]
                if any(word in line["message"] for word in words)]

    about_it = ("disk", "last uses", "writes are refused")
    assert sorted(said(*about_it)) == [
        "last uses of tokens and the mark of time are not written",
        "writes are refused or checkpoints fail"]
    (small.disk / "filler").unlink()
    small.wait_for_room()
    end = time.monotonic() + 20
    while not said("written again"):
        assert time.monotonic() < end
        time.sleep(0.1)
    assert said("good again") == ["the disk is good again"]
