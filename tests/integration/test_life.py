# SPDX-License-Identifier: Apache-2.0
"""Listing, changing, rotating and revoking, as clients see it."""

import concurrent.futures
import re
import sqlite3
import time

import pytest

from harness import rest
from harness.api import Api, message
from harness.surfaces import KEYS
from harness.times import when

LISTED = [key for key in KEYS if key != "token"]


def call(server, method, path="", body=None, **options):
    options.setdefault("token", server.first["token"])
    return rest.request(server, method, server.accounts_path + path, json_body=body, **options)


def create(server, name="ci", **more):
    answer = call(server, "POST", body={"name": name, **more})
    assert answer.status == 201, answer.body
    return answer.json()


def works(server, token):
    return rest.request(server, "GET", "/v1/public/auth/self", token=token).status == 200


@pytest.fixture
def made(server):
    return create(server)


# List.

def test_list_is_a_bare_array_of_thirteen_keys_newest_first(server):
    first, second = create(server, "first"), create(server, "second")
    answer = call(server, "GET")
    assert answer.status == 200
    assert [a["id"] for a in answer.json()][:2] == [second["id"], first["id"]]
    for account in answer.json()[:2]:
        assert list(account) == LISTED


def test_revoked_ones_are_listed_only_when_asked_for(server, made):
    call(server, "DELETE", f"/{made['id']}")
    listed = {a["id"] for a in call(server, "GET").json()}
    assert made["id"] not in listed
    everything = {a["id"] for a in call(server, "GET", "?include_revoked=true").json()}
    assert made["id"] in everything


def test_pages_follow_their_links(server):
    names = {create(server, f"page-{i}")["name"] for i in range(5)}
    path, seen, pages = "?name_prefix=page-&page_size=2", [], 0
    while path is not None:
        answer = call(server, "GET", path)
        assert answer.status == 200, answer.body
        seen += [a["name"] for a in answer.json()]
        pages += 1
        link = answer.value("link")
        path = None
        if link is not None:
            target = re.fullmatch(r'<([^>]+)>; rel="next"', link)[1]
            assert target.startswith(server.accounts_path + "?")
            path = target.removeprefix(server.accounts_path)
    assert len(seen) == len(names) == len(set(seen)) and set(seen) == names
    assert pages == 3


def test_pages_over_grpc(server, api):
    for i in range(3):
        create(server, f"grpc-page-{i}")
    token, seen = "", []
    while True:
        reply = api.call("signet.v1.ServiceAccounts/ListServiceAccounts",
                         message("signet.v1.ListServiceAccountsRequest",
                                 account_id=server.first["account_id"],
                                 name_prefix="grpc-page-", page_size=1, page_token=token),
                         "signet.v1.ListServiceAccountsResponse", token=server.first["token"])
        assert reply.code.name == "OK", reply.text
        seen += [a.name for a in reply.message.service_accounts]
        token = reply.message.next_page_token
        if not token:
            break
    assert seen == ["grpc-page-2", "grpc-page-1", "grpc-page-0"]


@pytest.mark.parametrize("query, field", [
    ("page_size=0x", "page_size"), ("page_size=1001", "page_size"), ("page_token=x", "page_token"),
    ("order_by=size", "order_by"), ("state=odd", "state"), ("expires_before=soon",
                                                             "expires_before"),
    ("include_revoked=perhaps", "include_revoked")])
def test_faults_of_a_listing_are_named(server, query, field):
    answer = call(server, "GET", "?" + query)
    assert answer.status == 400
    assert [e["field"] for e in answer.json()["errors"]] == [field]


def test_a_handle_finds_its_owner(server, made):
    path = server.accounts_path.replace("service-accounts", "tokens")
    answer = rest.request(server, "GET", f"{path}/{made['token_public_id']}",
                          token=server.first["token"])
    assert answer.status == 200
    assert answer.json()["id"] == made["id"]


# Update.

def test_update_changes_the_fields_present(server, made):
    answer = call(server, "PATCH", f"/{made['id']}",
                  {"name": "renamed", "labels": {"team": "edge"}, "description": "why"})
    assert answer.status == 200, answer.body
    body = answer.json()
    assert body["name"] == "renamed"
    assert body["labels"] == {"team": "edge"}
    assert body["description"] == "why"
    assert body["updated_at"] > made["updated_at"]
    assert body["token_public_id"] == made["token_public_id"]


