/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What right values become; wrong ones are in tests/scenario/bad. */
#include "experiments/bind.h"

#include "experiments/scenario.h"
#include "experiments/text.h"
#include "sim/dist.h"
#include "sim/sim_time.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *const colours[] = {"red", "green", NULL};

struct inner {
    uint32_t at;
    sim_time pause;
    int64_t count;
};

#define AT(field) offsetof(struct inner, field)
static const struct param inner_params[] = {
    {.key = "pause", .type = PARAM_DURATION, .offset = AT(pause), .fallback = 2},
    {.key = "count", .type = PARAM_COUNT, .offset = AT(count), .fallback = INFINITY},
    {0},
};
#undef AT

struct shared {
    double cpu;
};
static const struct param shared_params[] = {
    {.key = "cpu", .type = PARAM_CPU, .offset = offsetof(struct shared, cpu),
     .fallback = INFINITY},
    {0},
};

static const struct param inner_row = {.key = "inner",
                                       .type = PARAM_OBJECT,
                                       .of = inner_params,
                                       .size = sizeof(struct inner)};
static const struct param pair_row = {.key = "pair", .type = PARAM_TUPLE,
                                      .of = inner_params, .size = sizeof(struct inner)};
static const struct param rate_row = {.key = "rate", .type = PARAM_RATE};
static const struct param share_row = {.key = "share", .type = PARAM_SHARE};
static const struct param forms[] = {
    {.key = "name", .type = PARAM_NAME},
    {.key = "rates", .type = PARAM_LIST, .of = &rate_row},
    {0},
};
static const struct param tags[] = {
    {.key = "bare", .type = PARAM_FLAG},
    {.key = "inner",
     .type = PARAM_OBJECT,
     .of = inner_params,
     .size = sizeof(struct inner)},
    {.key = "time", .type = PARAM_RANDOM, .unit = PARAM_DURATION},
    {0},
};

struct jump {
    uint32_t at;
    const char *to;
    bool high;
};
static const struct param jump_params[] = {
    {.key = "jump", .type = PARAM_NAME, .offset = offsetof(struct jump, to)},
    {.key = "high", .type = PARAM_FLAG, .offset = offsetof(struct jump, high)},
    {0},
};
static const struct param verbs[] = {
    {.key = "jump",
     .type = PARAM_OBJECT,
     .of = jump_params,
     .size = sizeof(struct jump)},
    {.key = "rest", .type = PARAM_DURATION},
    {0},
};
static const struct param verb_row = {.key = "act", .type = PARAM_VERB, .of = verbs};

struct outer {
    bool flag;
    int64_t count, size;
    double number, fraction, rate;
    sim_time duration, never;
    const char *text, *name;
    int colour;
    struct dist *random;
    struct inner *object;
    struct param_list list, pairs, acts;
    struct param_map map, mix;
    struct param_variant tagged, form;
    struct shared shared;
};

#define AT(field) offsetof(struct outer, field)
static const struct param outer_params[] = {
    {.key = "flag", .type = PARAM_FLAG, .offset = AT(flag), .fallback = 1},
    {.key = "count", .type = PARAM_COUNT, .offset = AT(count), .fallback = 7},
    {.key = "size", .type = PARAM_SIZE, .offset = AT(size)},
    {.key = "number", .type = PARAM_NUMBER, .offset = AT(number), .fallback = -1.5},
    {.key = "fraction",
     .type = PARAM_FRACTION,
     .offset = AT(fraction),
     .fallback = 0.25},
    {.key = "rate", .type = PARAM_RATE, .offset = AT(rate)},
    {.key = "duration",
     .type = PARAM_DURATION,
     .offset = AT(duration),
     .fallback = 0.5},
    {.key = "never", .type = PARAM_DURATION, .offset = AT(never), .fallback = INFINITY},
    {.key = "text", .type = PARAM_TEXT, .offset = AT(text)},
    {.key = "name", .type = PARAM_NAME, .offset = AT(name)},
    {.key = "colour",
     .type = PARAM_CHOICE,
     .offset = AT(colour),
     .choices = colours,
     .fallback = 1},
    {.key = "random",
     .type = PARAM_RANDOM,
     .offset = AT(random),
     .unit = PARAM_DURATION},
    {.key = "object",
     .type = PARAM_OBJECT,
     .offset = AT(object),
     .of = inner_params,
     .size = sizeof(struct inner)},
    {.key = "list", .type = PARAM_LIST, .offset = AT(list), .of = &inner_row},
    {.key = "pairs", .type = PARAM_LIST, .offset = AT(pairs), .of = &pair_row},
    {.key = "acts", .type = PARAM_LIST, .offset = AT(acts), .of = &verb_row},
    {.key = "map", .type = PARAM_MAP, .offset = AT(map), .of = &inner_row},
    {.key = "mix", .type = PARAM_MAP, .offset = AT(mix), .of = &share_row},
    {.key = "tagged", .type = PARAM_TAGGED, .offset = AT(tagged), .of = tags},
    {.key = "form", .type = PARAM_FORMS, .offset = AT(form), .of = forms},
    {.type = PARAM_INCLUDE, .of = shared_params, .offset = AT(shared)},
    {.key = "old", .type = PARAM_UNMODELLED},
    {0},
};
#undef AT

