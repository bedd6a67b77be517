/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The oracle is the C library in 64-bit long double and GSL. */
#include "sim/numeric.h"

#include "sim/rng.h"
#include "unit/cases.h"

#include <float.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sf_gamma.h>
#include <string.h>

enum { TRIES = 200000 };

static struct draw fresh(const char *purpose)
{
    return draw_at(rng_key(1, purpose), 0, 0, 0);
}

static double between(struct draw *draw, double low, double high)
{
    if (draw->block % RNG_BLOCKS > RNG_BLOCKS - 10) {
        draw->pair++;
        draw->block = 0;
    }
    return low + (high - low) * draw_uniform(draw);
}

/* The distance in units of the last place of the double next to `exact`. */
static double ulps(double value, long double exact)
{
    int exponent;
    (void)frexp((double)exact, &exponent);
    double unit = ldexp(1, (exponent < -1021 ? -1021 : exponent) - DBL_MANT_DIG);
    return (double)fabsl(((long double)value - exact) / (long double)unit);
}

static void expect_log(double x)
{
    if (ulps(numeric_log(x), logl((long double)x)) >= 0.65)
        fail_msg("log(%a) is %a", x, numeric_log(x));
}

static void logarithms_are_less_than_an_ulp_off(void **state)
{
    (void)state;
    struct draw draw = fresh("log");
    for (int i = 0; i < TRIES; i++) {
        expect_log(between(&draw, 0.9, 1.1)); /* table, series and the seam between */
        expect_log(between(&draw, 0.4, 2.5));
        expect_log(ldexp(between(&draw, 1, 2), (int)between(&draw, -1073, 1023)));
        expect_log(1 + ldexp(between(&draw, -1, 1), -(int)between(&draw, 5, 52)));
    }
}

static void logarithms_at_the_edges(void **state)
{
    (void)state;
    expect_log(0x1p-1074);
    expect_log(DBL_MIN);
    expect_log(nextafter(DBL_MIN, 0));
    expect_log(DBL_MAX);
    expect_log(nextafter(1, 0));
    expect_log(nextafter(1, 2));
    expect_log(0.9375);
    expect_log(1.0625);
    assert_near(numeric_log(1), 0, 0);
    assert_true(numeric_log(0) == -INFINITY);
    assert_true(numeric_log(INFINITY) == INFINITY);
    assert_true(isnan(numeric_log(-1)));
    assert_true(isnan(numeric_log(NAN)));
}

static void expect_exp(double x, double most_ulps)
{
    if (ulps(numeric_exp(x), expl((long double)x)) >= most_ulps)
        fail_msg("exp(%a) is %a", x, numeric_exp(x));
}

static void exponentials_are_less_than_an_ulp_off(void **state)
{
    (void)state;
    struct draw draw = fresh("exp");
    for (int i = 0; i < TRIES; i++) {
        expect_exp(between(&draw, -708, 709.78), 0.55);
        expect_exp(between(&draw, -2, 2), 0.55);
        expect_exp(between(&draw, -1e-2, 1e-2), 0.55);
        expect_exp(between(&draw, -745, -708), 1); /* rounded twice below DBL_MIN */
    }
}

static void exponentials_at_the_edges(void **state)
{
    (void)state;
    assert_near(numeric_exp(0), 1, 0);
    assert_near(numeric_exp(-0.0), 1, 0);
    assert_near(numeric_exp(0x1p-60), 1, 0);
    expect_exp(0x1.62e42fefa39efp+9, 0.55); /* the last before overflow */
    assert_true(numeric_exp(0x1.62e42fefa39f0p+9) == INFINITY);
    assert_true(numeric_exp(INFINITY) == INFINITY);
    assert_near(numeric_exp(-745.2), 0, 0);
    assert_near(numeric_exp(-INFINITY), 0, 0);
    assert_true(isnan(numeric_exp(NAN)));
}

static void powers_are_close(void **state)
{
    (void)state;
    struct draw draw = fresh("pow");
    for (int i = 0; i < TRIES; i++) {
        double x = numeric_exp(between(&draw, -10, 10));
        double y = between(&draw, -700, 700) / (1 + fabs(numeric_log(x)));
        long double exact = powl((long double)x, (long double)y);
        assert_near((double)((long double)numeric_pow(x, y) / exact), 1, 1e-15);
    }
    assert_near(numeric_pow(2, 10), 1024, 1e-15);
    assert_near(numeric_pow(0, 3), 0, 0);
    assert_near(numeric_pow(7, 0), 1, 0);
    assert_true(numeric_pow(0, -1) == INFINITY);
    assert_true(numeric_pow(10, 400) == INFINITY);
    assert_near(numeric_pow(10, -400), 0, 0);
    assert_true(isnan(numeric_pow(-1, 0.5)));
}

