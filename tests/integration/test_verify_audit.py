# SPDX-License-Identifier: Apache-2.0
"""--verify_audit against someone who edits the database file."""

import contextlib
import re
import sqlite3

import pytest
from harness import process, rest
from harness.surfaces import Rest

SUMMARY = re.compile(r"^(\d+) events of (\d+) accounts and (\d+) seals: (\d+) faults$", re.MULTILINE)


def verify(server):
    """(exit code, the lines of faults, events)."""
    done = process.run("--verify_audit", f"--data_dir={server.data}")
    summary = SUMMARY.search(done.stdout)
    assert summary, done.stdout + done.stderr
    faults = done.stdout.splitlines()[:-1]
    assert int(summary[4]) == len(faults)
    return done.returncode, faults, int(summary[1])


@contextlib.contextmanager
def database(server):
    connection = sqlite3.connect(server.data / "signet.db")
    try:
        with connection:
            yield connection
    finally:
        connection.close()


@pytest.fixture
def stopped(start):
    """A server that has logged a few events, and has stopped."""
    server = start()
    first = server.first
    for name in ("one", "two", "three", "four"):
        made = Rest(server, "--http1.1").create(first["account_id"], name, token=first["token"])
        assert made.code == "OK"
    assert server.stop() == 0
    return server


def test_untouched(stopped):
    code, faults, events = verify(stopped)
    assert (code, faults) == (0, [])
    assert events >= 4


def damage(server, sql):
    """Past every constraint, as who has the file may."""
    with database(server) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        assert connection.execute(sql).rowcount > 0


def mend_time_mark(server):
    return process.run("--set_time_mark=now", f"--data_dir={server.data}")


# One that the search for damage at a start finds, and one that it does not.
@pytest.mark.parametrize("mark, told", [
    ("zeroblob(8)", "a row of the table watermarks is malformed: --verify_audit names it, and "
                    "--set_time_mark=now mends a mark of time"),
    ("x'ffffffffffffffffff'", "its mark of time is malformed; run signetd --data_dir=")])
def test_a_malformed_mark_of_time_is_told_and_mended(stopped, mark, told):
    damage(stopped, f"UPDATE watermarks SET time = {mark} WHERE name = 'time'")
    done = process.run(*stopped.arguments()[1:])
    assert done.returncode == 3
    assert told in done.stderr and "--set_time_mark=now" in done.stderr

    code, faults, events = verify(stopped)
    assert (code, faults) == (1, ["database table watermarks, row time, column time: malformed"])
    assert events >= 4

    done = mend_time_mark(stopped)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("mark of time: was malformed, is ")
    code, faults, more = verify(stopped)
    assert (code, faults, more) == (0, [], events + 1)
    stopped.start()
    listed = Rest(stopped, "--http1.1").self_(token=stopped.first["token"])
    assert listed.code == "OK"
    assert stopped.stop() == 0


@pytest.mark.parametrize("table, column, value", [
    ("service_accounts", "labels", "'no object'"), ("service_accounts", "enabled", "7"),
    ("tokens", "mac", "x'00'"), ("tokens", "created_at", "x'ffffffffffffffffff'"),
    ("authorizations", "grant_kind", "9"), ("audit_events", "at", "x'ffffffffffffffffff'"),
    ("audit_chains", "last_mac", "x'00'"), ("accounts", "created_at", "x''")])
def test_a_malformed_row_is_a_fault_with_its_table_and_row(stopped, table, column, value):
    with database(stopped) as connection:
        count, = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    damage(stopped, f"UPDATE {table} SET {column} = {value}")
    code, faults, _ = verify(stopped)
    assert code == 1
    rows = [line for line in faults if line.endswith(f", column {column}: malformed")]
    assert len(rows) == count
    assert all(line.startswith(f"database table {table}, row ") for line in rows)
    assert not any("sqlite" in line for line in faults)


def test_a_damaged_page_is_told_in_plain_words(stopped):
    file = stopped.data / "signet.db"
    with database(stopped) as connection:
        root, = connection.execute("SELECT rootpage FROM sqlite_schema"
                                   " WHERE name = 'audit_events'").fetchone()
    with file.open("r+b") as out:
        out.seek((root - 1) * 4096)
        out.write(b"\x55" * 64)
    done = process.run("--verify_audit", f"--data_dir={stopped.data}")
    assert done.returncode == 3
    assert done.stderr.splitlines()[-1].startswith(f"signetd: {file}: is damaged (a page or ")


