#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The output that docs/validation.md shows is what the program prints.
set -euo pipefail
page=$SRC/docs/validation.md
cd "$SRC"
sed -n '/^```text$/,/^```$/p' "$page" | sed '1d;$d' >"${TMPDIR:-/tmp}/shown.$$"
trap 'rm -f "${TMPDIR:-/tmp}"/shown.$$' EXIT
read -r -a words < <(sed -n '/^    headroom validate .*\\$/{N;s/\\\n//;p}' "$page")
[ "${#words[@]}" -ge 4 ]
"$HEADROOM" "${words[@]:1}" | diff "${TMPDIR:-/tmp}/shown.$$" -
