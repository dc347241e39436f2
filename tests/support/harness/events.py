# SPDX-License-Identifier: Apache-2.0
"""Audit events that are written behind an answer."""

import time

from harness import rest


def listing(server, query="", token=None):
    """The events of the first account that meet `query`, newest first."""
    answer = rest.request(
        server, "GET",
        f"/v1/public/accounts/{server.first['account_id']}/auth/audit-events{query}",
        token=token or server.first["token"])
    assert answer.status == 200, answer.body
    return answer.json()


def denials(server, query="", *, count=1):
    """The denied ones, once there are `count` at least."""
    end = time.monotonic() + 20
    while True:
        found = listing(server, "?outcome=denied" + query)
        if len(found) >= count:
            return found
        assert time.monotonic() < end, f"got {len(found)} denials, want {count}"
        time.sleep(0.02)
