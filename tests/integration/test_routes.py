# SPDX-License-Identifier: Apache-2.0
"""Paths, methods, queries, and the request id."""

import pytest

from harness import rest


def get(server, path, **options):
    return rest.request(server, "GET", path, token=server.first["token"], **options)


def test_wrong_method_names_the_right_ones(server):
    answer = rest.request(server, "DELETE", server.accounts_path,
                          token=server.first["token"])
    assert answer.status == 405
    assert answer.value("allow") == "GET, HEAD, POST"
    assert answer.json()["code"] == "UNIMPLEMENTED"
    answer = rest.request(server, "POST", "/v1/public/auth/self",
                          token=server.first["token"])
    assert answer.value("allow") == "GET, HEAD"


@pytest.mark.parametrize("change", [
    lambda path: path + "/", lambda path: path.replace("/auth", "//auth"),
    lambda path: path.replace("/auth", "/./auth"),
    lambda path: path.replace("/auth", "/x/../auth"),
    lambda path: path.replace("/auth", "%2Fauth"),
    lambda path: path.replace("/auth", "/%61uth"),
    lambda path: path.replace("/v1", "/V1")],
    ids=["trailing slash", "double slash", "dot", "dot dot", "encoded slash",
         "encoded letter", "upper case"])
def test_other_spellings_are_other_paths(server, change):
    path = f"{server.accounts_path}/{server.first['service_account_id']}"
    assert get(server, path).status == 200
    answer = get(server, change(path))
    assert answer.status == 404
    assert answer.value("location") is None


def test_unknown_query_parameter_is_400(server):
    path = f"{server.accounts_path}/{server.first['service_account_id']}"
    assert get(server, path + "?").status == 200
    answer = get(server, path + "?colour=red")
    assert answer.status == 400
    assert [e["field"] for e in answer.json()["errors"]] == ["colour"]


def test_spoofed_fields_change_nothing(server):
    fields = ["X-Forwarded-For: 6.6.6.6", "X-Forwarded-Host: evil", "Forwarded: for=6.6.6.6",
              "grpc-metadata-authorization: Bearer x", "x-signet-principal: user:root",
              "signet-call-scope: admit"]
    answer = rest.request(server, "POST", server.accounts_path,
                          token=server.first["token"], json_body={"name": "x"}, fields=fields)
    assert answer.status == 201
    assert "6.6.6.6" not in server.stderr.read_text()


@pytest.mark.parametrize("sent", ["a", "A-Za-z0-9._-", "x" * 64])
def test_good_request_id_is_kept(server, api, sent):
    answer = get(server, "/v1/public/auth/self", fields=[f"X-Request-Id: {sent}"])
    assert answer.value("x-request-id") == sent
    reply = api.self_(token=server.first["token"], metadata=[("x-request-id", sent)])
    assert reply.metadata["x-request-id"] == sent


@pytest.mark.parametrize("sent", ["x" * 65, "a b", 'a"b', "a/b"])
def test_bad_request_id_is_replaced(server, api, sent):
    answer = get(server, "/v1/public/auth/self", fields=[f"X-Request-Id: {sent}"])
    assert answer.status == 200
    assert answer.value("x-request-id") not in (None, sent)
    reply = api.self_(token=server.first["token"], metadata=[("x-request-id", sent)])
    assert reply.metadata["x-request-id"] not in ("", sent)


def test_request_id_is_in_the_problem(server):
    answer = rest.request(server, "GET", "/v1/public/auth/self",
                          fields=["X-Request-Id: mine"])
    assert answer.json()["request_id"] == answer.value("x-request-id") == "mine"
