/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cells -- a map over two values: the series are its rows, from below, the categories
 * its columns. Cells are coloured by their number, darker for more, or, as FIGURE_KEPT,
 * by what is known of them. Hollow ones are striped and have neither colour nor number.
 * A line runs around the cells where promises are kept.
 */
#ifndef PLOTS_CELLS_H
#define PLOTS_CELLS_H

#include "plots/figure.h"
#include "plots/workspace.h"

/* Write figure.gp and its data into the workspace. FIGURE_DRAWN means written. */
enum figure_result cells_write(const struct figure *figure,
                               const struct workspace *space, char *error, size_t size);

#endif
