/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "unit/story.h"

#include "models/world.h"

#define ONE(keys)                                                                      \
    "{'workloads': {'users': {'target': 'web', 'burst': {'users': 1} " keys "}}, "
#define FAILS(steps)                                                                   \
    "'services': {'web': {'kind': 'server', 'handlers': {'default': [" steps           \
    "{'fail': '500'}]}}}}"

static void expect_failure(const struct story *s, enum status status, double seconds,
                           uint64_t attempts)
{
    const struct type_outcome *type = &s->out.type[0];
    assert_int_equal(story_failed(s, status), 1);
    assert_int_equal(type->failed_latency.most, story_time(seconds));
    assert_int_equal(type->attempts, attempts);
}

static void one_attempt_and_so_many_more(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, ONE(", 'retry': {'max': 3}") FAILS("{'wait': '10ms'},"));
    expect_failure(&s, STATUS_500, 0.04, 4);
    story_end(&s);
}

static void only_what_is_named_is_tried_again(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, ONE(", 'retry': {'max': 3, 'on': ['503', 'timeout']}")
                       FAILS("{'wait': '10ms'},"));
    expect_failure(&s, STATUS_500, 0.01, 1);
    story_end(&s);
}

static void pauses_grow_to_their_cap(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, ONE(", 'retry': {'max': 4, 'backoff': {'base': '100ms', 'factor': 2,"
                       "  'cap': '300ms', 'jitter': 'none'}}") FAILS(""));
    expect_failure(&s, STATUS_500, 0.1 + 0.2 + 0.3 + 0.3, 5);
    story_end(&s);
}

/* The second of two finds the queue full, waits 1.5 s and is served by 2.5 s. */
static void latency_counts_from_the_first_intention(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s,
               "{'workloads': {'users': {'target': 'web', 'burst': {'users': 2},"
               "'retry': {'max': 1, 'backoff': {'base': '1.5s', 'jitter': 'none'}}}},"
               "'services': {'web': {'kind': 'server', 'slots': 1,"
               "             'queue_limit': 0, 'time': '1s'}}}");
    assert_latencies(&s, 1, 2.5);
    assert_int_equal(s.out.type[0].attempts, 3);
    story_end(&s);
}

static void patience_ends_each_attempt(void **state)
{
    (void)state;
    struct story s;
    story_tell(
        &s,
        ONE(", 'timeout': '300ms', 'retry': {'max': 2}") "'services': {'web': {'kind': "
                                                         "'server', 'slots': 1, "
                                                         "'time': '1s'}}}");
    expect_failure(&s, STATUS_TIMEOUT, 0.9, 3);
    story_end(&s);
}

static void an_answer_in_the_last_instant_counts(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, ONE(", 'timeout': '1s'") "'services': {'web': {'kind': 'server', "
                                            "'time': '1s'}}}");
    assert_latencies(&s, 1);
    story_end(&s);
}

static void a_deadline_ends_it_all(void **state)
{
    (void)state;
    struct story s;
    story_tell(
        &s,
        ONE(", 'timeout': '300ms', 'deadline': '1s', 'retry': {'max': 9}") "'services':"
                                                                           " {'web': "
                                                                           "{'kind': "
                                                                           "'server', "
                                                                           "'time': "
                                                                           "'5s'}}}");
    expect_failure(&s, STATUS_TIMEOUT, 1, 4);
    story_end(&s);
}

static void a_deadline_ends_a_pause(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, ONE(", 'deadline': '1s', 'retry': {'max': 9,"
                       "  'backoff': {'base': '700ms', 'jitter': 'none'}}") FAILS(""));
    expect_failure(&s, STATUS_TIMEOUT, 1, 2); /* at 0 and 0.7 s, pausing until 2.1 s */
    story_end(&s);
}

/* A request that fails and is made again brings the same work: each takes exactly twice
 * as long as the one that is not made again. */
static void work_is_kept_on_retry(void **state)
{
    (void)state;
    struct story once, twice;
    static const char text[] =
        "{'workloads': {'users': {'target': 'web', 'burst': {'users': 100},"
        "  'retry': {'max': %d}}}, 'services': {'web': {'kind': 'server',"
        "  'handlers': {'default': [{'wait': {'exponential': '1s'}}, {'fail': "
        "'500'}]}}}}";
    char json[sizeof text + 8];
    snprintf(json, sizeof json, text, 0);
    story_tell(&once, json);
    snprintf(json, sizeof json, text, 1);
    story_tell(&twice, json);
    const struct tally *a = &once.out.type[0].failed_latency,
                       *b = &twice.out.type[0].failed_latency;
    assert_int_equal(a->count, 100);
    assert_true(b->sum == 2 * a->sum && b->squares == 4 * a->squares);
    assert_int_equal(b->most, 2 * a->most);
    story_end(&once);
    story_end(&twice);
}

/* The same holds for a caller inside the system. */
static void a_service_tries_its_calls_again(void **state)
{
    (void)state;
    struct story s;
    story_tell(
        &s, ONE("") "'services': {"
                    "'web': {'kind': 'server', 'handlers': {'default': [{'call': 'api',"
                    "  'retry': {'max': 2, 'backoff': {'base': '100ms', 'factor': 2,"
                    "                                  'jitter': 'none'}}}]}},"
                    "'api': {'kind': 'server', 'handlers': {'default': ["
                    "  {'wait': '10ms'}, {'fail': '503'}]}}}}");
    expect_failure(&s, STATUS_503, 0.01 + 0.1 + 0.01 + 0.2 + 0.01, 1);
    assert_int_equal(story_at(&s, "api")->served, 3);
    story_end(&s);
}

