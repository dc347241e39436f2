# SPDX-License-Identifier: Apache-2.0
"""Real proxies with the configurations of docs/integrations, before an app."""

import os
import shutil
import subprocess
import time

from harness import rest
from harness.process import ROOT

ACCOUNT = ("3c90c3cc-0d44-4b50-8888-8dd25736052a", "{account}")
NGINX = """
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
    {documented}
}}
"""
CADDY = """
{{
    admin off
    log {{
        level DEBUG
    }}
}}
{documented}
"""


class Proxy:
    """Listens on a socket in `folder`, with other addresses than documented."""

    signet = ("127.0.0.1:8080", "127.0.0.1:{signet}")
    signet_port = "rest"
    app = ("127.0.0.1:3000", "127.0.0.1:{app}")
    changes = ()  # More of the kind.
    account = None  # The one to ask for; None: that of the server's first token.

    def __init__(self, folder, server, app_port):
        self.rest = "http://localhost"
        self.folder = folder
        self.socket = folder / "sock"
        self.log = folder / "error.log"
        text = (ROOT / "docs" / "integrations" / self.documented).read_text()
        for documented, here in (self.signet, self.app, self.listen, ACCOUNT, *self.changes):
            assert documented in text
            text = text.replace(documented, here.format(
                signet=server.ports[self.signet_port], app=app_port, socket=self.socket,
                account=self.account or server.first["account_id"]))
        user = "user root;" if os.geteuid() == 0 else ""
        configuration = folder / self.documented
        configuration.write_text(self.main.format(user=user, documented=text))
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                self.command(configuration), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, "XDG_CONFIG_HOME": str(folder), "XDG_DATA_HOME": str(folder)})
        for _ in range(1000):
            if self.socket.exists():
                return
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.01)
        raise AssertionError(f"{self.documented}: nothing listens")

    def ask(self, method="GET", path="/things", **options):
        return rest.request(self, method, path, extra=("--unix-socket", self.socket), **options)

    def logs(self):
        return [path.read_text() for path in self.folder.glob("*.log")]

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=20)


class Nginx(Proxy):
    documented = "nginx.conf"
    main = NGINX
    listen = ("listen 80 default_server;", "listen unix:{socket};")
    without_signet = 500

    def command(self, configuration):
        nginx = shutil.which("nginx") or "/usr/sbin/nginx"
        return [nginx, "-p", self.folder, "-c", configuration, "-e", self.log]


class Caddy(Proxy):
    documented = "Caddyfile"
    main = CADDY
    listen = (":80 {", ":80 {{\n\tbind unix/{socket}")
    without_signet = 502

    def command(self, configuration):
        return ["caddy", "run", "--adapter", "caddyfile", "--config", configuration]


class Envoy(Proxy):
    documented = "envoy.yaml"
    main = "{documented}"
    signet = ("address: 127.0.0.1, port_value: 9090", "address: 127.0.0.1, port_value: {signet}")
    signet_port = "grpc"
    app = ("address: 127.0.0.1, port_value: 3000", "address: 127.0.0.1, port_value: {app}")
    listen = ("socket_address: {address: 0.0.0.0, port_value: 8000}", "pipe: {{path: {socket}}}")
    without_signet = 503

    def command(self, configuration):
        return ["envoy", "--config-path", configuration, "--concurrency", "1",
                "--disable-hot-restart"]


ALL = [Nginx, Caddy, Envoy]
