/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * human -- numbers as people read them: three digits, a fitting unit, and the
 * half-width to the same digit. "31.2 ms", "±0.5"; what may not be given is "-", what
 * is too small for the digits "<0.01 %".
 *
 * Units:     in SI (s, 1/s, fractions).
 * Ownership: text lives in the arena.
 */
#ifndef EXPERIMENTS_HUMAN_H
#define EXPERIMENTS_HUMAN_H

#include "experiments/estimate.h"
#include "sim/arena.h"

enum human_kind {
    HUMAN_TIME,   /* "31.2 ms" */
    HUMAN_RATE,   /* "498/s"; large ones "12.3k/s" */
    HUMAN_PART,   /* "0.42 %" */
    HUMAN_NUMBER, /* "12.3k" */
    HUMAN_COUNT,  /* "30": a whole number */
    HUMAN_SIZE,   /* "440 MiB" */
};

const char *human_value(struct arena *arena, enum human_kind kind, double value);

/* "±0.5" in the unit and to the digit of the value, or one more; "" when there is
 * none, or none that these digits would show. */
const char *human_half_width(struct arena *arena, enum human_kind kind,
                             const struct estimate *e);

/* "31.2 ms ±0.5" */
const char *human_estimate(struct arena *arena, enum human_kind kind,
                           const struct estimate *e);

/* Columns that a UTF-8 text takes, one a character. */
int human_width(const char *text);

#endif
