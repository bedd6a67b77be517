#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The layers: sim <- models <- experiments -> plots. No #include points upwards or
# sideways, no headers include each other in a circle, and the libraries that only
# experiments may know stay there.
set -eu
cd "${SRC:?}"
failed=0

# not_in LAYER PATTERN WHY: no file of the layer includes what the pattern says.
not_in() {
    if grep -rnE --include='*.[ch]' "^[[:space:]]*#[[:space:]]*include[[:space:]]*[<\"]($2)" "$1"
    then
        echo "$1 $3" >&2
        failed=1
    fi
}

not_in sim '(models|experiments|plots|tests)/' 'is the lowest layer'
not_in models '(experiments|plots|tests)/' 'may use sim alone'
not_in plots '(sim|models|experiments|tests)/' 'uses nothing of ours'
not_in experiments 'tests/' 'does not use the tests'
for layer in sim models plots; do
    not_in "$layer" '(cjson/|cJSON|omp\.h|sqlite)' 'knows no JSON, threads or store'
    not_in "$layer" 'gsl/' 'does without GSL, which serves analysis and tests'
done

if grep -rnE --include='*.[ch]' '^[[:space:]]*#[[:space:]]*pragma[[:space:]]+omp' \
    sim models plots; then
    echo 'threads are started in experiments alone' >&2
    failed=1
fi

# Every header before those that include it: tsort complains of a circle.
circles=$(grep -rE --include='*.h' '^#include "' sim models plots experiments |
    sed -E 's/^([^:]+):#include "([^"]+)".*/\2 \1/' | tsort 2>&1 >/dev/null) || true
if [ -n "$circles" ]; then
    printf 'headers include each other in a circle:\n%s\n' "$circles" >&2
    failed=1
fi
exit $failed
