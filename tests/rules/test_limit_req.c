/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nginx's limit_req and limit_conn. */
#include "unit/story.h"

/* Requests at nginx with one address, as `arrive`, under `limit`. */
#define AT_NGINX(arrive, limit)                                                        \
    "{'workloads': {'users': {'target': 'nginx', 'addresses': 1, " arrive "}},"        \
    "'services': {'nginx': {'kind': 'nginx', 'upstream': 'app', " limit "},"           \
    "'app': {'kind': 'server', 'time': '0s'}}}"
#define TEN "'burst': {'users': 10}"

static void rule_1_6_1_the_first_request_of_a_key_is_not_charged(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, AT_NGINX("'burst': {'users': 3}",
                            "'limit_req': {'rate': '1/s', 'burst': 1}"));
    /* the first is free, the second has an excess of 1 and waits, the third 2 */
    assert_latencies(&s, 0, 1);
    assert_int_equal(story_failed(&s, STATUS_503), 1);
    assert_books_balance(&s);
    story_end(&s);
}

/* At 10/s and every 60 ms: e = 1000 - 600 each time, so that with burst 1 it is
 * exceeded where three of five have passed; by hand: excess 0, 400, 800, then
 * (1200 rejected) 600 (120 ms), 1000, (1400) 800, (1200) 600, 1000 … */
static void rule_1_6_2_excess_runs_off_at_the_rate(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s,
               AT_NGINX("'open': {'rate': '16.666666666/s', 'process': 'constant', "
                        "'profile': [['0s', 1], ['600.05ms', 1]]}",
                        "'limit_req': {'rate': '10/s', 'burst': 1, 'nodelay': true}"));
    assert_int_equal(s.out.type[0].offered, 10);
    assert_int_equal(s.out.type[0].ok, 7);
    assert_int_equal(story_failed(&s, STATUS_503), 3);
    story_end(&s);
}

/* If rejected requests were charged, nothing would pass after the first. */
static void rule_1_6_3_the_rejected_are_not_charged(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, AT_NGINX("'open': {'rate': '100/s', 'process': 'constant', "
                            "'profile': [['0s', 1], ['10.005s', 1]]}",
                            "'limit_req': {'rate': '10/s'}"));
    assert_int_equal(s.out.type[0].offered, 1000);
    assert_int_equal(s.out.type[0].ok, 100);
    story_end(&s);
}

static void rule_1_6_4_delayed_requests_wait_for_the_rate(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, AT_NGINX("'burst': {'users': 4}",
                            "'limit_req': {'rate': '2/s', 'burst': 10, 'delay': 1}"));
    assert_latencies(&s, 0, 0, 0.5, 1);
    /* and they hold their connection of the client meanwhile */
    const struct station_outcome *nginx = story_at(&s, "nginx");
    assert_int_equal(nginx->busy_most, 4);
    assert_int_equal(nginx->held, 3 * SIM_SECOND / 2);
    story_end(&s);
}

/* The second limit alone would take 6; the first takes 3 of the 10, and the longest
 * delay applies: that of the second, 1 s a request. */
static void rule_1_6_5_any_of_several_limits_rejects(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, AT_NGINX(TEN, "'limit_req': [{'rate': '10/s', 'burst': 2},"
                                 "{'rate': '1/s', 'burst': 5, 'key': 'all'}]"));
    assert_latencies(&s, 0, 1, 2);
    assert_int_equal(story_failed(&s, STATUS_503), 7);
    story_end(&s);
    /* the other way round: what the second limit rejects is not charged by the first */
    story_tell(&s, AT_NGINX(TEN, "'limit_req': [{'rate': '1/s', 'burst': 5},"
                                 "{'rate': '10/s', 'burst': 2, 'key': 'all'}]"));
    assert_latencies(&s, 0, 1, 2);
    story_end(&s);
}

#define TEN_UNDER(more)                                                                \
    AT_NGINX(TEN, "'limit_req': {'rate': '10/s', 'burst': 5" more "}")

static void ten_at_once(void)
{
    struct story s;
    story_tell(&s, TEN_UNDER(", 'nodelay': true"));
    assert_latencies(&s, 0, 0, 0, 0, 0, 0);
    assert_int_equal(story_failed(&s, STATUS_503), 4);
    story_end(&s);
    story_tell(&s, TEN_UNDER(""));
    assert_latencies(&s, 0, 0.1, 0.2, 0.3, 0.4, 0.5);
    assert_int_equal(story_failed(&s, STATUS_503), 4);
    story_end(&s);
    story_tell(&s, TEN_UNDER(", 'delay': 2"));
    assert_latencies(&s, 0, 0, 0, 0.1, 0.2, 0.3);
    assert_int_equal(story_failed(&s, STATUS_503), 4);
    assert_books_balance(&s);
    story_end(&s);
}

static void rule_1_6_6_a_burst_of_n_admits_n_and_one(void **state)
{
    (void)state;
    ten_at_once();
}

