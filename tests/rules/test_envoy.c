/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Envoy and ALB. */
#include "unit/story.h"

#define BURST(count, more)                                                             \
    "'workloads': {'users': {'target': 'lb', " more "'burst': {'users': " count "}}}," \
                                                                                " "
#define ENVOY(keys) "'lb': {'kind': 'envoy', 'upstream': 'app'" keys "}"
#define APP(keys) "'app': {'kind': 'server', " keys "}"

static struct story told(const char *text)
{
    struct story s;
    story_tell(&s, text);
    assert_books_balance(&s);
    return s;
}

/* ---- balancing ------------------------------------------------------------------- */

/* a is idle whenever it is looked at, b never: of two draws with replacement both are b
 * with 1 in 4. */
#define DRAWN(choices, weight)                                                         \
    "{'workloads': {'users': {'target': 'lb', 'open': {'rate': '100/s', "              \
    "'process': 'constant', 'profile': [['0s', 1], ['10s', 1]]}}}, 'services': {"      \
    "'lb': {'kind': 'envoy', 'timeout': '1h', 'lb_policy': 'LEAST_REQUEST', "          \
    "'choice_count': " choices ", 'upstream': [{'server': 'a', 'weight': " weight "}," \
    "{'server': 'b'}]}, 'a': {'kind': 'server', 'time': '1ms'},"                       \
    "'b': {'kind': 'server', 'time': '60s'}}}"

static void rule_1_8_1_least_request_draws_two(void **state)
{
    (void)state;
    struct story s = told(DRAWN("2", "1"));
    assert_in_range(story_at(&s, "b")->served, 200, 300); /* 250, deviation 14 */
    story_end(&s);
    s = told(DRAWN("4", "1"));
    assert_in_range(story_at(&s, "b")->served, 35, 90); /* 62, deviation 8 */
    story_end(&s);
}

/* Unequal weights: shares go by weight / (requests + 1). b's pile grows, so that it has
 * its turn ever more rarely: about sqrt(1000) times. */
static void rule_1_8_1_least_request_by_weight_and_load(void **state)
{
    (void)state;
    struct story s = told(DRAWN("2", "2"));
    assert_in_range(story_at(&s, "b")->served, 25, 38);
    story_end(&s);
}

static void round_robin_goes_by_weight(void **state)
{
    (void)state;
    struct story s =
        told("{" BURST("70", "") "'services': {'lb': {'kind': 'envoy', "
                                 "'upstream': [{'server': 'a', 'weight': 5}, "
                                 "{'server': 'b', 'weight': 2}]},"
                                 "'a': {'kind': 'server', 'time': '1s'},"
                                 "'b': {'kind': 'server', 'time': '1s'}}}");
    assert_int_equal(story_at(&s, "a")->served, 50);
    assert_int_equal(story_at(&s, "b")->served, 20);
    story_end(&s);
}

/* ---- breakers -------------------------------------------------------------------- */

/* Of ten: three on connections, four waiting, three rejected at once. */
static void rule_1_8_2_breakers_reject_at_once(void **state)
{
    (void)state;
    struct story s =
        told(
            "{" BURST("10", "") "'services': {" ENVOY(
                ", 'circuit_breakers': {'max_connections': 3, 'max_pending_requests': "
                "4}") ", " APP("'time': '1s'") "}}");
    assert_latencies(&s, 1, 1, 1, 2, 2, 2, 3);
    assert_int_equal(story_failed(&s, STATUS_503), 3);
    assert_int_equal(s.out.type[0].failed_latency.most, 0);
    assert_int_equal(story_at(&s, "app")->busy_most, 3);
    story_end(&s);
    s = told("{" BURST("10", "") "'services': {" ENVOY(
        ", 'circuit_breakers': {'max_requests': 6}") ", " APP("'time': '1s'") "}}");
    assert_int_equal(s.out.type[0].ok, 6);
    assert_int_equal(story_failed(&s, STATUS_503), 4);
    story_end(&s);
}

/* Each server may have one connection, whatever the limit. */
static void rule_1_8_2_a_server_has_one_connection_at_least(void **state)
{
    (void)state;
    struct story s = told("{" BURST("6", "") "'services': {" ENVOY(
        ", 'circuit_breakers': {'max_connections': 1}") ", " APP("'replicas': 3, "
                                                                 "'time': '1s'") "}}");
    assert_latencies(&s, 1, 1, 1, 2, 2, 2);
    story_end(&s);
}

