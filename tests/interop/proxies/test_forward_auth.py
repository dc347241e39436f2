# SPDX-License-Identifier: Apache-2.0
"""What every proxy does that asks Signet about each request."""

import json
import pathlib

import pytest
from harness import rest
from proxies import ALL


SAID_BY_SIGNET = {f"x-signet-{name}" for name in (
    "subject-type", "subject-id", "account-id", "token-public-id", "capabilities")}


def fields(answer):
    assert answer.status == 200, answer.body
    return answer.json()["fields"]


def test_a_good_token_passes_and_the_app_learns_who_it_is(proxy, create):
    client = create("mailbox.create", "billing.view")
    told = fields(proxy.ask(token=client["token"]))
    assert told["x-signet-subject-type"] == ["service_account"]
    assert told["x-signet-subject-id"] == [client["id"]]
    assert told["x-signet-account-id"] == [client["account_id"]]
    assert told["x-signet-token-public-id"] == [client["token_public_id"]]
    assert told["x-signet-capabilities"] == ["billing.view,mailbox.create"]
    assert "authorization" not in told


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "HEAD"])
def test_without_a_token(proxy, method):
    answer = proxy.ask(method)
    assert answer.status == 401
    assert answer.value("www-authenticate") == 'Bearer realm="signet"'


@pytest.mark.parametrize("authorization", ["Bearer junk", "Bearer a.b.c", "Basic dTpw", "Bearer"])
def test_with_a_bad_credential(proxy, authorization):
    answer = proxy.ask(fields=[f"Authorization: {authorization}"])
    assert answer.status == 401
    assert answer.value("www-authenticate").startswith('Bearer realm="signet"')


def test_a_capability_is_asked_for_by_the_route(proxy, create):
    assert proxy.ask(path="/mail/x", token=create()["token"]).status == 403
    assert proxy.ask(path="/mail/x", token=create("billing.view")["token"]).status == 403
    told = fields(proxy.ask(path="/mail/x", token=create("mailbox.create")["token"]))
    assert told["x-signet-capabilities"] == ["mailbox.create"]
    assert proxy.ask(path="/mail/x").status == 401


@pytest.mark.parametrize("kind", ALL)
def test_no_tenants_token_opens_anothers_door(server, run_proxy, create, kind):
    """As documented, but that the app is another account's."""
    foreign = type(f"Foreign{kind.__name__}", (kind,),
                   {"account": "ffffffff-0000-4000-8000-000000000001"})
    proxy = run_proxy(foreign)
    token = create("mailbox.create")["token"]
    for path in ("/things", "/mail/x"):
        assert proxy.ask(path=path, token=token).status == 403
        assert proxy.ask(path=path, token=server.first["token"]).status == 403


# Each is /mail/x to an app that decodes and tidies a path.
@pytest.mark.parametrize("path", [
    "//mail/x", "/./mail/x", "/things/../mail/x", "/%6Dail/x", "/mail%2Fx", "/mail%2fx",
    "/%2Fmail/x", "/things/%2E%2E/mail/x", "/things/..%2Fmail/x", "/things%2F..%2Fmail/x"])
def test_another_spelling_of_a_path_asks_for_no_less(proxy, create, path):
    answer = proxy.ask(path=path, token=create("billing.view")["token"])
    assert answer.status in (307, 400, 403)


@pytest.mark.parametrize("query", ["page=2", "capability=auth.manage&account_id=no", "&", "%"])
@pytest.mark.parametrize("path", ["/things", "/mail/x"])
def test_the_clients_query_goes_to_the_app_only(proxy, create, path, query):
    answer = proxy.ask(path=f"{path}?{query}", token=create("mailbox.create")["token"])
    assert answer.status == 200 and answer.json()["path"] == f"{path}?{query}"


def test_a_revocation_is_true_at_once(server, proxy, create):
    client = create()
    assert proxy.ask(token=client["token"]).status == 200
    rest.request(server, "DELETE", f"{server.accounts_path}/{client['id']}",
                 token=server.first["token"])
    assert proxy.ask(token=client["token"]).status == 401


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("path", ["/things", "/mail/x"])
def test_a_body_goes_to_the_app(proxy, create, path, chunked):
    more = ["Transfer-Encoding: chunked"] if chunked else []
    body = json.dumps({"text": "x" * 5000})
    answer = proxy.ask("POST", path, token=create("mailbox.create")["token"], body=body,
                       fields=["Content-Type: application/json", *more])
    assert answer.status == 200
    assert answer.json()["method"] == "POST" and answer.json()["body"] == body


@pytest.mark.parametrize("path", ["/things", "/mail/x"])
def test_what_the_client_says_of_itself_is_not_believed(server, proxy, create, path):
    said = ["X-Signet-Subject-Id: admin", "x-signet-subject-id: admin2",
            "X_Signet_Subject_Id: admin3", "X.SIGNET.Subject.Id: admin4",
            "x-signet_subject~id: admin5", "X-Signet-Subject-Type: user",
            "X-Signet-Account-Id: other", "X-Signet-Token-Public-Id: other",
            "X-Signet-Capabilities: auth.manage"]
    client = create("mailbox.create")
    told = fields(proxy.ask(path=path, token=client["token"], fields=said))
    assert told["x-signet-subject-id"] == [client["id"]]
    assert told["x-signet-subject-type"] == ["service_account"]
    assert told["x-signet-account-id"] == [client["account_id"]]
    assert told["x-signet-token-public-id"] == [client["token_public_id"]]
    assert told["x-signet-capabilities"] == ["mailbox.create"]
    # To an app behind CGI, WSGI or PHP other spellings are the same.
    assert {name for name in told if "signet" in name} == SAID_BY_SIGNET

    # An owner has no single capability.
    told = fields(proxy.ask(path=path, token=server.first["token"], fields=said))
    assert told.get("x-signet-capabilities", [""]) == [""]


def connections(port):
    """Those of TCP that lead to `port` here, just closed ones included."""
    local = f":{port:04X}"
    rows = [line.split() for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {(row[1], row[2]) for row in rows if row[2].endswith(local)}


def test_connections_to_signet_are_kept(server, proxy, create):
    token = create()["token"]
    assert proxy.ask(token=token).status == 200
    port = server.ports[proxy.signet_port]
    before = connections(port)
    for _ in range(10):
        assert proxy.ask(token=token).status == 200
    assert not connections(port) - before


@pytest.mark.parametrize("kind", ALL)
def test_without_signet_nobody_passes(start, app, tmp_path, kind):
    signet = start()
    token = signet.first["token"]
    proxy = kind(tmp_path, signet, app)
    try:
        assert proxy.ask(token=token).status == 200
        signet.kill()
        assert proxy.ask(token=token).status == kind.without_signet
    finally:
        proxy.stop()


def test_no_token_is_in_a_log(server, proxy, create):
    token = create()["token"]
    proxy.ask(token=token)
    proxy.ask(path="/mail/x", token=token)
    for log in (server.stderr.read_text(), *proxy.logs()):
        assert token not in log
