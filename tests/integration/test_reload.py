# SPDX-License-Identifier: Apache-2.0
"""SIGHUP: what can be loaded anew is, what cannot is told, and nothing stops."""

import http.server
import json
import signal
import socket
import threading
import time
import uuid

import pytest

from harness.load import finish_load, start_load
from harness.process import Server
from harness.signer import AUDIENCE, Signer
from harness.surfaces import Rest


class Issuer:
    """Serves a signer's key set, found by discovery, and counts how often it was fetched."""

    def __init__(self, keys):
        self.fetches = 0
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                url = f"http://127.0.0.1:{self.server.server_port}"
                if self.path == "/jwks":
                    issuer.fetches += 1
                    body = keys.read_bytes()
                else:
                    body = json.dumps({"issuer": url, "jwks_uri": f"{url}/jwks"}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(name="signer")
def signer_with_a_key(tmp_path):
    folder = tmp_path / "signer"
    folder.mkdir()
    return Signer(folder)


@pytest.fixture(name="issuer")
def issuer_of_its_keys(signer):
    running = Issuer(signer.key_set)
    yield running
    running.close()


def lines(server, message):
    return [line for line in server.log() if line["message"] == message]


def await_lines(server, message, count):
    end = time.monotonic() + 20
    while len(found := lines(server, message)) < count:
        assert server.process.poll() is None
        assert time.monotonic() < end, server.stderr.read_text()
        time.sleep(0.01)
    return found


def reload(server):
    """Sends SIGHUP; returns what the line `reloaded` says, but the time."""
    before = len(lines(server, "reloaded"))
    server.process.send_signal(signal.SIGHUP)
    line, = await_lines(server, "reloaded", before + 1)[before:]
    del line["time"]
    return line


def told(loaded="nothing", restart="", fault=""):
    return {"level": "warning" if restart or fault else "info", "message": "reloaded",
            "loaded": loaded, "restart_needed_for": restart, "flagfile_fault": fault}


def code(server, token):
    return Rest(server, "--http1.1").self_(token=token).code


def test_no_request_notices_and_the_issuers_keys_are_fetched(start, signer, issuer):
    server = start(f"--oauth_issuer={issuer.url}", f"--oauth_audience={AUDIENCE}")
    user = signer.token(str(uuid.uuid4()), issuer=issuer.url)
    assert code(server, user) == "OK"
    assert issuer.fetches == 1
    creators = start_load(server)
    for fetches in (2, 3):
        time.sleep(0.3)
        assert reload(server) == told("issuer keys")
        await_lines(server, "issuer keys fetched", fetches)
        assert issuer.fetches == fetches
        assert code(server, user) == "OK"
    time.sleep(0.3)
    assert all(creator.is_alive() for creator in creators)  # The first failure ends one.
    assert server.stop() == 0
    assert finish_load(creators)


def test_an_issuer_that_is_away_leaves_its_keys(start, signer, issuer):
    server = start(f"--oauth_issuer={issuer.url}", f"--oauth_audience={AUDIENCE}")
    user = signer.token(str(uuid.uuid4()), issuer=issuer.url)
    assert code(server, user) == "OK"
    issuer.close()
    assert reload(server) == told("issuer keys")
    await_lines(server, "issuer keys not fetched", 1)
    assert code(server, user) == "OK"


def test_a_key_set_file_is_read_again(start, signer, tmp_path):
    (tmp_path / "other").mkdir()
    other = Signer(tmp_path / "other")
    server = start(*signer.flags())
    one, two = signer.token(str(uuid.uuid4())), other.token(str(uuid.uuid4()))
    assert (code(server, one), code(server, two)) == ("OK", "UNAUTHENTICATED")
    signer.key_set.write_bytes(other.key_set.read_bytes())
    assert reload(server) == told("issuer keys")
    assert (code(server, one), code(server, two)) == ("UNAUTHENTICATED", "OK")
    signer.key_set.write_text("{")
    assert reload(server) == told("issuer keys")
    assert len(lines(server, "issuer keys not loaded")) == 1
    assert code(server, two) == "OK"


def test_a_flagfile_that_says_something_else_is_told_and_not_applied(tmp_path):
    flagfile = tmp_path / "flags"
    flagfile.write_text("token_prefix=old\n")
    with Server(tmp_path, f"--flagfile={flagfile}", "--max_connections=100") as server:
        assert reload(server) == told()
        flagfile.write_text("token_prefix=new\npurge_after=30d\nmax_connections=5\n")
        for _ in range(2):
            assert reload(server) == told(restart="--token_prefix, --purge_after")
        made = Rest(server, "--http1.1").create(
            server.first["account_id"], "one", token=server.first["token"])
        assert made.body["token"].startswith("old_")
        flagfile.write_text("token_prefix=a-b\n")
        assert reload(server)["flagfile_fault"].startswith('--token_prefix: got "a-b"')
        flagfile.write_text("colour=red\n")
        assert reload(server) == told(
            fault=f"--colour: no such flag; --help lists them (in {flagfile})")
        flagfile.unlink()
        assert reload(server) == told(
            fault=f"--flagfile: {flagfile}: want a regular file to read again")
        flagfile.write_text("token_prefix=old\n")
        assert reload(server) == told()
        assert code(server, server.first["token"]) == "OK"
        assert server.stop() == 0


def test_a_gateway_reloads(start, tmp_path):
    server = start()
    gateway = Server(tmp_path)
    flagfile = tmp_path / "flags"
    flagfile.write_text("drain_timeout_ms=1000\n")
    gateway.arguments = lambda: [
        gateway.binary, "gateway", f"--grpc_target={server.grpc}", "--rest_address=127.0.0.1:0",
        f"--port_file={tmp_path / 'ports'}", f"--flagfile={flagfile}"]
    with gateway:
        assert reload(gateway) == told()
        flagfile.write_text("drain_timeout_ms=2000\n")
        assert reload(gateway) == told(restart="--drain_timeout_ms")
        flagfile.write_text(f"data_dir={tmp_path}/data\n")
        assert reload(gateway)["flagfile_fault"].startswith("--data_dir: want none with ")
        assert code(gateway, server.first["token"]) == "OK"
        assert gateway.stop() == 0


def test_a_reload_on_the_way_down_does_nothing(start):
    server = start("--drain_timeout_ms=20000")
    slow = socket.create_connection(("127.0.0.1", server.ports["rest"]))
    slow.sendall(b"POST / HTTP/1.1\r\nHost: x\r\n")
    time.sleep(0.2)
    server.process.send_signal(signal.SIGTERM)
    await_lines(server, "stopping", 1)
    server.process.send_signal(signal.SIGHUP)
    time.sleep(0.3)
    assert server.process.poll() is None
    assert lines(server, "reloaded") == []
    slow.close()
    assert server.process.wait(20) == 0
