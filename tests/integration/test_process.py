# SPDX-License-Identifier: Apache-2.0
"""Flags, files, exit codes, and what the process does for its secrets."""

import os
import pathlib
import re
import resource
import signal
import socket
import sqlite3
import subprocess

import grpc
import pytest

from harness import process
from harness.api import Api
from harness.process import Server, StartError, run
from harness.surfaces import Rest


def refused(server, *flags, env=None):
    return run(*server.arguments(*flags)[1:], env=env)


@pytest.mark.parametrize("flags, named", [
    (["--max_token_ttl=5"], "--max_token_ttl"),
    (["--rest_address=nowhere"], "--rest_address"),
    (["--token_prefix=a-b"], "--token_prefix"),
    (["--colour=red"], "--colour"),
    (["--oauth_issuer=https://issuer.example"], "--oauth_audience"),
    (["--oauth_audience=signet", "--oauth_issuer=https://bücher.example"], "--oauth_issuer"),
    (["--oauth_audience=signet", "--oauth_issuer=https://b%C3%BCcher.example"],
     "--oauth_issuer"),
    (["--oauth_audience=signet", "--oauth_issuer=https://me@issuer.example"], "--oauth_issuer"),
    (["--oauth_audience=signet", "--oauth_issuer=https://issuer.example:0"], "--oauth_issuer"),
    (["--oauth_audience=signet", "--oauth_issuer=https://issuer.example:65536"],
     "--oauth_issuer"),
    (["--flagfile=/nonexistent"], "--flagfile"),
    (["--bootstrap_account_id=1"], "--bootstrap_account_id"),
    (["--mode=gateway"], "--grpc_target"),
    (["--backup="], "--backup"),
    (["--set_time_mark="], "--set_time_mark"),
    (["--token_prefix=a", "--token_prefix=b"], "--token_prefix")], ids=str)
def test_bad_flag_exits_2_and_touches_nothing(tmp_path, flags, named):
    done = refused(Server(tmp_path), *flags)
    assert done.returncode == 2
    assert done.stderr.startswith(f"signetd: {named}: ")
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_bootstrap_file_that_cannot_be_made_is_named_as_it_was_given(tmp_path):
    done = refused(Server(tmp_path), f"--bootstrap_file={tmp_path}/none/first")
    assert done.returncode == 2
    assert f"{tmp_path}/none/first: " in done.stderr and "pending" not in done.stderr


def test_of_an_issuer_in_other_letters_it_says_what_to_write(tmp_path):
    done = refused(Server(tmp_path), "--oauth_audience=signet",
                   "--oauth_issuer=https://bücher.example")
    assert done.stderr == (
        "signetd: --oauth_issuer: got a character that no URL has, want ASCII only: a host in "
        "its xn-- form (RFC 5890), a path in percent-encoding\n")


def test_an_argument_that_is_no_flag_is_not_repeated(tmp_path):
    """It may be a secret that went astray."""
    done = refused(Server(tmp_path), "stray")
    assert (done.returncode, list(tmp_path.iterdir())) == (2, [])
    assert done.stderr == ("signetd: got an argument that is not a flag; flags are written "
                           "--name=value, --help lists them\n")


def test_bad_variable_and_bad_flagfile_exit_2(tmp_path):
    done = refused(Server(tmp_path), env={"SIGNET_STORAGE": "papyrus"})
    assert (done.returncode, list(tmp_path.iterdir())) == (2, [])
    flagfile = tmp_path / "flags"
    flagfile.write_text("# storage\nstorage=papyrus\n")
    done = refused(Server(tmp_path), f"--flagfile={flagfile}")
    assert done.returncode == 2
    assert str(flagfile) in done.stderr


def test_all_flags_from_environment_and_flagfile(tmp_path):
    flagfile = tmp_path / "flags"
    flagfile.write_text(f"data_dir={tmp_path}/data\n--rest_address=127.0.0.1:0\n"
                        "token_prefix=from_file\n")
    server = Server(tmp_path, env={
        "SIGNET_FLAGFILE": str(flagfile), "SIGNET_GRPC_ADDRESS": "127.0.0.1:0",
        "SIGNET_PORT_FILE": f"{tmp_path}/ports",
        "SIGNET_BOOTSTRAP_FILE": f"{tmp_path}/bootstrap", "SIGNET_TOKN": "hush"})
    server.arguments = lambda: [process.BINARY]
    with server:
        assert server.first["token"].startswith("from_file_")
        warnings = [line for line in server.log() if line["level"] == "warning"]
        assert ["SIGNET_TOKN"] == [line["variable"] for line in warnings]
        assert "hush" not in server.stderr.read_text()


