# SPDX-License-Identifier: Apache-2.0
"""Whoever writes to the database, but has not the key, becomes nobody by it."""

import re
import secrets

import pytest
from harness import process
from harness.api import Api, message
from harness.editor import Played, call, check, database, raw
from harness.surfaces import Grpc, Rest

SURFACES = {"rest": lambda server: Rest(server, "--http1.1"), "grpc": Grpc}


@pytest.fixture
def played(start):
    world = Played(start())
    assert world.server.stop() == 0
    return world


# Each is (an edit, whose token is tried). None of them may work.
def bind_to_the_owner(world, db):
    """The bot's token row is pointed at the owner's service account."""
    db.execute("UPDATE tokens SET service_account_id = ? WHERE public_id = ?",
               [raw(world.server.first["service_account_id"]), world.bot["token_public_id"]])
    return world.bot


def owner_with_my_mac(world, db):
    """The owner's token row gets the public id and the MAC of a token that the thief
    holds, and the owner's service account names it."""
    mine = db.execute("SELECT key_version, mac FROM tokens WHERE public_id = ?",
                      [world.bot["token_public_id"]]).fetchone()
    db.execute("DELETE FROM tokens WHERE public_id = ?", [world.bot["token_public_id"]])
    db.execute("UPDATE tokens SET key_version = ?, mac = ?, public_id = ?"
               " WHERE service_account_id = ?",
               [*mine, world.bot["token_public_id"],
                raw(world.server.first["service_account_id"])])
    db.execute("UPDATE service_accounts SET token_public_id = ? WHERE id = ?",
               [world.bot["token_public_id"],
                raw(world.server.first["service_account_id"])])
    return world.bot


def lengthen(world, db):
    db.execute("UPDATE tokens SET expires_at = NULL WHERE public_id = ?",
               [world.expired["token_public_id"]])
    return world.expired


def enable(world, db):
    db.execute("UPDATE service_accounts SET enabled = 1 WHERE id = ?",
               [raw(world.disabled["id"])])
    return world.disabled


def unrevoke(world, db):
    db.execute("UPDATE service_accounts SET revoked_at = NULL, revoked_by_user_id = NULL,"
               " revoke_reason = 0, revoke_comment = NULL WHERE id = ?",
               [raw(world.revoked["id"])])
    return world.revoked


def bring_back_a_replaced_token(world, db):
    db.execute("UPDATE tokens SET ended = 0, retires_at = NULL WHERE public_id = ?",
               [world.replaced["token_public_id"]])
    return world.replaced


def make_a_replaced_token_current(world, db):
    bring_back_a_replaced_token(world, db)
    db.execute("UPDATE service_accounts SET token_public_id = ? WHERE id = ?",
               [world.replaced["token_public_id"], raw(world.replaced["id"])])
    return world.replaced


def relabel(world, db):
    db.execute("""UPDATE service_accounts SET labels = '{"role":"admin"}' WHERE id = ?""",
               [raw(world.bot["id"])])
    return world.bot


def move_to_another_account(world, db):
    account = secrets.token_bytes(16)
    db.execute("PRAGMA foreign_keys = OFF")
    db.execute("INSERT INTO accounts SELECT ?, created_at FROM accounts LIMIT 1", [account])
    for table, key in (("service_accounts", "id"), ("tokens", "service_account_id")):
        db.execute(f"UPDATE {table} SET account_id = ? WHERE {key} = ?",
                   [account, raw(world.bot["id"])])
    return world.bot


def no_seal_on_the_token(world, db):
    db.execute("UPDATE tokens SET seal = NULL WHERE public_id = ?",
               [world.bot["token_public_id"]])
    return world.bot


def no_seal_on_the_service_account(world, db):
    db.execute("UPDATE service_accounts SET seal = NULL WHERE id = ?", [raw(world.bot["id"])])
    return world.bot


def anothers_seal(world, db):
    db.execute("UPDATE tokens SET seal = (SELECT seal FROM tokens WHERE public_id = ?)"
               " WHERE public_id = ?",
               [world.other["token_public_id"], world.bot["token_public_id"]])
    return world.bot


