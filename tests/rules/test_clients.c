/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Clients: users, retries, budgets, patience, connections. */
#include "unit/story.h"

#define ONE(keys)                                                                      \
    "{'workloads': {'users': {'target': 'web', 'burst': {'users': 1}" keys "}}, "
#define FAILS(fail)                                                                    \
    "'services': {'web': {'kind': 'server', 'handlers': {'default': [" fail "]}}}}"

static const struct type_outcome *told(struct story *s, const char *text)
{
    story_tell(s, text);
    return &s->out.type[0];
}

/* ---- 10.1 ------------------------------------------------------------------------ */

/* Users who wait for answers slow down with the server: N / (R + Z). */
static void rule_10_1_1_closed_users_slow_down_with_the_server(void **state)
{
    (void)state;
    static const char *const times[] = {"100ms", "1s", "4s"};
    static const double rates[] = {10 / 1.1, 10 / 2.0, 10 / 5.0};
    for (int i = 0; i < 3; i++) {
        struct story s;
        char text[300];
        snprintf(text, sizeof text,
                 "{'workloads': {'users': {'target': 'web', 'closed': {'users': 10,"
                 "  'think': '1s', 'ramp_up': '1s'}}}, 'services': {'web': {"
                 "  'kind': 'server', 'time': '%s'}}}",
                 times[i]);
        story_read(&s, text, 1);
        story_watch(&s, 100, 1000, 20);
        assert_within((double)s.out.type[0].offered / 1000, rates[i], 0.01 * rates[i]);
        story_end(&s);
    }
}

/* ---- 10.2 ------------------------------------------------------------------------ */

/* The client goes after 1 s; the thread works on for 5. */
static void rule_10_2_1_a_timeout_frees_the_client_and_not_the_server(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, ONE(", 'timeout': '1s'") "'services': {'web': {'kind': 'server',"
                                            "  'slots': 1, 'time': '5s'}}}");
    assert_int_equal(story_failed(&s, STATUS_TIMEOUT), 1);
    assert_int_equal(s.out.type[0].failed_latency.most, SIM_SECOND);
    story_end(&s);
    story_read(&s,
               ONE(", 'timeout': '1s'") "'services': {'web': {'kind': 'server',"
                                        "  'slots': 1, 'time': '5s'}}}",
               1);
    story_watch(&s, 0, 10, 0);
    assert_true(story_at(&s, "web")->busy_area == (uint128)5 * SIM_SECOND);
    story_end(&s);
}

/* A thread is busy for 2 s; who comes after gives up at 1 s, and one more comes at 1.5.
 * The server tells nobody's request from others', unless it notices that the
 * connection is closed. */
#define GIVES_UP(disconnect)                                                           \
    "{'workloads': {"                                                                  \
    "'first': {'target': 'web', 'burst': {'users': 1}},"                               \
    "'second': {'target': 'web', 'burst': {'users': 1, 'at': '100ms'},"                \
    "  'timeout': '1s'},"                                                              \
    "'third': {'target': 'web', 'burst': {'users': 1, 'at': '1.5s'}}},"                \
    "'services': {'web': {'kind': 'server', 'slots': 1, 'time': '2s' " disconnect "}}}"

static void rule_10_2_1_who_waits_may_leave_the_queue(void **state)
{
    (void)state;
    static const char *const how[] = {"", ", 'on_disconnect': 'leave'",
                                      ", 'on_disconnect': 'stop'"};
    static const double third[] = {4.5, 2.5, 2.5};
    for (int i = 0; i < 3; i++) {
        struct story s;
        char text[600];
        snprintf(text, sizeof text, GIVES_UP("%s"), how[i]);
        story_tell(&s, text);
        assert_int_equal(story_failed(&s, STATUS_TIMEOUT), 1);
        assert_latencies_of(story_of(&s, "third"), third[i]);
        assert_int_equal(story_at(&s, "web")->served, i == 0 ? 3 : 2);
        assert_int_equal(story_at(&s, "web")->timed_out, i > 0);
        story_end(&s);
    }
}

