# SPDX-License-Identifier: Apache-2.0
"""docs/integrations/nginx.conf in a real nginx, between curl and an app."""

import http.server
import json
import os
import pathlib
import shutil
import subprocess
import threading
import time

import pytest
from harness import rest
from harness.process import ROOT

CONFIGURATION = ROOT / "docs" / "integrations" / "nginx.conf"
NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
MAIN = """
{user}
daemon off;
pid nginx.pid;
events {{}}
http {{
    access_log access.log;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    {included}
}}
"""


class Echo(http.server.BaseHTTPRequestHandler):
    """The app: says what came."""

    def _answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        told = json.dumps({
            "method": self.command, "path": self.path, "body": body.decode(),
            "fields": {name.lower(): self.headers.get_all(name) for name in self.headers},
        }).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(told)

    do_GET = do_POST = do_HEAD = do_DELETE = _answer

    def log_message(self, *_):
        pass


class Nginx:
    """The documented configuration, with other addresses."""

    def __init__(self, folder, signet_port, app_port):
        self.rest = "http://localhost"
        self.folder = folder
        self.socket = folder / "sock"
        text = CONFIGURATION.read_text()
        for documented, here in (("127.0.0.1:8080", f"127.0.0.1:{signet_port}"),
                                 ("127.0.0.1:3000", f"127.0.0.1:{app_port}"),
                                 ("listen 80;", f"listen unix:{self.socket};")):
            assert text.count(documented) == 1
            text = text.replace(documented, here)
        user = "user root;" if os.geteuid() == 0 else ""
        (folder / "nginx.conf").write_text(MAIN.format(user=user, included=text))
        self.process = subprocess.Popen(
            [NGINX, "-p", folder, "-c", folder / "nginx.conf", "-e", folder / "error.log"],
            stdin=subprocess.DEVNULL)
        for _ in range(1000):
            if self.socket.exists():
                return
            assert self.process.poll() is None, (folder / "error.log").read_text()
            time.sleep(0.01)
        raise AssertionError("nginx did not listen")

    def ask(self, method="GET", path="/things", **options):
        return rest.request(self, method, path, extra=("--unix-socket", self.socket), **options)

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=20)


@pytest.fixture(scope="module")
def app():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        yield listening.server_port
        listening.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def nginx(server, app, tmp_path_factory):
    running = Nginx(tmp_path_factory.mktemp("nginx"), server.ports["rest"], app)
    yield running
    running.stop()


@pytest.fixture
def create(server):
    def create_one(*capabilities):
        answer = rest.request(server, "POST", server.accounts_path, token=server.first["token"],
                              json_body={"name": "client", "capabilities": capabilities})
        assert answer.status == 201, answer.body
        return answer.json()

    return create_one


def fields(answer):
    assert answer.status == 200, answer.body
    return answer.json()["fields"]


def test_a_good_token_passes_and_the_app_learns_who_it_is(nginx, create):
    client = create("mailbox.create", "billing.view")
    told = fields(nginx.ask(token=client["token"]))
    assert told["x-signet-subject-type"] == ["service_account"]
    assert told["x-signet-subject-id"] == [client["id"]]
    assert told["x-signet-account-id"] == [client["account_id"]]
    assert told["x-signet-token-public-id"] == [client["token_public_id"]]
    assert told["x-signet-capabilities"] == ["billing.view,mailbox.create"]
    assert "authorization" not in told


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "HEAD"])
def test_without_a_token(nginx, method):
    answer = nginx.ask(method)
    assert answer.status == 401
    assert answer.value("www-authenticate") == 'Bearer realm="signet"'


@pytest.mark.parametrize("authorization", ["Bearer junk", "Bearer a.b.c", "Basic dTpw", "Bearer"])
def test_with_a_bad_credential(nginx, authorization):
    answer = nginx.ask(fields=[f"Authorization: {authorization}"])
    assert answer.status == 401
    assert answer.value("www-authenticate").startswith('Bearer realm="signet"')


def test_a_capability_is_asked_for_by_the_location(nginx, create):
    assert nginx.ask(path="/mail/x", token=create()["token"]).status == 403
    assert nginx.ask(path="/mail/x", token=create("billing.view")["token"]).status == 403
    assert nginx.ask(path="/mail/x", token=create("mailbox.create")["token"]).status == 200
    assert nginx.ask(path="/mail/x").status == 401


def test_the_clients_query_goes_to_the_app_only(nginx, create):
    path = "/things?capability=auth.manage&account_id=no"
    answer = nginx.ask(path=path, token=create()["token"])
    assert answer.status == 200 and answer.json()["path"] == path


def test_a_revocation_is_true_at_once(server, nginx, create):
    client = create()
    assert nginx.ask(token=client["token"]).status == 200
    rest.request(server, "DELETE", f"{server.accounts_path}/{client['id']}",
                 token=server.first["token"])
    assert nginx.ask(token=client["token"]).status == 401


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_goes_to_the_app(nginx, create, chunked):
    more = ["Transfer-Encoding: chunked"] if chunked else []
    body = json.dumps({"text": "x" * 5000})
    answer = nginx.ask("POST", token=create()["token"], body=body,
                       fields=["Content-Type: application/json", *more])
    assert answer.status == 200
    assert answer.json()["method"] == "POST" and answer.json()["body"] == body


def test_what_the_client_says_of_itself_is_not_believed(nginx, create):
    client = create()
    told = fields(nginx.ask(token=client["token"], fields=[
        "X-Signet-Subject-Id: admin", "x-signet-subject-id: admin2",
        "X_Signet_Subject_Id: admin3", "X-Signet-Subject-Type: user",
        "X-Signet-Account-Id: other", "X-Signet-Token-Public-Id: other",
        "X-Signet-Capabilities: auth.manage"]))
    assert told["x-signet-subject-id"] == [client["id"]]
    assert told["x-signet-subject-type"] == ["service_account"]
    assert told["x-signet-account-id"] == [client["account_id"]]
    assert told["x-signet-token-public-id"] == [client["token_public_id"]]
    assert "x-signet-capabilities" not in told  # It has none.
    assert "x_signet_subject_id" not in told


@pytest.mark.parametrize("path", ["/_signet/check", "/_signet/check/mailbox.create", "/_signet/x"])
def test_the_question_itself_is_not_served(nginx, create, path):
    assert nginx.ask(path=path, token=create()["token"]).status == 404


def connections(port):
    """How many TCP connections lead to `port` here, those just closed included."""
    local = f":{port:04X}"
    rows = [line.split() for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {(row[1], row[2]) for row in rows if row[2].endswith(local)}


def test_connections_to_signet_are_kept(server, nginx, create):
    token = create()["token"]
    assert nginx.ask(token=token).status == 200
    before = connections(server.ports["rest"])
    for _ in range(10):
        assert nginx.ask(token=token).status == 200
    assert not connections(server.ports["rest"]) - before


def test_without_signet_nobody_passes(start, app, tmp_path):
    signet = start()
    token = signet.first["token"]
    nginx = Nginx(tmp_path, signet.ports["rest"], app)
    try:
        assert nginx.ask(token=token).status == 200
        signet.kill()
        assert nginx.ask(token=token).status == 500
    finally:
        nginx.stop()


def test_no_token_is_in_a_log(server, nginx, create):
    token = create()["token"]
    nginx.ask(token=token)
    nginx.ask(path="/mail/x", token=token)
    for log in (server.stderr, nginx.folder / "access.log", nginx.folder / "error.log"):
        assert token not in log.read_text()
