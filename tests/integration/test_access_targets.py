# SPDX-License-Identifier: Apache-2.0
"""Who may act on whom: every method that acts on a service account, by every caller, on
every kind of target, on gRPC and on REST; and what is left after a refusal."""

import http.client
import itertools
import json
import time
import uuid

import pytest

from harness import process
from harness.api import Api, message
from harness.process import Server

# caller -> what it holds on the account.
CALLERS = ("stranger", "manager", "owner", "super_admin", "itself")
TARGETS = ("powerless", "worker", "manager", "owner", "super_admin", "owner elsewhere")

# caller -> the targets it covers wholly. It covers the others not even as far as to end
# them, but for a worker, whom every manager may stop.
COVERED = {"manager": {"powerless", "manager"},
           "owner": {"powerless", "worker", "manager", "owner"},
           "super_admin": set(TARGETS)}

LATE, SOON = "2101-01-01T00:00:00Z", "2099-01-01T00:00:00Z"
EXPIRES = "2100-01-01T00:00:00Z"

# name -> what it needs ("all" or "governing"), whether it may be done to oneself.
# `start` is how the target is before, `body` the change that REST sends.
METHODS = {
    "rotate": dict(needs="all", itself=True, action="rotate"),
    "lengthen": dict(needs="all", itself=False, body={"expires_at": LATE}),
    "never end": dict(needs="all", itself=False, body={"expires_at": None}),
    "relabel": dict(needs="all", itself=False, body={"labels": {"team": "edge"}}),
    "relabel and disable": dict(needs="all", itself=False,
                                body={"labels": {"team": "edge"}, "enabled": False}),
    "everything": dict(needs="all", itself=False, body={"name": "x"}, mask="*"),
    "enable": dict(needs="all", itself=None, body={"enabled": True}, start={"enabled": False}),
    "disable": dict(needs="governing", itself=True, body={"enabled": False}),
    "shorten": dict(needs="governing", itself=True, body={"expires_at": SOON}),
    "rename": dict(needs="governing", itself=True, body={"name": "renamed"}),
    "revoke": dict(needs="governing", itself=True, action="revoke"),
}

ACTIONS = {"rotate": "service_account.rotate", "revoke": "service_account.revoke",
           None: "service_account.update"}
GRPC = {"rotate": ("RotateServiceAccount", "IssuedServiceAccount"),
        "revoke": ("RevokeServiceAccount", "ServiceAccount")}