TOKEN_THEFTS = [bind_to_the_owner, owner_with_my_mac, lengthen, enable, unrevoke,
                bring_back_a_replaced_token, make_a_replaced_token_current, relabel,
                move_to_another_account, no_seal_on_the_token, no_seal_on_the_service_account,
                anothers_seal]


@pytest.mark.parametrize("theft", TOKEN_THEFTS, ids=lambda theft: theft.__name__)
def test_an_edited_row_authenticates_nobody(played, theft):
    with database(played.server) as db:
        thief = theft(played, db)
    code, faults = check(played.server)
    assert code == 1
    assert any("the row was altered" in line for line in faults)
    assert all(played.bot["token"] not in line for line in faults)
    played.server.start()
    for surface in SURFACES.values():
        answer = surface(played.server).self_(token=thief["token"])
        assert answer.code == "UNAUTHENTICATED"
    assert Rest(played.server, "--http1.1").self_(token=played.other["token"]).code == "OK"
    lines = [line for line in played.server.log()
             if line["message"] == "a row of the database is not as this server wrote it"]
    assert lines and all(line["level"] == "error" for line in lines)
    assert played.server.stop() == 0


def test_who_is_named_by_anothers_row_stays_who_he_is(played):
    """The owner's service account names the bot's token as its current one."""
    with database(played.server) as db:
        db.execute("UPDATE service_accounts SET token_public_id = ? WHERE id = ?",
                   [played.bot["token_public_id"],
                    raw(played.server.first["service_account_id"])])
    assert check(played.server)[0] == 1
    played.server.start()
    rest_ = Rest(played.server, "--http1.1")
    assert rest_.self_(token=played.bot["token"]).body["subject_id"] == played.bot["id"]
    assert rest_.create(played.account, "mine",
                        token=played.bot["token"]).code == "PERMISSION_DENIED"
    assert rest_.self_(token=played.owner).code == "UNAUTHENTICATED"


def forge(db, world, kind, **changes):
    """Copies the bot's grant, with changes; the forger copies a seal along."""
    columns = [row[1] for row in db.execute("PRAGMA table_info(authorizations)")]
    row = dict(zip(columns, db.execute(
        "SELECT * FROM authorizations WHERE subject_id = ? AND grant_kind = 1",
        [world.bot["id"]]).fetchone()))
    row |= {"id": secrets.token_bytes(16), "grant_kind": kind} | changes
    if kind != 1:
        row["capability_key"] = None
    db.execute(f"INSERT INTO authorizations ({', '.join(row)})"
               f" VALUES ({', '.join('?' * len(row))})", list(row.values()))


def forge_a_super_admin(world, db):
    forge(db, world, 3)
    return world.bot


def forge_an_owner(world, db):
    forge(db, world, 2)
    return world.bot


def forge_without_a_seal(world, db):
    forge(db, world, 1, capability_key="auth.manage", seal=None)
    return world.bot


def raise_a_grant(world, db):
    db.execute("UPDATE authorizations SET capability_key = 'auth.manage' WHERE subject_id = ?",
               [world.bot["id"]])
    return world.bot


def unrevoke_a_grant(world, db):
    db.execute("UPDATE authorizations SET revoked_at = NULL WHERE subject_id = ?",
               [world.once_manager["id"]])
    return world.once_manager


def move_the_owners_grant(world, db):
    db.execute("UPDATE authorizations SET subject_id = ? WHERE grant_kind = 2", [world.bot["id"]])
    return world.bot


GRANT_THEFTS = [forge_a_super_admin, forge_an_owner, forge_without_a_seal, raise_a_grant,
                unrevoke_a_grant, move_the_owners_grant]


@pytest.mark.parametrize("theft", GRANT_THEFTS, ids=lambda theft: theft.__name__)
def test_an_edited_grant_gives_nothing(played, theft):
    with database(played.server) as db:
        thief = theft(played, db)
    code, faults = check(played.server)
    assert code == 1
    assert any("authorization " in line and "the row was altered" in line for line in faults)
    played.server.start()
    for surface in SURFACES.values():
        answer = surface(played.server).create(played.account, "mine", token=thief["token"])
        assert answer.code == "PERMISSION_DENIED"
    assert played.server.stop() == 0
    # Nothing that the server has done since has given it a seal.
    assert any("authorization " in line for line in check(played.server)[1])


