# SPDX-License-Identifier: Apache-2.0
"""HTTP/1: what breaks RFC 9112 is 400 and the connection closes, before anything
that follows can be taken for a request."""

import pytest
from http_wire import Http1

SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n"


def post(*fields, body=b""):
    lines = [b"POST /echo HTTP/1.1", b"Host: h", *fields, b"", b""]
    return b"\r\n".join(lines) + body


MALFORMED = {
    "CL.TE": post(b"Content-Length: 6", b"Transfer-Encoding: chunked", body=b"0\r\n\r\nX"),
    "TE.CL": post(b"Transfer-Encoding: chunked", b"Content-Length: 4", body=b"0\r\n\r\n"),
    "TE.TE": post(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
    "TE list": post(b"Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n"),
    "TE gzip": post(b"Transfer-Encoding: gzip"),
    "TE identity": post(b"Transfer-Encoding: identity"),
    "TE quoted": post(b'Transfer-Encoding: "chunked"', body=b"0\r\n\r\n"),
    "TE xchunked": post(b"Transfer-Encoding: xchunked", body=b"0\r\n\r\n"),
    "TE vertical tab": post(b"Transfer-Encoding: \x0bchunked", body=b"0\r\n\r\n"),
    "TE space before colon": post(b"Transfer-Encoding : chunked", body=b"0\r\n\r\n"),
    "TE folded": post(b"Transfer-Encoding:\r\n chunked", body=b"0\r\n\r\n"),
    "TE empty": post(b"Transfer-Encoding:"),
    "TE in HTTP/1.0": b"POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "CL conflicting": post(b"Content-Length: 5", b"Content-Length: 6", body=b"aaaaa"),
    "CL repeated": post(b"Content-Length: 5", b"Content-Length: 5", body=b"aaaaa"),
    "CL list": post(b"Content-Length: 5, 5", body=b"aaaaa"),
    "CL plus": post(b"Content-Length: +5", body=b"aaaaa"),
    "CL negative": post(b"Content-Length: -5"),
    "CL hexadecimal": post(b"Content-Length: 0x5", body=b"aaaaa"),
    "CL fraction": post(b"Content-Length: 5.0", body=b"aaaaa"),
    "CL empty": post(b"Content-Length:"),
    "CL overflows": post(b"Content-Length: 18446744073709551621"),
    "CL inner space": post(b"Content-Length: 5 5", body=b"aaaaa"),
    "chunk size empty": post(b"Transfer-Encoding: chunked", body=b"\r\n\r\n"),
    "chunk size not hex": post(b"Transfer-Encoding: chunked", body=b"g\r\n\r\n"),
    "chunk size signed": post(b"Transfer-Encoding: chunked", body=b"-1\r\n\r\n"),
    "chunk size prefixed": post(b"Transfer-Encoding: chunked", body=b"0x1\r\na\r\n"),
    "chunk size overflows": post(
        b"Transfer-Encoding: chunked", body=b"10000000000000001\r\na\r\n0\r\n\r\n"
    ),
    "chunk size space": post(b"Transfer-Encoding: chunked", body=b"1 \r\na\r\n"),
    "chunk bare LF": post(b"Transfer-Encoding: chunked", body=b"1\na\r\n0\r\n\r\n"),
    "chunk too long": post(b"Transfer-Encoding: chunked", body=b"1\r\nab\r\n"),
    "chunk without end": post(b"Transfer-Encoding: chunked", body=b"1\r\na0\r\n\r\n"),
    "chunk extension control": post(b"Transfer-Encoding: chunked", body=b"1;a=\x00\r\na\r\n"),
    "trailer malformed": post(b"Transfer-Encoding: chunked", body=b"0\r\nno colon\r\n\r\n"),
    "bare LF": b"GET / HTTP/1.1\nHost: h\n\n",
    "bare LF in fields": b"GET / HTTP/1.1\r\nHost: h\nX: y\r\n\r\n",
    "bare CR": b"GET / HTTP/1.1\r\nHost: h\rX: y\r\n\r\n",
    "obs-fold": b"GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n",
    "first field indented": b"GET / HTTP/1.1\r\n Host: h\r\n\r\n",
    "space before colon": b"GET / HTTP/1.1\r\nHost : h\r\n\r\n",
    "field without colon": b"GET / HTTP/1.1\r\nHost: h\r\nX\r\n\r\n",
    "field without name": b"GET / HTTP/1.1\r\nHost: h\r\n: x\r\n\r\n",
    "NUL in value": b"GET / HTTP/1.1\r\nHost: h\r\nX: a\x00b\r\n\r\n",
    "DEL in value": b"GET / HTTP/1.1\r\nHost: h\r\nX: a\x7fb\r\n\r\n",
    "control in name": b"GET / HTTP/1.1\r\nHost: h\r\nX\x01: a\r\n\r\n",
    "non-ASCII name": b"GET / HTTP/1.1\r\nHost: h\r\nX\xe9: a\r\n\r\n",
    "no Host": b"GET / HTTP/1.1\r\n\r\n",
    "two Hosts": b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "Host empty": b"GET / HTTP/1.1\r\nHost:\r\n\r\n",
    "Host with path": b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
    "Host with userinfo": b"GET / HTTP/1.1\r\nHost: u@h\r\n\r\n",
    "Host with bad port": b"GET / HTTP/1.1\r\nHost: h:8x\r\n\r\n",
    "target with space": b"GET /a b HTTP/1.1\r\nHost: h\r\n\r\n",
    "target with control": b"GET /a\x01 HTTP/1.1\r\nHost: h\r\n\r\n",
    "target non-ASCII": b"GET /\xc3\xa9 HTTP/1.1\r\nHost: h\r\n\r\n",
    "target with fragment": b"GET /#f HTTP/1.1\r\nHost: h\r\n\r\n",
    "target with backslash": b"GET /\\ HTTP/1.1\r\nHost: h\r\n\r\n",
    "target empty": b"GET  HTTP/1.1\r\nHost: h\r\n\r\n",
    "target relative": b"GET a HTTP/1.1\r\nHost: h\r\n\r\n",
    "asterisk form": b"OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n",
    "authority form": b"CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n",
    "absolute form of ftp": b"GET ftp://h/ HTTP/1.1\r\nHost: h\r\n\r\n",
    "absolute form with userinfo": b"GET http://u@h/ HTTP/1.1\r\nHost: h\r\n\r\n",
    "HTTP/0.9": b"GET /\r\n\r\n",
    "version in lower case": b"GET / http/1.1\r\nHost: h\r\n\r\n",
    "version with two digits": b"GET / HTTP/1.10\r\nHost: h\r\n\r\n",
    "method not a token": b"G(T / HTTP/1.1\r\nHost: h\r\n\r\n",
    "method very long": b"G" * 33 + b" / HTTP/1.1\r\nHost: h\r\n\r\n",
    "tab for a space": b"GET\t/ HTTP/1.1\r\nHost: h\r\n\r\n",
    "leading space": b" GET / HTTP/1.1\r\nHost: h\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
}


def assert_refused(server, request, status):
    with Http1(server.port) as client:
        answer = client.ask(request + SMUGGLED)
        assert answer.status == status, answer
        assert answer.fields["content-type"] == "application/problem+json"
        assert answer.fields["connection"] == "close"
        assert "date" in answer.fields and "server" not in answer.fields
        client.received = b""
        assert client.is_closed()
        assert client.received == b"", "the rest was taken for a request"


@pytest.mark.parametrize("request_bytes", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed(any_server, request_bytes):
    assert_refused(any_server, request_bytes, 400)


@pytest.mark.parametrize("value", [b"tea", b"100-continue, tea", b"100", b'"100-continue"'])
def test_another_expectation_is_417(any_server, value):
    assert_refused(any_server, b"GET / HTTP/1.1\r\nHost: h\r\nExpect: " + value + b"\r\n\r\n", 417)


@pytest.mark.parametrize("version", ["HTTP/0.9", "HTTP/1.2", "HTTP/2.0", "HTTP/3.0"])
def test_other_versions(any_server, version):
    assert_refused(any_server, f"GET / {version}\r\nHost: h\r\n\r\n".encode(), 505)


def test_http2_preface_inside_http1(any_server):
    with Http1(any_server.port) as client:
        client.ask(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        assert client.ask(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").status == 505
        assert client.is_closed()


def test_upgrade_to_h2c_is_ignored(echo):
    with Http1(echo.port) as client:
        fields = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
        answer = client.ask(b"GET / HTTP/1.1\r\nHost: h\r\n" + fields + b"\r\n")
        assert answer.status == 200


def test_bytes_one_by_one_give_the_same_faults(echo):
    for request in MALFORMED.values():
        with Http1(echo.port) as client:
            for byte in request:
                client.socket.send(bytes([byte]))
                if b"\r\n" in client.received:
                    break
            assert client.answer().status == 400, request
