# SPDX-License-Identifier: Apache-2.0
"""--issue_super_admin: a second account, and the way back in."""

import json
import uuid

import pytest
from harness import process, rest
from harness.surfaces import Grpc, Rest


def issue(server, *flags):
    return process.run("--issue_super_admin", f"--data_dir={server.data}", *flags)


@pytest.fixture
def admin(start):
    """(the server, stopped and started again; its super_admin)."""
    server = start()
    assert server.stop() == 0
    done = issue(server)
    assert (done.returncode, done.stderr) == (0, "")
    server.start()
    return server, json.loads(done.stdout)


SURFACES = [lambda server: Rest(server, "--http1.1"), Grpc]


@pytest.mark.parametrize("surface", SURFACES)
def test_makes_further_accounts(admin, surface):
    server, made = admin
    assert list(made) == ["account_id", "service_account_id", "token"]
    another = str(uuid.uuid4())
    created = surface(server).create(another, "first here", token=made["token"])
    assert (created.code, created.body["account_id"]) == ("OK", another)
    owner = {"grant_kind": "account_owner", "subject_type": "service_account",
             "subject_id": created.body["id"]}
    granted = rest.request(server, "POST", f"/v1/public/accounts/{another}/auth/authorizations",
                           token=made["token"], json_body=owner)
    assert granted.status == 201
    mine = surface(server).create(another, "by its owner", token=created.body["token"])
    assert mine.code == "OK"


def test_is_the_way_back_in(start):
    server = start()
    first = server.first
    path = f"{server.accounts_path}/{first['service_account_id']}"
    refused = rest.request(server, "DELETE", path, token=first["token"])
    assert (refused.status, refused.json()["reason"]) == (409, "LAST_OWNER")
    ended = rest.request(server, "POST", "/v1/public/auth/self/revoke", token=first["token"])
    assert ended.status == 200
    assert rest.request(server, "GET", server.accounts_path, token=first["token"]).status == 401
    assert server.stop() == 0
    into = f"--bootstrap_account_id={first['account_id']}"
    refused = issue(server, into)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "--into_existing_account" in refused.stderr
    done = issue(server, into, "--into_existing_account")
    assert json.loads(done.stderr)["level"] == "warning"
    made = json.loads(done.stdout)
    assert made["account_id"] == first["account_id"]
    server.start()
    assert Rest(server, "--http1.1").create(
        first["account_id"], "again", token=made["token"]).code == "OK"
    events = rest.request(server, "GET", f"/v1/public/accounts/{first['account_id']}/auth/audit-events",
                          token=made["token"]).json()
    assert "account.issue_super_admin" in [event["action"] for event in events]
    assert server.stop() == 0
    assert process.run("--verify_audit", f"--data_dir={server.data}").returncode == 0


def test_the_flag_means_nothing_alone(start):
    server = start()
    assert server.stop() == 0
    done = process.run(f"--data_dir={server.data}", "--into_existing_account")
    assert done.returncode == 2
    done = issue(server, "--into_existing_account")
    assert (done.returncode, done.stdout) == (2, "")


def test_not_beside_a_running_server(server):
    done = issue(server)
    assert (done.returncode, done.stdout) == (3, "")


def test_makes_no_database(tmp_path):
    done = process.run("--issue_super_admin", f"--data_dir={tmp_path}")
    assert (done.returncode, done.stdout) == (2, "")
    assert list(tmp_path.iterdir()) == []
