# SPDX-License-Identifier: Apache-2.0
"""Clients that ask for large answers and read none of them."""

import contextlib
import socket
import time

from harness import rest

MIB = 1 << 20


def resident_bytes(server):
    with open(f"/proc/{server.process.pid}/status", encoding="ascii") as status:
        for line in status:
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
    raise AssertionError("no VmRSS")


def ask(server, path):
    """A connection that has sent a request and whose answer stays in the server."""
    client = socket.socket()
    # Before it connects: else the kernel takes the answer.
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(("127.0.0.1", server.ports["rest"]))
    client.sendall(f"GET {path} HTTP/1.1\r\nHost: h\r\n"
                   f"Authorization: Bearer {server.first['token']}\r\n\r\n".encode())
    return client


def listing_in_turn(server):
    """Once fewer of the caller's listings wait than it may have."""
    end = time.monotonic() + 60
    while True:
        answer = rest.request(server, "GET", server.accounts_path, token=server.first["token"])
        if answer.status != 429 or time.monotonic() > end:
            return answer
        time.sleep(0.05)


def test_answers_that_nobody_reads_are_bounded_in_memory(start):
    server = start()
    owner = {"token": server.first["token"]}
    labels = {f"k{i}": '"' * 250 for i in range(30)}
    for i in range(70):
        assert rest.request(server, "POST", server.accounts_path, **owner,
                            json_body={"name": f"n{i}", "labels": labels}).status == 201
    size = len(rest.request(server, "GET", server.accounts_path, **owner).body)
    assert size > 0.9 * MIB
    before = resident_bytes(server)
    peak = 0
    with contextlib.ExitStack() as clients:
        for i in range(450):
            clients.enter_context(ask(server, server.accounts_path))
            peak = max(peak, resident_bytes(server))
            if i % 30 == 29:  # Of one caller at most 64 wait, in turn.
                assert listing_in_turn(server).status == 200
            if i % 50 == 0:
                answer = rest.request(server, "GET", "/v1/public/auth/self", **owner)
                assert answer.status == 200
        answer = listing_in_turn(server)
        assert (answer.status, len(answer.body)) == (200, size)
        peak = max(peak, resident_bytes(server))
    # 256 MiB of answers, with what the allocator keeps beside them.
    assert peak - before < 400 * MIB, f"{(peak - before) // MIB} MiB"
    assert any("do not take" in line["message"] for line in server.log())
