/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/tail.h"

#include "experiments/human.h"

#include <math.h>

enum { POINTS_A_DECADE = 20, MOST_POINTS = 20 * 14 };

/* The part of the requests slower than x, with its interval, at one point. */
static void put_point(struct curve *curve, double *column[4], const struct sample *s,
                      const struct histogram *const *each, double x)
{
    struct arena arena;
    arena_init(&arena);
    double *over = arena_many(&arena, s->count, double);
    double *under = arena_many(&arena, s->count, double);
    for (int r = 0; r < s->count; r++) {
        over[r] = histogram_above(each[r], (uint64_t)x);
        under[r] = (double)each[r]->count;
    }
    struct estimate part = estimate_ratio(over, under, s->count);
    double width = isnan(part.half_width) ? 0 : part.half_width;
    column[0][curve->count] = x * 1e-9;
    column[1][curve->count] = part.value;
    column[2][curve->count] = part.value - width;
    column[3][curve->count] = part.value + width;
    curve->count++;
    arena_free(&arena);
}

static struct curve curve_of(const struct sample *s, struct scope scope,
                             enum sample_time time, const char *label,
                             struct arena *arena)
{
    struct curve curve = {.label = label};
    double *column[4];
    for (int i = 0; i < 4; i++)
        column[i] = arena_many(arena, MOST_POINTS, double);
    const struct histogram **each =
        arena_many(arena, s->count, const struct histogram *);
    const struct histogram *pool = sample_pool(s, scope, time, arena);
    for (int r = 0; r < s->count; r++)
        each[r] = sample_one(s, scope, time, r, arena);

    double least = s->facts->terminating ? 5 : ESTIMATE_BEYOND_ALL;
    double step = pow(10, 1.0 / POINTS_A_DECADE);
    for (double x = fmax((double)pool->least, 1);
         curve.count < MOST_POINTS && pool->count; x *= step) {
        if (histogram_above(pool, (uint64_t)x) < least)
            break;
        put_point(&curve, column, s, each, x);
    }
    curve.x = column[0];
    curve.y = column[1];
    curve.low = s->count > 1 ? column[2] : NULL;
    curve.high = s->count > 1 ? column[3] : NULL;
    return curve;
}

static const struct mark *marks_of(const struct result *r, struct arena *arena,
                                   int *count)
{
    struct mark *marks = arena_many(arena, r->slos, struct mark);
    *count = 0;
    for (int i = 0; i < r->slos; i++)
        if (r->slo[i].slo->metric == SLO_QUANTILE)
            marks[(*count)++] = (struct mark){r->slo[i].slo->text, r->slo[i].slo->value,
                                              1 - r->slo[i].slo->quantile};
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
    struct table table = {.title = r->name, .caption = caption_of(r, arena)};
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
