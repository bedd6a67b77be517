/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Guards: breakers, bulkheads, limiters, load shedding, CoDel. */
#include "unit/story.h"

#include <math.h>

/* So many requests at an instant, of a workload called `name`. */
#define AT_ONCE(name, users, at)                                                       \
    "'" name "': {'target': 'api', 'mix': {'" name "': 1}, "                           \
    "'burst': {'users': " #users ", 'at': '" at "'}}"

/* `bad` fails at once, `slow` takes 3 s, all others 1 ms. */
#define GUARDED_BY(guards)                                                             \
    "'services': {'api': {'kind': 'server', 'guards': [" guards "], 'handlers': {"     \
    "'bad': [{'fail': '500'}], 'slow': [{'wait': '3s'}], "                             \
    "'default': [{'wait': '1ms'}]}}}"
#define STORY(workloads, guards)                                                       \
    "{'workloads': {" workloads "}, " GUARDED_BY(guards) "}"

/* How many were answered well, and how many with this status. */
static void assert_ends(const struct story *s, const char *workload, uint64_t ok,
                        enum status status, uint64_t failed)
{
    const struct type_outcome *type = story_of(s, workload);
    uint64_t found = 0;
    for (int c = 0; c < s->facts->causes; c++)
        if (s->facts->cause[c].status == status)
            found += type->failed[c];
    assert_int_equal(type->ok, ok);
    assert_int_equal(found, failed);
}

/* ---- circuit breaker ------------------------------------------------------------- */

static void rule_11_1_1_failures_open_it_probes_close_it(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s,
               STORY(AT_ONCE("bad", 3, "0s") "," AT_ONCE("fine", 1, "1s") "," AT_ONCE(
                         "early", 1,
                         "10.9s") "," AT_ONCE("late", 5, "11.1s") "," AT_ONCE("after",
                                                                              5, "12s"),
                     "{'circuit_breaker': {'slidingWindowSize': 4, "
                     "'minimumNumberOfCalls': 4, 'waitDurationInOpenState': '10s', "
                     "'permittedNumberOfCallsInHalfOpenState': 2}}"));
    assert_ends(&s, "bad", 0, STATUS_500, 3);
    assert_ends(&s, "fine", 1, STATUS_503, 0); /* the fourth: 75 % have failed */
    assert_ends(&s, "early", 0, STATUS_503, 1);
    assert_ends(&s, "late", 2, STATUS_503, 3);
    assert_ends(&s, "after", 5, STATUS_503, 0);
    assert_int_equal(story_at(&s, "api")->refused, 4);
    story_end(&s);
}

static void rule_11_1_1_failing_probes_open_it_again(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, STORY(AT_ONCE("bad", 2, "0s") "," AT_ONCE("fine", 1, "6.5s"),
                         "{'circuit_breaker': {'slidingWindowSize': 1, "
                         "'waitDurationInOpenState': '5s', "
                         "'permittedNumberOfCallsInHalfOpenState': 1}}"));
    assert_ends(&s, "fine", 1, STATUS_503, 0);
    story_end(&s);
    story_tell(
        &s, "{'workloads': {" AT_ONCE(
                "bad", 2,
                "0s") ","
                      "'again': {'target': 'api', 'mix': {'bad': 1}, "
                      "'burst': {'users': 1, 'at': '5.5s'}}," AT_ONCE(
                          "fine", 1,
                          "6.5s") "}, " GUARDED_BY("{'circuit_breaker': "
                                                   "{'slidingWindowSize': 1, "
                                                   "'waitDurationInOpenState': '5s', "
                                                   "'permittedNumberOfCallsInHalfOpenSt"
                                                   "ate': 1}}") "}");
    assert_ends(&s, "again", 0, STATUS_500, 1);
    assert_ends(&s, "fine", 0, STATUS_503, 1);
    story_end(&s);
}

static void rule_11_1_1_slow_calls_open_it_too(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, STORY(AT_ONCE("slow", 4, "0s") "," AT_ONCE("fine", 1, "3.1s"),
                         "{'circuit_breaker': {'slidingWindowSize': 4, "
                         "'slowCallDurationThreshold': '2s'}}"));
    assert_ends(&s, "slow", 4, STATUS_503, 0);
    assert_ends(&s, "fine", 0, STATUS_503, 1);
    story_end(&s);
}

