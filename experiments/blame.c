/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/blame.h"

#include <math.h>
#include <stdlib.h>

static const double tail_part = 0.01, middle_from = 0.4, middle_to = 0.6;

static double requests_in(const struct sample *s, struct scope scope, int bin)
{
    double sum = 0;
    for (int r = 0; r < s->count; r++)
        for (int t = 0; t < s->facts->types; t++)
            if (scope_times(s->facts, scope, t))
                sum += (double)s->outcome[r].type[t].blame_requests[bin];
    return sum;
}

/* For each bin the part of its requests between two ranks (0 .. 1). */
static void weigh(const double *requests, double from, double to, double *weight)
{
    double all = 0, before = 0;
    for (int b = 0; b < BLAME_BINS; b++)
        all += requests[b];
    for (int b = 0; b < BLAME_BINS; b++) {
        double low = fmax(before, from * all),
               high = fmin(before + requests[b], to * all);
        weight[b] = requests[b] > 0 && high > low ? (high - low) / requests[b] : 0;
        before += requests[b];
    }
}

/* Weighted time in one replication on one resource, or (-1) on all. */
static double time_on(const struct sample *s, struct scope scope, int r, int resource,
                      const double *weight)
{
    double sum = 0;
    int n = s->facts->resources;
    for (int t = 0; t < s->facts->types; t++) {
        const struct type_outcome *type = &s->outcome[r].type[t];
        if (!scope_times(s->facts, scope, t))
            continue;
        for (int b = 0; b < BLAME_BINS; b++)
            for (int i = 0; weight[b] > 0 && i < n; i++)
                if (resource < 0 || i == resource)
                    sum += weight[b] * (double)type->blame[b * n + i];
    }
    return sum;
}

static struct estimate share_of(const struct sample *s, struct scope scope,
                                int resource, const double *weight)
{
    struct arena arena;
    arena_init(&arena);
    double *over = arena_many(&arena, s->count, double);
    double *under = arena_many(&arena, s->count, double);
    for (int r = 0; r < s->count; r++) {
        over[r] = time_on(s, scope, r, resource, weight);
        under[r] = time_on(s, scope, r, -1, weight);
    }
    struct estimate e = estimate_ratio(over, under, s->count);
    arena_free(&arena);
    return e;
}

static int by_tail(const void *left, const void *right)
{
    const struct blame_share *a = left, *b = right;
    if (a->tail.value != b->tail.value)
        return a->tail.value < b->tail.value ? 1 : -1;
    if (a->middle.value != b->middle.value)
        return a->middle.value < b->middle.value ? 1 : -1;
    return a->resource - b->resource;
}

/* The lowest latency of the first bin that has a part in the tail, s. */
static double tail_begins(const double *weight)
{
    for (int b = 0; b < BLAME_BINS; b++)
        if (weight[b] > 0)
            return (double)histogram_cell_low(b << 5) * 1e-9;
    return NAN;
}

struct blame *blame_of(const struct sample *s, struct scope scope, struct arena *arena)
{
    struct blame *blame = arena_new(arena, struct blame);
    double requests[BLAME_BINS], tail[BLAME_BINS], middle[BLAME_BINS];
    for (int b = 0; b < BLAME_BINS; b++)
        requests[b] = requests_in(s, scope, b);
    weigh(requests, 1 - tail_part, 1, tail);
    weigh(requests, middle_from, middle_to, middle);
    blame->tail_from = tail_begins(tail);
    for (int b = 0; b < BLAME_BINS; b++)
        blame->requests += tail[b] * requests[b];

    blame->share = arena_many(arena, s->facts->resources, struct blame_share);
    for (int i = 0; i < s->facts->resources; i++) {
        struct blame_share share = {i, share_of(s, scope, i, tail),
                                    share_of(s, scope, i, middle)};
        if (share.tail.value > 0 || share.middle.value > 0)
            blame->share[blame->count++] = share;
    }
    if (blame->count > 1)
        qsort(blame->share, (size_t)blame->count, sizeof *blame->share, by_tail);
    return blame;
}
