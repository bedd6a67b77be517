#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SIGTERM and Ctrl-C end a batch within seconds with status 75 and everything finished
# in the file; a second one ends it at once. SIGNALS of each, 5 if not told.
. "${SRC:?}/tests/faults/lab.bash"
times=${SIGNALS:-5}
export BEGUN=yes

for signals in TERM INT "INT INT"; do
    stopped=0
    round=0
    while [ $stopped -lt "$times" ]; do
        round=$((round + 1))
        begin=$SECONDS
        # shellcheck disable=SC2086
        interrupt s.hdb $signals
        [ $((SECONDS - begin)) -le 6 ] || fail "$signals took $((SECONDS - begin)) s"
        case $status in
        75) stopped=$((stopped + 1)) ;;
        0) finish s.hdb && rm -f s.hdb ;;
        *) fail "status $status after $signals: $(cat err.txt)" ;;
        esac
        [ $round -lt $((20 * times)) ] || fail "$signals never came in time"
    done
    finish s.hdb
    rm -f s.hdb
    echo "$signals: $stopped times status 75, nothing lost"
done

# A replication of minutes is dropped after a few seconds, and what was finished stays.
cat >long.json <<'JSON'
{ "scenario": "queue.json",
  "vary": { "/run/duration": ["1s", "100000h"] }, "replications": 2 }
JSON
: >err.txt
"$HEADROOM" batch long.json --quiet --verbose --out long.hdb >out.txt 2>err.txt &
pid=$!
while [ "$(kept)" -lt 2 ] && kill -0 $pid; do
    sleep 0.1
done
begin=$SECONDS
kill -s TERM $pid
status=0
wait $pid || status=$?
[ $status = 75 ] || fail "status $status for a long replication: $(cat err.txt)"
[ $((SECONDS - begin)) -le 6 ] || fail "a long replication took $((SECONDS - begin)) s to stop"
[ "$(rows_of long.hdb)" = 2 ] || fail "$(rows_of long.hdb) replications instead of 2"
