/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Model servers that work in batches, and models that each process loads by itself. */
#include "unit/story.h"

#define TRITON(more)                                                                   \
    "'services': {'model': {'kind': 'triton', 'time': '10ms',"                         \
    " 'time_per_request': '1ms', 'max_batch_size': 8" more "}}}"
#define TORCH(more)                                                                    \
    "'services': {'model': {'kind': 'torchserve', 'time': '10ms',"                     \
    " 'time_per_request': '1ms'" more "}}}"
#define BURST(users)                                                                   \
    "{'workloads': {'w': {'target': 'model', 'burst': {'users': " #users "}}},"
/* Bursts of these sizes at these times. */
#define TWO(first, second, at)                                                         \
    "{'workloads': {'a': {'target': 'model', 'burst': {'users': " #first "}},"         \
    " 'b': {'target': 'model', 'burst': {'users': " #second ", 'at': '" at "'}}},"

static const struct batch_counts *batches(const struct story *s)
{
    return &story_at(s, "model")->batch;
}

/* The first finds the instance free and goes alone; others wait for it: 8, then 3. */
static void rule_8_3_8_triton_takes_what_there_is(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, BURST(12) TRITON(""));
    double one = 0.011, eight = 0.018, three = 0.013;
    assert_latencies(&s, one, one + eight, one + eight, one + eight, one + eight,
                     one + eight, one + eight, one + eight, one + eight,
                     one + eight + three, one + eight + three, one + eight + three);
    assert_int_equal(batches(&s)->batches, 3);
    assert_int_equal(batches(&s)->requests, 12);
    story_end(&s);
    /* two instances work at the same time */
    story_tell(&s, BURST(2) TRITON(", 'instance_count': 2"));
    assert_latencies(&s, 0.011, 0.011);
    story_end(&s);
}

/* With a delay the first waits for others, up to the whole of it. */
static void rule_8_3_8_triton_waits_for_the_delay(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, TWO(3, 2, "4ms") TRITON(", 'max_queue_delay_microseconds': 5000"));
    assert_latencies_of(story_of(&s, "a"), 0.020, 0.020, 0.020); /* 5 + 10 + 5 x 1 */
    assert_latencies_of(story_of(&s, "b"), 0.016, 0.016);
    story_end(&s);
    /* a full batch waits for nobody */
    story_tell(&s, BURST(8) TRITON(", 'max_queue_delay_microseconds': 5000"));
    assert_latencies(&s, 0.018, 0.018, 0.018, 0.018, 0.018, 0.018, 0.018, 0.018);
    story_end(&s);
}

/* 4 go at once, the fifth waits for its delay. */
static void rule_8_3_8_triton_prefers_sizes(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, BURST(5) TRITON(", 'preferred_batch_size': [4],"
                                   " 'max_queue_delay_microseconds': 20000"));
    assert_latencies(&s, 0.014, 0.014, 0.014, 0.014, 0.031); /* 20 + 11 */
    story_end(&s);
}

static void rule_8_3_8_triton_rejects_what_does_not_fit_or_waits_too_long(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, BURST(12) TRITON(", 'max_queue_size': 5"));
    assert_int_equal(s.out.type[0].ok, 6); /* one is worked on */
    assert_int_equal(story_failed(&s, STATUS_503), 6);
    assert_int_equal(story_at(&s, "model")->refused, 6);
    assert_books_balance(&s);
    story_end(&s);
    story_tell(&s, BURST(10) TRITON(", 'default_timeout_microseconds': 15000"));
    /* 1 till 11 ms, 8 till 29 ms; the tenth has waited for 15 ms by then */
    assert_int_equal(s.out.type[0].ok, 9);
    assert_int_equal(story_failed(&s, STATUS_503), 1);
    assert_near((double)s.out.type[0].failed_latency.most, 15e6, 0);
    story_end(&s);
}

/* Under light load each request pays the whole delay: 50 + 10 + 1 ms. */
static void rule_8_3_8_torchserve_waits_from_the_first(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, BURST(1) TORCH(", 'batch_size': 4, 'max_batch_delay': '50ms'"));
    assert_latencies(&s, 0.061);
    story_end(&s);
    /* others who come meanwhile are taken; the fourth makes it full: at 30 ms */
    story_tell(&s, TWO(1, 3, "30ms") TORCH(", 'batch_size': 4,"
                                           " 'max_batch_delay': '50ms'"));
    assert_latencies_of(story_of(&s, "a"), 0.044);
    assert_latencies_of(story_of(&s, "b"), 0.014, 0.014, 0.014);
    story_end(&s);
    /* the delay counts from when a worker takes one, not from its arrival: the second
     * comes at 5 ms, is taken at 11 ms, and waits until 61 ms for nobody */
    story_tell(&s, TWO(4, 1, "5ms") TORCH(", 'batch_size': 4,"
                                          " 'max_batch_delay': '50ms'"));
    assert_latencies_of(story_of(&s, "b"), 0.009 + 0.050 + 0.011);
    story_end(&s);
    /* of two workers one collects at a time */
    story_tell(&s, BURST(2) TORCH(", 'batch_size': 4, 'workers': 2,"
                                  " 'max_batch_delay': '50ms'"));
    assert_latencies(&s, 0.062, 0.062);
    assert_int_equal(batches(&s)->batches, 1);
    story_end(&s);
}

/* One is worked on, a hundred may wait, the rest hears 503. */
static void rule_8_3_8_torchserve_queues_a_hundred(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, BURST(150) TORCH(""));
    assert_int_equal(s.out.type[0].ok, 101);
    assert_int_equal(story_failed(&s, STATUS_503), 49);
    assert_books_balance(&s);
    story_end(&s);
}

