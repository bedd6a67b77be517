/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tail -- the latency tail: the fraction of requests slower than x, both axes
 * logarithmic, one labelled line a series, a vertical line where a promise stands.
 */
#ifndef PLOTS_TAIL_H
#define PLOTS_TAIL_H

#include "plots/figure.h"
#include "plots/workspace.h"

/* Write figure.gp and its data into the workspace. FIGURE_DRAWN means written. */
enum figure_result tail_write(const struct figure *figure,
                              const struct workspace *space, char *error, size_t size);

#endif
