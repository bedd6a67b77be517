/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/portrait.h"

#include "experiments/human.h"
#include "experiments/steady.h"
#include "experiments/timeline.h"
#include "experiments/twin.h"

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

bool portrait_blame(struct point *point, const struct point_effort *effort,
                    struct arena *arena, struct table *table, const char **why)
{
    (void)effort;
    (void)why;
    const struct result *r = &point->result;
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
    *table = t;
    return true;
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

static struct table over_time(const struct result *r, const char *y_label)
{
    return (struct table){.title = r->name,
                          .y_label = y_label,
                          .x_label = "simulated time",
                          .nothing = "nothing happened",
                          .x_unit = UNIT_TIME,
                          .y_unit = UNIT_NUMBER};
}

bool portrait_backlog(struct point *point, const struct point_effort *effort,
                      struct arena *arena, struct table *table, const char **why)
{
    const struct result *r = &point->result;
    struct curve *curve = arena_new(arena, struct curve);
    struct table t = over_time(r, "requests in the system");
    t.series = curve;
    t.count = 1;
    if (r->sample.count > 0)
        *curve = backlog_of(&r->sample, arena);
    t.caption = caption_of(r, "; band: 95 % interval of the mean", arena);
    *table = t;
    return timeline_marks(point, effort, arena, table, why);
}

/* ---- the start of the runs ------------------------------------------------------- */

enum { BATCH = 5 }; /* bins, as MSER-5 looks at them */

static const double shown_cuts = 5; /* times what was cut */

/* Bins that are shown: the start, of which the cut is a visible part. */
static int bins_shown(const struct result *r, int cut, int bins)
{
    double width = steady_bin(&r->sample);
    double warm = sim_seconds(r->run.window.warm_up) / width;
    int shown = (int)(shown_cuts * fmax(fmax(cut, warm), 4 * BATCH));
    return shown < bins ? shown : bins;
}

static double mean_of(const struct outcome *o, int from, int to)
{
    double sum = 0;
    for (int b = from; b < to; b++)
        sum += (double)o->in_system.area[b];
    return sum / (to - from) / (double)o->in_system.width;
}

/* The mean over bins, of all replications, as the k-th point of a curve. */
static void set_mean(double *column[4], int k, double x, const struct sample *s,
                     int from, int to, double *of_each)
{
    for (int r = 0; r < s->count; r++)
        of_each[r] = mean_of(&s->outcome[r], from, to);
    struct estimate e = estimate_mean(of_each, s->count);
    column[0][k] = x;
    column[1][k] = e.value;
    column[2][k] = fmax(e.value - e.half_width, 0);
    column[3][k] = e.value + e.half_width;
}

static struct curve curve_in(const char *label, double *column[4], int count)
{
    return (struct curve){.label = label,
                          .x = column[0],
                          .y = column[1],
                          .low = column[2],
                          .high = column[3],
                          .count = count};
}

/* Batches from the start on; and the mean of all that follows the cut. */
static void add_start(struct table *t, const struct result *r, struct curve *curves,
                      int cut, int bins, struct arena *arena)
{
    const struct sample *s = &r->sample;
    double *start[4], *after[4], width = steady_bin(s);
    double *of_each = arena_many(arena, s->count, double);
    int shown = bins_shown(r, cut, bins) / BATCH;
    for (int i = 0; i < 4; i++) {
        start[i] = arena_many(arena, shown + 1, double);
        after[i] = arena_many(arena, 2, double);
    }
    for (int k = 0; k < shown; k++)
        set_mean(start, k, (k + 0.5) * BATCH * width, s, k * BATCH, (k + 1) * BATCH,
                 of_each);
    curves[t->count++] = curve_in("average", start, shown);
    if (cut >= shown * BATCH)
        return;
    set_mean(after, 0, cut * width, s, cut, bins, of_each);
    set_mean(after, 1, shown * BATCH * width, s, cut, bins, of_each);
    curves[t->count++] = curve_in("mean after cut", after, 2);
}

bool portrait_warm_up(struct point *point, const struct point_effort *effort,
                      struct arena *arena, struct table *table, const char **why)
{
    (void)effort;
    const struct result *r = &point->result;
    double level[OUTCOME_BINS];
    if (r->facts->terminating || r->sample.count == 0) {
        *why = "a load that ends by itself is measured from its start";
        return false;
    }
    int bins = steady_levels(&r->sample, level);
    int cut = steady_cut(level, bins);
    bool settled = bins > 0 && cut <= bins / 2;
    struct mark *marks = arena_many(arena, 2, struct mark);
    struct curve *curves = arena_many(arena, 2, struct curve);
    *table = over_time(r, settled ? "requests in the system, as the runs begin"
                                  : "requests in the system; they never settle");
    table->series = curves;
    table->marks = marks;
    if (bins >= BATCH)
        add_start(table, r, curves, settled ? cut : bins, bins, arena);
    if (settled)
        marks[table->mark_count++] = (struct mark){
            .label = arena_format(arena, "MSER-5 cuts at %s",
                                  human_value(arena, HUMAN_TIME,
                                              cut * steady_bin(&r->sample))),
            .x = cut * steady_bin(&r->sample),
            .y = NAN};
    if (r->run.window.warm_up > 0)
        marks[table->mark_count++] = (struct mark){
            .label = "measured from here on",
            .x = sim_seconds(r->run.window.warm_up),
            .y = NAN};
    table->caption = caption_of(r, "; bands: 95 % intervals of means", arena);
    return true;
}

/* ---- a load test ----------------------------------------------------------------- */

enum { TWIN_COLUMNS = TWIN_LEVELS + 1 };

static const struct estimate *twin_number(const struct twin_side *side, int column)
{
    return column == 0 ? &side->mean : &side->level[column - 1];
}

/* What the users' time is, by what the tool prints. */
static const char *times(double tool, double users, struct arena *arena)
{
    double ratio = users / tool;
    return !isfinite(ratio) || ratio < 0.01 ? ""
           : ratio < 9.95                  ? arena_format(arena, "%.1f x", ratio)
                                           : arena_format(arena, "%.0f x", ratio);
}

static struct curve twin_column(const struct twin *twin, int column,
                                struct arena *arena)
{
    int rows = 2 * twin->tests;
    double *value[3];
    bool *hollow = arena_many(arena, rows, bool);
    const char **note = arena_many(arena, rows, const char *);
    for (int i = 0; i < 3; i++)
        value[i] = arena_many(arena, rows, double);
    for (int i = 0; i < rows; i++) {
        const struct twin_test *test = &twin->test[i / 2];
        const struct estimate *tool = twin_number(&test->tool_prints, column);
        const struct estimate *e =
            i % 2 ? twin_number(&test->users_feel, column) : tool;
        value[0][i] = e->value;
        value[1][i] = e->value - e->half_width;
        value[2][i] = e->value + e->half_width;
        hollow[i] = i % 2 && !isfinite(e->value);
        note[i] = i % 2 ? times(tool->value, e->value, arena) : "";
    }
    return (struct curve){.label = column ? twin_level_names[column - 1] : "mean",
                          .unit = UNIT_TIME,
                          .y = value[0],
                          .low = value[1],
                          .high = value[2],
                          .hollow = hollow,
                          .note = note,
                          .count = rows};
}

static const char *const *twin_rows(const struct result *r, const struct twin *twin,
                                    struct arena *arena)
{
    const char **row = arena_many(arena, 2 * twin->tests, const char *);
    for (int i = 0; i < twin->tests; i++) {
        const struct twin_test *test = &twin->test[i];
        const char *of =
            twin->tests > 1 ? arena_format(arena, " (%s)",
                                           r->facts->workload[test->workload].name)
                            : "";
        row[2 * i] = arena_format(arena, "%s prints%s", tool_names[test->tool], of);
        row[2 * i + 1] = arena_format(arena, "users feel%s", of);
    }
    return row;
}

bool portrait_twin(struct point *point, const struct point_effort *effort,
                   struct arena *arena, struct table *table, const char **why)
{
    const struct result *r = &point->result;
    const struct twin *known = r->twin;
    if (!known) {
        struct twin *twin = twin_of(r, arena);
        *why = twin ? "interrupted" : "no workload is a load test";
        if (!twin || !twin_run(twin, point, effort, arena))
            return false;
        known = twin;
    }
    if (!known->users) {
        *why = known->why;
        return false;
    }
    struct curve *curves = arena_many(arena, TWIN_COLUMNS, struct curve);
    for (int i = 0; i < TWIN_COLUMNS; i++)
        curves[i] = twin_column(known, i, arena);
    *table = (struct table){
        .title = r->name,
        .y_label = "response time: a load test, and users who come at its rate",
        .category = twin_rows(r, known, arena),
        .categories = 2 * known->tests,
        .series = curves,
        .count = TWIN_COLUMNS,
        .caption = caption_of(r, "; bars: 95 % intervals", arena)};
    return true;
}
