/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Samplers against GSL's distribution functions and the moments they claim; the moments
 * against closed forms or numerical integration of the quantile function. */
#include "sim/arena.h"
#include "sim/dist.h"
#include "unit/cases.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sf_gamma.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- parameters by key, bound as the reader binds them --------------------------- */

struct heard {
    struct listener listener;
    char key[32], text[256];
};

static void hear(void *context, uint32_t at, const char *key, const char *text)
{
    struct heard *heard = context;
    (void)at;
    snprintf(heard->key, sizeof heard->key, "%s", key ? key : "");
    snprintf(heard->text, sizeof heard->text, "%s", text);
}

static const struct param *row_of(const struct param *rows, const char *key)
{
    while (rows->key && strcmp(rows->key, key) != 0)
        rows++;
    assert_non_null(rows->key);
    return rows;
}

struct setting {
    const char *key;
    double value;
};

/* A conf of `table` with these settings; every other number is at its fallback. */
static void bind(char *conf, const struct param *table, const struct setting *settings)
{
    for (const struct param *row = table; row->key; row++)
        if (row->type == PARAM_VALUE || row->type == PARAM_NUMBER)
            memcpy(conf + row->offset, &row->fallback, sizeof row->fallback);
    for (; settings->key; settings++) {
        const struct param *row = row_of(table, settings->key);
        int64_t whole = (int64_t)settings->value;
        memcpy(conf + row->offset,
               row->type == PARAM_COUNT ? (void *)&whole : (void *)&settings->value, 8);
    }
}

static struct dist *prepare(struct arena *arena, enum dist_form form, const void *conf,
                            struct heard *heard)
{
    *heard = (struct heard){.listener = {hear, heard, 0}};
    struct dist *dist = arena_new(arena, struct dist);
    bool fine = dist_prepare(dist, form, conf, arena, &heard->listener);
    assert_int_equal(fine, heard->listener.count == 0);
    return fine ? dist : NULL;
}

static struct dist *try_make(struct arena *arena, enum dist_form form,
                             const struct setting *settings, struct heard *heard)
{
    char *conf = arena_array(arena, 1, dist_forms[form].size);
    bind(conf, dist_forms[form].of, settings);
    return prepare(arena, form, conf, heard);
}

static struct dist *make(struct arena *arena, enum dist_form form,
                         const struct setting *settings)
{
    struct heard heard;
    struct dist *dist = try_make(arena, form, settings, &heard);
    if (!dist)
        fail_msg("%s: %s %s", dist_forms[form].key, heard.key, heard.text);
    return dist;
}

#define MAKE(form, ...) make(*state, form, (const struct setting[]){__VA_ARGS__, {0}})

/* The list that is the parameter `key` of a form: elements of {weight, ...}. */
static struct param_list *list_in(char *conf, const struct param *table,
                                  const char *key, struct arena *arena, int count)
{
    const struct param *row = row_of(table, key);
    struct param_list *list = (struct param_list *)(void *)(conf + row->offset);
    list->count = count;
    list->items = arena_array(arena, (size_t)count, row->of->size);
    return list;
}

static char *item_of(const struct param_list *list, const struct param *row, int i)
{
    return (char *)list->items + (size_t)i * row->of->size;
}

static struct dist *make_phases(struct arena *arena, int count, const double *weight,
                                const double *mean)
{
    const struct param *form = &dist_forms[DIST_HYPEREXPONENTIAL];
    char *conf = arena_array(arena, 1, form->size);
    bind(conf, form->of, (const struct setting[]){{0}});
    const struct param *row = row_of(form->of, "phases");
    struct param_list *list = list_in(conf, form->of, "phases", arena, count);
    for (int i = 0; i < count; i++)
        bind(item_of(list, row, i), row->of->of,
             (const struct setting[]){{"weight", weight[i]}, {"mean", mean[i]}, {0}});
    struct heard heard;
    return prepare(arena, DIST_HYPEREXPONENTIAL, conf, &heard);
}

static struct dist *make_mixture(struct arena *arena, int count, const double *weight,
                                 struct dist *const *of)
{
    const struct param *form = &dist_forms[DIST_MIXTURE];
    char *conf = arena_array(arena, 1, form->size);
    const struct param *row = row_of(form->of, "parts");
    struct param_list *list = list_in(conf, form->of, "parts", arena, count);
    for (int i = 0; i < count; i++) {
        char *item = item_of(list, row, i);
        bind(item, row->of->of, (const struct setting[]){{"weight", weight[i]}, {0}});
        memcpy(item + row_of(row->of->of, "of")->offset, &of[i], sizeof of[i]);
    }
    struct heard heard;
    return prepare(arena, DIST_MIXTURE, conf, &heard);
}