class Cube:
    """A server with callers, and as many targets as are asked for."""

    def __init__(self, server, admin):
        self.server, self.admin = server, admin
        self.account, self.elsewhere = server.first["account_id"], str(uuid.uuid4())
        self.connection = http.client.HTTPConnection("127.0.0.1", server.ports["rest"],
                                                     timeout=20)
        self.api = Api(server)
        self.callers = {"super_admin": {"id": admin["service_account_id"],
                                        "token": admin["token"]}}
        for kind, holds in (("stranger", "powerless"), ("manager", "manager"),
                            ("owner", "owner")):
            self.callers[kind] = self.target(holds, name=kind)
        self.refused = 0  # Calls about `account`, for the lack of a right.
        keeper = self.made(self.elsewhere, "keeper")
        self.grant(self.elsewhere, keeper, "account_owner")

    def rest(self, method, path, body=None, token=None):
        fields = {"Authorization": f"Bearer {token or self.admin['token']}"}
        if isinstance(body, str):
            fields["Content-Type"] = "application/x-www-form-urlencoded"
        elif body is not None:
            body, fields["Content-Type"] = json.dumps(body), "application/json"
        self.connection.request(method, path, body, fields)
        answer = self.connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text else None

    def path(self, account, *parts):
        return "/".join([f"/v1/public/accounts/{account}/auth", *parts])

    def done(self, *call, **options):
        status, body = self.rest(*call, **options)
        assert status < 300, body
        return body

    def made(self, account, name, **fields):
        return self.done("POST", self.path(account, "service-accounts"),
                         {"name": name, **fields})

    def grant(self, account, whom, kind, **fields):
        return self.done("POST", self.path(account, "authorizations"),
                         {"grant_kind": kind, "subject_type": "service_account",
                          "subject_id": whom["id"], **fields})

    def target(self, kind, name="target", **start):
        made = self.made(self.account, name, expires_at=EXPIRES)
        made["grant"] = None
        if kind in ("worker", "manager"):
            key = {"worker": "mailbox.create", "manager": "auth.manage"}[kind]
            made["grant"] = self.grant(self.account, made, "capability", capability_key=key)
        elif kind in ("owner", "super_admin"):
            made["grant"] = self.grant(self.account, made,
                                       {"owner": "account_owner"}.get(kind, kind))
        elif kind == "owner elsewhere":
            made["grant"] = self.grant(self.elsewhere, made, "account_owner")
        if start:
            self.done("PATCH", self.path(self.account, "service-accounts", made["id"]), start)
        return made

    def read(self, made):
        read = self.done("GET", self.path(self.account, "service-accounts", made["id"]))
        read.pop("last_used_at")
        return read

    def cell(self, caller, kind, **start):
        """(who calls, on whom)"""
        made = self.target(kind, **start)
        return (made if caller == "itself" else self.callers[caller]), made

    def denials(self):
        """How many refusals the account's audit log tells of; and of whom and what."""
        events = self.done("GET", self.path(self.account, "audit-events?outcome=denied"))
        assert len(events) < 1000, "there may be more on the next page"
        told = {(event["actor"], event["action"]) for event in events}
        return sum(int(event["details"].get("count", 1)) for event in events), told


@pytest.fixture(scope="module")
def cube(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("signet"))
    with server:
        assert server.stop() == 0
        done = process.run("--issue_super_admin", f"--data_dir={server.data}")
        assert done.returncode == 0, done.stderr
        server.start()
        made = Cube(server, json.loads(done.stdout))
        yield made
        made.api.close()


def by_rest(cube, row, token, made):
    path = cube.path(cube.account, "service-accounts", made["id"])
    if "body" in row:
        mask = f"?update_mask={row['mask']}" if "mask" in row else ""
        status, body = cube.rest("PATCH", path + mask, row["body"], token=token)
    else:
        status, body = cube.rest("POST", f"{path}/{row['action']}", token=token)
    return "OK" if status < 300 else body["reason"]


def by_grpc(cube, row, token, made):
    if "body" in row:
        request = message("signet.v1.UpdateServiceAccountRequest")
        account = request.service_account
        account.account_id, account.id = cube.account, made["id"]
        request.update_mask.paths.extend([row["mask"]] if "mask" in row else row["body"])
        for field, value in row["body"].items():
            if field == "expires_at":
                if value:
                    account.expires_at.FromJsonString(value)
            elif field == "labels":
                account.labels.update(value)
            else:
                setattr(account, field, value)
        name, answer = "UpdateServiceAccount", "ServiceAccount"
    else:
        name, answer = GRPC[row["action"]]
        request = message(f"signet.v1.{name}Request", account_id=cube.account,
                          service_account_id=made["id"])
    reply = cube.api.call(f"signet.v1.ServiceAccounts/{name}", request,
                          f"signet.v1.{answer}", token=token)
    return reply.reason or "OK"


SURFACES = {"rest": by_rest, "grpc": by_grpc}


