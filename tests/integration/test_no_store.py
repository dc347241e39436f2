# SPDX-License-Identifier: Apache-2.0
"""What is said of a token may be untrue by the next request: nobody keeps it."""

import pytest

from harness import rest

FORM = ["Content-Type: application/x-www-form-urlencoded"]


@pytest.fixture(scope="module")
def made(server):
    return rest.request(server, "POST", server.accounts_path, token=server.first["token"],
                        json_body={"name": "x", "capabilities": ["auth.verify"]}).json()


def questions(server, made):
    """Answers about a token, good and bad: name -> arguments of a request."""
    accounts, one = server.accounts_path, f"{server.accounts_path}/{made['id']}"
    handle = f"/v1/public/accounts/{made['account_id']}/auth/tokens/{made['token_public_id']}"
    owner, itself = {"token": server.first["token"]}, {"token": made["token"]}
    asked = {"json_body": {"token": made["token"]}}
    return {
        "self": ("GET", "/v1/public/auth/self", itself),
        "self of nobody": ("GET", "/v1/public/auth/self", {}),
        "verify": ("POST", "/v1/public/auth/tokens/verify", itself | asked),
        "verify junk": ("POST", "/v1/public/auth/tokens/verify",
                        itself | {"json_body": {"token": "junk"}}),
        "introspect": ("POST", "/oauth2/introspect",
                       itself | {"body": f"token={made['token']}", "fields": FORM}),
        "introspect junk": ("POST", "/oauth2/introspect",
                            itself | {"body": "token=junk", "fields": FORM}),
        "revoke junk": ("POST", "/oauth2/revoke", itself | {"body": "token=junk", "fields": FORM}),
        "check": ("GET", "/v1/public/auth/check", itself),
        "check without the capability": (
            "GET", "/v1/public/auth/check?capability=no.such", itself),
        "by its handle": ("GET", handle, owner),
        "get": ("GET", one, owner),
        "head": ("HEAD", one, owner),
        "list": ("GET", accounts, owner),
        "update": ("PATCH", one, owner | {"json_body": {"description": "d"}}),
        "absent": ("GET", f"{accounts}/ffffffff-0000-4000-8000-000000000001", owner),
        "rotate": ("POST", f"{one}/rotate", owner),
        "revoke": ("POST", f"{one}/revoke", owner),
    }


def test_every_answer_about_a_token_says_no_store(server, made):
    for name, (method, path, options) in questions(server, made).items():
        for http in rest.HTTP_VERSIONS:
            answer = rest.request(server, method, path, http=http, **options)
            assert answer.value("cache-control") == "no-store", (name, answer.status)
