/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The forms of sim/dist.h, each with its parameters, their checks and its moments. A
 * form is a conf, its table, a function that prepares it, and a row in each of the two
 * lists at the end; its sampler is in dist_sample.c. */
#include "sim/check.h"
#include "sim/dist_form.h"
#include "sim/numeric.h"

#include <stdlib.h>
#include <string.h>

/* ---- constant and exponential ---- */

struct mean_conf {
    uint32_t at;
    double mean;
};

static const struct param constant_params[] = {
    VALUE("value", offsetof(struct mean_conf, mean), true, "Every draw."),
    {0},
};

static const struct param exponential_params[] = {
    VALUE("mean", offsetof(struct mean_conf, mean), true, "The mean."),
    {0},
};

static bool prepare_constant(struct dist *dist, struct setup *setup)
{
    (void)setup;
    dist->a = ((const struct mean_conf *)dist->conf)->mean;
    return moments(dist, dist->a, 0);
}

static bool prepare_exponential(struct dist *dist, struct setup *setup)
{
    (void)setup;
    dist->a = ((const struct mean_conf *)dist->conf)->mean;
    return moments(dist, dist->a, 1);
}

/* ---- uniform ---- */

struct uniform_conf {
    uint32_t at;
    double min, max;
};

#define AT(field) offsetof(struct uniform_conf, field)
static const struct param uniform_params[] = {
    VALUE("min", AT(min), true, "The lowest value."),
    VALUE("max", AT(max), true, "The highest value."),
    {0},
};
#undef AT

static bool prepare_uniform(struct dist *dist, struct setup *setup)
{
    const struct uniform_conf *conf = dist->conf;
    if (conf->max < conf->min)
        return dist_wrong(dist, setup, "max", "must not be below min");
    dist->a = conf->min;
    dist->b = conf->max - conf->min;
    dist->mean = conf->min + 0.5 * dist->b;
    dist->variance = square(dist->b) / 12;
    return true;
}

/* ---- lognormal ---- */

enum { LOGNORMAL_LEVELS = 4 };

struct lognormal_conf {
    uint32_t at;
    double mean, cv, quantile[LOGNORMAL_LEVELS];
};

static const double lognormal_levels[LOGNORMAL_LEVELS] = {0.5, 0.9, 0.95, 0.99};

#define AT(field) offsetof(struct lognormal_conf, field)
static const struct param lognormal_params[] = {
    VALUE("mean", AT(mean), false, "The mean; together with cv."),
    NUMBER("cv", AT(cv), 0, 1e3, false, "Standard deviation over mean."),
    VALUE("p50", AT(quantile[0]), false, "The median; give two quantiles in all."),
    VALUE("p90", AT(quantile[1]), false, "Nine of ten values are below."),
    VALUE("p95", AT(quantile[2]), false, "95 of a hundred values are below."),
    VALUE("p99", AT(quantile[3]), false, "99 of a hundred values are below."),
    {0},
};
#undef AT

/* Two quantiles q < r at standard normal z(q) < z(r) give sigma = ln(r / q) / (z(r) -
 * z(q)) and the median q exp(-sigma z(q)). */
static bool lognormal_by_quantiles(struct dist *dist, int low, int high,
                                   struct setup *setup)
{
    const struct lognormal_conf *conf = dist->conf;
    double q = conf->quantile[low], r = conf->quantile[high];
    const char *low_key = lognormal_params[2 + low].key;
    if (q <= 0)
        return dist_wrong(dist, setup, low_key, "must be more than 0");
    if (r < q) {
        complain(setup->out, conf->at, lognormal_params[2 + high].key,
                 "must not be below %s", low_key);
        return false;
    }
    double z = numeric_normal_quantile(lognormal_levels[low]);
    double spread = numeric_normal_quantile(lognormal_levels[high]) - z;
    dist->b = numeric_log(r / q) / spread;
    dist->a = q * numeric_exp(-dist->b * z);
    double variance = square(dist->b); /* of the logarithm */
    double cv = sqrt(variance * numeric_expm1_ratio(variance));
    return moments(dist, dist->a * numeric_exp(0.5 * variance), cv);
}

