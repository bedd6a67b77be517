/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every good/NAME.json is right, runs, and keeps its books: requests are conserved, the
 * laws of Little and of utilisation hold. The result is the same on one thread and two.
 * NAME.args holds values of --set, one a line; with them it runs too, and differs.
 * Shipped scenarios are right as well.
 */
#define _GNU_SOURCE
#include "scenario/program.h"

#include <glob.h>

static void for_each(const char *pattern, int least, void (*body)(const char *path))
{
    glob_t found;
    assert_int_equal(glob(pattern, 0, NULL, &found), 0);
    assert_true(found.gl_pathc >= (size_t)least);
    for (size_t i = 0; i < found.gl_pathc; i++)
        body(found.gl_pathv[i]);
    globfree(&found);
}

static void check_one(const char *path)
{
    char line[300];
    int status;
    snprintf(line, sizeof line, "\"$HEADROOM\" check %s 2>&1", path);
    char *text = program_run(line, &status);
    if (status != 0)
        fail_msg("%s", text);
    free(text);
}

static void assert_balanced(const char *path, cJSON *result)
{
    cJSON *law;
    int wrong = 0, checked = 0;
    cJSON_ArrayForEach(law, program_at(result, "audit"))
    {
        checked += cJSON_IsTrue(program_at(law, "holds"));
        if (!cJSON_IsFalse(program_at(law, "holds")))
            continue;
        wrong++;
        print_error("%s: %s of %s does not hold: %g, %g\n", path,
                    program_at(law, "law")->valuestring,
                    program_at(law, "of")->valuestring, program_number(law, "left"),
                    program_number(law, "right"));
    }
    assert_true(checked > 0);
    assert_int_equal(wrong, 0);
}

/* Without what changes from run to run. */
static char *lasting(cJSON *result)
{
    cJSON_DeleteItemFromObjectCaseSensitive(result, "execution");
    return cJSON_PrintUnformatted(result);
}

static cJSON *run_with(const char *path, const char *options)
{
    char rest[4096];
    snprintf(rest, sizeof rest, "%s %s", path, options);
    return program_result(rest);
}

static void run_one(const char *path)
{
    cJSON *one = run_with(path, "--threads 1"), *two = run_with(path, "--threads 2");
    assert_balanced(path, one);
    assert_true(program_number(one, "all/offered/value") > 0);
    char *first = lasting(one), *second = lasting(two);
    assert_string_equal(first, second);
    free(first);
    free(second);
    cJSON_Delete(one);
    cJSON_Delete(two);
}

/* "--set 'LINE' --set 'LINE'" of the lines of a file, which hold no such quotes. */
static void read_sets(const char *path, char *options, size_t room)
{
    char line[300];
    size_t used = 0;
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        used += (size_t)snprintf(options + used, room - used, " --set '%s'", line);
        assert_true(used < room);
    }
    assert_true(used > 0);
    fclose(file);
}

static void set_one(const char *args)
{
    char json[300], options[3000];
    snprintf(json, sizeof json, "%.*s.json", (int)strlen(args) - 5, args);
    read_sets(args, options, sizeof options);
    cJSON *plain = run_with(json, ""), *changed = run_with(json, options);
    assert_balanced(args, changed);
    assert_string_not_equal(program_at(plain, "run/fingerprint")->valuestring,
                            program_at(changed, "run/fingerprint")->valuestring);
    cJSON_Delete(plain);
    cJSON_Delete(changed);
}

static void every_good_scenario_is_right(void **state)
{
    (void)state;
    for_each("good/*.json", 15, check_one);
}

static void every_shipped_scenario_is_right(void **state)
{
    (void)state;
    for_each("../../experiments/library/*.json", 8, check_one);
}

static void every_good_scenario_runs_and_keeps_its_books(void **state)
{
    (void)state;
    for_each("good/*.json", 15, run_one);
}

static void a_set_value_changes_the_run(void **state)
{
    (void)state;
    for_each("good/*.args", 3, set_one);
}

int main(void)
{
    char *folder = NULL;
    const char *source = getenv("SRC");
    if (!source || asprintf(&folder, "%s/tests/scenario", source) < 0 ||
        chdir(folder) != 0) {
        perror("tests/scenario");
        return 1;
    }
    free(folder);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_good_scenario_is_right),
        cmocka_unit_test(every_shipped_scenario_is_right),
        cmocka_unit_test(every_good_scenario_runs_and_keeps_its_books),
        cmocka_unit_test(a_set_value_changes_the_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
