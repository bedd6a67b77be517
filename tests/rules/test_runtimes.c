/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Go, Node.js, PHP-FPM, Tomcat. */
#include "unit/story.h"

#include <math.h>

/* 64 goroutines of 1 ms under a quota of 25 ms a period, on a host of 64 cores. */
#define GO(keys)                                                                       \
    "{'workloads': {'users': {'target': 'web', 'burst': {'users': 64}}},"              \
    "'services': {'web': {'kind': 'go', 'cpu': 64,"                                    \
    "  'cpu_quota': {'cores': 0.25, 'phase': '0s'}, " keys                             \
    "  'handlers': {'default': [{'cpu': '1ms'}]}}}}"

/* Two threads run for 12.5 ms of each period; 14 ms are left for the third. */
static void rule_3_3_1_go_follows_the_quota_but_has_two_threads(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, GO(""));
    assert_int_equal(story_of(&s, "users")->latency_sum.most, 207000000);
    assert_true(story_at(&s, "web")->frozen == 2 * 87500000);
    story_end(&s);
}

/* All 64 cores use the quota up within 0.4 ms. */
static void rule_3_3_1_go_before_1_25_takes_the_cores_of_the_host(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, GO("'containermaxprocs': false,"));
    assert_int_equal(story_of(&s, "users")->latency_sum.most, 200218750);
    assert_true(story_at(&s, "web")->frozen == 2 * 99609375);
    story_end(&s);
}

static void rule_3_3_1_go_refuses_nobody(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {'users': {'target': 'web', 'burst':"
                   "  {'users': 20000}}},"
                   "'services': {'web': {'kind': 'go', 'cpu': 2,"
                   "  'handlers': {'default': [{'cpu': '1ms'}]}}}}");
    assert_int_equal(story_of(&s, "users")->ok, 20000);
    assert_int_equal(story_at(&s, "web")->busy_most, 20000);
    story_end(&s);
}

/* No timeouts of its own either: at twice what it can do, the backlog grows and
 * everybody is answered in the end. */
static void rule_3_3_2_go_shows_overload_as_latency(void **state)
{
    (void)state;
    struct story s;
    story_read(&s,
               "{'workloads': {'users': {'target': 'web', 'open': {'rate': '400/s'}}},"
               "'services': {'web': {'kind': 'go', 'cpu': 2,"
               "  'handlers': {'default': [{'cpu': '10ms'}]}}}}",
               1);
    story_watch(&s, 0, 60, 0);
    const struct type_outcome *type = story_of(&s, "users");
    assert_int_equal(type->ok + type->unfinished, type->offered);
    assert_true(type->unfinished > 200 * 60 * 9 / 10);
    assert_true(story_mean(type) > 3);
    story_end(&s);
}

#define NODE                                                                           \
    "'libuv': {'kind': 'connection_pool', 'scope': 'process', 'size': 4},"             \
    "'slow': {'kind': 'connection_pool', 'scope': 'process', 'size': 2},"              \
    "'web': {'kind': 'node', 'cpu': 8, 'handlers': {"                                  \
    "  'page': [{'cpu': '1ms'}],"                                                      \
    "  'hash': [{'hold': 'libuv', 'steps': [{'cpu': '100ms', 'own_thread': true}]}],"  \
    "  'dns': [{'hold': 'slow', 'steps': [{'hold': 'libuv', 'steps': ["                \
    "    {'wait': '100ms'}]}]}]}}"

/* Four threads do the hashing; the loop goes on meanwhile, one piece at a time. */
static void rule_3_3_3_node_has_one_loop_and_four_threads(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {"
                   "'a': {'target': 'web', 'burst': {'users': 8}, 'mix': {'hash': 1}},"
                   "'b': {'target': 'web', 'burst': {'users': 3, 'at': '10ms'},"
                   "      'mix': {'page': 1}}},"
                   "'services': {" NODE "}}");
    assert_latencies_of(story_type(&s, "hash"), .1, .1, .1, .1, .2, .2, .2, .2);
    assert_latencies_of(story_type(&s, "page"), 0.001, 0.002, 0.003);
    story_end(&s);
}

/* Look-ups of names use at most half of them, so that two are left for files. */
static void rule_3_3_3_slow_io_takes_half_of_the_threads(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {"
                   "'a': {'target': 'web', 'burst': {'users': 4}, 'mix': {'dns': 1}},"
                   "'b': {'target': 'web', 'burst': {'users': 2}, 'mix': {'hash': 1}}},"
                   "'services': {" NODE "}}");
    assert_latencies_of(story_type(&s, "dns"), .1, .1, .2, .2);
    assert_latencies_of(story_type(&s, "hash"), .1, .1);
    story_end(&s);
}

/* Four requests of 1 s each on the loop, one to each process of the cluster, whatever
 * the others have to do: a race would give some two. The fifth waits behind the first,
 * though others are free a moment later. */
static void rule_3_3_3_the_primary_of_a_cluster_goes_round(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct story s;
        story_read(&s, "{'workloads': {"
                   "'a': {'target': 'web', 'burst': {'users': 1}, 'mix': {'long': 1}},"
                   "'b': {'target': 'web', 'burst': {'users': 3, 'at': '1ms'}},"
                   "'c': {'target': 'web', 'burst': {'users': 1, 'at': '500ms'}}},"
                   "'services': {'web': {'kind': 'node', 'workers': 4, 'cpu': 4,"
                   "'handlers': {'long': [{'cpu': '5s'}], 'default': [{'cpu': '99ms'}]"
                   "}}}}", seed);
        story_watch(&s, 0, 0, 0);
        assert_latencies_of(story_of(&s, "b"), 0.099, 0.099, 0.099);
        assert_latencies_of(story_of(&s, "c"), 5 - 0.5 + 0.099);
        story_end(&s);
    }
}