static double accepted(const char *rate, const char *limit, double length)
{
    struct story s;
    char text[600];
    snprintf(text, sizeof text,
             AT_NGINX("'open': {'rate': '%s'}", "'limit_req': {'rate': '200/s'%s}"),
             rate, limit);
    story_read(&s, text, 1);
    story_watch(&s, 0, length, 10);
    double share = (double)s.out.type[0].ok / (double)s.out.type[0].offered;
    story_end(&s);
    return share;
}

static void rule_1_6_7_without_burst_a_third_is_lost_at_half_the_rate(void **state)
{
    (void)state;
    assert_within(accepted("100/s", "", 2000), 0.685, 0.015);
    assert_true(accepted("190/s", ", 'burst': 20", 2000) > 0.98);
}

/* One state for all workers: four of them do not let four times as many pass. */
static void rule_1_6_7_zones_are_shared_by_all_workers(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, AT_NGINX(TEN, "'worker_processes': 4, 'limit_req': {'rate': '10/s', "
                                 "'burst': 5, 'nodelay': true}"));
    assert_int_equal(s.out.type[0].ok, 6);
    story_end(&s);
}

/* A zone for one key: the second address pushes the first one out, which is then new,
 * and passes where it would have been rejected. */
static void rule_1_6_8_a_full_zone_forgets_the_oldest(void **state)
{
    (void)state;
    for (int room = 1; room <= 1000; room += 999) {
        struct story s;
        char text[600];
        snprintf(text, sizeof text,
                 "{'workloads': {'users': {'target': 'nginx', 'keys': {'count': 50},"
                 "'burst': {'users': 1000}}},"
                 "'services': {'nginx': {'kind': 'nginx', 'upstream': 'app',"
                 "'worker_connections': 5000,"
                 "'limit_req': {'rate': '1/s', 'key': 'key', 'states': %d}},"
                 "'app': {'kind': 'server', 'time': '1s'}}}",
                 room);
        story_tell(&s, text);
        if (room == 1)
            assert_in_range(s.out.type[0].ok, 950, 999);
        else
            assert_int_equal(s.out.type[0].ok, 50);
        story_end(&s);
    }
}

/* Two at a time of each address; released when they end. */
static void rule_1_6_9_limit_conn_counts_requests_in_process(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {'users': {'target': 'nginx', 'addresses': 1,"
                   "'open': {'rate': '10/s', 'process': 'constant',"
                   "         'profile': [['0s', 1], ['1.05s', 1]]}}},"
                   "'services': {'nginx': {'kind': 'nginx', 'upstream': 'app',"
                   "'limit_conn': {'limit': 2}, 'limit_conn_status': '429'},"
                   "'app': {'kind': 'server', 'time': '450ms'}}}");
    /* taken: at 0.1 and 0.2 s, free again at 0.55 and 0.65 s: 0.6 and 0.7, then 1.1 is
     * too late */
    assert_int_equal(s.out.type[0].offered, 10);
    assert_int_equal(s.out.type[0].ok, 4);
    assert_int_equal(story_failed(&s, STATUS_429), 6);
    assert_books_balance(&s);
    story_end(&s);
}

static void rule_1_10_3_the_table_of_ten_at_once(void **state)
{
    (void)state;
    ten_at_once();
    assert_within(accepted("100/s", "", 5000), 0.69, 0.01);
}

/* Requests of a type can have limits of their own. */
static void limits_may_differ_by_type(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {'users': {'target': 'nginx', 'addresses': 1,"
                   "'mix': {'a': 1, 'b': 1}, 'burst': {'users': 100}}},"
                   "'services': {'nginx': {'kind': 'nginx', 'limit_req_status': '429',"
                   "'limit_req': {'rate': '1/s'}, 'upstream': {"
                   "'a': {'upstream': 'app', 'limit_req': {'rate': '1/s', 'burst': 9,"
                   "      'nodelay': true}},"
                   "'default': {'upstream': 'app'}}},"
                   "'app': {'kind': 'server', 'time': '0s'}}}");
    assert_int_equal(story_type(&s, "a")->ok, 10);
    assert_int_equal(story_type(&s, "b")->ok, 1);
    assert_int_equal(story_failed(&s, STATUS_429), 89);
    story_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_1_6_1_the_first_request_of_a_key_is_not_charged),
        cmocka_unit_test(rule_1_6_2_excess_runs_off_at_the_rate),
        cmocka_unit_test(rule_1_6_3_the_rejected_are_not_charged),
        cmocka_unit_test(rule_1_6_4_delayed_requests_wait_for_the_rate),
        cmocka_unit_test(rule_1_6_5_any_of_several_limits_rejects),
        cmocka_unit_test(rule_1_6_6_a_burst_of_n_admits_n_and_one),
        cmocka_unit_test(rule_1_6_7_without_burst_a_third_is_lost_at_half_the_rate),
        cmocka_unit_test(rule_1_6_7_zones_are_shared_by_all_workers),
        cmocka_unit_test(rule_1_6_8_a_full_zone_forgets_the_oldest),
        cmocka_unit_test(rule_1_6_9_limit_conn_counts_requests_in_process),
        cmocka_unit_test(rule_1_10_3_the_table_of_ten_at_once),
        cmocka_unit_test(limits_may_differ_by_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
