/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Estimates against tables, against exact queues, and for what they refuse to say. */
#include "experiments/estimate.h"
#include "experiments/sample.h"
#include "experiments/steady.h"
#include "lindley.h"
#include "models/theory.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void near(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance))
        fail_msg("%.9g is not within %g of %.9g", value, tolerance, expected);
}

/* ---- means and ratios ------------------------------------------------------------ */

static void t_matches_the_table(void **state)
{
    (void)state;
    /* Abramowitz and Stegun, table 26.10 */
    near(estimate_t(0.975, 1), 12.706, 5e-4);
    near(estimate_t(0.975, 9), 2.262, 5e-4);
    near(estimate_t(0.975, 19), 2.093, 5e-4);
}

static void mean_has_student_interval(void **state)
{
    (void)state;
    double x[] = {1, 2, 3, 4, 5};
    struct estimate e = estimate_mean(x, 5);
    near(e.value, 3, 1e-12);
    near(e.half_width, 2.7764 * sqrt(2.5 / 5), 1e-3);
    assert_int_equal(e.n, 5);
}

static void one_replication_gives_a_value_without_interval(void **state)
{
    (void)state;
    double x[] = {7};
    struct estimate e = estimate_mean(x, 1);
    char text[100];
    near(e.value, 7, 0);
    assert_true(isnan(e.half_width));
    assert_non_null(strstr(estimate_reason(&e, text, sizeof text), "two replications"));
}

static void ratio_is_of_the_sums(void **state)
{
    (void)state;
    double over[] = {1, 8}, under[] = {1, 2};
    near(estimate_ratio(over, under, 2).value, 3, 1e-12);
    double proportional[] = {2, 4};
    near(estimate_ratio(proportional, under, 2).half_width, 0, 1e-12);
}

static void ratio_of_nothing_is_not_given(void **state)
{
    (void)state;
    double zero[] = {0, 0};
    struct estimate e = estimate_ratio(zero, zero, 2);
    assert_false(estimate_given(&e));
    assert_int_equal(e.lack, LACK_REQUESTS);
}

static void chance_below_follows_the_interval(void **state)
{
    (void)state;
    double x[] = {9, 10, 11, 10};
    struct estimate e = estimate_mean(x, 4);
    near(estimate_chance_below(&e, 10), 0.5, 1e-9);
    near(estimate_chance_below(&e, 10 + e.half_width), 0.975, 1e-9);
    near(estimate_chance_below(&e, 10 - e.half_width), 0.025, 1e-9);
    e = estimate_lacking(LACK_SAMPLES);
    assert_true(isnan(estimate_chance_below(&e, 1)));
}

/* ---- quantiles ------------------------------------------------------------------- */

/* n replications of the values 1 .. count, shifted by their index. */
static struct section of_shifted(struct arena *arena, int n, uint64_t count, double p)
{
    const struct histogram **each = arena_many(arena, n, const struct histogram *);
    struct histogram *pool = arena_new(arena, struct histogram);
    for (int i = 0; i < n; i++) {
        struct histogram *h = arena_new(arena, struct histogram);
        for (uint64_t v = 1; v <= count; v++)
            histogram_add(h, 100 * v + (uint64_t)(1000 * i), arena);
        histogram_merge(pool, h, arena);
        each[i] = h;
    }
    return section_of(each, n, pool, p);
}

static void quantile_needs_its_samples(void **state)
{
    (void)state;
    struct arena arena;
    char text[100];
    arena_init(&arena);
    struct section s = of_shifted(&arena, 10, 10000, 0.99);
    struct estimate e = estimate_quantile(&s, SECTION_STEADY, 1);
    assert_true(estimate_given(&e)); /* exactly 100 beyond, each */
    s = of_shifted(&arena, 10, 9900, 0.99);
    e = estimate_quantile(&s, SECTION_STEADY, 1);
    assert_false(estimate_given(&e));
    assert_non_null(strstr(estimate_reason(&e, text, sizeof text), "too few samples"));
    s = of_shifted(&arena, 9, 10000, 0.99); /* 900 in all */
    e = estimate_quantile(&s, SECTION_STEADY, 1);
    assert_int_equal(e.lack, LACK_SAMPLES);
    arena_free(&arena);
}

static void burst_quantile_says_what_thirty_users_carry(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    struct section s = of_shifted(&arena, 20, 30, 0.95);
    struct estimate e = estimate_quantile(&s, SECTION_TERMINATING, 1);
    assert_true(estimate_given(&e) && e.half_width > 0);
    s = of_shifted(&arena, 20, 30, 0.99); /* six beyond in all, 0.3 each */
    e = estimate_quantile(&s, SECTION_TERMINATING, 1);
    assert_true(estimate_given(&e) && isnan(e.half_width));
    assert_int_equal(e.lack, LACK_SECTIONS);
    s = of_shifted(&arena, 20, 30, 0.999);
    e = estimate_quantile(&s, SECTION_TERMINATING, 1);
    assert_false(estimate_given(&e));
    arena_free(&arena);
}

static void sectioning_is_around_the_pooled_quantile(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    struct section s = of_shifted(&arena, 2, 20000, 0.5);
    double low = 1e6, high = 1e6 + 1000;
    double pooled = s.pooled;
    double squares =
        (low - pooled) * (low - pooled) + (high - pooled) * (high - pooled);
    near(s.half_width, 12.706 * sqrt(squares / 2), 60000); /* cells are 0.4 % wide */
    near(s.average, (low + high) / 2, 4000);
    arena_free(&arena);
}

