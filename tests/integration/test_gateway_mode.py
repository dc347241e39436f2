# SPDX-License-Identifier: Apache-2.0
"""--mode=gateway answers, byte for byte, as the server's own REST does."""

import base64
import functools
import http.client
import json
import signal
import socket
import threading
import time
import uuid

import pytest

from harness import rest, token
from harness.process import Server


class Gateway(Server):
    """Needs nothing of the server but its gRPC address."""

    def __init__(self, folder, target, *flags):
        super().__init__(folder, *flags)
        self._target = target

    def arguments(self):
        return [self.binary, "--mode=gateway", f"--grpc_target={self._target}",
                "--rest_address=127.0.0.1:0", f"--port_file={self.folder / 'ports'}",
                *self.flags]


@pytest.fixture(scope="module")
def gateway(server, tmp_path_factory):
    with Gateway(tmp_path_factory.mktemp("gateway"), server.grpc) as running:
        yield running


@functools.cache
def idle(server):
    """A service account that calls nothing, so that reading it changes nothing."""
    made = [rest.request(server, "POST", server.accounts_path, token=server.first["token"],
                         json_body={"name": f"idle {i}"}).json() for i in range(2)]
    return made[0]["id"]


def basic(client, secret):
    return base64.b64encode(f"{client}:{secret}".encode()).decode()


def requests(server):
    """Requests whose answers do not change with time: name -> arguments."""
    first, path = server.first, server.accounts_path
    owner = {"token": first["token"]}
    json_type = ["Content-Type: application/json"]
    return {
        "read": ("GET", f"{path}/{idle(server)}", owner),
        "head": ("HEAD", f"{path}/{idle(server)}", owner),
        "list": ("GET", f"{path}?name_prefix=idle&page_size=1", owner),
        "update": ("PATCH", f"{path}/{idle(server)}",
                   owner | {"json_body": {"description": "the same each time"}}),
        "bad etag": ("PATCH", f"{path}/{idle(server)}",
                     owner | {"json_body": {"name": "x"}, "fields": ['If-Match: "old"']}),
        "bad form": ("POST", "/v1/public/auth/self/revoke", {
            "body": f"token={token.INVENTED}",
            "fields": ["Content-Type: application/x-www-form-urlencoded"]}),
        "another client": ("POST", "/oauth2/introspect", {"body": "token=x", "fields": [
            f"Authorization: Basic {basic(idle(server), first['token'])}",
            "Content-Type: application/x-www-form-urlencoded"]}),
        "that client": ("POST", "/oauth2/introspect", {"body": "token=x", "fields": [
            f"Authorization: Basic {basic(first['service_account_id'], first['token'])}",
            "Content-Type: application/x-www-form-urlencoded"]}),
        "self": ("GET", "/v1/public/auth/self", owner),
        "absent": ("GET", f"{path}/{uuid.UUID(int=7)}", owner),
        "no credential": ("GET", "/v1/public/auth/self", {}),
        "bad credential": ("GET", "/v1/public/auth/self", {"token": token.INVENTED}),
        "other scheme": ("GET", "/v1/public/auth/self",
                         {"fields": ["Authorization: Basic eDp5"]}),
        "two credentials": ("GET", "/v1/public/auth/self",
                            {"fields": [f"Authorization: Bearer {first['token']}"] * 2}),
        "other account": ("POST", path.replace(first["account_id"], str(uuid.UUID(int=7))),
                          owner | {"json_body": {"name": "x"}}),
        "bad account id": ("POST", path.replace(first["account_id"], "7"),
                           owner | {"json_body": {"name": "x"}}),
        "bad name": ("POST", path, owner | {"json_body": {"name": "\t"}}),
        "past": ("POST", path, owner | {"json_body": {
            "name": "x", "expires_at": "2001-01-01T00:00:00Z"}}),
        "malformed": ("POST", path, owner | {"body": "{", "fields": json_type}),
        "malformed, bad credential": ("POST", path, {
            "token": token.INVENTED, "body": "{", "fields": json_type}),
        "malformed, other account": (
            "POST", path.replace(first["account_id"], str(uuid.UUID(int=7))),
            owner | {"body": "{", "fields": json_type}),
        "unknown key": ("POST", path, owner | {"json_body": {"name": "x", "y": 1}}),
        "too large": ("POST", path, owner | {"body": " " * 70000, "fields": json_type}),
        "media type": ("POST", path, owner | {"body": "{}", "fields": ["Content-Type: a/b"]}),
        "no route": ("GET", "/nowhere", owner),
        "no route, no credential": ("GET", "/nowhere", {}),
        "wrong method": ("PUT", path, owner),
        "query": ("GET", "/v1/public/auth/self?x=1", owner),
    }


