/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/patch.h"

#include "experiments/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
    struct arena arena;
    struct where *where;
    cJSON *root;
};

static void begin(struct fixture *f)
{
    static const char text[] = "{\"a\": {\"b\": 1, \"x/y\": {\"~\": 2}}, \"list\": "
                               "[10, {\"c\": 3}], \"t\": \"s\"}";
    arena_init(&f->arena);
    f->where = where_new(&f->arena);
    int source = where_add_source(
        f->where,
        (struct source){.name = "t.json", .bytes = text, .length = strlen(text)});
    f->root = text_parse(f->where, source, WHERE_NOWHERE, NULL, -1);
    assert_non_null(f->root);
}

static void end(struct fixture *f)
{
    cJSON_Delete(f->root);
    arena_free(&f->arena);
}

static void assert_becomes(const char *argument, const char *canonical)
{
    struct fixture f;
    begin(&f);
    assert_true(patch_set(f.where, f.root, argument));
    assert_int_equal(f.where->problem_count, 0);
    assert_string_equal(text_canonical(&f.arena, f.root), canonical);
    end(&f);
}

static void assert_refused(const char *argument, const char *expected)
{
    struct fixture f;
    begin(&f);
    const char *before = text_canonical(&f.arena, f.root);
    assert_false(patch_set(f.where, f.root, argument));
    assert_int_equal(f.where->problem_count, 1);
    assert_non_null(strstr(f.where->problems[0].text, expected));
    assert_string_equal(text_canonical(&f.arena, f.root), before);
    end(&f);
}

static void a_member_is_replaced(void **state)
{
    (void)state;
    assert_becomes(
        "/a/b=2",
        "{\"a\":{\"b\":2,\"x/y\":{\"~\":2}},\"list\":[10,{\"c\":3}],\"t\":\"s\"}");
    assert_becomes("/a={}", "{\"a\":{},\"list\":[10,{\"c\":3}],\"t\":\"s\"}");
    assert_becomes(
        "/a/x~1y/~0=[1, 2]",
        "{\"a\":{\"b\":1,\"x/y\":{\"~\":[1,2]}},\"list\":[10,{\"c\":3}],\"t\":\"s\"}");
}

static void a_member_is_added_to_an_object_that_is_there(void **state)
{
    (void)state;
    assert_becomes("/a/new=true", "{\"a\":{\"b\":1,\"new\":true,\"x/y\":{\"~\":2}},"
                                  "\"list\":[10,{\"c\":3}],\"t\":\"s\"}");
    assert_refused("/none/new=true", "there is no /none in the scenario");
}

static void what_is_not_there_yet_can_be_opened(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    patch_open(f.where, f.root, "/run/duration=1s", "run", "{}");
    patch_open(f.where, f.root, "/slo/-=x", "slo", "[]");
    patch_open(f.where, f.root, "/a/b=1", "a", "{}");    /* is there */
    patch_open(f.where, f.root, "/cost=1", "cost", "{}"); /* replaced as a whole */
    patch_open(f.where, f.root, "/running/x=1", "runn", "{}");
    assert_true(patch_set(f.where, f.root, "/run/duration=1s"));
    assert_true(patch_set(f.where, f.root, "/slo/-=p95 < 1s"));
    assert_string_equal(text_canonical(&f.arena, f.root),
                        "{\"a\":{\"b\":1,\"x/y\":{\"~\":2}},\"list\":[10,{\"c\":3}],"
                        "\"run\":{\"duration\":\"1s\"},\"slo\":[\"p95 < 1s\"],"
                        "\"t\":\"s\"}");
    end(&f);
}

static void an_element_is_replaced_or_added_at_the_end(void **state)
{
    (void)state;
    assert_becomes(
        "/list/1/c=4",
        "{\"a\":{\"b\":1,\"x/y\":{\"~\":2}},\"list\":[10,{\"c\":4}],\"t\":\"s\"}");
    assert_becomes(
        "/list/0=9",
        "{\"a\":{\"b\":1,\"x/y\":{\"~\":2}},\"list\":[9,{\"c\":3}],\"t\":\"s\"}");
    assert_becomes(
        "/list/-=9",
        "{\"a\":{\"b\":1,\"x/y\":{\"~\":2}},\"list\":[10,{\"c\":3},9],\"t\":\"s\"}");
    assert_refused("/list/2=9", "/list/2 must end in an index from 0 to 1");
    assert_refused("/list/01=9", "must end in an index");
}

/* The change stands in the second file: {"POINTER": VALUE}. */
static bool apply_step(struct fixture *f, const char *bytes)
{
    int source = where_add_source(
        f->where,
        (struct source){.name = "c.json", .bytes = bytes, .length = strlen(bytes)});
    cJSON *change = text_parse(f->where, source, WHERE_NOWHERE, NULL, -1);
    assert_non_null(change);
    struct patch_step step = {change->child->string, change->child};
    bool done = patch_step(f->where, f->root, &step);
    cJSON_Delete(change);
    return done;
}

