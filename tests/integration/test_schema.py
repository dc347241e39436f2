# SPDX-License-Identifier: Apache-2.0
"""A database whose schema is not Signet's, or that is none, is refused in plain words."""

import contextlib
import shutil
import sqlite3

import pytest
from harness import process
from harness.process import run

ERRANDS = {
    "verify_audit": ["--verify_audit"],
    "issue_super_admin": ["--issue_super_admin"],
    "seal_database": ["--seal_database"],
    "set_time_mark": ["--set_time_mark=now"],
}

CHANGES = {
    "trigger": ("CREATE TRIGGER spy AFTER INSERT ON tokens BEGIN DELETE FROM watermarks; END",
                "the trigger spy on tokens is not Signet's"),
    "view": ("CREATE VIEW v AS SELECT * FROM tokens", "the view v is not Signet's"),
    "table": ("CREATE TABLE notes (a)", "the table notes is not Signet's"),
    "index": ("CREATE INDEX mine ON tokens (last4)", "the index mine on tokens is not Signet's"),
    "dropped index": ("DROP INDEX tokens_expiring", "the index tokens_expiring is missing"),
    "column": ("ALTER TABLE tokens ADD COLUMN note TEXT",
               "the table tokens has `note text`, which is not Signet's"),
    "type": (("last4 TEXT", "last4 BLOB"),
             "the table tokens has `last4 blob not null` in place of `last4 text not null`"),
    "check": (("mac BLOB NOT NULL CHECK (length(mac) = 32)", "mac BLOB NOT NULL"),
              "the table tokens has `mac blob not null` in place of "
              "`mac blob not null check (length (mac) = 32)`"),
    "strict": (("STRICT, WITHOUT ROWID", "WITHOUT ROWID"),
               "the table tokens ends with `without rowid` in place of `strict, without rowid`"),
}


def change(file, what):
    """SQL to run, or (old, new) in the text of the table of tokens."""
    with contextlib.closing(sqlite3.connect(file)) as db, db:
        if isinstance(what, str):
            db.execute(what)
            return
        db.execute("PRAGMA writable_schema = ON")
        done = db.execute("UPDATE sqlite_schema SET sql = replace(sql, ?, ?)"
                          " WHERE name = 'tokens' AND instr(sql, ?) > 0", [*what, what[0]])
        assert done.rowcount == 1


@pytest.fixture(scope="module")
def pristine(tmp_path_factory):
    """The folder of a server that has stopped."""
    server = process.Server(tmp_path_factory.mktemp("pristine"))
    server.start()
    assert server.stop() == 0
    return server.folder


@pytest.fixture
def stopped(pristine, tmp_path):
    shutil.copytree(pristine, tmp_path / "server")
    server = process.Server(tmp_path / "server")
    yield server
    server.kill()


def refused(server, *errand):
    """What the start, or the errand, says of the database, which stays as it was."""
    file = server.data / "signet.db"
    before = file.read_bytes()
    done = (run(*errand, f"--data_dir={server.data}") if errand
            else run(*server.arguments()[1:]))
    assert done.returncode == 3, done.stderr
    assert done.stdout == ""
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f"signetd: {file}: "), done.stderr
    assert "sqlite: " not in done.stderr
    assert file.read_bytes() == before
    return last


@pytest.mark.parametrize("name", CHANGES)
def test_a_difference_is_named(stopped, name):
    what, told = CHANGES[name]
    change(stopped.data / "signet.db", what)
    assert refused(stopped) == (
        f"signetd: {stopped.data}/signet.db: its schema is not what Signet makes: {told}; "
        "undo that change, while no server runs, or restore a backup")


@pytest.mark.parametrize("name", ERRANDS)
def test_errands_are_refused_too(stopped, name):
    change(stopped.data / "signet.db", CHANGES["trigger"][0])
    assert CHANGES["trigger"][1] in refused(stopped, *ERRANDS[name])


def test_a_backup_is_refused_too_and_leaves_nothing(stopped, tmp_path):
    change(stopped.data / "signet.db", CHANGES["trigger"][0])
    target = tmp_path / "copy"
    assert CHANGES["trigger"][1] in refused(stopped, f"--backup={target}")
    assert list(tmp_path.glob("copy*")) == []


def test_a_backup_of_a_damaged_database_is_refused(stopped, tmp_path):
    with contextlib.closing(sqlite3.connect(stopped.data / "signet.db")) as db, db:
        db.execute("PRAGMA ignore_check_constraints = ON")
        db.execute("UPDATE watermarks SET time = zeroblob(8)")
    assert "is damaged (a row, a page or an index" in refused(
        stopped, f"--backup={tmp_path / 'copy'}")
    assert list(tmp_path.glob("copy*")) == []


def test_undone_it_starts(stopped):
    change(stopped.data / "signet.db", CHANGES["trigger"][0])
    refused(stopped)
    change(stopped.data / "signet.db", "DROP TRIGGER spy")
    stopped.start()
    assert stopped.stop() == 0


def test_sqlites_own_statistics_are_fine(stopped):
    change(stopped.data / "signet.db", "ANALYZE")
    with contextlib.closing(sqlite3.connect(stopped.data / "signet.db")) as db:
        assert db.execute("SELECT count(*) FROM sqlite_stat1").fetchone()[0] > 0
    stopped.start()
    assert stopped.stop() == 0


def overwrite(file, offset, content):
    with file.open("r+b") as out:
        out.seek(offset)
        out.write(content)


FILES = {
    "none": (lambda file: file.write_text("no database at all" * 300), "has no SQLite header"),
    "encrypted": (lambda file: file.write_bytes(bytes(range(1, 256)) * 300),
                  "damaged, encrypted or another kind of file"),
    "empty": (lambda file: file.write_bytes(b""), "is empty or cut short"),
    "truncated": (lambda file: file.write_bytes(file.read_bytes()[:9000]), "is damaged"),
    "one page": (lambda file: file.write_bytes(file.read_bytes()[:4096]), "is damaged"),
    "page size": (lambda file: overwrite(file, 16, b"\x01\x23"), "is damaged"),
    "format": (lambda file: overwrite(file, 44, b"\0\0\0\x09"), "has a damaged header"),
    "first page": (lambda file: overwrite(file, 100, b"\x55" * 400), "is damaged"),
    "schema": (lambda file: overwrite(file, 3000, b"\x55" * 1096), "is damaged"),
    "second page": (lambda file: overwrite(file, 4096, b"\x55" * 400), "is damaged"),
    "newer": (lambda file: change(file, "PRAGMA user_version = 4"),
              "schema version: got 4, want at most 3"),
    "negative": (lambda file: change(file, "PRAGMA user_version = -4"), "schema version: got -4"),
    "set back": (lambda file: change(file, "PRAGMA user_version = 2"),
                 "its schema is not what Signet makes"),
    "set to none": (lambda file: change(file, "PRAGMA user_version = 0"),
                    "its schema is not what Signet makes"),
    "nonsense": (lambda file: change(file, ("CREATE TABLE", "CREATE NONSENSE")), "is damaged"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_no_such_database(stopped, name):
    make, told = FILES[name]
    make(stopped.data / "signet.db")
    assert told in refused(stopped)
    assert told in refused(stopped, "--verify_audit")