/* ---- outliers -------------------------------------------------------------------- */

/* Ten requests a second in turn at `servers`; bad answers 500, good 200. */
#define STREAM(until, servers, keys)                                                   \
    "{'workloads': {'users': {'target': 'lb', 'open': {'rate': '10/s', "               \
    "'process': 'constant', 'profile': [['0s', 1], ['" until "s', 1]]}}}, "            \
    "'services': {'lb': {'kind': 'envoy', 'upstream': [" servers "], "                 \
    "'healthy_panic_threshold': '0%', 'outlier_detection': {" keys "}},"               \
    "'good': {'kind': 'server', 'time': '0s'},"                                        \
    "'bad': {'kind': 'server', 'handlers': {'default': [{'fail': '500'}]}},"           \
    "'worse': {'kind': 'server', 'handlers': {'default': [{'fail': '503'}]}}}}"
#define GOOD "{'server': 'good'}"
#define BAD "{'server': 'bad'}"
#define WORSE "{'server': 'worse'}"

static uint64_t served(const char *text, const char *server)
{
    struct story s = told(text);
    uint64_t count = story_at(&s, server)->served;
    story_end(&s);
    return count;
}

/* Out after five in a row, at 1 s; back at the first look after 31 s, that is 40 s, and
 * out again after five more, for 60 s. */
static void rule_1_8_3_five_failures_eject(void **state)
{
    (void)state;
    assert_int_equal(served(STREAM("39.95", GOOD ", " BAD, ""), "bad"), 5);
    assert_int_equal(served(STREAM("60", GOOD ", " BAD, ""), "bad"), 10);
    assert_int_equal(served(STREAM("109.9", GOOD ", " BAD, ""), "bad"), 10);
    assert_int_equal(served(STREAM("115", GOOD ", " BAD, ""), "bad"), 15);
}

/* One of three is more than 10 %, but one always may be; two may not. */
static void rule_1_8_3_one_may_always_be_ejected(void **state)
{
    (void)state;
    uint64_t bad = served(STREAM("20", GOOD ", " BAD ", " WORSE, ""), "bad");
    uint64_t worse = served(STREAM("20", GOOD ", " BAD ", " WORSE, ""), "worse");
    assert_int_equal(bad < worse ? bad : worse, 5);
    assert_true((bad > worse ? bad : worse) > 80);
    assert_int_equal(
        served(STREAM("20", GOOD ", " BAD ", " WORSE, "'max_ejection_percent': '70%'"),
               "worse"),
        5);
}

/* Rates of success are compared: 1, 1, 1, 1, 0.5 have mean 0.9 and deviation 0.2, so
 * that less than 0.9 - 1.9 x 0.2 = 0.52 is too low. */
static void success_rates_are_compared(void **state)
{
    (void)state;
    struct story s =
        told("{'workloads': {'users': {'target': 'lb', 'open': {'rate': '100/s', "
             "'process': 'constant', 'profile': [['0s', 1], ['39s', 1]]}}}, "
             "'services': {'lb': {'kind': 'envoy', 'upstream': [{'server': 'good'}, "
             "{'server': 'half'}], 'outlier_detection': {'consecutive_5xx': 0, "
             "'success_rate_stdev_factor': 1}},"
             "'good': {'kind': 'server', 'replicas': 4, 'time': '0s'},"
             "'half': {'kind': 'server', 'handlers': {'default': [{'fail': '500', "
             "'probability': '50%'}]}}}}");
    /* 20 a second for 10 s; then out for 30 s */
    assert_in_range(story_at(&s, "half")->served, 199, 201);
    story_end(&s);
}

/* ---- retries --------------------------------------------------------------------- */

#define RETRIED(count, breakers, retries)                                              \
    "{" BURST(count, "") "'services': {" ENVOY(                                        \
        ", 'retry_policy': {'retry_on': ['5xx'], 'num_retries': " retries              \
        "}" breakers) ", 'app': {'kind': 'server', 'handlers': {'default': [{'fail': " \
                      "'500'}]}}}}"

