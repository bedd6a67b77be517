/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/map.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_ROWS = 40, MOST_COLUMNS = 60 };

struct map {
    const struct chart *chart;
    struct arena *arena;
    double *x; /* of the columns, ascending */
    const char **name;
    int columns;
    const struct chart_line **row; /* from below */
    int rows;
    const char *other; /* what rows differ in; NULL: in more than one thing */
};

/* ---- the grid -------------------------------------------------------------------- */

static const struct chart_value *value_on_axis(const struct chart *c,
                                               const struct chart_point *p)
{
    for (int i = 0; i < p->values; i++)
        if (strcmp(p->value[i].pointer, c->axis) == 0)
            return &p->value[i];
    return NULL;
}

static void add_column(struct map *m, const struct chart_point *p)
{
    int at = m->columns;
    for (int k = 0; k < m->columns; k++)
        if (m->x[k] == p->x)
            return;
    for (; at > 0 && m->x[at - 1] > p->x; at--) {
        m->x[at] = m->x[at - 1];
        m->name[at] = m->name[at - 1];
    }
    m->x[at] = p->x;
    m->name[at] = value_on_axis(m->chart, p)->text;
    m->columns++;
}

/* The one value beside the axis, of points that have no more. */
static const struct chart_value *beside(const struct chart *c,
                                        const struct chart_point *p)
{
    const struct chart_value *found = NULL;
    for (int i = 0; i < p->values; i++)
        if (strcmp(p->value[i].pointer, c->axis) != 0) {
            if (found)
                return NULL;
            found = &p->value[i];
        }
    return found;
}

/* Do rows differ in one value, and all in the same? */
static const char *find_other(const struct map *m)
{
    const char *name = NULL;
    const char *variant = m->row[0]->point[0]->variant;
    for (int i = 0; i < m->rows; i++) {
        const struct chart_point *p = m->row[i]->point[0];
        const struct chart_value *v = beside(m->chart, p);
        if (!v || strcmp(p->variant, variant) != 0)
            return NULL;
        name = v->name;
    }
    return name;
}

static double height_of(const struct map *m, const struct chart_line *row)
{
    const struct chart_value *v = beside(m->chart, row->point[0]);
    return v ? v->number : NAN;
}

/* By their value where it is a number; else as they stand, the first above. */
static void order_rows(struct map *m)
{
    for (int i = 1; i < m->rows; i++)
        for (int k = i; k > 0; k--) {
            double below = m->other ? height_of(m, m->row[k - 1]) : NAN;
            double above = m->other ? height_of(m, m->row[k]) : NAN;
            if (!(below > above))
                break;
            const struct chart_line *row = m->row[k];
            m->row[k] = m->row[k - 1];
            m->row[k - 1] = row;
        }
}

static bool make_grid(struct map *m, const char **why)
{
    const struct chart *c = m->chart;
    if (!c->axis || c->lines < 2) {
        *why = "needs two varied values";
        return false;
    }
    int most = 0;
    m->rows = c->lines;
    m->row = arena_many(m->arena, c->lines, const struct chart_line *);
    for (int i = 0; i < c->lines; i++) {
        m->row[c->lines - 1 - i] = &c->line[i];
        most += c->line[i].count;
    }
    m->x = arena_many(m->arena, most, double);
    m->name = arena_many(m->arena, most, const char *);
    for (int i = 0; i < c->lines; i++)
        for (int k = 0; k < c->line[i].count; k++)
            add_column(m, c->line[i].point[k]);
    m->other = find_other(m);
    order_rows(m);
    if (m->columns < 2 || m->columns > MOST_COLUMNS || m->rows > MOST_ROWS) {
        *why = arena_format(m->arena,
                            "%d columns and %d rows; there may be 2 to %d and %d "
                            "(--over, --where)",
                            m->columns, m->rows, MOST_COLUMNS, MOST_ROWS);
        return false;
    }
    return true;
}

/* ---- cells ----------------------------------------------------------------------- */

static enum cell cell_of(const struct chart_point *p)
{
    if (p->promises == 0)
        return CELL_PLAIN;
    return !p->lasting || p->missed ? CELL_MISSED
           : p->undecided           ? CELL_OPEN
                                    : CELL_KEPT;
}

