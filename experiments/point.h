/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * point -- one scenario, perhaps with values changed, on its way from the file to a
 * concluded result.
 *
 *     struct point point;
 *     if (!point_read(&point, arena, &source, where))
 *         tell what is in `where`
 *     if ((why = point_misfit(&point, &effort, arena)))
 *         tell it
 *     point_run(&point, &effort, arena);
 *
 * Ownership: everything lives in the arena.
 * Errors:    of the person: collected in `where`, or returned as text.
 */
#ifndef EXPERIMENTS_POINT_H
#define EXPERIMENTS_POINT_H

#include "experiments/remember.h"
#include "experiments/replicate.h"
#include "experiments/result.h"
#include "experiments/scenario.h"
#include "experiments/sha256.h"

/* One more whenever the same scenario and seed give other results: what was stored is
 * not taken for what would be found today. The same goes for PACK_VERSION. */
enum { RESULTS_VERSION = 1 };

/* What is read. */
struct point_source {
    const char *path;
    const char *text;   /* instead of what stands in the file; NULL */
    const char *folder; /* where data files are, with `text` */
    const char *const *sets; /* "POINTER=VALUE" */
    int set_count;
    const uint64_t *seed; /* NULL: the scenario's own */
};

/* How much work is put into it. */
struct point_effort {
    int threads;                       /* 0: as many as there are processors */
    const volatile sig_atomic_t *stop; /* NULL: cannot be interrupted */
    void (*progress)(void *context, const struct jobs *jobs, int done);
    void *context;
    double within; /* relative half-width of what promises speak of; 0: as asked */
    sim_time duration; /* of the window; 0: as the scenario asks */
    uint64_t request_cap; /* over all replications of one stage; 0: the usual */
    bool until_precise; /* add replications where the duration is given, too */
    const struct runner *runner; /* who brings outcomes; NULL: they are simulated */
    struct remember *remember; /* what need not be simulated twice; NULL: nothing */
};

struct point {
    struct scenario *scenario;
    struct model *model;
    struct result result; /* its first fields; the rest by point_run */
    const struct timeline *timeline; /* timeline.h; NULL: not asked for */
};

/* False with problems in `where`. */
bool point_read(struct point *point, struct arena *arena,
                const struct point_source *source, struct where *where);

/* The same of a scenario that has been read. */
bool point_compile(struct point *point, struct arena *arena, struct scenario *scenario,
                   const uint64_t *seed, struct where *where);

/* NULL when it fits into memory and into what a world can hold; otherwise why not. */
const char *point_misfit(const struct point *point, const struct point_effort *effort,
                         struct arena *arena);

/* What a replication depends on, besides its window and its number. */
struct digest point_digest(const struct point *point);

/* Simulates and concludes; false when interrupted, or when the runner gave up. */
bool point_run(struct point *point, const struct point_effort *effort,
               struct arena *arena);

#endif
