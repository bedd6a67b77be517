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

/* What is known of a cell of a map beside its number. */
enum cell {
    CELL_PLAIN,
    CELL_KEPT,   /* what was promised is kept there */
    CELL_MISSED, /* it is not */
    CELL_OPEN,   /* too few samples to say */
};

struct curve {
    const char *label;
    const double *x, *y;       /* `count` points, x ascending; y NaN: not known */
    const double *low, *high;  /* ends of the interval around y; NULL when not known */
    const bool *hollow; /* points without a lasting value, never joined; NULL: none */
    int count;
    const enum cell *cell; /* of a map: one a point; NULL: CELL_PLAIN */
    enum unit unit;        /* of a column of dots, which has an axis of its own */
    const char *const *note; /* words beneath a dot; NULL, and entries: none */
};

/* A promise to compare with. In a tail: "at level y, x must stay below this". Among
 * lines: a line across at y (x is NaN) or upright at x (y is NaN); where y is INFINITY,
 * a hollow point at x whose value no axis could show. */
struct mark {
    const char *label; /* "page.p95 < 2s" */
    double x, y;
    int series; /* the number of the series it speaks of, from 1; 0 for none */
    double low, high; /* of an upright one: ends of its interval; equal: none */
    bool limit;       /* of one across: what lies above breaks it */
};

struct table {
    const char *title;
    const char *caption; /* where the numbers come from; NULL for none */
    const char *x_label; /* what x is; NULL for the figure's own word */
    const char *y_label; /* what y is, said below the title; as x_label */
    const char *series_label; /* what the series of a map differ in: its upward axis */
    const char *const *category; /* names of x = 1, 2, … in bars and maps; of rows */
    int categories;
    enum unit x_unit, y_unit; /* of figure kinds that show more than one */
    const char *nothing; /* what stands in place of curves when there are none */
    const struct curve *series;
    int count;
    const struct mark *marks;
    int mark_count;
};

#endif