/* Ten replications of 100 fast and slow values: 1 .. 100 and 10001 .. 10100. */
static struct quantile_ends of_mixed(struct arena *arena, const int *slow, double p)
{
    const struct histogram *each[10];
    struct histogram *pool = arena_new(arena, struct histogram);
    for (int i = 0; i < 10; i++) {
        struct histogram *h = arena_new(arena, struct histogram);
        for (int v = 1; v <= 100; v++)
            histogram_add(h, (uint64_t)(v > 100 - slow[i] ? 10000 + v : v), arena);
        histogram_merge(pool, h, arena);
        each[i] = h;
    }
    return estimate_quantile_ends(each, 10, pool, p, 1, arena);
}

/* 5 % are slow, 3 to 7 % by replication: the p95 is somewhere between 93 and 10000, and
 * the median is known well, which lies as high in all of them. */
static void by_ranks_an_interval_stays_among_the_values(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    const int slow[] = {3, 7, 4, 6, 5, 5, 3, 7, 4, 6};
    struct quantile_ends ends = of_mixed(&arena, slow, 0.95);
    double off = 2.2622 * sqrt(20.0 / 90) / 100; /* t with 9, of the counts above */
    near(ends.low, 100 * (0.95 - off), 1.5);
    near(ends.high, 10100 - 100 * (0.05 - off), 40);
    ends = of_mixed(&arena, slow, 0.5);
    near(ends.low, 50, 0.6);
    near(ends.high, 50, 0.6);
    ends = of_mixed(&arena, slow, 0.999); /* no further than the largest */
    near(ends.high, 10100, 0.1);
    struct histogram none = {0};
    const struct histogram *each[] = {&none, &none};
    ends = estimate_quantile_ends(each, 2, &none, 0.5, 1, &arena);
    assert_true(isnan(ends.low) && isnan(ends.high));
    arena_free(&arena);
}

/* ---- the sample of an exact queue ------------------------------------------------ */

static struct sample run(struct arena *arena, double load, double requests, int n)
{
    struct lindley q = {.arrival_rate = load * 1000, .service_rate = 1000, .seed = 7};
    struct outcome *out = arena_many(arena, n, struct outcome);
    struct jobs jobs = {
        STAGE_PRODUCTION,
        0,
        n,
        {.warm_up = SIM_SECOND,
         .length = sim_from_nanoseconds(requests / q.arrival_rate * 1e9)}};
    lindley_run(&q, &jobs, arena, out);
    return (struct sample){&lindley_facts, out, n};
}

static void mm1_lies_in_its_intervals(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    struct sample s = run(&arena, 0.5, 20000, 20);
    struct scope all = {SCOPE_WHOLE, 0};
    struct theory_mmc queue = {500, 1000, 1};

    struct estimate mean = sample_mean(&s, all, TIME_LATENCY);
    near(mean.value, theory_mmc_mean_response(&queue), 1.5 * mean.half_width);
    assert_true(mean.half_width < 0.02 * mean.value);
    struct estimate p99 = sample_quantile(&s, all, TIME_LATENCY, 0.99);
    near(p99.value, theory_mmc_response_quantile(&queue, 0.99), 1.5 * p99.half_width);
    struct estimate rate = sample_rate(&s, all, COUNT_OK);
    near(rate.value, 500, 1.5 * rate.half_width);
    assert_int_equal(sample_errors(&s, all, -1).value, 0);
    arena_free(&arena);
}

/* ---- settling and growth --------------------------------------------------------- */

static void mser_cuts_a_ramp_and_nothing_else(void **state)
{
    (void)state;
    double level[OUTCOME_BINS];
    struct draw draw = draw_at(rng_key(1, "noise"), 0, 0, 0);
    for (int i = 0; i < OUTCOME_BINS; i++)
        level[i] = (i < 200 ? i / 20.0 : 10) + 0.1 * draw_normal(&draw);
    int cut = steady_cut(level, OUTCOME_BINS);
    assert_in_range(cut, 190, 230);
    for (int i = 0; i < OUTCOME_BINS; i++)
        level[i] = 10;
    assert_int_equal(steady_cut(level, OUTCOME_BINS), 0);
    for (int i = 0; i < OUTCOME_BINS; i++)
        level[i] = i;
    assert_true(steady_cut(level, OUTCOME_BINS) > OUTCOME_BINS / 2);
}

static void growth_is_the_excess_of_arrivals(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    struct sample s = run(&arena, 1.2, 20000, 20);
    struct estimate growth = steady_growth(&s);
    near(growth.value, 200, 1.5 * growth.half_width);
    assert_true(steady_grows(&s, growth));
    arena_free(&arena);
}

static void memory_of_mm1_is_its_correlation_time(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    struct sample s = run(&arena, 0.8, 20000, 20);
    /* 2 sum of correlations of the number in M/M/1: 2 (1 + rho) / (mu (1 - rho)^2)
     * (Morse 1955), 90 service times at 0.8; averaging over bins adds about a bin. */
    near(steady_memory(&s, 100), 0.090 + steady_bin(&s), 0.025);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(t_matches_the_table),
        cmocka_unit_test(mean_has_student_interval),
        cmocka_unit_test(one_replication_gives_a_value_without_interval),
        cmocka_unit_test(ratio_is_of_the_sums),
        cmocka_unit_test(ratio_of_nothing_is_not_given),
        cmocka_unit_test(chance_below_follows_the_interval),
        cmocka_unit_test(quantile_needs_its_samples),
        cmocka_unit_test(burst_quantile_says_what_thirty_users_carry),
        cmocka_unit_test(sectioning_is_around_the_pooled_quantile),
        cmocka_unit_test(by_ranks_an_interval_stays_among_the_values),
        cmocka_unit_test(mm1_lies_in_its_intervals),
        cmocka_unit_test(mser_cuts_a_ramp_and_nothing_else),
        cmocka_unit_test(growth_is_the_excess_of_arrivals),
        cmocka_unit_test(memory_of_mm1_is_its_correlation_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
