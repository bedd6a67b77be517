/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/tail.h"

#include "experiments/human.h"

#include <math.h>
#include <string.h>

enum { STEPS_A_DECADE = 30, MOST_POINTS = 1000 };

/* A curve under construction. */
struct trace {
    const struct sample *sample;
    const struct histogram *const *each; /* of a replication */
    const struct histogram *pool;
    double *x, *y, *low, *high;
    int count;
};

static void put(struct trace *t, double ns, double part, double width)
{
    t->x[t->count] = ns * 1e-9;
    t->y[t->count] = part;
    t->low[t->count] = part - width;
    t->high[t->count] = part + width;
    t->count++;
}

/* The part of the requests slower than x, with its interval. */
static void put_measured(struct trace *t, double x)
{
    struct arena arena;
    arena_init(&arena);
    int count = t->sample->count;
    double *over = arena_many(&arena, count, double);
    double *under = arena_many(&arena, count, double);
    for (int r = 0; r < count; r++) {
        over[r] = histogram_above(t->each[r], (uint64_t)x);
        under[r] = (double)t->each[r]->count;
    }
    struct estimate part = estimate_ratio(over, under, count);
    put(t, x, part.value, isnan(part.half_width) ? 0 : part.half_width);
    arena_free(&arena);
}

static double x_last(const struct trace *t)
{
    return t->x[t->count - 1] * 1e9;
}

/* Where many times are equal the part drops from above `part` to below it. */
static void raise_last(struct trace *t, double part)
{
    int last = t->count - 1;
    t->y[last] = fmax(t->y[last], part);
    t->high[last] = fmax(t->high[last], part);
}

/* From the least value, where all are as slow, in small steps of the time or of the
 * part that is slower, whichever is shorter: a constant time is a vertical line, an
 * exponential one has no corners. The last point is where `least` are left beyond. */
static void follow(struct trace *t, double least)
{
    double step = pow(10, 1.0 / STEPS_A_DECADE), all = (double)t->pool->count;
    if (all <= least)
        return;
    double x = fmax((double)t->pool->least, 1), above = all;
    put(t, x, 1, 0);
    while (t->count < MOST_POINTS - 1) {
        double by_part = histogram_quantile(t->pool, 1 - above / step / all);
        x = fmax(fmin(x * step, by_part), floor(x) + 1);
        above = histogram_above(t->pool, (uint64_t)x);
        if (above < least)
            break;
        put_measured(t, x);
    }
    double end = histogram_quantile(t->pool, 1 - least / all);
    put_measured(t, fmax(end, x_last(t)));
    raise_last(t, least / all);
}

static struct curve curve_of(const struct sample *s, struct scope scope,
                             enum sample_time time, const char *label,
                             struct arena *arena)
{
    struct trace t = {.sample = s, .pool = sample_pool(s, scope, time, arena)};
    const struct histogram **each =
        arena_many(arena, s->count, const struct histogram *);
    double **column[] = {&t.x, &t.y, &t.low, &t.high};
    for (int i = 0; i < 4; i++)
        *column[i] = arena_many(arena, MOST_POINTS, double);
    for (int r = 0; r < s->count; r++)
        each[r] = sample_one(s, scope, time, r, arena);
    t.each = each;
    follow(&t, s->facts->terminating ? 5 : ESTIMATE_BEYOND_ALL);
    return (struct curve){.label = label,
                          .x = t.x,
                          .y = t.y,
                          .low = s->count > 1 ? t.low : NULL,
                          .high = s->count > 1 ? t.high : NULL,
                          .count = t.count};
}

/* The number of the series that a promise speaks of, from 1; 0 when it is none. */
static int series_of(const struct slo *slo, const struct model_facts *facts)
{
    int series = 0;
    struct scope scope;
    if (!slo->scope || !scope_named(facts, slo->scope, &scope) ||
        scope.sort == SCOPE_WORKLOAD)
        return 0;
    for (int t = 0; slo->of != SLO_OF_TPOT && t < facts->types; t++) {
        bool streaming = facts->type[t].streaming;
        if (slo->of == SLO_OF_GAP)
            return 0;
        if (scope_counts(facts, scope, t))
            return series + 1 + (streaming && slo->of == SLO_OF_TTFB);
        series += 1 + streaming;
    }
    return 0;
}

static const struct mark *marks_of(const struct result *r, struct arena *arena,
                                   int *count)
{
    struct mark *marks = arena_many(arena, r->slos, struct mark);
    *count = 0;
    for (int i = 0; i < r->slos; i++) {
        const struct slo *slo = r->slo[i].slo;
        if (slo->metric == SLO_QUANTILE)
            marks[(*count)++] = (struct mark){.label = slo->text,
                                              .x = slo->value,
                                              .y = 1 - slo->quantile,
                                              .series = series_of(slo, r->facts)};
    }
    return marks;
}

static const char *caption_of(const struct result *r, struct arena *arena)
{
    return arena_format(
        arena,
        "%d replications of %s after %s of warm-up, seed %llu, headroom %s; "
        "bands: %.0f %% intervals",
        r->run.count, human_value(arena, HUMAN_TIME, sim_seconds(r->run.window.length)),
        human_value(arena, HUMAN_TIME, sim_seconds(r->run.window.warm_up)),
        (unsigned long long)r->seed, HEADROOM_VERSION, 100 * ESTIMATE_CONFIDENCE);
}

struct table tail_table(const struct result *r, struct arena *arena)
{
    struct table table = {.title = r->name,
                          .caption = caption_of(r, arena),
                          .nothing = r->findings->steady
                                         ? "too few requests were answered to draw"
                                         : "overloaded: response times have no lasting "
                                           "distribution"};
    struct curve *curves = arena_many(arena, 2 * r->facts->types, struct curve);
    for (int t = 0; t < r->facts->types && r->findings->steady; t++) {
        struct scope scope = {SCOPE_TYPE, t};
        const char *name = r->facts->type[t].name;
        curves[table.count++] = curve_of(&r->sample, scope, TIME_LATENCY, name, arena);
        if (r->facts->type[t].streaming)
            curves[table.count++] =
                curve_of(&r->sample, scope, TIME_FIRST_BYTE,
                         arena_format(arena, "%s, first byte", name), arena);
    }
    table.series = curves;
    table.marks = marks_of(r, arena, &table.mark_count);
    return table;
}
