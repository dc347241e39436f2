# SPDX-License-Identifier: Apache-2.0
"""What a killed process left of files it was writing is swept at the next start; nothing else."""

import fcntl
import os
import pathlib

import pytest
from harness.process import Server
from harness.surfaces import Rest

SUFFIX = ".signet-0123456789abcdef"
REMOVED = "a file that a killed process left is removed"


def paths(server):
    """What a server writes by way of a temporary file beside it."""
    return {"keys": server.data / "token_keys", "head": server.data / "audit_head",
            "first token": server.folder / "bootstrap.pending", "ports": server.folder / "ports"}


def removed(server):
    return {pathlib.Path(line["file"]) for line in server.log() if line["message"] == REMOVED}


@pytest.fixture
def stopped(start):
    server = start()
    assert server.stop() == 0
    return server


def test_leftovers_are_swept_and_named(stopped):
    left = {path.with_name(path.name + SUFFIX) for path in paths(stopped).values()}
    for file in left:
        file.write_text("half a secret")
    stopped.start()
    assert [file for file in left if file.exists()] == []
    assert removed(stopped) == left
    assert "half a secret" not in stopped.stderr.read_text()
    assert Rest(stopped, "--http1.1").self_(token=stopped.first["token"]).code == "OK"


def test_what_only_looks_alike_stays(stopped, tmp_path):
    treasure = tmp_path / "treasure"
    treasure.write_text("mine")
    stay = [treasure]
    for path in paths(stopped).values():
        link = path.with_name(path.name + SUFFIX)
        link.symlink_to(treasure)
        folder = path.with_name(path.name + ".signet-1123456789abcdef")
        folder.mkdir()
        fifo = path.with_name(path.name + ".signet-2123456789abcdef")
        os.mkfifo(fifo)
        foreign = path.with_name(path.name + ".signet-3123456789abcdef")
        foreign.write_text("of another user")
        if os.geteuid() == 0:
            os.chown(foreign, 1, 1)
        else:
            foreign.unlink()
        similar = [path.with_name(path.name + end) for end in
                   (".old", ".0123456789ABCDEF", SUFFIX + "0", SUFFIX[:-1], ".backup.pending",
                    SUFFIX + ".txt")]
        for file in similar:
            file.write_text("of somebody")
        other = path.with_name("not_" + path.name + SUFFIX)
        other.write_text("of somebody")
        stay += [link, folder, fifo, *similar, other]
        if foreign.exists():
            stay.append(foreign)
    elsewhere = tmp_path / ("token_keys" + SUFFIX)
    elsewhere.write_text("in no directory of the server's")
    stopped.start()
    assert [str(file) for file in [*stay, elsewhere] if not os.path.lexists(file)] == []
    assert treasure.read_text() == "mine"
    assert removed(stopped) == set()


def test_what_somebody_still_writes_stays(stopped):
    busy = stopped.data / ("token_keys" + SUFFIX)
    with busy.open("w") as writer:
        fcntl.flock(writer, fcntl.LOCK_EX)
        stopped.start()
        assert busy.exists()
    assert stopped.stop() == 0
    stopped.start()
    assert not busy.exists()


def test_a_backup_that_runs_stays(stopped):
    copy = stopped.data / "copy.db.partial"
    copy.write_text("half a copy")
    stopped.start()
    assert copy.exists()


def test_a_gateway_sweeps_beside_its_port_file(stopped, tmp_path):
    stopped.start()
    folder = tmp_path / "gateway"
    folder.mkdir()
    left = folder / ("ports" + SUFFIX)
    left.write_text("half")

    class Gateway(Server):
        def arguments(self):
            return [self.binary, "--mode=gateway", f"--grpc_target={stopped.grpc}",
                    "--rest_address=127.0.0.1:0", f"--port_file={folder / 'ports'}"]

    with Gateway(folder):
        assert not left.exists()
