/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * headroom-mpi -- `headroom batch` on many machines: rank 0 hands out replications one
 * at a time and keeps what comes back, the others simulate.
 *
 *     mpirun -n 64 headroom-mpi batch load.json --out load.hdb
 *
 * Every rank reads the experiment itself, so a job is only a point's number, a window
 * and a replication. A rank that is lost ends the run (MPI knows no other way), and
 * everything that was finished is in the file; the same command goes on.
 */
#define _POSIX_C_SOURCE 200809L
#include "experiments/commands/batch.h"
#include "experiments/commands/command.h"
#include "sim/check.h"

#include <mpi.h>

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { TAG_ASK, TAG_JOB, TAG_FOUND, TAG_BYTES };
enum { KEPT_OPEN = 8 }; /* models that a rank keeps */

/* A job on its way to a rank. */
struct order {
    int64_t point;
    sim_time warm_up, length, drain, shock;
    int64_t segments, unprovoked, open_end, replication;
    int64_t is_job; /* 0: there are no more */
};

/* … and back. */
struct answer {
    struct store_sums sums;
    double seconds;
    uint64_t length; /* of the bytes that follow */
    char host[64];
};

static void nap(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

/* ---- rank 0 ---------------------------------------------------------------------- */

/* What each rank is doing. */
struct worker {
    bool asks, busy, gone;
    struct batch_job job;
};

static void send_job(int rank, const struct batch_job *job)
{
    struct order m = {0};
    if (job)
        m = (struct order){.point = job->point,
                             .warm_up = job->job.window.warm_up,
                             .length = job->job.window.length,
                             .drain = job->job.window.drain,
                             .shock = job->job.window.shock,
                             .segments = job->job.window.segments,
                             .unprovoked = job->job.window.unprovoked,
                             .open_end = job->job.window.open_end,
                             .replication = job->job.replication,
                             .is_job = 1};
    MPI_Send(&m, sizeof m, MPI_BYTE, rank, TAG_JOB, MPI_COMM_WORLD);
}

/* Takes what a rank has found. */
static void receive(struct batch *batch, struct worker *worker, int rank)
{
    struct answer answer;
    struct arena arena;
    MPI_Recv(&answer, sizeof answer, MPI_BYTE, rank, TAG_FOUND, MPI_COMM_WORLD,
             MPI_STATUS_IGNORE);
    arena_init(&arena);
    struct replicate_found found = {
        .packed = {arena_many(&arena, answer.length, unsigned char), answer.length},
        .sums = answer.sums,
        .seconds = answer.seconds};
    MPI_Recv(found.packed.bytes, (int)answer.length, MPI_BYTE, rank, TAG_BYTES,
             MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    batch_give(batch, &worker->job, &found, answer.host);
    worker->busy = false;
    arena_free(&arena);
}

/* Everybody who asks gets a job, or is told that there are none any more. */
static void serve(struct batch *batch, struct worker *workers, int ranks, int *left)
{
    for (int rank = 1; rank < ranks; rank++) {
        struct worker *w = &workers[rank];
        if (!w->asks || w->gone)
            continue;
        enum replicate_next next = batch_take(batch, &w->job);
        if (next == REPLICATE_WAIT)
            return;
        send_job(rank, next == REPLICATE_JOB ? &w->job : NULL);
        w->asks = false;
        w->busy = next == REPLICATE_JOB;
        w->gone = next == REPLICATE_END;
        *left -= w->gone;
    }
}

static void hand_out(struct batch *batch, void *served)
{
    int ranks, there;
    MPI_Status status;
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    struct arena arena;
    arena_init(&arena);
    struct worker *workers = arena_many(&arena, ranks, struct worker);
    for (int left = ranks - 1; left > 0;) {
        MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &there, &status);
        if (there && status.MPI_TAG == TAG_FOUND) {
            receive(batch, &workers[status.MPI_SOURCE], status.MPI_SOURCE);
        } else if (there && status.MPI_TAG == TAG_ASK) {
            MPI_Recv(NULL, 0, MPI_BYTE, status.MPI_SOURCE, TAG_ASK, MPI_COMM_WORLD,
                     MPI_STATUS_IGNORE);
            workers[status.MPI_SOURCE].asks = true;
        } else {
            nap();
        }
        serve(batch, workers, ranks, &left);
        batch_tick(batch);
    }
    arena_free(&arena);
    *(bool *)served = true;
}

/* ---- the others ------------------------------------------------------------------ */

/* A point that has been opened here. */
struct opened {
    int64_t index;
    bool used;
    struct arena arena;
    struct point point;
};

static const struct model *model_of(const struct plan *plan, int64_t index,
                                    struct opened *opened)
{
    struct opened *o = &opened[index % KEPT_OPEN];
    struct digest simulation;
    const char *why;
    if (o->used && o->index == index)
        return o->point.model;
    if (o->used)
        arena_free(&o->arena);
    arena_init(&o->arena);
    o->used = true;
    o->index = index;
    if (!plan_open(plan, index, &o->arena, &o->point, &simulation, &why))
        die("a point that rank 0 could open: %s", why);
    return o->point.model;
}

static void answer_with(const struct replicate_found *found)
{
    struct answer answer = {.sums = found->sums,
                            .seconds = found->seconds,
                            .length = found->packed.length};
    gethostname(answer.host, sizeof answer.host - 1);
    MPI_Send(&answer, sizeof answer, MPI_BYTE, 0, TAG_FOUND, MPI_COMM_WORLD);
    MPI_Send(found->packed.bytes, (int)found->packed.length, MPI_BYTE, 0, TAG_BYTES,
             MPI_COMM_WORLD);
}

/* Waits without keeping a core busy: rank 0 may have nothing for a while. */
static bool next_order(struct order *m)
{
    int there = 0;
    MPI_Send(NULL, 0, MPI_BYTE, 0, TAG_ASK, MPI_COMM_WORLD);
    for (MPI_Iprobe(0, TAG_JOB, MPI_COMM_WORLD, &there, MPI_STATUS_IGNORE); !there;
         MPI_Iprobe(0, TAG_JOB, MPI_COMM_WORLD, &there, MPI_STATUS_IGNORE))
        nap();
    MPI_Recv(m, sizeof *m, MPI_BYTE, 0, TAG_JOB, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    return m->is_job;
}

static void work(const struct plan *plan)
{
    struct opened opened[KEPT_OPEN] = {0};
    struct arena arena;
    struct order m;
    arena_init(&arena);
    while (next_order(&m)) {
        struct replicate_job job = {.model = model_of(plan, m.point, opened),
                                    .window = {.warm_up = m.warm_up,
                                               .length = m.length,
                                               .drain = m.drain,
                                               .shock = m.shock,
                                               .segments = m.segments != 0,
                                               .unprovoked = m.unprovoked != 0,
                                               .open_end = m.open_end != 0},
                                    .replication = (uint32_t)m.replication};
        struct replicate_found found;
        replicate_one(&job, &arena, &found);
        answer_with(&found);
        arena_reset(&arena);
    }
    arena_free(&arena);
    for (int i = 0; i < KEPT_OPEN; i++)
        if (opened[i].used)
            arena_free(&opened[i].arena);
}

/* ---- all of them ----------------------------------------------------------------- */

static const struct command batch = {
    "batch", batch_command, "EXPERIMENT",
    "Simulate an experiment into a results file, on the ranks of an MPI job",
    "mpirun -n 64 headroom-mpi batch load.json", 1, 1, WITHOUT(FORCE)};

int main(int argc, char **argv)
{
    int rank, ranks, status = COMMAND_INPUT;
    bool served = false;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    struct batch_ways ways = {.run = ranks > 1 ? hand_out : NULL,
                              .context = &served,
                              .workers = ranks - 1,
                              .work = rank > 0 ? work : NULL};
    if (argc >= 2 && strcmp(argv[1], "batch") == 0)
        status = batch_command_by(&batch, argc - 1, argv + 1, &ways);
    else if (rank == 0)
        fputs("usage: mpirun … headroom-mpi batch EXPERIMENT [OPTION...]\n", stderr);
    /* The others wait for jobs that will not come. */
    if (rank == 0 && ranks > 1 && !served)
        MPI_Abort(MPI_COMM_WORLD, status);
    MPI_Finalize();
    return rank == 0 ? status : COMMAND_DONE;
}
