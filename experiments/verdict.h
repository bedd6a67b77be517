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
    VERDICT_UNSTABLE,      /* the backlog grows: no steady mean or percentile exists */
    VERDICT_OVERLOADED,    /* bounded queues or impatience turn the excess away */
};

extern const char *const verdict_names[]; /* "stable", "near-critical", … */

enum verdict_reason {
    REASON_NONE,
    REASON_GROWTH,      /* the backlog grows */
    REASON_OVERFLOW,    /* more requests in flight than may be */
    REASON_LOSS,        /* more fail for want of capacity than admitted */
    REASON_NOT_SETTLED, /* MSER-5 found no end of the warm-up */
    REASON_PILOT,       /* pilot and production disagree about the mean */
};

extern const char *const verdict_reasons[]; /* half sentences */

struct judgement {
    enum verdict verdict;
    enum verdict_reason reason;
    struct estimate growth;  /* requests/s */
    struct estimate refused; /* part of the offered that failed for want of capacity */
    double admitted;         /* … and what part may: the SLO's errors, else 1 % */
};

/* `admitted`: NaN if no SLO speaks of errors. */
struct judgement verdict_judge(const struct model_facts *facts,
                               const struct procedure *run, double admitted);

/* Part of the offered requests that failed because something was full or too slow. What
 * a handler fails by itself (400, 500) counts only where a station turned work away. */
struct estimate verdict_refused(const struct sample *s);

#endif
