/* SPDX-License-Identifier: GPL-3.0-or-later */
/* batch -- the command with its jobs done elsewhere: for headroom-mpi. */
#ifndef EXPERIMENTS_COMMANDS_BATCH_H
#define EXPERIMENTS_COMMANDS_BATCH_H

#include "experiments/batch.h"
#include "experiments/commands/command.h"

/* How a batch is run; {0}: on threads, here. */
struct batch_ways {
    void (*run)(struct batch *batch, void *context); /* NULL: batch_run */
    void *context;
    int workers; /* with `run`: how many simulate */
    /* Instead of all that: this process only does jobs of the plan. */
    void (*work)(const struct plan *plan);
};

int batch_command_by(const struct command *command, int argc, char **argv,
                     const struct batch_ways *ways);

#endif
