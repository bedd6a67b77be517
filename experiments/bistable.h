/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bistable -- does the start decide the end? Where attempts are given up and made again
 * while the work for them goes on, an overload can feed itself long after what began it
 * is over (metastable failure). One set of replications then starts empty, another one
 * with a burst: as many requests as can be served in four times the time after which an
 * attempt is given up. When the burst should be long gone, the answers of both are
 * counted. If the second still has fewer, or in one replication less than half, it is
 * looked at four times as late before it is said not to recover.
 *
 * Tried only where overload can feed itself and the load is one that can be carried;
 * bursts of the scenario that come once are left out of both.
 */
#ifndef EXPERIMENTS_BISTABLE_H
#define EXPERIMENTS_BISTABLE_H

#include "experiments/estimate.h"

#include <stdbool.h>

struct arena;
struct point;
struct point_effort;

enum bistability_state {
    BISTABILITY_NOT_TRIED, /* nothing is made again, or the load is too much anyway */
    BISTABILITY_TOO_LONG,  /* it would take more than the run itself, or more requests
                              at once than can be held */
    BISTABILITY_RECOVERS,
    BISTABILITY_STAYS, /* overloaded: bistable */
    BISTABILITY_FALLS, /* so late it is overloaded from whatever start */
};
extern const char *const bistability_names[]; /* "not tried", … */

struct bistability {
    enum bistability_state state;
    double burst;  /* requests */
    double after;  /* s from the burst to where counting begins */
    double length; /* s that it lasts */
    int replications;
    double requests; /* simulated for that, about */
    int fallen;  /* of those that start empty: overloaded by themselves meanwhile */
    double best; /* answers/s of the one that answers most */
    struct estimate empty, overloaded; /* answers/s */
};

/* Fills in a concluded result's bistability, and its verdict if it is bistable; false
 * when interrupted, or when the runner of the effort gave up. */
bool bistable_try(struct point *point, const struct point_effort *effort,
                  struct arena *arena);

#endif
