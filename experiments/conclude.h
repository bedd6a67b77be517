/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conclude -- what a point's outcomes say, as rows of the results file. */
#ifndef EXPERIMENTS_CONCLUDE_H
#define EXPERIMENTS_CONCLUDE_H

#include "experiments/result.h"
#include "experiments/store.h"

/* Notes verdict, promises and estimates of a concluded result. */
void conclude_point(struct store *store, int64_t point, const struct result *result,
                    enum store_state state, const struct digest *simulation,
                    struct arena *arena);

/* Notes that a point cannot be simulated. */
void conclude_failure(struct store *store, int64_t point, const char *why);

/* How open a result still is, 1 = fully, 0 = every promise is surely kept or broken.
 * Without promises: 1 until the precision is met. */
double conclude_openness(const struct result *result);

#endif
