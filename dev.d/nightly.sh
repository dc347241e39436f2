# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Verbs that CI has no time for.

# single: each source file compiled alone, to see that it includes what it uses.
single() {
  need "${build_packages[@]}"
  say "building each file alone in ./build/single"
  configure build/single -DCMAKE_UNITY_BUILD=OFF
  cmake --build build/single
}

# soak [TIMES]: the C++ tests and those of faults again and again, on a machine that is
# busy, which finds tests that wait for a duration.
soak() {
  local times=${1:-5} reports=$root/build/soak busy=() i
  need "${build_packages[@]}" "${test_packages[@]}"
  build
  rm -rf "$reports"
  mkdir -p "$reports"
  say "testing $times times beside $(nproc) busy processes"
  for ((i = 0; i < $(nproc); i++)); do
    sh -c 'while :; do :; done' &
    busy+=($!)
  done
  # shellcheck disable=SC2064  # These processes.
  trap "kill ${busy[*]}" EXIT
  for ((i = 1; i <= times; i++)); do
    local status=0
    GTEST_SHUFFLE=1 ctest --test-dir build --output-on-failure \
      --parallel "$(nproc)" --output-junit "$reports/$i.pytest" || status=$?
    [[ $status -eq 0 || $status -eq 8 ]] ||
      echo "ctest exited with $status" >"$reports/$i.error"
    pytest_in "$reports/fault$i.pytest" tests/fault
  done
  py dev.d/tally.py "$reports"
}

# fresh: the README's two commands in a Debian 12 root with nothing in it, for which
# this machine's own package sources are used. Needs root.
fresh() {
  need debootstrap
  local dir=$root/build/fresh source file
  # shellcheck disable=SC2016  # apt fills them in.
  source=$(apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' \
    'Created-By: Packages' | sed -n 's/^bookworm main //p' | head -n 1)
  [[ -n $source ]] || die "fresh: no package source of this machine has bookworm"
  say "making a Debian 12 root in ./build/fresh"
  as_root rm -rf "$dir"
  as_root debootstrap --variant=minbase bookworm "$dir" "$source"
  for file in /etc/resolv.conf /etc/hosts /etc/apt/sources.list.d/debian.sources \
    /etc/apt/sources.list; do
    if [[ -f $file ]]; then as_root cp "$file" "$dir$file"; fi
  done
  as_root mkdir "$dir/signet"
  sources . | tar --create --files-from=- | as_root tar --extract --directory "$dir/signet"
  as_root cp -r .git "$dir/signet/.git"
  # In namespaces of its own, so that nothing that it starts outlives it.
  as_root unshare --mount --pid --fork --kill-child chroot "$dir" /usr/bin/env -i \
    HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin /signet/dev.d/fresh_machine.sh
}