def test_update_with_a_mask_changes_only_what_it_names(server, made):
    answer = call(server, "PATCH", f"/{made['id']}?update_mask=name",
                  {"name": "masked", "description": "ignored"})
    assert answer.status == 200, answer.body
    assert answer.json()["name"] == "masked"
    assert "description" not in answer.json()
    answer = call(server, "PATCH", f"/{made['id']}?update_mask=token_prefix", {"name": "x"})
    assert answer.status == 400


def test_a_star_as_mask_replaces_everything(server, api):
    made = create(server, expires_at="2100-01-01T00:00:00Z", description="old",
                  labels={"team": "edge"})
    answer = call(server, "PATCH", f"/{made['id']}?update_mask=*", {"name": "new"})
    assert answer.status == 200, answer.body
    body = answer.json()
    assert list(body) == LISTED  # The rest is at its defaults.
    assert (body["name"], body["expires_at"]) == ("new", None)
    assert works(server, made["token"])
    answer = call(server, "PATCH", f"/{made['id']}?update_mask=*", {"description": "x"})
    assert [e["field"] for e in answer.json()["errors"]] == ["name"]
    for mask in ("*,name", "name,*", "**"):
        assert call(server, "PATCH", f"/{made['id']}?update_mask={mask}",
                    {"name": "x"}).status == 400

    request = message("signet.v1.UpdateServiceAccountRequest")
    request.service_account.account_id = server.first["account_id"]
    request.service_account.id = made["id"]
    request.service_account.name = "newer"
    request.service_account.labels["a"] = "b"
    for paths, code in ((["*"], "OK"), (["*", "name"], "INVALID_ARGUMENT")):
        request.update_mask.paths[:] = paths
        reply = api.call("signet.v1.ServiceAccounts/UpdateServiceAccount", request,
                         "signet.v1.ServiceAccount", token=server.first["token"])
        assert reply.code.name == code
        if code == "OK":
            assert dict(reply.message.labels) == {"a": "b"}


def test_a_star_switches_nothing_on_or_off(server, api):
    made = create(server)
    answer = call(server, "PATCH", f"/{made['id']}?update_mask=*",
                  {"name": "on", "enabled": False})
    assert "enabled" not in answer.json() and works(server, made["token"])
    call(server, "PATCH", f"/{made['id']}", {"enabled": False})
    for body in ({"name": "off"}, {"name": "off", "enabled": True}):
        answer = call(server, "PATCH", f"/{made['id']}?update_mask=*", body)
        assert answer.status == 200 and answer.json()["enabled"] is False
    request = message("signet.v1.UpdateServiceAccountRequest")
    request.service_account.account_id = server.first["account_id"]
    request.service_account.id = made["id"]
    request.service_account.name = "still off"
    request.service_account.enabled = True
    request.update_mask.paths[:] = ["*"]
    reply = api.call("signet.v1.ServiceAccounts/UpdateServiceAccount", request,
                     "signet.v1.ServiceAccount", token=server.first["token"])
    assert reply.code.name == "OK" and reply.message.enabled is False
    assert not works(server, made["token"])


def test_null_takes_the_expiry_away(server):
    made = create(server, expires_at="2100-01-01T00:00:00Z")
    answer = call(server, "PATCH", f"/{made['id']}", {"expires_at": None})
    assert answer.status == 200
    assert answer.json()["expires_at"] is None


def test_a_disabled_token_fails_as_a_revoked_one(server, made):
    revoked = create(server)
    call(server, "DELETE", f"/{revoked['id']}")
    assert call(server, "PATCH", f"/{made['id']}", {"enabled": False}).json()["enabled"] is False
    ask = lambda token: rest.request(server, "GET", "/v1/public/auth/self", token=token)
    assert ask(made["token"]).comparable() == ask(revoked["token"]).comparable()
    assert call(server, "PATCH", f"/{made['id']}", {"enabled": True}).status == 200
    assert works(server, made["token"])


def test_disabled_and_expired_is_disabled_in_lists_and_in_verification(server, world, asker):
    made = world.create(expires_at=when(3))
    answer = rest.request(server, "PATCH", f"{server.accounts_path}/{made['id']}",
                          token=server.first["token"], json_body={"enabled": False})
    assert answer.status == 200
    time.sleep(3)
    assert asker.verify(made["token"]).reason == "TOKEN_DISABLED"
    for state, found in (("disabled", True), ("expired", False)):
        listed = rest.request(server, "GET", f"{server.accounts_path}?state={state}",
                              token=server.first["token"]).json()
        assert (made["id"] in [one["id"] for one in listed]) == found


