/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Results that must not move: the same bytes on any number of threads, and the same as
 * are written down beside each scenario here, name.txt for name.json. After a change
 * that is meant to move them, write them anew from the source folder and say why in the
 * commit ("Numbers:"):
 *
 *     BUILD/tests/golden_golden write
 */
#define _POSIX_C_SOURCE 200809L

#include "experiments/replicate.h"
#include "experiments/scenario.h"
#include "unit/cases.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = {"queue", "shop", "loop", "storm", "day"};
enum { NAMES = sizeof names / sizeof *names, MOST_TEXT = 1 << 16 };

static bool writing;

static void path_of(char path[400], const char *name, const char *suffix)
{
    const char *source = getenv("SRC");
    snprintf(path, 400, "%s/tests/golden/%s.%s", source ? source : ".", name, suffix);
}

/* ---- results as text ------------------------------------------------------------- */

static void add_number(FILE *out, const char *name, uint128 value)
{
    char digits[48], *at = digits + sizeof digits;
    *--at = 0;
    do {
        *--at = (char)('0' + (int)(value % 10));
        value /= 10;
    } while (value);
    fprintf(out, " %s %s", name, at);
}

static void add_type(FILE *out, const struct type_facts *facts,
                     const struct type_outcome *type, int causes)
{
    uint64_t failed = 0;
    for (int c = 0; c < causes; c++)
        failed += type->failed[c];
    fprintf(out, "  %s.%s", facts->workload, facts->name);
    add_number(out, "offered", type->offered);
    add_number(out, "ok", type->ok);
    add_number(out, "failed", failed);
    add_number(out, "unfinished", type->unfinished);
    add_number(out, "attempts", type->attempts);
    add_number(out, "ns", (uint128)type->latency_sum.sum);
    add_number(out, "squares", type->latency_sum.squares);
    fprintf(out, "\n");
}

static void add_station(FILE *out, const char *name, const struct station_outcome *s)
{
    fprintf(out, "  %s", name);
    add_number(out, "busy", s->busy_area);
    add_number(out, "queue", s->queue_area);
    add_number(out, "cpu", s->cpu_area);
    add_number(out, "arrivals", s->arrivals);
    add_number(out, "served", s->served);
    add_number(out, "waited", s->waited);
    fprintf(out, "\n");
}

static void add_outcome(FILE *out, const struct outcome *o,
                        const struct model_facts *facts)
{
    fprintf(out,
            "replication %" PRIu32 ": %" PRIu64 " events, fingerprint %016" PRIx64 "\n",
            o->replication, o->events, o->fingerprint);
    for (int t = 0; t < facts->types; t++)
        add_type(out, &facts->type[t], &o->type[t], facts->causes);
    for (int s = 0; s < facts->stations; s++)
        add_station(out, facts->station[s].name, &o->station[s]);
}

/* ---- running --------------------------------------------------------------------- */

static struct window window_of(const struct run_settings *run, bool terminating)
{
    if (terminating)
        return (struct window){0};
    return (struct window){
        .warm_up = run->warmup, .length = run->duration, .drain = run->duration};
}

/* The text of all replications on so many threads. */
static void results_of(const char *name, int threads, char text[MOST_TEXT])
{
    struct arena arena;
    char path[400];
    arena_init(&arena);
    path_of(path, name, "json");
    struct where *where = where_new(&arena);
    struct scenario *s = scenario_read(&arena, path, NULL, 0, where);
    struct model *model = NULL;
    if (s)
        model =
            model_compile(&arena, &s->system, (uint64_t)s->run.seed, &where->listener);
    if (!model)
        where_print(where, stderr);
    assert_non_null(model);
    const struct model_facts *facts = model_facts(model);
    int count = (int)s->run.replications;
    struct outcome *out = arena_many(&arena, count, struct outcome);
    struct replicate replicate = {.model = model, .threads = threads};
    struct jobs jobs = {.count = count,
                        .window = window_of(&s->run, facts->terminating)};
    assert_true(replicate_run(&replicate, &jobs, &arena, out));
    FILE *into = fmemopen(text, MOST_TEXT, "w");
    assert_non_null(into);
    for (int i = 0; i < count; i++)
        add_outcome(into, &out[i], facts);
    assert_int_equal(fclose(into), 0);
    assert_true(strlen(text) < MOST_TEXT - 1);
    arena_free(&arena);
}

static void threads_do_not_matter(void **state)
{
    static char one[MOST_TEXT], more[MOST_TEXT];
    const char *name = *state;
    results_of(name, 1, one);
    for (int i = 0; i < 3; i++) {
        results_of(name, (const int[]){2, 3, 7}[i], more);
        assert_string_equal(one, more);
    }
}

static void write_down(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void results_are_those_written_down(void **state)
{
    static char found[MOST_TEXT], written[MOST_TEXT];
    char path[400];
    const char *name = *state;
    results_of(name, 2, found);
    path_of(path, name, "txt");
    if (writing)
        write_down(path, found);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    written[fread(written, 1, MOST_TEXT - 1, file)] = 0;
    fclose(file);
    assert_string_equal(found, written);
}

int main(int argc, char **argv)
{
    struct CMUnitTest tests[2 * NAMES];
    static char title[2 * NAMES][60];
    writing = argc == 2 && strcmp(argv[1], "write") == 0;
    for (int i = 0; i < 2 * NAMES; i++) {
        bool threads = i % 2 == 0;
        snprintf(title[i], sizeof title[i], "%s: %s", names[i / 2],
                 threads ? "threads do not matter" : "as written down");
        tests[i] = (struct CMUnitTest){
            title[i], threads ? threads_do_not_matter : results_are_those_written_down,
            NULL, NULL, (void *)names[i / 2]};
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
