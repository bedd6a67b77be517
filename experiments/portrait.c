/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/portrait.h"

#include "experiments/human.h"

#include <math.h>
#include <stdlib.h>

static const char *caption_of(const struct result *r, const char *more,
                              struct arena *arena)
{
    return arena_format(
        arena, "%d replications of %s, seed %llu, headroom %s%s", r->run.count,
        human_value(arena, HUMAN_TIME, sim_seconds(r->run.window.length)),
        (unsigned long long)r->seed, HEADROOM_VERSION, more);
}

/* ---- where the time goes --------------------------------------------------------- */

enum { SHOWN = 6, BARS = 2 };

static const double worth_a_part = 0.005; /* of either bar */

static double value_or_0(const struct estimate *e)
{
    return estimate_given(e) ? e->value : 0;
}

static struct curve part_of(const char *name, double middle, double tail,
                            struct arena *arena)
{
    double *x = arena_many(arena, BARS, double), *y = arena_many(arena, BARS, double);
    x[0] = 1;
    x[1] = 2;
    y[0] = middle;
    y[1] = tail;
    return (struct curve){
        .label = arena_format(arena, "%.0f %% %s", 100 * tail, name),
        .x = x,
        .y = y,
        .count = BARS};
}

struct table portrait_blame(const struct result *r, struct arena *arena)
{
    const struct blame *b = r->blame;
    struct curve *parts = arena_many(arena, SHOWN + 1, struct curve);
    const char **category = arena_many(arena, BARS, const char *);
    struct table t = {.title = r->name,
                      .y_label = "where the time of requests goes",
                      .nothing = "overloaded: no lasting distribution",
                      .y_unit = UNIT_PART,
                      .series = parts,
                      .category = category,
                      .categories = BARS};
    double tail = 0, middle = 0;
    category[0] = "median";
    category[1] = "slowest 1 %";
    for (int i = 0; i < b->count && r->findings->steady; i++) {
        const struct blame_share *s = &b->share[i];
        double parts_of[BARS] = {value_or_0(&s->middle), value_or_0(&s->tail)};
        if (t.count < SHOWN && fmax(parts_of[0], parts_of[1]) >= worth_a_part) {
            parts[t.count++] = part_of(r->facts->resource[s->resource].name,
                                       parts_of[0], parts_of[1], arena);
            continue;
        }
        middle += parts_of[0];
        tail += parts_of[1];
    }
    if (fmax(middle, tail) >= worth_a_part)
        parts[t.count++] = part_of("all else", middle, tail, arena);
    t.caption = caption_of(
        r,
        b->count ? arena_format(arena, "; the slowest took more than %s, %s requests",
                                human_value(arena, HUMAN_TIME, b->tail_from),
                                human_value(arena, HUMAN_COUNT, b->requests))
                 : "",
        arena);
    return t;
}

/* ---- over time ------------------------------------------------------------------- */

enum { POINTS = 100, BINS_A_POINT = OUTCOME_BINS / POINTS };

/* Bins that every replication has lived through. */
static int bins_of(const struct sample *s)
{
    int bins = OUTCOME_BINS;
    for (int r = 0; r < s->count; r++) {
        const struct outcome *o = &s->outcome[r];
        double lived = sim_seconds(o->ended) / sim_seconds(o->in_system.width);
        bins = lived < bins ? (int)lived : bins;
    }
    return bins;
}

/* The mean level of one replication over the bins of a point. */
static double level_at(const struct outcome *o, int point)
{
    double sum = 0;
    for (int b = 0; b < BINS_A_POINT; b++)
        sum += (double)o->in_system.area[point * BINS_A_POINT + b];
    return sum / BINS_A_POINT / (double)o->in_system.width;
}

static struct curve backlog_of(const struct sample *s, struct arena *arena)
{
    double *column[4];
    double *level = arena_many(arena, s->count, double);
    int points = bins_of(s) / BINS_A_POINT;
    for (int i = 0; i < 4; i++)
        column[i] = arena_many(arena, POINTS, double);
    for (int k = 0; k < points; k++) {
        for (int r = 0; r < s->count; r++)
            level[r] = level_at(&s->outcome[r], k);
        struct estimate e = estimate_mean(level, s->count);
        column[0][k] =
            (k + 0.5) * BINS_A_POINT * sim_seconds(s->outcome[0].in_system.width);
        column[1][k] = e.value;
        column[2][k] = fmax(e.value - e.half_width, 0);
        column[3][k] = e.value + e.half_width;
    }
    return (struct curve){.label = "mean",
                          .x = column[0],
                          .y = column[1],
                          .low = column[2],
                          .high = column[3],
                          .count = points};
}

struct table portrait_backlog(const struct result *r, struct arena *arena)
{
    struct curve *curve = arena_new(arena, struct curve);
    struct mark *mark = arena_new(arena, struct mark);
    struct table t = {.title = r->name,
                      .y_label = "requests in the system",
                      .x_label = "simulated time",
                      .nothing = "nothing happened",
                      .x_unit = UNIT_TIME,
                      .y_unit = UNIT_NUMBER,
                      .series = curve,
                      .count = 1,
                      .marks = mark};
    if (r->sample.count > 0)
        *curve = backlog_of(&r->sample, arena);
    if (r->run.window.warm_up > 0) {
        *mark = (struct mark){.label = "warm-up ends",
                              .x = sim_seconds(r->run.window.warm_up),
                              .y = NAN};
        t.mark_count = 1;
    }
    t.caption = caption_of(r, "; band: 95 % interval of the mean", arena);
    return t;
}
