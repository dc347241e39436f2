# SPDX-License-Identifier: Apache-2.0
"""HTTP/2: a malformed request costs its stream, a malformed frame the connection."""

import json
import struct

import pytest
from http_wire import (
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    GOAWAY,
    HEADERS,
    NO_ERROR,
    PING,
    PROTOCOL_ERROR,
    REFUSED_STREAM,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
    Http2,
    frame,
)

METHOD, SCHEME = (":method", "GET"), (":scheme", "http")
AUTHORITY, PATH = (":authority", "h"), (":path", "/")
SOUND = [METHOD, SCHEME, AUTHORITY, PATH]

MALFORMED_HEADS = {
    "uppercase name": [*SOUND, ("X-Upper", "a")],
    "Connection": [*SOUND, ("connection", "keep-alive")],
    "Keep-Alive": [*SOUND, ("keep-alive", "1")],
    "Proxy-Connection": [*SOUND, ("proxy-connection", "a")],
    "Transfer-Encoding": [*SOUND, ("transfer-encoding", "chunked")],
    "Upgrade": [*SOUND, ("upgrade", "h2c")],
    "TE gzip": [*SOUND, ("te", "gzip")],
    "no method": [SCHEME, AUTHORITY, PATH],
    "no scheme": [METHOD, AUTHORITY, PATH],
    "no path": [METHOD, SCHEME, AUTHORITY],
    "no authority": [METHOD, SCHEME, PATH],
    "empty path": [METHOD, SCHEME, AUTHORITY, (":path", "")],
    "path with space": [METHOD, SCHEME, AUTHORITY, (":path", "/a b")],
    "two paths": [*SOUND, PATH],
    "pseudo-field late": [METHOD, SCHEME, AUTHORITY, ("a", "b"), PATH],
    "pseudo-field unknown": [*SOUND, (":protocol", "x")],
    "status": [*SOUND, (":status", "200")],
    "authority and another Host": [*SOUND, ("host", "other")],
    "authority with userinfo": [METHOD, SCHEME, (":authority", "u@h"), PATH],
    "two Hosts": [METHOD, SCHEME, PATH, ("host", "a"), ("host", "a")],
    "two lengths": [*SOUND, ("content-length", "0"), ("content-length", "0")],
    "length with a sign": [*SOUND, ("content-length", "+0")],
    "length negative": [*SOUND, ("content-length", "-1")],
    "NUL in value": [*SOUND, ("x", "a\x00b")],
    "LF in value": [*SOUND, ("x", "a\nb")],
    "CR in value": [*SOUND, ("x", "a\rb")],
    "space in name": [*SOUND, ("x y", "a")],
    "empty name": [*SOUND, ("", "a")],
    "white space around value": [*SOUND, ("x", " a")],
}


@pytest.mark.parametrize("fields", MALFORMED_HEADS.values(), ids=MALFORMED_HEADS.keys())
def test_malformed_head(any_server, fields):
    with Http2(any_server.port) as client:
        client.send(frame(HEADERS, END_STREAM | END_HEADERS, 1, client.encoder.encode(fields)))
        assert client.until_frame(RST_STREAM, stream=1).error == PROTOCOL_ERROR
        client.request(3)  # The connection is none the worse.
        assert client.answer(3).status < 500


@pytest.mark.parametrize("length, body", [(5, b"abc"), (2, b"abc"), (3, b"")])
def test_content_length_mismatch(any_server, length, body):
    with Http2(any_server.port) as client:
        client.request(
            1, method="POST", flags=END_HEADERS, extra=[("content-length", str(length))]
        )
        client.send(frame(DATA, END_STREAM, 1, body))
        assert client.until_frame(RST_STREAM, stream=1).error == PROTOCOL_ERROR
        client.request(3)
        assert client.answer(3).status < 500


