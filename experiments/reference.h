/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reference -- the reference of the scenario language, made from the tables that read
 * it: the file, workloads, every kind of service, steps, distributions. In Markdown, or
 * as one JSON document, schema headroom.kinds/1: `sections` with their `keys`, `units`,
 * `slo` and `not_modelled`; the texts are those of the Markdown tables.
 */
#ifndef EXPERIMENTS_REFERENCE_H
#define EXPERIMENTS_REFERENCE_H

#include "sim/arena.h"

#include <stdbool.h>
#include <stdio.h>

/* All of it. */
void reference_print(struct arena *arena, bool json, FILE *out);

/* The sections of these names: kinds, steps, distributions, "scenario". The first name
 * that there is not, or NULL; `near` then names the nearest, or is NULL. */
const char *reference_print_sections(const char *const *names, int count,
                                     struct arena *arena, bool json, FILE *out,
                                     const char **near);

#endif
