/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Theory beside what a run found: which values it knows, and that it does disagree. */
#include "experiments/oracle.h"
#include "experiments/yardstick.h"
#include "unit/story.h"

#include <math.h>

enum { RUNS = 5 };

/* `runs` of one scenario held against the theory of another. */
struct trial {
    struct story told;
    struct system_spec system;
    struct outcome out[RUNS];
    struct yardstick *yardstick;
};

static struct model *compile(struct trial *t, const char *text, uint64_t seed)
{
    char *json = arena_text(&t->told.arena, text, strlen(text));
    quotes(json);
    struct where *where = where_new(&t->told.arena);
    struct scenario *scenario = scenario_parse(&t->told.arena, "story", NULL, json,
                                               strlen(json), NULL, 0, where);
    assert_non_null(scenario);
    t->system = scenario->system;
    struct model *model =
        model_compile(&t->told.arena, &scenario->system, seed, &where->listener);
    assert_non_null(model);
    return model;
}

static void hold(struct trial *t, const char *told, const char *theory)
{
    arena_init(&t->told.arena);
    struct model *model = compile(t, told, 1);
    t->told.facts = model_facts(model);
    struct window window = {.warm_up = story_time(100),
                            .length = story_time(2000),
                            .drain = story_time(1000)};
    for (int r = 0; r < RUNS; r++) {
        struct arena *arena = &t->told.arena;
        world_run(model, (uint32_t)r, &window, arena, &t->out[r]);
    }
    struct sample sample = {t->told.facts, t->out, RUNS};
    struct findings *found = findings_of(&sample, true, &t->told.arena);
    if (theory)
        model = compile(t, theory, 1);
    t->yardstick = yardstick_of(&t->system, model, &sample, found, &t->told.arena);
}

static void end(struct trial *t)
{
    arena_free(&t->told.arena);
}

#define ONE(rate, time)                                                                \
    "{ 'workloads': { 'w': { 'target': 's', 'open': { 'rate': '" rate "/s' } } },"     \
    "  'services': { 's': { 'kind': 'server', 'slots': 2, 'time': " time " } } }"

static const struct yardstick_line *line_of(const struct yardstick *y,
                                            enum yardstick_number number)
{
    for (int i = 0; i < y->exact; i++)
        if (y->line[i].number == number)
            return &y->line[i];
    return NULL;
}

static void a_queue_that_theory_knows_is_held_against_its_values(void **state)
{
    (void)state;
    struct trial t;
    hold(&t, ONE("10", "{ 'exponential': '100ms' }"), NULL);
    assert_string_equal(t.yardstick->queue, "M/M/2");
    /* rho = 1/2: E[W] = C / (20 - 10) with C = 1/3 */
    const struct yardstick_line *wait = line_of(t.yardstick, YARDSTICK_WAIT);
    assert_non_null(wait);
    assert_true(fabs(wait->theory - 1.0 / 30) < 1e-9);
    assert_non_null(line_of(t.yardstick, YARDSTICK_P95));
    assert_int_equal(t.yardstick->broken, 0);
    end(&t);
}

static void other_numbers_than_those_of_theory_are_accused(void **state)
{
    (void)state;
    struct trial t;
    hold(&t, ONE("10", "{ 'exponential': '100ms' }"),
         ONE("10", "{ 'exponential': '110ms' }"));
    assert_true(t.yardstick->broken >= 3);
    assert_false(line_of(t.yardstick, YARDSTICK_MEAN)->agrees);
    assert_true(line_of(t.yardstick, YARDSTICK_THROUGHPUT)->agrees);
    end(&t);
}

static void a_request_cannot_be_faster_than_one_that_is_alone(void **state)
{
    (void)state;
    struct trial t;
    hold(&t, ONE("0.1", "{ 'lognormal': { 'mean': '100ms', 'cv': 1 } }"),
         ONE("0.1", "{ 'lognormal': { 'mean': '200ms', 'cv': 1 } }"));
    int bounds = 0;
    for (int i = t.yardstick->exact; i < t.yardstick->count; i++)
        bounds += !t.yardstick->line[i].agrees &&
                  t.yardstick->line[i].relation == YARDSTICK_AT_LEAST;
    assert_int_equal(bounds, 1);
    end(&t);
}

