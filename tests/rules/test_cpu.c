/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CPU sharing, CFS bandwidth control, hardware threads, the scalability law. */
#include "unit/story.h"

#include <math.h>

#define AT_ONCE(count)                                                                 \
    "{'workloads': {'users': {'target': 'web', 'burst': {'users': " #count "}}}, "
#define WEB(keys, steps)                                                               \
    "'services': {'web': {'kind': 'server', " keys                                     \
    ", 'handlers': {'default': [" steps "]}}}}"
/* Periods begin with the run. */
#define QUOTA(cores) "'cpu_quota': {'cores': " #cores ", 'phase': '0s'}"

/* 1.2 s of CPU at 2 cores: 200 ms of every period of 100 ms, nothing of an idle one
 * carried over. Eight threads burn it in 25 ms; the sixth period is the last. */
static void rule_4_1_1_a_quota_per_period_that_does_not_carry_over(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {'users': {'target': 'web',"
                   "  'burst': {'users': 8, 'at': '1s'}}}, " WEB(
                       "'cpu': 8, " QUOTA(2), "{'cpu': '150ms'}"));
    double t = 0.525;
    assert_latencies(&s, t, t, t, t, t, t, t, t);
    assert_int_equal(story_at(&s, "web")->throttled, 5);
    story_end(&s);
}

/* What was saved up is used first, if the group may save. */
static void rule_4_1_1_what_a_burst_has_saved(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s,
               "{'workloads': {'users': {'target': 'web',"
               "  'burst': {'users': 1, 'at': '1s'}}}, " WEB(
                   "'cpu': 8, 'cpu_quota': {'cores': 0.5, 'phase': '0s',"
                   "  'burst': '30ms'}",
                   "{'cpu': '100ms'}"));
    assert_latencies(&s, 0.12); /* 80 ms, and 20 of the next period */
    story_end(&s);
}

/* 25 ms running, 75 ms frozen, however few are the cores on average. */
static void rule_4_1_2_threads_use_it_up_together(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, AT_ONCE(8) WEB("'cpu': 8, " QUOTA(2), "{'cpu': '1s'}"));
    const struct station_outcome *web = story_at(&s, "web");
    assert_int_equal(web->throttled, 39); /* the 40th period is the last */
    assert_true(web->frozen == (uint128)39 * 75000000);
    assert_int_equal(story_of(&s, "users")->latency_sum.most, 3925000000);
    story_end(&s);
}

/* The hog uses up the 50 ms of each period. Meanwhile: a delay of 60 ms that is over
 * at 60 goes on at 100; a connection at 70 is accepted at 100; an answer that comes at
 * 80 is read at 100. */
static void rule_4_1_3_frozen_means_everything(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s,
               "{'workloads': {"
               "'a': {'target': 'web', 'burst': {'users': 1}, 'mix': {'hog': 1}},"
               "'b': {'target': 'web', 'burst': {'users': 1}, 'mix': {'wait': 1}},"
               "'c': {'target': 'web', 'burst': {'users': 1, 'at': '70ms'},"
               "      'mix': {'hello': 1}},"
               "'d': {'target': 'web', 'burst': {'users': 1}, 'mix': {'ask': 1}}},"
               "'services': {"
               "'far': {'kind': 'server', 'time': '80ms'},"
               "'web': {'kind': 'server', 'cpu': 4, " QUOTA(0.5) ", 'handlers': {"
               "  'hog': [{'cpu': '70ms'}], 'wait': [{'wait': '60ms'}],"
               "  'hello': [], 'ask': [{'call': 'far'}]}}}}");
    assert_latencies_of(story_type(&s, "hog"), 0.12);
    assert_latencies_of(story_type(&s, "wait"), 0.1);
    assert_latencies_of(story_type(&s, "hello"), 0.03);
    assert_latencies_of(story_type(&s, "ask"), 0.1);
    assert_books_balance(&s);
    story_end(&s);
}

/* A timeout that falls into the freeze is noticed after it, unless the answer is there
 * by then. */
static void rule_4_1_3_timers_are_late_too(void **state)
{
    (void)state;
    struct story s;
    story_tell(
        &s, "{'workloads': {"
            "'a': {'target': 'web', 'burst': {'users': 1}, 'mix': {'hog': 1}},"
            "'b': {'target': 'web', 'burst': {'users': 1}, 'mix': {'late': 1}},"
            "'c': {'target': 'web', 'burst': {'users': 1}, 'mix': {'saved': 1}}},"
            "'services': {"
            "'far': {'kind': 'server', 'handlers': {"
            "  'late': [{'wait': '101ms'}], 'saved': [{'wait': '80ms'}]}},"
            "'web': {'kind': 'server', 'cpu': 4, " QUOTA(0.5) ", 'handlers': {"
            "  'hog': [{'cpu': '70ms'}],"
            "  'late': [{'call': 'far', 'timeout': '70ms'}],"
            "  'saved': [{'call': 'far', 'timeout': '70ms'}]}}}}");
    assert_latencies_of(story_type(&s, "saved"), 0.1);
    assert_int_equal(story_type(&s, "late")->ok, 0);
    assert_int_equal(story_type(&s, "late")->failed_latency.most, 100000000);
    story_end(&s);
}

