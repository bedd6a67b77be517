/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * overview -- the points of a results file on a terminal: a line each, or, where they
 * are many, only of those that somebody should look at.
 */
#ifndef EXPERIMENTS_OVERVIEW_H
#define EXPERIMENTS_OVERVIEW_H

#include "experiments/store.h"

#include <stdio.h>

void overview_print(struct store *store, bool colour, FILE *out);

#endif
