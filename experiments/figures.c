/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/figures.h"

#include "experiments/human.h"
#include "experiments/portrait.h"
#include "experiments/tail.h"

#include <math.h>
#include <string.h>

/* ---- curves ---------------------------------------------------------------------- */

/* One number of every point of a line; which one, `pick` says. */
typedef const struct chart_number *(*pick_number)(const struct chart *chart,
                                                  const struct chart_point *point,
                                                  const char *what);

static struct curve curve_of(const struct chart *c, const struct chart_line *line,
                             const char *label, pick_number pick, const char *what,
                             struct arena *arena)
{
    double *column[4];
    bool *hollow = arena_many(arena, line->count, bool);
    for (int i = 0; i < 4; i++)
        column[i] = arena_many(arena, line->count, double);
    for (int k = 0; k < line->count; k++) {
        const struct chart_point *p = line->point[k];
        const struct chart_number *n = pick(c, p, what);
        column[0][k] = p->x;
        column[1][k] = n ? n->value : NAN;
        column[2][k] = n ? n->value - n->half_width : NAN;
        column[3][k] = n ? n->value + n->half_width : NAN;
        hollow[k] = !p->lasting;
    }
    return (struct curve){.label = label,
                          .x = column[0],
                          .y = column[1],
                          .low = column[2],
                          .high = column[3],
                          .hollow = hollow,
                          .count = line->count};
}

static bool has_value(const struct curve *s)
{
    for (int k = 0; k < s->count; k++)
        if (isfinite(s->y[k]))
            return true;
    return false;
}

/* Is there an overloaded point that has a value (or has none)? */
static bool any_hollow(const struct table *t, bool with_value)
{
    for (int i = 0; i < t->count; i++)
        for (int k = 0; k < t->series[i].count; k++)
            if (t->series[i].hollow && t->series[i].hollow[k] &&
                isfinite(t->series[i].y[k]) == with_value)
                return true;
    return false;
}

static const char *axis_words(const struct chart *c, struct arena *arena)
{
    if (strcmp(c->axis_name, "rate") == 0)
        return "offered load";
    return arena_format(arena, "%s", c->axis_name);
}

/* What y is, and what a hollow point is where there is one. */
static void finish(const struct chart *c, struct table *t, const char *y_label,
                   struct arena *arena)
{
    t->title = c->title;
    t->caption = c->caption;
    t->x_label = axis_words(c, arena);
    t->x_unit = c->axis_unit;
    t->y_label = y_label;
    if (any_hollow(t, true))
        t->y_label = arena_format(arena, "%s; hollow: overloaded", y_label);
    else if (any_hollow(t, false))
        t->y_label = arena_format(arena, "%s; none where overloaded", y_label);
    t->nothing = "too few requests were answered to draw";
}

static bool needs_axis(const struct chart *c, const char **why)
{
    if (c->axis)
        return true;
    *why = "no number was varied that could be its axis";
    return false;
}

static int lines_shown(const struct chart *c)
{
    return c->lines < CHART_MOST_LINES ? c->lines : CHART_MOST_LINES;
}

/* ---- where it saturates ---------------------------------------------------------- */

/* By the utilisation law, of the last point of a line that is steady. */
static bool saturation_of(const struct chart_line *line, double *x, const char **who)
{
    for (int k = line->count - 1; k >= 0; k--) {
        const struct chart_point *p = line->point[k];
        if (!p->lasting && k > 0)
            continue;
        for (int i = 0; i < p->known_count; i++) {
            const struct chart_number *n = &p->known[i];
            if (strcmp(n->scope, "bottleneck") != 0 || strcmp(n->metric, "load") != 0 ||
                !(n->value > 0))
                continue;
            *x = p->x / n->value;
            *who = n->name;
            return true;
        }
    }
    return false;
}

static double last_x(const struct chart *c)
{
    double last = 0;
    for (int i = 0; i < c->lines; i++)
        last = fmax(last, c->line[i].point[c->line[i].count - 1]->x);
    return last;
}

