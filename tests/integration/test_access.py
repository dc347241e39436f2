# SPDX-License-Identifier: Apache-2.0
"""Every method, asked by every kind of caller, on gRPC and on REST."""

import json
import time
import uuid

import pytest

from harness import process, rest
from harness.api import message, messages
from harness.times import when

A = "/v1/public/accounts/{account}/auth"

# name -> what it needs, its REST form, its gRPC form.
#   needs: "view", "manage", "verify", or None where any good credential will do.
#   REST form: None where there is none; a body that is text is a form.
#   {id}: a service account; {authorization}: one that may be revoked.
METHODS = {
    "create": ("manage", ("POST", A + "/service-accounts", {"name": "x"}),
               ("ServiceAccounts/CreateServiceAccount", "CreateServiceAccountRequest",
                {"account_id": "{account}", "name": "x"}, "IssuedServiceAccount")),
    "get": ("view", ("GET", A + "/service-accounts/{id}", None),
            ("ServiceAccounts/GetServiceAccount", "GetServiceAccountRequest",
             {"account_id": "{account}", "service_account_id": "{id}"}, "ServiceAccount")),
    "get by handle": ("view", ("GET", A + "/tokens/{handle}", None),
                      ("ServiceAccounts/GetServiceAccount", "GetServiceAccountRequest",
                       {"account_id": "{account}", "token_public_id": "{handle}"},
                       "ServiceAccount")),
    "list": ("view", ("GET", A + "/service-accounts?page_size=1", None),
             ("ServiceAccounts/ListServiceAccounts", "ListServiceAccountsRequest",
              {"account_id": "{account}", "page_size": 1}, "ListServiceAccountsResponse")),
    "update": ("manage", ("PATCH", A + "/service-accounts/{id}", {"name": "y"}),
               ("ServiceAccounts/UpdateServiceAccount", "UpdateServiceAccountRequest",
                {"service_account": {"account_id": "{account}", "id": "{id}", "name": "y"}},
                "ServiceAccount")),
    "rotate": ("manage", ("POST", A + "/service-accounts/{id}/rotate", None),
               ("ServiceAccounts/RotateServiceAccount", "RotateServiceAccountRequest",
                {"account_id": "{account}", "service_account_id": "{id}"},
                "IssuedServiceAccount")),
    "batch revoke": ("manage", ("POST", A + "/service-accounts/batch-revoke",
                                {"name_prefix": "none such", "dry_run": True}),
                     ("ServiceAccounts/BatchRevokeServiceAccounts",
                      "BatchRevokeServiceAccountsRequest",
                      {"account_id": "{account}", "name_prefix": "none such",
                       "dry_run": True}, "BatchRevokeServiceAccountsResponse")),
    "list authorizations": ("manage", ("GET", A + "/authorizations?page_size=1", None),
                            ("Authorizations/ListAuthorizations",
                             "ListAuthorizationsRequest",
                             {"account_id": "{account}", "page_size": 1},
                             "ListAuthorizationsResponse")),
    "get authorization": ("manage", ("GET", A + "/authorizations/{authorization}", None),
                          ("Authorizations/GetAuthorization", "GetAuthorizationRequest",
                           {"account_id": "{account}",
                            "authorization_id": "{authorization}"}, "Authorization")),
    "grant": ("manage", ("POST", A + "/authorizations",
                         {"grant_kind": "capability", "subject_type": "user",
                          "subject_id": "someone", "capability_key": "auth.manage"}),
              ("Authorizations/CreateAuthorization", "CreateAuthorizationRequest",
               {"account_id": "{account}", "grant_kind": "capability",
                "subject_type": "user", "subject_id": "someone",
                "capability_key": "auth.manage"}, "Authorization")),
    "revoke authorization": ("manage",
                             ("POST", A + "/authorizations/{authorization}/revoke", None),
                             ("Authorizations/RevokeAuthorization",
                              "RevokeAuthorizationRequest",
                              {"account_id": "{account}",
                               "authorization_id": "{authorization}"}, "Authorization")),
    "delete authorization": ("manage",
                             ("DELETE", A + "/authorizations/{authorization}", None), None),
    "audit events": ("manage", ("GET", A + "/audit-events?page_size=1", None),
                     ("Audit/ListAuditEvents", "ListAuditEventsRequest",
                      {"account_id": "{account}", "page_size": 1},
                      "ListAuditEventsResponse")),
    "revoke": ("manage", ("POST", A + "/service-accounts/{id}/revoke", None),
               ("ServiceAccounts/RevokeServiceAccount", "RevokeServiceAccountRequest",
                {"account_id": "{account}", "service_account_id": "{id}"},
                "ServiceAccount")),
    "delete": ("manage", ("DELETE", A + "/service-accounts/{id}", None), None),
    "verify token": ("verify", ("POST", "/v1/public/auth/tokens/verify",
                                {"account_id": "{account}", "token": "x"}),
                     ("Tokens/VerifyToken", "VerifyTokenRequest",
                      {"account_id": "{account}", "token": "x"}, "VerifyTokenResponse")),
    "batch verify tokens": ("verify", None,
                            ("Tokens/BatchVerifyTokens", "BatchVerifyTokensRequest",
                             {"account_id": "{account}", "tokens": ["x"]},
                             "BatchVerifyTokensResponse")),
    "introspect": ("verify", ("POST", "/oauth2/introspect", "token=x"),
                   ("Tokens/IntrospectToken", "IntrospectTokenRequest", {"token": "x"},
                    "IntrospectTokenResponse")),
    "revoke token": (None, ("POST", "/oauth2/revoke", "token=x"),
                     ("Tokens/RevokeToken", "RevokeTokenRequest", {"token": "x"},
                      "RevokeTokenResponse")),
    "check": (None, ("GET", "/v1/public/auth/check", None),
              ("Tokens/CheckAccess", "CheckAccessRequest", {}, "CheckAccessResponse")),
    "self": (None, ("GET", "/v1/public/auth/self", None),
             ("Identity/GetSelf", "GetSelfRequest", {}, "Self")),
}