static void a_value_of_another_file_is_put_where_its_pointer_leads(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    assert_true(apply_step(&f, "{\"/a/b\": [1, 2]}"));
    assert_true(apply_step(&f, "{\"/list/-\": {\"d\": null}}"));
    assert_true(apply_step(&f, "{\"/list/0\": \"x\"}"));
    assert_string_equal(text_canonical(&f.arena, f.root),
                        "{\"a\":{\"b\":[1,2],\"x/y\":{\"~\":2}},\"list\":[\"x\","
                        "{\"c\":3},{\"d\":null}],\"t\":\"s\"}");
    assert_int_equal(f.where->problem_count, 0);
    end(&f);
}

static void a_pointer_of_another_file_that_leads_nowhere_is_told_there(void **state)
{
    static const struct {
        const char *change, *told;
    } cases[] = {
        {"{\"/none/b\": 1}", "c.json:1:2: /~1none~1b: there is no /none"},
        {"{\"/list/9\": 1}", "c.json:1:2: /~1list~19: /list/9 must end in an index"},
        {"{\"a\": 1}", "c.json:1:2: /a: must be a JSON pointer"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fixture f;
        begin(&f);
        const char *before = text_canonical(&f.arena, f.root);
        assert_false(apply_step(&f, cases[i].change));
        assert_string_equal(text_canonical(&f.arena, f.root), before);
        assert_int_equal(f.where->problem_count, 1);
        struct message m = where_message(f.where, 0);
        const char *text = arena_format(&f.arena, "%s: %s: %s", m.place, m.pointer,
                                        m.text);
        if (strncmp(text, cases[i].told, strlen(cases[i].told)) != 0)
            fail_msg("%s is not %s", text, cases[i].told);
        end(&f);
    }
}

static void what_is_not_json_is_text(void **state)
{
    (void)state;
    assert_becomes("/t=20ms",
                   "{\"a\":{\"b\":1,\"x/y\":{\"~\":2}},\"list\":[10,{\"c\":3}],"
                   "\"t\":\"20ms\"}");
    assert_becomes("/t=p95 < 2s = ok",
                   "{\"a\":{\"b\":1,\"x/y\":{\"~\":2}},\"list\":[10,{\"c\":3}],"
                   "\"t\":\"p95 < 2s = ok\"}");
    assert_becomes("/t=", "{\"a\":{\"b\":1,\"x/y\":{\"~\":2}},\"list\":[10,{\"c\":3}],"
                          "\"t\":\"\"}");
    assert_becomes("/t=0x10",
                   "{\"a\":{\"b\":1,\"x/y\":{\"~\":2}},\"list\":[10,{\"c\":3}],"
                   "\"t\":\"0x10\"}");
}

static void what_begins_like_json_must_be_json(void **state)
{
    (void)state;
    assert_refused("/t={", "must be a key in double quotes");
    assert_refused("/t=[1,]", "trailing comma");
    assert_refused("/t=\"open", "must be a string closed");
    assert_refused("/t=caf\xe9", "must be UTF-8");
}

static void a_pointer_is_written_by_the_rules(void **state)
{
    (void)state;
    assert_refused("a/b=1", "must be POINTER=VALUE");
    assert_refused("/a/b", "must be POINTER=VALUE");
    assert_refused("/a/~2=1", "~ is written ~0");
    assert_refused("/a/~=1", "~ is written ~0");
    assert_refused("/t/x=1", "/t/x must be in an object or a list");
    assert_refused("/a/bb/c=1", "did you mean \"b\"?");
}

static void values_stay_nested_at_most_64_deep(void **state)
{
    (void)state;
    char argument[200] = "/a/deep=";
    memset(argument + 8, '[', 63);
    memset(argument + 8 + 63, ']', 63);
    assert_refused(argument, "nested at most 64 deep");
}

static void the_newest_value_is_the_one_that_is_found(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    assert_true(patch_set(f.where, f.root, "/a/b=2"));
    uint32_t a = where_member(f.where, 0, "a"), b = where_member(f.where, a, "b");
    assert_string_equal(where_pointer(f.where, b), "/a/b");
    assert_string_equal(where_place(f.where, b), "--set /a/b=2");
    end(&f);
}

static void a_pointer_finds_its_node(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    cJSON *found = patch_find(f.where, 0, f.root, "/list/1/c");
    assert_non_null(found);
    assert_true(found->valuedouble == 3);
    assert_null(patch_find(f.where, 0, f.root, "/list/1/d"));
    assert_int_equal(f.where->problem_count, 1);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_member_is_replaced),
        cmocka_unit_test(a_member_is_added_to_an_object_that_is_there),
        cmocka_unit_test(what_is_not_there_yet_can_be_opened),
        cmocka_unit_test(an_element_is_replaced_or_added_at_the_end),
        cmocka_unit_test(a_value_of_another_file_is_put_where_its_pointer_leads),
        cmocka_unit_test(a_pointer_of_another_file_that_leads_nowhere_is_told_there),
        cmocka_unit_test(what_is_not_json_is_text),
        cmocka_unit_test(what_begins_like_json_must_be_json),
        cmocka_unit_test(a_pointer_is_written_by_the_rules),
        cmocka_unit_test(values_stay_nested_at_most_64_deep),
        cmocka_unit_test(the_newest_value_is_the_one_that_is_found),
        cmocka_unit_test(a_pointer_finds_its_node),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
