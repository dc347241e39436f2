# SPDX-License-Identifier: Apache-2.0
"""A signetd process on a directory of its own."""

import json
import os
import pathlib
import signal
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
BINARY = os.environ.get("SIGNETD", str(ROOT / "build" / "signetd"))

# Nothing of the caller's environment but what programs need to run.
CLEAN_ENVIRONMENT = {"PATH": os.environ.get("PATH", "/usr/bin:/bin")}


class StartError(Exception):
    """The process ended, or did not become ready."""


class Server:
    """Starts on ports that the system picks, and knows its first credential.

    The directory holds data/, the ports, the bootstrap file, and the output of
    every start so far. Use it as a context manager.
    """

    def __init__(self, folder, *flags, binary=BINARY, env=None):
        self.folder = pathlib.Path(folder)
        self.data = self.folder / "data"
        self.flags = flags
        self.binary = binary
        self.env = CLEAN_ENVIRONMENT | (env or {})
        self.process = None
        self.ports = {}

    def arguments(self, *flags):
        """Its command line, with `flags` too; each takes the place of a default."""
        flags = [*self.flags, *flags]
        given = {str(flag).partition("=")[0] for flag in flags}
        defaults = [
            f"--data_dir={self.data}",
            "--rest_address=127.0.0.1:0",
            "--grpc_address=127.0.0.1:0",
            f"--port_file={self.folder / 'ports'}",
            f"--bootstrap_file={self.folder / 'bootstrap'}",
        ]
        return [self.binary, *(flag for flag in defaults if flag.partition("=")[0] not in given),
                *flags]

    def start(self, wrapper=()):
        """Returns self once both ports answer; `wrapper` is put before argv."""
        with self.stdout.open("ab") as out, self.stderr.open("ab") as err:
            return self.start_into(out, err, wrapper)

    def start_into(self, out, err, wrapper=()):
        """The same, with its output going to the given files."""
        ports = self.folder / "ports"
        ports.unlink(missing_ok=True)
        self.process = subprocess.Popen(
            [*wrapper, *self.arguments()], stdin=subprocess.DEVNULL, stdout=out,
            stderr=err, env=self.env, cwd=self.folder)
        end = time.monotonic() + 20
        while not ports.exists():
            if self.process.poll() is not None or time.monotonic() > end:
                code = self.process.poll()
                self.kill()
                raise StartError(f"exit code {code}; see {self.stderr}")
            time.sleep(0.002)
        self.ports = json.loads(ports.read_text())
        return self

    def stop(self, timeout=30):
        """Ends it with SIGTERM and returns its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout)

    def kill(self):
        """SIGKILL, if it still runs."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.kill()

    @property
    def stdout(self):
        return self.folder / "stdout"

    @property
    def stderr(self):
        return self.folder / "stderr"

    @property
    def rest(self):
        return f"http://127.0.0.1:{self.ports['rest']}"

    @property
    def grpc(self):
        return f"127.0.0.1:{self.ports['grpc']}"

    @property
    def first(self):
        """The first credential: account_id, service_account_id, token."""
        return json.loads((self.folder / "bootstrap").read_text())

    @property
    def accounts_path(self):
        return f"/v1/public/accounts/{self.first['account_id']}/auth/service-accounts"

    def log(self):
        """Every log line so far that is a JSON object."""
        lines = self.stderr.read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]


def run(*arguments, env=None, timeout=20, **options):
    """Runs signetd to its end; returns the CompletedProcess with text output."""
    return subprocess.run(
        [BINARY, *map(str, arguments)], env=CLEAN_ENVIRONMENT | (env or {}),
        stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=timeout, **options)
