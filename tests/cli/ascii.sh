#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Charts of letters: on wide terminals, when asked for, never in a pipe or in JSON.
. "${SRC:?}/tests/cli/lab.bash"

cat >api.json <<'JSON'
{ "workloads": { "v": { "target": "api", "open": { "rate": "50/s" } } },
  "services": { "api": { "kind": "server", "slots": 1, "time": "10ms" } },
  "slo": [ "p95 < 60ms" ],
  "run": { "duration": "60s", "replications": 4 } }
JSON
run() { # run ARGUMENT...: promises may be missed, precision may not be reached
    "$HEADROOM" run api.json --quiet "$@" || [ $? = 1 ]
}

run >plain.txt
! grep -q '|####' plain.txt || fail "a chart in a pipe"
run --ascii >asked.txt
grep -q '^Response times of all requests$' asked.txt || fail "no chart: $(cat asked.txt)"
grep -q '^ *from 10 ms |####' asked.txt || fail "no bar: $(cat asked.txt)"
grep -q '\[p95 < 60ms\]$' asked.txt || fail "no promise: $(cat asked.txt)"
run --ascii --json >asked.json
! grep -q '|####' asked.json || fail "a chart in JSON"
"$HEADROOM" saturate api.json --quiet --ascii --budget 2e6 >search.txt || [ $? = 1 ]
grep -q '^The tightest promise against load' search.txt || fail "$(cat search.txt)"
grep -q '/s |#.* p95 < 60ms$' search.txt || fail "$(cat search.txt)"

# A terminal, narrow and wide.
command -v script >/dev/null || exit 0
on_terminal() { # on_terminal COLUMNS
    script -qec "stty cols $1 && $(printf '%q' "$HEADROOM") run api.json --quiet" \
        /dev/null </dev/null >terminal.txt 2>&1 || true
    grep -q '^.*stable' terminal.txt || exit 0 # no terminals here
}
on_terminal 100
! grep -q '|####' terminal.txt || fail "a chart on a narrow terminal"
on_terminal 130
grep -q '|####' terminal.txt || fail "no chart on a wide terminal: $(cat terminal.txt)"
