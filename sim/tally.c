/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/tally.h"

#include <math.h>

void tally_widen(struct tally *t, int64_t x)
{
    if (t->count == 0 || x < t->least)
        t->least = x;
    if (t->count == 0 || x > t->most)
        t->most = x;
}

void tally_merge(struct tally *into, const struct tally *from)
{
    if (from->count == 0)
        return;
    if (into->count == 0 || from->least < into->least)
        into->least = from->least;
    if (into->count == 0 || from->most > into->most)
        into->most = from->most;
    into->count += from->count;
    into->sum += from->sum;
    tally_add_squares(into, from->squares);
}

double tally_mean(const struct tally *t)
{
    return t->count ? (double)t->sum / (double)t->count : NAN;
}

/*
 * Around the whole part m of the mean, with sum = n m + rest, the squared deviations
 * add up to  squares - m (sum + rest)  exactly; modulo 2^128 the steps may wrap, the
 * result does not. Around the mean itself it is rest^2 / n less.
 */
double tally_variance(const struct tally *t)
{
    if (t->count < 2)
        return NAN;
    int128 n = (int128)t->count, m = t->sum / n, rest = t->sum - m * n;
    uint128 around_m = t->squares - (uint128)m * (uint128)(t->sum + rest);
    double fraction = (double)rest / (double)t->count;
    return ((double)around_m - (double)rest * fraction) / (double)(t->count - 1);
}
