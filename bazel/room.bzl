# SPDX-License-Identifier: Apache-2.0
"""Rooms: one library per folder, the same as in cmake/SignetRooms.cmake."""

load(":rooms.bzl", "ROOMS")

# What rooms.json calls a library, as Bazel knows it. cmake/SignetRooms.cmake says
# the same for CMake.
_LIBRARIES = {
    "absl": "@system//:absl",
    "boost": "@system//:boost",
    "boringssl": "@boringssl//:crypto",
    "cli11": "@system//:cli11",
    "curl": "@system//:curl",
    "grpc": "@system//:grpc",
    "grpc_reflection": "@system//:grpc_reflection",
    "nghttp2": "@system//:nghttp2",
    "nlohmann_json": "@system//:nlohmann_json",
    "protobuf": "@system//:protobuf",
    "sqlite3": "@system//:sqlite3",
    "threads": "@system//:threads",
}

COPTS = ["-Wall", "-Wextra", "-Werror"] + select({
    "@bazel_tools//src/conditions:linux_x86_64": ["-fcf-protection"],
    "//conditions:default": [],
})

def room(name):
    return "//%s:%s" % (ROOMS[name].folder, name)

def room_visibility(name):
    """Only the rooms with a door to it, and all tests, may depend on a room."""
    return ["//tests:__subpackages__"] + [
        "//%s:__pkg__" % user.folder
        for user in ROOMS.values()
        if name in user.doors
    ]

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

def signet_room(name):
    """The library of every .cc and .h in the package, without main.cc.

    Args:
      name: the room, as rooms.json has it.
    """
    sources = native.glob(["*.cc"], exclude = ["main.cc"])
    native.cc_library(
        name = name,
        srcs = _unity_sources(name, sources),
        hdrs = native.glob(["*.h"]),
        textual_hdrs = sources,
        copts = COPTS,
        visibility = room_visibility(name),
        deps = [room(door) for door in ROOMS[name].doors] +
               [_LIBRARIES[library] for library in ROOMS[name].libraries],
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

def signet_unit_tests(helpers):
    """One test per room that has any tests/unit/<folder>/*_test.cc.

    Args:
      helpers: room -> the rooms whose tests' headers its own tests include.
    """
    for name, given in ROOMS.items():
        tests = native.glob([given.folder + "/*_test.cc"])
        if tests:
            signet_test(
                name = name + "_test",
                srcs = tests,
                hdrs = native.glob([given.folder + "/*.h"]),
                deps = [room(name), "//tests/support"] +
                       [room(door) for door in given.test_doors] +
                       [_LIBRARIES[library] for library in given.private_libraries] +
                       [":%s_test_sources" % helper for helper in helpers.get(name, [])],
            )
