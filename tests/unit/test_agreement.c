/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Predictions beside measurements that are known to the last digit. */
#define _POSIX_C_SOURCE 200809L
#include "experiments/agreement.h"
#include "unit/cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char scenario[] =
    "{\"workloads\": {\"users\": {\"target\": \"web\", \"open\": {\"rate\": \"100/s\","
    " \"process\": \"constant\"}}},"
    " \"services\": {\"web\": {\"kind\": \"server\", \"slots\": 1, \"time\": %s}},"
    " \"run\": {\"warmup\": \"1s\", \"seed\": 3}}";

struct scene {
    struct arena arena;
    char folder[64];
    struct point point;
    struct measured measured;
    struct agreement agreement;
    struct where *where;
};

static const char *file_in(struct scene *s, const char *name, const char *text)
{
    const char *path = arena_format(&s->arena, "%s/%s", s->folder, name);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    fputs(text, out);
    assert_int_equal(fclose(out), 0);
    return path;
}

static void open_scene(struct scene *s, const char *time)
{
    memset(s, 0, sizeof *s);
    arena_init(&s->arena);
    strcpy(s->folder, "/tmp/agreement.XXXXXX");
    assert_non_null(mkdtemp(s->folder));
    s->where = where_new(&s->arena);
    const char *path = file_in(s, "s.json", arena_format(&s->arena, scenario, time));
    struct point_source source = {.path = path};
    assert_true(point_read(&s->point, &s->arena, &source, s->where));
}

static bool read_run(struct scene *s, const char *text)
{
    return measured_read(&s->measured, file_in(s, "run.csv", text),
                         s->point.result.facts, s->where);
}

static void close_scene(struct scene *s)
{
    remove(arena_format(&s->arena, "%s/s.json", s->folder));
    remove(arena_format(&s->arena, "%s/run.csv", s->folder));
    remove(s->folder);
    arena_free(&s->arena);
}

/* 100 requests a second for 11 s, of which those from 1 s on count. */
static const char *run_of(struct scene *s, double latency_ms, int every_fails)
{
    char *text = arena_array(&s->arena, 1200, 40), *at = text;
    at += sprintf(at, "status,t_s,lat_ms,other\n");
    for (int i = 1; i <= 1100; i++)
        at += sprintf(at, "%d,%.2f,%g,x\n",
                      every_fails && i % every_fails == 0 ? 503 : 200, i / 100.0,
                      i < 100 ? 1 : latency_ms);
    return text;
}

static void compare(struct scene *s, int replications)
{
    struct point_effort effort = {.threads = 2};
    assert_null(agreement_misfit(&s->point, &s->measured, &s->arena));
    assert_true(agreement_find(&s->agreement, &s->point, &s->measured, replications,
                               &effort, &s->arena));
}

static void what_is_predicted_exactly_is_no_different(void **state)
{
    (void)state;
    struct scene s;
    open_scene(&s, "\"4ms\"");
    assert_true(read_run(&s, run_of(&s, 4, 0)));
    compare(&s, 0);
    assert_false(s.agreement.random);
    assert_int_equal(s.agreement.replications, 1);
    assert_int_equal(s.agreement.requests, 1001);
    assert_int_equal(s.agreement.rows, AGREEMENT_METRICS);
    for (int i = 0; i < s.agreement.rows; i++) {
        const struct agreement_row *row = &s.agreement.row[i];
        assert_within(row->difference, 0, 0.003);
        assert_true(isnan(row->low));
        assert_true(row->measured >= row->measured_low * 0.999);
        assert_true(row->measured <= row->measured_high * 1.001);
    }
    assert_near(agreement_row(&s.agreement, AGREEMENT_P99)->measured, 4e-3, 0.002);
    assert_near(agreement_row(&s.agreement, AGREEMENT_SENT)->measured, 100, 0.002);
    assert_within(agreement_course(&s.agreement), 0, 1e-9);
    close_scene(&s);
}