static struct dist *make_shifted(struct arena *arena, double by, struct dist *of)
{
    const struct param *form = &dist_forms[DIST_SHIFTED];
    char *conf = arena_array(arena, 1, form->size);
    bind(conf, form->of, (const struct setting[]){{"by", by}, {0}});
    memcpy(conf + row_of(form->of, "of")->offset, &of, sizeof of);
    struct heard heard;
    return prepare(arena, DIST_SHIFTED, conf, &heard);
}

/* ---- sampling -------------------------------------------------------------------- */

enum { SAMPLES = 100000 };

static double sample_at(const struct dist *dist, int i)
{
    struct draw draw = draw_at(rng_key(11, "dist"), (uint64_t)i, 0, 0);
    return dist_sample(dist, &draw);
}

static int by_size(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* The claimed mean, and the claimed variance by the sample's own fourth moment: both to
 * 5 standard deviations. */
static void expect_moments(const double *x, const struct dist *dist)
{
    double sum = 0, squares = 0, fourth = 0;
    for (int i = 0; i < SAMPLES; i++) {
        double d = (x[i] - dist->mean) * (x[i] - dist->mean);
        sum += x[i] - dist->mean;
        squares += d;
        fourth += d * d;
    }
    double variance = squares / SAMPLES;
    assert_within(sum / SAMPLES, 0, 5 * sqrt(dist->variance / SAMPLES));
    assert_within(variance, dist->variance,
                  5 * sqrt((fourth / SAMPLES - variance * variance) / SAMPLES));
}

/* P(x) of the distribution that draws should follow; `given` are its parameters. */
typedef double cdf(double x, const double *given);

/* Kolmogorov and Smirnov: sqrt(n) times the largest distance exceeds 2.225 with
 * probability 1e-4. */
static void expect_samples(const struct dist *dist, cdf *p, const double *given)
{
    double *x = test_malloc(SAMPLES * sizeof *x), most = 0;
    for (int i = 0; i < SAMPLES; i++)
        x[i] = sample_at(dist, i);
    expect_moments(x, dist);
    qsort(x, SAMPLES, sizeof *x, by_size);
    for (int i = 0; i < SAMPLES; i++) {
        double q = p(x[i], given);
        most = fmax(most, fmax(q - (double)i / SAMPLES, (i + 1.0) / SAMPLES - q));
    }
    assert_within(sqrt(SAMPLES) * most, 0, 2.225);
    test_free(x);
}

static void expect_mean_and_sd(const struct dist *dist, double mean, double sd,
                               double relative)
{
    assert_near(dist->mean, mean, relative);
    assert_near(sqrt(dist->variance), sd, relative);
}

#define GIVEN(...) ((const double[]){__VA_ARGS__})

/* ---- the forms ------------------------------------------------------------------- */

static double exponential_cdf(double x, const double *given)
{
    return gsl_cdf_exponential_P(x, given[0]);
}

static void exponential_follows_its_mean(void **state)
{
    struct dist *dist = MAKE(DIST_EXPONENTIAL, {"mean", 2e7});
    expect_mean_and_sd(dist, 2e7, 2e7, 0);
    assert_near(dist_scv(dist), 1, 0);
    expect_samples(dist, exponential_cdf, GIVEN(2e7));
    expect_samples(dist_exponential(*state, 3), exponential_cdf, GIVEN(3));
}

static double uniform_cdf(double x, const double *given)
{
    return gsl_cdf_flat_P(x, given[0], given[1]);
}

static void uniform_follows_its_bounds(void **state)
{
    struct dist *dist = MAKE(DIST_UNIFORM, {"min", 2}, {"max", 8});
    expect_mean_and_sd(dist, 5, 6 / sqrt(12), 1e-15);
    expect_samples(dist, uniform_cdf, GIVEN(2, 8));
}

static double lognormal_cdf(double x, const double *given)
{
    return gsl_cdf_lognormal_P(x, given[0], given[1]);
}

static void lognormal_follows_mean_and_cv(void **state)
{
    struct dist *dist = MAKE(DIST_LOGNORMAL, {"mean", 20}, {"cv", 1.5});
    expect_mean_and_sd(dist, 20, 30, 1e-15);
    double sigma = sqrt(log(1 + 1.5 * 1.5));
    expect_samples(dist, lognormal_cdf, GIVEN(log(20) - sigma * sigma / 2, sigma));
}

static void lognormal_goes_through_any_two_quantiles(void **state)
{
    const char *const keys[] = {"p50", "p90", "p95", "p99"};
    const double p[] = {0.5, 0.9, 0.95, 0.99};
    double mu = log(14), sigma = 0.8;
    for (int i = 0; i < 4; i++)
        for (int j = i + 1; j < 4; j++) {
            struct dist *dist =
                MAKE(DIST_LOGNORMAL, {keys[j], gsl_cdf_lognormal_Pinv(p[j], mu, sigma)},
                     {keys[i], gsl_cdf_lognormal_Pinv(p[i], mu, sigma)});
            double mean = exp(mu + sigma * sigma / 2);
            expect_mean_and_sd(dist, mean, mean * sqrt(expm1(sigma * sigma)), 1e-12);
            if (j == 3)
                expect_samples(dist, lognormal_cdf, GIVEN(mu, sigma));
        }
}

static double gamma_cdf(double x, const double *given)
{
    return gsl_cdf_gamma_P(x, given[0], given[1]);
}

static void gamma_follows_its_shape_above_and_below_1(void **state)
{
    const double shapes[] = {0.1, 0.5, 0.999, 1, 1.001, 2.5, 40, 1e5};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        struct dist *dist = MAKE(DIST_GAMMA, {"mean", 12}, {"shape", shapes[i]});
        expect_mean_and_sd(dist, 12, 12 / sqrt(shapes[i]), 1e-15);
        expect_samples(dist, gamma_cdf, GIVEN(shapes[i], 12 / shapes[i]));
    }
}

