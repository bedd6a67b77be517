/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _POSIX_C_SOURCE 200809L /* setenv */

#include "experiments/datadir.h"

#include "sim/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void a_given_folder_wins(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    setenv("HEADROOM_DATA", "/somewhere/else", 1);
    assert_string_equal(datadir(&arena), "/somewhere/else");
    arena_free(&arena);
}

static void the_build_tree_has_the_shape_of_an_installed_one(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    unsetenv("HEADROOM_DATA");
    const char *data = datadir(&arena);
    assert_non_null(data);
    const char *style = arena_format(&arena, "%s/plots/style.gp", data);
    assert_int_equal(access(style, R_OK), 0);
    arena_free(&arena);
}

static void an_empty_setting_is_none(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    setenv("HEADROOM_DATA", "", 1);
    const char *data = datadir(&arena);
    assert_non_null(data);
    assert_true(strlen(data) > 0);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_given_folder_wins),
        cmocka_unit_test(the_build_tree_has_the_shape_of_an_installed_one),
        cmocka_unit_test(an_empty_setting_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
