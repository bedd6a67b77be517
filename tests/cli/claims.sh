#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# claims: every kind of judgement and of verdict, what is told of each, the status, the
# same digits on any number of threads, and the claims that are shipped.
. "${SRC:?}/tests/cli/lab.bash"

says() { # says TEXT: in the output, however its lines are broken
    tr -s ' \n\t' ' ' <out.txt | grep -qF -- "$1" || fail "no \"$1\" in: $(cat out.txt)"
}

verdict() { # verdict ID WORDS: in the table
    grep -qE "^  $1 .*  $2( |$)" out.txt || fail "$1 is not $2: $(cat out.txt)"
}

# One queue whose mean response time is known: 1 / (100/s - rate).
cat >queue.json <<'JSON'
{ "workloads": { "v": { "target": "api", "open": { "rate": "50/s" } } },
  "services": { "api": { "kind": "server", "slots": 1, "cpu": 1, "time": { "exponential": "10ms" } } },
  "run": { "duration": "100s", "warmup": "5s", "replications": 10 } }
JSON
cat >claims.json <<'JSON'
{ "document": "A guide", "source": "Somebody's", "scenario": "queue.json",
  "claims": [
    { "id": "run", "line": 7, "says": "50/s in 30 ms", "expect": [ "stable", "mean < 30ms", "errors < 1%", "api.utilisation about 50% within 10%" ] },
    { "id": "slow", "says": "50/s in 10 ms", "expect": [ "mean < 10ms" ], "assumes": [ "one core" ],
      "holds_if": [ { "says": "it takes 9 ms", "at": { "/services/api/time": { "exponential": "9ms" } } },
                    { "says": "it takes 4 ms", "at": { "/services/api/time": { "exponential": "4ms" } } },
                    { "says": "it takes 1 ms", "at": { "/services/api/time": { "exponential": "1ms" } } } ] },
    { "id": "never", "says": "50/s in 1 ms", "expect": [ "mean < 1ms" ],
      "holds_if": [ { "says": "it takes 9 ms", "patch": { "services": { "api": { "time": { "exponential": "9ms" } } } } } ] },
    { "id": "edge", "says": "exactly 20 ms", "expect": [ "mean <= 20ms" ] },
    { "id": "grows", "says": "150/s", "at": { "/workloads/v/open/rate": "150/s" }, "expect": [ "mean < 1h" ] },
    { "id": "grown", "says": "150/s is too much", "at": { "/workloads/v/open/rate": "150/s" }, "expect": [ "not stable", "mean > 1s" ] },
    { "id": "across", "says": "in 50 ms", "across": { "/services/api/time/exponential": [ "4ms", "10ms", "19ms" ] }, "expect": [ "mean < 50ms" ] },
    { "id": "share", "says": "with less of a core", "across": { "/services/api/cpu": [ 0.6, 1 ] }, "expect": [ "stable" ] },
    { "id": "most", "says": "carries 90/s", "capacity": { "expect": ">= 90/s" } },
    { "id": "less", "says": "carries 200/s", "capacity": { "expect": ">= 200/s" } },
    { "id": "kept", "says": "75/s in 50 ms", "capacity": { "load": "/workloads/v/open/rate", "slo": [ "mean < 50ms" ], "expect": "between 60/s and 90/s" } },
    { "id": "faster", "says": "two are faster", "at": { "/services/api/slots": 2 }, "against": { "at": { "/services/api/slots": 1 }, "expect": [ "mean lower", "throughput ratio about 1 within 1%" ] } },
    { "id": "half", "says": "two take a tenth", "at": { "/services/api/slots": 2 }, "against": { "at": { "/services/api/slots": 1 }, "expect": [ "mean ratio <= 0.1" ] } },
    { "id": "double", "says": "two carry twice as much", "at": { "/services/api/slots": 2 }, "capacity": {}, "against": { "at": { "/services/api/slots": 1 }, "expect": [ "capacity ratio about 2 within 30%" ] } },
    { "id": "sum", "says": "about 11/s", "calculate": [ { "from": "200 * 3/min + 50 * 1/min", "expect": "about 11/s within 5%" } ] },
    { "id": "bytes", "says": "1000 of 50 bytes are 50 MB", "calculate": [ { "says": "limiter", "from": "1000 * 50B", "expect": "about 50MB within 5%" } ],
      "holds_if": [ { "says": "each takes 50 kB", "calculate": [ { "from": "1000 * 50kB", "expect": "about 50MB within 5%" } ] } ] },
    { "id": "clean", "says": "nothing wrong", "lint": "none" },
    { "id": "wish", "says": "a fine promise", "at": { "/slo": [ "mean < 5ms" ] }, "lint": [ "promise-below-own-time" ] },
    { "id": "quota", "says": "within the quota", "missing": "the quota" },
    { "id": "nodes", "says": "nodes follow", "not_modelled": "there are no nodes" }
  ] }
JSON

expect 1 "$HEADROOM" claims claims.json --threads 1
cp out.txt one.txt
verdict run confirmed
verdict slow refuted
verdict never refuted
verdict edge undecidable
verdict grows refuted
verdict grown confirmed
verdict across 'in part'
verdict share confirmed
verdict most confirmed
verdict less refuted
verdict kept confirmed
verdict faster confirmed
verdict half refuted
verdict double confirmed
verdict sum confirmed
verdict bytes refuted
verdict clean confirmed
verdict wish refuted
verdict quota undecidable
verdict nodes 'not modelled'
says 'A guide: 20 claims: 9 confirmed, 1 refuted in part, 7 refuted, 2 undecidable, 1 not modelled'
says 'expected mean < 10ms, found 19.9 ms'
says 'It would hold if it takes 4 ms. Assumed: one core.'
says 'It would not hold under the assumption tried instead either.'
says 'more precision is needed'
says 'the backlog grows by'
says 'holds at 4ms, 10ms; breaks at 19ms'
says 'holds at 0.6, 1'
says 'found capacity between '
says 'found limiter: 50 kB. It would hold if each takes 50 kB.'
says '(ratio 0.534 ±0.012)'
says 'found promise-below-own-time: '
says 'missing: the quota'
says 'there are no nodes'