/* The listen queue of a frozen server fills up like that of a busy one. */
static void rule_4_1_3_nobody_accepts(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {"
                   "'a': {'target': 'web', 'burst': {'users': 1}, 'mix': {'hog': 1}},"
                   "'b': {'target': 'web', 'burst': {'users': 5, 'at': '60ms'},"
                   "      'mix': {'hello': 1}}},"
                   "'services': {"
                   "'web': {'kind': 'server', 'slots': 100, 'queue_limit': 3, 'cpu': 4,"
                   "  " QUOTA(0.5) ", 'handlers': {"
                   "  'hog': [{'cpu': '70ms'}], 'hello': []}}}}");
    assert_latencies_of(story_type(&s, "hello"), 0.04, 0.04, 0.04);
    assert_int_equal(story_failed(&s, STATUS_REFUSED), 2);
    assert_books_balance(&s);
    story_end(&s);
}

static sim_time alone_at(int phase_ms)
{
    char text[600];
    snprintf(text, sizeof text,
             AT_ONCE(1) WEB("'cpu': 2, 'cpu_quota': {'cores': 0.5, 'phase': '%dms'}",
                            "{'cpu': '120ms'}"),
             phase_ms);
    struct story s;
    story_tell(&s, text);
    sim_time latency = story_of(&s, "users")->latency_sum.most;
    story_end(&s);
    return latency;
}

/* 120 ms of CPU that begins `phase` into a period of 100 ms with 50 ms each. */
static void rule_4_1_4_wall_time_by_phase(void **state)
{
    (void)state;
    assert_int_equal(alone_at(0), 220000000);
    assert_int_equal(alone_at(30), 190000000);
    assert_int_equal(alone_at(49), 171000000);
    assert_int_equal(alone_at(50), 170000000);
    assert_int_equal(alone_at(80), 170000000);
    assert_int_equal(alone_at(81), 220000000);
    assert_int_equal(alone_at(99), 220000000);
}

static void rule_4_1_5_cores_are_shared_and_nobody_has_more_than_one(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, AT_ONCE(6) WEB("'cpu': 4", "{'cpu': '1s'}"));
    assert_latencies(&s, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5);
    story_end(&s);
    story_tell(&s, AT_ONCE(3) WEB("'cpu': 4", "{'cpu': '1s'}"));
    assert_latencies(&s, 1, 1, 1);
    story_end(&s);
}

/* Four hardware threads are two cores: two run at full speed, four at 0.625 each, three
 * at (1 + 1.25) / 3. */
static void rule_4_1_6_two_hardware_threads_are_not_two_cores(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, AT_ONCE(2) WEB("'cpu': 4, 'smt_speedup': 1.25", "{'cpu': '1s'}"));
    assert_latencies(&s, 1, 1);
    story_end(&s);
    story_tell(&s, AT_ONCE(3) WEB("'cpu': 4, 'smt_speedup': 1.25", "{'cpu': '900ms'}"));
    assert_latencies(&s, 1.2, 1.2, 1.2);
    story_end(&s);
    story_tell(&s, AT_ONCE(8) WEB("'cpu': 4, 'smt_speedup': 1.25", "{'cpu': '1s'}"));
    assert_latencies(&s, 3.2, 3.2, 3.2, 3.2, 3.2, 3.2, 3.2, 3.2);
    assert_true(fabs(s.facts->station[0].cores - 2.5) < 1e-12);
    story_end(&s);
}

/* N users who never think: X(N) = N x1 / (1 + sigma (N - 1) + kappa N (N - 1)). */
static void rule_4_3_1_throughput_by_the_scalability_law(void **state)
{
    (void)state;
    const double sigma = 0.05, kappa = 0.001;
    for (int users = 1; users <= 64; users *= 4) {
        char text[700];
        snprintf(text, sizeof text,
                 "{'workloads': {'users': {'target': 'web', 'closed': {'users': %d}}}, "
                 WEB("'usl': {'sigma': 0.05, 'kappa': 0.001}", "{'cpu': '10ms'}"),
                 users);
        struct story s;
        story_read(&s, text, 1);
        story_watch(&s, 1, 100, 100);
        double n = users, expected =
                              100 * n / (1 + sigma * (n - 1) + kappa * n * (n - 1));
        assert_true(fabs((double)story_of(&s, "users")->ok / 100 - expected) <
                    0.002 * expected + 1);
        /* the best of all is at sqrt((1 - sigma) / kappa) = 30.8 */
        assert_true(fabs(s.facts->station[0].cores - 31 / (1 + 0.05 * 30 + 0.93)) <
                    1e-9);
        story_end(&s);
    }
}

