/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is printed: numbers for people, the text as a whole, and the JSON. */
#define _POSIX_C_SOURCE 200809L /* open_memstream */
#include "experiments/human.h"
#include "experiments/result_json.h"
#include "experiments/sheet.h"
#include "experiments/summary.h"
#include "lindley.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* ---- numbers --------------------------------------------------------------------- */

static void reads_as(enum human_kind kind, double value, const char *expected)
{
    struct arena arena;
    arena_init(&arena);
    assert_string_equal(human_value(&arena, kind, value), expected);
    arena_free(&arena);
}

static void interval_reads_as(enum human_kind kind, double value, double half_width,
                              const char *expected)
{
    struct arena arena;
    arena_init(&arena);
    struct estimate e = {.value = value, .half_width = half_width, .n = 20};
    assert_string_equal(human_estimate(&arena, kind, &e), expected);
    arena_free(&arena);
}

static void values_have_three_digits_and_a_unit(void **state)
{
    (void)state;
    reads_as(HUMAN_TIME, 0.0312, "31.2 ms");
    reads_as(HUMAN_TIME, 2.5e-6, "2.50 us");
    reads_as(HUMAN_TIME, 0.9999, "1.00 s");
    reads_as(HUMAN_TIME, 90, "90.0 s");
    reads_as(HUMAN_TIME, 300, "5.00 min");
    reads_as(HUMAN_TIME, 0, "0 ns");
    reads_as(HUMAN_RATE, 498.2, "498/s");
    reads_as(HUMAN_RATE, 12345, "12.3k/s");
    reads_as(HUMAN_PART, 0.0042, "0.42 %");
    reads_as(HUMAN_PART, 0, "0 %");
    reads_as(HUMAN_NUMBER, 99.96, "100");
    reads_as(HUMAN_NUMBER, NAN, "-");
    reads_as(HUMAN_NUMBER, INFINITY, "unlimited");
}

static void half_width_stands_at_the_digit_of_the_value(void **state)
{
    (void)state;
    interval_reads_as(HUMAN_TIME, 0.0312, 0.0005, "31.2 ms ±0.5");
    interval_reads_as(HUMAN_TIME, 0.312, 0.0123, "312 ms ±12");
    interval_reads_as(HUMAN_TIME, 0.312, 0.0003, "312 ms ±0.3");
    interval_reads_as(HUMAN_TIME, 0.312, 0.000003, "312 ms <0.1");
    interval_reads_as(HUMAN_PART, 0.5, NAN, "50.0 %");
    interval_reads_as(HUMAN_NUMBER, NAN, NAN, "-");
}

/* ---- whole results --------------------------------------------------------------- */

static const struct target p99 = {{SCOPE_WHOLE, 0}, TIME_LATENCY, 0.99, 0.1};
static const struct precision by_default = {0};
static const struct slo fast = {.text = "page.p95 < 1s",
                                .scope = "page",
                                .metric = SLO_QUANTILE,
                                .quantile = 0.95,
                                .value = 1};

/* As result_conclude, without a model behind it. */
static void conclude(struct result *r, const char *name, double load,
                     struct arena *arena, struct slo_result *slo)
{
    struct lindley q = {.arrival_rate = 1000 * load, .service_rate = 1000, .seed = 1};
    struct procedure_settings set = {.replications = 20,
                                     .rate = q.arrival_rate,
                                     .target = &p99,
                                     .targets = 1,
                                     .request_cap = 4000000};
    struct runner runner = {lindley_run, &q};
    *r = (struct result){.name = name,
                         .seed = 1,
                         .facts = &lindley_facts,
                         .precision = &by_default,
                         .slo = slo,
                         .slos = 1,
                         .execution = {2, 1.5}};
    procedure_run(&lindley_facts, &set, &runner, arena, &r->run);
    r->sample = (struct sample){&lindley_facts, r->run.outcome, r->run.count};
    r->judgement = verdict_judge(&lindley_facts, &r->run, NAN);
    bool steady = r->judgement.verdict != VERDICT_UNSTABLE;
    r->findings = findings_of(&r->sample, steady, arena);
    r->blame = blame_of(&r->sample, p99.scope, arena);
    r->audit = audit_of(&r->sample, steady, arena);
    r->headroom = (struct headroom){.station = 0,
                                    .load = load,
                                    .rate = 1000 * load,
                                    .most = 1000,
                                    .users = NAN,
                                    .most_users = NAN,
                                    .waiting = -1};
    *slo = slo_judge(&fast, &r->sample, steady);
}

