#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# report: a page says what the file says, whole or not at all; its figures are plot's;
# without gnuplot it is a page without figures.
. "${SRC:?}/tests/cli/lab.bash"
command -v gnuplot >/dev/null || exit 77

cat >api.json <<'JSON'
{ "description": "One server, <b>alone</b>",
  "workloads": { "v": { "target": "api", "open": { "rate": "50/s" }, "timeout": "1s" } },
  "services": { "api": { "kind": "server", "slots": 1, "time": { "exponential": "10ms" } } },
  "slo": [ "p95 < 100ms" ],
  "run": { "duration": "400s", "replications": 4 } }
JSON
cat >load.json <<'JSON'
{ "scenario": "api.json", "description": "A server and its load",
  "vary": { "/workloads/v/open/rate": [ "40/s", "60/s", "90/s", "130/s" ] } }
JSON
expect 2 "$HEADROOM" report load.json
says err.txt 'load.hdb: there are no results yet; first: headroom batch load.json'
expect 0 "$HEADROOM" batch load.json --quiet

# The answer, the evidence, the recipe.
expect 0 "$HEADROOM" report load.hdb
says out.txt load-report.html
page=load-report.html
says $page '<p class="about">A server and its load</p>'
says $page '<p class="verdict good">Keeps every promise up to 60/s; at 90/s p95 &lt; 100ms is missed ('
says $page '4 of 4 points are done, with 4 replications each of 6.67 min after a warm-up of 44.4 s'
says $page '<li>overloaded: 1</li>'
says $page 'headroom batch load.json'
says $page 'headroom kinds server'
hash=$("$HEADROOM" check load.hdb | sed -n 's/.*results hash: //p')
says $page "$hash"
p95=$("$HEADROOM" export load.hdb --points | awk -F, '$2 == "rate=60/s" { printf "%.1f ms", 1000 * $16 }')
says $page "<td class=\"n\">$p95<br>"

# All the figures that plot draws of it; each in two sizes.
expect 0 "$HEADROOM" plot load.hdb
drawn=$(find load-figures -maxdepth 1 -name '*.svg' | wc -l)
[ "$(grep -c '<figure>' $page)" = "$drawn" ] || fail "not the $drawn figures of plot"
[ "$(grep -o 'data:image/svg+xml;base64,' $page | wc -l)" = $((2 * drawn)) ] || fail "sizes"

# The same bytes again, for the experiment as for its results; files that are there stay.
cp $page first.html
expect 0 "$HEADROOM" report load.json --force
cmp first.html $page
expect 2 "$HEADROOM" report load.hdb
says err.txt "(--force replaces it)"
cmp first.html $page
echo precious >mine
ln -sf "$work/mine" $page
expect 0 "$HEADROOM" report load.hdb --force
grep -qx precious mine || fail "written through a link"
cmp first.html $page

# Markdown: every file that it names is there.
expect 0 "$HEADROOM" report load.hdb --markdown
says load-report.md '> **Keeps every promise up to 60/s; at 90/s p95 &lt; 100ms is missed'
named=$(grep -oE '\]\(<[^>]*>' load-report.md | sed 's/](<//; s/>$//')
[ "$(wc -l <<<"$named")" -gt "$drawn" ] || fail "figures and a table, not $named"
for file in $named; do
    [ -s "$file" ] || fail "no $file"
done
cmp load-report-files/latency/figure.gp load-figures/latency/figure.gp
says load-report-files/points.csv 'rate=130/s'
expect 2 "$HEADROOM" report load.hdb --markdown --out again.html
expect 0 "$HEADROOM" report load.hdb --out folder
cmp first.html folder/report.html ||
    fail "a page of a folder is another one: $(diff first.html folder/report.html | cut -c -200)"
[ -s folder/report-files/latency.svg ] || fail "no figures in the folder"
rm folder/report.html
expect 2 "$HEADROOM" report load.hdb --out folder
says err.txt 'report-files: exists already'

expect 0 "$HEADROOM" report load.hdb --brief
[ "$(grep -c '<figure>' load-brief.html)" = 1 ] || fail "not one figure"
says load-brief.html 'Keeps every promise up to 60/s'
expect 0 "$HEADROOM" report load.hdb --where rate=90/s --out one.html
says one.html 'p95 &lt; 100ms is missed ('

# A scenario: what run says, whoever simulates it.
expect 0 "$HEADROOM" report api.json --threads 1 --out one.html --force
expect 0 "$HEADROOM" report api.json --threads 2 --out two.html
cmp one.html two.html
says one.html '<p class="about">One server, &lt;b&gt;alone&lt;/b&gt;</p>'
says one.html '<p class="verdict good">api: stable, the promise is kept</p>'
expect 0 "$HEADROOM" run api.json --quiet
found=$(sed -n 's/^ *p95 < 100ms *kept *//p' out.txt | sed 's/  .*//')
[ -n "$found" ] || fail "run says nothing of its promise"
says one.html ">$found<"
expect 0 "$HEADROOM" report api.json --set /run/duration=40s --saturate --out three.html
says three.html 'How much it carries'
says three.html 'Maximum sustainable throughput'
says three.html "headroom report api.json --set /run/duration=40s --saturate"
expect 2 "$HEADROOM" report load.hdb --saturate
expect 2 "$HEADROOM" report load.hdb --set /run/seed=2

# Nothing half-written.
expect 3 "$HEADROOM" report load.hdb --out nowhere/page.html
mkdir dir.html
expect 3 "$HEADROOM" report load.hdb --out dir.html --force
(ulimit -f 8 && expect 3 "$HEADROOM" report load.hdb --out full.html)
[ ! -e full.html ] || fail "a piece of a page"
[ -z "$(find . -maxdepth 1 -name '.headroom-*')" ] || fail "a piece of a page under another name"
head -c 3000 load.hdb >cut.hdb
expect 3 "$HEADROOM" report cut.hdb
expect 3 "$HEADROOM" report nowhere.hdb
[ ! -e cut-report.html ] || fail "a report of a damaged file"

# Without gnuplot; with one that fails; with one that hangs, which is asked once.
mkdir bin
expect 0 env PATH="$work/bin" "$HEADROOM" report load.hdb --out none.html
says err.txt 'gnuplot is not installed'
[ "$(wc -l <err.txt)" = 1 ] || fail "told more than once: $(cat err.txt)"
says none.html 'There are no figures: gnuplot is not installed'
says none.html 'Keeps every promise up to 60/s'
if grep -q '<figure>' none.html; then
    fail "a figure of nothing"
fi
fake() { # fake BODY
    printf '#!/bin/sh\n%s\n' "$1" >bin/gnuplot
    chmod +x bin/gnuplot
}
fake 'echo broken; exit 1'
expect 0 env PATH="$work/bin:$PATH" "$HEADROOM" report load.hdb --out none.html --force
says err.txt 'latency: not drawn: gnuplot failed with status 1: broken'
says none.html 'latency (gnuplot failed with status 1: broken)'
fake 'sleep 300'
before=$SECONDS
expect 0 env PATH="$work/bin:$PATH" "$HEADROOM" report load.hdb --out none.html --force
says none.html 'There are no figures: gnuplot was stopped after 30 s'
[ $((SECONDS - before)) -lt 60 ] || fail "waited $((SECONDS - before)) s for gnuplot"
