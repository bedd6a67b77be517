/* SPDX-License-Identifier: GPL-3.0-or-later */
/* HAProxy: who waits, for whom, how long; which server; what is tried again. */
#include "unit/story.h"

#define BURST(count, more)                                                             \
    "'workloads': {'users': {'target': 'lb', " more "'burst': {'users': " count "}}}," \
                                                                                " "
#define LB(keys) "'lb': {'kind': 'haproxy', 'upstream': " keys "}"
#define APP(keys) "'app': {'kind': 'server', " keys "}"

/* Two servers of one request each, eight requests of 1 s at once, 2 s of patience:
 * measured on HAProxy 2.6.12. (A millisecond more, so that nothing happens at the same
 * instant as the timeout.) */
#define EIGHT(balance)                                                                 \
    "{" BURST("8", "") "'services': {" LB(                                             \
        "'app', 'timeout_queue': '2s', 'balance': '" balance                           \
        "', 'default_server': {'maxconn': 1}") ", " APP("'replicas': 2, 'time': "      \
                                                        "'1001ms'") "}}"

static void assert_four_of_eight(const char *text)
{
    struct story s;
    story_tell(&s, text);
    assert_latencies(&s, 1.001, 1.001, 2.002, 2.002);
    assert_int_equal(story_failed(&s, STATUS_503), 4);
    assert_int_equal(s.out.type[0].failed_latency.least, 2 * SIM_SECOND);
    assert_int_equal(s.out.type[0].failed_latency.most, 2 * SIM_SECOND);
    assert_int_equal(story_at(&s, "app")->queue_most, 0);
    assert_int_equal(story_at(&s, "app")->busy_most, 1);
    assert_int_equal(story_at(&s, "lb")->queue_most, 6);
    assert_int_equal(story_at(&s, "lb")->timed_out, 4);
    assert_books_balance(&s);
    story_end(&s);
}

static void rule_1_7_4_requests_wait_for_a_server_then_get_503(void **state)
{
    (void)state;
    static const char *const balance[] = {"roundrobin", "leastconn", "first", "random"};
    for (int i = 0; i < 4; i++) {
        char text[600];
        snprintf(text, sizeof text, EIGHT("%s"), balance[i]);
        assert_four_of_eight(text);
    }
}

static void rule_1_10_2_a_queue_is_first_come_first_served(void **state)
{
    (void)state;
    assert_four_of_eight(EIGHT("leastconn"));
}

/* One request a second to three servers whose work takes `time`, by `balance`: how many
 * each has had. `a`, `b`, `c` in the order of the list. */
#define TURNS(count, rate, servers, keys)                                              \
    "{'workloads': {'users': {'target': 'lb', 'open': {'rate': '" rate "',"            \
    "'process': 'constant', 'profile': [['0s', 1], ['" count "s', 1]]}}},"             \
    "'services': {'lb': {'kind': 'haproxy', 'upstream': [" servers "]" keys "},"       \
    "'a': {'kind': 'server', 'time': '400ms'}, 'b': {'kind': 'server', "               \
    "'time': '400ms'}, 'c': {'kind': 'server', 'time': '10s'}}}"
#define A "{'server': 'a'}"
#define B "{'server': 'b'}"
#define C "{'server': 'c'}"

static void assert_served(const char *text, uint64_t a, uint64_t b, uint64_t c)
{
    struct story s;
    story_tell(&s, text);
    assert_int_equal(story_at(&s, "a")->served, a);
    assert_int_equal(story_at(&s, "b")->served, b);
    assert_int_equal(story_at(&s, "c")->served, c);
    assert_books_balance(&s);
    story_end(&s);
}

/* Of the idle, the one whose load changed longest ago: they take turns, while c has its
 * first request for 10 s. */
static void rule_1_7_1_leastconn_takes_equals_in_turn(void **state)
{
    (void)state;
    assert_served(TURNS("9.5", "1/s", A ", " B ", " C, ", 'balance': 'leastconn'"), 4,
                  4, 1);
}