static void gamma_follows_its_cv(void **state)
{
    struct dist *dist = MAKE(DIST_GAMMA, {"mean", 15}, {"cv", 1.5});
    expect_mean_and_sd(dist, 15, 22.5, 1e-15);
    expect_samples(dist, gamma_cdf, GIVEN(1 / 2.25, 15 * 2.25));
}

static void erlang_is_a_gamma_of_whole_shape(void **state)
{
    struct dist *dist = MAKE(DIST_ERLANG, {"mean", 8}, {"shape", 4});
    expect_mean_and_sd(dist, 8, 4, 1e-15);
    expect_samples(dist, gamma_cdf, GIVEN(4, 2));
}

static double weibull_cdf(double x, const double *given)
{
    return gsl_cdf_weibull_P(x, given[0], given[1]);
}

static double weibull_scale(double mean, double shape)
{
    return mean / gsl_sf_gamma(1 + 1 / shape);
}

static double weibull_cv(double shape)
{
    double mean = gsl_sf_gamma(1 + 1 / shape);
    return sqrt(gsl_sf_gamma(1 + 2 / shape) - mean * mean) / mean;
}

static void weibull_follows_any_two_parameters(void **state)
{
    const double shapes[] = {0.3, 0.7, 1, 2.2, 9};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        double k = shapes[i], cv = weibull_cv(k), scale = weibull_scale(10, k);
        struct dist *by_shape = MAKE(DIST_WEIBULL, {"mean", 10}, {"shape", k});
        struct dist *by_cv = MAKE(DIST_WEIBULL, {"mean", 10}, {"cv", cv});
        struct dist *by_scale = MAKE(DIST_WEIBULL, {"scale", scale}, {"shape", k});
        expect_mean_and_sd(by_shape, 10, 10 * cv, 1e-11);
        expect_mean_and_sd(by_cv, 10, 10 * cv, 1e-11);
        expect_mean_and_sd(by_scale, 10, 10 * cv, 1e-11);
        assert_near(by_cv->a, scale, 1e-11);
        assert_near(1 / by_cv->b, k, 1e-11);
        expect_samples(by_cv, weibull_cdf, GIVEN(scale, k));
    }
}

static double pareto_cdf(double x, const double *given)
{
    double norm = gsl_cdf_pareto_P(given[2], given[1], given[0]);
    return gsl_cdf_pareto_P(x, given[1], given[0]) / norm;
}

