# SPDX-License-Identifier: Apache-2.0
"""Clients paste tokens where they do not belong: none of it is kept."""

import http.client
import json
import urllib.parse

import pytest
from harness import events, process, rest
from harness.api import Api, message

JWT = ("eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJpc3MiOiJodHRwczovL2lkcC5leGFtcGxlIn0."
       + "c2lnbmF0dXJl" * 7)


@pytest.fixture
def server(start):
    return start()


def make(server, name="bot"):
    made = rest.request(server, "POST", server.accounts_path, token=server.first["token"],
                        json_body={"name": name})
    assert made.status == 201
    return made.json()


def kept(server):
    """All that the server wrote, but for what the tests asked it to write."""
    files = [path for path in server.data.iterdir() if path.is_file()]
    assert server.data / "signet.db" in files
    return b"".join(path.read_bytes() for path in [*files, server.stdout, server.stderr])


def expect_nothing_kept(server, *secrets):
    before = kept(server)  # The log of the database, too.
    assert server.stop() == 0
    for text in (before, kept(server)):
        for secret in secrets:
            for part in (secret, secret[-40:], secret[:-20]):
                assert part.encode() not in text


def raw(server, method, path, fields):
    """A request that curl would not send; its status."""
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(server.rest).netloc)
    try:
        connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in fields.items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def test_a_token_in_any_part_of_a_rest_request(server):
    bot = make(server)
    token = bot["token"]
    own = server.first["token"]
    account = f"/v1/public/accounts/{server.first['account_id']}/auth"
    fields = {"User-Agent": f"cli/1 ({token}; Bearer {JWT})", "X-Request-Id": token,
              "X-Forwarded-For": token, "Forwarded": f"for={token}", "Referer": token,
              "Cookie": f"a={token}", "Origin": f"https://{token}", token: token,
              "Authorization": f"Bearer {own}"}
    for method, path in [
            ("POST", server.accounts_path), ("GET", f"/v1/{token}"),
            ("GET", f"{server.accounts_path}/{token}"), ("GET", f"{account}/audit-events/{token}"),
            ("GET", f"{server.accounts_path}?{token}=1"),
            ("GET", f"{server.accounts_path}?access_token={token}"),
            ("GET", f"{server.accounts_path}?name_prefix={token}"),
            ("GET", f"{account}/audit-events?action={token}"),
            ("GET", f"{account}/audit-events?page_token={token}"),
            (token, server.accounts_path), ("GET", f"/v1/public/accounts/{token}/auth/self"),
            ("DELETE", f"{server.accounts_path}/{bot['id']}")]:
        raw(server, method, path, fields | {"If-Match": f'"{token}"', "Idempotency-Key": token})
    # A denial, and a change that succeeds.
    assert raw(server, "GET", server.accounts_path,
               fields | {"Authorization": f"Bearer {make(server)['token']}"}) == 403
    done = rest.request(server, "POST", server.accounts_path, token=own,
                        json_body={"name": "seen"}, fields=[f"User-Agent: cli/1 {token} {JWT}"])
    assert done.status == 201
    (denied,) = events.denials(server)
    assert denied["user_agent"] == "cli/1 ([redacted]; Bearer [redacted])"
    seen = events.listing(server, f"?resource_id={done.json()['id']}")
    assert [event["user_agent"] for event in seen] == ["cli/1 [redacted] [redacted]"]
    expect_nothing_kept(server, token, JWT)


def test_a_token_in_what_the_log_quotes(server):
    token = make(server)["token"]
    assert server.stop() == 0
    done = process.run("--verify_audit", f"--data_dir={server.data}",
                       env={f"SIGNET_{token}": "", f"SIGNET_{JWT}": ""})
    assert done.returncode == 0
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert {line["variable"] for line in lines} == {"SIGNET_[redacted]"}
    assert len(lines) == 2


