/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is known of a system without simulating it, and what is said of mistakes. */
#include "unit/story.h"

#define USERS(mix)                                                                     \
    "'workloads': {'users': {'target': 'web', 'open': {'rate': '1/s'}" mix "}}"

static struct demand demand_of(const struct story *s, const char *station)
{
    return model_demand(s->model, 0, story_station(s, station));
}

static void assert_demand(struct demand d, double visits, double hold, double cpu)
{
    assert_near(d.visits, visits, 1e-12);
    assert_near(d.hold, hold, 1e-12);
    assert_near(d.cpu, cpu, 1e-12);
}

static void demand_adds_up_over_calls(void **state)
{
    (void)state;
    struct story s;
    story_read(
        &s,
        "{" USERS(
            "") ", 'services': {'web': {'kind': 'server',"
                "'handlers': {'default': [{'cpu': '10ms'}, {'repeat': 3, 'steps': ["
                "  {'call': 'api'}]}, {'call': 'api', 'as': 'other'}]}},"
                "'api': {'kind': 'server', 'latency': '1ms', 'handlers': {"
                "  'default': [{'cpu': '2ms'}, {'wait': '3ms'}],"
                "  'other': [{'wait': '7ms'}]}}}}",
        1);
    assert_demand(demand_of(&s, "api"), 4, 3 * 0.005 + 0.007, 3 * 0.002);
    assert_demand(demand_of(&s, "web"), 1, 0.010 + 3 * 0.007 + 0.009, 0.010);
    assert_near(model_alone(s.model, 0), 0.04, 1e-12);
    story_end(&s);
}

static void demand_weighs_choices_and_caches(void **state)
{
    (void)state;
    struct story s;
    story_read(
        &s,
        "{" USERS("") ", 'services': {'web': {'kind': 'server',"
                      "'handlers': {'default': ["
                      "  {'choose': [{'weight': 3, 'steps': [{'call': 'a'}]},"
                      "              {'weight': 1, 'steps': [{'wait': '4s'}]}]},"
                      "  {'cache': 'c', 'hit': '90%', 'miss': [{'call': 'b'}]}]}},"
                      "'a': {'kind': 'server', 'time': '1s'},"
                      "'b': {'kind': 'server', 'time': '10s'},"
                      "'c': {'kind': 'server', 'time': '1s'}}}",
        1);
    assert_demand(demand_of(&s, "a"), 0.75, 0.75, 0);
    assert_demand(demand_of(&s, "b"), 0.1, 1, 0);
    assert_demand(demand_of(&s, "c"), 1, 1, 0);
    assert_near(model_alone(s.model, 0), 0.75 + 1 + 1 + 1, 1e-12);
    story_end(&s);
}

static void demand_of_a_pool_is_what_is_done_with_it(void **state)
{
    (void)state;
    struct story s;
    story_read(
        &s,
        "{" USERS("") ", 'services': {'web': {'kind': 'server',"
                      "'handlers': {'default': [{'repeat': 2, 'steps': [{'query': 'db',"
                      "  'via': 'pool', 'time': '10ms', 'io': '5ms'}]},"
                      "  {'hold': 'pool', 'steps': [{'wait': '1s'}]}]}},"
                      "'pool': {'kind': 'connection_pool', 'size': 1},"
                      "'db': {'kind': 'postgres', 'cpu': 2}}}",
        1);
    assert_demand(demand_of(&s, "pool"), 3, 1.03, 0);
    assert_demand(demand_of(&s, "db"), 2, 0.03, 0.02);
    story_end(&s);
}

static void stations_state_their_slots_and_cores(void **state)
{
    (void)state;
    struct story s;
    story_read(
        &s,
        "{" USERS("") ", 'services': {'web': {'kind': 'server',"
                      "'replicas': 3, 'processes': 2, 'slots': 4, 'cpu': 1.5,"
                      "'handlers': {'default': [{'hold': 'pool', 'steps': []}]}},"
                      "'pool': {'kind': 'sqlalchemy_pool', 'pool_size': 5,"
                      "         'max_overflow': 10}}}",
        1);
    const struct station_facts *web = &s.facts->station[story_station(&s, "web")],
                               *pool = &s.facts->station[story_station(&s, "pool")];
    assert_int_equal(web->instances, 3);
    assert_near(web->slots, 24, 0);
    assert_near(web->cores, 4.5, 0);
    assert_int_equal(pool->sort, STATION_POOL);
    assert_int_equal(pool->instances, 6);
    assert_near(pool->slots, 90, 0);
    story_end(&s);
}

static void shares_of_a_mix_sum_to_one(void **state)
{
    (void)state;
    struct story s;
    story_read(
        &s,
        "{" USERS(", 'mix': {'a': 1, 'b': 2, 'c': 5}") ", 'services': {"
                                                       "'web': {'kind': 'server', "
                                                       "'time': '1s'}}}",
        1);
    assert_near(s.facts->type[0].share, 0.125, 1e-15);
    assert_near(s.facts->type[1].share, 0.25, 1e-15);
    assert_near(s.facts->type[2].share, 0.625, 1e-15);
    story_end(&s);
}

