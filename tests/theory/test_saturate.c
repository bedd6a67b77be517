/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The saturation point, where theory knows it. */
#include "theory/saturation.h"

#include "models/theory.h"
#include "unit/cases.h"

#include <math.h>

static struct saturation find(const char *text, uint64_t budget, struct arena *arena)
{
    struct saturation found;
    arena_init(arena);
    saturate_story(text, 1, budget, arena, &found);
    return found;
}

static void eight_workers_carry_what_they_can_serve(void **state)
{
    (void)state;
    struct arena arena;
    struct saturation s = find(EIGHT_WORKERS "}", 15000000, &arena);
    assert_int_equal(s.method, METHOD_OVERLOAD);
    assert_true(s.carried.yes < 80 && 80 < s.carried.no);
    assert_true(s.carried.no < 1.01 * s.carried.yes);
    assert_near(s.bound, 80, 0.001);
    assert_near(saturation_headroom(&s), 0.25, 0.01);
    assert_false(s.has_promises || s.falls || s.log.spent);
    arena_free(&arena);
}

static void threads_that_wait_for_connections_carry_less_than_either(void **state)
{
    (void)state;
    struct arena arena;
    struct saturation s = find(HELD_THREADS, 15000000, &arena);
    assert_near(s.carried.estimate, HELD_THREADS_MOST, 0.01);
    assert_true(s.carried.yes < HELD_THREADS_MOST && HELD_THREADS_MOST < s.carried.no);
    assert_near(s.bound, 80, 0.001);
    arena_free(&arena);
}

/* The load at which the formula's quantile of 8 workers is the limit, s. */
static double load_for(double quantile, double limit)
{
    double low = 1, high = 79.9;
    while (high - low > 1e-6) {
        struct theory_mmc queue = {
            .arrival_rate = (low + high) / 2, .service_rate = 10, .servers = 8};
        if (theory_mmc_response_quantile(&queue, quantile) < limit)
            low = queue.arrival_rate;
        else
            high = queue.arrival_rate;
    }
    return low;
}

static void a_small_budget_gives_a_wider_bracket_that_is_still_true(void **state)
{
    (void)state;
    struct arena arena;
    struct saturation s =
        find(EIGHT_WORKERS ", 'slo': ['p99 < 0.8s']}", 20000000, &arena);
    double truth = load_for(0.99, 0.8);
    assert_true(s.log.spent);
    assert_true(isnan(s.promised.yes) || s.promised.yes < truth);
    assert_true(isnan(s.promised.no) || truth < s.promised.no);
    assert_true(s.log.requests < 25000000);
    arena_free(&arena);
}

/* A run.duration is how long a first look lasts, not how well a load may be known. */
static void a_fixed_duration_bounds_no_bracket(void **state)
{
    (void)state;
    struct arena arena;
    struct saturation s = find(EIGHT_WORKERS ", 'slo': ['p95 < 400ms'], 'run': "
                                             "{'duration': '5min', 'replications': 8}}",
                               60000000, &arena);
    double truth = load_for(0.95, 0.4);
    assert_true(s.promised.yes < truth && truth < s.promised.no);
    assert_true(s.promised.no < 1.015 * s.promised.yes);
    arena_free(&arena);
}

/* REPc-1 with users without end: 8 workers of 0.2 s. */
static void users_who_wait_get_what_the_workers_serve(void **state)
{
    (void)state;
    struct arena arena;
    struct saturation s =
        find("{'workloads': {'w': {'target': 's', 'closed': {'users': 60, 'think': "
             "{'exponential': '1s'}}}}, 'services': {'s': {'kind': 'server', 'slots': "
             "8, 'time': {'exponential': '200ms'}}}}",
             15000000, &arena);
    assert_int_equal(s.method, METHOD_USERS);
    assert_near(s.most.value, 40, 0.01);
    assert_true(fabs(s.most.value - 40) <= s.most.half_width);
    assert_near(s.carried.estimate, 48, 0.001); /* 40/s x (1 s + 0.2 s) */
    arena_free(&arena);
}

/* Retries at once of whatever took longer than a second: work for nobody. */
static void a_retry_storm_is_told(void **state)
{
    (void)state;
    struct arena arena;
    struct saturation s =
        find("{'workloads': {'w': {'target': 's', 'open': {'rate': '60/s'}, "
             "'timeout': '1s', 'retry': {'max': 3}}}, 'services': {'s': {'kind': "
             "'server', 'slots': 8, 'time': {'exponential': '100ms'}}}}",
             10000000, &arena);
    assert_int_equal(s.method, METHOD_VERDICTS);
    assert_true(s.carried.yes > 50 && s.carried.no < 80);
    assert_true(s.falls && s.falls_to < 0.5 * s.falls_from);
    arena_free(&arena);
}

