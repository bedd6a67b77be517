/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * PostgreSQL and MySQL: connections and what they cost, work that gets in its own way,
 * pages in memory.
 */
#include "unit/story.h"

#define AT(name, target, count, time)                                                  \
    "'" name "': {'target': '" target "', 'burst': {'users': " #count ", 'at': '" time \
    "'}}"
#define WORKLOADS(...) "{'workloads': {" __VA_ARGS__ "}, 'services': {"
#define WEB(name, steps)                                                               \
    "'" name "': {'kind': 'server', 'handlers': {'default': [" steps "]}}, "

/* Throughput of n queries at a time, for ever: it rises to the number of cores or so,
 * stays there, and falls when most of the work is about others. */
static double throughput(int at_a_time)
{
    struct story s;
    char text[700];
    snprintf(
        text, sizeof text,
        WORKLOADS("'users': {'target': 'web', 'closed': {'users': 1000}}") WEB(
            "web",
            "{'query': 'db', 'via': 'pool', 'time': '10ms'}") "'pool': {'kind': "
                                                              "'connection_pool', "
                                                              "'size': %d},"
                                                              "'db': {'kind': "
                                                              "'postgres', 'cpu': 4, "
                                                              "'max_connections': 2000,"
                                                              "       'usl': {'sigma': "
                                                              "0.01, 'kappa': "
                                                              "0.0001}}}}",
        at_a_time);
    story_read(&s, text, 1);
    story_watch(&s, 5, 20, 0);
    double rate = (double)story_at(&s, "db")->served / 20;
    story_end(&s);
    return rate;
}

static void rule_5_3_1_throughput_rises_is_flat_and_falls(void **state)
{
    (void)state;
    double one = throughput(1), four = throughput(4), eight = throughput(8),
           many = throughput(400);
    assert_true(one > 99 && one < 101);
    assert_true(four > 3.8 * one && four < 4 * one);
    assert_true(eight > 0.85 * four && eight < 1.02 * four);
    assert_true(many < 0.5 * eight);
}

/* What MySQL 8 has no more is accepted, and changes nothing. */
static void rule_5_3_2_the_query_cache_does_nothing(void **state)
{
    (void)state;
    static const char *const keys[] = {
        "", ", 'query_cache_size': '128MiB', 'query_cache_type': 1"};
    struct tally latency[2];
    for (int i = 0; i < 2; i++) {
        struct story s;
        char text[700];
        snprintf(
            text, sizeof text,
            WORKLOADS(AT("users", "web", 50,
                         "0s")) WEB("web", "{'query': 'db', 'time': {'exponential': "
                                           "'10ms'}}") "'db': {'kind': 'mysql', 'cpu': "
                                                       "2%s}}}",
            keys[i]);
        story_tell(&s, text);
        latency[i] = s.out.type[0].latency_sum;
        story_end(&s);
    }
    assert_int_equal(latency[0].count, 50);
    assert_memory_equal(&latency[0], &latency[1], sizeof latency[0]);
}

/* service = cpu + miss x io: nine of ten queries find their pages in memory. */
static void rule_5_3_3_pages_in_memory_spare_the_io(void **state)
{
    (void)state;
    static const char *const ratios[] = {"0%", "90%", "100%"};
    static const double means[] = {0.012, 0.003, 0.002};
    static const double slack[] = {1e-9, 0.0003, 1e-9};
    for (int i = 0; i < 3; i++) {
        struct story s;
        char text[700];
        snprintf(
            text, sizeof text,
            WORKLOADS("'users': {'target': 'web', 'burst': {'users': 10000}}") WEB(
                "web",
                "{'query': 'db', 'time': '2ms', 'io': '10ms'}") "'db': {'kind': "
                                                                "'postgres', "
                                                                "'max_connections': "
                                                                "20000, 'connect': "
                                                                "'0s',"
                                                                "       'hit_ratio': "
                                                                "'%s'}}}",
            ratios[i]);
        story_tell(&s, text);
        double mean = story_mean(&s.out.type[0]);
        assert_true(fabs(mean - means[i]) < slack[i]);
        assert_true(fabs(model_alone(s.model, 0) - means[i]) < 1e-9);
        story_end(&s);
    }
}