/* Those who wait count: a has one under way and one waiting, b one and none. */
static void rule_1_7_1_leastconn_counts_those_who_wait(void **state)
{
    (void)state;
    struct story s;
    /* three at once: a, b, and a's queue (first of equals); the fourth waits for b */
    story_tell(&s, "{" BURST("4", "") "'services': {'lb': {'kind': 'haproxy', "
                                      "'balance': 'leastconn', 'upstream': ["
                                      "{'server': 'a', 'maxconn': 1, 'maxqueue': 5},"
                                      "{'server': 'b', 'maxconn': 1, 'maxqueue': 5}]},"
                                      "'a': {'kind': 'server', 'time': '1s'},"
                                      "'b': {'kind': 'server', 'time': '3s'}}}");
    assert_latencies(&s, 1, 2, 3, 6);
    story_end(&s);
}

/* (1 + 1) / 2 for a request at weight 2 is more than nothing, and less than at 1. */
static void rule_1_7_1_leastconn_goes_by_weight(void **state)
{
    (void)state;
    struct story s;
    story_tell(
        &s, "{" BURST(
                "60",
                "") "'services': {'lb': {'kind': 'haproxy', "
                    "'balance': 'leastconn', 'upstream': [{'server': 'a', 'weight': 4},"
                    "{'server': 'b', 'weight': 2}]},"
                    "'a': {'kind': 'server', 'time': '1s'},"
                    "'b': {'kind': 'server', 'time': '1s'}}}");
    assert_in_range(story_at(&s, "a")->served, 39, 41);
    story_end(&s);
}

static void rule_1_7_1_first_fills_one_after_the_other(void **state)
{
    (void)state;
    struct story s;
    story_tell(
        &s,
        "{" BURST("7",
                  "") "'services': {'lb': {'kind': 'haproxy', "
                      "'balance': 'first', 'upstream': [{'server': 'a', 'maxconn': 3},"
                      "{'server': 'b', 'maxconn': 3}, {'server': 'c', 'maxconn': 3}]},"
                      "'a': {'kind': 'server', 'time': '1s'},"
                      "'b': {'kind': 'server', 'time': '1s'},"
                      "'c': {'kind': 'server', 'time': '1s'}}}");
    assert_int_equal(story_at(&s, "a")->served, 3);
    assert_int_equal(story_at(&s, "b")->served, 3);
    assert_int_equal(story_at(&s, "c")->served, 1);
    story_end(&s);
}

/* With 20 addresses each goes to one server; who finds it busy waits for it, though
 * the others may be idle, and where there is no more room in its queue gets 503. */
static void rule_1_7_2_the_older_of_two_queues_goes_first(void **state)
{
    (void)state;
    struct story s;
    /* one address, so one server: its queue is first come, first served */
    story_tell(&s, "{" BURST("5", "'addresses': 1, ") "'services': {" LB(
                       "'app', 'balance': 'source', 'default_server': {'maxconn': 1,"
                       "'maxqueue': 3}") ", " APP("'replicas': 3, 'time': '1s'") "}}");
    assert_latencies(&s, 1, 2, 3, 4);
    assert_int_equal(story_failed(&s, STATUS_503), 1);
    assert_int_equal(s.out.type[0].failed_latency.most, 0);
    story_end(&s);
    /* two routes to one server: `keyed` waits for it, `any` for whichever has room; the
     * place goes to the one who came first */
    story_tell(&s, "{'workloads': {"
                   "'first': {'target': 'lb', 'burst': {'users': 2}},"
                   "'second': {'target': 'lb', 'burst': {'users': 1, 'at': '100ms'}},"
                   "'third': {'target': 'lb', 'burst': {'users': 1, 'at': '200ms'}}},"
                   "'services': {" LB(
                       "'app', 'balance': 'leastconn', 'default_server': "
                       "{'maxconn': 1, 'maxqueue': 1}") ", " APP("'replicas': 1, "
                                                                 "'time': '1s'") "}}");
    /* the second of `first` waits for the server, whose queue then is full: the others
     * wait for any */
    assert_latencies_of(story_of(&s, "first"), 1, 2);
    assert_latencies_of(story_of(&s, "second"), 2.9);
    assert_latencies_of(story_of(&s, "third"), 3.8);
    story_end(&s);
}

/* Two draws with replacement: where b is always the busier, it has a request only when
 * both draws are b, 1 in 4. */
