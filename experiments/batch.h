/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * batch -- an experiment on its way into a results file.
 *
 * A point is never kept in memory for its results: its procedure is run again from the
 * beginning whenever something was added, with outcomes taken from the file. What is
 * missing is what must be simulated next. So a batch that was killed goes on as if
 * nothing had happened, and threads, ranks and shards get the same results: each
 * decision is the procedure's own and looks at complete outcomes alone.
 *
 * Order: first every point's pilot (or its first few replications), then the points
 * whose promises are least decided. The order changes what is known when time runs out,
 * never a value.
 *
 * Ownership: everything lives in the arena given; points that are worked on have their
 *            own, a few at a time.
 * Threads:   one at a time (replicate.h sees to it).
 */
#ifndef EXPERIMENTS_BATCH_H
#define EXPERIMENTS_BATCH_H

#include "experiments/plan.h"
#include "experiments/progress.h"
#include "experiments/store.h"

struct batch;

struct batch_settings {
    const struct plan *plan;
    struct store *store;
    struct store_shard shard;
    int workers; /* threads or ranks that simulate */
    const volatile sig_atomic_t *stop;
    double budget;  /* s of wall time from now; 0: no end */
    int64_t until;  /* seconds since the epoch; 0: no end */
    bool verbose;   /* a line for every replication */
    enum progress_form progress;
};

struct batch *batch_new(struct arena *arena, const struct batch_settings *settings);

/* Simulates here, on `workers` threads, until all is done or it has to stop. */
void batch_run(struct batch *batch);

/* ---- for those that hand out jobs themselves ------------------------------------- */

/* A job for somebody who opens points by their number. */
struct batch_job {
    int64_t point;
    struct replicate_job job;
};

enum replicate_next batch_take(struct batch *batch, struct batch_job *job);
void batch_give(struct batch *batch, const struct batch_job *job,
                const struct replicate_found *found, const char *host);

/* Shows progress; once it has to stop and nobody has finished for a few seconds, closes
 * the file and ends the process. */
void batch_tick(struct batch *batch);

/* ---- afterwards ------------------------------------------------------------------ */

struct batch_end {
    bool complete; /* nothing is left to be done */
    int64_t points, done, failed, unstable, missed, undecided;
};

/* Brings everything into the file, closes it, and says on stderr if there is more to
 * do. */
struct batch_end batch_close(struct batch *batch);

#endif
