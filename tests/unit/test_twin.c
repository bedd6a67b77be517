/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/twin.h"
#include "unit/cases.h"

/* Times in ms, one of each. */
static struct histogram times_of(const double *ms, int count, struct arena *arena)
{
    struct histogram h = {0};
    for (int i = 0; i < count; i++)
        histogram_add(&h, (uint64_t)(ms[i] * 1e6), arena);
    return h;
}

static struct arena arena;
static const double eleven[] = {10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 147};

/* Cells of a histogram are 1/256 wide at most. */
static void assert_level(enum tool tool, double p, double ms)
{
    struct histogram h = times_of(eleven, 11, &arena);
    assert_within(twin_level(tool, &h, p) * 1e-6, ms, ms / 250);
}

/* Of eleven values, p 10 along the ten steps between them. */
static void k6_interpolates(void **state)
{
    (void)state;
    assert_level(TOOL_K6, 0.5, 60);
    assert_level(TOOL_K6, 0.95, 123.5);
    assert_level(TOOL_K6, 0.99, 142.3);
}

/* The smallest with more than p n - 1 of them below: number int(11 p) + 1, in steps of
 * 10 ms from 100 ms on, as 147 becomes 150 in its own comment. */
static void locust_rounds_to_two_digits(void **state)
{
    (void)state;
    assert_level(TOOL_LOCUST, 0.5, 60);
    assert_level(TOOL_LOCUST, 0.9, 100);
    assert_level(TOOL_LOCUST, 0.95, 150);
    struct histogram slow = times_of((const double[]){3432, 58760}, 2, &arena);
    assert_within(twin_level(TOOL_LOCUST, &slow, 0.1) * 1e-6, 3400, 1e-9);
    assert_within(twin_level(TOOL_LOCUST, &slow, 0.9) * 1e-6, 59000, 1e-9);
}

static void wrk_takes_a_rank(void **state)
{
    (void)state;
    assert_level(TOOL_WRK, 0.5, 60);
    assert_level(TOOL_WRK2, 0.9, 100);
}

static void of_nothing_there_is_nothing_to_print(void **state)
{
    (void)state;
    struct histogram none = {0};
    assert_true(isnan(twin_level(TOOL_K6, &none, 0.5)));
}

/* A stall of 1 s where an answer is due every 100 ms: wrk adds 900, 800, … 200 ms. */
static void wrk_adds_what_a_stall_has_kept_back(void **state)
{
    (void)state;
    struct histogram corrected,
        h = times_of((const double[]){100, 100, 1000}, 3, &arena);
    twin_correct(&h, 100000000, &corrected, &arena);
    assert_int_equal(corrected.count, 3 + 8);
    assert_int_equal(h.count, 3);
    assert_within(histogram_quantile(&corrected, 0.5) * 1e-6, 500, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(k6_interpolates),
        cmocka_unit_test(locust_rounds_to_two_digits),
        cmocka_unit_test(wrk_takes_a_rank),
        cmocka_unit_test(of_nothing_there_is_nothing_to_print),
        cmocka_unit_test(wrk_adds_what_a_stall_has_kept_back),
    };
    arena_init(&arena);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(&arena);
    return failed;
}
