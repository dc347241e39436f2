# SPDX-License-Identifier: Apache-2.0
"""VerifyToken over REST and gRPC: what is said of a token, and to whom."""

import time
import uuid

import pytest
from harness import rest
from harness import token as token_text
from harness.verify import PATH, Asker, Refusal

NOT_THERE = "ffffffff-0000-4000-8000-000000000001"


def has(key, **where):
    return {"capability": {"capability_key": key, **where}}


def all_of(*parts):
    return {"all_of": {"requirements": list(parts)}}


def any_of(*parts):
    return {"any_of": {"requirements": list(parts)}}


def soon(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))


def test_of_a_good_token_everything_is_said(world, asker):
    made = world.create("mailbox.create", "billing.view", labels={"team": "mail", "env": "prod"})
    world.grant(made["id"], capability_key="route.manage", resource_type="route")
    told = asker.verify(made["token"])
    assert told.active and told.reason == ""
    assert (told.subject_type, told.subject_id) == ("service_account", made["id"])
    assert told.account_id == world.account
    assert told.token_public_id == made["token_public_id"]
    assert not told.HasField("expires_at") and not told.HasField("expires_in")
    assert not told.account_owner and not told.super_admin
    assert list(told.capabilities) == ["billing.view", "mailbox.create"]
    assert [(c.capability_key, c.resource_type) for c in told.resource_capabilities] == [
        ("route.manage", "route")]
    assert dict(told.labels) == {"team": "mail", "env": "prod"}
    assert told.cache_ttl.ToSeconds() == 5


def test_an_owner_is_said_to_own(world, asker):
    assert asker.verify(world.owner).account_owner


def unknown_tokens(good):
    changed = good[:30] + ("A" if good[30] != "A" else "B") + good[31:]
    return {"junk": "junk", "one byte": "x", "wrong checksum": changed,
            "wrong secret": token_text.with_checksum(changed[:-6]),
            "never issued": token_text.INVENTED, "cut": good[:-1],
            "a handle": good.rsplit("_", 1)[0], "a JWT": "eyJhbGciOiJub25lIn0.e30.",
            "not a JWT": "a.b.c", "with a space": good + " "}


def test_unknown_tokens_are_answered_alike(world, asker):
    answers = {name: asker.verify(bad)
               for name, bad in unknown_tokens(world.create()["token"]).items()}
    for name, told in answers.items():
        assert told.reason == "TOKEN_UNKNOWN", name
        assert told == answers["junk"]
    assert {f.name for f, _ in answers["junk"].ListFields()} == {"reason", "cache_ttl"}


@pytest.mark.parametrize("change,reason", [
    (lambda w, t: w.change(t, "revoke"), "TOKEN_REVOKED"),
    (lambda w, t: w.change(t, "update", {"enabled": False}), "TOKEN_DISABLED"),
    (lambda w, t: w.change(t, "rotate"), "TOKEN_REPLACED"),
])
def test_what_ended_it_is_said_at_once_and_only_to_who_has_all_of_it(world, asker, change, reason):
    made = world.create("mailbox.create")
    assert asker.reason(made["token"]) == ""
    change(world, made)
    told = asker.verify(made["token"])
    assert told.reason == reason
    assert {f.name for f, _ in told.ListFields()} == {"reason", "cache_ttl"}
    assert asker.reason(unknown_tokens(made["token"])["wrong secret"]) == "TOKEN_UNKNOWN"


def test_changes_are_true_in_the_next_answer(world, asker):
    made = world.create()
    bearer, wants = made["token"], {"requirement": has("mailbox.create")}
    assert asker.reason(bearer, **wants) == "CAPABILITY_MISSING"
    grant = world.grant(made["id"], capability_key="mailbox.create")
    assert asker.reason(bearer, **wants) == ""
    world.ungrant(grant)
    assert asker.reason(bearer, **wants) == "CAPABILITY_MISSING"
    world.change(made, "update", {"labels": {"a": "b"}})
    assert dict(asker.verify(bearer).labels) == {"a": "b"}
    world.change(made, "update", {"enabled": False})
    assert asker.reason(bearer) == "TOKEN_DISABLED"
    world.change(made, "update", {"enabled": True})
    assert asker.reason(bearer) == ""
    fresh = world.change(made, "rotate", {"overlap": "60s"})["token"]
    assert asker.reason(bearer) == "" and asker.reason(fresh) == ""
    world.change(made, "revoke")
    assert asker.reason(bearer) == asker.reason(fresh) == "TOKEN_REVOKED"


