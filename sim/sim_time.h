/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sim_time -- simulated time: signed 64-bit nanoseconds since the start of a run.
 *
 * Integers make equal times equal, differences exact and sums independent of their
 * order. The range is 292 years; a run may not pass SIM_TIME_MAX, half of that, so that
 * adding a duration to a time of the run cannot overflow.
 */
#ifndef SIM_SIM_TIME_H
#define SIM_SIM_TIME_H

#include <stdint.h>

typedef int64_t sim_time;

__extension__ typedef __int128 int128;
__extension__ typedef unsigned __int128 uint128;

#define SIM_MICROSECOND INT64_C(1000)
#define SIM_MILLISECOND INT64_C(1000000)
#define SIM_SECOND INT64_C(1000000000)
#define SIM_TIME_MAX (INT64_C(1) << 62)
#define SIM_NEVER INT64_MAX /* an absent limit: no timeout, no end */

/* The sum and a part more, or less. Said by halves, as gcc keeps wide numbers in
 * memory. */
static inline void wide_add(uint128 *sum, uint64_t more)
{
    uint64_t low, high = (uint64_t)(*sum >> 64);
    high += __builtin_add_overflow((uint64_t)*sum, more, &low);
    *sum = (uint128)high << 64 | low;
}

static inline void wide_subtract(uint128 *sum, uint64_t less)
{
    uint64_t low, high = (uint64_t)(*sum >> 64);
    high -= __builtin_sub_overflow((uint64_t)*sum, less, &low);
    *sum = (uint128)high << 64 | low;
}

/* The whole part of a number that is not negative; nearly all fit into 64 bits, which
 * needs no call of a library. */
static inline uint128 wide_from(double x)
{
    return x < 0x1p63 ? (uint128)(uint64_t)(int64_t)x : (uint128)x;
}

/* Nanoseconds as seconds, for results and messages only. */
static inline double sim_seconds(sim_time t)
{
    return (double)t * 1e-9;
}

/* Seconds as nanoseconds, rounded half up; negative and NaN give 0, too large
 * SIM_TIME_MAX. */
static inline sim_time sim_from_nanoseconds(double ns)
{
    if (!(ns > 0))
        return 0;
    if (ns >= (double)SIM_TIME_MAX)
        return SIM_TIME_MAX;
    return (sim_time)(ns + 0.5);
}

#endif
