/* SPDX-License-Identifier: GPL-3.0-or-later */
/* k6, Locust, wrk and wrk2 as they send, and what they time. */
#include "unit/story.h"

#define WEB(time) "'services': {'web': {'kind': 'server', 'time': '" time "'}}}"
#define TEST(tool) "{'workloads': {'test': {'target': 'web', " tool "}}, "

static const struct type_outcome *only(const struct story *s)
{
    return &s->out.type[0];
}

/* Requests that start in each second of [0, seconds). */
static void assert_starts(const char *text, const uint64_t *each, int seconds)
{
    struct story s;
    story_read(&s, text, 1);
    for (int i = 0; i < seconds; i++) {
        story_watch(&s, i, 1, 100);
        if (only(&s)->offered != each[i])
            print_error("second %d: %llu\n", i, (unsigned long long)only(&s)->offered);
        assert_int_equal(only(&s)->offered, each[i]);
    }
    story_end(&s);
}

static uint64_t dropped(const struct story *s)
{
    int cause = s->facts->workload[0].dropped_cause;
    assert_true(cause >= 0);
    return only(s)->failed[cause];
}

/* ---- k6 -------------------------------------------------------------------------- */

/* 10/s for 2 s: at 0, 0.1, … 1.9 s, and not a chance in it. */
static void rule_10_1_2_iterations_are_evenly_spaced(void **state)
{
    (void)state;
    assert_starts(TEST("'k6': {'constant-arrival-rate': {'rate': '10/s',"
                       " 'duration': '2s', 'preAllocatedVUs': 5}}") WEB("10ms"),
                  (uint64_t[]){10, 10, 0}, 3);
    struct story s;
    story_read(&s,
               TEST("'k6': {'constant-arrival-rate': {'rate': '10/s',"
                    "'preAllocatedVUs': 1}}") WEB("99ms"),
               1);
    story_watch(&s, 0, 100, 1);
    assert_int_equal(only(&s)->ok, 1000);
    assert_int_equal(dropped(&s), 0); /* one VU is enough, to the millisecond */
    story_end(&s);
}

/* 10/s of 1 s each need 10 VUs; 4 can run 4/s, the rest is dropped and not queued. */
static void rule_10_1_2_without_a_free_vu_iterations_are_dropped(void **state)
{
    (void)state;
    struct story s;
    story_read(&s,
               TEST("'k6': {'constant-arrival-rate': {'rate': '10/s',"
                    "'preAllocatedVUs': 4}}") WEB("1s"),
               1);
    story_watch(&s, 0, 100, 5);
    assert_int_equal(only(&s)->offered, 1000);
    assert_int_equal(only(&s)->ok, 400);
    assert_int_equal(dropped(&s), 600);
    assert_int_equal(only(&s)->unsent, 600);
    assert_int_equal(only(&s)->tool.count, 400); /* they stand nowhere in its times */
    assert_int_equal(only(&s)->tool.most, SIM_SECOND);
    story_end(&s);
}

/* Each dropped iteration starts a VU, up to maxVUs: some are lost, then 10 do. */
static void rule_10_1_2_dropped_iterations_start_vus_up_to_the_most(void **state)
{
    (void)state;
    struct story s;
    story_read(&s,
               TEST("'k6': {'constant-arrival-rate': {'rate': '10/s',"
                    "'preAllocatedVUs': 4, 'maxVUs': 20}}") WEB("950ms"),
               1);
    story_watch(&s, 0, 100, 5);
    assert_in_range(dropped(&s), 3, 6);
    story_watch(&s, 10, 100, 5);
    assert_int_equal(dropped(&s), 0);
    story_end(&s);
}

/* sleep() keeps the VU: 1 s of work and 3 s of sleep need 40. */
static void rule_10_1_2_sleep_keeps_the_vu(void **state)
{
    (void)state;
    struct story s;
    story_read(&s,
               TEST("'k6': {'constant-arrival-rate': {'rate': '10/s', 'sleep': '3s',"
                    "'preAllocatedVUs': 20}}") WEB("1s"),
               1);
    story_watch(&s, 0, 100, 5);
    assert_int_equal(only(&s)->ok, 500);
    story_end(&s);
}

