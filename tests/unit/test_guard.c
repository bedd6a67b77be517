/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The way past guards and back, whatever becomes of the request. */
#include "unit/story.h"

static uint64_t failed_of(const struct story *s, const char *workload,
                          enum status status)
{
    uint64_t found = 0;
    for (int c = 0; c < s->facts->causes; c++)
        if (s->facts->cause[c].status == status)
            found += story_of(s, workload)->failed[c];
    return found;
}

static void each_instance_has_its_own_unless_told(void **state)
{
    (void)state;
    static const struct {
        const char *scope;
        uint64_t ok;
    } cases[] = {{"instance", 8}, {"service", 4}};
    for (size_t i = 0; i < 2; i++) {
        struct story s;
        char text[500];
        snprintf(
            text, sizeof text,
            "{'workloads': {'users': {'target': 'api', 'burst': {'users': 20}}}, "
            "'services': {'api': {'kind': 'server', 'replicas': 2, 'time': '1s', "
            "'guards': [{'bulkhead': {'maxConcurrentCalls': 4, 'scope': '%s'}}]}}}",
            cases[i].scope);
        story_tell(&s, text);
        assert_int_equal(s.out.type[0].ok, cases[i].ok);
        story_end(&s);
    }
}

/* The breaker in front takes what the bulkhead rejects for a failure, the one behind it
 * never hears of it. */
static void the_first_hear_of_what_the_last_reject(void **state)
{
    (void)state;
    static const struct {
        const char *guards;
        uint64_t late;
    } cases[] = {{"{'circuit_breaker': {'slidingWindowSize': 4}}, "
                  "{'bulkhead': {'maxConcurrentCalls': 1}}",
                  0},
                 {"{'bulkhead': {'maxConcurrentCalls': 1}}, "
                  "{'circuit_breaker': {'slidingWindowSize': 4}}",
                  1}};
    for (size_t i = 0; i < 2; i++) {
        struct story s;
        char text[500];
        snprintf(text, sizeof text,
                 "{'workloads': {'users': {'target': 'api', 'burst': {'users': 5}}, "
                 "'late': {'target': 'api', 'burst': {'users': 1, 'at': '5s'}}}, "
                 "'services': {'api': {'kind': 'server', 'time': '1s', 'guards': "
                 "[%s]}}}",
                 cases[i].guards);
        story_tell(&s, text);
        assert_int_equal(story_of(&s, "users")->ok, 1);
        assert_int_equal(story_of(&s, "late")->ok, cases[i].late);
        story_end(&s);
    }
}

/* A worker that is killed gives the permit of its request back, and so does one whose
 * request waits for a permit of its own. */
static void the_killed_give_back_their_permits(void **state)
{
    (void)state;
    struct story s;
    story_tell(
        &s,
        "{'workloads': {'users': {'target': 'web', 'mix': {'slow': 1}, 'burst': "
        "{'users': 1}}, 'calls': {'target': 'web', 'mix': {'call': 1}, 'burst': "
        "{'users': 2, 'at': '10s'}}, 'late': {'target': 'web', 'burst': {'users': 1, "
        "'at': '60s'}}}, 'services': {'web': {'kind': 'gunicorn', 'workers': 2, "
        "'timeout': '2s', 'guards': [{'bulkhead': {'maxConcurrentCalls': 2}}], "
        "'handlers': {'slow': [{'wait': '20s'}], 'call': [{'call': 'api', 'guards': "
        "[{'bulkhead': {'maxConcurrentCalls': 1, 'maxWaitDuration': '50s', 'scope': "
        "'service'}}]}], 'default': [{'call': 'api', 'as': 'quick', 'guards': "
        "['bulkhead']}]}}, 'api': {'kind': 'server', 'handlers': {'quick': [{'wait': "
        "'1ms'}], 'default': [{'wait': '20s'}]}}}}");
    assert_int_equal(failed_of(&s, "users", STATUS_500), 1);
    assert_int_equal(failed_of(&s, "calls", STATUS_500), 2);
    assert_int_equal(story_of(&s, "late")->ok, 1);
    assert_books_balance(&s);
    story_end(&s);
}

/* A proxy forgets nothing of a request while it tries one server after the other: its
 * guards hear of each end, so that the only permit comes back every time. */
