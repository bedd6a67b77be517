#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A results file of 2,000 points is reported in less than 20 s of processor time, gnuplot's
# included, on a page that is still one to read.
set -eu
: "${HEADROOM:?}"
command -v gnuplot >/dev/null || exit 77
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >many.json <<'JSON'
{ "workloads": { "v": { "target": "api", "open": { "rate": "5/s" }, "timeout": "1s",
                        "mix": { "page": "50%", "chat": "rest" } } },
  "services": { "api": { "kind": "server", "slots": 1, "time": { "exponential": "20ms" } } },
  "slo": [ "page.p95 < 200ms", "errors < 1%" ],
  "run": { "duration": "5s", "replications": 20 } }
JSON
cat >load.json <<'JSON'
{ "scenario": "many.json",
  "vary": { "/services/api/slots": { "from": 1, "to": 20, "steps": 20 },
            "/workloads/v/open/rate": { "from": "5/s", "to": "104/s", "steps": 100 } } }
JSON
"$HEADROOM" batch load.json --quiet
TIMEFORMAT='%U %S'
seconds=$({ time "$HEADROOM" report load.hdb >/dev/null; } 2>&1 | awk '{ print $1 + $2 }')
rows=$(grep -o '<tr>' load-report.html | wc -l)
echo "$seconds s, $rows rows, $(wc -c <load-report.html) bytes"
awk -v s="$seconds" 'BEGIN { exit !(s < 20) }'
[ "$rows" -lt 200 ]
[ "$("$HEADROOM" export load.hdb --points | wc -l)" = 2001 ]