/* 400 ms of CPU on eight threads at 2 cores: 200 by 25 ms, 200 from 100 to 125. */
static void rule_4_6_1_eight_threads_done_at_125_ms(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, AT_ONCE(8) WEB("'cpu': 8, " QUOTA(2), "{'cpu': '50ms'}"));
    double t = 0.125;
    assert_latencies(&s, t, t, t, t, t, t, t, t);
    assert_int_equal(story_at(&s, "web")->throttled, 1);
    story_end(&s);
}

static int in_cell(const struct type_outcome *type, int cell)
{
    const uint64_t *row = type->latency.row[cell / HISTOGRAM_ROW];
    return row ? (int)row[cell % HISTOGRAM_ROW] : 0;
}

/* The phase being random: 170 ms with probability 0.3, 220 ms with 0.2, otherwise even
 * between (1.5 ms, a cell of the histogram, are 0.015). Used up once for phases from 50
 * to 80, else twice. */
static void rule_4_6_2_a_random_phase(void **state)
{
    (void)state;
    enum { SEEDS = 20, REPLICAS = 100, RUNS = SEEDS * REPLICAS };
    int least = 0, most = 0, middle = 0;
    uint64_t throttled = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct story s;
        story_read(&s,
                   AT_ONCE(100) "'services': {'web': {'kind': 'server', "
                                "'replicas': 100, 'cpu': 2, 'cpu_quota': 0.5,"
                                "'handlers': {'default': [{'cpu': '120ms'}]}}}}",
                   seed);
        story_watch(&s, 0, 0, 0);
        const struct type_outcome *type = story_of(&s, "users");
        assert_int_equal(type->latency_sum.least, 170000000);
        assert_int_equal(type->latency_sum.most, 220000000);
        least += in_cell(type, histogram_cell(170000000));
        most += in_cell(type, histogram_cell(220000000));
        for (int c = histogram_cell(180000000); c < histogram_cell(210000000); c++)
            middle += in_cell(type, c);
        throttled += story_at(&s, "web")->throttled;
        story_end(&s);
    }
    assert_true(least > 0.28 * RUNS && least < 0.34 * RUNS);
    assert_true(most > 0.18 * RUNS && most < 0.24 * RUNS);
    assert_true(middle > 0.26 * RUNS && middle < 0.34 * RUNS);
    assert_true(throttled > 1.67 * RUNS && throttled < 1.73 * RUNS);
}

/* M/G/1 shared: s / (1 - rho) whatever the distribution. */
static void rule_4_6_4_sharing_does_not_see_the_distribution(void **state)
{
    (void)state;
    static const char *const demands[] = {
        "'10ms'", "{'exponential': '10ms'}",
        "{'lognormal': {'mean': '10ms', 'cv': 2}}"};
    for (int i = 0; i < 3; i++) {
        char text[500];
        snprintf(text, sizeof text,
                 "{'workloads': {'users': {'target': 'web', 'open': {'rate': '70/s'}}},"
                 WEB("'cpu': 1", "{'cpu': %s}"),
                 demands[i]);
        struct story s;
        story_read(&s, text, 1);
        story_watch(&s, 100, 8000, 100);
        assert_true(fabs(story_mean(story_of(&s, "users")) / (0.01 / 0.3) - 1) < 0.05);
        story_end(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_4_1_1_a_quota_per_period_that_does_not_carry_over),
        cmocka_unit_test(rule_4_1_1_what_a_burst_has_saved),
        cmocka_unit_test(rule_4_1_2_threads_use_it_up_together),
        cmocka_unit_test(rule_4_1_3_frozen_means_everything),
        cmocka_unit_test(rule_4_1_3_timers_are_late_too),
        cmocka_unit_test(rule_4_1_3_nobody_accepts),
        cmocka_unit_test(rule_4_1_4_wall_time_by_phase),
        cmocka_unit_test(rule_4_1_5_cores_are_shared_and_nobody_has_more_than_one),
        cmocka_unit_test(rule_4_1_6_two_hardware_threads_are_not_two_cores),
        cmocka_unit_test(rule_4_3_1_throughput_by_the_scalability_law),
        cmocka_unit_test(rule_4_6_1_eight_threads_done_at_125_ms),
        cmocka_unit_test(rule_4_6_2_a_random_phase),
        cmocka_unit_test(rule_4_6_4_sharing_does_not_see_the_distribution),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