#define PHP(users, keys)                                                               \
    "{'workloads': {'users': {'target': 'web', 'burst': {'users': " #users "},"        \
    "  'timeout': '900ms'}},"                                                          \
    "'services': {'web': {'kind': 'php_fpm', 'pm.max_children': 2,"                    \
    "  'listen.backlog': 1, " keys "'time': '100ms'}}}"

/* Two work, two wait (the queue holds one more than it says), the fifth tries again
 * after a second: too late for it. */
static void php_fpm_over_tcp_drops_connections(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, PHP(5, ""));
    assert_latencies(&s, 0.1, 0.1, 0.2, 0.2);
    assert_int_equal(story_failed(&s, STATUS_TIMEOUT), 1);
    story_end(&s);
}

static void php_fpm_on_a_socket_refuses_at_once(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, PHP(5, "'listen': '/run/php.sock', "));
    assert_latencies(&s, 0.1, 0.1, 0.2, 0.2);
    assert_int_equal(story_failed(&s, STATUS_REFUSED), 1);
    story_end(&s);
}

static void php_fpm_ends_what_takes_too_long(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {'users': {'target': 'lb', 'burst': {'users': 1}}},"
                   "'services': {'lb': {'kind': 'nginx', 'upstream': 'web'},"
                   "'web': {'kind': 'php_fpm', 'pm.max_children': 2, "
                   "  'request_terminate_timeout': '5s', 'time': '60s'}}}");
    assert_int_equal(story_failed(&s, STATUS_RESET), 1);
    sim_time took = story_of(&s, "users")->failed_latency.most;
    assert_true(took >= 5 * SIM_SECOND && took <= 7 * SIM_SECOND);
    story_end(&s);
}

/* Two work, one more connection is taken, two wait in the listen queue. */
static void tomcat_takes_connections_beyond_its_threads(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {'users': {'target': 'web', 'burst': {'users': 6},"
                   "  'timeout': '900ms'}},"
                   "'services': {'web': {'kind': 'tomcat', 'maxThreads': 2,"
                   "  'maxConnections': 3, 'acceptCount': 1, 'time': '100ms'}}}");
    assert_latencies(&s, 0.1, 0.1, 0.2, 0.2, 0.3);
    assert_int_equal(story_failed(&s, STATUS_TIMEOUT), 1);
    assert_int_equal(story_at(&s, "web")->refused, 1);
    story_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_3_3_1_go_follows_the_quota_but_has_two_threads),
        cmocka_unit_test(rule_3_3_1_go_before_1_25_takes_the_cores_of_the_host),
        cmocka_unit_test(rule_3_3_1_go_refuses_nobody),
        cmocka_unit_test(rule_3_3_2_go_shows_overload_as_latency),
        cmocka_unit_test(rule_3_3_3_node_has_one_loop_and_four_threads),
        cmocka_unit_test(rule_3_3_3_slow_io_takes_half_of_the_threads),
        cmocka_unit_test(rule_3_3_3_the_primary_of_a_cluster_goes_round),
        cmocka_unit_test(php_fpm_over_tcp_drops_connections),
        cmocka_unit_test(php_fpm_on_a_socket_refuses_at_once),
        cmocka_unit_test(php_fpm_ends_what_takes_too_long),
        cmocka_unit_test(tomcat_takes_connections_beyond_its_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