def test_an_answer_lives_no_longer_than_its_token(world, asker):
    made = world.create(expires_at=soon(3))
    told = asker.verify(made["token"])
    assert told.expires_at.ToJsonString() == made["expires_at"]
    left = told.expires_at.ToNanoseconds() / 1e9 - time.time()
    assert 0 < told.cache_ttl.ToNanoseconds() / 1e9 < left + 1 and told.cache_ttl.ToSeconds() < 3
    assert told.expires_in == told.cache_ttl
    time.sleep(left + 0.01)
    assert asker.reason(made["token"]) == "TOKEN_EXPIRED"


def test_how_long_it_has_left_is_said_by_the_servers_clock(world, asker):
    # Far from its end, where the rest of the answer is at hand; told again later.
    made = world.create(expires_at=soon(3600))
    spans = []
    for _ in range(2):
        before = time.time()
        told = asker.verify(made["token"])
        left = told.expires_at.ToNanoseconds() / 1e9 - before
        spans.append(told.expires_in.ToNanoseconds() / 1e9)
        assert left - (time.time() - before) - 0.01 <= spans[-1] <= left + 0.01
        time.sleep(0.05)
    assert spans[1] < spans[0]


@pytest.fixture(scope="module")
def holder(world):
    """Has two capabilities on its account, and one on mailboxes, one of them twice over."""
    made = world.create("mailbox.create", "billing.view")
    world.grant(made["id"], capability_key="route.manage", resource_type="route")
    world.grant(made["id"], capability_key="domain.view", resource_type="domain",
                resource_id=NOT_THERE)
    return made


MAIL, BILL, NONE = has("mailbox.create"), has("billing.view"), has("auth.manage")
OTHER = str(uuid.uuid4())


@pytest.mark.parametrize("requirement,met", [
    (MAIL, True), (NONE, False),
    (all_of(), True), (any_of(), False),
    (all_of(MAIL, BILL), True), (all_of(MAIL, NONE), False),
    (any_of(NONE, MAIL), True), (any_of(NONE, NONE), False),
    (all_of(MAIL, any_of(NONE, BILL)), True), (all_of(any_of(NONE), MAIL), False),
    (any_of(all_of(MAIL, NONE), all_of(BILL)), True),
    (has("mailbox.create", resource_type="mailbox"), True),
    (has("mailbox.create", resource_type="mailbox", resource_id=NOT_THERE), True),
    (has("route.manage"), False),
    (has("route.manage", resource_type="route"), True),
    (has("route.manage", resource_type="route", resource_id=NOT_THERE), True),
    (has("route.manage", resource_type="proxy"), False),
    (has("domain.view", resource_type="domain"), False),
    (has("domain.view", resource_type="domain", resource_id=NOT_THERE.upper()), True),
    (has("domain.view", resource_type="domain", resource_id=OTHER), False),
    (has("mailbox.create", account_id=OTHER), False),
    (any_of(has("mailbox.create", account_id=OTHER), BILL), True),
])
def test_requirements(asker, holder, requirement, met):
    reason = asker.reason(holder["token"], requirement=requirement)
    assert reason == ("" if met else "CAPABILITY_MISSING")


def test_a_requirement_may_name_the_tokens_own_account(world, asker, holder):
    wanted = has("mailbox.create", account_id=world.account.upper())
    assert asker.reason(holder["token"], requirement=wanted) == ""


def test_an_owner_meets_every_requirement_on_its_account_only(world, asker):
    assert asker.reason(world.owner, requirement=all_of(MAIL, NONE)) == ""
    assert asker.reason(world.owner, requirement=has("mailbox.create", account_id=OTHER)) == (
        "CAPABILITY_MISSING")


def test_a_token_that_is_not_good_is_not_measured(asker):
    assert asker.reason("junk", requirement=MAIL) == "TOKEN_UNKNOWN"


