/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a search turns, and how it is written. */
#include "experiments/dial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void assert_set(const struct dial *dial, double value, const char *expected)
{
    struct arena arena;
    arena_init(&arena);
    assert_string_equal(dial_set(dial, value, &arena), expected);
    arena_free(&arena);
}

static void values_are_set_as_scenarios_are_written(void **state)
{
    (void)state;
    const struct dial rate = {.pointer = "/r", .unit = "/s"},
                      part = {.pointer = "/p", .unit = "%"},
                      users = {.pointer = "/u", .unit = "", .whole = true};
    assert_set(&rate, 68.27, "/r=68.27/s");
    assert_set(&rate, 1.25e-6, "/r=0.00000125/s");
    assert_set(&rate, 2e9, "/r=2000000000/s");
    assert_set(&part, 0.00002, "/p=0.00002%");
    assert_set(&users, 12, "/u=12");
}

static void whole_numbers_stay_whole(void **state)
{
    (void)state;
    const struct dial users = {.whole = true}, rate = {.whole = false};
    assert_true(dial_round(&users, 11.5) == 12);
    assert_true(dial_round(&users, 0.2) == 1);
    assert_true(dial_round(&rate, 0.2) == 0.2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_set_as_scenarios_are_written),
        cmocka_unit_test(whole_numbers_stay_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