/* From 0 to 10/s in 2 s, 1 s of that, down to 5/s at once, 2 s of it. */
static void rule_10_1_2_rates_ramp_from_stage_to_stage(void **state)
{
    (void)state;
    assert_starts(TEST("'k6': {'ramping-arrival-rate': {'startRate': '0/s', 'stages': ["
                       "{'duration': '2s', 'target': '100/s'},"
                       "{'duration': '1s', 'target': '100/s'},"
                       "{'duration': '0s', 'target': '50/s'},"
                       "{'duration': '2s', 'target': '50/s'}],"
                       "'preAllocatedVUs': 50}}") WEB("10ms"),
                  (uint64_t[]){24, 75, 100, 50, 50, 1}, 6);
}

/* VUs without a sleep ask as fast as they are answered. */
static void rule_10_1_1_vus_without_a_pause_are_not_users(void **state)
{
    (void)state;
    struct story s;
    story_read(
        &s,
        TEST("'k6': {'constant-vus': {'vus': 100}}") "'services': {'web': {'kind': "
                                                     "'server', 'slots': 10, 'time': "
                                                     "'100ms'}}}",
        1);
    story_watch(&s, 10, 100, 10);
    assert_within((double)only(&s)->ok / 100, 100, 0.1); /* what it can do, no more */
    assert_within(story_mean(only(&s)), 1, 0.001);       /* 100 of them wait in line */
    story_end(&s);
}

static void vus_end_with_the_test(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, TEST("'k6': {'constant-vus': {'vus': 3, 'duration': '10s',"
                        "  'sleep': '1s'}}") WEB("1s"));
    assert_int_equal(only(&s)->ok, 15); /* at 0, 2, … 8 s */
    assert_true(s.facts->terminating);
    story_end(&s);
}

/* 0 to 4 VUs in 4 s: the n-th starts at n s. Down to 0 in 4 s: the last stops at once
 * when it has finished, and so on. Each asks once a second. */
static void vus_ramp_from_stage_to_stage(void **state)
{
    (void)state;
    assert_starts(TEST("'k6': {'ramping-vus': {'startVUs': 0, 'stages': ["
                       "{'duration': '4s', 'target': 4},"
                       "{'duration': '2s', 'target': 4},"
                       "{'duration': '4s', 'target': 0}], 'sleep': '900ms'}}")
                      WEB("100ms"),
                  (uint64_t[]){0, 1, 2, 3, 4, 4, 4, 3, 2, 1, 0}, 11);
}

/* A VU that has stopped comes back when a later stage wants it. */
static void vus_come_back(void **state)
{
    (void)state;
    assert_starts(
        TEST("'k6': {'ramping-vus': {'startVUs': 2, 'stages': ["
             "{'duration': '2s', 'target': 2}, {'duration': '0s', 'target': 1},"
             "{'duration': '2s', 'target': 1}, {'duration': '0s', 'target': 3},"
             "{'duration': '2s', 'target': 3}], 'sleep': '900ms'}}") WEB("100ms"),
        (uint64_t[]){2, 2, 1, 1, 3, 3, 0}, 7);
}

/* ---- how k6's tests end ---------------------------------------------------------- */

/* 2 VUs; iterations of 1 s and a sleep of 1 s. Shared: 5 of them begin at 0, 0, 2, 2
 * and 4 s. Each VU: 3, at 0, 2 and 4 s. The sleep of the last is over at 6 s. */
static void rule_10_1_2_iterations_end_a_test(void **state)
{
    (void)state;
    static const char *const executors[] = {"shared-iterations", "per-vu-iterations"};
    static const int iterations[] = {5, 3};
    for (int i = 0; i < 2; i++) {
        struct story s;
        char text[300];
        snprintf(text, sizeof text,
                 TEST("'k6': {'%s': {'vus': 2, 'iterations': %d, 'sleep': '1s'}}")
                     WEB("1s"),
                 executors[i], iterations[i]);
        story_tell(&s, text);
        assert_int_equal(only(&s)->offered, 5 + i);
        assert_int_equal(only(&s)->ok, 5 + i);
        assert_true(s.out.length == 6 * SIM_SECOND);
        story_end(&s);
    }
}

/* The first request takes 10 s, all others 1 s. Shared: the other VU does 9 of the 10
 * meanwhile; of 5 each, one VU is late. */
