# SPDX-License-Identifier: Apache-2.0
"""How large a page is, on REST and gRPC."""

import re

import pytest
from harness import rest
from harness.api import Api, message

WIDE = {f"l{i:02}": "x" * 250 for i in range(32)}
MIB = 1 << 20


@pytest.fixture(scope="module")
def wide(server):
    """200 service accounts with labels of eight KiB."""
    with Api(server) as api:
        for number in range(200):
            request = message("signet.v1.CreateServiceAccountRequest",
                              account_id=server.first["account_id"], name=f"w{number}",
                              labels=WIDE)
            reply = api.call("signet.v1.ServiceAccounts/CreateServiceAccount", request,
                             "signet.v1.IssuedServiceAccount", token=server.first["token"])
            assert reply.code.name == "OK"


def test_the_bare_array_ends_with_a_mebibyte_and_is_linked(server, wide):
    names, query, sizes = [], "", []
    while query is not None:
        answer = rest.request(server, "GET", server.accounts_path + query,
                              token=server.first["token"])
        assert answer.status == 200
        assert len(answer.body) < 1.1 * MIB
        page = answer.json()
        sizes.append(len(page))
        names += [account["name"] for account in page]
        link = answer.value("link")
        query = link and re.search(r'<[^?>]*(\?[^>]*)>; rel="next"', link)[1]
    assert len(set(names)) == len(names) == 201
    assert sizes[0] > 100, "as many as fit"
    assert max(sizes[1:]) <= 100, "behind a page token"


def test_a_page_of_grpc_too(server, api, wide):
    request = message("signet.v1.ListServiceAccountsRequest",
                      account_id=server.first["account_id"], page_size=1000)
    found = 0
    while True:
        reply = api.call("signet.v1.ServiceAccounts/ListServiceAccounts", request,
                         "signet.v1.ListServiceAccountsResponse", token=server.first["token"])
        assert reply.message.ByteSize() < 1.1 * MIB
        found += len(reply.message.service_accounts)
        request.page_token = reply.message.next_page_token
        if not request.page_token:
            break
    assert found == 201


def test_what_is_batch_revoked_is_a_page_too(server, api, wide):
    """As a dry run, on both doors in turn: each goes on where the other was."""
    names, token, over_rest = [], "", True
    while token or not names:
        if over_rest:
            answer = rest.request(server, "POST", server.accounts_path + "/batch-revoke",
                                  token=server.first["token"],
                                  json_body={"name_prefix": "w", "dry_run": True,
                                             "page_token": token})
            assert answer.status == 200, answer.body
            assert len(answer.body) < 1.1 * MIB
            batch = answer.json()
            assert batch["more"] is (batch["next_page_token"] != "")
            names += [account["name"] for account in batch["service_accounts"]]
            token = batch["next_page_token"]
        else:
            request = message("signet.v1.BatchRevokeServiceAccountsRequest",
                              account_id=server.first["account_id"], name_prefix="w",
                              dry_run=True, page_token=token)
            reply = api.call("signet.v1.ServiceAccounts/BatchRevokeServiceAccounts", request,
                             "signet.v1.BatchRevokeServiceAccountsResponse",
                             token=server.first["token"]).message
            assert reply.more is (reply.next_page_token != "")
            names += [account.name for account in reply.service_accounts]
            token = reply.next_page_token
        over_rest = not over_rest
        assert len(names) <= 200
    assert sorted(names) == sorted(f"w{number}" for number in range(200))


@pytest.mark.parametrize("labels", [{**WIDE, "one": "more" * 30}])
def test_labels_have_eight_kib_in_all(server, api, labels):
    path = server.accounts_path
    body = {"name": "x", "labels": labels}
    made = rest.request(server, "POST", path, token=server.first["token"],
                        json_body={"name": "x"}).json()
    for method, to in (("POST", path), ("PATCH", f"{path}/{made['id']}")):
        answer = rest.request(server, method, to, token=server.first["token"], json_body=body)
        assert (answer.status, answer.json()["reason"]) == (400, "FIELD_INVALID")
        fault, = answer.json()["errors"]
        assert fault["field"].endswith("labels")
        assert fault["detail"].endswith("bytes of keys and values, want at most 8192")
    request = message("signet.v1.CreateServiceAccountRequest",
                      account_id=server.first["account_id"], name="x", labels=labels)
    reply = api.call("signet.v1.ServiceAccounts/CreateServiceAccount", request,
                     "signet.v1.IssuedServiceAccount", token=server.first["token"])
    assert [field for field, _ in reply.violations] == ["labels"]