expect 1 "$HEADROOM" claims claims.json --threads 3
cmp one.txt out.txt || fail "threads change digits"
expect 1 "$HEADROOM" claims claims.json --only slow --seed 7
says '1 claim: 1 refuted'
expect 0 "$HEADROOM" claims claims.json --only run,sum
says '2 claims: 2 confirmed'
expect 0 "$HEADROOM" claims claims.json --only run
grep 'run ' one.txt >table.txt
grep -qF -- "$(cat table.txt)" out.txt || fail "a claim alone is judged otherwise: $(cat out.txt)"
expect 2 "$HEADROOM" claims claims.json --only rum
grep -qF 'is the id of no claim' err.txt || fail "$(cat err.txt)"

expect 1 "$HEADROOM" claims claims.json --only across,quota --json
says '"schema": "headroom.claims/1"'
says '"verdict": "refuted_in_part"'
says '"verdict": "undecidable"'
says '"at": "19ms"'
says '"missing": "the quota"'
expect 1 "$HEADROOM" claims claims.json --only slow,nodes --markdown
says '## A guide'
says "Somebody's. 2 claims"
says '| slow | 50/s in 10 ms | **refuted** | mean 19.9 ms'
says '| nodes | nodes follow | not modelled | there are no nodes |'

expect 0 "$HEADROOM" check claims.json
says 'claims.json: ok, 20 claims'
sed 's/"stable"/"stabel"/' claims.json >wrong.json
expect 2 "$HEADROOM" claims claims.json wrong.json
grep -qF 'did you mean "stable"' err.txt || fail "$(cat err.txt)"
[ ! -s out.txt ] || fail "something was judged beside a wrong file"

# What cannot be decided says why, and only that.
cat >odd.json <<'JSON'
{ "document": "Oddities", "scenario": "queue.json",
  "claims": [
    { "id": "least", "says": "some within a minute", "at": { "/workloads/v/open/rate": "150/s" }, "expect": [ "min < 1min" ] },
    { "id": "limit", "says": "as many cores as it likes", "patch": { "services": { "api": { "cpu": null } } }, "expect": [ "api.cpu < 50%" ] },
    { "id": "never", "says": "chat is as slow",
      "at": { "/workloads/v/mix": { "chat": "10%", "page": "rest" },
              "/services/api": { "kind": "server", "handlers": { "chat": [ { "wait": "2ms" } ], "page": [ { "wait": "1ms" } ] } } },
      "across": { "/workloads/v/mix/chat": [ "10%", "0%" ] },
      "against": { "at": { "/workloads/v/open/rate": "40/s" }, "expect": [ "chat.p50 ratio about 1 within 10%" ] } },
    { "id": "zero", "says": "twice the errors", "against": { "at": { "/workloads/v/open/rate": "40/s" }, "expect": [ "errors ratio >= 2" ] } }
  ] }
JSON
expect 0 "$HEADROOM" claims odd.json
verdict least confirmed
verdict limit undecidable
says 'found api.cpu not known, not limited.'
verdict never undecidable
says 'at 0% expected chat.p50 ratio about 1 within 10%, found chat.p50 not known, nobody sends it.'
verdict zero undecidable
says 'errors 0 % against 0 %, there is no ratio to 0.'
! grep -q 'more precision' out.txt || fail "what no precision helps: $(cat out.txt)"

# A document's words are words, whatever they look like.
cat >words.json <<'JSON'
{ "document": "Guide <script>\n# 2", "claims": [
    { "id": "1", "says": "a|b\n[x](y) <b>p95 < 2s\u001b[31m\u202e", "calculate": [ { "from": "1 + 1", "expect": "= 2" } ] } ] }
JSON
expect 0 "$HEADROOM" claims words.json --markdown
says '## Guide \<script> # 2'
says '| 1 | a/b \[x](y) \<b>p95 < 2s\x1b\[31m\u202e | confirmed |'

# A run is never made longer than a run may be.
cat >rare.json <<'JSON'
{ "document": "Seldom", "scenario": "queue.json",
  "at": { "/workloads/v/open/rate": "0.000001/s", "/run": { "duration": "1000000000s", "replications": 4 } },
  "claims": [
    { "id": "mean", "says": "10 ms", "expect": [ "mean <= 10ms" ] },
    { "id": "most", "says": "a request in ten days", "capacity": { "slo": [ "errors < 1%" ], "expect": ">= 0.000001/s" } }
  ] }
JSON
expect 0 "$HEADROOM" claims rare.json
verdict mean undecidable
verdict most confirmed

# What is shipped can be read, and what it says of itself comes out.
for file in "$SRC"/experiments/library/claims/*.json; do
    expect 0 "$HEADROOM" check "$file"
done
expect 1 "$HEADROOM" claims "$SRC/experiments/library/claims/ml-chatbot.json" --only 4.01
says 'It would hold if each of seven workers loads its model first'
expect 1 "$HEADROOM" claims "$SRC/experiments/library/claims/django-scaling.json" --only 3.06,3.21
says 'found slower case at 500 ms: 1.28'
says 'found connections of 15 x 8 workers: 12000'