static int column_of(const struct map *m, double x)
{
    int k = 0;
    while (m->x[k] != x)
        k++;
    return k;
}

static struct curve curve_of(const struct map *m, const struct chart_line *row)
{
    const struct chart *c = m->chart;
    double *x = arena_many(m->arena, m->columns, double);
    double *y = arena_many(m->arena, m->columns, double);
    bool *hollow = arena_many(m->arena, m->columns, bool);
    enum cell *cell = arena_many(m->arena, m->columns, enum cell);
    const struct chart_value *other = beside(c, row->point[0]);
    for (int k = 0; k < m->columns; k++) {
        x[k] = m->x[k];
        y[k] = NAN;
    }
    for (int i = 0; i < row->count; i++) {
        const struct chart_point *p = row->point[i];
        const struct chart_number *n = chart_of_type(c, p, c->by);
        int k = column_of(m, p->x);
        hollow[k] = !p->lasting;
        y[k] = p->lasting && n ? n->value : NAN;
        cell[k] = cell_of(p);
    }
    return (struct curve){.label = m->other ? other->text : row->label,
                          .x = x,
                          .y = y,
                          .hollow = hollow,
                          .cell = cell,
                          .count = m->columns};
}

static bool make_map(const struct chart *c, struct arena *arena, struct table *t,
                     struct map *m, const char **why)
{
    *m = (struct map){.chart = c, .arena = arena};
    if (!make_grid(m, why))
        return false;
    struct curve *curves = arena_many(arena, m->rows, struct curve);
    for (int i = 0; i < m->rows; i++)
        curves[i] = curve_of(m, m->row[i]);
    *t = (struct table){.title = c->title,
                        .caption = c->caption,
                        .x_label = c->axis_name,
                        .series_label = m->other ? m->other : "",
                        .category = m->name,
                        .categories = m->columns,
                        .series = curves,
                        .count = m->rows,
                        .nothing = "too few requests were answered to draw"};
    return true;
}

static bool any(const struct table *t, enum cell cell)
{
    for (int i = 0; i < t->count; i++)
        for (int k = 0; k < t->series[i].count; k++)
            if (t->series[i].cell[k] == cell)
                return true;
    return false;
}

static bool any_hollow(const struct table *t)
{
    for (int i = 0; i < t->count; i++)
        for (int k = 0; k < t->series[i].count; k++)
            if (t->series[i].hollow[k])
                return true;
    return false;
}

static enum unit unit_of(const char *metric)
{
    if (strcmp(metric, "errors") == 0 || strcmp(metric, "unfinished") == 0)
        return UNIT_PART;
    if (strcmp(metric, "offered") == 0 || strcmp(metric, "completed") == 0)
        return UNIT_RATE;
    return strcmp(metric, "attempts") == 0 ? UNIT_NUMBER : UNIT_TIME;
}

bool map_metric(const struct chart *chart, struct arena *arena, struct table *table,
                const char **why)
{
    struct map m;
    if (!make_map(chart, arena, table, &m, why))
        return false;
    table->y_unit = unit_of(chart->by);
    table->y_label = arena_format(
        arena, "%s of %s requests%s%s", chart->by, *chart->of ? chart->of : "all",
        any(table, CELL_KEPT) && any(table, CELL_MISSED) ? "; line: promises kept" : "",
        any_hollow(table) ? "; striped: overloaded" : "");
    return true;
}

bool map_promises(const struct chart *chart, struct arena *arena, struct table *table,
                  const char **why)
{
    struct map m;
    if (!make_map(chart, arena, table, &m, why))
        return false;
    if (!any(table, CELL_KEPT) && !any(table, CELL_OPEN) &&
        !any(table, CELL_MISSED)) {
        *why = "nothing was promised";
        return false;
    }
    const char *promises = "";
    for (int i = 0; i < chart->promises; i++)
        promises = arena_format(arena, "%s%s%s", promises, i ? ", " : "",
                                chart->promise[i]);
    for (int i = 0; i < table->count; i++) /* the number is the other map's */
        for (int k = 0; k < m.columns; k++)
            ((double *)table->series[i].y)[k] = NAN;
    table->y_label = arena_format(arena, "promised: %s", promises);
    return true;
}
