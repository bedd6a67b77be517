/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/series.h"

#include "unit/cases.h"

static void expect_areas(const struct series *s, const int *expected)
{
    for (int i = 0; i < s->bins; i++)
        assert_int_equal((uint64_t)s->area[i], expected[i]);
}

static int set_up(void **state)
{
    static struct arena arena;
    arena_init(&arena);
    *state = &arena;
    return 0;
}

static int tear_down(void **state)
{
    arena_free(*state);
    return 0;
}

static void changes_within_a_bin_and_across_bins(void **state)
{
    struct series s;
    series_init(&s, *state, 4, 10);
    series_add(&s, 3, 2);   /* 0 until 3 */
    series_add(&s, 7, 1);   /* 2 until 7 */
    series_add(&s, 34, -2); /* 3 until 34, over three bin ends */
    series_close(&s, 38);   /* 1 until 38 */
    expect_areas(&s, (int[]){8 + 9, 30, 30, 12 + 4});
}

static void a_change_at_a_bin_end_belongs_to_the_next_bin(void **state)
{
    struct series s;
    series_init(&s, *state, 3, 10);
    series_add(&s, 0, 5);
    series_add(&s, 10, 1);
    series_add(&s, 20, -6);
    series_close(&s, 30);
    expect_areas(&s, (int[]){50, 60, 0});
}

static void time_after_the_last_bin_falls_into_nothing(void **state)
{
    struct series s;
    series_init(&s, *state, 2, 10);
    series_add(&s, 15, 4);
    series_add(&s, 25, 4);
    series_add(&s, SIM_SECOND, -8);
    series_close(&s, 2 * SIM_SECOND);
    expect_areas(&s, (int[]){0, 20});
    assert_int_equal(s.value, 0);
}

static void closing_twice_adds_nothing(void **state)
{
    struct series s;
    series_init(&s, *state, 2, 10);
    series_add(&s, 0, 1);
    series_close(&s, 12);
    series_close(&s, 12);
    expect_areas(&s, (int[]){10, 2});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changes_within_a_bin_and_across_bins),
        cmocka_unit_test(a_change_at_a_bin_end_belongs_to_the_next_bin),
        cmocka_unit_test(time_after_the_last_bin_falls_into_nothing),
        cmocka_unit_test(closing_twice_adds_nothing),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