@pytest.mark.parametrize("fields,fault", [
    ({"requirement": {}}, "requirement"),
    ({"requirement": has("NOT A KEY")}, "requirement.capability.capability_key"),
    ({"requirement": has("a.b", account_id="x")}, "requirement.capability.account_id"),
    ({"requirement": has("a.b", resource_type="x")}, "requirement.capability.resource_type"),
    ({"requirement": has("a.b", resource_id=OTHER)}, "requirement.capability.resource_id"),
    ({"requirement": all_of(all_of(all_of(all_of(MAIL))))},
     "requirement" + 4 * ".all_of.requirements[0]"),
    ({"requirement": any_of(*33 * [MAIL])}, "requirement.any_of.requirements[32]"),
    ({"token": "x" * 16385}, "token"), ({"token": ""}, "token"),
])
def test_what_breaks_a_rule_is_refused(asker, fields, fault):
    asked = {"token": "junk", **fields}
    assert asker.verify(**asked) == Refusal("INVALID_ARGUMENT", "FIELD_INVALID", (fault,))


@pytest.mark.parametrize("requirement", [
    all_of(*200 * [{}]), all_of(*127 * [all_of()], MAIL),
    all_of(*32 * [has("NOT A KEY", account_id="x", resource_type="x", resource_id="x")]),
])
def test_many_faults_are_told_of_in_few_words(server, asker, requirement):
    refused = asker.verify("junk", requirement=requirement)
    assert (refused.code, refused.reason) == ("INVALID_ARGUMENT", "FIELD_INVALID")
    assert 1 <= len(refused.faults) < 33
    answer = rest.request(server, "POST", PATH, token=asker.token,
                          json_body={"token": "junk", "requirement": requirement})
    assert len(answer.body) < 8000


@pytest.mark.parametrize("fields", [
    {"requirement": all_of(*126 * [all_of()], MAIL)},
    {"requirement": all_of(all_of(all_of(MAIL)))}, {"requirement": any_of(*32 * [MAIL])},
    {"token": "x" * 16384},
])
def test_up_to_the_limits_it_is_answered(asker, holder, fields):
    asked = {"token": holder["token"], **fields}
    assert asker.reason(**asked) == ("TOKEN_UNKNOWN" if "token" in fields else "")


def test_two_kinds_of_requirement_are_refused_on_rest(server, world):
    answer = rest.request(server, "POST", PATH, token=world.owner,
                          json_body={"token": "x", "requirement": {**MAIL, **all_of()}})
    assert (answer.status, answer.json()["reason"]) == (400, "FIELD_INVALID")


def test_who_may_ask(server, world):
    for capabilities, may in ([], False), (["mailbox.create"], False), (["auth.verify"], True), (
            ["auth.manage"], True), (["account.view"], False):
        one = Asker(server, world.create(*capabilities)["token"])
        told = one.verify("junk")
        one.close()
        if may:
            assert told.reason == "TOKEN_UNKNOWN"
        else:
            assert told == Refusal("PERMISSION_DENIED", "ACCESS_DENIED")


def test_the_account_asked_for(world, asker):
    bearer = world.create()["token"]
    assert asker.reason(bearer, account_id=world.account.upper()) == ""
    assert asker.verify(bearer, account_id=OTHER) == Refusal("PERMISSION_DENIED", "ACCESS_DENIED")
    assert asker.verify(bearer, account_id="me") == Refusal(
        "INVALID_ARGUMENT", "FIELD_INVALID", ("account_id",))


def test_the_askers_own_right_ends_at_once(server, world):
    made = world.create()
    grant = world.grant(made["id"], capability_key="auth.verify")
    one = Asker(server, made["token"])
    assert one.reason(made["token"]) == ""
    world.ungrant(grant)
    assert one.verify(made["token"]) == Refusal("PERMISSION_DENIED", "ACCESS_DENIED")
    world.grant(made["id"], capability_key="auth.verify")
    assert one.reason(made["token"]) == ""
    world.change(made, "revoke")
    assert one.verify(made["token"]) == Refusal("UNAUTHENTICATED", "TOKEN_INVALID")
    one.close()


def test_no_token_is_in_the_log(server, world, asker, holder):
    bad = unknown_tokens(holder["token"])["wrong secret"]
    asker.verify(holder["token"])
    asker.verify(bad)
    log = server.stderr.read_text()
    for secret in (holder["token"], bad, asker.token, world.owner):
        assert secret not in log
