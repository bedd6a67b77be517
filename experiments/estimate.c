/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/estimate.h"

#include "sim/check.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdio.h>

/* Values beyond a quantile that a scenario which ends by itself must show. */
static const double terminating_beyond_all = 5, terminating_beyond_each = 1;

struct estimate estimate_lacking(enum estimate_lack lack)
{
    return (struct estimate){.value = NAN,
                             .half_width = NAN,
                             .confidence = ESTIMATE_CONFIDENCE,
                             .lack = lack};
}

bool estimate_given(const struct estimate *e)
{
    return !isnan(e->value);
}

const char *estimate_reason(const struct estimate *e, char *text, size_t size)
{
    switch (e->lack) {
    case LACK_NOTHING:
        return "";
    case LACK_REQUESTS:
        return "no requests to measure";
    case LACK_SAMPLES:
        snprintf(text, size, "too few samples: %llu beyond it, %llu needed",
                 (unsigned long long)e->have, (unsigned long long)e->need);
        return text;
    case LACK_REPLICATIONS:
        return "no interval: fewer than two replications";
    case LACK_SECTIONS:
        return "no interval: too few samples in each replication";
    case LACK_STEADY_STATE:
        return "unstable: the value grows with the length of the run";
    case LACK_LIMIT:
        return "not limited";
    }
    check(false, "lack %d", (int)e->lack);
    return "";
}

double estimate_t(double p, int freedom)
{
    check(p > 0 && p < 1 && freedom >= 1, "p %g, %d degrees of freedom", p, freedom);
    return gsl_cdf_tdist_Pinv(p, freedom);
}

static double t_of_interval(int n)
{
    return estimate_t(0.5 + ESTIMATE_CONFIDENCE / 2, n - 1);
}

/* An estimate whose interval follows from a sum of n squared deviations. */
static struct estimate with_interval(double value, double squares, int n)
{
    struct estimate e = {.value = value, .confidence = ESTIMATE_CONFIDENCE, .n = n};
    if (n < 2) {
        e.half_width = NAN;
        e.lack = LACK_REPLICATIONS;
        return e;
    }
    e.half_width = t_of_interval(n) * sqrt(squares / n / (n - 1));
    return e;
}

struct estimate estimate_mean(const double *x, int n)
{
    if (n < 1)
        return estimate_lacking(LACK_REQUESTS);
    double sum = 0, squares = 0;
    for (int i = 0; i < n; i++)
        sum += x[i];
    double mean = sum / n;
    for (int i = 0; i < n; i++)
        squares += (x[i] - mean) * (x[i] - mean);
    return with_interval(mean, squares, n);
}

struct estimate estimate_ratio(const double *over, const double *under, int n)
{
    double above = 0, below = 0, squares = 0;
    for (int i = 0; i < n; i++) {
        above += over[i];
        below += under[i];
    }
    if (n < 1 || !(below > 0))
        return estimate_lacking(LACK_REQUESTS);
    double ratio = above / below;
    for (int i = 0; i < n; i++) {
        double off = (over[i] - ratio * under[i]) / (below / n);
        squares += off * off;
    }
    return with_interval(ratio, squares, n);
}

/* ---- quantiles ------------------------------------------------------------------- */

struct section section_of(const struct histogram *const *each, int n,
                          const struct histogram *pooled, double p)
{
    struct section s = {.pooled = NAN, .average = NAN, .half_width = NAN, .n = n};
    uint64_t least = UINT64_MAX;
    for (int i = 0; i < n; i++)
        least = each[i]->count < least ? each[i]->count : least;
    s.beyond_each = n > 0 ? (double)least * (1 - p) : 0;
    s.beyond_all = (double)pooled->count * (1 - p);
    if (pooled->count == 0)
        return s;
    s.pooled = histogram_quantile(pooled, p);
    if (least == 0)
        return s;
    double sum = 0, squares = 0;
    for (int i = 0; i < n; i++) {
        double q = histogram_quantile(each[i], p);
        sum += q;
        squares += (q - s.pooled) * (q - s.pooled);
    }
    s.average = sum / n;
    if (n > 1)
        s.half_width = with_interval(s.pooled, squares, n).half_width;
    return s;
}

static struct estimate too_few(double have, double need)
{
    struct estimate e = estimate_lacking(LACK_SAMPLES);
    e.have = (uint64_t)have;
    e.need = (uint64_t)need;
    return e;
}

/* 1 - p is not exact: a p99 of 10 000 has 99.99999 values beyond it. */
static bool enough(double have, double need)
{
    return have > need * (1 - 1e-9);
}

struct estimate estimate_quantile(const struct section *s, enum section_rule rule,
                                  double unit)
{
    bool steady = rule == SECTION_STEADY;
    double each = steady ? ESTIMATE_BEYOND_EACH : terminating_beyond_each;
    double all = steady ? ESTIMATE_BEYOND_ALL : terminating_beyond_all;

    if (isnan(s->pooled))
        return estimate_lacking(LACK_REQUESTS);
    if (!enough(s->beyond_all, all))
        return too_few(s->beyond_all, all);
    if (steady && !enough(s->beyond_each, each))
        return too_few(s->beyond_each * s->n, each * s->n);
    struct estimate e = {.value = s->pooled * unit,
                         .half_width = s->half_width * unit,
                         .confidence = ESTIMATE_CONFIDENCE,
                         .n = s->n};
    if (s->n < 2)
        e.lack = LACK_REPLICATIONS;
    else if (!enough(s->beyond_each, each)) {
        e.lack = LACK_SECTIONS;
        e.half_width = NAN;
    }
    return e;
}

struct quantile_ends estimate_quantile_ends(const struct histogram *const *each, int n,
                                            const struct histogram *pooled, double p,
                                            double unit, struct arena *arena)
{
    if (pooled->count == 0)
        return (struct quantile_ends){NAN, NAN};
    uint64_t value = (uint64_t)histogram_quantile(pooled, p);
    double *beyond = arena_many(arena, n, double), *all = arena_many(arena, n, double);
    for (int i = 0; i < n; i++) {
        beyond[i] = histogram_above(each[i], value);
        all[i] = (double)each[i]->count;
    }
    double off = estimate_ratio(beyond, all, n).half_width;
    if (isnan(off))
        return (struct quantile_ends){NAN, NAN};
    return (struct quantile_ends){
        .low = histogram_quantile(pooled, fmax(p - off, 0)) * unit,
        .high = histogram_quantile(pooled, fmin(p + off, 1)) * unit};
}

double estimate_chance_below(const struct estimate *e, double limit)
{
    if (isnan(e->value))
        return NAN;
    if (isnan(e->half_width) || e->half_width <= 0 || e->n < 2)
        return e->value < limit ? 1 : 0;
    double error = e->half_width / t_of_interval(e->n);
    return gsl_cdf_tdist_P((limit - e->value) / error, e->n - 1);
}

struct estimate estimate_scaled(struct estimate e, double factor)
{
    e.value *= factor;
    e.half_width *= factor;
    return e;
}
