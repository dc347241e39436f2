# SPDX-License-Identifier: Apache-2.0
"""Fixtures for every Python test that starts a server."""

import pathlib
import signal
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent / "support"))

from harness.api import Api  # noqa: E402
from harness.process import Server  # noqa: E402
from harness.surfaces import Grpc, Rest  # noqa: E402
from harness.verify import Asker, World  # noqa: E402


if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN:
    # Under nohup. A server would ignore it too; a signal that is handled here is not handled there.
    signal.signal(signal.SIGHUP, lambda number, frame: None)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server that the tests of one file share; they leave it running."""
    with Server(tmp_path_factory.mktemp("signet")) as running:
        yield running


@pytest.fixture(scope="module")
def api(server):
    with Api(server) as channel:
        yield channel


@pytest.fixture(scope="module")
def world(server):
    """What the owner of the shared server's account does there."""
    return World(server)


@pytest.fixture(scope="module")
def asker(server, world):
    """One who may verify tokens of that account."""
    one = Asker(server, world.create("auth.verify")["token"])
    yield one
    one.close()


@pytest.fixture
def start(tmp_path):
    """Starts servers for one test: start(*flags, env=…) -> Server."""
    servers = []

    def start_one(*flags, folder=None, **options):
        if folder is None:
            folder = tmp_path / f"server{len(servers)}"
            folder.mkdir()
        servers.append(Server(folder, *flags, **options))
        return servers[-1].start()

    yield start_one
    for running in servers:
        running.kill()


SURFACES = {
    "http1": lambda server: Rest(server, "--http1.1"),
    "http2": lambda server: Rest(server, "--http2-prior-knowledge"),
    "grpc": Grpc,
}


@pytest.fixture(scope="module", params=SURFACES)
def surface(request, server):
    """The shared server through each of its doors."""
    return SURFACES[request.param](server)
