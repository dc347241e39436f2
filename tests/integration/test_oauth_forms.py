# SPDX-License-Identifier: Apache-2.0
"""RFC 7662 introspection and RFC 7009 revocation, as forms."""

import base64
import time

import pytest
from harness import rest, token as token_text
from harness.events import denials

INTROSPECT, REVOKE = "/oauth2/introspect", "/oauth2/revoke"


def works(server, token):
    return rest.request(server, "GET", "/v1/public/auth/self", token=token).status == 200


def test_an_active_token(world):
    until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(4_000_000_000))
    made = world.create("mailbox.create", "billing.view", expires_at=until)
    answer = world.form(INTROSPECT, made["token"], token=world.owner, token_type_hint="x", more="y")
    assert answer.status == 200
    assert answer.value("content-type") == "application/json"
    assert answer.value("cache-control") == "no-store"
    told = answer.json()
    assert abs(told.pop("iat") - time.time()) < 60
    assert told == {
        "active": True, "scope": "billing.view mailbox.create", "client_id": made["id"],
        "token_type": "Bearer", "exp": 4_000_000_000, "sub": made["id"],
        "jti": made["token_public_id"], "subject_type": "service_account",
        "account_id": world.account}


def test_what_has_no_value_is_not_there(world):
    assert {"exp", "scope"}.isdisjoint(
        world.form(INTROSPECT, world.create()["token"], token=world.owner).json())


def test_of_an_inactive_token_nothing_is_said(world):
    revoked, disabled = world.create(), world.create()
    world.change(revoked, "revoke")
    world.change(disabled, "update", {"enabled": False})
    for text in ("junk", token_text.INVENTED, revoked["token"], disabled["token"], "a.b.c"):
        answer = world.form(INTROSPECT, text, token=world.owner)
        assert (answer.status, answer.body) == (200, b'{"active":false}')


def test_who_may_introspect(world):
    assert world.form(INTROSPECT, "junk").status == 401
    assert world.form(INTROSPECT, "junk", token="junk").status == 401
    assert world.form(INTROSPECT, "junk", token=world.create()["token"]).status == 403
    assert world.form(INTROSPECT, "junk", token=world.create("auth.verify")["token"]).status == 200


@pytest.mark.parametrize("path", [INTROSPECT, REVOKE])
def test_the_askers_token_may_be_a_clients_password(world, path):
    def ask(secret):
        pair = base64.b64encode(f"client:{secret}".encode()).decode()
        return rest.request(world.server, "POST", path, body="token=junk", fields=[
            f"Authorization: Basic {pair}", "Content-Type: application/x-www-form-urlencoded"])

    assert ask(world.create("auth.verify")["token"]).status == 200
    refused = ask("junk")
    assert (refused.status, refused.json()["error"]) == (401, "invalid_client")
    assert refused.value("content-type") == "application/json"
    assert refused.values("www-authenticate") == [
        'Bearer realm="signet", error="invalid_token"', 'Basic realm="signet"']


@pytest.mark.parametrize("path", [INTROSPECT, REVOKE])
def test_a_clients_id_is_compared_where_it_may_be_a_service_accounts(world, path):
    asker, other = world.create("auth.verify"), world.create("auth.verify")

    def ask(client, text="token=junk"):
        pair = base64.b64encode(f"{client}:{asker['token']}".encode()).decode()
        return rest.request(world.server, "POST", path, body=text, fields=[
            f"Authorization: Basic {pair}", "Content-Type: application/x-www-form-urlencoded"])

    for own in (asker["id"], asker["id"].upper(), asker["id"].replace("-", "%2D"), "api", ""):
        assert ask(own).status == 200, own
    for wrong in (other["id"], world.account, "00000000-0000-0000-0000-000000000000"):
        for text in ("token=junk", "no=token"):  # A credential that is not good ranks first.
            answer = ask(wrong, text)
            assert (answer.status, answer.json()["error"]) == (401, "invalid_client"), wrong
            assert answer.json()["reason"] == "TOKEN_INVALID"


def test_elsewhere_a_password_is_no_credential(server, world):
    pair = base64.b64encode(f"client:{world.owner}".encode()).decode()
    answer = rest.request(server, "GET", "/v1/public/auth/self",
                          fields=[f"Authorization: Basic {pair}"])
    assert (answer.status, answer.json()["reason"]) == (401, "CREDENTIAL_MISSING")
    assert answer.values("www-authenticate") == ['Bearer realm="signet"']
    assert answer.json()["detail"] == "authorization: got another scheme, want Bearer TOKEN"