REFUSED_HEADS = {
    "CONNECT": ([(":method", "CONNECT"), (":authority", "h:443")], 400),
    "asterisk": ([(":method", "OPTIONS"), SCHEME, AUTHORITY, (":path", "*")], 400),
    "fragment": ([METHOD, SCHEME, AUTHORITY, (":path", "/#a")], 400),
    "non-ASCII": ([METHOD, SCHEME, AUTHORITY, (":path", "/\u00e9")], 400),
    "long path": ([METHOD, SCHEME, AUTHORITY, (":path", "/" + "a" * 8192)], 414),
    "64 KiB field": ([*SOUND, ("x", "a" * 65000)], 431),
    "many fields": ([*SOUND, *[("x", "")] * 1000], 431),
    "expectation unknown": ([*SOUND, ("expect", "tea")], 417),
}


@pytest.mark.parametrize("fields, status", REFUSED_HEADS.values(), ids=REFUSED_HEADS.keys())
def test_refused_head(any_server, fields, status):
    with Http2(any_server.port) as client:
        block = client.encoder.encode(fields)
        pieces = [block[i : i + 16384] for i in range(0, len(block), 16384)]
        for number, piece in enumerate(pieces):
            last = END_HEADERS if number == len(pieces) - 1 else 0
            if number == 0:
                client.send(frame(HEADERS, END_STREAM | last, 1, piece))
            else:
                client.send(frame(CONTINUATION, last, 1, piece))
        answer = client.answer(1)
        assert answer.status == status
        assert answer.fields["content-type"] == "application/problem+json"
        client.request(3)
        assert client.answer(3).status < 500


def test_credential_of_16_kib_is_read(echo):
    with Http2(echo.port) as client:
        block = client.head(path="/echo", extra=[("authorization", "Bearer " + "~" * 16384)])
        client.send(frame(HEADERS, END_STREAM, 1, block[:16384]))
        client.send(frame(CONTINUATION, END_HEADERS, 1, block[16384:]))
        assert b"~" * 16384 in client.answer(1).body


def test_body_too_large(echo):
    """Said before the body is read, whether its length was announced or not."""
    with Http2(echo.port) as client:
        client.request(1, method="POST", flags=END_HEADERS, extra=[("content-length", "65537")])
        assert client.answer(1).status == 413
        client.request(3, method="POST", flags=END_HEADERS)
        for _ in range(5):
            client.send(frame(DATA, 0, 3, b"a" * 13107 + b"a" * 100))
        assert client.answer(3).status == 413
        # The rest is not wanted; the stream ends after a while.
        assert client.until_frame(RST_STREAM, stream=3).error == NO_ERROR
        client.request(5)
        assert client.answer(5).status == 200


