# SPDX-License-Identifier: Apache-2.0
"""The plan of the house, as rooms.json has it: rooms, and the doors between them."""

import dataclasses
import json
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]


@dataclasses.dataclass(frozen=True)
class Room:
    folder: str
    namespace: str
    doors: frozenset  # The rooms it may include, besides itself.
    libraries: frozenset = frozenset()  # That its own files may include.


def read(text):
    """{name: Room} of the text of a rooms.json."""
    return {
        name: Room(
            room["folder"],
            room["namespace"],
            frozenset(room["doors"]),
            frozenset(room.get("libraries", []) + room.get("private_libraries", [])),
        )
        for name, room in json.loads(text).items()
    }


ROOMS = read((ROOT / "rooms.json").read_text())

# Prefix of an outside header -> the library whose rooms may include it. Headers
# that no prefix matches are open to all.
OUTSIDE = {
    "openssl/": "boringssl",
    "sqlite3.h": "sqlite3",
    "curl/": "curl",
    "grpcpp/": "grpc",
    "grpc/": "grpc",
    "boost/": "boost",
    "nghttp2/": "nghttp2",
    "CLI/": "cli11",
    "google/protobuf/": "protobuf",
}