/* Each retry is counted from the failure on, so three of ten may retry. */
static void rule_1_8_4_retries_are_limited_together(void **state)
{
    (void)state;
    assert_int_equal(served(RETRIED("10", "", "1"), "app"), 13);
    assert_int_equal(
        served(RETRIED("10", ", 'circuit_breakers': {'max_retries': 8}", "1"), "app"),
        18);
    assert_int_equal(served(RETRIED("1", "", "4"), "app"), 5);
}

/* 20 % of the requests under way: while the first of a hundred fail, there are 99. */
static void rule_1_8_4_a_budget_is_a_share_of_the_requests(void **state)
{
    (void)state;
    struct story s;
    /* all wait 1 s, then fail one after the other: k are left when k of them may */
    story_tell(&s, "{" BURST("100", "") "'services': {" ENVOY(
                       ", 'circuit_breakers': {'retry_budget': {}}, 'retry_policy': "
                       "{'retry_on': ['5xx']}") ", 'app': {'kind': 'server', "
                                                "'handlers': {'default': [{'wait': "
                                                "'1s'}, {'fail': '500'}]}}}}");
    /* the n-th to fail leaves 100 - n: 19 begin while that allows it, no more later */
    assert_in_range(story_at(&s, "app")->served - 100, 17, 20);
    story_end(&s);
}

/* Whether a server fails is drawn for each try: of a half, a quarter is left. */
static void a_retry_may_succeed(void **state)
{
    (void)state;
    struct story s = told("{" BURST(
        "4000",
        "") "'services': {" ENVOY(", 'circuit_breakers': {'max_retries': 4000, "
                                  "'max_connections': 4000, "
                                  "'max_requests': 4000}, 'retry_policy': {'retry_on': "
                                  "['5xx']}") ", 'app': {"
                                              "'kind': 'server', 'handlers': "
                                              "{'default': [{'wait': '1s'}, {'fail': "
                                              "'500', "
                                              "'probability': '50%'}]}}}}");
    assert_in_range(story_failed(&s, STATUS_500), 920, 1080);
    story_end(&s);
}

/* ---- health ---------------------------------------------------------------------- */

/* Two of four down: half are well, which is no less than 50 %. Three: all have
 * requests. */
static void panic_sends_to_all(void **state)
{
    (void)state;
    for (int down = 2; down <= 3; down++) {
        struct story s;
        char text[700];
        snprintf(
            text, sizeof text,
            "{'workloads': {'users': {'target': 'lb', 'open': {'rate': '100/s', "
            "'process': 'constant'}}}, 'services': {" ENVOY(
                ", 'health_checks': {'interval': '1s', 'timeout': '1s', "
                "'unhealthy_threshold': 2, 'healthy_threshold': 2}") ", 'app': {"
                                                                     "'kind': "
                                                                     "'server', "
                                                                     "'replicas': 4, "
                                                                     "'time': '0s', "
                                                                     "'outages': "
                                                                     "[{'at': '1s', "
                                                                     "'for': '1h', "
                                                                     "'replicas': "
                                                                     "%d}]}}}",
            down);
        story_read(&s, text, 1);
        story_watch(&s, 10, 10, 1);
        assert_int_equal(story_failed(&s, STATUS_REFUSED), down == 2 ? 0 : 750);
        story_end(&s);
    }
}

/* An answer that is an error is enough, whatever the threshold. */
static void a_bad_answer_decides(void **state)
{
    (void)state;
    struct story s;
    story_read(&s,
               "{'workloads': {'users': {'target': 'lb', 'open': {'rate': '10/s', "
               "'process': 'constant'}}}, 'services': {'lb': {'kind': 'envoy', "
               "'upstream': [{'server': 'good'}, {'server': 'bad'}], 'health_checks': "
               "{'interval': '1s', 'timeout': '1s', 'unhealthy_threshold': 100, "
               "'healthy_threshold': 1, 'http_health_check': 'health'}},"
               "'good': {'kind': 'server', 'handlers': {'default': [{'wait': '0s'}]}},"
               "'bad': {'kind': 'server', 'handlers': {'default': [{'wait': '0s'}],"
               "'health': [{'fail': '500'}]}}}}",
               1);
    story_watch(&s, 5, 10, 1);
    assert_int_equal(s.out.type[0].ok, 100);
    assert_int_equal(story_at(&s, "bad")->served, 10); /* the checks */
    story_end(&s);
}

/* ---- statuses, ALB --------------------------------------------------------------- */

