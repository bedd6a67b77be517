/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * portrait -- figures of a single result, beside its tail (tail.h): where the time
 * goes, and what happened over the time of its runs.
 *
 * Ownership: tables live in the arena given.
 */
#ifndef EXPERIMENTS_PORTRAIT_H
#define EXPERIMENTS_PORTRAIT_H

#include "experiments/result.h"
#include "plots/table.h"

/* Stacked bars of the median request and of the slowest 1 %. */
struct table portrait_blame(const struct result *result, struct arena *arena);

/* Requests in the system over time, averaged over the replications. */
struct table portrait_backlog(const struct result *result, struct arena *arena);

#endif
