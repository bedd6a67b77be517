/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * chance -- what is left to chance in a system, in words: "web, page: cpu is lognormal,
 * mean 8.00 ms, cv 0.7". Whatever is not named happens alike in every replication.
 *
 * Ownership: the list and its texts live in the arena.
 */
#ifndef EXPERIMENTS_CHANCE_H
#define EXPERIMENTS_CHANCE_H

#include "models/spec.h"
#include "sim/arena.h"

struct chance {
    const char **text;
    int count;
};

struct chance chance_of(const struct system_spec *system, struct arena *arena);

#endif
