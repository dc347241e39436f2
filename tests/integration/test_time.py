# SPDX-License-Identifier: Apache-2.0
"""What has ended stays ended when the clock is set back; a wrong year ends nothing for good.

The server's wall clock is set by libfaketime; its monotonic ones go on.
"""

import datetime
import glob
import time

import pytest
from harness import process, rest
from harness.surfaces import Grpc, Rest
from harness.times import when
from harness.verify import Asker

FAKETIME = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
HOUR = 3600
YEAR = 365 * 24 * HOUR

SURFACES = [lambda server: Rest(server, "--http1.1"),
            lambda server: Rest(server, "--http2-prior-knowledge"), Grpc]


class Clock:
    """The wall clock of a server."""

    def __init__(self, folder):
        self._file = folder / "clock"
        self.set(0)
        self.env = {"LD_PRELOAD": FAKETIME[0], "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                    "FAKETIME_TIMESTAMP_FILE": str(self._file), "FAKETIME_CACHE_DURATION": "1"}

    def set(self, seconds):
        """So many seconds off, from now on."""
        new = self._file.with_suffix(".new")
        new.write_text(f"{seconds:+d}\n")
        new.replace(self._file)


class Tokens:
    """Tokens of a server, and who is asked about them."""

    def __init__(self, server):
        self.server, self.first = server, server.first
        self.path = server.accounts_path

    def make(self, **fields):
        made = rest.request(self.server, "POST", self.path, token=self.first["token"],
                            json_body={"name": "ci", **fields})
        assert made.status == 201, made.body
        return made.json()

    def rotate(self, id_, **fields):
        made = rest.request(self.server, "POST", f"{self.path}/{id_}/rotate",
                            token=self.first["token"], json_body=fields)
        assert made.status == 200, made.body
        return made.json()

    def states(self):
        listed = rest.request(self.server, "GET", f"{self.path}?state=expired",
                              token=self.first["token"])
        return {one["id"] for one in listed.json()}

    def works(self, token):
        """Whether it is good, once every door says the same."""
        codes = {make(self.server).self_(token=token).code for make in SURFACES}
        assert len(codes) == 1
        asker = Asker(self.server, self.first["token"])
        active = asker.verify(token, account_id=self.first["account_id"]).active
        asker.close()
        assert active == (codes == {"OK"})
        return active


@pytest.fixture
def set_clock(start, tmp_path):
    """(a server, its clock)"""
    clock = Clock(tmp_path)
    return start("--last_used_flush_interval=50ms", env=clock.env), clock


def set_and_await(server, clock, seconds):
    """Returns once the server's log is written by the clock that was set."""
    clock.set(seconds)
    end = time.monotonic() + 20
    while True:
        rest.request(server, "GET", "/v1/public/auth/self")
        logged = datetime.datetime.fromisoformat(server.log()[-1]["time"][:19] + "+00:00")
        off = (logged - datetime.datetime.now(datetime.timezone.utc)).total_seconds()
        if abs(off - seconds) < HOUR / 2:
            return
        assert time.monotonic() < end, off
        time.sleep(0.1)


def jumps(server):
    return [round(line["by_ms"] / 1000) for line in server.log()
            if line["message"] == "the wall clock was set"]


def await_jumps(server, want):
    end = time.monotonic() + 20
    while jumps(server) != want:
        assert time.monotonic() < end, jumps(server)
        time.sleep(0.1)


def test_what_has_ended_stays_ended_when_the_clock_is_set_back(set_clock):
    server, clock = set_clock
    tokens = Tokens(server)
    brief = tokens.make(expires_at=when(1.5))
    replaced = tokens.make()
    tokens.rotate(replaced["id"])
    retired = tokens.make()
    tokens.rotate(retired["id"], overlap="1s")
    good = tokens.make(expires_at=when(HOUR))
    dead = [brief["token"], replaced["token"], retired["token"]]
    time.sleep(1.6)
    assert [tokens.works(token) for token in dead] == [False] * 3

    set_and_await(server, clock, -HOUR)
    assert [tokens.works(token) for token in dead] == [False] * 3
    assert tokens.works(good["token"])
    assert tokens.states() == {brief["id"]}
    await_jumps(server, [-HOUR])
    # Time goes on.
    another = tokens.make(expires_at=when(1.5))
    assert tokens.works(another["token"])
    time.sleep(1.6)
    assert not tokens.works(another["token"])

    dead.append(another["token"])
    assert server.stop() == 0
    server.start()
    assert [tokens.works(token) for token in dead] == [False] * 4
    assert tokens.works(good["token"])
    behind = [line for line in server.log() if "is behind the mark of time" in line["message"]]
    assert [round(line["by_ms"] / 1000) for line in behind] == [HOUR]


def test_a_wrong_year_ends_nothing_for_good(set_clock):
    server, clock = set_clock
    tokens = Tokens(server)
    good = tokens.make(expires_at=when(HOUR))
    assert tokens.works(good["token"])
    set_and_await(server, clock, YEAR)
    assert not tokens.works(good["token"])  # While the clock says so.
    await_jumps(server, [YEAR])
    assert server.stop() == 0
    server.start()
    assert not tokens.works(good["token"])
    set_and_await(server, clock, 0)
    assert tokens.works(good["token"])
    assert server.stop() == 0
    server.start()
    assert tokens.works(good["token"])


def set_time_mark(server, mark, env=None):
    return process.run(f"--set_time_mark={mark}", f"--data_dir={server.data}", env=env)


def test_an_errand_corrects_the_mark(set_clock):
    server, clock = set_clock
    tokens = Tokens(server)
    good = tokens.make(expires_at=when(HOUR))
    # A server has the database.
    assert set_time_mark(server, "now").returncode == 3
    assert server.stop() == 0

    # The mark has followed a wrong year, and stands when the clock is right.
    done = set_time_mark(server, when(YEAR))
    assert (done.returncode, done.stderr) == (0, "")
    assert "ahead of this machine's clock" in done.stdout
    server.start()
    assert not tokens.works(good["token"])
    assert server.stop() == 0

    done = set_time_mark(server, "now")
    assert done.returncode == 0
    assert done.stdout.startswith("mark of time: was 20")
    assert done.stdout.count("\n") == 1
    server.start()
    assert tokens.works(good["token"])
    events = rest.request(
        server, "GET", server.accounts_path.replace("service-accounts", "audit-events")
        + "?action=time.correct", token=server.first["token"]).json()
    assert [sorted(event["details"]) for event in events] == [["new", "old"]] * 2
    assert {event["actor"] for event in events} == {"system"}
    assert server.stop() == 0
    assert process.run("--verify_audit", f"--data_dir={server.data}").returncode == 0
