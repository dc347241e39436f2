# SPDX-License-Identifier: Apache-2.0
"""A database of schema version 2 becomes one of version 3, also after SIGKILLs on the way."""

import random
import shutil
import sqlite3
import subprocess
import time

import pytest
from harness.process import BINARY, Server

ACCOUNTS = 20_000

# Version 3 undone.
DOWN = """
DROP INDEX tokens_overlapping;
DROP INDEX authorizations_in_force;
DROP INDEX owners_in_force;
DROP INDEX service_accounts_by_id;
DROP TABLE audit_heads;
ALTER TABLE tokens DROP COLUMN seal;
ALTER TABLE tokens DROP COLUMN ended;
ALTER TABLE tokens DROP COLUMN not_before;
ALTER TABLE service_accounts DROP COLUMN seal;
ALTER TABLE service_accounts DROP COLUMN token_shown_to;
ALTER TABLE service_accounts DROP COLUMN allowed_addresses;
ALTER TABLE service_accounts DROP COLUMN owner;
ALTER TABLE authorizations DROP COLUMN seal;
ALTER TABLE authorizations DROP COLUMN subject_issuer;
CREATE INDEX authorizations_in_force ON authorizations (subject_type, subject_id, account_id)
  WHERE revoked_at IS NULL;
PRAGMA user_version = 2;
"""

# Every tenth was rotated, a tenth of which before its last change; every
# hundredth holds the same twice.
FILL = """
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
INSERT INTO service_accounts (account_id, id, name, token_public_id, created_at, updated_at)
  SELECT (SELECT id FROM accounts), CAST(printf('%016d', i) AS BLOB), 'n' || i,
    printf('c%015d', i), CAST(printf('%09d', 1) AS BLOB), CAST(printf('%09d', 5) AS BLOB) FROM n;
INSERT INTO tokens (public_id, account_id, service_account_id, prefix, last4, key_version, mac,
    created_at, expires_at, retires_at)
  SELECT token_public_id, account_id, id, 'hbx_sa', 'a1B2', 1, zeroblob(32), created_at, NULL,
    NULL FROM service_accounts WHERE name LIKE 'n%';
INSERT INTO tokens (public_id, account_id, service_account_id, prefix, last4, key_version, mac,
    created_at, expires_at, retires_at)
  SELECT 'r' || substr(token_public_id, 2), account_id, id, 'hbx_sa', 'a1B2', 1, zeroblob(32),
    created_at, NULL,
    CAST(printf('%09d', CASE WHEN name LIKE 'n%00' THEN 4 ELSE 6 END) AS BLOB)
  FROM service_accounts WHERE name LIKE 'n%0';
WITH g (twice) AS (VALUES (1), (2))
INSERT INTO authorizations (id, account_id, grant_kind, subject_type, subject_id, capability_key,
    created_at)
  SELECT CAST(twice || substr(CAST(id AS TEXT), 2) AS BLOB), account_id, 1, 3, name, 'mail.send',
    created_at
  FROM service_accounts, g WHERE name LIKE 'n%' AND (twice = 1 OR name LIKE 'n%00');
"""


@pytest.fixture(scope="module")
def old(tmp_path_factory):
    """The folder of a stopped server with a filled database of version 2."""
    server = Server(tmp_path_factory.mktemp("old"), "--purge_after=0")
    server.start()
    assert server.stop() == 0
    with sqlite3.connect(server.data / "signet.db") as db:
        db.executescript(DOWN)
        db.executescript(FILL.format(count=ACCOUNTS))
    db.close()
    # Nor did that release keep a head of its audit log.
    for rest in ("signet.db-wal", "signet.db-shm", "audit_head"):
        (server.data / rest).unlink(missing_ok=True)
    return server.folder


def value(path, sql):
    with sqlite3.connect(path) as db:
        (found,) = db.execute(sql).fetchone()
    db.close()
    return found


def check(server):
    file = server.data / "signet.db"
    assert value(file, "PRAGMA user_version") == 3
    assert value(file, "PRAGMA integrity_check") == "ok"
    count = "SELECT count(*) FROM "
    assert value(file, count + "tokens WHERE public_id LIKE 'c%'") == ACCOUNTS
    assert value(file, count + "tokens WHERE public_id LIKE 'r%'") == ACCOUNTS // 10
    assert value(file, count + "tokens WHERE ended") == ACCOUNTS // 100
    assert value(file, count + "authorizations WHERE revoked_at = created_at") == ACCOUNTS // 100
    copies = sorted(server.data.glob("signet.db.v2-backup*"))
    whole = [copy for copy in copies if not copy.name.endswith(".partial")]
    assert whole
    for copy in whole:
        assert value(copy, "PRAGMA integrity_check") == "ok"
        assert value(copy, "PRAGMA user_version") == 2
        assert value(copy, count + "tokens WHERE public_id LIKE 'c%'") == ACCOUNTS
    return whole


def copied(old, folder):
    shutil.copytree(old, folder)
    (folder / "ports").unlink(missing_ok=True)
    (folder / "stderr").write_text("")
    return Server(folder)


def start_errand(server):
    """An errand that opens the database, and serves nothing."""
    with server.stderr.open("ab") as err:
        return subprocess.Popen([BINARY, f"--data_dir={server.data}", "--verify_audit"],
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=err, env=server.env)


def test_a_database_of_version_2_is_copied_and_changed(old, tmp_path):
    server = copied(old, tmp_path / "server")
    start_errand(server).wait(60)
    assert len(check(server)) == 1
    said = {line["message"]: line for line in server.log()}
    assert said["the schema is of another version"]["to"] == 3
    assert said["the copy is whole"]["bytes"] > 1_000_000
    assert said["a migration's step is done"]["rows"] >= ACCOUNTS


def test_killed_at_any_moment_it_goes_on(old, tmp_path):
    server = copied(old, tmp_path / "whole")
    begin = time.monotonic()
    start_errand(server).wait(60)
    takes = time.monotonic() - begin
    seed = time.time_ns()
    print(f"seed {seed}, takes {takes:.2f} s")
    moments = random.Random(seed)
    server = copied(old, tmp_path / "killed")
    for number in range(5):
        process = start_errand(server)
        time.sleep(moments.uniform(0, takes))
        process.kill()
        process.wait()
        assert value(server.data / "signet.db", "PRAGMA user_version") in (2, 3), number
    start_errand(server).wait(60)
    check(server)


def test_a_newer_database_is_refused_with_both_versions(old, tmp_path):
    server = copied(old, tmp_path / "server")
    with sqlite3.connect(server.data / "signet.db") as db:
        db.execute("PRAGMA user_version = 1000")
    db.close()
    with pytest.raises(Exception, match="exit code 3"):
        server.start()
    assert "schema version: got 1000, want at most 3" in server.stderr.read_text()
    assert list(server.data.glob("*backup*")) == []
