/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nginx: the next server, what the client sees, connections. */
#include "unit/story.h"

#define BURST(count, more)                                                             \
    "'workloads': {'users': {'target': 'nginx', " more "'burst': {'users': " count "}" \
                                                                                   "}" \
                                                                                   "}"
#define NGINX(upstream, more)                                                          \
    "'nginx': {'kind': 'nginx', 'upstream': " upstream more "}"
#define FAILS(name, status, after)                                                     \
    "'" name "': {'kind': 'server', 'handlers': {'default': [{'wait': '" after "'},"   \
    "{'fail': '" status "'}]}}"
#define GOOD "'good': {'kind': 'server', 'time': '1s'}"
#define BAD_THEN_GOOD "[{'server': 'bad'}, {'server': 'good'}]"

/* One request, first to a server that fails after 1 s. */
#define ONE(status, nginx, client)                                                     \
    "{" BURST("1", client) ", 'services': {" NGINX(BAD_THEN_GOOD, nginx) "," FAILS(    \
        "bad", status, "1s") ", " GOOD "}}"

static void assert_retried(const char *text)
{
    struct story s;
    story_tell(&s, text);
    assert_latencies(&s, 2);
    assert_int_equal(story_at(&s, "bad")->served, 1);
    assert_books_balance(&s);
    story_end(&s);
}

static void assert_passed_on(const char *text, enum status status)
{
    struct story s;
    story_tell(&s, text);
    assert_int_equal(story_failed(&s, status), 1);
    assert_int_equal(s.out.type[0].failed_latency.most, SIM_SECOND);
    assert_int_equal(story_at(&s, "good")->served, 0);
    story_end(&s);
}

static void rule_1_4_1_the_next_server_is_tried_after_errors(void **state)
{
    (void)state;
    assert_retried(ONE("reset", "", ""));
    assert_retried(ONE("refused", "", ""));
    /* a status only when it is listed */
    assert_passed_on(ONE("503", "", ""), STATUS_503);
    assert_retried(ONE("503", ", 'proxy_next_upstream': ['http_503']", ""));
    assert_retried(ONE("429", ", 'proxy_next_upstream': ['http_429']", ""));
    assert_passed_on(ONE("400", ", 'proxy_next_upstream': ['http_503']", ""),
                     STATUS_400);
    /* nothing when it is off, or tries or time have run out */
    assert_passed_on(ONE("reset", ", 'proxy_next_upstream': ['off']", ""),
                     STATUS_RESET);
    assert_passed_on(ONE("reset", ", 'proxy_next_upstream_tries': 1", ""),
                     STATUS_RESET);
    assert_passed_on(ONE("reset", ", 'proxy_next_upstream_timeout': '900ms'", ""),
                     STATUS_RESET);
    assert_retried(ONE("reset", ", 'proxy_next_upstream_timeout': '1100ms'", ""));
}

#define RETRIES_502(bad)                                                               \
    "{" BURST("1", "'retry': {'max': 2, 'on': ['502']}, ") ", 'services': {" NGINX(    \
        "'bad'", "") ", " bad "}}"

/* A client that retries on 502 alone sees one where the server was refused or broke. */
static void rule_1_4_1_errors_are_502_to_the_client(void **state)
{
    (void)state;
    static const char *const status[] = {"refused", "reset"};
    for (int i = 0; i < 2; i++) {
        struct story s;
        char text[600];
        snprintf(text, sizeof text, RETRIES_502(FAILS("bad", "%s", "0s")), status[i]);
        story_tell(&s, text);
        assert_int_equal(s.out.type[0].attempts, 3);
        story_end(&s);
    }
}

/* A POST is not sent twice, unless nobody has had it. */
static void rule_1_4_1_a_post_is_not_sent_twice(void **state)
{
    (void)state;
#define POST "'methods': {'default': 'POST'}, "
    assert_passed_on(ONE("reset", "", POST), STATUS_RESET);
    assert_retried(ONE("refused", "", POST));
    assert_retried(ONE("reset", "", "'methods': {'default': 'PUT'}, "));
    assert_retried(
        ONE("reset", ", 'proxy_next_upstream': ['error', 'non_idempotent']", POST));
}

/* A read timeout is 504, and on to the next: the first goes on working for nobody. */
static void rule_1_4_3_tries_multiply_time_and_work(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s,
               "{" BURST("1", "") ", 'services': {" NGINX(
                   "'slow'",
                   ", 'proxy_read_timeout': '2s'") ", 'slow': {'kind': 'server', "
                                                   "'replicas': 3, 'time': '10s'}}}");
    assert_int_equal(story_failed(&s, STATUS_504), 1);
    assert_int_equal(s.out.type[0].failed_latency.most, 6 * SIM_SECOND);
    assert_int_equal(story_at(&s, "slow")->arrivals, 3);
    assert_int_equal(story_at(&s, "slow")->busy_most, 1); /* each of three */
    story_end(&s);
}

/* The server keeps connections for 2 s; requests come every 2 s + 5 ms: the connection
 * is closed on the server, which nginx, 10 ms away, does not know yet. */
#define STALE(period, more, method)                                                    \
    "{'workloads': {'users': {'target': 'nginx', " method "'open': {'rate': '" period  \
    "', 'process': 'constant', 'profile': [['0s', 1], ['20s', 1]]}}}, 'services': "    \
    "{" NGINX("'app'",                                                                 \
              more) ", 'app': {'kind': 'gunicorn', 'worker_class': 'gthread',"         \
                    "'replicas': 2, 'workers': 1, 'threads': 4, 'keepalive': '2s', "   \
                    "'latency': '10ms',"                                               \
                    "'time': '0s'}}}"