/* The one that is worked on gives up: only `stop` frees its thread, and the database
 * that the thread waits for. */
static void rule_10_2_1_work_may_be_cancelled(void **state)
{
    (void)state;
    static const char *const how[] = {"stay", "leave", "stop"};
    static const double second[] = {7.9, 7.9, 4.9};
    for (int i = 0; i < 3; i++) {
        struct story s;
        char text[600];
        snprintf(text, sizeof text,
                 "{'workloads': {"
                 "'first': {'target': 'web', 'burst': {'users': 1}, 'timeout': '1s'},"
                 "'second': {'target': 'web', 'burst': {'users': 1, 'at': '100ms'}}},"
                 "'services': {'web': {'kind': 'server', 'slots': 1,"
                 "  'on_disconnect': '%s', 'handlers': {'default': [{'call': 'api'}]}},"
                 "'api': {'kind': 'server', 'slots': 1, 'time': '4s',"
                 "  'on_disconnect': '%s'}}}",
                 how[i], how[i]);
        story_tell(&s, text);
        assert_latencies_of(story_of(&s, "second"), second[i]);
        story_end(&s);
    }
}

/* A call that its caller gives up leaves the queue of a callee that notices, and who
 * stands behind it is served earlier. */
static void rule_10_2_1_calls_that_are_given_up_leave_too(void **state)
{
    (void)state;
    static const char *const how[] = {"stay", "leave"};
    for (int i = 0; i < 2; i++) {
        struct story s;
        char text[600];
        snprintf(text, sizeof text,
                 "{'workloads': {'w': {'target': 'web', 'burst': {'users': 2}},"
                 "  'late': {'target': 'api', 'burst': {'users': 1, 'at': '1.5s'}}},"
                 "'services': {'web': {'kind': 'server', 'handlers': {'default': ["
                 "  {'call': 'api', 'timeout': '1s'}]}},"
                 "'api': {'kind': 'server', 'slots': 1, 'time': '2s',"
                 "  'on_disconnect': '%s'}}}",
                 how[i]);
        story_tell(&s, text);
        assert_int_equal(story_failed(&s, STATUS_504), 2);
        assert_latencies_of(story_of(&s, "late"), i == 0 ? 4.5 : 2.5);
        story_end(&s);
    }
}

/* Branches of cancelled work end with it; so does what waits at a guard, and what is
 * still on its way. */
static void rule_10_2_1_nothing_of_cancelled_work_is_left(void **state)
{
    (void)state;
    struct story s;
    story_read(&s,
               "{'workloads': {'w': {'target': 'web', 'latency': '1ms',"
               "  'burst': {'users': 2}, 'timeout': '1s'},"
               "  'soon': {'target': 'web', 'latency': '1ms',"
               "    'burst': {'users': 1}, 'timeout': '500us'}},"
               "'services': {'web': {'kind': 'server', 'on_disconnect': 'stop',"
               "  'guards': [{'bulkhead': {'maxConcurrentCalls': 1,"
               "    'maxWaitDuration': '1h'}}],"
               "  'handlers': {'default': [{'parallel': [[{'call': 'api'}],"
               "    [{'wait': '100s'}]]}]}},"
               "'api': {'kind': 'server', 'slots': 1, 'time': '50s',"
               "  'on_disconnect': 'stop'}}}",
               1);
    story_watch(&s, 0, 10, 200);
    assert_int_equal(story_failed(&s, STATUS_TIMEOUT), 3);
    assert_int_equal(story_at(&s, "api")->arrivals, 1);
    /* from 1 ms on to the end of patience at 1 s */
    assert_true(story_at(&s, "api")->busy_area == (uint128)999 * SIM_MILLISECOND);
    story_end(&s);
}

/* The client has gone before its request comes to nginx: it is not passed on, unless
 * nginx does not care. A stream ends with the first chunk that nobody takes. */
