# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A folder with a small experiment, and what its results are when nothing goes wrong.
# Sourced by the tests beside it.
set -eu
: "${HEADROOM:?}" "${BUILD:?}"
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
cd "$work"

cat >queue.json <<'JSON'
{ "workloads": { "v": { "target": "api", "open": { "rate": "50/s" } } },
  "services": { "api": { "kind": "server", "slots": 1,
                         "time": { "exponential": "10ms" } } },
  "slo": ["mean < 50ms"],
  "run": { "duration": "10s", "replications": 10 } }
JSON
# A grid in which a point has pilots, one is unstable, and most have a fixed length.
cat >load.json <<'JSON'
{ "scenario": "queue.json",
  "variants": { "one": {}, "two": { "services": { "api": { "slots": 2 } } },
                "piloted": { "run": { "duration": null, "precision": "mean within 20%" },
                             "services": { "api": { "slots": 3 } } } },
  "vary": { "/workloads/v/open/rate": ["30/s", "60/s", "90/s", "120/s"] } }
JSON

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

# batch FILE [OPTION...]: runs the experiment into FILE; what is kept is in kept.
batch() {
    local out=$1
    shift
    "$HEADROOM" batch load.json --out "$out" --quiet --verbose "$@" >out.txt 2>err.txt
}

number() { # number KEY: of the report of `check --json`
    sed -n "s/.*\"$1\":[[:space:]]*\([0-9]*\).*/\1/p" check.json | head -n 1
}

hash_of() { # of a file that must be sound
    "$HEADROOM" check --json "$1" >check.json || fail "$1 is not sound: $(cat check.json)"
    sed -n 's/.*"results_hash":[[:space:]]*"\([0-9a-f]*\)".*/\1/p' check.json
}

rows_of() { # 0 of a file that was left before anything was in it
    if "$HEADROOM" check --json "$1" >check.json; then
        number replications
    elif grep -q 'nothing is in it yet' check.json; then
        echo 0
    else
        fail "$1 is not sound: $(cat check.json)"
    fi
}

kept() { # replications that the last run has said to be in the file
    grep -c '^kept ' err.txt || true
}

finish() { # finish FILE: goes on to the end, which must be the right one
    batch "$1" || fail "does not go on: status $?, $(cat err.txt)"
    [ "$(hash_of "$1")" = "$truth" ] || fail "$1 has other results"
    [ "$(rows_of "$1")" = "$rows" ] || fail "$1 has $(rows_of "$1") of $rows replications"
}

batch truth.hdb || fail "the experiment does not run: $(cat err.txt)"
truth=$(hash_of truth.hdb)
rows=$(rows_of truth.hdb)
[ "$rows" -gt 100 ] || fail "only $rows replications"
[ "$(kept)" = "$rows" ] || fail "$rows kept, $(kept) told"

# interrupt FILE SIGNAL...: runs and sends the signals after a random time each. Sets
# status; nothing that was told to be kept may be missing.
interrupt() {
    local out=$1 before=0 pid after
    shift
    [ ! -s "$out" ] || before=$(rows_of "$out")
    : >err.txt
    "$HEADROOM" batch load.json --out "$out" --quiet --verbose >out.txt 2>err.txt &
    pid=$!
    while [ -n "${BEGUN:-}" ] && [ "$(kept)" = 0 ] && kill -0 $pid 2>/dev/null; do
        sleep 0.01 # until it has begun
    done
    for signal in "$@"; do
        sleep "$(printf '0.%03d' $((RANDOM % 250 + 1)))"
        kill -s "$signal" $pid 2>/dev/null || true
    done
    status=0
    wait $pid 2>/dev/null || status=$?
    [ -s "$out" ] || return 0
    after=$(rows_of "$out")
    [ "$after" -ge $((before + $(kept))) ] ||
        fail "$before before and $(kept) kept, but only $after are there"
    [ "$after" -le "$rows" ] || fail "$after replications of $rows"
}
