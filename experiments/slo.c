/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/slo.h"

#include "experiments/findings.h"

#include <math.h>
#include <string.h>

/* ---- what a promise speaks of ---------------------------------------------------- */

static const char *names_of(const struct model_facts *facts, bool stations,
                            struct arena *arena)
{
    const char *list = "";
    int count = stations ? facts->stations : facts->types;
    for (int i = 0; i < count; i++)
        list = arena_format(arena, "%s%s\"%s\"", list, i ? ", " : "",
                            stations ? facts->station[i].name
                                     : scope_type_name(facts, i, arena));
    return list;
}

static bool streams_in(const struct model_facts *facts, struct scope scope)
{
    for (int t = 0; t < facts->types; t++)
        if (scope_counts(facts, scope, t) && facts->type[t].streaming)
            return true;
    return false;
}

bool slo_check(const struct scenario *scenario, const struct model_facts *facts)
{
    struct where *where = scenario->where;
    int before = where->problem_count;
    for (int i = 0; i < scenario->slo_count; i++) {
        const struct slo *slo = &scenario->slos[i];
        bool station = slo->metric == SLO_UTILISATION;
        struct scope scope;
        if (station ? scope_station(facts, slo->scope) >= 0
                    : scope_named(facts, slo->scope, &scope)) {
            if (slo->of == SLO_OF_TTFB && !streams_in(facts, scope))
                where_problem(where, slo->at, NULL,
                              "must speak of requests that stream: none of these has "
                              "a first byte of its own, is \"%s\"",
                              slo->text);
            continue;
        }
        if (station)
            where_problem(where, slo->at, NULL,
                          "must name one of the services %s, is \"%s\"",
                          names_of(facts, true, where->arena), slo->text);
        else
            where_problem(
                where, slo->at, NULL,
                "must name a workload or one of the request types %s, is \"%s\"",
                names_of(facts, false, where->arena), slo->text);
    }
    return where->problem_count == before;
}

/* ---- judging --------------------------------------------------------------------- */

static enum sample_time time_of(const struct slo *slo)
{
    return slo->of == SLO_OF_TTFB   ? TIME_FIRST_BYTE
           : slo->of == SLO_OF_GAP  ? TIME_GAP
           : slo->of == SLO_OF_TPOT ? TIME_PER_TOKEN
                                    : TIME_LATENCY;
}

static struct estimate measured(const struct slo *slo, const struct sample *s,
                                bool steady)
{
    struct scope scope;
    enum sample_time time = time_of(slo);
    if (slo->metric == SLO_UTILISATION)
        return findings_utilisation(s, scope_station(s->facts, slo->scope));
    scope_named(s->facts, slo->scope, &scope);
    switch (slo->metric) {
    case SLO_MEAN:
        return steady ? sample_mean(s, scope, time)
                      : estimate_lacking(LACK_STEADY_STATE);
    case SLO_QUANTILE:
        return steady ? sample_quantile(s, scope, time, slo->quantile)
                      : estimate_lacking(LACK_STEADY_STATE);
    case SLO_ERRORS:
        return sample_errors(s, scope, -1);
    case SLO_CUT:
        return sample_cut(s, scope);
    case SLO_THROUGHPUT:
        return findings_throughput(s, scope, steady);
    case SLO_GOODPUT:
        return sample_rate(s, scope, COUNT_GOOD);
    case SLO_UTILISATION:
        break;
    }
    return estimate_lacking(LACK_REQUESTS);
}

static bool holds(double value, enum slo_op op, double limit)
{
    switch (op) {
    case SLO_LESS:
        return value < limit;
    case SLO_AT_MOST:
        return value <= limit;
    case SLO_MORE:
        return value > limit;
    case SLO_AT_LEAST:
        return value >= limit;
    }
    return false;
}

static double chance_of(const struct slo *slo, const struct estimate *e)
{
    if (isnan(e->half_width) || e->half_width <= 0)
        return estimate_given(e) ? holds(e->value, slo->op, slo->value) : NAN;
    double below = estimate_chance_below(e, slo->value);
    return slo->op == SLO_LESS || slo->op == SLO_AT_MOST ? below : 1 - below;
}

/* Is it about types whose share is 0? */
static bool about_nobody(const struct slo *slo, const struct model_facts *facts)
{
    struct scope scope;
    if (slo->metric == SLO_UTILISATION || !scope_named(facts, slo->scope, &scope))
        return false;
    for (int t = 0; t < facts->types; t++)
        if (scope_counts(facts, scope, t) && facts->type[t].share > 0)
            return false;
    return true;
}

