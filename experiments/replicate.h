/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * replicate -- independent replications of one model on several threads: the only
 * parallelism of the program.
 *
 * Each thread simulates in one arena of its own, used again for every replication, and
 * copies what was found into the caller's. Nothing is reduced here: outcomes stand in
 * index order and are equal, byte for byte, on any number of threads.
 *
 * Interruption: once *stop is set no replication is begun, those that run are finished,
 * and replicate_run returns false.
 */
#ifndef EXPERIMENTS_REPLICATE_H
#define EXPERIMENTS_REPLICATE_H

#include "experiments/procedure.h"

#include <signal.h>

struct replicate {
    const struct model *model;
    int threads;                       /* 0: as many as there are processors */
    const volatile sig_atomic_t *stop; /* NULL: cannot be interrupted */
    /* Told of every finished replication, one at a time, in no particular order; may be
     * NULL. `done` counts within these jobs. */
    void (*progress)(void *context, const struct jobs *jobs, int done);
    void *context;
};

/* A runner's run: the context is a struct replicate. */
bool replicate_run(void *replicate, const struct jobs *jobs, struct arena *arena,
                   struct outcome *out);

#endif
