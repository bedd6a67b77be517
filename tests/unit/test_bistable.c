/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Does the start decide the end? */
#include "experiments/bistable.h"

#include "experiments/point.h"
#include "unit/story.h"

/* 80/s into 100/s, or so; a run that is short, since only its end is of interest. */
#define SHOP(rate, client, more)                                                       \
    "{'name': 'shop', 'workloads': {'users': {'target': 'shop', 'open': {'rate': '"    \
    rate "/s'}, " client "}}, 'services': {'shop': {'kind': 'server', 'slots': 10, "   \
    "'time': {'exponential': '100ms'}" more "}}, 'run': {'duration': '10s', "          \
    "'replications': 3}}"
#define RETRIES                                                                        \
    "'timeout': '1s', 'retry': {'max': 3, 'on': ['timeout', '503'], 'backoff': "       \
    "{'base': '100ms'}}"

static struct result tried(struct arena *arena, const char *text)
{
    size_t length = strlen(text);
    char *json = quotes(arena_text(arena, text, length));
    struct where *where = where_new(arena);
    struct scenario *scenario =
        scenario_parse(arena, "shop", NULL, json, length, NULL, 0, where);
    struct point point;
    bool read = scenario && point_compile(&point, arena, scenario, NULL, where);
    if (!read)
        where_print(where, stderr);
    assert_true(read);
    const struct point_effort effort = {.threads = 1};
    assert_true(point_run(&point, &effort, arena));
    assert_true(bistable_try(&point, &effort, arena));
    return point.result;
}

static void a_retry_storm_outlives_its_burst(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    struct result r = tried(&arena, SHOP("80", RETRIES, ""));
    assert_int_equal(r.bistability.state, BISTABILITY_STAYS);
    assert_int_equal(r.judgement.verdict, VERDICT_BISTABLE);
    assert_int_equal(r.bistability.fallen, 0);
    assert_true(r.bistability.best > 70);
    assert_true(r.bistability.overloaded.value < 1);
    arena_free(&arena);
}

static void shedding_brings_it_back(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    struct result r = tried(&arena, SHOP("80", RETRIES, ", 'guards': ['codel']"));
    assert_int_equal(r.bistability.state, BISTABILITY_RECOVERS);
    assert_int_not_equal(r.judgement.verdict, VERDICT_BISTABLE);
    arena_free(&arena);
}

/* Four attempts at 20/s are less than 100/s. */
static void so_little_load_comes_back_by_itself(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    struct result r = tried(&arena, SHOP("20", RETRIES, ""));
    assert_int_equal(r.bistability.state, BISTABILITY_RECOVERS);
    arena_free(&arena);
}

static void nothing_is_tried_without_retries_or_room(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    struct result r = tried(&arena, SHOP("80", "'timeout': '1s'", ""));
    assert_int_equal(r.bistability.state, BISTABILITY_NOT_TRIED);
    r = tried(&arena, SHOP("99", RETRIES, ""));
    assert_int_equal(r.bistability.state, BISTABILITY_NOT_TRIED);
    arena_free(&arena);
}

/* The burst that began it is left out when the starts are compared, so that a run that
 * it has overloaded is known for what it is. */
static void a_burst_of_the_scenario_is_the_trigger(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    struct result r =
        tried(&arena, SHOP("80",
                           RETRIES "}, 'sale': {'target': 'shop', 'burst': "
                                   "{'users': 400}",
                           ""));
    assert_true(r.judgement.loss.part.value > 0.5);
    assert_int_equal(r.judgement.verdict, VERDICT_BISTABLE);
    arena_free(&arena);
}

/* Measured: gunicorn behind nginx, a queue of 512 and a patience of 500 ms, at 0.9 of
 * what its workers can do: one run had no failure, another one none but failures after
 * 20 s. With a queue of 32, which takes 165 ms, both were well. */
#define GUNICORN(backlog)                                                              \
    "{'name': 's10', 'workloads': {'users': {'target': 'nginx', 'open': {'rate': "     \
    "'180/s'}, 'timeout': '1s', 'retry': {'max': 2, 'backoff': {'base': '300ms', "     \
    "'jitter': 'equal'}}}}, 'services': {'nginx': {'kind': 'nginx', 'upstream': "      \
    "'app', 'proxy_read_timeout': '500ms', 'proxy_connect_timeout': '500ms'}, 'app': " \
    "{'kind': 'gunicorn', 'workers': 4, 'backlog': " #backlog ", 'handlers': "         \
    "{'default': [{'wait': {'lognormal': {'mean': '20.5ms', 'cv': 1}}}]}}}, 'run': "   \
    "{'duration': '40s', 'warmup': '1ms', 'replications': 5}}"

static void a_long_queue_is_bistable_a_short_one_is_not(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    struct result r = tried(&arena, GUNICORN(512));
    assert_int_equal(r.bistability.state, BISTABILITY_STAYS);
    assert_true(r.bistability.fallen > 0);
    r = tried(&arena, GUNICORN(32));
    assert_int_equal(r.bistability.state, BISTABILITY_RECOVERS);
    arena_free(&arena);
}

/* 1 % of what it can do: four times the impatience of that are two million requests.,
 * and what becomes of those cannot be seen. */
static void a_burst_that_cannot_be_held_says_nothing(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    struct result r = tried(
        &arena, "{'workloads': {'v': {'target': 's', 'open': {'rate': '1000/s'}, "
                "'timeout': '5s', 'retry': {'max': 3}}}, 'services': {'s': {'kind': "
                "'server', 'slots': 1000, 'time': '10ms'}}, 'run': {'duration': '10s', "
                "'replications': 2}}");
    assert_true(r.bistability.burst > 1e6);
    assert_int_equal(r.bistability.state, BISTABILITY_TOO_LONG);
    assert_int_equal(r.judgement.verdict, VERDICT_STABLE);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_retry_storm_outlives_its_burst),
        cmocka_unit_test(shedding_brings_it_back),
        cmocka_unit_test(so_little_load_comes_back_by_itself),
        cmocka_unit_test(nothing_is_tried_without_retries_or_room),
        cmocka_unit_test(a_burst_of_the_scenario_is_the_trigger),
        cmocka_unit_test(a_long_queue_is_bistable_a_short_one_is_not),
        cmocka_unit_test(a_burst_that_cannot_be_held_says_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
