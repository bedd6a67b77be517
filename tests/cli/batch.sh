#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Experiments as a person runs them: the plan, its mistakes, bad points, statuses, tables.
. "${SRC:?}/tests/cli/lab.bash"

cat >shop.json <<'JSON'
{ "workloads": { "v": { "target": "api", "closed": { "users": 4, "think": "100ms" } } },
  "services": {
    "api": { "kind": "server", "slots": 4, "handlers": {
      "default": [ { "wait": "10ms" }, { "call": "db" } ], "inner": [ { "wait": "5ms" } ] } },
    "db": { "kind": "server", "slots": 9, "handlers": {
      "default": [ { "wait": "10ms" }, { "call": "api", "as": "inner" } ] } } },
  "slo": [ "mean < 1s" ],
  "run": { "duration": "20s", "replications": 3 } }
JSON

# ---- the plan -----------------------------------------------------------------------

cat >plan.json <<'JSON'
{ "scenario": "shop.json",
  "variants": { "now": {}, "more": { "services": { "api": { "slots": 8 } } } },
  "vary": { "/workloads/v/closed/users": { "from": 1, "to": 100, "steps": 3, "scale": "log",
                                           "whole": true },
            "/services/db/slots": [ 8, 9 ] } }
JSON
expect 0 "$HEADROOM" check plan.json
says out.txt '12 points (2 variants x 6 combinations), 36 replications'
says out.txt 'now users=10 slots=8'
says out.txt 'core-hours'
sed 's/"scale": "log"/"scale": "log", "stepps": 4/; s/"variants"/"variant"/' plan.json >wrong.json
expect 2 "$HEADROOM" check wrong.json
says err.txt 'did you mean "variants"'
says err.txt 'did you mean "steps"'
sed 's/\[ 8, 9 \]/[ 8, "many" ]/' plan.json >wrong.json
expect 2 "$HEADROOM" check wrong.json
says err.txt 'wrong.json:5:'
says err.txt 'slots=many'
sed 's/slots": \[ 8, 9 \]/slotz": [ 8, 9 ]/' plan.json >wrong.json
expect 2 "$HEADROOM" batch wrong.json
says err.txt 'slotz'
[ ! -e wrong.hdb ] || fail "a wrong experiment left a results file"

# ---- a bad point does not spoil the night --------------------------------------------

cat >bad.json <<'JSON'
{ "scenario": "shop.json", "vary": { "/workloads/v/closed/users": [ 3, 10 ] } }
JSON
expect 0 "$HEADROOM" batch bad.json
says out.txt '2 of 2 points done, 1 unstable'
says out.txt 'requests wait for each other for ever (a deadlock): api: waiting for a slot'
expect 1 "$HEADROOM" batch bad.json --check-slo
expect 0 "$HEADROOM" batch bad.json --json
says out.txt '"unstable":'
expect 0 "$HEADROOM" check bad.hdb
says out.txt 'users=10'
says out.txt 'format 1, results version'
for option in '--until 25:00' '--budget soon' '--shard 3/2' '--budget 0s'; do
    # shellcheck disable=SC2086
    expect 2 "$HEADROOM" batch bad.json $option
done

# ---- stopping and going on -----------------------------------------------------------

cat >long.json <<'JSON'
{ "scenario": "shop.json", "replications": 2,
  "variants": { "calm": { "workloads": { "v": { "closed": { "users": 3 } } } } },
  "vary": { "/run/duration": [ "20s", "100000h" ] } }
JSON
expect 75 "$HEADROOM" batch long.json --budget 500ms
says err.txt 'the same command goes on where it stopped'
expect 75 "$HEADROOM" batch long.json --until "$(date +%H:%M --date='now + 1 minute')" --budget 500ms
for _ in $(seq 10); do # a slow machine needs more than one budget
    expect 0 "$HEADROOM" check long.hdb
    ! grep -q '1 of 2 points done' out.txt || break
    expect 75 "$HEADROOM" batch long.json --budget 1s
