# SPDX-License-Identifier: Apache-2.0
"""signetd COMMAND: each does what its older flag does, and takes no flag that means nothing to it."""

import json
import re

import pytest

from harness import process
from harness.process import Server, run
from harness.surfaces import Rest

ERRANDS = {  # As the command line begins: the older spelling.
    ("check",): "--verify_audit",
    ("issue-super-admin",): "--issue_super_admin",
    ("set-time-mark", "now"): "--set_time_mark=now",
    ("backup", "copy"): "--backup=copy",
    ("seal-database",): "--seal_database",
}
COMMANDS = ["serve", "gateway", "check", "issue-super-admin", "set-time-mark", "backup",
            "seal-database", "help", "version"]


class Spoken(Server):
    """One whose command line begins with a command."""

    command = "serve"

    def arguments(self, *flags):
        binary, *rest = super().arguments(*flags)
        return [binary, self.command, *rest]


class Gateway(Server):
    target = ""

    def arguments(self, *flags):
        return [self.binary, "gateway", f"--grpc_target={self.target}",
                "--rest_address=127.0.0.1:0", f"--port_file={self.folder / 'ports'}", *flags]


@pytest.fixture(name="stopped")
def stopped_server(start):
    server = start()
    assert server.stop() == 0
    return server


def test_serve_and_gateway_serve(tmp_path):
    for name in ("server", "gateway"):
        (tmp_path / name).mkdir()
    with Spoken(tmp_path / "server") as server:
        token = server.first["token"]
        assert Rest(server, "--http1.1").self_(token=token).code == "OK"
        gateway = Gateway(tmp_path / "gateway")
        gateway.target = server.grpc
        with gateway:
            assert Rest(gateway, "--http1.1").self_(token=token).code == "OK"
            assert gateway.stop() == 0
        assert server.stop() == 0


def test_check(stopped):
    done = run("check", f"--data_dir={stopped.data}")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith(": 0 faults\n")


def test_issue_super_admin(stopped):
    done = run("issue-super-admin", f"--data_dir={stopped.data}", "--token_prefix=root")
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    assert made["token"].startswith("root_")
    assert made["account_id"] != stopped.first["account_id"]
    again = run("issue-super-admin", "--data_dir", stopped.data,
                f"--bootstrap_account_id={made['account_id']}")
    assert again.returncode == 2 and "--into_existing_account" in again.stderr
    assert run("issue-super-admin", f"--data_dir={stopped.data}", "--into_existing_account",
               f"--bootstrap_account_id={made['account_id']}").returncode == 0
    stopped.start()
    assert Rest(stopped, "--http1.1").self_(token=made["token"]).code == "OK"


@pytest.mark.parametrize("before", [True, False], ids=["operand first", "operand last"])
def test_set_time_mark(stopped, before):
    flag = f"--data_dir={stopped.data}"
    done = run("set-time-mark", *(["now", flag] if before else [flag, "now"]))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("mark of time: was ")
    done = run("set-time-mark", "yesterday", flag)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith('signetd: --set_time_mark: got "yesterday", want now or a time')


def test_backup_beside_a_server(start, tmp_path):
    server = start()
    copy = tmp_path / "copy"
    done = run("backup", copy, f"--data_dir={server.data}")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{copy}: ") and copy.stat().st_size > 0
    assert run("backup", copy, f"--data_dir={server.data}").returncode == 2


def test_seal_database(stopped):
    done = run("seal-database", f"--data_dir={stopped.data}")
    assert (done.returncode, done.stdout) == (3, "")
    assert "is sealed already" in done.stderr


@pytest.mark.parametrize("command", ERRANDS, ids=lambda words: words[0])
def test_an_errand_says_what_its_older_spelling_says(tmp_path, command):
    data = f"--data_dir={tmp_path}/mistyped"
    done, old = run(*command, data, cwd=tmp_path), run(ERRANDS[command], data, cwd=tmp_path)
    assert done.returncode == 2
    assert (done.returncode, done.stdout, done.stderr) == (
        old.returncode, old.stdout, old.stderr)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ERRANDS, ids=lambda words: words[0])
@pytest.mark.parametrize("flag", [
    "--rest_address=127.0.0.1:0", "--max_connections=10000", "--mode=server", "--storage=sqlite",
    "--verify_audit", "--backup=x", "--oauth_audience=x", "--purge_after=0"])
def test_a_flag_that_means_nothing_to_a_command_is_refused(stopped, command, flag):
    before = sorted(stopped.data.iterdir())
    done = run(*command, f"--data_dir={stopped.data}", flag, cwd=stopped.folder)
    assert (done.returncode, done.stdout) == (2, "")
    name = flag.partition("=")[0]
    assert done.stderr == (
        f"signetd: {name}: want none with the command {command[0]}, to which it means nothing; "
        f"signetd help {command[0]} lists what it takes\n")
    assert sorted(stopped.data.iterdir()) == before
    assert not (stopped.folder / "copy").exists()


def test_a_gateway_refuses_flags_of_a_server(tmp_path):
    for flag in (f"--data_dir={tmp_path}/data", "--storage=sqlite", "--verify_audit=false"):
        done = run("gateway", "--grpc_target=127.0.0.1:1", flag)
        assert done.returncode == 2
        assert done.stderr.startswith(f"signetd: {flag.partition('=')[0]}: want none with the ")
    assert run("gateway").stderr.startswith("signetd: --grpc_target: ")
    assert list(tmp_path.iterdir()) == []


def test_an_errand_shares_environment_and_flagfile_with_the_server(stopped):
    flagfile = stopped.folder / "flags"
    flagfile.write_text(f"data_dir={stopped.data}\nrest_address=127.0.0.1:0\n")
    done = run("check", f"--flagfile={flagfile}", env={"SIGNET_MAX_CONNECTIONS": "7"})
    assert (done.returncode, done.stderr) == (0, "")


def test_an_unknown_command_is_not_repeated(tmp_path):
    for words in (["hush"], ["hush", f"--data_dir={tmp_path}/data"], ["help", "hush"]):
        done = run(*words)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == (
            f"signetd: got a command that does not exist, want one of {', '.join(COMMANDS)}; "
            "signetd help tells about them\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command, operand", [("backup", "FILE"), ("set-time-mark", "TIME")])
def test_an_operand_is_needed(tmp_path, command, operand):
    done = run(command, f"--data_dir={tmp_path}")
    assert done.returncode == 2
    assert done.stderr == f"signetd: {command}: got no {operand}, want signetd {command} {operand}\n"


def flags_in(text):
    return set(re.findall(r"^ +(?:-\w,)?--(\w+)", text, re.MULTILINE))


def test_help_and_version():
    everything = run("help")
    assert (everything.returncode, everything.stdout) == (0, run("--help").stdout)
    assert re.findall(r"^  ([a-z][a-z-]*) ", everything.stdout, re.MULTILINE) == COMMANDS
    for command in COMMANDS[2:-2]:
        told = run("help", command)
        assert told.returncode == 0
        assert told.stdout == run(command, "--help").stdout
        assert "data_dir" in flags_in(told.stdout) < flags_in(everything.stdout)
    assert flags_in(run("help", "backup").stdout) == {"help", "version", "flagfile", "data_dir"}
    assert run("version").stdout == run("--version").stdout


def test_readme_lists_every_command():
    readme = (process.ROOT / "README.md").read_text()
    table = readme[readme.index("## Commands"):readme.index("## Flags")]
    assert re.findall(r"^\| `([a-z-]+)", table, re.MULTILINE)[1:] == COMMANDS
