/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tally -- count, sum, sum of squares and extremes of whole numbers (usually ns).
 *
 * Plain struct: {0} is an empty tally. All integers: adding and merging are exact and
 * independent of order. The sum of squares overflows only past 3.4e38 ns^2, which is
 * checked.
 */
#ifndef SIM_TALLY_H
#define SIM_TALLY_H

#include "sim/check.h"
#include "sim/sim_time.h"

struct tally {
    uint64_t count;
    int128 sum;
    uint128 squares;
    int64_t least, most; /* 0 while count is 0 */
};

static inline void tally_add_squares(struct tally *t, uint128 squares)
{
    check(!__builtin_add_overflow(t->squares, squares, &t->squares),
          "sum of squares after %llu values", (unsigned long long)t->count);
}

/* A sum and a part more. Said by halves, as in sim/sim_time.h. */
static inline int128 tally_sum(int128 sum, int64_t more)
{
    uint64_t low, high = (uint64_t)(sum >> 64) + (uint64_t)(more >> 63);
    high += __builtin_add_overflow((uint64_t)sum, (uint64_t)more, &low);
    return (int128)((uint128)high << 64 | low);
}

/* A value beyond the extremes, or the first one. */
void tally_widen(struct tally *t, int64_t x) __attribute__((cold));

/* The sums alone, for an owner who knows count and extremes from elsewhere. */
static inline void tally_add_moments(struct tally *t, int64_t x)
{
    t->sum = tally_sum(t->sum, x);
    tally_add_squares(t, (uint128)((int128)x * x));
}

static inline void tally_add(struct tally *t, int64_t x)
{
    if ((uint64_t)x - (uint64_t)t->least > (uint64_t)t->most - (uint64_t)t->least)
        tally_widen(t, x);
    t->count++;
    tally_add_moments(t, x);
}

void tally_merge(struct tally *into, const struct tally *from);
double tally_mean(const struct tally *t);     /* NaN when empty */
double tally_variance(const struct tally *t); /* of the sample; NaN below two */

#endif