# name -> the rights it has on the account.
CALLERS = {
    "nobody": None, "bad token": None, "expired": None, "disabled": None, "revoked": None,
    "rotated away": None,
    "unrelated": set(), "mailbox.create": set(), "other owner": set(),
    "account.view": {"view"}, "auth.verify": {"verify"},
    "auth.manage": {"view", "manage", "verify"}, "narrow auth.manage": set(),
    "owner": {"view", "manage", "verify"}, "super_admin": {"view", "manage", "verify"},
}


class World:
    """One account with every kind of caller, and another account."""

    def __init__(self, server):
        self.server = server
        self.account = server.first["account_id"]
        self.owner = server.first["token"]
        self.tokens = {"nobody": None, "owner": self.owner,
                       "bad token": self.owner[:-1] + ("0" if self.owner[-1] != "0" else "1")}
        for name in ("unrelated", "expired", "disabled", "revoked", "rotated away"):
            self.tokens[name] = self.create(name)["token"]
        for key in ("mailbox.create", "account.view", "auth.verify", "auth.manage"):
            self.tokens[key] = self.create(key, capabilities=[key])["token"]
        narrow = self.create("narrow")
        self.tokens["narrow auth.manage"] = narrow["token"]
        self.grant(narrow["id"], "capability", capability_key="auth.manage",
                   resource_type="domain")
        self._end_some()

    def request(self, method, path, body=None, token=None):
        answer = rest.request(self.server, method, path, token=token or self.owner,
                              json_body=body)
        assert answer.status < 300, answer.body
        return answer.json()

    def path(self, rest_of_it=""):
        return A.format(account=self.account) + "/service-accounts" + rest_of_it

    def create(self, name, **more):
        return self.request("POST", self.path(), {"name": name, **more})

    def grant(self, subject_id, kind, **more):
        return self.request("POST", A.format(account=self.account) + "/authorizations",
                            {"grant_kind": kind, "subject_type": "service_account",
                             "subject_id": subject_id, **more})

    def _id(self, name):
        return rest.request(self.server, "GET", "/v1/public/auth/self",
                            token=self.tokens[name]).json()["subject_id"]

    def _end_some(self):
        ids = {name: self._id(name)
               for name in ("expired", "disabled", "revoked", "rotated away")}
        for subject in ids.values():  # All were once powerful.
            self.grant(subject, "account_owner")
        self.request("PATCH", self.path(f"/{ids['expired']}"), {"expires_at": when(3)})
        self.request("PATCH", self.path(f"/{ids['disabled']}"), {"enabled": False})
        self.request("POST", self.path(f"/{ids['revoked']}/revoke"))
        self.request("POST", self.path(f"/{ids['rotated away']}/rotate"))
        time.sleep(3)

    def fresh(self):
        """Something for one call to act on, which a manager covers."""
        target = self.create("target", capabilities=["auth.manage"])
        listed = self.request(
            "GET", A.format(account=self.account) + f"/authorizations?subject_id={target['id']}")
        return {"account": self.account, "id": target["id"],
                "handle": target["token_public_id"], "authorization": listed[0]["id"]}


