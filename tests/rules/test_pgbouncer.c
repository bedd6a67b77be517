/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * PgBouncer: who gets a server connection when, and who is cut off. Times measured on
 * the real one hold within the third of a second between two sweeps.
 */
#include "unit/story.h"

#define SWEEP 0.333333333 /* s between two looks at the clock */

#define AT(name, target, count, time)                                                  \
    "'" name "': {'target': '" target "', 'burst': {'users': " #count                  \
    ", 'at': '" time "'}}"
#define WORKLOADS(...) "{'workloads': {" __VA_ARGS__ "}, 'services': {"
#define WEB(name, steps)                                                               \
    "'" name "': {'kind': 'server', 'handlers': {'default': [" steps "]}}, "
#define QUERY(pool, time) "{'query': 'db', 'via': '" pool "', 'io': '" time "'}"
#define BOUNCER(name, keys)                                                            \
    "'" name "': {'kind': 'pgbouncer', 'server': 'db', 'pool_mode': 'transaction', "   \
    keys "}, "
#define DATABASE(connect)                                                              \
    "'db': {'kind': 'postgres', 'connect': '" connect "'}}}"

static double seconds(const struct tally *t, bool most)
{
    return (double)(most ? t->most : t->least) * 1e-9;
}

/* The server connection that comes free is the head waiter's at once: not whoever asks
 * at that instant. */
static void rule_5_2_1_waiters_are_served_in_order(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, WORKLOADS(AT("first", "web", 1, "0s") ", " AT("second", "web", 1,
               "0.5s") ", " AT("third", "web", 1, "1s"))
               WEB("web", QUERY("pool", "1s"))
               BOUNCER("pool", "'default_pool_size': 1") DATABASE("0s"));
    assert_latencies_of(story_of(&s, "first"), 1);
    assert_latencies_of(story_of(&s, "second"), 1.5);
    assert_latencies_of(story_of(&s, "third"), 2);
    story_end(&s);
}

/* One query every 0.4 s on two servers that may idle for a second: taken in turn both
 * are kept, taken last in, first out one idles too long, and the next pair of queries
 * has to connect. */
static void rule_5_2_2_idle_servers_are_taken_last_in_first_out(void **state)
{
    (void)state;
    static const char *const round_robin[] = {"false", "true"};
    for (int i = 0; i < 2; i++) {
        struct story s;
        char text[1000];
        snprintf(text, sizeof text,
                 WORKLOADS(AT("pair", "web", 2, "0s") ", "
                 "'single': {'target': 'web', 'burst': {'users': 1, 'at': '0.4s',"
                 "           'every': '0.4s'}}, " AT("again", "web", 2, "4.1s"))
                 WEB("web", QUERY("pool", "50ms"))
                 BOUNCER("pool", "'server_idle_timeout': '1s',"
                         "'server_round_robin': %s") DATABASE("10ms"), round_robin[i]);
        story_read(&s, text, 1);
        story_watch(&s, 0, 5, 1);
        double paid = i ? 0 : 0.01;
        assert_latencies_of(story_of(&s, "again"), 0.05, 0.05 + paid);
        story_end(&s);
    }
}

/* From nothing to n connections takes n connects, one after the other. */
static void rule_5_2_3_one_connection_attempt_at_a_time(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, WORKLOADS(AT("users", "web", 4, "0s"))
               WEB("web", QUERY("pool", "1s")) BOUNCER("pool", "'processes': 1")
               DATABASE("20ms"));
    assert_latencies(&s, 1.02, 1.04, 1.06, 1.08);
    story_end(&s);
}

/* Two servers, two in reserve after 2 s, six queries of 5 s. Measured on the real one,
 * with its start-up: 5.3, 5.4, 7.7, 7.7, 10.2 and 10.3 s. */
static void rule_5_2_4_the_reserve_is_for_the_oldest_waiter(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, WORKLOADS(AT("users", "web", 6, "0s"))
               WEB("web", QUERY("pool", "5s"))
               BOUNCER("pool", "'default_pool_size': 2, 'reserve_pool_size': 2,"
                       "'reserve_pool_timeout': '2s'") DATABASE("0s"));
    const double reserve = 7 * SWEEP; /* the first sweep after 2 s */
    assert_latencies(&s, 5, 5, 5 + reserve, 5 + reserve, 10, 10);
    assert_true(fabs(5 + reserve - 7.7) < 0.4);
    story_end(&s);
}

