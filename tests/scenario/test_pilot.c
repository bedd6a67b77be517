/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How long a pilot must be, and what is left out: requests that last as long as a run
 * fill up, which is told from a growing backlog; users who are always there are known
 * at once; a warm-up of nothing is none. */
#include "program.h"

#include <math.h>

static void assert_verdict(cJSON *result, const char *verdict)
{
    assert_string_equal(program_at(result, "verdict/verdict")->valuestring, verdict);
}

#define SESSIONS(rate, time, slots, run)                                               \
    "{'workloads': {'u': {'target': 's', 'open': {'rate': '" rate "'}}},"              \
    " 'services': {'s': {'kind': 'server', 'slots': " slots ", 'time': " time "}},"    \
    " 'run': {" run "}}"

#define ROUGHLY "'precision': 'mean within 20%', 'replications': 4"

/* M/G/infinity: 6000 at a time in the end, however long that takes. */
static void sessions_longer_than_a_usual_pilot_are_no_backlog(void **state)
{
    (void)state;
    cJSON *result =
        program_told_result(SESSIONS("20/s", "{'exponential': '5min'}", "0", ROUGHLY));
    assert_verdict(result, "stable");
    double mean = program_number(result, "all/latency/mean/value");
    assert_true(fabs(mean / 300 - 1) < 0.02);
    cJSON_Delete(result);
}

/* Nobody has left before the run is over. */
static void all_of_one_length_are_no_backlog(void **state)
{
    (void)state;
    cJSON *result = program_told_result(SESSIONS("20/s", "'5min'", "0", ROUGHLY));
    assert_verdict(result, "stable");
    assert_true(program_number(result, "all/latency/mean/value") == 300);
    cJSON_Delete(result);
}

static void a_window_that_begins_too_early_is_told_not_condemned(void **state)
{
    (void)state;
    cJSON *result =
        program_told_result(SESSIONS("10/s", "{'exponential': '5min'}", "0",
                                     "'warmup': '10min', 'duration': '10min'"));
    assert_verdict(result, "stable");
    assert_true(cJSON_IsFalse(program_at(result, "run/settled")));
    cJSON_Delete(result);
}

/* The same, but what it slows down to is more than there are places for. */
static void filling_up_beyond_what_there_is_is_a_backlog(void **state)
{
    (void)state;
    cJSON *result =
        program_told_result(SESSIONS("10/s", "{'exponential': '5min'}", "2800",
                                     "'warmup': '1s', 'duration': '5min'"));
    assert_verdict(result, "unstable");
    cJSON_Delete(result);
}

/* Slots that are hardly used do not excuse a line that grows evenly before them. */
static void a_line_before_an_idle_server_grows(void **state)
{
    (void)state;
    cJSON *result = program_told_result(
        "{'workloads': {'u': {'target': 's', 'open': {'rate': '30/s'}}},"
        " 'services': {'s': {'kind': 'server', 'slots': 10, 'time': '10ms', 'guards':"
        " [{'bulkhead': {'maxConcurrentCalls': 1, 'maxWaitDuration': '1h'}}],"
        " 'handlers': {'default': [{'wait': '50ms'}]}}},"
        " 'run': {'warmup': '10s', 'duration': '3min'}}");
    assert_verdict(result, "unstable");
    cJSON_Delete(result);
}

/* All of them are there all the time: no number in the system remembers anything. */
static void users_who_never_think_need_no_long_pilot(void **state)
{
    (void)state;
    cJSON *result = program_told_result(
        "{'workloads': {'u': {'target': 's', 'closed': {'users': 40}}},"
        " 'services': {'s': {'kind': 'server', 'slots': 6, 'time': {'exponential':"
        " '30ms'}}}}");
    assert_verdict(result, "stable");
    assert_within(program_number(result, "all/completed/value"), 200, 1);
    assert_int_equal(program_number(result, "run/pilot_lengthened"), 0);
    cJSON_Delete(result);
}

#define SALE(warmup)                                                                   \
    "{'workloads': {'u': {'target': 's', 'open': {'rate': '10/s'}},"                   \
    " 'sale': {'target': 's', 'burst': {'users': 100, 'at': '5s'}, 'mix': {'buy': "    \
    "1}}}, 'services': {'s': {'kind': 'server', 'slots': 16, 'time': '50ms'}},"        \
    " 'slo': ['buy.errors < 5%'], 'run': {'duration': '90s'" warmup "}}"

static void a_warm_up_of_nothing_is_none(void **state)
{
    (void)state;
    cJSON *result = program_told_result(SALE(", 'warmup': '0s'"));
    assert_within(program_number(result, "run/warm_up"), 0, 0);
    assert_within(program_number(result, "types/1/offered/value"), 100 / 90.0, 1e-6);
    assert_true(cJSON_IsTrue(program_at(result, "slo/0/met")));
    cJSON_Delete(result);
}

/* Begun before the window: neither kept nor missed. */
static void a_promise_to_nobody_measured_is_not_decided(void **state)
{
    (void)state;
    cJSON *result = program_told_result(SALE(""));
    assert_within(program_number(result, "run/warm_up"), 10, 1e-6);
    assert_true(cJSON_IsFalse(program_at(result, "slo/0/decided")));
    assert_true(cJSON_IsFalse(program_at(result, "yes")));
    cJSON_Delete(result);
}

/* One in thirty years: as rare as may be written. */
static void the_rarest_request_is_simulated(void **state)
{
    (void)state;
    cJSON *result = program_told_result(SESSIONS("0.000000001/s", "'1s'", "1", ""));
    assert_verdict(result, "stable");
    cJSON_Delete(result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sessions_longer_than_a_usual_pilot_are_no_backlog),
        cmocka_unit_test(all_of_one_length_are_no_backlog),
        cmocka_unit_test(a_window_that_begins_too_early_is_told_not_condemned),
        cmocka_unit_test(filling_up_beyond_what_there_is_is_a_backlog),
        cmocka_unit_test(a_line_before_an_idle_server_grows),
        cmocka_unit_test(users_who_never_think_need_no_long_pilot),
        cmocka_unit_test(the_rarest_request_is_simulated),
        cmocka_unit_test(a_warm_up_of_nothing_is_none),
        cmocka_unit_test(a_promise_to_nobody_measured_is_not_decided),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
