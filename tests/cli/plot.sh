#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# plot: the figures of a results file; their scripts draw the same bytes without headroom;
# overloaded points are hollow; nothing of a text is obeyed; what is wrong is told.
. "${SRC:?}/tests/cli/lab.bash"
command -v gnuplot >/dev/null || exit 77

cat >api.json <<'JSON'
{ "workloads": { "v": { "target": "api", "open": { "rate": "50/s" }, "timeout": "1s" } },
  "services": { "api": { "kind": "server", "slots": 1, "time": { "exponential": "10ms" } } },
  "slo": [ "p95 < 200ms" ],
  "run": { "duration": "400s", "replications": 4 } }
JSON
cat >load.json <<'JSON'
{ "scenario": "api.json", "vary": { "/workloads/v/open/rate": [ "40/s", "70/s", "90/s", "130/s" ] } }
JSON
expect 0 "$HEADROOM" batch load.json --quiet
expect 0 "$HEADROOM" plot load.hdb
says err.txt 'Nothing to draw for: heat, feasible, variants, up-over-time, load-test'
for kind in latency goodput utilisation blame tail backlog latency-over-time \
    rates-over-time use-over-time warm-up; do
    says out.txt "load-figures/$kind.svg"
    [ -s "load-figures/$kind.svg" ] || fail "no $kind"
    says "load-figures/$kind.svg" '4 replications '
    says "load-figures/$kind.svg" 'seed 1, headroom '
    # The script beside the figure draws it again, to the byte, without headroom.
    (cd "load-figures/$kind" && gnuplot -d figure.gp)
    cmp "load-figures/$kind.svg" "load-figures/$kind/figure.svg"
done
says load-figures/latency.svg '>p95 &lt; 200ms<'
says load-figures/latency.svg '>api full at '
says load-figures/latency.svg 'none where overloaded'
says load-figures/goodput.svg 'hollow: overloaded'

# 130/s for a server of 100/s: its point is in no line.
answered=load-figures/goodput/curve1.dat
grep -q '^130 ' load-figures/goodput/hollow1.dat || fail "130/s is not hollow"
! grep -q '^130 ' $answered || fail "130/s is joined"
grep -q '^90 ' $answered || fail "90/s is not drawn"
! grep -q '^90 ' load-figures/goodput/hollow1.dat || fail "90/s is hollow"
! grep -q '^130 ' load-figures/latency/curve1.dat || fail "a latency without a limit"

# A backlog that grows has no time: a triangle on the upper edge says how fast it does.
# Between the largest load at which all promises are kept and the next lies the capacity.
cat >grows.json <<'JSON'
{ "scenario": "api.json", "replications": 4,
  "variants": { "patient": { "workloads": { "v": { "timeout": "1h" } } } },
  "vary": { "/workloads/v/open/rate": [ "60/s", "80/s", "150/s" ] } }
JSON
expect 0 "$HEADROOM" batch grows.json --quiet
expect 0 "$HEADROOM" plot grows.hdb --kind latency
says grows-figures/latency.svg 'triangles: backlog +'
says grows-figures/latency.svg '>promises kept to 80/s<'
grep -q '^mark_beyond\[[0-9]*\] = 1$' grows-figures/latency/figure.gp || fail "no triangle"
grep -q '^mark_high\[[0-9]*\] = 150$' grows-figures/latency/figure.gp || fail "no interval"

# A map over two values.
cat >map.json <<'JSON'
{ "scenario": "api.json", "replications": 2,
  "vary": { "/workloads/v/open/rate": [ "40/s", "70/s", "130/s" ],
            "/services/api/slots": [ 1, 2 ] } }
JSON
expect 0 "$HEADROOM" batch map.json --quiet
expect 0 "$HEADROOM" plot map.hdb --kind heat,feasible
for kind in heat feasible; do
    (cd "map-figures/$kind" && gnuplot -d figure.gp)
    cmp "map-figures/$kind.svg" "map-figures/$kind/figure.svg"
    says "map-figures/$kind.svg" '>slots<'
    for format in png pdf; do
        expect 0 "$HEADROOM" plot map.hdb --kind $kind --format $format --size column \
            --out "map-$format"
        [ -s "map-$format/$kind.$format" ] || fail "no $kind.$format"
    done
done
expect 2 "$HEADROOM" plot load.hdb --kind heat --out none
says err.txt 'heat: needs two varied values'

# The numbers drawn are those of the file.
drawn=$(awk '$1 == 70 { printf "%.6f", $2 }' load-figures/latency/curve1.dat)
known=$("$HEADROOM" export load.hdb |
    awk -F, '$2 == "rate=70/s" && $7 == "all" && $9 == "mean" { printf "%.6f", $11 }')
if [ -z "$known" ] || [ "$drawn" != "$known" ]; then
    fail "drawn $drawn, found $known"
fi

expect 0 "$HEADROOM" plot load.hdb --kind latency --format png --size column --out png
[ "$(head -c 4 png/latency.png | tail -c 3)" = PNG ] || fail "no PNG"
expect 0 "$HEADROOM" plot load.hdb --kind latency --format pdf --size slide --out pdf
[ "$(head -c 4 pdf/latency.pdf)" = %PDF ] || fail "no PDF"

