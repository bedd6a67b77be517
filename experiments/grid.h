/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * grid -- a table on a sheet: columns as wide as what stands in them, two spaces
 * between, nothing at the end of a line. The first column yields where the sheet is too
 * narrow. In a document the heading's first cell is the table's caption.
 *
 * Ownership: rows and texts live in the sheet's arena.
 */
#ifndef EXPERIMENTS_GRID_H
#define EXPERIMENTS_GRID_H

#include "experiments/sheet.h"

enum { GRID_COLUMNS = 12 };

struct grid_row {
    const char *cell[GRID_COLUMNS]; /* NULL: empty */
    enum ink ink[GRID_COLUMNS];
    bool heading; /* begins two columns before the others */
    bool below;   /* says more of the row above, column by column */
};

/* {.columns = …, .left = …} is an empty one. */
struct grid {
    int columns;
    int left; /* so many columns are aligned to the left, the others to the right */
    const char *caption; /* in a document, of a grid without a heading; or NULL */
    int rows, room;
    struct grid_row *row;
};

/* A new row, empty, in one ink; good until the next one. */
struct grid_row *grid_add(struct grid *grid, struct sheet *sheet, enum ink ink);
struct grid_row *grid_heading(struct grid *grid, struct sheet *sheet);

/* Rows without any text are left out. */
void grid_print(const struct grid *grid, struct sheet *sheet);

#endif