def test_an_edited_row_is_refused_to_who_may_change_it(played):
    with database(played.server) as db:
        relabel(played, db)
    played.server.start()
    path = f"{played.accounts}/{played.bot['id']}"
    for method, body in (("GET", None), ("PATCH", {"description": "x"}), ("DELETE", None)):
        answer = call(played.server, method, path, played.owner, body)
        assert answer.json()["reason"] == "RECORD_ALTERED"
    listed = call(played.server, "GET", played.accounts, played.owner).json()
    assert played.bot["id"] not in [one["id"] for one in listed]
    assert played.server.stop() == 0
    assert check(played.server)[0] == 1


def test_an_edit_under_a_running_server_is_forgotten_with_what_it_knew(played):
    """Who edits the row of a token that is remembered, so that nobody can revoke it."""
    played.server.start()
    assert Rest(played.server, "--http1.1").self_(token=played.bot["token"]).code == "OK"
    with database(played.server) as db:
        relabel(played, db)
    answer = call(played.server, "GET", f"{played.accounts}/{played.bot['id']}", played.owner)
    assert answer.json()["reason"] == "RECORD_ALTERED"
    assert Rest(played.server, "--http1.1").self_(
        token=played.bot["token"]).code == "UNAUTHENTICATED"


def test_who_writes_under_a_running_server_ends_it(played):
    """Else rows that were put back, seals and all, would soon be overtaken by new ones."""
    server = played.server
    server.start()
    with database(server) as db:
        for table in ("audit_events", "audit_chains", "audit_heads"):
            db.execute(f"DELETE FROM {table}")
    try:
        answer = call(server, "POST", played.accounts, played.owner, {"name": "after"})
        assert answer.status == 503
    except AssertionError:
        assert server.process.wait(30) == 3  # It has seen it by itself.
    assert server.process.wait(30) == 3
    assert any("another process has written" in line.get("cause", "") for line in server.log())
    assert check(server)[0] == 1
    with pytest.raises(process.StartError):
        server.start()


def test_who_writes_under_an_idle_server_ends_it(played):
    """What it remembers would answer until somebody writes by it."""
    server = played.server
    server.flags = [*server.flags, "--last_used_flush_interval=1h"]
    server.start()
    with database(server) as db:
        db.execute("UPDATE service_accounts SET description = 'x'")
    assert server.process.wait(30) == 3
    assert any("another process has written" in line.get("cause", "") for line in server.log())


def test_a_row_from_before_a_rotation_is_no_second_token(played):
    """It has its seal, but another token is the current one."""
    server = played.server
    server.start()
    with database(server) as db:
        columns = [row[1] for row in db.execute("PRAGMA table_info(tokens)")]
        before = db.execute("SELECT * FROM tokens WHERE public_id = ?",
                            [played.other["token_public_id"]]).fetchone()
    played.change("POST", played.other, {}, "/rotate")
    assert server.stop() == 0
    with database(server) as db:
        db.execute("DELETE FROM tokens WHERE public_id = ?", [played.other["token_public_id"]])
        db.execute(f"INSERT INTO tokens VALUES ({', '.join('?' * len(columns))})", before)
    server.start()
    assert Rest(server, "--http1.1").self_(
        token=played.other["token"]).code == "UNAUTHENTICATED"


def test_a_database_without_accounts_is_no_first_start(played):
    with database(played.server) as db:
        db.execute("PRAGMA foreign_keys = OFF")
        db.execute("DELETE FROM accounts")
    (played.server.folder / "bootstrap").unlink()
    with pytest.raises(process.StartError):
        played.server.start()
    assert "no account any more" in played.server.stderr.read_text()


def test_untouched(played):
    assert check(played.server) == (0, [])


# What follows is about a database of an older release.


