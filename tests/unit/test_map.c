/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/map.h"

#include "unit/cases.h"

#include <math.h>
#include <string.h>

enum { POINTS = 6, VALUES = 2 };

/* Loads 10/s and 20/s (the axis) by 1, 2 and 4 threads, told in no good order. */
struct grid {
    struct arena arena;
    struct chart_value value[POINTS][VALUES];
    struct chart_number number[POINTS];
    struct chart_point point[POINTS];
    struct chart_point *of[3][2];
    struct chart_line line[3];
    struct chart chart;
};

static void set_point(struct grid *g, int i, double load, double threads, double p99)
{
    static const char *const loads[] = {"10/s", "20/s"};
    static const char *const threads_text[] = {"", "1", "2", "", "4"};
    g->value[i][0] = (struct chart_value){.pointer = "/load",
                                          .name = "load",
                                          .text = loads[load > 10],
                                          .number = load};
    g->value[i][1] = (struct chart_value){.pointer = "/s/threads",
                                          .name = "threads",
                                          .text = threads_text[(int)threads],
                                          .number = threads};
    g->number[i] = (struct chart_number){
        .scope = "all", .name = "", .metric = "p99", .value = p99};
    g->point[i] = (struct chart_point){.variant = "",
                                       .lasting = true,
                                       .promises = 2,
                                       .x = load,
                                       .value = g->value[i],
                                       .values = VALUES,
                                       .known = &g->number[i],
                                       .known_count = 1};
}

static void set_up_grid(struct grid *g)
{
    static const double threads[] = {4, 1, 2};
    memset(g, 0, sizeof *g);
    arena_init(&g->arena);
    for (int i = 0; i < 3; i++) {
        for (int k = 0; k < 2; k++) {
            set_point(g, 2 * i + k, k ? 20 : 10, threads[i], 0.1 * (2 * i + k + 1));
            g->of[i][k] = &g->point[2 * i + k];
        }
        g->line[i] = (struct chart_line){"a line", g->of[i], 2};
    }
    g->chart = (struct chart){.title = "",
                              .caption = "",
                              .axis = "/load",
                              .axis_name = "load",
                              .point = g->point,
                              .points = POINTS,
                              .line = g->line,
                              .lines = 3,
                              .of = "",
                              .by = "p99"};
}

static struct table map_of(struct grid *g)
{
    struct table t;
    const char *why = NULL;
    assert_true(map_metric(&g->chart, &g->arena, &t, &why));
    return t;
}

static void rows_ascend_with_the_second_value_and_columns_with_the_first(void **state)
{
    (void)state;
    struct grid g;
    set_up_grid(&g);
    struct table t = map_of(&g);
    assert_int_equal(t.count, 3);
    assert_int_equal(t.categories, 2);
    assert_string_equal(t.category[0], "10/s");
    assert_string_equal(t.category[1], "20/s");
    assert_string_equal(t.series[0].label, "1");
    assert_string_equal(t.series[1].label, "2");
    assert_string_equal(t.series[2].label, "4");
    assert_string_equal(t.series_label, "threads");
    assert_true(fabs(t.series[0].y[0] - 0.3) < 1e-12);
    assert_true(fabs(t.series[2].y[1] - 0.2) < 1e-12);
    arena_free(&g.arena);
}

static void an_overloaded_cell_has_no_number_and_breaks_its_promises(void **state)
{
    (void)state;
    struct grid g;
    set_up_grid(&g);
    g.point[1].lasting = false; /* 4 threads, 20/s */
    struct table t = map_of(&g);
    assert_true(t.series[2].hollow[1]);
    assert_true(isnan(t.series[2].y[1]));
    assert_int_equal(t.series[2].cell[1], CELL_MISSED);
    assert_false(t.series[2].hollow[0]);
    arena_free(&g.arena);
}

static void a_cell_says_whether_all_promises_are_kept(void **state)
{
    (void)state;
    struct grid g;
    struct table t;
    const char *why = NULL;
    set_up_grid(&g);
    g.point[0].missed = 1;
    g.point[2].undecided = 1;
    assert_true(map_promises(&g.chart, &g.arena, &t, &why));
    assert_int_equal(t.series[2].cell[0], CELL_MISSED);
    assert_int_equal(t.series[0].cell[0], CELL_OPEN);
    assert_int_equal(t.series[0].cell[1], CELL_KEPT);
    for (int i = 0; i < POINTS; i++)
        g.point[i].promises = g.point[i].missed = g.point[i].undecided = 0;
    assert_false(map_promises(&g.chart, &g.arena, &t, &why));
    assert_string_equal(why, "nothing was promised");
    arena_free(&g.arena);
}

static void one_line_makes_no_map(void **state)
{
    (void)state;
    struct grid g;
    struct table t;
    const char *why = NULL;
    set_up_grid(&g);
    g.chart.lines = 1;
    assert_false(map_metric(&g.chart, &g.arena, &t, &why));
    assert_string_equal(why, "needs two varied values");
    arena_free(&g.arena);
}

/* A value that a file lacks, as after --where, leaves its cell empty. */
static void a_hole_in_the_grid_stays_empty(void **state)
{
    (void)state;
    struct grid g;
    set_up_grid(&g);
    g.line[1].count = 1; /* no 20/s at 1 thread */
    struct table t = map_of(&g);
    assert_true(isnan(t.series[0].y[1]));
    assert_int_equal(t.series[0].cell[1], CELL_PLAIN);
    assert_false(t.series[0].hollow[1]);
    arena_free(&g.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_ascend_with_the_second_value_and_columns_with_the_first),
        cmocka_unit_test(an_overloaded_cell_has_no_number_and_breaks_its_promises),
        cmocka_unit_test(a_cell_says_whether_all_promises_are_kept),
        cmocka_unit_test(one_line_makes_no_map),
        cmocka_unit_test(a_hole_in_the_grid_stays_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
