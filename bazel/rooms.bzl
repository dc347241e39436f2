# SPDX-License-Identifier: Apache-2.0
"""Rooms: one library per folder, the same as in cmake/SignetRoom.cmake."""

# Room name -> package.
ROOMS = {
    "base": "server/base",
    "crypto": "server/crypto",
    "token": "server/token",
    "identity": "server/identity",
    "domain": "server/domain",
    "rpc": "server/rpc",
    "app": "server",
    "proto": "proto/signet/v1",
    "storage": "storage",
    "storage_memory": "storage/memory",
    "storage_sqlite": "storage/sqlite",
    "gateway": "gateway",
    "remote": "gateway/remote",
    "transcode": "gateway/transcode",
    "http": "gateway/http",
    "client": "client",
}

COPTS = ["-Wall", "-Wextra", "-Werror"]

def room(name):
    return "//%s:%s" % (ROOMS[name], name)

def room_visibility(used_by):
    """Only the rooms named, and all tests, may depend on a room."""
    return ["//tests:__subpackages__"] + ["//%s:__pkg__" % ROOMS[name] for name in used_by]

def signet_room(name, deps = [], system = [], used_by = []):
    """The library of every .cc and .h in the package, without main.cc.

    Args:
      name: the room.
      deps: the rooms it may include.
      system: libraries from outside this tree.
      used_by: the rooms that may include it.
    """
    native.cc_library(
        name = name,
        srcs = native.glob(["*.cc"], exclude = ["main.cc"]),
        hdrs = native.glob(["*.h"]),
        copts = COPTS,
        visibility = room_visibility(used_by),
        deps = [room(dep) for dep in deps] + system,
    )

def signet_unit_tests(extra):
    """One test per room that has any tests/unit/<package>/*_test.cc.

    Args:
      extra: room name -> what its tests need beyond the room, test support and
        GoogleTest.
    """
    for name, package in ROOMS.items():
        tests = native.glob([package + "/*_test.cc"])
        if tests:
            native.cc_test(
                name = name + "_test",
                srcs = tests + native.glob([package + "/*.h"]),
                copts = COPTS,
                deps = [room(name), "//tests/support", "@system//:gtest"] +
                       extra.get(name, []),
            )
