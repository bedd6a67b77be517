#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The power goes: whatever of the unsynced writes has reached the disk, the file opens,
# everything that was told to be kept is in it, and it goes on to the right end. CUTS of
# them, 60 if not told.
. "${SRC:?}/tests/faults/lab.bash"
shim=$BUILD/tests/libfaults_log.so
power=$BUILD/tests/faults_power
[ -e "$shim" ] && [ -x "$power" ] || exit 77
cuts=${CUTS:-60}

IO_LOG=$work/log LD_PRELOAD=$shim batch p.hdb
[ "$(hash_of p.hdb)" = "$truth" ] || fail "the log changes results"
cp err.txt told.txt
events=$("$power" log)
[ "$events" -gt $((2 * rows)) ] || fail "only $events events for $rows replications"

lost=0
for cut in $(seq "$cuts"); do
    at=$((RANDOM * 32768 % events + RANDOM % 100 + 1))
    [ $at -le "$events" ] || at=$events
    rm -f c.hdb*
    bytes=$("$power" log $at "$cut" c.hdb)
    promised=$(head -c "$bytes" told.txt | grep -c '^kept ' || true)
    found=0
    [ ! -s c.hdb ] || found=$(rows_of c.hdb)
    [ "$found" -ge "$promised" ] ||
        fail "after $at of $events events $promised were told, $found are there (seed $cut)"
    lost=$((lost + rows - found))
    [ $((cut % 10)) != 0 ] || finish c.hdb
done
[ $lost -gt 0 ] || fail "no cut came before the end"
echo "$cuts cuts among $events writes and syncs: nothing lost that was told"
