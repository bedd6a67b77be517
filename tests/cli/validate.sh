#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# headroom validate from outside: statuses, the figure, the JSON, the same bytes on any
# number of threads.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat >s.json <<'E2'
{ "workloads": { "w": { "target": "web", "open": { "rate": "50/s" } } },
  "services": { "web": { "kind": "server", "slots": 2, "time": { "exponential": "20ms" } } },
  "run": { "warmup": "1s" } }
E2
# 50 requests a second for 20 s, each 20 ms: what the scenario says but for its queue
awk 'BEGIN { print "t_s,lat_ms"; for (i = 0; i < 1000; i++) print i / 50 "," 20 }' >run.csv

status_of() {
    "${HEADROOM:?}" validate --quiet "$@" >out 2>err && echo 0 || echo $?
}

is() { # is STATUS ARGUMENTS...
    expected=$1
    shift
    found=$(status_of "$@")
    [ "$found" = "$expected" ] || {
        echo "validate $*: status $found, not $expected" >&2
        cat out err >&2
        exit 1
    }
}

says() {
    grep -qF -- "$1" out err || {
        echo "does not say: $1" >&2
        cat out err >&2
        exit 1
    }
}

is 0 s.json --measured run.csv --replications 50 --plot tails.svg
says throughput
says outside
grep -q '<svg' tails.svg
if LC_ALL=C.UTF-8 grep -nE '^.{101,}' out >&2; then
    echo "wider than a terminal" >&2
    exit 1
fi
is 1 s.json --measured run.csv --replications 50 --check
is 0 s.json --measured run.csv --replications 50 --check --within 500%
is 2 s.json
says '--measured'
is 2 s.json --measured none.csv
says 'none.csv: cannot be opened'
printf 't_s,lat_ms\n1,2\n2,x\n' >bad.csv
is 2 s.json --measured bad.csv
says 'bad.csv:3'
printf 't_s,lat_ms\n1,0x10\n2,nan\n3,1e300\n1e300,1\n' >bad.csv
is 2 s.json --measured bad.csv
says 'bad.csv:2:1: lat_ms must be a number of 0 or more, is "0x10"'
says 'bad.csv:3:1: lat_ms must be a number of 0 or more, is "nan"'
says 'bad.csv:4:1: lat_ms must be at most 1e+12, is "1e300"'
says 'bad.csv:5:1: t_s must be at most 1e+09, is "1e300"'
{ echo t_s,lat_ms; yes 1,x | head -n 50; } >bad.csv
is 2 s.json --measured bad.csv
says 'bad.csv:11:1: lat_ms must be a number'
says 'bad.csv:12:1: is the first line that was not looked at'
[ "$(wc -l <err)" = 11 ]
is 2 s.json --measured run.csv --replications 0
is 2 s.json --measured run.csv --within much
is 2 s.json --measured run.csv --plot tails.svg # it is there

is 0 s.json --measured run.csv --replications 60 --json --threads 1
mv out one
is 0 s.json --measured run.csv --replications 60 --json --threads 3
cmp one out
says '"schema":	"headroom.validate/1"'
