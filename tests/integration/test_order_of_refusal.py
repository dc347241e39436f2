# SPDX-License-Identifier: Apache-2.0
"""A request with several faults is refused for the first: 401, 404/405, 403, 415, 413, 400."""

import itertools
import uuid

import pytest

from harness import rest, token

# Every fault a request can have, in the order of their rank.
RANKS = {"credential": 401, "method": 405, "account": 403, "media type": 415,
         "size": 413, "body": 400}
PAIRS = list(itertools.combinations(RANKS, 2))


def send(server, faults, http):
    account = uuid.uuid4() if "account" in faults else server.first["account_id"]
    body = b'{"name": ""}' if "body" in faults else b'{"name": "x"}'
    if "size" in faults:
        body += b" " * 64 * 1024
    return rest.request(
        server, "PUT" if "method" in faults else "POST",
        f"/v1/public/accounts/{account}/auth/service-accounts", http=http,
        token=token.INVENTED if "credential" in faults else server.first["token"],
        fields=["Content-Type: " +
                ("text/plain" if "media type" in faults else "application/json")],
        body=body)


@pytest.mark.parametrize("http", rest.HTTP_VERSIONS)
@pytest.mark.parametrize("faults", [[name] for name in RANKS] + PAIRS + [list(RANKS)],
                         ids=" and ".join)
def test_first_fault_decides(server, faults, http):
    assert send(server, faults, http).status == RANKS[faults[0]]


def test_without_fault_it_is_created(server):
    assert send(server, [], "--http1.1").status == 201


@pytest.mark.parametrize("path", ["/", "/nowhere", "/v1/public/accounts"])
def test_no_route_ranks_behind_the_credential(server, path):
    assert rest.request(server, "GET", path).status == 401
    answer = rest.request(server, "GET", path, token=server.first["token"])
    assert (answer.status, answer.json()["code"]) == (404, "UNIMPLEMENTED")


@pytest.mark.parametrize("account", ["not-a-uuid", "{3c90c3cc-0d44-4b50-8888-8dd25736052a}",
                                     "urn:uuid:3c90c3cc-0d44-4b50-8888-8dd25736052a",
                                     "3c90c3cc0d444b5088888dd25736052a"])
def test_malformed_account_id_is_400(server, surface, account):
    refused = surface.create(account.replace("{", "%7B").replace("}", "%7D"), "x",
                             token=server.first["token"])
    assert (refused.code, refused.faults) == ("INVALID_ARGUMENT", ("account_id",))
    assert account not in refused.text


def test_grpc_ranks_alike(server, api):
    first = server.first
    nowhere = str(uuid.uuid4())
    assert api.create(nowhere, "", token=token.INVENTED).code.name == "UNAUTHENTICATED"
    assert api.create(nowhere, "", token=first["token"]).code.name == "PERMISSION_DENIED"
    assert api.create(first["account_id"], "",
                      token=first["token"]).code.name == "INVALID_ARGUMENT"
    garbled = api.call("signet.v1.ServiceAccounts/CreateServiceAccount", b"\xff\xff",
                       "signet.v1.IssuedServiceAccount", token=token.INVENTED)
    assert garbled.code.name == "UNAUTHENTICATED"
    garbled = api.call("signet.v1.ServiceAccounts/CreateServiceAccount", b"\xff\xff",
                       "signet.v1.IssuedServiceAccount", token=first["token"])
    assert (garbled.code.name, garbled.reason) == ("INVALID_ARGUMENT", "MESSAGE_MALFORMED")
