/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data -- CSV files that a scenario refers to.
 *
 * A file is opened below the scenario's folder only: no absolute path, no "..", no
 * symbolic link on the way, a regular file of at most DATA_MOST_BYTES. The first line
 * names the columns; cells are separated by commas and may stand in double quotes;
 * lines end in LF or CRLF; empty lines are skipped.
 *
 * Ownership: everything lives in the arena of `where`.
 * Errors:    told to `where`, with the line of the data file where one is to blame;
 * NULL.
 */
#ifndef EXPERIMENTS_DATA_H
#define EXPERIMENTS_DATA_H

#include "experiments/where.h"
#include "sim/param.h"

#include <stddef.h>

enum {
    DATA_MOST_BYTES = 64 * 1024 * 1024,
    DATA_MOST_COLUMNS = 1000,
    DATA_MOST_CELLS = 20000000,
};

struct data_table {
    struct param_csv csv;
    int source;           /* in where */
    const char *bytes;    /* the file as it is */
    size_t length;
};

/* The table in `folder`/`name`, named by the member `key` of the value `at` (or,
 * without a key, by the value itself). */
struct data_table *data_read(struct where *where, const char *folder, const char *name,
                             uint32_t at, const char *key);

/* The table in a file that a person names, wherever it is. */
struct data_table *data_read_path(struct where *where, const char *path);

/* The index of a column, -1 if there is none such. */
int data_column(const struct param_csv *csv, const char *name);

/* Something is wrong in a row (0 = the first under the header). */
void data_problem(struct where *where, const struct data_table *table, int row,
                  const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
