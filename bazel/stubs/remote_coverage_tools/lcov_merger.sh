#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
echo "coverage is not collected with Bazel" >&2
exit 1