@pytest.fixture(scope="module")
def world(server):
    """With a super_admin, whom only the operator makes, and an owner of another account."""
    assert server.stop() == 0
    done = process.run("--issue_super_admin", f"--data_dir={server.data}")
    assert done.returncode == 0, done.stderr
    server.start()
    made = World(server)
    admin = json.loads(done.stdout)["token"]
    other = made.create("other")
    answer = rest.request(
        server, "POST", A.format(account=uuid.uuid4()) + "/authorizations", token=admin,
        json_body={"grant_kind": "account_owner", "subject_type": "service_account",
                   "subject_id": other["id"], "acknowledge_token_shown": True})
    assert answer.status == 201, answer.body
    made.tokens |= {"super_admin": admin, "other owner": other["token"]}
    return made


def expected(caller, needs):
    rights = CALLERS[caller]
    if rights is None:
        return "UNAUTHENTICATED"
    return "OK" if needs is None or needs in rights else "PERMISSION_DENIED"


HTTP = {"UNAUTHENTICATED": 401, "PERMISSION_DENIED": 403}


def fill(value, names):
    if isinstance(value, dict):
        return {key: fill(inner, names) for key, inner in value.items()}
    if isinstance(value, list):
        return [fill(inner, names) for inner in value]
    return value.format(**names) if isinstance(value, str) else value


def ask_rest(world, form, names, token):
    verb, path, body = form
    options = {"json_body": fill(body, names)}
    if isinstance(body, str):
        options = {"body": body, "fields": ["Content-Type: application/x-www-form-urlencoded"]}
    return rest.request(world.server, verb, fill(path, names), token=token, **options)


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("method", [name for name, row in METHODS.items() if row[1]])
def test_rest(world, method, caller):
    needs, form, _ = METHODS[method]
    answer = ask_rest(world, form, world.fresh(), world.tokens[caller])
    want = expected(caller, needs)
    if want == "OK":
        assert answer.status in (200, 201, 204), answer.body
    else:
        assert answer.status == HTTP[want], answer.body
        assert answer.json()["code"] == want


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("method", [name for name, row in METHODS.items() if row[2]])
def test_grpc(world, api, method, caller):
    needs, _, (name, request, fields, answer) = METHODS[method]
    reply = api.call(f"signet.v1.{name}",
                     message(f"signet.v1.{request}", **fill(fields, world.fresh())),
                     f"signet.v1.{answer}", token=world.tokens[caller])
    assert reply.code.name == expected(caller, needs), reply.text


@pytest.mark.parametrize("method", [name for name, row in METHODS.items() if row[0]])
def test_denials_are_the_same_for_absent_and_foreign_accounts(world, api, method):
    """Byte for byte, but for the request id."""
    _, form, call = METHODS[method]
    here = world.fresh()
    away = {**here, "account": str(uuid.uuid4())}
    token = world.tokens["unrelated"]
    if form:
        answers = [ask_rest(world, form, names, token) for names in (here, away)]
        assert answers[0].comparable() == answers[1].comparable()
    if call:
        name, request, fields, answer = call
        replies = [api.call(f"signet.v1.{name}",
                            message(f"signet.v1.{request}", **fill(fields, names)),
                            f"signet.v1.{answer}", token=token) for names in (here, away)]
        for reply in replies:
            reply.metadata.pop("x-request-id")
            reply.metadata.pop("date", None)
        assert replies[0] == replies[1]


def test_no_method_is_missing_from_the_table():
    served = set()
    for full_name in ("CreateServiceAccountRequest", "CreateAuthorizationRequest",
                      "GetSelfRequest", "ListAuditEventsRequest", "VerifyTokenRequest"):
        file = messages()[f"signet.v1.{full_name}"].DESCRIPTOR.file
        for service in file.services_by_name.values():
            served |= {f"{service.name}/{m.name}" for m in service.methods}
    tabled = {row[2][0] for row in METHODS.values() if row[2]}
    # It ends the caller itself: test_self_revoke.py. Streams: test_verify_many.py.
    assert served - tabled == {"Identity/RevokeSelf", "Tokens/VerifyTokens",
                               "Tokens/WatchChanges"}


def test_who_sees_tokens_of_other_accounts(world, api):
    elsewhere = str(uuid.uuid4())
    answer = rest.request(world.server, "POST",
                          A.format(account=elsewhere) + "/service-accounts",
                          token=world.tokens["super_admin"], json_body={"name": "elsewhere"})
    assert answer.status == 201, answer.body
    foreign = answer.json()["token"]

    def reason(caller, **fields):
        reply = api.call("signet.v1.Tokens/VerifyToken",
                         message("signet.v1.VerifyTokenRequest", token=foreign, **fields),
                         "signet.v1.VerifyTokenResponse", token=world.tokens[caller])
        return reply.message.reason

    assert reason("super_admin") == ""
    assert reason("super_admin", account_id=elsewhere) == ""
    assert reason("super_admin", account_id=world.account) == "TOKEN_UNKNOWN"
    for caller in ("owner", "auth.manage", "auth.verify"):
        assert reason(caller) == "TOKEN_UNKNOWN"
