# SPDX-License-Identifier: Apache-2.0
"""What a token that a rotation has replaced may do while its overlap lasts, on both surfaces."""

import pytest
from harness import events, rest
from harness.api import Api, message


class Overlap:
    """A bot that manages its account, its old token, and its new one for an hour beside it."""

    def __init__(self, server):
        self.server = server
        self.account = server.first["account_id"]
        self.bot = self.done("POST", server.accounts_path,
                             {"name": "bot", "capabilities": ["auth.manage"]})
        self.path = f"{server.accounts_path}/{self.bot['id']}"
        self.old = self.bot["token"]
        self.new = self.done("POST", self.path + "/rotate", {"overlap": "3600s"},
                             token=self.old)["token"]

    def done(self, method, path, body=None, token=None):
        answer = rest.request(self.server, method, path, json_body=body,
                              token=token or self.server.first["token"])
        assert answer.status < 300, answer.body
        return answer.json()

    def rotate(self, surface, token, key=None):
        """(code, reason, the new token)"""
        if surface == "rest":
            fields = [f"Idempotency-Key: {key}"] if key else []
            answer = rest.request(self.server, "POST", self.path + "/rotate", token=token,
                                  json_body={"overlap": "3600s"}, fields=fields).json()
            return answer.get("code", "OK"), answer.get("reason", ""), answer.get("token")
        request = message("signet.v1.RotateServiceAccountRequest", account_id=self.account,
                          service_account_id=self.bot["id"], request_id=key or "")
        request.overlap.seconds = 3600
        with Api(self.server) as api:
            reply = api.call("signet.v1.ServiceAccounts/RotateServiceAccount", request,
                             "signet.v1.IssuedServiceAccount", token=token)
        return reply.code.name, reply.reason, reply.message and reply.message.token


@pytest.fixture
def overlap(start):
    return Overlap(start())


SURFACES = ["rest", "grpc"]


@pytest.mark.parametrize("surface", SURFACES)
def test_a_replaced_token_does_not_rotate(overlap, surface):
    """Whoever finds it would take the service account over, and end the token that is used."""
    assert overlap.rotate(surface, overlap.old)[:2] == ("PERMISSION_DENIED", "GRANT_EXCEEDS_OWN")
    (denied,) = events.denials(overlap.server)
    assert denied["action"] == "service_account.rotate"
    for token in (overlap.old, overlap.new):
        assert overlap.done("GET", "/v1/public/auth/self", token=token)["subject_id"] \
            == overlap.bot["id"]
    # What it may, it may: it makes others, narrows and ends itself.
    overlap.done("POST", overlap.server.accounts_path, {"name": "other"}, token=overlap.old)
    assert overlap.rotate(surface, overlap.new)[0] == "OK"
    assert overlap.rotate(surface, overlap.old)[0] == "UNAUTHENTICATED"


@pytest.mark.parametrize("surface", SURFACES)
def test_a_repeated_rotation_answers_the_token_that_it_replaced(overlap, surface):
    """The first answer may have been lost on its way."""
    first = overlap.rotate(surface, overlap.new, key="key-of-a-retry")
    assert first[0] == "OK"
    assert overlap.rotate(surface, overlap.new, key="key-of-a-retry") == first