static void pareto_follows_its_exponent_within_bounds(void **state)
{
    const double alphas[] = {0.5, 1, 1.3, 2, 4};
    for (size_t i = 0; i < sizeof alphas / sizeof *alphas; i++) {
        struct dist *dist =
            MAKE(DIST_PARETO, {"min", 5}, {"alpha", alphas[i]}, {"max", 500});
        expect_samples(dist, pareto_cdf, GIVEN(5, alphas[i], 500));
    }
    /* alpha 1: mean = L ln(H / L) / (1 - L / H), second moment L H */
    struct dist *dist = MAKE(DIST_PARETO, {"min", 5}, {"alpha", 1}, {"max", 500});
    double mean = 5 * log(100) / 0.99;
    expect_mean_and_sd(dist, mean, sqrt(2500 - mean * mean), 1e-14);
}

static double phases_cdf(double x, const double *given)
{
    double p = 0;
    for (int i = 0; given[2 * i] > 0; i++)
        p += given[2 * i] * gsl_cdf_exponential_P(x, given[2 * i + 1]);
    return p;
}

static void hyperexponential_has_balanced_means(void **state)
{
    struct dist *dist = MAKE(DIST_HYPEREXPONENTIAL, {"mean", 10}, {"cv", 3});
    expect_mean_and_sd(dist, 10, 30, 1e-15);
    double p = (1 + sqrt(8.0 / 10)) / 2;
    expect_samples(dist, phases_cdf, GIVEN(p, 5 / p, 1 - p, 5 / (1 - p), 0));
    struct dist *plain = MAKE(DIST_HYPEREXPONENTIAL, {"mean", 10}, {"cv", 1});
    expect_samples(plain, exponential_cdf, GIVEN(10));
}

static void hyperexponential_follows_its_phases(void **state)
{
    struct dist *dist = make_phases(*state, 3, GIVEN(2, 0, 6), GIVEN(10, 99, 2));
    double mean = 0.25 * 10 + 0.75 * 2;
    expect_mean_and_sd(dist, mean, sqrt(2 * (0.25 * 100 + 0.75 * 4) - mean * mean),
                       1e-15);
    expect_samples(dist, phases_cdf, GIVEN(0.25, 10, 0.75, 2, 0));
}

static double normal_cdf(double x, const double *given)
{
    double below_0 = gsl_cdf_gaussian_P(-given[0], given[1]);
    return (gsl_cdf_gaussian_P(x - given[0], given[1]) - below_0) / (1 - below_0);
}

static void normal_is_cut_at_0(void **state)
{
    expect_samples(MAKE(DIST_NORMAL, {"mean", 10}, {"sd", 2}), normal_cdf,
                   GIVEN(10, 2));
    expect_samples(MAKE(DIST_NORMAL, {"mean", 10}, {"cv", 1}), normal_cdf,
                   GIVEN(10, 10));
    struct dist *half = MAKE(DIST_NORMAL, {"mean", 0}, {"sd", 3});
    expect_mean_and_sd(half, 3 * sqrt(2 / acos(-1)), 3 * sqrt(1 - 2 / acos(-1)), 1e-14);
    expect_samples(half, normal_cdf, GIVEN(0, 3));
    expect_mean_and_sd(MAKE(DIST_NORMAL, {"mean", 7}, {"sd", 0}), 7, 0, 0);
    expect_mean_and_sd(MAKE(DIST_NORMAL, {"mean", 100}, {"sd", 1}), 100, 1, 1e-15);
}

static double mixture_cdf(double x, const double *given)
{
    (void)given;
    return 0.9 * gsl_cdf_flat_P(x, 1, 3) + 0.1 * gsl_cdf_exponential_P(x, 50);
}

static void a_mixture_is_its_parts_by_weight(void **state)
{
    struct dist *of[] = {MAKE(DIST_UNIFORM, {"min", 1}, {"max", 3}),
                         dist_exponential(*state, 50)};
    struct dist *dist = make_mixture(*state, 2, GIVEN(9, 1), of);
    double mean = 0.9 * 2 + 0.1 * 50;
    double second = 0.9 * (4 + 4.0 / 12) + 0.1 * 2 * 2500;
    expect_mean_and_sd(dist, mean, sqrt(second - mean * mean), 1e-15);
    expect_samples(dist, mixture_cdf, NULL);
}

static double shifted_cdf(double x, const double *given)
{
    return x < given[0] ? 0 : gsl_cdf_exponential_P(x - given[0], given[1]);
}

