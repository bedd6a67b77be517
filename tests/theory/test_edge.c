/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is known exactly of queues at the edge and of servers that fail.
 *
 * A proxy in front of c servers that each have one request at a time is one queue for
 * c servers: M/M/c (Erlang). A server that breaks down at rate xi, busy or not, and is
 * repaired at rate eta, going on where it stood, has on average
 *
 *     L = lambda ((xi + eta)^2 + xi mu) / ((xi + eta) (eta mu - lambda (xi + eta)))
 *
 * requests (H. White, L. S. Christie, Operations Research 6, 1958).
 */
#include "models/theory.h"
#include "unit/story.h"

#include <math.h>

static void run(struct story *s, const char *text, double length)
{
    story_read(s, text, 1);
    story_watch(s, length / 10, length, 1000);
    assert_books_balance(s);
}

/* The tolerance is three to four standard errors. */
static void assert_mean(const char *text, double length, double mean, double tolerance)
{
    struct story s;
    run(&s, text, length);
    assert_within(story_mean(&s.out.type[0]), mean, tolerance);
    story_end(&s);
}

static void one_request_a_server_is_one_queue(void **state)
{
    (void)state;
    static const char *const keys[] = {
        "'kind': 'haproxy', 'balance': 'leastconn', 'default_server': {'maxconn': 1}",
        "'kind': 'haproxy', 'balance': 'roundrobin', 'default_server': {'maxconn': 1}",
        "'kind': 'haproxy', 'balance': 'first', 'default_server': {'maxconn': 1}",
        "'kind': 'load_balancer', 'max_conns': 1, 'queue': 1000000",
        "'kind': 'nginx', 'max_conns': 1, 'queue': 1000000, 'queue_timeout': '1h',"
        "'worker_connections': 1000000",
    };
    const struct theory_mmc mmc = {3.2, 1, 4};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        char text[700];
        snprintf(text, sizeof text,
                 "{'workloads': {'users': {'target': 'lb', 'open': {'rate': '3.2/s'}}},"
                 "'services': {'lb': {%s, 'upstream': 'app'}, 'app': {'kind': "
                 "'server', 'replicas': 4, 'slots': 1, 'time': "
                 "{'exponential': '1s'}}}}",
                 keys[i]);
        assert_mean(text, 50000, theory_mmc_mean_response(&mmc), 0.05);
    }
}

static double with_breakdowns(double lambda, double mu, double xi, double eta)
{
    double both = xi + eta;
    return (both * both + xi * mu) / (both * (eta * mu - lambda * both));
}

static void a_server_that_breaks_down(void **state)
{
    (void)state;
    static const double up[] = {10, 20}, down[] = {2.5, 5};
    static const double tolerance[] = {0.25, 0.4};
    for (int i = 0; i < 2; i++) {
        char text[700];
        snprintf(text, sizeof text,
                 "{'workloads': {'users': {'target': 'app', 'open': {'rate': "
                 "'0.5/s'}}}, 'services': {'app': {'kind': 'server', 'slots': 1, "
                 "'cpu': 1, 'handlers': {'default': [{'cpu': {'exponential': '1s'}}]}, "
                 "'outages': [{'how': 'hang', 'every': {'exponential': '%gs'}, "
                 "'for': {'exponential': '%gs'}}]}}}",
                 up[i], down[i]);
        assert_mean(text, 200000, with_breakdowns(0.5, 1, 1 / up[i], 1 / down[i]),
                    tolerance[i]);
    }
}

/* Up for 9 s, down for 1 s: who comes finds it down with probability 1/10, and who has
 * 20 ms of work there loses it with another 20 ms / 9 s. */
static void work_that_is_lost(void **state)
{
    (void)state;
    struct story s;
    run(&s,
        "{'workloads': {'users': {'target': 'app', 'open': {'rate': '50/s'}}},"
        "'services': {'app': {'kind': 'server', 'time': '20ms', 'outages': [{"
        "'every': {'exponential': '9s'}, 'for': {'exponential': '1s'}}]}}}",
        60000);
    double offered = (double)s.out.type[0].offered;
    assert_within((double)story_failed(&s, STATUS_REFUSED) / offered, 0.1, 0.005);
    assert_within((double)story_failed(&s, STATUS_RESET) / offered,
                  0.9 * (1 - exp(-0.02 / 9)), 0.0002);
    story_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_request_a_server_is_one_queue),
        cmocka_unit_test(a_server_that_breaks_down),
        cmocka_unit_test(work_that_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
