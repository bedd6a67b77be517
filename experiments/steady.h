/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * steady -- has a run settled, when, and does its backlog grow? Answered from the
 * number of requests in the system over time, in bins, of all replications together.
 *
 * Units: bins count from the start of the run; rates per second.
 */
#ifndef EXPERIMENTS_STEADY_H
#define EXPERIMENTS_STEADY_H

#include "experiments/sample.h"

/*
 * Where the warm-up ends by MSER-5 (White 1997): levels are averaged in fives; the cut
 * d minimises sum_{i >= d} (Y_i - mean)^2 / (m - d)^2. To be used on the average over
 * the replications only: on single ones it deletes genuine busy spells and adds bias.
 *
 * Returns the bin of the cut, a multiple of five; more than half of `bins` means that
 * the run was too short to settle.
 */
int steady_cut(const double *level, int bins);

/* The number in the system in each bin, averaged over the replications, into level[0 ..
 * OUTCOME_BINS). Returns the bins that every replication covers. */
int steady_levels(const struct sample *s, double *level);

/*
 * How fast the backlog grows, requests/s: least-squares slope over ten equal parts of
 * the second half, one slope a replication.
 */
struct estimate steady_growth(const struct sample *s);

/* Is that growth? Its lower bound must be above 0, and its value above 0.5 % of the
 * arrivals, below which it drowns in the wandering of a heavily loaded but stable
 * queue. */
bool steady_grows(const struct sample *s, struct estimate growth);

/*
 * What a growth that surely slows down leads to: the number in the system in the end,
 * by its mean so far. Sessions of an hour fill up like this for hours, and then no
 * more; a backlog grows evenly. INFINITY if it does not surely slow down.
 */
double steady_filling(const struct sample *s);

/*
 * The time in s over which the number in the system remembers itself from bin `from`
 * on: 1 + 2 sum of autocorrelations, up to the first below 0.05, times the bin's width.
 * A mean over n such times is worth n independent values. Never less than a bin.
 */
double steady_memory(const struct sample *s, int from);

/* The width of a bin, s. */
double steady_bin(const struct sample *s);

#endif
