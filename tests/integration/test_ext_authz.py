# SPDX-License-Identifier: Apache-2.0
"""Envoy's external authorization, byte by byte as Envoy's own protos have it.

The messages here are built from the numbers and types of Envoy's published API
(envoy.service.auth.v3, data-plane-api), with fields this server leaves out, not
from the reduced protos it is compiled from.
"""

import contextlib
import json
import time

import grpc
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from harness import process, rest

CHECK = "/envoy.service.auth.v3.Authorization/Check"
FieldProto = descriptor_pb2.FieldDescriptorProto
STRING, INT64, UINT32, BOOL = (FieldProto.TYPE_STRING, FieldProto.TYPE_INT64,
                               FieldProto.TYPE_UINT32, FieldProto.TYPE_BOOL)
INT32, BYTES, ENUM = FieldProto.TYPE_INT32, FieldProto.TYPE_BYTES, FieldProto.TYPE_ENUM

# Message -> field: (number, type, repeated). A type in text is a message here;
# "map" is map<string, string>.
PUBLISHED = {
    "SocketAddress": {"protocol": (1, INT32, False), "address": (2, STRING, False),
                      "port_value": (3, UINT32, False)},
    "Address": {"socket_address": (1, "SocketAddress", False)},
    "Peer": {"address": (1, "Address", False), "service": (2, STRING, False),
             "labels": (3, "map", True), "principal": (4, STRING, False),
             "certificate": (5, STRING, False)},
    "Timestamp": {"seconds": (1, INT64, False), "nanos": (2, INT32, False)},
    "HttpRequest": {"id": (1, STRING, False), "method": (2, STRING, False),
                    "headers": (3, "map", True), "path": (4, STRING, False),
                    "host": (5, STRING, False), "scheme": (6, STRING, False),
                    "query": (7, STRING, False), "fragment": (8, STRING, False),
                    "size": (9, INT64, False), "protocol": (10, STRING, False),
                    "body": (11, STRING, False), "raw_body": (12, BYTES, False),
                    "header_map": (13, "HeaderMap", False)},
    "HeaderMap": {"headers": (1, "HeaderValue", True)},
    "Request": {"time": (1, "Timestamp", False), "http": (2, "HttpRequest", False)},
    "AttributeContext": {"source": (1, "Peer", False), "destination": (2, "Peer", False),
                         "request": (4, "Request", False),
                         "context_extensions": (10, "map", True)},
    "CheckRequest": {"attributes": (1, "AttributeContext", False)},
    "Status": {"code": (1, INT32, False), "message": (2, STRING, False)},
    "HeaderValue": {"key": (1, STRING, False), "value": (2, STRING, False),
                    "raw_value": (3, BYTES, False)},
    "BoolValue": {"value": (1, BOOL, False)},
    "HeaderValueOption": {"header": (1, "HeaderValue", False), "append": (2, "BoolValue", False),
                          "append_action": (3, INT32, False),
                          "keep_empty_value": (4, BOOL, False)},
    "HttpStatus": {"code": (1, INT32, False)},
    "DeniedHttpResponse": {"status": (1, "HttpStatus", False),
                           "headers": (2, "HeaderValueOption", True),
                           "body": (3, STRING, False)},
    "OkHttpResponse": {"headers": (2, "HeaderValueOption", True),
                       "headers_to_remove": (5, STRING, True)},
    "CheckResponse": {"status": (1, "Status", False),
                      "denied_response": (2, "DeniedHttpResponse", False),
                      "ok_response": (3, "OkHttpResponse", False)},
}
OVERWRITE_IF_EXISTS_OR_ADD = 2


def _published():
    file = descriptor_pb2.FileDescriptorProto(
        name="published.proto", package="published", syntax="proto3")
    for name, fields in PUBLISHED.items():
        kind = file.message_type.add(name=name)
        for field, (number, type_, repeated) in fields.items():
            added = kind.field.add(
                name=field, number=number,
                label=FieldProto.LABEL_REPEATED if repeated else FieldProto.LABEL_OPTIONAL)
            if type_ == "map":
                entry = field.title().replace("_", "") + "Entry"
                nested = kind.nested_type.add(name=entry)
                nested.options.map_entry = True
                for i, part in enumerate(("key", "value"), 1):
                    nested.field.add(name=part, number=i, type=STRING,
                                     label=FieldProto.LABEL_OPTIONAL)
                added.type, added.type_name = FieldProto.TYPE_MESSAGE, f".published.{name}.{entry}"
            elif isinstance(type_, str):
                added.type, added.type_name = FieldProto.TYPE_MESSAGE, f".published.{type_}"
            else:
                added.type = type_
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    factory = message_factory.MessageFactory(pool)
    return {name: factory.GetPrototype(pool.FindMessageTypeByName(f"published.{name}"))
            for name in ("CheckRequest", "CheckResponse")}


MESSAGES = _published()