static void rule_10_2_1_proxies_notice_who_had_gone_before(void **state)
{
    (void)state;
    static const char *const keys[] = {"", ", 'proxy_ignore_client_abort': true"};
    for (int i = 0; i < 2; i++) {
        struct story s;
        char text[600];
        snprintf(text, sizeof text,
                 "{'workloads': {'w': {'target': 'edge', 'latency': '500ms',"
                 "  'burst': {'users': 1}, 'timeout': '300ms'}},"
                 "'services': {'edge': {'kind': 'nginx', 'upstream': 'app' %s},"
                 "'app': {'kind': 'server', 'slots': 1, 'handlers': {'default': ["
                 "  {'stream': {'first_byte': '2s', 'chunks': 9, 'gap': '1s',"
                 "    'cpu': '1ms'}}]}}}}",
                 keys[i]);
        story_read(&s, text, 1);
        story_watch(&s, 0, 20, 20);
        assert_int_equal(story_failed(&s, STATUS_TIMEOUT), 1);
        assert_int_equal(story_at(&s, "app")->arrivals, i);
        /* to the first chunk that nobody takes */
        assert_true(story_at(&s, "app")->busy_area ==
                    (uint128)(i * 3001) * SIM_MILLISECOND);
        story_end(&s);
    }
}

static double attempts_with(double failing, int retries)
{
    struct story s;
    char text[400];
    snprintf(text, sizeof text,
             "{'workloads': {'users': {'target': 'web', 'burst': {'users': 20000},"
             "  'retry': {'max': %d}}}, 'services': {'web': {'kind': 'server',"
             "  'handlers': {'default': [{'fail': '503', 'probability': %g}]}}}}",
             retries, failing);
    const struct type_outcome *type = told(&s, text);
    double attempts = (double)type->attempts / (double)type->offered;
    story_end(&s);
    return attempts;
}

/* (1 - f^(r + 1)) / (1 - f), and r + 1 when everything fails. */
static void rule_10_2_2_attempts_of_a_request(void **state)
{
    (void)state;
    assert_within(attempts_with(1, 3), 4, 0);
    assert_within(attempts_with(0, 3), 1, 0);
    assert_within(attempts_with(0.5, 3), 1.875, 0.03);
}

/* A client that makes 3 attempts, a service that makes 2: 6 at the last. */
static void rule_10_2_2_layers_multiply(void **state)
{
    (void)state;
    struct story s;
    told(&s, ONE(", 'retry': {'max': 2}") "'services': {"
                                          "'web': {'kind': 'server', 'handlers': "
                                          "{'default': [{'call': 'api',"
                                          "  'retry': {'max': 1}}]}},"
                                          "'api': {'kind': 'server', 'handlers': "
                                          "{'default': [{'fail': '503'}]}}}}");
    assert_int_equal(story_at(&s, "api")->served, 6);
    story_end(&s);
}

/* The server does 10/s, 8/s are asked for, and patience is 1 s. A batch of 60 in one
 * moment makes the wait longer than that; with retries it stays so for good, since all
 * that is served has been given up. Without retries it is over after some seconds. */
static double late_goodput(const char *retry)
{
    struct story s;
    char text[500];
    snprintf(text, sizeof text,
             "{'workloads': {'users': {'target': 'web', 'open': {'rate': '8/s',"
             "   'process': 'constant'}, 'timeout': '1s' %s},"
             " 'flash': {'target': 'web', 'burst': {'users': 60, 'at': '10s'}}},"
             "'services': {'web': {'kind': 'server', 'slots': 1, 'time': '100ms'}}}",
             retry);
    story_read(&s, text, 1);
    story_watch(&s, 200, 100, 30);
    double good = (double)s.out.type[0].ok / (double)s.out.type[0].offered;
    story_end(&s);
    return good;
}

static void rule_10_2_3_retries_keep_an_overload_alive(void **state)
{
    (void)state;
    assert_true(late_goodput(", 'retry': {'max': 3}") < 0.05);
    assert_within(late_goodput(""), 1, 0);
}

