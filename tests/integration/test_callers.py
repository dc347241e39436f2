# SPDX-License-Identifier: Apache-2.0
"""Who gets in, and what those hear who do not."""

import uuid

import pytest

from harness import rest, token

SCOPES = ["create", "get", "self"]


def bad_tokens(server):
    good = server.first["token"]
    flipped = good[:30] + ("A" if good[30] != "A" else "B") + good[31:]
    return {
        "unknown": token.INVENTED,
        "mistyped": flipped,
        "mistyped with its checksum": token.with_checksum(flipped[:-6]),
        "cut": good[:-1],
        "longer": good + "x",
        "other prefix": token.with_checksum("evil" + good[len("hbx_sa"):-6]),
        "not a token": "hello",
        "a JWT": "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.",
    }


def call(surface, server, what, bearer):
    first = server.first
    if what == "create":
        return surface.create(first["account_id"], "x", token=bearer)
    if what == "get":
        return surface.get(first["account_id"], first["service_account_id"], token=bearer)
    return surface.self_(token=bearer)


@pytest.mark.parametrize("what", SCOPES)
def test_no_credential(server, surface, what):
    refused = call(surface, server, what, None)
    assert (refused.code, refused.reason) == ("UNAUTHENTICATED", "CREDENTIAL_MISSING")


@pytest.mark.parametrize("what", SCOPES)
def test_every_bad_token_gets_the_same_answer(server, surface, what):
    answers = {name: call(surface, server, what, bad)
               for name, bad in bad_tokens(server).items()}
    assert answers["unknown"].code == "UNAUTHENTICATED"
    assert answers["unknown"].reason == "TOKEN_INVALID"
    for name, answer in answers.items():
        assert answer == answers["unknown"], name


@pytest.mark.parametrize("http", rest.HTTP_VERSIONS)
def test_bad_tokens_get_identical_bytes(server, http):
    answers = {rest.request(server, "GET", "/v1/public/auth/self", token=bad,
                            http=http).comparable().__repr__()
               for bad in bad_tokens(server).values()}
    assert len(answers) == 1


def test_challenges(server):
    def challenge(**options):
        answer = rest.request(server, "GET", "/v1/public/auth/self", **options)
        assert answer.status == 401
        return answer.value("www-authenticate")

    assert "error" not in challenge()
    assert challenge().startswith("Bearer")
    assert "error" not in challenge(fields=["Authorization: Basic eDp5"])
    assert 'error="invalid_token"' in challenge(token=token.INVENTED)
    assert 'error="invalid_token"' in challenge(token="x")


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer"])
def test_scheme_in_any_case(server, api, scheme):
    line = f"{scheme} {server.first['token']}"
    answer = rest.request(server, "GET", "/v1/public/auth/self",
                          fields=[f"Authorization: {line}"])
    assert answer.status == 200
    assert api.self_(metadata=[("authorization", line)]).code.name == "OK"


def test_two_credentials_are_a_bad_request(server, api):
    line = f"Bearer {server.first['token']}"
    answer = rest.request(server, "GET", "/v1/public/auth/self",
                          fields=[f"Authorization: {line}"] * 2)
    assert answer.status == 400
    assert answer.json()["reason"] == "INVALID_REQUEST"
    assert 'error="invalid_request"' in answer.value("www-authenticate")
    reply = api.self_(metadata=[("authorization", line)] * 2)
    assert (reply.code.name, reply.reason) == ("INVALID_ARGUMENT", "INVALID_REQUEST")


def test_token_in_the_query_does_not_count(server):
    answer = rest.request(server, "GET",
                          f"/v1/public/auth/self?access_token={server.first['token']}")
    assert answer.status == 401
    assert server.first["token"] not in server.stderr.read_text()


def test_long_credential_is_read(server, surface):
    refused = surface.self_(token="x" * (16 * 1024 - len("Bearer ")))
    assert (refused.code, refused.reason) == ("UNAUTHENTICATED", "TOKEN_INVALID")


@pytest.mark.parametrize("what", ["create", "get"])
def test_foreign_and_absent_accounts_are_denied_alike(server, surface, what):
    """The caller may do nothing anywhere; only one of the accounts exists."""
    first = server.first
    nobody = surface.create(first["account_id"], "nobody", token=first["token"]).body
    answers = []
    for account in (first["account_id"], str(uuid.uuid4())):
        if what == "create":
            answers.append(surface.create(account, "x", token=nobody["token"]))
        else:
            answers.append(surface.get(account, nobody["id"], token=nobody["token"]))
    assert answers[0].code == "PERMISSION_DENIED"
    assert answers[0] == answers[1]
    assert nobody["id"] not in answers[0].text


@pytest.mark.parametrize("http", rest.HTTP_VERSIONS)
def test_denials_are_identical_bytes(server, http):
    nobody = rest.request(server, "POST", server.accounts_path,
                          token=server.first["token"], json_body={"name": "nobody"}).json()
    answers = {
        repr(rest.request(server, "POST", f"/v1/public/accounts/{account}"
                          "/auth/service-accounts", token=nobody["token"],
                          json_body={"name": "x"}, http=http).comparable())
        for account in (server.first["account_id"], uuid.uuid4(), uuid.UUID(int=0))}
    assert len(answers) == 1
    assert answers.pop().startswith("(403,")


def test_owner_of_one_account_is_nobody_on_another(server, surface):
    refused = surface.create(str(uuid.uuid4()), "x", token=server.first["token"])
    assert (refused.code, refused.reason) == ("PERMISSION_DENIED", "ACCESS_DENIED")