static void shifted_is_a_constant_more(void **state)
{
    struct dist *dist = make_shifted(*state, 5, dist_exponential(*state, 2));
    expect_mean_and_sd(dist, 7, 2, 1e-15);
    expect_samples(dist, shifted_cdf, GIVEN(5, 2));
}

/* Points (p, x) in turn, ended by p = 1. */
static double log_linear_cdf(double x, const double *given)
{
    for (; given[0] < 1; given += 2)
        if (x < given[3])
            return given[0] +
                   (given[2] - given[0]) * log(x / given[1]) / log(given[3] / given[1]);
    return 1;
}

/* Mean and second moment by the midpoint rule over the quantile function. */
static void expect_integrated_moments(const struct dist *dist, const double *points)
{
    enum { STEPS = 4000 };
    double mean = 0, second = 0;
    for (; points[0] < 1; points += 2)
        for (int i = 0; i < STEPS; i++) {
            double x = points[1] * pow(points[3] / points[1], (i + 0.5) / STEPS);
            mean += x * (points[2] - points[0]) / STEPS;
            second += x * x * (points[2] - points[0]) / STEPS;
        }
    expect_mean_and_sd(dist, mean, sqrt(second - mean * mean), 1e-6);
}

static void quantiles_are_met_and_log_linear_between(void **state)
{
    struct dist *dist = MAKE(DIST_QUANTILES, {"p50", 80}, {"p95", 300}, {"p99", 900},
                             {"max", 5000});
    const double *points = GIVEN(0, 40, 0.5, 80, 0.95, 300, 0.99, 900, 1, 5000);
    expect_integrated_moments(dist, points);
    expect_samples(dist, log_linear_cdf, points);
}

static void quantiles_may_start_at_a_given_minimum(void **state)
{
    struct dist *dist = MAKE(DIST_QUANTILES, {"min", 1}, {"p10", 1}, {"p99.9", 20},
                             {"max", 20});
    const double *points = GIVEN(0, 1, 0.1, 1, 0.999, 20, 1, 20);
    expect_integrated_moments(dist, points);
    int lowest = 0, highest = 0;
    for (int i = 0; i < SAMPLES; i++) {
        lowest += sample_at(dist, i) == 1;
        highest += sample_at(dist, i) == 20;
    }
    assert_within(lowest, 0.1 * SAMPLES, 5 * sqrt(0.1 * SAMPLES));
    assert_within(highest, 0.001 * SAMPLES, 5 * sqrt(0.001 * SAMPLES));
}

static void empirical_values_are_equally_likely(void **state)
{
    struct dist *dist = dist_empirical(*state, GIVEN(9, 1, 4, 4), 4);
    expect_mean_and_sd(dist, 4.5, sqrt((20.25 + 12.25 + 0.25 + 0.25) / 4), 1e-15);
    int count[10] = {0};
    for (int i = 0; i < SAMPLES; i++)
        count[(int)sample_at(dist, i)]++;
    assert_int_equal(count[1] + count[4] + count[9], SAMPLES);
    assert_within(count[4], SAMPLES / 2.0, 5 * sqrt(SAMPLES / 4.0));
    assert_within(count[1], SAMPLES / 4.0, 5 * sqrt(SAMPLES * 3 / 16.0));
}

static void a_constant_is_constant(void **state)
{
    struct dist *dist = dist_constant(*state, 5e6);
    expect_mean_and_sd(dist, 5e6, 0, 0);
    assert_near(sample_at(dist, 1), 5e6, 0);
    assert_near(dist_scv(dist_constant(*state, 0)), 0, 0);
}

/* ---- what common random numbers rest on ------------------------------------------ */

static void expect_doubled(const struct dist *one, const struct dist *two)
{
    assert_near(two->mean, 2 * one->mean, 1e-15);
    for (int i = 0; i < 2000; i++)
        assert_near(sample_at(two, i), 2 * sample_at(one, i), 0);
}

#define DOUBLED(form, key, ...)                                \
    expect_doubled(MAKE(form, {key, 11.3}, __VA_ARGS__),       \
                   MAKE(form, {key, 22.6}, __VA_ARGS__))

