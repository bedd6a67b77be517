/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Background work: in the process, and in a queue of jobs. */
#include "unit/story.h"

/* ---- in the process -------------------------------------------------------------- */

static void rule_14_1_the_answer_does_not_wait_for_what_comes_after_it(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {'a': {'target': 'web', 'burst': {'users': 3}}},"
                   "'services': {'web': {'kind': 'gunicorn', 'handlers': {'default': ["
                   "  {'wait': '100ms'}, {'after_answer': [{'wait': '1s'}]}]}}}}");
    /* but a sync worker takes the next request only when it is done */
    assert_latencies(&s, 0.1, 1.2, 2.3);
    story_end(&s);
}

/* Ten at a time in a process, the others wait in order; the loop is theirs, too. */
static void rule_14_1_bounded_tasks_wait_in_the_process(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {'a': {'target': 'web', 'burst': {'users': 25}},"
                   "  'later': {'target': 'web', 'burst': {'users': 1, 'at': '10s'}}},"
                   "'services': {"
                   " 'background': {'kind': 'thread_pool', 'tokens': 10},"
                   " 'web': {'kind': 'uvicorn', 'cpu': 1, 'handlers': {'default': ["
                   "  {'cpu': '1ms'}, {'spawn': [{'hold': 'background', 'steps': ["
                   "    {'wait': '1s'}]}]}]}}}}");
    assert_int_equal(story_of(&s, "a")->latency_sum.most, 25 * SIM_SECOND / 1000);
    const struct station_outcome *pool = story_at(&s, "background");
    assert_int_equal(pool->busy_most, 10);
    assert_int_equal(pool->served, 25);
    assert_int_equal(pool->wait.most, 1980 * SIM_SECOND / 1000);
    story_end(&s);
}

/* A worker that is replaced finishes its requests, not its background tasks. */
static void rule_14_1_they_are_lost_when_the_process_ends(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {'a': {'target': 'web', 'burst': {'users': 1}},"
                   "  'later': {'target': 'web', 'burst': {'users': 1, 'at': '60s'}}},"
                   "'services': {"
                   " 'mail': {'kind': 'server', 'time': '1ms'},"
                   " 'web': {'kind': 'server', 'restart': {'at': '5s'}, 'handlers': {"
                   "  'default': [{'wait': '10ms'}, {'spawn': ["
                   "    {'wait': '10s'}, {'call': 'mail'}]}]}}}}");
    assert_int_equal(story_of(&s, "later")->ok, 1);
    assert_int_equal(story_at(&s, "mail")->arrivals, 0);
    story_end(&s);
}

/* ---- in a queue ------------------------------------------------------------------ */

/* One task of 60 s, then seven of 1 s. */
#define BATCH(keys)                                                                    \
    "{'workloads': {"                                                                  \
    "'a': {'target': 'web', 'burst': {'users': 1}, 'mix': {'long': 1}},"               \
    "'b': {'target': 'web', 'burst': {'users': 7, 'at': '1ms'}, 'mix': {'short': 1}}," \
    "'later': {'target': 'web', 'burst': {'users': 1, 'at': '300s'},"                  \
    "  'mix': {'page': 1}}},"                                                          \
    "'services': {"                                                                    \
    "'web': {'kind': 'server', 'handlers': {'page': [],"                               \
    "  'long': [{'enqueue': 'jobs'}], 'short': [{'enqueue': 'jobs'}]}},"               \
    "'jobs': {'kind': 'task_queue'" keys ", 'handlers': {"                             \
    "  'long': [{'wait': '60s'}], 'short': [{'wait': '1s'}]}}}}"

static void nobody_waits_for_a_job(const struct story *s)
{
    assert_int_equal(story_of(s, "a")->latency_sum.most, 0);
    assert_int_equal(story_of(s, "b")->latency_sum.most, 0);
    assert_int_equal(story_at(s, "jobs")->served, 8);
}

static void rule_14_5_1_short_tasks_wait_behind_a_long_one(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, BATCH(", 'concurrency': 2, 'fair': false"));
    nobody_waits_for_a_job(&s);
    const struct station_outcome *jobs = story_at(&s, "jobs");
    /* four in its pipe: three of them of the seven in turn, one that came later */
    assert_in_range(jobs->wait.most, 59 * SIM_SECOND, 64 * SIM_SECOND);
    double late = tally_mean(&jobs->wait) * 8e-9;
    assert_true(late > 3 * 59 && late < 4 * 64 + 8);
    story_end(&s);
}