static void batch_times_may_be_measured_points(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, BURST(4) "'services': {'model': {'kind': 'triton',"
                            " 'max_batch_size': 4, 'preferred_batch_size': [4],"
                            " 'max_queue_delay_microseconds': 1000,"
                            " 'batch_time': [[1, '10ms'], [2, '12ms'],"
                            " [6, '20ms']]}}}");
    assert_latencies(&s, 0.016, 0.016, 0.016, 0.016);
    story_end(&s);
}

/* ---- a model in every process ---------------------------------------------------- */

#define WORKERS(kind, more, handler)                                                   \
    "{'workloads': {'w': {'target': 'app', 'burst': {'users': 4}}},"                   \
    "'services': {'app': {" kind ", 'handlers': {'default': [" handler "]}" more "}}}"
#define SYNC "'kind': 'gunicorn', 'workers': 2"

/* Two workers, each loads for a second with its first request. */
static void each_process_loads_with_its_first_request(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, WORKERS(SYNC, "", "{'once': [{'wait': '1s'}]}, {'wait': '100ms'}"));
    assert_latencies(&s, 1.1, 1.1, 1.2, 1.2);
    story_end(&s);
    /* one of them has done it before */
    story_tell(&s, WORKERS(SYNC, "", "{'once': [{'wait': '1s'}], 'warm': 1},"
                                     " {'wait': '100ms'}"));
    assert_latencies(&s, 0.1, 0.2, 0.3, 1.1);
    story_end(&s);
}

/* Threads that come at the same time load too, unless a lock lets them wait. */
static void threads_load_twice_without_a_lock(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, WORKERS("'kind': 'server', 'slots': 2", "",
                           "{'once': [{'wait': '1s'}]}, {'wait': '100ms'}"));
    assert_latencies(&s, 1.1, 1.1, 1.2, 1.2);
    story_end(&s);
    story_tell(&s, "{'workloads': {'w': {'target': 'app', 'burst': {'users': 4}}},"
                   "'services': {'app': {'kind': 'server', 'slots': 4, 'handlers': {"
                   " 'default': [{'hold': 'lock', 'steps': ["
                   "   {'once': [{'wait': '1s'}]}]}, {'wait': '100ms'}]}},"
                   " 'lock': {'kind': 'connection_pool', 'size': 1}}}");
    assert_latencies(&s, 1.1, 1.1, 1.1, 1.1);
    story_end(&s);
}

/* A worker that is replaced after two requests starts cold again. */
static void a_new_worker_is_cold(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, WORKERS("'kind': 'gunicorn', 'workers': 1, 'max_requests': 2,"
                           " 'boot': '0s'", "",
                           "{'once': [{'wait': '1s'}]}, {'wait': '100ms'}"));
    assert_latencies(&s, 1.1, 1.2, 2.3, 2.4);
    story_end(&s);
}

/* 440 MiB in each of two workers: the second does not fit into 800 MiB. */
static void models_take_memory_in_each_process(void **state)
{
    (void)state;
    struct story s;
    const char *handler = "{'once': [{'wait': '1s'}], 'keeps_memory': '440MiB'},"
                          " {'wait': '100ms'}";
    char text[700];
    snprintf(text, sizeof text, WORKERS(SYNC, "%s", "%s"), handler,
             ", 'memory': '1GiB', 'on_oom': 'fail'");
    story_tell(&s, text);
    assert_int_equal(s.out.type[0].ok, 4);
    assert_int_equal(story_at(&s, "app")->memory_most, 2 * (INT64_C(440) << 20));
    story_end(&s);
    snprintf(text, sizeof text, WORKERS(SYNC, "%s", "%s"), handler,
             ", 'memory': '800MiB', 'on_oom': 'fail'");
    story_tell(&s, text);
    assert_true(story_failed(&s, STATUS_500) > 0);
    assert_books_balance(&s);
    story_end(&s);
}

/* One lock around the classifier, held for 0.725 s: 28 of 30 are done by 20.30 s. */
static void a_lock_around_the_model_lets_one_pass_at_a_time(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {'w': {'target': 'app', 'burst': {'users': 30}}},"
                   "'services': {'app': {'kind': 'gunicorn', 'workers': 8, 'cpu': 2,"
                   " 'timeout': '90s', 'handlers': {'default': [{'hold': 'lock',"
                   "   'steps': [{'cpu': '725ms'}]}]}},"
                   " 'lock': {'kind': 'connection_pool', 'size': 1}}}");
    const struct type_outcome *type = &s.out.type[0];
    assert_near(story_mean(type), 0.725 * 31 / 2, 1e-8);
    assert_near(histogram_quantile(&type->latency, 28.0 / 30) * 1e-9, 20.30, 0.005);
    assert_near((double)type->latency_sum.most, 21.75e9, 1e-8);
    story_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_8_3_8_triton_takes_what_there_is),
        cmocka_unit_test(rule_8_3_8_triton_waits_for_the_delay),
        cmocka_unit_test(rule_8_3_8_triton_prefers_sizes),
        cmocka_unit_test(rule_8_3_8_triton_rejects_what_does_not_fit_or_waits_too_long),
        cmocka_unit_test(rule_8_3_8_torchserve_waits_from_the_first),
        cmocka_unit_test(rule_8_3_8_torchserve_queues_a_hundred),
        cmocka_unit_test(batch_times_may_be_measured_points),
        cmocka_unit_test(each_process_loads_with_its_first_request),
        cmocka_unit_test(threads_load_twice_without_a_lock),
        cmocka_unit_test(a_new_worker_is_cold),
        cmocka_unit_test(models_take_memory_in_each_process),
        cmocka_unit_test(a_lock_around_the_model_lets_one_pass_at_a_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
