# SPDX-License-Identifier: Apache-2.0
"""HTTP/2: peers that only make work are sent away, with memory and CPU flat."""

import select
import struct
import time

import pytest
from http_wire import (
    ACK,
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    ENHANCE_YOUR_CALM,
    GOAWAY,
    HEADERS,
    PING,
    PRIORITY,
    PROTOCOL_ERROR,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
    Closed,
    Http2,
    frame,
)

MIB = 1 << 20


def flood(server, client, piece, bytes_at_most):
    """Sends `piece` again and again until the server ends the connection, which it
    must before so many bytes are taken; the GOAWAY code, or None if it was lost."""
    memory, cpu = server.resident_bytes(), server.cpu_seconds()
    sent, code = 0, None
    client.socket.settimeout(5)
    try:
        while True:
            client.send(piece)
            sent += len(piece)
            # Some of it is still in the sockets when the end comes.
            assert sent < bytes_at_most + 16 * MIB, "the server takes it all"
    except Closed:
        pass
    try:
        code = client.until_frame(GOAWAY).error
    except (Closed, TimeoutError):
        pass
    assert server.resident_bytes() - memory < 8 * MIB
    assert server.cpu_seconds() - cpu < 2
    return code


def counted(client, pieces):
    """Sends the pieces one by one, reading in between, until the server ends the
    connection. Returns how many were sent and the code of GOAWAY."""
    try:
        for number, piece in enumerate(pieces, 1):
            client.send(piece)
            while select.select([client.socket], [], [], 0)[0]:
                client.more()
    except Closed:
        pass
    return number, client.until_frame(GOAWAY).error


def resets(client, path="/"):
    for stream in range(1, 200_001, 2):
        yield frame(
            HEADERS, END_STREAM | END_HEADERS, stream, client.head(path=path)
        ) + frame(RST_STREAM, 0, stream, struct.pack(">I", 8))


def test_rapid_reset(any_server):
    """CVE-2023-44487."""
    with Http2(any_server.port) as client:
        number, code = counted(client, resets(client))
        assert code == ENHANCE_YOUR_CALM
        assert number < 2000
        assert client.is_closed()


def test_rapid_reset_of_slow_requests(echo):
    with Http2(echo.port) as client:
        number, code = counted(client, resets(client, path="/slow?ms=1000"))
        assert code == ENHANCE_YOUR_CALM
        assert number < 2000


def made_resets(client):
    for stream in range(1, 200_001, 2):
        yield frame(HEADERS, END_HEADERS, stream, client.head(method="POST")) + frame(
            WINDOW_UPDATE, 0, stream, b"\x7f\xff\xff\xff"
        )


def test_resets_that_the_server_is_made_to_send(any_server):
    """CVE-2025-8671, MadeYouReset: the window that each stream opens overflows."""
    with Http2(any_server.port) as client:
        number, code = counted(client, made_resets(client))
        assert code == ENHANCE_YOUR_CALM
        assert number < 2000


def malformed_requests(client):
    for stream in range(1, 200_001, 2):
        block = client.head(extra=[("connection", "close")])
        yield frame(HEADERS, END_STREAM | END_HEADERS, stream, block)


def test_malformed_requests_without_end(any_server):
    with Http2(any_server.port) as client:
        number, code = counted(client, malformed_requests(client))
        assert code == ENHANCE_YOUR_CALM
        assert number < 2000


CONTROL_FRAMES = {
    "PING": frame(PING, 0, 0, b"\0" * 8),
    "PING ACK": frame(PING, ACK, 0, b"\0" * 8),
    "SETTINGS": frame(SETTINGS),
    "WINDOW_UPDATE": frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", 1)),
}


@pytest.mark.parametrize("piece", CONTROL_FRAMES.values(), ids=CONTROL_FRAMES.keys())
def test_control_frames(any_server, piece):
    with Http2(any_server.port) as client:
        client.until_frame(SETTINGS)  # And acknowledges it.
        number, code = counted(client, [piece] * 200_000)
        assert code == ENHANCE_YOUR_CALM
        assert number < 20_000


def test_empty_data_frames(any_server):
    with Http2(any_server.port) as client:
        client.request(1, method="POST", flags=END_HEADERS)
        number, code = counted(client, [frame(DATA, 0, 1)] * 200_000)
        assert code == ENHANCE_YOUR_CALM
        assert number < 20_000


