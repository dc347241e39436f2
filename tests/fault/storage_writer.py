# SPDX-License-Identifier: Apache-2.0
"""Drives the storage_writer program, and looks at what it left."""

import os
import pathlib
import signal
import sqlite3
import subprocess

from harness.process import BINARY

WRITER = str(pathlib.Path(BINARY).parent / "tests" / "storage_writer")


class Outcome:
    """What one run said and how it ended."""

    def __init__(self, output, errors, code):
        # A kill may have cut the last line.
        lines = output[: output.rfind("\n") + 1].splitlines()
        self.answers = [(word, int(number)) for word, number in map(str.split, lines)]
        self.errors = errors
        self.code = code

    def numbers(self, answer):
        return [number for word, number in self.answers if word == answer]

    @property
    def stored(self):
        return self.numbers("stored")


def arguments(directory, first, count, threads=1):
    return [WRITER, str(directory), str(first), str(count), str(threads)]


def start(directory, first, count, threads=1, wrapper=()):
    return subprocess.Popen(
        [*wrapper, *arguments(directory, first, count, threads)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process):
    output, errors = process.communicate(timeout=120)
    return Outcome(output, errors, process.returncode)


def write(directory, first, count, threads=1, wrapper=()):
    return finish(start(directory, first, count, threads, wrapper))


def with_fault(*faults, log=os.devnull):
    """A wrapper under which system calls go wrong: `fdatasync:error=EIO:when=3`."""
    return ["strace", "-f", "-o", str(log), "-e", "trace=pwrite64,fdatasync",
            *(f"--inject={fault}" for fault in faults)]


def killed(code):
    """Whether an exit code is that of a SIGKILL, also as strace passes it on."""
    return code in (-signal.SIGKILL, 128 + signal.SIGKILL)


def check(directory, acknowledged):
    """All that was acknowledged is there, nothing by halves, no page damaged."""
    with sqlite3.connect(pathlib.Path(directory) / "signet.db") as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        rows = db.execute(
            """SELECT s.name, t.public_id FROM service_accounts s LEFT JOIN tokens t
               ON t.public_id = s.token_public_id AND t.account_id = s.account_id
               AND t.service_account_id = s.id""").fetchall()
        (tokens,) = db.execute("SELECT count(*) FROM tokens").fetchone()
    db.close()
    assert len(rows) == tokens
    assert all(public_id == f"{int(name.split()[-1]):016}" for name, public_id in rows)
    present = {int(name.split()[-1]) for name, _ in rows}
    assert set(acknowledged) <= present
    return present
