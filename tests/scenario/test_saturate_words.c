/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A search says what it does not know: that is no answer of "no". */
#include "scenario/program.h"

static char *saturate(const char *run, const char *slo)
{
    int status;
    return program_told(
        "saturate --quiet --budget 3e5", &status,
        "{'workloads': {'u': {'target': 's', 'open': {'rate': '10/s'}}}, "
        "'services': {'s': {'kind': 'server', 'slots': 4, 'time': "
        "{'exponential': '100ms'}}}, 'slo': ['%s'], 'run': {%s}}",
        slo, run);
}

static void too_few_samples_are_no_no(void **state)
{
    (void)state;
    char *text = saturate("'duration': '30s'", "p99.99 < 1h");
    assert_non_null(strstr(text, "no load was found that surely keeps its promises"));
    assert_non_null(strstr(text, "Not known: no load that was tried surely keeps"));
    free(text);
}

static void a_promise_that_nothing_keeps_is_a_no(void **state)
{
    (void)state;
    char *text = saturate("", "mean < 1ms");
    assert_non_null(strstr(text, "no load was found that keeps its promises"));
    assert_non_null(strstr(text, "None: no load that was tried keeps every promise"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(too_few_samples_are_no_no),
        cmocka_unit_test(a_promise_that_nothing_keeps_is_a_no),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
