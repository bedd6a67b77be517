/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * compare -- two or more designs under the same random numbers.
 *
 * Replication r of every design sees the same arrivals, the same demands and the same
 * luck, request by request, over the same window. What is left of the difference of two
 * replications is the difference of the designs, and its interval is far narrower than
 * those of the two values: Student's t on differences, around the difference of the
 * pooled values (of quantiles as of means: sectioning).
 *
 * Which are the best: a design is out when some other one is surely better, each test
 * at alpha / (k - 1), so that the true best is kept with 95 % (Hsu 1984; subset
 * selection). Of more than a few designs, those that are surely worse after half of the
 * replications are not simulated further; either half has half of alpha then.
 *
 * Ownership: everything lives in the arena given.
 * Errors:    of the person: told to `where`, or as text.
 */
#ifndef EXPERIMENTS_COMPARE_H
#define EXPERIMENTS_COMPARE_H

#include "experiments/human.h"
#include "experiments/point.h"

/* One number of a design. */
struct compare_metric {
    const char *name, *unit; /* "page.p95", "web.utilisation"; "s", "1/s", "1" */
    enum human_kind kind;
    bool more_is_better;
    enum compare_of { COMPARE_TIME, COMPARE_REQUESTS, COMPARE_STATION } of;
    const char *scope;       /* of a type or station; NULL: all requests */
    enum sample_time time;
    int level;               /* of the quantile, in findings_levels; -1: the mean */
    size_t offset;           /* of the estimate, in the findings of its kind */
};

struct contender {
    const char *label;
    struct point point;
    bool unsteady;   /* unstable: its pilot is all there is, nothing is compared */
    bool overloaded; /* loses more than may be: others win, however fast it is */
    bool eliminated; /* surely worse after the first half */
    struct jobs jobs; /* of production */
    struct outcome *outcome; /* [count] */
    int count;
    struct findings *whole, **each; /* of all outcomes; of every one */
};

/* Contender `b` less contender `a`. */
struct compare_difference {
    double a, b;               /* NaN: may not be given */
    struct estimate difference; /* of 95 %; its n is the number of pairs */
    double correlation;        /* between the replications; NaN */
    double gain; /* replications without common random numbers by those with; NaN */
};

enum { COMPARE_MANY = 5, COMPARE_FIRST = 10 };

struct comparison {
    struct contender *contender;
    int contenders;
    const struct compare_metric *metric;
    int metrics;
    int by;         /* the metric that decides; -1: none can be given */
    int best;       /* contender; -1: none is steady */
    bool *tied;     /* with the best (and the best itself) */
    double *needed; /* half-width of the difference to the best, simultaneous */
};

struct compare_settings {
    int threads;
    struct remember *remember; /* what need not be simulated twice; NULL: nothing */
    const volatile sig_atomic_t *stop;
    const char *by; /* a metric's name; NULL: of the first promise that speaks of a
                       time, else p99, else the mean */
};

/* Lists the metrics of the first contender, whose point is compiled; others may lack
 * some of them. The other functions do so themselves. */
void compare_list(struct comparison *comparison, struct arena *arena);

/* Simulates the contenders (label and point given) and compares them. False when
 * interrupted, or with the reason in `why`. */
bool compare_run(struct comparison *comparison, const struct compare_settings *set,
                 struct arena *arena, const char **why);

/* The same of contenders that bring their outcomes (and count) with them: nothing is
 * simulated. Their replications must have the same numbers. */
bool compare_known(struct comparison *comparison, const struct compare_settings *set,
                   struct arena *arena, const char **why);

/* Of the metric's number; `confidence` of the two-sided interval. */
struct compare_difference compare_difference(const struct comparison *comparison,
                                             int metric, int a, int b,
                                             double confidence);

/* Contender `a` by contender `b`, of the metric's number; its interval by linearisation
 * of the paired replications. */
struct estimate compare_ratio(const struct comparison *comparison, int metric, int a,
                              int b, double confidence);

/* Does it have the type, or the station, that the metric is of? */
bool compare_has(const struct contender *contender,
                 const struct compare_metric *metric);

/* The number of a metric's name; -1. */
int compare_find(const struct comparison *comparison, const char *name);

/* The same of values that are known per replication, and pooled. */
struct compare_difference compare_values(double pooled_a, double pooled_b,
                                         const double *a, const double *b, int n,
                                         double confidence);

#endif
