/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * figures -- the figures of a results file, or of a single result, as tables to draw.
 * Adding one is adding its row in figures.c.
 *
 * Ownership: tables live in the arena given and point into the chart.
 */
#ifndef EXPERIMENTS_FIGURES_H
#define EXPERIMENTS_FIGURES_H

#include "experiments/chart.h"
#include "experiments/point.h"
#include "plots/figure.h"

struct figures_row {
    const char *name, *help; /* "latency" */
    enum figure_kind kind;
    /* False: these results have nothing for it; `why` says what they lack. */
    bool (*make)(const struct chart *chart, struct arena *arena, struct table *table,
                 const char **why);
    /* Of those that show a single point, instead. Some simulate it once more. */
    bool (*portray)(struct point *point, const struct point_effort *effort,
                    struct arena *arena, struct table *table, const char **why);
};

extern const struct figures_row figures_rows[]; /* ended by a row without a name */

const struct figures_row *figures_find(const char *name);

#endif
