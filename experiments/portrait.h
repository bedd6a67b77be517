/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * portrait -- figures of a single point, beside its tail (tail.h): where the time goes,
 * what happened over the time of its runs, how a load test would tell it.
 *
 * Ownership: tables live in the arena given.
 * Errors:    false with the reason in `why`: it has nothing for this figure.
 */
#ifndef EXPERIMENTS_PORTRAIT_H
#define EXPERIMENTS_PORTRAIT_H

#include "experiments/point.h"
#include "plots/table.h"

/* Stacked bars of the median request and of the slowest 1 %. */
bool portrait_blame(struct point *point, const struct point_effort *effort,
                    struct arena *arena, struct table *table, const char **why);

/* Requests in the system over time, averaged over the replications. */
bool portrait_backlog(struct point *point, const struct point_effort *effort,
                      struct arena *arena, struct table *table, const char **why);

/* The same at the start of the runs, with the cut by MSER-5 and the warm-up used. */
bool portrait_warm_up(struct point *point, const struct point_effort *effort,
                      struct arena *arena, struct table *table, const char **why);

/* What a load tool would print, and what users at that rate would feel: they are
 * simulated, unless that was done. */
bool portrait_twin(struct point *point, const struct point_effort *effort,
                   struct arena *arena, struct table *table, const char **why);

#endif