/* … and a budget of retries ends it. */
static void rule_10_2_3_a_budget_ends_it(void **state)
{
    (void)state;
    assert_within(late_goodput(", 'retry': {'max': 3, 'budget': {'grpc': {"
                               "'maxTokens': 10, 'tokenRatio': 0.1}}}"),
                  1, 0);
}

#define LINK(keys)                                                                     \
    "{'workloads': {'users': {'target': 'web', 'latency': '50ms',"                     \
    "  'connections': {" keys "}, "
#define INSTANT "'services': {'web': {'kind': 'server', 'time': '100ms'}}}"

/* One round trip of 100 ms for TCP, one more for TLS 1.3, two for 1.2. */
static void rule_10_2_4_a_new_connection_costs_round_trips(void **state)
{
    (void)state;
    struct story s;
    told(&s, LINK("") "'burst': {'users': 1}}}, " INSTANT);
    assert_latencies(&s, 0.3);
    story_end(&s);
    told(&s, LINK("'tls': '1.3'") "'burst': {'users': 1}}}, " INSTANT);
    assert_latencies(&s, 0.4);
    story_end(&s);
    told(&s, LINK("'tls': '1.2'") "'burst': {'users': 1}}}, " INSTANT);
    assert_latencies(&s, 0.5);
    story_end(&s);
}

/* Bursts at 0, 1 and 2 s: the connection is there from the second on, if it is kept. */
static void rule_10_2_4_connections_are_used_again(void **state)
{
    (void)state;
    static const char *const keys[] = {"", "'keep_alive': '0s'",
                                       "'keep_alive': '500ms'"};
    static const double means[] = {(0.3 + 0.2 + 0.2) / 3, 0.3, 0.3};
    for (int i = 0; i < 3; i++) {
        struct story s;
        char text[400];
        snprintf(text, sizeof text,
                 LINK("%s") "'burst': {'users': 1, 'every': '1s'}}}, " INSTANT,
                 keys[i]);
        story_read(&s, text, 1);
        story_watch(&s, 0, 2.5, 1);
        assert_int_equal(s.out.type[0].ok, 3);
        assert_within(story_mean(&s.out.type[0]), means[i], 1e-6);
        story_end(&s);
    }
}

/* One connection: the second and third wait in the client, and that counts. */
static void rule_10_2_4_waiting_for_a_connection_counts(void **state)
{
    (void)state;
    struct story s;
    told(&s, LINK("'max': 1") "'burst': {'users': 3}}}, " INSTANT);
    assert_latencies(&s, 0.3, 0.5, 0.7);
    story_end(&s);
}

/* A user keeps a connection of his own. */
static void rule_10_2_4_users_have_their_own_connections(void **state)
{
    (void)state;
    struct story s;
    story_read(&s, LINK("") "'closed': {'users': 2, 'think': '800ms'}}}, " INSTANT, 1);
    story_watch(&s, 0, 2.5, 1);
    assert_latencies(&s, 0.3, 0.3, 0.2, 0.2, 0.2, 0.2);
    story_end(&s);
}

/* Latency runs from the intended start: what waits in the client is not left out. */
static void rule_10_2_5_latency_counts_from_the_intended_start(void **state)
{
    (void)state;
    struct story s;
    story_read(&s,
               "{'workloads': {'users': {'target': 'web', 'connections': {'max': 1},"
               "  'open': {'rate': '10/s', 'process': 'constant'}}},"
               "'services': {'web': {'kind': 'server', 'time': '200ms'}}}",
               1);
    story_watch(&s, 0, 1.05, 10);
    assert_latencies(&s, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1);
    story_end(&s);
}

/* He leaves after 300 ms, but the server works to the end. */
static void rule_10_2_6_users_leave(void **state)
{
    (void)state;
    struct story s;
    story_read(&s,
               ONE(", 'patience': '300ms'") "'services': {'web': {'kind': 'server',"
                                            "  'slots': 1, 'time': '2s'}}}",
               1);
    story_watch(&s, 0, 5, 5);
    assert_int_equal(story_failed(&s, STATUS_TIMEOUT), 1);
    assert_int_equal(s.out.type[0].failed_latency.most, story_time(0.3));
    assert_true(story_at(&s, "web")->busy_area == (uint128)2 * SIM_SECOND);
    story_end(&s);
}