static void rule_1_7_3_random_takes_the_better_of_two_draws(void **state)
{
    (void)state;
    struct story s;
    /* every 10 ms; b keeps what it has for the whole run, a is idle again at once */
    story_tell(&s, "{'workloads': {'users': {'target': 'lb', 'open': {'rate': '100/s', "
                   "'process': 'constant', 'profile': [['0s', 1], ['40s', 1]]}}},"
                   "'services': {'lb': {'kind': 'haproxy', 'balance': 'random',"
                   "'upstream': [{'server': 'a'}, {'server': 'b'}]},"
                   "'a': {'kind': 'server', 'time': '1ms'},"
                   "'b': {'kind': 'server', 'time': '60s'}}}");
    /* 4000 requests: 1000, with a standard deviation of 27 */
    assert_in_range(story_at(&s, "b")->served, 900, 1100);
    story_end(&s);
    /* one draw is no choice */
    story_tell(&s, "{'workloads': {'users': {'target': 'lb', 'open': {'rate': '100/s', "
                   "'process': 'constant', 'profile': [['0s', 1], ['40s', 1]]}}},"
                   "'services': {'lb': {'kind': 'haproxy', 'balance': 'random',"
                   "'draws': 1, 'upstream': [{'server': 'a'}, {'server': 'b'}]},"
                   "'a': {'kind': 'server', 'time': '1ms'},"
                   "'b': {'kind': 'server', 'time': '60s'}}}");
    assert_in_range(story_at(&s, "b")->served, 1880, 2120);
    story_end(&s);
}

/* A server that refuses: three more tries after a second each, then 503. */
#define REFUSING                                                                       \
    "'app': {'kind': 'server', 'replicas': 2, 'time': '1s', 'outages': "               \
    "[{'at': '0s', 'for': '2500ms', 'replicas': 1}]}"

static void retries_connect_again(void **state)
{
    (void)state;
    struct story s;
    /* leastconn stays with its server: tries at 0.1, 1.1, 2.1 and 3.1 s */
    story_tell(&s, "{'workloads': {'users': {'target': 'lb', 'burst': {'users': 1, "
                   "'at': '100ms'}}}, 'services': {" LB(
                       "'app', 'balance': 'leastconn'") ", " REFUSING "}}");
    assert_latencies(&s, 4);
    assert_int_equal(story_at(&s, "app")->refused, 3);
    story_end(&s);
    story_tell(&s,
               "{'workloads': {'users': {'target': 'lb', 'burst': {'users': 1, "
               "'at': '100ms'}}}, 'services': {" LB(
                   "'app', 'balance': 'leastconn', 'retries': 2") ", " REFUSING "}}");
    assert_int_equal(story_failed(&s, STATUS_REFUSED), 1);
    assert_int_equal(s.out.type[0].failed_latency.most, 2 * SIM_SECOND);
    story_end(&s);
    /* the last one elsewhere */
    story_tell(&s, "{'workloads': {'users': {'target': 'lb', 'burst': {'users': 1, "
                   "'at': '100ms'}}}, 'services': {" LB(
                       "'app', 'balance': 'leastconn', 'retries': 2, "
                       "'option_redispatch': true") ", " REFUSING "}}");
    assert_latencies(&s, 3);
    story_end(&s);
    /* round robin: the next one, at once */
    story_tell(&s, "{'workloads': {'users': {'target': 'lb', 'burst': {'users': 1, "
                   "'at': '100ms'}}}, 'services': {" LB(
                       "'app', 'option_redispatch': true") ", " REFUSING "}}");
    assert_latencies(&s, 1);
    story_end(&s);
}

/* What the client sees: a client that retries on one status alone tells which. */
#define SEEN(status, keys, app)                                                        \
    "{'workloads': {'users': {'target': 'lb', 'retry': {'max': 1, 'on': ['" status     \
    "']}, 'burst': {'users': 1}}}, 'services': {" LB("'app'" keys) ", " app "}}"

static void assert_seen(const char *text)
{
    struct story s;
    story_tell(&s, text);
    assert_int_equal(s.out.type[0].ok, 0);
    assert_int_equal(s.out.type[0].attempts, 2);
    story_end(&s);
}

static void clients_see_502_503_and_504(void **state)
{
    (void)state;
#define FAILS(what) APP("'handlers': {'default': [{'fail': '" what "'}]}")
    assert_seen(SEEN("503", ", 'retries': 0", FAILS("refused")));
    assert_seen(SEEN("502", "", FAILS("reset")));
    assert_seen(SEEN("504", ", 'timeout_server': '1s'", APP("'time': '5s'")));
    assert_seen(SEEN("503", ", 'timeout_connect': '1s'",
                     APP("'time': '1s', 'outages': [{'at': '0s', 'for': '1h', "
                         "'how': 'silent'}]")));
    assert_seen(SEEN("500", "", FAILS("500")));
}

