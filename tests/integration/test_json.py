# SPDX-License-Identifier: Apache-2.0
"""Request bodies are strict JSON (RFC 8259): an error, never a guess."""

import gzip

import pytest

from harness import rest

MALFORMED = {
    "white space": b" \n",
    "cut short": b'{"name": "x"',
    "trailing bytes": b'{"name": "x"} x',
    "two documents": b'{"name": "x"}{"name": "y"}',
    "duplicate key": b'{"name": "x", "name": "y"}',
    "duplicate key by escape": b'{"name": "x", "n\\u0061me": "y"}',
    "single quotes": b"{'name': 'x'}",
    "bare key": b'{name: "x"}',
    "trailing comma": b'{"name": "x",}',
    "comment": b'{"name": "x"} // c',
    "block comment": b'{/* c */"name": "x"}',
    "byte order mark": b'\xef\xbb\xbf{"name": "x"}',
    "invalid UTF-8": b'{"name": "\xff"}',
    "overlong UTF-8": b'{"name": "\xc0\xaf"}',
    "surrogate in UTF-8": b'{"name": "\xed\xa0\x80"}',
    "lone high surrogate": b'{"name": "\\ud800"}',
    "lone low surrogate": b'{"name": "\\udc00x"}',
    "raw control": b'{"name": "a\tb"}',
    "raw NUL": b'{"name": "a\x00b"}',
    "unknown escape": b'{"name": "\\q"}',
    "NaN": b'{"name": "x", "expires_at": NaN}',
    "huge number": b'{"name": "x", "expires_at": 1e999}',
    "leading zero": b'{"name": "x", "expires_at": 012}',
    "UTF-16": '{"name": "x"}'.encode("utf-16"),
}

WRONG_SHAPE = {  # Sound JSON, but not what is asked for -> the field at fault.
    "array": (b"[]", None),
    "string": (b'"name"', None),
    "null": (b"null", None),
    "unknown key": (b'{"name": "x", "colour": "red"}', "colour"),
    "camel case": (b'{"name": "x", "expiresAt": null}', "expiresAt"),
    "output-only key": (b'{"name": "x", "created_by_user_id": null}', "created_by_user_id"),
    "token of one's own": (b'{"name": "x", "token": "y"}', "token"),
    "account in the body": (b'{"name": "x", "account_id": "y"}', "account_id"),
    "name is a number": (b'{"name": 1}', "name"),
    "name is null": (b'{"name": null}', "name"),
    "name is a list": (b'{"name": ["x"]}', "name"),
    "NUL in the name": (b'{"name": "a\\u0000b"}', "name"),
}


def post(server, body, fields=("Content-Type: application/json",), **options):
    return rest.request(server, "POST", server.accounts_path,
                        token=server.first["token"], body=body, fields=fields, **options)


def refusal(answer, status):
    """The problem document of a refusal that is in order."""
    assert answer.status == status
    assert answer.value("content-type") == "application/problem+json"
    problem = answer.json()
    assert set(problem) >= {"type", "title", "status", "detail", "code", "reason",
                            "request_id"}
    assert problem["request_id"] == answer.value("x-request-id")
    return problem


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
def test_malformed(server, body):
    assert refusal(post(server, body), 400)["reason"] == "JSON_MALFORMED"


@pytest.mark.parametrize("body, field", WRONG_SHAPE.values(), ids=WRONG_SHAPE)
def test_wrong_shape(server, body, field):
    problem = refusal(post(server, body), 400)
    assert problem["code"] == "INVALID_ARGUMENT"
    if field is not None:
        assert [e["field"] for e in problem["errors"]] == [field]


def test_escapes_are_read(server):
    answer = post(server, b'{"n\\u0061me": "\\u00e9\\ud83d\\udd11\\/"}')
    assert answer.json()["name"] == "\u00e9\U0001f511/"


@pytest.mark.parametrize("depth, reason", [(32, "FIELD_INVALID"), (33, "JSON_TOO_DEEP"),
                                           (20_000, "JSON_TOO_DEEP")])
def test_nesting(server, depth, reason):
    lists = depth - 1  # The object is level 1.
    body = b'{"name": ' + b"[" * lists + b"]" * lists + b"}"
    assert refusal(post(server, body), 400)["reason"] == reason


@pytest.mark.parametrize("http", rest.HTTP_VERSIONS)
def test_body_size(server, http):
    start = b'{"name": "x"'
    fits = start + b" " * (64 * 1024 - len(start) - 1) + b"}"
    assert post(server, fits, http=http).status == 201
    assert refusal(post(server, fits + b" ", http=http), 413)["code"] == "INVALID_ARGUMENT"