/* Seconds of the clock: what ended in second 0 is forgotten in second 2. */
static void rule_11_1_1_a_window_of_seconds_forgets(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, STORY(AT_ONCE("bad", 3, "0.9s") "," AT_ONCE(
                             "fine", 3, "2.05s") "," AT_ONCE("last", 1, "2.1s"),
                         "{'circuit_breaker': {'slidingWindowType': 'TIME_BASED', "
                         "'slidingWindowSize': 2, 'minimumNumberOfCalls': 4}}"));
    assert_ends(&s, "last", 1, STATUS_503, 0);
    story_end(&s);
    story_tell(&s, STORY(AT_ONCE("bad", 3, "0.9s") "," AT_ONCE(
                             "fine", 3, "1.95s") "," AT_ONCE("last", 1, "2.1s"),
                         "{'circuit_breaker': {'slidingWindowType': 'TIME_BASED', "
                         "'slidingWindowSize': 2, 'minimumNumberOfCalls': 4}}"));
    assert_ends(&s, "last", 0, STATUS_503, 1);
    story_end(&s);
}

/* Half open from 5 s on by itself, so that its wait there is over at 7 s and it is open
 * to 12 s; otherwise the call at 8 s is the first probe. */
static void rule_11_1_1_half_open_does_not_last_for_ever(void **state)
{
    (void)state;
    static const struct {
        const char *more;
        uint64_t ok;
    } cases[] = {{"", 1},
                 {", 'automaticTransitionFromOpenToHalfOpenEnabled': true, "
                  "'maxWaitDurationInHalfOpenState': '2s'",
                  0}};
    for (size_t i = 0; i < 2; i++) {
        struct story s;
        char text[1000];
        snprintf(
            text, sizeof text, "%s%s%s",
            "{'workloads': {" AT_ONCE("bad", 1, "0s") "," AT_ONCE(
                "fine", 1, "8s") "}, 'services': {'api': {'kind': 'server', 'guards': "
                                 "[{'circuit_breaker': {'slidingWindowSize': 1, "
                                 "'waitDurationInOpenState': '5s'",
            cases[i].more,
            "}}], 'handlers': {'bad': [{'fail': '500'}], "
            "'default': [{'wait': '1ms'}]}}}}");
        story_tell(&s, text);
        assert_ends(&s, "fine", cases[i].ok, STATUS_503, 1 - cases[i].ok);
        story_end(&s);
    }
}

static void rule_11_1_1_what_is_ignored_does_not_count(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, STORY(AT_ONCE("bad", 9, "0s") "," AT_ONCE("fine", 1, "1s"),
                         "{'circuit_breaker': {'slidingWindowSize': 4, "
                         "'ignoreExceptions': ['500']}}"));
    assert_ends(&s, "fine", 1, STATUS_503, 0);
    story_end(&s);
    story_tell(&s, STORY(AT_ONCE("bad", 9, "0s") "," AT_ONCE("fine", 1, "1s"),
                         "{'circuit_breaker': {'slidingWindowSize': 4, "
                         "'recordExceptions': ['timeout']}}"));
    assert_ends(&s, "fine", 1, STATUS_503, 0);
    story_end(&s);
}

/* The caller's patience is a failure to its breaker; what that rejects is an attempt
 * that may be retried. The callee then has nothing to do. */
