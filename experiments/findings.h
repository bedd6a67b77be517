/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * findings -- everything that is reported of a sample, as estimates: what requests saw,
 * what stations did, where the time went, and whether the books balance.
 *
 * Units:     s, 1/s, fractions.
 * Ownership: arrays live in the arena given.
 */
#ifndef EXPERIMENTS_FINDINGS_H
#define EXPERIMENTS_FINDINGS_H

#include "experiments/sample.h"

enum { FINDINGS_LEVELS = 5 };
extern const double findings_levels[FINDINGS_LEVELS];           /* 0.5 … 0.999 */
extern const char *const findings_level_names[FINDINGS_LEVELS]; /* "p50" … "p99.9" */

/* Latencies, or first bytes, of a scope. */
struct time_findings {
    struct estimate mean, quantile[FINDINGS_LEVELS];
    double least, most; /* exact; NaN when there are none */
};

struct request_findings {
    struct scope scope;
    struct estimate offered, completed; /* per s */
    struct estimate errors, unfinished; /* parts of the offered */
    struct estimate *error_of;          /* by cause, likewise */
    struct estimate attempts;           /* per offered request */
    struct time_findings latency;
    bool streams; /* then first_byte is given */
    struct time_findings first_byte, gap;
    struct estimate cut, open; /* per offered request; at a time */
    double open_most;
    bool tokens; /* then per_token is given */
    struct time_findings per_token;
    bool judged; /* a workload says what is good: */
    struct estimate good; /* per s */
};

struct station_findings {
    struct estimate utilisation;  /* busy slots / slots; LACK_LIMIT if unlimited */
    struct estimate busy;         /* slots in use on average */
    struct estimate cpu;          /* busy cores / cores; LACK_LIMIT if not modelled */
    struct estimate hottest;      /* utilisation of the busiest instance */
    struct estimate hottest_process; /* … and process; LACK_LIMIT if there is one */
    struct estimate queue;        /* waiting on average */
    double queue_most, busy_most; /* over all replications */
    struct estimate wait;         /* s, of everyone who got in */
    struct estimate waited;       /* part of them that had to wait */
    struct estimate throughput;   /* served per s */
    struct estimate refused, timed_out; /* per s */
    struct estimate full;               /* part of time with every slot taken, or place
                                           of a language model's batch */
    /* where memory is counted; LACK_LIMIT elsewhere */
    struct estimate killed, restarts; /* processes and containers, per s */
    double memory_most;               /* bytes of an instance, over all replications */
    /* of a cache whose keys are followed; LACK_LIMIT elsewhere */
    struct estimate lookups, filled, evicted; /* per s; filled: work behind it */
    struct estimate hit, stale, joined;       /* parts of the look-ups */
    /* of a queue of jobs, per s; LACK_LIMIT elsewhere */
    struct estimate lost, redelivered, failed;
    double wait_most; /* s, over all replications */
    /* of a language model's engine; LACK_LIMIT elsewhere */
    struct estimate steps, written, preemptions, stalls; /* per s */
    struct estimate step_time, batch; /* s; sequences in a step */
    struct estimate kv;               /* part of the blocks in use */
    struct estimate found;            /* part of the tokens of prompts that lay in the
                                         cache */
    struct estimate again;            /* part of what was computed that was lost */
    struct estimate in_batch; /* requests in a batch; LACK_LIMIT elsewhere */
    double kv_most, gap_most;         /* part; s */
};

struct findings {
    bool steady;                          /* false: no latencies */
    struct request_findings whole, *type; /* type[facts->types] */
    struct request_findings plain;        /* of all types but streams */
    struct station_findings *station;     /* [facts->stations] */
};

struct findings *findings_of(const struct sample *s, bool steady, struct arena *arena);

/* Single numbers, for promises. Throughput counts successful requests: those of the
 * cohort, or, where a growing backlog serves the cohort late, the answers given in the
 * window. */
struct estimate findings_throughput(const struct sample *s, struct scope scope,
                                    bool steady);
struct estimate findings_utilisation(const struct sample *s, int station);
struct estimate findings_cpu(const struct sample *s, int station);

#endif
