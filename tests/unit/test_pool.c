/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "unit/story.h"

#define AT_ONCE(count)                                                                 \
    "'workloads': {'users': {'target': 'web', 'burst': {'users': " #count "}}}"
#define HOLD(steps)                                                                    \
    "'web': {'kind': 'server', 'handlers': {'default': [{'hold': 'pool',"              \
    "  'steps': [" steps "]}]}}"

static void those_who_wait_get_connections_in_turn(void **state)
{
    (void)state;
    struct story s;
    story_tell(
        &s, "{" AT_ONCE(5) ", 'services': {" HOLD(
                "{'wait': '1s'}") ","
                                  "'pool': {'kind': 'connection_pool', 'size': 2}}}");
    assert_latencies(&s, 1, 1, 2, 2, 3);
    const struct station_outcome *pool = story_at(&s, "pool");
    assert_int_equal(pool->arrivals, 5);
    assert_int_equal(pool->served, 5);
    assert_int_equal(pool->waited, 3);
    assert_int_equal(pool->busy_most, 2);
    assert_int_equal(pool->queue_most, 3);
    assert_int_equal((uint64_t)pool->busy_area, 5000000000);
    assert_int_equal((uint64_t)pool->queue_area, 4000000000);
    assert_int_equal((uint64_t)pool->wait.sum, 4000000000);
    assert_int_equal((uint64_t)pool->full_area, 2000000000);
    story_end(&s);
}

/* SQLAlchemy's QueuePool of 2 + 1, patience 1 s, five who hold for 1.5 s. */
static void two_of_five_lose_patience_after_exactly_a_second(void **state)
{
    (void)state;
    struct story s;
    story_tell(
        &s,
        "{" AT_ONCE(5) ", 'services': {" HOLD(
            "{'wait': '1.5s'}") ","
                                "'pool': {'kind': 'sqlalchemy_pool', 'pool_size': 2,"
                                "         'max_overflow': 1, 'pool_timeout': '1s'}}}");
    assert_latencies(&s, 1.5, 1.5, 1.5);
    assert_int_equal(story_failed(&s, STATUS_500), 2);
    assert_int_equal(s.out.type[0].failed_latency.least, SIM_SECOND);
    assert_int_equal(s.out.type[0].failed_latency.most, SIM_SECOND);
    assert_int_equal(story_at(&s, "pool")->timed_out, 2);
    assert_int_equal(story_at(&s, "pool")->queue_most, 2);
    story_end(&s);
}

/* A connection given back in the instant that patience ends is still taken. */
static void a_return_beats_a_timeout_of_the_same_instant(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s,
               "{" AT_ONCE(2) ", 'services': {" HOLD(
                   "{'wait': '1s'}") ","
                                     "'pool': {'kind': 'connection_pool', 'size': 1,"
                                     "         'wait_timeout': '1s'}}}");
    assert_latencies(&s, 1, 2);
    story_end(&s);
}

static void who_gave_up_leaves_no_gap_in_the_queue(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s,
               "{'workloads': {"
               "  'first': {'target': 'web', 'burst': {'users': 2}},"
               "  'later': {'target': 'web', 'burst': {'users': 1, 'at': '2.5s'}}},"
               "'services': {" HOLD(
                   "{'wait': '3s'}") ","
                                     "'pool': {'kind': 'connection_pool', 'size': 1,"
                                     "         'wait_timeout': '1s'}}}");
    assert_latencies_of(story_of(&s, "first"), 3);
    assert_latencies_of(story_of(&s, "later"), 3.5);
    story_end(&s);
}

/* PgBouncer: two at once, two more from the reserve with the first sweep after 2 s, the
 * last two when the first return. */
static void the_reserve_opens_when_the_oldest_has_waited_long(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s,
               "{" AT_ONCE(6) ", 'services': {"
                              "'web': {'kind': 'server', 'handlers': {'default': ["
                              "  {'query': 'db', 'via': 'pool', 'io': '5s'}]}},"
                              "'pool': {'kind': 'pgbouncer', 'server': 'db',"
                              "  'pool_mode': 'transaction', 'default_pool_size': 2,"
                              "  'reserve_pool_size': 2, 'reserve_pool_timeout': '2s'},"
                              "'db': {'kind': 'postgres', 'connect': '0s'}}}");
    const double sweep = 7 * 0.333333333;
    assert_latencies(&s, 5, 5, 5 + sweep, 5 + sweep, 10, 10);
    assert_int_equal(story_at(&s, "pool")->busy_most, 4);
    story_end(&s);
}

/* Two queries through a pool of 1 + 1 at a database for two; a second later two that
 * bring connections of their own: one of them finds room, for the pool has kept one
 * connection and closed the other. */
