#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A figure that cannot be written is refused before anything is simulated: no result is
# printed, and files stay as they were.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
scenario=${SRC:?}/experiments/library/quickstart.json

refused() { # status figure words [OPTION...]
    expected=$1 figure=$2 words=$3
    shift 3
    status=0
    "${HEADROOM:?}" run "$scenario" --quiet --plot "$figure" "$@" \
        >"$work/out" 2>"$work/err" || status=$?
    test "$status" -eq "$expected"
    test ! -s "$work/out"
    grep -qF "$words" "$work/err"
}

echo mine >"$work/mine.svg"
mkdir "$work/folder.svg"
refused 2 "$work/mine.svg" "mine.svg: exists already (--force replaces it)"
grep -qx mine "$work/mine.svg"
refused 2 "$work/figure.gif" "figure.gif: a figure's name must end in .svg, .pdf or .png"
refused 2 "$work/mine.svg.txt" "must end in .svg" --force
refused 3 "$work/nowhere/figure.svg" "cannot be written: No such file or directory"
refused 3 "$work/folder.svg" "cannot be written: Is a directory" --force
test ! -e "$work/figure.gif"
