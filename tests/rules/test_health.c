/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Active health checks and outages, as balancers of several kinds see them. */
#include "unit/story.h"

/* Ten requests a second until `until` s at two servers of no time; app's first replica
 * fails as `outage` says. */
#define SEEN(until, lb, app)                                                           \
    "{'workloads': {'users': {'target': 'lb', 'open': {'rate': '10/s',"                \
    "'process': 'constant', 'profile': [['0s', 1], ['" until "s', 1]]}}},"             \
    "'services': {'lb': {" lb ", 'upstream': 'app'},"                                  \
    "'app': {'kind': 'server', 'replicas': 2, " app "}}}"
#define CRASH(at, length)                                                              \
    "'outages': [{'at': '" at "', 'for': '" length "', 'replicas': 1}]"
#define CHECKED(keys) "'kind': 'load_balancer', 'health_check': {" keys "}"

static struct story told(const char *text)
{
    struct story s;
    story_tell(&s, text);
    assert_books_balance(&s);
    return s;
}

/* Checks of server 0 at 0, 1, 2 … s. It crashes at 4.5 s: three failed checks, at 5, 6
 * and 7 s, and every second request until then fails: 4.5 to 7 s, 12 or 13 of them. */
static void a_server_goes_after_fall_checks(void **state)
{
    (void)state;
    struct story s = told(SEEN("20", CHECKED("'interval': '1s', 'fall': 3"),
                               "'time': '0s', " CRASH("4.5s", "1h")));
    assert_in_range(story_failed(&s, STATUS_REFUSED), 12, 13);
    story_end(&s);
    /* one is enough: 4.5 to 5 s */
    s = told(SEEN("20", CHECKED("'interval': '1s', 'fall': 1"),
                  "'time': '0s', " CRASH("4.5s", "1h")));
    assert_in_range(story_failed(&s, STATUS_REFUSED), 2, 3);
    story_end(&s);
    /* none without checks: 4.5 to 20 s */
    s = told(
        SEEN("20", "'kind': 'load_balancer'", "'time': '0s', " CRASH("4.5s", "1h")));
    assert_in_range(story_failed(&s, STATUS_REFUSED), 77, 78);
    story_end(&s);
}

/* Back at 10.5 s, and taken for well after checks at 11, 12 and 13 s. */
static void a_server_comes_back_after_rise_checks(void **state)
{
    (void)state;
    struct story s =
        told(SEEN("20", CHECKED("'interval': '1s', 'fall': 1, 'rise': 3"),
                  "'time': '0s', 'handlers': {'default': [{'wait': '0s'}]}, " CRASH(
                      "4.5s", "6s")));
    /* 200 requests: half of those before 4.5 s and after 13 s, and some of 4.5 to 5 s;
     * the checks are 20 of each replica's */
    uint64_t all = story_at(&s, "app")->arrivals;
    assert_in_range(all - 200, 36, 40);
    assert_in_range(story_failed(&s, STATUS_REFUSED), 2, 3);
    story_end(&s);
}

/* A check is a request: one worker, busy for 10 s, has no time for it. */
static void a_check_takes_a_place(void **state)
{
    (void)state;
#define BUSY(check)                                                                    \
    "{'workloads': {'users': {'target': 'lb', 'open': {'rate': '0.2/s',"               \
    "'process': 'constant', 'profile': [['0s', 1], ['22s', 1]]}}},"                    \
    "'services': {'lb': {'kind': 'haproxy', 'upstream': 'app', 'retries': 0,"          \
    "'default_server': {'check': true, 'inter': '1s', 'fall': 2, 'rise': 1}" check     \
    "},"                                                                               \
    "'app': {'kind': 'server', 'slots': 1, 'handlers': {'default': [{'wait': '4s'}],"  \
    "'health': [{'wait': '10ms'}]}}}}"
    struct story s = told(BUSY(", 'option_httpchk': 'health', 'timeout_check': '1s'"));
    /* requests at 5, 10, 15 and 20 s hold the only worker for 4 s: two checks fail
     * while they do, and the server is down when nobody else asks. It is well again
     * before the next one comes. */
    assert_int_equal(s.out.type[0].ok, 4);
    uint64_t with = story_at(&s, "app")->arrivals;
    assert_true(with > 4 + 10);
    assert_true(story_at(&s, "app")->waited > 0);
    story_end(&s);
    /* a connection needs no worker: the only requests are the users' */
    s = told(BUSY(""));
    assert_int_equal(story_at(&s, "app")->arrivals, 4);
    assert_int_equal(s.out.type[0].ok, 4);
    story_end(&s);
}

/* A server that is all busy fails its checks, and is taken out for it: 503 though it
 * works well. */
