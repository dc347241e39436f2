# SPDX-License-Identifier: Apache-2.0
"""On a full disk what ends a credential still commits, out of a reserve; nothing else does."""

import os
import subprocess
import time

import pytest
from harness import rest
from harness.api import Api, message
from harness.life import GrpcDoor, Lost, RestDoor
from harness.process import Server


class SmallDisk:
    """A server whose data directory lies on a file system of 48 MB."""

    def __init__(self, folder, disk):
        self.disk = disk
        self.server = Server(folder, "--last_used_flush_interval=1h").start()
        self.doors = {"rest": RestDoor(self.server), "grpc": GrpcDoor(self.server)}

    def restart(self):
        self.server.kill()
        self.server.start()
        self.doors = {"rest": RestDoor(self.server), "grpc": GrpcDoor(self.server)}

    def fill(self):
        with (self.disk / "filler").open("wb", buffering=0) as filler:
            for size in (1 << 20, 4096):
                try:
                    while True:
                        filler.write(b"x" * size)
                except OSError:
                    pass

    def make(self):
        return self.doors["rest"].create("ci", None)

    def request(self, method, path, **options):
        return rest.request(self.server, method, path, **options)

    def works(self, token):
        with Api(self.server) as api:
            over_grpc = api.self_(token=token).code.name == "OK"
        assert self.doors["rest"].works(token) == over_grpc
        return over_grpc

    def refuses_other_writes(self):
        for door in self.doors.values():
            try:
                door.create("no", "key")
            except Lost as refusal:
                reply = refusal.args[0]
                assert "STORAGE_UNAVAILABLE" in str(reply)
            else:
                return False
        answer = self.request("POST", self.server.accounts_path, json_body={"name": "no"},
                              token=self.server.first["token"])
        if answer.status == 201:  # There is room again, since a moment ago.
            return False
        assert answer.status == 503
        assert int(answer.value("retry-after")) >= 1
        return True


@pytest.fixture
def small(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "none", disk],
                             check=False, capture_output=True)
    if mounted.returncode != 0:
        # Where it counts, it must not be left out unseen.
        give_up = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        give_up("mounting a small file system takes root")
    folder = tmp_path / "server"
    folder.mkdir()
    (disk / "data").mkdir(mode=0o700)
    (folder / "data").symlink_to(disk / "data")
    one = None
    try:
        one = SmallDisk(folder, disk)
        yield one
    finally:
        if one is not None:
            one.server.kill()
        subprocess.run(["umount", disk], check=True)


def revoke_by_delete(small, made):
    path = f"{small.server.accounts_path}/{made['id']}"
    answer = small.request("DELETE", path, token=small.server.first["token"])
    assert answer.status < 300, answer.body


def disable_by_rest(small, made):
    small.doors["rest"].update(made["id"], enabled=False)


def disable_by_grpc(small, made):
    request = message("signet.v1.UpdateServiceAccountRequest")
    request.service_account.account_id = small.server.first["account_id"]
    request.service_account.id = made["id"]
    request.service_account.enabled = False
    request.update_mask.paths.append("enabled")
    with Api(small.server) as api:
        reply = api.call("signet.v1.ServiceAccounts/UpdateServiceAccount", request,
                         "signet.v1.ServiceAccount", token=small.server.first["token"])
    assert reply.code.name == "OK", reply


def self_by_rest(small, made):
    answer = small.request("POST", "/v1/public/auth/self/revoke", token=made["token"])
    assert answer.status == 200, answer.body


def self_by_form(small, made):
    answer = small.request("POST", "/v1/public/auth/self/revoke", body=f"token={made['token']}",
                           fields=["Content-Type: application/x-www-form-urlencoded"])
    assert answer.status == 200, answer.body


def self_by_grpc(small, made):
    with Api(small.server) as api:
        reply = api.call("signet.v1.Identity/RevokeSelf", message("signet.v1.RevokeSelfRequest"),
                         "signet.v1.RevokeSelfResponse", token=made["token"])
    assert reply.code.name == "OK", reply


ENDS = [lambda small, made: small.doors["rest"].revoke(made["id"], "leaked"),
        lambda small, made: small.doors["grpc"].revoke(made["id"], "leaked"),
        revoke_by_delete, disable_by_rest, disable_by_grpc, self_by_rest, self_by_form,
        self_by_grpc]


def test_a_leaked_token_is_ended_while_nothing_else_is_written(small):
    leaked = [small.make() for _ in ENDS]
    many = [small.make() for _ in range(200)]
    holder = small.make()
    grants = {name: door.grant(holder["id"], f"mail.{name}") for name, door in small.doors.items()}
    small.fill()
    assert small.refuses_other_writes()
    for end, made in zip(ENDS, leaked):
        assert small.works(made["token"])
        end(small, made)
        assert not small.works(made["token"])
        assert small.refuses_other_writes()
    for name, door in small.doors.items():
        assert door.ungrant(grants[name]["id"])["revoked_at"] is not None
    # The log starts over in between, so more of them fit than it could grow by.
    for made in many:
        small.doors["grpc"].revoke(made["id"], "leaked")
    said = [line["message"] for line in small.server.log() if "reserve" in line["message"]]
    assert said == ["the disk is full; only revocations are stored, in what was reserved"]

    small.restart()
    assert not any(small.works(made["token"]) for made in leaked + many)
    (small.disk / "filler").unlink()
    end = time.monotonic() + 20
    while small.refuses_other_writes():
        assert time.monotonic() < end
        time.sleep(0.1)
    small.restart()
    assert not any(small.works(made["token"]) for made in leaked)


def test_space_that_comes_back_is_noticed_and_reserved_again(small):
    made = [small.make() for _ in range(3)]
    reserve = small.disk / "data" / "signet.reserve"
    whole = reserve.stat().st_size
    assert whole == reserve.stat().st_blocks * 512 == 8 << 20
    small.fill()
    assert small.refuses_other_writes()
    assert reserve.stat().st_size == whole  # Not for these.
    small.doors["rest"].revoke(made[0]["id"], "leaked")
    assert reserve.stat().st_size < whole
    assert small.refuses_other_writes()
    (small.disk / "filler").unlink()
    end = time.monotonic() + 20
    while small.refuses_other_writes():
        assert time.monotonic() < end
        time.sleep(0.1)
    assert reserve.stat().st_size == whole
    # And a second time.
    small.fill()
    small.doors["rest"].revoke(made[1]["id"], "leaked")
    assert not small.works(made[1]["token"])
