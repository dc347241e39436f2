# SPDX-License-Identifier: Apache-2.0
"""Creating a service account: the answer to the letter, on every surface."""

import datetime
import re
import uuid

import pytest

from harness import rest, token
from harness.surfaces import KEYS, NULLABLE, to_json


def test_holds_the_fourteen_keys_in_order(server, surface):
    first = server.first
    created = surface.create(first["account_id"], "deploy-bot", token=first["token"])
    assert created.code == "OK"
    body = created.body
    assert sorted(body) == sorted(KEYS)
    assert all(body[key] is None for key in NULLABLE)
    assert body["account_id"] == first["account_id"]
    assert uuid.UUID(body["id"]).version == 7
    assert body["name"] == "deploy-bot"
    prefix, public_id, _ = token.parse(body["token"])
    assert (prefix, public_id) == (body["token_prefix"], body["token_public_id"])
    assert prefix == "hbx_sa"
    assert body["token_last4"] == body["token"][-4:]
    assert body["created_at"] == body["updated_at"]
    created_at = datetime.datetime.fromisoformat(body["created_at"][:19])
    age = datetime.datetime.utcnow() - created_at
    assert datetime.timedelta(0) <= age < datetime.timedelta(seconds=60)


def test_token_authenticates_the_next_call(server, surface):
    first = server.first
    body = surface.create(first["account_id"], "next", token=first["token"]).body
    me = surface.self_(token=body["token"])
    assert me.code == "OK"
    assert me.body == {"subject_type": "service_account", "subject_id": body["id"],
                       "account_id": first["account_id"], "expires_at": None,
                       "account_owner": False, "super_admin": False,
                       "capabilities": [], "resource_capabilities": []}


def test_new_account_starts_with_no_authorization(server, surface):
    first = server.first
    body = surface.create(first["account_id"], "powerless", token=first["token"]).body
    for refused in (surface.create(first["account_id"], "x", token=body["token"]),
                    surface.get(first["account_id"], body["id"], token=body["token"])):
        assert (refused.code, refused.reason) == ("PERMISSION_DENIED", "ACCESS_DENIED")


def test_what_was_created_can_be_read(server, surface):
    first = server.first
    body = surface.create(first["account_id"], "readable", token=first["token"]).body
    got = surface.get(first["account_id"], body["id"], token=first["token"])
    del body["token"]
    assert got.body == body


def test_names_need_not_be_unique_and_tokens_are(server, surface):
    first = server.first
    made = [surface.create(first["account_id"], "twin", token=first["token"]).body
            for _ in range(2)]
    for key in ("id", "token", "token_public_id"):
        assert made[0][key] != made[1][key]


def test_upper_case_account_id_is_the_same_account(server, surface):
    first = server.first
    created = surface.create(first["account_id"].upper(), "x", token=first["token"])
    assert created.body["account_id"] == first["account_id"]


@pytest.mark.parametrize("http", rest.HTTP_VERSIONS)
def test_rest_answers_201_with_location_and_no_store(server, http):
    first = server.first
    answer = rest.request(server, "POST", server.accounts_path, token=first["token"],
                          json_body={"name": "located"}, http=http)
    body = answer.json()
    assert answer.status == 201
    assert list(body) == KEYS  # In the documented order, too.
    assert answer.value("cache-control") == "no-store"
    assert re.fullmatch("application/json(; *charset=utf-8)?", answer.value("content-type"))
    location = answer.value("location")
    assert location == f"{server.accounts_path}/{body['id']}"
    read = rest.request(server, "GET", location, token=first["token"], http=http)
    assert read.status == 200
    del body["token"]
    assert read.json() == body
    assert list(read.json()) == [key for key in KEYS if key != "token"]


def test_the_documented_exchange_works_as_written(server):
    answer = rest.request(
        server, "POST", server.accounts_path, token=server.first["token"],
        fields=["Content-Type: application/json"],
        body='{"name": "<string>", "expires_at": "2099-11-07T05:31:56Z"}')
    assert answer.status == 201
    assert answer.json()["name"] == "<string>"
    assert answer.json()["expires_at"] == "2099-11-07T05:31:56Z"


def test_both_surfaces_show_one_store(server, api):
    first = server.first
    by_rest = rest.request(server, "POST", server.accounts_path, token=first["token"],
                           json_body={"name": "one"}).json()
    by_grpc = to_json(api.get(first["account_id"], by_rest["id"],
                              token=first["token"]).message)
    del by_rest["token"]
    assert by_grpc == by_rest


def test_head_answers_like_get_without_the_body(server):
    first = server.first
    path = f"{server.accounts_path}/{first['service_account_id']}"
    get = rest.request(server, "GET", path, token=first["token"])
    head = rest.request(server, "HEAD", path, token=first["token"])
    assert head.status == get.status == 200
    assert head.body == b""
    assert head.value("content-length") == str(len(get.body))


def test_absent_service_account_is_404(server, surface):
    first = server.first
    missing = surface.get(first["account_id"], str(uuid.uuid4()), token=first["token"])
    assert (missing.code, missing.reason) == ("NOT_FOUND", "SERVICE_ACCOUNT_NOT_FOUND")
