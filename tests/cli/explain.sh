#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What explain says: the arithmetic of an overload, bounds of users who wait, exact values
# where theory has them, and that it all fits a terminal.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
library=${SRC:?}/experiments/library

explain() {
    "${HEADROOM:?}" explain --quiet "$@" >out
}

says() {
    tr -s ' \t\n' ' ' <out | grep -qF -- "$1" || {
        echo "does not say: $1" >&2
        cat out >&2
        exit 1
    }
}

says_not() {
    if LC_ALL=C.UTF-8 grep -nE -- "$1" out >&2; then
        echo "says: $1" >&2
        exit 1
    fi
}

# one station: $1 the workload, $2 the rest of the service
station() {
    printf '{"workloads":{"u":{"target":"s",%s}},
"services":{"s":{"kind":"server",%s}}}' "$1" "$2" >station.json
}

# a tenth of streams of 5 s and pages of 100 ms against 80 threads
explain "$library/django-before.json"
says 'overloaded before it starts'
says 'threads of web: 597 ms of work for each of 500/s requests are 298 threads'
says 'there are 80 (373 %). At most 134/s can be carried.'

# 4 connections / 14.8 ms
explain "$library/quickstart.json"
says 'first to be full are the connections of pgbouncer'
says 'At most 270/s can be carried.'
says 'while it waits for one it is lost to others'
says 'web, page: cpu is lognormal, mean 8.00 ms, cv 0.7'
says_not overloaded

# 4 workers of 70 connections each
explain "$library/fastapi-single.json"
says 'the pools in front may open 280 connections, it takes 200'

# 30 x 1.45 s / 2 cores
explain "$library/burst-8-workers-2-cores.json"
says 'the last is answered after 21.8 s at the earliest'
says 'Nothing: every replication is the same.'

# M/M/1 at 50 %: mean 20 ms, p50 = 20 ms x ln 2
station '"open":{"rate":"50/s"}' '"slots":1,"time":{"exponential":"10ms"}'
explain station.json
says 'M/M/1: mean latency 20.0 ms, 10.0 ms of it waiting; 50.0/s answered.'
says 'Latency p50 13.9 ms, p95 59.9 ms, p99 92.1 ms.'

# M/D/1 waits half of that
station '"open":{"rate":"50/s"}' '"slots":1,"time":"10ms"'
explain station.json
says 'M/G/1: mean latency 15.0 ms, 5.00 ms of it waiting'

# M/M/1/2 loses rho^2 (1 - rho) / (1 - rho^3) = 1/7
station '"open":{"rate":"50/s"}' '"slots":1,"queue_limit":1,"time":{"exponential":"10ms"}'
explain station.json
says '14.3 % of the requests find no place.'

# processor sharing: S / (1 - rho), whatever S
station '"open":{"rate":"50/s"}' '"cpu":1,"handlers":{"default":[{"cpu":"10ms"}]}'
explain station.json
says 'M/G/1 with shared cores: mean latency 20.0 ms'

# two users without a pause and one slot: 100/s, each waits one service; Z + R = 1 s in
# front of 100/s has its knee at 100 users
station '"closed":{"users":2}' '"slots":1,"time":{"exponential":"10ms"}'
explain station.json
says 'M/M/1//2: mean latency 20.0 ms, 10.0 ms of it waiting; 100/s answered.'
station '"closed":{"users":300,"think":"990ms"}' '"slots":1,"time":"10ms"'
explain station.json
says '300 users get at most 100/s and wait at least 2.01 s on average.'
says 'From about 100 users on they wait for one another.'
says_not overloaded

# an overloaded queue has no mean
station '"open":{"rate":"100/s"}' '"slots":1,"time":{"exponential":"10ms"}'
explain station.json
says 'overloaded before it starts'
says 'M/M/1: more work than servers, the queue grows without end.'

