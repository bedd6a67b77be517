/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests that wait for each other are found and what they wait for is named; those
 * that somebody will help are not accused. */
#include "unit/story.h"

static uint64_t waiting_for(const struct story *s, const char *resource)
{
    for (int i = 0; i < s->facts->resources; i++)
        if (strcmp(s->facts->resource[i].name, resource) == 0)
            return s->out.stuck ? s->out.stuck[i] : 0;
    fail_msg("no resource \"%s\"", resource);
    return 0;
}

/* Runs for ten seconds. */
static void watch(struct story *s, const char *text)
{
    story_read(s, text, 1);
    story_watch(s, 0, 10, 10);
}

#define TWO_SERVICES(users, more)                                                      \
    "{'workloads': {'v': {'target': 'a', 'closed': {'users': " users                   \
    ", 'think': '1s'}}},"                                                              \
    " 'services': {'a': {'kind': 'server', 'slots': 2, 'handlers': {'default':"        \
    " [{'wait': '100ms'}, {'call': 'b'" more "}], 'inner': [{'wait': '5ms'}]}},"       \
    " 'b': {'kind': 'server', 'slots': 9, 'handlers': {'default':"                     \
    " [{'wait': '10ms'}, {'call': 'a', 'as': 'inner'}]}}}}"

static void two_services_that_call_each_other_lock_up(void **state)
{
    (void)state;
    struct story s;
    watch(&s, TWO_SERVICES("4", ""));
    assert_int_equal(s.out.end, OUTCOME_DEADLOCK);
    /* two in service call b, which calls a again: these two and the other two users */
    assert_int_equal(waiting_for(&s, "a: waiting for a slot"), 4);
    story_end(&s);
}

/* Whoever rules the line. */
static void lines_of_guards_lock_up_too(void **state)
{
    (void)state;
    struct story s;
    watch(&s, "{'workloads': {'v': {'target': 'a', 'closed': {'users': 4, 'think': "
              "'1s'}}}, 'services': {'a': {'kind': 'server', 'slots': 2, 'guards': "
              "['bulkhead', 'lifo'], 'handlers': {'default': [{'wait': '100ms'}, "
              "{'call': 'b'}], 'inner': [{'wait': '5ms'}]}}, 'b': {'kind': 'server', "
              "'handlers': {'default': [{'wait': '10ms'}, {'call': 'a', 'as': "
              "'inner'}]}}}}");
    assert_int_equal(s.out.end, OUTCOME_DEADLOCK);
    assert_int_equal(waiting_for(&s, "a: waiting for a slot"), 4);
    story_end(&s);
}

static void one_user_cannot(void **state)
{
    (void)state;
    struct story s;
    watch(&s, TWO_SERVICES("1", ""));
    assert_int_equal(s.out.end, OUTCOME_COMPLETE);
    assert_null(s.out.stuck);
    story_end(&s);
}

static void a_timeout_of_the_caller_ends_it(void **state)
{
    (void)state;
    struct story s;
    watch(&s, TWO_SERVICES("4", ", 'timeout': '300ms'"));
    assert_int_equal(s.out.end, OUTCOME_COMPLETE);
    story_end(&s);
}

static void a_client_that_gives_up_frees_nothing(void **state)
{
    (void)state;
    struct story s;
    watch(&s, "{'workloads': {'v': {'target': 'a', 'timeout': '1s', 'open': {'rate':"
              " '50/s'}}}, 'services': {'a': {'kind': 'server', 'slots': 2, 'handlers':"
              " {'default': [{'wait': '10ms'}, {'call': 'a', 'as': 'inner'}], 'inner':"
              " [{'wait': '5ms'}]}}}}");
    assert_int_equal(s.out.end, OUTCOME_DEADLOCK);
    assert_true(waiting_for(&s, "a: waiting for a slot") >= 2);
    story_end(&s);
}

#define POOL(limit)                                                                    \
    "{'workloads': {'v': {'target': 'web', 'open': {'rate': '200/s'}}},"               \
    " 'services': {'web': {'kind': 'server', 'slots': 20, 'handlers': {'default':"     \
    " [{'hold': 'pool', 'steps': [{'wait': '10ms'}, {'parallel': [[{'query': 'db',"    \
    " 'via': 'pool', 'time': '5ms'}], [{'wait': '1ms'}]]}]}]}},"                       \
    " 'pool': {'kind': 'connection_pool', 'size': 5, 'server': 'db'" limit "},"        \
    " 'db': {'kind': 'postgres', 'cpu': 8}}}"

static void a_second_connection_while_one_is_held_locks_the_pool(void **state)
{
    (void)state;
    struct story s;
    watch(&s, POOL(""));
    assert_int_equal(s.out.end, OUTCOME_DEADLOCK);
    assert_true(waiting_for(&s, "pool: waiting for a connection") >= 5);
    assert_true(waiting_for(&s, "web: waiting for a slot") > 100);
    story_end(&s);
}

static void a_pool_that_turns_waiters_away_does_not_lock(void **state)
{
    (void)state;
    struct story s;
    watch(&s, POOL(", 'wait_timeout': '200ms'"));
    assert_int_equal(s.out.end, OUTCOME_COMPLETE);
    story_end(&s);
}

static void an_overload_is_no_deadlock(void **state)
{
    (void)state;
    struct story s;
    watch(&s, "{'workloads': {'v': {'target': 'web', 'open': {'rate': '900/s'}}},"
              " 'services': {'web': {'kind': 'server', 'slots': 20, 'handlers':"
              " {'default': [{'query': 'db', 'via': 'pool', 'time': '10ms'}]}},"
              " 'pool': {'kind': 'connection_pool', 'size': 5, 'server': 'db'},"
              " 'db': {'kind': 'postgres', 'cpu': 8}}}");
    assert_int_equal(s.out.end, OUTCOME_COMPLETE);
    story_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_services_that_call_each_other_lock_up),
        cmocka_unit_test(lines_of_guards_lock_up_too),
        cmocka_unit_test(one_user_cannot),
        cmocka_unit_test(a_timeout_of_the_caller_ends_it),
        cmocka_unit_test(a_client_that_gives_up_frees_nothing),
        cmocka_unit_test(a_second_connection_while_one_is_held_locks_the_pool),
        cmocka_unit_test(a_pool_that_turns_waiters_away_does_not_lock),
        cmocka_unit_test(an_overload_is_no_deadlock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
