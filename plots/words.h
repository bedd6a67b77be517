/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * words -- what stands around a figure: its title, what its axes are, the caption. They
 * shrink with the figure; a caption too long for one line takes two or three.
 *
 * Units: pixels of the whole figure.
 */
#ifndef PLOTS_WORDS_H
#define PLOTS_WORDS_H

#include "plots/figure.h"

#include <stdio.h>

enum { WORDS_EDGE = 24, WORDS_LINE = 16, WORDS_CAPTION_MOST = 3 };

/* Room above and below the plotting area, the tics' and the axis's name included. */
int words_top(const struct figure *figure);
int words_bottom(const struct figure *figure);

/* For words.gp: width, height, the margins, the words. `left` and `right` are the
 * margins of the plotting area. */
void words_write(const struct figure *figure, int left, int right, FILE *out);

#endif
