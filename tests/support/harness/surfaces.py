# SPDX-License-Identifier: Apache-2.0
"""REST and gRPC behind one face, for rules that are the same on both."""

import dataclasses
import datetime

from harness import rest
from harness.api import Api

KEYS = ["account_id", "id", "name", "token", "token_prefix", "token_public_id",
        "token_last4", "created_at", "updated_at", "created_by_user_id",
        "revoked_by_user_id", "expires_at", "last_used_at", "revoked_at"]
NULLABLE = KEYS[9:]

# HTTP status of each code that a client can meet here (google/rpc/code.proto).
HTTP_STATUS = {"INVALID_ARGUMENT": 400, "UNAUTHENTICATED": 401, "PERMISSION_DENIED": 403,
               "NOT_FOUND": 404, "RESOURCE_EXHAUSTED": 429, "UNAVAILABLE": 503}


@dataclasses.dataclass
class Outcome:
    code: str  # "OK", or a canonical code's name.
    body: dict = None  # What was created or read; None after an error.
    reason: str = ""
    faults: tuple = ()  # The fields at fault.
    text: str = ""


class Rest:
    """`http` is one of rest.HTTP_VERSIONS."""

    def __init__(self, server, http):
        self._server, self._http = server, http

    def create(self, account_id, name, *, token, expires_at=None):
        body = {"name": name}
        if expires_at is not None:
            body["expires_at"] = expires_at
        return self._outcome("POST", f"/v1/public/accounts/{account_id}/auth/service-accounts",
                             token=token, json_body=body)

    def get(self, account_id, service_account_id, *, token):
        return self._outcome(
            "GET",
            f"/v1/public/accounts/{account_id}/auth/service-accounts/{service_account_id}",
            token=token)

    def self_(self, *, token):
        return self._outcome("GET", "/v1/public/auth/self", token=token)

    def _outcome(self, method, path, **options):
        answer = rest.request(self._server, method, path, http=self._http, **options)
        if answer.status < 300:
            return Outcome("OK", answer.json())
        problem = answer.json()
        assert answer.value("content-type") == "application/problem+json"
        assert problem["status"] == answer.status == HTTP_STATUS[problem["code"]]
        return Outcome(problem["code"], None, problem["reason"],
                       tuple(e["field"] for e in problem.get("errors", [])),
                       problem["detail"])


class Grpc:
    def __init__(self, server):
        self._api = Api(server)

    def create(self, account_id, name, *, token, expires_at=None):
        if expires_at is not None:
            expires_at = _timestamp(expires_at)
        return _outcome(self._api.create(account_id, name, token=token,
                                         expires_at=expires_at))

    def get(self, account_id, service_account_id, *, token):
        return _outcome(self._api.get(account_id, service_account_id, token=token))

    def self_(self, *, token):
        return _outcome(self._api.self_(token=token))

    def close(self):
        self._api.close()


def _outcome(reply):
    if reply.message is not None:
        return Outcome("OK", to_json(reply.message))
    return Outcome(reply.code.name, None, reply.reason,
                   tuple(field for field, _ in reply.violations), reply.text)


# What REST leaves out while it is so, and what it never shows in a body.
_STARTS_AS = {"description": "", "labels": {}, "enabled": True, "revoke_reason": "",
              "revoke_comment": ""}
_IN_HEADERS = {"etag"}


def to_json(message):
    """The REST form of a message: every key, absent ones as None."""
    body = {}
    for field in message.DESCRIPTOR.fields:
        value = getattr(message, field.name)
        if field.name in _IN_HEADERS:
            continue
        if field.label == field.LABEL_REPEATED:
            value = dict(value) if field.name == "labels" else list(value)
            if _STARTS_AS.get(field.name) == value:
                continue
        elif _STARTS_AS.get(field.name) == value and field.name in _STARTS_AS:
            continue
        elif field.has_presence and not message.HasField(field.name):
            value = None
        elif field.message_type is not None:
            value = _rfc3339(value.seconds, value.nanos)
        body[field.name] = value
    return body


_EPOCH = datetime.datetime(1970, 1, 1)


def _rfc3339(seconds, nanos):
    whole = (_EPOCH + datetime.timedelta(seconds=seconds)).isoformat()
    if nanos == 0:
        return whole + "Z"
    digits = f"{nanos:09d}"
    while digits.endswith("000"):
        digits = digits[:-3]
    return f"{whole}.{digits}Z"


def _timestamp(text):
    """(seconds, nanos) of a UTC timestamp as a test writes it, ending in Z."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    seconds = (datetime.datetime.fromisoformat(whole) - _EPOCH) // datetime.timedelta(seconds=1)
    return seconds, int(fraction.ljust(9, "0") or 0)