static void busy_is_taken_for_sick(void **state)
{
    (void)state;
#define PAIR(check)                                                                    \
    "{'workloads': {'users': {'target': 'lb', 'burst': {'users': 6}},"                 \
    "'late': {'target': 'lb', 'burst': {'users': 1, 'at': '4.5s'}}},"                  \
    "'services': {'lb': {'kind': 'haproxy', 'upstream': 'app', 'retries': 0,"          \
    "'default_server': {'check': true, 'inter': '1s', 'fall': 2}" check "},"           \
    "'app': {'kind': 'server', 'slots': 1, 'handlers': {'default': [{'wait': '1s'}],"  \
    "'health': [{'wait': '0s'}]}}}}"
    struct story s = told(PAIR(", 'option_httpchk': 'health'"));
    assert_int_equal(story_of(&s, "users")->ok, 6);
    assert_int_equal(story_failed(&s, STATUS_503), 1);
    story_end(&s);
    s = told(PAIR(""));
    assert_int_equal(story_of(&s, "late")->ok, 1);
    story_end(&s);
}

/* HAProxy has nobody to send to; an ALB sends to all when none is healthy. */
static void rule_1_8_6_nobody_is_well(void **state)
{
    (void)state;
    struct story s =
        told(SEEN("20",
                  "'kind': 'haproxy', 'retries': 0, 'default_server': {'check': true, "
                  "'inter': '2s', 'fall': 1}",
                  "'time': '0s', 'outages': [{'at': '0s', 'for': '1h'}]"));
    /* checks at 0 and 1 s: the other one is out a second later */
    assert_in_range(story_failed(&s, STATUS_REFUSED), 9, 10);
    assert_in_range(story_failed(&s, STATUS_503), 189, 191);
    story_end(&s);
    s = told(SEEN("5", "'kind': 'alb', 'nodes': 1",
                  "'time': '0s', 'outages': [{'at': '0s', 'for': '1h'}]"));
    assert_int_equal(story_failed(&s, STATUS_REFUSED), s.out.type[0].offered);
    assert_int_equal(story_at(&s, "lb")->refused, 0); /* it tried */
    story_end(&s);
}

/* ---- outages --------------------------------------------------------------------- */

#define DIRECT(more, app)                                                              \
    "{'workloads': {'users': {'target': 'app', " more "}},"                            \
    "'services': {'app': {'kind': 'server', " app "}}}"
#define DOWN(how, at, length)                                                          \
    "'outages': [{'at': '" at "', 'for': '" length "', 'how': '" how "'}]"

static void a_crash_loses_work_and_refuses(void **state)
{
    (void)state;
    /* at 1, 2, 3 … s, 1.5 s of work each, one at a time: at 2.2 s one is under way and
     * one waits; those at 3 and 4 s are refused */
    struct story s =
        told(DIRECT("'open': {'rate': '1/s', 'process': 'constant', "
                    "'profile': [['0s', 1], ['6.5s', 1]]}",
                    "'slots': 1, 'time': '1.5s', " DOWN("refuse", "2.2s", "2s")));
    assert_int_equal(story_failed(&s, STATUS_RESET), 2);
    assert_int_equal(story_failed(&s, STATUS_REFUSED), 2);
    assert_latencies(&s, 1.5, 2);
    assert_int_equal(s.out.type[0].failed_latency.most, story_time(1.2));
    story_end(&s);
}

/* Nobody is told anything: patience ends it; who knocks gets in when it is back. */
static void a_machine_that_is_gone_says_nothing(void **state)
{
    (void)state;
    struct story s =
        told(DIRECT("'timeout': '5s', 'open': {'rate': '1/s', "
                    "'process': 'constant', "
                    "'profile': [['0s', 1], ['3.5s', 1]]}",
                    "'slots': 1, 'time': '0.5s', " DOWN("silent", "1.2s", "2.1s")));
    /* the first is lost; SYNs of the second at 2, 3, 4 s, of the third at 3 and 4 s */
    assert_int_equal(story_failed(&s, STATUS_TIMEOUT), 1);
    assert_int_equal(s.out.type[0].failed_latency.most, 5 * SIM_SECOND);
    assert_latencies(&s, 2.5, 2);
    story_end(&s);
    /* without patience TCP gives up after 925 s */
    s = told(
        DIRECT("'burst': {'users': 1}", "'time': '1s', " DOWN("silent", "0.5s", "1s")));
    assert_int_equal(story_failed(&s, STATUS_RESET), 1);
    assert_int_equal(s.out.type[0].failed_latency.most, story_time(925.5));
    story_end(&s);
}

/* A caller with a timeout of its own goes on, and his callee's answer, a quarter of an
 * hour later, finds nobody. */
static void callers_of_a_machine_that_is_gone_go_on(void **state)
{
    (void)state;
    struct story s =
        told("{'workloads': {'users': {'target': 'web', 'burst': {'users': 2}}}, "
             "'services': {'web': {'kind': 'server', 'handlers': {'default': [{'call': "
             "'app', 'timeout': '1s', 'on_error': 'continue'}, {'wait': '1s'}]}}, "
             "'app': {'kind': 'server', 'slots': 1, 'time': '5s', "
             "'outages': [{'at': '0.5s', 'for': '1s', 'how': 'silent'}]}}}");
    assert_latencies(&s, 2, 2);
    story_end(&s);
}

/* Two services that call each other with one slot each never answer; checks and outages
 * that go on for ever do not make the run last for ever. */
