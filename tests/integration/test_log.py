# SPDX-License-Identifier: Apache-2.0
"""One JSON line per request, with what an operator asks for and no secret."""

import json
import os
import re
import socket
import time

from harness import rest
from harness.api import Api
from harness.process import Server
from harness.surfaces import Grpc, Rest


def lines_of(server, request_id):
    """The lines of one request; they may come just after its answer."""
    end = time.monotonic() + 2
    while time.monotonic() < end:
        lines = [line for line in server.log() if line.get("request_id") == request_id]
        if lines:
            return lines
        time.sleep(0.01)
    return []


def test_start_line_tells_what_runs_where(server):
    line, = [line for line in server.log() if line["message"] == "started"]
    assert line["rest"] == f"127.0.0.1:{server.ports['rest']}"
    assert line["grpc"] == f"127.0.0.1:{server.ports['grpc']}"
    assert line["storage"] == f"sqlite in {server.data}"
    assert re.fullmatch(r"\d+\.\d+\.\d+", line["version"])


def test_stop_line(start):
    server = start()
    server.stop()
    messages = [line["message"] for line in server.log()]
    assert [message for message in messages if message != "audit head"][-2:] == [
        "stopping", "stopped"]
    assert messages[-1] == "stopped"


def test_request_line_of_rest(server):
    first = server.first
    rest.request(server, "POST", server.accounts_path, token=first["token"],
                 json_body={"name": "logged"}, fields=["X-Request-Id: rest-1"])
    line, = lines_of(server, "rest-1")
    assert line["method"] == "signet.v1.ServiceAccounts.CreateServiceAccount"
    assert line["http_method"] == "POST"
    assert line["principal"] == f"service_account:{first['service_account_id']}"
    assert line["status"] == 201
    assert line["code"] == "OK"
    assert line["latency_us"] > 0
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", line["time"])


def test_what_a_client_does_wrong_is_no_error(server):
    before = len(server.log())
    with socket.create_connection(("127.0.0.1", server.ports["rest"])) as peer:
        peer.sendall(b"GET / HTTP/1.2\r\nHost: x\r\n\r\n")
        assert peer.recv(100).startswith(b"HTTP/1.1 505 ")
        while peer.recv(4096):
            pass
    end = time.monotonic() + 2
    while not (lines := [line for line in server.log()[before:] if line.get("status") == 505]):
        assert time.monotonic() < end
    assert [line["level"] for line in lines] == ["info"]


def test_request_line_of_grpc(server, api):
    first = server.first
    api.create(first["account_id"], "logged", token=first["token"],
               metadata=[("x-request-id", "grpc-1")])
    line, = lines_of(server, "grpc-1")
    assert line["method"] == "signet.v1.ServiceAccounts.CreateServiceAccount"
    assert line["principal"] == f"service_account:{first['service_account_id']}"
    assert line["code"] == "OK"
    assert line["latency_us"] > 0


def test_refusals_are_logged_too(server, api):
    rest.request(server, "GET", "/nowhere", fields=["X-Request-Id: rest-2"])
    line, = lines_of(server, "rest-2")
    assert (line["status"], line["code"]) == (401, "UNAUTHENTICATED")
    api.self_(metadata=[("x-request-id", "grpc-2")])
    line, = lines_of(server, "grpc-2")
    assert line["code"] == "UNAUTHENTICATED"


def test_names_and_paths_are_not_logged(server):
    first = server.first
    Rest(server, "--http1.1").create(first["account_id"], "a very private name",
                                     token=first["token"])
    rest.request(server, "GET", "/a/very/private/path", token=first["token"],
                 fields=["X-Request-Id: rest-3"])
    assert lines_of(server, "rest-3")
    assert "very private name" not in server.stderr.read_text()
    assert "very/private" not in server.stderr.read_text()


def test_a_flood_of_refused_calls_leaves_few_lines_and_their_number(start):
    """The address is one, whatever the door; successes are all there."""
    server = start()
    token, account = server.first["token"], server.first["account_id"]
    with Api(server) as api:
        for _ in range(40):
            assert api.self_(token="junk").code.name == "UNAUTHENTICATED"
            api.create(account, "", token=token)  # 400
            api.get(account, account, token=token)  # 404
        for _ in range(30):
            assert api.create(account, "good", token=token).code.name == "OK"
    surface = Rest(server, "--http1.1")
    for _ in range(10):
        assert surface.self_(token="junk").code == "UNAUTHENTICATED"
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", server.ports["rest"])) as peer:
            peer.sendall(b"GET / HTTP/1.2\r\nHost: x\r\n\r\n")
            while peer.recv(4096):
                pass
    assert server.stop() == 0
    calls = [line for line in server.log() if line["message"] in ("grpc call", "rest request")]
    refused = [line for line in calls if line["code"] != "OK"]
    left_out = [line for line in server.log() if line["message"] == "refused calls left out"]
    assert {line["address"] for line in left_out} == {"127.0.0.1"}
    assert len(refused) + sum(line["count"] for line in left_out) == 3 * 40 + 10 + 3
    assert len(refused) <= 20 * (len(left_out) + 1)
    assert len(calls) - len(refused) == 30


def test_streams_and_checks_of_a_proxy_count_too(start):
    server = start()
    with Api(server) as api:
        for _ in range(30):
            assert api.call("signet.v1.Tokens/WatchChanges", b"", "signet.v1.WatchChangesResponse",
                            token="junk").code.name == "UNAUTHENTICATED"
            assert api.call("envoy.service.auth.v3.Authorization/Check", b"",
                            "signet.v1.RevokeTokenResponse").code.name == "OK"
    assert server.stop() == 0
    lines = [line["message"] for line in server.log()]
    of_calls = lines.count("grpc stream") + lines.count("external authorization refused")
    left_out = [line["count"] for line in server.log()
                if line["message"] == "refused calls left out"]
    assert of_calls + sum(left_out) == 60
    assert of_calls <= 20 * (len(left_out) + 1)


def test_lines_that_nobody_reads_are_counted(start, tmp_path):
    """The log goes into a pipe whose reader has stopped for a while."""
    server = Server(tmp_path, "--storage=memory")  # Which keeps no audit head to log.
    reader, writer = os.pipe()
    with server.stdout.open("ab") as out, os.fdopen(writer, "wb") as err:
        server.start_into(out, err)
    try:
        surface = Grpc(server)
        for _ in range(400):
            assert surface.create(server.first["account_id"], "x",
                                  token=server.first["token"]).code == "OK"
        text = os.read(reader, 1 << 20)
        surface.create(server.first["account_id"], "x", token=server.first["token"])
        text += os.read(reader, 1 << 20)
    finally:
        server.kill()
        os.close(reader)
    lines = [json.loads(line) for line in text.decode().splitlines()]
    written = sum(line["message"] == "grpc call" for line in lines)
    dropped, = [line["count"] for line in lines if line["message"] == "log lines dropped"]
    assert written + dropped == 401