static void twice_the_scale_is_twice_every_draw(void **state)
{
    expect_doubled(dist_exponential(*state, 3), dist_exponential(*state, 6));
    DOUBLED(DIST_LOGNORMAL, "mean", {"cv", 2});
    DOUBLED(DIST_GAMMA, "mean", {"cv", 0.4});
    DOUBLED(DIST_GAMMA, "mean", {"shape", 0.4});
    DOUBLED(DIST_ERLANG, "mean", {"shape", 3});
    DOUBLED(DIST_WEIBULL, "mean", {"cv", 0.5});
    DOUBLED(DIST_HYPEREXPONENTIAL, "mean", {"cv", 2});
    DOUBLED(DIST_NORMAL, "mean", {"cv", 0.8});
    expect_doubled(MAKE(DIST_PARETO, {"min", 1}, {"alpha", 1.5}, {"max", 50}),
                   MAKE(DIST_PARETO, {"min", 2}, {"alpha", 1.5}, {"max", 100}));
    expect_doubled(MAKE(DIST_QUANTILES, {"p50", 3}, {"p99", 10}, {"max", 21}),
                   MAKE(DIST_QUANTILES, {"p50", 6}, {"p99", 20}, {"max", 42}));
}

static void durations_and_counts_round_half_up(void **state)
{
    struct draw draw = draw_at(0, 0, 0, 0);
    assert_int_equal(dist_duration(dist_constant(*state, 2.5), &draw), 3);
    assert_int_equal(dist_count(dist_constant(*state, 2.499), &draw), 2);
    assert_int_equal(dist_duration(dist_constant(*state, 1e30), &draw), SIM_TIME_MAX);
}

/* ---- complaints ------------------------------------------------------------------ */

static void expect_complaint(void **state, enum dist_form form, const char *key,
                             const char *text, const struct setting *settings)
{
    struct heard heard;
    assert_null(try_make(*state, form, settings, &heard));
    assert_int_equal(heard.listener.count, 1);
    assert_string_equal(heard.key, key);
    assert_string_equal(heard.text, text);
}

#define WRONG(form, key, text, ...)              \
    expect_complaint(state, form, key, text, (const struct setting[]){__VA_ARGS__, {0}})

static void lognormal_needs_a_pair_that_fits(void **state)
{
    const char *needs = "needs mean and cv, or two of p50, p90, p95 and p99 instead";
    WRONG(DIST_LOGNORMAL, "", needs, {"mean", 1});
    WRONG(DIST_LOGNORMAL, "", needs, {"cv", 1});
    WRONG(DIST_LOGNORMAL, "", needs, {"p50", 1});
    WRONG(DIST_LOGNORMAL, "", needs, {"mean", 1}, {"p99", 1});
    WRONG(DIST_LOGNORMAL, "", needs, {"p50", 1}, {"p90", 1}, {"p99", 1});
    WRONG(DIST_LOGNORMAL, "p99", "must not be below p90", {"p90", 2}, {"p99", 1});
    WRONG(DIST_LOGNORMAL, "p50", "must be more than 0", {"p50", 0}, {"p99", 1});
}

static void other_forms_need_parameters_that_fit(void **state)
{
    WRONG(DIST_UNIFORM, "max", "must not be below min", {"min", 2}, {"max", 1});
    WRONG(DIST_GAMMA, "", "needs mean and either cv or shape", {"mean", 2});
    WRONG(DIST_GAMMA, "", "needs mean and either cv or shape", {"mean", 2}, {"cv", 1},
          {"shape", 1});
    const char *weibull = "needs mean and cv, or mean and shape, or scale and shape";
    WRONG(DIST_WEIBULL, "", weibull, {"mean", 2});
    WRONG(DIST_WEIBULL, "", weibull, {"scale", 2}, {"cv", 1});
    WRONG(DIST_WEIBULL, "", weibull, {"scale", 2}, {"mean", 2}, {"shape", 1});
    WRONG(DIST_PARETO, "min", "must be more than 0", {"min", 0}, {"alpha", 1},
          {"max", 2});
    WRONG(DIST_PARETO, "max", "must not be below min", {"min", 3}, {"alpha", 1},
          {"max", 2});
    WRONG(DIST_NORMAL, "", "needs mean and either sd or cv", {"mean", 2});
    WRONG(DIST_HYPEREXPONENTIAL, "", "needs mean and cv, or phases instead", {"cv", 2});
}

