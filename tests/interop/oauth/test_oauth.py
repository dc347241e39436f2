# SPDX-License-Identifier: Apache-2.0
"""Introspection, revocation and metadata, asked for by a strict OAuth library."""

import json
import subprocess

import pytest

from harness import rest
from harness.process import ROOT, Server

RESOURCE = "https://signet.example.com"
SCRIPT = ROOT / "tests" / "interop" / "oauth" / "client.mjs"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("public"), f"--public_url={RESOURCE}") as running:
        yield running


@pytest.fixture
def library(server):
    """Calls with the library: library("introspect", "basic", ID, SECRET, TOKEN)."""

    def call(*arguments):
        done = subprocess.run(["node", SCRIPT, server.rest, RESOURCE, *arguments],
                              capture_output=True, text=True, timeout=30)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return call


@pytest.fixture(params=["basic", "bearer"])
def scheme(request):
    return request.param


def test_an_active_token(world, library, scheme):
    client, made = world.create("auth.verify"), world.create("mailbox.create", "billing.view")
    told = library("introspect", scheme, client["id"], client["token"], made["token"])["value"]
    assert told["active"] is True and told["sub"] == made["id"]
    assert told["scope"] == "billing.view mailbox.create"


def test_an_inactive_token(world, library, scheme):
    client, made = world.create("auth.verify"), world.create()
    world.change(made, "revoke")
    for token in (made["token"], "junk"):
        assert library("introspect", scheme, client["id"], client["token"], token) == {
            "value": {"active": False}}


def test_revokes(server, world, library, scheme):
    manager, made = world.create("auth.manage"), world.create()
    for token in (made["token"], made["token"], "junk"):
        assert library("revoke", scheme, manager["id"], manager["token"], token) == {
            "value": "revoked"}
    assert rest.request(server, "GET", "/v1/public/auth/self", token=made["token"]).status == 401


def test_a_client_that_is_not_good(library, scheme):
    for call in ("introspect", "revoke"):
        told = library(call, scheme, "me", "junk", "junk")
        assert told["status"] == 401 and told["schemes"] == ["bearer", "basic"]


def test_a_client_without_the_right(world, library, scheme):
    client = world.create()
    told = library("introspect", scheme, client["id"], client["token"], "junk")
    assert (told["status"], told["error"]) == (403, "unauthorized_client")


def test_metadata(library):
    assert library("metadata")["value"] == {
        "resource": RESOURCE, "bearer_methods_supported": ["header"]}