/* The first byte is there after 200 ms, the last after 2.2 s: who waits for that only
 * leaves, and who wants to see something happen stays. */
static void rule_10_2_6_who_sees_the_answer_begin_may_stay(void **state)
{
    (void)state;
    static const char *const until[] = {"answer", "first_byte"};
    for (int i = 0; i < 2; i++) {
        struct story s;
        char text[400];
        snprintf(text, sizeof text,
                 ONE(", 'patience': '300ms', 'patience_until': '%s'") FAILS(
                     "{'stream': {'first_byte': '200ms', 'chunks': 2, 'gap': '1s'}}"),
                 until[i]);
        story_tell(&s, text);
        assert_int_equal(s.out.type[0].ok, i);
        story_end(&s);
    }
}

/* Patience is with the whole: it goes on through retries and their pauses. */
static void rule_10_2_6_patience_is_with_the_whole_request(void **state)
{
    (void)state;
    struct story s;
    const struct type_outcome *type =
        told(&s, ONE(", 'patience': '1s', 'retry': {'max': 99, 'backoff': {"
                     "'base': '400ms', 'factor': 1, 'jitter': 'none'}}")
                     FAILS("{'fail': '503'}"));
    assert_int_equal(type->attempts, 3); /* at 0, 0.4, 0.8 s */
    assert_int_equal(type->failed_latency.most, SIM_SECOND);
    story_end(&s);
}

/* He presses reload after 1 s: the second answer comes at 1 + 3 s, and the server has
 * done both. */
static void rule_10_2_6_reloading_asks_twice(void **state)
{
    (void)state;
    struct story s;
    const struct type_outcome *type = told(
        &s, ONE(", 'reload': {'after': '1s'}") "'services': {'web': {"
                                               "  'kind': 'server', 'time': '3s'}}}");
    assert_latencies(&s, 4);
    assert_int_equal(type->attempts, 2);
    assert_int_equal(type->retries, 1);
    story_end(&s);
}

/* ---- pauses, what the server asks for, chance ------------------------------------ */

/* Of each scheme the pauses before the first, second … retry: what they are at most,
 * and on average. */
static void pauses_follow_their_scheme(void **state)
{
    (void)state;
    static const struct {
        const char *backoff;
        double most, mean; /* of the sum of three pauses */
    } schemes[] = {
        {"'base': '1s', 'factor': 1, 'jitter': 'none'", 3, 3},
        {"'base': '1s', 'jitter': 'none'", 7, 7},
        {"'base': '1s', 'cap': '3s', 'jitter': 'none'", 6, 6},
        {"'base': '1s', 'jitter': 'full'", 7, 3.5},
        {"'base': '1s', 'jitter': 'equal'", 7, 5.25},
        /* means 2, (1 + 3 x 2) / 2, (1 + 3 x 3.5) / 2 */
        {"'base': '1s', 'cap': '100s', 'jitter': 'decorrelated'", 39, 2 + 3.5 + 5.75},
        {"'base': '1s', 'jitter': 'exponential'", 1e9, 7},
    };
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        struct story s;
        char text[500];
        snprintf(text, sizeof text,
                 "{'workloads': {'users': {'target': 'web', 'burst': {'users': 20000},"
                 " 'retry': {'max': 3, 'backoff': {%s}}}}, " FAILS("{'fail': '503'}"),
                 schemes[i].backoff);
        const struct tally *t = &told(&s, text)->failed_latency;
        assert_true((double)t->most * 1e-9 <= schemes[i].most);
        assert_within(tally_mean(t) * 1e-9, schemes[i].mean,
                      5 * sqrt(tally_variance(t) / 20000) * 1e-9 + 1e-9);
        story_end(&s);
    }
}

