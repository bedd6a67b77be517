/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/random.h"

#include "experiments/data.h"
#include "experiments/datadir.h"
#include "experiments/quantity.h"
#include "experiments/scenario.h"
#include "experiments/text.h"
#include "sim/dist.h"
#include "sim/number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_FORMS = 64 };

enum param_type random_unit(const struct bind *bind, const struct param *row)
{
    bool inherited = row->unit == PARAM_END || row->unit == PARAM_VALUE;
    return inherited ? bind->unit : row->unit;
}

/* ---- data files ------------------------------------------------------------------ */

/* Many values may name the same file; it is read once. */
static const struct data_table *read_file(struct bind *bind, const char *name,
                                          uint32_t at, const char *key)
{
    for (int i = 0; i < bind->file_count; i++)
        if (strcmp(bind->files[i].name, name) == 0)
            return bind->tables[i];
    const struct data_table *table =
        data_read(bind->where, bind->folder, name, at, key);
    if (table)
        bind_add_file(bind, (struct data_file){name, table->bytes, table->length},
                      table);
    return table;
}

void random_bind_csv(struct bind *bind, const cJSON *value, struct param_csv **slot)
{
    if (!cJSON_IsString(value)) {
        bind_must_be(bind, value, "the name of a CSV file in double quotes");
        return;
    }
    const char *name =
        arena_text(bind->arena, value->valuestring, strlen(value->valuestring));
    const struct data_table *table = read_file(bind, name, text_number(value), NULL);
    if (table) {
        *slot = arena_new(bind->arena, struct param_csv);
        **slot = table->csv;
        (*slot)->at = text_number(value);
    }
}

/* A cell without unit, in the column's unit. */
static bool read_plain(const char *cell, double scale, double *value)
{
    if (!number_read(cell, value))
        return false;
    *value *= scale;
    return *value >= 0 && isfinite(*value);
}

/* The scale of plain cells in memory's unit; 0: each cell says its own. */
static bool column_scale(struct bind *bind, uint32_t at, const char *name,
                         double *scale)
{
    *scale = quantity_has_units(bind->unit) ? 0 : 1;
    if (!name)
        return true;
    if (quantity_unit(bind->unit, name, scale))
        return true;
    if (quantity_has_units(bind->unit))
        where_problem(bind->where, at, "unit", "must be %s, is \"%s\"",
                      quantity_units(bind->arena, bind->unit), name);
    else
        where_problem(bind->where, at, "unit",
                      "must be absent: the values are plain "
                      "numbers");
    return false;
}

static int find_column(struct bind *bind, const struct dist_file_conf *conf,
                       const struct param_csv *csv)
{
    int column = data_column(csv, conf->column);
    if (column < 0)
        where_problem(bind->where, conf->at, "column",
                      "must be a column of %s (%s), is \"%s\"", conf->file,
                      where_list(bind->arena, csv->header, csv->columns),
                      conf->column);
    return column;
}

static struct dist *bind_empirical(struct bind *bind, const struct dist_file_conf *conf)
{
    double scale;
    if (!conf->file || !conf->column ||
        !column_scale(bind, conf->at, conf->unit, &scale))
        return NULL;
    const struct data_table *table = read_file(bind, conf->file, conf->at, "file");
    int column = table ? find_column(bind, conf, &table->csv) : -1;
    if (column < 0)
        return NULL;
    double *values = arena_many(bind->arena, table->csv.rows, double);
    for (int i = 0; i < table->csv.rows; i++) {
        const char *cell = table->csv.cell[(size_t)i * (size_t)table->csv.columns +
                                           (size_t)column];
        bool fine = scale > 0 ? read_plain(cell, scale, &values[i])
                              : quantity_read(bind->unit, cell, &values[i]) &&
                                    values[i] >= 0;
        if (!fine) {
            data_problem(
                bind->where, table, i, "%s must be %s, is \"%s\"", conf->column,
                scale > 0 ? "a number of at least 0" : quantity_noun(bind->unit), cell);
            return NULL;
        }
    }
    struct dist *dist = dist_empirical(bind->arena, values, table->csv.rows);
    dist->conf = conf;
    return dist;
}

/* Its values are known when it is known which trace leads to it. */
static struct dist *bind_column(struct bind *bind, const struct dist_column_conf *conf)
{
    double scale = quantity_has_units(bind->unit) ? 0 : 1;
    if (!conf->unit && scale == 0) {
        where_problem(bind->where, conf->at, "unit", "must be given: %s",
                      quantity_units(bind->arena, bind->unit));
        return NULL;
    }
    return column_scale(bind, conf->at, conf->unit, &scale)
               ? dist_column(bind->arena, conf, scale)
               : NULL;
}

/* ---- what comes with the program ------------------------------------------------- */

/* Quantiles of numbers of tokens, a row for each trace and side; its columns p0 to p100
 * are quantiles, others say where they come from. */
#define LENGTHS "token-lengths.csv"
/* Not a name that a file beside the scenario can have. */
#define SHIPPED "/" LENGTHS

static const struct data_table *read_shipped(struct bind *bind, uint32_t at)
{
    for (int i = 0; i < bind->file_count; i++)
        if (strcmp(bind->files[i].name, SHIPPED) == 0)
            return bind->tables[i];
    const char *folder = datadir(bind->arena);
    const struct data_table *table =
        folder ? data_read(bind->where,
                           arena_format(bind->arena, "%s/library", folder), LENGTHS, at,
                           NULL)
               : NULL;
    if (!folder)
        where_problem(bind->where, at, NULL,
                      "must come with " LENGTHS ", which is not where the program "
                      "looks for it");
    if (table)
        bind_add_file(bind, (struct data_file){SHIPPED, table->bytes, table->length},
                      table);
    return table;
}

