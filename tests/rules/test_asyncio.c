/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "unit/story.h"

/* One loop: pieces of CPU one after the other, waits all at the same time. */
static void rule_3_1_1_cpu_on_a_loop_is_one_after_the_other(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {'w': {'target': 'web', 'burst': {'users': 3}}},"
                   " 'services': {'web': {'kind': 'uvicorn', 'handlers': {'default':"
                   "   [{'cpu': '20ms'}, {'wait': '1s'}]}}}}");
    assert_latencies(&s, 1.02, 1.04, 1.06);
    story_end(&s);
}

/* A blocking call in async def is CPU to the loop: whoever comes meanwhile waits. */
static void rule_3_1_2_a_blocking_call_stops_the_process(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {'b': {'target': 'web', 'burst': {'users': 1},"
                   "    'mix': {'blocks': 1}},"
                   "  'w': {'target': 'web', 'burst': {'users': 1, 'at': '1s'}}},"
                   " 'services': {'web': {'kind': 'uvicorn', 'handlers': {"
                   "   'blocks': [{'cpu': '5s'}], 'default': [{'cpu': '10ms'}]}}}}");
    assert_latencies_of(story_of(&s, "w"), 4.01);
    story_end(&s);
}

#define DEF_ENDPOINTS(count)                                                           \
    "{'workloads': {'w': {'target': 'web', 'burst': {'users': " #count "}}},"          \
    " 'services': {'threads': {'kind': 'thread_pool'},"                                \
    "   'web': {'kind': 'uvicorn', 'handlers': {'default':"                            \
    "     [{'hold': 'threads', 'steps': [{'wait': '1s'}]}]}}}}"

static uint64_t answered_by(const struct story *s, double seconds)
{
    uint64_t sum = 0;
    for (int cell = 0; cell <= histogram_cell((uint64_t)story_time(seconds)); cell++) {
        const uint64_t *row =
            s->out.type[0].latency.row[cell / HISTOGRAM_ROW];
        sum += row ? row[cell % HISTOGRAM_ROW] : 0;
    }
    return sum;
}

static void rule_3_1_3_def_endpoints_share_forty_threads(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, DEF_ENDPOINTS(41));
    assert_int_equal(answered_by(&s, 1), 40);
    assert_int_equal(answered_by(&s, 2), 41);
    story_end(&s);
}

/* The client goes after 0.1 s; the thread is busy to the end. */
static void rule_3_1_4_a_thread_is_held_until_its_function_returns(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s,
               "{'workloads': {'hasty': {'target': 'web', 'burst': {'users': 40},"
               "     'timeout': '100ms'},"
               "   'w': {'target': 'web', 'burst': {'users': 1, 'at': '200ms'}}},"
               " 'services': {'threads': {'kind': 'thread_pool'},"
               "   'web': {'kind': 'uvicorn', 'handlers': {'default':"
               "     [{'hold': 'threads', 'steps': [{'wait': '1s'}]}]}}}}");
    assert_latencies_of(story_of(&s, "w"), 1.8);
    story_end(&s);
}

/* The requester's own connection counts: N - 1 are useful. */
static void rule_3_1_5_limit_concurrency_leaves_one_fewer(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {'w': {'target': 'web', 'burst': {'users': 10}}},"
                   " 'services': {'web': {'kind': 'uvicorn', 'limit_concurrency': 4,"
                   "   'time': '1s'}}}");
    assert_latencies(&s, 1, 1, 1);
    assert_int_equal(story_failed(&s, STATUS_503), 7);
    assert_int_equal(s.out.type[0].failed_latency.most, 0);
    story_end(&s);
}

static void rule_3_1_6_nothing_else_is_bounded(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {'w': {'target': 'web', 'burst': {'users': 9000}}},"
                   " 'services': {'web': {'kind': 'uvicorn',"
                   "   'handlers': {'default': [{'cpu': '1ms'}]}}}}");
    assert_int_equal(s.out.type[0].ok, 9000);
    assert_int_equal(s.out.type[0].latency_sum.most, 9 * SIM_SECOND);
    story_end(&s);
}

/* Two answered are enough: what runs then is finished, who comes then waits for the
 * next process. The loop looks every 0.1 s. */