/* 12 workers x (50 + 20) on max_connections 200: at full demand 640 of 840 are refused,
 * at once, and an administrator still gets in. */
static void rule_5_5_4_twelve_workers_ask_for_840_of_200(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, WORKLOADS(AT("users", "web", 840, "0s") ", " AT(
                       "admin", "ops",
                       2, "1s")) "'web': {'kind': 'server', 'processes': 12, 'slots': "
                                 "70,"
                                 "  'handlers': {'default': ["
                                 "    {'query': 'db', 'via': 'pool', 'io': "
                                 "'10s'}]}}," WEB(
                                     "ops", "{'query': 'db', 'io': '1s', 'admin': "
                                            "true}") "'pool': {'kind': "
                                                     "'sqlalchemy_pool', 'pool_size': "
                                                     "50,"
                                                     "         'max_overflow': 20},"
                                                     "'db': {'kind': 'mysql', "
                                                     "'max_connections': 200}}}");
    const struct type_outcome *users = story_of(&s, "users");
    assert_int_equal(users->ok, 200);
    assert_int_equal(users->failed_latency.count, 640);
    assert_int_equal(users->failed_latency.most, 0);
    assert_int_equal(story_at(&s, "pool")->refused, 640);
    assert_int_equal(story_of(&s, "admin")->ok, 1); /* MySQL keeps one */
    story_end(&s);
}

/* PostgreSQL takes the superuser's connections out of max_connections. */
static void postgres_keeps_three_for_superusers(void **state)
{
    (void)state;
    struct story s;
    story_tell(
        &s,
        WORKLOADS(AT("users", "web", 10, "0s") ", " AT("admin", "ops", 4, "0.5s"))
            WEB("web", "{'query': 'db', 'io': '1s'}") WEB(
                "ops",
                "{'query': 'db', 'io': '1s', 'admin': true}") "'db': {'kind': "
                                                              "'postgres', "
                                                              "'max_connections': 10, "
                                                              "'connect': '0s'}}}");
    assert_int_equal(story_of(&s, "users")->ok, 7);
    assert_int_equal(story_of(&s, "users")->failed_latency.most, 0);
    assert_int_equal(story_of(&s, "admin")->ok, 3);
    story_end(&s);
}

/* Without a pool each query pays for its connection, and for a round trip more. */
static void a_query_without_a_pool_connects(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, WORKLOADS(AT("users", "web", 1, "0s"))
                       WEB("web", "{'query': 'db', 'io': '10ms'}, {'query': 'db', "
                                  "'io': '10ms'}") "'db': {'kind': 'postgres', "
                                                   "'latency': '1ms', 'connect': '4ms',"
                                                   "       'overhead': '500us'}}}");
    /* twice: connecting 4 + 2, the query's way 2, the query 10.5 */
    assert_latencies(&s, 0.037);
    assert_true(fabs(model_alone(s.model, 0) - 0.037) < 1e-12);
    story_end(&s);
}

/* What a `hold` of a pool of the database has, the queries in it use. */
static void queries_in_a_hold_use_its_connection(void **state)
{
    (void)state;
    struct story s;
    story_tell(
        &s,
        WORKLOADS(AT("users", "web", 2, "0s")) WEB(
            "web",
            "{'hold': 'pool', 'steps': [{'query': 'db', 'io': '1s'},"
            "{'query': 'db', 'io': '1s'}]}") "'pool': {'kind': 'connection_pool', "
                                             "'size': 1, 'server': 'db'},"
                                             "'db': {'kind': 'postgres', 'connect': "
                                             "'10ms', 'max_connections': 1,"
                                             "       'superuser_reserved_connections': "
                                             "0}}}");
    assert_latencies(&s, 2.01, 4.01);
    story_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_5_3_1_throughput_rises_is_flat_and_falls),
        cmocka_unit_test(rule_5_3_2_the_query_cache_does_nothing),
        cmocka_unit_test(rule_5_3_3_pages_in_memory_spare_the_io),
        cmocka_unit_test(rule_5_5_4_twelve_workers_ask_for_840_of_200),
        cmocka_unit_test(postgres_keeps_three_for_superusers),
        cmocka_unit_test(a_query_without_a_pool_connects),
        cmocka_unit_test(queries_in_a_hold_use_its_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
