# SPDX-License-Identifier: Apache-2.0
"""A call repeated under its idempotency key, on REST and gRPC."""

import uuid

import grpc
import pytest
from harness import rest
from harness.api import Api, message
from harness.surfaces import to_json


class RestDoor:
    def __init__(self, server):
        self.server, self.path = server, server.accounts_path

    def create(self, key, name, **fields):
        return self._post(self.path, key, {"name": name, **fields})

    def rotate(self, key, id_):
        return self._post(f"{self.path}/{id_}/rotate", key, {})

    def _post(self, path, key, body):
        answer = rest.request(self.server, "POST", path, token=self.server.first["token"],
                              json_body=body, fields=[f"Idempotency-Key: {key}"])
        told = answer.json()
        return (told, "") if answer.status < 300 else (answer.status, told["reason"])

    def close(self):
        pass


class GrpcDoor:
    def __init__(self, server):
        self.server, self.api = server, Api(server)

    def create(self, key, name):
        return self._call("Create", name=name, request_id=key)

    def rotate(self, key, id_):
        return self._call("Rotate", service_account_id=id_, request_id=key)

    def _call(self, verb, **fields):
        reply = self.api.call(
            f"signet.v1.ServiceAccounts/{verb}ServiceAccount",
            message(f"signet.v1.{verb}ServiceAccountRequest",
                    account_id=self.server.first["account_id"], **fields),
            "signet.v1.IssuedServiceAccount", token=self.server.first["token"])
        if reply.code == grpc.StatusCode.OK:
            return to_json(reply.message), ""
        assert reply.code == grpc.StatusCode.FAILED_PRECONDITION
        return 409, reply.reason

    def close(self):
        self.api.close()


@pytest.fixture(params=[RestDoor, GrpcDoor])
def door(request, server):
    one = request.param(server)
    yield one
    one.close()


def change(server, method, id_, body=None):
    answer = rest.request(server, method, f"{server.accounts_path}/{id_}",
                          token=server.first["token"], json_body=body)
    assert answer.status == 200, answer.body
    return answer.json()


def replays_of(server, id_):
    path = server.accounts_path.replace("service-accounts", "audit-events")
    return rest.request(server, "GET",
                        f"{path}?action=service_account.replay&resource_id={id_}",
                        token=server.first["token"]).json()


def test_a_repetition_leaves_an_event_and_a_line(server, door):
    key = str(uuid.uuid4())
    made, _ = door.create(key, "once")
    assert replays_of(server, made["id"]) == []
    again, _ = door.create(key, "once")
    assert again["token"] == made["token"]
    event, = replays_of(server, made["id"])
    assert event["details"] == {"action": "service_account.create",
                                "token_public_id": made["token_public_id"]}
    lines = [line["message"] for line in server.log()
             if line.get("request_id") == event["request_id"]]
    assert "a call was repeated and got the answer given before" in lines

    rotated, _ = door.rotate(key + "r", made["id"])
    again, _ = door.rotate(key + "r", made["id"])
    assert again["token"] == rotated["token"]
    assert len(replays_of(server, made["id"])) == 2


def test_a_token_that_has_ended_is_not_given_again(server, door):
    ended = (409, "REPLAY_TOKEN_ENDED")
    key = str(uuid.uuid4())
    made, _ = door.create(key, "once")
    change(server, "PATCH", made["id"], {"enabled": False})
    assert door.create(key, "once") == ended
    change(server, "PATCH", made["id"], {"enabled": True})
    assert door.create(key, "once")[1] == ""
    rotated, _ = door.rotate(key + "r", made["id"])
    assert door.create(key, "once") == ended  # It was replaced.
    assert door.rotate(key + "r", made["id"])[0]["token"] == rotated["token"]
    change(server, "DELETE", made["id"])
    assert door.rotate(key + "r", made["id"]) == ended
    assert len([one for one in rest.request(server, "GET", server.accounts_path,
                                            token=server.first["token"]).json()
                if one["id"] == made["id"]]) == 0