static void overflow_is_closed_on_return(void **state)
{
    (void)state;
    static const char *const leads_to[] = {"", ", 'server': 'db'"};
    for (int i = 0; i < 2; i++) {
        struct story s;
        char text[700];
        snprintf(text, sizeof text,
                 "{'workloads': {"
                 "  'pooled': {'target': 'web', 'burst': {'users': 2},"
                 "             'mix': {'pooled': 1}},"
                 "  'own': {'target': 'web', 'burst': {'users': 2, 'at': '2s'},"
                 "          'mix': {'own': 1}}},"
                 "'services': {'web': {'kind': 'server', 'handlers': {"
                 "  'pooled': [{'query': 'db', 'via': 'pool', 'io': '1s'}],"
                 "  'own': [{'query': 'db', 'io': '1s'}]}},"
                 "'pool': {'kind': 'connection_pool', 'size': 1, 'overflow': 1 %s},"
                 "'db': {'kind': 'postgres', 'connect': '0s', 'max_connections': 2,"
                 "       'superuser_reserved_connections': 0}}}",
                 leads_to[i]);
        story_tell(&s, text);
        assert_latencies_of(story_of(&s, "pooled"), 1, 1);
        assert_latencies_of(story_of(&s, "own"), 1);
        assert_int_equal(story_failed(&s, STATUS_500), 1);
        story_end(&s);
    }
}

/* Four at once on two instances of two processes each, one connection a pool. */
static void told(struct story *s, const char *scope, int replicas, int processes)
{
    char text[600];
    snprintf(
        text, sizeof text,
        "{" AT_ONCE(
            4) ", 'services': {'web': {'kind': 'server', 'replicas': %d,"
               "'processes': %d, 'slots': 4, 'handlers': {'default': [{'hold': 'pool',"
               "'steps': [{'wait': '1s'}]}]}}, 'pool': {'kind': 'connection_pool',"
               "'size': 1, 'scope': '%s'}}}",
        replicas, processes, scope);
    story_tell(s, text);
}

static void a_pool_may_be_of_all_of_an_instance_or_of_a_process(void **state)
{
    (void)state;
    struct story s;
    told(&s, "global", 2, 2);
    assert_latencies(&s, 1, 2, 3, 4);
    story_end(&s);
    told(&s, "instance", 2, 2);
    assert_latencies(&s, 1, 1, 2, 2);
    story_end(&s);
    told(&s, "process", 2, 2);
    assert_latencies(&s, 1, 1, 1, 1);
    assert_int_equal(s.facts->station[story_station(&s, "pool")].instances, 4);
    story_end(&s);
}

static void an_error_gives_the_connection_back(void **state)
{
    (void)state;
    struct story s;
    story_tell(
        &s, "{" AT_ONCE(3) ", 'services': {" HOLD(
                "{'wait': '1s'}, {'fail': '503'}") ","
                                                   "'pool': {'kind': "
                                                   "'connection_pool', 'size': 1}}}");
    assert_int_equal(story_failed(&s, STATUS_503), 3);
    assert_int_equal(s.out.type[0].failed_latency.least, 1 * SIM_SECOND);
    assert_int_equal(s.out.type[0].failed_latency.most, 3 * SIM_SECOND);
    assert_int_equal((uint64_t)story_at(&s, "pool")->busy_area, 3 * SIM_SECOND);
    story_end(&s);
}

/* Two pools on the way: the inner one times out, the outer one is given back. */
static void an_inner_timeout_gives_the_outer_connection_back(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{" AT_ONCE(
                       3) ", 'services': {"
                          "'web': {'kind': 'server', 'handlers': {'default': ["
                          "  {'query': 'db', 'via': ['outer', 'inner'], 'io': '3s'}]}},"
                          "'outer': {'kind': 'connection_pool', 'size': 2},"
                          "'inner': {'kind': 'connection_pool', 'size': 1,"
                          "          'wait_timeout': '1s'},"
                          "'db': {'kind': 'postgres', 'connect': '0s'}}}");
    /* first: runs to 3; second: fails at 1; third: has outer at 1, fails at 2 */
    assert_latencies(&s, 3);
    assert_int_equal(story_failed(&s, STATUS_500), 2);
    assert_int_equal(s.out.type[0].failed_latency.least, 1 * SIM_SECOND);
    assert_int_equal(s.out.type[0].failed_latency.most, 2 * SIM_SECOND);
    assert_int_equal((uint64_t)story_at(&s, "outer")->busy_area, 5 * SIM_SECOND);
    story_end(&s);
}

static void errors_that_are_passed_over_still_give_back(void **state)
{
    (void)state;
    struct story s;
    story_tell(
        &s, "{" AT_ONCE(
                2) ", 'services': {'web': {'kind': 'server',"
                   "'handlers': {'default': [{'hold': 'pool', 'on_error': 'continue',"
                   "  'steps': [{'wait': '1s'}, {'fail': '500'}, {'wait': '9s'}]},"
                   "  {'wait': '0.5s'}]}},"
                   "'pool': {'kind': 'connection_pool', 'size': 1}}}");
    assert_latencies(&s, 1.5, 2.5);
    story_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(those_who_wait_get_connections_in_turn),
        cmocka_unit_test(two_of_five_lose_patience_after_exactly_a_second),
        cmocka_unit_test(a_return_beats_a_timeout_of_the_same_instant),
        cmocka_unit_test(who_gave_up_leaves_no_gap_in_the_queue),
        cmocka_unit_test(the_reserve_opens_when_the_oldest_has_waited_long),
        cmocka_unit_test(overflow_is_closed_on_return),
        cmocka_unit_test(a_pool_may_be_of_all_of_an_instance_or_of_a_process),
        cmocka_unit_test(an_error_gives_the_connection_back),
        cmocka_unit_test(an_inner_timeout_gives_the_outer_connection_back),
        cmocka_unit_test(errors_that_are_passed_over_still_give_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
