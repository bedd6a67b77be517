/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DynamoDB, vector databases. */
#include "unit/story.h"

/* ---- vector databases ------------------------------------------------------------ */

static void rule_7_1_1_a_search_for_each_core_and_a_queue(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {'a': {'target': 'vectors',"
                   "  'burst': {'users': 10243}}},"
                   "'services': {'vectors': {'kind': 'vector_db', 'cpu': 2,"
                   "  'time': '10ms'}}}");
    const struct type_outcome *type = &s.out.type[0];
    assert_int_equal(type->ok, 10242);
    assert_int_equal(story_failed(&s, STATUS_REFUSED), 1);
    assert_int_equal(type->latency_sum.most, 5121 * SIM_SECOND / 100);
    story_end(&s);
}

static void rule_7_1_2_a_hosted_one_is_a_time_and_a_limit(void **state)
{
    (void)state;
    struct story s;
    story_read(&s, "{'workloads': {'a': {'target': 'vectors', 'open': {"
                   "  'rate': '200/s', 'process': 'constant'}}},"
                   "'services': {'vectors': {'kind': 'vector_db',"
                   "  'rate_limit': '50/s', 'time': '30ms'}}}", 1);
    story_watch(&s, 10, 100, 1);
    assert_within((double)s.out.type[0].ok / 100, 50, 0.5);
    assert_within((double)story_failed(&s, STATUS_429) / 100, 150, 0.5);
    assert_int_equal(s.out.type[0].latency_sum.most, 30 * SIM_SECOND / 1000);
    story_end(&s);
}

/* ---- DynamoDB -------------------------------------------------------------------- */

#define TABLE(load, keys)                                                              \
    "{'workloads': {'a': {'target': 'table', " load "}},"                              \
    "'services': {'table': {'kind': 'dynamodb', 'time': '4ms',"                        \
    "  'read_capacity_units': '100/s', 'write_capacity_units': '100/s'," keys "}}}"

#define STEADY(rate) "'open': {'rate': '" rate "', 'process': 'constant'}"

/* Of 6,000 reads a minute against 100 units a second. */
static double served(const char *text)
{
    struct story s;
    story_read(&s, text, 1);
    story_watch(&s, 10, 100, 1);
    double rate = (double)s.out.type[0].ok / 100;
    story_end(&s);
    return rate;
}

static void rule_7_2_1_units_by_size_and_consistency(void **state)
{
    (void)state;
#define OPERATION(what)                                                                \
    served(TABLE(STEADY("500/s"), "'burst': '0s', 'operations': {'default': {"         \
                                  what "}}"))
    assert_within(OPERATION("'read': '4KiB'"), 100, 1);
    assert_within(OPERATION("'read': '4KiB', 'eventually_consistent': true"), 200, 2);
    assert_within(OPERATION("'read': '5KiB'"), 50, 1);
    assert_within(OPERATION("'write': '1KiB'"), 100, 1);
    assert_within(OPERATION("'write': '1100B'"), 50, 1);
    assert_within(OPERATION("'write': '100B', 'items': 25"), 4, 0.1);
    assert_within(OPERATION("'write': '1KiB', 'transactional': true"), 50, 1);
}

/* 150 units a second idle for 5 min: 45,000 tokens, 50 a second more are taken than
 * come in: 900 s. Reads of 4 KiB at 200/s then fail at 50/s. */
#define SAVED                                                                          \
    "{'workloads': {'a': {'target': 'table', 'open': {'rate': '200/s',"                \
    "  'process': 'constant'}}},"                                                      \
    "'services': {'table': {'kind': 'dynamodb', 'time': '4ms',"                        \
    "  'read_capacity_units': '150/s', 'write_capacity_units': '1/s',"                 \
    "  'operations': {'default': {'read': '4KiB'}}}}}"

static void rule_7_2_2_unused_capacity_of_300_s_is_kept(void **state)
{
    (void)state;
    struct story s;
    story_read(&s, SAVED, 1);
    story_watch(&s, 0, 890, 1);
    assert_int_equal(story_failed(&s, STATUS_400), 0);
    story_end(&s);
    story_read(&s, SAVED, 1);
    story_watch(&s, 1000, 100, 1);
    assert_within((double)story_failed(&s, STATUS_400) / 100, 50, 1);
    story_end(&s);
}

static void rule_7_2_7_900_s_within_1_percent(void **state)
{
    (void)state;
    struct story s;
    story_read(&s, SAVED, 1);
    story_watch(&s, 0, 1000, 1);
    /* 50 a second fail from then on */
    assert_within(1000 - (double)story_failed(&s, STATUS_400) / 50, 900, 9);
    story_end(&s);
}

static void rule_7_2_3_a_partition_has_a_limit_of_its_own(void **state)
{
    (void)state;
#define HOT(keys, partitions)                                                          \
    "{'workloads': {'a': {'target': 'table', 'open': {'rate': '8000/s',"               \
    "  'process': 'constant'}, 'keys': " keys "}},"                                    \
    "'services': {'table': {'kind': 'dynamodb', 'time': '4ms',"                        \
    "  'read_capacity_units': '20000/s', 'write_capacity_units': '1/s',"               \
    "  'partitions': " #partitions ","                                                 \
    "  'operations': {'default': {'read': '4KiB'}}}}}"
    struct story s;
    story_read(&s, HOT("{'count': 1000}", 1), 1);
    story_watch(&s, 10, 20, 1);
    assert_within((double)s.out.type[0].ok / 20, 3000, 30);
    story_end(&s);
    story_read(&s, HOT("{'count': 100000}", 8), 1);
    story_watch(&s, 10, 20, 1);
    assert_int_equal(s.out.type[0].ok, s.out.type[0].offered);
    story_end(&s);
    /* one key lies in one partition, however many there are */
    story_read(&s, HOT("{'count': 1}", 8), 1);
    story_watch(&s, 10, 20, 1);
    assert_within((double)s.out.type[0].ok / 20, 3000, 30);
    story_end(&s);
}

/* The client library tries again, so that too little shows as latency. */
#define LIBRARY(retry)                                                                 \
    "{'workloads': {'a': {'target': 'web', 'burst': {'users': 300}}},"                 \
    "'services': {'web': {'kind': 'server', 'handlers': {'default': ["                 \
    "  {'call': 'table'" retry "}]}},"                                                 \
    "'table': {'kind': 'dynamodb', 'time': '4ms', 'burst': '0s',"                      \
    "  'read_capacity_units': '100/s', 'write_capacity_units': '1/s',"                 \
    "  'operations': {'default': {'read': '4KiB'}}}}}"

static void rule_7_2_4_throttling_is_a_400_and_retried_first(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, LIBRARY(""));
    assert_int_equal(s.out.type[0].ok, 300);
    assert_true(s.out.type[0].latency_sum.most > 19 * SIM_SECOND / 10);
    assert_true(story_at(&s, "table")->refused > 200);
    story_end(&s);
    story_tell(&s, LIBRARY(", 'retry': {'max': 0}"));
    assert_int_equal(story_failed(&s, STATUS_400), 200);
    story_end(&s);
}

