/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Streams and connections that stay open. */
#include "unit/story.h"

#include <math.h>

/* One stream of 10 s at t = 0, then three short requests. */
#define HELD(server)                                                                   \
    "{'workloads': {"                                                                  \
    "'a': {'target': 'web', 'burst': {'users': 1}, 'mix': {'sse': 1}},"                \
    "'b': {'target': 'web', 'burst': {'users': 3, 'at': '1s'}, 'mix': {'page': 1}}},"  \
    "'services': {'web': {" server ", 'handlers': {"                                   \
    "  'sse': [{'stream': {'chunks': 10, 'gap': '1s'}}],"                              \
    "  'page': [{'wait': '100ms'}]}}}}"

static void rule_9_0_a_stream_holds_a_sync_worker(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, HELD("'kind': 'gunicorn', 'workers': 1"));
    assert_latencies_of(story_type(&s, "page"), 9.1, 9.2, 9.3);
    story_end(&s);
}

static void rule_9_0_a_stream_holds_a_thread(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, HELD("'kind': 'gunicorn', 'threads': 2"));
    assert_latencies_of(story_type(&s, "page"), 0.1, 0.2, 0.3);
    story_end(&s);
}

static void rule_9_0_a_stream_holds_nothing_of_an_event_loop(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, HELD("'kind': 'uvicorn'"));
    assert_latencies_of(story_type(&s, "page"), 0.1, 0.1, 0.1);
    const struct type_outcome *sse = story_type(&s, "sse");
    assert_latencies_of(sse, 10);
    assert_int_equal(sse->first_byte.most, 0);
    assert_int_equal(sse->gap.count, 10);
    assert_int_equal(sse->gap.least, SIM_SECOND);
    assert_int_equal(sse->gap.most, SIM_SECOND);
    assert_true(sse->open_area == (uint128)10 * SIM_SECOND && sse->open_most == 1);
    story_end(&s);
}

/* A sync worker is killed at `timeout`, in the middle of its stream. */
static void rule_9_0_a_long_stream_on_a_sync_worker_is_cut(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, HELD("'kind': 'gunicorn', 'workers': 2, 'timeout': '4s'"));
    const struct type_outcome *sse = story_type(&s, "sse");
    assert_int_equal(sse->ok, 0);
    assert_int_equal(sse->cut, 1);
    assert_in_range(sse->failed_latency.most, 4 * SIM_SECOND, 5 * SIM_SECOND);
    story_end(&s);
}

/* nginx before a server; a stream of two chunks with a silence of `gap` before each. */
#define SILENT(proxy, server, gap)                                                     \
    "{'workloads': {'a': {'target': 'edge', 'burst': {'users': 1}},"                   \
    "  'later': {'target': 'other', 'burst': {'users': 1, 'at': '3min'}}},"            \
    "'services': {'edge': {" proxy ", 'upstream': 'web'},"                             \
    "'other': {'kind': 'server', 'time': '1ms'},"                                      \
    "'web': {" server ", 'handlers': {"                                                \
    "  'default': [{'stream': {'chunks': 2, 'gap': '" gap "'}}]}}}}"

static void rule_9_1_a_silence_of_60_s_is_cut(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, SILENT("'kind': 'nginx'", "'kind': 'uvicorn'", "61s"));
    const struct type_outcome *type = &s.out.type[0];
    assert_int_equal(type->cut, 1);
    assert_int_equal(story_failed(&s, STATUS_RESET), 1);
    assert_int_equal(type->failed_latency.most, 60 * SIM_SECOND);
    assert_int_equal(type->first_byte.count, 0);
    story_end(&s);
}

static void rule_9_1_more_frequent_bytes_keep_it_open(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, SILENT("'kind': 'nginx'", "'kind': 'uvicorn'", "59s"));
    assert_latencies(&s, 118);
    assert_int_equal(s.out.type[0].cut, 0);
    story_end(&s);
}

/* The idle timeout of a cloud balancer; before the first byte it is a 504. */
static void rule_9_1_any_proxy_on_the_way_may_cut(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, SILENT("'kind': 'load_balancer', 'read_timeout': '10s'",
                          "'kind': 'go'", "11s"));
    assert_int_equal(s.out.type[0].cut, 1);
    assert_int_equal(s.out.type[0].failed_latency.most, 10 * SIM_SECOND);
    story_end(&s);
}

