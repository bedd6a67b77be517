/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A load that varies is judged at its peak, too. */
#include "scenario/program.h"

/* 5/s on average, 300 ms of work on three slots: half of them, nine tenths at most. */
static char *told(const char *command, const char *course)
{
    int status;
    char *text = program_told(command, &status,
                              "{'workloads': {'u': {'target': 's', 'open': {'rate': "
                              "'5/s', %s}}}, 'services': {'s': {'kind': 'server', "
                              "'slots': 3, 'time': '300ms'}}, 'run': {'duration': "
                              "'20min'}}",
                              course);
    assert_int_equal(status, 0);
    return text;
}

#define DAY "'daily': {'peak': 1.8, 'length': '10min'}"
#define SPIKE                                                                          \
    "'profile': [['0s', 1], ['60s', 1], ['90s', 2], ['120s', 1]], 'repeat': true"

static void explain_knows_the_peak_of_a_day(void **state)
{
    (void)state;
    char *text = told("explain --json", DAY);
    cJSON *is = cJSON_Parse(text);
    assert_non_null(is);
    assert_within(program_number(is, "peaks/0/rate"), 9, 0.01);
    assert_within(program_number(is, "peaks/0/load"), 0.9, 0.001);
    cJSON_Delete(is);
    free(text);
}

static void the_summary_tells_of_peaks(void **state)
{
    (void)state;
    char *text = told("run --quiet", DAY);
    assert_non_null(strstr(text, "at its peak u asks for 9.00/s"));
    free(text);
    text = told("run --quiet", SPIKE);
    assert_non_null(strstr(text, "at its peak u asks for "));
    free(text);
}

static void an_even_load_has_none(void **state)
{
    (void)state;
    char *text = told("run --quiet", "'process': 'constant'");
    assert_null(strstr(text, "at its peak"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(explain_knows_the_peak_of_a_day),
        cmocka_unit_test(the_summary_tells_of_peaks),
        cmocka_unit_test(an_even_load_has_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
