# SPDX-License-Identifier: Apache-2.0
"""Every change of a service account's life, over REST and gRPC, for a load of it."""

import http.client
import json
import secrets
import urllib.parse

import grpc

from harness.api import Api, message
from harness.surfaces import to_json


class Lost(Exception):
    """No answer, or one that leaves open whether anything was done."""


class Refused(Exception):
    """An answer that says no."""


def request_id():
    return secrets.token_hex(16)


class RestDoor:
    """One connection. The bodies are as on REST; calls with `key` are keyed."""

    def __init__(self, server):
        self._first = server.first
        self._path = server.accounts_path
        self._grants = self._path.replace("service-accounts", "authorizations")
        self._connection = http.client.HTTPConnection("127.0.0.1", server.ports["rest"],
                                                      timeout=20)

    def close(self):
        self._connection.close()

    def create(self, name, key, **fields):
        return self._call("POST", self._path, {"name": name, **fields}, key=key)

    def rotate(self, id_, key, overlap):
        return self._call("POST", f"{self._path}/{id_}/rotate",
                          {"overlap": f"{overlap}s"} if overlap else {}, key=key)

    def update(self, id_, **fields):
        return self._call("PATCH", f"{self._path}/{id_}", fields)

    def revoke(self, id_, comment):
        return self._call("POST", f"{self._path}/{id_}/revoke",
                          {"reason": "superseded", "comment": comment})

    def grant(self, id_, capability):
        return self._call("POST", self._grants,
                          {"grant_kind": "capability", "subject_type": "service_account",
                           "subject_id": id_, "capability_key": capability})

    def ungrant(self, grant_id):
        return self._call("POST", f"{self._grants}/{grant_id}/revoke")

    def get(self, id_):
        return self._call("GET", f"{self._path}/{id_}")

    def named(self, prefix):
        return self._call("GET", f"{self._path}?include_revoked=true&name_prefix="
                          + urllib.parse.quote(prefix))

    def grants(self, id_):
        return self._call("GET", f"{self._grants}?subject_id={id_}")

    def works(self, token):
        try:
            self._call("GET", "/v1/public/auth/self", token=token)
            return True
        except Refused as refusal:
            assert refusal.args[0] == 401, refusal
            return False

    def _call(self, method, path, body=None, *, key=None, token=None):
        fields = {"Authorization": f"Bearer {token or self._first['token']}"}
        if body is not None:
            body = json.dumps(body)
            fields["Content-Type"] = "application/json"
        if key is not None:
            fields["Idempotency-Key"] = key
        try:
            self._connection.request(method, path, body, fields)
            response = self._connection.getresponse()
            answer = json.loads(response.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Lost from error
        if response.status == 503:
            raise Lost(answer)
        if response.status >= 300:
            raise Refused(response.status, answer)
        return answer


class GrpcDoor:
    """The same over gRPC, one channel."""

    def __init__(self, server):
        self._first = server.first
        self._api = Api(server)

    def close(self):
        self._api.close()

    def create(self, name, key, **fields):
        return self._accounts("Create", "IssuedServiceAccount", name=name, request_id=key,
                              **fields)

    def rotate(self, id_, key, overlap):
        request = self._request("RotateServiceAccountRequest", service_account_id=id_,
                                request_id=key)
        if overlap:
            request.overlap.seconds = int(overlap)
            request.overlap.nanos = round(overlap % 1 * 1e9)
        return self._call("ServiceAccounts/RotateServiceAccount", request,
                          "IssuedServiceAccount")

    def update(self, id_, **fields):
        request = message("signet.v1.UpdateServiceAccountRequest")
        request.service_account.account_id = self._first["account_id"]
        request.service_account.id = id_
        request.service_account.description = fields["description"]
        request.service_account.labels.update(fields["labels"])
        request.update_mask.paths.extend(fields)
        return self._call("ServiceAccounts/UpdateServiceAccount", request, "ServiceAccount")

    def revoke(self, id_, comment):
        return self._accounts("Revoke", "ServiceAccount", service_account_id=id_,
                              reason="superseded", comment=comment)

    def grant(self, id_, capability):
        request = self._request("CreateAuthorizationRequest", grant_kind="capability",
                                subject_type="service_account", subject_id=id_,
                                capability_key=capability)
        return self._call("Authorizations/CreateAuthorization", request, "Authorization")

    def ungrant(self, grant_id):
        request = self._request("RevokeAuthorizationRequest", authorization_id=grant_id)
        return self._call("Authorizations/RevokeAuthorization", request, "Authorization")

    def _accounts(self, verb, answer, /, **fields):
        request = self._request(f"{verb}ServiceAccountRequest", **fields)
        return self._call(f"ServiceAccounts/{verb}ServiceAccount", request, answer)

    def _request(self, kind, /, **fields):
        return message(f"signet.v1.{kind}", account_id=self._first["account_id"], **fields)

    def _call(self, method, request, answer):
        reply = self._api.call(f"signet.v1.{method}", request, f"signet.v1.{answer}",
                               token=self._first["token"])
        if reply.code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED):
            raise Lost(reply)
        if reply.code != grpc.StatusCode.OK:
            raise Refused(reply.code, reply)
        return to_json(reply.message)
