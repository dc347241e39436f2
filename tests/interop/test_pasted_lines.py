# SPDX-License-Identifier: Apache-2.0
"""The lines that a start prints work as they are, in a plain shell."""

import json
import subprocess

import pytest

from harness.process import CLEAN_ENVIRONMENT, Server
from harness.surfaces import KEYS

TOOLS = ["curl", "grpcurl", "buf"]


class AtATerminal(Server):
    """Shows its first token on standard output, as it does to a newcomer."""

    def arguments(self):
        return [a for a in super().arguments() if not a.startswith("--bootstrap_file")]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with AtATerminal(tmp_path_factory.mktemp("signet")) as running:
        yield running


def command(text, tool):
    """The paragraph that starts with the tool's name."""
    found, = [part for part in text.split("\n\n") if part.startswith(tool + " ")]
    return found


def paste(text, folder, **variables):
    env = CLEAN_ENVIRONMENT | {"HOME": str(folder)} | variables
    done = subprocess.run(["bash", "-c", text], env=env, cwd=folder, text=True,
                          capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def value(text, label):
    line, = [line for line in text.splitlines() if line.startswith(f"  {label} ")]
    return line.rpartition(" ")[2]


def camel(key):
    head, *rest = key.split("_")
    return head + "".join(word.capitalize() for word in rest)


@pytest.mark.parametrize("tool", TOOLS)
def test_first_start(server, tmp_path, tool):
    text = server.stdout.read_text()
    made = paste(command(text, tool), tmp_path)
    if tool == "curl":
        assert list(made) == KEYS
    account = made.get("account_id") or made[camel("account_id")]
    assert account == value(text, "account")
    assert made["name"] == "deploy-bot"
    assert made["token"].startswith("hbx_sa_")


def test_token_is_shown_once_and_never_in_the_log(server):
    token = value(server.stdout.read_text(), "token")
    assert token not in server.stderr.read_text()
    assert token not in " ".join(server.arguments())


@pytest.mark.parametrize("tool", TOOLS)
def test_second_start(tmp_path, tool):
    server = AtATerminal(tmp_path)
    with server:
        first = server.stdout.read_text()
        assert server.stop() == 0
    token, account = value(first, "token"), value(first, "account")
    server.stdout.write_text("")
    with server:
        second = server.stdout.read_text()
        assert token not in second and account not in second
        made = paste(command(second, tool), tmp_path, SIGNET_TOKEN=token,
                     ACCOUNT_ID=account)
        assert made["token"].startswith("hbx_sa_")


@pytest.mark.parametrize("service", ["signet.v1.ServiceAccounts", "signet.v1.Identity",
                                     "grpc.health.v1.Health"])
def test_reflection_resolves_every_service(server, service):
    done = subprocess.run(["grpcurl", "-plaintext", server.grpc, "describe", service],
                          capture_output=True, text=True, timeout=60, check=True)
    assert f"{service} is a service" in done.stdout


def test_health_by_reflection(server):
    done = subprocess.run(["grpcurl", "-plaintext", server.grpc, "grpc.health.v1.Health/Check"],
                          capture_output=True, text=True, timeout=60, check=True)
    assert json.loads(done.stdout) == {"status": "SERVING"}
