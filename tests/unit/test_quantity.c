/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/quantity.h"

#include "sim/sim_time.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static double read_one(enum param_type type, const char *text)
{
    double value;
    return quantity_read(type, text, &value) ? value : NAN;
}

static void assert_exactly(double found, double expected)
{
    if (!(found == expected))
        fail_msg("%.17g is not %.17g", found, expected);
}

static void durations_are_read_in_nanoseconds(void **state)
{
    (void)state;
    assert_exactly(read_one(PARAM_DURATION, "3ns"), 3);
    assert_exactly(read_one(PARAM_DURATION, "1.5us"), 1500);
    assert_exactly(read_one(PARAM_DURATION, "1.5\xc2\xb5s"), 1500);
    assert_exactly(read_one(PARAM_DURATION, "1.5\xce\xbcs"), 1500);
    assert_exactly(read_one(PARAM_DURATION, "250ms"), 250e6);
    assert_exactly(read_one(PARAM_DURATION, "0.3s"), 300e6);
    assert_exactly(read_one(PARAM_DURATION, "2min"), 120e9);
    assert_exactly(read_one(PARAM_DURATION, "1h"), 3600e9);
    assert_exactly(read_one(PARAM_DURATION, "1d"), 86400e9);
    assert_exactly(read_one(PARAM_DURATION, "0s"), 0);
}

static void rates_are_read_per_second(void **state)
{
    (void)state;
    assert_exactly(read_one(PARAM_RATE, "500/s"), 500);
    assert_exactly(read_one(PARAM_RATE, "30/min"), 0.5);
    assert_exactly(read_one(PARAM_RATE, "900/h"), 0.25);
    assert_exactly(read_one(PARAM_RATE, "86400/d"), 1);
}

static void sizes_are_read_in_bytes(void **state)
{
    (void)state;
    assert_exactly(read_one(PARAM_SIZE, "7B"), 7);
    assert_exactly(read_one(PARAM_SIZE, "2kB"), 2000);
    assert_exactly(read_one(PARAM_SIZE, "440MiB"), 440.0 * 1048576);
    assert_exactly(read_one(PARAM_SIZE, "1.5GiB"), 1.5 * 1073741824);
    assert_exactly(read_one(PARAM_SIZE, "2TB"), 2e12);
}

static void fractions_and_cores_know_their_short_forms(void **state)
{
    (void)state;
    assert_exactly(read_one(PARAM_FRACTION, "80%"), 0.8);
    assert_exactly(read_one(PARAM_FRACTION, "0.1%"), 0.001);
    assert_exactly(read_one(PARAM_CPU, "250m"), 0.25);
    assert_true(quantity_may_be_bare(PARAM_FRACTION));
    assert_true(quantity_may_be_bare(PARAM_CPU));
    assert_false(quantity_may_be_bare(PARAM_DURATION));
}

static void other_text_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",    "s",     "5",    "5 s",  " 5s",  "5s ",  "5S",  "5m",    "+5s",  "0x5s",
        "1e3s", "nans", "infs", "5.s",  ".5s",  "5..0s", "1,5s", "5sec", "5s5s", "--5s",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (!isnan(read_one(PARAM_DURATION, texts[i])))
            fail_msg("\"%s\" was read as a duration", texts[i]);
    assert_true(isnan(read_one(PARAM_NUMBER, "5s")));
    assert_true(isnan(read_one(PARAM_RATE, "500")));
    assert_true(isnan(read_one(PARAM_SIZE, "512Mi")));
}

static void a_number_too_long_for_a_double_is_refused(void **state)
{
    (void)state;
    char text[420];
    memset(text, '9', sizeof text);
    strcpy(text + 400, "s");
    assert_true(isnan(read_one(PARAM_DURATION, text)));
}

static void assert_written(enum param_type type, double si, const char *expected)
{
    struct arena arena;
    arena_init(&arena);
    assert_string_equal(quantity_written(&arena, type, si), expected);
    arena_free(&arena);
}

static void a_written_value_is_as_a_scenario_says_it(void **state)
{
    (void)state;
    assert_written(PARAM_DURATION, 30, "30s");
    assert_written(PARAM_DURATION, 90, "90s");
    assert_written(PARAM_DURATION, 0.25, "250ms");
    assert_written(PARAM_DURATION, 3600, "1h");
    assert_written(PARAM_DURATION, 0, "0s");
    assert_written(PARAM_SIZE, 64.0 * 1048576, "64MiB");
    assert_written(PARAM_SIZE, 5e9, "5GB");
    assert_written(PARAM_RATE, 0.5, "0.5/s");
    assert_written(PARAM_RATE, 1e-9, "0.000000001/s");
    assert_written(PARAM_CPU, 1.5, "1.5");
    assert_written(PARAM_COUNT, 9007199254740991.0, "9007199254740991");
}

