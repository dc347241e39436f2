# SPDX-License-Identifier: Apache-2.0
"""HTTP/1: what a sound client may do."""

import json
import re

import pytest
from http_wire import Http1

GET = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"


def test_fields_of_an_answer(any_server):
    with Http1(any_server.port) as client:
        fields = client.ask(GET).fields
        assert re.fullmatch(
            r"(mon|tue|wed|thu|fri|sat|sun), \d\d [a-z]{3} \d{4} \d\d:\d\d:\d\d gmt",
            fields["date"],
        )
        assert "server" not in fields and "connection" not in fields


def test_head_has_the_length_and_no_body(echo):
    with Http1(echo.port) as client:
        length = client.ask(GET).fields["content-length"]
        head = client.ask(GET.replace(b"GET", b"HEAD"), method="HEAD")
        assert head.status == 200 and head.fields["content-length"] == length
        assert client.ask(GET).status == 200  # Nothing of a body came in between.


def test_pipelined_requests_are_answered_in_order(echo):
    with Http1(echo.port) as client:
        for number in range(200):
            slow = b"/slow?ms=3" if number % 50 == 0 else b"/echo"
            body = str(number).encode()
            client.send(
                b"POST %s HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%s"
                % (slow, len(body), body)
            )
        for number in range(200):
            body = json.loads(client.answer().body)
            assert body == {"slow": True} if number % 50 == 0 else body["body"] == str(number)


def test_pipelining_is_bounded(echo):
    """Requests behind one that is being handled wait in the sockets."""
    with Http1(echo.port, timeout=1) as client:
        before = echo.resident_bytes()
        client.send(b"GET /slow?ms=3000 HTTP/1.1\r\nHost: h\r\n\r\n")
        with pytest.raises(TimeoutError):
            for _ in range(2000):
                client.send(GET * 1000)
        assert echo.resident_bytes() - before < 4 << 20


def test_bytes_one_by_one(echo):
    request = b"POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"
    with Http1(echo.port) as client:
        for byte in request * 2:
            client.send(bytes([byte]))
        for _ in range(2):
            assert json.loads(client.answer().body)["body"] == "ab"


def test_expect_continue(any_server):
    with Http1(any_server.port) as client:
        client.send(
            b"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-Continue\r\n\r\n"
        )
        assert client.answer().status == 100
        assert client.ask(b"{}").status >= 200


def test_expect_continue_is_not_said_for_a_body_too_large(echo):
    with Http1(echo.port) as client:
        head = b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999\r\nExpect: 100-continue\r\n\r\n"
        assert client.ask(head).status == 413


def test_connection_close(any_server):
    with Http1(any_server.port) as client:
        answer = client.ask(GET.replace(b"\r\n\r\n", b"\r\nConnection: x, Close\r\n\r\n") + GET)
        assert answer.fields["connection"] == "close"
        client.received = b""
        assert client.is_closed() and client.received == b""


def test_http10_closes_unless_asked_to_stay(any_server):
    with Http1(any_server.port) as client:
        stay = b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
        assert client.ask(stay).fields["connection"] == "keep-alive"
        assert client.ask(b"GET / HTTP/1.0\r\n\r\n").fields["connection"] == "close"
        assert client.is_closed()


def test_absolute_form(echo):
    """RFC 9112 section 3.2.2: a server must take it; its authority replaces Host."""
    with Http1(echo.port) as client:
        told = json.loads(client.ask(b"GET HTTP://a:1/echo HTTP/1.1\r\nHost: b\r\n\r\n").body)
        assert told["target"] == "/echo"
        assert ["host", "a:1"] in told["fields"]
        assert client.ask(b"GET http://a?x HTTP/1.1\r\nHost: b\r\n\r\n").status == 200


def test_one_empty_line_before_a_request(any_server):
    with Http1(any_server.port) as client:
        assert client.ask(b"\r\n" + GET).status != 400
    with Http1(any_server.port) as client:
        assert client.ask(b"\r\n\r\n" + GET).status == 400


def test_field_values_are_trimmed_and_names_in_lower_case(echo):
    with Http1(echo.port) as client:
        answer = client.ask(b"GET /echo HTTP/1.1\r\nHost: h\r\nX-Some:\t a \xe9 b \t\r\n\r\n")
        assert ["x-some", "a \ufffd b"] in json.loads(answer.body)["fields"]


def test_client_that_hangs_up_while_its_request_is_handled(echo):
    for _ in range(50):
        with Http1(echo.port) as client:
            client.send(b"GET /slow?ms=50 HTTP/1.1\r\nHost: h\r\n\r\n")
    with Http1(echo.port) as client:
        assert client.ask(b"GET /slow?ms=200 HTTP/1.1\r\nHost: h\r\n\r\n").status == 200