EDITS = {
    "actor": "UPDATE audit_events SET actor = 'user:x' WHERE sequence = 2",
    "details": "UPDATE audit_events SET details = '' WHERE sequence = 2",
    "outcome": "UPDATE audit_events SET outcome = 'denied' WHERE sequence = 2",
    "request_id": "UPDATE audit_events SET request_id = 'x' WHERE sequence = 2",
    "deleted": "DELETE FROM audit_events WHERE sequence = 2",
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_is_found(stopped, edit):
    with database(stopped) as connection:
        assert connection.execute(EDITS[edit]).rowcount == 1
    code, faults, _ = verify(stopped)
    assert code == 1
    assert any(f"account {stopped.first['account_id']} event 2: " in line for line in faults)


def test_a_cut_at_the_end_is_found(stopped):
    with database(stopped) as connection:
        last, = connection.execute("SELECT max(sequence) FROM audit_events").fetchone()
        connection.execute("DELETE FROM audit_events WHERE sequence = ?", [last])
        connection.execute("UPDATE audit_chains SET last_sequence = ?, last_mac ="
                           " (SELECT mac FROM audit_events WHERE sequence = ?)",
                           [last - 1, last - 1])
    code, faults, _ = verify(stopped)
    assert code == 1
    assert faults[0] == (f"account {stopped.first['account_id']}: "
                         "the record of both ends was altered")


def test_a_log_without_its_record_of_both_ends_is_found(stopped):
    with database(stopped) as connection:
        connection.execute("DELETE FROM audit_chains")
    code, faults, _ = verify(stopped)
    assert code == 1
    assert faults[0] == (f"account {stopped.first['account_id']}: "
                         "the record of both ends is missing")


def test_what_follows_an_edit_does_not_hide_it(stopped):
    with database(stopped) as connection:
        connection.execute(EDITS["actor"])
    stopped.start()
    first = stopped.first
    Rest(stopped, "--http1.1").create(first["account_id"], "later", token=first["token"])
    assert stopped.stop() == 0
    assert verify(stopped)[0] == 1


@pytest.mark.parametrize("ahead", [1, 5, 2**62])
def test_an_event_forged_behind_the_end_stops_nobody_and_is_found(stopped, ahead):
    with database(stopped) as connection:
        connection.execute(
            "INSERT INTO audit_events SELECT account_id, sequence + ?, at, actor, action,"
            " resource_type, resource_id, outcome, request_id, peer, user_agent, details,"
            " key_version, mac FROM audit_events ORDER BY sequence DESC LIMIT 1", [ahead])
    assert verify(stopped)[0] == 1
    stopped.start()
    first = stopped.first
    for name in ("later", "and later"):
        made = Rest(stopped, "--http1.1").create(first["account_id"], name, token=first["token"])
        assert made.code == "OK"
    assert stopped.stop() == 0
    assert verify(stopped)[0] == 1


def test_refuses_a_database_in_use(start):
    server = start()
    done = process.run("--verify_audit", f"--data_dir={server.data}")
    assert done.returncode == 3
    assert done.stdout == ""


def test_makes_no_database(tmp_path):
    done = process.run("--verify_audit", f"--data_dir={tmp_path}")
    assert done.returncode == 2
    assert "signet.db is not there" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_serves_nothing(stopped):
    (stopped.folder / "ports").unlink()
    done = process.run("--verify_audit", *stopped.arguments()[1:])
    assert done.returncode == 0
    assert done.stdout.count("\n") == 1
    assert not (stopped.folder / "ports").exists()


def copy_rows(db, table, where):
    """(columns, rows), to be put back by put_rows; without what SQLite computes."""
    columns = ", ".join(row[1] for row in db.execute(f"PRAGMA table_info({table})"))
    return columns, db.execute(f"SELECT {columns} FROM {table} WHERE {where}").fetchall()


def put_rows(db, table, where, copied):
    columns, rows = copied
    db.execute("PRAGMA foreign_keys = OFF")
    db.execute(f"DELETE FROM {table} WHERE {where}")
    for values in rows:
        db.execute(f"INSERT INTO {table} ({columns}) VALUES ({', '.join('?' * len(values))})",
                   values)


# A call on a bot, the tables whose rows of before it are put back, and what is found.
PUT_BACK = {
    "revoked": ("POST", "/revoke", {}, ["service_accounts"], "service account {id}"),
    "disabled": ("PATCH", "", {"enabled": False}, ["service_accounts"], "service account {id}"),
    "rotated": ("POST", "/rotate", {}, ["service_accounts", "tokens"], "token {public_id}"),
}


@pytest.mark.parametrize("case", PUT_BACK)
def test_a_row_from_before_its_end_is_found(start, case):
    """It has its seal: nothing but the log tells that it is not the latest."""
    method, tail, body, tables, row = PUT_BACK[case]
    server = start()
    owner = server.first["token"]
    made = rest.request(server, "POST", server.accounts_path, token=owner,
                        json_body={"name": "bot"}).json()
    mine = "x'" + made["id"].replace("-", "") + "'"
    where = {"service_accounts": f"id = {mine}", "tokens": f"service_account_id = {mine}"}
    with database(server) as db:
        before = {table: copy_rows(db, table, where[table]) for table in tables}
    assert rest.request(server, method, f"{server.accounts_path}/{made['id']}{tail}", token=owner,
                        json_body=body).status == 200
    assert server.stop() == 0
    assert verify(server)[:2] == (0, [])
    with database(server) as db:
        for table, copied in before.items():
            put_rows(db, table, where[table], copied)
    code, faults, _ = verify(server)
    assert code == 1
    (fault,) = faults
    row = row.format(id=made["id"], public_id=made["token_public_id"])
    assert fault.endswith(f" {row}: the row is from before this event")
    server.start()  # It authenticates: that is what the check is for.
    assert Rest(server, "--http1.1").self_(token=made["token"]).code == "OK"


def test_a_grant_from_before_its_revocation_is_found(start):
    server = start()
    owner = server.first["token"]
    made = rest.request(server, "POST", server.accounts_path, token=owner,
                        json_body={"name": "bot", "capabilities": ["account.view"]}).json()
    grants = server.accounts_path.replace("service-accounts", "authorizations")
    (grant,) = rest.request(server, "GET", f"{grants}?subject_id={made['id']}", token=owner).json()
    mine = "id = x'" + grant["id"].replace("-", "") + "'"
    with database(server) as db:
        before = copy_rows(db, "authorizations", mine)
    assert rest.request(server, "DELETE", f"{grants}/{grant['id']}", token=owner).status == 200
    assert server.stop() == 0
    assert verify(server)[:2] == (0, [])
    with database(server) as db:
        put_rows(db, "authorizations", mine, before)
    code, faults, _ = verify(server)
    assert code == 1
    (fault,) = faults
    assert fault.endswith(f" authorization {grant['id']}: the row is from before this event")