def test_if_match_guards_an_update(server, made):
    etag = call(server, "GET", f"/{made['id']}").value("etag")
    assert re.fullmatch(r'"[!-~]+"', etag)
    changed = call(server, "PATCH", f"/{made['id']}", {"name": "a"}, fields=[f"If-Match: {etag}"])
    assert changed.status == 200
    assert changed.value("etag") != etag
    answer = call(server, "PATCH", f"/{made['id']}", {"name": "b"}, fields=[f"If-Match: {etag}"])
    assert (answer.status, answer.json()["code"]) == (412, "ABORTED")
    assert answer.json()["reason"] == "ETAG_MISMATCH"


CHANGES = {
    "update": ("PATCH", "", {"name": "b"}),
    "rotate": ("POST", "/rotate", {}),
    "revoke": ("POST", "/revoke", {}),
    "delete": ("DELETE", "", None),
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_obeys_if_match(server, made, change):
    method, path, body = CHANGES[change]
    path = f"/{made['id']}{path}"
    old = call(server, "GET", f"/{made['id']}").value("etag")
    current = call(server, "PATCH", f"/{made['id']}", {"name": "a"}).value("etag")
    for stale in (old, f"W/{current}", f'{old}, W/{current}, "x"', '"1,2"', '"*"'):
        answer = call(server, method, path, body, fields=[f"If-Match: {stale}"])
        assert (answer.status, answer.json()["reason"]) == (412, "ETAG_MISMATCH"), stale
        assert works(server, made["token"])
        assert call(server, "GET", f"/{made['id']}").value("etag") == current
    malformed = call(server, method, path, body, fields=["If-Match: 7"])
    assert (malformed.status, malformed.json()["errors"][0]["field"]) == (400, "If-Match")
    good = {"update": [f"If-Match: {old}", f"If-Match: {current}"], "rotate": ["If-Match: *"],
            "revoke": [f"If-Match: {current}"], "delete": [f'If-Match: "x", {current}']}[change]
    assert call(server, method, path, body, fields=good).status == 200
    assert works(server, made["token"]) == (change == "update")


def test_the_etag_guards_changes_over_grpc(server, made):
    answers = {"Rotate": "signet.v1.IssuedServiceAccount", "Revoke": "signet.v1.ServiceAccount"}
    with Api(server) as api:
        def ask(verb, etag):
            request = message(f"signet.v1.{verb}ServiceAccountRequest", etag=etag,
                              account_id=made["account_id"], service_account_id=made["id"])
            return api.call(f"signet.v1.ServiceAccounts/{verb}ServiceAccount", request,
                            answers[verb], token=server.first["token"])

        for verb in answers:
            for stale in ("0", '"0", W/"1"'):
                refused = ask(verb, stale)
                assert (refused.code.name, refused.reason) == ("ABORTED", "ETAG_MISMATCH")
            assert works(server, made["token"])
        assert ask("Revoke", "*").code.name == "OK"
    assert not works(server, made["token"])


def test_a_repeated_rotation_is_not_asked_for_its_etag_again(server, made):
    etag = call(server, "GET", f"/{made['id']}").value("etag")
    path, fields = f"/{made['id']}/rotate", [f"If-Match: {etag}", "Idempotency-Key: same"]
    first = call(server, "POST", path, {}, fields=fields)
    again = call(server, "POST", path, {}, fields=fields)
    assert first.status == again.status == 200
    assert first.json()["token"] == again.json()["token"]
    other = call(server, "POST", path, {}, fields=["If-Match: *", "Idempotency-Key: same"])
    assert (other.status, other.json()["reason"]) == (422, "IDEMPOTENCY_KEY_REUSED")


@pytest.mark.parametrize("http", rest.HTTP_VERSIONS)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_if_match_guards_a_read(server, made, method, http):
    path = f"{server.accounts_path}/{made['id']}"
    owner = {"token": server.first["token"], "http": http}
    etag = rest.request(server, method, path, **owner).value("etag")
    for value, status in ((etag, 200), ("*", 200), ('"x"', 412), (f"W/{etag}", 412)):
        answer = rest.request(server, method, path, **owner, fields=[f"If-Match: {value}"])
        assert answer.status == status, value
    # To curl, "Name;" is a field without a value.
    for field in ("If-Match;", "If-Match: x", f"If-Match: {etag} x", f"If-Match: w/{etag}"):
        answer = rest.request(server, method, path, **owner, fields=[field])
        assert answer.status == 400, field
        if method == "GET":
            body = answer.json()
            assert (body["reason"], body["errors"][0]["field"]) == ("FIELD_INVALID", "If-Match")


@pytest.mark.parametrize("http", rest.HTTP_VERSIONS)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_if_none_match_saves_a_read_of_what_is_known(server, made, method, http):
    path = f"{server.accounts_path}/{made['id']}"
    owner = {"token": server.first["token"], "http": http}
    etag = rest.request(server, method, path, **owner).value("etag")
    for value in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        answer = rest.request(server, method, path, **owner, fields=[f"If-None-Match: {value}"])
        assert (answer.status, answer.body, answer.value("etag")) == (304, b"", etag), value
        assert answer.value("cache-control") == "no-store"
    for value in ('"other"', etag.strip('"'), '""'):
        answer = rest.request(server, method, path, **owner, fields=[f"If-None-Match: {value}"])
        assert answer.status == 200, value
    answer = rest.request(server, method, path, http=http, fields=["If-None-Match: *"])
    assert answer.status == 401


# Rotate.

def test_rotation_answers_fourteen_keys_and_no_store(server, made):
    answer = call(server, "POST", f"/{made['id']}/rotate")
    assert answer.status == 200
    assert list(answer.json()) == KEYS
    assert answer.value("cache-control") == "no-store"
    assert answer.json()["id"] == made["id"]
    assert works(server, answer.json()["token"])
    assert not works(server, made["token"])


def test_an_overlap_ends_by_itself(server, made):
    rotated = call(server, "POST", f"/{made['id']}/rotate", {"overlap": "1.5s"}).json()
    assert works(server, made["token"])
    time.sleep(1.6)
    assert not works(server, made["token"])
    assert works(server, rotated["token"])


# Revoke.

def test_revoking_is_idempotent_and_final(server, made):
    first = call(server, "POST", f"/{made['id']}/revoke",
                 {"reason": "superseded", "comment": "replaced by x"})
    assert first.status == 200
    assert first.json()["revoked_at"] is not None
    assert not works(server, made["token"])
    again = call(server, "DELETE", f"/{made['id']}")
    assert again.json() == first.json()
    for method, path in (("PATCH", f"/{made['id']}"), ("POST", f"/{made['id']}/rotate")):
        body = {"name": "x"} if method == "PATCH" else None
        answer = call(server, method, path, body)
        assert (answer.status, answer.json()["reason"]) == (409, "SERVICE_ACCOUNT_REVOKED")
        assert answer.json()["detail"] == (
            "the service account is revoked for ever; create another one and grant that one "
            "what it needs")


def test_batch_revocation_shows_first_and_then_does(server):
    tokens = [create(server, f"batch-{i}")["token"] for i in range(3)]
    path = "/batch-revoke"
    dry = call(server, "POST", path, {"name_prefix": "batch-", "dry_run": True}).json()
    assert len(dry["service_accounts"]) == 3
    assert all(works(server, token) for token in tokens)
    done = call(server, "POST", path, {"name_prefix": "batch-"}).json()
    assert len(done["service_accounts"]) == 3
    assert (done["more"], done["not_covered"]) == (False, 0)
    assert not any(works(server, token) for token in tokens)


def test_batch_revocation_goes_on_behind_its_page_token(server, api):
    made = [create(server, f"paged-{i}") for i in range(105)]
    ids = {account["id"] for account in made}

    def on_rest(**body):
        return call(server, "POST", "/batch-revoke", {"name_prefix": "paged-", **body}).json()

    def on_grpc(**fields):
        return api.call("signet.v1.ServiceAccounts/BatchRevokeServiceAccounts",
                        message("signet.v1.BatchRevokeServiceAccountsRequest",
                                account_id=server.first["account_id"], name_prefix="paged-",
                                **fields),
                        "signet.v1.BatchRevokeServiceAccountsResponse",
                        token=server.first["token"])

    first = on_rest(dry_run=True)
    assert (len(first["service_accounts"]), first["more"]) == (100, True)
    second = on_grpc(dry_run=True, page_token=first["next_page_token"]).message
    assert (len(second.service_accounts), second.more, second.next_page_token) == (5, False, "")
    shown = {account["id"] for account in first["service_accounts"]}
    assert shown | {account.id for account in second.service_accounts} == ids

    other = {"name_prefix": "page", "page_token": first["next_page_token"]}
    refused = call(server, "POST", "/batch-revoke", other)
    assert refused.status == 400
    assert [fault["field"] for fault in refused.json()["errors"]] == ["page_token"]
    reply = on_grpc(page_token="nonsense")
    assert (reply.code.name, [field for field, _ in reply.violations]) == (
        "INVALID_ARGUMENT", ["page_token"])

    done = on_grpc().message
    assert (len(done.service_accounts), done.more) == (100, True)
    rest = on_rest(page_token=done.next_page_token)
    assert (len(rest["service_accounts"]), rest["more"]) == (5, False)
    assert not rest.get("next_page_token")
    assert not any(works(server, account["token"]) for account in made)


# Retries.

KEYED = ["Idempotency-Key: 7d2c1f0e-0b5c-4a57-9d0c-2f4a6d1f3b11"]


def test_fifty_duplicates_at_once_make_one(server):
    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(
            lambda _: call(server, "POST", body={"name": "once"}, fields=KEYED), range(50)))
    assert {a.status for a in answers} == {201}
    assert len({a.body for a in answers}) == 1
    assert len([a for a in call(server, "GET").json() if a["name"] == "once"]) == 1
    other = call(server, "POST", body={"name": "twice"}, fields=KEYED)
    assert (other.status, other.json()["reason"]) == (422, "IDEMPOTENCY_KEY_REUSED")


