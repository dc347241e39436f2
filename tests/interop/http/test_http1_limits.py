# SPDX-License-Identifier: Apache-2.0
"""HTTP/1: sizes are bounded early, memory stays flat."""

import pytest
from http_wire import Http1

MIB = 1 << 20


def get(*fields, target=b"/"):
    return b"\r\n".join([b"GET " + target + b" HTTP/1.1", b"Host: h", *fields, b"", b""])


def chunked(body, trailers=b""):
    head = b"POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + body + b"0\r\n" + trailers + b"\r\n"


def assert_refused(server, request, status):
    with Http1(server.port) as client:
        answer = client.ask(request)
        assert answer.status == status
        assert answer.fields["connection"] == "close"
        assert client.is_closed()


def test_header_of_64_kib(any_server):
    assert_refused(any_server, get(b"X: " + b"a" * 65536), 431)


def test_many_small_fields(any_server):
    assert_refused(any_server, get(*[b"a:"] * 1000), 431)


def test_header_that_never_ends(any_server):
    with Http1(any_server.port) as client:
        before = any_server.resident_bytes()
        client.send(b"GET / HTTP/1.1\r\nX: " + b"a" * 40_000)
        assert client.answer().status == 431
        assert any_server.resident_bytes() - before < 4 * MIB


def test_credential_of_16_kib_is_read(echo):
    with Http1(echo.port) as client:
        answer = client.ask(get(b"Authorization: Bearer " + b"t" * 16384, target=b"/echo"))
        assert answer.status == 200
        assert b"t" * 16384 in answer.body


@pytest.mark.parametrize("size", [8193, 100_000])
def test_target_too_long(any_server, size):
    assert_refused(any_server, get(target=b"/" + b"a" * (size - 1)), 414)


def test_longest_target(echo):
    with Http1(echo.port) as client:
        assert client.ask(get(target=b"/" + b"a" * 8191)).status == 200


def test_body_too_large_is_not_read(echo):
    """The answer comes although the body does not."""
    with Http1(echo.port) as client:
        answer = client.ask(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 65537\r\n\r\n")
        assert answer.status == 413
        assert answer.fields["connection"] == "close"
        client.send(b"a" * 65537)  # Sent regardless, it does not destroy the answer.
        assert client.is_closed()


def test_largest_body(echo):
    with Http1(echo.port) as client:
        head = b"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 65536\r\n\r\n"
        assert b"a" * 65536 in client.ask(head + b"a" * 65536).body


def test_chunked_body_too_large(echo):
    piece = b"4000\r\n" + b"a" * 0x4000 + b"\r\n"
    assert_refused(echo, chunked(piece * 4 + b"1\r\na\r\n"), 413)
    with Http1(echo.port) as client:
        assert client.ask(chunked(piece * 4)).status == 200


def test_chunk_of_4_gib(echo):
    assert_refused(
        echo, b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n", 413
    )


def test_chunk_extensions_are_dropped_and_bounded(echo):
    with Http1(echo.port) as client:
        answer = client.ask(chunked(b'2;a=b;c="d e"\r\nab\r\n'))
        assert answer.status == 200 and b'"body":"ab"' in answer.body
    assert_refused(echo, chunked(b"1;" + b"e" * 300 + b"\r\na\r\n"), 400)
    assert_refused(echo, chunked((b"1;" + b"e" * 200 + b"\r\na\r\n") * 30), 400)


def test_trailers_are_not_merged(echo):
    with Http1(echo.port) as client:
        trailers = b"Authorization: Bearer t\r\nContent-Length: 9\r\nHost: evil\r\n"
        answer = client.ask(chunked(b"1\r\na\r\n", trailers))
        assert answer.status == 200
        assert b"authorization" not in answer.body and b"evil" not in answer.body
        # The connection is sound: the next request is its own.
        assert client.ask(get()).status == 200


def test_trailers_are_bounded(echo):
    assert_refused(echo, chunked(b"", b"T: " + b"a" * 65536 + b"\r\n"), 431)
    assert_refused(echo, chunked(b"", b"T: aaaaaaaa\r\n" * 10_000), 431)