/* A proxy in front changes nobody's draws: the same latencies to the nanosecond. */
static void a_proxy_changes_nobodys_draws(void **state)
{
    (void)state;
    struct story bare, proxied;
    story_tell(&bare, "{'workloads': {'users': {'target': 'web', 'burst': {"
                      "'users': 500}}}, 'services': {'web': {'kind': 'server',"
                      "'time': {'exponential': '1s'}}}}");
    story_tell(&proxied, "{'workloads': {'users': {'target': 'front', 'burst': {"
                         "'users': 500}}}, 'services': {'front': {"
                         "'kind': 'load_balancer', 'upstream': 'web'},"
                         "'web': {'kind': 'server', 'time': {'exponential': '1s'}}}}");
    const struct tally *a = &bare.out.type[0].latency_sum,
                       *b = &proxied.out.type[0].latency_sum;
    assert_true(a->sum > 0 && a->sum == b->sum && a->squares == b->squares);
    story_end(&bare);
    story_end(&proxied);
}

/* ---- mistakes -------------------------------------------------------------------- */

/* What is complained of first, `text` being the services and the web's steps. */
static void assert_complaint(const char *services, const char *expected)
{
    struct arena arena;
    arena_init(&arena);
    char *json = arena_format(&arena, "{" USERS("") ", 'services': {%s}}", services);
    quotes(json);
    struct where *where = where_new(&arena);
    struct scenario *scenario =
        scenario_parse(&arena, "story", NULL, json, strlen(json), NULL, 0, where);
    if (scenario)
        assert_null(model_compile(&arena, &scenario->system, 1, &where->listener));
    where_sort(where);
    assert_true(where_kept(where) > 0);
    assert_string_equal(where_message(where, 0).text, expected);
    arena_free(&arena);
}

#define WEB(steps) "'web': {'kind': 'server', 'handlers': {'default': [" steps "]}}"

static void what_does_not_fit_together_is_told(void **state)
{
    (void)state;
    assert_complaint(WEB("{'call': 'nobody'}"),
                     "must be one of the services web, is \"nobody\"");
    assert_complaint(WEB("{'call': 'web'}"),
                     "must not call in a circle: web > web");
    assert_complaint(WEB("{'call': 'pool'}") ", 'pool': {'kind': 'connection_pool',"
                                             "'size': 1}",
                     "must be a service that answers, is the pool \"pool\"");
    assert_complaint(WEB("{'hold': 'web', 'steps': []}"),
                     "must be a pool, \"web\" is of kind server");
    assert_complaint(WEB("{'query': 'api', 'time': '1s'}") ", 'api': {'kind': 'server',"
                                                           "'time': '1s'}",
                     "must be a database, api is of kind server");
    assert_complaint("'other': {'kind': 'server', 'time': '1s'}",
                     "must be one of the services other, is \"web\"");
}

static void a_pool_belongs_to_one_database(void **state)
{
    (void)state;
    assert_complaint(
        WEB("{'query': 'a', 'via': 'pool', 'io': '1s'},"
            "{'query': 'b', 'via': 'pool', 'io': '1s'}") ","
                                                         "'pool': {'kind': "
                                                         "'connection_pool', 'size': "
                                                         "1},"
                                                         "'a': {'kind': 'postgres'}, "
                                                         "'b': {'kind': 'postgres'}",
        "must end at b: \"pool\" leads to a");
}

static void names_tell_workloads_from_services(void **state)
{
    (void)state;
    assert_complaint(WEB("") ", 'users': {'kind': 'server', 'time': '1s'}",
                     "must not have the name of a service, \"users\"");
}

static void what_processes_take_at_once_waits_in_no_queue(void **state)
{
    (void)state;
    assert_complaint("'web': {'kind': 'server', 'accept': 'eager', 'queue_limit': 5,"
                     "        'time': '1s'}",
                     "must be absent with \"accept\": \"eager\": processes take "
                     "whatever comes");
}

static void a_pool_that_nobody_uses_is_there(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {'users': {'target': 'web', 'burst': {'users': 1}}},"
                   "'services': {'web': {'kind': 'server', 'time': '1s'},"
                   "'pool': {'kind': 'connection_pool', 'size': 3}}}");
    const struct station_facts *pool = &s.facts->station[story_station(&s, "pool")];
    assert_int_equal(pool->instances, 1);
    assert_near(pool->slots, 3, 0);
    assert_near(pool->process_slots, 3, 0);
    story_end(&s);
}

/* Neither one part of an answer made of several nor what goes on afterwards reaches the
 * client byte by byte. */
static void streams_of_other_tasks_are_not_the_clients(void **state)
{
    (void)state;
    static const char *const steps[] = {
        "{'stream': {'chunks': 2, 'gap': '1s'}}",
        "{'spawn': [{'stream': {'chunks': 2, 'gap': '1s'}}]}",
        "{'parallel': [[{'stream': {'chunks': 2, 'gap': '1s'}}]]}"};
    for (int i = 0; i < 3; i++) {
        struct story s;
        char text[300];
        snprintf(text, sizeof text, "{" USERS("") ", 'services': {" WEB("%s") "}}",
                 steps[i]);
        story_read(&s, text, 1);
        assert_int_equal(s.facts->type[0].streaming, i == 0);
        story_end(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(demand_adds_up_over_calls),
        cmocka_unit_test(demand_weighs_choices_and_caches),
        cmocka_unit_test(demand_of_a_pool_is_what_is_done_with_it),
        cmocka_unit_test(stations_state_their_slots_and_cores),
        cmocka_unit_test(shares_of_a_mix_sum_to_one),
        cmocka_unit_test(a_proxy_changes_nobodys_draws),
        cmocka_unit_test(what_does_not_fit_together_is_told),
        cmocka_unit_test(a_pool_belongs_to_one_database),
        cmocka_unit_test(names_tell_workloads_from_services),
        cmocka_unit_test(what_processes_take_at_once_waits_in_no_queue),
        cmocka_unit_test(a_pool_that_nobody_uses_is_there),
        cmocka_unit_test(streams_of_other_tasks_are_not_the_clients),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
