/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A load test and its users, as a person would run them. */
#define _GNU_SOURCE
#include "scenario/program.h"

static cJSON *load_test(const char *sets)
{
    char rest[400];
    snprintf(rest, sizeof rest,
             "\"$SRC/experiments/library/load-test-k6.json\" "
             "--set /run/duration=100s %s",
             sets);
    return program_result(rest);
}

/* Two round trips of 20 ms to connect are in the latency, and not in k6's time; Poisson
 * arrivals wait where even ones hardly do. */
static void k6_prints_less_than_users_feel(void **state)
{
    (void)state;
    cJSON *result = load_test("");
    double printed = program_number(result, "load_tests/0/tool_prints/mean/value");
    double felt = program_number(result, "load_tests/0/users_feel/mean/value");
    double latency = program_number(result, "all/latency/mean/value");
    assert_within(latency - printed, 0.04, 1e-6);
    assert_true(felt > latency + 0.02);
    assert_within(program_number(result, "load_tests/0/users_feel/rate/value"), 100, 3);
    assert_within(program_number(result, "load_tests/0/dropped_iterations/value"), 0,
                  0);
    cJSON_Delete(result);
}

/* The pool of VUs runs dry: what k6 drops fails, and is in none of its times. */
static void dropped_iterations_are_told(void **state)
{
    (void)state;
    cJSON *result =
        load_test("--set /workloads/test/k6/constant-arrival-rate/rate=216/s");
    double dropped = program_number(result, "load_tests/0/dropped_iterations/value");
    assert_within(dropped, 0.5, 0.02);
    assert_within(program_number(result, "all/errors/value"), dropped, 1e-9);
    assert_within(program_number(result, "load_tests/0/tool_prints/failed/value"), 0,
                  0);
    assert_within(program_number(result, "load_tests/0/tool_prints/rate/value"), 108,
                  1);
    cJSON_Delete(result);
}

/* Without a load test there is nothing to tell. */
static void users_have_no_twin(void **state)
{
    (void)state;
    cJSON *result = program_result("\"$SRC/experiments/library/burst-lock.json\"");
    assert_int_equal(cJSON_GetArraySize(program_at(result, "load_tests")), 0);
    cJSON_Delete(result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(k6_prints_less_than_users_feel),
        cmocka_unit_test(dropped_iterations_are_told),
        cmocka_unit_test(users_have_no_twin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
