# SPDX-License-Identifier: Apache-2.0
"""Whoever finds a token can end it, and nothing else (RFC 7009)."""

import time
import urllib.parse

import pytest

from harness import rest
from harness.api import Api, message
from harness.times import when

PATH = "/v1/public/auth/self/revoke"


@pytest.fixture
def leaked(server):
    answer = rest.request(server, "POST", server.accounts_path, token=server.first["token"],
                          json_body={"name": "leaky"})
    return answer.json()


def works(server, token):
    return rest.request(server, "GET", "/v1/public/auth/self", token=token).status == 200


def form(server, text, **options):
    return rest.request(server, "POST", PATH, body=text,
                        fields=["Content-Type: application/x-www-form-urlencoded"], **options)


def test_by_the_authorization_field(server, leaked):
    answer = rest.request(server, "POST", PATH, token=leaked["token"])
    assert (answer.status, answer.json()) == (200, {})
    assert not works(server, leaked["token"])
    read = rest.request(server, "GET", f"{server.accounts_path}/{leaked['id']}",
                        token=server.first["token"]).json()
    assert read["revoked_at"] is not None
    assert read["revoke_reason"] == "key_compromise"


def test_by_a_form_without_another_credential(server, leaked):
    answer = form(server, urllib.parse.urlencode(
        {"token": leaked["token"], "token_type_hint": "access_token"}))
    assert (answer.status, answer.body) == (200, b"")
    assert not works(server, leaked["token"])


def test_a_form_with_a_bad_token_is_answered_alike(server, leaked):
    good = form(server, f"token={leaked['token']}")
    for token in ("junk", leaked["token"], leaked["token"][:-1] + "x"):
        assert form(server, f"token={token}").comparable() == good.comparable()


@pytest.mark.parametrize("text", ["token=", "token=a&token=b", "hint=x", "token=%zz"])
def test_a_form_without_one_token_is_refused(server, text):
    assert form(server, text).status == 400


def test_a_form_beside_a_credential_is_refused(server, leaked):
    answer = form(server, f"token={leaked['token']}", token=server.first["token"])
    assert answer.status == 400
    assert works(server, leaked["token"])


def test_over_grpc(server, api, leaked):
    reply = api.call("signet.v1.Identity/RevokeSelf",
                     message("signet.v1.RevokeSelfRequest", reason="superseded"),
                     "signet.v1.RevokeSelfResponse", token=leaked["token"])
    assert reply.code.name == "OK", reply.text
    assert not works(server, leaked["token"])


def test_a_replaced_token_ends_alone(server, leaked):
    rotated = rest.request(server, "POST", f"{server.accounts_path}/{leaked['id']}/rotate",
                           token=server.first["token"], json_body={"overlap": "600s"}).json()
    assert works(server, leaked["token"]) and works(server, rotated["token"])
    assert form(server, f"token={leaked['token']}").status == 200
    assert not works(server, leaked["token"])
    assert works(server, rotated["token"])


def test_the_token_is_in_no_log(server, leaked):
    form(server, f"token={leaked['token']}")
    assert leaked["token"] not in server.stderr.read_text()


# Possession: whatever its state, whoever presents it ends it, and it stays ended.

def change(server, leaked, body):
    answer = rest.request(server, "PATCH", f"{server.accounts_path}/{leaked['id']}",
                          token=server.first["token"], json_body=body)
    return answer.status, answer.json()


def disabled(server, leaked):
    assert change(server, leaked, {"enabled": False})[0] == 200


def expired(server, leaked):
    assert change(server, leaked, {"expires_at": when(3)})[0] == 200
    time.sleep(3)


def self_by_rest(server, _, token):
    return rest.request(server, "POST", PATH, token=token).status


def self_by_form(server, _, token):
    return form(server, f"token={token}").status


def self_by_grpc(_, api, token):
    reply = api.call("signet.v1.Identity/RevokeSelf", message("signet.v1.RevokeSelfRequest"),
                     "signet.v1.RevokeSelfResponse", token=token)
    return 200 if reply.code.name == "OK" else reply.code.name


def rfc_7009_by_rest(server, _, token):
    return rest.request(server, "POST", "/oauth2/revoke", token=token, body=f"token={token}",
                        fields=["Content-Type: application/x-www-form-urlencoded"]).status


