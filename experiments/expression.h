/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * expression -- arithmetic of a document, units included: what stands in a guide as
 * "1000 users x 50 bytes" is 1000 * 50B, and that is 50 kB.
 *
 *     200 * 3/min + 50 * 1/min     10.8/s
 *     15 * 8 * 4 / 500ms           960/s
 *     ceil(1000 * 3/min / 50/s)    wrong: what is divided by s has no unit
 *
 * + - * / and brackets, ceil() floor() min() max(); numbers with a decimal point, and
 * units behind them or alone: of time, of size, % and $. A unit binds tighter than a
 * sign of arithmetic: 1/100ms is 10/s. Things without a unit, such as users or cores,
 * are plain numbers.
 *
 * Errors: text, with the column in it where that helps.
 */
#ifndef EXPERIMENTS_EXPRESSION_H
#define EXPERIMENTS_EXPRESSION_H

#include "sim/arena.h"

#include <stdbool.h>

/* A number and the powers of s, B and $ that it has: SI units. */
struct measure {
    double value;
    int time, size, money;
};

/* False with the reason in `why`. */
bool expression_read(const char *text, struct arena *arena, struct measure *out,
                     const char **why);

bool measure_same_unit(const struct measure *a, const struct measure *b);

/* "960/s", "50 kB", "$410", "16.5 s", "560" */
const char *measure_text(const struct measure *m, struct arena *arena);

#endif
