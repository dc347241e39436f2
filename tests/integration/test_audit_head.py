# SPDX-License-Identifier: Apache-2.0
"""A database that came back older, or with its audit logs cut, is recognised."""

import json
import re
import shutil
import sqlite3
import time

import pytest
from harness import process
from harness.surfaces import Rest


def check(server, *flags):
    """(exit code, the lines of faults) of the offline check."""
    done = process.run("--verify_audit", f"--data_dir={server.data}", *flags)
    assert done.stdout.splitlines(), done.stderr
    return done.returncode, done.stdout.splitlines()[:-1]


def create(server, *names):
    for name in names:
        made = Rest(server, "--http1.1").create(server.first["account_id"], name,
                                                token=server.first["token"])
        assert made.code == "OK"


def execute(server, *statements):
    connection = sqlite3.connect(server.data / "signet.db")
    with connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


def head(server):
    return json.loads((server.data / "audit_head").read_text())


def refused(server, *flags):
    """What a start that must be refused says."""
    done = process.run(*server.arguments()[1:], *flags)
    assert done.returncode == 3, (done.returncode, done.stderr)
    return done.stderr


def accepting(said):
    """The flag that a refusal names."""
    return re.search(r"--accept_audit_loss=[0-9a-f]{32}", said)[0]


@pytest.fixture
def stopped(start):
    """A server that has logged a few events, and has stopped."""
    server = start()
    create(server, "one", "two", "three")
    assert server.stop() == 0
    return server


def test_the_head_is_written_at_a_stop_and_logged(stopped):
    written = head(stopped)
    events, = sqlite3.connect(stopped.data / "signet.db").execute(
        "SELECT count(*) FROM audit_events").fetchone()
    assert (written["events"], written["accounts"]) == (events, 1)
    assert oct((stopped.data / "audit_head").stat().st_mode & 0o777) == "0o600"
    last = [line for line in stopped.log() if line["message"] == "audit head"][-1]
    assert (last["events"], last["accounts"]) == (events, 1)
    assert last["hash"] == written["hash"]


def test_the_head_follows_within_ten_seconds(start):
    server = start()
    create(server, "one")
    wanted = sqlite3.connect(server.data / "signet.db").execute(
        "SELECT count(*) FROM audit_events").fetchone()[0]
    end = time.monotonic() + 10
    while head(server)["events"] < wanted:
        assert time.monotonic() < end
        time.sleep(0.1)


def test_a_killed_server_starts_again(start):
    server = start()
    create(server, "one")
    server.kill()
    server.start()
    create(server, "two")
    assert server.stop() == 0
    assert check(server) == (0, [])


def test_all_events_and_chains_deleted(stopped):
    execute(stopped, "DELETE FROM audit_events", "DELETE FROM audit_chains")
    code, faults = check(stopped)
    assert code == 1
    assert f"account {stopped.first['account_id']}: the account has no audit log" in faults
    # Nor is it forgotten when the log has begun anew.
    stopped.start()
    create(stopped, "later")
    assert stopped.stop() == 0
    assert check(stopped)[0] == 1


def test_an_account_and_its_log_deleted(start):
    server = start()
    assert server.stop() == 0
    issued = process.run("--issue_super_admin", f"--data_dir={server.data}")
    other = json.loads(issued.stdout)["account_id"]
    assert check(server) == (0, [])
    tables = ["audit_events", "audit_chains", "tokens", "service_accounts", "authorizations"]
    execute(server, "PRAGMA foreign_keys = OFF",
            *(f"DELETE FROM {table} WHERE hex(account_id) = '{other.replace('-', '').upper()}'"
              for table in tables),
            f"DELETE FROM accounts WHERE hex(id) = '{other.replace('-', '').upper()}'")
    code, faults = check(server)
    assert code == 1
    assert faults == ["database got 1, want 2: audit logs are missing, or there are too many"]