def rfc_7009_by_grpc(_, api, token):
    reply = api.call("signet.v1.Tokens/RevokeToken",
                     message("signet.v1.RevokeTokenRequest", token=token),
                     "signet.v1.RevokeTokenResponse", token=token)
    return 200 if reply.code.name == "OK" else reply.code.name


DOORS = (self_by_rest, self_by_form, self_by_grpc, rfc_7009_by_rest, rfc_7009_by_grpc)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("state", (disabled, expired))
def test_a_token_that_does_not_live_now_is_ended_for_ever(server, api, leaked, state, door):
    state(server, leaked)
    assert not works(server, leaked["token"])
    assert door(server, api, leaked["token"]) == 200
    for revival in ({"enabled": True}, {"expires_at": None}):
        status, body = change(server, leaked, revival)
        assert (status, body["reason"]) == (409, "SERVICE_ACCOUNT_REVOKED")
    assert not works(server, leaked["token"])
    # It has ended: a form is answered alike, whatever it holds.
    again = {self_by_form: 200, self_by_grpc: "UNAUTHENTICATED",
             rfc_7009_by_grpc: "UNAUTHENTICATED"}.get(door, 401)
    assert door(server, api, leaked["token"]) == again


@pytest.mark.parametrize("door", DOORS)
def test_a_replaced_token_of_a_disabled_one_ends_alone(server, api, leaked, door):
    rotated = rest.request(server, "POST", f"{server.accounts_path}/{leaked['id']}/rotate",
                           token=server.first["token"], json_body={"overlap": "600s"}).json()
    disabled(server, leaked)
    assert door(server, api, leaked["token"]) == 200
    assert change(server, leaked, {"enabled": True})[0] == 200
    assert not works(server, leaked["token"])
    assert works(server, rotated["token"])


def test_a_dead_token_ends_itself_and_does_nothing_else(server, api, leaked):
    other = rest.request(server, "POST", server.accounts_path, token=server.first["token"],
                         json_body={"name": "another"}).json()
    grants = server.accounts_path.replace("service-accounts", "authorizations")
    for subject in (leaked, other):
        rest.request(server, "POST", grants, token=server.first["token"],
                     json_body={"grant_kind": "account_owner",
                                "subject_type": "service_account",
                                "subject_id": subject["id"]})
    disabled(server, leaked)
    token = leaked["token"]
    for text in (other["token"], "junk", token[:-1] + "x", ""):
        answer = rest.request(
            server, "POST", "/oauth2/revoke", token=token, body=f"token={text}",
            fields=["Content-Type: application/x-www-form-urlencoded"])
        assert answer.status == 401, text
        reply = api.call("signet.v1.Tokens/RevokeToken",
                         message("signet.v1.RevokeTokenRequest", token=text),
                         "signet.v1.RevokeTokenResponse", token=token)
        assert reply.code.name == "UNAUTHENTICATED", text
    assert works(server, other["token"])
    for method, path in (("GET", server.accounts_path), ("POST", server.accounts_path),
                         ("GET", "/v1/public/auth/self"), ("GET", "/v1/public/auth/check"),
                         ("GET", "/v1/none/such")):
        assert rest.request(server, method, path, token=token).status == 401, path
    assert rest.request(server, "POST", "/oauth2/introspect", token=token, body="token=x",
                        fields=["Content-Type: application/x-www-form-urlencoded"]).status == 401


def test_the_last_owner_ends_itself(start):
    server = start()
    with Api(server) as api:
        path = f"{server.accounts_path}/{server.first['service_account_id']}"
        token = server.first["token"]
        for refused in (rest.request(server, "DELETE", path, token=token),
                        rest.request(server, "PATCH", path, token=token,
                                     json_body={"enabled": False})):
            assert (refused.status, refused.json()["reason"]) == (409, "LAST_OWNER")
        reply = api.call("signet.v1.ServiceAccounts/RevokeServiceAccount",
                         message("signet.v1.RevokeServiceAccountRequest",
                                 account_id=server.first["account_id"],
                                 service_account_id=server.first["service_account_id"]),
                         "signet.v1.ServiceAccount", token=token)
        assert (reply.code.name, reply.reason) == ("FAILED_PRECONDITION", "LAST_OWNER")
        assert works(server, token)
        assert self_by_grpc(server, api, token) == 200
    assert not works(server, token)
