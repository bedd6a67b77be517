/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * axis -- from the numbers on an axis to round ends and readable tics: "20 ms",
 * "200/s", "60 %", "1.5k".
 *
 * Units: values in SI, as in table.h; places as a part of the axis's length, 0 to 1.
 */
#ifndef PLOTS_AXIS_H
#define PLOTS_AXIS_H

#include "plots/table.h"

#include <stdio.h>

struct axis {
    enum unit unit;
    bool log;
    double least, most; /* its ends; before axis_round those of the values */
    double step;        /* between tics; of logarithmic ones 0 */
    double from, to;    /* where its ends stand; equal: at their own values */
};

/* Ends and tics at round numbers, with about `tics` of them. Values that are all equal,
 * or none (least > most), still make an axis. */
void axis_round(struct axis *axis, int tics);

/* The value as text with its unit, three digits: "212 ms". */
void axis_text(enum unit unit, double value, char *text, size_t size);

/* The number alone, in the unit that `like` is written in; and the name of that. */
void axis_bare(enum unit unit, double value, double like, char *text, size_t size);
const char *axis_unit(enum unit unit, double like);

double axis_place(const struct axis *axis, double value);

/* set xtics (…), for name "xtics". */
void axis_tics(FILE *out, const char *name, const struct axis *axis);

#endif
