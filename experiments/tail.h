/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tail -- the latency tail of a result as a table to draw: for each request type the
 * part of its requests slower than x, with a band from the replications, and the
 * promises.
 *
 * A curve ends where ESTIMATE_BEYOND_ALL values are left beyond it (five in scenarios
 * that end by themselves): nothing is drawn that the samples do not carry.
 */
#ifndef EXPERIMENTS_TAIL_H
#define EXPERIMENTS_TAIL_H

#include "experiments/result.h"
#include "plots/table.h"

struct table tail_table(const struct result *result, struct arena *arena);

#endif
