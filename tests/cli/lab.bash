# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A folder of its own, and the words that tests of the program are written in. Sourced by
# the tests beside it.
set -eu
: "${HEADROOM:?}" "${SRC:?}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

expect() { # expect STATUS COMMAND...: what it prints is in out.txt and err.txt
    local wanted=$1 status=0
    shift
    "$@" >out.txt 2>err.txt || status=$?
    [ $status = "$wanted" ] || fail "status $status instead of $wanted of $*: $(cat out.txt err.txt)"
}

says() { # says FILE TEXT
    grep -qF -- "$2" "$1" || fail "no \"$2\" in $1: $(head -c 3000 "$1")"
}
