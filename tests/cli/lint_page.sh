#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The output that docs/lint.md shows is what the program prints.
set -euo pipefail
page=$SRC/docs/lint.md
cd "$SRC/experiments/library"
shown=0
while read -r line; do
    number=${line%%:*}
    read -r -a words <<<"${line#*headroom }"
    "$HEADROOM" "${words[@]}" 2>/dev/null | sed 's/^\(.\)/    \1/' |
        diff <(sed -n "$((number + 1)),/^\$/p" "$page" | sed '$d') -
    shown=$((shown + 1))
done < <(grep -n '^    \$ headroom check' "$page")
[ "$shown" -ge 3 ]
