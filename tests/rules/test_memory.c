/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory of servers, and what happens when there is no more. */
#include "unit/story.h"

enum { MIB = 1 << 20 };

#define MEMORY_CASE(workload, service)                                                 \
    "{'workloads': {'w': {'target': 'web', " workload "}}, 'services': {'web': {"      \
    service "}}}"
#define BURST(users) "'burst': {'users': " #users "}"
#define WAITS(time) "'handlers': {'default': [{'wait': '" time "'}]}"

static int64_t most_of(const struct story *s)
{
    return story_at(s, "web")->memory_most / MIB;
}

/* ---- 4.4.1 what counts ----------------------------------------------------------- */

/* 10 of the instance, 20 of each of 3 processes, 5 of each of 4 requests. */
static void rule_4_4_1_processes_and_requests_add_up(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, MEMORY_CASE(BURST(4), "'kind': 'gunicorn', 'workers': 3,"
                               "'worker_class': 'gthread', 'threads': 4,"
                               "'memory_base': '10MiB', 'memory_per_worker': '20MiB',"
                               "'memory_per_request': '5MiB', " WAITS("1s")));
    assert_int_equal(most_of(&s), 10 + 3 * 20 + 4 * 5);
    assert_true(s.facts->station[0].weighs && isinf(s.facts->station[0].memory));
    assert_latencies(&s, 1, 1, 1, 1);
    story_end(&s);
}

/* A gthread worker takes five connections at once, of which its one thread works on
 * one; a sync worker leaves four to the kernel. */
static void rule_4_4_1_connections_count_where_a_process_has_them(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, MEMORY_CASE(BURST(5), "'kind': 'gunicorn',"
                               "'worker_class': 'gthread', 'memory_per_connection':"
                               "'2MiB', 'memory_per_request': '7MiB', " WAITS("1s")));
    assert_int_equal(most_of(&s), 5 * 2 + 7);
    story_end(&s);
    story_tell(&s, MEMORY_CASE(BURST(5), "'kind': 'gunicorn', 'memory_per_connection':"
                               "'2MiB', 'memory_per_request': '7MiB', " WAITS("1s")));
    assert_int_equal(most_of(&s), 2 + 7);
    story_end(&s);
}

/* What is taken does not change a latency, nor a draw. */
static void rule_4_4_1_counting_changes_nothing(void **state)
{
    (void)state;
    static const char *const text[] = {
        MEMORY_CASE("'open': {'rate': '50/s'}", "'kind': 'gunicorn', 'workers': 4,"
                    "'worker_class': 'gthread', 'threads': 2, 'handlers': {'default':"
                    "[{'wait': {'exponential': '100ms'}}]}"),
        MEMORY_CASE("'open': {'rate': '50/s'}", "'kind': 'gunicorn', 'workers': 4,"
                    "'worker_class': 'gthread', 'threads': 2, 'memory': '10GiB',"
                    "'memory_per_request': {'exponential': '5MiB'}, 'handlers':"
                    "{'default': [{'wait': {'exponential': '100ms'}}]}")};
    struct story s[2];
    for (int i = 0; i < 2; i++) {
        story_read(&s[i], text[i], 1);
        story_watch(&s[i], 5, 100, 60);
    }
    assert_true(s[0].out.type[0].latency_sum.squares ==
                s[1].out.type[0].latency_sum.squares);
    assert_true(story_at(&s[1], "web")->memory_most > 0);
    story_end(&s[0]);
    story_end(&s[1]);
}

/* ---- 4.4.2 a process is killed --------------------------------------------------- */

#define TWO_WORKERS                                                                    \
    "'kind': 'gunicorn', 'workers': 2, 'worker_class': 'gthread', 'threads': 4,"       \
    "'boot': '3s', 'memory': '100MiB', 'memory_per_worker': '20MiB'"

/* 40 + 70 MiB do not fit: the process with the big request goes, and with it a small
 * one beside it; requests of the other process do not notice. */
