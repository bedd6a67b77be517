/* SPDX-License-Identifier: GPL-3.0-or-later */
/* max_fails and fail_timeout of nginx. */
#include "unit/story.h"

/* One request every 100 ms, until `until` s, at `servers` behind an nginx that tries
 * none twice. `bad` breaks each connection, `good` answers in no time. */
#define STREAM(until, servers, more)                                                   \
    "{'workloads': {'users': {'target': 'nginx', 'open': {'rate': '10/s',"             \
    "'process': 'constant', 'profile': [['0s', 1], ['" until "s', 1]]}}},"             \
    "'services': {'nginx': {'kind': 'nginx', 'upstream': [" servers "]" more "},"      \
    "'bad': {'kind': 'server', 'handlers': {'default': [{'fail': 'reset'}]}},"         \
    "'half': {'kind': 'server', 'handlers': {'default': [{'fail': 'reset',"            \
    "         'probability': '50%'}]}},"                                               \
    "'slow': {'kind': 'server', 'handlers': {'default': [{'wait': '5s'},"              \
    "         {'fail': 'reset'}]}},"                                                   \
    "'sick': {'kind': 'server', 'handlers': {'default': [{'fail': '503'}]}},"          \
    "'good': {'kind': 'server', 'time': '0s'}}}"
#define OFF ", 'proxy_next_upstream': ['off']"

static uint64_t served(const char *text, const char *server)
{
    struct story s;
    story_tell(&s, text);
    uint64_t count = story_at(&s, server)->served;
    assert_books_balance(&s);
    story_end(&s);
    return count;
}

/* Of weight 4, max_fails 2, each failure takes 2, and each turn gives 1 back; weight 1
 * with max_fails 20 loses nothing (1 / 20 in whole numbers). */
static void rule_1_3_1_a_failure_costs_weight(void **state)
{
    (void)state;
    /* ten requests: all five turns of bad are taken when no weight is lost */
    assert_int_equal(served(STREAM("1.05",
                                   "{'server': 'good'},"
                                   "{'server': 'bad', 'max_fails': 20}",
                                   OFF),
                            "bad"),
                     5);
    /* of weight 4 each: 0, 1 … up to 4 again, but for each failure 2 less */
    uint64_t bad = served(STREAM("2.05",
                                 "{'server': 'good', 'weight': 4},"
                                 "{'server': 'bad', 'weight': 4, 'max_fails': 2,"
                                 " 'fail_timeout': '0s'}",
                                 OFF),
                          "bad");
    assert_in_range(bad, 2, 8);
    /* nothing is lost where failures do not count */
    assert_int_equal(served(STREAM("2.05",
                                   "{'server': 'good', 'weight': 4},"
                                   "{'server': 'bad', 'weight': 4, 'max_fails': 0}",
                                   OFF),
                            "bad"),
                     10);
}

/* Half of its requests succeed, and yet it is taken out after the third failure. */
static void rule_1_3_2_successes_do_not_reset_the_count(void **state)
{
    (void)state;
    uint64_t count =
        served(STREAM("30.05",
                      "{'server': 'good'}, {'server': 'half', 'max_fails': 3,"
                      " 'fail_timeout': '40s'}",
                      OFF),
               "half");
    assert_in_range(count, 3, 20); /* of 150 */
}

/* When failures are more than fail_timeout apart, none of them counts: each probe
 * selected later that succeeds clears the count. */
static void rule_1_3_2_failures_far_apart_do_not_add_up(void **state)
{
    (void)state;
    /* a request every 3 s at two servers: 6 s from one to the next of `half` */
    struct story s;
    story_tell(&s, "{'workloads': {'users': {'target': 'nginx', 'open': {"
                   "'rate': '0.3333333/s', 'process': 'constant',"
                   "'profile': [['0s', 1], ['3001s', 1]]}}}, 'services': {"
                   "'nginx': {'kind': 'nginx', 'proxy_next_upstream': ['off'],"
                   "'upstream': [{'server': 'good'}, {'server': 'half',"
                   "'max_fails': 3, 'fail_timeout': '4s'}]},"
                   "'half': {'kind': 'server', 'handlers': {'default': [{"
                   "'fail': 'reset', 'probability': '50%'}]}},"
                   "'good': {'kind': 'server', 'time': '0s'}}}");
    assert_true(story_at(&s, "half")->served > 450); /* of 500 */
    story_end(&s);
}