static void a_written_value_reads_back_as_itself(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    for (int64_t ns = 1; ns < INT64_C(4000000000000000); ns = ns * 7 / 2 + 1) {
        double seconds = (double)ns / 1e9;
        const char *text = quantity_written(&arena, PARAM_DURATION, seconds);
        assert_exactly(floor(read_one(PARAM_DURATION, text) + 0.5), (double)ns);
    }
    arena_free(&arena);
}

static void assert_text(enum param_type type, double si, const char *expected)
{
    struct arena arena;
    arena_init(&arena);
    assert_string_equal(quantity_text(&arena, type, si), expected);
    arena_free(&arena);
}

static void text_for_people_has_three_digits(void **state)
{
    (void)state;
    assert_text(PARAM_DURATION, 0.0123, "12.3 ms");
    assert_text(PARAM_DURATION, 1.2, "1.2 s");
    assert_text(PARAM_DURATION, 0, "0 s");
    assert_text(PARAM_DURATION, 42e-6, "42 \xc2\xb5s");
    assert_text(PARAM_DURATION, 600, "10 min");
    assert_text(PARAM_FRACTION, 0.95, "95 %");
    assert_text(PARAM_FRACTION, 0.00123, "0.12 %");
    assert_text(PARAM_SIZE, 440.0 * 1048576, "440 MiB");
    assert_text(PARAM_RATE, 1234, "1.23k/s");
    assert_text(PARAM_RATE, 0, "0/s");
    assert_text(PARAM_RATE, 0.05, "3/min");
    assert_text(PARAM_CPU, 1.5, "1.5");
    assert_text(PARAM_DURATION, NAN, "-");
    assert_text(PARAM_DURATION, INFINITY, "infinite");
}

static void text_changes_its_unit_before_it_rounds_to_a_thousand(void **state)
{
    (void)state;
    assert_text(PARAM_DURATION, 0.9994, "999 ms");
    assert_text(PARAM_DURATION, 0.9996, "1 s");
    assert_text(PARAM_DURATION, 0.00999951, "10 ms");
    assert_text(PARAM_RATE, 999.4, "999/s");
    assert_text(PARAM_RATE, 999.6, "1k/s");
}

static void assert_number(double value, int digits, const char *expected)
{
    struct arena arena;
    arena_init(&arena);
    assert_string_equal(quantity_number(&arena, value, digits), expected);
    arena_free(&arena);
}

static void numbers_have_no_exponent(void **state)
{
    (void)state;
    assert_number(60, 10, "60");
    assert_number(68.27123456789, 10, "68.27123457");
    assert_number(1.0 / 3, 17, "0.33333333333333331");
    assert_number(5e-5, 17, "0.000050000000000000002");
    assert_number(1e-6, 10, "0.000001");
    assert_number(-2.5e-7, 3, "-0.00000025");
    assert_number(1e12, 10, "1000000000000");
    assert_number(0, 10, "0");
    struct arena arena;
    double read;
    arena_init(&arena);
    for (double x = 1.1e-9; x < 1e9; x *= 7.3) {
        const char *text =
            arena_format(&arena, "%s/s", quantity_number(&arena, x, 17));
        assert_true(quantity_read(PARAM_RATE, text, &read) && read == x);
    }
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_are_read_in_nanoseconds),
        cmocka_unit_test(rates_are_read_per_second),
        cmocka_unit_test(sizes_are_read_in_bytes),
        cmocka_unit_test(fractions_and_cores_know_their_short_forms),
        cmocka_unit_test(other_text_is_refused),
        cmocka_unit_test(a_number_too_long_for_a_double_is_refused),
        cmocka_unit_test(a_written_value_is_as_a_scenario_says_it),
        cmocka_unit_test(a_written_value_reads_back_as_itself),
        cmocka_unit_test(numbers_have_no_exponent),
        cmocka_unit_test(text_for_people_has_three_digits),
        cmocka_unit_test(text_changes_its_unit_before_it_rounds_to_a_thousand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
