/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * explain_page -- an explanation as text for a terminal, and as JSON.
 */
#ifndef EXPERIMENTS_EXPLAIN_PAGE_H
#define EXPERIMENTS_EXPLAIN_PAGE_H

#include "experiments/chance.h"
#include "experiments/explain.h"
#include "experiments/oracle.h"

#include <stdbool.h>
#include <stdio.h>

/* Everything that `headroom explain` says. */
struct explained {
    const char *name; /* of the scenario */
    const struct model *model;
    const struct explanation *is;
    struct oracle oracle;
    struct chance chance;
};

void explain_print(const struct explained *explained, bool colour, FILE *out);

/* One JSON object, documented in docs/scenarios.md; in the arena. */
char *explain_json(const struct explained *explained, struct arena *arena);

#endif
