# SPDX-License-Identifier: Apache-2.0
"""Clients that others wrote."""

import asyncio
import http.client
import json
import subprocess

import h2.config
import h2.connection
import h2.events
import pytest


def run(*command, **kwargs):
    return subprocess.run(
        command, check=True, capture_output=True, text=True, timeout=60, **kwargs
    ).stdout


HTTP_VERSIONS = ["--http1.0", "--http1.1", "--http2-prior-knowledge"]


@pytest.mark.parametrize("version", HTTP_VERSIONS)
def test_curl(echo, version):
    url = f"http://127.0.0.1:{echo.port}/echo"
    told = json.loads(run("curl", "-sS", version, "--data", '{"name":"n"}', url))
    assert told["method"] == "POST" and told["body"] == '{"name":"n"}'


@pytest.mark.parametrize("version", HTTP_VERSIONS)
@pytest.mark.parametrize("size", [65536, 65537, 5_000_000])
def test_curl_with_a_large_body(echo, version, size):
    """The answer to a body that is refused reaches a client still sending it."""
    status = run(
        "curl", "-sS", version, "--data-binary", "@-", "-o", "/dev/null", "-w", "%{http_code}",
        f"http://127.0.0.1:{echo.port}/echo", input="a" * size,
    )  # fmt: skip
    assert status == ("200" if size <= 65536 else "413")


@pytest.mark.parametrize("version", HTTP_VERSIONS)
def test_curl_with_a_large_answer(echo, version):
    url = f"http://127.0.0.1:{echo.port}/big?bytes=20000000"
    assert run("curl", "-sS", version, "-o", "/dev/null", "-w", "%{size_download}", url) == "20000000"


def test_curl_head(echo):
    head = run("curl", "-sS", "-I", f"http://127.0.0.1:{echo.port}/big?bytes=1000")
    assert "Content-Length: 1000" in head


def test_curl_reuses_its_connection(echo):
    url = f"http://127.0.0.1:{echo.port}/"
    count = run("curl", "-sS", "-o", "/dev/null", "-w", "%{num_connects} ", url, "-o", "/dev/null", url)
    assert count.split() == ["1", "0"]


def test_python_http_client(echo):
    connection = http.client.HTTPConnection("127.0.0.1", echo.port, timeout=5)
    for _ in range(3):
        body = iter([b"ab", b"cd"])
        connection.request("POST", "/echo", body, encode_chunked=True,
                           headers={"Transfer-Encoding": "chunked"})  # fmt: skip
        assert json.loads(connection.getresponse().read())["body"] == "abcd"
    connection.close()


def test_python_h2_multiplexes(echo):
    """100 requests at once on one connection of a client that checks every rule."""

    async def main():
        reader, writer = await asyncio.open_connection("127.0.0.1", echo.port)
        client = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True))
        client.initiate_connection()
        for number in range(100):
            path = f"/big?bytes={number * 1000}"
            fields = [(":method", "GET"), (":scheme", "http"), (":authority", "h"), (":path", path)]
            client.send_headers(2 * number + 1, fields, end_stream=True)
        sizes, open_streams = {}, 100
        while open_streams:
            writer.write(client.data_to_send())
            for event in client.receive_data(await reader.read(65536)):
                if isinstance(event, h2.events.DataReceived):
                    sizes[event.stream_id] = sizes.get(event.stream_id, 0) + len(event.data)
                    client.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                elif isinstance(event, h2.events.StreamEnded):
                    open_streams -= 1
                assert not isinstance(event, (h2.events.StreamReset, h2.events.ConnectionTerminated))
        writer.close()
        assert sizes == {2 * n + 1: n * 1000 for n in range(1, 100)}

    asyncio.run(asyncio.wait_for(main(), 20))