static void rule_11_1_1_around_a_call(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {'users': {'target': 'web', 'open': {'rate': '10/s', "
                   "'process': 'constant', 'profile': [['0s', 1], ['10.05s', 1]]}}}, "
                   "'services': {'web': {'kind': 'server', 'handlers': {'default': ["
                   "{'call': 'api', 'timeout': '50ms', 'retry': {'max': 1}, 'guards': ["
                   "{'circuit_breaker': {'slidingWindowSize': 6}}]}]}}, "
                   "'api': {'kind': 'server', 'time': '1s'}}}");
    assert_int_equal(s.out.type[0].offered, 100);
    assert_int_equal(story_at(&s, "api")->arrivals, 6); /* of 3 requests */
    assert_int_equal(story_failed(&s, STATUS_504), 3);
    assert_int_equal(story_failed(&s, STATUS_503), 97);
    assert_books_balance(&s);
    story_end(&s);
}

#define REPOSITORY(workloads, app, pool, guards, query)                                \
    "{'workloads': {" workloads "}, 'services': {"                                     \
    "'app': {" app ", 'handlers': {'default': [{'query': 'db', 'via': 'pool',"         \
    "  'io': '" query "', 'guards': [" guards "]}]}},"                                 \
    "'pool': {'kind': 'connection_pool', " pool "}, 'db': {'kind': 'postgres'}}}"
#define BURST_AT(name, users, at)                                                      \
    "'" name "': {'target': 'app', 'burst': {'users': " #users ", 'at': '" at "'}}"

/* It stands before the pool, and sees that there is no connection as a failure: two of
 * three wait for a second in vain, so that the next is told at once. */
static void rule_11_1_1_around_a_query(void **state)
{
    (void)state;
    struct story s;
    /* clang-format off */
    story_tell(&s, REPOSITORY(
        BURST_AT("first", 3, "0s") "," BURST_AT("next", 1, "2s"),
        "'kind': 'server'", "'size': 1, 'wait_timeout': '1s'",
        "{'circuit_breaker': {'slidingWindowSize': 2, 'minimumNumberOfCalls': 2}}",
        "5s"));
    /* clang-format on */
    assert_ends(&s, "first", 1, STATUS_500, 2);
    assert_ends(&s, "next", 0, STATUS_503, 1);
    assert_int_equal(story_of(&s, "next")->failed_latency.most, 0);
    story_end(&s);
}

/* Nobody comes to the pool who has not passed; who is killed in the middle of a query
 * gives his permit back. */
static void rule_11_1_2_around_a_query(void **state)
{
    (void)state;
    struct story s;
    /* clang-format off */
    story_tell(&s, REPOSITORY(
        BURST_AT("first", 3, "0s"), "'kind': 'server'", "'size': 1",
        "{'bulkhead': {'maxConcurrentCalls': 1, 'maxWaitDuration': '1s'}}", "600ms"));
    assert_latencies(&s, 0.605, 1.205); /* 5 ms to open the connection */
    assert_ends(&s, "first", 2, STATUS_503, 1);
    assert_int_equal(story_at(&s, "pool")->waited, 0);
    story_end(&s);
    story_tell(&s, REPOSITORY(
        BURST_AT("first", 1, "0s") "," BURST_AT("next", 1, "9s"),
        "'kind': 'gunicorn', 'timeout': '2s'", "'size': 1",
        "{'bulkhead': {'maxConcurrentCalls': 1}}", "60s"));
    /* clang-format on */
    assert_ends(&s, "first", 0, STATUS_500, 1);
    assert_ends(&s, "next", 0, STATUS_500, 1);
    story_end(&s);
}

/* The defaults: nothing happens before 100 calls, the 100th failure opens it; from 60 s
 * later on ten probes pass, the first who come. */
static void rule_11_2_1_the_hundredth_failure_opens_it(void **state)
{
    (void)state;
    struct story s;
    /* clang-format off */
    story_tell(&s, "{'workloads': {"
                   AT_ONCE("bad", 99, "0s") ","
                   "'hundredth': {'target': 'api', 'mix': {'bad': 1}, "
                   "'burst': {'users': 1, 'at': '1s'}}, "
                   AT_ONCE("open", 3, "2s") ","
                   AT_ONCE("waits", 3, "60.9s") ","
                   AT_ONCE("probes", 30, "61.1s") ","
                   AT_ONCE("closed", 30, "62s")
                   "}, " GUARDED_BY("'circuit_breaker'") "}");
    /* clang-format on */
    assert_ends(&s, "hundredth", 0, STATUS_500, 1);
    assert_ends(&s, "open", 0, STATUS_503, 3);
    assert_ends(&s, "waits", 0, STATUS_503, 3);
    assert_ends(&s, "probes", 10, STATUS_503, 20);
    assert_ends(&s, "closed", 30, STATUS_503, 0);
    story_end(&s);
}

/* ---- bulkhead -------------------------------------------------------------------- */

static void rule_11_1_2_a_bulkhead_takes_25(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, STORY(AT_ONCE("slow", 30, "0s") "," AT_ONCE("fine", 30, "4s"),
                         "'bulkhead'"));
    assert_ends(&s, "slow", 25, STATUS_503, 5);
    assert_ends(&s, "fine", 25, STATUS_503, 5);
    story_end(&s);
}

static void rule_11_1_2_waiters_are_served_in_order(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s,
               STORY(AT_ONCE("slow", 4, "0s"), "{'bulkhead': {'maxConcurrentCalls': 1, "
                                               "'maxWaitDuration': '7s'}}"));
    assert_latencies_of(story_of(&s, "slow"), 3, 6, 9);
    assert_ends(&s, "slow", 3, STATUS_503, 1);
    assert_float_equal(tally_mean(&story_of(&s, "slow")->failed_latency), 7e9, 1);
    story_end(&s);
}