static void rule_14_5_1_not_with_late_acknowledgement_and_prefetch_1(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, BATCH(", 'concurrency': 2, 'fair': false, 'task_acks_late': true,"
                         " 'worker_prefetch_multiplier': 1"));
    nobody_waits_for_a_job(&s);
    assert_int_equal(story_at(&s, "jobs")->wait.most, 6 * SIM_SECOND);
    story_end(&s);
}

static void rule_14_2_fair_mode_lets_them_pass_within_a_worker(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, BATCH(", 'concurrency': 2"));
    assert_int_equal(story_at(&s, "jobs")->wait.most, 6 * SIM_SECOND);
    story_end(&s);
    /* not from one worker to the other */
    story_tell(&s, BATCH(", 'workers': 2, 'concurrency': 1"));
    assert_true(story_at(&s, "jobs")->wait.most > 59 * SIM_SECOND);
    story_end(&s);
}

/* Early acknowledgement reserves one more than runs, even with prefetch 1. */
static void rule_14_2_prefetch_counts_what_is_not_acknowledged(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, BATCH(", 'workers': 2, 'concurrency': 1,"
                         " 'worker_prefetch_multiplier': 1"));
    assert_true(story_at(&s, "jobs")->wait.most > 59 * SIM_SECOND);
    story_end(&s);
    story_tell(&s, BATCH(", 'workers': 2, 'concurrency': 1, 'task_acks_late': true,"
                         " 'worker_prefetch_multiplier': 1"));
    assert_int_equal(story_at(&s, "jobs")->wait.most, 6 * SIM_SECOND);
    story_end(&s);
}

/* A job of 20 s; workers are stopped at 5 s with 3 s of grace. */
#define KILLED(keys)                                                                   \
    "{'workloads': {'a': {'target': 'web', 'burst': {'users': 1}},"                    \
    "'later': {'target': 'web', 'burst': {'users': 1, 'at': '9999s'},"                 \
    "  'mix': {'page': 1}}},"                                                          \
    "'services': {"                                                                    \
    "'web': {'kind': 'server', 'handlers': {'page': [],"                               \
    "  'default': [{'enqueue': 'jobs'}]}},"                                            \
    "'done': {'kind': 'server', 'time': '1ms'},"                                       \
    "'jobs': {'kind': 'task_queue', 'concurrency': 1, 'grace': '3s',"                  \
    "  'restart': {'at': '5s'}" keys ", 'handlers': {"                                 \
    "  'default': [{'wait': '20s'}, {'call': 'done'}]}}}}"

static void rule_14_3_early_acknowledgement_loses_the_running_task(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, KILLED(""));
    assert_int_equal(story_at(&s, "jobs")->lost, 1);
    assert_int_equal(story_at(&s, "jobs")->redelivered, 0);
    assert_int_equal(story_at(&s, "done")->served, 0);
    story_end(&s);
}

static void rule_14_3_late_acknowledgement_runs_it_again(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, KILLED(", 'task_acks_late': true"));
    assert_int_equal(story_at(&s, "jobs")->lost, 0);
    assert_int_equal(story_at(&s, "jobs")->redelivered, 1);
    assert_int_equal(story_at(&s, "done")->served, 1);
    story_end(&s);
}

/* Redis waits for the visibility timeout of an hour, RabbitMQ sees the broken
 * connection: then the job is done 20 s after the new worker has booted. */
static void rule_14_3_after_the_visibility_timeout_or_at_once(void **state)
{
    (void)state;
    struct story s;
    story_read(&s, KILLED(", 'task_acks_late': true"), 1);
    story_watch(&s, 0, 3600, 0);
    assert_int_equal(story_at(&s, "done")->served, 0);
    story_end(&s);
    story_read(&s, KILLED(", 'task_acks_late': true"), 1);
    story_watch(&s, 0, 3621, 0);
    assert_int_equal(story_at(&s, "done")->served, 1);
    story_end(&s);
    story_read(&s, KILLED(", 'task_acks_late': true, 'broker': 'rabbitmq'"), 1);
    story_watch(&s, 0, 31, 0);
    assert_int_equal(story_at(&s, "done")->served, 1);
    story_end(&s);
}

