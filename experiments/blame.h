/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * blame -- what the slowest 1 % spent their time on, beside the requests around the
 * median.
 *
 * Times were summed per latency bin (8 to an octave) and resource, so that no
 * percentile had to be known beforehand; a bin that lies across a border counts in
 * proportion.
 */
#ifndef EXPERIMENTS_BLAME_H
#define EXPERIMENTS_BLAME_H

#include "experiments/sample.h"

struct blame_share {
    int resource;                 /* model_facts.resources */
    struct estimate tail, middle; /* parts of the time, each column sums to 1 */
};

struct blame {
    struct blame_share *share; /* by the tail's part, largest first */
    int count;                 /* those with any time */
    double tail_from; /* s: latencies above this are the tail (a bin's precision) */
    double requests;  /* in the tail */
};

/* Of the types of the scope that enter its latencies. count 0: nothing to tell. */
struct blame *blame_of(const struct sample *s, struct scope scope, struct arena *arena);

#endif
