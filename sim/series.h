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
#include "sim/inline.h"
#include "sim/level.h"
#include "sim/sim_time.h"

struct series {
    int64_t value;
    sim_time width;
    sim_time bin_end; /* of the present bin; SIM_NEVER past the last one */
    int bin, bins;
    uint128 moment; /* of the changes in the present bin and the level before, as in
                       sim/level.h */
    uint128 *area;  /* per bin; of the present one after series_close */
};

void series_init(struct series *s, struct arena *arena, int bins, sim_time width);

/* Rare: `now` is past the end of the present bin. */
void series_cross(struct series *s, sim_time now);

static inline void series_add(struct series *s, sim_time now, int64_t change)
{
    if (RARELY(now >= s->bin_end))
        series_cross(s, now);
    moment_change(&s->moment, now, change);
    s->value += change;
}

/* Bring the integral up to `now`. */
void series_close(struct series *s, sim_time now);

#endif
