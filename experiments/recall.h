/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * recall -- a point of a results file as a concluded result again, from the scenario
 * and the replications that the file holds; nothing is simulated.
 *
 * Ownership: everything lives in the arena given.
 */
#ifndef EXPERIMENTS_RECALL_H
#define EXPERIMENTS_RECALL_H

#include "experiments/chart.h"
#include "experiments/point.h"

/* Compiles it only: nothing of what was found is read. False with the reason in `why`,
 * as below. */
bool recall_set_up(struct point *point, const struct chart_point *from,
                   struct arena *arena, const char **why);

bool recall_point(struct point *point, struct store *store,
                  const struct chart_point *from, struct arena *arena,
                  const char **why);

#endif