static void what_is_slower_and_fails_is_told_by_how_much(void **state)
{
    (void)state;
    struct scene s;
    open_scene(&s, "\"4ms\"");
    assert_true(read_run(&s, run_of(&s, 5, 10)));
    compare(&s, 0);
    const struct agreement_row *mean = agreement_row(&s.agreement, AGREEMENT_MEAN);
    assert_near(mean->difference, -0.2, 1e-6);
    assert_false(agreement_holds(mean, 0.1));
    assert_true(agreement_holds(mean, 0.25));
    const struct agreement_row *errors = agreement_row(&s.agreement, AGREEMENT_ERRORS);
    assert_near(errors->measured, 101.0 / 1001, 1e-9);
    assert_near(errors->difference, -101.0 / 1001, 1e-9);
    assert_near(agreement_row(&s.agreement, AGREEMENT_THROUGHPUT)->measured, 90, 0.002);
    assert_near(agreement_course(&s.agreement), 0.2, 1e-3);
    close_scene(&s);
}

/* Waits of an M/D/1-like queue differ from run to run: 95 % of them are a range. */
static void runs_that_differ_have_a_prediction_interval(void **state)
{
    (void)state;
    struct scene s;
    open_scene(&s, "{\"exponential\": \"5ms\"}");
    assert_true(read_run(&s, run_of(&s, 7, 0)));
    compare(&s, 0);
    assert_true(s.agreement.random);
    assert_int_equal(s.agreement.replications, AGREEMENT_REPLICATIONS);
    const struct agreement_row *mean = agreement_row(&s.agreement, AGREEMENT_MEAN);
    assert_true(mean->low < mean->predicted && mean->predicted < mean->high);
    assert_true(mean->high / mean->low < 1.5);
    const struct agreement_row *sent = agreement_row(&s.agreement, AGREEMENT_SENT);
    assert_true(sent->inside); /* a clock sends */
    compare(&s, 38);
    assert_true(isnan(agreement_row(&s.agreement, AGREEMENT_MEAN)->low));
    compare(&s, 39);
    assert_true(!isnan(agreement_row(&s.agreement, AGREEMENT_MEAN)->low));
    close_scene(&s);
}

static void a_run_that_drifts_has_no_interval(void **state)
{
    (void)state;
    struct scene s;
    open_scene(&s, "\"4ms\"");
    char *text = arena_array(&s.arena, 1200, 40), *at = text;
    at += sprintf(at, "t_s,lat_ms\n");
    for (int i = 1; i <= 1100; i++)
        at += sprintf(at, "%.2f,%d\n", i / 100.0, i);
    assert_true(read_run(&s, text));
    compare(&s, 0);
    assert_true(s.agreement.drifts);
    assert_true(
        isnan(agreement_row(&s.agreement, AGREEMENT_MEAN)->measured_low));
    close_scene(&s);
}

static void assert_problem(const char *text, const char *expected)
{
    struct scene s;
    open_scene(&s, "\"4ms\"");
    assert_false(read_run(&s, text));
    assert_true(s.where->problem_count > 0);
    struct message message = where_message(s.where, 0);
    if (strcmp(message.text, expected) != 0)
        fail_msg("\"%s\", not \"%s\"", message.text, expected);
    close_scene(&s);
}

static void mistakes_in_a_run_are_told(void **state)
{
    (void)state;
    assert_problem("t,lat_ms\n1,2\n", "must have the column \"t_s\", has t and lat_ms");
    assert_problem("t_s,lat_ms\n1,soon\n",
                   "lat_ms must be a number of 0 or more, is \"soon\"");
    assert_problem("t_s,lat_ms,status\n1,2,ok\n",
                   "status must be a number of 0 or more, is \"ok\"");
    assert_problem("t_s,lat_ms,kind\n1,2,page\n", "kind must be a request type of the "
                                                   "scenario (default), is \"page\"");
    assert_problem("t_s,lat_ms\n", "must have lines below its header");
    assert_problem("\x1f\x8b\x08", "must be text, is packed: gunzip it first");
}

static void a_run_shorter_than_what_is_left_out_is_refused(void **state)
{
    (void)state;
    struct scene s;
    open_scene(&s, "\"4ms\"");
    assert_true(read_run(&s, "t_s,lat_ms\n0.5,2\n"));
    assert_non_null(agreement_misfit(&s.point, &s.measured, &s.arena));
    close_scene(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_predicted_exactly_is_no_different),
        cmocka_unit_test(what_is_slower_and_fails_is_told_by_how_much),
        cmocka_unit_test(runs_that_differ_have_a_prediction_interval),
        cmocka_unit_test(a_run_that_drifts_has_no_interval),
        cmocka_unit_test(mistakes_in_a_run_are_told),
        cmocka_unit_test(a_run_shorter_than_what_is_left_out_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