#define SEEN(status, lb, app)                                                          \
    "{'workloads': {'users': {'target': 'lb', 'retry': {'max': 1, 'on': ['" status     \
    "']}, 'burst': {'users': 1}}}, 'services': {'lb': {" lb                            \
    ", 'upstream': 'app'}, 'app': {'kind': 'server', " app "}}}"

static void assert_seen(const char *text)
{
    struct story s = told(text);
    assert_int_equal(s.out.type[0].ok, 0);
    assert_int_equal(s.out.type[0].attempts, 2);
    story_end(&s);
}

#define FAILS(what) "'handlers': {'default': [{'fail': '" what "'}], 'ok': []}"
#define GONE "'time': '1s', 'outages': [{'at': '0s', 'for': '1h', 'how': 'silent'}]"

static void envoy_says_503_and_504(void **state)
{
    (void)state;
    assert_seen(SEEN("503", "'kind': 'envoy'", FAILS("refused")));
    assert_seen(SEEN("503", "'kind': 'envoy'", FAILS("reset")));
    assert_seen(SEEN("503", "'kind': 'envoy'", GONE));
    assert_seen(SEEN("504", "'kind': 'envoy', 'timeout': '100ms'", "'time': '1s'"));
}

static void rule_1_8_6_alb_says_502_503_and_504(void **state)
{
    (void)state;
    assert_seen(SEEN("502", "'kind': 'alb'", FAILS("refused")));
    assert_seen(SEEN("502", "'kind': 'alb'", FAILS("reset")));
    assert_seen(SEEN("504", "'kind': 'alb'", GONE));
    assert_seen(SEEN("504", "'kind': 'alb', 'idle_timeout': '1s'", "'time': '2s'"));
    struct story s = told("{" BURST(
        "1", "'retry': {'max': 1, 'on': ['503']}, ") "'services': {'lb': {'kind': "
                                                     "'alb', 'upstream': ["
                                                     "{'server': 'app', 'down': true}, "
                                                     "{'server': 'app', "
                                                     "'down': true}]}, " APP(
                                                         "'time': '1s'") "}}");
    assert_int_equal(s.out.type[0].attempts, 2); /* no target at all */
    story_end(&s);
}

/* The idle timeout is 60 s, and nothing is tried again. */
static void rule_1_8_6_alb_waits_for_sixty_seconds(void **state)
{
    (void)state;
    struct story s = told("{" BURST(
        "1", "") "'services': {'lb': {'kind': 'alb', "
                 "'upstream': 'app'}, " APP("'replicas': 3, 'handlers': {'default': "
                                            "[{'wait': '61s'}], 'check': []}") "}}");
    assert_int_equal(story_failed(&s, STATUS_504), 1);
    assert_int_equal(s.out.type[0].failed_latency.most, 60 * SIM_SECOND);
    story_end(&s);
}

/* A node with 4 of 64 requests at once cannot know where the other 60 are. */
static void rule_1_8_7_alb_nodes_know_nothing_of_each_other(void **state)
{
    (void)state;
    static const char *const nodes[] = {"1", "16"};
    uint64_t most[2];
    for (int i = 0; i < 2; i++) {
        char text[600];
        snprintf(text, sizeof text,
                 "{" BURST("64", "") "'services': {'lb': {'kind': 'alb', 'nodes': %s, "
                                     "'upstream': 'app', 'load_balancing_algorithm': "
                                     "'least_outstanding_requests'}, " APP(
                                         "'replicas': 32, 'time': '1s'") "}}",
                 nodes[i]);
        struct story s = told(text);
        most[i] = (uint64_t)story_at(&s, "app")->busy_most;
        story_end(&s);
    }
    assert_true(most[0] <= 3); /* two, and a check at most */
    assert_true(most[1] > 3);
}

/* The same of Envoys: each sees its own requests only. */
static void rule_1_8_5_each_proxy_sees_its_own_load(void **state)
{
    (void)state;
    static const char *const proxies[] = {"1", "16"};
    uint64_t most[2];
    for (int i = 0; i < 2; i++) {
        char text[600];
        snprintf(
            text, sizeof text,
            "{" BURST("64", "") "'services': {" ENVOY(
                ", 'replicas': %s, 'lb_policy': 'LEAST_REQUEST', "
                "'choice_count': 100") ", " APP("'replicas': 32, 'time': '1s'") "}}",
            proxies[i]);
        struct story s = told(text);
        most[i] = (uint64_t)story_at(&s, "app")->busy_most;
        story_end(&s);
    }
    assert_true(most[0] <= 3);
    assert_true(most[1] > 3);
}

