/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The forms that are made of others or of a table: hyperexponential, mixture, shifted
 * and quantiles. */
#include "sim/dist_form.h"
#include "sim/numeric.h"

/* ---- tables of weights: hyperexponential, mixture ---- */

struct phase_conf {
    uint32_t at;
    double weight, mean;
};

struct mixture_part_conf {
    uint32_t at;
    double weight;
    struct dist *of;
};

#define AT(field) offsetof(struct phase_conf, field)
static const struct param phase_params[] = {
    NUMBER("weight", AT(weight), 0, 1e12, true, "How often, relative to the others."),
    VALUE("mean", AT(mean), true, "Mean of this exponential."),
    {0},
};
#undef AT

static const struct param phase_row = {
    .key = "phase", .type = PARAM_OBJECT, .of = phase_params,
    .size = sizeof(struct phase_conf), .doc = "One to choose from."};

#define AT(field) offsetof(struct hyperexponential_conf, field)
const struct param dist_hyperexponential_params[] = {
    VALUE("mean", AT(mean), false,
          "The mean; with cv, of two phases that carry half of it each."),
    NUMBER("cv", AT(cv), 1, 1e3, false, "Standard deviation over mean, at least 1."),
    {.key = "phases", .type = PARAM_LIST, .offset = AT(phases), .of = &phase_row,
     .doc = "The exponentials to choose from."},
    {0},
};
#undef AT

#define AT(field) offsetof(struct mixture_part_conf, field)
static const struct param mixture_part_params[] = {
    NUMBER("weight", AT(weight), 0, 1e12, true, "How often, relative to the others."),
    {.key = "of", .type = PARAM_RANDOM, .offset = AT(of), .unit = PARAM_VALUE,
     .required = true, .doc = "What is drawn then."},
    {0},
};
#undef AT

static const struct param mixture_part_row = {
    .key = "part", .type = PARAM_OBJECT, .of = mixture_part_params,
    .size = sizeof(struct mixture_part_conf), .doc = "One to choose from."};

const struct param dist_mixture_params[] = {
    {.key = "parts", .type = PARAM_LIST, .offset = offsetof(struct mixture_conf, parts),
     .of = &mixture_part_row, .required = true, .doc = "What to choose from."},
    {0},
};

/* The weights become probabilities, and `cumulative` their sums, the last exactly 1. */
static bool normalise(double *weight, double *cumulative, int count)
{
    double total = 0, sum = 0;
    for (int i = 0; i < count; i++)
        total += weight[i];
    if (!(total > 0))
        return false;
    int last = 0;
    for (int i = 0; i < count; i++) {
        weight[i] /= total;
        sum += weight[i];
        cumulative[i] = sum;
        last = weight[i] > 0 ? i : last;
    }
    for (int i = last; i < count; i++)
        cumulative[i] = 1;
    return true;
}

static bool set_phases(struct dist *dist, const struct phase_conf *phase, int count,
                       struct setup *setup)
{
    double *weight = arena_many(setup->arena, count, double);
    double *mean = arena_many(setup->arena, count, double);
    double *cumulative = arena_many(setup->arena, count, double);
    for (int i = 0; i < count; i++) {
        weight[i] = phase[i].weight;
        mean[i] = phase[i].mean;
    }
    if (!normalise(weight, cumulative, count))
        return dist_wrong(dist, setup, "phases", "needs a weight of more than 0");
    dist->x = mean;
    dist->p = cumulative;
    dist->count = count;
    for (int i = 0; i < count; i++)
        dist->mean += weight[i] * mean[i];
    for (int i = 0; i < count; i++)
        dist->variance += weight[i] * (square(mean[i]) + square(mean[i] - dist->mean));
    return true;
}

bool dist_prepare_hyperexponential(struct dist *dist, struct setup *setup)
{
    const struct hyperexponential_conf *conf = dist->conf;
    bool mean = given(conf->mean), cv = given(conf->cv),
         phases = conf->phases.count > 0;
    if (phases && !mean && !cv)
        return set_phases(dist, conf->phases.items, conf->phases.count, setup);
    if (phases || !mean || !cv)
        return dist_wrong(dist, setup, NULL, "needs mean and cv, or phases instead");
    double scv = square(conf->cv), skew = sqrt((scv - 1) / (scv + 1));
    double p = 0.5 * (1 + skew), q = 1 / ((scv + 1) * (1 + skew)); /* q = 1 - p */
    const struct phase_conf balanced[] = {
        {.weight = p, .mean = 0.5 * conf->mean / p},
        {.weight = q, .mean = 0.5 * conf->mean / q},
    };
    set_phases(dist, balanced, 2, setup);
    return moments(dist, conf->mean, conf->cv);
}

bool dist_prepare_mixture(struct dist *dist, struct setup *setup)
{
    const struct mixture_conf *conf = dist->conf;
    const struct mixture_part_conf *part = conf->parts.items;
    int count = conf->parts.count;
    struct dist *parts = arena_many(setup->arena, count, struct dist);
    double *weight = arena_many(setup->arena, count, double);
    double *cumulative = arena_many(setup->arena, count, double);
    for (int i = 0; i < count; i++) {
        if (!part[i].of)
            return false; /* the reader has said why */
        parts[i] = *part[i].of;
        weight[i] = part[i].weight;
    }
    if (!normalise(weight, cumulative, count))
        return dist_wrong(dist, setup, NULL, "needs a weight of more than 0");
    dist->parts = parts;
    dist->p = cumulative;
    dist->count = count;
    dist_moments_of_parts(dist);
    return true;
}

