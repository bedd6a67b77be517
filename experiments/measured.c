/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/measured.h"

#include "experiments/data.h"
#include "sim/number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_PROBLEMS = 10 }; /* a wrong column is wrong in every line */

enum column { TIME, LATENCY, STATUS, ERROR, KIND, TYPE, COLUMNS };

static const char *const names[COLUMNS] = {
    [TIME] = "t_s",  [LATENCY] = "lat_ms", [STATUS] = "status",
    [ERROR] = "err", [KIND] = "kind",      [TYPE] = "type"};

/* In the column's own unit; times up to 30 years. */
static const double most[COLUMNS] = {[TIME] = 1e9, [LATENCY] = 1e12, [STATUS] = 999};

struct reader {
    struct where *where;
    const struct model_facts *facts;
    const struct data_table *table;
    int column[COLUMNS]; /* -1: absent */
};

static const char *cell_of(const struct reader *r, enum column column, int row)
{
    const struct param_csv *csv = &r->table->csv;
    if (r->column[column] < 0)
        return NULL;
    return csv->cell[(size_t)row * (size_t)csv->columns + (size_t)r->column[column]];
}

static bool find_columns(struct reader *r)
{
    const struct param_csv *csv = &r->table->csv;
    bool fine = true;
    for (int c = 0; c < COLUMNS; c++) {
        r->column[c] = data_column(csv, names[c]);
        if (r->column[c] >= 0 || (c != TIME && c != LATENCY))
            continue;
        where_source_problem(r->where, r->table->source, 0,
                             "must have the column \"%s\", has %s", names[c],
                             where_list(r->where->arena, csv->header, csv->columns));
        fine = false;
    }
    if (r->column[KIND] < 0)
        r->column[KIND] = r->column[TYPE];
    return fine;
}

static double number_in(struct reader *r, enum column column, int row)
{
    const char *cell = cell_of(r, column, row);
    double value;
    if (!number_read(cell, &value) || value < 0)
        data_problem(r->where, r->table, row,
                     "%s must be a number of 0 or more, is \"%s\"", names[column],
                     cell);
    else if (value > most[column])
        data_problem(r->where, r->table, row, "%s must be at most %g, is \"%s\"",
                     names[column], most[column], cell);
    else
        return value;
    return 0;
}

static bool is_ok(struct reader *r, int row)
{
    const char *error = cell_of(r, ERROR, row);
    double status = r->column[STATUS] < 0 ? 200 : number_in(r, STATUS, row);
    return status >= 200 && status < 400 && (!error || !*error);
}

static int type_in(struct reader *r, int row)
{
    const char *name = cell_of(r, KIND, row);
    const char **known = arena_many(r->where->arena, r->facts->types, const char *);
    for (int t = 0; name && t < r->facts->types; t++)
        if (strcmp(r->facts->type[t].name, name) == 0)
            return t;
        else
            known[t] = r->facts->type[t].name;
    if (name)
        data_problem(r->where, r->table, row,
                     "%s must be a request type of the scenario (%s), is \"%s\"",
                     r->table->csv.header[r->column[KIND]],
                     where_list(r->where->arena, known, r->facts->types), name);
    return 0;
}

bool measured_read(struct measured *measured, const char *path,
                   const struct model_facts *facts, struct where *where)
{
    struct reader r = {.where = where, .facts = facts};
    int before = where->problem_count;
    *measured = (struct measured){.file = path};
    r.table = data_read_path(where, path);
    if (!r.table || !find_columns(&r))
        return false;
    int rows = r.table->csv.rows;
    struct measured_request *request =
        arena_many(where->arena, rows, struct measured_request);
    for (int i = 0; i < rows; i++) {
        if (where->problem_count - before >= MOST_PROBLEMS) {
            data_problem(where, r.table, i,
                         "is the first line that was not looked at: "
                         "too much is wrong above");
            break;
        }
        request[i] = (struct measured_request){
            .start = number_in(&r, TIME, i),
            .latency = number_in(&r, LATENCY, i) * 1e-3,
            .type = type_in(&r, i),
            .ok = is_ok(&r, i),
        };
        measured->end = fmax(measured->end, request[i].start);
    }
    measured->request = request;
    measured->count = rows;
    measured->typed = facts->types == 1 || r.column[KIND] >= 0;
    return where->problem_count == before;
}
