/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * level -- a whole number that changes over time (a queue's length, slots in use), its
 * exact time integral, its maximum, and how long it was at a limit.
 *
 * Plain struct: {0} is level 0 since time 0, with a limit of 0. All integers.
 * Errors: a level below 0 is a mistake of ours (check).
 */
#ifndef SIM_LEVEL_H
#define SIM_LEVEL_H

#include "sim/check.h"
#include "sim/sim_time.h"

struct level {
    int64_t value, most;
    int64_t limit;   /* change it with level_limit */
    sim_time since;  /* of the last change */
    sim_time full;   /* time spent at the limit or above */
    uint128 area;    /* integral of value over time */
};

static inline void level_set(struct level *l, sim_time now, int64_t value)
{
    check(value >= 0, "level %lld", (long long)value);
    sim_time lasted = now - l->since;
    l->area += (uint128)((int128)l->value * lasted);
    l->full += l->value >= l->limit ? lasted : 0;
    l->since = now;
    l->value = value;
    if (value > l->most)
        l->most = value;
}

static inline void level_add(struct level *l, sim_time now, int64_t change)
{
    level_set(l, now, l->value + change);
}

/* From now on the limit is this one. */
static inline void level_limit(struct level *l, sim_time now, int64_t limit)
{
    level_add(l, now, 0);
    l->limit = limit;
}

/* Forget the past (end of warm-up): the value stays, the maximum restarts from it. */
static inline void level_restart(struct level *l, sim_time now)
{
    l->area = 0;
    l->full = 0;
    l->since = now;
    l->most = l->value;
}

#endif