static void rule_4_4_2_the_largest_process_is_killed(void **state)
{
    (void)state;
    uint64_t reset = 0;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct story s;
        story_read(&s, "{'workloads': {"
                   "'small': {'target': 'web', 'burst': {'users': 4}},"
                   "'big': {'target': 'web', 'burst': {'users': 1, 'at': '500ms'}}},"
                   "'services': {'web': {" TWO_WORKERS ", 'handlers': {"
                   "'default': [{'memory': '1MiB'}, {'wait': '1s'}]}}}}",
                   seed);
        story_watch(&s, 0, 0, 0);
        assert_int_equal(story_failed(&s, STATUS_RESET), 0);
        story_end(&s);
        story_read(&s, "{'workloads': {"
                   "'small': {'target': 'web', 'burst': {'users': 4},"
                   "  'mix': {'small': 1}},"
                   "'big': {'target': 'web', 'burst': {'users': 1, 'at': '500ms'},"
                   "  'mix': {'big': 1}}},"
                   "'services': {'web': {" TWO_WORKERS ", 'handlers': {"
                   "'small': [{'memory': '1MiB'}, {'wait': '1s'}],"
                   "'big': [{'memory': '70MiB'}, {'wait': '1s'}]}}}}", seed);
        story_watch(&s, 0, 0, 0);
        assert_int_equal(story_at(&s, "web")->killed, 1);
        assert_int_equal(story_at(&s, "web")->restarts, 0);
        assert_int_equal(story_of(&s, "big")->ok, 0);
        uint64_t survivors = story_of(&s, "small")->ok;
        assert_int_equal(story_failed(&s, STATUS_RESET), 5 - survivors);
        reset += 4 - survivors;
        assert_books_balance(&s);
        story_end(&s);
    }
    assert_in_range(reset, 10, 70); /* of 80: some died, some lived beside it */
}

/* The second of two requests that fit only one by one takes the process with it; the
 * arbiter forks another, which takes requests after its boot. */
static void rule_4_4_2_another_worker_is_forked(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {"
               "'first': {'target': 'web', 'burst': {'users': 2}},"
               "'later': {'target': 'web', 'burst': {'users': 1, 'at': '1s'}}},"
               "'services': {'web': {'kind': 'gunicorn', 'worker_class': 'gthread',"
               "'threads': 2, 'boot': '3s', 'memory': '100MiB',"
               "'memory_per_worker': '20MiB', 'memory_per_request': '50MiB',"
               WAITS("2s") "}}}");
    assert_int_equal(story_failed(&s, STATUS_RESET), 2);
    assert_int_equal(story_at(&s, "web")->killed, 1);
    assert_latencies_of(story_of(&s, "later"), 3 - 1 + 2); /* in the listen queue */
    story_end(&s);
}

/* nginx answers 502 for the requests that went with the process: that is what clients
 * see, and may try again for. */
static void rule_4_4_2_nginx_answers_502_for_a_killed_worker(void **state)
{
    (void)state;
    static const char *const statuses[] = {"502", "reset"};
    for (int i = 0; i < 2; i++) {
        struct story s;
        char text[600];
        snprintf(text, sizeof text,
                 "{'workloads': {'w': {'target': 'nginx', 'burst': {'users': 2},"
                 "'retry': {'max': 1, 'on': ['%s'], 'backoff': {'base': '20s',"
                 "'jitter': 'none'}}}}, 'services': {'nginx': {'kind': 'nginx',"
                 "'upstream': 'web'}, 'web': {'kind': 'gunicorn', 'threads': 2,"
                 "'memory': '100MiB', 'memory_per_request': '60MiB',"
                 WAITS("2s") "}}}",
                 statuses[i]);
        story_tell(&s, text);
        assert_int_equal(s.out.type[0].attempts, i == 0 ? 4 : 2);
        assert_int_equal(story_at(&s, "web")->killed, i == 0 ? 2 : 1);
        story_end(&s);
    }
}

/* What is queued for a thread takes memory too, and is lost with the process. */
static void rule_4_4_2_queued_connections_can_be_too_many(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, MEMORY_CASE(BURST(11), "'kind': 'gunicorn', 'worker_class':"
                               "'gthread', 'memory': '10MiB', 'memory_per_connection':"
                               "'1MiB'," WAITS("1s")));
    assert_int_equal(story_failed(&s, STATUS_RESET), 11);
    assert_int_equal(most_of(&s), 11);
    story_end(&s);
    story_tell(&s, MEMORY_CASE(BURST(10), "'kind': 'gunicorn', 'worker_class':"
                               "'gthread', 'memory': '10MiB', 'memory_per_connection':"
                               "'1MiB'," WAITS("1s")));
    assert_int_equal(s.out.type[0].ok, 10);
    story_end(&s);
}

