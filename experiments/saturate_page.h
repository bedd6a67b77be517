/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * saturate_page -- what a search for the saturation point found, as text for a terminal
 * and as JSON.
 */
#ifndef EXPERIMENTS_SATURATE_PAGE_H
#define EXPERIMENTS_SATURATE_PAGE_H

#include "experiments/saturate.h"
#include "experiments/sheet.h"

#include <stdio.h>

void saturate_print(const struct saturation *s, const struct point *base, bool colour,
                    FILE *out);

/* The same into the document of a sheet. */
void saturate_write(const struct saturation *s, const struct point *base,
                    const struct sheet *sheet);

/* Lives in the arena; ends with a newline. */
const char *saturate_json(const struct saturation *s, const struct point *base,
                          struct arena *arena);

#endif
