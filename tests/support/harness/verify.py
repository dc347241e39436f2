# SPDX-License-Identifier: Apache-2.0
"""Asking about tokens over REST and gRPC at once."""

import dataclasses
import urllib.parse

import grpc
from google.protobuf import json_format

from harness import rest
from harness.api import Api, message

PATH = "/v1/public/auth/tokens/verify"
FORM = ["Content-Type: application/x-www-form-urlencoded"]
STATUS = {"INVALID_ARGUMENT": 400, "UNAUTHENTICATED": 401, "PERMISSION_DENIED": 403}


@dataclasses.dataclass
class Refusal:
    code: str
    reason: str
    faults: tuple = ()


def request(token, **fields):
    """VerifyTokenRequest; fields as in JSON."""
    return json_format.ParseDict({"token": token, **fields}, message("signet.v1.VerifyTokenRequest"))


class Asker:
    """Somebody who asks `server`; every question goes through both doors."""

    def __init__(self, server, token):
        self.server, self.token = server, token
        self._api = Api(server)

    def close(self):
        self._api.close()

    def verify(self, token, **fields):
        """The VerifyTokenResponse or the Refusal, once both doors agree on it."""
        by_rest = self._rest({"token": token, **fields})
        by_grpc = self.grpc("VerifyToken", request(token, **fields), "VerifyTokenResponse")
        if isinstance(by_rest, Refusal) or by_rest.active is False:
            assert by_rest == by_grpc
        else:
            first, second = (type(m).FromString(m.SerializeToString()) for m in (by_rest, by_grpc))
            # Near its end a token's answer lives a little shorter each time.
            assert first.cache_ttl.ToNanoseconds() >= second.cache_ttl.ToNanoseconds()
            assert first.HasField("expires_in") == second.HasField("expires_in")
            assert first.expires_in.ToNanoseconds() >= second.expires_in.ToNanoseconds()
            for name in ("cache_ttl", "expires_in"):
                first.ClearField(name)
                second.ClearField(name)
            assert first == second
        return by_grpc

    def reason(self, token, **fields):
        """"" where it is active, else why it is not."""
        answer = self.verify(token, **fields)
        assert not isinstance(answer, Refusal), answer
        assert answer.active is (answer.reason == "")
        return answer.reason

    def batch(self, tokens, **fields):
        asked = json_format.ParseDict({"tokens": tokens, **fields},
                                      message("signet.v1.BatchVerifyTokensRequest"))
        return self.grpc("BatchVerifyTokens", asked, "BatchVerifyTokensResponse")

    def grpc(self, method, asked, answer):
        reply = self._api.call(f"signet.v1.Tokens/{method}", asked, f"signet.v1.{answer}",
                               token=self.token)
        if reply.code == grpc.StatusCode.OK:
            return reply.message
        return Refusal(reply.code.name, reply.reason, tuple(f for f, _ in reply.violations))

    def _rest(self, body):
        answer = rest.request(self.server, "POST", PATH, token=self.token, json_body=body)
        told = answer.json()
        if answer.status == 200:
            return json_format.ParseDict(told, message("signet.v1.VerifyTokenResponse"))
        assert STATUS[told["code"]] == answer.status, told
        return Refusal(told["code"], told["reason"], tuple(e["field"] for e in told["errors"]))


class World:
    """Makes what the tests need, as the first account's owner."""

    def __init__(self, server):
        self.server = server
        self.owner = server.first["token"]
        self.account = server.first["account_id"]

    def call(self, method, path, body=None, token=None):
        answer = rest.request(self.server, method, path, token=token or self.owner, json_body=body)
        assert answer.status < 300, answer.body
        return answer.json()

    def create(self, *capabilities, **fields):
        return self.call("POST", self.server.accounts_path,
                         {"name": "one", "capabilities": capabilities, **fields})

    def change(self, account, verb, body=None):
        """PATCH with `body`, or POST to a verb of it."""
        path = f"{self.server.accounts_path}/{account['id']}"
        if verb == "update":
            return self.call("PATCH", path, body)
        return self.call("POST", f"{path}/{verb}", body)

    def grant(self, subject_id, subject_type="service_account", **fields):
        fields = {"grant_kind": "capability", **fields}
        return self.call("POST", self.grants_path(), {"subject_type": subject_type,
                                                      "subject_id": subject_id, **fields})

    def ungrant(self, grant):
        return self.call("POST", f"{self.grants_path()}/{grant['id']}/revoke")

    def grants_path(self):
        return self.server.accounts_path.replace("service-accounts", "authorizations")

    def form(self, path, text, token=None, **fields):
        body = urllib.parse.urlencode({"token": text, **fields})
        return rest.request(self.server, "POST", path, token=token, body=body, fields=FORM)