@contextlib.contextmanager
def connected(server):
    """A proxy that asks that server."""
    with grpc.insecure_channel(server.grpc) as channel:
        call = channel.unary_unary(
            CHECK, request_serializer=MESSAGES["CheckRequest"].SerializeToString,
            response_deserializer=MESSAGES["CheckResponse"].FromString)

        def check(token=None, authorization=None, change=lambda http: None, **extensions):
            request = MESSAGES["CheckRequest"]()
            attributes = request.attributes
            attributes.source.address.socket_address.address = "192.0.2.7"
            attributes.source.address.socket_address.port_value = 4711
            attributes.source.labels["app"] = "web"
            attributes.destination.principal = "spiffe://example/api"
            attributes.request.time.seconds = 1795531515
            http = attributes.request.http
            http.id, http.method, http.path, http.host = "17", "POST", "/things?a=b", "api.example"
            http.scheme, http.size, http.protocol = "https", 12, "HTTP/2"
            http.raw_body = b"\xff\x00body"
            http.headers[":authority"] = "api.example"
            http.headers["x-signet-subject-id"] = "spoofed"
            http.headers["x-request-id"] = "as-the-client-said"
            if token is not None:
                http.headers["authorization"] = f"Bearer {token}"
            if authorization is not None:
                http.headers["authorization"] = authorization
            for key, value in extensions.items():
                attributes.context_extensions[key] = value
            change(http)
            return call(request, timeout=10)

        yield check


@pytest.fixture(scope="module")
def proxy(server):
    with connected(server) as check:
        yield check


@pytest.fixture
def account(server):
    return rest.request(server, "POST", server.accounts_path, token=server.first["token"],
                        json_body={"name": "behind a proxy",
                                   "capabilities": ["mailbox.create", "billing.view"]}).json()


def fields(options):
    assert all(option.append_action == OVERWRITE_IF_EXISTS_OR_ADD for option in options)
    return {option.header.key: option.header.value for option in options}


def test_passes_and_says_who_it_is(proxy, account):
    answer = proxy(account["token"])
    assert answer.status.code == 0
    assert answer.HasField("ok_response") and not answer.HasField("denied_response")
    assert fields(answer.ok_response.headers) == {
        "x-signet-subject-type": "service_account",
        "x-signet-subject-id": account["id"],
        "x-signet-account-id": account["account_id"],
        "x-signet-token-public-id": account["token_public_id"],
        "x-signet-capabilities": "billing.view,mailbox.create"}
    assert list(answer.ok_response.headers_to_remove) == []


def test_a_field_without_a_value_does_not_come_from_the_client(server, proxy):
    answer = proxy(server.first["token"])  # Owns the account; has no single capability.
    assert list(answer.ok_response.headers_to_remove) == ["x-signet-capabilities"]


@pytest.mark.parametrize("authorization,challenge", [
    (None, 'Bearer realm="signet"'),
    ("Basic dTpw", 'Bearer realm="signet"'),
    ("Bearer junk", 'Bearer realm="signet", error="invalid_token"'),
    ("Bearer a,Bearer b", 'Bearer realm="signet", error="invalid_token"'),
])
def test_without_a_good_credential(proxy, authorization, challenge):
    answer = proxy(authorization=authorization)
    assert answer.status.code == grpc.StatusCode.UNAUTHENTICATED.value[0]
    denied = answer.denied_response
    assert denied.status.code == 401
    assert fields(denied.headers) == {"www-authenticate": challenge,
                                      "content-type": "application/problem+json",
                                      "cache-control": "no-store",
                                      "x-request-id": "as-the-client-said"}
    assert "junk" not in denied.body


def raw(http, *fields):
    """As an Envoy sends them that is told to `encode_raw_headers`."""
    http.headers.clear()
    for key, value in fields:
        http.header_map.headers.add(key=key, raw_value=value)


def test_fields_one_by_one(proxy, account):
    bearer = f"Bearer {account['token']}".encode()
    cookie = ("cookie", b"name=Andr\xe9")
    passed = proxy(change=lambda http: raw(http, cookie, ("authorization", bearer)))
    assert passed.HasField("ok_response")
    missing = proxy(change=lambda http: raw(http, cookie))
    assert missing.denied_response.status.code == 401
    twice = proxy(change=lambda http: raw(http, ("authorization", bearer),
                                          ("Authorization", b"Bearer junk")))
    assert twice.denied_response.status.code == 400


def send(server, request):
    """The CheckResponse to bytes that no protobuf library would make."""
    with grpc.insecure_channel(server.grpc) as channel:
        call = channel.unary_unary(CHECK, request_serializer=bytes,
                                   response_deserializer=MESSAGES["CheckResponse"].FromString)
        return call(request, timeout=10)


def field(number, content):
    """A length-delimited field of protobuf."""
    size, length = len(content), bytearray()
    while size >= 0x80:
        length.append(size & 0x7F | 0x80)
        size >>= 7
    return bytes([number << 3 | 2]) + bytes(length) + bytes([size]) + content


def check_with(*headers):
    entries = b"".join(field(3, field(1, key) + field(2, value)) for key, value in headers)
    return field(1, field(4, field(2, entries)))


