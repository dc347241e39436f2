#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# What `./dev fresh` does as root of a new machine: starts the server by the README's
# first command, creates a service account with the line that it prints, and runs the
# README's second command, whose count is the last line.
set -euo pipefail
mount -t proc proc /proc
mount -t tmpfs tmpfs /dev/shm 2>/dev/null || true
cd "$(dirname "${BASH_SOURCE[0]}")/.."

started=$SECONDS
./dev run >run.out 2>run.err &
server=$!
until grep -q '^buf curl' run.out; do
  kill -0 "$server" 2>/dev/null || { cat run.err; echo "./dev run ended" >&2; exit 1; }
  sleep 1
done
echo "==> ./dev run: $((SECONDS - started)) s from nothing installed"
sed -n '/^curl /,/^$/p' run.out >line.sh
bash line.sh | tee answer.json
grep -q '"token":"' answer.json
kill -TERM "$server"
wait "$server"

started=$SECONDS
status=0
./dev test || status=$?
echo "==> ./dev test: $((SECONDS - started)) s" >&2
exit "$status"