@pytest.mark.parametrize("fields", [
    (), ("Content-Type: text/plain",), ("Content-Type: application/x-www-form-urlencoded",),
    ("Content-Type: application/json; charset=latin1",),
    ("Content-Type: application/problem+json",)], ids=str)
def test_other_media_types(server, fields):
    assert refusal(post(server, b'{"name": "x"}', fields), 415)["code"] == "INVALID_ARGUMENT"


@pytest.mark.parametrize("fields, got", [
    ((), "got none, "),
    (("Content-Type: application/x-www-form-urlencoded",),
     "got application/x-www-form-urlencoded, ")])
def test_a_missing_or_a_forms_media_type_is_named(server, fields, got):
    assert refusal(post(server, b'{"name": "x"}', fields), 415)["detail"] == (
        f"Content-Type: {got}want application/json; "
        "with curl: -H 'Content-Type: application/json'")


def test_another_media_type_is_not_repeated(server):
    assert refusal(post(server, b"{}", ("Content-Type: text/secret",)), 415)["detail"] == (
        "Content-Type: want application/json in UTF-8, once")


def test_single_quotes_are_named(server):
    assert refusal(post(server, b"{'name': 'x'}"), 400)["detail"] == (
        "JSON near byte 2: got a single quote, want member names and strings in double quotes")


def told(server, method, path, **options):
    answer = rest.request(server, method, path, token=server.first["token"], **options)
    assert answer.status == 400
    return [(error["field"], error["detail"]) for error in answer.json()["errors"]]


def test_an_update_names_what_the_client_sent(server):
    assert told(server, "PATCH", f"{server.accounts_path}/foo", json_body={"name": "x"}) == [
        ("service_account_id", "want a UUID, 8-4-4-4-12")]
    made = post(server, b'{"name": "x"}').json()
    assert told(server, "PATCH", f"{server.accounts_path}/{made['id']}", json_body=[]) == [
        ("(body)", "got an array, want an object")]


def test_a_page_size_is_bounded(server):
    for value in ("abc", "01", "99999999999"):
        assert told(server, "GET", f"{server.accounts_path}?page_size={value}") == [
            ("page_size", "want a whole number from -2147483648 to 2147483647")]
    for value in ("-1", "1001"):
        assert told(server, "GET", f"{server.accounts_path}?page_size={value}") == [
            ("page_size", f"got {value}, want 1 to 1000")]


def test_a_plus_sign_in_a_query_is_explained(server):
    path = f"{server.accounts_path}?expires_before=2030-01-01T00:00:00"
    (field, detail), = told(server, "GET", path + "+02:00")
    assert field == "expires_before"
    assert detail.endswith("; a + in a query is a space, write %2B for a plus sign")
    assert rest.request(server, "GET", path + "%2B02:00",
                        token=server.first["token"]).status == 200


@pytest.mark.parametrize("http", rest.HTTP_VERSIONS)
@pytest.mark.parametrize("value", [
    "application/x-www-form-urlencoded", "application/json", "text/plain;charset=UTF-8",
    "multipart/form-data; boundary=x"])
def test_no_content_has_no_type(server, value, http):
    """As plain axios, PHP and fetch send it with a method that needs no body."""
    path, fields = server.accounts_path, [f"Content-Type: {value}"]
    made = post(server, b'{"name": "x"}').json()
    for verb, body in (("rotate", b""), ("rotate", None), ("revoke", b"")):
        answer = rest.request(server, "POST", f"{path}/{made['id']}/{verb}", http=http,
                              token=server.first["token"], body=body, fields=fields)
        assert answer.status == 200, answer.body
    assert refusal(post(server, b"", fields), 400)["errors"][0]["field"] == "name"
    itself = post(server, b'{"name": "y"}').json()["token"]
    assert rest.request(server, "POST", "/v1/public/auth/self/revoke", http=http, token=itself,
                        body=b"", fields=fields).status == 200


@pytest.mark.parametrize("value", ["application/json; charset=utf-8", "Application/JSON",
                                   "application/json;charset=UTF-8"])
def test_media_type_in_other_spellings(server, value):
    assert post(server, b'{"name": "x"}', (f"Content-Type: {value}",)).status == 201


def test_compressed_body_is_not_inflated(server):
    answer = post(server, gzip.compress(b'{"name": "x"}'),
                  ("Content-Type: application/json", "Content-Encoding: gzip"))
    refusal(answer, 415)
