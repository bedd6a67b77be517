/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/figures.h"

#include "experiments/human.h"
#include "experiments/map.h"
#include "experiments/portrait.h"
#include "experiments/tail.h"
#include "experiments/timeline.h"
#include "experiments/variants.h"

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

/* Of the backlog, at a point that has no latency for it; NaN at others. */
static double growth_of(const struct chart *c, const struct chart_point *p)
{
    const struct chart_number *value = chart_of_type(c, p, c->by);
    const struct chart_number *n = chart_find(p, "all", "", "backlog_growth");
    bool drawn = p->lasting || (value && isfinite(value->value));
    return !drawn && n && n->value > 0 ? n->value : NAN;
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

/* How fast the backlog grows at points that have no value to draw; NULL: none. */
static const char *growth_words(const struct chart *c, const struct table *t,
                                struct arena *arena)
{
    double least = INFINITY, most = 0;
    bool shown = false;
    for (int i = 0; i < t->mark_count; i++)
        shown |= isinf(t->marks[i].y);
    for (int i = 0; shown && i < c->lines; i++)
        for (int k = 0; k < c->line[i].count; k++) {
            double growth = growth_of(c, c->line[i].point[k]);
            if (growth > 0) {
                least = fmin(least, growth);
                most = fmax(most, growth);
            }
        }
    if (!shown)
        return NULL;
    const char *slowest = human_value(arena, HUMAN_RATE, least);
    return least == most
               ? arena_format(arena, "triangles: backlog +%s", slowest)
               : arena_format(arena, "triangles: backlog +%s to +%s", slowest,
                              human_value(arena, HUMAN_RATE, most));
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
    const char *growth;
    t->title = c->title;
    t->caption = c->caption;
    t->x_label = axis_words(c, arena);
    t->x_unit = c->axis_unit;
    t->y_label = y_label;
    if (any_hollow(t, true))
        t->y_label = arena_format(arena, "%s; hollow: overloaded", y_label);
    else if ((growth = growth_words(c, t, arena)))
        t->y_label = arena_format(arena, "%s; %s", y_label, growth);
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

/* ---- busy stations --------------------------------------------------------------- */

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

/* ---- where it saturates, and where promises end ---------------------------------- */

/* The bottleneck's load, at the last point of a line that is steady. */
static const struct chart_number *bottleneck_of(const struct chart_line *line,
                                                const struct chart_point **at)
{
    for (int k = line->count - 1; k >= 0; k--) {
        *at = line->point[k];
        if (!(*at)->lasting && k > 0)
            continue;
        for (int i = 0; i < (*at)->known_count; i++) {
            const struct chart_number *n = &(*at)->known[i];
            if (strcmp(n->scope, "bottleneck") == 0 && strcmp(n->metric, "load") == 0 &&
                n->value > 0)
                return n;
        }
    }
    return NULL;
}

/* By the utilisation law. The law knows no interval; how well the busy part of the
 * bottleneck is known there gives it one. */
static bool saturation_of(const struct chart *c, const struct chart_line *line,
                          struct mark *mark, const char **who)
{
    const struct chart_point *at;
    const struct chart_number *n = bottleneck_of(line, &at);
    if (!n)
        return false;
    const struct chart_number *busy = of_station(c, at, n->name);
    double x = at->x / n->value;
    double part = busy && busy->value > 0 ? busy->half_width / busy->value : NAN;
    *mark = (struct mark){.x = x, .y = NAN};
    if (part < 1) {
        mark->low = x * (1 - part);
        mark->high = x * (1 + part);
    }
    *who = n->name;
    return true;
}

static double last_x(const struct chart *c)
{
    double last = 0;
    for (int i = 0; i < c->lines; i++)
        last = fmax(last, c->line[i].point[c->line[i].count - 1]->x);
    return last;
}

enum { FEW_LINES = 3 };

/* Upright marks, of few lines and not far beyond what was simulated. */
static void add_saturation(const struct chart *c, struct table *t, struct mark *marks,
                           struct arena *arena)
{
    static const double beyond = 1.2;
    if (c->axis_unit != UNIT_RATE || c->lines > FEW_LINES)
        return;
    for (int i = 0; i < c->lines; i++) {
        struct mark mark;
        const char *who;
        if (!saturation_of(c, &c->line[i], &mark, &who) ||
            mark.x > beyond * last_x(c))
            continue;
        mark.label = c->lines > 1
                         ? arena_format(arena, "%s full", who)
                         : arena_format(arena, "%s full at %s", who,
                                        human_value(arena, HUMAN_RATE, mark.x));
        mark.series = c->lines > 1 ? i + 1 : 0;
        marks[t->mark_count++] = mark;
    }
    t->marks = marks;
}

static bool keeps_all(const struct chart_point *p)
{
    return p->lasting && p->promises > 0 && p->missed == 0 && p->undecided == 0;
}

static bool breaks_any(const struct chart_point *p)
{
    return !p->lasting || p->missed > 0;
}

static const char *axis_text_of(const struct chart *c, const struct chart_point *p)
{
    for (int i = 0; i < p->values; i++)
        if (strcmp(p->value[i].pointer, c->axis) == 0)
            return p->value[i].text;
    return "";
}

/* The largest load at which all promises are kept, below the first at which one is not;
 * that ends its interval. */
static void add_capacity(const struct chart *c, struct table *t, struct mark *marks,
                         struct arena *arena)
{
    for (int i = 0; i < c->lines && c->lines <= FEW_LINES; i++) {
        const struct chart_line *line = &c->line[i];
        int broken = 0, kept;
        while (broken < line->count && !breaks_any(line->point[broken]))
            broken++;
        for (kept = broken - 1; kept >= 0 && !keeps_all(line->point[kept]);)
            kept--;
        if (kept < 0 || broken == line->count)
            continue;
        const char *text = axis_text_of(c, line->point[kept]);
        marks[t->mark_count++] = (struct mark){
            .label = arena_format(arena, "promises kept to %s", text),
            .x = line->point[kept]->x,
            .y = NAN,
            .series = c->lines > 1 ? i + 1 : 0,
            .low = line->point[kept]->x,
            .high = line->point[broken]->x};
    }
    t->marks = marks;
}

/* What no axis shows: points that have no latency, since their backlog grows. */
static void add_growth(const struct chart *c, struct table *t, struct mark *marks,
                       struct arena *arena)
{
    for (int i = 0; i < c->lines && i < CHART_MOST_LINES; i++)
        for (int k = 0; k < c->line[i].count; k++) {
            const struct chart_point *p = c->line[i].point[k];
            double growth = growth_of(c, p);
            if (isnan(growth))
                continue;
            marks[t->mark_count++] = (struct mark){
                .label = arena_format(arena, "+%s",
                                      human_value(arena, HUMAN_RATE, growth)),
                .x = p->x,
                .y = INFINITY,
                .series = c->lines > 1 ? i + 1 : 0};
        }
    t->marks = marks;
}

/* ---- latency --------------------------------------------------------------------- */

/* Promises of the type and of a number that is shown. */
static void add_promises(const struct chart *c, struct table *t, struct mark *marks,
                         struct arena *arena)
{
    bool alone = c->lines == 1;
    for (int i = 0; i < c->promises; i++) {
        const char *of, *metric;
        double seconds;
        if (!chart_promise(c, c->promise[i], &of, &metric, &seconds, arena) ||
            strcmp(of, c->of) != 0)
            continue;
        for (int k = 0; k < (alone ? t->count : 1); k++)
            if (strcmp(alone ? t->series[k].label : c->by, metric) == 0)
                marks[t->mark_count++] = (struct mark){.label = c->promise[i],
                                                       .x = NAN,
                                                       .y = seconds,
                                                       .series = alone ? k + 1 : 0,
                                                       .limit = true};
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
    struct mark *marks = arena_many(arena, c->promises + 2 * c->lines + c->points + 1,
                                    struct mark);
    t->series = curves;
    for (int i = 0; i < (alone ? SEVERAL : lines_shown(c)); i++) {
        struct curve s = alone ? curve_of(c, &c->line[0], several[i], chart_of_type,
                                          several[i], arena)
                               : curve_of(c, &c->line[i], c->line[i].label,
                                          chart_of_type, c->by, arena);
        if (has_value(&s))
            curves[t->count++] = s;
    }
    add_promises(c, t, marks, arena);
    add_capacity(c, t, marks, arena);
    add_saturation(c, t, marks, arena);
    add_growth(c, t, marks, arena);
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

/* ---- the tail -------------------------------------------------------------------- */

static bool portray_tail(struct point *point, const struct point_effort *effort,
                         struct arena *arena, struct table *t, const char **why)
{
    (void)effort;
    (void)why;
    *t = tail_table(&point->result, arena);
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
    {"heat", "one number over two varied values, and where promises are kept",
     FIGURE_CELLS, map_metric, NULL},
    {"feasible", "whether promises are kept, over two varied values", FIGURE_KEPT,
     map_promises, NULL},
    {"variants", "percentiles and goodput side by side, with what they differ by",
     FIGURE_DOTS, variants_table, NULL},
    {"blame", "where the time goes, of a median request and of the slowest 1 %",
     FIGURE_BARS, NULL, portrait_blame},
    {"tail", "the part of the requests slower than a time", FIGURE_TAIL, NULL,
     portray_tail},
    {"backlog", "requests in the system over time", FIGURE_LINES, NULL,
     portrait_backlog},
    {"latency-over-time", "response times by when requests came", FIGURE_LINES, NULL,
     timeline_latency},
    {"rates-over-time", "requests that come, are answered, fail, over time",
     FIGURE_LINES, NULL, timeline_rates},
    {"use-over-time", "slots and connections in use over time", FIGURE_LINES, NULL,
     timeline_use},
    {"up-over-time", "instances that take work, over time", FIGURE_LINES, NULL,
     timeline_up},
    {"warm-up", "the start of the runs, and from where on they are measured",
     FIGURE_LINES, NULL, portrait_warm_up},
    {"load-test", "what a load tool would print beside what users feel", FIGURE_DOTS,
     NULL, portrait_twin},
    {0},
};

const struct figures_row *figures_find(const char *name)
{
    for (const struct figures_row *row = figures_rows; row->name; row++)
        if (strcmp(row->name, name) == 0)
            return row;
    return NULL;
}