static bool prepare_lognormal(struct dist *dist, struct setup *setup)
{
    const struct lognormal_conf *conf = dist->conf;
    int quantiles = 0, low = -1, high = -1;
    for (int i = 0; i < LOGNORMAL_LEVELS; i++) {
        if (!given(conf->quantile[i]))
            continue;
        quantiles++;
        low = low < 0 ? i : low;
        high = i;
    }
    bool mean = given(conf->mean), cv = given(conf->cv);
    if (quantiles == 2 && !mean && !cv)
        return lognormal_by_quantiles(dist, low, high, setup);
    if (quantiles > 0 || !mean || !cv)
        return dist_wrong(dist, setup, NULL,
                     "needs mean and cv, or two of p50, p90, p95 and p99 instead");
    dist->a = conf->mean / sqrt(1 + square(conf->cv));
    dist->b = sqrt(numeric_log(1 + square(conf->cv)));
    return moments(dist, conf->mean, conf->cv);
}

/* ---- gamma and Erlang ---- */

struct gamma_conf {
    uint32_t at;
    double mean, cv, shape;
};

struct erlang_conf {
    uint32_t at;
    double mean;
    int64_t shape;
};

#define AT(field) offsetof(struct gamma_conf, field)
static const struct param gamma_params[] = {
    VALUE("mean", AT(mean), true, "The mean."),
    NUMBER("cv", AT(cv), 1e-3, 10, false,
           "Standard deviation over mean; or give shape."),
    NUMBER("shape", AT(shape), 0.01, 1e6, false, "1 / cv^2; or give cv."),
    {0},
};
#undef AT

#define AT(field) offsetof(struct erlang_conf, field)
static const struct param erlang_params[] = {
    VALUE("mean", AT(mean), true, "The mean."),
    {.key = "shape", .type = PARAM_COUNT, .offset = AT(shape), .least = 1, .most = 1e6,
     .required = true, .doc = "Exponential stages in a row; cv is 1 / sqrt(shape)."},
    {0},
};
#undef AT

static bool set_gamma(struct dist *dist, double mean, double shape)
{
    double lifted = shape < 1 ? shape + 1 : shape;
    dist->a = mean / shape;
    dist->b = lifted - 1.0 / 3;
    dist->c = 1 / sqrt(9 * dist->b);
    dist->d = shape < 1 ? 1 / shape : 0;
    return moments(dist, mean, 1 / sqrt(shape));
}

static bool prepare_gamma(struct dist *dist, struct setup *setup)
{
    const struct gamma_conf *conf = dist->conf;
    if (given(conf->cv) == given(conf->shape))
        return dist_wrong(dist, setup, NULL, "needs mean and either cv or shape");
    return set_gamma(dist, conf->mean,
                     given(conf->cv) ? 1 / square(conf->cv) : conf->shape);
}

static bool prepare_erlang(struct dist *dist, struct setup *setup)
{
    (void)setup;
    const struct erlang_conf *conf = dist->conf;
    return set_gamma(dist, conf->mean, (double)conf->shape);
}

/* ---- Weibull ---- */

struct weibull_conf {
    uint32_t at;
    double mean, cv, shape, scale;
};

#define AT(field) offsetof(struct weibull_conf, field)
static const struct param weibull_params[] = {
    VALUE("mean", AT(mean), false, "The mean; or give scale and shape."),
    NUMBER("cv", AT(cv), 0.01, 100, false,
           "Standard deviation over mean; or give shape."),
    NUMBER("shape", AT(shape), 0.05, 1e3, false,
           "1 is exponential, less has longer tails."),
    VALUE("scale", AT(scale), false, "The 63rd percentile; together with shape."),
    {0},
};
#undef AT

/* cv^2 = Gamma(1 + 2/k) / Gamma(1 + 1/k)^2 - 1 */
static double weibull_cv(double shape)
{
    double difference =
        numeric_log_gamma(1 + 2 / shape) - 2 * numeric_log_gamma(1 + 1 / shape);
    return sqrt(difference * numeric_expm1_ratio(difference));
}

/* cv falls as the shape grows; halve the bracket until it is two neighbours. */
static double weibull_shape(double cv)
{
    double low = 0.05, high = 1e3;
    for (;;) {
        double middle = 0.5 * (low + high);
        if (middle <= low || middle >= high)
            return middle;
        if (weibull_cv(middle) > cv)
            low = middle;
        else
            high = middle;
    }
}