static void rule_10_1_2_a_slow_vu_does_fewer_of_those_that_are_shared(void **state)
{
    (void)state;
    static const char *const executors[] = {"'shared-iterations': {'iterations': 10,",
                                            "'per-vu-iterations': {'iterations': 5,"};
    static const double lengths[] = {10, 14};
    for (int i = 0; i < 2; i++) {
        struct story s;
        char text[500];
        snprintf(text, sizeof text,
                 TEST("'k6': {%s 'vus': 2}}") "'services': {'web': {'kind': 'server',"
                                              "'processes': 1, 'handlers': {'default':"
                                              "[{'once': [{'wait': '9s'}]},"
                                              "{'wait': '1s'}]}}}}",
                 executors[i]);
        story_tell(&s, text);
        assert_int_equal(only(&s)->ok, 10);
        assert_true(s.out.length >= story_time(lengths[i]) - SIM_SECOND);
        story_end(&s);
    }
}

/* maxDuration, and the grace after it: the iterations of 4 s begin at 0, 4 and 8 s. */
static void rule_10_1_2_what_is_under_way_at_the_end_is_interrupted(void **state)
{
    (void)state;
    static const char *const grace[] = {"", ", 'gracefulStop': '1s'",
                                        ", 'gracefulStop': '0s'"};
    for (int i = 0; i < 3; i++) {
        struct story s;
        char text[400];
        snprintf(text, sizeof text,
                 TEST("'k6': {'per-vu-iterations': {'vus': 3, 'iterations': 9,"
                      " 'maxDuration': '10s'%s}}") WEB("4s"),
                 grace[i]);
        story_tell(&s, text);
        assert_int_equal(only(&s)->offered, 9);
        assert_int_equal(only(&s)->ok, i == 0 ? 9 : 6);
        assert_int_equal(only(&s)->unfinished, i == 0 ? 0 : 3);
        assert_int_equal(only(&s)->tool.count, only(&s)->ok);
        assert_int_equal(only(&s)->attempts, 9);
        assert_true(s.out.length == story_time(i == 0 ? 12 : i == 1 ? 11 : 10));
        story_end(&s);
    }
}

/* Arrival rates, too; and the server notices if it does such things. */
static void rule_10_1_2_arrival_rates_have_a_grace(void **state)
{
    (void)state;
    struct story s;
    story_tell(
        &s,
        TEST("'k6': {'constant-arrival-rate': {'rate': '1/s', 'duration':"
             " '5s', 'preAllocatedVUs': 9, 'gracefulStop': '2s'}}") "'services': "
                                                                    "{'web': {'kind': "
                                                                    "'server', 'time': "
                                                                    "'3500ms',"
                                                                    "'on_disconnect': "
                                                                    "'stop'}}}");
    /* begun at 0 … 4 s, over at 7 s: those of 4 s are not */
    assert_int_equal(only(&s)->offered, 5);
    assert_int_equal(only(&s)->ok, 4);
    assert_int_equal(only(&s)->unfinished, 1);
    assert_true(s.out.length == 7 * SIM_SECOND);
    story_end(&s);
}

/* The second VU is taken away at 5 s, in the middle of an iteration that would take up
 * to 8 s; it is given back at 9 s. */
static void rule_10_1_2_a_vu_that_is_taken_away_has_a_grace(void **state)
{
    (void)state;
    static const char *const grace[] = {"10s", "1s"};
    for (int i = 0; i < 2; i++) {
        struct story s;
        char text[500];
        snprintf(
            text, sizeof text,
            TEST("'k6': {'ramping-vus': {'startVUs': 2, 'stages': ["
                 "{'duration': '5s', 'target': 2}, {'duration': '0s', 'target': 1},"
                 "{'duration': '4s', 'target': 1}, {'duration': '0s', 'target': 2},"
                 "{'duration': '3s', 'target': 2}], 'gracefulRampDown': '%s'}}")
                WEB("4s"),
            grace[i]);
        story_tell(&s, text);
        /* first: 0, 4, 8; second: 0, 4 to 8 or 6, 9 */
        assert_int_equal(only(&s)->offered, 6);
        assert_int_equal(only(&s)->unfinished, i);
        story_end(&s);
    }
}

