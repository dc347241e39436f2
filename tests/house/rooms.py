# SPDX-License-Identifier: Apache-2.0
"""The plan of the house: rooms, and the doors between them.

The build files must say the same; see checks.py.
"""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Room:
    folder: str
    deps: frozenset  # The rooms it may include, besides itself.


def _room(folder, deps=""):
    return Room(folder, frozenset(deps.split()))


ROOMS = {
    "base": _room("server/base"),
    "crypto": _room("server/crypto", "base"),
    "token": _room("server/token", "crypto base"),
    "storage": _room("storage", "base"),
    "storage_memory": _room("storage/memory", "storage base"),
    "storage_sqlite": _room("storage/sqlite", "storage base"),
    "identity": _room("server/identity", "token crypto storage base"),
    "domain": _room("server/domain", "identity token crypto storage base"),
    "proto": _room("proto/signet/v1"),
    "gateway": _room("gateway", "base proto"),
    "transcode": _room("gateway/transcode", "gateway base proto"),
    "http": _room("gateway/http", "gateway base"),
    "remote": _room("gateway/remote", "gateway base proto"),
    "client": _room("client", "crypto base proto"),
    "rpc": _room(
        "server/rpc", "domain identity token crypto gateway storage base proto"
    ),
    "app": _room(
        "server",
        "base crypto token identity domain rpc proto storage storage_memory"
        " storage_sqlite gateway remote transcode http",
    ),
}

# Prefix of an outside header -> the rooms that may include it. Headers that no
# prefix matches are open to all.
OUTSIDE = {
    "openssl/": {"crypto"},
    "sqlite3.h": {"storage_sqlite"},
    "curl/": {"identity"},
    "grpcpp/": {"rpc", "remote", "client", "app"},
    "grpc/": {"rpc", "remote", "client", "app"},
    "boost/": {"http", "app"},
    "nghttp2/": {"http"},
    "CLI/": {"app"},
    "google/protobuf/": {"gateway", "transcode", "remote", "rpc", "app"},
}
