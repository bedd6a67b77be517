/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "unit/story.h"

#include <stdio.h>
#include <stdlib.h>

/* Rows and latencies of tests/scenario/good/load_trace_columns.json, one slot:
 * row 0: 10 ms, then 1 + 1 ms of the database; row 1 arrives at 2 ms, starts at 12 ms
 * and takes 4 + 20 + 1 ms; row 2 has no database time and needs none; row 3 takes
 * 30 + 5 + 1 ms. */
static void each_request_meets_the_values_of_its_own_row(void **state)
{
    (void)state;
    struct story s;
    char path[512];
    const char *source = getenv("SRC");
    assert_non_null(source);
    snprintf(path, sizeof path, "%s/tests/scenario/good/load_trace_columns.json",
             source);
    arena_init(&s.arena);
    struct where *where = where_new(&s.arena);
    struct scenario *scenario = scenario_read(&s.arena, path, NULL, 0, where);
    assert_non_null(scenario);
    s.model = model_compile(&s.arena, &scenario->system, 1, &where->listener);
    assert_non_null(s.model);
    s.facts = model_facts(s.model);
    story_watch(&s, 0, 0, 0);
    assert_latencies_of(story_type(&s, "page"), 0.012, 0.035, 0.036);
    assert_latencies_of(story_type(&s, "form"), 0.0025);
    assert_near(model_alone(s.model, 0), (44.0 + 26 + 3) / 3e3, 1e-12);
    assert_near(model_alone(s.model, 1), 2.5e-3, 1e-12);
    story_end(&s);
}

static bool count_up(void *context, const struct dist *column,
                     struct dist_values *values)
{
    static const double x[] = {1, 2, 3, 6};
    (void)column;
    *values = (struct dist_values){.x = x, .count = 4, .mean = 3, .variance = 3.5};
    return *(const bool *)context;
}

static void parts_of_a_mixture_may_be_columns(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    struct dist_column_conf conf = {.name = "x"};
    struct dist parts[] = {*dist_column(&arena, &conf, 1), *dist_constant(&arena, 9)};
    const double odds[] = {0.25, 1};
    struct dist mixture = {
        .form = DIST_MIXTURE, .parts = parts, .p = odds, .count = 2};
    bool there = true;
    const struct dist_source source = {count_up, &there};
    assert_true(dist_has_columns(&mixture));
    struct dist *filled = dist_with_columns(&arena, &mixture, &source);
    assert_near(filled->mean, 0.25 * 3 + 0.75 * 9, 1e-12);
    assert_near(filled->variance, 0.25 * 3.5 + 0.25 * 0.75 * 36, 1e-12);
    int columns = 0;
    for (uint64_t entity = 0; entity < 4; entity++)
        for (uint32_t replication = 0; replication < 100; replication++) {
            struct draw draw = draw_at(7, entity, replication, 0);
            double x = dist_sample(filled, &draw);
            assert_true(x == 9 || x == filled->parts[0].x[entity]);
            columns += x != 9;
        }
    assert_in_range(columns, 60, 140); /* 100 expected, sd 8.7 */
    there = false;
    assert_null(dist_with_columns(&arena, &mixture, &source));
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_request_meets_the_values_of_its_own_row),
        cmocka_unit_test(parts_of_a_mixture_may_be_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