def expected(row, caller, kind):
    if caller == "stranger":
        return "ACCESS_DENIED"
    if caller == "itself":
        if kind in ("powerless", "worker", "owner elsewhere"):
            return "ACCESS_DENIED"
        return "OK" if row["itself"] else "GRANT_EXCEEDS_OWN"
    stops = kind == "worker" and row["needs"] == "governing"
    return "OK" if stops or kind in COVERED[caller] else "GRANT_EXCEEDS_OWN"


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("method", METHODS)
def test_the_cube(cube, method, surface):
    row = METHODS[method]
    for caller, kind in itertools.product(CALLERS, TARGETS):
        if caller == "itself" and row["itself"] is None:
            continue  # Whoever is disabled cannot call.
        who, made = cube.cell(caller, kind, **row.get("start", {}))
        before = cube.read(made)
        got = SURFACES[surface](cube, row, who["token"], made)
        assert got == expected(row, caller, kind), (caller, kind)
        after = cube.read(made)
        if got == "OK":
            assert after != before, (caller, kind)
        else:
            assert after == before, (caller, kind)
            cube.refused += 1


@pytest.mark.parametrize("caller, kind", itertools.product(CALLERS, TARGETS))
def test_a_batch_leaves_out_whom_its_caller_does_not_cover(cube, caller, kind):
    name = f"batch {uuid.uuid4()}"
    who, made = cube.cell(caller, kind, name=name)
    path = cube.path(cube.account, "service-accounts", "batch-revoke")
    may = expected({"needs": "governing", "itself": True}, caller, kind)
    before = cube.read(made)
    dry = cube.rest("POST", path, {"name_prefix": name, "dry_run": True}, token=who["token"])
    request = message("signet.v1.BatchRevokeServiceAccountsRequest",
                      account_id=cube.account, name_prefix=name)
    reply = cube.api.call("signet.v1.ServiceAccounts/BatchRevokeServiceAccounts", request,
                          "signet.v1.BatchRevokeServiceAccountsResponse", token=who["token"])
    if may == "ACCESS_DENIED":
        assert (dry[0], reply.reason) == (403, may)
        cube.refused += 2
    else:
        ends = 1 if may == "OK" and caller != "itself" else 0
        left_out = 1 if may == "GRANT_EXCEEDS_OWN" else 0
        assert (len(dry[1]["service_accounts"]), dry[1]["not_covered"]) == (ends, left_out)
        assert len(reply.message.service_accounts) == ends
        assert reply.message.not_covered == left_out
        if ends:
            assert cube.read(made)["revoked_at"] is not None
            return
    assert cube.read(made) == before


@pytest.mark.parametrize("surface", SURFACES)
def test_a_token_is_revoked_by_who_covers_it(cube, surface):
    for caller, kind in itertools.product(CALLERS, TARGETS):
        who, made = cube.cell(caller, kind)
        may = expected({"needs": "governing", "itself": True}, caller, kind)
        if surface == "rest":
            status, _ = cube.rest("POST", "/oauth2/revoke", f"token={made['token']}",
                                  token=who["token"])
            assert status == 200
        else:
            reply = cube.api.call("signet.v1.Tokens/RevokeToken",
                                  message("signet.v1.RevokeTokenRequest", token=made["token"]),
                                  "signet.v1.RevokeTokenResponse", token=who["token"])
            assert reply.code.name == "OK"
        ended = cube.read(made)["revoked_at"] is not None
        assert ended == (may == "OK" or caller == "itself"), (caller, kind)
        cube.refused += not ended


@pytest.mark.parametrize("surface", SURFACES)
def test_a_grant_is_taken_away_by_who_could_give_it(cube, surface):
    for caller, kind in itertools.product(CALLERS[:-1], TARGETS[1:]):
        who, made = cube.cell(caller, kind)
        account = cube.elsewhere if kind == "owner elsewhere" else cube.account
        want = expected({"needs": "governing"}, caller, kind)
        if account == cube.elsewhere and want != "OK":
            want = "ACCESS_DENIED"
        grant = made["grant"]["id"]
        if surface == "rest":
            status, body = cube.rest(
                "DELETE", cube.path(account, "authorizations", grant), token=who["token"])
            got = "OK" if status == 200 else body["reason"]
        else:
            reply = cube.api.call(
                "signet.v1.Authorizations/RevokeAuthorization",
                message("signet.v1.RevokeAuthorizationRequest", account_id=account,
                        authorization_id=grant),
                "signet.v1.Authorization", token=who["token"])
            got = reply.reason or "OK"
        assert got == want, (caller, kind)
        read = cube.done("GET", cube.path(account, "authorizations", grant))
        assert (read["revoked_at"] is not None) == (got == "OK")
        cube.refused += got != "OK" and account == cube.account


