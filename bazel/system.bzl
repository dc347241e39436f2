# SPDX-License-Identifier: Apache-2.0
"""The system's libraries and protos as the repository @system."""

# Target name -> pkg-config modules.
_MODULES = {
    "absl": [
        "absl_any_invocable",
        "absl_cleanup",
        "absl_cord",
        "absl_flat_hash_map",
        "absl_flat_hash_set",
        "absl_status",
        "absl_statusor",
        "absl_str_format",
        "absl_strings",
        "absl_synchronization",
        "absl_time",
    ],
    "curl": ["libcurl"],
    "grpc": ["grpc++", "protobuf"],
    "gtest": ["gmock", "gtest_main"],
    "nghttp2": ["libnghttp2"],
    "protobuf": ["protobuf"],
    "sqlite3": ["sqlite3"],
}

# Target name -> linker options of libraries without a pkg-config module.
_PLAIN = {
    "boost": ["-lpthread"],  # Headers of Asio and Beast.
    "cli11": [],
    "grpc_reflection": ["-lgrpc++_reflection"],
    "nlohmann_json": [],
    "threads": ["-lpthread"],
}

_GOOGLEAPIS = "/usr/share/gocode/src/github.com/gogo/googleapis"
_GRPC_PROTO = "/usr/share/grpc-proto"

_BUILD = """
package(default_visibility = ["//visibility:public"])

filegroup(name = "protoc", srcs = ["bin/protoc"])
filegroup(name = "grpc_cpp_plugin", srcs = ["bin/grpc_cpp_plugin"])
filegroup(
    name = "protos",
    srcs = glob([
        "protos/google/api/*.proto",
        "protos/google/rpc/*.proto",
        "protos/grpc/health/v1/*.proto",
    ]),
)
"""

_LIBRARY = """
cc_library(
    name = {name},
    linkopts = {linkopts},
)
"""

def _which(ctx, program):
    path = ctx.which(program)
    if not path:
        fail("%s is not installed; ./dev bazel installs it" % program)
    return path

def _linkopts(ctx, modules):
    result = ctx.execute([_which(ctx, "pkg-config"), "--libs"] + modules)
    if result.return_code:
        fail("pkg-config %s: %s" % (" ".join(modules), result.stderr))
    options = []
    for option in result.stdout.strip().split(" "):
        if option and option not in options:
            options.append(option)
    return options

def _system_repository(ctx):
    for program in ["protoc", "grpc_cpp_plugin"]:
        ctx.symlink(_which(ctx, program), "bin/" + program)
    for folder in ["google/api", "google/rpc"]:
        ctx.symlink(_GOOGLEAPIS + "/" + folder, "protos/" + folder)
    ctx.symlink(_GRPC_PROTO + "/grpc/health", "protos/grpc/health")

    build = _BUILD
    for name, modules in _MODULES.items():
        build += _LIBRARY.format(name = repr(name), linkopts = _linkopts(ctx, modules))
    for name, linkopts in _PLAIN.items():
        build += _LIBRARY.format(name = repr(name), linkopts = linkopts)
    ctx.file("BUILD.bazel", build)

system_repository = repository_rule(
    implementation = _system_repository,
    local = True,
    configure = True,
)
