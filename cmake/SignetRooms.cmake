# SPDX-License-Identifier: Apache-2.0
#
# Rooms: one library for each folder that rooms.json names.

set(SIGNET_ROOMS_FILE ${PROJECT_SOURCE_DIR}/rooms.json)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${SIGNET_ROOMS_FILE})
file(READ ${SIGNET_ROOMS_FILE} SIGNET_ROOMS)

# What rooms.json calls a library, as CMake knows it. bazel/room.bzl says the same
# for Bazel.
set(signet_library_absl
  absl::any_invocable absl::cleanup absl::cord absl::core_headers
  absl::flat_hash_map absl::flat_hash_set absl::function_ref absl::status
  absl::statusor absl::str_format absl::strings absl::synchronization absl::time)
set(signet_library_boost signet_boost)
set(signet_library_boringssl boringssl::crypto)
set(signet_library_cli11 CLI11::CLI11)
set(signet_library_curl CURL::libcurl)
set(signet_library_grpc gRPC::grpc++)
set(signet_library_grpc_reflection gRPC::grpc++_reflection)
set(signet_library_nghttp2 PkgConfig::nghttp2)
set(signet_library_nlohmann_json nlohmann_json::nlohmann_json)
set(signet_library_protobuf protobuf::libprotobuf)
set(signet_library_sqlite3 SQLite::SQLite3)
set(signet_library_threads Threads::Threads)

# Sets `out` to the list that a room has under `key`, or to an empty one.
function(signet_room_list out room key)
  set(list "")
  string(JSON count ERROR_VARIABLE none LENGTH ${SIGNET_ROOMS} ${room} ${key})
  if(none STREQUAL "NOTFOUND" AND count GREATER 0)
    math(EXPR last "${count} - 1")
    foreach(index RANGE ${last})
      string(JSON item GET ${SIGNET_ROOMS} ${room} ${key} ${index})
      list(APPEND list ${item})
    endforeach()
  endif()
  set(${out} ${list} PARENT_SCOPE)
endfunction()

# As signet_room_list, of libraries: what CMake links for them.
function(signet_room_libraries out room key)
  signet_room_list(names ${room} ${key})
  set(targets "")
  foreach(name ${names})
    if(NOT DEFINED signet_library_${name})
      message(FATAL_ERROR "rooms.json: ${room}: got the library ${name}; see SignetRooms.cmake")
    endif()
    list(APPEND targets ${signet_library_${name}})
  endforeach()
  set(${out} ${targets} PARENT_SCOPE)
endfunction()

# signet_rooms(): every room of rooms.json but proto, which is generated.
function(signet_rooms)
  string(JSON count LENGTH ${SIGNET_ROOMS})
  math(EXPR last "${count} - 1")
  foreach(index RANGE ${last})
    string(JSON room MEMBER ${SIGNET_ROOMS} ${index})
    if(NOT room STREQUAL "proto")
      signet_room(${room})
    endif()
  endforeach()
endfunction()

# signet_room(NAME): the library signet_NAME (alias signet::NAME) of every .cc and
# .h in the room's folder, without main.cc and without sub-folders. It sees the
# rooms that its doors lead to. Its libraries are seen by its users, too; its
# private ones by its own files only.
#
# Tests in tests/unit/<folder>/*_test.cc become the executable NAME_test, which sees
# the room's test_doors besides.
function(signet_room name)
  string(JSON folder GET ${SIGNET_ROOMS} ${name} folder)
  signet_room_list(doors ${name} doors)
  signet_room_list(test_doors ${name} test_doors)
  signet_room_libraries(libraries ${name} libraries)
  signet_room_libraries(private_libraries ${name} private_libraries)
  list(TRANSFORM doors PREPEND signet::)
  list(TRANSFORM test_doors PREPEND signet::)

  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*.cc)
  list(FILTER sources EXCLUDE REGEX "/main\\.cc$")
  add_library(signet_${name} STATIC ${sources})
  target_link_libraries(signet_${name}
    PUBLIC signet_compiler ${doors} ${libraries} PRIVATE ${private_libraries})
  add_library(signet::${name} ALIAS signet_${name})

  if(SIGNET_TESTS)
    file(GLOB tests CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/unit/${folder}/*_test.cc)
    if(tests)
      signet_test(${name}_test SOURCES ${tests}
        LIBS signet::${name} ${test_doors} signet::test_support ${private_libraries})
    endif()
  endif()
endfunction()

# signet_test(NAME SOURCES FILE... LIBS TARGET...)
#
# One GoogleTest executable, and one ctest entry that runs all of it. Its result
# lands in <build>/reports/NAME.xml.
function(signet_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LIBS")
  add_executable(${name} ${arg_SOURCES})
  # What is tested is optimised; the tests themselves need only compile quickly.
  target_compile_options(${name} PRIVATE -O0 -g1)
  set_target_properties(${name} PROPERTIES SIGNET_UNOPTIMISED ON)
  if(SIGNET_FUZZ)
    target_compile_options(${name} PRIVATE -fno-sanitize=fuzzer-no-link)
  endif()
  set_target_properties(${name} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  target_link_libraries(${name} PRIVATE ${arg_LIBS} GTest::gmock GTest::gtest_main)
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set(environment ${SIGNET_TEST_ENVIRONMENT}
      GTEST_OUTPUT=xml:${PROJECT_BINARY_DIR}/reports/${name}.xml)
  # A test that links nothing passes; one without tests must not.
  set_tests_properties(${name} PROPERTIES TIMEOUT 600
    ENVIRONMENT "${environment}"
    FAIL_REGULAR_EXPRESSION "Running 0 tests")
endfunction()
