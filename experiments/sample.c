/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/sample.h"

#include "sim/check.h"

#include <stdlib.h>
#include <string.h>

/* ---- scopes ---------------------------------------------------------------------- */

static bool same_name(const struct model_facts *facts, int a, int b)
{
    return strcmp(facts->type[a].name, facts->type[b].name) == 0;
}

static bool is_shared(const struct model_facts *facts, int type)
{
    for (int t = 0; t < facts->types; t++)
        if (t != type && same_name(facts, t, type))
            return true;
    return false;
}

/* Is the name "users.page"? */
static bool is_qualified(const struct type_facts *type, const char *name)
{
    size_t length = strlen(type->workload);
    return strncmp(name, type->workload, length) == 0 && name[length] == '.' &&
           strcmp(name + length + 1, type->name) == 0;
}

bool scope_named(const struct model_facts *facts, const char *name, struct scope *scope)
{
    *scope = (struct scope){SCOPE_WHOLE, 0};
    if (!name)
        return true;
    for (int t = 0; t < facts->types; t++) {
        bool of_all = strcmp(facts->type[t].name, name) == 0;
        if (!of_all && !is_qualified(&facts->type[t], name))
            continue;
        scope->sort = of_all && is_shared(facts, t) ? SCOPE_NAMED : SCOPE_TYPE;
        scope->index = t;
        return true;
    }
    for (int w = 0; w < facts->workloads; w++)
        if (strcmp(facts->workload[w].name, name) == 0) {
            *scope = (struct scope){SCOPE_WORKLOAD, w};
            return true;
        }
    return false;
}

const char *scope_type_name(const struct model_facts *facts, int type,
                            struct arena *arena)
{
    const struct type_facts *t = &facts->type[type];
    return is_shared(facts, type) ? arena_format(arena, "%s.%s", t->workload, t->name)
                                  : t->name;
}

int scope_station(const struct model_facts *facts, const char *name)
{
    for (int i = 0; name && i < facts->stations; i++)
        if (strcmp(facts->station[i].name, name) == 0)
            return i;
    return -1;
}

bool scope_counts(const struct model_facts *facts, struct scope scope, int type)
{
    switch (scope.sort) {
    case SCOPE_WHOLE:
        return true;
    case SCOPE_TYPE:
        return type == scope.index;
    case SCOPE_NAMED:
        return same_name(facts, type, scope.index);
    case SCOPE_WORKLOAD:
        return facts->type[type].workload_index == scope.index;
    case SCOPE_PLAIN:
        return !facts->type[type].streaming;
    }
    return false;
}

static bool only_streams(const struct model_facts *facts, struct scope scope)
{
    for (int t = 0; t < facts->types; t++)
        if (scope_counts(facts, scope, t) && !facts->type[t].streaming)
            return false;
    return true;
}

bool scope_times(const struct model_facts *facts, struct scope scope, int type)
{
    return scope_counts(facts, scope, type) &&
           (scope.sort == SCOPE_TYPE || !facts->type[type].streaming ||
            only_streams(facts, scope));
}

/* ---- counts ---------------------------------------------------------------------- */

double sample_length(const struct sample *s, int replication)
{
    return sim_seconds(s->outcome[replication].length);
}

static uint64_t failures(const struct sample *s, const struct type_outcome *type,
                         int cause)
{
    if (cause >= 0)
        return type->failed[cause];
    uint64_t sum = 0;
    for (int c = 0; c < s->facts->causes; c++)
        sum += type->failed[c];
    return sum;
}

static uint64_t count_of(const struct sample *s, const struct type_outcome *type,
                         enum sample_count what)
{
    switch (what) {
    case COUNT_OFFERED:
        return type->offered;
    case COUNT_OK:
        return type->ok;
    case COUNT_FAILED:
        return failures(s, type, -1);
    case COUNT_UNFINISHED:
        return type->unfinished;
    case COUNT_ATTEMPTS:
        return type->attempts;
    case COUNT_CUT:
        return type->cut;
    case COUNT_GOOD:
        return type->good;
    }
    return 0;
}

double sample_requests(const struct sample *s, struct scope scope,
                       enum sample_count what, int replication)
{
    uint64_t sum = 0;
    for (int t = 0; t < s->facts->types; t++)
        if (scope_counts(s->facts, scope, t))
            sum += count_of(s, &s->outcome[replication].type[t], what);
    return (double)sum;
}

static double *doubles(int count)
{
    double *x = calloc((size_t)count + 1, sizeof *x);
    if (!x)
        die("out of memory: %d numbers asked for", count);
    return x;
}

struct estimate sample_rate(const struct sample *s, struct scope scope,
                            enum sample_count what)
{
    double *rate = doubles(s->count);
    for (int r = 0; r < s->count; r++)
        rate[r] = sample_requests(s, scope, what, r) / sample_length(s, r);
    struct estimate e = estimate_mean(rate, s->count);
    free(rate);
    return e;
}

struct estimate sample_cut(const struct sample *s, struct scope scope)
{
    double *cut = doubles(s->count), *offered = doubles(s->count);
    for (int r = 0; r < s->count; r++) {
        cut[r] = sample_requests(s, scope, COUNT_CUT, r);
        offered[r] = sample_requests(s, scope, COUNT_OFFERED, r);
    }
    struct estimate e = estimate_ratio(cut, offered, s->count);
    free(cut);
    free(offered);
    return e;
}