static void quantiles_must_be_positive_and_in_order(void **state)
{
    WRONG(DIST_QUANTILES, "", "needs a quantile such as p50 besides max", {"max", 1});
    WRONG(DIST_QUANTILES, "p50", "must be more than 0", {"p50", 0}, {"max", 1});
    WRONG(DIST_QUANTILES, "p99", "must not be below p50", {"p50", 2}, {"p99", 1},
          {"max", 3});
    WRONG(DIST_QUANTILES, "max", "must not be below p99", {"p99", 2}, {"max", 1});
}

static void some_weight_must_be_more_than_0(void **state)
{
    struct dist *of[] = {dist_constant(*state, 1)};
    assert_null(make_mixture(*state, 1, GIVEN(0), of));
    assert_null(make_mixture(*state, 0, NULL, NULL));
    assert_null(make_phases(*state, 2, GIVEN(0, 0), GIVEN(1, 2)));
}

/* ---- the bits -------------------------------------------------------------------- */

static uint64_t hash_of(const struct dist *dist, uint64_t hash)
{
    uint64_t bits;
    for (int i = 0; i < 2000; i++) {
        double x = i == 0 ? dist->mean : i == 1 ? dist->variance : sample_at(dist, i);
        memcpy(&bits, &x, sizeof bits);
        hash = rng_mix(hash, bits);
    }
    return hash;
}

/* One number for the bits of all forms' moments and draws, on any compiler and machine.
 */
static void all_bits_are_the_committed_ones(void **state)
{
    struct dist *forms[] = {
        MAKE(DIST_UNIFORM, {"min", 1}, {"max", 2}),
        MAKE(DIST_LOGNORMAL, {"p50", 14}, {"p99", 95}),
        MAKE(DIST_LOGNORMAL, {"mean", 20}, {"cv", 1}),
        MAKE(DIST_GAMMA, {"mean", 15}, {"cv", 1.5}),
        MAKE(DIST_ERLANG, {"mean", 15}, {"shape", 3}),
        MAKE(DIST_WEIBULL, {"mean", 15}, {"cv", 0.6}),
        MAKE(DIST_PARETO, {"min", 1}, {"alpha", 1.2}, {"max", 1e4}),
        MAKE(DIST_HYPEREXPONENTIAL, {"mean", 15}, {"cv", 4}),
        MAKE(DIST_NORMAL, {"mean", 15}, {"cv", 0.5}),
        MAKE(DIST_QUANTILES, {"p50", 80}, {"p99", 900}, {"max", 2000}),
    };
    uint64_t hash = 0;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        hash = hash_of(forms[i], hash);
    assert_int_equal(hash, UINT64_C(0xd23af6e228763e0f));
}

static int set_up(void **state)
{
    static struct arena arena;
    arena_init(&arena);
    *state = &arena;
    return 0;
}

static int tear_down(void **state)
{
    arena_free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exponential_follows_its_mean),
        cmocka_unit_test(uniform_follows_its_bounds),
        cmocka_unit_test(lognormal_follows_mean_and_cv),
        cmocka_unit_test(lognormal_goes_through_any_two_quantiles),
        cmocka_unit_test(gamma_follows_its_shape_above_and_below_1),
        cmocka_unit_test(gamma_follows_its_cv),
        cmocka_unit_test(erlang_is_a_gamma_of_whole_shape),
        cmocka_unit_test(weibull_follows_any_two_parameters),
        cmocka_unit_test(pareto_follows_its_exponent_within_bounds),
        cmocka_unit_test(hyperexponential_has_balanced_means),
        cmocka_unit_test(hyperexponential_follows_its_phases),
        cmocka_unit_test(normal_is_cut_at_0),
        cmocka_unit_test(a_mixture_is_its_parts_by_weight),
        cmocka_unit_test(shifted_is_a_constant_more),
        cmocka_unit_test(quantiles_are_met_and_log_linear_between),
        cmocka_unit_test(quantiles_may_start_at_a_given_minimum),
        cmocka_unit_test(empirical_values_are_equally_likely),
        cmocka_unit_test(a_constant_is_constant),
        cmocka_unit_test(twice_the_scale_is_twice_every_draw),
        cmocka_unit_test(durations_and_counts_round_half_up),
        cmocka_unit_test(lognormal_needs_a_pair_that_fits),
        cmocka_unit_test(other_forms_need_parameters_that_fit),
        cmocka_unit_test(quantiles_must_be_positive_and_in_order),
        cmocka_unit_test(some_weight_must_be_more_than_0),
        cmocka_unit_test(all_bits_are_the_committed_ones),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
