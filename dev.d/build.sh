# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash

# configure DIR [CMAKE-OPTION...]
configure() {
  local dir=$1
  shift
  third_party/boringssl/build.sh "$root/build/deps/boringssl"
  # What was compiled before, on another branch or before `rm -rf build`, is not
  # compiled again.
  export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1
  mkdir -p "$dir"
  cmake -S . -B "$dir" -G Ninja -DCMAKE_CXX_COMPILER_LAUNCHER=ccache "$@" >"$dir/configure.log" 2>&1 ||
    { cat "$dir/configure.log" >&2; die "cmake failed; see $dir/configure.log"; }
}

# build [TARGET...]: the ordinary build, optimised with debug information.
build() {
  need "${build_packages[@]}"
  say "building in ./build"
  configure build
  cmake --build build ${1:+--target "$@"}
}

run() {
  build signetd
  command -v curl >/dev/null || need curl  # For the line to paste.
  # signetd would take a flag on the command line over its environment variable,
  # so defaults are given only where neither speaks.
  local defaults=() settings=(rest_address=127.0.0.1:8080) setting name variable
  if [[ " $* " != *" --mode=gateway "* && ${1:-} != gateway &&
    ${SIGNET_MODE:-} != gateway ]]; then
    settings+=(data_dir="$root/data" grpc_address=127.0.0.1:9090)
  fi
  for setting in "${settings[@]}"; do
    name=${setting%%=*}
    variable=SIGNET_${name^^}
    if [[ " $*" != *" --$name"* && -z ${!variable:-} ]]; then
      defaults+=("--$setting")
    fi
  done
  exec build/signetd "$@" "${defaults[@]}"  # A command comes first.
}