def test_a_token_in_any_part_of_a_grpc_call(server):
    bot = make(server)
    token = bot["token"]
    account = server.first["account_id"]
    metadata = [("x-request-id", token), ("x-forwarded-for", token), ("referer", token)]
    agent = [("grpc.primary_user_agent", f"cli/1 {token} {JWT}")]
    with Api(server, options=agent) as api:
        made = api.create(account, "seen", token=server.first["token"], metadata=metadata)
        assert made.message is not None
        assert api.create(account, "x", token=token, metadata=metadata).reason == "ACCESS_DENIED"
        for method, request in [
                ("GetServiceAccount", message("signet.v1.GetServiceAccountRequest",
                                              account_id=account, service_account_id=token)),
                ("GetServiceAccount", message("signet.v1.GetServiceAccountRequest",
                                              account_id=token, service_account_id=bot["id"])),
                ("GetServiceAccount", token.encode())]:
            reply = api.call(f"signet.v1.ServiceAccounts/{method}", request,
                             "signet.v1.ServiceAccount", token=server.first["token"],
                             metadata=[*metadata, ("signet-call-scope", token)])
            assert reply.code.name == "INVALID_ARGUMENT"
    (denied,) = events.denials(server)
    assert denied["user_agent"].startswith("cli/1 [redacted] [redacted]")
    seen = events.listing(server, f"?resource_id={made.message.id}")
    assert seen[0]["user_agent"].startswith("cli/1 [redacted] [redacted]")
    expect_nothing_kept(server, token, JWT)


@pytest.mark.parametrize("field", ["name", "description", "label", "description: a JWT"])
def test_a_credential_in_what_people_name_is_refused(server, field):
    """On creation and on change: whoever lists service accounts would have it."""
    bot = make(server)
    owner = server.first["token"]
    field, _, jwt = field.partition(":")
    text = f"my {JWT if jwt else bot['token']}"
    body = {"labels": {"team": text}} if field == "label" else {field: text}
    where = "labels" if field == "label" else field
    path = f"{server.accounts_path}/{bot['id']}"
    created = rest.request(server, "POST", server.accounts_path, token=owner,
                           json_body={"name": "x"} | body)
    changed = rest.request(server, "PATCH", path, token=owner, json_body=body)
    for answer in (created, changed):
        assert answer.status == 400
        assert text.encode() not in answer.body
        (error,) = answer.json()["errors"]
        assert error["field"] == where
        assert error["detail"].endswith("got a text with a credential in it, which is a secret, "
                                        "want none")
    account = {"account_id": server.first["account_id"]}
    with Api(server) as api:
        reply = api.call("signet.v1.ServiceAccounts/CreateServiceAccount",
                         message("signet.v1.CreateServiceAccountRequest",
                                 **account | {"name": "x"} | body),
                         "signet.v1.IssuedServiceAccount", token=owner)
        assert (reply.code.name, reply.violations[0][0]) == ("INVALID_ARGUMENT", where)
        one = message("signet.v1.ServiceAccount", id=bot["id"], **account | body)
        reply = api.call("signet.v1.ServiceAccounts/UpdateServiceAccount",
                         message("signet.v1.UpdateServiceAccountRequest", service_account=one),
                         "signet.v1.ServiceAccount", token=owner)
        assert (reply.code.name, reply.violations[0][0]) == ("INVALID_ARGUMENT",
                                                             f"service_account.{where}")
    expect_nothing_kept(server, bot["token"], JWT)


def test_a_token_as_a_subject_or_a_comment_is_refused(server):
    bot = make(server)
    owner = server.first["token"]
    grants = server.accounts_path.replace("service-accounts", "authorizations")
    for kind in ("user", "group"):
        answer = rest.request(server, "POST", grants, token=owner, json_body={
            "grant_kind": "account_owner", "subject_type": kind, "subject_id": bot["token"]})
        assert (answer.status, answer.json()["errors"][0]["field"]) == (400, "subject_id")
    revoke = f"{server.accounts_path}/{bot['id']}/revoke"
    answer = rest.request(server, "POST", revoke, token=owner,
                          json_body={"comment": f"leaked: {bot['token']}"})
    assert (answer.status, answer.json()["errors"][0]["field"]) == (400, "comment")
    with Api(server) as api:
        reply = api.call("signet.v1.ServiceAccounts/RevokeServiceAccount",
                         message("signet.v1.RevokeServiceAccountRequest",
                                 account_id=server.first["account_id"],
                                 service_account_id=bot["id"], comment=bot["token"]),
                         "signet.v1.ServiceAccount", token=owner)
        assert (reply.code.name, reply.violations[0][0]) == ("INVALID_ARGUMENT", "comment")
    assert rest.request(server, "POST", revoke, token=owner, json_body={}).status == 200
    expect_nothing_kept(server, bot["token"])
