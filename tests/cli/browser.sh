#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A report in a real browser: nothing on its console, nothing fetched from anywhere, every
# heading and figure there, at the width of a desk and of a phone, light and dark; it
# prints, and a brief one on exactly one sheet, whatever its texts are.
set -euo pipefail
: "${HEADROOM:?}" "${SRC:?}"
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome ||
    true)
if [ -z "$browser" ] || ! command -v gnuplot >/dev/null || ! command -v python3 >/dev/null
then
    echo "no browser, gnuplot or python3 here: not tested"
    exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

long=$(printf 'a text without an end %.0s' $(seq 200))
cat >api.json <<JSON
{ "name": "api", "description": "$long <b>\u202e</b> <script>alert(1)</script>",
  "workloads": { "v": { "target": "api", "open": { "rate": "50/s" }, "timeout": "1s" } },
  "services": { "api": { "kind": "server", "slots": 1, "time": { "exponential": "10ms" } } },
  "slo": [ "p95 < 200ms" ],
  "run": { "duration": "400s", "replications": 4 } }
JSON
cat >load.json <<JSON
{ "scenario": "api.json", "description": "$long",
  "variants": { "one": {},
    "<img src=//example.com/x onerror=alert(1)>": { "services": { "api": { "slots": 2 } } },
    "$(printf 'a-name-without-an-end%.0s' $(seq 40))": { "services": { "api": { "slots": 3 } } } },
  "vary": { "/workloads/v/open/rate": [ "40/s", "70/s", "90/s", "130/s" ] } }
JSON
"$HEADROOM" batch load.json --quiet >/dev/null
"$HEADROOM" report load.json --out results.html
"$HEADROOM" report load.json --brief --out results-brief.html
"$HEADROOM" report api.json --out scenario.html
"$HEADROOM" report api.json --brief --out scenario-brief.html
python3 "$SRC/tests/safety/browser.py" "$browser" results.html scenario.html \
    results-brief.html scenario-brief.html