static int find_row(struct bind *bind, const struct dist_published_conf *conf,
                    const struct param_csv *csv)
{
    const char **names = arena_many(bind->arena, csv->rows, const char *);
    int column = data_column(csv, "name");
    for (int i = 0; column >= 0 && i < csv->rows; i++) {
        names[i] = csv->cell[i * csv->columns + column];
        if (strcmp(names[i], conf->name) == 0)
            return i;
    }
    where_problem(bind->where, conf->at, NULL, "must be one of %s, is \"%s\"",
                  column < 0 ? "none" : where_list(bind->arena, names, csv->rows),
                  conf->name);
    return -1;
}

static struct dist *bind_published(struct bind *bind,
                                   const struct dist_published_conf *conf)
{
    if (quantity_has_units(bind->unit)) {
        where_problem(bind->where, conf->at, NULL,
                      "must be where a number of tokens is asked for");
        return NULL;
    }
    const struct data_table *table = conf->name ? read_shipped(bind, conf->at) : NULL;
    int row = table ? find_row(bind, conf, &table->csv) : -1;
    if (row < 0)
        return NULL;
    const struct param_csv *csv = &table->csv;
    double *x = arena_many(bind->arena, csv->columns, double);
    double *p = arena_many(bind->arena, csv->columns, double);
    int count = 0;
    for (int i = 0; i < csv->columns; i++) {
        char *end;
        p[count] = csv->header[i][0] == 'p' ? strtod(csv->header[i] + 1, &end) : NAN;
        if (isnan(p[count]) || *end)
            continue;
        p[count] /= 100;
        if (!read_plain(csv->cell[row * csv->columns + i], 1, &x[count])) {
            data_problem(bind->where, table, row, "%s must be a number",
                         csv->header[i]);
            return NULL;
        }
        count++;
    }
    struct dist *dist = dist_quantile_table(bind->arena, x, p, count);
    dist->conf = conf;
    return dist;
}

/* ---- forms ----------------------------------------------------------------------- */

/* The parameters: an object, a list of them in order, or the first one alone. */
static void bind_conf(struct bind *bind, const cJSON *value, const struct param *form,
                      void *conf)
{
    const struct param *first = form->of;
    *(uint32_t *)conf = text_number(value);
    if (cJSON_IsObject(value)) {
        bind_object(bind, value, form->of, conf);
    } else if (cJSON_IsArray(value) && first->type != PARAM_LIST) {
        bind_tuple(bind, value, form->of, conf);
    } else if (form == &dist_forms[DIST_EMPIRICAL] || first->key == NULL) {
        bind_must_be(bind, value, "an object");
    } else {
        bind_defaults(bind, form->of, conf);
        bind_field(bind, value, first, (char *)conf + first->offset);
    }
}

static struct dist *bind_form(struct bind *bind, const cJSON *value,
                              enum dist_form form)
{
    int problems = bind->where->problem_count;
    const struct param *row = &dist_forms[form];
    void *conf = arena_array(bind->arena, 1, row->size);
    bind_conf(bind, value, row, conf);
    if (bind->where->problem_count > problems)
        return NULL;
    if (form == DIST_EMPIRICAL)
        return bind_empirical(bind, conf);
    if (form == DIST_COLUMN)
        return bind_column(bind, conf);
    if (form == DIST_PUBLISHED)
        return bind_published(bind, conf);
    struct dist *dist = arena_new(bind->arena, struct dist);
    bool fine = dist_prepare(dist, form, conf, bind->arena, &bind->where->listener);
    return fine ? dist : NULL;
}

static int form_named(const char *name)
{
    for (int i = 0; dist_forms[i].key; i++)
        if (strcmp(dist_forms[i].key, name) == 0)
            return i;
    return -1;
}

/* {"lognormal": ...} */
static struct dist *bind_named(struct bind *bind, const cJSON *value)
{
    const char *names[MOST_FORMS];
    int count = bind_keys(dist_forms, names, MOST_FORMS);
    const cJSON *tag = value->child;
    if (!tag || tag->next) {
        where_problem(
            bind->where, text_number(value), NULL,
            "must have one key, a distribution such as \"exponential\", has %d",
            cJSON_GetArraySize(value));
        return NULL;
    }
    int form = form_named(tag->string);
    if (form >= 0)
        return bind_form(bind, tag, (enum dist_form)form);
    const char *near = where_nearest(tag->string, names, count);
    where_key_problem(
        bind->where, text_number(tag), "is not a known distribution (%s)",
        near ? arena_format(bind->arena, "did you mean \"%s\"?", near)
             : arena_format(bind->arena, "known: %s",
                            where_list(bind->arena, names, count)));
    return NULL;
}

/* "20ms" */
static struct dist *bind_lone(struct bind *bind, const cJSON *value)
{
    if (cJSON_IsString(value) || cJSON_IsNumber(value))
        return bind_form(bind, value, DIST_CONSTANT);
    const char *noun = quantity_noun(bind->unit);
    bind_must_be(bind, value, arena_format(bind->arena, "%s, or a distribution such as "
                                           "{\"exponential\": ...}", noun));
    return NULL;
}

struct dist *random_bind(struct bind *bind, const cJSON *value, const struct param *row)
{
    enum param_type outer = bind->unit;
    bind->unit = random_unit(bind, row);
    struct dist *dist =
        cJSON_IsObject(value) ? bind_named(bind, value) : bind_lone(bind, value);
    if (dist)
        dist->at = text_number(value);
    bind->unit = outer;
    return dist;
}