def test_help_and_version():
    done = run("--help")
    assert done.returncode == 0
    assert "--bootstrap_file" in done.stdout and done.stderr == ""
    assert "whose files were changed by\nsomebody else while the server ran" in done.stdout
    done = run("--version")
    assert done.returncode == 0
    assert done.stdout.startswith("signetd ")


def test_readme_lists_every_flag_with_its_default():
    readme = (process.ROOT / "README.md").read_text()
    listed = {name: default.replace("`", "").strip() for name, default in re.findall(
        r"^\| `--(\w+)[^`]*` \|([^|]*)\|", readme, re.MULTILINE)}
    helped = dict(re.findall(r"^ +--(\w+)(?: [A-Z:]+)?(?: \.\.\.)?\s+.* Default: (.*)\.$",
                             run("--help").stdout, re.MULTILINE))
    assert len(helped) > 30
    assert listed == helped


@pytest.mark.parametrize("flag", ["rest_address", "grpc_address"])
def test_port_in_use_names_address_and_flag(tmp_path, flag):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        done = refused(Server(tmp_path), f"--{flag}={address}")
    assert done.returncode == 1
    assert f"signetd: --{flag}={address}: " in done.stderr
    assert not (tmp_path / "ports").exists()
    # The first token was not spent on a start that failed.
    with Server(tmp_path) as server:
        assert server.first["token"]


def test_port_file_of_an_earlier_run_is_gone_before_a_start_can_fail(start):
    server = start()
    server.kill()
    assert refused(server, "--rest_address=192.0.2.1:0").returncode == 1
    assert not (server.folder / "ports").exists()


def test_port_file_that_cannot_be_written_exits_2(tmp_path):
    server = Server(tmp_path)
    done = refused(server, f"--port_file={tmp_path}/none/ports")
    assert not (tmp_path / "bootstrap").exists()  # No account was made for it.
    assert done.returncode == 2
    assert "--port_file" in done.stderr


def test_keys_open_to_others_are_refused(start):
    server = start()
    assert server.stop() == 0
    (server.data / "token_keys").chmod(0o640)
    done = refused(server)
    assert done.returncode == 2
    assert "--token_keys_file" in done.stderr


def test_lost_keys_are_not_replaced(start):
    """Fresh keys would silently end every token."""
    server = start()
    assert server.stop() == 0
    (server.data / "token_keys").unlink()
    done = refused(server)
    assert done.returncode == 2
    assert "--token_keys_file" in done.stderr
    assert "restore the key file from its backup" in done.stderr
    assert not (server.data / "token_keys").exists()


@pytest.mark.parametrize("errand", ["--verify_audit", "--issue_super_admin"])
def test_an_errand_makes_no_keys_either(start, errand):
    server = start()
    assert server.stop() == 0
    (server.data / "token_keys").unlink()
    done = run(errand, f"--data_dir={server.data}")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--token_keys_file" in done.stderr
    assert not (server.data / "token_keys").exists()


@pytest.mark.parametrize("elsewhere", [False, True], ids=["in place", "elsewhere"])
def test_a_lost_database_is_not_replaced(start, tmp_path, elsewhere):
    """An empty one would have a new owner, and know none of the tokens."""
    keys = tmp_path / "keys"
    server = start(*[f"--token_keys_file={keys}"] if elsewhere else [])
    old = server.first
    assert server.stop() == 0
    kept = server.folder / "kept"
    (server.data / "signet.db").rename(kept)
    for made in (server.data / "audit_head", tmp_path / "audit_head"):
        made.unlink(missing_ok=True)  # It would be missed, too.
    (server.folder / "bootstrap").unlink()
    before = sorted(server.data.iterdir())
    done = refused(server)
    assert done.returncode == 3
    assert done.stderr.startswith(
        f"signetd: {server.data}/signet.db: is missing, but there are token keys in "
        f"{keys if elsewhere else server.data / 'token_keys'}, so this is no first start")
    assert "start once with --accept_new_database" in done.stderr
    assert sorted(server.data.iterdir()) == before
    assert not (server.folder / "bootstrap").exists()

    server.flags = (*server.flags, "--accept_new_database")
    server.start()
    assert Rest(server, "--http1.1").self_(token=old["token"]).code == "UNAUTHENTICATED"
    assert Rest(server, "--http1.1").self_(token=server.first["token"]).code == "OK"
    warning = "--accept_new_database was given, but there is a database: take the flag away"
    assert warning not in [line["message"] for line in server.log()]
    assert server.stop() == 0
    server.start()
    assert warning in [line["message"] for line in server.log()]


