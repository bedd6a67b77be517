/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * verdict -- may the numbers of a run be believed as a steady state at all?
 */
#ifndef EXPERIMENTS_VERDICT_H
#define EXPERIMENTS_VERDICT_H

#include "experiments/procedure.h"

enum verdict {
    VERDICT_STABLE,
    VERDICT_NEAR_CRITICAL, /* not unstable, but not settled either: values are shaky */
    VERDICT_UNSTABLE,      /* the backlog grows, or nothing moves any more: no steady
                              mean or percentile exists */
    VERDICT_OVERLOADED,    /* bounded queues or impatience turn the excess away */
    VERDICT_BISTABLE,      /* where it starts decides where it ends, see bistable.h */
};

extern const char *const verdict_names[]; /* "stable", "near-critical", … */

enum verdict_reason {
    REASON_NONE,
    REASON_GROWTH,      /* the backlog grows */
    REASON_OVERFLOW,    /* more requests in flight than may be */
    REASON_DEADLOCK,    /* some wait for each other, for ever */
    REASON_LOSS,        /* more fail for want of capacity, of all or a type, than may */
    REASON_NOT_SETTLED, /* MSER-5 found no end of the warm-up, and something is busy */
    REASON_PILOT,       /* pilot and production disagree about the mean */
    REASON_START,       /* from an overloaded start it does not come back */
};

extern const char *const verdict_reasons[]; /* half sentences */

/* Requests of a scope that failed because something was full or too slow: all but those
 * that a handler was told to fail. */
struct loss {
    struct scope scope;
    struct estimate part; /* of those offered */
    double admitted;      /* the part that may: the SLO's errors, else 1 % */
    int cause;            /* that most of them failed of; -1: none failed */
};

struct judgement {
    enum verdict verdict;
    enum verdict_reason reason;
    struct estimate growth; /* requests/s */
    struct loss loss;       /* of all requests */
    struct loss worst;      /* of a type, if it loses far more than all; else of all */
};

/* "requests wait for each other for ever (a deadlock): for web: waiting for a thread,
 * db: waiting for a connection"; NULL if they do not. */
const char *verdict_deadlock(const struct model_facts *facts,
                             const struct procedure *run, struct arena *arena);

/* Is nothing busy enough for queues that take longer than a run to settle, were there
 * so many times the work of now? */
bool verdict_calm(const struct sample *s, double times);

/* Is surely more lost, of all requests or of a type, than may be? */
bool verdict_loses(const struct sample *s, const struct admitted *admitted);

struct judgement verdict_judge(const struct model_facts *facts,
                               const struct procedure *run,
                               const struct admitted *admitted);

#endif