/* A limit of the language's own is the request's problem alone. */
static void rule_4_4_2_a_language_refuses_instead(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, MEMORY_CASE(BURST(3), "'kind': 'tomcat', 'on_oom': 'fail',"
                               "'memory': '100MiB', 'memory_base': '30MiB',"
                               "'memory_per_request': '30MiB'," WAITS("1s")));
    assert_int_equal(story_failed(&s, STATUS_500), 1);
    assert_latencies(&s, 1, 1);
    assert_int_equal(story_at(&s, "web")->killed + story_at(&s, "web")->restarts, 0);
    story_end(&s);
}

/* ---- 4.4.3 a container is killed ------------------------------------------------- */

/* One process, no parent: everything is lost, connections are refused until it has
 * started again, and that is at once the first time. */
static void rule_4_4_3_a_container_starts_again(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {"
               "'first': {'target': 'web', 'burst': {'users': 3}},"
               "'down': {'target': 'web', 'burst': {'users': 1, 'at': '3s'}},"
               "'up': {'target': 'web', 'burst': {'users': 1, 'at': '4100ms'}}},"
               "'services': {'web': {'kind': 'uvicorn', 'boot': '4s',"
               "'memory': '100MiB', 'memory_per_worker': '40MiB',"
               "'memory_per_request': '25MiB'," WAITS("1s") "}}}");
    assert_int_equal(story_failed(&s, STATUS_RESET), 3);
    assert_int_equal(story_failed(&s, STATUS_REFUSED), 1);
    assert_latencies_of(story_of(&s, "up"), 1);
    assert_int_equal(story_at(&s, "web")->restarts, 1);
    assert_books_balance(&s);
    story_end(&s);
}

/* Killed every time something comes in: it is down for 1, 11, 21, 41 … 301, 301 s. */
static void rule_4_4_3_pauses_double_up_to_five_minutes(void **state)
{
    (void)state;
    static const int down[] = {1, 11, 21, 41, 81, 161, 301, 301};
    struct story s;
    story_read(&s, MEMORY_CASE("'open': {'rate': '1/s', 'process': 'constant'}",
                               "'kind': 'go', 'boot': '1s', 'memory': '1MiB',"
                               "'memory_per_request': '2MiB', 'time': '500ms'"), 1);
    int total = 1; /* the first arrival; the others come when it has just come up */
    for (int i = 0; i < 8; i++)
        total += down[i];
    story_watch(&s, 0, total - 0.5, 0);
    assert_int_equal(story_at(&s, "web")->restarts, 8);
    story_end(&s);
    story_read(&s, MEMORY_CASE("'open': {'rate': '1/s', 'process': 'constant'}",
                               "'kind': 'go', 'boot': '1s', 'memory': '1MiB',"
                               "'restart_backoff': 'none',"
                               "'memory_per_request': '2MiB', 'time': '500ms'"), 1);
    story_watch(&s, 0, 100.5, 0);
    assert_int_equal(story_at(&s, "web")->restarts, 100);
    story_end(&s);
}

/* After ten good minutes the first pause is none again. */
static void rule_4_4_3_ten_good_minutes_are_forgiven(void **state)
{
    (void)state;
    static const char *const gap[] = {"650s", "550s"};
    static const double answered[] = {1, 0};
    for (int i = 0; i < 2; i++) {
        struct story s;
        char text[900];
        snprintf(text, sizeof text,
                 "{'workloads': {"
                 "'a': {'target': 'web', 'burst': {'users': 2}},"
                 "'b': {'target': 'web', 'burst': {'users': 2, 'at': '%s'}},"
                 "'c': {'target': 'web', 'burst': {'users': 1, 'at': '%c55s'}}},"
                 "'services': {'web': {'kind': 'go', 'boot': '1s', 'memory': '1MiB',"
                 "'memory_per_request': '600KiB', 'time': '500ms'}}}",
                 gap[i], gap[i][0]);
        story_tell(&s, text);
        assert_int_equal(story_at(&s, "web")->restarts, 2);
        assert_int_equal(story_of(&s, "c")->ok, (uint64_t)answered[i]);
        story_end(&s);
    }
}

