# SPDX-License-Identifier: Apache-2.0

find_program(SIGNET_PROTOC protoc REQUIRED)
find_program(SIGNET_GRPC_CPP_PLUGIN grpc_cpp_plugin REQUIRED)
find_path(SIGNET_GOOGLEAPIS_PROTO_DIR google/api/annotations.proto REQUIRED
  HINTS /usr/share/gocode/src/github.com/gogo/googleapis
  DOC "google/api and google/rpc protos (golang-github-gogo-googleapis-dev)")
find_path(SIGNET_GRPC_PROTO_DIR grpc/health/v1/health.proto REQUIRED
  HINTS /usr/share/grpc-proto DOC "gRPC's own protos (grpc-proto)")
find_path(SIGNET_PROTOBUF_PROTO_DIR google/protobuf/timestamp.proto REQUIRED
  HINTS ${Protobuf_INCLUDE_DIRS} /usr/include)

set(SIGNET_GENERATED_DIR ${PROJECT_BINARY_DIR}/gen)
file(MAKE_DIRECTORY ${SIGNET_GENERATED_DIR})

# signet_proto_library(TARGET [MESSAGES FILE...] [SERVICES FILE...])
#
# Compiles the .proto files (named as protos import them) into TARGET: messages
# alone for MESSAGES, gRPC services too for SERVICES. Whoever links TARGET gets
# every descriptor, used or not, because reflection serves them by name.
function(signet_proto_library target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "MESSAGES;SERVICES")
  set(sources "")
  foreach(proto ${arg_MESSAGES} ${arg_SERVICES})
    foreach(root ${PROJECT_SOURCE_DIR}/proto ${SIGNET_GOOGLEAPIS_PROTO_DIR} ${SIGNET_GRPC_PROTO_DIR})
      if(EXISTS ${root}/${proto})
        set(file ${root}/${proto})
      endif()
    endforeach()
    string(REGEX REPLACE "\\.proto$" "" stem ${SIGNET_GENERATED_DIR}/${proto})
    set(outputs ${stem}.pb.cc ${stem}.pb.h)
    set(plugin "")
    if(proto IN_LIST arg_SERVICES)
      list(APPEND outputs ${stem}.grpc.pb.cc ${stem}.grpc.pb.h)
      set(plugin --grpc_out=${SIGNET_GENERATED_DIR}
                 --plugin=protoc-gen-grpc=${SIGNET_GRPC_CPP_PLUGIN})
    endif()
    add_custom_command(
      OUTPUT ${outputs}
      COMMAND ${SIGNET_PROTOC} --cpp_out=${SIGNET_GENERATED_DIR} ${plugin}
              -I${PROJECT_SOURCE_DIR}/proto -I${SIGNET_GOOGLEAPIS_PROTO_DIR}
              -I${SIGNET_GRPC_PROTO_DIR} -I${SIGNET_PROTOBUF_PROTO_DIR} ${proto}
      DEPENDS ${file}
      COMMENT "Generating ${proto}"
      VERBATIM)
    list(APPEND sources ${outputs})
  endforeach()

  add_library(${target}_generated STATIC ${sources})
  # Every generated file names its tables alike.
  set_target_properties(${target}_generated PROPERTIES UNITY_BUILD OFF)
  target_include_directories(${target}_generated SYSTEM PUBLIC
    ${SIGNET_GENERATED_DIR} ${Protobuf_INCLUDE_DIRS})
  target_link_libraries(${target}_generated PUBLIC protobuf::libprotobuf gRPC::grpc++
    PRIVATE signet_hardening)
  if(SIGNET_SANITIZE STREQUAL "address")
    # As the libraries under it, which is a third of the build. Not so under TSan,
    # which must see every lock and fence.
    target_compile_options(${target}_generated PRIVATE -O0 -fno-sanitize=all)
  endif()
  add_library(${target} INTERFACE)
  target_link_libraries(${target} INTERFACE
    "$<LINK_LIBRARY:WHOLE_ARCHIVE,${target}_generated>")
endfunction()
