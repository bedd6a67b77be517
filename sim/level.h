/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * level -- a whole number that changes over time (a queue's length, slots in use), its
 * exact time integral, its maximum, and how long it was at a limit.
 *
 * Plain struct: {0} is level 0 since time 0, with a limit of 0. All integers. A change
 * by d at time t adds d (T - t) to the integral up to T: the sum of -d t is kept, and T
 * times the level added when somebody asks. Likewise for the time at the limit.
 * Errors: a level below 0 is a mistake of ours (check).
 */
#ifndef SIM_LEVEL_H
#define SIM_LEVEL_H

#include "sim/check.h"
#include "sim/sim_time.h"

#include <stdbool.h>

struct level {
    int64_t value, most;
    int64_t limit;  /* change it with level_limit */
    sim_time full;  /* when it fell below the limit, less when it came there, summed */
    uint128 moment; /* sum of -d t */
};

/* Less change x now, of 128 bits. Changes by one need no product. */
static inline void moment_change(uint128 *moment, sim_time now, int64_t change)
{
    if (change == 1)
        wide_subtract(moment, (uint64_t)now);
    else if (change == -1)
        wide_add(moment, (uint64_t)now);
    else
        *moment -= (uint128)((int128)change * now);
}

static inline bool level_is_full(const struct level *l)
{
    return l->value >= l->limit;
}

/* A change of a level that nobody asks how long it was at its limit. */
static inline void level_pass(struct level *l, sim_time now, int64_t change)
{
    moment_change(&l->moment, now, change);
    l->value += change;
    if (change < 0)
        check(l->value >= 0, "level %lld", (long long)l->value);
    else if (l->value > l->most)
        l->most = l->value;
}

static inline void level_add(struct level *l, sim_time now, int64_t change)
{
    int was_full = level_is_full(l);
    level_pass(l, now, change);
    l->full += (was_full - level_is_full(l)) * now;
}

static inline void level_set(struct level *l, sim_time now, int64_t value)
{
    level_add(l, now, value - l->value);
}

/* The integral of the level from its beginning or restart up to now. */
static inline uint128 level_area(const struct level *l, sim_time now)
{
    return l->moment + (uint128)((int128)l->value * now);
}

/* How much of that time it was at its limit or above. */
static inline sim_time level_full(const struct level *l, sim_time now)
{
    return l->full + level_is_full(l) * now;
}

/* From now on the limit is this one. */
static inline void level_limit(struct level *l, sim_time now, int64_t limit)
{
    l->full += level_is_full(l) * now;
    l->limit = limit;
    l->full -= level_is_full(l) * now;
}

/* Forget the past (end of warm-up): the value stays, the maximum restarts from it. */
static inline void level_restart(struct level *l, sim_time now)
{
    l->moment -= level_area(l, now);
    l->full -= level_full(l, now);
    l->most = l->value;
}

#endif