def test_an_older_chain_row_and_its_events_put_back(stopped):
    connection = sqlite3.connect(stopped.data / "signet.db")
    chain = connection.execute("SELECT * FROM audit_chains").fetchone()
    last, = connection.execute("SELECT max(sequence) FROM audit_events").fetchone()
    connection.close()
    stopped.start()
    create(stopped, "four", "five")
    assert stopped.stop() == 0
    connection = sqlite3.connect(stopped.data / "signet.db")
    with connection:
        connection.execute("DELETE FROM audit_chains")
        connection.execute(f"INSERT INTO audit_chains VALUES ({', '.join('?' * len(chain))})",
                           chain)
        connection.execute("DELETE FROM audit_events WHERE sequence > ?", [last])
    connection.close()
    wanted = ["database: the audit logs are not, all together, where they were: one was put "
              "back to an earlier state, or altered"]
    assert check(stopped) == (1, wanted)
    stopped.start()
    create(stopped, "six")
    assert stopped.stop() == 0
    assert check(stopped) == (1, wanted)


def older_copy(server):
    """The whole database as it was some events ago, put back."""
    kept = server.folder / "kept"
    kept.mkdir()
    shutil.copy(server.data / "signet.db", kept)
    server.start()
    create(server, "four", "five")
    assert server.stop() == 0
    shutil.copy(kept / "signet.db", server.data)


def no_log(server):
    """The write-ahead log is deleted after a kill."""
    before = head(server)["events"]
    server.start()
    create(server, "four", "five")
    end = time.monotonic() + 20
    while head(server)["events"] < before + 2:
        assert time.monotonic() < end
        time.sleep(0.1)
    server.kill()
    assert (server.data / "signet.db-wal").stat().st_size > 0
    for suffix in ("-wal", "-shm"):
        (server.data / f"signet.db{suffix}").unlink()


def anothers_log(server, start):
    """The write-ahead log of another database."""
    no_log(server)
    other = start()
    create(other, "one")
    other.kill()
    shutil.copy(other.data / "signet.db-wal", server.data)


@pytest.mark.parametrize("lose", [older_copy, no_log], ids=lambda lose: lose.__name__)
def test_what_is_missing_is_refused_until_it_is_accepted(stopped, lose):
    lose(stopped)
    code, faults = check(stopped)
    assert code == 1
    assert "older than the audit head file says" in faults[0]
    said = refused(stopped)
    assert "2 audit events and 0 accounts are missing" in said
    assert accepting(refused(stopped)) == accepting(said)
    assert refused(stopped, "--accept_audit_loss=" + 32 * "0")
    flags, stopped.flags = stopped.flags, (accepting(said),)
    stopped.start()
    create(stopped, "six")
    assert stopped.stop() == 0
    events = sqlite3.connect(stopped.data / "signet.db").execute(
        "SELECT details FROM audit_events WHERE action = 'audit.loss_accepted'").fetchall()
    assert len(events) == 1 and '"missing_events":"2"' in events[0][0]
    assert "a loss was accepted" in [line["message"] for line in stopped.log()]
    assert check(stopped) == (0, [])
    # It was this loss that was accepted, and no later one.
    assert older_copy_is_refused(stopped)
    stopped.flags = flags


def older_copy_is_refused(server):
    shutil.rmtree(server.folder / "kept", ignore_errors=True)
    older_copy(server)
    return refused(server)


def test_the_log_of_another_database(stopped, start):
    anothers_log(stopped, start)
    assert refused(stopped)


def test_a_database_of_the_same_length_that_is_another(stopped):
    """From a fork: both were written by this server."""
    kept = stopped.folder / "kept"
    kept.mkdir()
    for name in ("signet.db", "audit_head"):
        shutil.copy(stopped.data / name, kept)
    stopped.start()
    create(stopped, "one way")
    assert stopped.stop() == 0
    shutil.copy(stopped.data / "audit_head", kept / "ahead")
    for name in ("signet.db", "audit_head"):
        shutil.copy(kept / name, stopped.data)
    stopped.start()
    create(stopped, "another way")
    assert stopped.stop() == 0
    shutil.copy(kept / "ahead", stopped.data / "audit_head")
    assert accepting(refused(stopped))
    assert check(stopped)[0] == 1


def test_an_empty_database_in_its_place(stopped):
    (stopped.data / "signet.db").unlink()
    # Also with the flags of its first start, --bootstrap_file among them.
    assert "start once with --accept_new_database" in refused(stopped)
    said = refused(stopped, "--accept_new_database")
    (stopped.folder / "bootstrap").unlink()
    stopped.flags = (accepting(said),)
    stopped.start()
    assert stopped.stop() == 0
    actions = sqlite3.connect(stopped.data / "signet.db").execute(
        "SELECT action FROM audit_events ORDER BY sequence").fetchall()
    assert ("audit.loss_accepted",) in actions
    assert check(stopped) == (0, [])


