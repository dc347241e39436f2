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
# checks, clang's warnings and the thread safety analysis. It gets them as the build
# does, several files of a room as one, in a third of the time.
lint() {
  need "${build_packages[@]}" "${lint_packages[@]}"
  say "generating sources for the linter"
  configure build/clang -DSIGNET_TESTS=OFF -DCMAKE_UNITY_BUILD=ON \
    -DCMAKE_CXX_COMPILER=clang++-14 -DCMAKE_C_COMPILER=clang-14
  cmake --build build/clang --target signet_proto_generated
  local units
  mapfile -t units < <(sed -n 's|^ *"file": "\(.*\)",*$|\1|p' \
    build/clang/compile_commands.json | grep -vF "$root/build/clang/gen/")
  [[ ${#units[@]} -gt 0 ]] || die "lint: nothing to lint"
  say "linting ${#units[@]} units"
  printf '%s\0' "${units[@]}" |
    xargs -0 -n 1 -P "$(nproc)" clang-tidy-14 --quiet -p build/clang
}