static void rule_1_4_2_a_stale_connection_costs_a_try_not_the_request(void **state)
{
    (void)state;
    struct story s;
    /* two servers in turn: each has one every 2.005 s */
    story_tell(&s, STALE("0.99750623/s", ", 'keepalive_timeout': '60s'", ""));
    assert_int_equal(s.out.type[0].ok, s.out.type[0].offered);
    assert_true(s.out.type[0].latency_sum.most > 20 * SIM_SECOND / 1000);
    story_end(&s);
    /* a POST that has been sent on it is not sent again: 502 now and then */
    story_tell(&s, STALE("0.99750623/s", ", 'keepalive_timeout': '60s', 'max_fails': 0",
                         POST));
    assert_true(story_failed(&s, STATUS_RESET) > 0);
    assert_books_balance(&s);
    story_end(&s);
}

/* A client that goes away: its server's connection is closed, the work goes on. */
static void rule_1_4_4_closing_does_not_stop_the_work(void **state)
{
    (void)state;
    for (int ignored = 0; ignored < 2; ignored++) {
        struct story s;
        char text[700];
        snprintf(
            text, sizeof text,
            "{'workloads': {'users': {'target': 'nginx', 'timeout': '1s',"
            "'burst': {'users': 1, 'every': '2s'}}}, 'services': {" NGINX(
                "'app'",
                ", 'max_conns': 1, 'proxy_ignore_client_abort': %s") ", 'app': "
                                                                     "{'kind': "
                                                                     "'server', "
                                                                     "'time': '5s'}}}",
            ignored ? "true" : "false");
        story_read(&s, text, 1);
        story_watch(&s, 0, 9.5, 20);
        /* at 0, 2, 4, 6 and 8 s; max_conns is free again once the client has gone */
        uint64_t arrived = story_at(&s, "app")->arrivals;
        assert_int_equal(arrived, ignored ? 2 : 5);
        story_end(&s);
    }
}

/* Each request takes two connections. Of 20, ten are for ten requests: the tenth finds
 * none for its server once the clients have taken theirs. */
static void rule_1_5_1_a_request_takes_two_connections(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{" BURST("12", "") ", 'services': {" NGINX(
                       "'good'", ", 'worker_connections': 20") ", " GOOD "}}");
    assert_int_equal(s.out.type[0].ok, 10);
    assert_int_equal(story_failed(&s, STATUS_RESET), 2);
    story_end(&s);
    /* with an odd number one more is accepted, and fails with 500 */
    story_tell(&s, "{" BURST("12", "") ", 'services': {" NGINX(
                       "'good'", ", 'worker_connections': 21") ", " GOOD "}}");
    assert_int_equal(s.out.type[0].ok, 10);
    assert_int_equal(story_failed(&s, STATUS_500), 1);
    assert_int_equal(story_failed(&s, STATUS_RESET), 1);
    assert_books_balance(&s);
    story_end(&s);
}

/* A connection that is kept saves the round trip of a new one, the newest first, and no
 * more of them than `keepalive` are kept. */
static void rule_1_5_4_kept_connections_save_a_round_trip(void **state)
{
    (void)state;
#define WAVES(keepalive)                                                               \
    "{'workloads': {'users': {'target': 'nginx', 'burst': {'users': 4}},"              \
    "'more': {'target': 'nginx', 'burst': {'users': 4, 'at': '10s'}}}, 'services': "   \
    "{" NGINX("'app'",                                                                 \
              ", 'keepalive': " keepalive) ", 'app': {'kind': 'server', 'time': "      \
                                           "'1s', 'latency': '50ms'}}}"
    struct story s;
    story_tell(&s, WAVES("2"));
    assert_latencies_of(story_of(&s, "users"), 1.2, 1.2, 1.2, 1.2);
    assert_latencies_of(story_of(&s, "more"), 1.1, 1.1, 1.2, 1.2);
    story_end(&s);
    story_tell(&s, WAVES("32"));
    assert_latencies_of(story_of(&s, "more"), 1.1, 1.1, 1.1, 1.1);
    story_end(&s);
    story_tell(&s, WAVES("0"));
    assert_latencies_of(story_of(&s, "more"), 1.2, 1.2, 1.2, 1.2);
    story_end(&s);
    /* nor for longer than keepalive_timeout, or more requests than allowed */
    story_tell(&s, WAVES("32, 'keepalive_timeout': '5s'"));
    assert_latencies_of(story_of(&s, "more"), 1.2, 1.2, 1.2, 1.2);
    story_end(&s);
    story_tell(&s, WAVES("32, 'keepalive_requests': 1"));
    assert_latencies_of(story_of(&s, "more"), 1.2, 1.2, 1.2, 1.2);
    story_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_1_4_1_the_next_server_is_tried_after_errors),
        cmocka_unit_test(rule_1_4_1_errors_are_502_to_the_client),
        cmocka_unit_test(rule_1_4_1_a_post_is_not_sent_twice),
        cmocka_unit_test(rule_1_4_2_a_stale_connection_costs_a_try_not_the_request),
        cmocka_unit_test(rule_1_4_3_tries_multiply_time_and_work),
        cmocka_unit_test(rule_1_4_4_closing_does_not_stop_the_work),
        cmocka_unit_test(rule_1_5_1_a_request_takes_two_connections),
        cmocka_unit_test(rule_1_5_4_kept_connections_save_a_round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
