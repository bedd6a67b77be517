/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SQLAlchemy's QueuePool: connections on demand, overflow, patience, one pool for each
 * process.
 */
#include "unit/story.h"

#define AT(name, count, time)                                                          \
    "'" name "': {'target': 'web', 'burst': {'users': " #count ", 'at': '" time "'}}"
#define QUERY(time)                                                                    \
    "'web': {'kind': 'server', 'handlers': {'default': [{'query': 'db',"               \
    "  'via': 'pool', 'io': '" time "'}]}}, "
#define POOL(keys) "'pool': {'kind': 'sqlalchemy_pool', " keys "}, "
#define DATABASE(keys)                                                                 \
    "'db': {'kind': 'postgres', 'superuser_reserved_connections': 0, " keys "}"

/* Nothing is open at first: whoever comes pays for the connection that is missing. */
static void rule_5_1_1_connections_are_opened_on_demand(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {" AT("first", 2, "0s") ", " AT("later", 3, "5s") "},"
                   "'services': {" QUERY("1s") POOL("'pool_size': 5")
                       DATABASE("'connect': '10ms'") "}}");
    assert_latencies_of(story_of(&s, "first"), 1.01, 1.01);
    assert_latencies_of(story_of(&s, "later"), 1, 1, 1.01);
    story_end(&s);
}

/* Three return to a pool that keeps two: the last finds no room and is closed, so of
 * the next three one has to connect again. */
static void rule_5_1_1_what_finds_no_room_on_return_is_closed(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {" AT("first", 3, "0s") ", " AT("later", 3, "5s") "},"
                   "'services': {" QUERY("1s") POOL("'pool_size': 2, 'max_overflow': 1")
                       DATABASE("'connect': '10ms'") "}}");
    assert_latencies_of(story_of(&s, "first"), 1.01, 1.01, 1.01);
    assert_latencies_of(story_of(&s, "later"), 1, 1, 1.01);
    story_end(&s);
}

/* Two at a time and a pool of one: each second query pays for a connection that is
 * closed again. A pool of two does not. */
static void rule_5_1_1_load_about_the_size_pays_connects(void **state)
{
    (void)state;
    for (int size = 1; size <= 2; size++) {
        struct story s;
        char text[600];
        snprintf(text, sizeof text,
                 "{'workloads': {'users': {'target': 'web',"
                 "   'open': {'rate': '0.5/s', 'process': 'constant', 'batch': 2,"
                 "            'profile': [['0s', 1], ['100s', 1]]}}},"
                 "'services': {" QUERY("1s") "'pool': {'kind': 'sqlalchemy_pool',"
                 "  'pool_size': %d, 'max_overflow': 1}, "
                 DATABASE("'connect': '100ms'") "}}", size);
        story_tell(&s, text);
        double alone = size == 1 ? 1.05 : 1;
        assert_float_equal(story_mean(story_of(&s, "users")), alone, 0.005);
        story_end(&s);
    }
}

/* Whoever is next goes on with the connection of whoever is done; the rest fail when
 * their time is over, however near their turn was. */
static void rule_5_1_2_patience_ends_though_others_make_progress(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {" AT("users", 6, "0s") "}, 'services': {"
                   QUERY("0.4s")
                   POOL("'pool_size': 1, 'max_overflow': 0, 'pool_timeout': '1s'")
                   DATABASE("'connect': '0s'") "}}");
    assert_latencies(&s, 0.4, 0.8, 1.2);
    assert_int_equal(story_failed(&s, STATUS_500), 3);
    assert_int_equal(s.out.type[0].failed_latency.least, SIM_SECOND);
    assert_int_equal(s.out.type[0].failed_latency.most, SIM_SECOND);
    story_end(&s);
}

/* An event loop with the default pool runs 15 queries at a time, whatever it accepts;
 * two workers have two pools. */
static void rule_5_1_4_a_pool_caps_the_queries_of_an_asyncio_worker(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {" AT("users", 40, "0s") "}, 'services': {"
                   "'web': {'kind': 'uvicorn', 'workers': 1, 'handlers': {'default': ["
                   "  {'query': 'db', 'via': 'pool', 'io': '1s'}]}},"
                   "'pool': {'kind': 'sqlalchemy_pool'}, "
                   DATABASE("'connect': '0s'") "}}");
    assert_int_equal(story_at(&s, "pool")->busy_most, 15);
    assert_int_equal(s.out.type[0].latency_sum.most, 3 * SIM_SECOND);
    assert_int_equal(story_at(&s, "db")->busy_most, 15);
    story_end(&s);
}

