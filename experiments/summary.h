/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * summary -- a result as text for a terminal 100 columns wide: the verdict first, then
 * what was promised, what requests saw, what the components did, where the time went,
 * and how all this is known.
 *
 * Texts of the scenario are made safe for a terminal. Colour only when asked for.
 */
#ifndef EXPERIMENTS_SUMMARY_H
#define EXPERIMENTS_SUMMARY_H

#include "experiments/result.h"
#include "experiments/sheet.h"

#include <stdio.h>

void summary_print(const struct result *result, bool colour, FILE *out);

/* Parts of it, for those that put them into a document. */
enum summary_part {
    SUMMARY_VERDICT,  /* in one line, and what it means */
    SUMMARY_HEADROOM, /* what is full first, and when */
    SUMMARY_PROMISES,
    SUMMARY_NUMBERS, /* requests, components, where the time goes */
    SUMMARY_EVIDENCE, /* how all this is known */
};

void summary_write(enum summary_part part, const struct result *result,
                   const struct sheet *sheet);

/* Is colour welcome there? A terminal, and no NO_COLOR. */
bool summary_colour(FILE *out);

#endif
