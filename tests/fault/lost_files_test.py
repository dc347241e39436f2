# SPDX-License-Identifier: Apache-2.0
"""The files under a running server are removed, moved or replaced: it acknowledges nothing
more, says what happened, and ends with exit code 3. And who keeps a second server off."""

import concurrent.futures
import dataclasses
import http.client
import os
import platform
import shutil
import signal
import sqlite3
import threading
import time

import pytest
from harness.api import Api, message
from harness.life import GrpcDoor, Lost, RestDoor
from harness.load import finish_load, start_load
from harness.process import Server, StartError, run
from process_test import OBEYING

NOT_SERVING = 2


@dataclasses.dataclass
class Harm:
    act: object  # Called with the server.
    path: str  # What the log names, beside the server's folder.
    said: str
    undo: object = lambda server: None  # What a careful operator does before the next start.


def replace(server, name):
    """Another file of the same content."""
    shutil.copy(server.data / name, server.folder / "other")
    (server.folder / "other").rename(server.data / name)


def overwrite(file):
    """With the same, as `cp` does: the file stays that file."""
    file.write_bytes(file.read_bytes())


def overwrite_log(server):
    """More than once: what comes while the server itself writes there is taken for its own."""
    for _ in range(3):
        overwrite(server.data / "signet.db-wal")
        time.sleep(0.1)


def move_back(server):
    shutil.rmtree(server.data, ignore_errors=True)
    (server.folder / "aside").rename(server.data)


def new_directory(server):
    server.data.rename(server.folder / "aside")
    server.data.mkdir(mode=0o700)


def copied_directory(server):
    shutil.copytree(server.data, server.folder / "copy")
    server.data.rename(server.folder / "aside")
    (server.folder / "copy").rename(server.data)


HARMS = {
    "database moved": Harm(
        lambda server: (server.data / "signet.db").rename(server.folder / "aside"),
        "data/signet.db", "the database was moved away while",
        lambda server: (server.folder / "aside").rename(server.data / "signet.db")),
    "database replaced": Harm(
        lambda server: replace(server, "signet.db"),
        "data/signet.db", "the database was removed, and another is in its place,"),
    "database overwritten": Harm(
        lambda server: overwrite(server.data / "signet.db"),
        "data/signet.db", "another process has written to the database while"),
    "database with a second name": Harm(
        lambda server: os.link(server.data / "signet.db", server.folder / "second"),
        "data/signet.db", "has 2 names (hard links)",
        lambda server: (server.folder / "second").unlink()),
    "log removed": Harm(
        lambda server: (server.data / "signet.db-wal").unlink(),
        "data/signet.db-wal", "the write-ahead log was removed while"),
    "log overwritten": Harm(
        overwrite_log,
        "data/signet.db-wal", "another process has written to the write-ahead log while"),
    "index removed": Harm(
        lambda server: (server.data / "signet.db-shm").unlink(),
        "data/signet.db-shm", "the index of the write-ahead log was removed while"),
    "directory moved": Harm(
        lambda server: server.data.rename(server.folder / "aside"),
        "data", "the data directory was moved away while", move_back),
    "directory moved, a new one in its place": Harm(
        new_directory,
        "data", "the data directory was moved away, and another is in its place,", move_back),
    "directory moved, a copy in its place": Harm(
        copied_directory,
        "data", "the data directory was moved away, and another is in its place,"),
    "lock removed": Harm(
        lambda server: (server.data / "signet.lock").unlink(),
        "data/signet.lock", "the lock was removed while"),
    "lock replaced": Harm(
        lambda server: replace(server, "signet.lock"),
        "data/signet.lock", "the lock was removed, and another is in its place,"),
}