static void an_error_may_be_passed_over(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, ONE("") "'services': {"
                           "'web': {'kind': 'server', 'handlers': {'default': ["
                           "  {'call': 'api', 'timeout': '1s', 'on_error': 'continue'},"
                           "  {'wait': '250ms'}]}},"
                           "'api': {'kind': 'server', 'time': '9s'}}}");
    assert_latencies(&s, 1.25);
    story_end(&s);
}

/* ---- jitter ---------------------------------------------------------------------- */

enum { PAUSES = 2000 };

struct spread {
    double least, most, mean;
};

/* Pauses in s before attempt `attempt` + 1 of many requests: base 1 s, factor 2. */
static struct spread pauses(enum jitter jitter, uint32_t attempt, double last,
                            double cap)
{
    static struct world w;
    const struct retry_policy policy = {.base = SIM_SECOND,
                                        .cap = story_time(cap),
                                        .factor = 2,
                                        .jitter = jitter,
                                        .key = rng_key(1, "retry")};
    struct spread s = {INFINITY, 0, 0};
    for (uint64_t entity = 0; entity < PAUSES; entity++) {
        double pause =
            sim_seconds(retry_pause(&w, &policy, entity, attempt, story_time(last)));
        s.least = fmin(s.least, pause);
        s.most = fmax(s.most, pause);
        s.mean += pause / PAUSES;
    }
    return s;
}

static void assert_spread(struct spread s, double from, double to)
{
    assert_true(s.least >= from && s.most <= to);
    assert_within(s.least, from, 0.01 * to);
    assert_within(s.most, to, 0.01 * to);
    assert_within(s.mean, (from + to) / 2, 0.02 * to);
}

static void full_jitter_is_anything_up_to_the_pause(void **state)
{
    (void)state;
    assert_spread(pauses(JITTER_FULL, 1, 0, 20), 0, 1);
    assert_spread(pauses(JITTER_FULL, 3, 0, 20), 0, 4);
    assert_spread(pauses(JITTER_FULL, 9, 0, 20), 0, 20);
}

static void equal_jitter_keeps_half_of_the_pause(void **state)
{
    (void)state;
    assert_spread(pauses(JITTER_EQUAL, 1, 0, 20), 0.5, 1);
    assert_spread(pauses(JITTER_EQUAL, 4, 0, 20), 4, 8);
    assert_spread(pauses(JITTER_AROUND, 1, 0, 20), 0.5, 1.5);
    assert_spread(pauses(JITTER_AROUND, 2, 0, 20), 1, 3);
}

static void decorrelated_jitter_goes_by_the_last_pause(void **state)
{
    (void)state;
    assert_spread(pauses(JITTER_DECORRELATED, 1, 0, 20), 1, 3);
    assert_spread(pauses(JITTER_DECORRELATED, 2, 2, 20), 1, 6);
    assert_true(pauses(JITTER_DECORRELATED, 2, 9, 20).most == 20);
}

static void without_jitter_all_wait_alike(void **state)
{
    (void)state;
    struct spread s = pauses(JITTER_NONE, 3, 0, 20);
    assert_true(s.least == 4 && s.most == 4);
}

/* Each of his requests is over after 1 s, in the middle of a pause of 5 s, and he asks
 * again 10 s later: at 0, 11, 22, … s. */
static void a_pause_that_a_deadline_ended_wakes_nobody(void **state)
{
    (void)state;
    struct story s;
    story_read(&s,
               "{'workloads': {'users': {'target': 'web', 'deadline': '1s',"
               "  'closed': {'users': 1, 'think': '10s'}, 'retry': {'max': 5,"
               "  'backoff': {'base': '5s', 'jitter': 'none'}}}}, " FAILS(""),
               1);
    story_watch(&s, 0, 110, 10);
    const struct type_outcome *type = &s.out.type[0];
    assert_int_equal(type->offered, 10);
    assert_int_equal(type->attempts, 10);
    assert_int_equal(story_failed(&s, STATUS_TIMEOUT), 10);
    story_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_attempt_and_so_many_more),
        cmocka_unit_test(only_what_is_named_is_tried_again),
        cmocka_unit_test(pauses_grow_to_their_cap),
        cmocka_unit_test(latency_counts_from_the_first_intention),
        cmocka_unit_test(patience_ends_each_attempt),
        cmocka_unit_test(an_answer_in_the_last_instant_counts),
        cmocka_unit_test(a_deadline_ends_it_all),
        cmocka_unit_test(a_deadline_ends_a_pause),
        cmocka_unit_test(work_is_kept_on_retry),
        cmocka_unit_test(a_service_tries_its_calls_again),
        cmocka_unit_test(an_error_may_be_passed_over),
        cmocka_unit_test(full_jitter_is_anything_up_to_the_pause),
        cmocka_unit_test(equal_jitter_keeps_half_of_the_pause),
        cmocka_unit_test(decorrelated_jitter_goes_by_the_last_pause),
        cmocka_unit_test(without_jitter_all_wait_alike),
        cmocka_unit_test(a_pause_that_a_deadline_ended_wakes_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