/* Out at 0.2 s; fail_timeout 10 s on a clock of whole seconds: now - checked must be
 * above 10, so the probe comes in the second that begins at 11 s. */
static void rule_1_3_3_an_outage_lasts_until_the_clock_says_more(void **state)
{
    (void)state;
#define ONE_FAILS(until) STREAM(until, "{'server': 'good'}, {'server': 'bad'}", OFF)
    assert_int_equal(served(ONE_FAILS("10.95"), "bad"), 1);
    assert_int_equal(served(ONE_FAILS("11.45"), "bad"), 2);
}

/* A probe that takes 5 s holds everybody else off for another fail_timeout. */
static void rule_1_3_4_one_probe_at_a_time(void **state)
{
    (void)state;
    assert_int_equal(
        served(STREAM("21.0", "{'server': 'good'}, {'server': 'bad'}", OFF), "bad"), 2);
    /* slow: fails at 5.2 s; probed at 16 s, which fails at 21 s; meanwhile nobody */
    struct story s;
    story_tell(&s, STREAM("26.05", "{'server': 'good'}, {'server': 'slow'}", OFF));
    /* taken every second time until the first failure is known at 5.2 s: 26 of them,
     * and one probe */
    assert_in_range(story_at(&s, "slow")->served, 26, 28);
    story_end(&s);
}

static void rule_1_3_5_a_single_server_has_no_failures(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, STREAM("5.05", "{'server': 'bad'}", ", 'fail_timeout': '100s'"));
    assert_int_equal(story_at(&s, "bad")->served, 50); /* each request, once */
    assert_int_equal(story_failed(&s, STATUS_RESET), 50);
    story_end(&s);
}

static void rule_1_3_6_statuses_count_only_when_listed(void **state)
{
    (void)state;
    assert_int_equal(
        served(STREAM("10.05", "{'server': 'good'}, {'server': 'sick'}", ""), "sick"),
        50);
    assert_int_equal(served(STREAM("10.05", "{'server': 'good'}, {'server': 'sick'}",
                                   ", 'proxy_next_upstream': ['error', 'http_503']"),
                            "sick"),
                     1);
}

/* Weights 1 and 1, three failures within 30 s: nothing for 30 to 31 s, then exactly one
 * probe. */
static void rule_1_10_1_nothing_for_thirty_seconds_then_one_probe(void **state)
{
    (void)state;
#define THREE(until)                                                                   \
    STREAM(until,                                                                      \
           "{'server': 'good'}, {'server': 'bad', 'max_fails': 3, "                    \
           "'fail_timeout': '30s'}",                                                   \
           OFF)
    assert_int_equal(served(THREE("0.65"), "bad"), 3);
    assert_int_equal(served(THREE("30.95"), "bad"), 3);
    assert_int_equal(served(THREE("31.95"), "bad"), 4);
    assert_int_equal(served(THREE("61.95"), "bad"), 4);
}

/* Each of W workers has to see its own failures: W x max_fails of them. */
static void every_worker_counts_for_itself(void **state)
{
    (void)state;
#define WORKERS(zone)                                                                  \
    STREAM("10.05", "{'server': 'good'}, {'server': 'bad', 'fail_timeout': '60s'}",    \
           OFF ", 'worker_processes': 4, 'zone': " zone)
    assert_int_equal(served(WORKERS("true"), "bad"), 1);
    assert_int_equal(served(WORKERS("false"), "bad"), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_1_3_1_a_failure_costs_weight),
        cmocka_unit_test(rule_1_3_2_successes_do_not_reset_the_count),
        cmocka_unit_test(rule_1_3_2_failures_far_apart_do_not_add_up),
        cmocka_unit_test(rule_1_3_3_an_outage_lasts_until_the_clock_says_more),
        cmocka_unit_test(rule_1_3_4_one_probe_at_a_time),
        cmocka_unit_test(rule_1_3_5_a_single_server_has_no_failures),
        cmocka_unit_test(rule_1_3_6_statuses_count_only_when_listed),
        cmocka_unit_test(rule_1_10_1_nothing_for_thirty_seconds_then_one_probe),
        cmocka_unit_test(every_worker_counts_for_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