/* Upright marks, of few lines and not far beyond what was simulated. */
static void add_saturation(const struct chart *c, struct table *t, struct mark *marks,
                           struct arena *arena)
{
    enum { FEW = 3 };
    static const double beyond = 1.2;
    if (c->axis_unit != UNIT_RATE || c->lines > FEW)
        return;
    for (int i = 0; i < c->lines; i++) {
        double x;
        const char *who;
        if (!saturation_of(&c->line[i], &x, &who) || x > beyond * last_x(c))
            continue;
        const char *label = c->lines > 1
                                ? arena_format(arena, "%s full", who)
                                : arena_format(arena, "%s full at %s", who,
                                               human_value(arena, HUMAN_RATE, x));
        marks[t->mark_count++] = (struct mark){
            .label = label, .x = x, .y = NAN, .series = c->lines > 1 ? i + 1 : 0};
    }
    t->marks = marks;
}

/* ---- latency --------------------------------------------------------------------- */

/* Promises of the type and of a number that is shown; metric NULL: any. */
static void add_promises(const struct chart *c, struct table *t, struct mark *marks,
                         const char *const *shown, int count, struct arena *arena)
{
    for (int i = 0; i < c->promises; i++) {
        const char *of, *metric;
        double seconds;
        if (!chart_promise(c, c->promise[i], &of, &metric, &seconds, arena) ||
            strcmp(of, c->of) != 0)
            continue;
        for (int k = 0; k < count; k++)
            if (strcmp(shown[k], metric) == 0)
                marks[t->mark_count++] =
                    (struct mark){.label = c->promise[i], .x = NAN, .y = seconds};
    }
    t->marks = marks;
}

static const char *whose(const struct chart *c, struct arena *arena)
{
    return *c->of ? arena_format(arena, "of %s requests", c->of) : "of all requests";
}

static bool make_latency(const struct chart *c, struct arena *arena, struct table *t,
                         const char **why)
{
    static const char *const several[] = {"mean", "p50", "p95", "p99"};
    enum { SEVERAL = sizeof several / sizeof *several };
    if (!needs_axis(c, why))
        return false;
    bool alone = c->lines == 1;
    struct curve *curves = arena_many(arena, SEVERAL + c->lines, struct curve);
    struct mark *marks = arena_many(arena, c->promises + c->lines + 1, struct mark);
    t->series = curves;
    for (int i = 0; i < (alone ? SEVERAL : lines_shown(c)); i++) {
        struct curve s = alone ? curve_of(c, &c->line[0], several[i], chart_of_type,
                                          several[i], arena)
                               : curve_of(c, &c->line[i], c->line[i].label,
                                          chart_of_type, c->by, arena);
        if (has_value(&s))
            curves[t->count++] = s;
    }
    add_promises(c, t, marks, alone ? several : &c->by, alone ? SEVERAL : 1, arena);
    add_saturation(c, t, marks, arena);
    t->y_unit = UNIT_TIME;
    finish(c, t,
           alone ? arena_format(arena, "response time %s", whose(c, arena))
                 : arena_format(arena, "%s response time %s", c->by, whose(c, arena)),
           arena);
    return true;
}

/* ---- goodput --------------------------------------------------------------------- */

static const struct chart_number *of_all(const struct chart *chart,
                                         const struct chart_point *point,
                                         const char *what)
{
    (void)chart;
    return chart_find(point, "all", "", what);
}

/* The errors' part of the offered, as a rate. */
static struct curve failures(const struct chart *c, const struct chart_line *line,
                             const char *label, struct arena *arena)
{
    struct curve s = curve_of(c, line, label, of_all, "errors", arena);
    double *y = (double *)s.y, *low = (double *)s.low, *high = (double *)s.high;
    for (int k = 0; k < s.count; k++) {
        const struct chart_number *offered = of_all(c, line->point[k], "offered");
        double rate = offered ? offered->value : NAN;
        y[k] *= rate;
        low[k] *= rate;
        high[k] *= rate;
    }
    return s;
}