def test_keys_that_wait_for_a_first_database_need_the_flag(start, tmp_path):
    """They may be those of one that was lost: nobody can tell."""
    other = start()
    server = Server(tmp_path, f"--token_keys_file={other.data}/token_keys")
    assert refused(server).returncode == 3
    assert not server.data.exists()
    server.flags = (*server.flags, "--accept_new_database")
    with server:
        assert server.first["token"]


def damage(path, how):
    content = path.read_bytes()
    if how == "truncated":
        # Behind its pages a database has room that is kept.
        pages = int.from_bytes(content[28:32], "big")
        path.write_bytes(content[:pages * 4096 // 2])
    elif how == "overwritten":
        path.write_bytes(b"\xa5" * len(content))
    elif how == "newer":
        with sqlite3.connect(path) as db:
            db.execute("PRAGMA user_version = 1000000")
        db.close()
    else:
        path.unlink()
        with sqlite3.connect(path) as db:
            db.execute("CREATE TABLE someone_elses (x)")
        db.close()


@pytest.mark.parametrize("how", ["truncated", "overwritten", "newer", "foreign"])
def test_database_that_must_not_be_opened(start, how):
    server = start()
    assert server.stop() == 0
    damage(server.data / "signet.db", how)
    before = (server.data / "signet.db").read_bytes()
    done = refused(server)
    assert done.returncode == 3
    assert "signet.db" in done.stderr
    assert (server.data / "signet.db").read_bytes() == before


def test_second_instance_is_refused(start):
    server = start()
    done = refused(Server(server.folder))
    assert done.returncode == 3
    assert str(server.data) in done.stderr
    assert f"pid {server.process.pid} on " in done.stderr
    assert "Do not remove signet.lock" in done.stderr


def test_port_file_of_a_failed_start_is_not_written(start):
    server = start()
    ports = (server.folder / "ports").read_text()
    assert refused(server).returncode == 3
    assert (server.folder / "ports").read_text() == ports


def test_no_core_dump(tmp_path):
    server = Server(tmp_path)
    limit = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (limit[1], limit[1]))
    try:
        server.start()
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, limit)
    server.process.send_signal(signal.SIGABRT)
    _, status = os.waitpid(server.process.pid, 0)
    server.process.returncode = status
    assert os.WTERMSIG(status) == signal.SIGABRT
    assert not os.WCOREDUMP(status)
    assert [p.name for p in tmp_path.rglob("core*")] == []


def test_descriptors_are_raised_to_the_hard_limit(tmp_path):
    server = Server(tmp_path)
    server.start(wrapper=["bash", "-c", 'ulimit -S -n 64; exec "$@"', "-"])
    limits = open(f"/proc/{server.process.pid}/limits", encoding="ascii").read()
    files, = [line.split() for line in limits.splitlines() if "open files" in line]
    assert files[3] == files[4] != "64"
    server.kill()


@pytest.mark.parametrize("errand", ["--verify_audit", "--issue_super_admin"])
def test_an_errand_makes_no_database_beside_keys_that_are_elsewhere(server, tmp_path, errand):
    data = tmp_path / "mistyped"
    done = run(errand, f"--data_dir={data}", f"--token_keys_file={server.data}/token_keys")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--data_dir: " in done.stderr and "is not there" in done.stderr
    assert not data.exists()


@pytest.mark.parametrize("errand", ["--verify_audit", "--issue_super_admin", "--seal_database"])
def test_an_errand_on_a_directory_that_is_not_there_names_it(tmp_path, errand):
    done = run(errand, f"--data_dir={tmp_path}/mistyped")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (f"signetd: --data_dir: {tmp_path}/mistyped/signet.db is not there; "
                           "choose the directory of a server that ran\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("flags", [[], ["--verify_audit"], ["--storage=memory"]], ids=str)
def test_a_data_directory_that_is_none(flags):
    done = run("--data_dir=/dev/null", "--rest_address=127.0.0.1:0", "--grpc_address=127.0.0.1:0",
               *flags)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "signetd: --data_dir: /dev/null is not a directory\n"


@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o775, 0o720])
@pytest.mark.parametrize("storage", ["sqlite", "memory"])
def test_a_data_directory_that_others_may_write_is_refused(tmp_path, mode, storage):
    data = tmp_path / "data"
    data.mkdir()
    data.chmod(mode)
    done = run(f"--data_dir={data}", f"--storage={storage}", "--rest_address=127.0.0.1:0",
               "--grpc_address=127.0.0.1:0")
    assert (done.returncode, done.stdout) == (3, "")
    assert f"{data}: others than its owner may write there" in done.stderr
    assert f"choose a directory of your own, or, if {data} is Signet's alone" in done.stderr
    assert f"chmod go-w {data}" in done.stderr
    assert list(data.iterdir()) == []


