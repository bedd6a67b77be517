/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Experiment files: variants, values and samples; points, their names and digests. */
#define _POSIX_C_SOURCE 200809L
#include "experiments/plan.h"
#include "unit/quotes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A folder with a scenario and an experiment in it. */
struct lab {
    struct arena arena;
    struct where *where;
    struct experiment *experiment;
    struct plan *plan;
    char folder[60];
};

static const char *quoted(struct arena *arena, const char *text)
{
    return quotes(arena_text(arena, text, strlen(text)));
}

static const char *write_file(struct lab *lab, const char *name, const char *text)
{
    const char *path = arena_format(&lab->arena, "%s/%s", lab->folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(quoted(&lab->arena, text), file);
    fclose(file);
    return path;
}

static const char scenario[] =
    "{'workloads': {'v': {'target': 'api', 'open': {'rate': '50/s'}}},"
    " 'services': {'api': {'kind': 'server', 'slots': 2, 'time': '10ms'}},"
    " 'run': {'duration': '10s'}}";

/* Reads the experiment; what follows is the text of its keys but the scenario. */
static void open_lab(struct lab *lab, const char *text)
{
    *lab = (struct lab){.folder = "/tmp/headroom-plan-XXXXXX"};
    arena_init(&lab->arena);
    assert_non_null(mkdtemp(lab->folder));
    write_file(lab, "s.json", scenario);
    const char *path =
        write_file(lab, "e.json",
                   arena_format(&lab->arena, "{'scenario': 's.json'%s%s}",
                                *text ? ", " : "", text));
    lab->where = where_new(&lab->arena);
    lab->experiment = experiment_read(lab->where, path);
    if (lab->experiment)
        lab->plan = plan_read(lab->where, lab->experiment, &(struct plan_changes){0});
}

static void close_lab(struct lab *lab)
{
    if (lab->experiment)
        experiment_close(lab->experiment);
    unlink(arena_format(&lab->arena, "%s/s.json", lab->folder));
    unlink(arena_format(&lab->arena, "%s/e.json", lab->folder));
    rmdir(lab->folder);
    arena_free(&lab->arena);
}

/* The names of all points, one a line. */
static void labels_are(const char *text, const char *expected)
{
    struct lab lab;
    open_lab(&lab, text);
    if (!lab.plan)
        where_print(lab.where, stderr);
    assert_non_null(lab.plan);
    const char *all = "";
    for (int64_t i = 0; i < lab.plan->points; i++)
        all = arena_format(&lab.arena, "%s%s\n", all,
                           plan_label(lab.plan, i, &lab.arena));
    assert_string_equal(all, expected);
    close_lab(&lab);
}

static void complains(const char *text, const char *pointer, const char *expected)
{
    struct lab lab;
    open_lab(&lab, text);
    if (lab.plan)
        print_error("nothing is said against %s\n", text);
    assert_null(lab.plan);
    assert_true(lab.where->problem_count > 0);
    where_sort(lab.where);
    struct message m = where_message(lab.where, 0);
    assert_string_equal(m.pointer, pointer);
    if (!strstr(m.text, expected))
        print_error("\"%s\" is not in \"%s\"\n", expected, m.text);
    assert_non_null(strstr(m.text, expected));
    close_lab(&lab);
}

static void a_scenario_alone_is_one_point(void **state)
{
    (void)state;
    labels_are("", "e\n");
    labels_are("'name': 'load test'", "load test\n");
}

static void a_grid_crosses_everything(void **state)
{
    (void)state;
    labels_are("'variants': {'a': {}, 'b': {'services': {'api': {'slots': 4}}}},"
               "'vary': {'/workloads/v/open/rate': ['20/s', '40/s'],"
               "         '/services/api/time': {'from': '5ms', 'to': '20ms',"
               "          'steps': 3, 'scale': 'log'}}",
               "a rate=20/s time=5ms\na rate=20/s time=10ms\na rate=20/s time=20ms\n"
               "a rate=40/s time=5ms\na rate=40/s time=10ms\na rate=40/s time=20ms\n"
               "b rate=20/s time=5ms\nb rate=20/s time=10ms\nb rate=20/s time=20ms\n"
               "b rate=40/s time=5ms\nb rate=40/s time=10ms\nb rate=40/s time=20ms\n");
}

static void zipped_goes_side_by_side(void **state)
{
    (void)state;
    labels_are("'sample': 'zipped', 'vary': {'/services/api/slots': [1, 2],"
               " '/workloads/v/open/rate': ['20/s', '40/s']}",
               "slots=1 rate=20/s\nslots=2 rate=40/s\n");
    complains("'sample': 'zipped', 'vary': {'/services/api/slots': [1, 2, 3],"
              " '/workloads/v/open/rate': ['20/s', '40/s']}",
              "/vary/~1workloads~1v~1open~1rate", "as many values as the others");
}

static void ranges_keep_their_units(void **state)
{
    (void)state;
    labels_are("'vary': {'/workloads/v/open/rate': {'from': '30/min', 'to': '2/s',"
               " 'steps': 2}}", "rate=0.5/s\nrate=2/s\n");
    labels_are("'vary': {'/services/api/slots': {'from': 1, 'to': 4, 'steps': 3,"
               " 'whole': true}}", "slots=1\nslots=3\nslots=4\n");
    complains(
        "'vary': {'/services/api/time': {'from': '1ms', 'to': '2/s', 'steps': 2}}",
        "/vary/~1services~1api~1time/to", "the same unit");
    complains("'vary': {'/services/api/time': {'from': '0ms', 'to': '2s', 'steps': 2,"
              " 'scale': 'log'}}", "/vary/~1services~1api~1time", "above 0");
}

/* Each of n equal parts of the range is hit once by a Latin hypercube. */
static void a_latin_hypercube_covers_each_range(void **state)
{
    (void)state;
    enum { N = 50 };
    struct lab lab;
    open_lab(&lab, "'sample': {'latin_hypercube': 50},"
                   "'vary': {'/workloads/v/open/rate': {'from': '10/s', 'to': '60/s'},"
                   " '/services/api/time': {'from': '1ms', 'to': '10ms'}}");
    assert_non_null(lab.plan);
    assert_int_equal(lab.plan->points, N);
    for (int key = 0; key < 2; key++) {
        int hits[N] = {0};
        for (int64_t row = 0; row < N; row++) {
            double value = vary_number(
                vary_value(&lab.experiment->vary, row, key, &lab.arena));
            double part = key ? (value - 0.001) / 0.009 : (value - 10) / 50;
            hits[(int)(part * N) % N]++;
        }
        for (int i = 0; i < N; i++)
            assert_int_equal(hits[i], 1);
    }
    close_lab(&lab);
}

static void draws_depend_on_the_seed_alone(void **state)
{
    (void)state;
    const char *first[3];
    struct lab lab[3];
    for (int i = 0; i < 3; i++) {
        char own[200];
        snprintf(own, sizeof own,
                 "'sample': {'random': 20, 'seed': %d}, 'vary':"
                 " {'/workloads/v/open/rate': {'from': '10/s', 'to': '60/s'}}",
                 i < 2 ? 1 : 2);
        open_lab(&lab[i], own);
        first[i] = plan_label(lab[i].plan, 3, &lab[i].arena);
    }
    assert_string_equal(first[0], first[1]);
    assert_string_not_equal(first[0], first[2]);
    for (int i = 0; i < 3; i++)
        close_lab(&lab[i]);
}

static struct digest simulation_of(const struct lab *lab, int64_t index)
{
    struct arena arena;
    struct point point;
    struct digest digest;
    const char *why;
    arena_init(&arena);
    assert_true(plan_open(lab->plan, index, &arena, &point, &digest, &why));
    arena_free(&arena);
    return digest;
}

/* What a replication finds does not depend on promises, names or how many there are;
 * it does on seeds and values. */
static void simulations_are_shared(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool same_simulation, same_point;
    } cases[] = {
        {"'name': 'other', 'description': 'x'", true, true},
        {"'replications': 30", true, false},
        {"'precision': 'p99 within 2%'", true, false},
        {"'variants': {'a': {'slo': ['p99 < 1s']}}", true, false},
        {"'variants': {'a': {'run': {'seed': 2}}}", false, false},
        {"'variants': {'a': {'services': {'api': {'slots': 3}}}}", false, false},
        {"'variants': {'a': {'services': {'api': {'slots': 2}}}}", true, true},
    };
    struct lab plain;
    open_lab(&plain, "");
    struct digest simulation = simulation_of(&plain, 0);
    struct digest point = plan_digest(plain.plan, 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lab lab;
        open_lab(&lab, cases[i].text);
        assert_non_null(lab.plan);
        struct digest s = simulation_of(&lab, 0), p = plan_digest(lab.plan, 0);
        assert_int_equal(memcmp(&s, &simulation, sizeof s) == 0,
                         cases[i].same_simulation);
        assert_int_equal(memcmp(&p, &point, sizeof p) == 0, cases[i].same_point);
        close_lab(&lab);
    }
    close_lab(&plain);
}

