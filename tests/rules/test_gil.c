/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Threads that share Python's lock. */
#include "unit/story.h"

#include <math.h>

#define GIL "'web': {'kind': 'server', 'discipline': 'gil', 'switch_interval': '5ms', "

/* Two threads of 12 ms take turns of 5 ms: 5 5 5 5 2 2. */
static void rule_3_2_1_the_lock_changes_hands_every_5_ms(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {'users': {'target': 'web', 'burst': {'users': 2}}},"
                   "'services': {" GIL "'handlers': {'default': [{'cpu': '12ms'}]}}}}");
    assert_latencies(&s, 0.022, 0.024);
    assert_true(story_at(&s, "web")->cpu_area == (uint128)24000000 * 1000);
    story_end(&s);
}

/* Who holds it alone is not disturbed; who comes waits one interval from then. */
static void rule_3_2_1_a_newcomer_waits_one_interval(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {"
                   "'a': {'target': 'web', 'burst': {'users': 1}, 'mix': {'long': 1}},"
                   "'b': {'target': 'web', 'burst': {'users': 1, 'at': '33ms'},"
                   "      'mix': {'short': 1}}},"
                   "'services': {" GIL "'handlers': {'long': [{'cpu': '100ms'}],"
                   "  'short': [{'cpu': '1ms'}]}}}}");
    assert_latencies_of(story_type(&s, "short"), 0.006);
    assert_latencies_of(story_type(&s, "long"), 0.101);
    story_end(&s);
}

/* Coming back from I/O beside n threads that compute: up to one interval for each.
 * (Measured: 7 ms beside one, 16 ms beside two or three.) */
static void rule_3_2_2_a_convoy_behind_threads_that_compute(void **state)
{
    (void)state;
    for (int n = 0; n <= 3; n++) {
        char text[900];
        snprintf(text, sizeof text,
                 "{'workloads': {"
                 "'busy': {'target': 'web', 'burst': {'users': %d},"
                 "         'mix': {'compute': 1}},"
                 "'users': {'target': 'web', 'closed': {'users': 1},"
                 "          'mix': {'probe': 1}}},"
                 "'services': {" GIL "'handlers': {'compute': [{'cpu': '%s'}],"
                 "  'probe': [{'wait': {'uniform': ['10ms', '20ms']}},"
                 "            {'cpu': '100us'}]}}}}",
                 n ? n : 1, n ? "10000s" : "0s");
        struct story s;
        story_read(&s, text, 1);
        story_watch(&s, 1, 50, 0);
        double extra = story_mean(story_type(&s, "probe")) - 0.0151;
        if (n == 0)
            assert_true(fabs(extra) < 0.0002);
        else
            assert_true(extra > (n - 1) * 0.005 - 0.0005 && extra < n * 0.005 + 0.0005);
        story_end(&s);
    }
}

/* What releases the lock runs on other cores beside what holds it. */
static void rule_3_2_4_c_code_that_releases_the_lock_runs_in_parallel(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {"
                   "'a': {'target': 'web', 'burst': {'users': 3}, 'mix': {'free': 1}},"
                   "'b': {'target': 'web', 'burst': {'users': 2}, 'mix': {'held': 1}}},"
                   "'services': {" GIL "'cpu': 4, 'handlers': {"
                   "  'free': [{'cpu': '1s', 'own_thread': true}],"
                   "  'held': [{'cpu': '500ms'}]}}}}");
    assert_latencies_of(story_type(&s, "free"), 1, 1, 1);
    assert_int_equal(story_type(&s, "held")->latency_sum.most, 1000000000);
    story_end(&s);
}

static double per_second(const char *steps, int threads)
{
    char text[600];
    snprintf(text, sizeof text,
             "{'workloads': {'users': {'target': 'web', 'closed': {'users': 50}}},"
             "'services': {'web': {'kind': 'gunicorn', 'worker_class': 'gthread',"
             "  'threads': %d, 'switch_interval': '5ms',"
             "  'handlers': {'default': [%s]}}}}",
             threads, steps);
    struct story s;
    story_read(&s, text, 1);
    story_watch(&s, 20, 200, 60);
    double rate = (double)story_of(&s, "users")->ok / 200;
    story_end(&s);
    return rate;
}

/* min(threads / (c + w), 1 / c) a second. */
static void rule_3_2_5_a_process_does_no_more_than_one_core(void **state)
{
    (void)state;
    assert_true(fabs(per_second("{'cpu': '10ms'}, {'wait': '190ms'}", 4) - 20) < 1);
    assert_true(fabs(per_second("{'cpu': '100ms'}, {'wait': '10ms'}", 4) - 10) < 0.3);
}

static void rule_3_5_4_four_threads_saturate_at_20_a_second(void **state)
{
    (void)state;
    assert_true(fabs(per_second("{'cpu': '50ms'}, {'wait': '50ms'}", 4) - 20) < 0.5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_3_2_1_the_lock_changes_hands_every_5_ms),
        cmocka_unit_test(rule_3_2_1_a_newcomer_waits_one_interval),
        cmocka_unit_test(rule_3_2_2_a_convoy_behind_threads_that_compute),
        cmocka_unit_test(rule_3_2_4_c_code_that_releases_the_lock_runs_in_parallel),
        cmocka_unit_test(rule_3_2_5_a_process_does_no_more_than_one_core),
        cmocka_unit_test(rule_3_5_4_four_threads_saturate_at_20_a_second),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