done
says out.txt '1 of 2 points done'

# ---- effort goes where a promise is least decided -------------------------------------

cat >queue.json <<'JSON'
{ "workloads": { "v": { "target": "s", "open": { "rate": "50/s" } } },
  "services": { "s": { "kind": "server", "slots": 1, "time": { "exponential": "10ms" } } },
  "slo": [ "mean < 20ms" ],
  "run": { "duration": "20s", "replications": 40 } }
JSON
# The mean is 11, 20 and 50 ms: only of the second one it is hard to say.
cat >open.json <<'JSON'
{ "scenario": "queue.json", "vary": { "/workloads/v/open/rate": [ "10/s", "50/s", "80/s" ] } }
JSON
expect 0 "$HEADROOM" batch open.json --threads 1 --verbose
grep '^kept ' err.txt | sed -n '16,50p' | cut -d' ' -f2 | sort | uniq -c >order.txt
[ "$(tr -d ' ' <order.txt)" = '35rate=50/s,' ] || fail "not the open point first: $(cat order.txt)"

# ---- does the start decide the end? ---------------------------------------------------

cat >storm.json <<'JSON'
{ "workloads": { "v": { "target": "api", "open": { "rate": "20/s" }, "timeout": "1s",
    "retry": { "max": 3, "on": [ "timeout" ], "backoff": { "base": "100ms" } } } },
  "services": { "api": { "kind": "server", "slots": 10, "time": { "exponential": "100ms" } } },
  "run": { "duration": "30s", "replications": 3 } }
JSON
echo '{ "scenario": "storm.json", "vary": { "/workloads/v/open/rate": [ "20/s", "80/s" ] } }' \
    >storms.json
expect 0 "$HEADROOM" batch storms.json
expect 0 "$HEADROOM" check storms.hdb
says out.txt 'rate=20/s  stable'
says out.txt 'rate=80/s  bistable'
whole=$(grep 'results hash' out.txt)
# The trials are kept like all else: in pieces, on one thread, it is the same.
for _ in $(seq 60); do
    status=0
    "$HEADROOM" batch storms.json --out pieces.hdb --threads 1 --budget 100ms \
        >out.txt 2>&1 || status=$?
    [ $status = 75 ] || break
done
[ $status = 0 ] || fail "status $status: $(cat out.txt)"
expect 0 "$HEADROOM" check pieces.hdb
says out.txt "$whole"
expect 0 "$HEADROOM" export --replications pieces.hdb
says out.txt 'started overloaded'

# ---- tables --------------------------------------------------------------------------

# Every line has as many cells as the header, and what may not be given is no 0.
expect 0 "$HEADROOM" export bad.hdb
cp out.txt metrics.csv
head -n 1 metrics.csv | grep -qx 'point,label,variant,/workloads/v/closed/users,state,verdict,scope,name,metric,unit,value,half_width,low,high,replications,lack'
grep ',all,,p99,s,' metrics.csv | grep -q ',,,,,0,"\?unstable' || fail "$(grep p99 metrics.csv)"
grep ',all,,max,s,' metrics.csv | grep -q '[0-9],,,,3,$' || fail "$(grep ,max, metrics.csv)"
expect 0 "$HEADROOM" export --replications bad.hdb
[ "$(wc -l <out.txt)" = 7 ] || fail "not a line a replication: $(cat out.txt)"
expect 0 "$HEADROOM" export --histograms bad.hdb
head -n 1 out.txt | grep -q 'type,of,from,to,requests'
requests=$(awk -F, '$1 == 0 { n += $9 } END { print n }' out.txt)
"$HEADROOM" export --replications bad.hdb >replications.csv
ok=$(awk -F, '$1 == 0 && $7 == 1 { n += $12 } END { print n }' replications.csv)
[ "$requests" = "$ok" ] || fail "histograms of $requests requests, replications of $ok"
