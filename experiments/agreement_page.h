/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * agreement_page -- predictions beside measurements: as text for a terminal, for
 * machines (schema "headroom.validate/1"), and as a table to draw.
 *
 * Texts of the scenario are made safe for a terminal.
 */
#ifndef EXPERIMENTS_AGREEMENT_PAGE_H
#define EXPERIMENTS_AGREEMENT_PAGE_H

#include "experiments/agreement.h"

#include <stdio.h>

struct agreement_page {
    const struct agreement *agreement;
    const struct measured *measured;
    const char *name; /* of the scenario */
    uint64_t seed;
    double within;    /* tolerated difference; 0: none asked for */
};

void agreement_print(const struct agreement_page *page, bool colour, FILE *out);
const char *agreement_json(const struct agreement_page *page, struct arena *arena);
struct table agreement_table(const struct agreement_page *page, struct arena *arena);

/* Does every row hold? */
bool agreement_is_yes(const struct agreement_page *page);

#endif
