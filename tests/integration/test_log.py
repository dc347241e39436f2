# SPDX-License-Identifier: Apache-2.0
"""One JSON line per request, with what an operator asks for and no secret."""

import re
import socket
import time

from harness import rest
from harness.surfaces import Rest


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
