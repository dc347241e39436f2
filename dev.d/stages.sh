# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash

# run_stages VERB...: runs each verb as its own process, all of them even when
# one fails (but nothing without a build), then prints what each took and the sum
# of their counts. A verb that prints no count is itself one check.
run_stages() {
  local stage command log status started passed failed total_passed=0 total_failed=0
  local table=()
  mkdir -p build/logs
  need "${build_packages[@]}"
  for stage in "$@"; do
    say "stage $stage"
    log=build/logs/$stage.log
    started=$SECONDS
    status=0
    stage_command "$stage"
    "$root/dev" "${command[@]}" </dev/null 2>&1 | tee "$log" || status=${PIPESTATUS[0]}
    if [[ $(tail -n 1 "$log") =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
      passed=${BASH_REMATCH[1]} failed=${BASH_REMATCH[2]}
      if [[ $status -ne 0 && $failed -eq 0 ]]; then failed=1; fi
    else
      passed=$((status == 0)) failed=$((status != 0))
    fi
    total_passed=$((total_passed + passed))
    total_failed=$((total_failed + failed))
    table+=("$(printf '%-8s %5ds  %5d ok %5d not ok' \
      "$stage" $((SECONDS - started)) "$passed" "$failed")")
    if [[ $stage == test && ! -x build/signetd ]]; then
      say "no build, so the other stages are left out"
      break
    fi
  done
  say "stages"
  printf '%s\n' "${table[@]}"
  printf '%d passed, %d failed\n' "$total_passed" "$total_failed"
  [[ $total_failed -eq 0 ]]
}

# stage_command VERB: sets `command` to the verb with the arguments of a stage: of CI,
# or with stage_length=long of a night.
stage_command() {
  command=("$1")
  case ${stage_length:-short}-$1 in
    *-fmt) command+=(--check) ;;
    short-fuzz) command+=(15) ;;
    long-fuzz) command+=(180) ;;
    short-bench) command+=(--smoke) ;;
  esac
}