struct fixture {
    struct arena arena;
    struct where *where;
    cJSON *root;
    struct outer outer;
};

static struct outer *begin(struct fixture *f, const char *text)
{
    memset(f, 0, sizeof *f);
    arena_init(&f->arena);
    f->where = where_new(&f->arena);
    int source = where_add_source(
        f->where,
        (struct source){.name = "t.json", .bytes = text, .length = strlen(text)});
    f->root = text_parse(f->where, source, WHERE_NOWHERE, NULL, -1);
    struct bind bind = {.arena = &f->arena, .where = f->where};
    bind_object(&bind, f->root, outer_params, &f->outer);
    if (f->where->problem_count > 0)
        fail_msg("%s", f->where->problems[0].text);
    return &f->outer;
}

static void end(struct fixture *f)
{
    cJSON_Delete(f->root);
    arena_free(&f->arena);
}

static void absent_keys_have_their_defaults(void **state)
{
    (void)state;
    struct fixture f;
    const struct outer *o = begin(&f, "{}");
    assert_true(o->flag && o->count == 7 && o->size == 0 && o->number == -1.5);
    assert_true(o->fraction == 0.25 && o->rate == 0 && o->colour == 1);
    assert_true(o->duration == SIM_SECOND / 2 && o->never == SIM_NEVER);
    assert_true(isinf(o->shared.cpu));
    assert_null(o->text);
    assert_null(o->random);
    assert_null(o->object);
    assert_null(o->tagged.row);
    assert_int_equal(o->list.count, 0);
    end(&f);
}

static void scalars_are_bound_in_memory_units(void **state)
{
    (void)state;
    struct fixture f;
    const struct outer *o = begin(
        &f, "{\"flag\": false, \"count\": 9007199254740991, \"size\": \"2KiB\","
            "\"number\": 1e-3, \"fraction\": \"12.5%\", \"rate\": \"30/min\","
            "\"duration\": \"1.5us\", \"text\": \"a b\", \"name\": \"a-b_1\","
            "\"colour\": \"red\", \"cpu\": \"1500m\"}");
    assert_true(!o->flag && o->count == INT64_C(9007199254740991) && o->size == 2048);
    assert_true(o->number == 1e-3 && o->fraction == 0.125 && o->rate == 0.5);
    assert_true(o->duration == 1500 && o->colour == 0 && o->shared.cpu == 1.5);
    assert_string_equal(o->text, "a b");
    assert_string_equal(o->name, "a-b_1");
    end(&f);
}

static void an_object_hangs_on_a_pointer_and_an_element_lies_in_the_list(void **state)
{
    (void)state;
    struct fixture f;
    const struct outer *o = begin(&f, "{\"object\": {\"count\": 3},"
                                      "\"list\": [{}, {\"pause\": \"1s\"}],"
                                      "\"pairs\": [[\"4s\", 5]]}");
    assert_true(o->object->count == 3 && o->object->pause == 2 * SIM_SECOND);
    assert_string_equal(where_pointer(f.where, o->object->at), "/object");
    const struct inner *items = o->list.items;
    assert_int_equal(o->list.count, 2);
    assert_true(items[0].pause == 2 * SIM_SECOND && items[1].pause == SIM_SECOND);
    assert_true(items[0].count == INT64_MAX);
    assert_string_equal(where_pointer(f.where, items[1].at), "/list/1");
    const struct inner *pair = o->pairs.items;
    assert_true(pair->pause == 4 * SIM_SECOND && pair->count == 5);
    end(&f);
}

static void a_map_keeps_names_values_and_places(void **state)
{
    (void)state;
    struct fixture f;
    const struct outer *o =
        begin(&f, "{\"map\": {\"b\": {\"count\": 1}, \"a\": {}},"
                  "\"mix\": {\"x\": \"5%\", \"y\": 3, \"z\": \"rest\"}}");
    assert_int_equal(o->map.count, 2);
    assert_string_equal(o->map.names[0], "b");
    assert_true(((const struct inner *)o->map.items)[0].count == 1);
    assert_string_equal(where_pointer(f.where, o->map.item_at[1]), "/map/a");
    const struct param_share *mix = o->mix.items;
    assert_true(mix[0].form == SHARE_PERCENT && mix[0].value == 0.05);
    assert_true(mix[1].form == SHARE_WEIGHT && mix[1].value == 3);
    assert_true(mix[2].form == SHARE_REST);
    end(&f);
}