/* A thread learns of it when it writes again, an event loop at once. */
static void rule_9_1_the_server_learns_of_the_cut_with_its_next_write(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, SILENT("'kind': 'nginx'", "'kind': 'gunicorn', 'threads': 2",
                          "70s"));
    assert_true(story_at(&s, "web")->held == 70 * SIM_SECOND);
    story_end(&s);
    story_tell(&s, SILENT("'kind': 'nginx'", "'kind': 'uvicorn'", "70s"));
    assert_true(story_at(&s, "web")->held == 60 * SIM_SECOND);
    story_end(&s);
}

/* With CPU at every chunk each is an event of its own; the result is the same. */
static void rule_9_1_silences_between_chunks_that_work(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {'a': {'target': 'edge', 'burst': {'users': 1}}},"
                   "'services': {'edge': {'kind': 'nginx', 'upstream': 'web'},"
                   "'web': {'kind': 'uvicorn', 'handlers': {'default': ["
                   "  {'stream': {'chunks': 3, 'gap': '61s', 'cpu': '1ms'}}]}}}}");
    assert_int_equal(s.out.type[0].cut, 1);
    assert_int_equal(s.out.type[0].failed_latency.most, 60 * SIM_SECOND);
    story_end(&s);
}

/* Random gaps: a stream of 20 exponential gaps of mean 1 s survives a limit of 5 s with
 * probability (1 - e^-5)^20 = 0.8735. */
static void rule_9_1_the_share_that_is_cut(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {'a': {'target': 'edge', 'burst': {'users': 20000}}},"
                   "'services': {'edge': {'kind': 'nginx', 'upstream': 'web',"
                   "  'worker_processes': 1, 'worker_connections': 100000,"
                   "  'proxy_read_timeout': '5s'},"
                   "'web': {'kind': 'uvicorn', 'backlog': 100000, 'somaxconn': 100000,"
                   "  'handlers': {'default': [{'stream': {'chunks': 20,"
                   "    'gap': {'exponential': '1s'}}}]}}}}");
    const struct type_outcome *type = &s.out.type[0];
    assert_int_equal(type->ok + type->cut, 20000);
    assert_within((double)type->ok / 20000, 0.8735, 0.008);
    story_end(&s);
}

/* A session without messages: uvicorn's pings keep it open, none do not. */
#define QUIET(keys)                                                                    \
    "{'workloads': {'a': {'target': 'edge', 'burst': {'users': 1}}},"                  \
    "'services': {'edge': {'kind': 'nginx', 'upstream': 'web'},"                       \
    "'web': {'kind': 'uvicorn', 'handlers': {"                                         \
    "  'default': [{'session': {'duration': '1h' " keys "}}]}}}}"

static void rule_9_1_pings_keep_a_session_open(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, QUIET(""));
    assert_latencies(&s, 3600);
    story_end(&s);
    story_tell(&s, QUIET(", 'ping': '0s'"));
    assert_int_equal(s.out.type[0].cut, 1);
    assert_int_equal(s.out.type[0].failed_latency.most, 60 * SIM_SECOND);
    story_end(&s);
    story_tell(&s, QUIET(", 'ping': '90s'"));
    assert_int_equal(s.out.type[0].cut, 1);
    story_end(&s);
}

/* 40 sessions on the first of two servers; least_conn sends what comes next to the
 * other, round robin every second request to the one that is full of them. */
#define DRIFT(policy)                                                                  \
    "{'workloads': {"                                                                  \
    "'a': {'target': 'one', 'burst': {'users': 20}, 'mix': {'ws': 1}},"                \
    "'b': {'target': 'lb', 'burst': {'users': 10, 'at': '1s'}, 'mix': {'ws': 1}}},"    \
    "'services': {"                                                                    \
    " 'one': {'kind': 'nginx', 'upstream': [{'server': 'web'}]},"                      \
    " 'lb': {'kind': 'nginx', 'balance': '" policy "', 'upstream': 'web'},"            \
    " 'web': {'kind': 'uvicorn', 'replicas': 2, 'handlers': {"                         \
    "  'ws': [{'session': {'duration': '10min'}}]}}}}"

static void rule_9_2_a_balancer_counts_only_its_own_streams(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, DRIFT("least_conn"));
    assert_int_equal(story_at(&s, "web")->busy_most, 15);
    story_end(&s);
}

