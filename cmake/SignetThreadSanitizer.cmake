# SPDX-License-Identifier: Apache-2.0
#
# TSan knows a lock only when it sees it taken, and absl::Mutex takes it inside
# the distribution's library, which is not built with TSan: everything guarded by
# one would look like a race. So its few synchronisation sources are compiled
# again, with TSan, into our executables, where they stand in for the library's.

set(absl_source ${PROJECT_SOURCE_DIR}/build/deps/abseil)
if(NOT EXISTS ${absl_source})
  execute_process(
    COMMAND ${PROJECT_SOURCE_DIR}/third_party/debian/fetch_source.sh
            abseil libabsl-dev ${absl_source}
    COMMAND_ERROR_IS_FATAL ANY)
endif()

find_package(absl CONFIG REQUIRED)
find_path(absl_include absl/base/config.h REQUIRED)
foreach(dir ${absl_source} ${absl_include})
  file(STRINGS ${dir}/absl/base/config.h release REGEX "define ABSL_LTS_RELEASE_VERSION")
  list(APPEND absl_releases "${release}")
endforeach()
list(REMOVE_DUPLICATES absl_releases)
list(LENGTH absl_releases count)
if(NOT count EQUAL 1)
  message(FATAL_ERROR "${absl_source} is not the release that is installed; remove it")
endif()

file(GLOB sources
  ${absl_source}/absl/synchronization/*.cc
  ${absl_source}/absl/synchronization/internal/*.cc)
list(FILTER sources EXCLUDE REGEX "_(test|benchmark|test_common)\\.cc$")
add_library(signet_absl_synchronization STATIC ${sources})
set_target_properties(signet_absl_synchronization PROPERTIES UNITY_BUILD OFF)
target_include_directories(signet_absl_synchronization SYSTEM PRIVATE ${absl_source})
target_link_libraries(signet_absl_synchronization PUBLIC
  absl::base absl::graphcycles_internal absl::malloc_internal absl::raw_logging_internal
  absl::stacktrace absl::symbolize absl::time)
target_link_libraries(signet_compiler INTERFACE
  "$<LINK_LIBRARY:WHOLE_ARCHIVE,signet_absl_synchronization>")
