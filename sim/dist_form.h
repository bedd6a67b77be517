/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dist_form -- what the files that define the forms of sim/dist.h share: dist.c and
 * dist_compound.c alone.
 */
#ifndef SIM_DIST_FORM_H
#define SIM_DIST_FORM_H

#include "sim/arena.h"
#include "sim/dist.h"

#include <math.h>

/* Whom to tell, and where tables go. */
struct setup {
    struct arena *arena;
    struct listener *out;
};

/* A quantity that is not negative; a plain number within bounds. NaN when absent. */
#define VALUE(name, where, needed, sentence)                              \
    {.key = name, .type = PARAM_VALUE, .offset = where, .most = INFINITY, \
     .fallback = NAN, .required = needed, .doc = sentence}
#define NUMBER(name, where, lowest, highest, needed, sentence)            \
    {.key = name, .type = PARAM_NUMBER, .offset = where, .least = lowest, \
     .most = highest, .fallback = NAN, .required = needed, .doc = sentence}

/* Every conf begins with the place where it stands. */
static inline bool dist_wrong(const struct dist *dist, const struct setup *setup,
                              const char *key, const char *text)
{
    complain(setup->out, *(const uint32_t *)dist->conf, key, "%s", text);
    return false;
}

static inline bool given(double parameter)
{
    return !isnan(parameter);
}

static inline double square(double x)
{
    return x * x;
}

/* Mean and coefficient of variation as moments. */
static inline bool moments(struct dist *dist, double mean, double cv)
{
    dist->mean = mean;
    dist->variance = square(cv * mean);
    return true;
}

/* ---- the forms of dist_compound.c ---- */

struct hyperexponential_conf {
    uint32_t at;
    double mean, cv;
    struct param_list phases; /* of struct phase_conf */
};

struct mixture_conf {
    uint32_t at;
    struct param_list parts; /* of struct mixture_part_conf */
};

struct shifted_conf {
    uint32_t at;
    double by;
    struct dist *of;
};

enum { QUANTILES = 13 }; /* min, eleven levels, max */

struct quantiles_conf {
    uint32_t at;
    double x[QUANTILES];
};

extern const struct param dist_hyperexponential_params[];
extern const struct param dist_mixture_params[];
extern const struct param dist_shifted_params[];
extern const struct param dist_quantiles_params[];

/* Each sets the sampler's fields and the moments of `dist` from its conf, or says what
 * is wrong and returns false. */
bool dist_prepare_hyperexponential(struct dist *dist, struct setup *setup);
bool dist_prepare_mixture(struct dist *dist, struct setup *setup);
bool dist_prepare_shifted(struct dist *dist, struct setup *setup);
bool dist_prepare_quantiles(struct dist *dist, struct setup *setup);

/* Mean and variance of a mixture (odds in p) or a shifted one, by its parts. */
void dist_moments_of_parts(struct dist *dist);

#endif
