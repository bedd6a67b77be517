/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * outcome -- what one replication found: whole numbers only, so that outcomes can be
 * stored, compared byte by byte and merged exactly in any order.
 *
 * The measured window is [warm_up, warm_up + length). Requests are measured when their
 * intended start lies in it (the cohort); stations are measured over the window itself.
 * offered = ok + sum(failed) + unfinished and
 * attempts = offered - unsent + retries hold exactly.
 *
 * Ownership: histograms and arrays live in the arena given to world_run; copy with
 *            outcome_merge into an arena of your own.
 */
#ifndef MODELS_OUTCOME_H
#define MODELS_OUTCOME_H

#include "sim/histogram.h"
#include "sim/series.h"
#include "sim/sim_time.h"
#include "sim/tally.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    OUTCOME_SEGMENTS = 10,  /* a pilot's window is cut into this many equal parts */
    OUTCOME_BINS = 1000,    /* of the series over [0, warm_up + length) */
    BLAME_SHIFT = 5, /* cells of a histogram to a bin of blame: 8 to an octave of ns */
    BLAME_BINS = HISTOGRAM_CELLS >> BLAME_SHIFT,
};

/* One request type of one workload. */
struct type_outcome {
    uint64_t offered, ok, unfinished, attempts;
    uint64_t retries; /* attempts beyond the first, those of unfinished requests too */
    uint64_t unsent;  /* requests that were never sent: no connection, no patience */
    uint64_t tool_late; /* answers that a load tool leaves out of its latencies */
    uint64_t *failed;                /* by cause, model_facts.causes of them */
    struct histogram latency;        /* ns, of ok requests, start to last byte */
    struct histogram first_byte;     /* ns, of ok requests of streaming types */
    struct histogram gap;            /* ns between chunks of streams, as they leave */
    uint64_t cut;                    /* attempts that broke after the first byte */
    uint128 open_area;               /* streams open in the window, x ns */
    int64_t open_most;
    struct histogram tool;           /* ns, of attempts, as a load tool times them */
    struct histogram per_token;      /* ns between tokens, mean of each, likewise */
    uint64_t good;                   /* of these, those within the limits of `good` */
    struct tally latency_sum;        /* exact sums of the same latencies */
    struct tally failed_latency;     /* how long failed requests had taken */
    struct tally tool_sum;           /* exact sums of what the tool has timed */
    struct histogram *segment;       /* [OUTCOME_SEGMENTS] by start; or NULL */
    struct tally *segment_sum;       /* likewise; count, sum and squares */
    uint64_t *segment_offered;       /* likewise */
    uint64_t *blame;                 /* [BLAME_BINS][resources] ns of ok requests */
    uint64_t *blame_requests;        /* [BLAME_BINS] */
};

/* What a cache was asked. Of the look-ups that neither hit nor joined each did the work
 * behind the cache. */
struct cache_counts {
    uint64_t lookups, hits;
    uint64_t stale;   /* of the hits: past their end */
    uint64_t joined;  /* waited for the work of another */
    uint64_t early;   /* of the misses: refreshed before the end */
    uint64_t evicted, expired; /* entries; expired: removed after their end */
    uint64_t full;    /* writes refused */
};

/* What the engine of a language model did, all instances together. */
struct engine_counts {
    uint64_t steps, sequences; /* of all steps, those in the batch */
    uint64_t computed;         /* tokens, of prompts and answers, again or not */
    uint64_t read;             /* of them, those of prompts and of what came again */
    uint64_t found;            /* tokens of prompts that lay in the cache */
    uint64_t lost;             /* computed tokens of those thrown out */
    uint64_t written;          /* tokens of answers */
    uint64_t finished, aborted, preemptions, stalls;
    int64_t longest_gap;       /* ns between two tokens of an answer */
    int64_t block_most, batch_most; /* of one instance */
    uint128 block_area, batch_area; /* blocks, sequences, x ns */
    uint128 full_area;              /* ns with as many sequences as may be */
};

