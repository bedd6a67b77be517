/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/portrait.h"
#include "experiments/timeline.h"

#include "unit/sitting.h"

#include <stdlib.h>
#include <string.h>

static double mark_at(const struct table *t, const char *label)
{
    for (int i = 0; i < t->mark_count; i++)
        if (strncmp(t->marks[i].label, label, strlen(label)) == 0)
            return t->marks[i].x;
    return NAN;
}

/* Everybody stays for 10 s: 100/s fill the place with 1000, to stay at that. */
static void the_cut_is_where_the_place_is_full(void **state)
{
    (void)state;
    struct model_sitting s;
    sit(&s, "{'workloads': {'v': {'target': 'hall',"
            " 'open': {'rate': '100/s', 'process': 'constant'}}},"
            " 'services': {'hall': {'kind': 'server', 'handlers': {'default':"
            " [{'wait': '10s'}]}}},"
            " 'run': {'duration': '80s', 'warmup': '20s', 'replications': 2}}");
    assert_true(portrait_warm_up(&s.point, &s.effort, &s.arena, &s.table, &s.why));
    const struct table *t = &s.table;
    assert_int_equal(t->count, 2);
    const struct curve *average = &t->series[0], *after = &t->series[1];
    assert_within(mark_at(t, "MSER-5 cuts at"), 10, 0.6);
    assert_within(mark_at(t, "measured from here on"), 20, 1e-9);
    for (int k = 0; k < average->count; k++)
        assert_within(average->y[k], fmin(100 * average->x[k], 1000), 30);
    assert_within(after->x[0], 10, 0.6);
    assert_within(after->y[0], 1000, 1);
    assert_within(after->y[1], 1000, 1);
    rise(&s);
}

static void what_ends_by_itself_has_no_warm_up(void **state)
{
    (void)state;
    struct model_sitting s;
    sit(&s, "{'workloads': {'v': {'target': 'hall',"
            " 'burst': {'users': 5, 'at': '1s'}}},"
            " 'services': {'hall': {'kind': 'server', 'slots': 1, 'time': '1s'}},"
            " 'run': {'replications': 2}}");
    assert_false(portrait_warm_up(&s.point, &s.effort, &s.arena, &s.table, &s.why));
    assert_non_null(strstr(s.why, "ends by itself"));
    rise(&s);
}

/* Evenly spaced requests never meet on a fast server; users who come at random do. */
static void a_load_test_and_its_users_stand_beside_each_other(void **state)
{
    (void)state;
    struct model_sitting s;
    sit(&s, "{'workloads': {'t': {'target': 'api', 'k6': {'constant-arrival-rate':"
            " {'rate': '80/s', 'preAllocatedVUs': 50}}}},"
            " 'services': {'api': {'kind': 'server', 'slots': 1, 'time': '10ms'}},"
            " 'run': {'duration': '200s', 'replications': 4}}");
    assert_true(portrait_twin(&s.point, &s.effort, &s.arena, &s.table, &s.why));
    const struct table *t = &s.table;
    assert_int_equal(t->categories, 2);
    assert_string_equal(t->category[0], "k6 prints");
    assert_string_equal(t->category[1], "users feel");
    assert_int_equal(t->count, 5);
    assert_string_equal(t->series[0].label, "mean");
    assert_string_equal(t->series[4].label, "p99");
    /* k6: 10 ms each; users: M/D/1 at 80 %, 10 + 0.8 / 0.4 * 10 = 30 ms. */
    assert_near(t->series[0].y[0], 0.010, 0.02);
    assert_near(t->series[0].y[1], 0.030, 0.1);
    assert_string_equal(t->series[0].note[0], "");
    assert_non_null(strstr(t->series[0].note[1], " x"));
    const double *mean = t->series[0].y;
    assert_near(atof(t->series[0].note[1]), mean[1] / mean[0], 0.02);
    rise(&s);
}