static void mistakes_are_told_where_they_are(void **state)
{
    (void)state;
    complains("'vari': {}", "/vari", "did you mean \"vary\"?");
    complains("'vary': {'workloads/v/open/rate': ['1/s']}",
              "/vary/workloads~1v~1open~1rate", "must be a JSON pointer");
    complains("'vary': {'/workloads/v/open/rat': ['1/s']}", "",
              "did you mean \"rate\"?");
    complains("'vary': {'/workloads/v/open/rate': ['1/s', '0s']}",
              "/vary/~1workloads~1v~1open~1rate", "with rate=0s");
    complains("'vary': {'/workloads/v/open/rate': []}",
              "/vary/~1workloads~1v~1open~1rate", "from 1 to 100000 values");
    complains("'variants': {'a': {'services': {'api': {'slots': -1}}}}",
              "/variants/a/services/api/slots", "must be");
    complains("'variants': {'a': 3}", "/variants/a", "must be an object");
    complains("'replications': 1", "/replications", "from 2 to 100000");
    complains("'sample': 'some'", "/sample", "\"grid\"");
    complains(
        "'vary': {'/services/api/slots': {'from': 1, 'to': 100000,"
        " 'steps': 100000}, '/workloads/v/open/rate': {'from': '1/s', 'to': '2/s',"
        " 'steps': 100}}",
        "/vary", "at most 1000000 combinations");
}

static void a_null_removes_and_objects_merge(void **state)
{
    (void)state;
    struct lab lab;
    open_lab(&lab,
             "'variants': {'a': {'run': {'duration': null, 'replications': 5},"
             " 'services': {'db': {'kind': 'server', 'slots': 1, 'time': '1ms'}}}}");
    assert_non_null(lab.plan);
    const char *text = lab.plan->variant[0].text;
    assert_null(strstr(text, "duration"));
    assert_non_null(strstr(text, "\"replications\":5"));
    assert_non_null(strstr(text, "\"api\":{\"kind\":\"server\",\"slots\":2"));
    assert_non_null(strstr(text, "\"db\":{"));
    close_lab(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_scenario_alone_is_one_point),
        cmocka_unit_test(a_grid_crosses_everything),
        cmocka_unit_test(zipped_goes_side_by_side),
        cmocka_unit_test(ranges_keep_their_units),
        cmocka_unit_test(a_latin_hypercube_covers_each_range),
        cmocka_unit_test(draws_depend_on_the_seed_alone),
        cmocka_unit_test(simulations_are_shared),
        cmocka_unit_test(mistakes_are_told_where_they_are),
        cmocka_unit_test(a_null_removes_and_objects_merge),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