static void a_tag_stands_bare_or_with_its_value(void **state)
{
    (void)state;
    struct fixture f;
    const struct outer *o = begin(&f, "{\"tagged\": \"bare\"}");
    assert_true(o->tagged.which == 0 && !o->tagged.body);
    end(&f);
    o = begin(&f, "{\"tagged\": \"inner\"}");
    assert_true(((const struct inner *)o->tagged.body)->pause == 2 * SIM_SECOND);
    end(&f);
    o = begin(&f, "{\"tagged\": {\"time\": \"3ms\"}}");
    assert_true(o->tagged.which == 2);
    assert_true((*(struct dist *const *)o->tagged.body)->mean == 3e6);
    end(&f);
}

static void the_first_form_that_fits_is_taken(void **state)
{
    (void)state;
    struct fixture f;
    const struct outer *o = begin(&f, "{\"form\": \"web\"}");
    assert_string_equal(*(const char *const *)o->form.body, "web");
    end(&f);
    o = begin(&f, "{\"form\": [\"1/s\", \"2/s\"]}");
    const struct param_list *rates = o->form.body;
    assert_true(o->form.which == 1 && ((const double *)rates->items)[1] == 2);
    end(&f);
}

static void a_verb_binds_its_object_or_its_value(void **state)
{
    (void)state;
    struct fixture f;
    const struct outer *o = begin(
        &f, "{\"acts\": [{\"high\": true, \"jump\": \"wall\"}, {\"rest\": \"2s\"}]}");
    const struct param_variant *acts = o->acts.items;
    const struct jump *jump = acts[0].body;
    assert_true(acts[0].which == 0 && jump->high);
    assert_string_equal(jump->to, "wall");
    assert_string_equal(where_pointer(f.where, jump->at), "/acts/0");
    assert_true(acts[1].which == 1 &&
                *(const sim_time *)acts[1].body == 2 * SIM_SECOND);
    end(&f);
}

static double mean_of(const char *random)
{
    struct fixture f;
    char text[400] = "{\"random\": ";
    strcat(strcat(text, random), "}");
    const struct dist *dist = begin(&f, text)->random;
    assert_non_null(dist);
    assert_string_equal(where_pointer(f.where, dist->at), "/random");
    double mean = dist->mean;
    end(&f);
    return mean;
}

static void a_random_value_is_lone_or_by_name_or_in_order(void **state)
{
    (void)state;
    assert_true(mean_of("\"20ms\"") == 20e6);
    assert_true(mean_of("{\"exponential\": \"20ms\"}") == 20e6);
    assert_true(mean_of("{\"exponential\": {\"mean\": \"20ms\"}}") == 20e6);
    assert_true(mean_of("{\"uniform\": [\"1ms\", \"2ms\"]}") == 1.5e6);
    assert_true(mean_of("{\"shifted\": {\"by\": \"1ms\", \"of\": \"2ms\"}}") == 3e6);
    assert_true(mean_of("{\"mixture\": [{\"weight\": 1, \"of\": \"1ms\"},"
                        "{\"weight\": 3, \"of\": {\"exponential\": \"5ms\"}}]}") ==
                4e6);
}

static void keys_not_modelled_are_noted(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, "{\"old\": [1, 2]}");
    assert_int_equal(f.where->note_count, 1);
    assert_string_equal(where_pointer(f.where, f.where->notes[0].at), "/old");
    end(&f);
}

static void complaints_of_the_layers_below_find_their_place(void **state)
{
    (void)state;
    struct fixture f;
    const struct outer *o = begin(&f, "{\"object\":\n {\"count\": 3}}");
    complain(&f.where->listener, o->object->at, "count", "must be %d, is %d", 4, 3);
    complain(&f.where->listener, o->object->at, "pause", "must be given");
    where_sort(f.where);
    struct message gone = where_message(f.where, 0), count = where_message(f.where, 1);
    assert_string_equal(gone.place, "t.json:2:2");
    assert_string_equal(gone.pointer, "/object/pause");
    assert_string_equal(count.place, "t.json:2:12");
    assert_string_equal(count.pointer, "/object/count");
    assert_string_equal(count.text, "must be 4, is 3");
    assert_int_equal(f.where->listener.count, 2);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(absent_keys_have_their_defaults),
        cmocka_unit_test(scalars_are_bound_in_memory_units),
        cmocka_unit_test(an_object_hangs_on_a_pointer_and_an_element_lies_in_the_list),
        cmocka_unit_test(a_map_keeps_names_values_and_places),
        cmocka_unit_test(a_tag_stands_bare_or_with_its_value),
        cmocka_unit_test(the_first_form_that_fits_is_taken),
        cmocka_unit_test(a_verb_binds_its_object_or_its_value),
        cmocka_unit_test(a_random_value_is_lone_or_by_name_or_in_order),
        cmocka_unit_test(keys_not_modelled_are_noted),
        cmocka_unit_test(complaints_of_the_layers_below_find_their_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