/* ---- limits of the rate ---------------------------------------------------------- */

static void rule_11_1_3_permits_of_periods(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, STORY(AT_ONCE("fine", 10, "0.25s") "," AT_ONCE("more", 1, "5s"),
                         "{'rate_limiter': {'limitForPeriod': 3, "
                         "'limitRefreshPeriod': '1s', 'timeoutDuration': '1.8s'}}"));
    assert_latencies_of(story_of(&s, "fine"), 0.001, 0.001, 0.001, 0.751, 0.751, 0.751,
                        1.751, 1.751, 1.751);
    assert_ends(&s, "fine", 9, STATUS_429, 1);
    assert_latencies_of(story_of(&s, "more"), 0.001);
    story_end(&s);
}

static void rule_11_1_4_three_attempts_half_a_second_apart(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {'users': {'target': 'api', 'burst': {'users': 1}, "
                   "'retry': {'max': 2, 'backoff': {'base': '500ms', 'factor': 1, "
                   "'jitter': 'none'}}}}, 'services': {'api': {'kind': 'server', "
                   "'handlers': {'default': [{'fail': '500'}]}}}}");
    assert_int_equal(s.out.type[0].attempts, 3);
    assert_float_equal(tally_mean(&s.out.type[0].failed_latency), 1e9, 1);
    story_end(&s);
}

/* A fifth of the requests may be tried again: attempts are 1.2 times the requests, not
 * four times, where all fail. */
static void rule_11_1_10_a_budget_caps_retries(void **state)
{
    (void)state;
    struct story s;
    story_read(&s,
               "{'workloads': {'users': {'target': 'api', 'open': {'rate': '200/s'}, "
               "'retry': {'max': 3, 'budget': {'finagle': {}}}}}, 'services': {'api': "
               "{'kind': 'server', 'handlers': {'default': [{'fail': '500'}]}}}}",
               1);
    story_watch(&s, 20, 100, 10);
    const struct type_outcome *type = &s.out.type[0];
    double amplification = (double)type->attempts / (double)type->offered;
    assert_true(amplification > 1.15 && amplification < 1.27);
    story_end(&s);
}

static void rule_11_1_5_a_bucket_of_tokens(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, STORY(AT_ONCE("fine", 8, "0s") "," AT_ONCE(
                             "soon", 5, "0.25s") "," AT_ONCE("late", 9, "10s"),
                         "{'token_bucket': {'rate': '10/s', 'burst': 5}}"));
    assert_ends(&s, "fine", 5, STATUS_429, 3);
    assert_ends(&s, "soon", 2, STATUS_429, 3);
    assert_ends(&s, "late", 5, STATUS_429, 4);
    story_end(&s);
}

static void rule_11_1_6_a_meter_passes_the_burst_at_once(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, STORY(AT_ONCE("fine", 10, "0s"),
                         "{'leaky_bucket': {'rate': '10/s', 'burst': 5, "
                         "'nodelay': true}}"));
    assert_latencies_of(story_of(&s, "fine"), 0.001, 0.001, 0.001, 0.001, 0.001, 0.001);
    assert_ends(&s, "fine", 6, STATUS_429, 4);
    story_end(&s);
}

static void rule_11_1_7_a_bucket_leaks_at_its_rate(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, STORY(AT_ONCE("fine", 10, "0s"),
                         "{'leaky_bucket': {'rate': '10/s', 'burst': 5}}"));
    assert_latencies_of(story_of(&s, "fine"), 0.001, 0.101, 0.201, 0.301, 0.401, 0.501);
    assert_ends(&s, "fine", 6, STATUS_429, 4);
    story_end(&s);
}

static void rule_11_1_8_a_count_for_each_window(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, STORY(AT_ONCE("fine", 8, "0.5s") "," AT_ONCE(
                             "soon", 2, "0.9s") "," AT_ONCE("late", 9, "1s"),
                         "{'fixed_window': {'limit': 5, 'window': '1s'}}"));
    assert_ends(&s, "fine", 5, STATUS_429, 3);
    assert_ends(&s, "soon", 0, STATUS_429, 2);
    assert_ends(&s, "late", 5, STATUS_429, 4);
    story_end(&s);
}