/* Whoever waits longer than the shorter of the two times is cut with the next sweep. */
static void rule_5_2_5_query_timeout_cuts_waiters_too(void **state)
{
    (void)state;
    static const struct {
        const char *keys;
        double limit;
        uint64_t cut;
    } cases[] = {{"'query_wait_timeout': '120s', 'query_timeout': '3s'", 3, 3},
                 {"'query_wait_timeout': '3s', 'query_timeout': '60s'", 3, 3},
                 {"'query_wait_timeout': '120s', 'query_timeout': '60s'", 60, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct story s;
        char text[900];
        snprintf(text, sizeof text, WORKLOADS(AT("users", "web", 4, "0.1s"))
                 WEB("web", QUERY("pool", "2.9s"))
                 BOUNCER("pool", "'default_pool_size': 1, %s") DATABASE("0s"),
                 cases[i].keys);
        story_tell(&s, text);
        const struct type_outcome *users = story_of(&s, "users");
        if (cases[i].cut == 0) {
            assert_latencies_of(users, 2.9, 5.8, 8.7, 11.6);
        } else {
            uint64_t cut = story_at(&s, "pool")->timed_out;
            assert_int_equal(cut, i == 0 ? 3 : 2);
            assert_true(seconds(&users->failed_latency, false) > 3);
            /* the second query is broken off while it runs, by the same timeout */
            assert_true(seconds(&users->failed_latency, true) < 3 + 0.4);
        }
        story_end(&s);
    }
}

/* One server, a query of 2 s, another that waits 2 s for it and runs for 2 s more: in
 * total it takes longer than 3 s, by itself it does not. */
static void
rule_5_2_6_a_running_query_counts_from_its_arrival_or_its_start(void **state)
{
    (void)state;
    static const char *const with_wait[] = {"true", "false"};
    for (int i = 0; i < 2; i++) {
        struct story s;
        char text[900];
        snprintf(text, sizeof text,
                 WORKLOADS(AT("users", "web", 2, "0s")) WEB("web", QUERY("pool", "2s"))
                     BOUNCER("pool", "'default_pool_size': 1, 'query_timeout': '3s',"
                                     "'query_timeout_includes_wait': %s")
                         DATABASE("0s"),
                 with_wait[i]);
        story_tell(&s, text);
        if (i == 0) {
            assert_latencies(&s, 2);
            assert_int_equal(story_failed(&s, STATUS_500), 1);
            double cut = seconds(&s.out.type[0].failed_latency, true);
            assert_true(cut > 3 && cut < 3.4);
        } else {
            assert_latencies(&s, 2, 4);
        }
        story_end(&s);
    }
}

/* What runs too long is broken off, its server connection closed and a new one opened
 * for whoever waits; what happens between two queries does not count. */
static void rule_5_2_6_a_query_that_runs_too_long_costs_its_connection(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, WORKLOADS(AT("long", "slowly", 1, "0s") ", " AT("next", "web", 1,
               "0.5s") ", " AT("slow", "think", 1, "5s"))
               WEB("slowly", QUERY("pool", "9s")) WEB("web", QUERY("pool", "100ms"))
               WEB("think", "{'hold': 'pool', 'steps': [{'query': 'db', 'io': '600ms'},"
                   "{'wait': '3s'}, {'query': 'db', 'io': '600ms'}]}")
               BOUNCER("pool", "'default_pool_size': 1, 'query_timeout': '1s'")
               DATABASE("50ms"));
    double cut = seconds(&story_of(&s, "long")->failed_latency, true);
    assert_true(cut > 1 && cut < 1.4);
    assert_latencies_of(story_of(&s, "next"), cut - 0.5 + 0.05 + 0.1);
    assert_latencies_of(story_of(&s, "slow"), 4.2);
    story_end(&s);
}

/* Measured on the real one: two at 5 s, two at 10 s, four cut at 8.4 s. */
static void rule_5_2_7_eight_queries_on_two_servers(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, WORKLOADS(AT("users", "web", 8, "0s"))
               WEB("web", QUERY("pool", "5s"))
               BOUNCER("pool", "'default_pool_size': 2, 'query_wait_timeout': '8s'")
               DATABASE("0s"));
    assert_latencies(&s, 5, 5, 10, 10);
    assert_int_equal(story_failed(&s, STATUS_500), 4);
    const struct tally *cut = &s.out.type[0].failed_latency;
    assert_true(fabs(seconds(cut, false) - 8.4) < 0.4);
    assert_int_equal(cut->least, cut->most);
    story_end(&s);
}

/* Others have the database's only connection until 10 s. The first query waits for the
 * next attempt, 15 s after the one that failed; those meanwhile fail at once. */
