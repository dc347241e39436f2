# SPDX-License-Identifier: Apache-2.0
"""What is Envoy's own: Signet's refusal, sent over gRPC, is the client's answer."""

import pytest
from proxies import Envoy


def test_a_refusal_is_signets_problem_document(run_proxy, create):
    envoy = run_proxy(Envoy)
    for answer, status, reason in (
            (envoy.ask(), 401, "CREDENTIAL_MISSING"),
            (envoy.ask(path="/mail/x", token=create()["token"]), 403, "CAPABILITY_MISSING")):
        assert answer.status == status
        assert answer.value("content-type") == "application/problem+json"
        assert answer.json()["reason"] == reason


# Envoy joins fields of one name with a comma, and hands on what it has made of them.
@pytest.mark.parametrize("order", [1, -1])
def test_two_credentials_are_none(run_proxy, create, order):
    both = [f"Authorization: Bearer {create()['token']}", "Authorization: Bearer junk"][::order]
    assert run_proxy(Envoy).ask(fields=both).status == 401
