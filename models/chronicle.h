/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * chronicle -- what happened over the time of one replication, where somebody asked
 * for it (struct window): requests, latencies and levels in equal bins of time, and
 * what was done to the system from outside.
 *
 * A run that is chronicled is the same run, event for event. Nothing of it is stored;
 * who wants to see it later runs the replication again.
 *
 * Ownership: as the outcome that it is part of.
 */
#ifndef MODELS_CHRONICLE_H
#define MODELS_CHRONICLE_H

#include "sim/histogram.h"
#include "sim/sim_time.h"

#include <stdbool.h>

enum { CHRONICLE_BINS = 100, CHRONICLE_EVENTS = 64 };

/* Requests of one type, those before the window too. */
struct chronicle_type {
    uint64_t offered[CHRONICLE_BINS];             /* by their intended start */
    uint64_t ok[CHRONICLE_BINS];                  /* by their end, and so are */
    uint64_t failed[CHRONICLE_BINS];              /* these */
    struct histogram latency[CHRONICLE_BINS];     /* ns, of ok ones, by their start */
};

/* Means over a bin, up to one event of the requests exact. */
struct chronicle_station {
    double busy[CHRONICLE_BINS];    /* slots or connections */
    double waiting[CHRONICLE_BINS]; /* requests */
    double up[CHRONICLE_BINS];      /* processes that accept work; of pools 0 */
};

/* Something befalls a station, or is over; or a workload bursts. */
struct chronicle_event {
    sim_time at;
    const char *whom; /* the name of the station or workload; of the model */
    const char *what; /* "crash" */
    bool over;
};

struct chronicle {
    sim_time width; /* of a bin; the first begins at 0 */
    int bins;       /* that the run has lived through */
    struct chronicle_type *type;       /* model_facts.types */
    struct chronicle_station *station; /* model_facts.stations */
    struct chronicle_event event[CHRONICLE_EVENTS];
    int events; /* of more, the first ones */
};

/* A copy that lives in `arena`. */
struct chronicle *chronicle_copy(const struct chronicle *from, int types, int stations,
                                 struct arena *arena);

#endif