/* Each key has a window of its own. */
static void rule_11_1_8_keys_count_apart(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {'one': {'target': 'api', 'addresses': 1, "
                   "'burst': {'users': 8}}, 'many': {'target': 'api', 'addresses': "
                   "1000000000, 'burst': {'users': 8, 'at': '2s'}}}, " GUARDED_BY(
                       "{'fixed_window': {'limit': 5, 'window': '1s', "
                       "'key': 'address'}}") "}");
    assert_ends(&s, "one", 5, STATUS_429, 3);
    assert_ends(&s, "many", 8, STATUS_429, 0);
    story_end(&s);
}

/* At 1.4 s the log still holds the 5 of 0.5 s; the counter takes them for 5 x 0.6. */
static void rule_11_1_9_windows_that_slide(void **state)
{
    (void)state;
    static const struct {
        const char *guard;
        uint64_t at_14, at_16;
    } cases[] = {{"sliding_log", 0, 5}, {"sliding_window", 2, 1}};
    for (size_t i = 0; i < 2; i++) {
        struct story s;
        char text[1000];
        snprintf(text, sizeof text, "%s%s%s",
                 "{'workloads': {" AT_ONCE("fine", 8, "0.5s") "," AT_ONCE(
                     "soon", 8,
                     "1.4s") "," AT_ONCE("late", 8,
                                         "1.6s") "}, 'services': {'api': {'kind': "
                                                 "'server', 'time': '1ms', "
                                                 "'guards': [{'",
                 cases[i].guard, "': {'limit': 5, 'window': '1s'}}]}}}");
        story_tell(&s, text);
        assert_ends(&s, "fine", 5, STATUS_429, 3);
        assert_ends(&s, "soon", cases[i].at_14, STATUS_429, 8 - cases[i].at_14);
        assert_ends(&s, "late", cases[i].at_16, STATUS_429, 8 - cases[i].at_16);
        story_end(&s);
    }
}

static void rule_11_2_2_twice_the_limit_around_the_end_of_a_window(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s,
               STORY(AT_ONCE("fine", 150, "59.95s") "," AT_ONCE("more", 150, "60.05s"),
                     "{'fixed_window': {'limit': 100, 'window': '60s'}}"));
    assert_ends(&s, "fine", 100, STATUS_429, 50);
    assert_ends(&s, "more", 100, STATUS_429, 50);
    story_end(&s);
}

/* ---- limits of the load ---------------------------------------------------------- */

#define ONE_SLOT(workloads, guards)                                                    \
    "{'workloads': {" workloads "}, 'services': {'api': {'kind': 'server', "           \
    "'slots': 1, 'time': '1s', 'guards': [" guards "]}}}"

static void rule_11_1_11_load_is_shed(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, STORY(AT_ONCE("slow", 9, "0s") "," AT_ONCE("fine", 9, "3.1s"),
                         "{'load_shedding': {'max_in_flight': 4}}"));
    assert_ends(&s, "slow", 4, STATUS_503, 5);
    assert_ends(&s, "fine", 4, STATUS_503, 5);
    story_end(&s);
    story_tell(
        &s, ONE_SLOT(AT_ONCE("fine", 9, "0s"), "{'load_shedding': {'max_queue': 3}}"));
    assert_ends(&s, "fine", 4, STATUS_503, 5);
    story_end(&s);
    /* 2 s after the last answer nobody knows how slow it is now */
    story_tell(&s, ONE_SLOT(AT_ONCE("fine", 2, "0s") "," AT_ONCE(
                                "soon", 1, "2.1s") "," AT_ONCE("late", 1, "4.1s"),
                            "{'load_shedding': {'max_latency': '1.2s', "
                            "'window': '2s'}}"));
    assert_ends(&s, "soon", 0, STATUS_503, 1);
    assert_ends(&s, "late", 1, STATUS_503, 0);
    story_end(&s);
    /* busy since 0 s: 1 - 1/e of it are remembered after a window */
    story_tell(&s, ONE_SLOT(AT_ONCE("fine", 3, "0s") "," AT_ONCE(
                                "soon", 1, "0.95s") "," AT_ONCE("late", 1, "1.05s"),
                            "{'load_shedding': {'max_utilisation': 0.632, "
                            "'window': '1s'}}"));
    assert_ends(&s, "soon", 1, STATUS_503, 0);
    assert_ends(&s, "late", 0, STATUS_503, 1);
    story_end(&s);
}