static void rule_5_2_8_after_a_refusal_queries_fail_fast(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, WORKLOADS(AT("other", "job", 1, "0s") ", " AT("first", "web", 1,
               "1s") ", " AT("soon", "web", 3, "12s") ", " AT("late", "web", 1, "20s"))
               WEB("job", "{'query': 'db', 'io': '10s'}")
               WEB("web", QUERY("pool", "1s")) BOUNCER("pool", "'default_pool_size': 5")
               "'db': {'kind': 'postgres', 'connect': '0s', 'max_connections': 1,"
               "       'superuser_reserved_connections': 0}}}");
    assert_latencies_of(story_of(&s, "other"), 10);
    assert_latencies_of(story_of(&s, "first"), 16);
    const struct type_outcome *soon = story_of(&s, "soon");
    assert_int_equal(soon->failed_latency.count, 3);
    assert_int_equal(soon->failed_latency.most, 0);
    assert_latencies_of(story_of(&s, "late"), 1);
    story_end(&s);
}

/* Four servers opened together live for 40 s: one ends every 10 s, so at no time more
 * than one of four queries at once has to connect. */
static void rule_5_2_9_ends_of_life_are_spaced(void **state)
{
    (void)state;
    struct story s;
    story_read(&s, WORKLOADS("'users': {'target': 'web', 'burst': {'users': 4,"
                             "  'every': '5s'}}")
               WEB("web", QUERY("pool", "1s"))
               BOUNCER("pool", "'default_pool_size': 4, 'server_lifetime': '40s'")
               DATABASE("1s"), 1);
    story_watch(&s, 12, 66, 10); /* at 15, 20 … 75 s: fourteen times four */
    const struct type_outcome *users = story_of(&s, "users");
    assert_int_equal(users->ok, 52);
    assert_int_equal(users->latency_sum.most, 2 * SIM_SECOND);
    /* ends at 41, 51, 61 and 71 s or so: four of them paid a second */
    assert_int_equal((uint64_t)users->latency_sum.sum, (52 + 4) * SIM_SECOND);
    story_end(&s);
}

/* The server is held while the client thinks and while it calls somebody else. */
static void rule_5_2_10_a_transaction_holds_its_server_throughout(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, WORKLOADS(AT("users", "web", 2, "0s"))
               WEB("web", "{'hold': 'pool', 'steps': [{'query': 'db', 'io': '100ms'},"
                   "{'call': 'llm'}, {'query': 'db', 'io': '100ms'}]}")
               "'llm': {'kind': 'server', 'time': '5s'}, "
               BOUNCER("pool", "'default_pool_size': 1") DATABASE("0s"));
    assert_latencies(&s, 5.2, 10.4);
    assert_int_equal(story_at(&s, "db")->busy_most, 1);
    story_end(&s);
}

/* Three threads that keep their connection, in a pool of two servers: in transaction
 * mode all are served, in session mode the two that came first have the servers for
 * good, though idle. */
static void rule_5_2_11_sessions_of_idle_clients_pin_servers(void **state)
{
    (void)state;
    static const char *const modes[] = {"transaction", "session"};
    for (int i = 0; i < 2; i++) {
        struct story s;
        char text[1200];
        snprintf(text, sizeof text,
                 "{'workloads': {" AT("two", "web", 2, "0s") ", " AT("all", "web", 3,
                 "5s") "}, 'services': {"
                 "'web': {'kind': 'gunicorn', 'worker_class': 'sync', 'workers': 3,"
                 "  'handlers': {'default': ["
                 "    {'query': 'db', 'via': ['threads', 'pool'], 'io': '100ms'}]}},"
                 "'threads': {'kind': 'django_connections', 'CONN_MAX_AGE': '600s'},"
                 "'pool': {'kind': 'pgbouncer', 'server': 'db', 'pool_mode': '%s',"
                 "  'default_pool_size': 2, 'query_wait_timeout': '10s'},"
                 DATABASE("0s"), modes[i]);
        story_tell(&s, text);
        assert_latencies_of(story_of(&s, "two"), 0.1, 0.1);
        const struct type_outcome *all = story_of(&s, "all");
        if (i == 0) {
            assert_latencies_of(all, 0.1, 0.1, 0.2);
        } else {
            assert_latencies_of(all, 0.1, 0.1);
            assert_true(seconds(&all->failed_latency, true) > 10);
        }
        story_end(&s);
    }
}

