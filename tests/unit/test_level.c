/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/level.h"

#include "unit/cases.h"

/* 0 until 10, 2 until 15, 3 until 25, 1 from then on; until 30: 0 + 10 + 30 + 5. */
static struct level staircase(int64_t limit)
{
    struct level l = {.limit = limit};
    level_add(&l, 10, 2);
    level_add(&l, 15, 1);
    level_set(&l, 25, 1);
    return l;
}

static void area_and_maximum_by_hand(void **state)
{
    (void)state;
    struct level l = staircase(INT64_MAX);
    assert_int_equal(l.value, 1);
    assert_int_equal(l.most, 3);
    assert_int_equal((uint64_t)level_area(&l, 30), 45);
    assert_int_equal((uint64_t)level_area(&l, 40), 55);
    assert_int_equal(level_full(&l, 30), 0);
}

static void time_at_the_limit_counts_from_the_limit_up(void **state)
{
    (void)state;
    static const int full[] = {[1] = 20, [2] = 15, [3] = 10, [4] = 0};
    for (int limit = 1; limit <= 4; limit++) {
        struct level l = staircase(limit);
        assert_int_equal(level_full(&l, 30), full[limit]);
    }
}

static void a_new_limit_does_not_change_the_past(void **state)
{
    (void)state;
    struct level l = {.limit = 5};
    level_set(&l, 0, 3);
    level_limit(&l, 10, 3);
    level_limit(&l, 14, INT64_MAX);
    assert_int_equal(level_full(&l, 20), 4);
    assert_int_equal((uint64_t)level_area(&l, 20), 60);
}

static void a_restart_keeps_the_value_and_forgets_the_rest(void **state)
{
    (void)state;
    struct level l = staircase(2);
    level_restart(&l, 40);
    assert_int_equal(l.most, 1);
    assert_int_equal((uint64_t)level_area(&l, 50), 10);
    assert_int_equal(level_full(&l, 50), 0);
    assert_int_equal(l.value, 1);
}

static void areas_do_not_overflow_64_bits(void **state)
{
    (void)state;
    struct level l = {0};
    level_set(&l, 0, 1 << 20);
    assert_int_equal((uint64_t)(level_area(&l, SIM_TIME_MAX) >> 62), 1 << 20);
}

static void go_below_0(void)
{
    struct level l = {0};
    level_add(&l, 1, 1);
    level_add(&l, 2, -2);
}

static void a_level_below_0_is_a_mistake(void **state)
{
    (void)state;
    assert_check_fails(go_below_0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(area_and_maximum_by_hand),
        cmocka_unit_test(time_at_the_limit_counts_from_the_limit_up),
        cmocka_unit_test(a_new_limit_does_not_change_the_past),
        cmocka_unit_test(a_restart_keeps_the_value_and_forgets_the_rest),
        cmocka_unit_test(a_level_below_0_is_a_mistake),
        cmocka_unit_test(areas_do_not_overflow_64_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