class Watcher(threading.Thread):
    """What the gRPC health service says, as long as it says something."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.seen = []
        self.api = Api(server)
        self.first = threading.Event()
        self.start()
        assert self.first.wait(20)

    def run(self):
        watch = self.api.stream("grpc.health.v1.Health/Watch",
                                message("grpc.health.v1.HealthCheckRequest"),
                                "grpc.health.v1.HealthCheckResponse")
        for answer in watch:
            self.seen.append(answer.status)
            self.first.set()


def ready(server):
    """Whether /readyz says so; not where nobody answers."""
    connection = http.client.HTTPConnection("127.0.0.1", server.ports["rest"], timeout=20)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def assert_ended(server, harm):
    assert server.process.wait(30) == 3
    begin = f"{server.folder / harm.path}: "
    last = server.stderr.read_text().splitlines()[-1]
    if "has a malformed header" in last and harm is HARMS["database overwritten"]:
        return  # A read met it first, as damage.
    assert last.startswith(f"signetd: {begin}") and harm.said in last
    failures = [line["cause"] for line in server.log()
                if line["message"] == "the store has failed and refuses everything"]
    assert len(failures) == 1
    assert begin in failures[0] and harm.said in failures[0]


def restarted(server, harm):
    """Started again after what a careful operator does, on what is in the place now."""
    harm.undo(server)
    return server.start()


@pytest.mark.parametrize("first", ["rest", "grpc"])
@pytest.mark.parametrize("harm", HARMS.values(), ids=HARMS)
def test_no_revocation_is_acknowledged_and_lost(start, harm, first):
    server = start()
    doors = {"rest": RestDoor(server), "grpc": GrpcDoor(server)}
    ended, leaked = doors["rest"].create("ended", None), doors["grpc"].create("leaked", None)
    for made in (ended, leaked):
        assert doors["rest"].works(made["token"])  # And is remembered.
    doors["rest"].revoke(ended["id"], "acknowledged")
    assert ready(server)
    health = Watcher(server)

    harm.act(server)
    for name in (first, *(doors.keys() - {first})):
        with pytest.raises(Lost) as lost:
            doors[name].revoke(leaked["id"], "refused")
        if name == first:
            assert "STORAGE_UNAVAILABLE" in str(lost.value)
            assert str(server.folder) not in str(lost.value)
    assert not ready(server)
    assert_ended(server, harm)
    health.join(20)
    assert health.seen[0] == 1 and health.seen[-1] == NOT_SERVING

    restarted(server, harm)
    door = RestDoor(server)
    assert not door.works(ended["token"])
    assert door.works(leaked["token"])
    assert server.stop() == 0
    done = run("--verify_audit", f"--data_dir={server.data}")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("harm", HARMS.values(), ids=HARMS)
def test_a_server_to_which_nobody_writes_ends_too(start, harm):
    server = start("--last_used_flush_interval=1h")
    harm.act(server)
    assert_ended(server, harm)


def test_a_removed_database_is_missed_at_the_next_start(start):
    server = start()
    (server.data / "signet.db").unlink()
    with pytest.raises(Lost):
        RestDoor(server).create("lost", None)
    assert_ended(server, Harm(None, "data/signet.db", "the database was removed while"))
    (server.folder / "bootstrap").unlink()
    with pytest.raises(StartError):
        server.start()
    assert server.process.returncode == 3
    assert f"{server.data}/signet.db: is missing" in server.stderr.read_text()


def test_a_link_that_comes_to_lead_elsewhere(tmp_path):
    server = Server(tmp_path)
    for name in ("one", "two"):
        (tmp_path / name).mkdir(mode=0o700)
    server.data.symlink_to("one")
    with server:
        assert [line["leads_to"] for line in server.log()
                if line["message"] == "the data directory is a symbolic link"] == [
                    str(tmp_path / "one")]
        (tmp_path / "next").symlink_to("two")
        (tmp_path / "next").rename(server.data)  # It is never gone in between.
        assert_ended(server, Harm(None, "data", "and another is in its place,"))
        assert list((tmp_path / "two").iterdir()) == []


@pytest.mark.parametrize("when", ["at once", "later"])
def test_a_stop_finds_it_too(start, when):
    """And takes nothing from the directory that is in the place of its own."""
    server = start()
    new_directory(server)
    (server.data / "signet.db-wal").write_text("another's")
    if when == "at once":
        server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(30) == 3
    assert (server.data / "signet.db-wal").read_text() == "another's"
    assert (server.folder / "aside" / "signet.db-wal").exists()


def refused_on(server):
    """What is said to those who want the directory of a server that runs."""
    data = f"--data_dir={server.data}"
    errands = ["--verify_audit", "--issue_super_admin", "--seal_database", "--set_time_mark=now"]
    calls = [Server(server.folder).arguments()[1:], *([errand, data] for errand in errands)]
    with concurrent.futures.ThreadPoolExecutor(len(calls)) as pool:
        done = list(pool.map(lambda call: run(*call), calls))
    assert [(one.returncode, one.stdout) for one in done] == [(3, "")] * len(calls)
    said = {one.stderr.splitlines()[-1] for one in done}
    assert len(said) == 1, said
    return said.pop()


def test_without_the_lock_file_a_second_server_is_refused(start):
    server = start()
    RestDoor(server).create("kept", None)
    holder = f"(pid {server.process.pid} on {platform.node()})"
    begin = f"signetd: {server.data}: another process"
    advice = "Do not remove signet.lock: that does not free the directory"
    said = refused_on(server)
    assert said.startswith(f"{begin} {holder} uses this data directory") and advice in said

    server.process.send_signal(signal.SIGSTOP)  # So that it sees nothing yet.
    (server.data / "signet.lock").unlink()
    said = refused_on(server)
    assert said.startswith(f"{begin} uses this data directory") and advice in said
    assert not (server.data / "signet.lock").exists()
    copy = server.folder / "copy"
    assert run(f"--backup={copy}", f"--data_dir={server.data}").returncode == 0
    server.process.send_signal(signal.SIGCONT)
    assert_ended(server, HARMS["lock removed"])
    server.start()


def test_below_a_directory_that_may_not_be_written(tmp_path):
    parent = tmp_path / "parent"
    parent.mkdir()
    server = Server(tmp_path, f"--data_dir={parent / 'data'}")
    server.data = parent / "data"
    server.data.mkdir(mode=0o700)
    parent.chmod(0o555)
    try:
        server.start(wrapper=OBEYING)
        assert "another process" in run(*server.arguments()[1:]).stderr
        assert server.stop() == 0
    finally:
        server.kill()
        parent.chmod(0o755)


def test_who_reads_the_files_or_copies_them_ends_nothing(start):
    server = start()
    creators = start_load(server)
    for number in range(5):
        done = run(f"--backup={server.folder / str(number)}", f"--data_dir={server.data}",
                   timeout=60)
        assert done.returncode == 0, done.stderr
        reader = sqlite3.connect(f"file:{server.data / 'signet.db'}?mode=ro", uri=True)
        assert reader.execute("SELECT count(*) FROM accounts").fetchone() == (1,)
        reader.close()
        shutil.copytree(server.data, server.folder / f"copy{number}")
    refused_on(server)
    assert all(creator.is_alive() for creator in creators)
    assert server.stop() == 0
    finish_load(creators)
    assert [line for line in server.log() if line["level"] == "error"] == []