/* Streams do not move: a server that was away while they came has none of them. */
static void rule_9_2_streams_stay_where_they_are(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {'a': {'target': 'lb', 'burst': {'users': 20}},"
                   "  'b': {'target': 'lb', 'burst': {'users': 20, 'at': '100s'}}},"
                   "'services': {"
                   " 'lb': {'kind': 'nginx', 'zone': true, 'balance': 'least_conn',"
                   "  'upstream': [{'server': 'old', 'weight': 1},"
                   "               {'server': 'new', 'max_conns': 10}]},"
                   " 'old': {'kind': 'uvicorn', 'handlers': {"
                   "  'default': [{'session': {'duration': '10min'}}]}},"
                   " 'new': {'kind': 'uvicorn', 'handlers': {"
                   "  'default': [{'session': {'duration': '10s'}}]}}}}");
    /* 10 and 10; those on `new` have left at 100 s, those on `old` have not, so that
     * the count sends 10 to `new` before it is full, and the rest to `old` */
    assert_int_equal(story_at(&s, "new")->served, 20);
    assert_int_equal(story_at(&s, "old")->busy_most, 20);
    story_end(&s);
}

/* 1,000 connections, 4 processes: every message is 1,000 sends, and each process does
 * its own one after the other. */
static void rule_9_3_a_broadcast_costs_a_send_for_each_connection(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {"
                   "'a': {'target': 'web', 'burst': {'users': 1000}, 'mix': {'ws': 1}},"
                   "'b': {'target': 'web', 'burst': {'users': 1, 'at': '10s'},"
                   "      'mix': {'post': 1}},"
                   "'c': {'target': 'web', 'burst': {'users': 1, 'at': '10.001s'},"
                   "      'mix': {'page': 1}}},"
                   "'services': {'web': {'kind': 'uvicorn', 'cpu': 4,"
                   "  'backlog': 2000, 'handlers': {"
                   "  'ws': [{'session': {'duration': '60s'}}],"
                   "  'post': [{'broadcast': {'cpu': '0.2ms'}}],"
                   "  'page': [{'cpu': '1ms'}]}}}}");
    assert_true(story_at(&s, "web")->cpu_area ==
                (uint128)(201 * SIM_SECOND / 1000) * 1000);
    assert_latencies_of(story_type(&s, "page"), 0.2);
    story_end(&s);
    story_tell(&s, "{'workloads': {"
                   "'a': {'target': 'web', 'burst': {'users': 1000}, 'mix': {'ws': 1}},"
                   "'b': {'target': 'web', 'burst': {'users': 1, 'at': '10s'},"
                   "      'mix': {'post': 1}}},"
                   "'services': {'web': {'kind': 'uvicorn', 'workers': 4, 'cpu': 4,"
                   "  'backlog': 2000, 'handlers': {"
                   "  'ws': [{'session': {'duration': '60s'}}],"
                   "  'post': [{'broadcast': {'cpu': '0.2ms'}}]}}}}");
    assert_true(story_at(&s, "web")->cpu_area ==
                (uint128)(200 * SIM_SECOND / 1000) * 1000);
    story_end(&s);
}

/* 2,000 users on a server that is deployed at 60 s; they come back 3 s later. */
#define STORM(backoff)                                                                 \
    "{'workloads': {'users': {'target': 'web', 'closed': {'users': 2000,"              \
    "  'ramp_up': '10s'}, 'retry': {'max': 20, 'backoff': " backoff "}}},"             \
    "'services': {'web': {'kind': 'uvicorn', 'cpu': 1, 'backlog': 2048,"               \
    "  'timeout_graceful_shutdown': '5s', 'boot': '0s',"                               \
    "  'restart': {'at': '60s'}, 'handlers': {'default': ["                            \
    "    {'cpu': '2ms'}, {'session': {'duration': '1h'}}]}}}}"

static void rule_9_4_a_restart_cuts_all_streams_at_once(void **state)
{
    (void)state;
    struct story s;
    story_read(&s, STORM("{'base': '3s', 'factor': 1, 'jitter': 'none'}"), 1);
    story_watch(&s, 0, 300, 0);
    const struct type_outcome *type = &s.out.type[0];
    assert_int_equal(type->cut, 2000);
    assert_int_equal(type->open_most, 2000);
    /* all at the same instant: 2,000 x 2 ms of work wait in one line */
    assert_int_equal(story_at(&s, "web")->busy_most, 2000);
    double open = (double)type->open_area * 1e-9 / 300;
    double expected = 2000 * (300 - 5 - (3 + 2)) / 300.0;
    assert_within(open, expected, 2000 * 0.002);
    story_end(&s);
}

