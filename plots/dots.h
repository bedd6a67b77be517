/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dots -- several numbers of named things with their intervals: the categories are the
 * rows, from above, the series the columns, each with its unit and an axis from 0 on. A
 * thin line through a column is where the first row is. What is hollow has no number.
 */
#ifndef PLOTS_DOTS_H
#define PLOTS_DOTS_H

#include "plots/figure.h"
#include "plots/workspace.h"

/* Write figure.gp and its data into the workspace. FIGURE_DRAWN means written. */
enum figure_result dots_write(const struct figure *figure,
                              const struct workspace *space, char *error, size_t size);

#endif