def test_a_repetition_survives_a_restart_and_the_files_hold_no_token(start):
    server = start()
    first = call(server, "POST", body={"name": "kept"}, fields=KEYED)
    assert server.stop() == 0
    server.start()
    again = call(server, "POST", body={"name": "kept"}, fields=KEYED)
    assert again.body == first.body
    server.stop()
    token = first.json()["token"]
    secret = token[-49:-6]
    for file in server.data.rglob("*"):
        if file.is_file():
            assert secret.encode() not in file.read_bytes(), file.name


def test_rotations_repeat_too(server, api, made):
    request = message("signet.v1.RotateServiceAccountRequest",
                      account_id=server.first["account_id"], service_account_id=made["id"],
                      request_id="rotation-1")
    tokens = {api.call("signet.v1.ServiceAccounts/RotateServiceAccount", request,
                       "signet.v1.IssuedServiceAccount",
                       token=server.first["token"]).message.token for _ in range(3)}
    assert len(tokens) == 1
    assert works(server, tokens.pop())


# Authorizations.

def test_grants_have_the_documented_shape(server, made):
    path = server.accounts_path.replace("service-accounts", "authorizations")
    answer = rest.request(server, "POST", path, token=server.first["token"],
                          json_body={"grant_kind": "capability",
                                     "subject_type": "service_account",
                                     "subject_id": made["id"],
                                     "capability_key": "mailbox.create",
                                     "resource_type": "domain", "resource_id": None})
    assert answer.status == 201, answer.body
    grant = answer.json()
    assert list(grant) == ["id", "grant_kind", "subject_type", "subject_id", "capability_key",
                           "resource_type", "resource_id", "created_at", "revoked_at"]
    listed = rest.request(server, "GET", f"{path}?subject_id={made['id']}",
                          token=server.first["token"]).json()
    assert listed == [grant]
    held = rest.request(server, "GET", "/v1/public/auth/self", token=made["token"]).json()
    assert held["resource_capabilities"] == [
        {"capability_key": "mailbox.create", "resource_type": "domain", "resource_id": None}]
    revoked = rest.request(server, "DELETE", f"{path}/{grant['id']}",
                           token=server.first["token"])
    assert revoked.status == 200 and revoked.json()["revoked_at"] is not None
    assert rest.request(server, "GET", f"{path}?subject_id={made['id']}",
                        token=server.first["token"]).json() == []


def test_the_last_owner_stays(server):
    path = server.accounts_path.replace("service-accounts", "authorizations")
    owners = rest.request(server, "GET", f"{path}?grant_kind=account_owner",
                          token=server.first["token"]).json()
    assert len(owners) == 1
    answer = rest.request(server, "DELETE", f"{path}/{owners[0]['id']}",
                          token=server.first["token"])
    assert (answer.status, answer.json()["reason"]) == (409, "LAST_OWNER")


def test_the_database_stays_sound(server):
    database = sqlite3.connect(f"file:{server.data / 'signet.db'}?mode=ro", uri=True)
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert database.execute("PRAGMA foreign_key_check").fetchall() == []
    database.close()
