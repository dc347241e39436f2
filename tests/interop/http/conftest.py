# SPDX-License-Identifier: Apache-2.0
"""Servers to attack, and a bystander who must notice nothing."""

import http.client
import os
import pathlib
import signal
import subprocess
import threading
import time

import pytest

BUILD = pathlib.Path(
    os.environ.get("SIGNET_BUILD_DIR", pathlib.Path(__file__).parents[3] / "build")
)


class Server:
    """A process that serves HTTP on `port`."""

    def __init__(self, command, read_port, preexec=None):
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, preexec_fn=preexec
        )
        try:
            self.port = read_port(self.process)
        except BaseException:
            self.process.kill()
            raise

    def resident_bytes(self):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise AssertionError("the server is gone")

    def cpu_seconds(self):
        stat = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text()
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        """Drains it; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=20)


def _echo_port(process):
    word, port = process.stdout.readline().split()
    assert word == "port"
    return int(port)


@pytest.fixture
def start_echo():
    """Starts listeners over an echoing handler: start_echo(write_timeout_ms=500)."""
    servers = []

    def start(preexec=None, **options):
        arguments = [f"{name}={value}" for name, value in options.items()]
        servers.append(
            Server([BUILD / "tests" / "http_echo_server", *arguments], _echo_port, preexec)
        )
        return servers[-1]

    yield start
    for server in servers:
        if server.process.poll() is None:
            assert server.stop() == 0
        assert server.process.returncode == 0


class Bystander:
    """Somebody else's client: asks all the time, and every answer must come soon."""

    PATIENCE = 3.0

    def __init__(self, port):
        self.port = port
        self.answers = 0
        self.slowest = 0.0
        self.trouble = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        while self.answers == 0 and self.trouble is None:
            time.sleep(0.005)

    def _run(self):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.PATIENCE)
            while not self._stop.is_set():
                begin = time.monotonic()
                connection.request("GET", "/")
                response = connection.getresponse()
                response.read()
                if response.status >= 500:
                    raise AssertionError(f"got {response.status}")
                self.slowest = max(self.slowest, time.monotonic() - begin)
                self.answers += 1
                self._stop.wait(0.02)
            connection.close()
        except Exception as error:  # Told to the test, whatever it is.
            self.trouble = error

    def leave(self):
        self._stop.set()
        self._thread.join()
        assert self.trouble is None, f"a bystander was harmed: {self.trouble!r}"


@pytest.fixture
def bystander():
    """bystander(server): from now to the end of the test."""
    present = []
    yield lambda server: present.append(Bystander(server.port))
    for one in present:
        one.leave()


@pytest.fixture
def echo(start_echo, bystander):
    """The listeners over an echoing handler, with a bystander."""
    server = start_echo()
    bystander(server)
    return server


def _signetd_port(port_file):
    def read(process):
        for _ in range(1000):
            if port_file.exists() and (text := port_file.read_text()):
                return int(text.split('"rest":')[1].split(",")[0].split("}")[0])
            assert process.poll() is None, "signetd did not start"
            time.sleep(0.02)
        raise AssertionError("signetd wrote no port file")

    return read


@pytest.fixture(params=["echo", "signetd"])
def any_server(request, tmp_path):
    """Each program that the listeners are built into, with a bystander."""
    if request.param == "echo":
        yield request.getfixturevalue("echo")
        return
    port_file = tmp_path / "ports"
    server = Server(
        [
            BUILD / "signetd",
            f"--data_dir={tmp_path / 'data'}",
            "--rest_address=127.0.0.1:0",
            "--grpc_address=127.0.0.1:0",
            f"--port_file={port_file}",
            f"--bootstrap_file={tmp_path / 'bootstrap'}",
        ],
        _signetd_port(port_file),
    )
    someone = Bystander(server.port)
    yield server
    someone.leave()
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(timeout=40) == 0
