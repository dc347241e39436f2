# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# The Debian packages that each verb needs.

readonly build_packages=(
  ca-certificates ccache cmake dpkg-dev g++ git golang-github-gogo-googleapis-dev
  grpc-proto libabsl-dev libboost1.81-dev libcli11-dev libcurl4-openssl-dev
  libgmock-dev libgrpc++-dev libgtest-dev libnghttp2-dev libprotobuf-dev
  libprotoc-dev libsqlite3-dev ninja-build nlohmann-json3-dev pkgconf protobuf-compiler
  protobuf-compiler-grpc)
readonly test_packages=(
  curl faketime python3 python3-grpcio python3-h2 python3-hpack python3-protobuf
  python3-pytest sqlite3 strace)
readonly lint_packages=(clang-14 clang-format-14 clang-tidy-14)
readonly asan_packages=(clang-14 libclang-rt-14-dev llvm)  # llvm-symbolizer.
readonly interop_packages=(caddy nginx python3-pip)
readonly bench_packages=(libbenchmark-dev nghttp2-client nghttp2-server nginx python3)
readonly bazel_packages=(bazel-bootstrap bazel-rules-java clang-14)

# Installs what is missing of the given packages.
need() {
  command -v dpkg-query >/dev/null ||
    die "this script installs packages on Debian only; wanted: $*"
  local installed package missing=()
  installed=$(dpkg-query -W -f='${Package} ${db:Status-Status}\n')
  for package in "$@"; do
    grep -qx "$package installed" <<<"$installed" || missing+=("$package")
  done
  [[ ${#missing[@]} -gt 0 ]] || return 0
  say "installing ${missing[*]}"
  as_root apt-get -q update
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get -q install -y --no-install-recommends "${missing[@]}"
}