/* A stage of 50 us, and one request in a day. */
static void small_numbers_of_a_load_test_are_its_users_too(void **state)
{
    (void)state;
    struct model_sitting s;
    sit(&s, "{'workloads': {'t': {'target': 'api', 'k6': {'ramping-arrival-rate':"
            " {'startRate': '10/s', 'preAllocatedVUs': 9, 'stages':"
            " [{'target': '50/s', 'duration': '50us'},"
            " {'target': '50/s', 'duration': '10s'}]}}}},"
            " 'services': {'api': {'kind': 'server', 'time': '10ms'}},"
            " 'run': {'replications': 2}}");
    assert_true(portrait_twin(&s.point, &s.effort, &s.arena, &s.table, &s.why));
    rise(&s);
    sit(&s, "{'workloads': {'t': {'target': 'api', 'k6': {'constant-arrival-rate':"
            " {'rate': '0.00001/s', 'preAllocatedVUs': 9}}}},"
            " 'services': {'api': {'kind': 'server', 'time': '10ms'}},"
            " 'run': {'duration': '10000000s', 'replications': 2}}");
    assert_true(portrait_twin(&s.point, &s.effort, &s.arena, &s.table, &s.why));
    rise(&s);
}

static void without_a_load_test_there_is_nothing_to_set_beside(void **state)
{
    (void)state;
    struct model_sitting s;
    sit(&s, "{'workloads': {'v': {'target': 'api', 'open': {'rate': '10/s'}}},"
            " 'services': {'api': {'kind': 'server', 'slots': 1, 'time': '10ms'}},"
            " 'run': {'duration': '5s', 'replications': 2}}");
    assert_false(portrait_twin(&s.point, &s.effort, &s.arena, &s.table, &s.why));
    assert_string_equal(s.why, "no workload is a load test");
    rise(&s);
}

static const char crash[] =
    "{'workloads': {'v': {'target': 'api', 'open': {'rate': '100/s'}}},"
    " 'services': {'api': {'kind': 'server', 'replicas': 2, 'slots': 4, 'time': '10ms',"
    " 'outages': [{'at': '30s', 'for': '20s', 'how': 'refuse', 'replicas': 1},"
    " {'every': {'exponential': '20s'}, 'for': '1s', 'how': 'slow', 'speed': '50%'}]}},"
    " 'run': {'duration': '90s', 'warmup': '10s', 'replications': 3}}";

/* What happens at the same time in every run is marked, and nothing else. */
static void a_crash_is_marked_on_every_figure_over_time(void **state)
{
    (void)state;
    static bool (*const figures[])(struct point *, const struct point_effort *,
                                   struct arena *, struct table *, const char **) = {
        portrait_backlog, timeline_latency, timeline_rates, timeline_use, timeline_up};
    struct model_sitting s;
    sit(&s, crash);
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        assert_true(figures[i](&s.point, &s.effort, &s.arena, &s.table, &s.why));
        assert_int_equal(s.table.mark_count, 2);
        assert_within(mark_at(&s.table, "warm-up ends"), 10, 1e-9);
        assert_within(mark_at(&s.table, "api: crash"), 30, 1e-9);
        assert_within(s.table.marks[1].high, 50, 1e-9);
    }
    rise(&s);
}

/* Half of the instances, so half of the answers fail: nobody looks after them. */
static void a_crash_is_seen_in_rates_and_instances(void **state)
{
    (void)state;
    struct model_sitting s;
    sit(&s, crash);
    assert_true(timeline_up(&s.point, &s.effort, &s.arena, &s.table, &s.why));
    assert_int_equal(s.table.count, 1);
    for (int k = 0; k < s.table.series->count; k++) {
        double x = s.table.series->x[k];
        assert_within(s.table.series->y[k], x > 30 && x < 50 ? 1 : 2, 0.1);
    }
    assert_true(timeline_rates(&s.point, &s.effort, &s.arena, &s.table, &s.why));
    assert_string_equal(s.table.series[2].label, "failed");
    double failed[2] = {0, 0};
    for (int k = 0; k < s.table.series->count; k++) {
        double x = s.table.series->x[k];
        bool down = x > 30 && x < 50;
        failed[down] += s.table.series[2].y[k] / (down ? 20 : 80);
    }
    assert_within(failed[0], 0, 0.1);
    assert_near(failed[1], 50, 0.1);
    rise(&s);
}

