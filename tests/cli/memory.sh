#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What would not fit is refused before anything is simulated, with the estimate.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

scenario() { # workload
    cat >"$work/crowd.json" <<END
{ "workloads": { "users": { "target": "web", $1 } },
  "services": { "web": { "kind": "server",
    "handlers": { "default": [ { "wait": "10min" } ] } } } }
END
}

refuses() { # threads text
    status=0
    "${HEADROOM:?}" run "$work/crowd.json" --threads "$1" 2>"$work/said" || status=$?
    test "$status" -eq 2
    grep -q "$2" "$work/said"
}

scenario '"closed": { "users": 1000000, "think": "1h" }'
refuses 64 'needs about [0-9.]* GiB of memory for 20 replications on 64 threads'
scenario '"open": { "rate": "5000/s" }'
refuses 1 'about 3e+06 requests would be in flight at a time; at most 1000000'

# and what fits is not
scenario '"closed": { "users": 1000, "think": "1h" }'
"$HEADROOM" run "$work/crowd.json" --quiet --set /run/duration=5h \
    --set /run/replications=2 >"$work/said"
grep -q '2 replications of 5.00 h' "$work/said"
