/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * procedure -- from a point to replications long enough to be believed, in two stages.
 *
 * A pilot finds the warm-up, whether the backlog grows at all, and how long the
 * production run must be; production then uses fresh replications. A missed target is
 * answered by exactly one enlargement: looking again and again would stop on luckily
 * small intervals. Few and long replications: growing their number shrinks the interval
 * around a biased value. Only where a server's state lasts a whole replication are
 * replications added.
 *
 *     pilot       replications 0 .. R-1, no warm-up, ten time segments
 *     production  R .. 2R-1
 *     enlarged    the same again, longer; or 2R .. added to them
 *
 * Where a pilot shows an overload, by growth or by loss, no percentile is chased: it is
 * lengthened by no more than clients are patient, production is no longer than it was,
 * and nothing is enlarged.
 *
 * With a fixed duration there is no pilot. Nor is there one for scenarios that end by
 * themselves, where nothing is deleted and the number of replications is the sample
 * size; but their first replication is tried beforehand, to learn how long the
 * aftermath of the last arrival is: the stations are watched until then. In both cases
 * replications can be added, once, in whole blocks, until the targets are met.
 *
 * Every decision is a function of complete outcomes in index order: the same on any
 * number of threads, after any interruption, and from a results file.
 *
 * Units:     s where a double, ns where sim_time.
 * Ownership: outcomes, the pilot's too, live in the arena given.
 */
#ifndef EXPERIMENTS_PROCEDURE_H
#define EXPERIMENTS_PROCEDURE_H

#include "experiments/sample.h"

/* The last two are no part of a procedure: see bistable.h. */
enum stage {
    STAGE_PILOT, STAGE_PRODUCTION, STAGE_ENLARGED, STAGE_EMPTY, STAGE_OVERLOADED,
};
extern const char *const stage_names[];

/* Replications [first, first + count) of a point over one window. */
struct jobs {
    enum stage stage;
    uint32_t first;
    int count;
    struct window window;
};

/* Who brings outcomes: replicate.c simulates them, a results file remembers them. Fills
 * out[0 .. count) in index order from `arena`; false when interrupted. */
struct runner {
    bool (*run)(void *context, const struct jobs *jobs, struct arena *arena,
                struct outcome *out);
    void *context;
};

/* How well one number shall be known. */
struct target {
    struct scope scope;
    enum sample_time time;
    double level;    /* of the quantile; 0 = the mean */
    double relative; /* half-width by value */
};

/* What promises admit to fail for want of capacity; NaN if none speaks of errors. */
struct admitted {
    double whole;
    const double *type; /* [facts->types] by promises about them alone; NULL: none */
};

struct procedure_settings {
    int replications;  /* R */
    sim_time duration; /* of the window; 0 = as long as the targets need */
    sim_time warm_up;  /* at least; 0 = chosen */
    bool from_start;   /* of a run of that length nothing is left out */
    double rate;       /* requests/s expected to begin: see procedure_rate */
    sim_time patience; /* how long one request may take at most: the longest timeout */
    double longest;    /* mean time of the longest type when it is alone, s */
    const struct target *target;
    int targets;
    const struct admitted *admitted; /* NULL: nothing is promised */
    uint64_t request_cap; /* over all replications of one stage */
    bool until_precise; /* with a fixed length, too: replications are added, once */
};

enum { PROCEDURE_REPLICATIONS = 20, PROCEDURE_BLOCK = 20 };
#define PROCEDURE_REQUEST_CAP UINT64_C(200000000)
#define PROCEDURE_PRECISION 0.05

enum warm_up_rule { WARM_UP_GIVEN, WARM_UP_TENTH, WARM_UP_MSER, WARM_UP_NONE };

enum procedure_end {
    PROCEDURE_DONE,
    PROCEDURE_INTERRUPTED,
    PROCEDURE_OVERFLOW, /* a replication hit the cap of requests in flight */
    PROCEDURE_DEADLOCK, /* in a replication some waited for each other at the end */
};

struct procedure {
    enum procedure_end end;
    enum stage stage;        /* of the outcomes below */
    struct outcome *outcome; /* an unstable pilot's where production was pointless */
    int count;
    struct window window;
    enum warm_up_rule rule;

    bool settled;        /* MSER-5 found an end of the warm-up within the first half */
    sim_time settled_at; /* where, of the outcomes' own series */
    bool grows;          /* the instability test says so */
    struct estimate growth;     /* of the backlog, requests/s */
    struct estimate pilot_mean; /* latency, s; LACK_REPLICATIONS without a pilot */

    double needed;   /* largest (half-width / target) of the targets; NaN unknown */
    bool met;        /* every target */
    bool capped;     /* the request cap kept the window short */
    bool biased;     /* replications' quantiles disagree with the pooled one */
    bool overloaded; /* more is lost than may be: precision was not pursued */
    bool persistent; /* differences that last a replication: some were added */
    bool fixed;      /* the length was given, or that of a load that ends by itself */
    int lengthened;  /* times the pilot was */
    uint64_t requests, events; /* simulated, all stages */
};

/* What the arrival processes and the bounds on throughput let expect, requests/s. */
double procedure_rate(const struct model *model);

void procedure_run(const struct model_facts *facts,
                   const struct procedure_settings *set, const struct runner *runner,
                   struct arena *arena, struct procedure *out);

/* Of replications that are known already: did they settle, does the backlog grow? `end`
 * must be set. */
void procedure_judge(struct procedure *run, const struct sample *s);

#endif
