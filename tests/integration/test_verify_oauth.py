# SPDX-License-Identifier: Apache-2.0
"""Users with OAuth access tokens, as askers and as those asked about."""

import time
import uuid

import pytest
from harness import rest
from harness.process import Server
from harness.signer import Signer
from harness.verify import Asker, Refusal

MAIL = {"capability": {"capability_key": "mailbox.create"}}
CHECK = "/v1/public/auth/check"


@pytest.fixture(scope="module")
def signer(tmp_path_factory):
    return Signer(tmp_path_factory.mktemp("issuer"))


@pytest.fixture(scope="module")
def server(tmp_path_factory, signer):
    with Server(tmp_path_factory.mktemp("signet"), *signer.flags()) as running:
        yield running


def test_a_users_token_is_told_of(signer, world, asker):
    user = str(uuid.uuid4())
    token = signer.token(user)
    assert asker.reason(token, requirement=MAIL) == "CAPABILITY_MISSING"
    grant = world.grant(user, "user", capability_key="mailbox.create")
    told = asker.verify(token, requirement=MAIL)
    assert told.active and (told.subject_type, told.subject_id) == ("user", user)
    assert told.account_id == world.account and told.token_public_id == ""
    assert list(told.capabilities) == ["mailbox.create"]
    assert 500 < told.expires_at.seconds - time.time() <= 661  # RFC 8725's leeway included.
    world.ungrant(grant)
    assert asker.reason(token, requirement=MAIL) == "CAPABILITY_MISSING"


def test_of_a_users_token_that_is_not_good_nothing_is_said(signer, asker):
    good = signer.token(str(uuid.uuid4()))
    head, claims, signature = good.split(".")
    other = signer.token("x").split(".")[1]
    for bad in (signer.token("x", seconds=-120), f"{head}.{other}.{signature}",
                f"{head}.{claims}.", f"{head}.{claims}"):
        assert asker.reason(bad) == "TOKEN_UNKNOWN"


def test_a_user_asks_for_the_account_it_names(signer, server, world):
    user = str(uuid.uuid4())
    one, about = Asker(server, signer.token(user)), world.create()["token"]
    refused = Refusal("PERMISSION_DENIED", "ACCESS_DENIED")
    assert one.verify(about, account_id=world.account) == refused
    grant = world.grant(user, "user", capability_key="auth.verify")
    assert one.reason(about, account_id=world.account) == ""
    assert one.verify(about) == refused  # It belongs to no account.
    world.ungrant(grant)
    assert one.verify(about, account_id=world.account) == refused
    one.close()


def test_a_proxys_check_of_a_user_names_the_account(signer, server, world):
    user = str(uuid.uuid4())
    token = signer.token(user)
    world.grant(user, "user", capability_key="mailbox.create")
    bare = rest.request(server, "GET", CHECK, token=token)
    assert bare.status == 204
    # Empty ones too: what a proxy copies takes the place of what its client sent.
    assert {n: v for n, v in bare.fields if n.startswith("x-signet-")} == {
        "x-signet-subject-type": "user", "x-signet-subject-id": user,
        "x-signet-account-id": "", "x-signet-token-public-id": "", "x-signet-capabilities": ""}
    here = rest.request(server, "GET", f"{CHECK}?capability=mailbox.create"
                        f"&account_id={world.account}", token=token)
    assert here.status == 204 and here.value("x-signet-account-id") == world.account
    away = rest.request(server, "GET", f"{CHECK}?capability=mailbox.create"
                        f"&account_id={uuid.uuid4()}", token=token)
    assert away.status == 403
    nowhere = rest.request(server, "GET", f"{CHECK}?capability=mailbox.create", token=token)
    assert nowhere.status == 403


def test_a_user_who_holds_nothing_on_an_account_is_not_of_it(signer, server, world, asker):
    user = str(uuid.uuid4())
    token = signer.token(user)

    def check(account):
        return rest.request(server, "GET", f"{CHECK}?account_id={account}", token=token)

    for account in (world.account, uuid.uuid4()):
        refused = check(account)
        assert refused.status == 403 and refused.value("x-signet-account-id") is None
    assert asker.reason(token) == "CAPABILITY_MISSING"
    group = world.grant("readers", "group", capability_key="mailbox.read")
    assert check(world.account).status == 403
    member = signer.token(user, groups=["readers"])
    here = rest.request(server, "GET", f"{CHECK}?account_id={world.account}", token=member)
    assert here.status == 204 and here.value("x-signet-account-id") == world.account
    assert asker.reason(member) == ""
    world.ungrant(group)
    grant = world.grant(user, "user", capability_key="mailbox.read")
    assert check(world.account).status == 204 and asker.reason(token) == ""
    assert check(uuid.uuid4()).status == 403
    world.ungrant(grant)
    assert check(world.account).status == 403


def test_no_token_is_in_the_log(signer, server, asker):
    token = signer.token(str(uuid.uuid4()))
    asker.verify(token)
    rest.request(server, "GET", f"{CHECK}?capability=mailbox.create", token=token)
    assert token not in server.stderr.read_text()
