#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# An installed tree works after it has been moved: the program finds its figure scripts
# relative to itself.
set -eu
prefix=$(mktemp -d)
trap 'rm -rf "$prefix"' EXIT

cmake --install "${BUILD:?}" --prefix "$prefix/first" >/dev/null
mv "$prefix/first" "$prefix/moved"
cd "$prefix/moved"
test -x bin/headroom
test -f share/headroom/plots/style.gp
test -f share/headroom/plots/tail.gp
test -f share/headroom/library/quickstart.json

bin/headroom --version | grep -q '[0-9]\.[0-9]'
cd "$prefix"
unset HEADROOM_DATA
moved/bin/headroom run moved/share/headroom/library/quickstart.json \
    --plot figure.svg >/dev/null
grep -q '<svg' figure.svg