CASES = ["read", "head", "list", "update", "bad etag", "bad form", "another client",
         "that client", "self", "absent", "no credential", "bad credential", "other scheme",
         "two credentials", "other account", "bad account id", "bad name",
         "past", "malformed", "malformed, bad credential", "malformed, other account",
         "unknown key", "too large", "media type", "no route", "no route, no credential",
         "wrong method", "query"]


@pytest.mark.parametrize("http", rest.HTTP_VERSIONS)
@pytest.mark.parametrize("case", CASES)
def test_same_bytes(server, gateway, case, http):
    method, path, options = requests(server)[case]
    direct = rest.request(server, method, path, http=http, **options)
    remote = rest.request(gateway, method, path, http=http, **options)
    assert remote.comparable() == direct.comparable()


@pytest.mark.parametrize("case, status", [("another client", 401), ("that client", 200)])
def test_a_clients_id_is_passed_on(server, gateway, case, status):
    method, path, options = requests(server)[case]
    assert rest.request(gateway, method, path, **options).status == status


def test_no_case_is_forgotten(server):
    assert sorted(requests(server)) == sorted(CASES)


class Bystander(threading.Thread):
    """Asks who it is through the gateway, again and again, on one connection."""

    def __init__(self, gateway, credential):
        super().__init__(daemon=True)
        self._port = gateway.ports["rest"]
        self._fields = {"Authorization": f"Bearer {credential}"}
        self._end = threading.Event()
        self.statuses = []

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
        while not self._end.is_set():
            connection.request("GET", "/v1/public/auth/self", headers=self._fields)
            answer = connection.getresponse()
            answer.read()
            self.statuses.append(answer.status)
        connection.close()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        self.join(30)


# What one client may send that must not reach the connection that all share, as
# the header section's limit of 32 KiB lets it in: name -> header fields.
HOSTILE = {
    "credential": ["Authorization: Bearer " + "a" * 32600],
    "credential just too long": ["Authorization: Bearer " + "a" * 16385],
    "credential of the largest size": ["Authorization: Bearer " + "a" * 16384],
    "token behind many spaces": ["Authorization: Bearer" + " " * 30000 + "TOKEN"],
    "another scheme": ["Authorization: Basic " + "a" * 32600],
    "no scheme": ["Authorization: " + "a" * 32600],
    "odd bytes in a credential": ["Authorization: Bearer " + "\u00e9" * 8000],
    "two long credentials": ["Authorization: Bearer " + "a" * 16000] * 2,
    "many credentials": ["Authorization: Bearer TOKEN"] * 90,
    "request id": ["Authorization: Bearer TOKEN", "X-Request-Id: " + "a" * 32000],
    "odd request id": ["Authorization: Bearer TOKEN", "X-Request-Id: \u00e9\u20ac"],
    "user agent": ["Authorization: Bearer TOKEN", "User-Agent: " + "a" * 32000],
    "odd user agent": ["Authorization: Bearer TOKEN", "User-Agent: \u00e9\u20ac"],
    "idempotency key": ["Authorization: Bearer TOKEN", "Idempotency-Key: " + "a" * 32000],
    "odd idempotency key": ["Authorization: Bearer TOKEN", "Idempotency-Key: \u20ac" * 2],
    "entity tag": ["Authorization: Bearer TOKEN", 'If-Match: "' + "a" * 32000 + '"'],
    "many fields": ["Authorization: Bearer TOKEN", *(f"X-{i}: {'b' * 300}" for i in range(80))],
    "fields of gRPC": ["Authorization: Bearer TOKEN", "Grpc-Timeout: 1n", "Grpc-Encoding: gzip",
                       "Signet-Call-Scope: none", "X-Bin: !!!!", "Grpc-Status-Details-Bin: !"],
}


