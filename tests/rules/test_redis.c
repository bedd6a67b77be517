/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Redis: one command at a time, round trips, expiry, one memory for everything.
 */
#include "unit/story.h"

#define WEB(steps) "'web': {'kind': 'server', 'handlers': {'default': [" steps "]}}"

/* Three commands at the same instant, one of them 50 ms long. */
static void rule_6_1_1_a_slow_command_delays_everybody(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {"
                   "  'scan': {'target': 'redis', 'mix': {'keys': 1},"
                   "           'burst': {'users': 1}},"
                   "  'get': {'target': 'redis', 'mix': {'get': 1},"
                   "          'burst': {'users': 2, 'at': '10ms'}}},"
                   "'services': {'redis': {'kind': 'redis', 'io_threads': 1,"
                   "  'handlers': {'keys': [{'wait': '50ms'}],"
                   "               'get': [{'wait': '1ms'}]}}}}");
    assert_latencies_of(story_of(&s, "scan"), 0.050);
    assert_latencies_of(story_of(&s, "get"), 0.041, 0.042);
    assert_int_equal(story_at(&s, "redis")->busy_most, 1);
    story_end(&s);
}

/* A hundred commands of 10 us, 1 ms away: 2 ms for the way, whoever waits for each
 * answer pays it a hundred times. */
static void rule_6_1_2_a_pipeline_pays_one_round_trip(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {'w': {'target': 'web', 'burst': {'users': 1}}},"
                   "'services': {" WEB("{'cache': 'redis', 'hit': 1, 'pipeline': 100}")
                   ", 'redis': {'kind': 'redis', 'time': '10us', 'latency': '1ms'}}}");
    assert_latencies(&s, 0.003);
    story_end(&s);
    story_tell(&s, "{'workloads': {'w': {'target': 'web', 'burst': {'users': 1}}},"
                   "'services': {" WEB("{'repeat': 100, 'steps': ["
                                       "  {'cache': 'redis', 'hit': 1}]}")
                   ", 'redis': {'kind': 'redis', 'time': '10us', 'latency': '1ms'}}}");
    assert_latencies(&s, 0.201);
    story_end(&s);
}

static void rule_6_1_2_a_pipeline_runs_back_to_back(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {"
                   "  'a': {'target': 'web', 'burst': {'users': 1}},"
                   "  'b': {'target': 'redis', 'burst': {'users': 1, 'at': '5ms'}}},"
                   "'services': {" WEB("{'cache': 'redis', 'hit': 1, 'pipeline': 10}")
                   ", 'redis': {'kind': 'redis', 'time': '1ms'}}}");
    assert_latencies_of(story_of(&s, "a"), 0.010);
    assert_latencies_of(story_of(&s, "b"), 0.006);
    story_end(&s);
}

/* One key, filled at 0, valid for 10 s: a hit just before, a miss at that instant,
 * though nothing has removed it. */
static void rule_6_1_3_a_key_is_a_miss_from_the_instant_it_expires(void **state)
{
    (void)state;
    struct story s;
    story_tell(
        &s, "{'workloads': {"
            "  'first': {'target': 'web', 'burst': {'users': 1}},"
            "  'before': {'target': 'web', 'burst': {'users': 1, 'at': '9.999999s'}},"
            "  'after': {'target': 'web', 'burst': {'users': 1, 'at': '10s'}}},"
            "'services': {" WEB("{'cache': 'redis', 'keys': {'count': 1}, 'set': 's',"
                                " 'ttl': '10s', 'on_hit': [{'wait': '1s'}]}")
            ", 'redis': {'kind': 'redis', 'time': '0s', 'cold_start': true}}}");
    assert_latencies_of(story_of(&s, "first"), 0);
    assert_latencies_of(story_of(&s, "before"), 1);
    assert_latencies_of(story_of(&s, "after"), 0);
    assert_int_equal(story_at(&s, "redis")->cache.expired, 1);
    story_end(&s);
}

/* Rate-limit counters of 1,000 users, each asked for every 10 s and kept for a minute,
 * beside pages that need more memory than there is. */
#define SHARED(counters, policy)                                                       \
    "{'workloads': {"                                                                  \
    "  'users': {'target': 'web', 'mix': {'count': 1}, 'open': {'rate': '100/s'},"     \
    "            'keys': {'count': 1000}},"                                            \
    "  'pages': {'target': 'web', 'mix': {'page': 1}, 'open': {'rate': '500/s'},"      \
    "            'keys': {'count': 100000}}},"                                         \
    "'services': {'web': {'kind': 'server', 'handlers': {"                             \
    "   'count': [{'cache': '" counters "', 'ttl': '60s', 'size': '100B',"             \
    "              'on_error': 'continue', 'on_hit': [{'wait': '1s'}]}],"              \
    "   'page': [{'cache': 'shared', 'size': '10kB', 'on_error': 'continue'}]}},"      \
    " 'own': {'kind': 'redis', 'time': '0s'},"                                         \
    " 'shared': {'kind': 'redis', 'time': '0s', 'maxmemory': '10MB',"                  \
    "            'maxmemory_policy': '" policy "'}}}"

