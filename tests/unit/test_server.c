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
 * in the listen queue and are taken as it gets free. The sixth finds it full and comes
 * again a second later. */
static void eager_processes_take_no_more_than_their_limit(void **state)
{
    (void)state;
    struct story s;
    story_tell(
        &s, "{" AT_ONCE(
                6) ", 'services': {'web': {'kind': 'gunicorn',"
                   "'worker_class': 'gthread', 'threads': 1, 'worker_connections': 2,"
                   "'backlog': 2, 'handlers': {'default': [{'wait': '1s'}]}}}}");
    assert_latencies(&s, 1, 2, 3, 4, 5, 6); /* 2 in the process, 2 + 1 listening */
    assert_int_equal(story_at(&s, "web")->refused, 1);
    story_end(&s);
}

#define FROZEN "{'kind': 'gunicorn', 'backlog': 4, 'time': '3400ms'}"

/* server-semantics 2.8: backlog 4, 12 at once, nothing accepted for 3.4 s: five wait in
 * the listen queue, the others knock again at 1, 2 and 3 s, and get in at 4 s. */
static void a_full_listen_queue_drops_and_is_tried_again(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{" AT_ONCE(7) ", 'services': {'web': " FROZEN "}}");
    assert_latencies(&s, 3.4, 6.8, 10.2, 13.6, 17.0, 20.4, 23.8);
    const struct station_outcome *web = story_at(&s, "web");
    assert_int_equal(web->refused, 4); /* at 0, 1, 2 and 3 s */
    assert_int_equal(web->queue_most, 5);
    story_end(&s);
}

/* The one who gave up does not come again; those in the queue are served for nobody. */
static void who_gives_up_stops_knocking(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {'users': {'target': 'web', 'burst': {'users': 7},"
                   "'timeout': '2500ms'}}, 'services': {'web': " FROZEN "}}");
    assert_int_equal(story_failed(&s, STATUS_TIMEOUT), 7);
    assert_int_equal(story_at(&s, "web")->refused, 3);
    story_end(&s);
}

/* nginx counts the connection and the answer apart: 504 for want of either. */
static void a_proxy_gives_up_connecting(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s,
               "{'workloads': {'users': {'target': 'nginx', 'burst': {'users': 7}}},"
               "'services': {'nginx': {'kind': 'nginx', 'upstream': 'web',"
               "'proxy_connect_timeout': '1500ms', 'proxy_read_timeout': '1h'},"
               "'web': " FROZEN "}}");
    assert_latencies(&s, 3.4, 6.8, 10.2, 13.6, 17.0, 20.4);
    assert_int_equal(story_failed(&s, STATUS_504), 1);
    assert_int_equal(s.out.type[0].failed_latency.most, story_time(1.5));
    story_end(&s);
}

/* The fourth is taken at 2 s, so its answer at 7.2 s is not too late; the third is, at
 * 5.4 s, since it was taken at once. */
static void a_late_connection_has_all_the_time_to_answer(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s,
               "{'workloads': {'users': {'target': 'nginx', 'burst': {'users': 4}}},"
               "'services': {'nginx': {'kind': 'nginx', 'upstream': 'web',"
               "'proxy_connect_timeout': '10s', 'proxy_read_timeout': '5300ms'},"
               "'web': {'kind': 'gunicorn', 'backlog': 1, 'time': '1800ms'}}}");
    assert_latencies(&s, 1.8, 3.6, 7.2);
    assert_int_equal(story_failed(&s, STATUS_504), 1);
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
                              "'db': {'kind': 'postgres', 'connect': '0s',"
                              "       'max_connections': 3,"
                              "       'superuser_reserved_connections': 0}}}");
    assert_latencies(&s, 1, 1, 1);
    assert_int_equal(story_failed(&s, STATUS_500), 1);
    assert_int_equal(story_at(&s, "db")->refused, 1);
    story_end(&s);
}

/* The proxy has given up before the network brings it to the full queue; its task works
 * for somebody else by then. */
static void who_has_given_up_does_not_begin_to_knock(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s,
               "{'workloads': {'users': {'target': 'nginx', 'burst': {'users': 5}},"
               "               'later': {'target': 'nginx', 'burst': {'users': 1,"
               "                         'at': '100s'}}},"
               "'services': {'nginx': {'kind': 'nginx', 'upstream': 'web',"
               "                       'proxy_read_timeout': '5ms'},"
               "             'web': {'kind': 'gunicorn', 'backlog': 1, 'time': '1s',"
               "                     'latency': '10ms'}}}");
    assert_int_equal(story_failed(&s, STATUS_504), 6);
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
        cmocka_unit_test(a_full_listen_queue_drops_and_is_tried_again),
        cmocka_unit_test(who_gives_up_stops_knocking),
        cmocka_unit_test(a_proxy_gives_up_connecting),
        cmocka_unit_test(a_late_connection_has_all_the_time_to_answer),
        cmocka_unit_test(a_process_above_its_limit_answers_503),
        cmocka_unit_test(a_database_has_so_many_connections),
        cmocka_unit_test(who_has_given_up_does_not_begin_to_knock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
