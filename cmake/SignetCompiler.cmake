# SPDX-License-Identifier: Apache-2.0
#
# How our own code is compiled. Third-party code never sees these flags.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

# Several files of a room are compiled as one: most of the time goes into headers
# and templates, which are the same in each. So names are unique in a room, also in
# anonymous namespaces. OFF shows whether each file stands alone.
set(CMAKE_UNITY_BUILD ON CACHE BOOL "Compile several files of a room as one")

# Optimised, with debug information.
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()

include(SignetHardening)
add_library(signet_compiler INTERFACE)
target_link_libraries(signet_compiler INTERFACE signet_hardening)
target_include_directories(signet_compiler INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(signet_compiler INTERFACE -Wall -Wextra -fno-omit-frame-pointer)
if(SIGNET_WERROR)
  target_compile_options(signet_compiler INTERFACE -Werror)
endif()
if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
  target_compile_options(signet_compiler INTERFACE -Wthread-safety -Wreserved-identifier)
endif()

if(CMAKE_UNITY_BUILD AND CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  # gcc takes a type of an included .cc file, with a member of an unnamed
  # namespace, for one of a header.
  target_compile_options(signet_compiler INTERFACE -Wno-subobject-linkage)
endif()

# Environment that the tests of a sanitizer build need.
set(SIGNET_TEST_ENVIRONMENT "")
if(SIGNET_SANITIZE STREQUAL "address")
  set(sanitize -fsanitize=address,undefined -fno-sanitize-recover=all)
  set(SIGNET_TEST_ENVIRONMENT
      "LSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/support/sanitizers/lsan.supp"
      "UBSAN_OPTIONS=print_stacktrace=1")
elseif(SIGNET_SANITIZE STREQUAL "thread")
  # gcc warns of fences, which TSan does not see; Asio's headers have some.
  set(sanitize -fsanitize=thread $<$<CXX_COMPILER_ID:GNU>:-Wno-tsan>)
  set(SIGNET_TEST_ENVIRONMENT
      "TSAN_OPTIONS=ignore_noninstrumented_modules=1:suppressions=${PROJECT_SOURCE_DIR}/tests/support/sanitizers/tsan.supp")
elseif(NOT SIGNET_SANITIZE STREQUAL "")
  message(FATAL_ERROR "SIGNET_SANITIZE: got ${SIGNET_SANITIZE}, want address or thread")
endif()
# Fuzzing watches which way every library of ours goes.
if(SIGNET_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(SIGNET_SANITIZE)
  add_compile_options(${sanitize})
  add_link_options(${sanitize})
endif()
if(SIGNET_SANITIZE STREQUAL "thread")
  include(SignetThreadSanitizer)
endif()