/* Those who are not taken away in between go on as if nothing had been. */
static void vus_that_are_given_back_in_time_go_on(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, TEST("'k6': {'ramping-vus': {'startVUs': 1, 'stages': ["
                        "{'duration': '5s', 'target': 1}, {'duration': '0s', 'target':"
                        "0}, {'duration': '1s', 'target': 0}, {'duration': '0s',"
                        "'target': 1}, {'duration': '3s', 'target': 1}],"
                        "'gracefulRampDown': '2s'}}") WEB("4s"));
    assert_int_equal(only(&s)->ok, 3); /* 0, 4, 8 s */
    assert_int_equal(only(&s)->unfinished, 0);
    story_end(&s);
}

/* ---- Locust ---------------------------------------------------------------------- */

/* 500 users, 50 a second: 50 at 0 s, 100 at 1 s, … all from 9 s on. */
static void rule_10_1_3_locust_spawns_its_users(void **state)
{
    (void)state;
    assert_starts(TEST("'locust': {'users': 500, 'spawn_rate': '50/s', 'wait_time': {"
                       "'constant': '1000s'}}") WEB("10ms"),
                  (uint64_t[]){50, 50, 50, 50, 50, 50, 50, 50, 50, 50, 0}, 11);
}

static double locust_rate(const char *wait, const char *time)
{
    struct story s;
    char text[300];
    snprintf(text, sizeof text,
             "{'workloads': {'test': {'target': 'web', 'locust': {'users': 10,"
             "  'spawn_rate': '10/s', %s}}}, 'services': {'web': {'kind': 'server',"
             "  'time': '%s'}}}",
             wait, time);
    story_read(&s, text, 1);
    story_watch(&s, 100, 1000, 20);
    double rate = (double)only(&s)->ok / 1000;
    story_end(&s);
    return rate;
}

static void rule_10_1_3_wait_times_of_locust(void **state)
{
    (void)state;
    assert_within(locust_rate("'wait_time': {'constant': '3s'}", "1s"), 2.5, 0.02);
    assert_within(locust_rate("'wait_time': {'between': ['1s', '5s']}", "1s"), 2.5,
                  0.05);
    assert_within(locust_rate("'wait_time': {'constant_pacing': '4s'}", "1s"), 2.5,
                  0.02);
    assert_within(locust_rate("'wait_time': {'constant_pacing': '4s'}", "5s"), 2, 0.02);
    assert_within(locust_rate("'wait_time': {'constant_throughput': '0.5/s'}", "1s"), 5,
                  0.02);
    assert_within(locust_rate("'run_time': '2000s'", "1s"), 10, 0.02); /* none */
}

/* Locust, wrk and wrk2 break off what is under way at once; Locust unless told. */
static void rule_10_1_3_tests_end_at_once(void **state)
{
    (void)state;
    static const char *const tools[] = {
        "'locust': {'users': 1, 'run_time': '3s'}",
        "'locust': {'users': 1, 'run_time': '3s', 'stop_timeout': '2s'}",
        "'wrk': {'connections': 1, 'duration': '3s'}",
        "'wrk2': {'rate': '1/s', 'connections': 1, 'duration': '3s'}"};
    static const uint64_t answered[] = {1, 2, 1, 1};
    for (int i = 0; i < 4; i++) {
        struct story s;
        char text[300];
        snprintf(text, sizeof text, TEST("%s") WEB("2s"), tools[i]);
        story_tell(&s, text);
        assert_int_equal(only(&s)->ok, answered[i]);
        assert_int_equal(only(&s)->tool.count, answered[i]);
        assert_int_equal(only(&s)->unfinished, only(&s)->offered - answered[i]);
        story_end(&s);
    }
}

/* ---- sessions ------ ---------------------------------------------------------- */

/* 10 to 15 messages a session, 100 s from one to the next: users at a time are the rate
 * of sessions times their length (Little). */
