#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Where nothing can be installed, `dev` names what is missing and stops with status 3.
set -eu
tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT

# A machine with the ordinary tools, without gnuplot and without a package manager.
for tool in bash sh env dirname cat cut tr id cc cmake ninja pkg-config; do
    path=$(command -v "$tool") && ln -s "$path" "$tools/$tool"
done

status=0
message=$(PATH=$tools "${SRC:?}/dev" demo 2>&1 </dev/null) || status=$?
echo "$message"
[ "$status" = 3 ]
echo "$message" | grep -q 'gnuplot (package gnuplot-nox'
[ "$(echo "$message" | grep -c '(package cmake')" = 0 ]

status=0
"$SRC/dev" no-such-command >/dev/null 2>&1 || status=$?
[ "$status" = 2 ]