# Files that are there stay.
echo mine >load-figures/latency.svg
expect 2 "$HEADROOM" plot load.hdb
says err.txt '(--force replaces it)'
grep -qx mine load-figures/latency.svg || fail "a figure was replaced"
expect 0 "$HEADROOM" plot load.hdb --force

# Portraits are of the most loaded point that lasts, unless another is chosen.
says load-figures/blame.svg '>load rate=90/s<'
says load-figures/blame.svg '>slowest 1 %<'
says load-figures/backlog.svg '>warm-up ends<'
# Marks of no size have no place: some readers of SVG refuse the whole picture.
if grep -q 'scale(0.00)' load-figures/*.svg; then
    fail 'a mark of no size'
fi
expect 0 "$HEADROOM" plot load.hdb --kind tail --where rate=40/s --out calm
says calm/tail.svg '>load rate=40/s<'

# A scenario is simulated; what it says is what the file says of the same point.
expect 0 "$HEADROOM" plot api.json --set /workloads/v/open/rate=90/s --kind blame,tail
cmp api-figures/tail/curve1.dat load-figures/tail/curve1.dat
cmp api-figures/blame/part1.dat load-figures/blame/part1.dat
expect 2 "$HEADROOM" plot api.json --kind latency --force
says err.txt 'latency: needs a results file'

# A variant a line, one number of it.
cat >both.json <<'JSON'
{ "scenario": "api.json", "replications": 2,
  "variants": { "one": {}, "'; system('touch canary'); x='`touch canary`": { "services": { "api": { "slots": 2 } } } },
  "vary": { "/workloads/v/open/rate": [ "40/s", "70/s" ] } }
JSON
expect 0 "$HEADROOM" batch both.json --quiet
expect 0 "$HEADROOM" plot both.hdb
says both-figures/latency.svg '>one<'
says both-figures/goodput.svg '>one<'
says both-figures/goodput.svg 'touch canary'
says both-figures/latency.svg 'p95 response time of all requests'
if [ -e canary ] || [ -e both-figures/latency/canary ]; then
    fail "a name was obeyed"
fi
expect 0 "$HEADROOM" plot both.hdb --where one --kind latency --by mean --out one
says one/latency.svg '>p50<'

# Side by side: the values of the file, the differences of `compare`.
says both-figures/variants.svg '>both at 70/s<'
says both-figures/variants.svg '>p95<'
says both-figures/variants.svg ' % ±'
drawn=$(awk 'NR > 1 && $5 == 1 && $6 > 1 { printf "%.6f", $6 }' both-figures/variants/dots.dat)
known=$("$HEADROOM" export both.hdb |
    awk -F, '$2 == "one rate=70/s" && $7 == "all" && $9 == "completed" { printf "%.6f", $11 }')
if [ -z "$known" ] || [ "$drawn" != "$known" ]; then
    fail "goodput drawn $drawn, found $known"
fi
expect 2 "$HEADROOM" plot load.hdb --kind variants --out none
says err.txt 'variants: needs two variants'

# A load test and the users it stands for are simulated, and nothing else is.
cat >test.json <<'JSON'
{ "workloads": { "v": { "target": "api", "k6": { "constant-arrival-rate":
      { "rate": "50/s", "preAllocatedVUs": 20 } } } },
  "services": { "api": { "kind": "server", "slots": 1, "time": "10ms" } },
  "run": { "duration": "60s", "replications": 2 } }
JSON
expect 0 "$HEADROOM" plot test.json --kind load-test,warm-up
for kind in load-test warm-up; do
    (cd "test-figures/$kind" && gnuplot -d figure.gp)
    cmp "test-figures/$kind.svg" "test-figures/$kind/figure.svg"
done
says test-figures/load-test.svg '>k6 prints<'
expect 2 "$HEADROOM" plot api.json --kind load-test --force
says err.txt 'load-test: no workload is a load test'

expect 2 "$HEADROOM" plot load.hdb --kind lateny
says err.txt 'no figure is called "lateny"; there are latency, goodput'
expect 2 "$HEADROOM" plot load.hdb --over speed --force
says err.txt 'speed: was not varied (varied: rate)'
expect 2 "$HEADROOM" plot load.hdb --of nobody --force
expect 2 "$HEADROOM" plot load.hdb --where two --force
expect 2 "$HEADROOM" plot load.hdb --by p42 --force
expect 2 "$HEADROOM" plot load.hdb --size poster
expect 2 "$HEADROOM" plot load.hdb --format gif
expect 3 "$HEADROOM" plot nowhere.hdb
expect 2 "$HEADROOM" plot load.json

# Without gnuplot, and with one that fails.
mkdir bin
expect 3 env PATH="$work/bin" "$HEADROOM" plot load.hdb --out none
says err.txt 'gnuplot is not installed'
printf '#!/bin/sh\necho broken\nexit 1\n' >bin/gnuplot
chmod +x bin/gnuplot
expect 3 env PATH="$work/bin:$PATH" "$HEADROOM" plot load.hdb --out none
says err.txt 'gnuplot failed with status 1: broken'
[ ! -e none/latency.svg ] || fail "a figure of nothing"
