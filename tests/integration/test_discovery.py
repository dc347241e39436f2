# SPDX-License-Identifier: Apache-2.0
"""Protected resource metadata (RFC 9728)."""

import grpc
import pytest

from harness import rest
from harness.api import Api, message
from harness.process import Server

PATH = "/.well-known/oauth-protected-resource"
URL = "https://signet.example:8443"


@pytest.fixture(scope="module")
def public(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("public"), f"--public_url={URL}") as server:
        yield server


def test_needs_no_credential(public):
    answer = rest.request(public, "GET", PATH)
    assert (answer.status, answer.json()) == (
        200, {"resource": URL, "bearer_methods_supported": ["header"]})
    assert answer.value("content-type") == "application/json"


def test_a_credential_is_not_looked_at(public):
    assert rest.request(public, "GET", PATH, token="junk").status == 200


def test_over_grpc(public):
    with Api(public) as api:
        reply = api.call("signet.v1.Discovery/GetProtectedResource",
                         message("signet.v1.GetProtectedResourceRequest"),
                         "signet.v1.ProtectedResource")
    assert reply.message.resource == URL


def test_a_message_that_cannot_be_read(public):
    with grpc.insecure_channel(public.grpc) as channel:
        call = channel.unary_unary("/signet.v1.Discovery/GetProtectedResource")
        with pytest.raises(grpc.RpcError) as refused:
            call(b"\xff", timeout=10)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize("token", [None, "junk"])
def test_a_challenge_names_its_place(public, token):
    answer = rest.request(public, "GET", "/v1/public/auth/self", token=token)
    assert answer.status == 401
    assert answer.value("www-authenticate").endswith(f', resource_metadata="{URL}{PATH}"')


def test_without_a_public_url_there_is_none(server):
    answer = rest.request(server, "GET", PATH)
    assert (answer.status, answer.json()["reason"]) == (404, "METADATA_NOT_CONFIGURED")
    refused = rest.request(server, "GET", "/v1/public/auth/self")
    assert "resource_metadata" not in refused.value("www-authenticate")