def test_control_frames_without_reading_the_replies(any_server):
    with Http2(any_server.port, receive_buffer=4096) as client:
        client.until_frame(SETTINGS)
        flood(any_server, client, frame(PING, 0, 0, b"\0" * 8) * 1000, 64 * 1024)


@pytest.mark.parametrize("size", [0, 1, 100, 16384])
@pytest.mark.parametrize("extra", [("x", "y"), ("connection", "y")], ids=["sound", "malformed"])
def test_continuation_flood(any_server, size, extra):
    """CVE-2024-28182: the end comes within 160 KiB and 128 frames, also when the
    stream has been reset and its field block is only skipped."""
    with Http2(any_server.port) as client:
        client.until_frame(SETTINGS)
        client.send(frame(HEADERS, END_STREAM, 1, client.head(extra=[extra])))
        block = client.encoder.encode([extra])  # One byte, from the table.
        assert len(block) == 1
        count = min(128, 160 * 1024 // max(size, 1))
        client.send(frame(CONTINUATION, 0, 1, block * size) * count)
        assert client.goaway() in (ENHANCE_YOUR_CALM, PROTOCOL_ERROR)


def test_hpack_bomb(any_server):
    """One entry of 4 KB, referred to by each byte that follows."""
    with Http2(any_server.port) as client:
        client.until_frame(SETTINGS)
        block = client.head(extra=[("x", "a" * 3900)])
        client.send(frame(HEADERS, END_STREAM, 1, block))
        code = flood(any_server, client, frame(CONTINUATION, 0, 1, b"\xbe" * 16000), MIB)
        assert code in (ENHANCE_YOUR_CALM, None)


def test_unterminated_hpack_literal(any_server):
    """A literal that says it is 1 GiB long."""
    with Http2(any_server.port) as client:
        client.until_frame(SETTINGS)
        begin = b"\x00\x01x" + b"\x7f" + b"\xff\xff\xff\xff\x03"
        client.send(frame(HEADERS, 0, 1, begin))
        assert client.until_frame(GOAWAY).error != 0
        assert client.is_closed()


def test_unterminated_hpack_integer(any_server):
    with Http2(any_server.port) as client:
        client.send(frame(HEADERS, 0, 1, b"\xff" * 16384))
        assert client.until_frame(GOAWAY).error != 0
        assert client.is_closed()


def test_bodies_that_do_not_end_share_a_bound(echo):
    """100 streams with almost a whole body each would be 6 MiB; 1 MiB is kept."""
    with Http2(echo.port) as client:
        client.until_frame(SETTINGS)
        before = echo.resident_bytes()
        for number in range(100):
            stream = 2 * number + 1
            client.request(stream, method="POST", flags=END_HEADERS)
            client.send(frame(DATA, 0, stream, b"a" * 16384) * 3)
        refused = [client.until_frame(RST_STREAM).error for _ in range(70)]
        assert set(refused) == {7}
        assert echo.resident_bytes() - before < 6 * MIB


@pytest.mark.parametrize(
    "piece", [frame(PRIORITY, 0, 1, b"\0" * 5), frame(0xBB, 0, 1)], ids=["PRIORITY", "unknown"]
)
def test_frames_that_are_ignored(echo, piece):
    """They cost the server less than the sender, and no memory."""
    with Http2(echo.port) as client:
        memory, cpu = echo.resident_bytes(), echo.cpu_seconds()
        for _ in range(100):
            client.send(piece * 10_000)
        client.request(1)
        assert client.answer(1).status == 200
        assert echo.resident_bytes() - memory < MIB
        assert echo.cpu_seconds() - cpu < 3


def test_busy_client_is_not_taken_for_a_flood(echo):
    """10,000 requests, some cancelled, the window updated for each answer."""
    with Http2(echo.port) as client:
        for stream in range(1, 20_001, 2):
            client.request(stream)
            if stream % 40 == 1:
                client.send(frame(RST_STREAM, 0, stream, struct.pack(">I", 8)))
                continue
            client.send(frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", 15)))
            assert client.answer(stream).status == 200


def test_steady_pings_are_welcome(echo):
    with Http2(echo.port) as client:
        for _ in range(100):
            client.send(frame(PING, 0, 0, b"12345678"))
            assert client.until_frame(PING).payload == b"12345678"
            time.sleep(0.01)
        client.request(1)
        assert client.answer(1).status == 200
