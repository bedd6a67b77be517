/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lines -- y over x: a labelled line a series with the band of its intervals, marks
 * across and upright. Points that are hollow stand alone, and so do those behind a gap.
 */
#ifndef PLOTS_LINES_H
#define PLOTS_LINES_H

#include "plots/figure.h"
#include "plots/workspace.h"

/* Write figure.gp and its data into the workspace. FIGURE_DRAWN means written. */
enum figure_result lines_write(const struct figure *figure,
                               const struct workspace *space, char *error, size_t size);

#endif