static void rule_9_4_a_wide_pause_spreads_the_storm(void **state)
{
    (void)state;
    struct story s;
    story_read(&s, STORM("{'base': '30s', 'cap': '30s', 'jitter': 'full'}"), 1);
    story_watch(&s, 0, 300, 0);
    assert_int_equal(s.out.type[0].cut, 2000);
    /* 67 a second of 2 ms each: hardly anybody waits, half of 30 s are lost */
    double open = (double)s.out.type[0].open_area * 1e-9 / 300;
    assert_within(open, 2000 * (300 - 5 - 15) / 300.0, 2000 * 0.004);
    story_end(&s);
}

/* A user whose session broke comes back for the rest of it. */
static void rule_9_4_a_session_goes_on_after_the_cut(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {'a': {'target': 'web', 'burst': {'users': 1},"
                   "  'retry': {'max': 1, 'backoff': {'base': '3s', 'jitter': 'none'}}"
                   "}},"
                   "'services': {'web': {'kind': 'server', 'grace': '1s', 'boot': '0s',"
                   "  'restart': {'at': '10s', 'every': '50s'}, 'handlers': {"
                   "  'default': [{'session': {'duration': '100s'}}]}}}}");
    /* 11 s, 3 s pause, 47 s to the second cut at 61 s, a pause, the other 42 s: the
     * one retry counts anew after each session that began */
    assert_latencies(&s, 106);
    assert_int_equal(s.out.type[0].cut, 2);
    story_end(&s);
}

/* Messages of a busy loop are late; one that is worked on when the session ends is its
 * last. */
static void rule_9_3_messages_wait_for_the_loop(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {'a': {'target': 'web', 'burst': {'users': 50}}},"
                   "'services': {'web': {'kind': 'uvicorn', 'cpu': 1, 'handlers': {"
                   "  'default': [{'session': {'duration': '10s', 'receive': '10/s',"
                   "    'cpu': '10ms', 'ping': '0s'}}]}}}}");
    const struct type_outcome *type = &s.out.type[0];
    assert_int_equal(type->ok, 50);
    assert_int_equal(type->latency_sum.least, 10 * SIM_SECOND);
    assert_true(type->latency_sum.most > 1005 * SIM_SECOND / 100);
    assert_true(story_at(&s, "web")->cpu_area > (uint128)9900 * SIM_SECOND);
    story_end(&s);
}

/* 24 streams a second of 20 s fill 480 threads: below that nobody waits for long. */
#define THREADS(rate)                                                                  \
    "{'workloads': {'a': {'target': 'web', 'open': {'rate': '" rate "'}}},"            \
    "'services': {'web': {'kind': 'server', 'processes': 120, 'slots': 4,"             \
    "  'handlers': {'default': [{'stream': {'gap': '500ms',"                           \
    "    'duration': {'exponential': '20s'}}}]}}}}"

static void rule_9_6_1_480_threads_saturate_at_24_streams_a_second(void **state)
{
    (void)state;
    struct story s;
    story_read(&s, THREADS("22/s"), 1);
    story_watch(&s, 200, 2000, 100);
    assert_within((double)story_at(&s, "web")->busy_area * 1e-9 / 2000, 440, 8);
    assert_true(tally_mean(&story_at(&s, "web")->wait) < 1e9);
    story_end(&s);
    story_read(&s, THREADS("26/s"), 1);
    story_watch(&s, 200, 2000, 0);
    assert_true((double)story_at(&s, "web")->busy_area * 1e-9 / 2000 > 479);
    assert_within((double)story_at(&s, "web")->served / 2000, 24, 0.5);
    story_end(&s);
}

/* 10,000 clients cut at once, and refused while the server is away. */
#define REFUSED(pause)                                                                 \
    "{'workloads': {'a': {'target': 'web', 'burst': {'users': 10000},"                 \
    "  'retry': {'max': 50, 'backoff': " pause "}}},"                                  \
    "'services': {'web': {'kind': 'server', 'slots': 10000, 'queue_limit': 0,"         \
    "  'grace': '1s', 'boot': '10s', 'restart': {'at': '20s'},"                        \
    "  'handlers': {'default': [{'session': {'duration': '60s'}}]}}}}"

static void rule_9_6_2_fixed_pauses_repeat_the_whole_storm(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, REFUSED("{'base': '3s', 'factor': 1, 'jitter': 'none'}"));
    /* cut at 21 s; away until 31 s; attempts at 24, 27 and 30 s fail, 33 s is well */
    assert_int_equal(story_at(&s, "web")->refused, 3 * 10000);
    assert_int_equal(s.out.type[0].attempts, 5 * 10000);
    assert_int_equal(s.out.type[0].latency_sum.least, (33 + 39) * SIM_SECOND);
    assert_int_equal(s.out.type[0].latency_sum.most, (33 + 39) * SIM_SECOND);
    story_end(&s);
}