/* Each answer in time adds 1 / limit: 2, 2.5, 2.9; each late one takes a tenth. */
static void rule_11_1_12_up_by_steps_down_by_parts(void **state)
{
    (void)state;
    struct story s;
    const char *guard = "{'aimd': {'initial_limit': 2, 'target': '2s'}}";
    char text[1000];
    snprintf(
        text, sizeof text, "%s%s%s",
        "{'workloads': {" AT_ONCE("fine", 9, "0s") "," AT_ONCE(
            "soon", 9,
            "1s") "," AT_ONCE("slow", 9,
                              "2s") "," AT_ONCE("late", 9,
                                                "6s") "}, 'services': {'api': {'kind': "
                                                      "'server', 'handlers': {'slow': "
                                                      "[{'wait': '3s'}], 'default': "
                                                      "[{'wait': '1ms'}]}, 'guards': [",
        guard, "]}}}");
    story_tell(&s, text);
    double limit = 2;
    assert_int_equal(story_of(&s, "fine")->ok, (uint64_t)floor(limit));
    for (int n = (int)limit; n > 0; n--)
        limit += 1 / limit;
    assert_int_equal(story_of(&s, "soon")->ok, (uint64_t)floor(limit));
    for (int n = (int)limit; n > 0; n--)
        limit += 1 / limit;
    uint64_t slow = (uint64_t)floor(limit);
    assert_int_equal(story_of(&s, "slow")->ok, slow);
    for (uint64_t n = 0; n < slow; n++)
        limit *= 0.9;
    assert_int_equal(story_of(&s, "late")->ok, (uint64_t)floor(limit));
    story_end(&s);
}

/* The first who have the least latency do not lower it: limit + root of the limit for
 * each, from the half of the limit on; then 3000 times slower ones take it down. */
static void rule_11_1_13_the_gradient_of_the_latency(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, STORY(AT_ONCE("fine", 40, "0s") "," AT_ONCE(
                             "slow", 90, "1s") "," AT_ONCE("late", 90, "5s"),
                         "{'gradient': {'initial_limit': 10, 'smoothing': 1}}"));
    double limit = 10;
    assert_int_equal(story_of(&s, "fine")->ok, 10);
    for (int k = 1; k <= 10; k++)
        limit += 2 * k < limit ? 0 : sqrt(limit);
    uint64_t slow = (uint64_t)floor(limit);
    assert_int_equal(story_of(&s, "slow")->ok, slow);
    for (uint64_t k = 1; k <= slow; k++)
        limit = 2 * (double)k < limit ? limit : limit / 2 + sqrt(limit);
    assert_true(limit < 10);
    assert_int_equal(story_of(&s, "late")->ok, (uint64_t)floor(limit));
    story_end(&s);
}

/* Netflix' rules. With one latency for all, gradient2 grows by a fifth of 4 for each
 * answer; Vegas, after the one that sets the least latency, by 6. */
static void rule_11_1_13_limits_of_netflix(void **state)
{
    (void)state;
    static const struct {
        const char *guard;
        uint64_t second;
    } cases[] = {{"gradient2", 28}, {"vegas", 44}};
    for (size_t i = 0; i < 2; i++) {
        struct story s;
        char text[1000];
        snprintf(text, sizeof text, "%s%s%s",
                 "{'workloads': {" AT_ONCE("fine", 90, "0s") "," AT_ONCE(
                     "soon", 90, "1s") "}, 'services': {'api': {'kind': 'server', "
                                       "'time': '1ms', 'guards': ['",
                 cases[i].guard, "']}}}");
        story_tell(&s, text);
        assert_int_equal(story_of(&s, "fine")->ok, 20);
        double limit = 20;
        for (int k = 1; k <= 20; k++)
            if (2 * k >= limit)
                limit += i == 0 ? 0.8 : 6;
        assert_int_equal(story_of(&s, "soon")->ok, (uint64_t)floor(limit));
        assert_int_equal((uint64_t)floor(limit), cases[i].second);
        story_end(&s);
    }
}

/* ---- CoDel ----------------------------------------------------------------------- */

/* 2000/s into a server of 1000/s: the wait reaches 5 ms with the slot given at 10.5 ms;
 * slots are given every ms. */
