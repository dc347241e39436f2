# SPDX-License-Identifier: Apache-2.0
"""Bytes on the wire: HTTP/1 by hand, HTTP/2 frame by frame (RFC 9113 section 4)."""

import dataclasses
import select
import socket
import struct
import time

import hpack

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS = 0, 1, 2, 3, 4
PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 6, 7, 8, 9

END_STREAM, ACK, END_HEADERS = 0x1, 0x1, 0x4

NO_ERROR, PROTOCOL_ERROR, CANCEL = 0x0, 0x1, 0x8
COMPRESSION_ERROR, ENHANCE_YOUR_CALM = 0x9, 0xB
REFUSED_STREAM = 0x7


class Closed(Exception):
    """The server has closed the connection."""


class Peer:
    """A TCP connection to the server; every wait has an end."""

    def __init__(self, port, timeout=10, receive_buffer=None):
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(timeout)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError) as error:
            raise Closed from error

    def more(self):
        """Waits for more bytes; Closed when there are none to come."""
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError as error:
            raise Closed from error
        if not data:
            raise Closed
        self.received += data

    def take(self, size):
        while len(self.received) < size:
            self.more()
        data, self.received = self.received[:size], self.received[size:]
        return data

    def until(self, mark):
        while mark not in self.received:
            self.more()
        return self.take(self.received.index(mark) + len(mark))

    def is_closed(self, within=3):
        """Whether the server closes within so many seconds; drops what it sends."""
        end = time.monotonic() + within
        while (left := end - time.monotonic()) > 0:
            if not select.select([self.socket], [], [], left)[0]:
                break
            try:
                self.more()
            except Closed:
                return True
        return False


@dataclasses.dataclass
class Answer:
    status: int
    fields: dict
    body: bytes
    trailing: bytes = b""  # Of an HTTP/2 stream: nothing.


class Http1(Peer):
    def answer(self, method="GET"):
        lines = self.until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        version, status = lines[0].split(" ")[:2]
        assert version == "HTTP/1.1", lines
        fields = dict(line.lower().split(": ", 1) for line in lines[1:] if line)
        status = int(status)
        if status < 200:
            return Answer(status, fields, b"")
        body = b"" if method == "HEAD" else self.take(int(fields["content-length"]))
        return Answer(status, fields, body)

    def ask(self, request, method="GET"):
        self.send(request)
        return self.answer(method)


def frame(kind, flags=0, stream=0, payload=b""):
    return (
        struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload
    )


@dataclasses.dataclass
class Frame:
    kind: int
    flags: int
    stream: int
    payload: bytes

    @property
    def error(self):
        offset = 4 if self.kind == GOAWAY else 0
        return struct.unpack_from(">I", self.payload, offset)[0]


class Http2(Peer):
    """Frames without a state machine, so that any nonsense can be said."""

    def __init__(self, port, settings=b"", **kwargs):
        super().__init__(port, **kwargs)
        self.encoder = hpack.Encoder()
        self.decoder = hpack.Decoder()
        self.send(PREFACE + frame(SETTINGS, payload=settings))

    def head(self, method="GET", path="/", extra=(), pseudo=None):
        fields = pseudo or [
            (":method", method),
            (":scheme", "http"),
            (":authority", "localhost"),
            (":path", path),
        ]
        return self.encoder.encode([*fields, *extra])

    def request(self, stream, flags=END_STREAM | END_HEADERS, **kwargs):
        self.send(frame(HEADERS, flags, stream, self.head(**kwargs)))

    def next_frame(self):
        head = self.take(9)
        size = int.from_bytes(head[:3], "big")
        kind, flags, stream = struct.unpack(">BBI", head[3:])
        return Frame(kind, flags, stream, self.take(size))

    def until_frame(self, *kinds, stream=None):
        """The next frame of these kinds; others are acted on or dropped."""
        while True:
            got = self.next_frame()
            if got.kind == SETTINGS and not got.flags & ACK:
                self.send(frame(SETTINGS, ACK))
            if got.kind in kinds and stream in (None, got.stream):
                return got
            if got.kind == HEADERS:
                self.decoder.decode(got.payload)

    def answer(self, stream):
        status, fields, body = None, {}, b""
        while True:
            got = self.until_frame(HEADERS, DATA, RST_STREAM, stream=stream)
            if got.kind == RST_STREAM:
                raise AssertionError(f"stream {stream}: reset with {got.error}")
            if got.kind == HEADERS:
                pairs = self.decoder.decode(got.payload)
                fields.update(pairs)
                status = int(fields[":status"])
            else:
                body += got.payload
            if got.flags & END_STREAM:
                return Answer(status, fields, body)

    def goaway(self):
        """The error code that the server ends the connection with; it then closes."""
        # Whether what we still send arrives is not the question here.
        code = self.until_frame(GOAWAY).error
        assert self.is_closed()
        return code