/* The answer asks for 2 s: that long, whatever the back-off says; unless the client
 * does not care. */
static void retry_after_is_obeyed(void **state)
{
    (void)state;
    struct story s;
    told(&s, ONE(", 'retry': {'max': 2, 'backoff': {'base': '10ms'}}")
                 FAILS("{'fail': '429', 'retry_after': '2s'}"));
    assert_int_equal(s.out.type[0].failed_latency.most, 4 * SIM_SECOND);
    story_end(&s);
    told(&s, ONE(", 'retry': {'max': 2, 'respect_retry_after': false,"
                 "  'backoff': {'base': '10ms', 'factor': 1, 'jitter': 'none'}}")
                 FAILS("{'fail': '429', 'retry_after': '2s'}"));
    assert_int_equal(s.out.type[0].failed_latency.most, story_time(0.02));
    story_end(&s);
    told(&s, ONE("") "'services': {'web': {'kind': 'server', 'handlers': {'default':"
                     "  [{'call': 'api', 'retry': {'max': 2}}]}},"
                     "'api': {'kind': 'server', 'handlers': {'default': ["
                     "  {'fail': '503', 'retry_after': '5s'}]}}}}");
    assert_int_equal(s.out.type[0].failed_latency.most, 10 * SIM_SECOND);
    story_end(&s);
}

/* Each failure is followed by another try with 80 %: 5 attempts on average. */
static void people_do_not_always_try_again(void **state)
{
    (void)state;
    struct story s;
    const struct type_outcome *type = told(
        &s, "{'workloads': {'users': {'target': 'web', 'burst': {'users': 20000},"
            " 'retry': {'max': 1000, 'probability': 0.8}}}, " FAILS("{'fail': '503'}"));
    double deviation = sqrt(0.8) / 0.2 / sqrt(20000);
    assert_within((double)type->attempts / 20000, 5, 5 * deviation);
    story_end(&s);
}

/* ---- 11: budgets ----------------------------------------------------------------- */

/* Retries in 100 s of a failing service that is asked 100 times a second. */
static double retries_under(const char *budget, const char *fail, double *offered)
{
    struct story s;
    char text[500];
    snprintf(
        text, sizeof text,
        "{'workloads': {'users': {'target': 'web', 'open': {'rate': '100/s',"
        "  'process': 'constant'}, 'retry': {'max': 5, 'backoff': {"
        "  'base': '100ms', 'factor': 1, 'jitter': 'none'}, 'budget': {%s}}}}," FAILS(
            "{'wait': '100ms'}, %s"),
        budget, fail);
    story_read(&s, text, 1);
    story_watch(&s, 100, 100, 10);
    double retries = (double)s.out.type[0].retries;
    *offered = (double)s.out.type[0].offered;
    story_end(&s);
    return retries;
}

/* A fifth of the requests and 10 a second: 30 retries a second. */
static void finagle_allows_a_part_of_the_requests(void **state)
{
    (void)state;
    double offered;
    assert_within(retries_under("'finagle': {}", "{'fail': '503'}", &offered), 3000,
                  60);
    assert_within(retries_under("'finagle': {'minRetriesPerSec': 0}", "{'fail': '503'}",
                                &offered),
                  2000, 40);
}

/* 10 first attempts of 100 ms each are under way, and the retries with them: of n
 * requests under way a fifth may be retries, so that r = (10 + r) / 5, rounded up to a
 * whole retry: 3; each lasts for its pause and its attempt, 200 ms: 15 a second. */
static void envoy_allows_a_part_of_what_is_under_way(void **state)
{
    (void)state;
    double offered;
    double retries = retries_under("'envoy': {'min_retry_concurrency': 0}",
                                   "{'fail': '503'}", &offered);
    assert_in_range(retries, 1000, 1500);
    retries = retries_under("'envoy': {'min_retry_concurrency': 8}", "{'fail': '503'}",
                            &offered);
    assert_within(retries, 8 / 0.2 * 100, 40);
}

