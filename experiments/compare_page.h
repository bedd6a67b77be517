/* SPDX-License-Identifier: GPL-3.0-or-later */
/* compare_page -- a comparison for people and for machines. */
#ifndef EXPERIMENTS_COMPARE_PAGE_H
#define EXPERIMENTS_COMPARE_PAGE_H

#include "experiments/compare.h"
#include "experiments/json.h"

#include <stdio.h>

/* `title` stands before the first line; `all`: every number, of more than two, too. */
void compare_print(const struct comparison *comparison, const char *title, bool all,
                   bool colour, FILE *out);

/* Fills an object. */
void compare_json(const struct comparison *comparison, const char *title, cJSON *to);

#endif
