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

COPTS = ["-Wall", "-Wextra", "-Werror"] + select({
    "@bazel_tools//src/conditions:linux_x86_64": ["-fcf-protection"],
    "//conditions:default": [],
})

def room(name):
    return "//%s:%s" % (ROOMS[name], name)

def room_visibility(used_by):
    """Only the rooms named, and all tests, may depend on a room."""
    return ["//tests:__subpackages__"] + ["//%s:__pkg__" % ROOMS[name] for name in used_by]

_BATCH_SIZE = 8

def _unity_sources(name, srcs):
    """Sources that include `srcs`, several at once, as CMake's UNITY_BUILD does.

    Most of the time of compiling goes into headers and templates, which are the
    same in each file of a room.

    Args:
      name: prefix of the sources' names.
      srcs: .cc files of this package, which whoever compiles needs as
        textual_hdrs.

    Returns:
      The labels of the sources.
    """
    labels = []
    for start in range(0, len(srcs), _BATCH_SIZE):
        label = "%s_unity_%d" % (name, start // _BATCH_SIZE)
        includes = [
            '#include "%s/%s"' % (native.package_name(), src)
            for src in srcs[start:start + _BATCH_SIZE]
        ]
        native.genrule(
            name = label,
            outs = [label + ".cc"],
            cmd = "printf '%s\\n' " + " ".join(["'%s'" % i for i in includes]) + " >$@",
        )
        labels.append(label)
    return labels

def signet_room(name, deps = [], system = [], used_by = []):
    """The library of every .cc and .h in the package, without main.cc.

    Args:
      name: the room.
      deps: the rooms it may include.
      system: libraries from outside this tree.
      used_by: the rooms that may include it.
    """
    sources = native.glob(["*.cc"], exclude = ["main.cc"])
    native.cc_library(
        name = name,
        srcs = _unity_sources(name, sources),
        hdrs = native.glob(["*.h"]),
        textual_hdrs = sources,
        copts = COPTS,
        visibility = room_visibility(used_by),
        deps = [room(dep) for dep in deps] + system,
    )

def signet_test(name, srcs, hdrs, deps):
    """One GoogleTest executable.

    Args:
      name: the test.
      srcs: its .cc files.
      hdrs: its own headers.
      deps: what it needs beyond GoogleTest.
    """
    native.cc_library(
        name = name + "_sources",
        testonly = True,
        textual_hdrs = srcs + hdrs,
    )
    native.cc_test(
        name = name,
        srcs = _unity_sources(name, srcs),
        copts = COPTS,
        deps = [name + "_sources", "@system//:gtest"] + deps,
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
            signet_test(
                name = name + "_test",
                srcs = tests,
                hdrs = native.glob([package + "/*.h"]),
                deps = [room(name), "//tests/support"] + extra.get(name, []),
            )