/* A client that goes away keeps its place at the server, or with abortonclose not. */
static void clients_that_leave(void **state)
{
    (void)state;
    for (int aborts = 0; aborts < 2; aborts++) {
        struct story s;
        char text[600];
        snprintf(text, sizeof text,
                 "{'workloads': {'users': {'target': 'lb', 'timeout': '1s',"
                 "'burst': {'users': 3, 'every': '4s'}}}, 'services': {" LB(
                     "'app', 'default_server': {'maxconn': 1},"
                     "'option_abortonclose': %s") ", " APP("'time': '2s'") "}}",
                 aborts ? "true" : "false");
        story_read(&s, text, 1);
        story_watch(&s, 0, 7.9, 20);
        /* of each three: all are served one after the other, 6 s; or the one that is
         * under way, since the others leave the queue after 1 s */
        assert_int_equal(story_at(&s, "app")->arrivals, aborts ? 2 : 4);
        story_end(&s);
    }
}

/* 8 s of slow start: a limit of 8 begins with 1 and grows by 1 each second. */
static void slowstart_raises_the_limit(void **state)
{
    (void)state;
    struct story s;
    story_read(
        &s,
        "{'workloads': {'users': {'target': 'lb', 'open': {'rate': '50/s', "
        "'process': 'constant'}}}, 'services': {" LB(
            "'app', 'default_server': {'maxconn': 8, 'slowstart': '8s', "
            "'check': true, 'inter': '100ms', 'rise': 1, 'fall': 1}, "
            "'timeout_queue': '100ms'") ", " APP("'time': '100ms', 'outages': [{'at': "
                                                 "'1s', 'for': '1s'}]") "}}",
        1);
    /* from 2.1 s on: (t - 2.1) of 8 s; between 4.1 and 5.1 s a limit of 2, that is
     * 20 answers a second */
    story_watch(&s, 4.15, 0.9, 0);
    assert_in_range(story_at(&s, "app")->served, 17, 19);
    story_end(&s);
}

/* The limit rises with the load from minconn to maxconn at fullconn. */
static void minconn_rises_with_the_load(void **state)
{
    (void)state;
    static const int users[] = {3, 12, 30}, most[] = {2, 6, 10};
    for (int i = 0; i < 3; i++) {
        struct story s;
        char text[600];
        snprintf(text, sizeof text,
                 "{" BURST("%d", "") "'services': {" LB(
                     "'app', 'fullconn': 20, 'default_server': {'minconn': 2, "
                     "'maxconn': 10}") ", " APP("'time': '1s'") "}}",
                 users[i]);
        story_tell(&s, text);
        assert_int_equal(story_at(&s, "app")->busy_most, most[i]);
        story_end(&s);
    }
}

/* A frontend with maxconn lets others wait in its listen queue. */
static void maxconn_of_the_frontend(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{" BURST("6", "") "'services': {" LB(
                       "'app', 'maxconn': 2") ", " APP("'time': '1s'") "}}");
    assert_latencies(&s, 1, 1, 2, 2, 3, 3);
    assert_int_equal(story_at(&s, "app")->busy_most, 2);
    story_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_1_7_1_leastconn_takes_equals_in_turn),
        cmocka_unit_test(rule_1_7_1_leastconn_counts_those_who_wait),
        cmocka_unit_test(rule_1_7_1_leastconn_goes_by_weight),
        cmocka_unit_test(rule_1_7_1_first_fills_one_after_the_other),
        cmocka_unit_test(rule_1_7_2_the_older_of_two_queues_goes_first),
        cmocka_unit_test(rule_1_7_3_random_takes_the_better_of_two_draws),
        cmocka_unit_test(rule_1_7_4_requests_wait_for_a_server_then_get_503),
        cmocka_unit_test(rule_1_10_2_a_queue_is_first_come_first_served),
        cmocka_unit_test(retries_connect_again),
        cmocka_unit_test(clients_see_502_503_and_504),
        cmocka_unit_test(clients_that_leave),
        cmocka_unit_test(slowstart_raises_the_limit),
        cmocka_unit_test(minconn_rises_with_the_load),
        cmocka_unit_test(maxconn_of_the_frontend),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
