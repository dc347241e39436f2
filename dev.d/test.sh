# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Every verb here ends with a line "N passed, N failed" counted from the JUnit
# reports of what ran, and fails when anything failed or nothing ran.

# ctest_in DIR: runs the C++ tests of a build. Exit code 8 means that some failed,
# which the report says too.
ctest_in() {
  local status=0
  ctest --test-dir "$1" --output-on-failure --no-tests=ignore \
    --parallel "$(nproc)" --output-junit "$root/$1/reports/ctest.junit" || status=$?
  [[ $status -eq 0 || $status -eq 8 ]] ||
    echo "ctest exited with $status" >"$1/reports/ctest.error"
}

# pytest_in REPORT FOLDER|FILE [FILTER]: runs Python tests. Exit code 5 means that the
# filter picked none; anything else but 0 is in the report, or has no report.
pytest_in() {
  local status=0
  PYTHONDONTWRITEBYTECODE=1 py -m pytest -q -p no:cacheprovider \
    --junitxml="$1" "$2" ${3:+-k "$3"} || status=$?
  [[ $status -le 1 || $status -eq 5 ]] || echo "$2: pytest exited with $status" >"$1.error"
}

# gtest_in REPORT EXECUTABLE [GTEST-FILTER]: runs C++ tests. A failure is in the report,
# a crash leaves none.
gtest_in() {
  local status=0
  build/tests/"$2" --gtest_output="xml:$1" ${3:+--gtest_filter="$3"} || status=$?
  [[ $status -le 1 && -f $1 ]] || echo "$2 exited with $status" >"$1.error"
}

# What the Python tests start, besides signetd.
readonly test_programs=(signetd storage_writer cpp_client_example)

fresh_reports() {
  reports=$root/build/reports
  rm -rf "$reports"
  mkdir -p "$reports"
}

# run_tests [FILTER]: all tests; or, with a filter, as little as it takes:
#   Suite, Suite.Case  begins with a capital: those C++ tests, whatever their parameters
#   NAME_test          all tests of that executable
#   anything else      the Python tests whose name contains it
run_tests() {
  need "${build_packages[@]}" "${test_packages[@]}"
  local filter=${1:-} reports folder target targets
  if [[ $filter =~ ^[A-Z] ]]; then
    mapfile -t targets < <(py dev.d/test_targets.py suite "${filter%%.*}")
    [[ -n ${targets[0]:-} ]] || die "test: no C++ test has the suite ${filter%%.*}"
    build "${targets[@]}"
    fresh_reports
    local name=$filter
    if [[ $name != *.* ]]; then name="$name.*"; fi
    for target in "${targets[@]}"; do
      gtest_in "$reports/$target.pytest" "$target" "$name:*/$name:$name/*:*/$name/*"
    done
  elif [[ $filter =~ ^[a-z0-9_]+_test$ ]] && py dev.d/test_targets.py executables | grep -qx "$filter"; then
    build "$filter"
    fresh_reports
    gtest_in "$reports/$filter.pytest" "$filter"
  else
    if [[ -n $filter ]]; then build "${test_programs[@]}"; else build; fi
    fresh_reports
    say "testing"
    if [[ -z $filter ]]; then ctest_in build; fi
    for folder in house integration fault; do
      pytest_in "$reports/$folder.pytest" "tests/$folder" "$filter"
    done
  fi
  py dev.d/tally.py "$reports"
}

# quick: what a change touches, before each commit: the format, the structure, the C++
# tests of the rooms that it changes, the Python tests that it changes. What changes is
# what differs from the last commit; where nothing does, the last commit.
quick() {
  need "${build_packages[@]}" "${test_packages[@]}" "${lint_packages[@]}"
  local changed targets sources reports target file
  changed=$(git diff --name-only HEAD && git ls-files --others --exclude-standard)
  if [[ -z $changed ]]; then changed=$(git diff --name-only HEAD~1 HEAD); fi
  mapfile -t sources < <(grep -E '\.(cc|h)$' <<<"$changed" | while read -r file; do
    if [[ -f $file ]]; then echo "$file"; fi
  done)
  if [[ ${#sources[@]} -gt 0 ]]; then
    clang-format-14 --dry-run --Werror "${sources[@]}"
  fi
  mapfile -t targets < <(py dev.d/test_targets.py changed <<<"$changed")
  if [[ -z ${targets[0]:-} ]]; then targets=(); fi
  build "${test_programs[@]}" "${targets[@]}"
  fresh_reports
  say "testing"
  pytest_in "$reports/house.pytest" tests/house
  for target in "${targets[@]}"; do
    gtest_in "$reports/$target.pytest" "$target"
  done
  while read -r file; do
    if [[ -f $file ]]; then pytest_in "$reports/${file//\//.}.pytest" "$file"; fi
  done < <(grep -E '^tests/(integration|fault)/.*test.*\.py$' <<<"$changed")
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
