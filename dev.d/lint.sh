# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash

# format [--check]
format() {
  need "${lint_packages[@]}"
  local files
  mapfile -t files < <(sources '*.cc' '*.h')
  if [[ ${1:-} == --check ]]; then
    clang-format-14 --dry-run --Werror "${files[@]}"
  else
    clang-format-14 -i "${files[@]}"
  fi
}

# clang-tidy compiles every file the way clang would, so one pass brings its own
# checks, clang's warnings and the thread safety analysis. Every file stands alone.
lint() {
  need "${build_packages[@]}" "${lint_packages[@]}"
  say "generating sources for the linter"
  configure build/clang -DCMAKE_CXX_COMPILER=clang++-14 -DCMAKE_C_COMPILER=clang-14 \
    -DCMAKE_UNITY_BUILD=OFF
  cmake --build build/clang --target signet_proto_generated
  local files
  mapfile -t files < <(sources 'server/*.cc' 'storage/*.cc' 'gateway/*.cc' \
    'client/*.cc')
  say "linting ${#files[@]} files"
  printf '%s\0' "${files[@]}" |
    xargs -0 -n 4 -P "$(nproc)" clang-tidy-14 --quiet -p build/clang
}
