/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * agreement -- predicted against measured: a point for each pair of times, its interval
 * where it has one, and the diagonal on which they are equal. Both axes logarithmic.
 */
#ifndef PLOTS_AGREEMENT_H
#define PLOTS_AGREEMENT_H

#include "plots/figure.h"
#include "plots/workspace.h"

/* Write figure.gp and its data into the workspace. FIGURE_DRAWN means written. */
enum figure_result agreement_write(const struct figure *figure,
                                   const struct workspace *space, char *error,
                                   size_t size);

#endif
