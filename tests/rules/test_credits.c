/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CPU credits of burstable machines. */
#include "unit/story.h"

#include <math.h>

/* As many pieces of work at a time as the machine has vCPUs. */
#define MACHINE(users, credits)                                                        \
    "{'workloads': {'users': {'target': 'web', 'closed': {'users': " #users "}}},"     \
    "'services': {'web': {'kind': 'server', 'credits': " credits ","                   \
    "  'handlers': {'default': [{'cpu': '20ms'}]}}}}"

/* Core minutes done in so many minutes after the first `from`. */
static double work(const char *text, double from, double minutes)
{
    struct story s;
    story_read(&s, text, 1);
    story_watch(&s, from * 60, minutes * 60, 60);
    double work = (double)story_at(&s, "web")->cpu_area * 1e-3 / 60e9;
    story_end(&s);
    return work;
}

/* A credit is a core for a minute; credits an hour / 60 are the baseline in cores. */
static void rule_4_2_1_a_credit_is_a_core_minute(void **state)
{
    (void)state;
    static const struct { const char *text; double cores; } types[] = {
        {MACHINE(8, "{'type': 't3.micro', 'mode': 'standard'}"), 0.2},
        {MACHINE(8, "{'type': 't3.small', 'mode': 'standard'}"), 0.4},
        {MACHINE(8, "{'type': 't3.medium', 'mode': 'standard'}"), 0.4},
        {MACHINE(8, "{'type': 't3.large', 'mode': 'standard'}"), 0.6},
        {MACHINE(8, "{'type': 't3.xlarge', 'mode': 'standard'}"), 1.6},
        {MACHINE(8, "{'type': 't3.2xlarge', 'mode': 'standard'}"), 3.2},
    };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct story s;
        story_read(&s, types[i].text, 1);
        assert_true(fabs(s.facts->station[0].cores - types[i].cores) < 1e-9);
        story_end(&s);
        assert_true(fabs(work(types[i].text, 0, 10) / 10 - types[i].cores) < 1e-6);
    }
    const char *ten = MACHINE(2, "{'type': 't3.large', 'mode': 'standard',"
                                 " 'balance': 10, 'taper': 0}");
    assert_true(fabs(work(ten, 0, 60) - (0.6 * 60 + 10)) < 0.02);
}

/* What a day earns is the most that can be saved: idle for 30 h, then flat out. */
static void rule_4_2_1_no_more_than_a_day_of_earning_is_saved(void **state)
{
    (void)state;
    double extra =
        work("{'workloads': {'users': {'target': 'web', 'burst':"
             "  {'users': 2, 'at': '108000s'}}},"
             "'services': {'web': {'kind': 'server', 'credits': {'type': 't3.large',"
             "  'mode': 'standard', 'balance': 800, 'taper': 0},"
             "  'handlers': {'default': [{'cpu': '90000s'}]}}}}",
             1800, 1000) -
        0.6 * 1000;
    assert_true(fabs(extra - 864) < 0.1);
}

/* t3.large flat out: 2 - 0.6 = 1.4 a minute, so a full balance of 864 lasts 617 min. */
static void rule_4_2_2_a_full_balance_lasts_617_minutes(void **state)
{
    (void)state;
    const char *full = MACHINE(2, "{'type': 't3.large', 'mode': 'standard',"
                                  " 'balance': 864, 'taper': 0}");
    assert_true(fabs(work(full, 600, 17) - 2 * 17) < 0.01);
    assert_true(fabs(work(full, 618, 20) - 0.6 * 20) < 0.02);
}

/* Not slowed down; what is used beyond what is earned is counted. */
static void rule_4_2_3_unlimited_is_billed_not_slowed_down(void **state)
{
    (void)state;
    struct story s;
    story_read(&s, MACHINE(2, "'t3.large'"), 1);
    story_watch(&s, 60, 600, 60);
    const struct station_outcome *web = story_at(&s, "web");
    assert_true(fabs((double)web->cpu_area * 1e-3 / 600e9 - 2) < 1e-6);
    assert_true(fabs((double)web->surplus * 1e-3 / 600e9 - 1.4) < 1e-6);
    assert_true(s.facts->station[0].cores == 2);
    story_end(&s);
}

/* The last five credits go more and more slowly: db/dt = -1.4 b / 5 a minute, so that
 * 1.4 e^-0.28 = 1.06 cores beyond the baseline are left after a minute. */
static void rule_4_2_4_the_speed_sinks_gradually(void **state)
{
    (void)state;
    const char *last = MACHINE(2, "{'type': 't3.large', 'mode': 'standard',"
                                  " 'balance': 5}");
    double first = work(last, 0, 1), second = work(last, 1, 1),
           tenth = work(last, 9, 1);
    assert_true(fabs(first - (0.6 + 5 * (1 - exp(-0.28)))) < 0.02);
    assert_true(fabs(second - (0.6 + 5 * (exp(-0.28) - exp(-0.56)))) < 0.02);
    assert_true(fabs(tenth - (0.6 + 5 * (exp(-2.52) - exp(-2.8)))) < 0.02);
}

/* Credits are metered as they are used: bursts of a second that the average affords
 * never slow down, for as long as there is a reserve. */
static void rule_4_2_5_short_bursts_are_averaged(void **state)
{
    (void)state;
    struct story s;
    story_read(&s,
               "{'workloads': {'users': {'target': 'web', 'burst':"
               "  {'users': 2, 'every': '4s'}}},"
               "'services': {'web': {'kind': 'server', 'credits': {'type': 't3.large',"
               "  'mode': 'standard', 'balance': 6},"
               "  'handlers': {'default': [{'cpu': '1s'}]}}}}",
               1);
    story_watch(&s, 100, 1000, 10);
    assert_int_equal(story_of(&s, "users")->latency_sum.most, 1000000000);
    story_end(&s);
}

/* From nothing, flat out: 30 % of two vCPUs. An hour's rest then buys 36 / 1.4 = 25.7
 * minutes of full speed. */
static void rule_4_6_3_an_hour_of_rest_buys_25_minutes(void **state)
{
    (void)state;
    const char *flat_out = MACHINE(2, "{'type': 't3.large', 'mode': 'standard'}");
    assert_true(fabs(work(flat_out, 10, 50) / 50 - 0.3 * 2) < 1e-6);
    const char *rested =
        "{'workloads': {'users': {'target': 'web', 'burst':"
        "  {'users': 2, 'at': '3600s'}}},"
        "'services': {'web': {'kind': 'server', 'credits': {'type': 't3.large',"
        "  'mode': 'standard', 'taper': 0},"
        "  'handlers': {'default': [{'cpu': '9000s'}]}}}}";
    assert_true(fabs(work(rested, 60, 25.7) - 2 * 25.7) < 0.01);
    assert_true(fabs(work(rested, 85.8, 20) - 0.6 * 20) < 0.05);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_4_2_1_a_credit_is_a_core_minute),
        cmocka_unit_test(rule_4_2_1_no_more_than_a_day_of_earning_is_saved),
        cmocka_unit_test(rule_4_2_2_a_full_balance_lasts_617_minutes),
        cmocka_unit_test(rule_4_2_3_unlimited_is_billed_not_slowed_down),
        cmocka_unit_test(rule_4_2_4_the_speed_sinks_gradually),
        cmocka_unit_test(rule_4_2_5_short_bursts_are_averaged),
        cmocka_unit_test(rule_4_6_3_an_hour_of_rest_buys_25_minutes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