static void rule_3_1_7_a_process_that_stops_finishes_what_it_has(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {'two': {'target': 'web', 'burst': {'users': 2}},"
                   "  'long': {'target': 'web', 'burst': {'users': 1},"
                   "    'mix': {'long': 1}},"
                   "  'w': {'target': 'web', 'burst': {'users': 1, 'at': '2s'}}},"
                   " 'services': {'web': {'kind': 'uvicorn', 'limit_max_requests': 2,"
                   "   'boot': '3s', 'handlers': {'long': [{'wait': '5s'}],"
                   "   'default': [{'wait': '1s'}]}}}}");
    assert_latencies_of(story_of(&s, "two"), 1, 1);
    assert_latencies_of(story_of(&s, "long"), 5);
    assert_latencies_of(story_of(&s, "w"), 5 + 3 - 2 + 1);
    story_end(&s);
}

static void rule_3_5_1_cpu_serialises_and_io_overlaps(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {'w': {'target': 'web', 'burst': {'users': 10}}},"
                   " 'services': {'web': {'kind': 'uvicorn', 'handlers': {'default':"
                   "   [{'cpu': '20ms'}, {'wait': '100ms'}]}}}}");
    assert_int_equal(s.out.type[0].latency_sum.most, 300 * SIM_SECOND / 1000);
    story_end(&s);
}

static void rule_3_5_2_a_blocked_loop_is_killed_by_gunicorn(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {'b': {'target': 'web', 'burst': {'users': 1},"
                   "    'mix': {'blocks': 1}},"
                   "  'w': {'target': 'web', 'burst': {'users': 3},"
                   "    'mix': {'waits': 1}},"
                   "  'later': {'target': 'web', 'burst': {'users': 1, 'at': '9s'}}},"
                   " 'services': {'web': {'kind': 'gunicorn', 'timeout': '2s',"
                   "   'worker_class': 'uvicorn.workers.UvicornWorker', 'handlers': {"
                   "     'blocks': [{'cpu': '5s'}], 'waits': [{'wait': '8s'}],"
                   "     'default': [{'cpu': '10ms'}]}}}}");
    assert_int_equal(story_failed(&s, STATUS_RESET), 4);
    assert_true(story_of(&s, "b")->failed_latency.least > 0);
    assert_true(story_of(&s, "b")->failed_latency.most <= 3 * SIM_SECOND);
    assert_int_equal(story_of(&s, "w")->failed_latency.most,
                     story_of(&s, "b")->failed_latency.most);
    assert_latencies_of(story_of(&s, "later"), 0.01);
    story_end(&s);
}

static void rule_3_5_3_a_hundred_def_endpoints_come_in_forties(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, DEF_ENDPOINTS(100));
    assert_int_equal(answered_by(&s, 1), 40);
    assert_int_equal(answered_by(&s, 2), 80);
    assert_int_equal(answered_by(&s, 3), 100);
    story_end(&s);
}

/* 50 ms of CPU under the lock each: 20 a second, not 40. (Four who share one server and
 * wait elsewhere for as long: 1 - 1/65 of that.) */
static void rule_3_5_4_threads_share_one_core(void **state)
{
    (void)state;
    struct story s;
    story_read(&s,
               "{'workloads': {'w': {'target': 'web', 'closed': {'users': 8}}},"
               " 'services': {'web': {'kind': 'gunicorn', 'threads': 4,"
               "   'worker_class': 'gthread', 'handlers': {'default':"
               "   [{'cpu': {'exponential': {'mean': '50ms'}}},"
               "    {'wait': {'exponential': {'mean': '50ms'}}}]}}}}",
               1);
    story_watch(&s, 10, 2000, 60);
    assert_within((double)story_at(&s, "web")->served / 2000, 20 * 64. / 65, 0.3);
    story_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_3_1_1_cpu_on_a_loop_is_one_after_the_other),
        cmocka_unit_test(rule_3_1_2_a_blocking_call_stops_the_process),
        cmocka_unit_test(rule_3_1_3_def_endpoints_share_forty_threads),
        cmocka_unit_test(rule_3_1_4_a_thread_is_held_until_its_function_returns),
        cmocka_unit_test(rule_3_1_5_limit_concurrency_leaves_one_fewer),
        cmocka_unit_test(rule_3_1_6_nothing_else_is_bounded),
        cmocka_unit_test(rule_3_1_7_a_process_that_stops_finishes_what_it_has),
        cmocka_unit_test(rule_3_5_1_cpu_serialises_and_io_overlaps),
        cmocka_unit_test(rule_3_5_2_a_blocked_loop_is_killed_by_gunicorn),
        cmocka_unit_test(rule_3_5_3_a_hundred_def_endpoints_come_in_forties),
        cmocka_unit_test(rule_3_5_4_threads_share_one_core),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