static void rule_10_1_4_users_at_a_time_are_rate_times_length(void **state)
{
    (void)state;
    struct story s;
    story_read(&s,
               "{'workloads': {'chat': {'target': 'web', 'sessions': {'rate': '0.1/s',"
               "  'requests': {'uniform': [9.5, 15.5]}, 'think': '90s'}}},"
               "'services': {'web': {'kind': 'server', 'time': '10s'}}}",
               1);
    story_watch(&s, 5000, 200000, 2000);
    double requests = 0.1 * 12.5;
    double sessions = (double)only(&s)->offered / 200000;
    assert_within(sessions, requests, 0.03 * requests);
    double busy = (double)story_at(&s, "web")->busy_area * 1e-9 / 200000;
    assert_within(busy, 10 * sessions, 0.01 * busy);
    story_end(&s);
}

/* ---- wrk, wrk2 ----------------------------------------------------------------- */

static void wrk_keeps_its_connections_busy(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, TEST("'wrk': {'connections': 4, 'duration': '10s'}") WEB("100ms"));
    assert_int_equal(only(&s)->ok, 400);
    assert_int_equal(only(&s)->tool.count, 400);
    story_end(&s);
}

/* Its latencies end at its timeout: the slow ones are not in them. */
static void wrk_leaves_slow_answers_out(void **state)
{
    (void)state;
    struct story s;
    story_tell(
        &s, TEST("'wrk': {'connections': 10, 'duration': '30s'}") "'services': {'web': "
                                                                  "{'kind': 'server', "
                                                                  "'slots': 1, 'time': "
                                                                  "'300ms'}}}");
    const struct type_outcome *type = only(&s);
    assert_true(type->tool.most <= 2 * SIM_SECOND);
    assert_true(type->tool_late > type->tool.count); /* 3 s each, once all wait */
    assert_int_equal(type->tool.count + type->tool_late, type->ok);
    story_end(&s);
}

/* Two threads of two connections, 4/s: each sends once a second, at 0 or 5 ms. */
static void wrk2_has_a_schedule_for_each_connection(void **state)
{
    (void)state;
    struct story s;
    story_read(&s,
               TEST("'wrk2': {'rate': '4/s', 'connections': 4, 'threads': 2}")
                   WEB("100ms"),
               1);
    story_watch(&s, 0, 10, 5);
    assert_int_equal(only(&s)->offered, 40);
    assert_int_equal(only(&s)->latency.most, story_time(0.1));
    story_watch(&s, 0, 0.001, 5);
    assert_int_equal(only(&s)->offered, 2);
    story_watch(&s, 0.004, 0.002, 5);
    assert_int_equal(only(&s)->offered, 2);
    story_end(&s);
}

/* One connection that answers 2/s is asked for 4/s: it never catches up, and each
 * request waits longer than the one before: from when it should have been sent. */
static void rule_10_2_5_wrk2_times_from_its_schedule(void **state)
{
    (void)state;
    struct story s;
    story_read(&s,
               TEST("'wrk2': {'rate': '4/s', 'connections': 1, 'threads': 1,"
                    "'duration': '9s'}") WEB("500ms"),
               1);
    story_watch(&s, 0, 1, 10);
    assert_latencies(&s, 0.5, 0.75, 1, 1.25);
    assert_int_equal(only(&s)->tool.most, story_time(1.25));
    story_end(&s);
}

/* 20 s at 10/s; wrk2 begins to count 10 s after its start, and 5 ms for each connection
 * of a thread. In a shorter test there is no calibration. */
static void rule_10_2_5_wrk2_calibrates_for_ten_seconds(void **state)
{
    (void)state;
    static const char *const durations[] = {"20s", "9s"};
    static const int timed[] = {100, 90};
    for (int i = 0; i < 2; i++) {
        struct story s;
        char text[300];
        snprintf(text, sizeof text,
                 TEST("'wrk2': {'rate': '10/s', 'connections': 2, 'threads': 2,"
                      "'duration': '%s'}") WEB("10ms"),
                 durations[i]);
        story_tell(&s, text);
        assert_int_equal(only(&s)->ok, i == 0 ? 200 : 90);
        assert_int_equal(only(&s)->tool.count, timed[i]);
        story_end(&s);
    }
}

/* Something else takes the server from 50 ms to 1.05 s. What is late then goes out at
 * twice the pace, every 50 ms, and not all at once. */