/* Everything fails: after five failures half of the ten tokens are gone, and nothing is
 * tried again for the rest of the time. A twentieth failing costs less than the others
 * give back: all retries are made, 1 / (1 - 0.05) attempts a request. */
static void grpc_stops_when_half_of_the_tokens_are_gone(void **state)
{
    (void)state;
    double offered;
    assert_within(retries_under("'grpc': {'maxTokens': 10, 'tokenRatio': 0.1}",
                                "{'fail': '503'}", &offered),
                  0, 0);
    double some = retries_under("'grpc': {'maxTokens': 100, 'tokenRatio': 1}",
                                "{'fail': '503', 'probability': 0.05}", &offered);
    assert_within(some, offered * (1 / 0.95 - 1), 5 * sqrt(0.05 * offered));
}

/* A service's instances have budgets of their own: two of them, twice the retries. */
static void each_instance_of_a_caller_has_its_budget(void **state)
{
    (void)state;
    double calls[2];
    for (int replicas = 1; replicas <= 2; replicas++) {
        struct story s;
        char text[600];
        snprintf(text, sizeof text,
                 "{'workloads': {'users': {'target': 'web', 'open': {'rate': '100/s',"
                 "  'process': 'constant'}}}, 'services': {'web': {'kind': 'server',"
                 "  'replicas': %d, 'handlers': {'default': [{'call': 'api', 'retry': {"
                 "     'max': 5, 'budget': {'finagle': {'percentCanRetry': 0}}}}]}},"
                 "'api': {'kind': 'server', 'handlers': {'default': ["
                 "  {'wait': '10ms'}, {'fail': '503'}]}}}}",
                 replicas);
        story_read(&s, text, 1);
        story_watch(&s, 100, 100, 10);
        calls[replicas - 1] = (double)story_at(&s, "api")->served / 100;
        story_end(&s);
    }
    assert_within(calls[0], 110, 2);
    assert_within(calls[1], 120, 2);
}

/* ---- 10.4 ------------------------------------------------------------------------ */

static void rule_10_4_1_closed_users_and_littles_law(void **state)
{
    (void)state;
    struct story s;
    story_read(&s,
               "{'workloads': {'users': {'target': 'web', 'closed': {'users': 100,"
               "  'think': '1s', 'ramp_up': '1s'}}}, 'services': {'web': {"
               "  'kind': 'server', 'time': '100ms'}}}",
               1);
    story_watch(&s, 10, 1000, 10);
    double rate = (double)s.out.type[0].ok / 1000;
    assert_within(rate, 100 / 1.1, 0.01 * rate);
    double present = (double)story_at(&s, "web")->busy_area * 1e-12;
    assert_within(present, rate * 0.1, 0.01 * present);
    story_end(&s);
}

/* 12/s into 10/s with a patience of 1 s: all that is served has been given up. */
static void rule_10_4_2_overload_without_shedding_serves_nobody(void **state)
{
    (void)state;
    struct story s;
    story_read(&s,
               "{'workloads': {'users': {'target': 'web', 'timeout': '1s',"
               "  'open': {'rate': '12/s'}}}, 'services': {'web': {"
               "  'kind': 'server', 'slots': 1, 'time': '100ms'}}}",
               1);
    story_watch(&s, 100, 1000, 10);
    assert_true(s.out.type[0].ok < s.out.type[0].offered / 100);
    assert_true(story_at(&s, "web")->busy_area > (uint128)(0.99 * 1e12));
    story_end(&s);
}

/* An outage of 10 s answers 503 at once: a fifth service fails while the flag is up.
 * Every request of those 10 s makes 4 attempts; without jitter they come in step. */
