/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/expression.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_gives(const char *text, const char *expected)
{
    struct arena arena;
    struct measure m;
    const char *why;
    arena_init(&arena);
    if (!expression_read(text, &arena, &m, &why))
        fail_msg("%s: %s", text, why);
    assert_string_equal(measure_text(&m, &arena), expected);
    arena_free(&arena);
}

static void assert_refused(const char *text, const char *reason)
{
    struct arena arena;
    struct measure m;
    const char *why = NULL;
    arena_init(&arena);
    assert_false(expression_read(text, &arena, &m, &why));
    if (!strstr(why, reason))
        fail_msg("%s: \"%s\" does not say \"%s\"", text, why, reason);
    arena_free(&arena);
}

static void products_bind_tighter_than_sums(void **state)
{
    (void)state;
    assert_gives("2 + 3 * 4", "14");
    assert_gives("(2 + 3) * 4", "20");
    assert_gives("20 - 5 - 3", "12");
    assert_gives("100 / 10 / 5", "2");
    assert_gives("-2 * -3", "6");
    assert_gives("5 - - -3", "2");
    assert_gives("0.5 * 3", "1.5");
    assert_gives("10 * 1538.46", "15385");
}

static void units_are_carried(void **state)
{
    (void)state;
    assert_gives("80 / 100ms", "800/s");
    assert_gives("1000 * 50B", "50 kB");
    assert_gives("200 * 3/min + 50 * 1/min", "10.8/s");
    assert_gives("1s + 500 ms", "1.50 s");
    assert_gives("8 * 440MB", "3.52 GB");
    assert_gives("1KiB", "1.024 kB");
    assert_gives("$120 / 50", "$2.40");
    assert_gives("$1800 + $20", "$1820");
    assert_gives("70% * 30", "21");
    assert_gives("2GB / 2GB", "1");
    assert_gives("3 * 2GB/s", "6e+09 s^-1 B");
}

static void a_unit_binds_tighter_than_a_division(void **state)
{
    (void)state;
    assert_gives("1/100ms", "10.0/s");
    assert_gives("600 / 2min", "5.00/s");
    assert_gives("600 / 2 / min", "5.00/s");
}

static void functions_round_and_choose(void **state)
{
    (void)state;
    assert_gives("ceil(1000 * 3/min / (50/s) * 1.3)", "2");
    assert_gives("floor(80% * 8GB / 440MB)", "14");
    assert_gives("ceil(0.3 / 0.1)", "3");
    assert_gives("max(2, 3) + min(4s, 2s) / s", "5");
}

static void nonsense_is_refused_with_the_reason(void **state)
{
    (void)state;
    assert_refused("3 + 4s", "different units");
    assert_refused("max(3, 4s)", "different units");
    assert_refused("3 * (4s", "closing bracket");
    assert_refused("3 foo", "\"foo\" is no unit");
    assert_refused("3 *", "a number is missing");
    assert_refused("", "a number is missing");
    assert_refused("3 4", "not expected");
    assert_refused("1 / 0", "division by 0");
    assert_refused("1 / (3s - 3s)", "division by 0");
    assert_refused("ceil(3s)", "plain number");
    assert_refused("min(3)", "comma");
    assert_refused("3.", "a number is missing");
}

static void signs_as_they_are_printed_are_named(void **state)
{
    (void)state;
    assert_refused("5 \u00d7 3", "\"\u00d7\" is not expected at column 3 (did you mean "
                                "\"*\"?)");
    assert_refused("5 x 3", "\"x\" is not expected at column 3 (did you mean \"*\"?)");
    assert_refused("5 \u2013 3", "did you mean \"-\"?");
    assert_refused("3 # \u00d7", "\"#\" is not expected at column 3");
    assert_refused("3 \xd7", "\"\xd7\" is not expected");
}

static void signs_without_end_are_as_good_as_one(void **state)
{
    enum { SIGNS = 1000001 };
    (void)state;
    char *text = malloc(SIGNS + 2);
    assert_non_null(text);
    memset(text, '-', SIGNS);
    strcpy(text + SIGNS, "3");
    assert_gives(text, "-3");
    free(text);
}

static void deep_brackets_end_in_words(void **state)
{
    char text[1001];
    (void)state;
    memset(text, '(', 1000);
    text[1000] = '\0';
    assert_refused(text, "too many brackets");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_bind_tighter_than_sums),
        cmocka_unit_test(units_are_carried),
        cmocka_unit_test(a_unit_binds_tighter_than_a_division),
        cmocka_unit_test(functions_round_and_choose),
        cmocka_unit_test(nonsense_is_refused_with_the_reason),
        cmocka_unit_test(signs_as_they_are_printed_are_named),
        cmocka_unit_test(signs_without_end_are_as_good_as_one),
        cmocka_unit_test(deep_brackets_end_in_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