def test_one_account_that_is_missing_is_told_in_the_singular(stopped):
    kept = (stopped.data / "signet.db").read_bytes()
    assert process.run("--issue_super_admin", f"--data_dir={stopped.data}").returncode == 0
    for suffix in ("-wal", "-shm"):
        (stopped.data / f"signet.db{suffix}").unlink(missing_ok=True)
    (stopped.data / "signet.db").write_bytes(kept)
    assert re.search(r"says: \d+ audit events? and 1 account are missing", refused(stopped))


def test_a_head_file_that_is_missing(stopped):
    (stopped.data / "audit_head").unlink()
    assert "is missing" in check(stopped)[1][0]
    said = refused(stopped)
    assert f"the audit head file {stopped.data}/audit_head is missing, so nobody" in said
    assert said.endswith(f"{accepting(said)}, and revoke anew what was revoked since\n")
    stopped.flags = (accepting(said),)
    stopped.start()
    assert stopped.stop() == 0
    assert check(stopped) == (0, [])


EDITS = {"events": lambda text: text.replace('"events":', '"events":1'),
         "hash": lambda text: re.sub(r'"hash":"..', '"hash":"00', text),
         "empty": lambda _: "",
         "no object": lambda _: "[]",
         "cut": lambda text: text[:len(text) // 2]}


@pytest.mark.parametrize("edit", EDITS)
def test_a_head_file_that_was_edited(stopped, edit):
    path = stopped.data / "audit_head"
    path.write_text(EDITS[edit](path.read_text()))
    assert "audit_head" in refused(stopped)
    assert "or move it aside and accept the loss" in refused(stopped)
    assert "was altered" in check(stopped)[1][0]


def test_an_older_head_file_hides_nothing_of_the_database_as_it_is(stopped):
    older = (stopped.data / "audit_head").read_text()
    stopped.start()
    create(stopped, "four")
    assert stopped.stop() == 0
    (stopped.data / "audit_head").write_text(older)
    assert check(stopped) == (0, [])
    stopped.start()
    assert stopped.stop() == 0
    assert head(stopped)["events"] > json.loads(older)["events"]


def test_a_head_file_of_another_database_with_the_same_keys(stopped, tmp_path):
    folder = tmp_path / "second"
    folder.mkdir()
    keys = f"--token_keys_file={stopped.data}/token_keys"
    # In the place that is there without a flag, it meets the first one's.
    assert "older than" in refused(process.Server(folder, keys), "--accept_new_database")
    second = process.Server(folder, keys, f"--audit_head_file={folder}/head")
    second.start()
    assert second.stop() == 0
    shutil.copy(folder / "head", stopped.data / "audit_head")
    assert "is another database's" in refused(stopped)


def test_the_head_of_other_keys(stopped, start):
    other = start()
    assert other.stop() == 0
    shutil.copy(other.data / "audit_head", stopped.data)
    assert "keys" in refused(stopped)


def test_a_place_that_cannot_be_written(stopped, tmp_path):
    missing = tmp_path / "missing" / "head"
    done = process.run(*stopped.arguments()[1:], f"--audit_head_file={missing}",
                       accepting(refused(stopped, f"--audit_head_file={missing}")))
    assert done.returncode == 2
    assert "--audit_head_file: " in done.stderr


def test_a_link_in_its_place_is_refused(stopped, tmp_path):
    """The next head would take the link's place, and what it leads to go stale."""
    target = tmp_path / "target"
    shutil.move(stopped.data / "audit_head", target)
    (stopped.data / "audit_head").symlink_to(target)
    before = target.read_text()
    done = process.run(*stopped.arguments()[1:])
    assert done.returncode == 2, done.stderr
    assert "is a symbolic link" in done.stderr and "--audit_head_file" in done.stderr
    assert target.read_text() == before
    assert (stopped.data / "audit_head").is_symlink()


def test_nothing_to_accept_is_said(stopped):
    stopped.flags = ("--accept_audit_loss=" + 32 * "0",)
    stopped.start()
    assert "--accept_audit_loss was given, but nothing is missing: take the flag away" in [
        line["message"] for line in stopped.log()]
