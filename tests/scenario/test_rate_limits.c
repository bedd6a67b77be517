/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What only so many may be asked of a second bounds the load, whatever is idle. */
#include "scenario/program.h"

/* 100 each of ten addresses, or 90 of all together, pass. */
static cJSON *result_at(const char *rate, const char *limit)
{
    return program_told_result(
        "{'workloads': {'u': {'target': 'edge', 'addresses': 10, 'open': {'rate': "
        "'%s'}}}, 'services': {'edge': {'kind': 'nginx', 'upstream': 's', 'limit_req': "
        "{%s, 'burst': 100, 'nodelay': true}}, 's': {'kind': 'server', 'slots': 10, "
        "'time': '5ms'}}, 'run': {'duration': '20s'}}",
        rate, limit);
}

static void the_bound_follows_from_the_limit(void **state)
{
    (void)state;
    cJSON *result = result_at("45/s", "'rate': '90/s', 'key': 'all'");
    assert_within(program_number(result, "headroom/rate_limit/passes"), 90, 0);
    assert_within(program_number(result, "headroom/rate_limit/load"), 0.5, 0.05);
    assert_within(program_number(result, "headroom/rate_limit/most_rate"), 90, 1e-9);
    assert_within(program_number(result, "headroom/most_rate"), 2000, 1e-6);
    cJSON_Delete(result);
}

static void each_address_has_its_own(void **state)
{
    (void)state;
    cJSON *result = result_at("500/s", "'rate': '100/s'");
    assert_within(program_number(result, "headroom/rate_limit/passes"), 1000, 0);
    assert_within(program_number(result, "headroom/rate_limit/load"), 0.5, 0.02);
    cJSON_Delete(result);
}

static void without_a_limit_there_is_none(void **state)
{
    (void)state;
    cJSON *result = program_result("\"$SRC/experiments/library/quickstart.json\" "
                                   "--set /run/duration=5s");
    assert_true(cJSON_IsNull(program_at(result, "headroom/rate_limit")));
    cJSON_Delete(result);
}

/* Said in words where the limit is nearer than anything's end. */
static void the_summary_names_the_limit(void **state)
{
    (void)state;
    int status;
    char *text = program_told(
        "run --quiet", &status,
        "{'workloads': {'u': {'target': 's', 'open': {'rate': '150/s'}}}, 'services': "
        "{'s': {'kind': 'server', 'slots': 100, 'time': '5ms', 'guards': "
        "[{'token_bucket': {'rate': '100/s', 'burst': 10}}]}}, 'run': {'duration': "
        "'20s'}}");
    assert_int_equal(status, 0);
    assert_non_null(strstr(text, "Too much for s: token_bucket, which lets 100"));
    assert_null(strstr(text, "Until work alone fills"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_bound_follows_from_the_limit),
        cmocka_unit_test(each_address_has_its_own),
        cmocka_unit_test(without_a_limit_there_is_none),
        cmocka_unit_test(the_summary_names_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
