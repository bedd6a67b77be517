/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * estimate -- a number with the interval it is known to.
 *
 * Every interval comes from independent replications: Student's t with one
 * degree of freedom less than there are, on one value each. Correlated values inside a
 * replication are never treated as independent; such an interval covers the truth 7 %
 * of the time.
 *
 * Units:     those of the values given, for results SI (s, 1/s).
 * Ownership: plain struct, no pointers. {0} is not an estimate; see estimate_lacking.
 * Errors:    what may not be given has value NaN and says what it lacks.
 */
#ifndef EXPERIMENTS_ESTIMATE_H
#define EXPERIMENTS_ESTIMATE_H

#include "sim/arena.h"
#include "sim/histogram.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ESTIMATE_CONFIDENCE 0.95

/* What a quantile needs before it is called one (Alexopoulos et al., Sequest). */
enum { ESTIMATE_BEYOND_EACH = 100, ESTIMATE_BEYOND_ALL = 1000 };

enum estimate_lack {
    LACK_NOTHING,
    LACK_REQUESTS,     /* nobody finished: there is nothing to average */
    LACK_SAMPLES,      /* too few values beyond the quantile: no value */
    LACK_REPLICATIONS, /* a value, but too few replications for an interval */
    LACK_SECTIONS,     /* a value, but replications too small for an interval */
    LACK_STEADY_STATE, /* the backlog grows: the value depends on when one looks */
    LACK_LIMIT,        /* no such limit: slots or cores are not modelled */
};

struct estimate {
    double value;      /* NaN: may not be given */
    double half_width; /* NaN: unknown */
    double confidence;
    int n; /* replications behind it */
    enum estimate_lack lack;
    uint64_t have, need; /* LACK_SAMPLES: values beyond the quantile */
};

struct estimate estimate_lacking(enum estimate_lack lack);
bool estimate_given(const struct estimate *e);

/* Why there is no value or no interval, as text; "" when nothing is missing. */
const char *estimate_reason(const struct estimate *e, char *text, size_t size);

/* The p-quantile of Student's t, 0 < p < 1, freedom >= 1. */
double estimate_t(double p, int freedom);

/* The mean of n independent values. */
struct estimate estimate_mean(const double *x, int n);

/* sum(over) / sum(under) of n independent pairs; the interval by linearisation: of the
 * mean of (over - ratio * under) / mean(under). LACK_REQUESTS if sum(under) is 0. */
struct estimate estimate_ratio(const double *over, const double *under, int n);

/* A quantile of pooled replications and what sectioning says about it. */
struct section {
    double pooled;     /* quantile of all values together; NaN when there are none */
    double average;    /* of the replications' own quantiles: tells of bias */
    double half_width; /* replications' quantiles around the pooled one, t with n - 1 */
    double beyond_each,
        beyond_all; /* values expected beyond it: least replication, all */
    int n;
};

struct section section_of(const struct histogram *const *each, int n,
                          const struct histogram *pooled, double p);

enum section_rule {
    SECTION_STEADY, /* refuse below ESTIMATE_BEYOND_EACH and ESTIMATE_BEYOND_ALL */
    /* Few requests are in its nature: five pooled values beyond a quantile
     * give a value, one in each replication an interval. */
    SECTION_TERMINATING,
};

/* In units of the histogram times `unit` (1e-9 for s). */
struct estimate estimate_quantile(const struct section *s, enum section_rule rule,
                                  double unit);

/* Of a quantile's interval; NaN: not known. */
struct quantile_ends {
    double low, high;
};

/*
 * The interval of a quantile by ranks (Woodruff, 1952): the part of the values that lie
 * beyond it differs between replications; the interval ends at the pooled values that
 * have as much more, and less, beyond them. It is as wide to either side as values are
 * rare there, and never leaves them, while that of a section reaches below 0 where two
 * kinds of requests lie far apart. In units of the histogram times `unit`.
 */
struct quantile_ends estimate_quantile_ends(const struct histogram *const *each, int n,
                                            const struct histogram *pooled, double p,
                                            double unit, struct arena *arena);

/* The probability, by Student's t, that the true value is below `limit`; NaN if there
 * is no value, 0 or 1 if there is no interval. */
double estimate_chance_below(const struct estimate *e, double limit);

/* The scaled estimate: value and half-width times `factor`. */
struct estimate estimate_scaled(struct estimate e, double factor);

#endif
