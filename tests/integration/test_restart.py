# SPDX-License-Identifier: Apache-2.0
"""What survives a restart, and what is in the files."""

import json
import os
import stat
import uuid

from harness import process, rest
from harness.api import Api
from harness.process import Server
from harness.surfaces import Grpc, Rest, to_json


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_data_survives(start):
    server = start()
    first = server.first
    made = [Rest(server, "--http1.1").create(first["account_id"], "by rest",
                                             token=first["token"]).body,
            Grpc(server).create(first["account_id"], "by grpc",
                                token=first["token"]).body]
    assert server.stop() == 0

    server.start()
    assert server.first == first
    with Api(server) as api:
        for body in made:
            assert api.self_(token=body["token"]).message.subject_id == body["id"]
            got = to_json(api.get(first["account_id"], body["id"],
                                  token=first["token"]).message)
            assert got.pop("last_used_at") is not None
            del body["token"], body["last_used_at"]
            assert got == body
    assert server.stop() == 0


def test_bootstrap_file(start):
    account = str(uuid.uuid4())
    server = start(f"--bootstrap_account_id={account.upper()}")
    path = server.folder / "bootstrap"
    assert mode(path) == 0o600
    assert sorted(server.first) == ["account_id", "service_account_id", "token"]
    assert server.first["account_id"] == account
    assert server.first["token"] not in server.stdout.read_text()
    assert not path.with_suffix(".pending").exists()
    got = Rest(server, "--http1.1").get(account, server.first["service_account_id"],
                                        token=server.first["token"])
    assert got.body["name"] == "owner"


def test_bootstrap_file_must_not_exist(tmp_path):
    server = Server(tmp_path)
    (tmp_path / "bootstrap").write_text("mine")
    done = process.run(*server.arguments()[1:])
    assert done.returncode == 2
    assert "--bootstrap_file" in done.stderr
    assert (tmp_path / "bootstrap").read_text() == "mine"
    assert not (tmp_path / "ports").exists()


def test_crash_after_the_commit_loses_no_token(start):
    server = start()
    first = server.first
    server.kill()
    published = server.folder / "bootstrap"
    pending = server.folder / "bootstrap.pending"
    published.rename(pending)

    server.start()
    assert not pending.exists()
    assert server.first == first
    assert Rest(server, "--http1.1").self_(token=first["token"]).code == "OK"


def test_crash_before_the_commit_leaves_no_void_token(start, tmp_path):
    pending = tmp_path / "bootstrap.pending"
    pending.write_text(json.dumps({"account_id": str(uuid.uuid4()),
                                   "service_account_id": str(uuid.uuid4()),
                                   "token": "void"}))
    pending.chmod(0o600)
    server = start(folder=tmp_path)
    assert not pending.exists()
    assert Rest(server, "--http1.1").self_(token=server.first["token"]).code == "OK"


def test_files_are_the_owners_alone(start):
    server = start()
    assert mode(server.data) & 0o077 == 0
    for path in server.data.rglob("*"):
        assert mode(path) & 0o077 == 0, path


def test_no_token_is_in_any_file_or_log(start):
    server = start()
    first = server.first
    made = [Rest(server, "--http1.1").create(first["account_id"], "canary",
                                             token=first["token"]).body["token"],
            Grpc(server).create(first["account_id"], "canary",
                                token=first["token"]).body["token"]]
    rest.request(server, "GET", f"/v1/public/auth/self/{made[0]}?access_token={made[1]}",
                 token=made[0], fields=[f"X-Request-Id: {made[0]}", f"User-Agent: {made[1]}"])
    secrets = [token[-49:-6].encode() for token in [first["token"], *made]]

    def places():
        yield server.stdout
        yield server.stderr
        yield from (p for p in server.data.rglob("*") if p.is_file())

    def assert_clean():
        for path in places():
            content = path.read_bytes()
            for secret in secrets:
                assert secret not in content, path

    assert_clean()  # With the write-ahead log still there.
    assert server.stop() == 0
    assert_clean()


def test_memory_engine_forgets(start):
    server = start("--storage=memory")
    first = server.first
    assert server.stop() == 0
    os.unlink(server.folder / "bootstrap")
    server.start()
    assert server.first["token"] != first["token"]
    assert Rest(server, "--http1.1").self_(token=first["token"]).code == "UNAUTHENTICATED"