static void instances_that_are_always_there_make_no_figure(void **state)
{
    (void)state;
    struct model_sitting s;
    sit(&s, "{'workloads': {'v': {'target': 'api', 'open': {'rate': '10/s'}}},"
            " 'services': {'api': {'kind': 'server', 'slots': 1, 'time': '10ms'}},"
            " 'run': {'duration': '5s', 'replications': 2}}");
    assert_false(timeline_up(&s.point, &s.effort, &s.arena, &s.table, &s.why));
    assert_string_equal(s.why, "every instance is always there");
    assert_true(timeline_use(&s.point, &s.effort, &s.arena, &s.table, &s.why));
    assert_string_equal(s.table.series->label, "api");
    rise(&s);
}

/* 50 requests in a bin of 500 ms and 2 runs carry no p99, but a p50. */
static void over_time_too_only_what_the_samples_carry_is_drawn(void **state)
{
    (void)state;
    struct model_sitting s;
    sit(&s, "{'workloads': {'v': {'target': 'api', 'open': {'rate': '100/s',"
            " 'process': 'constant'}}},"
            " 'services': {'api': {'kind': 'server', 'slots': 8, 'time': '10ms'}},"
            " 'run': {'duration': '45s', 'warmup': '5s', 'replications': 2}}");
    assert_true(timeline_latency(&s.point, &s.effort, &s.arena, &s.table, &s.why));
    assert_int_equal(s.table.count, 3);
    for (int k = 1; k < s.table.series->count - 1; k++) {
        assert_near(s.table.series[0].y[k], 0.010, 0.01);
        assert_true(isnan(s.table.series[2].y[k]));
    }
    rise(&s);
}

/* Of two kinds of requests, 5 ms and 500 ms, one in twenty is slow: the p95 is either,
 * by chance, and there is one at any time. */
static void over_time_no_interval_reaches_nothing(void **state)
{
    (void)state;
    struct model_sitting s;
    sit(&s, "{'workloads': {'v': {'target': 'api', 'open': {'rate': '100/s'}}},"
            " 'services': {'api': {'kind': 'server', 'slots': 100, 'handlers': {"
            " 'default': [{'cache': 'c', 'hit': '95%', 'miss': [{'wait': '500ms'}]},"
            " {'wait': '5ms'}]}}, 'c': {'kind': 'redis', 'time': '0.1ms'}},"
            " 'run': {'duration': '90s', 'warmup': '10s', 'replications': 10}}");
    assert_true(timeline_latency(&s.point, &s.effort, &s.arena, &s.table, &s.why));
    const struct curve *p95 = &s.table.series[1];
    int fast = 0, slow = 0;
    for (int k = 0; k < p95->count; k++) {
        assert_true(p95->y[k] > 0.005 && p95->low[k] > 0.005);
        assert_true(p95->low[k] <= p95->y[k] && p95->y[k] <= p95->high[k]);
        assert_true(p95->high[k] < 0.51);
        fast += p95->y[k] < 0.1;
        slow += p95->y[k] > 0.4;
    }
    assert_true(fast > 3 && slow > 3 && fast + slow == p95->count);
    rise(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_cut_is_where_the_place_is_full),
        cmocka_unit_test(what_ends_by_itself_has_no_warm_up),
        cmocka_unit_test(a_load_test_and_its_users_stand_beside_each_other),
        cmocka_unit_test(small_numbers_of_a_load_test_are_its_users_too),
        cmocka_unit_test(without_a_load_test_there_is_nothing_to_set_beside),
        cmocka_unit_test(a_crash_is_marked_on_every_figure_over_time),
        cmocka_unit_test(a_crash_is_seen_in_rates_and_instances),
        cmocka_unit_test(instances_that_are_always_there_make_no_figure),
        cmocka_unit_test(over_time_too_only_what_the_samples_carry_is_drawn),
        cmocka_unit_test(over_time_no_interval_reaches_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
