/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/precision.h"

#include <math.h>

/* An F of the segments' analysis of variance that correlation between neighbouring
 * segments does not reach: 2.5 is its 0.1 % point for 20 replications of 10
 * segments. */
static const double persistent_f = 4;

/* One number of one segment of a replication, ns; NaN without requests. */
static double in_segment(const struct sample *s, const struct target *target,
                         int replication, int segment, struct arena *arena)
{
    struct histogram *pool = arena_new(arena, struct histogram);
    struct tally sum = {0};
    for (int t = 0; t < s->facts->types; t++) {
        const struct type_outcome *type = &s->outcome[replication].type[t];
        if (!scope_times(s->facts, target->scope, t))
            continue;
        if (!type->segment || !type->segment_sum)
            return NAN;
        if (target->level > 0)
            histogram_merge(pool, &type->segment[segment], arena);
        tally_merge(&sum, &type->segment_sum[segment]);
    }
    return target->level > 0 ? histogram_quantile(pool, target->level)
                             : tally_mean(&sum);
}

/*
 * Analysis of variance, replications against their segments from `first` on:
 * MSB = m Var(means of replications), MSW = mean of variances inside. Returns MSW /
 * MSB, the part of the error that length removes, or 1 if there is nothing else to be
 * seen.
 */
static double within_part(const struct sample *s, const struct target *target,
                          int first)
{
    int m = OUTCOME_SEGMENTS - first;
    double inside = 0, mean = 0, squares = 0;
    struct arena arena;
    arena_init(&arena);
    for (int r = 0; r < s->count; r++) {
        double sum = 0, square = 0;
        for (int k = first; k < OUTCOME_SEGMENTS; k++) {
            double x = in_segment(s, target, r, k, &arena);
            sum += x;
            square += x * x;
        }
        inside += (square - sum * sum / m) / (m - 1) / s->count;
        mean += sum / m / s->count;
        squares += sum / m * (sum / m);
    }
    arena_free(&arena);
    double between = m * (squares - s->count * mean * mean) / (s->count - 1);
    return between > persistent_f * inside ? fmax(inside / between, 1e-3) : 1;
}

static double part_that_length_removes(const struct sample *s,
                                       const struct target *target)
{
    if (s->count < 2 || target->time != TIME_LATENCY || isinf(target->relative))
        return 1;
    /* The first half holds the warm-up: nobody has cut it here. */
    double part = within_part(s, target, OUTCOME_SEGMENTS / 2);
    return isnan(part) ? 1 : part;
}

static struct gap gap_of_mean(const struct sample *s, const struct target *target)
{
    struct estimate mean = sample_mean(s, target->scope, target->time);
    double ratio =
        mean.value > 0 ? mean.half_width / mean.value / target->relative : NAN;
    return (struct gap){.ratio = ratio};
}

static struct gap gap_of_quantile(const struct sample *s, const struct target *target)
{
    struct section q = sample_section(s, target->scope, target->time, target->level);
    struct gap gap = {
        .ratio = q.half_width / q.pooled / target->relative,
        .floor = fmax(ESTIMATE_BEYOND_EACH / q.beyond_each,
                      ESTIMATE_BEYOND_ALL / q.beyond_all),
        .biased = fabs(q.average - q.pooled) > q.half_width / 2,
    };
    if (q.pooled <= 0)
        gap.ratio = 0;
    if (isinf(target->relative)) { /* only to be given, with whatever interval */
        gap.ratio = 0;
        gap.biased = false;
    }
    return gap;
}

struct gap precision_gap(const struct sample *s, const struct target *target)
{
    struct gap gap =
        target->level > 0 ? gap_of_quantile(s, target) : gap_of_mean(s, target);
    gap.within = part_that_length_removes(s, target);
    return gap;
}

struct gap precision_worst(const struct sample *s, const struct target *target,
                           int targets)
{
    struct gap worst = {.within = 1};
    for (int i = 0; i < targets; i++) {
        struct gap gap = precision_gap(s, &target[i]);
        if (isnan(gap.ratio) || isnan(worst.ratio))
            worst.ratio = NAN;
        else
            worst.ratio = fmax(worst.ratio, gap.ratio);
        worst.floor = fmax(worst.floor, gap.floor);
        worst.biased |= gap.biased;
        worst.within = fmin(worst.within, gap.within);
    }
    return worst;
}

bool precision_met(const struct gap *gap)
{
    return gap->ratio <= 1 && gap->floor <= 1; /* false for NaN */
}
