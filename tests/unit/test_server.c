/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "unit/story.h"

#define AT_ONCE(count)                                                                 \
    "'workloads': {'users': {'target': 'web', 'burst': {'users': " #count "}}}"

static void slots_are_taken_in_order_of_arrival(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{" AT_ONCE(5) ", 'services': {'web': {'kind': 'server',"
                                  "'slots': 2, 'time': '1s'}}}");
    assert_latencies(&s, 1, 1, 2, 2, 3);
    const struct station_outcome *web = story_at(&s, "web");
    assert_int_equal(web->arrivals, 5);
    assert_int_equal(web->served, 5);
    assert_int_equal(web->waited, 3);
    assert_int_equal(web->busy_most, 2);
    assert_int_equal(web->queue_most, 3);
    assert_int_equal((uint64_t)web->busy_area, 5 * SIM_SECOND);
    assert_int_equal((uint64_t)web->queue_area, 4 * SIM_SECOND);
    assert_int_equal((uint64_t)web->held, 5 * SIM_SECOND);
    assert_int_equal((uint64_t)web->full_area, 2 * SIM_SECOND);
    story_end(&s);
}

static void the_busiest_process_is_known(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{" AT_ONCE(5) ", 'services': {'web': {'kind': 'server',"
                                  "'processes': 2, 'slots': 1, 'discipline': 'gil',"
                                  "'time': '1s'}}}");
    assert_latencies(&s, 1, 1, 2, 2, 3);
    assert_int_equal((uint64_t)story_at(&s, "web")->busy_area, 5 * SIM_SECOND);
    assert_int_equal((uint64_t)story_at(&s, "web")->hottest_process_area,
                     3 * SIM_SECOND);
    story_end(&s);
}

static void one_more_than_may_wait_is_refused(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{" AT_ONCE(5) ", 'services': {'web': {'kind': 'server',"
                                  "'slots': 1, 'queue_limit': 2, 'time': '1s'}}}");
    assert_latencies(&s, 1, 2, 3);
    assert_int_equal(story_failed(&s, STATUS_REFUSED), 2);
    assert_int_equal(s.out.type[0].failed_latency.most, 0);
    assert_int_equal(story_at(&s, "web")->refused, 2);
    story_end(&s);
}

static void without_room_to_wait_only_slots_count(void **state)
{
    (void)state;
    struct story s;
    story_tell(
        &s,
        "{" AT_ONCE(5) ", 'services': {'web': {'kind': 'server',"
                       "'processes': 3, 'slots': 1, 'queue_limit': 0, 'time': '1s'}}}");
    assert_latencies(&s, 1, 1, 1);
    assert_int_equal(story_failed(&s, STATUS_REFUSED), 2);
    story_end(&s);
}

static void a_slot_is_held_while_somebody_else_works(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s,
               "{" AT_ONCE(2) ", 'services': {'web': {'kind': 'server',"
                              "'slots': 1, 'handlers': {'default': [{'call': 'api'}]}},"
                              "'api': {'kind': 'server', 'time': '1s'}}}");
    assert_latencies(&s, 1, 2);
    story_end(&s);
}

static void the_network_is_paid_both_ways(void **state)
{
    (void)state;
    struct story s;
    story_tell(
        &s,
        "{" AT_ONCE(1) ", 'services': {'web': {'kind': 'server',"
                       "'latency': '10ms', 'handlers': {'default': [{'call': 'api'}]}},"
                       "'api': {'kind': 'server', 'latency': '3ms', 'time': '1s'}},"
                       "'links': [{'from': 'web', 'to': 'api', 'latency': '5ms'}]}");
    assert_latencies(&s, 1.03);
    assert_int_equal((uint64_t)story_at(&s, "web")->held, 1010 * SIM_SECOND / 1000);
    story_end(&s);
}

/* Five who gave up after 0.1 s are served all the same, one second each; who comes at
 * 0.2 s waits 4.8 s for nobody's sake. */
static void abandoned_requests_keep_their_slots_to_the_end(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s,
               "{'workloads': {"
               "  'hasty': {'target': 'web', 'burst': {'users': 5},"
               "            'timeout': '100ms'},"
               "  'next': {'target': 'web', 'burst': {'users': 1, 'at': '200ms'}}},"
               "'services': {'web': {'kind': 'server', 'slots': 1, 'time': '1s'}}}");
    assert_int_equal(story_of(&s, "hasty")->ok, 0);
    assert_int_equal(story_failed(&s, STATUS_TIMEOUT), 5);
    assert_int_equal(story_of(&s, "hasty")->failed_latency.most, SIM_SECOND / 10);
    assert_latencies_of(story_of(&s, "next"), 5.8);
    assert_int_equal((uint64_t)story_at(&s, "web")->busy_area, 6 * SIM_SECOND);
    story_end(&s);
}

/* The caller's own slot is free again when its call times out; the callee's is not. */
static void a_call_that_times_out_leaves_its_callee_working(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s,
               "{" AT_ONCE(1) ", 'services': {'web': {'kind': 'server',"
                              "'slots': 1, 'handlers': {'default': ["
                              "  {'call': 'api', 'timeout': '250ms'}]}},"
                              "'api': {'kind': 'server', 'slots': 1, 'time': '1s'}}}");
    assert_int_equal(story_failed(&s, STATUS_504), 1);
    assert_int_equal(s.out.type[0].failed_latency.most, SIM_SECOND / 4);
    assert_int_equal((uint64_t)story_at(&s, "web")->held, SIM_SECOND / 4);
    story_end(&s);
}

/* ---- processes ------------------------------------------------------------------- */

static void idle_processes_share_one_queue(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{" AT_ONCE(
                       8) ", 'services': {'web': {'kind': 'gunicorn',"
                          "'workers': 4, 'handlers': {'default': [{'wait': '1s'}]}}}}");
    assert_latencies(&s, 1, 1, 1, 1, 2, 2, 2, 2);
    story_end(&s);
}

/* Eager processes take more than they can work on while others idle: the same work
 * takes longer, but none is lost. */
static void eager_processes_collect_unevenly(void **state)
{
    (void)state;
    struct story s;
    story_tell(
        &s, "{" AT_ONCE(
                80) ", 'services': {'web': {'kind': 'server',"
                    "'processes': 4, 'slots': 1, 'accept': 'eager', 'time': '1s'}}}");
    assert_int_equal(s.out.type[0].ok, 80);
    assert_int_equal((uint64_t)story_at(&s, "web")->busy_area, 80 * SIM_SECOND);
    assert_true(s.out.type[0].latency_sum.most > 20 * SIM_SECOND);
    assert_true(s.out.type[0].latency_sum.most < 60 * SIM_SECOND);
    story_end(&s);
}

/* A process takes one connection that it works on and one that waits; the others stay
 * in the listen queue and are taken as it gets free. */
static void eager_processes_take_no_more_than_their_limit(void **state)
{
    (void)state;
    struct story s;
    story_tell(
        &s, "{" AT_ONCE(
                6) ", 'services': {'web': {'kind': 'gunicorn',"
                   "'worker_class': 'gthread', 'threads': 1, 'worker_connections': 2,"
                   "'backlog': 2, 'handlers': {'default': [{'wait': '1s'}]}}}}");
    assert_latencies(&s, 1, 2, 3, 4, 5); /* 2 in the process, 2 + 1 listening */
    assert_int_equal(story_failed(&s, STATUS_REFUSED), 1);
    story_end(&s);
}

static void a_process_above_its_limit_answers_503(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{" AT_ONCE(5) ", 'services': {'web': {'kind': 'uvicorn',"
                                  "'limit_concurrency': 3,"
                                  "'handlers': {'default': [{'wait': '1s'}]}}}}");
    assert_latencies(&s, 1, 1);
    assert_int_equal(story_failed(&s, STATUS_503), 3);
    story_end(&s);
}

/* ---- databases ------------------------------------------------------------------- */

static void a_database_has_so_many_connections(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s,
               "{" AT_ONCE(4) ", 'services': {'web': {'kind': 'server',"
                              "'handlers': {'default': [{'query': 'db', 'io': '1s'}]}},"
                              "'db': {'kind': 'postgres', 'max_connections': 3,"
                              "       'superuser_reserved_connections': 0}}}");
    assert_latencies(&s, 1, 1, 1);
    assert_int_equal(story_failed(&s, STATUS_500), 1);
    assert_int_equal(story_at(&s, "db")->refused, 1);
    story_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slots_are_taken_in_order_of_arrival),
        cmocka_unit_test(the_busiest_process_is_known),
        cmocka_unit_test(one_more_than_may_wait_is_refused),
        cmocka_unit_test(without_room_to_wait_only_slots_count),
        cmocka_unit_test(a_slot_is_held_while_somebody_else_works),
        cmocka_unit_test(the_network_is_paid_both_ways),
        cmocka_unit_test(abandoned_requests_keep_their_slots_to_the_end),
        cmocka_unit_test(a_call_that_times_out_leaves_its_callee_working),
        cmocka_unit_test(idle_processes_share_one_queue),
        cmocka_unit_test(eager_processes_collect_unevenly),
        cmocka_unit_test(eager_processes_take_no_more_than_their_limit),
        cmocka_unit_test(a_process_above_its_limit_answers_503),
        cmocka_unit_test(a_database_has_so_many_connections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
