/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a killed task leaves behind: nothing. Each story has a sync worker with a
 * timeout of 2 s and a request that is stuck for 9 s, in every way to be stuck; another
 * request comes at 20 s and must find everything free.
 */
#include "unit/story.h"

#define KILLED(kind_and_keys, steps, others)                                           \
    "{'workloads': {"                                                                  \
    "   'stuck': {'target': 'web', 'burst': {'users': 1}},"                            \
    "   'later': {'target': 'web', 'burst': {'users': 1, 'at': '20s'}}},"              \
    " 'services': {'web': {" kind_and_keys ", 'timeout': '2s', 'boot': '1s',"          \
    "   'handlers': {'default': [" steps "]}} " others "}}"
#define SYNC "'kind': 'gunicorn'"

/* The first is answered with 500 at 2 s to 3 s, the second is not touched. */
static void assert_killed(struct story *s)
{
    const struct type_outcome *stuck = story_of(s, "stuck");
    assert_int_equal(stuck->ok, 0);
    assert_int_equal(story_failed(s, STATUS_500), 2);
    assert_true(stuck->failed_latency.least > 2 * SIM_SECOND);
    assert_true(stuck->failed_latency.most <= 3 * SIM_SECOND);
    const struct type_outcome *later = story_of(s, "later");
    assert_true(later->failed_latency.least > 2 * SIM_SECOND);
    assert_int_equal(story_at(s, "web")->waited, 0);
    assert_books_balance(s);
}

static void tell(const char *text)
{
    struct story s;
    story_tell(&s, text);
    assert_killed(&s);
    story_end(&s);
}

static void while_it_waits(void **state)
{
    (void)state;
    tell(KILLED(SYNC, "{'wait': '9s'}", ""));
}

static void while_it_uses_cpu(void **state)
{
    (void)state;
    tell(KILLED(SYNC ", 'cpu': 1", "{'cpu': '9s'}", ""));
}

static void while_it_shares_a_core_with_its_branches(void **state)
{
    (void)state;
    tell(KILLED(SYNC ", 'cpu': 1",
                "{'parallel': [[{'cpu': '5s'}], [{'cpu': '4s'}], [{'wait': '9s'}]]}",
                ""));
}

/* The callee works on for nobody: two requests of 9 s, both of them to the end. */
static void while_its_callee_works(void **state)
{
    (void)state;
    struct story s;
    story_read(&s,
               KILLED(SYNC, "{'call': 'api', 'timeout': '100s'}",
                      ", 'api': {'kind': 'server', 'slots': 1, 'time': '9s'}"),
               1);
    story_watch(&s, 0, 40, 0);
    assert_killed(&s);
    assert_int_equal((uint64_t)story_at(&s, "api")->busy_area, 18 * SIM_SECOND);
    story_end(&s);
}

static void while_it_backs_off(void **state)
{
    (void)state;
    tell(KILLED(SYNC,
                "{'call': 'api', 'retry': {'max': 3, 'backoff': {'base': '9s'}}}",
                ", 'api': {'kind': 'server', 'handlers': {'default':"
                "   [{'fail': '503'}]}}"));
}

#define POOL                                                                           \
    ", 'pool': {'kind': 'connection_pool', 'size': 1, 'server': 'db'}"                 \
    ", 'db': {'kind': 'postgres'}"

static void while_it_holds_connections(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, KILLED(SYNC, "{'hold': 'pool', 'steps': [{'wait': '9s'}]}", POOL));
    assert_killed(&s);
    assert_int_equal(story_at(&s, "pool")->waited, 0);
    assert_int_equal(story_at(&s, "pool")->served, 2);
    story_end(&s);
}

