#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The shell scripts, by shellcheck where it is installed.
set -eu
cd "${SRC:?}"
command -v shellcheck >/dev/null || exit 77
# SC2086: word splitting of lists of folders and packages is meant; SC2016: so are texts
# that another shell expands; SC1091, SC2154: what a sourced file gives.
exec shellcheck -e SC2086,SC2016,SC1091,SC2154 dev .ci/run tests/lint/*.sh tests/cli/*.sh tests/faults/*.sh
