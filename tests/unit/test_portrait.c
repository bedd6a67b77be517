/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/portrait.h"

#include "unit/cases.h"

#include <stdlib.h>
#include <string.h>

/* A scenario, simulated; quotes are written '. */
struct model_sitting {
    struct arena arena;
    struct point point;
    struct point_effort effort;
    struct table table;
    const char *why;
};

static void sit(struct model_sitting *s, const char *text)
{
    memset(s, 0, sizeof *s);
    arena_init(&s->arena);
    size_t length = strlen(text);
    char *json = arena_text(&s->arena, text, length);
    for (char *c = json; *c; c++)
        if (*c == '\'')
            *c = '"';
    struct where *where = where_new(&s->arena);
    struct scenario *scenario =
        scenario_parse(&s->arena, "sitting", ".", json, length, NULL, 0, where);
    bool made = scenario && point_compile(&s->point, &s->arena, scenario, NULL, where);
    if (!made)
        where_print(where, stderr);
    assert_true(made);
    s->effort.threads = 1;
    assert_true(point_run(&s->point, &s->effort, &s->arena));
}

static void rise(struct model_sitting *s)
{
    arena_free(&s->arena);
}

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_cut_is_where_the_place_is_full),
        cmocka_unit_test(what_ends_by_itself_has_no_warm_up),
        cmocka_unit_test(a_load_test_and_its_users_stand_beside_each_other),
        cmocka_unit_test(without_a_load_test_there_is_nothing_to_set_beside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