@pytest.mark.parametrize("path", [INTROSPECT, REVOKE])
@pytest.mark.parametrize("fields", [(), ("Authorization: Token x",)])
def test_a_secret_in_the_body_is_no_credential(server, world, path, fields):
    answer = rest.request(server, "POST", path, fields=[
        *fields, "Content-Type: application/x-www-form-urlencoded"],
        body=f"token=junk&client_id=api&client_secret={world.owner}")
    assert (answer.status, answer.json()["reason"]) == (401, "CREDENTIAL_MISSING")
    assert answer.json()["detail"] == (
        "authorization: want Bearer TOKEN, or Basic with the token as password; "
        "client_secret in the body is not read")


@pytest.mark.parametrize("path", [INTROSPECT, REVOKE])
def test_another_media_type(server, world, path):
    answer = rest.request(server, "POST", path, token=world.owner, json_body={"token": "x"})
    assert (answer.status, answer.json()["error"]) == (415, "invalid_request")


@pytest.mark.parametrize("path", [INTROSPECT, REVOKE])
def test_without_a_token(world, path):
    answer = world.form(path, "", token=world.owner)
    assert (answer.status, answer.json()["error"]) == (400, "invalid_request")


def test_revokes_anothers_token_and_leaves_an_event(server, world):
    made, manager = world.create(), world.create("auth.manage")
    answer = world.form(REVOKE, made["token"], token=manager["token"])
    assert (answer.status, answer.json()) == (200, {})
    assert not works(server, made["token"]) and works(server, manager["token"])
    events = world.call("GET", server.accounts_path.replace("service-accounts", "audit-events"))
    assert made["id"] in str(events) and "service_account.revoke_token" in str(events)


def test_revokes_its_own_token_without_any_right(server, world):
    made = world.create()
    assert world.form(REVOKE, made["token"], token=made["token"]).status == 200
    assert not works(server, made["token"])


def test_without_the_right_the_token_lives_on_and_nothing_tells(server, world):
    made, stranger = world.create(), world.create("auth.verify")
    mine = world.form(REVOKE, made["token"], token=stranger["token"])
    assert works(server, made["token"])
    for text in ("junk", token_text.INVENTED):
        assert world.form(REVOKE, text, token=stranger["token"]).comparable() == mine.comparable()
    assert mine.status == 200
    events = denials(server, f"&resource_id={made['id']}")
    assert [(e["action"], e["actor"]) for e in events] == [
        ("service_account.revoke_token", f"service_account:{stranger['id']}")]


def in_two_seconds():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 2))


@pytest.mark.parametrize("kill,revive", [
    (lambda: {"enabled": False}, {"enabled": True}),
    (lambda: {"expires_at": in_two_seconds()}, {"expires_at": None})])
def test_what_could_live_again_is_ended_too(server, world, kill, revive):
    made = world.create()
    world.change(made, "update", kill())
    end = time.time() + 10
    while works(server, made["token"]) and time.time() < end:
        time.sleep(0.05)
    assert world.form(REVOKE, made["token"], token=world.owner).status == 200
    revived = rest.request(server, "PATCH", f"{server.accounts_path}/{made['id']}",
                           token=world.owner, json_body=revive)
    assert revived.status == 409
    assert not works(server, made["token"])


def test_an_oauth_token_is_its_issuers_to_revoke(world):
    answer = world.form(REVOKE, "a.b.c", token=world.owner)
    assert (answer.status, answer.json()["error"]) == (400, "unsupported_token_type")


def test_a_replaced_token_ends_alone_in_its_overlap(server, world):
    made = world.create()
    fresh = world.change(made, "rotate", {"overlap": "60s"})["token"]
    assert works(server, made["token"])
    assert world.form(REVOKE, made["token"], token=world.owner).status == 200
    assert not works(server, made["token"]) and works(server, fresh)


def test_no_token_is_in_the_log(server, world):
    made = world.create()
    world.form(INTROSPECT, made["token"], token=world.owner)
    world.form(REVOKE, made["token"], token=world.owner)
    log = server.stderr.read_text()
    assert made["token"] not in log and world.owner not in log
