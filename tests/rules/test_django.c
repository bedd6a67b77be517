/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Django's connections: one for each thread that has asked, for the request or longer.
 */
#include "unit/story.h"

#define AT(name, count, time)                                                          \
    "'" name "': {'target': 'web', 'burst': {'users': " #count ", 'at': '" time "'}}"
#define WORKLOADS(...) "{'workloads': {" __VA_ARGS__ "}, 'services': {"
#define QUERY(time) "{'query': 'db', 'via': 'threads', 'io': '" time "'}"
#define WEB(keys, steps)                                                               \
    "'web': {'kind': 'gunicorn', " keys ", 'handlers': {'default': [" steps "]}}, "
#define THREADS(keys) "'threads': {'kind': 'django_connections'" keys "}, "
#define DATABASE(keys)                                                                 \
    "'db': {'kind': 'postgres', 'superuser_reserved_connections': 0, " keys "}}}"

/* One connect for the two queries of a request, and one again for the next request. */
static void max_age_0_connects_for_each_request(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s,
               WORKLOADS(AT("first", 1, "0s") ", " AT("later", 1, "5s"))
                   WEB("'workers': 1", QUERY("1s") ", {'wait': '100ms'}, " QUERY("1s"))
                       THREADS("") DATABASE("'connect': '10ms'"));
    assert_latencies_of(story_of(&s, "first"), 2.11);
    assert_latencies_of(story_of(&s, "later"), 2.11);
    story_end(&s);
}

/* From the first query to the end of the request, not of the query: the database's one
 * connection is taken meanwhile. */
static void the_connection_is_held_to_the_end_of_the_request(void **state)
{
    (void)state;
    struct story s;
    story_tell(
        &s,
        WORKLOADS(
            AT("first", 1, "0s") ", " AT("during", 1, "2s") ", " AT("after", 1, "4s"))
            WEB("'workers': 3", "{'wait': '1s'}, " QUERY("100ms") ", {'wait': '2s'}")
                THREADS("") DATABASE("'connect': '0s', 'max_connections': 1"));
    assert_int_equal(story_of(&s, "first")->ok, 1);
    assert_int_equal(story_of(&s, "during")->ok, 0); /* asks at 3 s, free from 3.1 s */
    assert_int_equal(story_of(&s, "after")->ok, 1);
    story_end(&s);
}

/* A thread's connection that persists costs nothing for the next request; threads that
 * have none yet connect. */
static void threads_keep_their_connections(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, WORKLOADS(AT("first", 2, "0s") ", " AT("later", 3, "5s"))
                       WEB("'worker_class': 'gthread', 'workers': 1, 'threads': 4",
                           QUERY("1s")) THREADS(", 'CONN_MAX_AGE': '600s'")
                           DATABASE("'connect': '10ms'"));
    assert_latencies_of(story_of(&s, "first"), 1.01, 1.01);
    assert_latencies_of(story_of(&s, "later"), 1, 1, 1.01);
    story_end(&s);
}

/* Its age is looked at at the end of a request, and at the beginning of the next. */
static void an_old_connection_is_closed_by_its_request(void **state)
{
    (void)state;
    struct story s;
    story_tell(
        &s,
        WORKLOADS(AT("first", 1, "0s") ", " AT("young", 1, "2s") ", " AT(
            "ends_old", 1, "4.5s") ", " AT("anew", 1, "6s") ", " AT("idled", 1, "20s"))
            WEB("'workers': 1", QUERY("1s")) THREADS(", 'CONN_MAX_AGE': '5s'")
                DATABASE("'connect': '10ms'"));
    assert_latencies_of(story_of(&s, "first"), 1.01);
    assert_latencies_of(story_of(&s, "young"), 1);
    assert_latencies_of(story_of(&s, "ends_old"), 1);
    assert_latencies_of(story_of(&s, "anew"), 1.01);
    assert_latencies_of(story_of(&s, "idled"), 1.01);
    story_end(&s);
}

