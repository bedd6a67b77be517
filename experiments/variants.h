/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * variants -- the lines of a chart at one value of its axis, side by side: percentiles
 * and goodput with their intervals, and what each differs by from the first, where both
 * saw the same random numbers over the same window.
 *
 * Ownership: the table lives in the arena given and points into the chart.
 * Errors:    false with the reason in `why`.
 */
#ifndef EXPERIMENTS_VARIANTS_H
#define EXPERIMENTS_VARIANTS_H

#include "experiments/chart.h"

bool variants_table(const struct chart *chart, struct arena *arena, struct table *table,
                    const char **why);

#endif
