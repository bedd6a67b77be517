/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The samplers of sim/dist.h; what a, b, c and d are stands there. */
#include "sim/dist.h"

#include "sim/check.h"
#include "sim/numeric.h"

static double sample_lognormal(const struct dist *dist, struct draw *draw)
{
    return dist->a * numeric_exp(dist->b * draw_normal(draw));
}

/* Marsaglia and Tsang, "A simple method for generating gamma variables", ACM TOMS 26
 * (2000), for a shape of at least 1; below it one of shape + 1 times U^(1 / shape). */
static double standard_gamma(const struct dist *dist, struct draw *draw)
{
    double boost = dist->d > 0 ? numeric_exp(-dist->d * draw_exponential(draw)) : 1;
    for (;;) {
        double z = draw_normal(draw), root = 1 + dist->c * z;
        if (root <= 0)
            continue;
        double v = root * root * root, u = draw_uniform(draw), z2 = z * z;
        if (u < 1 - 0.0331 * z2 * z2 ||
            numeric_log(u) < 0.5 * z2 + dist->b * (1 - v + numeric_log(v)))
            return boost * dist->b * v;
    }
}

static double sample_weibull(const struct dist *dist, struct draw *draw)
{
    return dist->a * numeric_exp(dist->b * numeric_log(draw_exponential(draw)));
}

static double sample_pareto(const struct dist *dist, struct draw *draw)
{
    return dist->a *
           numeric_exp(dist->c * numeric_log(1 - dist->b * draw_uniform(draw)));
}

static double sample_normal(const struct dist *dist, struct draw *draw)
{
    double x;
    do
        x = dist->a + dist->b * draw_normal(draw);
    while (x < 0);
    return x;
}

/* The first i with u < p[i]; the last p is 1. */
static int choose(const struct dist *dist, double u)
{
    int low = 0, high = dist->count - 1;
    while (low < high) {
        int middle = (low + high) / 2;
        if (u < dist->p[middle])
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static double sample_mixture(const struct dist *dist, struct draw *draw)
{
    return dist_sample(&dist->parts[choose(dist, draw_uniform(draw))], draw);
}

static double sample_phases(const struct dist *dist, struct draw *draw)
{
    double mean = dist->x[choose(dist, draw_uniform(draw))];
    return mean * draw_exponential(draw);
}

static double sample_quantiles(const struct dist *dist, struct draw *draw)
{
    double u = draw_uniform(draw);
    int i = choose(dist, u) - 1; /* p[0] is 0 */
    return dist->x[i] * numeric_exp(dist->slope[i] * (u - dist->p[i]));
}

/* Entity n has value n. */
static double value_of_entity(const struct dist *dist, const struct draw *draw)
{
    uint64_t entity = draw_entity(draw);
    check(dist->x && entity < (uint64_t)dist->count, "value %llu of %d",
          (unsigned long long)entity, dist->count);
    return dist->x[entity];
}

double dist_sample_any(const struct dist *dist, struct draw *draw)
{
    switch (dist->form) {
    case DIST_CONSTANT:
        return dist->a;
    case DIST_EXPONENTIAL:
        return dist->a * draw_exponential(draw);
    case DIST_UNIFORM:
        return dist->a + dist->b * draw_uniform(draw);
    case DIST_LOGNORMAL:
        return sample_lognormal(dist, draw);
    case DIST_GAMMA:
    case DIST_ERLANG:
        return dist->a * standard_gamma(dist, draw);
    case DIST_WEIBULL:
        return sample_weibull(dist, draw);
    case DIST_PARETO:
        return sample_pareto(dist, draw);
    case DIST_HYPEREXPONENTIAL:
        return sample_phases(dist, draw);
    case DIST_NORMAL:
        return sample_normal(dist, draw);
    case DIST_MIXTURE:
        return sample_mixture(dist, draw);
    case DIST_SHIFTED:
        return dist->a + dist_sample(dist->parts, draw);
    case DIST_QUANTILES:
        return sample_quantiles(dist, draw);
    case DIST_EMPIRICAL:
        return dist->x[draw_below(draw, (uint64_t)dist->count)];
    case DIST_PUBLISHED:
        break; /* quantiles, when it has been read */
    case DIST_COLUMN:
        return value_of_entity(dist, draw);
    }
    check(0, "form %d", (int)dist->form);
    return 0;
}
