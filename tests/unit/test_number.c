/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/number.h"
#include "unit/cases.h"

#include <string.h>

static void decimal_numbers_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double value;
    } good[] = {{"0", 0},     {"12", 12},     {"-0.5", -0.5}, {".5", 0.5}, {"3.", 3},
                {"+2", 2},    {"1e-3", 1e-3}, {"2E+2", 200}};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        double value;
        assert_true(number_read(good[i].text, &value));
        assert_true(value == good[i].value);
    }
}

static void everything_else_is_not(void **state)
{
    (void)state;
    static const char *const bad[] = {"",    " 1",    "1 ",   "0x10", "0X1p3", "inf",
                                      "nan", "-inf",  "1e999", "1,5",  "12ms",  "-",
                                      "e5",  "1e",    "1-2",  ".",    "infinity"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        double value;
        if (number_read(bad[i], &value))
            fail_msg("\"%s\" is read as %g", bad[i], value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decimal_numbers_are_read),
        cmocka_unit_test(everything_else_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
