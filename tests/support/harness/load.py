# SPDX-License-Identifier: Apache-2.0
"""Clients that create service accounts as fast as they can until refused."""

import http.client
import json
import threading

import grpc

from harness.api import Api


class Creator(threading.Thread):
    """Keeps the token of every create that was acknowledged.

    Stops at the first refusal or lost connection. A refusal that a server may not
    give on its way down is kept as a surprise.
    """

    def __init__(self, server):
        super().__init__(daemon=True)
        self.server, self.first = server, server.first
        self.tokens, self.surprises = [], []


class RestCreator(Creator):
    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.ports["rest"])
        path = self.server.accounts_path
        while True:
            try:
                connection.request(
                    "POST", path, '{"name": "by rest"}',
                    {"Authorization": f"Bearer {self.first['token']}",
                     "Content-Type": "application/json"})
                response = connection.getresponse()
                body = json.loads(response.read())
            except (OSError, http.client.HTTPException):
                return
            if response.status != 201:
                if response.status != 503:
                    self.surprises.append(body)
                return
            self.tokens.append(body["token"])


class GrpcCreator(Creator):
    def run(self):
        with Api(self.server) as api:
            while True:
                reply = api.create(self.first["account_id"], "by grpc",
                                   token=self.first["token"])
                if reply.message is None:
                    if reply.code not in (grpc.StatusCode.UNAVAILABLE,
                                          grpc.StatusCode.CANCELLED):
                        self.surprises.append(reply)
                    return
                self.tokens.append(reply.message.token)


def start_load(server, each=4):
    """`each` clients on REST and as many on gRPC, running."""
    creators = [kind(server) for kind in (RestCreator, GrpcCreator) for _ in range(each)]
    for creator in creators:
        creator.start()
    return creators


def finish_load(creators):
    """The acknowledged tokens, once every client has stopped without surprise."""
    tokens = []
    for creator in creators:
        creator.join(20)
        assert not creator.is_alive()
        assert creator.surprises == []
        tokens += creator.tokens
    return tokens
