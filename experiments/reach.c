/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/reach.h"

#include "experiments/human.h"
#include "experiments/quantity.h"

#include <math.h>
#include <string.h>

enum state { KEPT, OPEN, BROKEN };

static enum state state_of(const struct chart_point *p)
{
    if (!p->lasting || p->missed > 0)
        return BROKEN;
    return p->undecided > 0 ? OPEN : KEPT;
}

/* ---- shapes ---------------------------------------------------------------------- */

/* From one end of a line on, until something is broken. Points that are open before one
 * that is kept are let pass: light loads bring few requests to judge by. */
static void look_along(struct reach *r, int from, int step)
{
    const struct chart_line *line = r->line;
    int k = from, open = 0;
    for (; k >= 0 && k < line->count && state_of(line->point[k]) != BROKEN; k += step) {
        open++;
        r->open_to = line->point[k];
        if (state_of(line->point[k]) == OPEN)
            continue;
        r->open_before += open - 1;
        open = 0;
        r->yes = line->point[k];
        r->open_to = NULL;
    }
    r->no = k >= 0 && k < line->count ? line->point[k] : NULL;
}

/* Stretches without a break in which something is kept. */
static int stretches_of(const struct chart_line *line)
{
    int stretches = 0;
    bool kept = false;
    for (int k = 0; k < line->count; k++) {
        enum state state = state_of(line->point[k]);
        stretches += state == KEPT && !kept;
        kept = state == KEPT || (kept && state != BROKEN);
    }
    return stretches;
}

static struct reach look(const struct chart_line *line)
{
    struct reach r = {.line = line};
    for (int k = 0; k < line->count; k++) {
        enum state state = state_of(line->point[k]);
        r.kept += state == KEPT;
        r.open += state == OPEN;
        r.broken += state == BROKEN;
        r.promised |= line->point[k]->promises > 0;
    }
    look_along(&r, 0, 1);
    r.shape = r.kept == 0              ? REACH_NONE
              : r.broken == 0          ? REACH_ALL
              : stretches_of(line) > 1 ? REACH_MIXED
              : r.yes                  ? REACH_UP_TO
                                       : REACH_FROM;
    if (r.shape != REACH_FROM)
        return r;
    r.open_to = NULL;
    look_along(&r, line->count - 1, -1);
    if (!r.yes)
        r.shape = REACH_MIXED;
    return r;
}

const struct reach *reach_of(const struct chart *chart, struct arena *arena)
{
    struct reach *reach = arena_many(arena, chart->lines + 1, struct reach);
    for (int i = 0; i < chart->lines; i++)
        reach[i] = look(&chart->line[i]);
    return reach;
}

/* How far, to compare lines by: the axis's value where it is kept from the start on,
 * less than any where it never is. */
static double distance(const struct reach *r)
{
    if (r->yes && (r->shape == REACH_ALL || r->shape == REACH_UP_TO))
        return isnan(r->yes->x) ? 0 : r->yes->x;
    return r->kept > 0 ? -1e300 * (1 - (double)r->kept / r->line->count) : -INFINITY;
}

/* Of lines that all reach as far, the one that goes on longest without a miss. */
static double open_distance(const struct reach *r)
{
    return r->open_to && !isnan(r->open_to->x) ? r->open_to->x : -INFINITY;
}

/* The shown time of a line's one point; less is better. */
static double slowness(const struct chart *chart, const struct reach *r)
{
    const struct chart_number *n = chart_of_type(chart, r->line->point[0], chart->by);
    return n && !isnan(n->value) ? n->value : INFINITY;
}

/* < 0: `a` carries less. */
static int by_distance(const struct chart *chart, const struct reach *a,
                       const struct reach *b)
{
    double own = distance(a), other = distance(b);
    if (own == other && !chart->axis) {
        own = -slowness(chart, a);
        other = -slowness(chart, b);
    } else if (own == other) {
        own = open_distance(a);
        other = open_distance(b);
    }
    return (own > other) - (own < other);
}

const struct reach *reach_best(const struct chart *chart, const struct reach *reach,
                               int *equal)
{
    const struct reach *best = &reach[0];
    *equal = -1; /* itself */
    for (int i = 1; i < chart->lines; i++)
        if (by_distance(chart, &reach[i], best) > 0)
            best = &reach[i];
    for (int i = 0; i < chart->lines; i++)
        *equal += by_distance(chart, &reach[i], best) == 0;
    return best;
}

const struct chart_point *reach_point(const struct reach *r)
{
    const struct chart_line *line = r->line;
    if (r->yes)
        return r->yes;
    if (r->open_to)
        return r->open_to;
    for (int k = line->count - 1; k >= 0; k--)
        if (line->point[k]->lasting)
            return line->point[k];
    return line->point[0];
}

/* ---- words ----------------------------------------------------------------------- */

const char *reach_place(const struct chart *chart, const struct chart_point *point)
{
    const struct chart_value *v = chart->axis ? chart_value(point, chart->axis) : NULL;
    return v ? v->text : *point->label ? point->label : point->name;
}