/* An error that the handler would have gone on after does not stop the kill. */
static void while_an_error_would_be_forgiven(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, KILLED(SYNC,
                          "{'hold': 'pool', 'on_error': 'continue', 'steps': ["
                          "  {'call': 'api', 'on_error': 'continue'},"
                          "  {'wait': '9s'}]},"
                          "{'wait': '9s'}",
                          POOL ", 'api': {'kind': 'server', 'time': '5s'}"));
    assert_killed(&s);
    assert_int_equal(story_at(&s, "pool")->waited, 0);
    story_end(&s);
}

/* One of two workers holds the only connection, the other waits for it: and has it for
 * no time at all, since both are killed at the same look. */
static void while_it_waits_for_a_connection(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s,
               "{'workloads': {'stuck': {'target': 'web', 'burst': {'users': 2}},"
               "   'later': {'target': 'web', 'burst': {'users': 1, 'at': '20s'}}},"
               " 'services': {'web': {'kind': 'gunicorn', 'workers': 2,"
               "   'timeout': '2s', 'boot': '1s', 'handlers': {'default': ["
               "     {'hold': 'pool', 'steps': [{'wait': '9s'}]}]}}" POOL "}}");
    assert_int_equal(story_failed(&s, STATUS_500), 3);
    assert_int_equal(story_at(&s, "pool")->waited, 1);
    assert_int_equal(story_at(&s, "pool")->served, 3);
    assert_int_equal(story_at(&s, "pool")->busy_most, 1);
    assert_true(story_of(&s, "later")->failed_latency.most <= 3 * SIM_SECOND);
    assert_books_balance(&s);
    story_end(&s);
}

/* A client that is asked to wait for the answer over the network gets it that late. */
static void the_answer_travels(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, KILLED(SYNC ", 'latency': '1h'", "{'wait': '9s'}", ""));
    assert_int_equal(story_failed(&s, STATUS_500), 2);
    assert_true(story_of(&s, "stuck")->failed_latency.least > 7202 * SIM_SECOND);
    story_end(&s);
}

/* Event loop: the process dies with all it has, whatever each request is doing. */
static void with_its_process(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s,
               "{'workloads': {'w': {'target': 'web', 'burst': {'users': 40},"
               "     'mix': {'waits': 1, 'calls': 1, 'forks': 1, 'queries': 1,"
               "             'blocks': 1}},"
               "   'later': {'target': 'web', 'burst': {'users': 1, 'at': '60s'}}},"
               " 'services': {'web': {'kind': 'gunicorn', 'worker_class': 'uvicorn',"
               "   'timeout': '2s', 'handlers': {"
               "     'default': [{'cpu': '1ms'}],"
               "     'waits': [{'cpu': '1ms'}, {'wait': '20s'}],"
               "     'calls': [{'call': 'api'}],"
               "     'forks': [{'parallel': [[{'wait': '20s'}], [{'call': 'api'}],"
               "                             [{'cpu': '1ms'}]]}],"
               "     'queries': [{'query': 'db', 'via': 'pool', 'io': '20s'}],"
               "     'blocks': [{'wait': '10ms'}, {'cpu': '20s'}]}}"
               "   , 'api': {'kind': 'server', 'time': '20s'}" POOL "}}");
    assert_int_equal(story_failed(&s, STATUS_RESET), 40);
    assert_int_equal(story_of(&s, "later")->ok, 1);
    assert_int_equal(story_of(&s, "later")->latency_sum.most, SIM_SECOND / 1000);
    assert_int_equal(story_at(&s, "web")->served, 41);
    assert_books_balance(&s);
    story_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(while_it_waits),
        cmocka_unit_test(while_it_uses_cpu),
        cmocka_unit_test(while_it_shares_a_core_with_its_branches),
        cmocka_unit_test(while_its_callee_works),
        cmocka_unit_test(while_it_backs_off),
        cmocka_unit_test(while_it_holds_connections),
        cmocka_unit_test(while_an_error_would_be_forgiven),
        cmocka_unit_test(while_it_waits_for_a_connection),
        cmocka_unit_test(the_answer_travels),
        cmocka_unit_test(with_its_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
