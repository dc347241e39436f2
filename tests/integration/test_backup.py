# SPDX-License-Identifier: Apache-2.0
"""--backup: a copy of the database while a server writes to it."""

import os
import re
import shutil
import signal
import stat
import time

import pytest
from harness import process
from harness.api import Api
from harness.load import finish_load, start_load
from harness.surfaces import Rest


def back_up(server, target, **options):
    return process.run(f"--backup={target}", f"--data_dir={server.data}", timeout=120, **options)


def restored(server, target, folder):
    """A running server on a directory that holds the copy and the key file, no more."""
    data = folder / "data"
    data.mkdir(parents=True)
    shutil.copy(target, data / "signet.db")
    shutil.copy(server.data / "token_keys", data / "token_keys")
    shutil.copy(server.folder / "bootstrap", folder / "bootstrap")
    copy = process.Server(folder)
    try:
        return copy.start()
    except process.StartError:
        # It cannot know that it is the latest state, and is told so.
        accepted = re.search(r"--accept_audit_loss=\w+", copy.stderr.read_text())
        assert accepted, copy.stderr.read_text()
        copy.flags = (accepted[0],)
        return copy.start()


def dead(server, tokens):
    with Api(server) as api:
        return [one for one in tokens if api.self_(token=one).code.name != "OK"]


def test_what_was_acknowledged_before_is_in_it(start, tmp_path):
    server = start()
    creators = start_load(server, each=2)
    while min(len(creator.tokens) for creator in creators) < 50:
        assert all(creator.is_alive() for creator in creators)
        time.sleep(0.01)
    before = [token for creator in creators for token in list(creator.tokens)]
    target = tmp_path / "copy.db"
    done = back_up(server, target)
    assert done.returncode == 0, done.stderr
    assert all(creator.is_alive() for creator in creators)
    assert re.fullmatch(rf"{re.escape(str(target))}: \d+ bytes, schema version \d+\n",
                        done.stdout)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert sorted(tmp_path.glob("copy.db*")) == [target]

    assert server.stop() == 0
    after = finish_load(creators)
    assert len(after) > len(before)
    copy = restored(server, target, tmp_path / "restored")
    try:
        assert dead(copy, [server.first["token"], *before]) == []
        made = Rest(copy, "--http1.1").create(server.first["account_id"], "new",
                                              token=server.first["token"])
        assert made.code == "OK"
    finally:
        copy.kill()


def test_of_a_stopped_server(start, tmp_path):
    server = start()
    assert server.stop() == 0
    assert back_up(server, tmp_path / "copy.db").returncode == 0
    copy = restored(server, tmp_path / "copy.db", tmp_path / "restored")
    dead_ones = dead(copy, [server.first["token"]])
    copy.kill()
    assert dead_ones == []


def test_never_over_a_file_nor_without_a_database(start, tmp_path):
    server = start()
    (tmp_path / "file").write_text("precious")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for target in ("file", "link"):
        done = back_up(server, tmp_path / target)
        assert done.returncode == 2
        assert "--backup" in done.stderr
    assert (tmp_path / "file").read_text() == "precious"
    assert not (tmp_path / "elsewhere").exists()

    none = process.run(f"--backup={tmp_path / 'copy'}", f"--data_dir={tmp_path / 'none'}")
    assert none.returncode == 2
    assert not (tmp_path / "none").exists()
    unwritable = back_up(server, tmp_path / "none" / "copy")
    assert unwritable.returncode == 2
    assert "choose another place" in unwritable.stderr


@pytest.mark.parametrize("when", [1, 3, 5])
def test_a_kill_leaves_no_file(start, tmp_path, when):
    server = start()
    target = tmp_path / "copy.db"
    wrapper = ["strace", "-f", "-o", os.devnull, "-e", "trace=pwrite64,fsync,link",
               f"--inject=pwrite64,fsync,link:signal=KILL:when={when}"]
    killed = process.subprocess.run(
        [*wrapper, process.BINARY, f"--backup={target}", f"--data_dir={server.data}"],
        env=process.CLEAN_ENVIRONMENT, capture_output=True, check=False, timeout=60)
    assert killed.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL)
    assert not target.exists()
    assert back_up(server, target).returncode == 0
    assert sorted(tmp_path.glob("copy.db*")) == [target]