static void wrk2_makes_up_at_twice_its_pace(void **state)
{
    (void)state;
    struct story s;
    story_read(&s,
               "{'workloads': {'test': {'target': 'web', 'wrk2': {'rate': '10/s',"
               "   'connections': 1, 'threads': 1}},"
               " 'stall': {'target': 'web', 'mix': {'stall': 1},"
               "   'burst': {'users': 1, 'at': '50ms'}}},"
               "'services': {'web': {'kind': 'server', 'slots': 1, 'handlers': {"
               "  'stall': [{'wait': '1s'}], 'default': [{'wait': '10ms'}]}}}}",
               1);
    story_watch(&s, 0, 1.05, 10);
    /* due at 0, 0.1, 0.2, … 1.0 s; sent at 0, 0.1, 1.06, 1.11, … 1.46 s */
    assert_latencies(&s, 0.01, 0.96, 0.87, 0.82, 0.77, 0.72, 0.67, 0.62, 0.57, 0.52,
                     0.47);
    story_end(&s);
}

/* ---- what they time ------------------------------------------------------------ */

/* A round trip of 100 ms, a new connection each time: k6 leaves the connection out of
 * http_req_duration, Locust does not; users feel it. */
static void rule_10_2_5_k6_does_not_time_connections(void **state)
{
    (void)state;
    static const char *const tools[] = {
        "'k6': {'constant-vus': {'vus': 1, 'duration': '3s', 'sleep': '1s'}}",
        "'locust': {'users': 1, 'run_time': '3s', 'wait_time': {'constant': '1s'}}"};
    static const double timed[] = {0.2, 0.3};
    for (int i = 0; i < 2; i++) {
        struct story s;
        char text[400];
        snprintf(text, sizeof text,
                 "{'workloads': {'test': {'target': 'web', 'latency': '50ms',"
                 "  'connections': {'keep_alive': '0s'}, %s}}, " WEB("100ms"),
                 tools[i]);
        story_tell(&s, text);
        assert_int_equal(only(&s)->latency.most, story_time(0.3));
        assert_int_equal(only(&s)->tool.most, story_time(timed[i]));
        story_end(&s);
    }
}

/* Failed requests are in the tool's times, and not in the latency of users. */
static void tools_time_failures_too(void **state)
{
    (void)state;
    struct story s;
    story_tell(
        &s,
        TEST(
            "'k6': {'constant-vus': {'vus': 1, 'duration': '10s'}}") "'services': "
                                                                     "{'web': {'kind': "
                                                                     "'server', "
                                                                     "'handlers': "
                                                                     "{'default': ["
                                                                     "  {'wait': "
                                                                     "'100ms'}, "
                                                                     "{'fail': '503', "
                                                                     "'probability': "
                                                                     "0.5}]}}}}");
    assert_int_equal(only(&s)->tool.count, 100);
    assert_true(only(&s)->ok < 70);
    story_end(&s);
}

/* One load generator is one address: ip_hash sends everything to one server. */
static void a_load_tool_has_one_address(void **state)
{
    (void)state;
    static const char *const addresses[] = {"", ", 'addresses': 1000"};
    for (int i = 0; i < 2; i++) {
        struct story s;
        char text[500];
        snprintf(
            text, sizeof text,
            "{'workloads': {'test': {'target': 'lb', 'k6': {"
            "  'constant-arrival-rate': {'rate': '100/s', 'duration': '10s',"
            "   'preAllocatedVUs': 100}} %s}}, 'services': {'lb': {'kind': 'nginx',"
            "  'upstream': 'web', 'balance': 'ip_hash'}, 'web': {'kind': 'server',"
            "  'replicas': 4, 'time': '10ms'}}}",
            addresses[i]);
        story_tell(&s, text);
        const struct station_outcome *web = story_at(&s, "web");
        if (i == 0)
            assert_true(web->hottest_area == web->busy_area);
        else
            assert_true(web->hottest_area < web->busy_area / 2);
        story_end(&s);
    }
}

/* ---- everything at once ---------------------------------------------------------- */

/* Patience, reloads, budgets, deadlines, few connections and fewer VUs, at twice what
 * can be done: whatever becomes of a request, the books balance (story_end says so). */