static void the_ratio_of_expm1_is_close(void **state)
{
    (void)state;
    struct draw draw = fresh("expm1");
    for (int i = 0; i < TRIES; i++) {
        double x = between(&draw, -3, 3) * (i % 2 ? 1 : 200);
        assert_near(numeric_expm1_ratio(x),
                    (double)(expm1l((long double)x) / (long double)x), 1e-15);
    }
    assert_near(numeric_expm1_ratio(0), 1, 0);
    assert_near(numeric_expm1_ratio(-INFINITY), 0, 0);
    assert_true(numeric_expm1_ratio(INFINITY) == INFINITY);
}

static void log_gamma_is_that_of_gsl(void **state)
{
    (void)state;
    struct draw draw = fresh("gamma");
    for (int i = 0; i < TRIES; i++) {
        double x =
            i % 2 ? between(&draw, 0.01, 20) : numeric_exp(between(&draw, -9, 9));
        double exact = gsl_sf_lngamma(x);
        assert_within(numeric_log_gamma(x), exact, 2e-14 * fmax(1, fabs(exact)));
    }
    assert_within(numeric_log_gamma(1), 0, 2e-14);
    assert_true(isnan(numeric_log_gamma(0)));
}

static void the_normal_cdf_is_that_of_gsl(void **state)
{
    (void)state;
    for (int i = -10000; i <= 10000; i++)
        assert_within(numeric_normal_cdf(i / 1000.0), gsl_cdf_ugaussian_P(i / 1000.0),
                      2e-15);
    assert_near(numeric_normal_cdf(INFINITY), 1, 0);
    assert_near(numeric_normal_cdf(-INFINITY), 0, 0);
}

/* GSL as a second implementation, erfc as an independent one: q (cdf(x) - p) / phi(x).
 */
static void expect_quantile(double p)
{
    double x = numeric_normal_quantile(p);
    assert_near(x, gsl_cdf_ugaussian_Pinv(p), 1e-14);
    long double below = erfcl(-(long double)x / sqrtl(2)) / 2;
    long double density = expl(-(long double)x * x / 2) / sqrtl(2 * acosl(-1));
    assert_near(x, x + (double)((below - (long double)p) / density), 1e-14);
}

static void normal_quantiles_invert_the_cdf(void **state)
{
    (void)state;
    struct draw draw = fresh("quantile");
    for (int i = 0; i < TRIES / 4; i++) {
        expect_quantile(between(&draw, 0, 1));
        expect_quantile(numeric_exp(between(&draw, -700, -1)));
    }
    assert_near(numeric_normal_quantile(0.5), 0, 0);
    assert_near(numeric_normal_quantile(0.99), 2.3263478740408411, 1e-15);
    assert_true(isnan(numeric_normal_quantile(0)));
    assert_true(isnan(numeric_normal_quantile(1)));
}

static uint64_t mixed(uint64_t hash, double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return rng_mix(hash, bits);
}

/* One number for the bits of many results. A different one means that this compiler,
 * these options or this machine would simulate something else. */
static void all_bits_are_the_committed_ones(void **state)
{
    (void)state;
    struct draw draw = fresh("bits");
    uint64_t hash = 0;
    for (int i = 0; i < 20000; i++) {
        double u = draw_uniform(&draw), v = draw_uniform(&draw);
        hash = mixed(hash, numeric_log(u));
        hash = mixed(hash, numeric_exp(1400 * (v - 0.5)));
        hash = mixed(hash, numeric_pow(20 * u, 100 * (v - 0.5)));
        hash = mixed(hash, numeric_expm1_ratio(4 * (u - 0.5)));
        hash = mixed(hash, numeric_log_gamma(30 * u));
        hash = mixed(hash, numeric_normal_cdf(8 * (u - 0.5)));
        hash = mixed(hash, numeric_normal_quantile(v));
    }
    assert_int_equal(hash, UINT64_C(0x833bbbacfa675211));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logarithms_are_less_than_an_ulp_off),
        cmocka_unit_test(logarithms_at_the_edges),
        cmocka_unit_test(exponentials_are_less_than_an_ulp_off),
        cmocka_unit_test(exponentials_at_the_edges),
        cmocka_unit_test(powers_are_close),
        cmocka_unit_test(the_ratio_of_expm1_is_close),
        cmocka_unit_test(log_gamma_is_that_of_gsl),
        cmocka_unit_test(the_normal_cdf_is_that_of_gsl),
        cmocka_unit_test(normal_quantiles_invert_the_cdf),
        cmocka_unit_test(all_bits_are_the_committed_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