/* While one of two is away the other gets everything; a lone one refuses. */
static void rule_4_4_3_a_pod_that_is_away_gets_no_requests(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {"
               "'big': {'target': 'web', 'burst': {'users': 1}, 'mix': {'big': 1}},"
               "'small': {'target': 'web', 'burst': {'users': 6, 'at': '1s'}}},"
               "'services': {'web': {'kind': 'node', 'replicas': 2, 'boot': '5s',"
               "'memory': '100MiB', 'handlers': {"
               "'big': [{'memory': '120MiB'}, {'wait': '1s'}],"
               "'default': [{'wait': '1s'}]}}}}");
    assert_int_equal(story_failed(&s, STATUS_RESET), 1);
    assert_int_equal(story_failed(&s, STATUS_REFUSED), 0);
    assert_latencies_of(story_of(&s, "small"), 1, 1, 1, 1, 1, 1);
    story_end(&s);
}

/* Where there are several workers but all share one fate. */
static void rule_4_4_3_the_whole_container_with_all_workers(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, MEMORY_CASE(BURST(6), "'kind': 'gunicorn', 'workers': 3,"
                               "'on_oom': 'kill_container', 'memory': '100MiB',"
                               "'memory_per_request': '40MiB'," WAITS("1s")));
    assert_int_equal(story_failed(&s, STATUS_RESET), 6); /* queued ones too */
    assert_int_equal(story_at(&s, "web")->restarts, 1);
    story_end(&s);
}

/* ---- 4.4.4 figures that cannot be ------------------------------------------------ */

/* How many mistakes are found in a service's keys; tests/scenario/bad has the words. */
static int mistakes(const char *keys)
{
    struct arena arena;
    arena_init(&arena);
    char *text = arena_format(&arena, MEMORY_CASE(BURST(1), "%s, " WAITS("1s")), keys);
    quotes(text);
    struct where *where = where_new(&arena);
    struct scenario *scenario =
        scenario_parse(&arena, "story", NULL, text, strlen(text), NULL, 0, where);
    assert_non_null(scenario);
    model_compile(&arena, &scenario->system, 1, &where->listener);
    int found = where->listener.count;
    arena_free(&arena);
    return found;
}

static void rule_4_4_4_gigabytes_for_a_request_are_a_mistake(void **state)
{
    (void)state;
    assert_int_equal(mistakes("'kind': 'go', 'memory_per_request': '6GB'"), 1);
    assert_int_equal(mistakes("'kind': 'go', 'memory_per_request': '600MB'"), 0);
    assert_int_equal(mistakes("'kind': 'php_fpm', 'pm.max_children': 20,"
                              "'memory': '512MiB', 'memory_per_worker': '30MiB'"), 1);
    assert_int_equal(mistakes("'kind': 'php_fpm', 'pm.max_children': 17,"
                              "'memory': '512MiB', 'memory_per_worker': '30MiB'"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_4_4_1_processes_and_requests_add_up),
        cmocka_unit_test(rule_4_4_1_connections_count_where_a_process_has_them),
        cmocka_unit_test(rule_4_4_1_counting_changes_nothing),
        cmocka_unit_test(rule_4_4_2_the_largest_process_is_killed),
        cmocka_unit_test(rule_4_4_2_another_worker_is_forked),
        cmocka_unit_test(rule_4_4_2_nginx_answers_502_for_a_killed_worker),
        cmocka_unit_test(rule_4_4_2_queued_connections_can_be_too_many),
        cmocka_unit_test(rule_4_4_2_a_language_refuses_instead),
        cmocka_unit_test(rule_4_4_3_a_container_starts_again),
        cmocka_unit_test(rule_4_4_3_pauses_double_up_to_five_minutes),
        cmocka_unit_test(rule_4_4_3_ten_good_minutes_are_forgiven),
        cmocka_unit_test(rule_4_4_3_a_pod_that_is_away_gets_no_requests),
        cmocka_unit_test(rule_4_4_3_the_whole_container_with_all_workers),
        cmocka_unit_test(rule_4_4_4_gigabytes_for_a_request_are_a_mistake),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
