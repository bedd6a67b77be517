#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What `run --json` says does not depend on the compiler nor on how it optimises.
set -euo pipefail
command -v gcc >/dev/null && command -v clang >/dev/null || exit 77
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

build() { # compiler level
    cmake -S "${SRC:?}" -B "$work/$1$2" -DCMAKE_C_COMPILER="$1" -DCMAKE_BUILD_TYPE= \
        -DCMAKE_C_FLAGS="$2" -DBUILD_TESTING=OFF >/dev/null
    cmake --build "$work/$1$2" --target headroom -j 2 >"$work/log" 2>&1 ||
        { cat "$work/log" >&2; return 1; }
}

results() { # program
    for file in "$SRC"/tests/golden/*.json; do
        "$1" run "$file" --json --quiet --threads 2 || [ $? -eq 1 ]
    done | sed '/^\t"execution":/,/^\t}/d'
}

first=
for compiler in gcc clang; do
    for level in -O0 -O3; do
        build $compiler $level
        results "$work/$compiler$level/bin/headroom" >"$work/result"
        [ -n "$first" ] || cp "$work/result" "$work/first"
        first=yes
        test "$(wc -l <"$work/result")" -gt 500
        cmp "$work/first" "$work/result"
        echo "$compiler $level: $(sha256sum <"$work/result" | cut -c 1-16)"
    done
done