# an event loop has one core, however many there are
station '"open":{"rate":"90/s"}' \
    '"cpu":8,"discipline":"loop","handlers":{"default":[{"cpu":{"exponential":"10ms"}}]}'
explain station.json
says 'there are 1 (90.0 %). At most 100/s can be carried.'

# the peak of a profile: three times the mean of a triangle's two thirds
station '"open":{"rate":"30/s","profile":[["0s",0],["1min",2],["2min",0]]}' \
    '"slots":1,"time":"10ms"'
explain station.json
says 'at its peak 60.0/s are asked for; the slots of s are then at 60.0 %.'

# nothing limited
station '"open":{"rate":"30/s"}' '"time":"10ms"'
explain station.json
says 'nothing in it is ever short'

# 30 MiB and 4 x 120 MiB; 36 requests of 16 MiB at a time on two; 32 threads each
explain "$library/memory-limit.json"
says 'web 1.00 GiB 510 MiB 16.0 MiB 798 MiB 1022 MiB'
explain "$library/memory-limit.json" --set /services/web/threads=9
says 'web: before all its threads are busy it runs out of memory.'

# limits of a rate: of each instance, of each address, of units and tokens
station '"open":{"rate":"30/s"}' \
    '"slots":9,"time":"10ms","replicas":2,"guards":[{"token_bucket":{"rate":"10/s"}}]'
explain station.json
says 'too much for s: token_bucket'
says 's: token_bucket: 30.0 requests/s are asked for; it lets 20.0 requests/s pass (150 %).'
says 'At most 20.0/s of this mix get through; the others are rejected, or wait.'
cat >limits.json <<'JSON'
{ "workloads": { "u": { "target": "edge", "addresses": 50, "open": { "rate": "200/s" },
    "mix": { "page": 3, "buy": 1 } } },
  "services": {
    "edge": { "kind": "nginx", "upstream": "app", "limit_req": { "rate": "5/s" } },
    "app": { "kind": "server", "handlers": {
      "page": [ { "call": "orders" } ],
      "buy": [ { "call": "orders" }, { "call": "llm", "guards": [
        { "fixed_window": { "limit": 120, "window": "1min" } } ] } ] } },
    "orders": { "kind": "dynamodb", "time": "4ms", "read_capacity_units": "900/s",
      "write_capacity_units": "160/s", "operations": {
        "page": { "read": "9KiB", "eventually_consistent": true },
        "buy": { "write": "2KiB" } } },
    "llm": { "kind": "llm_api", "ttft": "300ms", "time_per_token": "10ms",
      "output_tokens": 100, "input_tokens": 400, "max_tokens": 500,
      "limits": { "tokens": "6000000/min" } } } }
JSON
explain limits.json
says 'too much for app: call of llm: fixed_window'
says 'edge: limit_req 250 requests/s 200/s 80.0 % 250/s'
says 'app: call of llm: fixed_window 2.00 requests/s 50.0/s 2500 % 8.00/s'
says 'orders: read units 900 read units/s 225/s 25.0 % 800/s'
says 'orders: write units 160 write units/s 100/s 62.5 % 320/s'
says 'llm: limit of tokens 100k tokens/s 45.0k/s 45.0 % 444/s'
explain --json limits.json
says '"unit": "write units", "rate": 160, "asked": 100, "load": 0.625, "most": 320'

# for machines: one JSON object with the same numbers
explain --json "$library/quickstart.json"
says '"overloaded": false'
says '"station": "pgbouncer", "of": "slots"'
explain --json "$library/django-before.json"
says '"overloaded": true'

# 100 columns
for file in "$library"/*.json; do
    ! grep -q '^  "scenario"' "$file" || continue # an experiment
    explain "$file"
    says_not '^.{101,}'
done

# mistakes are told as check tells them
status=0
explain station.json --set '/workloads/u/target="x"' 2>err || status=$?
[ "$status" = 2 ]
grep -q 'must be one of the services' err
