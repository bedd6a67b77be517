/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * compile_column -- random values that are no chance at all: what the row of a trace
 * says that a request comes from. A handler is compiled for every workload and type
 * that leads to it, so it is known here whose rows they are; request n has row n.
 */
#include "models/compile.h"
#include "sim/number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What a column is read for. */
struct reading {
    struct compiler *c;
    const struct workload *workload;
};

static int column_named(const struct param_csv *csv, const char *name)
{
    for (int i = 0; i < csv->columns; i++)
        if (strcmp(csv->header[i], name) == 0)
            return i;
    return -1;
}

static const char *names_of_columns(struct compiler *c, const struct param_csv *csv)
{
    enum { MOST_NAMED = 20 };
    const char *names = csv->header[0];
    for (int i = 1; i < csv->columns && i < MOST_NAMED; i++)
        names = arena_format(c->arena, "%s, %s", names, csv->header[i]);
    return names;
}

static bool read_cell(const char *cell, double *value)
{
    return number_read(cell, value) && *value >= 0;
}

/* Requests of other types need not have a value. */
static bool is_asked(const struct reading *r, int row)
{
    uint32_t type = r->workload->trace[row].type;
    return type == NONE || type == r->c->type;
}

static double *read_cells(const struct reading *r, const struct param_csv *csv,
                          int column, double scale)
{
    double *x = arena_many(r->c->arena, csv->rows, double);
    for (int i = 0; i < csv->rows; i++) {
        const char *cell = csv->cell[(size_t)i * (size_t)csv->columns + (size_t)column];
        x[i] = NAN;
        if (!is_asked(r, i))
            continue;
        if (!read_cell(cell, &x[i])) {
            complain(r->c->out, csv->at, NULL,
                     "line %d: %s must be a number of 0 or more, is \"%s\"",
                     csv->line[i], csv->header[column], cell);
            return NULL;
        }
        x[i] *= scale;
    }
    return x;
}

static void find_moments(struct dist_values *values)
{
    double sum = 0, squares = 0;
    int count = 0;
    for (int i = 0; i < values->count; i++)
        if (!isnan(values->x[i])) {
            sum += values->x[i];
            count++;
        }
    values->mean = count ? sum / count : 0;
    for (int i = 0; i < values->count; i++)
        if (!isnan(values->x[i]))
            squares += (values->x[i] - values->mean) * (values->x[i] - values->mean);
    values->variance = count ? squares / count : 0;
}

static bool read_column(void *context, const struct dist *dist,
                        struct dist_values *values)
{
    const struct reading *r = context;
    const struct dist_column_conf *conf = dist->conf;
    const struct param_csv *csv = r->workload->conf->trace->file;
    int column = column_named(csv, conf->name);
    if (column < 0) {
        complain(r->c->out, conf->at, NULL, "must be a column of %s (%s), is \"%s\"",
                 csv->file, names_of_columns(r->c, csv), conf->name);
        return false;
    }
    double *x = read_cells(r, csv, column, dist->a);
    *values = (struct dist_values){.x = x, .count = csv->rows};
    if (x)
        find_moments(values);
    return x;
}

/* A call that is made again draws for an entity of its own, which has no row. */
static bool is_repeated(const struct frame *f)
{
    for (f = f->caller; f; f = f->caller)
        if (f->loops > 0)
            return true;
    return false;
}

const struct dist *compile_value(struct compiler *c, const struct frame *f,
                                 const struct dist *dist)
{
    if (!dist_has_columns(dist))
        return dist;
    struct reading r = {c, &c->model->workload[c->model->type[c->type].workload]};
    struct dist_source source = {read_column, &r};
    struct dist *filled = NULL;
    if (r.workload->form != WORKLOAD_TRACE)
        complain(c->out, dist->at, NULL,
                 "must be asked for by requests of a trace only, workload \"%s\" is "
                 "none",
                 r.workload->name);
    else if (is_repeated(f))
        complain(c->out, dist->at, NULL,
                 "must not be in what a \"repeat\" calls: the row of a trace has one "
                 "value for a request");
    else if (r.workload->trace)
        filled = dist_with_columns(c->arena, dist, &source);
    return filled ? filled : dist_constant(c->arena, 0);
}

void compile_no_column(struct compiler *c, const struct dist *dist)
{
    if (dist && dist_has_columns(dist))
        complain(c->out, dist->at, NULL,
                 "must not be a column of a trace: only handlers know whose row to "
                 "look at");
}
