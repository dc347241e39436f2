# SPDX-License-Identifier: Apache-2.0
"""What is Caddy's own: Signet's refusal is the client's answer."""

from proxies import Caddy


def test_a_refusal_is_signets_problem_document(run_proxy, create):
    caddy = run_proxy(Caddy)
    for answer, status, reason in (
            (caddy.ask(), 401, "CREDENTIAL_MISSING"),
            (caddy.ask(path="/mail/x", token=create()["token"]), 403, "CAPABILITY_MISSING")):
        assert answer.status == status
        assert answer.value("content-type") == "application/problem+json"
        assert answer.json()["reason"] == reason
