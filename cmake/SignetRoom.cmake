# SPDX-License-Identifier: Apache-2.0

# signet_room(NAME [DEPS ROOM...] [LIBS TARGET...] [PRIVATE_LIBS TARGET...]
#             [TEST_DEPS ROOM...])
#
# The library signet_NAME (alias signet::NAME) of every .cc and .h in the current
# folder, without main.cc and without sub-folders. DEPS are the rooms it may
# include; bazel/rooms.bzl and tests/house know the same list. LIBS are system
# libraries its users see too, PRIVATE_LIBS those only its own files see.
#
# Tests in tests/unit/<this folder>/*_test.cc become the executable NAME_test, which
# may include TEST_DEPS too.
function(signet_room name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "DEPS;LIBS;PRIVATE_LIBS;TEST_DEPS")
  list(TRANSFORM arg_DEPS PREPEND signet::)
  list(TRANSFORM arg_TEST_DEPS PREPEND signet::)
  cmake_path(RELATIVE_PATH CMAKE_CURRENT_SOURCE_DIR
             BASE_DIRECTORY ${PROJECT_SOURCE_DIR} OUTPUT_VARIABLE dir)

  file(GLOB sources CONFIGURE_DEPENDS *.cc)
  list(FILTER sources EXCLUDE REGEX "/main\\.cc$")
  add_library(signet_${name} STATIC ${sources})
  target_link_libraries(signet_${name}
    PUBLIC signet_compiler ${arg_DEPS} ${arg_LIBS} PRIVATE ${arg_PRIVATE_LIBS})
  add_library(signet::${name} ALIAS signet_${name})

  if(SIGNET_TESTS)
    file(GLOB tests CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/unit/${dir}/*_test.cc)
    if(tests)
      signet_test(${name}_test SOURCES ${tests}
        LIBS signet::${name} ${arg_TEST_DEPS} signet::test_support ${arg_PRIVATE_LIBS})
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
