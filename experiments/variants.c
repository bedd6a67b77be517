/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/variants.h"

#include "experiments/compare.h"
#include "experiments/recall.h"

#include <math.h>
#include <string.h>

enum { MOST = 16, COLUMNS = 4 };

/* A column: what chart and comparison call it. */
static const struct column {
    const char *heading, *metric, *compared;
    enum unit unit;
    bool of_all; /* not of the chart's type alone */
} columns[COLUMNS] = {
    {"p50", "p50", "p50", UNIT_TIME, false},
    {"p95", "p95", "p95", UNIT_TIME, false},
    {"p99", "p99", "p99", UNIT_TIME, false},
    {"goodput", "completed", "ok", UNIT_RATE, true},
};

static const double too_small = 0.05; /* of a difference, in percent */

struct rows {
    const struct chart *chart;
    struct arena *arena;
    const struct chart_point *point[MOST];
    const char *name[MOST];
    int count;
    struct comparison *pairs; /* NULL: they are not comparable */
};

/* ---- which points ---------------------------------------------------------------- */

static const struct chart_point *point_at(const struct chart_line *line, double x)
{
    for (int k = 0; k < line->count; k++)
        if (line->point[k]->x == x || (isnan(x) && isnan(line->point[k]->x)))
            return line->point[k];
    return NULL;
}

/* Of how many lines is there a point, and one that lasts? */
static int count_at(const struct chart *c, double x, bool lasting)
{
    int count = 0;
    for (int i = 0; i < c->lines; i++) {
        const struct chart_point *p = point_at(&c->line[i], x);
        count += p && (p->lasting || !lasting);
    }
    return count;
}

/* Where most of them last, and there the largest. */
static double choose_x(const struct chart *c)
{
    const struct chart_line *line = &c->line[0];
    double best = line->point[0]->x;
    int most = -1;
    for (int k = 0; k < line->count; k++) {
        double x = line->point[k]->x;
        int rank = c->lines * count_at(c, x, false) + count_at(c, x, true);
        if (rank >= most) {
            most = rank;
            best = x;
        }
    }
    return best;
}

static bool choose_points(struct rows *r, const char **why)
{
    const struct chart *c = r->chart;
    double x = choose_x(c);
    for (int i = 0; i < c->lines && r->count < MOST; i++) {
        const struct chart_point *p = point_at(&c->line[i], x);
        if (!p)
            continue;
        r->name[r->count] = c->line[i].label;
        r->point[r->count++] = p;
    }
    if (r->count >= 2)
        return true;
    *why = "needs two variants";
    return false;
}

/* ---- differences ----------------------------------------------------------------- */

static void recall_pairs(struct rows *r)
{
    struct arena *arena = r->arena;
    struct comparison *c = arena_new(arena, struct comparison);
    struct compare_settings set = {0};
    const char *why;
    c->contenders = r->count;
    c->contender = arena_many(arena, r->count, struct contender);
    for (int i = 0; i < r->count; i++) {
        struct contender *one = &c->contender[i];
        if (!recall_point(&one->point, r->chart->store, r->point[i], arena, &why))
            return;
        one->label = r->name[i];
        one->outcome = one->point.result.run.outcome;
        one->count = one->point.result.run.count;
    }
    if (compare_known(c, &set, arena, &why))
        r->pairs = c;
}

static int metric_called(const struct comparison *c, const char *scope,
                         const char *name)
{
    for (int m = 0; m < c->metrics; m++) {
        const struct compare_metric *metric = &c->metric[m];
        const char *dot = metric->scope ? metric->name + strlen(metric->scope) + 1
                                        : metric->name;
        bool same = metric->scope ? strcmp(metric->scope, scope) == 0 : *scope == '\0';
        if (same && strcmp(dot, name) == 0)
            return m;
    }
    return -1;
}

/* "-41 % ±2", of the first; "" where it is not known. */
static const char *difference(const struct rows *r, const struct column *column, int i)
{
    const char *scope = column->of_all ? "" : r->chart->of;
    int m = r->pairs ? metric_called(r->pairs, scope, column->compared) : -1;
    if (m < 0 || i == 0)
        return "";
    struct compare_difference d =
        compare_difference(r->pairs, m, 0, i, ESTIMATE_CONFIDENCE);
    double part = 100 * d.difference.value / d.a;
    double half = 100 * d.difference.half_width / d.a;
    if (!isfinite(part) || !isfinite(half))
        return "";
    if (fabs(part) < too_small && half < too_small)
        return "the same";
    int digits = half < 0.95 ? 1 : 0;
    return arena_format(r->arena, "%+.*f %% ±%.*f", digits, part, digits, half);
}

/* ---- the table ------------------------------------------------------------------- */

static struct curve curve_of(const struct rows *r, const struct column *column)
{
    const struct chart *c = r->chart;
    double *value[3];
    bool *hollow = arena_many(r->arena, r->count, bool);
    const char **note = arena_many(r->arena, r->count, const char *);
    for (int i = 0; i < 3; i++)
        value[i] = arena_many(r->arena, r->count, double);
    for (int i = 0; i < r->count; i++) {
        const struct chart_point *p = r->point[i];
        const struct chart_number *n = column->of_all
                                           ? chart_find(p, "all", "", column->metric)
                                           : chart_of_type(c, p, column->metric);
        value[0][i] = n ? n->value : NAN;
        value[1][i] = n ? n->value - n->half_width : NAN;
        value[2][i] = n ? n->value + n->half_width : NAN;
        hollow[i] = !p->lasting && !column->of_all;
        note[i] = difference(r, column, i);
    }
    return (struct curve){.label = column->heading,
                          .unit = column->unit,
                          .y = value[0],
                          .low = value[1],
                          .high = value[2],
                          .hollow = hollow,
                          .note = note,
                          .count = r->count};
}

static const char *value_on_axis(const struct chart *c, const struct chart_point *p)
{
    for (int i = 0; c->axis && i < p->values; i++)
        if (strcmp(p->value[i].pointer, c->axis) == 0)
            return p->value[i].text;
    return "";
}

bool variants_table(const struct chart *chart, struct arena *arena, struct table *table,
                    const char **why)
{
    struct rows r = {.chart = chart, .arena = arena};
    struct curve *curves = arena_many(arena, COLUMNS, struct curve);
    const char **name = arena_many(arena, MOST, const char *);
    if (!choose_points(&r, why))
        return false;
    recall_pairs(&r);
    for (int i = 0; i < r.count; i++)
        name[i] = r.name[i];
    for (int i = 0; i < COLUMNS; i++)
        curves[i] = curve_of(&r, &columns[i]);
    const char *x = value_on_axis(chart, r.point[0]);
    *table = (struct table){
        .title = *x ? arena_format(arena, "%s at %s", chart->title, x) : chart->title,
        .caption = r.pairs ? arena_format(arena, "%s; in percent: against the first, "
                                                 "paired",
                                          chart->caption)
                           : chart->caption,
        .y_label = arena_format(arena, "response time of %s requests, and goodput",
                                *chart->of ? chart->of : "all"),
        .category = name,
        .categories = r.count,
        .series = curves,
        .count = COLUMNS};
    return true;
}