/* 50 a second, then 200 from 600 s on, 100 provisioned, nothing saved. */
#define STEP                                                                           \
    "{'workloads': {'a': {'target': 'table', 'open': {'rate': '50/s',"                 \
    "  'process': 'constant', 'profile': [['0s', 1], ['600s', 1], ['600.1s', 4],"      \
    "    ['5000s', 4], ['5000.1s', 1], ['9000s', 1]]}}},"                              \
    "'services': {'table': {'kind': 'dynamodb', 'time': '4ms', 'burst': '0s',"         \
    "  'read_capacity_units': '100/s', 'write_capacity_units': '1/s',"                 \
    "  'autoscale': {'min_read': '70/s'},"                                             \
    "  'operations': {'default': {'read': '4KiB'}}}}}"

static uint64_t throttled(double from, double to)
{
    struct story s;
    story_read(&s, STEP, 1);
    story_watch(&s, from, to - from, 1);
    uint64_t failed = story_failed(&s, STATUS_400);
    story_end(&s);
    return failed;
}

static void rule_7_2_8_two_minutes_of_throttling_before_capacity_moves(void **state)
{
    (void)state;
    assert_int_equal(throttled(1, 600), 0);
    /* 100 of 200 a second fail for two whole minutes and the delay of one more */
    assert_within((double)throttled(601, 720) / 119, 100, 2);
    assert_within((double)throttled(720, 779) / 59, 100, 2);
    assert_true(throttled(781, 840) < 60 * 60);
    assert_int_equal(throttled(1400, 4999), 0);
}

static void rule_7_2_5_down_only_after_a_quarter_of_an_hour(void **state)
{
    (void)state;
    struct story s;
    /* 200 used of 286 provisioned from then on; at 5000 s only 50 are used: capacity
     * stays for 15 minutes, and then is 71; a burst of load would be throttled then */
    assert_int_equal(throttled(5000, 9000), 0);
    story_read(&s, STEP, 1);
    story_watch(&s, 0, 0, 0);
    assert_true(story_failed(&s, STATUS_400) > 100 * 179);
    story_end(&s);
}

#define DEMAND(multiplier)                                                             \
    "{'workloads': {'a': {'target': 'table', 'open': {'rate': '100/s',"                \
    "  'process': 'constant', 'profile': [['0s', 1], ['3600s', 1],"                    \
    "    ['3600.1s', " #multiplier "], ['3640s', " #multiplier "]]}}},"                \
    "'services': {'table': {'kind': 'dynamodb', 'time': '1ms',"                        \
    "  'billing_mode': 'on_demand', 'read_capacity_units': '100/s',"                   \
    "  'operations': {'default': {'read': '4KiB'}}}}}"

/* An hour at 100 a second: 190 at once are well, of 290 there are 90 too many. */
static void rule_7_2_6_on_demand_doubles_the_peak_of_half_an_hour_ago(void **state)
{
    (void)state;
    struct story s;
    story_read(&s, DEMAND(1.9), 1);
    story_watch(&s, 3601, 38, 1);
    assert_int_equal(story_failed(&s, STATUS_400), 0);
    story_end(&s);
    story_read(&s, DEMAND(2.9), 1);
    story_watch(&s, 3603, 36, 1);
    assert_within((double)story_failed(&s, STATUS_400) / 36, 90, 3);
    story_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_7_1_1_a_search_for_each_core_and_a_queue),
        cmocka_unit_test(rule_7_1_2_a_hosted_one_is_a_time_and_a_limit),
        cmocka_unit_test(rule_7_2_1_units_by_size_and_consistency),
        cmocka_unit_test(rule_7_2_2_unused_capacity_of_300_s_is_kept),
        cmocka_unit_test(rule_7_2_3_a_partition_has_a_limit_of_its_own),
        cmocka_unit_test(rule_7_2_4_throttling_is_a_400_and_retried_first),
        cmocka_unit_test(rule_7_2_5_down_only_after_a_quarter_of_an_hour),
        cmocka_unit_test(rule_7_2_6_on_demand_doubles_the_peak_of_half_an_hour_ago),
        cmocka_unit_test(rule_7_2_7_900_s_within_1_percent),
        cmocka_unit_test(rule_7_2_8_two_minutes_of_throttling_before_capacity_moves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