static void rule_10_4_3_an_outage_multiplies_requests(void **state)
{
    (void)state;
    struct story s;
    const struct type_outcome *type = told(
        &s, "{'workloads': {'users': {'target': 'web', 'open': {'rate': '100/s',"
            "  'profile': [['0s', 1], ['10s', 1]]}, 'retry': {'max': 3, 'backoff': {"
            "  'base': '100ms', 'jitter': 'none'}}}}, " FAILS("{'fail': '503'}"));
    assert_int_equal(type->attempts, 4 * type->offered);
    assert_int_equal(type->failed_latency.least, story_time(0.1 + 0.2 + 0.4));
    assert_int_equal(type->failed_latency.most, story_time(0.1 + 0.2 + 0.4));
    story_end(&s);
}

static double mean_wait(const char *process)
{
    struct story s;
    char text[300];
    snprintf(text, sizeof text,
             "{'workloads': {'users': {'target': 'web', 'open': {'rate': '100/s',"
             "  'process': '%s'}}}, 'services': {'web': {'kind': 'server',"
             "  'slots': 1, 'time': '9ms'}}}",
             process);
    story_read(&s, text, 1);
    story_watch(&s, 100, 20000, 10);
    double wait = tally_mean(&story_at(&s, "web")->wait) * 1e-9;
    story_end(&s);
    return wait;
}

/* rho / (2 mu (1 - rho)) = 40.5 ms, within 3 %: many standard errors of 2 million. */
static void rule_10_4_4_even_spacing_hides_what_poisson_shows(void **state)
{
    (void)state;
    assert_within(mean_wait("constant"), 0, 0);
    assert_within(mean_wait("poisson"), 0.0405, 0.03 * 0.0405);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_10_1_1_closed_users_slow_down_with_the_server),
        cmocka_unit_test(rule_10_2_1_a_timeout_frees_the_client_and_not_the_server),
        cmocka_unit_test(rule_10_2_1_who_waits_may_leave_the_queue),
        cmocka_unit_test(rule_10_2_1_work_may_be_cancelled),
        cmocka_unit_test(rule_10_2_1_calls_that_are_given_up_leave_too),
        cmocka_unit_test(rule_10_2_1_nothing_of_cancelled_work_is_left),
        cmocka_unit_test(rule_10_2_1_proxies_notice_who_had_gone_before),
        cmocka_unit_test(rule_10_2_2_attempts_of_a_request),
        cmocka_unit_test(rule_10_2_2_layers_multiply),
        cmocka_unit_test(rule_10_2_3_retries_keep_an_overload_alive),
        cmocka_unit_test(rule_10_2_3_a_budget_ends_it),
        cmocka_unit_test(rule_10_2_4_a_new_connection_costs_round_trips),
        cmocka_unit_test(rule_10_2_4_connections_are_used_again),
        cmocka_unit_test(rule_10_2_4_waiting_for_a_connection_counts),
        cmocka_unit_test(rule_10_2_4_users_have_their_own_connections),
        cmocka_unit_test(rule_10_2_5_latency_counts_from_the_intended_start),
        cmocka_unit_test(rule_10_2_6_users_leave),
        cmocka_unit_test(rule_10_2_6_who_sees_the_answer_begin_may_stay),
        cmocka_unit_test(rule_10_2_6_patience_is_with_the_whole_request),
        cmocka_unit_test(rule_10_2_6_reloading_asks_twice),
        cmocka_unit_test(pauses_follow_their_scheme),
        cmocka_unit_test(retry_after_is_obeyed),
        cmocka_unit_test(people_do_not_always_try_again),
        cmocka_unit_test(finagle_allows_a_part_of_the_requests),
        cmocka_unit_test(envoy_allows_a_part_of_what_is_under_way),
        cmocka_unit_test(grpc_stops_when_half_of_the_tokens_are_gone),
        cmocka_unit_test(each_instance_of_a_caller_has_its_budget),
        cmocka_unit_test(rule_10_4_1_closed_users_and_littles_law),
        cmocka_unit_test(rule_10_4_2_overload_without_shedding_serves_nobody),
        cmocka_unit_test(rule_10_4_3_an_outage_multiplies_requests),
        cmocka_unit_test(rule_10_4_4_even_spacing_hides_what_poisson_shows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
