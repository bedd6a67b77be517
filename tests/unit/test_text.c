/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Grammar and wording are held by tests/scenario/bad; here stand the limits, whose
 * inputs are too large for files, the places, and what is accepted. */
#define _POSIX_C_SOURCE 200809L

#include "experiments/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

struct reading {
    struct arena arena;
    struct where *where;
    cJSON *root;
};

static void begin(struct reading *reading, const char *bytes, size_t length)
{
    arena_init(&reading->arena);
    reading->where = where_new(&reading->arena);
    int source = where_add_source(
        reading->where,
        (struct source){.name = "t.json", .bytes = bytes, .length = length});
    reading->root = text_parse(reading->where, source, WHERE_NOWHERE, NULL, -1);
}

static void end(struct reading *reading)
{
    cJSON_Delete(reading->root);
    arena_free(&reading->arena);
}

static void assert_refused(const char *bytes, size_t length, const char *expected)
{
    struct reading reading;
    begin(&reading, bytes, length);
    assert_null(reading.root);
    assert_int_equal(reading.where->problem_count, 1);
    assert_non_null(strstr(reading.where->problems[0].text, expected));
    end(&reading);
}

static void assert_canonical(const char *text, const char *canonical)
{
    struct reading reading;
    begin(&reading, text, strlen(text));
    assert_non_null(reading.root);
    assert_int_equal(reading.where->problem_count, 0);
    assert_string_equal(text_canonical(&reading.arena, reading.root), canonical);
    end(&reading);
}

/* … and so is its canonical text, which is the same again. */
static void assert_accepted(const char *text, const char *canonical)
{
    assert_canonical(text, canonical);
    assert_canonical(canonical, canonical);
}

/* `count` copies of `unit`, then `tail`. */
static char *repeated(const char *head, const char *unit, size_t count,
                      const char *tail)
{
    size_t size = strlen(unit), start = strlen(head);
    char *text = malloc(start + size * count + strlen(tail) + 1);
    assert_non_null(text);
    memcpy(text, head, start);
    for (size_t i = 0; i < count; i++)
        memcpy(text + start + i * size, unit, size);
    strcpy(text + start + count * size, tail);
    return text;
}

static void what_json_allows_is_accepted(void **state)
{
    (void)state;
    assert_accepted("null", "null");
    assert_accepted(" [ ] ", "[]");
    assert_accepted("{ }\r\n", "{}");
    assert_accepted("[-0, 0.5, 1E+2, 2e-1, 9007199254740991]",
                    "[0,0.5,100,0.20000000000000001,9007199254740991]");
    assert_accepted(
        "\"\\ud83d\\ude00 \\\" \\\\ \\/ \\b\\f\\n\\r\\t\"",
        "\"\xf0\x9f\x98\x80 \\\" \\\\ / \\u0008\\u000c\\u000a\\u000d\\u0009\"");
    assert_accepted("\xef\xbb\xbf{\"b\": true, \"a\": false}",
                    "{\"a\":false,\"b\":true}");
}

static void a_mark_within_a_string_is_a_character(void **state)
{
    (void)state;
    assert_accepted("{\"\\ufeffk\": \"\\ufeff\"}",
                    "{\"\xef\xbb\xbfk\":\"\xef\xbb\xbf\"}");
    assert_accepted("\xef\xbb\xbf[\"\\\"\xef\xbb\xbf\", 1]",
                    "[\"\\\"\xef\xbb\xbf\",1]");
    assert_accepted("[ // \"\xef\xbb\xbf\n]", "[]");
    const char *twice = "\xef\xbb\xbf\xef\xbb\xbf[]", *late = "[\"a\"\xef\xbb\xbf]";
    assert_refused(twice, strlen(twice), "at its start only");
    assert_refused(late, strlen(late), "at its start only");
}

static void comments_are_spaces(void **state)
{
    (void)state;
    assert_accepted("// one\n{ /* two\n // */ \"a\" /**/ : 1 // {\n } // end",
                    "{\"a\":1}");
    assert_accepted("[\"// no\", \"/* no */\", \"\\\"//\"]",
                    "[\"// no\",\"/* no */\",\"\\\"//\"]");
}