@pytest.mark.parametrize("http_version", rest.HTTP_VERSIONS)
def test_what_one_client_sends_touches_no_others_call(server, gateway, http_version):
    created = server.accounts_path
    with Bystander(gateway, server.first["token"]) as bystander:
        for name, fields in HOSTILE.items():
            fields = [f.replace("TOKEN", server.first["token"]) for f in fields]
            for method, path, body in [
                    ("GET", "/v1/public/auth/self", None), ("POST", created, {"name": " "}),
                    ("POST", created, "{"), ("GET", "/nowhere", None)]:
                options = {"body": body} if isinstance(body, str) else {"json_body": body}
                answers = [rest.request(end, method, path, http=http_version, fields=fields,
                                        **options) for end in (server, gateway)]
                assert answers[1].comparable() == answers[0].comparable(), name
    assert bystander.statuses, "it has asked nothing"
    assert set(bystander.statuses) == {200}


def test_a_credential_too_long_is_not_forwarded(server, gateway):
    answer = rest.request(gateway, "GET", "/v1/public/auth/self",
                          fields=HOSTILE["credential just too long"] + ["X-Request-Id: kept-here"])
    assert (answer.status, answer.json()["reason"]) == (401, "TOKEN_INVALID")
    assert 'error="invalid_token"' in answer.value("www-authenticate")
    assert answer.value("x-request-id") == "kept-here"
    assert "kept-here" not in [line.get("request_id") for line in server.log()]


def test_create_through_the_gateway(server, gateway):
    first = server.first
    answer = rest.request(gateway, "POST", server.accounts_path, token=first["token"],
                          json_body={"name": "through"})
    assert answer.status == 201
    assert answer.value("cache-control") == "no-store"
    read = rest.request(server, "GET", answer.value("location"), token=first["token"])
    assert read.json() == {k: v for k, v in answer.json().items() if k != "token"}
    me = rest.request(gateway, "GET", "/v1/public/auth/self", token=answer.json()["token"])
    assert me.json()["subject_id"] == answer.json()["id"]


def test_request_id_reaches_the_server(server, gateway):
    rest.request(gateway, "GET", "/v1/public/auth/self", token=server.first["token"],
                 fields=["X-Request-Id: far-away"])
    assert "far-away" in [line.get("request_id") for line in server.log()]
    assert "far-away" in [line.get("request_id") for line in gateway.log()]


def test_port_file_has_no_grpc(gateway):
    ports = json.loads((gateway.folder / "ports").read_text())
    assert list(ports) == ["rest"]
    assert [p.name for p in gateway.folder.iterdir() if p.is_dir()] == []


def test_server_down_is_503_and_back_is_well(start, tmp_path):
    server = start()
    folder = tmp_path / "gateway"
    folder.mkdir()
    with Gateway(folder, server.grpc) as front:
        first = server.first
        address = f"--grpc_address={server.grpc}"
        assert server.stop() == 0
        answer = rest.request(front, "GET", "/v1/public/auth/self", token=first["token"])
        assert (answer.status, answer.json()["code"]) == (503, "UNAVAILABLE")
        assert int(answer.value("retry-after")) >= 1
        server.flags += (address,)
        server.start()
        # The channel tries again within its longest back-off, 5 s.
        end = time.monotonic() + 10
        while True:
            again = rest.request(front, "GET", "/v1/public/auth/self", token=first["token"])
            if again.status == 200 or time.monotonic() > end:
                break
            time.sleep(0.2)
        assert again.status == 200
        assert front.stop() == 0


def test_while_it_drains_it_is_alive_and_not_ready(server, tmp_path):
    with Gateway(tmp_path, server.grpc, "--drain_timeout_ms=20000") as gateway:
        asked = {}
        for path in ("/livez", "/readyz"):  # Of which each holds the drain up.
            asked[path] = socket.create_connection(("127.0.0.1", gateway.ports["rest"]),
                                                   timeout=20)
            asked[path].sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n".encode())
        assert rest.request(gateway, "GET", "/readyz").status == 200
        time.sleep(0.2)
        gateway.process.send_signal(signal.SIGTERM)
        end = time.monotonic() + 20
        while "stopping" not in [line["message"] for line in gateway.log()]:
            assert time.monotonic() < end
            time.sleep(0.02)
        status = {}
        for path, connection in asked.items():
            connection.sendall(b"\r\n")
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            status[path] = answer.status
            connection.close()
        assert status == {"/livez": 200, "/readyz": 503}
        assert gateway.process.wait(20) == 0
