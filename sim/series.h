/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * series -- the exact time integral of a whole-number level in equal bins of time.
 *
 * Memory is fixed: `bins` counters over [0, bins * width); later time falls into
 * nothing.
 */
#ifndef SIM_SERIES_H
#define SIM_SERIES_H

#include "sim/arena.h"
#include "sim/sim_time.h"

struct series {
    int64_t value;
    sim_time since, width;
    sim_time bin_end;  /* of the bin that holds `since` */
    int bin, bins;
    uint128 *area;     /* per bin */
};

void series_init(struct series *s, struct arena *arena, int bins, sim_time width);

/* Slow path: the change crosses one or more bin ends. */
void series_cross(struct series *s, sim_time now);

static inline void series_add(struct series *s, sim_time now, int64_t change)
{
    if (now >= s->bin_end)
        series_cross(s, now);
    if (s->bin < s->bins)
        s->area[s->bin] += (uint128)((int128)s->value * (now - s->since));
    s->since = now;
    s->value += change;
}

/* Bring the integral up to `now`. */
static inline void series_close(struct series *s, sim_time now)
{
    series_add(s, now, 0);
}

#endif
