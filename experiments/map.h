/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * map -- points over two varied values: the columns are the values along the chart's
 * axis, the rows its lines.
 *
 * Ownership: tables live in the arena given and point into the chart.
 * Errors:    false with the reason in `why`: the points lie on no grid.
 */
#ifndef EXPERIMENTS_MAP_H
#define EXPERIMENTS_MAP_H

#include "experiments/chart.h"

/* The chart's metric; cells that are overloaded have none. */
bool map_metric(const struct chart *chart, struct arena *arena, struct table *table,
                const char **why);

/* Whether all promises are kept. */
bool map_promises(const struct chart *chart, struct arena *arena, struct table *table,
                  const char **why);

#endif
