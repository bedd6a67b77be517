#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SIGTERM and SIGINT end a run within a replication: this one alone would take hours.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/long.json" <<'JSON'
{ "workloads": { "w": { "target": "web", "open": { "rate": "1000/s" } } },
  "services": { "web": { "kind": "server", "time": "100ms" } },
  "run": { "duration": "3000d", "warmup": "1s", "replications": 2 } }
JSON
for signal in TERM INT; do
    status=0
    timeout --preserve-status --kill-after=60 --signal="$signal" 1 \
        "${HEADROOM:?}" run "$work/long.json" --quiet >"$work/out" 2>"$work/said" ||
        status=$?
    [ "$status" -eq 75 ] || { echo "SIG$signal: status $status" >&2; exit 1; }
    grep -q interrupted "$work/said" || { echo "SIG$signal: nothing said" >&2; exit 1; }
    [ ! -s "$work/out" ] || { echo "SIG$signal: a result all the same" >&2; exit 1; }
done

# The same signal twice at once, as `timeout` sends it to a process and its group, is one.
"$HEADROOM" run "$work/long.json" --quiet >"$work/out" 2>"$work/said" &
sleep 1
kill -TERM $! && kill -TERM $!
status=0
wait $! || status=$?
[ "$status" -eq 75 ] || { echo "asked twice: status $status" >&2; exit 1; }
grep -q interrupted "$work/said" || { echo "asked twice: nothing said" >&2; exit 1; }