/* "p95 < 300ms is missed (512 ms)"; NULL: this one is not. */
static const char *missed_promise(const struct chart *chart,
                                  const struct chart_point *point, const char *promise,
                                  struct arena *arena)
{
    const struct chart_number *met = chart_find(point, "slo", promise, "met");
    const struct chart_number *measured = chart_find(point, "slo", promise, "measured");
    const char *of, *metric;
    double seconds;
    if (!met || met->value != 0)
        return NULL;
    if (!measured || isnan(measured->value))
        return arena_format(arena, "%s is missed", promise);
    bool time = chart_promise(chart, promise, &of, &metric, &seconds, arena);
    const char *space = strrchr(promise, ' ');
    bool rate = space && quantity_read(PARAM_RATE, space + 1, &seconds);
    struct estimate e = {
        .value = measured->value, .half_width = measured->half_width, .n = 2};
    return arena_format(arena, "%s is missed (%s)", promise,
                        human_estimate(arena,
                                       time   ? HUMAN_TIME
                                       : rate ? HUMAN_RATE
                                              : HUMAN_PART,
                                       &e));
}

const char *reach_break(const struct chart *chart, const struct chart_point *point,
                        struct arena *arena)
{
    if (!point->lasting && strcmp(point->verdict, "unstable") == 0)
        return "the backlog grows without end";
    if (!point->lasting && strcmp(point->verdict, "bistable") == 0)
        return "it does not come back from an overload";
    for (int i = 0; i < chart->promises; i++) {
        const char *text = missed_promise(chart, point, chart->promise[i], arena);
        if (text)
            return text;
    }
    return point->lasting ? "a promise is not decided"
                          : "more fails for want of capacity than may";
}

const char *reach_bottleneck(const struct chart_point *point, double *load)
{
    for (int i = 0; i < point->known_count; i++) {
        const struct chart_number *n = &point->known[i];
        if (strcmp(n->scope, "bottleneck") == 0 && strcmp(n->metric, "load") == 0) {
            *load = n->value;
            return n->name;
        }
    }
    return NULL;
}

static const char *beyond(const struct chart *chart, const struct reach *r,
                          struct arena *arena)
{
    const char *text = "";
    if (r->open_to)
        text = arena_format(arena,
                            "%s; %s to %s nothing is missed, but the runs are "
                            "too short to be sure",
                            text, r->shape == REACH_FROM ? "down" : "on",
                            reach_place(chart, r->open_to));
    if (r->no)
        text = arena_format(arena, "%s; at %s %s", text, reach_place(chart, r->no),
                            reach_break(chart, r->no, arena));
    return text;
}

/* Nothing is sure. */
static const char *say_none(const struct chart *chart, const struct reach *r,
                            struct arena *arena)
{
    const char *asked = r->promised ? "keeps every promise" : "lasts";
    if (r->open_to && !chart->axis)
        return "misses no promise, though the runs are too short to be sure of all";
    if (r->open_to)
        return arena_format(
            arena,
            "misses nothing up to %s, though the runs are too short to be sure "
            "of every promise%s%s%s%s",
            reach_place(chart, r->open_to), r->no ? "; at " : "",
            r->no ? reach_place(chart, r->no) : "", r->no ? " " : "",
            r->no ? reach_break(chart, r->no, arena) : "");
    if (r->line->count == 1)
        return arena_format(arena, "does not %s%s%s: %s",
                            r->promised ? "keep every promise" : "last",
                            chart->axis ? " at " : "",
                            chart->axis ? reach_place(chart, r->line->point[0]) : "",
                            reach_break(chart, r->line->point[0], arena));
    return arena_format(arena, "%s nowhere: at %s already %s", asked,
                        reach_place(chart, r->line->point[0]),
                        reach_break(chart, r->line->point[0], arena));
}

const char *reach_sentence(const struct chart *chart, const struct reach *r,
                           struct arena *arena)
{
    const char *asked = r->promised ? "keeps every promise" : "lasts";
    switch (r->shape) {
    case REACH_ALL:
        if (r->line->count == 1)
            return asked;
        return arena_format(
            arena, "%s up to %s, %s%s", asked, reach_place(chart, r->yes),
            r->open_to ? "the last that is sure" : "the last value tried",
            beyond(chart, r, arena));
    case REACH_UP_TO:
        return arena_format(arena, "%s up to %s%s", asked, reach_place(chart, r->yes),
                            beyond(chart, r, arena));
    case REACH_FROM:
        return arena_format(arena, "%s from %s on%s", asked, reach_place(chart, r->yes),
                            beyond(chart, r, arena));
    case REACH_MIXED:
        return arena_format(arena, "%s at %d of %d values, with others between them",
                            asked, r->kept, r->line->count);
    case REACH_NONE:
        break;
    }
    return say_none(chart, r, arena);
}