/* Workers x (pool_size + max_overflow): each pool looks safe, together they are not. */
static void rule_5_1_6_pools_multiply_by_their_processes(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {" AT("users", 60, "0s") "}, 'services': {"
                   "'web': {'kind': 'gunicorn', 'worker_class': 'gthread',"
                   "  'workers': 4, 'threads': 20, 'handlers': {'default': ["
                   "    {'query': 'db', 'via': 'pool', 'io': '1s'}]}},"
                   POOL("'pool_size': 10, 'max_overflow': 10")
                   DATABASE("'connect': '0s', 'max_connections': 40") "}}");
    assert_int_equal(s.facts->station[story_station(&s, "pool")].instances, 4);
    assert_float_equal(s.facts->station[story_station(&s, "pool")].slots, 80, 0);
    assert_int_equal(s.out.type[0].ok, 40);
    assert_int_equal(story_failed(&s, STATUS_500), 20);
    story_end(&s);
}

static void rule_5_1_7_a_pool_without_patience_raises_at_once(void **state)
{
    (void)state;
    struct story s;
    story_tell(
        &s, "{'workloads': {" AT(
                "users", 3, "0s") "}, 'services': {"
                                  "'web': {'kind': 'server', 'handlers': {'default': ["
                                  "  {'hold': 'pool', 'steps': [{'wait': '1s'}]}]}},"
                                  "'pool': {'kind': 'connection_pool', 'size': 2,"
                                  "         'wait_timeout': '0s'}}}");
    assert_latencies(&s, 1, 1);
    assert_int_equal(story_failed(&s, STATUS_500), 1);
    assert_int_equal(s.out.type[0].failed_latency.most, 0);
    assert_int_equal(story_at(&s, "pool")->refused, 1);
    story_end(&s);
}

/* 2 + 1, a patience of 1 s, five who hold for 1.5 s: three run, two fail at 1 s sharp.
 * Afterwards two connections are left open: of the database's four, two are free. */
static void rule_5_5_1_three_run_two_fail_two_stay_open(void **state)
{
    (void)state;
    struct story s;
    story_tell(
        &s,
        "{'workloads': {" AT(
            "users", 5,
            "0s") ","
                  "'others': {'target': 'alone', 'burst': {'users': 4, 'at': '9s'}}},"
                  "'services': {" QUERY(
                      "1.5s") "'alone': {'kind': 'server', 'handlers': {'default': ["
                              "  {'query': 'db', 'io': '1s'}]}}," POOL(
                                  "'pool_size': 2, 'max_overflow': 1, 'pool_timeout': "
                                  "'1s'")
                                  DATABASE(
                                      "'connect': '0s', 'max_connections': 4") "}}");
    const struct type_outcome *users = story_of(&s, "users");
    assert_latencies_of(users, 1.5, 1.5, 1.5);
    assert_int_equal(users->failed_latency.count, 2);
    assert_int_equal(users->failed_latency.least, SIM_SECOND);
    assert_int_equal(users->failed_latency.most, SIM_SECOND);
    assert_latencies_of(story_of(&s, "others"), 1, 1);
    assert_int_equal(story_of(&s, "others")->failed_latency.count, 2);
    story_end(&s);
}

/* ---- beside the numbered rules --------------------------------------------------- */

/* The age is looked at when a connection is taken: by default whichever has been idle
 * longest, with pool_use_lifo the one used last. */
static void an_old_connection_is_replaced_when_it_is_taken(void **state)
{
    (void)state;
    static const char *const lifo[] = {"false", "true"};
    for (int i = 0; i < 2; i++) {
        struct story s;
        char text[800];
        snprintf(
            text, sizeof text,
            "{'workloads': {" AT("one", 1, "0s") ", " AT("two", 2, "3s") ", " AT(
                "last", 1,
                "6.5s") "}, 'services': {" QUERY("1s") "'pool': {'kind': "
                                                       "'sqlalchemy_pool', "
                                                       "'pool_recycle': '5s',"
                                                       "  'pool_use_lifo': "
                                                       "%s}, " DATABASE(
                                                           "'connect': '10ms'") "}}",
            lifo[i]);
        story_tell(&s, text);
        assert_latencies_of(story_of(&s, "one"), 1.01);
        assert_latencies_of(story_of(&s, "two"), 1, 1.01);
        /* the connection of "one" is 6.5 s old and came back first */
        assert_latencies_of(story_of(&s, "last"), i ? 1 : 1.01);
        story_end(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_5_1_1_connections_are_opened_on_demand),
        cmocka_unit_test(rule_5_1_1_what_finds_no_room_on_return_is_closed),
        cmocka_unit_test(rule_5_1_1_load_about_the_size_pays_connects),
        cmocka_unit_test(rule_5_1_2_patience_ends_though_others_make_progress),
        cmocka_unit_test(rule_5_1_4_a_pool_caps_the_queries_of_an_asyncio_worker),
        cmocka_unit_test(rule_5_1_6_pools_multiply_by_their_processes),
        cmocka_unit_test(rule_5_1_7_a_pool_without_patience_raises_at_once),
        cmocka_unit_test(rule_5_5_1_three_run_two_fail_two_stay_open),
        cmocka_unit_test(an_old_connection_is_replaced_when_it_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
