#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Unpacks the source of a Debian package:
#
#   third_party/debian/fetch_source.sh SOURCE[=VERSION] BINARY DEST
#
# It comes through whatever mirror this machine's apt is configured with, the one
# that offers BINARY, a package built from SOURCE. Lists and caches are private,
# so nothing under /etc or /var changes and no root is needed. DEST must not exist.
set -euo pipefail

[[ $# -eq 3 ]] || { echo "usage: $0 SOURCE[=VERSION] BINARY DEST" >&2; exit 2; }
readonly source=$1 binary=$2 dest=$3

die() { echo "fetch_source: $*" >&2; exit 1; }

command -v dpkg-source >/dev/null || die "dpkg-source is missing; install dpkg-dev"
work=$(mktemp -d)
readonly work
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/{sources.d,lists/partial,cache/archives/partial,unpack}

uri=$(apt-cache madison "$binary" | awk '$NF == "Packages" { print $5; exit }')
readonly uri

# The machine's own entries for that mirror (or all, where apt has no lists),
# turned from deb into deb-src; every option (keys, trust, snapshots) is kept.
for entry in /etc/apt/sources.list /etc/apt/sources.list.d/*; do
  [[ -r $entry ]] || continue
  case $entry in
    *.list)
      awk -v uri="$uri" '$1 == "deb" && (uri == "" || index($0, uri)) { sub(/deb/, "deb-src"); print }' \
        "$entry" >>"$work/sources.d/machine.list"
      ;;
    *.sources)
      awk -v RS= -v ORS='\n\n' -v uri="$uri" 'uri == "" || index($0, uri) {
        sub(/(^|\n)Types:[^\n]*/, "\nTypes: deb-src"); sub(/^\n/, ""); print }' \
        "$entry" >>"$work/sources.d/machine.sources"
      ;;
  esac
done

apt=(apt-get -q
  -o Dir::Etc::sourcelist=/dev/null
  -o Dir::Etc::sourceparts="$work/sources.d"
  -o Dir::State::lists="$work/lists"
  -o Dir::Cache="$work/cache"
  -o APT::Sandbox::User=root)
"${apt[@]}" update || echo "fetch_source: some source index could not be read" >&2
(cd "$work/unpack" && "${apt[@]}" source "$source") || die "cannot fetch the source of $source"
mkdir -p "$(dirname "$dest")"
mv "$work"/unpack/*/ "$dest"
