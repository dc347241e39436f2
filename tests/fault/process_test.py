# SPDX-License-Identifier: Apache-2.0
"""A disk that fails or may not be written, as the whole process meets it."""

import os
import signal
from pathlib import Path

import grpc
import pytest

from harness import rest
from harness.api import Api
from harness.process import Server, StartError
from storage_writer import with_fault

# Root may write anything, unless it is told not to.
OBEYING = (["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
           if os.geteuid() == 0 else [])


def create(server):
    return rest.request(server, "POST", server.accounts_path,
                        token=server.first["token"], json_body={"name": "x"})


@pytest.mark.parametrize("told_to_stop", [False, True])
def test_failed_sync_is_answered_and_ends_the_process(start, told_to_stop):
    server = start()
    assert server.stop() == 0

    server.start(wrapper=with_fault("fdatasync:error=EIO:when=25"))
    tokens = []
    while (answer := create(server)).status == 201:
        tokens.append(answer.json()["token"])
        assert len(tokens) < 100
    assert answer.status == 503
    assert answer.json()["reason"] == "WRITE_OUTCOME_UNKNOWN"
    assert tokens
    if told_to_stop:  # Itself; strace holds signals back.
        strace = server.process.pid
        (signetd,) = Path(f"/proc/{strace}/task/{strace}/children").read_text().split()
        os.kill(int(signetd), signal.SIGTERM)
    assert server.process.wait(20) == 1
    assert server.stderr.read_text().splitlines()[-1].startswith("signetd: ")

    server.start()
    with Api(server) as api:
        for token in tokens:
            assert api.self_(token=token).code == grpc.StatusCode.OK
    assert create(server).status == 201


@pytest.mark.parametrize("writable", ["before", "never"])
def test_directory_that_may_not_be_written_is_refused(tmp_path, writable):
    server = Server(tmp_path)
    if writable == "before":
        with server:
            assert server.stop() == 0
    else:
        server.data.mkdir()
    before = sorted(path.name for path in server.data.iterdir())
    server.data.chmod(0o500)
    with pytest.raises(StartError):
        server.start(wrapper=OBEYING)
    assert server.process.returncode == 3
    assert str(server.data) in server.stderr.read_text()
    assert sorted(path.name for path in server.data.iterdir()) == before
