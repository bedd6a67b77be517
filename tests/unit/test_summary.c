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
    reads_as(HUMAN_PART, 0.00002, "<0.01 %");
    reads_as(HUMAN_NUMBER, 0.0001, "<0.001");
    reads_as(HUMAN_COUNT, 30, "30");
    reads_as(HUMAN_COUNT, 0, "0");
    reads_as(HUMAN_COUNT, 6041, "6041");
    reads_as(HUMAN_COUNT, 60400, "60.4k");
    reads_as(HUMAN_NUMBER, 99.96, "100");
    reads_as(HUMAN_NUMBER, NAN, "-");
    reads_as(HUMAN_NUMBER, INFINITY, "unlimited");
}

static void half_width_stands_at_the_digit_of_the_value(void **state)
{
    (void)state;
    interval_reads_as(HUMAN_TIME, 442e-6, 12.3e-3, "442 us ±12.3 ms");
    interval_reads_as(HUMAN_TIME, 442e-6, 0.9e-3, "442 us ±900");
    interval_reads_as(HUMAN_NUMBER, 3, 25000, "3.00 ±25.0k");
    interval_reads_as(HUMAN_TIME, 0.0312, 0.0005, "31.2 ms ±0.5");
    interval_reads_as(HUMAN_TIME, 0.312, 0.0123, "312 ms ±12");
    interval_reads_as(HUMAN_TIME, 0.312, 0.0003, "312 ms ±0.3");
    interval_reads_as(HUMAN_TIME, 0.312, 0.000003, "312 ms");
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
    r->judgement =
        verdict_judge(&lindley_facts, &r->run, &(struct admitted){.whole = NAN});
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
        if (length > 0 && line[length - 1] == ' ')
            fail_msg("blanks at the end of: %s", line);
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
    assert_non_null(strstr(text, "The books balance: conservation (1 check)"));
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

static void overload_names_whose_and_why(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    struct result r;
    struct slo_result slo;
    conclude(&r, "shop", 0.5, &arena, &slo);
    r.judgement.verdict = VERDICT_OVERLOADED;
    r.judgement.worst = (struct loss){
        {SCOPE_TYPE, 0}, {.value = 0.88, .half_width = 0.01, .n = 20}, 0.01, 0};
    assert_non_null(strstr(printed(&r, false, &arena),
                           "88.0 % ±1.0 of the page requests fail for want of "
                           "capacity (1 % admitted), most of them: web:\n    queue "
                           "full. 500/s offered, 500/s answered well in all"));
    assert_non_null(strstr(printed(&r, false, &arena),
                           "No headroom: too much fails at this load already"));
    arena_free(&arena);
}

static void where_nobody_is_served_it_says_so(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    struct result r;
    struct slo_result slo;
    conclude(&r, "shop", 0.5, &arena, &slo);
    struct cause_facts gave_up = {
        .name = "gave up", .status = STATUS_TIMEOUT, .station = -1};
    struct model_facts facts = lindley_facts;
    facts.cause = &gave_up;
    r.facts = &facts;
    r.judgement.verdict = VERDICT_OVERLOADED;
    r.findings->whole.completed.value = 0;
    r.findings->whole.error_of[0].value = 1;
    assert_non_null(strstr(printed(&r, false, &arena),
                           "every client gives up before it is served, and abandoned "
                           "work keeps"));
    arena_free(&arena);
}

static void a_missed_promise_leaves_no_headroom(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    struct result r;
    struct slo_result slo;
    conclude(&r, "shop", 0.5, &arena, &slo);
    slo.met = false;
    const char *text = printed(&r, false, &arena);
    assert_non_null(strstr(text, "stable, 1 of 1 promise missed"));
    assert_null(strstr(text, "more load"));
    assert_non_null(strstr(text, "what is promised fails at this load already"));
    slo.judged = false;
    text = printed(&r, false, &arena);
    assert_memory_equal(text, "shop: stable\n", 13);
    assert_non_null(strstr(text, "not judged  no request of this type is sent"));
    assert_non_null(strstr(text, "100 % more load"));
    arena_free(&arena);
}

static void a_promise_without_samples_is_not_decided(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    struct result r;
    struct slo_result slo;
    conclude(&r, "shop", 0.5, &arena, &slo);
    slo.decided = slo.met = false;
    slo.without_streams = true;
    slo.value = estimate_lacking(LACK_SAMPLES);
    slo.value.have = 47;
    slo.value.need = 1000;
    const char *text = printed(&r, false, &arena);
    assert_memory_equal(text, "shop: stable, 1 promise not decided\n", 36);
    assert_non_null(strstr(text, "page.p95 < 1s (without streams)  not decided"));
    assert_non_null(strstr(text, "a run 26 times as long tells"));
    assert_non_null(strstr(text, "100 % more load"));
    assert_false(result_is_yes(&r));
    lines_fit(text);
    arena_free(&arena);
}

static void broken_books_are_told_at_the_top(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    struct result r;
    struct slo_result slo;
    conclude(&r, "shop", 0.5, &arena, &slo);
    r.audit->line[0].holds = false;
    r.audit->broken = 1;
    const char *text = printed(&r, false, &arena);
    const char *top = strstr(text, "The books do not balance");
    assert_true(top && top < strstr(text, "Promises"));
    assert_non_null(strstr(text, "Does not balance: conservation of requests at page"));
    arena_free(&arena);
}

static void a_precision_nobody_asked_for_is_not_missed(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    struct result r;
    struct slo_result slo;
    conclude(&r, "shop", 0.5, &arena, &slo);
    r.run.met = false;
    assert_non_null(strstr(printed(&r, false, &arena), "is not reached"));
    r.run.fixed = true;
    assert_null(strstr(printed(&r, false, &arena), "is not reached"));
    arena_free(&arena);
}

static void a_load_that_ends_shows_extremes_and_counts(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    struct result r;
    struct slo_result slo;
    conclude(&r, "shop", 0.97, &arena, &slo);
    struct model_facts facts = lindley_facts;
    facts.terminating = true;
    r.facts = &facts;
    r.run.window.length = 2 * SIM_SECOND;
    const char *text = printed(&r, false, &arena);
    assert_non_null(strstr(text, "sent"));
    assert_non_null(strstr(text, " 1941 ")); /* 970/s for 2 s */
    assert_non_null(strstr(text, "least"));
    assert_null(strstr(text, "offered/s"));
    assert_non_null(strstr(text, "Bottleneck: worker of web, 97.1 % busy until the"));
    lines_fit(text);
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
        "schema",       "version",   "generator", "stream_version", "scenario",
        "seed",         "yes",       "verdict",   "headroom",       "slo",
        "run",          "precision", "all",       "types",          "load_tests",
        "stations",     "blame",     "audit",     "theory",         "assumptions",
        "not_modelled", "execution"};
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
        cmocka_unit_test(overload_names_whose_and_why),
        cmocka_unit_test(where_nobody_is_served_it_says_so),
        cmocka_unit_test(a_missed_promise_leaves_no_headroom),
        cmocka_unit_test(a_promise_without_samples_is_not_decided),
        cmocka_unit_test(broken_books_are_told_at_the_top),
        cmocka_unit_test(a_precision_nobody_asked_for_is_not_missed),
        cmocka_unit_test(a_load_that_ends_shows_extremes_and_counts),
        cmocka_unit_test(names_cannot_drive_the_terminal),
        cmocka_unit_test(json_keeps_its_shape),
        cmocka_unit_test(json_differs_in_execution_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