/* Without connections that persist, a session is as long as what holds it. */
static void rule_5_2_11_sessions_of_passing_clients_pin_nothing(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {" AT("users", "web", 4, "0s") "}, 'services': {"
               "'web': {'kind': 'gunicorn', 'workers': 4, 'handlers': {'default': ["
               "  {'query': 'db', 'via': ['threads', 'pool'], 'io': '100ms'},"
               "  {'wait': '300ms'}]}},"
               "'threads': {'kind': 'django_connections'},"
               "'pool': {'kind': 'pgbouncer', 'server': 'db', 'default_pool_size': 2},"
               DATABASE("0s"));
    /* Django disconnects at the end of the request, not of the query */
    assert_latencies(&s, 0.4, 0.4, 0.8, 0.8);
    story_end(&s);
}

/* Two processes on one port have twice the servers. */
static void rule_5_2_12_processes_on_one_port_multiply_limits(void **state)
{
    (void)state;
    for (int processes = 1; processes <= 2; processes++) {
        struct story s;
        char text[900];
        snprintf(text, sizeof text, WORKLOADS(AT("users", "web", 40, "0s"))
                 WEB("web", QUERY("pool", "1s"))
                 BOUNCER("pool", "'default_pool_size': 5, 'so_reuseport': true,"
                         "'processes': %d") DATABASE("0s"), processes);
        story_tell(&s, text);
        assert_int_equal(s.out.type[0].ok, 40);
        assert_int_equal(story_at(&s, "db")->busy_most, 5 * processes);
        story_end(&s);
    }
}

/* Cold pool of 50, 20 ms a connect, 50 waiters with long queries: the last server is
 * there after a second. */
static void rule_5_5_3_a_cold_pool_fills_in_a_second(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s,
               WORKLOADS(AT("users", "web", 50, "0s")) WEB("web", QUERY("pool", "60s"))
                   BOUNCER("pool", "'default_pool_size': 50") DATABASE("20ms"));
    assert_int_equal(s.out.type[0].latency_sum.least,
                     60 * SIM_SECOND + SIM_SECOND / 50);
    assert_int_equal(s.out.type[0].latency_sum.most, 61 * SIM_SECOND);
    story_end(&s);
}

/* The three tables above, as one list of what to see: each within a sweep. */
static void rule_5_5_2_measured_tables_hold_within_a_sweep(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, WORKLOADS(AT("users", "web", 6, "0.2s"))
               WEB("web", QUERY("pool", "5s"))
               BOUNCER("pool", "'default_pool_size': 2, 'query_timeout': '3s',"
                       "'query_timeout_includes_wait': false") DATABASE("0s"));
    /* measured with a limit of 3 s: waiters cut after 3.4 to 3.7 s; here without the
     * start-up of the clients that the measured times include */
    assert_int_equal(s.out.type[0].failed_latency.count, 6);
    double first = seconds(&s.out.type[0].failed_latency, false);
    assert_true(first > 3 && first <= 3 + SWEEP);
    story_end(&s);
}

/* ---- keys beside the numbered rules ---------------------------------------------- */

static void clients_beyond_max_client_conn_fail_at_once(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, WORKLOADS(AT("users", "web", 7, "0s") ", " AT("later", "web", 5,
               "9s")) WEB("web", QUERY("pool", "1s"))
               BOUNCER("pool", "'default_pool_size': 2, 'max_client_conn': 5")
               DATABASE("0s"));
    assert_latencies_of(story_of(&s, "users"), 1, 1, 2, 2, 3);
    assert_int_equal(story_of(&s, "users")->failed_latency.count, 2);
    assert_int_equal(story_of(&s, "users")->failed_latency.most, 0);
    assert_int_equal(story_of(&s, "later")->ok, 5);
    story_end(&s);
}

/* Connections that persist are clients though they are idle. */
static void idle_connections_count_as_clients(void **state)
{
    (void)state;
    struct story s;
    story_tell(
        &s,
        "{'workloads': {" AT("threads_of", "web", 3, "0s") ", " AT(
            "other", "job", 2,
            "5s") "}, 'services': {"
                  "'web': {'kind': 'gunicorn', 'workers': 3, 'handlers': {'default': ["
                  "  {'query': 'db', 'via': ['threads', 'pool'], 'io': '1s'}]}},"
                  "'threads': {'kind': 'django_connections', 'CONN_MAX_AGE': "
                  "'600s'}, " WEB("job", QUERY("pool", "1s"))
                      BOUNCER("pool", "'max_client_conn': 4") DATABASE("0s"));
    assert_int_equal(story_of(&s, "threads_of")->ok, 3);
    assert_int_equal(story_of(&s, "other")->ok, 1);
    story_end(&s);
}