/* Targets keep connections for 2 s, the load balancer for 60 s: a request every 2.005 s
 * to each, 10 ms away, finds its connection closed without the load balancer's
 * knowing. */
static void rule_1_8_8_alb_loses_the_race_of_keep_alives(void **state)
{
    (void)state;
#define RACE(keepalive)                                                                \
    "{'workloads': {'users': {'target': 'lb', 'open': {'rate': '0.99750623/s', "       \
    "'process': 'constant', 'profile': [['0s', 1], ['20s', 1]]}}}, 'services': {"      \
    "'lb': {'kind': 'alb', 'nodes': 1, 'health_check_interval': '300s', "              \
    "'upstream': 'app'}, 'app': {'kind': 'gunicorn', 'worker_class': 'gthread', "      \
    "'replicas': 2, 'workers': 1, 'threads': 4, 'keepalive': '" keepalive "', "        \
    "'latency': '10ms', 'time': '0s'}}}"
    struct story s = told(RACE("2s"));
    assert_true(story_failed(&s, STATUS_RESET) > 5);
    story_end(&s);
    s = told(RACE("75s"));
    assert_int_equal(s.out.type[0].ok, s.out.type[0].offered);
    story_end(&s);
}

/* A target that comes back has a sixteenth of its share at first. */
static void rule_1_8_9_alb_starts_slowly(void **state)
{
    (void)state;
    uint64_t served[2];
    for (int i = 0; i < 2; i++) {
        struct story s;
        char text[800];
        snprintf(text, sizeof text,
                 "{'workloads': {'users': {'target': 'lb', 'open': {'rate': '100/s', "
                 "'process': 'constant'}}}, 'services': {'lb': {'kind': 'alb', "
                 "'nodes': 1, 'health_check_interval': '5s', 'slow_start': '%s', "
                 "'upstream': [{'server': 'well'}, {'server': 'back'}]},"
                 "'well': {'kind': 'server', 'time': '0s'}, 'back': {'kind': 'server', "
                 "'time': '0s', 'outages': [{'at': '1s', 'for': '30s'}]}}}",
                 i ? "900s" : "0s");
        story_read(&s, text, 1);
        /* back after five good checks: at 58 s at the latest */
        story_watch(&s, 60, 30, 1);
        served[i] = story_at(&s, "back")->served;
        story_end(&s);
    }
    assert_in_range(served[0], 1490, 1520);
    /* 1/16 to 2/16 of the other's weight */
    assert_in_range(served[1], 160, 340);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_1_8_1_least_request_draws_two),
        cmocka_unit_test(rule_1_8_1_least_request_by_weight_and_load),
        cmocka_unit_test(round_robin_goes_by_weight),
        cmocka_unit_test(rule_1_8_2_breakers_reject_at_once),
        cmocka_unit_test(rule_1_8_2_a_server_has_one_connection_at_least),
        cmocka_unit_test(rule_1_8_3_five_failures_eject),
        cmocka_unit_test(rule_1_8_3_one_may_always_be_ejected),
        cmocka_unit_test(success_rates_are_compared),
        cmocka_unit_test(rule_1_8_4_retries_are_limited_together),
        cmocka_unit_test(rule_1_8_4_a_budget_is_a_share_of_the_requests),
        cmocka_unit_test(a_retry_may_succeed),
        cmocka_unit_test(rule_1_8_5_each_proxy_sees_its_own_load),
        cmocka_unit_test(rule_1_8_8_alb_loses_the_race_of_keep_alives),
        cmocka_unit_test(rule_1_8_9_alb_starts_slowly),
        cmocka_unit_test(panic_sends_to_all),
        cmocka_unit_test(a_bad_answer_decides),
        cmocka_unit_test(envoy_says_503_and_504),
        cmocka_unit_test(rule_1_8_6_alb_says_502_503_and_504),
        cmocka_unit_test(rule_1_8_6_alb_waits_for_sixty_seconds),
        cmocka_unit_test(rule_1_8_7_alb_nodes_know_nothing_of_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
