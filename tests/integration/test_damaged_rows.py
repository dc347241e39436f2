# SPDX-License-Identifier: Apache-2.0
"""What somebody has damaged, and may put right again, allows nothing meanwhile."""

import json

import pytest
from harness import process, rest
from harness.api import Api, message
from harness.editor import Played, call, database
from harness.surfaces import Rest


@pytest.fixture
def played(start):
    world = Played(start())
    assert world.server.stop() == 0
    return world


def acts_on(server, target, account):
    """What each call that needs cover of the target answers a caller, on both surfaces."""
    path = f"{server.accounts_path}/{target}"
    ids = {"account_id": account, "service_account_id": target}

    def by_rest(token):
        for method, tail, body in (("POST", "/rotate", {}), ("POST", "/revoke", {}),
                                   ("PATCH", "", {"enabled": False}),
                                   ("PATCH", "", {"labels": {"a": "b"}})):
            yield call(server, method, path + tail, token, body).json().get("reason")

    def by_grpc(token):
        with Api(server) as api:
            for name, answer in (("Rotate", "IssuedServiceAccount"), ("Revoke", "ServiceAccount")):
                yield api.call(f"signet.v1.ServiceAccounts/{name}ServiceAccount",
                               message(f"signet.v1.{name}ServiceAccountRequest", **ids),
                               f"signet.v1.{answer}", token=token).reason

    return lambda token: {*by_rest(token), *by_grpc(token)}


def test_who_holds_a_damaged_grant_is_covered_by_a_super_admin_only(played):
    """Or somebody damages the owner's grant, has a manager rotate the owner, and puts the
    grant right again."""
    server = played.server
    server.start()
    manager, second = played.make("manager"), played.make("second owner")
    played.grant(manager["id"], "auth.manage")
    assert call(server, "POST", played.grants, played.owner,
                {"grant_kind": "account_owner", "subject_type": "service_account",
                 "subject_id": second["id"]}).status == 201
    assert server.stop() == 0
    done = process.run("--issue_super_admin", f"--data_dir={server.data}")
    assert done.returncode == 0, done.stderr
    super_admin = json.loads(done.stdout)["token"]

    owner = server.first["service_account_id"]
    mine = "subject_id = ? AND grant_kind = 2"
    with database(server) as db:
        (good,) = db.execute(f"SELECT seal FROM authorizations WHERE {mine}", [owner]).fetchone()
        db.execute(f"UPDATE authorizations SET seal = NULL WHERE {mine}", [owner])
    server.start()
    acts = acts_on(server, owner, played.account)
    assert acts(manager["token"]) == {"GRANT_EXCEEDS_OWN"}
    assert acts(second["token"]) == {"GRANT_EXCEEDS_OWN"}
    batch = call(server, "POST", f"{played.accounts}/batch-revoke", second["token"],
                 {"name_prefix": "owner"}).json()
    assert (batch["service_accounts"], batch["not_covered"]) == ([], 1)
    # RFC 7009: whether the token exists is not told, and nothing changes.
    rest.request(server, "POST", "/oauth2/revoke", token=manager["token"],
                 body=f"token={played.owner}",
                 fields=["Content-Type: application/x-www-form-urlencoded"])
    assert Rest(server, "--http1.1").self_(token=played.owner).code == "OK"
    # It is no owner that can act, either.
    assert acts_on(server, second["id"], played.account)(super_admin) == {None, "", "LAST_OWNER"}
    assert server.stop() == 0

    with database(server) as db:
        db.execute(f"UPDATE authorizations SET seal = ? WHERE {mine}", [good, owner])
    server.start()
    assert Rest(server, "--http1.1").create(played.account, "mine",
                                            token=played.owner).code == "OK"


def test_who_holds_a_damaged_grant_that_governs_nothing_can_still_be_stopped(played):
    with database(played.server) as db:
        db.execute("UPDATE authorizations SET seal = NULL WHERE subject_id = ?",
                   [played.bot["id"]])
    played.server.start()
    path = f"{played.accounts}/{played.bot['id']}"
    refused_ = call(played.server, "POST", f"{path}/rotate", played.owner, {})
    assert (refused_.status, refused_.json()["reason"]) == (403, "GRANT_EXCEEDS_OWN")
    assert "not as this server wrote it" in refused_.json()["detail"]
    assert call(played.server, "DELETE", path, played.owner).status == 200


def test_a_super_admin_stops_who_holds_a_damaged_grant_that_governs(played):
    server = played.server
    server.start()
    played.grant(played.bot["id"], "auth.manage")
    assert server.stop() == 0
    with database(server) as db:
        db.execute("UPDATE authorizations SET seal = NULL WHERE subject_id = ?"
                   " AND capability_key = 'auth.manage'", [played.bot["id"]])
    done = process.run("--issue_super_admin", f"--data_dir={server.data}")
    server.start()
    path = f"{played.accounts}/{played.bot['id']}"
    refused_ = call(server, "DELETE", path, played.owner)
    assert (refused_.status, refused_.json()["reason"]) == (403, "GRANT_EXCEEDS_OWN")
    assert call(server, "DELETE", path, json.loads(done.stdout)["token"]).status == 200


def test_a_damaged_replaced_token_is_not_passed_over(played):
    """Or it is hidden while a rotation ends all the others, and put right again."""
    server = played.server
    server.start()
    played.change("POST", played.other, {"overlap": "3600s"}, "/rotate")
    assert server.stop() == 0
    with database(server) as db:
        db.execute("UPDATE tokens SET seal = NULL WHERE public_id = ?",
                   [played.other["token_public_id"]])
    server.start()
    path = f"{played.accounts}/{played.other['id']}"
    for body, tail in (({}, "/rotate"), ({"expires_at": "2100-01-01T00:00:00Z"}, "")):
        answer = call(server, "POST" if tail else "PATCH", path + tail, played.owner, body)
        assert answer.json()["reason"] == "RECORD_ALTERED"
    with Api(server) as api:
        reply = api.call("signet.v1.ServiceAccounts/RotateServiceAccount",
                         message("signet.v1.RotateServiceAccountRequest",
                                 account_id=played.account,
                                 service_account_id=played.other["id"]),
                         "signet.v1.IssuedServiceAccount", token=played.owner)
        assert reply.reason == "RECORD_ALTERED"
    assert call(server, "POST", path + "/revoke", played.owner, {}).status == 200