/* What is reserved but does not run goes back at once, and to somebody else. */
static void rule_14_3_reserved_messages_go_back(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {'a': {'target': 'web', 'burst': {'users': 4}},"
                   "'later': {'target': 'web', 'burst': {'users': 1, 'at': '300s'},"
                   "  'mix': {'page': 1}}},"
                   "'services': {"
                   "'web': {'kind': 'server', 'handlers': {'page': [],"
                   "  'default': [{'enqueue': 'jobs'}]}},"
                   "'jobs': {'kind': 'task_queue', 'concurrency': 1, 'grace': '1s',"
                   "  'boot': '2s', 'restart': {'at': '5s'}, 'handlers': {"
                   "  'default': [{'wait': '20s'}]}}}}");
    const struct station_outcome *jobs = story_at(&s, "jobs");
    assert_int_equal(jobs->lost, 1);
    assert_int_equal(jobs->redelivered, 0);
    assert_int_equal(jobs->served, 4);
    assert_int_equal(jobs->wait.most, (5 + 1 + 2 + 40) * SIM_SECOND);
    story_end(&s);
}

#define HOURS(keys, steps)                                                             \
    "{'workloads': {'a': {'target': 'web', 'burst': {'users': 1}},"                    \
    "'later': {'target': 'web', 'burst': {'users': 1, 'at': '40000s'},"                \
    "  'mix': {'page': 1}}},"                                                          \
    "'services': {"                                                                    \
    "'web': {'kind': 'server', 'handlers': {'page': [],"                               \
    "  'default': [{'enqueue': 'jobs'" keys "}]}},"                                    \
    "'jobs': {'kind': 'task_queue', 'concurrency': 8, 'task_acks_late': true,"         \
    "  'handlers': {'default': [" steps "]}}}}"

/* The first copy's end acknowledges the message: no third one. */
static void rule_14_5_2_a_task_of_two_hours_runs_twice(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, HOURS("", "{'wait': '7199s'}"));
    assert_int_equal(story_at(&s, "jobs")->redelivered, 1);
    assert_int_equal(story_at(&s, "jobs")->served, 2);
    story_end(&s);
    story_tell(&s, HOURS("", "{'wait': '3599s'}"));
    assert_int_equal(story_at(&s, "jobs")->redelivered, 0);
    assert_int_equal(story_at(&s, "jobs")->served, 1);
    story_end(&s);
}

static void rule_14_3_so_does_one_that_is_held_back_for_long(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, HOURS(", 'countdown': '9000s'", "{'wait': '1s'}"));
    assert_int_equal(story_at(&s, "jobs")->redelivered, 2);
    assert_int_equal(story_at(&s, "jobs")->served, 3);
    story_end(&s);
}

static void rule_14_4_a_queue_has_no_bound_unless_it_is_given_one(void **state)
{
    (void)state;
    struct story s;
#define FLOOD(keys)                                                                    \
    "{'workloads': {'a': {'target': 'web', 'burst': {'users': 50000}}},"               \
    "'services': {"                                                                    \
    "'web': {'kind': 'server', 'handlers': {'default': [{'enqueue': 'jobs'}]}},"       \
    "'jobs': {'kind': 'task_queue', 'concurrency': 1" keys ", 'handlers': {"           \
    "  'default': [{'wait': '1s'}]}}}}"
    story_tell(&s, FLOOD(""));
    assert_int_equal(story_at(&s, "jobs")->queue_most, 49999);
    assert_int_equal(story_at(&s, "jobs")->refused, 0);
    story_end(&s);
    story_tell(&s, FLOOD(", 'queue_limit': 100"));
    assert_int_equal(story_at(&s, "jobs")->queue_most, 104);
    assert_int_equal(story_at(&s, "jobs")->refused, 50000 - 105);
    story_end(&s);
}

/* A limit of 5 s: of tasks of 20, 3 and 20 s only the second one is done; the slot is
 * free again at once. */