static void rule_11_2_3_drops_come_faster_and_faster(void **state)
{
    (void)state;
    static const struct {
        double until;
        uint64_t dropped;
    } cases[] = {{0.1104, 0}, {0.111, 1}, {0.210, 1}, {0.211, 2}, {0.281, 2},
                 {0.282, 3},  {0.339, 3}, {0.340, 4}, {0.389, 4}, {0.390, 5}};
    struct story s;
    story_read(&s,
               "{'workloads': {'users': {'target': 'api', 'open': {'rate': '2000/s', "
               "'process': 'constant'}}}, 'services': {'api': {'kind': 'server', "
               "'slots': 1, 'time': '1ms', 'guards': ['codel']}}}",
               1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        story_watch(&s, 0, cases[i].until, 0);
        assert_int_equal(story_at(&s, "api")->refused, cases[i].dropped);
    }
    story_end(&s);
}

/* As soon as one has waited for less it stops; when it begins again soon after, it goes
 * on nearly where it was: here at 3 drops, so that the next comes 57.7 ms later. */
static void rule_11_1_14_it_stops_and_resumes(void **state)
{
    (void)state;
    struct story s;
    story_read(&s,
               "{'workloads': {'users': {'target': 'api', 'open': {'rate': '2000/s', "
               "'process': 'constant', 'profile': [['0s', 1], ['400ms', 1], "
               "['400.001ms', 0], ['900ms', 0], ['900.001ms', 1], ['1.4s', 1]]}}}, "
               "'services': {'api': {'kind': 'server', "
               "'slots': 1, 'time': '1ms', 'guards': ['codel']}}}",
               1);
    story_watch(&s, 0, 0.4, 1);
    uint64_t before = story_at(&s, "api")->refused;
    assert_int_equal(before, 5);
    story_watch(&s, 0, 0.9, 1); /* until the line is empty it drops on */
    uint64_t emptied = story_at(&s, "api")->refused;
    assert_true(emptied > before);
    story_watch(&s, 0, 1.0, 1);
    assert_int_equal(story_at(&s, "api")->refused, emptied);
    story_watch(&s, 0, 1.3, 1);
    /* anew it would have dropped at 1010, 1110, 1181, 1239 and 1289 ms */
    assert_true(story_at(&s, "api")->refused > emptied + 6);
    story_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_11_1_1_failures_open_it_probes_close_it),
        cmocka_unit_test(rule_11_1_1_failing_probes_open_it_again),
        cmocka_unit_test(rule_11_1_1_slow_calls_open_it_too),
        cmocka_unit_test(rule_11_1_1_a_window_of_seconds_forgets),
        cmocka_unit_test(rule_11_1_1_half_open_does_not_last_for_ever),
        cmocka_unit_test(rule_11_1_1_what_is_ignored_does_not_count),
        cmocka_unit_test(rule_11_1_1_around_a_call),
        cmocka_unit_test(rule_11_2_1_the_hundredth_failure_opens_it),
        cmocka_unit_test(rule_11_1_2_a_bulkhead_takes_25),
        cmocka_unit_test(rule_11_1_2_waiters_are_served_in_order),
        cmocka_unit_test(rule_11_1_3_permits_of_periods),
        cmocka_unit_test(rule_11_1_4_three_attempts_half_a_second_apart),
        cmocka_unit_test(rule_11_1_10_a_budget_caps_retries),
        cmocka_unit_test(rule_11_1_5_a_bucket_of_tokens),
        cmocka_unit_test(rule_11_1_6_a_meter_passes_the_burst_at_once),
        cmocka_unit_test(rule_11_1_7_a_bucket_leaks_at_its_rate),
        cmocka_unit_test(rule_11_1_8_a_count_for_each_window),
        cmocka_unit_test(rule_11_1_8_keys_count_apart),
        cmocka_unit_test(rule_11_1_9_windows_that_slide),
        cmocka_unit_test(rule_11_2_2_twice_the_limit_around_the_end_of_a_window),
        cmocka_unit_test(rule_11_1_11_load_is_shed),
        cmocka_unit_test(rule_11_1_12_up_by_steps_down_by_parts),
        cmocka_unit_test(rule_11_1_13_the_gradient_of_the_latency),
        cmocka_unit_test(rule_11_1_13_limits_of_netflix),
        cmocka_unit_test(rule_11_2_3_drops_come_faster_and_faster),
        cmocka_unit_test(rule_11_1_14_it_stops_and_resumes),
        cmocka_unit_test(rule_11_1_1_around_a_query),
        cmocka_unit_test(rule_11_1_2_around_a_query),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
