#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What `run --json` says is the same on any number of threads, but for the part that
# tells how it was executed.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

result() { # scenario threads
    "${HEADROOM:?}" run "$1" --json --quiet --threads "$2" || [ $? -eq 1 ]
}

for file in "${SRC:?}"/tests/golden/*.json; do
    for threads in 1 2 3 7; do
        result "$file" $threads | sed '/^\t"execution":/,/^\t}/d' >"$work/$threads"
    done
    test "$(wc -l <"$work/1")" -gt 100
    for threads in 2 3 7; do
        cmp "$work/1" "$work/$threads"
    done
done
