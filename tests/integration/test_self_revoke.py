# SPDX-License-Identifier: Apache-2.0
"""Whoever finds a token can end it, and nothing else (RFC 7009)."""

import urllib.parse

import pytest

from harness import rest
from harness.api import message

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
