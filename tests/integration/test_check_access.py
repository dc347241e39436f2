# SPDX-License-Identifier: Apache-2.0
"""GET /v1/public/auth/check, as proxies ask it."""

import uuid

import pytest
from harness import rest
from harness.api import message

PATH = "/v1/public/auth/check"


@pytest.fixture(scope="module")
def client(world):
    made = world.create("mailbox.create", "billing.view")
    world.grant(made["id"], capability_key="domain.view", resource_type="domain")
    return made


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("http", rest.HTTP_VERSIONS)
def test_says_who_it_is_in_fields(server, client, method, http):
    answer = rest.request(server, method, PATH, token=client["token"], http=http)
    assert (answer.status, answer.body) == (204, b"")
    assert answer.value("cache-control") == "no-store"
    assert {n: v for n, v in answer.fields if n.startswith("x-signet-")} == {
        "x-signet-subject-type": "service_account", "x-signet-subject-id": client["id"],
        "x-signet-account-id": client["account_id"],
        "x-signet-token-public-id": client["token_public_id"],
        "x-signet-capabilities": "billing.view,mailbox.create"}


@pytest.mark.parametrize("query,status", [
    ("capability=mailbox.create", 204), ("capability=auth.manage", 403),
    ("capability=mailbox.create&capability=billing.view", 204),
    ("capability=mailbox.create&capability=auth.manage", 403),
    ("capability=domain.view", 403), ("capability=domain.view&resource_type=domain", 204),
    (f"capability=domain.view&resource_type=domain&resource_id={uuid.UUID(int=7)}", 204),
    (f"capability=mailbox.create&account_id={uuid.UUID(int=7)}", 403),
    (f"account_id={uuid.UUID(int=7)}", 403),
    ("capability=NOT+A+KEY", 400), ("capabilities=mailbox.create", 400), ("account_id=me", 400),
    ("capability=domain.view&resource_type=spaceship", 400),
    ("&".join(33 * ["capability=mailbox.create"]), 400),
    ("&".join(32 * ["capability=mailbox.create"]), 204),
])
def test_the_query_says_what_it_needs(server, client, query, status):
    answer = rest.request(server, "GET", f"{PATH}?{query}", token=client["token"])
    assert answer.status == status, answer.body
    if status == 403:
        assert answer.json()["reason"] == "CAPABILITY_MISSING"
    if status != 204:
        assert not [n for n, _ in answer.fields if n.startswith("x-signet-")]


@pytest.mark.parametrize("query,detail", [
    ("capability=auth.manage", "the credential lacks auth.manage on the account"),
    ("capability=billing.view&capability=x.y", "the credential lacks x.y on the account"),
    ("capability=x.y&resource_type=domain", "the credential lacks x.y on the resource"),
    ("account_id={}", "the token is not of this account, or its user holds nothing there"),
    ("capability=billing.view&account_id={}",
     "the credential lacks billing.view on the account")])
def test_a_refusal_names_what_is_lacked(server, client, query, detail):
    answer = rest.request(server, "GET", f"{PATH}?{query.format(uuid.uuid4())}",
                          token=client["token"])
    assert (answer.status, answer.json()["detail"]) == (403, detail)


def test_a_refusal_over_grpc_names_it_too(api, client):
    reply = api.call("signet.v1.Tokens/CheckAccess",
                     message("signet.v1.CheckAccessRequest", capability=["auth.manage"]),
                     "signet.v1.CheckAccessResponse", token=client["token"])
    assert (reply.code.name, reply.reason, reply.text) == (
        "PERMISSION_DENIED", "CAPABILITY_MISSING",
        "the credential lacks auth.manage on the account")


def test_another_scheme_over_grpc(api):
    reply = api.self_(metadata=[("authorization", "Basic YTpi")])
    assert (reply.code.name, reply.reason, reply.text) == (
        "UNAUTHENTICATED", "CREDENTIAL_MISSING",
        "authorization: got another scheme, want Bearer TOKEN")


def test_an_account_alone_asks_for_a_token_of_it(server, client):
    query = f"{PATH}?account_id={client['account_id'].upper()}"
    assert rest.request(server, "GET", query, token=client["token"]).status == 204


@pytest.mark.parametrize("token,challenge", [
    (None, 'Bearer realm="signet"'), ("junk", 'Bearer realm="signet", error="invalid_token"')])
def test_without_a_good_credential(server, token, challenge):
    answer = rest.request(server, "GET", f"{PATH}?capability=mailbox.create", token=token)
    assert (answer.status, answer.value("www-authenticate")) == (401, challenge)


def test_a_change_is_true_in_the_next_answer(server, world):
    made = world.create()
    ask = f"{PATH}?capability=mailbox.create"
    grant = world.grant(made["id"], capability_key="mailbox.create")
    assert rest.request(server, "GET", ask, token=made["token"]).status == 204
    world.ungrant(grant)
    assert rest.request(server, "GET", ask, token=made["token"]).status == 403
    world.change(made, "revoke")
    assert rest.request(server, "GET", ask, token=made["token"]).status == 401
    assert made["token"] not in server.stderr.read_text()
