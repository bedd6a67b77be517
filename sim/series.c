/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/series.h"

#include "sim/check.h"

void series_init(struct series *s, struct arena *arena, int bins, sim_time width)
{
    check(bins > 0 && width > 0 && width <= SIM_TIME_MAX / bins, "%d bins of %lld",
          bins, (long long)width);
    *s = (struct series){.width = width, .bin_end = width, .bins = bins};
    s->area = arena_many(arena, bins, uint128);
}

/* The integral over the present bin up to `now`. */
static uint128 area_until(const struct series *s, sim_time now)
{
    return s->moment + (uint128)((int128)s->value * now);
}

void series_cross(struct series *s, sim_time now)
{
    for (; s->bin < s->bins && now >= s->bin_end; s->bin++) {
        s->area[s->bin] = area_until(s, s->bin_end);
        s->moment -= s->area[s->bin];
        s->bin_end += s->width;
    }
    if (s->bin == s->bins)
        s->bin_end = SIM_NEVER;
}

void series_close(struct series *s, sim_time now)
{
    if (now >= s->bin_end)
        series_cross(s, now);
    if (s->bin < s->bins)
        s->area[s->bin] = area_until(s, now);
}
