/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * HikariCP: a thread of its own opens connections, one after the other, 30 ms apart;
 * callers take whatever comes first.
 */
#include "unit/story.h"

#define AT(name, count, time)                                                          \
    "'" name "': {'target': 'web', 'burst': {'users': " #count ", 'at': '" time "'}}"
#define WORKLOADS(...) "{'workloads': {" __VA_ARGS__ "}, 'services': {"
#define QUERY(time)                                                                    \
    "'web': {'kind': 'server', 'handlers': {'default': [{'query': 'db',"               \
    "  'via': 'pool', 'io': '" time "'}]}}, "
#define POOL(keys) "'pool': {'kind': 'hikaricp', " keys "}, "
#define DATABASE(keys)                                                                 \
    "'db': {'kind': 'postgres', 'superuser_reserved_connections': 0, " keys "}}}"

/* The first is there when the application starts; the others take 100 ms each, and the
 * thread sleeps for 30 ms after each. */
static void rule_5_1_5_connections_are_added_one_after_the_other(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, WORKLOADS(AT("first", 3, "0s") ", " AT("later", 3, "5s")) QUERY("1s")
                       POOL("'maximumPoolSize': 3") DATABASE("'connect': '100ms'"));
    assert_latencies_of(story_of(&s, "first"), 1, 1.13, 1.26);
    assert_latencies_of(story_of(&s, "later"), 1, 1, 1);
    story_end(&s);
}

/* Nobody opens a connection for himself: who waits has what is given back before. */
static void rule_5_1_5_what_comes_back_goes_to_the_oldest_waiter(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, WORKLOADS(AT("users", 3, "0s")) QUERY("50ms")
                       POOL("'maximumPoolSize': 3") DATABASE("'connect': '100ms'"));
    assert_latencies(&s, 0.05, 0.1, 0.15);
    story_end(&s);
}

static void rule_5_1_5_a_pool_may_be_filled_on_demand(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, WORKLOADS(AT("users", 2, "1s")) QUERY("1s")
                       POOL("'maximumPoolSize': 3, 'minimumIdle': 0")
                           DATABASE("'connect': '100ms'"));
    assert_latencies(&s, 1.1, 1.23);
    story_end(&s);
}

static void who_waits_too_long_gets_an_exception(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, WORKLOADS(AT("users", 3, "1s")) QUERY("1s")
                       POOL("'maximumPoolSize': 1, 'connectionTimeout': '1500ms'")
                           DATABASE("'connect': '0s'"));
    assert_latencies(&s, 1, 2);
    assert_int_equal(story_failed(&s, STATUS_500), 1);
    assert_int_equal(s.out.type[0].failed_latency.least, 3 * SIM_SECOND / 2);
    story_end(&s);
}

/* Idle at its end it is replaced in the background; in use, when it comes back. */
static void a_connection_lives_no_longer_than_maxLifetime(void **state)
{
    (void)state;
    struct story s;
    story_read(&s,
               WORKLOADS(AT("idle", 1, "30.1s")) QUERY("100ms")
                   POOL("'maximumPoolSize': 1, 'maxLifetime': '30s'")
                       DATABASE("'connect': '1s'"),
               1);
    story_watch(&s, 0, 40, 1);
    double waited = story_mean(story_of(&s, "idle")) - 0.1;
    assert_true(waited > 30 - 0.75 + 1 - 30.1 - 1e-6 && waited < 30 + 1 - 30.1);
    story_end(&s);
    story_read(&s,
               WORKLOADS(AT("uses", 1, "25s") ", " AT("next", 1, "35.1s")) QUERY("10s")
                   POOL("'maximumPoolSize': 1, 'maxLifetime': '30s'")
                       DATABASE("'connect': '1s'"),
               1);
    story_watch(&s, 0, 50, 1);
    assert_latencies_of(story_of(&s, "uses"), 10);
    assert_latencies_of(story_of(&s, "next"), 0.9 + 10);
    story_end(&s);
}

/* The ends of connections that were opened together lie apart, by up to a fortieth. */
static void lifetimes_differ(void **state)
{
    (void)state;
    double waited[2];
    for (int seed = 1; seed <= 2; seed++) {
        struct story s;
        story_read(&s,
                   WORKLOADS(AT("idle", 1, "30.1s")) QUERY("100ms")
                       POOL("'maximumPoolSize': 1, 'maxLifetime': '30s'")
                           DATABASE("'connect': '1s'"),
                   (uint64_t)seed);
        story_watch(&s, 0, 40, 1);
        waited[seed - 1] = story_mean(story_of(&s, "idle"));
        story_end(&s);
    }
    assert_true(waited[0] != waited[1]);
}

/* Three connections, of which one is to be kept idle: half a minute after they have
 * idled for 10 s, two are closed, and others find room at the database. */
static void idle_connections_are_closed_down_to_minimumIdle(void **state)
{
    (void)state;
    struct story s;
    story_read(
        &s,
        "{'workloads': {" AT(
            "users", 3,
            "0s") ","
                  "'early': {'target': 'job', 'burst': {'users': 3, 'at': '25s'}},"
                  "'late': {'target': 'job', 'burst': {'users': 3, 'at': '35s'}}},"
                  "'services': {'job': {'kind': 'server', 'handlers': {'default': ["
                  "  {'query': 'db', 'io': '1s'}]}}, " QUERY("1s") POOL(
                      "'maximumPoolSize': 3, 'minimumIdle': 1, 'idleTimeout': '10s'")
                      DATABASE("'connect': '0s', 'max_connections': 3"),
        1);
    story_watch(&s, 0, 40, 5);
    assert_int_equal(story_of(&s, "users")->ok, 3);
    assert_int_equal(story_of(&s, "early")->ok, 0);
    assert_int_equal(story_of(&s, "late")->ok, 2);
    story_end(&s);
}

/* While the database refuses, whoever waits goes on waiting, and has a connection soon
 * after it takes one again: attempts follow each other in 10, 20, 40 ms … 5 s. */
static void a_refusal_is_tried_again(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {"
                   "'other': {'target': 'job', 'burst': {'users': 1}}, " AT(
                       "users", 1,
                       "1s") "}, 'services': {"
                             "'job': {'kind': 'server', 'handlers': {'default': ["
                             "  {'query': 'db', 'io': '3s'}]}}, " QUERY("1s")
                                 POOL("'maximumPoolSize': 1, 'minimumIdle': 0")
                                     DATABASE("'connect': '0s', 'max_connections': 1"));
    assert_latencies_of(story_of(&s, "other"), 3);
    /* tries 0, 10, 30, 70 … 2550 ms after the first at 1 s: the first after 3 s is
     * that at 1 + 2.55 s */
    assert_latencies_of(story_of(&s, "users"), 2.55 + 1);
    story_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_5_1_5_connections_are_added_one_after_the_other),
        cmocka_unit_test(rule_5_1_5_what_comes_back_goes_to_the_oldest_waiter),
        cmocka_unit_test(rule_5_1_5_a_pool_may_be_filled_on_demand),
        cmocka_unit_test(who_waits_too_long_gets_an_exception),
        cmocka_unit_test(a_connection_lives_no_longer_than_maxLifetime),
        cmocka_unit_test(lifetimes_differ),
        cmocka_unit_test(idle_connections_are_closed_down_to_minimumIdle),
        cmocka_unit_test(a_refusal_is_tried_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
