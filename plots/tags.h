/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tags -- names beside what they belong to, on the right of a figure, in its colour:
 * pushed apart where they would lie on each other, with a thin line that leads back.
 * Long ones take two lines.
 *
 * Units: pixels of the whole figure, from its lower left corner.
 */
#ifndef PLOTS_TAGS_H
#define PLOTS_TAGS_H

#include <stdio.h>

enum { TAGS_HEIGHT = 18, TAGS_LINE = 14, TAGS_GAP = 12, TAGS_COLUMN = 8 };

struct tag {
    const char *label;
    int colour;  /* the number of the series, from 1 */
    double x, y; /* where what it names ends */
    double at;   /* where it stands, and in how many lines: set by tags_write */
    int lines;
};

/* Columns that tags may have in a figure of this width. */
int tags_columns(int width);

/* The margin that labels need, each of at most `columns`, in a figure of this width. */
int tags_margin(const struct tag *tag, int count, int columns, int figure_width);

/* For tags.gp; reorders them. They stand at `x`, between `bottom` and `top`. */
void tags_write(struct tag *tag, int count, double x, double bottom, double top,
                int columns, FILE *out);

#endif