static bool prepare_weibull(struct dist *dist, struct setup *setup)
{
    const struct weibull_conf *conf = dist->conf;
    bool mean = given(conf->mean), scale = given(conf->scale);
    bool cv = given(conf->cv), shape = given(conf->shape);
    if (mean == scale || cv == shape || (scale && cv))
        return dist_wrong(dist, setup, NULL,
                     "needs mean and cv, or mean and shape, or scale and shape");
    double k = shape ? conf->shape : weibull_shape(conf->cv);
    double unit_mean = numeric_exp(numeric_log_gamma(1 + 1 / k));
    dist->a = scale ? conf->scale : conf->mean / unit_mean;
    dist->b = 1 / k;
    return moments(dist, scale ? conf->scale * unit_mean : conf->mean,
                   cv ? conf->cv : weibull_cv(k));
}

/* ---- Pareto ---- */

struct pareto_conf {
    uint32_t at;
    double min, alpha, max;
};

#define AT(field) offsetof(struct pareto_conf, field)
static const struct param pareto_params[] = {
    VALUE("min", AT(min), true, "The lowest value, more than 0."),
    NUMBER("alpha", AT(alpha), 0.01, 1e3, true,
           "Tail exponent; less has longer tails."),
    VALUE("max", AT(max), true, "The highest value."),
    {0},
};
#undef AT

/* E[(x / min)^n] = alpha r^n / (1 - h^-alpha) over 1 < r < h; with L = ln h both it and
 * its norm are L (exp(y) - 1) / y, at y = (n - alpha) L and -alpha L. */
static double pareto_moment(int n, double alpha, double log_range)
{
    return numeric_expm1_ratio((n - alpha) * log_range) /
           numeric_expm1_ratio(-alpha * log_range);
}

static bool prepare_pareto(struct dist *dist, struct setup *setup)
{
    const struct pareto_conf *conf = dist->conf;
    if (conf->min <= 0)
        return dist_wrong(dist, setup, "min", "must be more than 0");
    if (conf->max < conf->min)
        return dist_wrong(dist, setup, "max", "must not be below min");
    double log_range = numeric_log(conf->max / conf->min), y = -conf->alpha * log_range;
    dist->a = conf->min;
    dist->b = -y * numeric_expm1_ratio(y);
    dist->c = -1 / conf->alpha;
    double mean = pareto_moment(1, conf->alpha, log_range);
    double variance = pareto_moment(2, conf->alpha, log_range) - square(mean);
    dist->mean = conf->min * mean;
    dist->variance = square(conf->min) * fmax(variance, 0);
    return true;
}

/* ---- normal, cut at 0 ---- */

struct normal_conf {
    uint32_t at;
    double mean, sd, cv;
};

#define AT(field) offsetof(struct normal_conf, field)
static const struct param normal_params[] = {
    VALUE("mean", AT(mean), true, "The mean before values below 0 are drawn again."),
    VALUE("sd", AT(sd), false, "Standard deviation before that; or give cv."),
    NUMBER("cv", AT(cv), 0, 1e3, false, "Standard deviation over mean; or give sd."),
    {0},
};
#undef AT

/* Above 0 alone, with x = mean / sd and h = phi(x) / Phi(x), the mean is sd (x + h) and
 * the variance sd^2 (1 - h (x + h)). */
static bool prepare_normal(struct dist *dist, struct setup *setup)
{
    const struct normal_conf *conf = dist->conf;
    if (given(conf->sd) == given(conf->cv))
        return dist_wrong(dist, setup, NULL, "needs mean and either sd or cv");
    dist->a = conf->mean;
    dist->b = given(conf->sd) ? conf->sd : conf->cv * conf->mean;
    if (dist->b == 0)
        return moments(dist, dist->a, 0);
    double x = dist->a / dist->b;
    const double root = 0x1.9884533d43651p-2; /* 1 / sqrt(2 pi) */
    double h = root * numeric_exp(-0.5 * x * x) / numeric_normal_cdf(x);
    dist->mean = dist->a + dist->b * h;
    dist->variance = square(dist->b) * (1 - h * (x + h));
    return true;
}

/* ---- empirical ---- */