/* Two pools before a database that takes three connections of them: the first has used
 * them all, the second gets one when it asks, for one is idle. */
static void idle_servers_of_other_pools_make_room(void **state)
{
    (void)state;
    static const char *const limits[] = {
        "'max_db_connections': 3", "'max_user_connections': 3, 'user': 'app'"};
    for (int i = 0; i < 2; i++) {
        struct story s;
        char text[1200];
        snprintf(text, sizeof text,
                 WORKLOADS(
                     AT("a", "web_a", 3, "0s") ", " AT("b", "web_b", 1, "0.5s") ", " AT(
                         "c", "web_a", 2, "1.5s") ", " AT("d", "web_b", 2, "1.6s"))
                     WEB("web_a", QUERY("one", "1s")) WEB("web_b", QUERY("two", "1s"))
                         BOUNCER("one", "%s") BOUNCER("two", "%s") DATABASE("0s"),
                 limits[i], limits[i]);
        story_tell(&s, text);
        assert_latencies_of(story_of(&s, "a"), 1, 1, 1);
        /* waits until one is idle and is evicted */
        assert_latencies_of(story_of(&s, "b"), 1.5);
        assert_latencies_of(story_of(&s, "c"), 1, 1);
        /* one goes on with the server of "b", the other waits for "c" */
        assert_latencies_of(story_of(&s, "d"), 1.4, 1.9);
        assert_int_equal(story_at(&s, "db")->busy_most, 3);
        story_end(&s);
    }
}

/* Once there is a client, servers are opened ahead, and stay although they idle. */
static void min_pool_size_is_opened_ahead_and_kept(void **state)
{
    (void)state;
    struct story s;
    story_tell(
        &s, WORKLOADS(AT("first", "web", 1, "0s") ", " AT("then", "web", 3, "30s"))
                WEB("web", QUERY("pool", "1s"))
                    BOUNCER("pool", "'min_pool_size': 2, 'server_idle_timeout': '5s'")
                        DATABASE("100ms"));
    assert_latencies_of(story_of(&s, "first"), 1.1);
    assert_latencies_of(story_of(&s, "then"), 1, 1, 1.1);
    story_end(&s);
}

static void the_overhead_holds_the_server_longer(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, WORKLOADS(AT("users", "web", 3, "0s"))
               WEB("web", QUERY("pool", "20ms"))
               BOUNCER("pool", "'default_pool_size': 1, 'overhead': '760us'")
               DATABASE("0s"));
    assert_latencies(&s, 0.02076, 0.04152, 0.06228);
    story_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_5_2_1_waiters_are_served_in_order),
        cmocka_unit_test(rule_5_2_2_idle_servers_are_taken_last_in_first_out),
        cmocka_unit_test(rule_5_2_3_one_connection_attempt_at_a_time),
        cmocka_unit_test(rule_5_2_4_the_reserve_is_for_the_oldest_waiter),
        cmocka_unit_test(rule_5_2_5_query_timeout_cuts_waiters_too),
        cmocka_unit_test(
            rule_5_2_6_a_running_query_counts_from_its_arrival_or_its_start),
        cmocka_unit_test(rule_5_2_6_a_query_that_runs_too_long_costs_its_connection),
        cmocka_unit_test(rule_5_2_7_eight_queries_on_two_servers),
        cmocka_unit_test(rule_5_2_8_after_a_refusal_queries_fail_fast),
        cmocka_unit_test(rule_5_2_9_ends_of_life_are_spaced),
        cmocka_unit_test(rule_5_2_10_a_transaction_holds_its_server_throughout),
        cmocka_unit_test(rule_5_2_11_sessions_of_idle_clients_pin_servers),
        cmocka_unit_test(rule_5_2_11_sessions_of_passing_clients_pin_nothing),
        cmocka_unit_test(rule_5_2_12_processes_on_one_port_multiply_limits),
        cmocka_unit_test(rule_5_5_2_measured_tables_hold_within_a_sweep),
        cmocka_unit_test(rule_5_5_3_a_cold_pool_fills_in_a_second),
        cmocka_unit_test(clients_beyond_max_client_conn_fail_at_once),
        cmocka_unit_test(idle_connections_count_as_clients),
        cmocka_unit_test(idle_servers_of_other_pools_make_room),
        cmocka_unit_test(min_pool_size_is_opened_ahead_and_kept),
        cmocka_unit_test(the_overhead_holds_the_server_longer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
