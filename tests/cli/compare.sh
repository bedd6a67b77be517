#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# compare: scenarios, variants at every value, values with each other; the same digits on
# any number of threads; what is wrong is told.
. "${SRC:?}/tests/cli/lab.bash"

cat >slow.json <<'JSON'
{ "workloads": { "v": { "target": "api", "open": { "rate": "50/s" } } },
  "services": { "api": { "kind": "server", "slots": 1, "time": { "exponential": "10ms" } } },
  "run": { "duration": "60s", "replications": 10 } }
JSON
sed 's/10ms/8ms/' slow.json >fast.json
sed 's/10ms/30ms/' slow.json >grows.json

expect 0 "$HEADROOM" compare slow.json fast.json --threads 1
says out.txt 'compare: fast is better: '
says out.txt 'fast less slow'
cp out.txt one.txt
expect 0 "$HEADROOM" compare slow.json fast.json --threads 3
cmp one.txt out.txt || fail "threads change digits"
expect 0 "$HEADROOM" compare slow.json slow.json
says out.txt 'no difference is certain'
expect 0 "$HEADROOM" compare slow.json grows.json
says out.txt 'slow is the best; not stable: grows'
expect 0 "$HEADROOM" compare grows.json grows.json
says out.txt 'none of them is stable'
expect 0 "$HEADROOM" compare slow.json fast.json --by api.utilisation
says out.txt 'fast is better: api.utilisation is'
expect 0 "$HEADROOM" compare slow.json fast.json --json
says out.txt '"headroom.compare/1"'
says out.txt '"correlation"'

cat >both.json <<'JSON'
{ "scenario": "slow.json",
  "variants": { "one": {}, "two": { "services": { "api": { "slots": 2 } } } },
  "vary": { "/workloads/v/open/rate": [ "40/s", "60/s" ] } }
JSON
expect 0 "$HEADROOM" compare both.json
says out.txt 'both rate=40/s: two is better'
says out.txt 'both rate=60/s: two is better'
sed '/variants/d; s/60\/s"/60\/s", "80\/s"/' both.json >values.json
expect 0 "$HEADROOM" compare values.json --by mean
says out.txt 'values: rate=40/s is the best'
says out.txt 'worse'

# What a batch has found is compared without simulating, and comes to the same.
expect 0 "$HEADROOM" compare both.json
cp out.txt simulated.txt
expect 3 "$HEADROOM" compare both.json --results both.hdb
expect 0 "$HEADROOM" batch both.json --quiet
expect 0 "$HEADROOM" compare both.json --results both.hdb
cmp simulated.txt out.txt || fail "the results file says something else"
expect 2 "$HEADROOM" compare values.json --results both.hdb
says err.txt 'not done in both.hdb'
expect 2 "$HEADROOM" compare slow.json fast.json --results both.hdb

expect 2 "$HEADROOM" compare slow.json
expect 2 "$HEADROOM" compare slow.json nowhere.json
expect 2 "$HEADROOM" compare slow.json fast.json --by p42
says err.txt 'is none of: mean, p50'

# A file of another sort is told as such, once, with the command that takes it.
echo '{ "document": "A guide", "claims": [] }' >guide.json
mixed_up() { # mixed_up TEXT COMMAND...
    local text=$1
    shift
    expect 2 "$HEADROOM" "$@"
    says err.txt "$text"
    [ "$(wc -l <err.txt)" = 1 ] || fail "more than one line: $(cat err.txt)"
}
mixed_up 'guide.json: must be a scenario, is a file of claims (try: headroom claims guide.json)' compare slow.json guide.json
mixed_up 'values.json: must be a scenario, is an experiment (try: headroom batch values.json)' run values.json
mixed_up 'slow.json: must be an experiment, is a scenario (try: headroom run slow.json)' batch slow.json
mixed_up 'both.hdb: must be a file of claims, is a file of results (try: headroom plot both.hdb)' claims both.hdb