/* 15 containers x 8 workers x 4 threads: 480 connections of clients that persist. */
static void rule_5_1_6_threads_multiply_to_client_connections(void **state)
{
    (void)state;
    static const int most[] = {480, 470};
    for (int i = 0; i < 2; i++) {
        struct story s;
        char text[900];
        snprintf(
            text, sizeof text,
            WORKLOADS(AT(
                "users", 480,
                "0s")) "'web': {'kind': 'server', 'replicas': 15, 'processes': 8, "
                       "'slots': 4,"
                       "  'handlers': {'default': ["
                       "    {'query': 'db', 'via': ['threads', 'pool'], 'io': "
                       "'10ms'}]}}," THREADS(
                           ", 'CONN_MAX_AGE': '600s'") "'pool': {'kind': 'pgbouncer', "
                                                       "'pool_mode': 'transaction',"
                                                       "  'server': 'db', "
                                                       "'default_pool_size': 50, "
                                                       "'max_client_conn': "
                                                       "%d}," DATABASE(
                                                           "'connect': '0s'"),
            most[i]);
        story_tell(&s, text);
        assert_true(s.facts->station[story_station(&s, "threads")].slots == 480);
        assert_int_equal(story_of(&s, "users")->ok, most[i]);
        assert_int_equal(story_failed(&s, STATUS_500), 480 - most[i]);
        story_end(&s);
    }
}

/* A request that fails, or never asks, leaves nothing behind. */
static void errors_and_requests_without_queries_hold_nothing(void **state)
{
    (void)state;
    struct story s;
    story_tell(
        &s,
        "{'workloads': {'users': {'target': 'web',"
        "   'open': {'rate': '1/s', 'process': 'constant',"
        "            'profile': [['0s', 1], ['100s', 1]]}}}, 'services': {" WEB(
            "'workers': 2", "{'choose': [{'steps': [" QUERY(
                                "100ms") ", {'fail': '503'}]}, {'steps': [{'wait': "
                                         "'10ms'}]}, {'steps': [" QUERY("100ms") "]}]}")
            THREADS("") DATABASE("'connect': '0s', 'max_connections': 1"));
    const struct type_outcome *users = story_of(&s, "users");
    assert_int_equal(users->offered, 99);
    assert_int_equal(story_failed(&s, STATUS_500), 0);
    assert_int_equal(users->ok + story_failed(&s, STATUS_503), 99);
    assert_true(story_failed(&s, STATUS_503) > 15);
    const struct station_outcome *threads = story_at(&s, "threads");
    assert_int_equal(threads->arrivals, threads->served);
    assert_true(threads->served < 90);
    story_end(&s);
}

/* Two branches of a request are two threads. */
static void branches_have_connections_of_their_own(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s,
               WORKLOADS(AT("users", 1, "0s"))
                   WEB("'workers': 1", "{'parallel': [[" QUERY("1s") ", " QUERY(
                                           "1s") "], [" QUERY("2s") "]]}") THREADS("")
                       DATABASE("'connect': '10ms', 'max_connections': 2"));
    assert_latencies(&s, 2.01);
    assert_int_equal(story_at(&s, "threads")->served, 2);
    story_end(&s);
}

/* A worker that is killed takes its connections with it. */
static void a_killed_worker_leaves_no_connection(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, WORKLOADS(AT("stuck", 1, "0s") ", " AT("later", 1, "10s"))
                       WEB("'workers': 1, 'timeout': '2s'", QUERY("6s"))
                           THREADS(", 'CONN_MAX_AGE': '600s'")
                               DATABASE("'connect': '0s', 'max_connections': 1"));
    assert_int_equal(story_of(&s, "stuck")->failed_latency.count, 1);
    /* it fails like the first, for it takes as long, not for want of a connection */
    assert_true(story_of(&s, "later")->failed_latency.least > 0);
    story_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(max_age_0_connects_for_each_request),
        cmocka_unit_test(the_connection_is_held_to_the_end_of_the_request),
        cmocka_unit_test(threads_keep_their_connections),
        cmocka_unit_test(an_old_connection_is_closed_by_its_request),
        cmocka_unit_test(rule_5_1_6_threads_multiply_to_client_connections),
        cmocka_unit_test(errors_and_requests_without_queries_hold_nothing),
        cmocka_unit_test(branches_have_connections_of_their_own),
        cmocka_unit_test(a_killed_worker_leaves_no_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
