# SPDX-License-Identifier: Apache-2.0
"""One who can write to the database of a server, but has not its key."""

import contextlib
import sqlite3

from harness import process, rest


def check(server, *flags):
    """(exit code, the lines of faults) of the offline check."""
    done = process.run("--verify_audit", f"--data_dir={server.data}", *flags)
    assert done.stdout.splitlines(), done.stderr
    return done.returncode, done.stdout.splitlines()[:-1]


@contextlib.contextmanager
def database(server):
    connection = sqlite3.connect(server.data / "signet.db")
    try:
        with connection:
            yield connection
    finally:
        connection.close()


def call(server, method, path, token, body=None):
    return rest.request(server, method, path, token=token, json_body=body)


class Played:
    """A server with an owner, a bot that may view, one whose token was rotated away
    with an overlap, and one that has ended in each way."""

    def __init__(self, server):
        self.server = server
        first = server.first
        self.owner = first["token"]
        self.account = first["account_id"]
        self.accounts = server.accounts_path
        self.grants = self.accounts.replace("service-accounts", "authorizations")
        self.bot = self.make("bot")
        self.other = self.make("other")
        self.expired = self.make("expired", expires_at="2100-01-01T00:00:00Z")
        self.disabled = self.make("disabled")
        self.revoked = self.make("revoked")
        self.replaced = self.make("replaced")
        for id_ in (self.bot, self.other, self.disabled, self.revoked, self.replaced):
            self.grant(id_["id"], "account.view")
        self.once_manager = self.make("manager")
        grant = self.grant(self.once_manager["id"], "auth.manage")
        assert call(server, "POST", f"{self.grants}/{grant['id']}/revoke", self.owner).status == 200
        self.change("PATCH", self.disabled, {"enabled": False})
        self.change("POST", self.revoked, None, "/revoke")
        self.current = self.change("POST", self.replaced, {}, "/rotate")

    def make(self, name, **fields):
        made = call(self.server, "POST", self.accounts, self.owner, {"name": name, **fields})
        assert made.status == 201
        return made.json()

    def grant(self, id_, capability):
        made = call(self.server, "POST", self.grants, self.owner,
                    {"grant_kind": "capability", "capability_key": capability,
                     "subject_type": "service_account", "subject_id": id_})
        assert made.status == 201
        return made.json()

    def change(self, method, who, body, suffix=""):
        done = call(self.server, method, f"{self.accounts}/{who['id']}{suffix}", self.owner, body)
        assert done.status == 200, done.json()
        return done.json()


def raw(uuid_text):
    return bytes.fromhex(uuid_text.replace("-", ""))
