/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * agreement -- a scenario's predictions beside one measured run.
 *
 * The simulated run is like the measured one: it begins with an empty system, lasts as
 * long, and leaves out the same first seconds (run.warmup of the scenario). It is
 * repeated; the prediction is the median of the repetitions, and the prediction
 * interval holds 95 % of them: where one more run would come to lie.
 *
 * The measured run has an interval of its own: a block bootstrap. Its window is cut
 * into AGREEMENT_BLOCKS blocks of time, which are drawn anew, with replacement,
 * BOOTSTRAPS times. Where blocks that follow each other are alike (a queue that comes
 * and goes more slowly than a block lasts, or grows), one run cannot tell how far it is
 * from the next, and no interval is given.
 *
 * Units:     s, 1/s, fractions.
 * Ownership: everything lives in the arena.
 */
#ifndef EXPERIMENTS_AGREEMENT_H
#define EXPERIMENTS_AGREEMENT_H

#include "experiments/measured.h"
#include "experiments/point.h"
#include "plots/table.h"

enum {
    AGREEMENT_BLOCKS = 20,
    AGREEMENT_BOOTSTRAPS = 999,
    AGREEMENT_REPLICATIONS = 199, /* the 5th and the 195th in order bound 95 % */
    AGREEMENT_LEAST = 39,         /* fewer have no values that bound 95 % */
    AGREEMENT_PARTS = OUTCOME_SEGMENTS, /* of the course */
    AGREEMENT_BEYOND = 5,         /* values beyond a quantile that is given */
};

enum agreement_metric {
    AGREEMENT_SENT,       /* begun in the window, per s */
    AGREEMENT_THROUGHPUT, /* answered well in the window, per s */
    AGREEMENT_ERRORS,     /* part of the requests begun in it that fail */
    AGREEMENT_MEAN,       /* latency of those that succeed */
    AGREEMENT_P50,
    AGREEMENT_P90,
    AGREEMENT_P95,
    AGREEMENT_P99,
    AGREEMENT_METRICS
};

extern const char *const agreement_names[]; /* "sent", … "p99" */

struct agreement_row {
    struct scope scope; /* all requests, or a type */
    enum agreement_metric metric;
    double measured, measured_low, measured_high; /* the interval NaN: unknown */
    double predicted, low, high;                  /* likewise */
    double difference; /* (predicted - measured) / measured; of errors the difference */
    bool inside;       /* the measured value lies in the prediction interval */
};

struct agreement {
    const struct model_facts *facts;
    double from, to;  /* the window */
    int requests;     /* measured ones in it */
    int replications;
    bool random;      /* false: all of them were the same */
    bool drifts;      /* measured blocks are alike their neighbours */
    bool overflow;    /* a simulated backlog grew beyond all bounds */
    const struct agreement_row *row;
    int rows;
    /* Mean latency of requests by the part of the window they began in; NaN: none. */
    double course_measured[AGREEMENT_PARTS], course_predicted[AGREEMENT_PARTS];
    /* Good answers by the same parts, per s, and of the prediction 95 % of the runs. */
    double good_measured[AGREEMENT_PARTS], good_predicted[AGREEMENT_PARTS];
    double good_low[AGREEMENT_PARTS], good_high[AGREEMENT_PARTS];
    double collapsed;   /* part of the simulated runs in whose last part hardly any
                           request succeeds: less than a tenth */
    bool has_collapsed; /* the measured run likewise */
    const struct curve *curve; /* of the part slower than x: predicted, measured, … */
    int curves;
};

/* NULL, or why it cannot be compared. */
const char *agreement_misfit(const struct point *point,
                             const struct measured *measured, struct arena *arena);

/* `replications` 0: as many as AGREEMENT_REPLICATIONS. False when interrupted. */
bool agreement_find(struct agreement *agreement, const struct point *point,
                    const struct measured *measured, int replications,
                    const struct point_effort *effort, struct arena *arena);

/* The row of all requests for a metric. */
const struct agreement_row *agreement_row(const struct agreement *agreement,
                                          enum agreement_metric metric);

/* Where goodput says more than latency: it is less than what was sent in some part. */
bool agreement_loses(const struct agreement *agreement);

/* The largest difference of the course by its highest value; NaN without any. */
double agreement_course(const struct agreement *agreement);

/* Does the prediction hold: inside, or no further off than `within`? */
bool agreement_holds(const struct agreement_row *row, double within);

#endif
