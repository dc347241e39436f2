# SPDX-License-Identifier: Apache-2.0
"""/livez and /readyz, for load balancers: no credential, no line in the log."""

import pytest

from harness import rest


@pytest.mark.parametrize("http", rest.HTTP_VERSIONS)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_a_probe_needs_no_credential_and_leaves_no_line(server, path, method, http):
    before = len(server.log())
    answer = rest.request(server, method, path, http=http)
    assert answer.status == 200
    assert answer.value("content-type").startswith("text/plain")
    rest.request(server, "GET", "/nowhere", http=http)  # Which leaves one.
    assert len(server.log()) == before + 1


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_other_methods_are_not_allowed(server, path):
    answer = rest.request(server, "POST", path, body=b"x")
    assert (answer.status, answer.value("allow")) == (405, "GET, HEAD")