static void checks_end_where_nothing_else_happens(void **state)
{
    (void)state;
    struct story s = told(
        "{'workloads': {'first': {'target': 'lb', 'burst': {'users': 1}, 'mix': "
        "{'one': 1}}, 'second': {'target': 'lb', 'burst': {'users': 1}, 'mix': "
        "{'two': 1}}}, 'services': {'lb': {'kind': 'load_balancer', "
        "'upstream': {'one': {'upstream': 'a'}, 'two': {'upstream': 'b'}}, "
        "'health_check': {'interval': '10s', 'timeout': '1s'}},"
        "'a': {'kind': 'server', 'slots': 1, 'handlers': {'one': [{'wait': '1s'}, "
        "{'call': 'b', 'as': 'end'}], 'end': []}},"
        "'b': {'kind': 'server', 'slots': 1, 'handlers': {'two': [{'wait': '1s'}, "
        "{'call': 'a', 'as': 'end'}], 'end': []}},"
        "'c': {'kind': 'server', 'time': '1s', 'outages': [{'every': '1h', 'for': "
        "'1h'}]}}}");
    assert_int_equal(s.out.type[0].unfinished, 1);
    assert_int_equal(s.out.type[1].unfinished, 1);
    story_end(&s);
}

static void a_server_that_hangs_goes_on_later(void **state)
{
    (void)state;
    /* 1 s of CPU, of which 0.4 s are done at 0.4 s */
    struct story s =
        told(DIRECT("'burst': {'users': 1}",
                    "'cpu': 1, 'handlers': {'default': [{'cpu': '1s'}]}, " DOWN(
                        "hang", "0.4s", "3s")));
    assert_latencies(&s, 4);
    story_end(&s);
    /* what it waits for goes on meanwhile */
    s = told(
        DIRECT("'burst': {'users': 1}", "'time': '1s', " DOWN("hang", "0.4s", "3s")));
    assert_latencies(&s, 3.4);
    story_end(&s);
}

static void a_slow_server_takes_longer(void **state)
{
    (void)state;
    struct story s = told(DIRECT("'burst': {'users': 1}",
                                 "'cpu': 1, 'handlers': {'default': [{'cpu': '1s'}]}, "
                                 "'outages': [{'at': '0.5s', 'for': '1s', "
                                 "'how': 'slow', 'speed': '25%'}]"));
    assert_latencies(&s, 1.75); /* 0.5 + 0.25 of it in 1 s, then 0.25 */
    story_end(&s);
    s = told(DIRECT("'burst': {'users': 1, 'at': '0.6s'}",
                    "'time': '100ms', 'outages': [{'at': '0.5s', 'for': '1s', "
                    "'how': 'slow', 'speed': '25%'}]"));
    assert_latencies(&s, 0.4);
    story_end(&s);
}

/* Nothing new from 2 to 4 s, and what is under way is finished. */
static void a_server_that_drains_gets_nothing_new(void **state)
{
    (void)state;
    struct story s = told(SEEN("5.95", "'kind': 'nginx'",
                               "'time': '0.5s', 'outages': [{'at': '1.95s', "
                               "'for': '2s', 'how': 'drain', 'replicas': 1}]"));
    assert_int_equal(s.out.type[0].ok, s.out.type[0].offered);
    assert_int_equal(s.out.type[0].offered, 59);
    /* 10, 20 and 10 of the other's 20 + 20; the busiest has 20 in 2 s, 5 at a time */
    assert_int_equal(story_at(&s, "app")->busy_most, 5);
    story_end(&s);
}

/* Now and then: up for 9 s and down for 1 s on average, each replica by itself: a tenth
 * of the requests is refused, and some of those under way are lost. */
static void random_outages_come_by_chance(void **state)
{
    (void)state;
    struct story s;
    story_read(&s,
               DIRECT("'open': {'rate': '100/s'}",
                      "'replicas': 10, 'time': '1ms', 'outages': [{'every': "
                      "{'exponential': '9s'}, 'for': {'exponential': '1s'}}]"),
               1);
    story_watch(&s, 50, 2000, 10);
    double refused =
        (double)story_failed(&s, STATUS_REFUSED) / (double)s.out.type[0].offered;
    assert_within(refused, 0.1, 0.006); /* 2000 outages of 10 replicas: 2.2 % */
    story_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_goes_after_fall_checks),
        cmocka_unit_test(a_server_comes_back_after_rise_checks),
        cmocka_unit_test(a_check_takes_a_place),
        cmocka_unit_test(busy_is_taken_for_sick),
        cmocka_unit_test(rule_1_8_6_nobody_is_well),
        cmocka_unit_test(a_crash_loses_work_and_refuses),
        cmocka_unit_test(a_machine_that_is_gone_says_nothing),
        cmocka_unit_test(callers_of_a_machine_that_is_gone_go_on),
        cmocka_unit_test(checks_end_where_nothing_else_happens),
        cmocka_unit_test(a_server_that_hangs_goes_on_later),
        cmocka_unit_test(a_slow_server_takes_longer),
        cmocka_unit_test(a_server_that_drains_gets_nothing_new),
        cmocka_unit_test(random_outages_come_by_chance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
