# SPDX-License-Identifier: Apache-2.0
"""How much one subject may be granted on an account."""

import concurrent.futures

import grpc
import pytest
from harness import rest
from harness.api import Api, message

LIMIT = 1000


def grant(api, server, resource, subject="one", **fields):
    request = message("signet.v1.CreateAuthorizationRequest",
                      account_id=server.first["account_id"], grant_kind="capability",
                      subject_type="user", subject_id=subject, capability_key="mailbox.create",
                      resource_type="mailbox",
                      resource_id=f"00000000-0000-4000-8000-{resource:012}", **fields)
    return api.call("signet.v1.Authorizations/CreateAuthorization", request,
                    "signet.v1.Authorization", token=server.first["token"])


@pytest.fixture(scope="module")
def full(server, api):
    with concurrent.futures.ThreadPoolExecutor(16) as clients:
        replies = list(clients.map(lambda n: grant(api, server, n), range(LIMIT)))
    assert {reply.code for reply in replies} == {grpc.StatusCode.OK}
    return replies


def test_a_subject_is_granted_a_thousand_on_an_account(server, api, full):
    refused = grant(api, server, LIMIT)
    assert (refused.code.name, refused.reason) == ("FAILED_PRECONDITION", "TOO_MANY_GRANTS")
    answer = rest.request(
        server, "POST", server.accounts_path.replace("service-accounts", "authorizations"),
        token=server.first["token"],
        json_body={"grant_kind": "capability", "subject_type": "user", "subject_id": "one",
                   "capability_key": "a.other"})
    assert (answer.status, answer.json()["reason"]) == (409, "TOO_MANY_GRANTS")


def test_what_it_holds_is_still_answered_and_others_are_not_held_up(server, api, full):
    assert grant(api, server, 7).message.id == full[7].message.id
    assert grant(api, server, LIMIT, subject="another").code == grpc.StatusCode.OK


def test_a_revocation_makes_room(server, api, full):
    request = message("signet.v1.RevokeAuthorizationRequest",
                      account_id=server.first["account_id"],
                      authorization_id=full[3].message.id)
    revoked = api.call("signet.v1.Authorizations/RevokeAuthorization", request,
                       "signet.v1.Authorization", token=server.first["token"])
    assert revoked.code == grpc.StatusCode.OK
    assert grant(api, server, LIMIT + 1).code == grpc.StatusCode.OK
    assert grant(api, server, LIMIT + 2).reason == "TOO_MANY_GRANTS"