struct estimate sample_open(const struct sample *s, struct scope scope)
{
    double *open = doubles(s->count);
    for (int r = 0; r < s->count; r++)
        for (int t = 0; t < s->facts->types; t++)
            if (scope_counts(s->facts, scope, t))
                open[r] += (double)s->outcome[r].type[t].open_area * 1e-9 /
                           sample_length(s, r);
    struct estimate e = estimate_mean(open, s->count);
    free(open);
    return e;
}

struct estimate sample_errors(const struct sample *s, struct scope scope, int cause)
{
    double *failed = doubles(s->count), *offered = doubles(s->count);
    for (int r = 0; r < s->count; r++) {
        offered[r] = sample_requests(s, scope, COUNT_OFFERED, r);
        for (int t = 0; t < s->facts->types; t++)
            if (scope_counts(s->facts, scope, t))
                failed[r] += (double)failures(s, &s->outcome[r].type[t], cause);
    }
    struct estimate e = estimate_ratio(failed, offered, s->count);
    free(failed);
    free(offered);
    return e;
}

/* ---- times ----------------------------------------------------------------------- */

static const struct histogram *histogram_of(const struct type_outcome *type,
                                            enum sample_time time)
{
    return time == TIME_LATENCY      ? &type->latency
           : time == TIME_FIRST_BYTE ? &type->first_byte
           : time == TIME_GAP        ? &type->gap
                                     : &type->per_token;
}

/* The lowest cells hold one value each. */
static double middle_of(int cell)
{
    double low = (double)histogram_cell_low(cell);
    return cell < HISTOGRAM_ROW ? low : (low + histogram_cell_high(cell)) / 2;
}

/* Sum and number of the times of one replication, ns. Latencies are summed exactly;
 * of all others there is only the histogram, within 0.2 %. */
static void sum_times(const struct sample *s, struct scope scope, enum sample_time time,
                      int replication, double *sum, double *count)
{
    *sum = *count = 0;
    for (int t = 0; t < s->facts->types; t++) {
        const struct type_outcome *type = &s->outcome[replication].type[t];
        if (!scope_times(s->facts, scope, t))
            continue;
        if (time == TIME_LATENCY) {
            *sum += (double)type->latency_sum.sum;
            *count += (double)type->latency_sum.count;
            continue;
        }
        const struct histogram *h = histogram_of(type, time);
        *count += (double)h->count;
        for (int i = 0; i < HISTOGRAM_CELLS; i++) {
            if (!h->row[i / HISTOGRAM_ROW])
                i += HISTOGRAM_ROW - 1;
            else
                *sum += (double)h->row[i / HISTOGRAM_ROW][i % HISTOGRAM_ROW] *
                        middle_of(i);
        }
    }
}

struct estimate sample_mean(const struct sample *s, struct scope scope,
                            enum sample_time time)
{
    double *sum = doubles(s->count), *count = doubles(s->count);
    for (int r = 0; r < s->count; r++)
        sum_times(s, scope, time, r, &sum[r], &count[r]);
    struct estimate e = estimate_scaled(estimate_ratio(sum, count, s->count), 1e-9);
    free(sum);
    free(count);
    return e;
}

const struct histogram *sample_one(const struct sample *s, struct scope scope,
                                   enum sample_time time, int replication,
                                   struct arena *arena)
{
    const struct histogram *only = NULL;
    struct histogram *merged = NULL;
    for (int t = 0; t < s->facts->types; t++) {
        if (!scope_times(s->facts, scope, t))
            continue;
        const struct histogram *h =
            histogram_of(&s->outcome[replication].type[t], time);
        if (!only) {
            only = h;
            continue;
        }
        if (!merged) {
            merged = arena_new(arena, struct histogram);
            histogram_merge(merged, only, arena);
        }
        histogram_merge(merged, h, arena);
    }
    return merged ? merged : only ? only : arena_new(arena, struct histogram);
}

const struct histogram *sample_pool(const struct sample *s, struct scope scope,
                                    enum sample_time time, struct arena *arena)
{
    struct histogram *pool = arena_new(arena, struct histogram);
    for (int r = 0; r < s->count; r++)
        histogram_merge(pool, sample_one(s, scope, time, r, arena), arena);
    return pool;
}

struct section sample_section(const struct sample *s, struct scope scope,
                              enum sample_time time, double p)
{
    struct arena arena;
    arena_init(&arena);
    const struct histogram **each =
        arena_many(&arena, s->count + 1, const struct histogram *);
    struct histogram *pool = arena_new(&arena, struct histogram);
    for (int r = 0; r < s->count; r++) {
        each[r] = sample_one(s, scope, time, r, &arena);
        histogram_merge(pool, each[r], &arena);
    }
    struct section section = section_of(each, s->count, pool, p);
    arena_free(&arena);
    return section;
}

struct estimate sample_quantile(const struct sample *s, struct scope scope,
                                enum sample_time time, double p)
{
    struct section section = sample_section(s, scope, time, p);
    return estimate_quantile(
        &section, s->facts->terminating ? SECTION_TERMINATING : SECTION_STEADY, 1e-9);
}
