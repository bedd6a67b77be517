/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * results -- results files that verbs only read: opened, held against their checksums;
 * what is wrong is told on stderr in the verb's name.
 */
#ifndef EXPERIMENTS_COMMANDS_RESULTS_H
#define EXPERIMENTS_COMMANDS_RESULTS_H

#include "experiments/store.h"
#include "sim/arena.h"

/* Is it there and begins like one, or is called so? */
bool results_are_at(const char *path);

/* COMMAND_DONE, and the caller closes the store; else the status to leave with. */
int results_open(const char *verb, const char *path, struct arena *arena,
                 struct store **store);

#endif