@pytest.mark.parametrize("bad", [b"caf\xe9", b"\xff\xfe", b"\xc0\x80", b"\xed\xa0\x80"])
def test_a_value_need_not_be_utf8(server, account, bad):
    bearer = (b"authorization", f"Bearer {account['token']}".encode())
    cookie = (b"cookie", b"x=" + bad)
    assert send(server, check_with(bearer, cookie)).HasField("ok_response")
    assert send(server, check_with(cookie)).denied_response.status.code == 401
    spoilt = (b"authorization", b"Bearer " + bad)
    assert send(server, check_with(spoilt)).denied_response.status.code == 401


@pytest.mark.parametrize("request_bytes,status,reason", [
    (b"\xff\xff\xff", 400, "MESSAGE_MALFORMED"),
    (check_with((b"\xff", b"x")), 400, "MESSAGE_MALFORMED"),
    (check_with((b"cookie", b"x" * (256 * 1024))), 413, "MESSAGE_TOO_LARGE"),
])
def test_what_cannot_be_read_is_denied_and_counted(server, request_bytes, status, reason):
    before = len(server.log())
    for _ in range(3):
        denied = send(server, request_bytes)
        assert denied.status.code != 0
        assert denied.denied_response.status.code == status
        body = json.loads(denied.denied_response.body)
        assert (body["status"], body["reason"]) == (status, reason)
    end = time.monotonic() + 5
    lines = []
    while not lines and time.monotonic() < end:  # One a second at most.
        denied = send(server, request_bytes)
        lines = [line for line in server.log()[before:]
                 if line["message"] == "external authorization cannot read a check"
                 and line["reason"] == reason]
    assert len(lines) == 1
    assert lines[0]["since_start"] > lines[0]["omitted"] >= 0


@pytest.mark.parametrize("query", ["", "?capability=auth.manage"])
def test_denies_as_rest_does(server, proxy, account, query):
    token = account["token"] if query else None
    refused = rest.request(server, "GET", f"/v1/public/auth/check{query}", token=token,
                           fields=["X-Request-Id: as-the-client-said"])
    denied = proxy(token, capability="auth.manage").denied_response
    assert denied.status.code == refused.status
    assert denied.body.encode() == refused.body
    framing = ("date", "content-length")
    assert fields(denied.headers) == {n: v for n, v in refused.fields if n not in framing}


@pytest.mark.parametrize("extensions,passes", [
    ({"capability": "mailbox.create"}, True),
    ({"capability": "mailbox.create, billing.view"}, True),
    ({"capability": "mailbox.create,auth.manage"}, False),
    ({"capability": "mailbox.create", "resource_type": "mailbox"}, True),
    ({"capability": "mailbox.create",
      "account_id": "00000000-0000-0000-0000-000000000001"}, False),
    ({"account_id": "00000000-0000-0000-0000-000000000001"}, False),
])
def test_what_the_route_asks_for(proxy, account, extensions, passes):
    answer = proxy(account["token"], **extensions)
    if passes:
        assert answer.HasField("ok_response")
        return
    assert answer.status.code == grpc.StatusCode.PERMISSION_DENIED.value[0]
    assert answer.denied_response.status.code == 403
    assert json.loads(answer.denied_response.body)["reason"] == "CAPABILITY_MISSING"


@pytest.mark.parametrize("extensions", [
    {"capability": "NOT A KEY"},
    {"capability": "mailbox.create,"},
    {"account_id": "me"},
    {"capability": "mailbox.create", "resource_type": "spaceship"},
    {"resource_type": "mailbox"},
    {"capabilities": "mailbox.create"}, {"Capability": "mailbox.create"}, {"capability": ""},
    {"capability": "mailbox.create", "account_id": ""},
    {"capability": ",".join(["mailbox.create"] * 33)},
])
def test_a_misconfigured_route_is_shut(proxy, account, extensions):
    answer = proxy(account["token"], **extensions)
    assert answer.status.code == grpc.StatusCode.INVALID_ARGUMENT.value[0]
    assert answer.denied_response.status.code == 500
    assert json.loads(answer.denied_response.body)["reason"] == "ROUTE_MISCONFIGURED"
    # What is wrong is for the operator only.
    assert answer.denied_response.body.count("want") == 0


def test_what_is_wrong_with_a_route_is_in_the_log(tmp_path):
    """On a server of its own: of many refusals in a row the log has the first ones."""
    with process.Server(tmp_path) as own, connected(own) as check:
        check(own.first["token"], capability="NOT A KEY")
        assert '"reason":"FIELD_INVALID","detail":"' in own.stderr.read_text()


def test_an_account_alone_asks_for_a_token_of_it(proxy, account):
    assert proxy(account["token"], account_id=account["account_id"]).HasField("ok_response")


def test_a_revocation_is_true_at_once(server, proxy, account):
    assert proxy(account["token"]).HasField("ok_response")
    rest.request(server, "DELETE", f"{server.accounts_path}/{account['id']}",
                 token=server.first["token"])
    assert proxy(account["token"]).denied_response.status.code == 401


def test_no_token_is_in_the_log(server, proxy, account):
    proxy(account["token"], capability="auth.manage")
    log = server.stderr.read_text()
    assert "external authorization refused" in log
    assert account["token"] not in log
