# SPDX-License-Identifier: Apache-2.0
"""A service account that was revoked is granted nothing more, over REST and gRPC."""

import contextlib

import pytest
from harness import rest
from harness.life import GrpcDoor, Refused, RestDoor

FOR_EVER = ("the service account is revoked for ever; create another one and grant that one "
            "what it needs")


@pytest.mark.parametrize("door", [RestDoor, GrpcDoor])
def test_it_is_granted_nothing(server, door):
    with contextlib.closing(door(server)) as one:
        made = one.create("gone", None)
        held = one.grant(made["id"], "mailbox.create")
        one.revoke(made["id"], "gone")
        assert one.grant(made["id"], "mailbox.create") == held
        with pytest.raises(Refused) as refusal:
            one.grant(made["id"], "billing.view")
    code, answer = refusal.value.args
    if door is RestDoor:
        told = code, answer["reason"], answer["detail"]
    else:
        told = code.name, answer.reason, answer.text
    want = 409 if door is RestDoor else "FAILED_PRECONDITION"
    assert told == (want, "SERVICE_ACCOUNT_REVOKED", FOR_EVER)


@pytest.mark.parametrize("kind", ["account_owner", "super_admin"])
def test_it_does_not_become_an_owner(server, kind):
    """Who could not grant it hears of that first."""
    with contextlib.closing(RestDoor(server)) as door:
        made = door.create("gone", None)
        door.revoke(made["id"], "gone")
    answer = rest.request(
        server, "POST", server.accounts_path.replace("service-accounts", "authorizations"),
        token=server.first["token"], json_body={
            "grant_kind": kind, "subject_type": "service_account", "subject_id": made["id"]})
    assert (answer.status, answer.json()["reason"]) == {
        "account_owner": (409, "SERVICE_ACCOUNT_REVOKED"),
        "super_admin": (403, "GRANT_EXCEEDS_OWN")}[kind]
