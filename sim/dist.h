/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dist -- probability distributions, one row each: parameters, checks, exact moments
 * and a sampler.
 *
 * Unit:      whatever the owner says; durations are in ns. Shapes, weights and cvs have
 *            none.
 * Ownership: a struct dist and its parts live in the reader's arena and are immutable
 *            after dist_prepare; many threads may sample one at the same time.
 * Draws:     the standard variate is drawn and scaled, so that common random numbers
 *            stay synchronised and monotone in the scale.
 */
#ifndef SIM_DIST_H
#define SIM_DIST_H

#include "sim/param.h"
#include "sim/rng.h"
#include "sim/sim_time.h"

enum dist_form {
    DIST_CONSTANT,
    DIST_EXPONENTIAL,
    DIST_UNIFORM,
    DIST_LOGNORMAL,
    DIST_GAMMA,
    DIST_ERLANG,
    DIST_WEIBULL,
    DIST_PARETO, /* bounded */
    DIST_HYPEREXPONENTIAL,
    DIST_NORMAL, /* cut at 0: negative draws are drawn again */
    DIST_MIXTURE,
    DIST_SHIFTED,
    DIST_QUANTILES, /* log-linear between given quantiles */
    DIST_EMPIRICAL, /* the values of a data file, equally likely */
    DIST_COLUMN,    /* not random: entity n has value n of a table */
    DIST_PUBLISHED, /* in scenarios only: quantiles of a data file that is shipped */
};

/*
 * What the sampler needs, set by dist_prepare; shape' is shape, or shape + 1 below 1,
 * where d is not 0:
 *                 a         b                         c               d
 *   constant      value
 *   exponential   mean
 *   uniform       least     width
 *   lognormal     median    sigma
 *   gamma, erlang scale     shape' - 1/3              1 / sqrt(9 b)   1 / shape or 0
 *   weibull       scale     1 / shape
 *   pareto        least     1 - (least/most)^alpha    -1 / alpha
 *   normal        mean      sd
 *   shifted       by
 *   column        ns, bytes, … that 1 in a cell stands for; x is NULL until it is known
 *                 whose draws these are: see dist_with_columns
 * A table's p is cumulative; its x are the phases' means (hyperexponential), the values
 * at p (quantiles), all values in order (empirical) or by entity (column).
 */
struct dist {
    uint32_t at;
    enum dist_form form;
    double a, b, c, d;
    const struct dist *parts; /* mixture, shifted */
    const double *x, *p;
    const double *slope; /* quantiles: of ln x between p[i] and p[i + 1] */
    int count;
    double mean, variance; /* exact */
    const void *conf;      /* the parameters as given: the row's bound struct */
};

/*
 * One row per form, in the order of enum dist_form, ended by a zero row. The key is the
 * name in the scenario ("lognormal"); `of` is its parameter table, `size` of its conf.
 * A lone value ({"exponential": "20ms"}) binds the first parameter of the table, and so
 * does a list if that parameter is one ({"mixture": [...]}); any other list
 * ({"uniform": ["1ms", "2ms"]}) binds them in order. A lone value without any form is a
 * constant. The reader binds the conf, then calls dist_prepare.
 */
extern const struct param dist_forms[];

struct arena;

/* A distribution from its bound parameters; each lies within the bounds of its row, an
 * absent number is NaN. Says what is wrong with them together through `out` and returns
 * false then. DIST_EMPIRICAL and DIST_COLUMN have functions of their own instead. */
bool dist_prepare(struct dist *dist, enum dist_form form, const void *conf,
                  struct arena *arena, struct listener *out);

struct dist *dist_constant(struct arena *arena, double value);
struct dist *dist_exponential(struct arena *arena, double mean);
struct dist *dist_gamma(struct arena *arena, double mean, double cv);

/* An empirical distribution over `count` values (copied and sorted). */
struct dist *dist_empirical(struct arena *arena, const double *values, int count);

/* The conf of DIST_EMPIRICAL names a file; the reader, which owns files, loads it and
 * calls dist_empirical. */
struct dist_file_conf {
    uint32_t at;
    const char *file, *column, *unit;
};

/* The conf of DIST_PUBLISHED: a row of a file that comes with the program. */
struct dist_published_conf {
    uint32_t at;
    const char *name;
};

/* Quantiles x (copied, positive, growing) at levels p, the first 0 and the last 1. */
struct dist *dist_quantile_table(struct arena *arena, const double *x, const double *p,
                                 int count);

/* The conf of DIST_COLUMN: a column of the trace that the request comes from. */
struct dist_column_conf {
    uint32_t at;
    const char *name, *unit;
};

/* A column of numbers that each stand for `scale`; it has no values yet. */
struct dist *dist_column(struct arena *arena, const struct dist_column_conf *conf,
                         double scale);

/* Does it need the values of a column, itself or in a part? */
bool dist_has_columns(const struct dist *dist);

/* Values of a column by entity, NaN where it has none; their mean and variance. */
struct dist_values {
    const double *x;
    int count;
    double mean, variance;
};

/* Where columns come from: false, with whatever is wrong told, if there is none. */
struct dist_source {
    bool (*read)(void *context, const struct dist *column, struct dist_values *values);
    void *context;
};

/* A copy whose columns have values; NULL if one could not be read. */
struct dist *dist_with_columns(struct arena *arena, const struct dist *dist,
                               const struct dist_source *source);

double dist_sample_any(const struct dist *dist, struct draw *draw);

static inline double dist_sample(const struct dist *dist, struct draw *draw)
{
    switch (dist->form) {
    case DIST_CONSTANT:
        return dist->a;
    case DIST_EXPONENTIAL:
        return dist->a * draw_exponential(draw);
    default:
        return dist_sample_any(dist, draw);
    }
}

/* A duration in ns, rounded half up, never negative. */
static inline sim_time dist_duration(const struct dist *dist, struct draw *draw)
{
    return sim_from_nanoseconds(dist_sample(dist, draw));
}

/* A whole number, rounded half up, never negative. */
static inline int64_t dist_count(const struct dist *dist, struct draw *draw)
{
    return sim_from_nanoseconds(dist_sample(dist, draw));
}

/* The squared coefficient of variation, 0 for a zero mean. */
double dist_scv(const struct dist *dist);

#endif
