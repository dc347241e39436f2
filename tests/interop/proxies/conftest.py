# SPDX-License-Identifier: Apache-2.0
"""An app behind each proxy, which says what came, and clients of it."""

import http.server
import json
import threading

import pytest
from harness import rest
from proxies import ALL


class Echo(http.server.BaseHTTPRequestHandler):
    """The app: says what came."""

    def _answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.headers.get("Transfer-Encoding") == "chunked":
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
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


@pytest.fixture(scope="module")
def app():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        yield listening.server_port
        listening.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def run_proxy(server, app, tmp_path_factory):
    """Starts a proxy before the shared server, once: run_proxy(Nginx)."""
    running = {}

    def run(kind):
        if kind not in running:
            folder = tmp_path_factory.mktemp(kind.__name__)
            running[kind] = kind(folder, server, app)
        return running[kind]

    yield run
    for proxy in running.values():
        proxy.stop()


@pytest.fixture(params=ALL, ids=lambda kind: kind.__name__)
def proxy(request, run_proxy):
    return run_proxy(request.param)


@pytest.fixture
def create(server):
    def create_one(*capabilities):
        answer = rest.request(server, "POST", server.accounts_path, token=server.first["token"],
                              json_body={"name": "client", "capabilities": capabilities})
        assert answer.status == 201, answer.body
        return answer.json()

    return create_one