static char *printed(const struct result *r, bool colour, struct arena *arena)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    summary_print(r, colour, out);
    fclose(out);
    char *copy = arena_text(arena, text, size);
    free(text);
    return copy;
}

static void lines_fit(const char *text)
{
    while (*text) {
        char line[1000];
        size_t length = strcspn(text, "\n");
        snprintf(line, sizeof line, "%.*s", (int)length, text);
        if (human_width(line) > SHEET_WIDTH)
            fail_msg("%d columns: %s", human_width(line), line);
        text += length + (text[length] == '\n');
    }
}

static void summary_says_the_verdict_first_and_fits(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    struct result r;
    struct slo_result slo;
    conclude(&r, "shop", 0.5, &arena, &slo);
    const char *text = printed(&r, false, &arena);
    const char *first = "shop: stable, the promise is kept\n";
    assert_memory_equal(text, first, strlen(first));
    assert_non_null(strstr(text, "Headroom: 100 % more load"));
    assert_non_null(strstr(text, "The books balance"));
    assert_non_null(strstr(text, "slowest 1 %"));
    assert_null(strstr(text, "Failed requests"));
    assert_null(strchr(text, '\x1b'));
    lines_fit(text);
    assert_non_null(strchr(printed(&r, true, &arena), '\x1b'));
    arena_free(&arena);
}

static void unstable_summary_shows_no_latency(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    struct result r;
    struct slo_result slo;
    conclude(&r, "shop", 1.3, &arena, &slo);
    const char *text = printed(&r, false, &arena);
    assert_non_null(strstr(text, "shop: unstable, 1 of 1 promise missed"));
    assert_non_null(strstr(text, "The backlog grows by 30"));
    assert_null(strstr(text, " ms\n"));
    assert_null(strstr(text, "slowest 1 %"));
    lines_fit(text);

    cJSON *root = cJSON_Parse(result_json(&r, &arena));
    const cJSON *p99_of_all = cJSON_GetObjectItem(
        cJSON_GetObjectItem(cJSON_GetObjectItem(root, "all"), "latency"), "p99");
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(p99_of_all, "value")));
    assert_true(cJSON_IsString(cJSON_GetObjectItem(p99_of_all, "reason")));
    cJSON_Delete(root);
    arena_free(&arena);
}

static void names_cannot_drive_the_terminal(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    struct result r;
    struct slo_result slo;
    conclude(&r, "evil\x1b]0;title\x07", 0.5, &arena, &slo);
    assert_null(strpbrk(printed(&r, false, &arena), "\x1b\x07"));
    arena_free(&arena);
}

static void json_keeps_its_shape(void **state)
{
    (void)state;
    static const char *const keys[] = {
        "schema", "version",   "generator",   "stream_version", "scenario",
        "seed",   "yes",       "verdict",     "headroom",       "slo",
        "run",    "precision", "all",         "types",          "stations",
        "blame",  "audit",     "assumptions", "execution"};
    struct arena arena;
    arena_init(&arena);
    struct result r;
    struct slo_result slo;
    conclude(&r, "shop", 0.5, &arena, &slo);
    cJSON *root = cJSON_Parse(result_json(&r, &arena));
    int n = sizeof keys / sizeof *keys;
    assert_int_equal(cJSON_GetArraySize(root), n);
    for (int i = 0; i < n; i++)
        assert_string_equal(cJSON_GetArrayItem(root, i)->string, keys[i]);
    assert_string_equal(cJSON_GetObjectItem(root, "schema")->valuestring,
                        RESULT_JSON_SCHEMA);
    cJSON_Delete(root);
    arena_free(&arena);
}

static void json_differs_in_execution_alone(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    struct result r;
    struct slo_result slo;
    conclude(&r, "shop", 0.5, &arena, &slo);
    const char *one = result_json(&r, &arena);
    r.execution = (struct execution){7, 99};
    const char *other = result_json(&r, &arena);
    size_t same = (size_t)(strstr(one, "\"execution\"") - one);
    assert_memory_equal(one, other, same);
    assert_string_not_equal(one, other);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_have_three_digits_and_a_unit),
        cmocka_unit_test(half_width_stands_at_the_digit_of_the_value),
        cmocka_unit_test(summary_says_the_verdict_first_and_fits),
        cmocka_unit_test(unstable_summary_shows_no_latency),
        cmocka_unit_test(names_cannot_drive_the_terminal),
        cmocka_unit_test(json_keeps_its_shape),
        cmocka_unit_test(json_differs_in_execution_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