static void nesting_is_bounded(void **state)
{
    (void)state;
    char *fits = repeated("", "[", 64, "");
    char *closed = repeated(fits, "]", 64, "");
    struct reading reading;
    begin(&reading, closed, strlen(closed));
    assert_non_null(reading.root);
    end(&reading);
    free(closed);
    free(fits);
    char *deep = repeated("", "[", 1000000, "");
    assert_refused(deep, strlen(deep), "nested at most 64 deep");
    free(deep);
    deep = repeated("", "{\"a\":", 100000, "1");
    assert_refused(deep, strlen(deep), "nested at most 64 deep");
    free(deep);
}

static void the_number_of_values_is_bounded(void **state)
{
    (void)state;
    char *text = repeated("[0", ",0", TEXT_MOST_VALUES - 2, "]");
    struct reading reading;
    begin(&reading, text, strlen(text));
    assert_non_null(reading.root);
    assert_int_equal(reading.where->count, TEXT_MOST_VALUES);
    end(&reading);
    free(text);
    text = repeated("[0", ",0", TEXT_MOST_VALUES - 1, "]");
    assert_refused(text, strlen(text), "at most 200000 values");
    free(text);
}

static char *many_keys(int count)
{
    char *text = malloc((size_t)count * 16 + 3), *to = text;
    assert_non_null(text);
    *to++ = '{';
    for (int i = 0; i < count; i++)
        to += sprintf(to, "%s\"k%d\":%d", i ? "," : "", i, i % 10);
    strcpy(to, "}");
    return text;
}

static void the_keys_of_an_object_are_bounded(void **state)
{
    (void)state;
    char *text = many_keys(TEXT_MOST_KEYS);
    struct reading reading;
    begin(&reading, text, strlen(text));
    assert_non_null(reading.root);
    end(&reading);
    free(text);
    text = many_keys(1000000);
    assert_refused(text, strlen(text), "at most 10000 keys");
    free(text);
}

static void repeated_keys_are_all_told(void **state)
{
    (void)state;
    char *text = repeated("{\"a\":1", ",\"a\":1", TEXT_MOST_KEYS - 1, "}");
    struct reading reading;
    begin(&reading, text, strlen(text));
    assert_non_null(reading.root); /* the rest of the file is still checked */
    assert_int_equal(reading.where->problem_count, TEXT_MOST_KEYS - 1);
    end(&reading);
    free(text);
}

/* Every limit is reached in little time, also with the worst text that fits. */
static void the_largest_file_is_read_in_a_second(void **state)
{
    (void)state;
    static const char *const units[] = {" ",        "/**/",         "[", "\"",
                                        "\\",       "\"\\u0041\",", "9", "\n",
                                        "\xc3\xa9", "//\n",         "/*"};
    FILE *nowhere = fopen("/dev/null", "w");
    assert_non_null(nowhere);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        char *text =
            repeated("[\n", units[i], TEXT_MOST_BYTES / strlen(units[i]) - 1, "");
        struct reading reading;
        clock_t start = clock();
        begin(&reading, text, strlen(text));
        where_print(reading.where, nowhere);
        double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
        assert_null(reading.root);
        assert_true(seconds < 5); /* a second; five with sanitizers */
        end(&reading);
        free(text);
    }
    fclose(nowhere);
}

static uint32_t find(const struct where *where, const char *pointer)
{
    for (uint32_t i = 0; i < where->count; i++)
        if (strcmp(where_pointer(where, i), pointer) == 0)
            return i;
    fail_msg("no %s", pointer);
    return 0;
}

static void every_value_knows_its_place(void **state)
{
    (void)state;
    static const char text[] =
        "{\n  \"a\": [1, {\"b/c\": 2}],\n  \"~\\u0007\": \"\xc3\xa9\", \"z\": 3\n}";
    struct reading reading;
    begin(&reading, text, strlen(text));
    const struct where *where = reading.where;
    assert_int_equal(where->count, 7);
    assert_string_equal(where_pointer(where, 0), "");
    assert_string_equal(where_place(where, 0), "t.json:1:1");
    assert_string_equal(where_place(where, find(where, "/a")), "t.json:2:8");
    assert_string_equal(where_place(where, find(where, "/a/0")), "t.json:2:9");
    assert_string_equal(where_place(where, find(where, "/a/1/b~1c")), "t.json:2:20");
    assert_string_equal(where_place(where, find(where, "/~0\\x07")), "t.json:3:14");
    assert_string_equal(where_place(where, find(where, "/z")), "t.json:3:24");
    end(&reading);
}