#define AT(field) offsetof(struct dist_file_conf, field)
static const struct param empirical_params[] = {
    {.key = "file", .type = PARAM_TEXT, .offset = AT(file), .required = true,
     .doc = "A CSV file beside the scenario."},
    {.key = "column", .type = PARAM_TEXT, .offset = AT(column), .required = true,
     .doc = "Name of the column that holds the values."},
    {.key = "unit", .type = PARAM_TEXT, .offset = AT(unit),
     .doc = "Unit of the values, such as ms."},
    {0},
};
#undef AT

static int by_value(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

struct dist *dist_empirical(struct arena *arena, const double *values, int count)
{
    check(count > 0, "%d values", count);
    double *x = arena_many(arena, count, double);
    memcpy(x, values, (size_t)count * sizeof *x);
    qsort(x, (size_t)count, sizeof *x, by_value);
    struct dist *dist = arena_new(arena, struct dist);
    *dist = (struct dist){.form = DIST_EMPIRICAL, .x = x, .count = count};
    for (int i = 0; i < count; i++)
        dist->mean += x[i] / count;
    for (int i = 0; i < count; i++)
        dist->variance += square(x[i] - dist->mean) / count;
    return dist;
}

/* ---- columns of a trace ---- */

static const struct param published_params[] = {
    {.key = "name", .type = PARAM_TEXT,
     .offset = offsetof(struct dist_published_conf, name), .required = true,
     .doc = "azure-2023-conversation-input or -output, azure-2023-code-input or "
            "-output: the rows of token-lengths.csv, which says where they come from."},
    {0},
};

#define AT(field) offsetof(struct dist_column_conf, field)
static const struct param column_params[] = {
    {.key = "name", .type = PARAM_TEXT, .offset = AT(name), .required = true,
     .doc = "A column of the trace's file."},
    {.key = "unit", .type = PARAM_TEXT, .offset = AT(unit),
     .doc = "Unit of the values, such as ms; needed where values have one."},
    {0},
};
#undef AT

struct dist *dist_column(struct arena *arena, const struct dist_column_conf *conf,
                         double scale)
{
    struct dist *dist = arena_new(arena, struct dist);
    *dist = (struct dist){.form = DIST_COLUMN, .a = scale, .conf = conf};
    return dist;
}

bool dist_has_columns(const struct dist *dist)
{
    if (dist->form == DIST_COLUMN)
        return true;
    for (int i = 0; dist->parts && i < dist->count; i++)
        if (dist_has_columns(&dist->parts[i]))
            return true;
    return false;
}

/* The values of a column, or of the columns among the parts. */
static bool fill_columns(struct arena *arena, struct dist *dist,
                         const struct dist_source *source)
{
    if (dist->form == DIST_COLUMN) {
        struct dist_values values;
        if (!source->read(source->context, dist, &values))
            return false;
        dist->x = values.x;
        dist->count = values.count;
        dist->mean = values.mean;
        dist->variance = values.variance;
        return true;
    }
    if (!dist->parts)
        return true;
    struct dist *parts = arena_many(arena, dist->count, struct dist);
    bool filled = true;
    for (int i = 0; i < dist->count; i++) {
        parts[i] = dist->parts[i];
        filled &= fill_columns(arena, &parts[i], source);
    }
    dist->parts = parts;
    if (filled)
        dist_moments_of_parts(dist);
    return filled;
}

struct dist *dist_with_columns(struct arena *arena, const struct dist *dist,
                               const struct dist_source *source)
{
    struct dist *copy = arena_new(arena, struct dist);
    *copy = *dist;
    return fill_columns(arena, copy, source) ? copy : NULL;
}

/* ---- all of them ---- */

#define FORM(name, conf_type, table, sentence)                                         \
    {.key = name, .type = PARAM_OBJECT, .of = table, .size = sizeof(struct conf_type), \
     .doc = sentence}
const struct param dist_forms[] = {
    [DIST_CONSTANT] = FORM("constant", mean_conf, constant_params, "Always the same."),
    [DIST_EXPONENTIAL] =
        FORM("exponential", mean_conf, exponential_params, "Memoryless; cv 1."),
    [DIST_UNIFORM] =
        FORM("uniform", uniform_conf, uniform_params, "Any value of a range alike."),
    [DIST_LOGNORMAL] = FORM("lognormal", lognormal_conf, lognormal_params,
                            "Usual for service and response times."),
    [DIST_GAMMA] = FORM("gamma", gamma_conf, gamma_params,
                        "From nearly constant to very variable, with a light tail."),
    [DIST_ERLANG] = FORM("erlang", erlang_conf, erlang_params,
                         "Several exponential stages in a row."),
    [DIST_WEIBULL] = FORM("weibull", weibull_conf, weibull_params,
                          "Life times; a stretched exponential."),
    [DIST_PARETO] = FORM("pareto", pareto_conf, pareto_params,
                         "A heavy tail up to a highest value."),
    [DIST_HYPEREXPONENTIAL] =
        FORM("hyperexponential", hyperexponential_conf, dist_hyperexponential_params,
             "One of several exponentials by chance; cv above 1."),
    [DIST_NORMAL] = FORM("normal", normal_conf, normal_params,
                         "The bell curve, values below 0 drawn again."),
    [DIST_MIXTURE] = FORM("mixture", mixture_conf, dist_mixture_params,
                          "One of several distributions by chance."),
    [DIST_SHIFTED] = FORM("shifted", shifted_conf, dist_shifted_params,
                          "A constant more than another distribution."),
    [DIST_QUANTILES] = FORM("quantiles", quantiles_conf, dist_quantiles_params,
                            "Measured percentiles, log-linear between them."),
    [DIST_EMPIRICAL] = FORM("empirical", dist_file_conf, empirical_params,
                            "The values of a data file, all equally likely."),
    [DIST_COLUMN] = FORM("column", dist_column_conf, column_params,
                         "What the request's own row of its trace says, in handlers "
                         "that traces lead to; no chance in it."),
    [DIST_PUBLISHED] = FORM("published", dist_published_conf, published_params,
                            "Numbers of tokens in published traces, quantile by "
                            "quantile."),
    {0},
};
#undef FORM

static bool (*const preparations[])(struct dist *, struct setup *) = {
    [DIST_CONSTANT] = prepare_constant,
    [DIST_EXPONENTIAL] = prepare_exponential,
    [DIST_UNIFORM] = prepare_uniform,
    [DIST_LOGNORMAL] = prepare_lognormal,
    [DIST_GAMMA] = prepare_gamma,
    [DIST_ERLANG] = prepare_erlang,
    [DIST_WEIBULL] = prepare_weibull,
    [DIST_PARETO] = prepare_pareto,
    [DIST_HYPEREXPONENTIAL] = dist_prepare_hyperexponential,
    [DIST_NORMAL] = prepare_normal,
    [DIST_MIXTURE] = dist_prepare_mixture,
    [DIST_SHIFTED] = dist_prepare_shifted,
    [DIST_QUANTILES] = dist_prepare_quantiles,
};

bool dist_prepare(struct dist *dist, enum dist_form form, const void *conf,
                  struct arena *arena, struct listener *out)
{
    check(conf && form < DIST_EMPIRICAL, "form %d", (int)form);
    *dist = (struct dist){.at = dist->at, .form = form, .conf = conf};
    struct setup setup = {arena, out};
    return preparations[form](dist, &setup);
}

static struct dist *of_mean(struct arena *arena, enum dist_form form, double mean)
{
    struct mean_conf *conf = arena_new(arena, struct mean_conf);
    conf->mean = mean;
    struct dist *dist = arena_new(arena, struct dist);
    dist_prepare(dist, form, conf, arena, NULL); /* neither form has anything to say */
    return dist;
}

struct dist *dist_constant(struct arena *arena, double value)
{
    return of_mean(arena, DIST_CONSTANT, value);
}

struct dist *dist_exponential(struct arena *arena, double mean)
{
    return of_mean(arena, DIST_EXPONENTIAL, mean);
}

struct dist *dist_gamma(struct arena *arena, double mean, double cv)
{
    struct dist *dist = arena_new(arena, struct dist);
    dist->form = DIST_GAMMA;
    set_gamma(dist, mean, 1 / square(cv));
    return dist;
}

double dist_scv(const struct dist *dist)
{
    return dist->mean > 0 ? dist->variance / square(dist->mean) : 0;
}