static bool make_goodput(const struct chart *c, struct arena *arena, struct table *t,
                         const char **why)
{
    if (!needs_axis(c, why))
        return false;
    struct curve *curves = arena_many(arena, 2 + c->lines, struct curve);
    t->series = curves;
    bool alone = c->lines == 1;
    int most = CHART_MOST_LINES - 1; /* beside what is offered */
    for (int i = 0; i < c->lines && i < most; i++)
        curves[t->count++] =
            curve_of(c, &c->line[i], alone ? "answered well" : c->line[i].label, of_all,
                     "completed", arena);
    if (alone)
        curves[t->count++] = failures(c, &c->line[0], "failed", arena);
    curves[t->count] = curve_of(c, &c->line[0], "offered", of_all, "offered", arena);
    curves[t->count++].hollow = NULL; /* what is offered is no answer of the system */
    add_saturation(c, t, arena_many(arena, c->lines + 1, struct mark), arena);
    t->y_unit = UNIT_RATE;
    finish(c, t, alone ? "requests by what became of them" : "goodput: answered well",
           arena);
    return true;
}

/* ---- utilisation ----------------------------------------------------------------- */

static const struct chart_number *of_station(const struct chart *chart,
                                             const struct chart_point *point,
                                             const char *what)
{
    (void)chart;
    const struct chart_number *cpu = chart_find(point, "station", what, "cpu");
    const struct chart_number *slots =
        chart_find(point, "station", what, "utilisation");
    bool by_cpu = cpu && !isnan(cpu->value) &&
                  (!slots || isnan(slots->value) || cpu->value > slots->value);
    return by_cpu ? cpu : slots;
}

/* Names of the components of a line's first point, the busiest at its end first. */
static int list_stations(const struct chart *c, const struct chart_line *line,
                         const char **name, int most)
{
    const struct chart_point *last = line->point[line->count - 1];
    int count = 0;
    for (int i = 0; i < last->known_count; i++) {
        const char *candidate = last->known[i].name;
        bool station = strcmp(last->known[i].scope, "station") == 0;
        const struct chart_number *n = station ? of_station(c, last, candidate) : NULL;
        if (!n || isnan(n->value))
            continue;
        int at = 0;
        bool known = false;
        for (int k = 0; k < count; k++)
            known |= strcmp(name[k], candidate) == 0;
        while (at < count && of_station(c, last, name[at])->value >= n->value)
            at++;
        if (known || at == most)
            continue;
        count += count < most;
        memmove(&name[at + 1], &name[at], (size_t)(count - 1 - at) * sizeof *name);
        name[at] = candidate;
    }
    return count;
}

static bool make_utilisation(const struct chart *c, struct arena *arena,
                             struct table *t, const char **why)
{
    const char *name[CHART_MOST_LINES];
    if (!needs_axis(c, why))
        return false;
    const struct chart_line *line = &c->line[c->lines - 1];
    int count = list_stations(c, line, name, CHART_MOST_LINES);
    struct curve *curves = arena_many(arena, count + 1, struct curve);
    t->series = curves;
    for (int i = 0; i < count; i++)
        curves[t->count++] = curve_of(c, line, name[i], of_station, name[i], arena);
    t->y_unit = UNIT_PART;
    finish(c, t,
           *line->label ? arena_format(arena, "busy part of each component, %s",
                                       line->label)
                        : "busy part of each component",
           arena);
    return true;
}

/* ---- the rows -------------------------------------------------------------------- */

const struct figures_row figures_rows[] = {
    {"latency", "response time against load, promises, where it saturates",
     FIGURE_LINES, make_latency, NULL},
    {"goodput", "requests answered well, and failed, against those offered",
     FIGURE_LINES, make_goodput, NULL},
    {"utilisation", "how busy each component is against load", FIGURE_LINES,
     make_utilisation, NULL},
    {"blame", "where the time goes, of a median request and of the slowest 1 %",
     FIGURE_BARS, NULL, portrait_blame},
    {"tail", "the part of the requests slower than a time", FIGURE_TAIL, NULL,
     tail_table},
    {"backlog", "requests in the system over time", FIGURE_LINES, NULL,
     portrait_backlog},
    {0},
};

const struct figures_row *figures_find(const char *name)
{
    for (const struct figures_row *row = figures_rows; row->name; row++)
        if (strcmp(row->name, name) == 0)
            return row;
    return NULL;
}