static void the_tree_carries_the_numbers_of_the_scan(void **state)
{
    (void)state;
    static const char text[] = "{\"a\": [1, {\"b\": 2}], \"c\": 3}";
    struct reading reading;
    begin(&reading, text, strlen(text));
    const cJSON *a = cJSON_GetObjectItemCaseSensitive(reading.root, "a");
    const cJSON *b =
        cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(a, 1), "b");
    const cJSON *c = cJSON_GetObjectItemCaseSensitive(reading.root, "c");
    assert_string_equal(where_pointer(reading.where, text_number(b)), "/a/1/b");
    assert_string_equal(where_pointer(reading.where, text_number(c)), "/c");
    assert_true(b->valuedouble == 2);
    end(&reading);
}

static const char *why_not(const char *path)
{
    static char copy[200];
    struct arena arena;
    arena_init(&arena);
    size_t length;
    const char *why = NULL;
    const char *bytes = text_load_path(&arena, path, 1000, &length, &why);
    snprintf(copy, sizeof copy, "%s", bytes ? "" : why);
    arena_free(&arena);
    return copy;
}

static void only_regular_files_are_read(void **state)
{
    (void)state;
    char folder[] = "/tmp/headroom-text-XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/f", folder);
    assert_string_equal(why_not(folder), "must be a regular file");
    assert_string_equal(why_not("/dev/zero"), "must be a regular file");
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_string_equal(why_not(path),
                        "must be a regular file"); /* and does not wait */
    unlink(path);
    assert_string_equal(why_not(path), "cannot be opened: No such file or directory");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("{}", file);
    fclose(file);
    assert_string_equal(why_not(path), "");
    assert_int_equal(truncate(path, 1001), 0);
    assert_string_equal(why_not(path), "must be at most 0 MiB, is 1001 bytes");
    unlink(path);
    rmdir(folder);
}

static void a_near_word_is_found_and_a_far_one_is_not(void **state)
{
    (void)state;
    static const char *const words[] = {"workers", "threads", "cpu", "timeout"};
    assert_string_equal(where_nearest("wrokers", words, 4), "workers");
    assert_string_equal(where_nearest("Worker", words, 4), "workers");
    assert_string_equal(where_nearest("thread", words, 4), "threads");
    assert_string_equal(where_nearest("time_out", words, 4), "timeout");
    assert_null(where_nearest("memory", words, 4));
    assert_null(where_nearest("x", words, 4));
    assert_null(where_nearest("", words, 4));
}

static void unsafe_text_is_shown_as_escapes(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    assert_string_equal(where_safe(&arena, "a\x1b[31m\x7f\n"), "a\\x1b[31m\\x7f\\x0a");
    assert_string_equal(where_safe(&arena, "\xc2\x9b\xe2\x80\xae\xff"),
                        "\\x9b\\u202e\\xff");
    assert_string_equal(where_safe(&arena, "caf\xc3\xa9 %s"), "caf\xc3\xa9 %s");
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_json_allows_is_accepted),
        cmocka_unit_test(a_mark_within_a_string_is_a_character),
        cmocka_unit_test(comments_are_spaces),
        cmocka_unit_test(nesting_is_bounded),
        cmocka_unit_test(the_number_of_values_is_bounded),
        cmocka_unit_test(the_keys_of_an_object_are_bounded),
        cmocka_unit_test(repeated_keys_are_all_told),
        cmocka_unit_test(the_largest_file_is_read_in_a_second),
        cmocka_unit_test(every_value_knows_its_place),
        cmocka_unit_test(the_tree_carries_the_numbers_of_the_scan),
        cmocka_unit_test(only_regular_files_are_read),
        cmocka_unit_test(a_near_word_is_found_and_a_far_one_is_not),
        cmocka_unit_test(unsafe_text_is_shown_as_escapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