static void everything_at_once_balances(void **state)
{
    (void)state;
    static const char *const tools[] = {
        "'k6': {'constant-arrival-rate': {'rate': '500/s', 'preAllocatedVUs': 5,"
        "  'maxVUs': 30, 'vu_start': '100ms', 'sleep': '50ms'}}, 'connections': {"
        "  'tls': '1.2', 'keep_alive': '100ms', 'max': 12}",
        "'wrk2': {'rate': '500/s', 'connections': 20}, 'connections': {'tls': '1.3'}",
        "'locust': {'users': 100, 'spawn_rate': '30/s', 'wait_time': {'between':"
        "  ['0s', '200ms']}}, 'connections': {'max': 12}",
        "'open': {'rate': '500/s'}, 'connections': {'keep_alive': '10ms'}"};
    static const char *const budgets[] = {
        "'envoy': {}", "'grpc': {'maxTokens': 10, 'tokenRatio': 0.5}", "'finagle': {}"};
    for (int i = 0; i < 12; i++) {
        struct story s;
        char text[1000];
        snprintf(
            text, sizeof text,
            "{'workloads': {'test': {'target': 'web', %s, 'latency': '5ms',"
            "  'timeout': '300ms', 'deadline': '900ms', 'patience': {"
            "    'exponential': '1s'}, 'reload': {'after': {'exponential':"
            "    '200ms'}, 'max': 2, 'probability': 0.5},"
            "  'retry': {'max': 3, 'probability': 0.9, 'backoff': {'base': '20ms'},"
            "    'budget': {%s}}}}, 'services': {'web': {'kind': 'server',"
            "  'slots': 10, 'queue_limit': 40, 'handlers': {'default': [{'wait': {"
            "    'exponential': '40ms'}}, {'fail': '503', 'probability': 0.1,"
            "    'retry_after': '30ms'}]}}}}",
            tools[i % 4], budgets[i / 4]);
        story_read(&s, text, 1);
        story_watch(&s, 1, 20, i % 2 ? 5 : 0.05); /* some are cut off */
        assert_true(only(&s)->ok > 0 && only(&s)->retries > 0);
        story_end(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_10_1_2_iterations_are_evenly_spaced),
        cmocka_unit_test(rule_10_1_2_without_a_free_vu_iterations_are_dropped),
        cmocka_unit_test(rule_10_1_2_dropped_iterations_start_vus_up_to_the_most),
        cmocka_unit_test(rule_10_1_2_sleep_keeps_the_vu),
        cmocka_unit_test(rule_10_1_2_rates_ramp_from_stage_to_stage),
        cmocka_unit_test(rule_10_1_1_vus_without_a_pause_are_not_users),
        cmocka_unit_test(vus_end_with_the_test),
        cmocka_unit_test(vus_ramp_from_stage_to_stage),
        cmocka_unit_test(vus_come_back),
        cmocka_unit_test(rule_10_1_3_locust_spawns_its_users),
        cmocka_unit_test(rule_10_1_3_wait_times_of_locust),
        cmocka_unit_test(rule_10_1_4_users_at_a_time_are_rate_times_length),
        cmocka_unit_test(wrk_keeps_its_connections_busy),
        cmocka_unit_test(wrk_leaves_slow_answers_out),
        cmocka_unit_test(wrk2_has_a_schedule_for_each_connection),
        cmocka_unit_test(rule_10_2_5_wrk2_times_from_its_schedule),
        cmocka_unit_test(wrk2_makes_up_at_twice_its_pace),
        cmocka_unit_test(rule_10_2_5_k6_does_not_time_connections),
        cmocka_unit_test(tools_time_failures_too),
        cmocka_unit_test(a_load_tool_has_one_address),
        cmocka_unit_test(everything_at_once_balances),
        cmocka_unit_test(rule_10_1_2_iterations_end_a_test),
        cmocka_unit_test(rule_10_1_2_a_slow_vu_does_fewer_of_those_that_are_shared),
        cmocka_unit_test(rule_10_1_2_what_is_under_way_at_the_end_is_interrupted),
        cmocka_unit_test(rule_10_1_2_arrival_rates_have_a_grace),
        cmocka_unit_test(rule_10_1_2_a_vu_that_is_taken_away_has_a_grace),
        cmocka_unit_test(vus_that_are_given_back_in_time_go_on),
        cmocka_unit_test(rule_10_1_3_tests_end_at_once),
        cmocka_unit_test(rule_10_2_5_wrk2_calibrates_for_ten_seconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
