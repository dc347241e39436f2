# SPDX-License-Identifier: Apache-2.0
"""A disk that fails, fills up, or may not be written, under the SQLite engine."""

import os
import subprocess

import pytest

from storage_writer import check, finish, start, with_fault, write

# Root may write anything, unless it is told not to.
OBEYING = (["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
           if os.geteuid() == 0 else [])


def test_a_failed_sync_stops_the_store(tmp_path):
    """EIO at an fdatasync of a commit: its outcome is open, and nothing follows."""
    data = tmp_path / "data"
    assert write(data, 1, 3).code == 0
    for when in range(2, 12):
        first = 1000 * when
        outcome = write(data, first, 100, threads=4,
                        wrapper=with_fault(f"fdatasync:error=EIO:when={when}"))
        open_writes = outcome.numbers("WRITE_OUTCOME_UNKNOWN")
        if outcome.code == 0:  # It hit a checkpoint, which can be made up for.
            assert open_writes == []
            assert len(outcome.stored) == 100
        else:
            assert outcome.code == 4
            assert open_writes
            refused = outcome.numbers("STORAGE_UNAVAILABLE")
            assert set(outcome.numbers("read")) <= set(outcome.stored)
            present = check(data, outcome.stored)
            assert not present & set(refused)
        again = write(data, first + 500, 1)
        assert again.code == 0, again.errors


def test_a_full_disk_is_survived(tmp_path):
    """ENOSPC for a while: writes are refused, reads go on, then all is well."""
    data = tmp_path / "data"
    assert write(data, 1, 3).code == 0
    outcome = write(data, 100, 200,
                    wrapper=with_fault("pwrite64:error=ENOSPC:when=60..160"))
    assert outcome.code == 0, outcome.errors
    refused = outcome.numbers("STORAGE_UNAVAILABLE")
    assert refused
    assert outcome.numbers("WRITE_OUTCOME_UNKNOWN") == []
    assert outcome.numbers("read") == list(range(100, 300))
    # Before, and again after.
    assert min(outcome.stored) < min(refused) < max(refused) < max(outcome.stored)
    present = check(data, outcome.stored)
    assert not present & set(refused)


@pytest.fixture
def small_disk(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "none", disk], check=False,
        capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("mounting a small file system takes root")
    yield disk
    subprocess.run(["umount", disk], check=True)


def test_a_small_disk_fills_up_and_is_given_space(small_disk):
    data = small_disk / "data"
    process = start(data, 1, 100_000)
    stored = refused = 0
    filler = None
    for line in process.stdout:
        word = line.split()[0]
        stored += word == "stored" and filler is not None
        refused += word == "STORAGE_UNAVAILABLE"
        if filler is None:
            filler = small_disk / "filler"
            subprocess.run(["dd", "if=/dev/zero", f"of={filler}", "bs=4k"],
                           check=False, capture_output=True)
        elif refused == 5 and filler.exists():
            filler.unlink()
            stored = 0
        elif not filler.exists() and stored == 5:
            break
    process.kill()
    rest = finish(process)
    assert refused >= 5
    assert stored == 5, rest.errors
    check(data, [])


def refusal(directory, wrapper=()):
    """The one line with which it refuses to open."""
    outcome = write(directory, 1, 1, wrapper=wrapper)
    assert outcome.code == 3
    assert outcome.answers == []
    (line,) = outcome.errors.splitlines()
    assert str(directory) in line
    return line


def test_a_directory_that_may_not_be_written(tmp_path):
    data = tmp_path / "data"
    assert write(data, 1, 3).code == 0
    before = {file.name: file.read_bytes() for file in data.iterdir()}
    data.chmod(0o555)
    assert "cannot be written" in refusal(data, OBEYING)
    assert {file.name: file.read_bytes() for file in data.iterdir()} == before


def test_a_database_that_may_not_be_written(tmp_path):
    data = tmp_path / "data"
    assert write(data, 1, 3).code == 0
    (data / "signet.db").chmod(0o444)
    assert "cannot be written" in refusal(data, OBEYING)


def test_a_second_instance_is_refused(tmp_path):
    data = tmp_path / "data"
    first = start(data, 1, 1_000_000)
    assert first.stdout.readline()  # It has the directory.
    assert f"another process (pid {first.pid} on " in refusal(data)
    first.kill()
    finish(first)
    # Killed, it holds nothing any more.
    assert write(data, 2_000_000, 1).code == 0


def test_a_damaged_database_is_refused_and_kept(tmp_path):
    data = tmp_path / "data"
    assert write(data, 1, 300).code == 0
    database = data / "signet.db"
    whole = database.read_bytes()
    pages = int.from_bytes(whole[28:32], "big")  # Behind them is room that is kept.
    assert len(whole) > pages * 4096
    for damaged in (whole[:8192] + b"\x55" * 4096 + whole[12288:],
                    whole[:pages * 4096 - 4096],
                    whole[:5000], b"", b"\0" * len(whole)):
        database.write_bytes(damaged)
        assert "restore it from a backup" in refusal(data)
        assert database.read_bytes() == damaged
    database.write_bytes(whole)
    assert write(data, 1000, 1).code == 0
