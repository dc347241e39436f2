# SPDX-License-Identifier: Apache-2.0
"""A gRPC client without generated code: messages come from the .proto files."""

import dataclasses
import functools
import pathlib
import subprocess
import tempfile

import grpc
from google.protobuf import descriptor_pb2, message_factory

from harness.process import ROOT

_PROTO_FOLDERS = [
    ROOT / "proto",
    pathlib.Path("/usr/share/gocode/src/github.com/gogo/googleapis"),
    pathlib.Path("/usr/share/grpc-proto"),
    pathlib.Path("/usr/include"),
]
_PROTOS = ["signet/v1/service_accounts.proto", "signet/v1/authorizations.proto",
           "signet/v1/identity.proto", "signet/v1/audit.proto", "signet/v1/tokens.proto",
           "signet/v1/discovery.proto",
           "google/rpc/status.proto", "google/rpc/error_details.proto",
           "grpc/health/v1/health.proto"]


@functools.cache
def messages():
    """Message classes by full name."""
    with tempfile.NamedTemporaryFile() as out:
        subprocess.run(
            ["protoc", *(f"-I{folder}" for folder in _PROTO_FOLDERS if folder.exists()),
             "--include_imports", f"--descriptor_set_out={out.name}", *_PROTOS],
            check=True)
        files = descriptor_pb2.FileDescriptorSet.FromString(
            pathlib.Path(out.name).read_bytes())
    return message_factory.GetMessages(files.file)


def message(full_name, /, **fields):
    return messages()[full_name](**fields)


@dataclasses.dataclass
class Reply:
    code: grpc.StatusCode
    message: object = None  # None after an error.
    text: str = ""
    reason: str = ""
    violations: tuple = ()  # (field, description)
    retry_seconds: float = None
    metadata: dict = dataclasses.field(default_factory=dict)


class Api:
    """One channel to a server. Use it as a context manager."""

    def __init__(self, server, options=()):
        self._channel = grpc.insecure_channel(
            server.grpc, options=[("grpc.enable_http_proxy", 0), *options])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._channel.close()

    def create(self, account_id, name, *, token=None, expires_at=None, **options):
        request = message("signet.v1.CreateServiceAccountRequest",
                          account_id=account_id, name=name)
        if expires_at is not None:
            request.expires_at.seconds, request.expires_at.nanos = expires_at
        return self.call("signet.v1.ServiceAccounts/CreateServiceAccount", request,
                         "signet.v1.IssuedServiceAccount", token=token, **options)

    def get(self, account_id, service_account_id, *, token=None, **options):
        request = message("signet.v1.GetServiceAccountRequest", account_id=account_id,
                          service_account_id=service_account_id)
        return self.call("signet.v1.ServiceAccounts/GetServiceAccount", request,
                         "signet.v1.ServiceAccount", token=token, **options)

    def self_(self, *, token=None, **options):
        return self.call("signet.v1.Identity/GetSelf", message("signet.v1.GetSelfRequest"),
                         "signet.v1.Self", token=token, **options)

    def call(self, method, request, answer, *, token=None, metadata=(), timeout=20):
        """Calls `method`; `request` is a message or the bytes of one."""
        metadata = list(metadata)
        if token is not None:
            metadata.append(("authorization", f"Bearer {token}"))
        invoke = self._channel.unary_unary(
            f"/{method}",
            request_serializer=lambda m: m if isinstance(m, bytes) else m.SerializeToString(),
            response_deserializer=messages()[answer].FromString)
        try:
            response, call = invoke.with_call(request, metadata=metadata, timeout=timeout)
            return Reply(grpc.StatusCode.OK, response,
                         metadata=_metadata(call.initial_metadata()))
        except grpc.RpcError as error:
            return _refusal(error)

    def stream(self, method, request, answer):
        """Yields what a streaming method answers until it ends, however it does."""
        invoke = self._channel.unary_stream(
            f"/{method}", request_serializer=lambda m: m.SerializeToString(),
            response_deserializer=messages()[answer].FromString)
        try:
            yield from invoke(request)
        except grpc.RpcError:
            return


def _metadata(pairs):
    return {key: value for key, value in pairs or ()}


def _refusal(error):
    reply = Reply(error.code(), text=error.details(),
                  metadata=_metadata(error.initial_metadata()))
    packed = _metadata(error.trailing_metadata()).get("grpc-status-details-bin")
    if packed is None:
        return reply
    status = messages()["google.rpc.Status"].FromString(packed)
    assert status.code == error.code().value[0]
    infos = []
    for any_ in status.details:
        detail = messages()[any_.type_url.rpartition("/")[2]].FromString(any_.value)
        kind = detail.DESCRIPTOR.name
        if kind == "ErrorInfo":
            infos.append(detail)
        elif kind == "BadRequest":
            reply.violations = tuple(
                (v.field, v.description) for v in detail.field_violations)
        elif kind == "RetryInfo":
            reply.retry_seconds = detail.retry_delay.seconds + detail.retry_delay.nanos / 1e9
    assert len(infos) == 1, "want exactly one ErrorInfo (AIP-193)"
    reply.reason = infos[0].reason
    return reply