def test_largest_body(echo):
    with Http2(echo.port) as client:
        client.until_frame(SETTINGS)  # And acknowledges it.
        client.request(1, method="POST", path="/echo", flags=END_HEADERS)
        for number in range(4):
            client.send(frame(DATA, END_STREAM if number == 3 else 0, 1, b"a" * 16384))
        client.send(frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", 1 << 20)))
        client.send(frame(WINDOW_UPDATE, 0, 1, struct.pack(">I", 1 << 20)))
        assert b"a" * 65536 in client.answer(1).body


def test_trailers_are_not_merged(echo):
    with Http2(echo.port) as client:
        client.request(1, method="POST", path="/echo", flags=END_HEADERS)
        client.send(frame(DATA, 0, 1, b"ab"))
        trailers = client.encoder.encode([("authorization", "Bearer t")])
        client.send(frame(HEADERS, END_STREAM | END_HEADERS, 1, trailers))
        told = json.loads(client.answer(1).body)
        assert told["body"] == "ab" and "authorization" not in dict(told["fields"])


def test_te_trailers_and_cookie_crumbs(echo):
    with Http2(echo.port) as client:
        extra = [("te", "trailers"), ("cookie", "a=1"), ("cookie", "b=2")]
        client.request(1, path="/echo", extra=extra)
        fields = json.loads(client.answer(1).body)["fields"]
        assert [["cookie", "a=1"], ["cookie", "b=2"]] == [f for f in fields if f[0] == "cookie"]


def test_authority_is_the_host(echo):
    with Http2(echo.port) as client:
        client.request(1, path="/echo")
        fields = json.loads(client.answer(1).body)["fields"]
        assert [f for f in fields if f[0] == "host"] == [["host", "localhost"]]
        pseudo = [METHOD, SCHEME, (":path", "/echo"), ("host", "only")]
        client.request(3, pseudo=pseudo)
        fields = json.loads(client.answer(3).body)["fields"]
        assert [f for f in fields if f[0] == "host"] == [["host", "only"]]


def test_head_has_the_length_and_no_body(echo):
    with Http2(echo.port) as client:
        client.request(1)
        get = client.answer(1)
        client.request(3, method="HEAD")
        head = client.answer(3)
        assert head.fields["content-length"] == get.fields["content-length"]
        assert get.body and not head.body


def test_expect_continue(echo):
    with Http2(echo.port) as client:
        extra = [("expect", "100-continue")]
        client.request(1, method="POST", path="/echo", flags=END_HEADERS, extra=extra)
        interim = client.decoder.decode(client.until_frame(HEADERS, stream=1).payload)
        assert interim == [(":status", "100")]
        client.send(frame(DATA, END_STREAM, 1, b"ab"))
        assert json.loads(client.answer(1).body)["body"] == "ab"


def test_no_server_name(any_server):
    with Http2(any_server.port) as client:
        client.request(1)
        fields = client.answer(1).fields
        assert "date" in fields and "content-length" in fields and "server" not in fields


def test_too_many_streams_at_once(echo):
    with Http2(echo.port) as client:
        client.until_frame(SETTINGS)
        for number in range(101):
            client.request(2 * number + 1, path="/slow?ms=300")
        assert client.goaway() == PROTOCOL_ERROR


def test_reset_while_its_request_is_handled(echo):
    with Http2(echo.port) as client:
        for number in range(50):
            client.request(2 * number + 1, path="/slow?ms=50")
            client.send(frame(RST_STREAM, 0, 2 * number + 1, struct.pack(">I", 8)))
        client.request(101, path="/slow?ms=100")
        assert client.answer(101).status == 200


def test_calls_of_streams_that_were_reset_still_count(echo):
    """Else a client could keep any number of requests running at once."""
    with Http2(echo.port) as client:
        for number in range(100):
            client.request(2 * number + 1, path="/slow?ms=2000")
        # Each answer is a turn of the loop, which handles some of the requests. One
        # that is reset before that is not handled at all.
        for _ in range(20):
            client.send(frame(PING, 0, 0, bytes(8)))
            client.until_frame(PING)
        for number in range(100):
            client.send(frame(RST_STREAM, 0, 2 * number + 1, struct.pack(">I", 8)))
        client.request(201)
        assert client.until_frame(RST_STREAM, stream=201).error == REFUSED_STREAM


CONNECTION_ERRORS = {
    "DATA on stream 0": frame(DATA, 0, 0, b"a"),
    "HEADERS on an even stream": frame(HEADERS, END_STREAM | END_HEADERS, 2, b"\x82"),
    "CONTINUATION out of place": frame(CONTINUATION, END_HEADERS, 1, b"\x82"),
    "frame inside a field block": frame(HEADERS, 0, 1, b"\x82") + frame(SETTINGS),
    "frame too large": frame(DATA, 0, 1, b"a" * 16385),
    "SETTINGS of a wrong size": frame(SETTINGS, 0, 0, b"a"),
    "HPACK index out of range": frame(HEADERS, END_STREAM | END_HEADERS, 1, b"\xff\xff\x03"),
    "window overflow": frame(WINDOW_UPDATE, 0, 0, b"\x7f\xff\xff\xff") * 2,
    "window update of zero": frame(WINDOW_UPDATE, 0, 0, b"\0\0\0\0"),
}


@pytest.mark.parametrize("data", CONNECTION_ERRORS.values(), ids=CONNECTION_ERRORS.keys())
def test_connection_errors(any_server, data):
    with Http2(any_server.port) as client:
        client.send(data)
        assert client.until_frame(GOAWAY).error != NO_ERROR
        assert client.is_closed()
