/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * export -- a results file as CSV (RFC 4180): one table, one header line, SI units.
 *
 * Every line names its point by number, label, variant and the values it was given, one
 * column for each key that was varied. Empty cells are numbers that may not be given.
 */
#ifndef EXPERIMENTS_EXPORT_H
#define EXPERIMENTS_EXPORT_H

#include "experiments/store.h"

#include <stdio.h>

enum export_what {
    EXPORT_METRICS,      /* a line for every number of every point, with its interval */
    EXPORT_POINTS,       /* a line for every point: verdict and main numbers */
    EXPORT_REPLICATIONS, /* a line for every replication */
    EXPORT_HISTOGRAMS,   /* a line for every cell of a point's latencies, by type */
};

void export_csv(struct store *store, enum export_what what, FILE *out);

#endif