static void rule_14_4_a_time_limit_ends_a_task(void **state)
{
    (void)state;
    struct story s;
    static const char *const acks[] = {"false", "true"};
    for (int late = 0; late < 2; late++) {
        char text[1000];
        snprintf(text, sizeof text,
                 "{'workloads': {'a': {'target': 'jobs', 'burst': {'users': 1},"
                 "    'mix': {'long': 1}},"
                 "  'b': {'target': 'jobs', 'burst': {'users': 1, 'at': '1s'},"
                 "    'mix': {'short': 1}},"
                 "  'c': {'target': 'web', 'burst': {'users': 1, 'at': '2s'}},"
                 "  'later': {'target': 'web', 'burst': {'users': 1, 'at': '100s'},"
                 "    'mix': {'page': 1}}},"
                 "'services': {"
                 "'web': {'kind': 'server', 'handlers': {'page': [],"
                 "  'default': [{'enqueue': 'jobs', 'as': 'long'}]}},"
                 "'jobs': {'kind': 'task_queue', 'concurrency': 1,"
                 "  'task_acks_late': %s, 'task_time_limit': '5s', 'handlers': {"
                 "  'long': [{'wait': '20s'}], 'short': [{'wait': '3s'}]}}}}",
                 acks[late]);
        story_tell(&s, text);
        assert_int_equal(story_of(&s, "a")->failed_latency.most, 5 * SIM_SECOND);
        assert_latencies_of(story_of(&s, "b"), 7);
        const struct station_outcome *jobs = story_at(&s, "jobs");
        assert_int_equal(jobs->timed_out, 2);
        assert_int_equal(jobs->lost, 0);
        assert_int_equal(jobs->failed, late);
        assert_int_equal(jobs->wait.most, 6 * SIM_SECOND);
        assert_true(jobs->busy_area == (uint128)13 * SIM_SECOND);
        story_end(&s);
    }
}

/* Half of the tasks fail; each try draws anew. */
static void rule_14_4_failed_tasks_are_tried_again(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {'a': {'target': 'web', 'burst': {'users': 4000}},"
                   "'later': {'target': 'web', 'burst': {'users': 1, 'at': '9999s'},"
                   "  'mix': {'page': 1}}},"
                   "'services': {"
                   "'web': {'kind': 'server', 'handlers': {'page': [],"
                   "  'default': [{'enqueue': 'jobs'}]}},"
                   "'jobs': {'kind': 'task_queue', 'concurrency': 100,"
                   "  'task_acks_late': true, 'max_retries': 2, 'handlers': {"
                   "  'default': [{'fail': '500', 'probability': '50%'}]}}}}");
    assert_within((double)story_at(&s, "jobs")->served, 4000 * 1.75, 100);
    assert_within((double)story_at(&s, "jobs")->failed, 500, 80);
    story_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_14_1_the_answer_does_not_wait_for_what_comes_after_it),
        cmocka_unit_test(rule_14_1_bounded_tasks_wait_in_the_process),
        cmocka_unit_test(rule_14_1_they_are_lost_when_the_process_ends),
        cmocka_unit_test(rule_14_5_1_short_tasks_wait_behind_a_long_one),
        cmocka_unit_test(rule_14_5_1_not_with_late_acknowledgement_and_prefetch_1),
        cmocka_unit_test(rule_14_2_fair_mode_lets_them_pass_within_a_worker),
        cmocka_unit_test(rule_14_2_prefetch_counts_what_is_not_acknowledged),
        cmocka_unit_test(rule_14_3_early_acknowledgement_loses_the_running_task),
        cmocka_unit_test(rule_14_3_late_acknowledgement_runs_it_again),
        cmocka_unit_test(rule_14_3_after_the_visibility_timeout_or_at_once),
        cmocka_unit_test(rule_14_3_reserved_messages_go_back),
        cmocka_unit_test(rule_14_5_2_a_task_of_two_hours_runs_twice),
        cmocka_unit_test(rule_14_3_so_does_one_that_is_held_back_for_long),
        cmocka_unit_test(rule_14_4_a_queue_has_no_bound_unless_it_is_given_one),
        cmocka_unit_test(rule_14_4_a_time_limit_ends_a_task),
        cmocka_unit_test(rule_14_4_failed_tasks_are_tried_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
