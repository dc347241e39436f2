# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
die() { printf 'dev: %s\n' "$*" >&2; exit 1; }

# The system's Python, whatever a version manager puts first on the PATH, and
# none of the user's own packages.
py() { /usr/bin/python3 -I "$@"; }

as_root() {
  if [[ $EUID -eq 0 ]]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "needs root for: $*"
  fi
}

# Project sources, also those not yet added: sources '*.cc' '*.h'
sources() { git -c safe.directory="$root" ls-files --cached --others --exclude-standard --deduplicate -- "$@" |
  while read -r file; do if [[ -f $file ]]; then echo "$file"; fi; done; }
