/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * timeline -- what happened over the time of a point's replications: latencies, rates,
 * what is in use, what is up, and what befell the system. They are run once more for
 * it, with a chronicle (models/chronicle.h); nothing of that is stored.
 *
 * Ownership: everything lives in the arena given; the point keeps what it was asked
 *            once.
 * Errors:    false with the reason in `why`.
 */
#ifndef EXPERIMENTS_TIMELINE_H
#define EXPERIMENTS_TIMELINE_H

#include "experiments/point.h"
#include "plots/table.h"

/* p50, p95 and p99 of those who came at a time. */
bool timeline_latency(struct point *point, const struct point_effort *effort,
                      struct arena *arena, struct table *table, const char **why);

/* Requests that came, were answered well, and failed, per second. */
bool timeline_rates(struct point *point, const struct point_effort *effort,
                    struct arena *arena, struct table *table, const char **why);

/* How much of the slots and connections that are limited is in use. */
bool timeline_use(struct point *point, const struct point_effort *effort,
                  struct arena *arena, struct table *table, const char **why);

/* Instances that take work, of services whose do not always. */
bool timeline_up(struct point *point, const struct point_effort *effort,
                 struct arena *arena, struct table *table, const char **why);

/* What befell the system, and the end of the warm-up, as marks of a figure over time.
 * Points to which nothing can happen are not run again for it. */
bool timeline_marks(struct point *point, const struct point_effort *effort,
                    struct arena *arena, struct table *table, const char **why);

#endif
