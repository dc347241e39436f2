# SPDX-License-Identifier: Apache-2.0
"""SIGKILL while the SQLite engine writes: what was acknowledged is there.

STORAGE_KILL_ROUNDS sets the number of random rounds, KILL_SEED repeats them.
"""

import collections
import os
import random
import re
import time

import pytest

from storage_writer import check, finish, killed, start, with_fault, write

ROUNDS = int(os.environ.get("STORAGE_KILL_ROUNDS", "40"))
SEED = int(os.environ.get("KILL_SEED", time.time_ns()))


def test_random_moments(tmp_path):
    print(f"STORAGE_KILL_ROUNDS={ROUNDS} KILL_SEED={SEED}")
    pauses = random.Random(SEED)
    acknowledged = []
    for number in range(ROUNDS):
        first = 1_000_000 * (number + 1)
        process = start(tmp_path / "data", first, 1_000_000, threads=8)
        # From before the first open has ended to many checkpoints later.
        time.sleep(pauses.uniform(0, 0.3))
        process.kill()
        outcome = finish(process)
        assert killed(outcome.code), outcome.errors
        acknowledged += outcome.stored
    outcome = write(tmp_path / "data", 1, 1)
    assert outcome.code == 0, outcome.errors
    check(tmp_path / "data", acknowledged + outcome.stored)
    assert len(acknowledged) > ROUNDS


WRITES = 20  # With several checkpoints among them.


def calls_of_one_run(data, call, log):
    """How often the busiest thread makes a system call when nothing goes wrong.

    strace counts the calls of each thread by itself.
    """
    outcome = write(data, 1000, WRITES, wrapper=with_fault(log=log))
    assert outcome.stored == list(range(1000, 1000 + WRITES))
    threads = re.findall(rf"^(\d+) +{call}\(", log.read_text(), re.MULTILINE)
    return max(collections.Counter(threads).values())


@pytest.mark.parametrize("database", ["new", "old"])
@pytest.mark.parametrize("call, step", [("fdatasync", 1), ("pwrite64", 7)])
def test_every_commit_syscall(tmp_path, call, step, database):
    """From the first call to the last: a first start, commits, checkpoints, a stop."""

    def prepare(name):
        if database == "old":
            assert write(tmp_path / name, 1, 10).code == 0
        return tmp_path / name

    count = calls_of_one_run(prepare("whole"), call, tmp_path / "calls")
    assert count >= 10
    for when in range(1, count + 1, step):
        data = prepare(f"data{when}")
        outcome = write(data, 1000, WRITES,
                        wrapper=with_fault(f"{call}:signal=SIGKILL:when={when}"))
        if not killed(outcome.code):
            # A checkpoint that a read held up makes a few calls less.
            assert outcome.code == 0, outcome.errors
            assert when > 0.7 * count
        again = write(data, 2000, 1)
        assert again.code == 0, again.errors
        before = list(range(1, 11)) if database == "old" else []
        present = check(data, before + outcome.stored + again.stored)
        # One was under way, and may be there unanswered.
        assert len(present) <= len(before) + len(outcome.stored) + 2