static void rule_9_6_2_jitter_flattens_it_only_with_a_large_base(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, REFUSED("{'base': '1s', 'factor': 1, 'jitter': 'full'}"));
    assert_true(story_at(&s, "web")->refused > 10 * 10000);
    story_end(&s);
    story_tell(&s, REFUSED("{'base': '30s', 'cap': '30s', 'factor': 1,"
                           "  'jitter': 'full'}"));
    assert_true(story_at(&s, "web")->refused < 10000);
    story_end(&s);
}

/* ---- slow clients ---------------------------------------------------------------- */

/* 1 MB in ten chunks for a client of 100 kB/s. */
#define SLOW(proxy, stream)                                                            \
    "{'workloads': {'a': {'target': 'edge', 'burst': {'users': 1},"                    \
    "  'bandwidth': '100kB'}},"                                                        \
    "'services': {'edge': {'kind': 'nginx', 'upstream': 'web'" proxy "},"              \
    "'web': {'kind': 'gunicorn', 'handlers': {'default': [{'stream': {"                \
    "  'chunks': 10, 'gap': '10ms', 'size': '100kB'" stream "}}]}}}}"

static void rule_2_6_3_a_buffer_frees_the_worker(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, SLOW("", ", 'buffering': true"));
    assert_latencies(&s, 10.01);
    assert_true(story_at(&s, "web")->held == SIM_SECOND / 10);
    story_end(&s);
}

static void rule_2_6_3_without_it_a_slow_client_holds_the_worker(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, SLOW(", 'proxy_buffering': false", ", 'buffering': true"));
    assert_latencies(&s, 10.1); /* it writes the next chunk when this one has gone */
    assert_true(story_at(&s, "web")->held == 101 * SIM_SECOND / 10);
    story_end(&s);
    story_tell(&s, SLOW("", ""));
    assert_true(story_at(&s, "web")->held == 101 * SIM_SECOND / 10);
    story_end(&s);
    story_tell(&s, SLOW("", ", 'cpu': '0ms'"));
    assert_latencies(&s, 10.1);
    story_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_9_0_a_stream_holds_a_sync_worker),
        cmocka_unit_test(rule_9_0_a_stream_holds_a_thread),
        cmocka_unit_test(rule_9_0_a_stream_holds_nothing_of_an_event_loop),
        cmocka_unit_test(rule_9_0_a_long_stream_on_a_sync_worker_is_cut),
        cmocka_unit_test(rule_9_1_a_silence_of_60_s_is_cut),
        cmocka_unit_test(rule_9_1_more_frequent_bytes_keep_it_open),
        cmocka_unit_test(rule_9_1_any_proxy_on_the_way_may_cut),
        cmocka_unit_test(rule_9_1_the_server_learns_of_the_cut_with_its_next_write),
        cmocka_unit_test(rule_9_1_silences_between_chunks_that_work),
        cmocka_unit_test(rule_9_1_the_share_that_is_cut),
        cmocka_unit_test(rule_9_1_pings_keep_a_session_open),
        cmocka_unit_test(rule_9_2_a_balancer_counts_only_its_own_streams),
        cmocka_unit_test(rule_9_2_streams_stay_where_they_are),
        cmocka_unit_test(rule_9_3_a_broadcast_costs_a_send_for_each_connection),
        cmocka_unit_test(rule_9_3_messages_wait_for_the_loop),
        cmocka_unit_test(rule_9_4_a_restart_cuts_all_streams_at_once),
        cmocka_unit_test(rule_9_4_a_wide_pause_spreads_the_storm),
        cmocka_unit_test(rule_9_4_a_session_goes_on_after_the_cut),
        cmocka_unit_test(rule_9_6_1_480_threads_saturate_at_24_streams_a_second),
        cmocka_unit_test(rule_9_6_2_fixed_pauses_repeat_the_whole_storm),
        cmocka_unit_test(rule_9_6_2_jitter_flattens_it_only_with_a_large_base),
        cmocka_unit_test(rule_2_6_3_a_buffer_frees_the_worker),
        cmocka_unit_test(rule_2_6_3_without_it_a_slow_client_holds_the_worker),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
