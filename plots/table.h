/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * table -- what a figure shows: series with intervals, marks, and words around them.
 *
 * Units:     x and y are in SI units (seconds, fractions, per second); the figure
 *            chooses human units.
 * Ownership: plain structs that point at the caller's arrays and texts.
 * Texts:     UTF-8 from anywhere, hostile or not. A figure shows them and never
 *            obeys them.
 */
#ifndef PLOTS_TABLE_H
#define PLOTS_TABLE_H

#include <stdbool.h>

/* What an axis counts, and so how its numbers are written. */
enum unit {
    UNIT_NUMBER,
    UNIT_TIME, /* s */
    UNIT_RATE, /* per s */
    UNIT_PART, /* a fraction, written in percent */
};

struct curve {
    const char *label;
    const double *x, *y;       /* `count` points, x ascending; y NaN: not known */
    const double *low, *high;  /* ends of the interval around y; NULL when not known */
    const bool *hollow; /* points without a lasting value, never joined; NULL: none */
    int count;
};

/* A promise to compare with. In a tail: "at level y, x must stay below this". Among
 * lines: a line across at y (x is NaN) or upright at x (y is NaN). */
struct mark {
    const char *label; /* "page.p95 < 2s" */
    double x, y;
    int series; /* the number of the series it speaks of, from 1; 0 for none */
};

struct table {
    const char *title;
    const char *caption; /* where the numbers come from; NULL for none */
    const char *x_label; /* what x is; NULL for the figure's own word */
    const char *y_label; /* what y is, said below the title; as x_label */
    const char *const *category; /* names of x = 1, 2, … in bars */
    int categories;
    enum unit x_unit, y_unit; /* of figure kinds that show more than one */
    const char *nothing; /* what stands in place of curves when there are none */
    const struct curve *series;
    int count;
    const struct mark *marks;
    int mark_count;
};

#endif
