/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Thirty requests at one instant, nothing random: answers can be worked out by hand.
 * Times are whole nanoseconds, rounded up where cores are shared: 10 ns are allowed.
 */
#define _GNU_SOURCE
#include "scenario/program.h"

static cJSON *burst(const char *name)
{
    char rest[300];
    snprintf(rest, sizeof rest, "\"$SRC/experiments/library/%s.json\"", name);
    cJSON *result = program_result(rest);
    assert_near(program_number(result, "all/errors/value"), 0, 0);
    return result;
}

static void assert_latency(cJSON *result, double least, double mean, double most)
{
    assert_within(program_number(result, "types/0/latency/least"), least, 1e-8);
    assert_within(program_number(result, "types/0/latency/mean/value"), mean, 1e-8);
    assert_within(program_number(result, "types/0/latency/most"), most, 1e-8);
    cJSON_Delete(result);
}

/* Rounds of 8, 8, 8 and 6 in 21.75 s / 4 each. */
static void eight_workers_on_eight_cores_work_in_four_rounds(void **state)
{
    (void)state;
    double round = 21.75 / 4;
    assert_latency(burst("burst-8-workers-8-cores"), round,
                   (8 * (1 + 2 + 3) + 6 * 4) * round / 30, 21.75);
}

/* 8 x 1.45 s / 2 cores a round; the last six share for 6 x 1.45 s / 2. */
static void eight_workers_share_two_cores(void **state)
{
    (void)state;
    assert_latency(burst("burst-8-workers-2-cores"), 5.8,
                   (8 * (5.8 + 11.6 + 17.4) + 6 * 21.75) / 30, 21.75);
}

/* One after the other: the n-th is done after n x 0.725 s. */
static void a_lock_lets_them_pass_one_by_one(void **state)
{
    (void)state;
    assert_latency(burst("burst-lock"), 0.725, 0.725 * 31 / 2, 21.75);
}

static void all_thirty_share_two_cores_and_end_together(void **state)
{
    (void)state;
    assert_latency(burst("burst-30-way-sharing"), 21.75, 21.75, 21.75);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(eight_workers_on_eight_cores_work_in_four_rounds),
        cmocka_unit_test(eight_workers_share_two_cores),
        cmocka_unit_test(a_lock_lets_them_pass_one_by_one),
        cmocka_unit_test(all_thirty_share_two_cores_and_end_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
