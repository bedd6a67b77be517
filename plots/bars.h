/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bars -- stacked bars: a bar for each x (1, 2, …), named by the table's categories, in
 * it a part for each series, as high as its y. Parts are named beside the last bar.
 */
#ifndef PLOTS_BARS_H
#define PLOTS_BARS_H

#include "plots/figure.h"
#include "plots/workspace.h"

/* Write figure.gp and its data into the workspace. FIGURE_DRAWN means written. */
enum figure_result bars_write(const struct figure *figure,
                              const struct workspace *space, char *error, size_t size);

#endif