def unseal(server):
    """As an older release left it: no seals, no head."""
    with database(server) as db:
        for table in ("tokens", "service_accounts", "authorizations"):
            db.execute(f"UPDATE {table} SET seal = NULL")
        db.execute("DELETE FROM audit_heads")


def seal(server, *flags):
    return process.run("--seal_database", f"--data_dir={server.data}", *flags)


def refused(server, *flags):
    """What a start that must be refused says."""
    done = process.run(*server.arguments()[1:], *flags)
    assert done.returncode == 3, (done.returncode, done.stderr)
    return done.stderr


def test_an_older_releases_database_is_sealed_once_and_explicitly(played):
    server = played.server
    unseal(server)
    (server.data / "audit_head").unlink()
    assert f"run once: signetd --data_dir={server.data} --seal_database. It" in refused(server)
    done = seal(server)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 2
    assert f'"subject_id":"{server.first["service_account_id"]}"' in lines[0]
    assert re.search(r'"accounts":1,"service_accounts":8,"tokens":9,"authorizations":7,'
                     r'"account_owners":1,"super_admins":0,', lines[1])
    assert check(server) == (0, [])
    again = seal(server)
    assert (again.returncode, again.stdout) == (3, "")
    assert again.stderr == (f"signetd: {server.data}/signet.db is sealed already; "
                            "there is nothing to do\n")
    server.start()
    assert Rest(server, "--http1.1").self_(token=played.bot["token"]).code == "OK"
    events = call(server, "GET", f"/v1/public/accounts/{played.account}/auth/audit-events",
                  played.owner).json()
    assert "account.sealed" in [event["action"] for event in events]
    assert server.stop() == 0


def test_who_was_shown_an_older_releases_token_is_not_known(played):
    """So it takes a rotation, or a word, before it can be used to govern."""
    server = played.server
    with database(server) as db:
        db.execute("UPDATE service_accounts SET token_shown_to = NULL")
    unseal(server)
    (server.data / "audit_head").unlink()
    assert seal(server).returncode == 0
    server.start()
    body = {"grant_kind": "capability", "capability_key": "auth.manage",
            "subject_type": "service_account", "subject_id": played.bot["id"]}
    answer = call(server, "POST", played.grants, played.owner, body)
    assert (answer.status, answer.json()["reason"]) == (409, "TOKEN_SHOWN_TO_ANOTHER")
    with Api(server) as api:
        create = lambda **more: api.call(
            "signet.v1.Authorizations/CreateAuthorization",
            message("signet.v1.CreateAuthorizationRequest", account_id=played.account,
                    **body | more), "signet.v1.Authorization", token=played.owner)
        assert create().reason == "TOKEN_SHOWN_TO_ANOTHER"
        assert create(acknowledge_token_shown=True).code.name == "OK"
        assert create(subject_id=played.other["id"]).reason == "TOKEN_SHOWN_TO_ANOTHER"
    played.change("POST", played.other, {}, "/rotate")
    assert call(server, "POST", played.grants, played.owner,
                body | {"subject_id": played.other["id"]}).status == 201


def test_seals_that_were_taken_away_are_never_given_again(played):
    """Forge, take the seals and the head away, start."""
    with database(played.server) as db:
        forge_a_super_admin(played, db)
    unseal(played.server)
    assert "not sealed" in refused(played.server)
    done = seal(played.server)
    assert (done.returncode, done.stdout) == (3, "")
    assert f"move {played.server.data}/audit_head aside" in done.stderr
    assert "somebody took the seals away: restore a backup" in done.stderr
    assert "not sealed" in refused(played.server)


def test_a_schema_version_that_was_set_back_is_refused(played):
    with database(played.server) as db:
        forge_a_super_admin(played, db)
        db.execute("PRAGMA user_version = 2")
    assert refused(played.server)


def test_an_errand_that_issues_is_refused_with_a_forged_database(played):
    unseal(played.server)
    done = process.run("--issue_super_admin", f"--data_dir={played.server.data}")
    assert (done.returncode, done.stdout) == (3, "")
