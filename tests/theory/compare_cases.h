/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pairs of queues whose difference is known, and comparisons of scenarios in a test. */
#ifndef THEORY_COMPARE_CASES_H
#define THEORY_COMPARE_CASES_H

#include "experiments/compare.h"
#include "unit/quotes.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* A contender from a scenario's text, quotes written '. */
static inline void compare_add(struct comparison *c, const char *label,
                               const char *text, uint64_t seed, struct arena *arena)
{
    struct contender *one = &c->contender[c->contenders++];
    size_t length = strlen(text);
    char *json = quotes(arena_text(arena, text, length));
    struct where *where = where_new(arena);
    struct scenario *scenario =
        scenario_parse(arena, label, NULL, json, length, NULL, 0, where);
    bool good = scenario && point_compile(&one->point, arena, scenario, &seed, where);
    where_print(where, stderr);
    assert_true(good);
    one->label = label;
}

static inline void compare_begin(struct comparison *c, int most, struct arena *arena)
{
    arena_init(arena);
    *c = (struct comparison){.contender = arena_many(arena, most, struct contender)};
}

static inline void compare_all(struct comparison *c, const char *by,
                               struct arena *arena)
{
    struct compare_settings set = {.threads = 1, .by = by};
    const char *why;
    bool done = compare_run(c, &set, arena, &why);
    if (why)
        fprintf(stderr, "%s\n", why);
    assert_true(done);
}

static inline int compare_metric_called(const struct comparison *c, const char *name)
{
    for (int m = 0; m < c->metrics; m++)
        if (strcmp(c->metric[m].name, name) == 0)
            return m;
    fail_msg("no metric %s", name);
    return -1;
}

static inline struct compare_difference compare_of(const struct comparison *c,
                                                   const char *metric, int a, int b)
{
    return compare_difference(c, compare_metric_called(c, metric), a, b, 0.95);
}

/* One exponential server, `service` s a request at 50/s: M/M/1. */
static inline const char *compare_mm1(double service, double seconds,
                                      struct arena *arena)
{
    return arena_format(arena,
                        "{'workloads': {'v': {'target': 's', 'open': {'rate':"
                        " '50/s'}}}, 'services': {'s': {'kind': 'server', 'slots': 1,"
                        " 'time': {'exponential': '%gms'}}}, 'run': {'duration':"
                        " '%gs', 'warmup': '5s', 'replications': 10}}",
                        1000 * service, seconds);
}

/* Its mean time in the system. */
static inline double compare_mm1_mean(double service)
{
    return 1 / (1 / service - 50);
}

/* Of so many seeds, in how many the interval for the difference of M/M/1 queues with 10
 * and 9 ms covers the true one: of the mean, and of p99. */
static inline void compare_coverage(int seeds, double seconds, int *mean, int *p99)
{
    double gap = compare_mm1_mean(0.009) - compare_mm1_mean(0.010);
    *mean = *p99 = 0;
    for (int seed = 1; seed <= seeds; seed++) {
        struct comparison c;
        struct arena arena;
        compare_begin(&c, 2, &arena);
        compare_add(&c, "slow", compare_mm1(0.010, seconds, &arena), (uint64_t)seed,
                    &arena);
        compare_add(&c, "fast", compare_mm1(0.009, seconds, &arena), (uint64_t)seed,
                    &arena);
        compare_all(&c, NULL, &arena);
        struct estimate e = compare_of(&c, "mean", 0, 1).difference;
        *mean += fabs(e.value - gap) <= e.half_width;
        e = compare_of(&c, "p99", 0, 1).difference; /* exponential: -ln 0.01 times it */
        *p99 += fabs(e.value + log(0.01) * gap) <= e.half_width;
        arena_free(&arena);
    }
}

#endif
