/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reference -- the reference of the scenario language in Markdown, made from the tables
 * that read it: the file, workloads, every kind of service, steps, distributions.
 */
#ifndef EXPERIMENTS_REFERENCE_H
#define EXPERIMENTS_REFERENCE_H

#include "sim/arena.h"

#include <stdbool.h>
#include <stdio.h>

/* All of it. */
void reference_print(struct arena *arena, FILE *out);

/* The section called `name`: a kind, a step, a distribution, or "scenario". False if
 * there is none; `near` then names the nearest, or is NULL. */
bool reference_print_section(const char *name, struct arena *arena, FILE *out,
                             const char **near);

#endif
