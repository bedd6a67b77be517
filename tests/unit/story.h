/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * story -- one replication of a small scenario, told in a few lines of JSON.
 *
 *     struct story s;
 *     story_tell(&s, "{'workloads': …, 'services': …}");
 *     assert_latencies(&s, 1.0, 1.0, 2.0);
 *     story_end(&s);
 *
 * Quotes are written ' so that the text stays legible. The seed is 1 unless given.
 */
#ifndef UNIT_STORY_H
#define UNIT_STORY_H

#include "experiments/scenario.h"
#include "models/model.h"
#include "unit/quotes.h"

#include <string.h>

struct story {
    struct arena arena;
    struct model *model;
    const struct model_facts *facts;
    struct outcome out;
};

/* Compile; a mistake in the text fails the test and is printed. */
static inline void story_read(struct story *s, const char *text, uint64_t seed)
{
    arena_init(&s->arena);
    size_t length = strlen(text);
    char *json = quotes(arena_text(&s->arena, text, length));
    struct where *where = where_new(&s->arena);
    struct scenario *scenario =
        scenario_parse(&s->arena, "story", NULL, json, length, NULL, 0, where);
    s->model = NULL;
    s->out.type = NULL;
    if (scenario)
        s->model = model_compile(&s->arena, &scenario->system, seed, &where->listener);
    if (!s->model)
        where_print(where, stderr);
    assert_non_null(s->model);
    s->facts = model_facts(s->model);
}

static inline sim_time story_time(double seconds)
{
    return sim_from_nanoseconds(seconds * 1e9);
}

/* Measure what begins in [warm_up, warm_up + length) s, up to `drain` s longer. */
static inline void story_watch(struct story *s, double warm_up, double length,
                               double drain)
{
    struct window window = {.warm_up = story_time(warm_up),
                            .length = story_time(length),
                            .drain = story_time(drain)};
    world_run(s->model, 0, &window, &s->arena, &s->out);
}

/* Read it and run it until everybody has been answered. */
static inline void story_tell(struct story *s, const char *text)
{
    story_read(s, text, 1);
    story_watch(s, 0, 0, 0);
}

/* Every request has one end, every attempt is a first one or a retry; none is
 * forgotten. */
static inline bool story_type_balances(const struct story *s, int t)
{
    const struct type_outcome *type = &s->out.type[t];
    uint64_t ends = type->ok + type->unfinished;
    for (int c = 0; c < s->facts->causes; c++)
        ends += type->failed[c];
    if (ends == type->offered && type->latency.count == type->ok &&
        type->latency_sum.count == type->ok &&
        type->attempts == type->offered - type->unsent + type->retries)
        return true;
    print_error("%s: %llu offered, %llu ended; %llu attempts, %llu unsent, %llu "
                "retries\n",
                s->facts->type[t].name, (unsigned long long)type->offered,
                (unsigned long long)ends, (unsigned long long)type->attempts,
                (unsigned long long)type->unsent, (unsigned long long)type->retries);
    return false;
}

static inline void story_books_balance(const struct story *s, const char *file,
                                       int line)
{
    for (int t = 0; s->out.type && t < s->facts->types; t++)
        if (!story_type_balances(s, t))
            _fail(file, line);
}
#define assert_books_balance(story) story_books_balance((story), __FILE__, __LINE__)

/* The end of every story: its books balance. */
static inline void story_end_at(struct story *s, const char *file, int line)
{
    story_books_balance(s, file, line);
    arena_free(&s->arena);
}
#define story_end(story) story_end_at((story), __FILE__, __LINE__)

static inline int story_station(const struct story *s, const char *name)
{
    for (int i = 0; i < s->facts->stations; i++)
        if (strcmp(s->facts->station[i].name, name) == 0)
            return i;
    fail_msg("no station %s", name);
    return -1;
}

static inline const struct station_outcome *story_at(const struct story *s,
                                                     const char *name)
{
    return &s->out.station[story_station(s, name)];
}

/* The type called so, of whatever workload comes first; "default" without a mix. */
static inline const struct type_outcome *story_type(const struct story *s,
                                                    const char *name)
{
    for (int i = 0; i < s->facts->types; i++)
        if (strcmp(s->facts->type[i].name, name) == 0)
            return &s->out.type[i];
    fail_msg("no type %s", name);
    return NULL;
}

static inline const struct type_outcome *story_of(const struct story *s,
                                                  const char *workload)
{
    for (int i = 0; i < s->facts->types; i++)
        if (strcmp(s->facts->type[i].workload, workload) == 0)
            return &s->out.type[i];
    fail_msg("no workload %s", workload);
    return NULL;
}

/* All types' failures with this status. */
static inline uint64_t story_failed(const struct story *s, enum status status)
{
    uint64_t failed = 0;
    for (int t = 0; t < s->facts->types; t++)
        for (int c = 0; c < s->facts->causes; c++)
            if (s->facts->cause[c].status == status)
                failed += s->out.type[t].failed[c];
    return failed;
}

static inline double story_mean(const struct type_outcome *type)
{
    return tally_mean(&type->latency_sum) * 1e-9;
}

/* The latencies (s) of a type's successful requests are these, in any order: equal in
 * number, sum, sum of squares and extremes, and in how many share a histogram cell. */
static inline void story_latencies(const struct type_outcome *type,
                                   const double *seconds, int count, const char *file,
                                   int line)
{
    struct tally expected = {0};
    bool same = type->ok == (uint64_t)count;
    for (int i = 0; i < count; i++) {
        uint64_t ns = (uint64_t)story_time(seconds[i]);
        int cell = histogram_cell(ns);
        const uint64_t *row = type->latency.row[cell / HISTOGRAM_ROW];
        uint64_t alike = 0;
        for (int k = 0; k < count; k++)
            alike += histogram_cell((uint64_t)story_time(seconds[k])) == cell;
        same &= row && row[cell % HISTOGRAM_ROW] == alike;
        tally_add(&expected, (int64_t)ns);
    }
    const struct tally *found = &type->latency_sum;
    same &= found->sum == expected.sum && found->squares == expected.squares;
    if (count)
        same &= found->least == expected.least && found->most == expected.most;
    if (same)
        return;
    print_error("%llu latencies of mean %.9f s, %.9f to %.9f s; expected %d, %.9f, "
                "%.9f to %.9f\n",
                (unsigned long long)type->ok, tally_mean(found) * 1e-9,
                (double)found->least * 1e-9, (double)found->most * 1e-9, count,
                tally_mean(&expected) * 1e-9, (double)expected.least * 1e-9,
                (double)expected.most * 1e-9);
    _fail(file, line);
}

#define assert_latencies_of(type, ...)                                                 \
    story_latencies((type), (const double[]){__VA_ARGS__},                             \
                    (int)(sizeof((const double[]){__VA_ARGS__}) / sizeof(double)),     \
                    __FILE__, __LINE__)
#define assert_latencies(story, ...)                                                   \
    assert_latencies_of(&(story)->out.type[0], __VA_ARGS__)

#endif