def test_a_data_directory_that_others_may_read_is_taken(tmp_path):
    server = Server(tmp_path)
    server.data.mkdir()
    server.data.chmod(0o755)
    with server:
        assert server.stop() == 0


AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")


@AS_ROOT
def test_a_data_directory_of_another_user_is_refused(tmp_path):
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    os.chown(data, 12345, 12345)
    done = run(f"--data_dir={data}", "--rest_address=127.0.0.1:0", "--grpc_address=127.0.0.1:0")
    assert (done.returncode, done.stdout) == (3, "")
    assert f"{data}: belongs to another user" in done.stderr
    assert list(data.iterdir()) == []


@AS_ROOT
def test_a_key_file_of_another_user_is_refused(start):
    server = start()
    assert server.stop() == 0
    os.chown(server.data / "token_keys", 12345, 12345)
    done = run(*server.arguments()[1:])
    assert done.returncode == 2
    assert "token_keys: belongs to another user" in done.stderr


def limited(soft, hard):
    return ["prlimit", f"--nofile={soft}:{hard}"]


def test_too_few_file_descriptors_are_refused_in_plain_words(tmp_path):
    server = Server(tmp_path)
    with pytest.raises(StartError):
        server.start(wrapper=limited(64, 64))
    assert server.process.returncode == 1
    assert "got a limit of 64 open files, want at least" in server.stderr.read_text()
    assert not server.data.exists()


def test_a_soft_limit_of_file_descriptors_is_raised(start_limited):
    server = start_limited(64, 20000)
    assert [line for line in server.log() if line["level"] == "warning"] == []


def test_few_file_descriptors_make_few_connections_and_every_door_answers(start_limited):
    server = start_limited(400, 400)
    warnings = [line for line in server.log() if line["level"] == "warning"]
    assert [line["wanted"] for line in warnings] == [10000]
    assert 0 < warnings[0]["connections"] < 200
    idle = []
    try:
        for _ in range(warnings[0]["connections"] + 10):
            idle.append(socket.create_connection(("127.0.0.1", server.ports["rest"])))
        with Api(server) as api:
            assert api.self_(token=server.first["token"]).code == grpc.StatusCode.OK
    finally:
        for client in idle:
            client.close()


@pytest.fixture
def start_limited(tmp_path):
    """A server under a limit of open files."""
    server = Server(tmp_path)
    yield lambda soft, hard: server.start(wrapper=limited(soft, hard))
    server.kill()


CLOSED = ["bash", "-c", 'exec "$@" <&- >&- 2>&-', "-"]


def test_with_standard_output_closed_no_token_goes_elsewhere(tmp_path):
    server = Server(tmp_path)
    server.flags = ["--bootstrap_file="]  # It is shown on standard output.
    done = subprocess.run([*CLOSED, *server.arguments()], timeout=20, env=server.env)
    assert done.returncode == 1
    assert b"hbx_sa" not in (server.data / "signet.lock").read_bytes()
    with server:  # Whose first account is made again, as nobody saw it.
        assert "owns it" in server.stdout.read_text()
        assert server.stop() == 0
    done = subprocess.run([*CLOSED, process.BINARY, f"--data_dir={server.data}",
                           "--issue_super_admin"], timeout=20, env=server.env)
    assert done.returncode == 1
    assert b"hbx_sa" not in (server.data / "signet.lock").read_bytes()


def test_with_standard_error_closed_it_serves(tmp_path):
    server = Server(tmp_path)
    server.start(CLOSED)
    assert Rest(server, "--http1.1").self_(token=server.first["token"]).code == "OK"
    fd = pathlib.Path(f"/proc/{server.process.pid}/fd")
    assert {os.readlink(fd / str(i)) for i in range(3)} == {"/dev/null"}
    assert server.stop() == 0
    assert (server.data / "signet.lock").read_bytes() == b""


def test_closed_reader_of_the_log_does_not_end_the_service(tmp_path):
    server = Server(tmp_path)
    reader, writer = os.pipe()
    server.start_into(subprocess.DEVNULL, writer)
    os.close(writer)
    os.close(reader)
    for _ in range(2):  # A log line is written for each.
        assert Rest(server, "--http1.1").self_(token=server.first["token"]).code == "OK"
    assert server.stop() == 0
