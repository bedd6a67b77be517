/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every lint/RULE.json has the problem that its name says, and is told so with two
 * numbers at least and a place; every rule has such a file, and some lint/RULE_*.json,
 * where it is harder to see. lint/clean_*.json, and shipped scenarios but for what is
 * known of them, have none.
 */
#define _GNU_SOURCE
#include "scenario/program.h"

#include "experiments/lint.h"

#include <ctype.h>
#include <glob.h>

/* What `headroom check --json` finds in a file: the array "lint". */
static cJSON *found_in(const char *path)
{
    char line[400];
    int status;
    snprintf(line, sizeof line, "\"$HEADROOM\" check --json %s", path);
    char *text = program_run(line, &status);
    if (status != 0)
        fail_msg("%s", text);
    cJSON *report = cJSON_Parse(text), *file = program_at(report, "files/0");
    cJSON *lint = cJSON_DetachItemFromObjectCaseSensitive(file, "lint");
    assert_non_null(lint);
    cJSON_Delete(report);
    free(text);
    return lint;
}

static const char *text_of(const cJSON *item, const char *key)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(item, key);
    return cJSON_IsString(member) ? member->valuestring : NULL;
}

static int numbers_in(const char *text)
{
    int count = 0;
    for (const char *c = text; *c; c++)
        count +=
            isdigit((unsigned char)*c) && (c == text || c[-1] == ' ' || c[-1] == '(');
    return count;
}

/* Rules that are about a name, not about numbers. */
static bool is_of_names(const char *rule)
{
    static const char *const rules[] = {"unused-service", "unused-handler",
                                        "next-upstream-repeats-writes",
                                        "retry-repeats-writes"};
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (strcmp(rules[i], rule) == 0)
            return true;
    return false;
}

static void assert_found(const char *rule, const char *path)
{
    bool told = false;
    cJSON *lint = found_in(path), *item;
    cJSON_ArrayForEach(item, lint)
    {
        if (strcmp(text_of(item, "rule"), rule) != 0)
            continue;
        told = true;
        assert_null(text_of(item, "silenced"));
        assert_non_null(strstr(text_of(item, "place"), path));
        assert_true(text_of(item, "pointer")[0] == '/');
        if (!is_of_names(rule) && numbers_in(text_of(item, "text")) < 2)
            fail_msg("%s: %s", rule, text_of(item, "text"));
    }
    if (!told)
        fail_msg("%s is not found", path);
    cJSON_Delete(lint);
}

static void every_rule_finds_what_was_planted(void **state)
{
    (void)state;
    const struct lint_rule *rule;
    int rules = 0;
    for (; (rule = lint_rule(rules)); rules++) {
        char path[200];
        snprintf(path, sizeof path, "lint/%s.json", rule->name);
        assert_found(rule->name, path);
    }
    assert_true(rules >= 40);
}

/* lint/RULE_WHERE.json */
static void what_is_hidden_well_is_found_too(void **state)
{
    (void)state;
    glob_t found;
    assert_int_equal(glob("lint/*_*.json", 0, NULL, &found), 0);
    int hidden = 0;
    for (size_t i = 0; i < found.gl_pathc; i++) {
        char rule[100];
        const char *name = strchr(found.gl_pathv[i], '/') + 1;
        snprintf(rule, sizeof rule, "%.*s", (int)strcspn(name, "_"), name);
        if (strcmp(rule, "clean") == 0)
            continue;
        assert_found(rule, found.gl_pathv[i]);
        hidden++;
    }
    assert_true(hidden >= 5);
    globfree(&found);
}

static void percentiles_are_told_as_they_are_promised(void **state)
{
    (void)state;
    cJSON *lint = found_in("lint/run-too-short-for-tail_rare.json");
    assert_non_null(strstr(text_of(cJSON_GetArrayItem(lint, 0), "text"),
                           "0 of them are beyond p99.99;"));
    cJSON_Delete(lint);
}

static int told_of(const char *path)
{
    int told = 0;
    cJSON *lint = found_in(path), *item;
    cJSON_ArrayForEach(item, lint) told += !text_of(item, "silenced");
    cJSON_Delete(lint);
    return told;
}

