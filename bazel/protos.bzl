# SPDX-License-Identifier: Apache-2.0
"""C++ from .proto files, with the system's protoc and gRPC plugin."""

def signet_proto_library(name, messages, services, visibility, srcs = []):
    """Compiles protos of this package, of `srcs` and of @system into one library.

    The library keeps every descriptor, used or not: reflection serves them by
    name.

    Args:
      name: the library.
      messages: import paths of protos whose messages are wanted.
      services: import paths of protos whose gRPC services are wanted too.
      visibility: of the library.
      srcs: files of other packages that are among them.
    """
    outs = []
    for proto in messages + services:
        stem = "gen/" + proto[:-len(".proto")]
        outs += [stem + ".pb.cc", stem + ".pb.h"]
        if proto in services:
            outs += [stem + ".grpc.pb.cc", stem + ".grpc.pb.h"]

    native.genrule(
        name = name + "_generated",
        srcs = native.glob(["*.proto"]) + srcs + ["@system//:protos"],
        outs = outs,
        cmd = " ".join([
            "roots='-Iproto -Iexternal/system/protos -I/usr/include' &&",
            "protoc=$(location @system//:protoc) &&",
            "$$protoc $$roots --cpp_out=$(RULEDIR)/gen",
            " ".join(messages + services),
            "&& $$protoc $$roots --grpc_out=$(RULEDIR)/gen",
            "--plugin=protoc-gen-grpc=$(location @system//:grpc_cpp_plugin)",
            " ".join(services),
        ]),
        tools = ["@system//:grpc_cpp_plugin", "@system//:protoc"],
    )
    native.cc_library(
        name = name,
        srcs = [out for out in outs if out.endswith(".cc")],
        hdrs = [out for out in outs if out.endswith(".h")],
        alwayslink = True,
        includes = ["gen"],
        visibility = visibility,
        deps = ["@system//:grpc", "@system//:protobuf"],
    )