def test_each_refusal_is_in_the_audit_log(cube):
    """Of all tests above: written behind the answer, those of ten seconds as a number."""
    end = time.monotonic() + 30
    while True:
        count, told = cube.denials()
        if count >= cube.refused or time.monotonic() > end:
            break
        time.sleep(0.2)
    assert count == cube.refused > 0
    actions = {*ACTIONS.values(), "service_account.revoke_token", "authorization.revoke"}
    assert told >= {(f"service_account:{cube.callers[caller]['id']}", action)
                    for caller in ("stranger", "manager", "owner") for action in actions}


def test_a_403_names_the_right_and_no_more(cube):
    token = cube.callers["stranger"]["token"]
    for account in (cube.account, cube.elsewhere, str(uuid.uuid4())):
        texts = [cube.rest("GET", cube.path(account, "service-accounts"), token=token),
                 cube.rest("POST", cube.path(account, "service-accounts"), {"name": "x"},
                           token=token)]
        assert [(status, body["detail"]) for status, body in texts] == [
            (403, f"this needs {right} on the account, or there is no such account")
            for right in ("account.view or auth.manage", "auth.manage")]


def test_self_says_its_own_account_whatever_is_asked_about(cube):
    for caller in ("stranger", "super_admin"):
        token = cube.callers[caller]["token"]
        own = {"stranger": cube.account, "super_admin": cube.admin["account_id"]}[caller]
        for asked in ("", f"?account_id={cube.elsewhere}", f"?account_id={cube.account}"):
            assert cube.done("GET", "/v1/public/auth/self" + asked,
                             token=token)["account_id"] == own
        reply = cube.api.call("signet.v1.Identity/GetSelf",
                              message("signet.v1.GetSelfRequest", account_id=cube.elsewhere),
                              "signet.v1.Self", token=token)
        assert reply.message.account_id == own


@pytest.mark.parametrize("surface", SURFACES)
def test_who_was_shown_a_token_gets_no_right_to_govern_unseen(cube, surface):
    """Not before it is rotated, or that is acknowledged."""
    owner = cube.callers["owner"]["token"]

    def grant(made, **more):
        body = {"grant_kind": "account_owner", "subject_type": "service_account",
                "subject_id": made["id"], **more}
        if surface == "rest":
            status, answer = cube.rest("POST", cube.path(cube.account, "authorizations"), body,
                                       token=owner)
            return "OK" if status == 201 else (status, answer["reason"])
        reply = cube.api.call("signet.v1.Authorizations/CreateAuthorization",
                              message("signet.v1.CreateAuthorizationRequest",
                                      account_id=cube.account, **body),
                              "signet.v1.Authorization", token=owner)
        return "OK" if reply.code.name == "OK" else (409, reply.reason)

    def made_by_the_manager():
        return cube.done("POST", cube.path(cube.account, "service-accounts"), {"name": "x"},
                         token=cube.callers["manager"]["token"])

    made = made_by_the_manager()
    assert grant(made) == (409, "TOKEN_SHOWN_TO_ANOTHER")
    assert grant(made, acknowledge_token_shown=True) == "OK"
    events = cube.done("GET", cube.path(cube.account, "audit-events")
                       + "?action=authorization.create&page_size=1")
    assert events[0]["details"]["acknowledged"] == "TOKEN_SHOWN_TO_ANOTHER"
    other = made_by_the_manager()
    cube.done("POST", cube.path(cube.account, "service-accounts", other["id"], "rotate"),
              token=owner)
    assert grant(other) == "OK"
