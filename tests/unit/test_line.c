/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who is next of those who wait for a slot, and who is dropped. */
#include "unit/story.h"

#define ONE_SLOT(workloads, more)                                                      \
    "{'workloads': {" workloads "}, 'services': {'api': {'kind': 'server', "           \
    "'slots': 1, 'time': '1s', " more "}}}"
/* One request of a type named like its workload. */
#define ONE(name, at)                                                                  \
    "'" name "': {'target': 'api', 'mix': {'" name "': 1}, "                           \
    "'burst': {'users': 1, 'at': '" at "'}}"

static double latency_of(const struct story *s, const char *workload)
{
    return story_mean(story_of(s, workload));
}

static void the_most_important_are_next(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, ONE_SLOT(ONE("first", "0s") "," ONE("other", "0.1s") "," ONE(
                                "page", "0.2s") "," ONE("buy", "0.3s") "," ONE("page2",
                                                                               "0.4s"),
                            "'guards': [{'priority': {'order': ['buy', 'page']}}]"));
    assert_float_equal(latency_of(&s, "first"), 1, 1e-9);
    assert_float_equal(latency_of(&s, "buy"), 1.7, 1e-9);
    assert_float_equal(latency_of(&s, "page"), 2.8, 1e-9);
    assert_float_equal(latency_of(&s, "other"), 3.9, 1e-9);
    assert_float_equal(latency_of(&s, "page2"), 4.6, 1e-9);
    story_end(&s);
}

/* Of the two that wait, the newest of the least important makes room. */
static void a_full_line_sheds_the_least_important(void **state)
{
    (void)state;
    struct story s;
    story_tell(
        &s, ONE_SLOT(ONE("first", "0s") "," ONE("other", "0.1s") "," ONE(
                         "more", "0.2s") "," ONE("buy", "0.3s") "," ONE("late", "0.4s"),
                     "'queue_limit': 2, "
                     "'guards': [{'priority': {'order': ['buy']}}]"));
    assert_int_equal(story_of(&s, "buy")->ok, 1);
    assert_int_equal(story_of(&s, "other")->ok, 1);
    assert_int_equal(story_of(&s, "more")->ok, 0);
    assert_int_equal(story_of(&s, "late")->ok, 0);
    assert_int_equal(story_failed(&s, STATUS_REFUSED), 2);
    assert_int_equal(story_at(&s, "api")->refused, 2);
    assert_books_balance(&s);
    story_end(&s);
}

static void the_newest_is_next(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, ONE_SLOT(ONE("a", "0s") "," ONE("b", "0.1s") "," ONE(
                                "c", "0.2s") "," ONE("d", "0.3s"),
                            "'guards': ['lifo']"));
    assert_float_equal(latency_of(&s, "d"), 1.7, 1e-9);
    assert_float_equal(latency_of(&s, "c"), 2.8, 1e-9);
    assert_float_equal(latency_of(&s, "b"), 3.9, 1e-9);
    story_end(&s);
}

/* Three wait: the newest; two: the oldest. */
static void only_while_many_wait(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, ONE_SLOT(ONE("a", "0s") "," ONE("b", "0.1s") "," ONE(
                                "c", "0.2s") "," ONE("d", "0.3s"),
                            "'guards': [{'lifo': {'above': 2}}]"));
    assert_float_equal(latency_of(&s, "d"), 1.7, 1e-9);
    assert_float_equal(latency_of(&s, "b"), 2.9, 1e-9);
    assert_float_equal(latency_of(&s, "c"), 3.8, 1e-9);
    story_end(&s);
}

/* 12/s into 10/s with a patience of 1 s: first come first served, everybody is served
 * too late; without those who have gone the capacity is not wasted. */
