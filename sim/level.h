/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * level -- a whole number that changes over time (a queue's length, slots in use), its
 * exact time integral, its maximum, and how long it was at a limit.
 *
 * Plain struct: {0} is level 0 since time 0. All integers.
 */
#ifndef SIM_LEVEL_H
#define SIM_LEVEL_H

#include "sim/sim_time.h"

struct level {
    int64_t value, most;
    sim_time since;  /* of the last change */
    uint128 area;    /* integral of value over time */
};

static inline void level_set(struct level *l, sim_time now, int64_t value)
{
    l->area += (uint128)((int128)l->value * (now - l->since));
    l->since = now;
    l->value = value;
    if (value > l->most)
        l->most = value;
}

static inline void level_add(struct level *l, sim_time now, int64_t change)
{
    level_set(l, now, l->value + change);
}

/* Forget the past (end of warm-up): the value stays, the maximum restarts from it. */
static inline void level_restart(struct level *l, sim_time now)
{
    l->area = 0;
    l->since = now;
    l->most = l->value;
}

#endif
