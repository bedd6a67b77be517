#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Files that are not what they should be: refused with the reason, never written to, and
# never believed. FLIPS flipped bytes, 30 if not told.
. "${SRC:?}/tests/faults/lab.bash"

# refuses STATUS WORD: bad.hdb is refused by batch and left as it is.
refuses() {
    local status=0 sum
    sum=$(sha256sum <bad.hdb)
    batch bad.hdb || status=$?
    [ $status = "$1" ] || fail "status $status instead of $1: $(cat err.txt)"
    grep -q "$2" err.txt || fail "no \"$2\" in: $(cat err.txt)"
    [ "$(sha256sum <bad.hdb)" = "$sum" ] || fail "it was written to: $2"
    if "$HEADROOM" check bad.hdb >/dev/null 2>err.txt; then
        fail "check finds nothing wrong: $2"
    fi
}

poke() { # poke OFFSET BYTE...: octal
    local offset=$1
    shift
    # shellcheck disable=SC2059
    printf "$(printf '\\%s' "$@")" | dd of=bad.hdb bs=1 seek="$offset" conv=notrunc status=none
}

echo 'not a results file, whatever its name' >bad.hdb
refuses 2 'not a results file'
cp truth.hdb bad.hdb
poke 60 0 0 0 143 # user_version 99
refuses 2 'newer headroom'
cp truth.hdb bad.hdb
poke 68 0 0 0 0 # application_id
refuses 2 'something else'
size=$(stat -c %s truth.hdb)
head -c $((size / 2)) truth.hdb >bad.hdb
refuses 3 'damaged'
head -c $((size - 4096)) truth.hdb >bad.hdb
refuses 3 'damaged'

# A link is followed by nobody who makes the lock, an empty file is a new one.
: >bad.hdb
finish bad.hdb

# ---- flipped bytes ------------------------------------------------------------------

# Whatever byte: it is found, or nothing that anybody reads has changed.
"$HEADROOM" export truth.hdb >truth.csv
"$HEADROOM" export --replications truth.hdb >>truth.csv
"$HEADROOM" export --histograms truth.hdb >>truth.csv
found=0
for i in $(seq "${FLIPS:-30}"); do
    cp truth.hdb bad.hdb
    at=$(((RANDOM * 32768 + RANDOM) % size))
    old=$(od -An -tu1 -j $at -N 1 truth.hdb)
    poke $at "$(printf '%o' $((old ^ (1 << (i % 8)))))"
    if "$HEADROOM" check bad.hdb >out.txt 2>&1; then
        [ "$(hash_of bad.hdb)" = "$truth" ] || fail "byte $at: other results unnoticed"
        for table in '' --replications --histograms; do
            # shellcheck disable=SC2086
            "$HEADROOM" export $table bad.hdb || fail "byte $at: no export"
        done >bad.csv
        cmp -s truth.csv bad.csv || fail "byte $at: another table unnoticed"
    else
        [ $? -lt 128 ] || fail "byte $at: check crashed"
        found=$((found + 1))
    fi
    status=0
    batch bad.hdb || status=$?
    case $status in 0 | 2 | 3) ;; *) fail "byte $at: status $status: $(cat err.txt)" ;; esac
done
[ $found -gt $((${FLIPS:-30} / 3)) ] || fail "only $found flipped bytes were found"
echo "$found of ${FLIPS:-30} flipped bytes found, the others are read by nobody"