static void work_for_nobody_is_dropped(void **state)
{
    (void)state;
    static const char text[] =
        "{'workloads': {'users': {'target': 'api', 'timeout': '1s', 'open': {'rate': "
        "'12/s'}}}, 'services': {'api': {'kind': 'server', 'slots': 1, 'time': "
        "'100ms'%s"
        "}}}";
    static const char *const guards[] = {
        "", ", 'guards': [{'deadline_drop': {'margin': '100ms'}}]"};
    double goodput[2];
    for (int i = 0; i < 2; i++) {
        struct story s;
        char scenario[500];
        snprintf(scenario, sizeof scenario, text, guards[i]);
        story_read(&s, scenario, 1);
        story_watch(&s, 500, 500, 10);
        goodput[i] = (double)s.out.type[0].ok / 500;
        assert_books_balance(&s);
        story_end(&s);
    }
    assert_true(goodput[0] < 0.1);
    assert_true(goodput[1] > 9.9);
}

/* A caller whose own caller has gone is still there, but nobody wants its answer. */
static void nobody_up_the_chain_counts(void **state)
{
    (void)state;
    struct story s;
    story_read(&s,
               "{'workloads': {'users': {'target': 'web', 'timeout': '500ms', 'burst': "
               "{'users': 3}}}, 'services': {'web': {'kind': 'server', 'handlers': "
               "{'default': [{'call': 'api'}]}}, 'api': {'kind': 'server', 'slots': 1, "
               "'time': '1s', 'guards': ['deadline_drop']}}}",
               1);
    story_watch(&s, 0, 5, 0);
    assert_int_equal(story_at(&s, "api")->served, 1);
    assert_int_equal(story_at(&s, "api")->refused, 2);
    story_end(&s);
}

/* A worker that is replaced takes from the line when it is there again. */
static void a_new_worker_looks_at_the_line(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {'users': {'target': 'api', 'burst': {'users': 5}}}, "
                   "'services': {'api': {'kind': 'gunicorn', 'workers': 1, "
                   "'max_requests': 2, 'handlers': {'default': [{'wait': '1s'}]}, "
                   "'guards': ['lifo']}}}");
    assert_int_equal(s.out.type[0].ok, 5);
    story_end(&s);
}

/* Guards hold all the time that a task that knocks again and again takes; when its
 * caller has gone they forget it. */
static void a_silent_full_queue_holds_permits(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s,
               "{'workloads': {'users': {'target': 'api', 'timeout': '2s', 'burst': "
               "{'users': 4}}, 'late': {'target': 'api', 'burst': {'users': 4, 'at': "
               "'40s'}}}, 'services': {'api': {'kind': 'gunicorn', 'workers': 1, "
               "'backlog': 1, 'handlers': {'default': [{'wait': '10s'}]}, "
               "'guards': [{'bulkhead': {'maxConcurrentCalls': 4}}, 'lifo']}}}");
    assert_int_equal(story_of(&s, "users")->ok, 0);
    assert_int_equal(story_failed(&s, STATUS_503), 0);
    assert_int_equal(story_of(&s, "late")->ok, 4);
    story_end(&s);
}

/* A container that has used up its CPU takes nobody; its guards have not seen those who
 * find its queue full meanwhile, and see them when they knock again. */
static void guards_of_a_frozen_container_see_nobody(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s,
               "{'workloads': {'users': {'target': 'api', 'burst': {'users': 1}}, "
               "'more': {'target': 'api', 'burst': {'users': 5, 'at': '30ms'}}}, "
               "'services': {'api': {'kind': 'gunicorn', 'workers': 1, 'backlog': 1, "
               "'cpu': 1, 'cpu_quota': {'cores': 0.25, 'phase': '0s'}, 'guards': "
               "[{'bulkhead': {'maxConcurrentCalls': 20}}], 'handlers': {'default': "
               "[{'cpu': '30ms'}]}}}}");
    assert_int_equal(story_of(&s, "users")->ok, 1);
    assert_int_equal(story_of(&s, "more")->ok, 5);
    assert_int_equal(story_failed(&s, STATUS_503), 0);
    story_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_most_important_are_next),
        cmocka_unit_test(a_full_line_sheds_the_least_important),
        cmocka_unit_test(the_newest_is_next),
        cmocka_unit_test(only_while_many_wait),
        cmocka_unit_test(work_for_nobody_is_dropped),
        cmocka_unit_test(nobody_up_the_chain_counts),
        cmocka_unit_test(a_new_worker_looks_at_the_line),
        cmocka_unit_test(a_silent_full_queue_holds_permits),
        cmocka_unit_test(guards_of_a_frozen_container_see_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
