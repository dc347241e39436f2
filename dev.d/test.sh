# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Every verb here ends with a line "N passed, N failed" counted from the JUnit
# reports of what ran, and fails when anything failed or nothing ran.

# ctest_in DIR [FILTER]: runs the C++ tests of a build. Exit code 8 means that
# some failed, which the report says too.
ctest_in() {
  local status=0
  ctest --test-dir "$1" --output-on-failure --no-tests=ignore \
    --parallel "$(nproc)" --output-junit "$root/$1/reports/ctest.junit" \
    ${2:+--tests-regex "$2"} || status=$?
  [[ $status -eq 0 || $status -eq 8 ]] ||
    echo "ctest exited with $status" >"$1/reports/ctest.error"
}

# pytest_in REPORT FOLDER [FILTER]: runs Python tests. Exit code 5 means that the
# filter picked none; anything else but 0 is in the report, or has no report.
pytest_in() {
  local status=0
  PYTHONDONTWRITEBYTECODE=1 py -m pytest -q -p no:cacheprovider \
    --junitxml="$1" "$2" ${3:+-k "$3"} || status=$?
  [[ $status -le 1 || $status -eq 5 ]] || echo "$2: pytest exited with $status" >"$1.error"
}

run_tests() {
  need "${build_packages[@]}" "${test_packages[@]}"
  build
  local reports=$root/build/reports
  rm -rf "$reports"
  mkdir -p "$reports"
  say "testing"
  ctest_in build "${1:-}"
  local folder
  for folder in house integration fault; do
    pytest_in "$reports/$folder.pytest" "tests/$folder" "${1:-}"
  done
  py dev.d/tally.py "$reports"
}

# configure_sanitized NAME SANITIZER [CMAKE-OPTION...]: configures build/NAME.
configure_sanitized() {
  configure "build/$1" -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG="-O1 -g1" \
    -DSIGNET_SANITIZE="$2" "${@:3}"
}

# Clang's, so that the fuzz targets are of the same build.
configure_asan() {
  need "${build_packages[@]}" "${asan_packages[@]}"
  say "building in ./build/asan"
  configure_sanitized asan address -DSIGNET_FUZZ=ON \
    -DCMAKE_CXX_COMPILER=clang++-14 -DCMAKE_C_COMPILER=clang-14
}

asan() {
  need "${test_packages[@]}"
  configure_asan
  test_sanitized asan
}

tsan() {
  need "${build_packages[@]}" "${test_packages[@]}"
  say "building in ./build/tsan"
  configure_sanitized tsan thread
  test_sanitized tsan
}

# test_sanitized NAME: builds and tests in build/NAME.
test_sanitized() {
  local dir=build/$1
  cmake --build "$dir"
  rm -rf "$dir/reports"
  mkdir -p "$dir/reports"
  say "testing in ./$dir"
  ctest_in "$dir"
  py dev.d/tally.py "$dir/reports"
}
