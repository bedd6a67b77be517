/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * replicate -- independent replications of one model on several threads: the only
 * parallelism of the program.
 *
 * Each thread simulates in one arena of its own, used again for every replication, and
 * copies what was found into the caller's. Nothing is reduced here: outcomes stand in
 * index order and are equal, byte for byte, on any number of threads.
 *
 * Interruption: once *stop is set no replication is begun, those that run end at once
 * and are dropped, and replicate_run returns false. Jobs of a queue are finished.
 */
#ifndef EXPERIMENTS_REPLICATE_H
#define EXPERIMENTS_REPLICATE_H

#include "experiments/pack.h"
#include "experiments/procedure.h"
#include "experiments/store.h"

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

/* ---- jobs of many points --------------------------------------------------------- */

/* One replication to simulate. */
struct replicate_job {
    const struct model *model;
    struct window window;
    uint32_t replication;
    void *ticket; /* whoever hands it out knows by it which one it was */
};

/* What came of it. */
struct replicate_found {
    struct packed packed;
    struct store_sums sums;
    double seconds; /* of this thread */
};

enum replicate_next { REPLICATE_JOB, REPLICATE_WAIT, REPLICATE_END };

/* Hands jobs to threads until there are none. All three are called by one thread at a
 * time; none of them may keep what it is given. */
struct replicate_queue {
    int threads;
    enum replicate_next (*take)(void *context, struct replicate_job *job);
    void (*give)(void *context, const struct replicate_job *job,
                 const struct replicate_found *found);
    void (*tick)(void *context); /* several times a second */
    void *context;
};

void replicate_all(const struct replicate_queue *queue);

/* Simulates one job; memory from the arena. */
void replicate_one(const struct replicate_job *job, struct arena *arena,
                   struct replicate_found *found);

#endif
