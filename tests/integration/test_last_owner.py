# SPDX-License-Identifier: Apache-2.0
"""An expiry on the only owner of an account, on both surfaces: accepted, as the account has an
owner that can act now; a super_admin is the way back."""

import json
import time

import pytest
from harness import process, rest
from harness.api import Api, message


class World:
    """A server with a super_admin elsewhere, and its first account with its one owner."""

    def __init__(self, server):
        self.server = server
        assert server.stop() == 0
        done = process.run("--issue_super_admin", f"--data_dir={server.data}")
        assert done.returncode == 0, done.stderr
        self.super_admin = json.loads(done.stdout)["token"]
        server.start()
        self.first = server.first
        self.owner = self.first["token"]

    def patch(self, surface, token, expires_at):
        """(code, reason) of an update of the owner's expiry; in Unix seconds, None for never."""
        if surface == "rest":
            text = None if expires_at is None else time.strftime("%Y-%m-%dT%H:%M:%SZ",
                                                                 time.gmtime(expires_at))
            answer = rest.request(
                self.server, "PATCH",
                f"{self.server.accounts_path}/{self.first['service_account_id']}",
                token=token, json_body={"expires_at": text}).json()
            return answer.get("code", "OK"), answer.get("reason", "")
        one = message("signet.v1.ServiceAccount", account_id=self.first["account_id"],
                      id=self.first["service_account_id"])
        if expires_at is not None:
            one.expires_at.seconds = int(expires_at)
        request = message("signet.v1.UpdateServiceAccountRequest", service_account=one)
        request.update_mask.paths.append("expires_at")
        with Api(self.server) as api:
            reply = api.call("signet.v1.ServiceAccounts/UpdateServiceAccount", request,
                             "signet.v1.ServiceAccount", token=token)
        return reply.code.name, reply.reason


@pytest.fixture
def world(start):
    return World(start())


@pytest.mark.parametrize("surface", ["rest", "grpc"])
def test_an_expiry_on_the_last_owner(world, surface):
    now = time.time()
    # In the past it would end at once; nothing does so but a revocation.
    for token in (world.owner, world.super_admin):
        assert world.patch(surface, token, now - 5) == ("INVALID_ARGUMENT", "FIELD_INVALID")
    assert world.patch(surface, world.owner, now + 3600) == ("OK", "")
    # It cannot take that back, and nobody else on the account can.
    assert world.patch(surface, world.owner, None) == ("PERMISSION_DENIED", "GRANT_EXCEEDS_OWN")
    assert world.patch(surface, world.super_admin, None) == ("OK", "")
    # So near that it may be over by now: the answer is the same either way.
    assert world.patch(surface, world.owner, time.time() + 2) == ("OK", "")
    assert world.patch(surface, world.super_admin, now + 7200) == ("OK", "")
    answer = rest.request(world.server, "GET", world.server.accounts_path, token=world.owner)
    assert answer.status == 200


def test_the_last_owner_that_can_act_stays_enabled(world):
    """One that is disabled is none."""
    accounts = world.server.accounts_path
    made = rest.request(world.server, "POST", accounts, token=world.owner,
                        json_body={"name": "second"}).json()
    grant = {"grant_kind": "account_owner", "subject_type": "service_account",
             "subject_id": made["id"]}
    grants = accounts.replace("service-accounts", "authorizations")
    assert rest.request(world.server, "POST", grants, token=world.owner,
                        json_body=grant).status == 201
    assert rest.request(world.server, "PATCH", f"{accounts}/{made['id']}", token=world.owner,
                        json_body={"enabled": False}).status == 200
    answer = rest.request(world.server, "PATCH",
                          f"{accounts}/{world.first['service_account_id']}",
                          token=world.owner, json_body={"enabled": False})
    assert (answer.status, answer.json()["reason"]) == (409, "LAST_OWNER")
