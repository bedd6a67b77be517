/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * twin -- a load test and its users: what the tool would print, and what users who come
 * at the same rate would feel.
 *
 * A tool times its own requests, by its own rules: it leaves out what it did not send,
 * waits for answers where users would not, and comes evenly where they come at random.
 * So the same system is simulated once more, with users in place of the tool: Poisson
 * arrivals at the rate of the test, in its shape over time, from many addresses.
 *
 * Units:     s, 1/s, fractions.
 * Ownership: everything lives in the arena given.
 */
#ifndef EXPERIMENTS_TWIN_H
#define EXPERIMENTS_TWIN_H

#include "experiments/point.h"

enum { TWIN_LEVELS = 4 };
extern const double twin_levels[TWIN_LEVELS];           /* 0.5 … 0.99 */
extern const char *const twin_level_names[TWIN_LEVELS]; /* "p50" … "p99" */

/* Of one workload, by either side. */
struct twin_side {
    struct estimate rate;   /* requests that were sent, per s */
    struct estimate failed; /* part of them */
    struct estimate mean, level[TWIN_LEVELS];
};

struct twin_test {
    int workload;
    enum tool tool;
    struct twin_side tool_prints, users_feel;
    struct estimate dropped; /* part of the iterations that were due, k6 */
    struct estimate interrupted; /* part of the requests: under way at its end */
    struct estimate late;    /* part of the answers: left out of the times, wrk */
};

struct twin {
    struct twin_test *test;
    int tests;
    const struct result *users; /* NULL: they could not be simulated, */
    const char *why;            /* because of this */
};

/* What the tools print; NULL when no workload is a load test. */
struct twin *twin_of(const struct result *result, struct arena *arena);

/* Simulates the users. False when it was interrupted. */
bool twin_run(struct twin *twin, const struct point *point,
              const struct point_effort *effort, struct arena *arena);

/* The p-quantile as a tool prints it, ns, of one run's times; NaN of none. */
double twin_level(enum tool tool, const struct histogram *times, double p);

/* wrk adds what it thinks a stalled connection would have sent every `interval` ns. */
void twin_correct(const struct histogram *times, uint64_t interval,
                  struct histogram *out, struct arena *arena);

#endif