static void proxies_keep_their_guards(void **state)
{
    (void)state;
    struct story s;
    story_tell(
        &s, "{'workloads': {'users': {'target': 'nginx', 'open': {'rate': '1/s', "
            "'process': 'constant', 'profile': [['0s', 1], ['9.5s', 1]]}}}, "
            "'services': {'nginx': {'kind': 'nginx', 'upstream': [{'server': 'a'}, "
            "{'server': 'b'}], 'guards': [{'bulkhead': {'maxConcurrentCalls': 1}}]}, "
            "'a': {'kind': 'server', 'handlers': {'default': [{'fail': 'refused'}]}}, "
            "'b': {'kind': 'server', 'time': '10ms'}}}");
    assert_int_equal(s.out.type[0].offered, 9);
    assert_int_equal(s.out.type[0].ok, 9);
    assert_int_equal(story_at(&s, "nginx")->refused, 0);
    story_end(&s);
}

/* What a caller holds while it waits for a permit is blamed on the bulkhead. */
static void waiting_at_a_guard_is_told(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {'users': {'target': 'api', 'burst': {'users': 2}}}, "
                   "'services': {'api': {'kind': 'server', 'time': '1s', 'guards': "
                   "[{'bulkhead': {'maxConcurrentCalls': 1, 'maxWaitDuration': '9s'}}"
                   "]}}}");
    assert_latencies(&s, 1, 2);
    uint64_t waited = 0;
    for (int r = 0; r < s.facts->resources; r++)
        if (strcmp(s.facts->resource[r].name, "api: waiting at the bulkhead") == 0)
            for (int b = 0; b < BLAME_BINS; b++)
                waited += s.out.type[0].blame[b * s.facts->resources + r];
    assert_int_equal(waited, SIM_SECOND);
    story_end(&s);
}

/* Calls written once have one guard, whatever type of request comes to them. */
static void one_step_is_one_guard(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {'users': {'target': 'web', 'mix': {'a': 1, 'b': 1, "
                   "'c': 1}, 'burst': {'users': 60}}}, 'services': {'web': {'kind': "
                   "'server', 'handlers': {'default': [{'call': 'api', 'guards': "
                   "[{'bulkhead': {'maxConcurrentCalls': 5}}]}]}}, 'api': {'kind': "
                   "'server', 'time': '1s'}}}");
    assert_int_equal(story_at(&s, "api")->arrivals, 5);
    assert_int_equal(story_failed(&s, STATUS_503), 55);
    story_end(&s);
}

/* Two of a sort reject with causes, and a status, of their own. */
static void two_of_a_sort_are_told_apart(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s,
               "{'workloads': {'users': {'target': 'api', 'burst': {'users': 30}}}, "
               "'services': {'api': {'kind': 'server', 'time': '1s', 'guards': "
               "[{'fixed_window': {'limit': 20, 'window': '1min'}}, "
               "{'fixed_window': {'limit': 5, 'window': '1s', 'status': '503'}}"
               "]}}}");
    assert_int_equal(story_failed(&s, STATUS_429), 10);
    assert_int_equal(story_failed(&s, STATUS_503), 15);
    story_end(&s);
}

/* The one that finds no token is told to come back in 3 s. */
static void the_rejected_are_told_when_to_come_back(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {'users': {'target': 'api', 'burst': {'users': 3}, "
                   "'retry': {'max': 1, 'respect_retry_after': true}}}, 'services': "
                   "{'api': {'kind': 'server', 'time': '1s', 'guards': "
                   "[{'token_bucket': {'rate': '1/s', 'burst': 2, 'retry_after': "
                   "'3s'}}]}}}");
    assert_latencies(&s, 1, 1, 4);
    story_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_instance_has_its_own_unless_told),
        cmocka_unit_test(the_first_hear_of_what_the_last_reject),
        cmocka_unit_test(the_killed_give_back_their_permits),
        cmocka_unit_test(proxies_keep_their_guards),
        cmocka_unit_test(waiting_at_a_guard_is_told),
        cmocka_unit_test(one_step_is_one_guard),
        cmocka_unit_test(two_of_a_sort_are_told_apart),
        cmocka_unit_test(the_rejected_are_told_when_to_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