static double weight_of(const struct dist *dist, int part)
{
    if (dist->form == DIST_SHIFTED)
        return 1;
    return part ? dist->p[part] - dist->p[part - 1] : dist->p[part];
}

void dist_moments_of_parts(struct dist *dist)
{
    double mean = 0, variance = 0;
    for (int i = 0; i < dist->count; i++)
        mean += weight_of(dist, i) * dist->parts[i].mean;
    for (int i = 0; i < dist->count; i++)
        variance += weight_of(dist, i) * (dist->parts[i].variance +
                                          square(dist->parts[i].mean - mean));
    dist->mean = mean + (dist->form == DIST_SHIFTED ? dist->a : 0);
    dist->variance = variance;
}

/* ---- shifted ---- */

#define AT(field) offsetof(struct shifted_conf, field)
const struct param dist_shifted_params[] = {
    VALUE("by", AT(by), true, "Added to every draw."),
    {.key = "of", .type = PARAM_RANDOM, .offset = AT(of), .unit = PARAM_VALUE,
     .required = true, .doc = "What is drawn."},
    {0},
};
#undef AT

bool dist_prepare_shifted(struct dist *dist, struct setup *setup)
{
    (void)setup;
    const struct shifted_conf *conf = dist->conf;
    if (!conf->of)
        return false; /* the reader has said why */
    dist->a = conf->by;
    dist->parts = conf->of;
    dist->count = 1;
    dist_moments_of_parts(dist);
    return true;
}

/* ---- quantiles ---- */

static const double quantile_levels[QUANTILES] = {
    0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 0.9999, 1,
};

#define AT(i) offsetof(struct quantiles_conf, x[i])
const struct param dist_quantiles_params[] = {
    VALUE("min", AT(0), false,
          "The lowest value; half of the lowest quantile if absent."),
    VALUE("p1", AT(1), false, "One of a hundred values is below."),
    VALUE("p5", AT(2), false, "Five of a hundred values are below."),
    VALUE("p10", AT(3), false, "One of ten values is below."),
    VALUE("p25", AT(4), false, "A quarter of the values is below."),
    VALUE("p50", AT(5), false, "The median."),
    VALUE("p75", AT(6), false, "Three quarters of the values are below."),
    VALUE("p90", AT(7), false, "One of ten values is above."),
    VALUE("p95", AT(8), false, "Five of a hundred values are above."),
    VALUE("p99", AT(9), false, "One of a hundred values is above."),
    VALUE("p99.9", AT(10), false, "One of a thousand values is above."),
    VALUE("p99.99", AT(11), false, "One of ten thousand values is above."),
    VALUE("max", AT(12), true, "The highest value."),
    {0},
};
#undef AT

/* The given points in order, all positive and none below the one before. */
static bool collect_points(struct dist *dist, double *x, double *p, struct setup *setup)
{
    const struct quantiles_conf *conf = dist->conf;
    int before = -1;
    for (int i = 0; i < QUANTILES; i++) {
        if (!given(conf->x[i]))
            continue;
        const char *key = dist_quantiles_params[i].key;
        if (conf->x[i] <= 0)
            return dist_wrong(dist, setup, key, "must be more than 0");
        if (before >= 0 && conf->x[i] < conf->x[before]) {
            complain(setup->out, conf->at, key, "must not be below %s",
                     dist_quantiles_params[before].key);
            return false;
        }
        before = i;
        x[dist->count] = conf->x[i];
        p[dist->count++] = quantile_levels[i];
    }
    return true;
}

/* Between two points ln x is linear in p, so that with L = ln(x1 / x0) the n-th moment
 * of that part is x0^n (exp(n L) - 1) / (n L). */
static void set_pieces(struct dist *dist, const double *x, const double *p,
                       double *slope)
{
    double second = 0;
    for (int i = 0; i + 1 < dist->count; i++) {
        double width = p[i + 1] - p[i], range = numeric_log(x[i + 1] / x[i]);
        slope[i] = range / width;
        dist->mean += width * x[i] * numeric_expm1_ratio(range);
        second += width * square(x[i]) * numeric_expm1_ratio(2 * range);
    }
    dist->variance = fmax(second - square(dist->mean), 0);
}

struct dist *dist_quantile_table(struct arena *arena, const double *x, const double *p,
                                 int count)
{
    struct dist *dist = arena_new(arena, struct dist);
    double *values = arena_many(arena, count, double);
    double *levels = arena_many(arena, count, double);
    double *slope = arena_many(arena, count, double);
    for (int i = 0; i < count; i++) {
        values[i] = x[i];
        levels[i] = p[i];
    }
    *dist = (struct dist){.form = DIST_QUANTILES, .x = values, .p = levels,
                          .slope = slope, .count = count};
    set_pieces(dist, values, levels, slope);
    return dist;
}

bool dist_prepare_quantiles(struct dist *dist, struct setup *setup)
{
    double *x = arena_many(setup->arena, QUANTILES + 1, double);
    double *p = arena_many(setup->arena, QUANTILES + 1, double);
    double *slope = arena_many(setup->arena, QUANTILES, double);
    bool has_min = given(((const struct quantiles_conf *)dist->conf)->x[0]);
    dist->count = has_min ? 0 : 1; /* else the first point follows from the second */
    if (!collect_points(dist, x, p, setup))
        return false;
    if (dist->count < 3)
        return dist_wrong(dist, setup, NULL,
                          "needs a quantile such as p50 besides max");
    if (!has_min)
        x[0] = 0.5 * x[1];
    dist->x = x;
    dist->p = p;
    dist->slope = slope;
    set_pieces(dist, x, p, slope);
    return true;
}