/* What a model server did in batches. */
struct batch_counts { uint64_t batches, requests; };

/* A service or a pool, all its instances together. */
struct station_outcome {
    uint128 busy_area;   /* slots or connections in use, x ns */
    uint128 queue_area;  /* waiting for one, x ns */
    uint128 cpu_area;    /* cores busy, x ns x 1e-3: thousandths of a core */
    uint128 full_area;   /* instances (pools) with every slot in use, x ns */
    uint128 hottest_area; /* busy_area of the busiest instance */
    uint128 hottest_process_area; /* slots in use of the busiest process, x ns; time
                                     that the busiest event loop ran; 0: one process */
    int64_t busy_most, queue_most;
    uint64_t arrivals, served, refused, timed_out; /* refused: turned away at once */
    struct tally wait;   /* ns, of everyone who entered, zero waits included; without a
                            limit of slots, of those who had to wait to be accepted */
    uint64_t waited;     /* of them, how many had to wait at all */
    int128 held;         /* ns, sum over those that left: slot or connection held */
    uint64_t throttled;  /* periods whose CPU quota was used up, of all instances */
    uint128 frozen;      /* ns that instances stood still for it */
    uint128 surplus;     /* cores used beyond CPU credits, as cpu_area */
    int64_t memory_most; /* bytes of the instance that ever took most; 0: not counted */
    uint64_t killed, restarts; /* processes and containers, for want of memory */
    struct cache_counts cache; /* where keys are followed */
    /* of a queue of jobs: killed while they ran and not run again; delivered once more;
     * ended in an error for good */
    uint64_t lost, redelivered, failed;
    struct engine_counts engine; /* of a language model */
    struct batch_counts batch;   /* of a server that works in batches */
};

enum outcome_end {
    OUTCOME_COMPLETE,  /* the cohort has drained, or the drain limit was reached */
    OUTCOME_OVERFLOW,  /* stopped at the cap of requests in flight: it only grows */
    OUTCOME_DEADLOCK,  /* some wait for each other, and nothing will ever end that */
    OUTCOME_STOPPED,   /* from outside, somewhere: never stored, nor shown */
};

struct chronicle;

struct outcome {
    uint32_t replication;
    enum outcome_end end;
    sim_time warm_up, length; /* of the window */
    sim_time ended;           /* the clock when it stopped */
    uint64_t events;
    uint64_t fingerprint;     /* hash over the order of events */
    struct type_outcome *type;       /* model_facts.types */
    struct station_outcome *station; /* model_facts.stations */
    struct series in_system;         /* logical requests begun and not answered, waiting
                                        retries included */

    uint64_t *stuck; /* [model_facts.resources] of a deadlock: how many wait for what;
                        else NULL */
    uint64_t *completed_in;          /* [OUTCOME_BINS] ok completions by bin of time;
                                        while it runs, then those later than all */
    struct chronicle *chronicle;     /* chronicle.h; NULL unless asked for; never
                                        stored */
};

struct model;

/* Room for the segments of a pilot. */
void outcome_segments(struct outcome *o, const struct model *model,
                      struct arena *arena);

/* The segment in which a request that starts at `start`, inside the window, counts. */
int outcome_segment(const struct outcome *o, sim_time start);

/* An empty outcome with room for the model's types, stations, causes and resources. */
void outcome_init(struct outcome *o, const struct model *model, struct arena *arena);

/* Add `from` to `into`: histograms, tallies, areas, counts and lengths; `end` keeps the
 * worse of the two. The series stays `into`'s own. Both must come from one model. */
void outcome_merge(struct outcome *into, const struct outcome *from,
                   const struct model *model, struct arena *arena);

void engine_counts_merge(struct engine_counts *into, const struct engine_counts *from);

/* The blame bin of a latency: 8 bins to an octave. */
static inline int blame_bin(uint64_t ns)
{
    return histogram_cell(ns) >> BLAME_SHIFT;
}

#endif
