# SPDX-License-Identifier: Apache-2.0
"""The program of docs/integrations/cpp-client.md: the C++ client library in a process of its own."""

import pathlib
import subprocess

from harness.process import BINARY, CLEAN_ENVIRONMENT

PROGRAM = str(pathlib.Path(BINARY).parent / "tests" / "cpp_client_example")


class Example:
    def __init__(self, server):
        self.process = subprocess.Popen(
            [PROGRAM, server.grpc], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env=CLEAN_ENVIRONMENT | {"SIGNET_TOKEN": server.first["token"]})

    def ask(self, token):
        self.send(token)
        return self.process.stdout.readline().rstrip("\n")

    def send(self, token):
        self.process.stdin.write(token + "\n")
        self.process.stdin.flush()

    def close(self):
        """Ends it, and returns its exit code."""
        self.process.stdin.close()
        return self.process.wait(10)
