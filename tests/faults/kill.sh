#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Killed at random moments, a batch loses nothing, does nothing twice, and ends with the
# results of one that was left alone. KILLS of them; if not told, 300 where CI is set and
# else 50, for people who wait.
. "${SRC:?}/tests/faults/lab.bash"
kills=${KILLS:-${CI:+300}}
kills=${kills:-50}
killed=0
round=0
while [ $killed -lt "$kills" ]; do
    round=$((round + 1))
    while [ $killed -lt "$kills" ]; do
        interrupt k$round.hdb KILL
        [ $status = 137 ] || break # it was done before
        killed=$((killed + 1))
    done
    finish k$round.hdb
    rm -f k$round.hdb
done
echo "$killed kills in $round rounds of $rows replications: 0 lost, 0 twice"