static void clean_scenarios_have_no_findings(void **state)
{
    (void)state;
    glob_t found;
    assert_int_equal(glob("lint/clean_*.json", 0, NULL, &found), 0);
    assert_true(found.gl_pathc >= 4);
    for (size_t i = 0; i < found.gl_pathc; i++)
        if (told_of(found.gl_pathv[i]) > 0)
            fail_msg("%s has findings", found.gl_pathv[i]);
    globfree(&found);
}

static void a_silenced_finding_keeps_its_reason(void **state)
{
    (void)state;
    cJSON *lint = found_in("lint/clean_silenced.json");
    assert_int_equal(cJSON_GetArraySize(lint), 1);
    assert_string_equal(text_of(cJSON_GetArrayItem(lint, 0), "rule"), "overload");
    assert_string_equal(text_of(cJSON_GetArrayItem(lint, 0), "silenced"),
                        "it is what this file is about");
    cJSON_Delete(lint);
}

/* Sizing guides as they are written: what they get wrong is what they ship for. */
static const struct known {
    const char *file, *rule;
} known[] = {
    {"django-before.json", "overload"},
    {"load-test-k6.json", "little-room"},
    {"health-checks.json", "proxy-before-worker"},
    {"haproxy-maxconn.json", "client-before-proxy"}, /* option abortonclose is off */
    {"django-before.json", "max-conns-above-slots"},
    {"django-before.json", "pool-wait-beyond-client"},
    {"django-after.json", "max-conns-above-slots"},
    {"django-after.json", "recycling-too-often"},
    {"django-after.json", "pool-wait-beyond-client"},
    {"fastapi-balanced.json", "pools-above-database"},
    {"fastapi-separated.json", "pools-above-database"},
    {"fastapi-single.json", "pools-above-database"},
};
enum { KNOWN = sizeof known / sizeof *known };

static void check_shipped(const char *path, bool *seen)
{
    const char *name = strrchr(path, '/') + 1;
    cJSON *lint = found_in(path), *item;
    cJSON_ArrayForEach(item, lint)
    {
        bool expected = text_of(item, "silenced") != NULL;
        for (int k = 0; k < KNOWN; k++)
            if (strcmp(known[k].file, name) == 0 &&
                strcmp(known[k].rule, text_of(item, "rule")) == 0)
                expected = seen[k] = true;
        if (!expected)
            fail_msg("%s: %s", name, text_of(item, "text"));
    }
    cJSON_Delete(lint);
}

static bool is_scenario(const char *path)
{
    char line[400];
    int status;
    snprintf(line, sizeof line,
             "grep -q '\"workloads\"' %s && ! grep -q '\"scenario\":' %s", path, path);
    free(program_run(line, &status));
    return status == 0;
}

static void shipped_scenarios_have_the_known_findings_only(void **state)
{
    (void)state;
    glob_t found;
    bool seen[KNOWN] = {false};
    assert_int_equal(glob("../../experiments/library/*.json", 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++)
        if (is_scenario(found.gl_pathv[i]))
            check_shipped(found.gl_pathv[i], seen);
    globfree(&found);
    for (int k = 0; k < KNOWN; k++)
        if (!seen[k])
            fail_msg("%s: %s is not found", known[k].file, known[k].rule);
}

static int status_of(const char *options)
{
    char line[400];
    int status;
    snprintf(line, sizeof line, "\"$HEADROOM\" check %s >/dev/null 2>&1", options);
    free(program_run(line, &status));
    return status;
}

static void findings_fail_a_check_only_when_asked(void **state)
{
    (void)state;
    assert_int_equal(status_of("lint/overload.json"), 0);
    assert_int_equal(status_of("--strict lint/overload.json"), 1);
    assert_int_equal(status_of("--strict lint/clean_server.json"), 0);
    assert_int_equal(status_of("--strict lint/clean_silenced.json"), 0);
    assert_int_equal(
        status_of("--strict lint/overload.json --set '/silence/overload=meant'"), 0);
    assert_int_equal(status_of("lint/overload.json --set '/silence/overlode=meant'"),
                     2);
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
        cmocka_unit_test(every_rule_finds_what_was_planted),
        cmocka_unit_test(what_is_hidden_well_is_found_too),
        cmocka_unit_test(percentiles_are_told_as_they_are_promised),
        cmocka_unit_test(clean_scenarios_have_no_findings),
        cmocka_unit_test(a_silenced_finding_keeps_its_reason),
        cmocka_unit_test(shipped_scenarios_have_the_known_findings_only),
        cmocka_unit_test(findings_fail_a_check_only_when_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