static void other_arrivals_have_a_bound_of_the_wait(void **state)
{
    (void)state;
    struct trial t;
    hold(&t,
         "{ 'workloads': { 'w': { 'target': 's', 'open': { 'rate': '16/s',"
         "    'process': { 'gamma': { 'cv': 2 } } } } },"
         "  'services': { 's': { 'kind': 'server', 'slots': 2, 'time': '100ms' } } }",
         NULL);
    const struct yardstick_line *line = &t.yardstick->line[t.yardstick->exact];
    assert_int_equal(line->number, YARDSTICK_WAIT);
    assert_int_equal(line->relation, YARDSTICK_AT_MOST);
    assert_true(line->found.value > 0.05 && line->found.value < line->theory);
    assert_int_equal(t.yardstick->broken, 0);
    end(&t);
}

static void users_who_wait_have_their_bounds(void **state)
{
    (void)state;
    struct trial t;
    hold(&t,
         "{ 'workloads': { 'w': { 'target': 's',"
         "    'closed': { 'users': 30, 'think': { 'exponential': '1s' } } } },"
         "  'services': { 's': { 'kind': 'server', 'slots': 2, 'handlers':"
         "    { 'default': [ { 'wait': { 'gamma': { 'mean': '100ms', 'cv': 2 } } }"
         "    ] } } } }",
         NULL);
    int bounds = 0;
    for (int i = 0; i < t.yardstick->count; i++)
        bounds += t.yardstick->line[i].of &&
                  t.yardstick->line[i].relation == YARDSTICK_AT_MOST &&
                  fabs(t.yardstick->line[i].theory - 20) < 1e-6;
    assert_int_equal(bounds, 1);
    assert_int_equal(t.yardstick->broken, 0);
    end(&t);
}

/* Which of several is first is luck, and shorter than each on average. */
static void races_are_not_held_to_averages(void **state)
{
    (void)state;
    struct trial t;
    hold(&t,
         "{ 'workloads': { 'w': { 'target': 's', 'open': { 'rate': '1/s' } } },"
         "  'services': { 's': { 'kind': 'server', 'slots': 99, 'handlers':"
         "    { 'default': [ { 'parallel': [ [ { 'wait': { 'exponential': '1s' } } ],"
         "                                   [ { 'wait': { 'exponential': '1s' } } ] ],"
         "                     'join': 'any' } ] } } } }",
         NULL);
    assert_int_equal(t.yardstick->count, 0);
    end(&t);
}

static bool knows(const char *more)
{
    struct trial t;
    arena_init(&t.told.arena);
    char text[600];
    snprintf(text, sizeof text,
             "{ 'workloads': { 'w': { 'target': 's', 'open': { 'rate': '5/s' } } },"
             "  'services': { 's': { 'kind': 'server', 'slots': 1, %s"
             "                       'time': { 'exponential': '100ms' } } } }",
             more);
    struct model *model = compile(&t, text, 1);
    bool known = oracle_of(&t.system, model, &t.told.arena).queue != NULL;
    end(&t);
    return known;
}

static void what_disturbs_the_queue_silences_the_oracle(void **state)
{
    (void)state;
    assert_true(knows(""));
    assert_false(knows("'outages': [ { 'at': '60s', 'for': '1s' } ],"));
    assert_false(knows("'replicas': 2,"));
    assert_false(knows("'guards': [ 'bulkhead' ],"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_queue_that_theory_knows_is_held_against_its_values),
        cmocka_unit_test(other_numbers_than_those_of_theory_are_accused),
        cmocka_unit_test(a_request_cannot_be_faster_than_one_that_is_alone),
        cmocka_unit_test(other_arrivals_have_a_bound_of_the_wait),
        cmocka_unit_test(users_who_wait_have_their_bounds),
        cmocka_unit_test(races_are_not_held_to_averages),
        cmocka_unit_test(what_disturbs_the_queue_silences_the_oracle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