/* Did nobody of its scope begin while it was measured? */
static bool saw_nobody(const struct slo *slo, const struct sample *s)
{
    struct scope scope;
    if (slo->metric == SLO_UTILISATION || !scope_named(s->facts, slo->scope, &scope))
        return false;
    for (int r = 0; r < s->count; r++)
        if (sample_requests(s, scope, COUNT_OFFERED, r) > 0)
            return false;
    return true;
}

/* Does its scope send streams beside others, whose latencies it is about alone? */
static bool leaves_out_streams(const struct slo *slo, const struct model_facts *facts)
{
    struct scope scope;
    bool latencies = slo->metric == SLO_MEAN || slo->metric == SLO_QUANTILE;
    if (!latencies || time_of(slo) != TIME_LATENCY ||
        !scope_named(facts, slo->scope, &scope))
        return false;
    for (int t = 0; t < facts->types; t++)
        if (facts->type[t].share > 0 && scope_counts(facts, scope, t) &&
            !scope_times(facts, scope, t))
            return true;
    return false;
}

struct slo_result slo_judge(const struct slo *slo, const struct sample *s, bool steady)
{
    struct slo_result result = {.slo = slo,
                                .value = measured(slo, s, steady),
                                .judged = !about_nobody(slo, s->facts),
                                .without_streams = leaves_out_streams(slo, s->facts)};
    if (!result.judged) {
        result.chance = NAN;
        return result;
    }
    result.unseen = saw_nobody(slo, s);
    result.decided = result.value.lack != LACK_SAMPLES && !result.unseen;
    result.met =
        estimate_given(&result.value) && holds(result.value.value, slo->op, slo->value);
    result.chance = chance_of(slo, &result.value);
    return result;
}

double slo_admitted_errors(const struct slo *slos, int count)
{
    double least = NAN;
    for (int i = 0; i < count; i++)
        if (slos[i].metric == SLO_ERRORS && slos[i].op <= SLO_AT_MOST && !slos[i].scope)
            least = isnan(least) ? slos[i].value : fmin(least, slos[i].value);
    return least;
}

double slo_admitted_of_type(const struct slo *slos, int count,
                            const struct model_facts *facts, int type)
{
    double least = NAN;
    for (int i = 0; i < count; i++) {
        struct scope scope;
        if (slos[i].metric == SLO_ERRORS && slos[i].op <= SLO_AT_MOST &&
            slos[i].scope && scope_named(facts, slos[i].scope, &scope) &&
            scope_counts(facts, scope, type))
            least = isnan(least) ? slos[i].value : fmin(least, slos[i].value);
    }
    return least;
}

struct admitted slo_admitted(const struct scenario *scenario,
                             const struct model_facts *facts, struct arena *arena)
{
    const struct slo *slos = scenario->slos;
    int count = scenario->slo_count;
    double *type = arena_many(arena, facts->types, double);
    for (int t = 0; t < facts->types; t++)
        type[t] = slo_admitted_of_type(slos, count, facts, t);
    return (struct admitted){slo_admitted_errors(slos, count), type};
}

/* ---- targets --------------------------------------------------------------------- */

static bool same_scope(struct scope a, struct scope b)
{
    return a.sort == b.sort && a.index == b.index;
}

static void add_target(struct target *targets, int *count, struct target target)
{
    for (int i = 0; i < *count; i++)
        if (same_scope(targets[i].scope, target.scope) &&
            targets[i].time == target.time &&
            (targets[i].level == target.level ||
             (isinf(target.relative) && target.level <= targets[i].level)))
            return;
    targets[(*count)++] = target;
}

const struct target *slo_targets(const struct scenario *scenario,
                                 const struct model_facts *facts, struct arena *arena,
                                 int *count)
{
    const struct precision *precision = &scenario->run.precision;
    struct target *targets =
        arena_many(arena, 2 * scenario->slo_count + 1, struct target);
    struct target base = {.level = 0.99, .relative = PROCEDURE_PRECISION};
    if (precision->text) {
        base.level = precision->of_mean ? 0 : precision->quantile;
        base.relative = precision->within;
    }
    *count = 0;
    add_target(targets, count, base);
    for (int i = 0; i < scenario->slo_count; i++) {
        const struct slo *slo = &scenario->slos[i];
        struct target own = base;
        if (slo->metric == SLO_UTILISATION || about_nobody(slo, facts) ||
            !scope_named(facts, slo->scope, &own.scope))
            continue;
        add_target(targets, count, own);
        own.time = time_of(slo);
        own.level = slo->quantile;
        own.relative = INFINITY;
        if (slo->metric == SLO_QUANTILE)
            add_target(targets, count, own);
    }
    return targets;
}
