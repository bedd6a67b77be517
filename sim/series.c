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

/* Ends with `since` in the bin of `now`; past the last bin nothing is due any more. */
void series_cross(struct series *s, sim_time now)
{
    while (s->bin < s->bins && now >= s->bin_end) {
        s->area[s->bin] += (uint128)((int128)s->value * (s->bin_end - s->since));
        s->since = s->bin_end;
        s->bin_end += s->width;
        s->bin++;
    }
    if (s->bin == s->bins)
        s->bin_end = SIM_NEVER;
}
