/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sitter -- who sits for the figures: the points of a results file, and the one of them
 * that is portrayed; or a result alone. Whatever shows figures asks here for their
 * tables.
 *
 * Ownership: tables and the point live in the arena given.
 */
#ifndef EXPERIMENTS_SITTER_H
#define EXPERIMENTS_SITTER_H

#include "experiments/figures.h"
#include "experiments/point.h"

struct sitter {
    const struct chart *chart; /* NULL: a result alone */
    struct store *store;       /* of the chart */
    struct point *point; /* NULL: not yet recalled */
    const char *title, *scenario; /* NULL: as the result says */
    const char *at;               /* the point's label; NULL likewise */
    struct point_effort effort; /* threads and stop, of portraits that simulate */
};

/* The point that is portrayed unless another is chosen: the most loaded one of the last
 * line that has lasting values. */
const struct chart_point *sitter_usual(const struct chart *chart);

/* Brings a point of the chart to sit; false: why not. */
bool sitter_seat(struct sitter *s, const struct chart_point *point,
                 struct arena *arena, const char **why);

/* False: these results have nothing for it; `why` says what they lack. */
bool sitter_table(struct sitter *s, const struct figures_row *row, struct arena *arena,
                  struct table *table, const char **why);

#endif