static void a_load_that_ends_by_itself_saturates_nothing(void **state)
{
    (void)state;
    struct arena arena;
    struct point base;
    struct saturation found;
    const char *why = NULL;
    arena_init(&arena);
    const char *path =
        saturation_file("{'workloads': {'w': {'target': 's', 'burst': {'users': 9}}}, "
                        "'services': {'s': {'kind': 'server', 'time': '1ms'}}}",
                        &arena);
    struct point_source source = {.path = path};
    struct point_effort effort = {0};
    struct saturate_settings settings = {
        .source = &source, .effort = &effort, .pointer = "/workloads/w/burst/users"};
    assert_true(point_read(&base, &arena, &source, where_new(&arena)));
    assert_false(saturate(&settings, &base, &arena, &found, &why));
    assert_non_null(strstr(why, "ends by itself"));
    settings.pointer = "/workloads/w/target";
    assert_false(saturate(&settings, &base, &arena, &found, &why));
    assert_non_null(strstr(why, "no number"));
    settings.pointer = "/workloads/x";
    assert_false(saturate(&settings, &base, &arena, &found, &why));
    assert_non_null(strstr(why, "does not exist"));
    unlink(path);
    arena_free(&arena);
}

/* A share of requests is turned up to all of them, and not beyond. */
static void a_share_ends_at_all_of_it(void **state)
{
    (void)state;
    struct arena arena;
    struct point base;
    struct saturation found;
    const char *why = NULL;
    arena_init(&arena);
    const char *path = saturation_file(
        "{'workloads': {'w': {'target': 's', 'open': {'rate': '200/s'}, 'mix': "
        "{'chat': '10%', 'page': 'rest'}}}, 'services': {'s': {'kind': 'server', "
        "'slots': 8, 'time': '10ms'}}, 'slo': ['p95 < 1s'], 'run': {'duration': "
        "'20s', 'replications': 4}}",
        &arena);
    struct point_source source = {.path = path};
    struct point_effort effort = {0};
    struct saturate_settings settings = {.source = &source,
                                         .effort = &effort,
                                         .pointer = "/workloads/w/mix/chat",
                                         .budget = 3000000};
    assert_true(point_read(&base, &arena, &source, where_new(&arena)));
    assert_true(saturate(&settings, &base, &arena, &found, &why));
    assert_int_equal(found.method, METHOD_NONE);
    assert_true(isinf(found.bound));
    assert_true(98 < found.promised.yes && found.promised.yes <= 100);
    assert_true(isnan(found.promised.no) && found.log.beyond > 100);
    unlink(path);
    arena_free(&arena);
}

#define STORM(client, more)                                                            \
    "{'workloads': {'w': {'target': 's', 'open': {'rate': '60/s'}, " client "}}, "     \
    "'services': {'s': {'kind': 'server', 'slots': 10, "                               \
    "'time': {'exponential': '100ms'}" more "}}, "                                     \
    "'run': {'duration': '60s', 'replications': 5}}"
#define AGAIN "'timeout': '1s', 'retry': {'max': 3, 'backoff': {'base': '100ms'}}"

/* 100/s can be done. Once every attempt comes too late there are four of each request:
 * only below 25/s they can all be done. */
static void an_overload_that_feeds_itself_ends_below_a_quarter(void **state)
{
    (void)state;
    struct arena arena;
    struct saturation s = find(STORM(AGAIN, ""), 10000000, &arena);
    assert_true(s.carried.yes > 80);
    assert_true(15 < s.recovery.yes && s.recovery.yes < s.recovery.no);
    assert_true(s.recovery.no < 28);
    assert_true(s.recovery.no <= 1.1 * s.recovery.yes * 1.01);
    arena_free(&arena);
}

/* Who is dropped early leaves room for those who still wait; and where nothing is tried
 * again there is nothing to feed on. */
static void an_overload_that_does_not_feed_itself_ends(void **state)
{
    (void)state;
    struct arena arena;
    struct saturation s = find(STORM(AGAIN, ", 'guards': ['codel']"), 10000000, &arena);
    assert_true(s.recovery.yes >= 0.85 * s.carried.yes);
    assert_true(isnan(s.recovery.no));
    arena_free(&arena);
    s = find(STORM("'deadline': '30s'", ""), 3000000, &arena);
    assert_true(isnan(s.recovery.yes) && isnan(s.recovery.no));
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(eight_workers_carry_what_they_can_serve),
        cmocka_unit_test(threads_that_wait_for_connections_carry_less_than_either),
        cmocka_unit_test(a_small_budget_gives_a_wider_bracket_that_is_still_true),
        cmocka_unit_test(a_fixed_duration_bounds_no_bracket),
        cmocka_unit_test(users_who_wait_get_what_the_workers_serve),
        cmocka_unit_test(a_retry_storm_is_told),
        cmocka_unit_test(an_overload_that_feeds_itself_ends_below_a_quarter),
        cmocka_unit_test(an_overload_that_does_not_feed_itself_ends),
        cmocka_unit_test(a_load_that_ends_by_itself_saturates_nothing),
        cmocka_unit_test(a_share_ends_at_all_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
