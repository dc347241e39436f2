# SPDX-License-Identifier: Apache-2.0
#
# Libraries that the system brings, and BoringSSL, which we build.

find_package(Threads REQUIRED)
find_package(Protobuf REQUIRED)
find_package(absl CONFIG REQUIRED)
find_package(OpenSSL REQUIRED)  # gRPC's own; nothing of ours may use it.
find_package(gRPC CONFIG REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(CURL REQUIRED)
find_package(nlohmann_json CONFIG REQUIRED)
find_package(CLI11 CONFIG REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(nghttp2 REQUIRED IMPORTED_TARGET libnghttp2)
if(SIGNET_TESTS)
  find_package(GTest CONFIG REQUIRED)
  include(GoogleTest)
endif()
if(SIGNET_BENCH)
  find_package(benchmark CONFIG REQUIRED)
endif()

find_path(SIGNET_BOOST_INCLUDE_DIR boost/beast/version.hpp REQUIRED)
add_library(signet_boost INTERFACE)  # Headers of Asio and Beast.
target_include_directories(signet_boost SYSTEM INTERFACE ${SIGNET_BOOST_INCLUDE_DIR})
target_link_libraries(signet_boost INTERFACE Threads::Threads)

# BoringSSL. A directory of its own is used as it stands; ours is built on first
# use and rebuilt when its recipe changes.
set(boringssl_script ${PROJECT_SOURCE_DIR}/third_party/boringssl/build.sh)
if(SIGNET_BORINGSSL_DIR STREQUAL "${PROJECT_SOURCE_DIR}/build/deps/boringssl")
  execute_process(COMMAND ${boringssl_script} ${SIGNET_BORINGSSL_DIR}
                  COMMAND_ERROR_IS_FATAL ANY)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
    ${boringssl_script} ${PROJECT_SOURCE_DIR}/third_party/boringssl/CMakeLists.txt)
elseif(NOT EXISTS ${SIGNET_BORINGSSL_DIR}/lib/libcrypto.a)
  message(FATAL_ERROR "SIGNET_BORINGSSL_DIR: no lib/libcrypto.a in ${SIGNET_BORINGSSL_DIR}; "
                      "run ${boringssl_script} ${SIGNET_BORINGSSL_DIR}")
endif()
foreach(lib crypto ssl)
  add_library(boringssl::${lib} STATIC IMPORTED GLOBAL)
  set_target_properties(boringssl::${lib} PROPERTIES
    IMPORTED_LOCATION ${SIGNET_BORINGSSL_DIR}/lib/lib${lib}.a
    INTERFACE_INCLUDE_DIRECTORIES ${SIGNET_BORINGSSL_DIR}/include
    INTERFACE_COMPILE_DEFINITIONS BORINGSSL_PREFIX=SIGNET
    INTERFACE_LINK_LIBRARIES Threads::Threads)
endforeach()
set_property(TARGET boringssl::ssl APPEND PROPERTY
             INTERFACE_LINK_LIBRARIES boringssl::crypto)