/* By themselves the counters are found 6 times of 7, their life being 6 times the time
 * between two requests; in one memory with 500 new pages a second, where an entry lasts
 * 2 s, 1 - exp(-0.2) of the time: limits reset, unnoticed. */
static void rule_6_1_4_cache_pressure_evicts_counters_and_sessions(void **state)
{
    (void)state;
    struct story s;
    story_read(&s, SHARED("own", "allkeys-lru"), 1);
    story_watch(&s, 0, 100, 5);
    assert_near(story_mean(story_of(&s, "users")), 6 / 7.0, 0.02);
    story_end(&s);
    story_read(&s, SHARED("shared", "allkeys-lru"), 1);
    story_watch(&s, 20, 100, 5);
    assert_within(story_mean(story_of(&s, "users")), 1 - exp(-0.2), 0.03);
    assert_true(story_at(&s, "shared")->cache.evicted > 10000);
    story_end(&s);
}

/* Pages do not expire: they cannot be evicted, and nothing more can be written. */
static void rule_6_1_4_volatile_policies_spare_what_does_not_expire(void **state)
{
    (void)state;
    struct story s;
    story_read(&s, SHARED("own", "volatile-lru"), 1);
    story_watch(&s, 20, 20, 5);
    assert_true(story_at(&s, "shared")->cache.full > 5000);
    assert_int_equal(story_at(&s, "shared")->cache.evicted, 0);
    story_end(&s);
}

/* Full and not allowed to evict: writes fail, reads work. */
static void noeviction_refuses_writes_and_answers_reads(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {"
                   "  'a': {'target': 'web', 'mix': {'a': 1}, 'burst': {'users': 1}},"
                   "  'b': {'target': 'web', 'mix': {'b': 1},"
                   "        'burst': {'users': 1, 'at': '1s'}},"
                   "  'again': {'target': 'web', 'mix': {'a': 1},"
                   "        'burst': {'users': 1, 'at': '2s'}}},"
                   "'services': {'web': {'kind': 'server', 'handlers': {"
                   "   'a': [{'cache': 'redis', 'keys': {'count': 1}, 'set': 'a',"
                   "          'size': '600B', 'miss': [{'wait': '3ms'}]}],"
                   "   'b': [{'cache': 'redis', 'keys': {'count': 1}, 'set': 'b',"
                   "          'size': '600B', 'miss': [{'wait': '3ms'}]}]}},"
                   " 'redis': {'kind': 'redis', 'time': '1ms', 'maxmemory': '1000B',"
                   "           'cold_start': true}}}");
    assert_latencies_of(story_of(&s, "a"), 0.005);
    assert_latencies_of(story_of(&s, "again"), 0.001);
    assert_int_equal(story_of(&s, "b")->ok, 0);
    assert_int_equal(story_failed(&s, STATUS_500), 1);
    assert_int_equal(story_at(&s, "redis")->cache.full, 1);
    story_end(&s);
}

/* Twelve commands at a time, ten connections: two are told so. */
static void maxclients_refuses_with_an_error(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {'w': {'target': 'web', 'burst': {'users': 12}}},"
                   "'services': {" WEB("{'cache': 'redis', 'hit': 1}")
                   ", 'redis': {'kind': 'redis', 'time': '1ms', 'maxclients': 10}}}");
    assert_int_equal(s.out.type[0].ok, 10);
    assert_int_equal(story_failed(&s, STATUS_500), 2);
    story_end(&s);
}

/* 5,000 commands of 10 us a second, and one of 50 ms: 5 % come while it runs, and the
 * last fifth of them waits for longer than 40 ms. */
static void rule_6_3_3_one_slow_command_a_second_sets_p99(void **state)
{
    (void)state;
    struct story s;
    story_read(&s, "{'workloads': {"
                   "  'slow': {'target': 'redis', 'mix': {'keys': 1},"
                   "           'open': {'rate': '1/s', 'process': 'constant'}},"
                   "  'fast': {'target': 'redis', 'mix': {'get': 1},"
                   "           'open': {'rate': '5000/s'}}},"
                   "'services': {'redis': {'kind': 'redis',"
                   "  'handlers': {'keys': [{'wait': '50ms'}],"
                   "               'get': [{'wait': '10us'}]}}}}",
               1);
    story_watch(&s, 0.5, 40, 5);
    double p99 =
        histogram_quantile(&story_of(&s, "fast")->latency, 0.99) * 1e-9;
    assert_within(p99, 0.040, 0.003);
    story_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_6_1_1_a_slow_command_delays_everybody),
        cmocka_unit_test(rule_6_1_2_a_pipeline_pays_one_round_trip),
        cmocka_unit_test(rule_6_1_2_a_pipeline_runs_back_to_back),
        cmocka_unit_test(rule_6_1_3_a_key_is_a_miss_from_the_instant_it_expires),
        cmocka_unit_test(rule_6_1_4_cache_pressure_evicts_counters_and_sessions),
        cmocka_unit_test(rule_6_1_4_volatile_policies_spare_what_does_not_expire),
        cmocka_unit_test(noeviction_refuses_writes_and_answers_reads),
        cmocka_unit_test(maxclients_refuses_with_an_error),
        cmocka_unit_test(rule_6_3_3_one_slow_command_a_second_sets_p99),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
