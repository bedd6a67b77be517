/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/yardstick.h"

#include "experiments/explain.h"
#include "experiments/oracle.h"

#include <math.h>

const char *const yardstick_number_names[] = {"mean", "wait",       "p50", "p95",
                                              "p99",  "throughput", "lost"};

/* Half-widths that a true value may lie off: of a thousand runs with five values each
 * one is accused wrongly, or fewer. */
static const double widened = 2;
/* What rounding to nanoseconds, and the histogram's bins, may add. */
static const double tolerated = 0.005;

static void add(struct yardstick *y, struct yardstick_line line)
{
    if (!isfinite(line.theory) || !estimate_given(&line.found) ||
        !isfinite(line.found.half_width))
        return;
    double above = line.found.value - line.theory;
    double slack =
        widened * line.found.half_width + tolerated * fabs(line.theory) + 1e-9;
    line.agrees = (line.relation == YARDSTICK_AT_LEAST || above <= slack) &&
                  (line.relation == YARDSTICK_AT_MOST || above >= -slack);
    y->line[y->count++] = line;
    y->broken += !line.agrees;
}

/* ---- exact values ---------------------------------------------------------------- */

static void add_exact(struct yardstick *y, enum yardstick_number number, double theory,
                      struct estimate found)
{
    add(y, (struct yardstick_line){.number = number, .theory = theory, .found = found});
}

static void compare_oracle(struct yardstick *y, const struct oracle *o,
                           const struct findings *f)
{
    /* findings_levels: 0.5, 0.9, 0.95, 0.99, 0.999 */
    static const int level[ORACLE_LEVELS] = {0, 2, 3};
    const struct time_findings *latency = &f->whole.latency;
    y->queue = o->queue;
    if (!o->queue)
        return;
    add_exact(y, YARDSTICK_MEAN, o->mean, latency->mean);
    if (o->wait > 0)
        add_exact(y, YARDSTICK_WAIT, o->wait, f->station[0].wait);
    for (int i = 0; i < ORACLE_LEVELS; i++)
        add_exact(y, YARDSTICK_P50 + i, o->quantile[i], latency->quantile[level[i]]);
    add_exact(y, YARDSTICK_THROUGHPUT, o->throughput, f->whole.completed);
    if (o->lost > 0)
        add_exact(y, YARDSTICK_LOST, o->lost, f->whole.errors);
    y->exact = y->count;
    if (isfinite(o->most_wait))
        add(y, (struct yardstick_line){.number = YARDSTICK_WAIT,
                                       .relation = YARDSTICK_AT_MOST,
                                       .theory = o->most_wait,
                                       .found = f->station[0].wait});
}

/* ---- bounds ---------------------------------------------------------------------- */

/* Does everything turn out as the programs' averages say? */
static bool as_planned(const struct model_facts *facts, const struct findings *f)
{
    for (int i = 0; i < facts->stations; i++)
        if (facts->station[i].caches || facts->station[i].broker ||
            facts->station[i].blocks || facts->station[i].batches)
            return false;
    return f->whole.errors.value == 0 && f->whole.attempts.value <= 1;
}

static void bound_types(struct yardstick *y, const struct model *model,
                        const struct findings *f)
{
    const struct model_facts *facts = model_facts(model);
    for (int t = 0; t < facts->types; t++)
        if (!f->type[t].streams)
            add(y, (struct yardstick_line){.number = YARDSTICK_MEAN,
                                           .relation = YARDSTICK_AT_LEAST,
                                           .of = facts->type[t].name,
                                           .theory = model_alone(model, t),
                                           .found = f->type[t].latency.mean});
}

/* The mean of a scope with streams in it leaves them out. */
static bool times_all(const struct model_facts *facts, struct scope scope)
{
    for (int t = 0; t < facts->types; t++)
        if (scope_counts(facts, scope, t) && !scope_times(facts, scope, t))
            return false;
    return true;
}

static void bound_users(struct yardstick *y, const struct explanation *is,
                        const struct model_facts *facts, const struct sample *sample)
{
    for (int i = 0; i < is->closed_count; i++) {
        const struct explain_closed *c = &is->closed[i];
        struct scope scope = {SCOPE_WORKLOAD, c->workload};
        if (!times_all(facts, scope))
            continue;
        const char *name = facts->workload[c->workload].name;
        add(y, (struct yardstick_line){.number = YARDSTICK_THROUGHPUT,
                                       .relation = YARDSTICK_AT_MOST,
                                       .of = name,
                                       .theory = c->most,
                                       .found = sample_rate(sample, scope, COUNT_OK)});
        add(y,
            (struct yardstick_line){.number = YARDSTICK_MEAN,
                                    .relation = YARDSTICK_AT_LEAST,
                                    .of = name,
                                    .theory = c->least_response,
                                    .found = sample_mean(sample, scope, TIME_LATENCY)});
    }
}

/* Work that does not wait for answers and asks for more than there is. */
static void bound_load(struct yardstick *y, const struct explanation *is,
                       const struct findings *f)
{
    if (is->parts && !is->closed_count && isfinite(is->part[0].most))
        add(y, (struct yardstick_line){.number = YARDSTICK_THROUGHPUT,
                                       .relation = YARDSTICK_AT_MOST,
                                       .theory = is->part[0].most,
                                       .found = f->whole.completed});
}

struct yardstick *yardstick_of(const struct system_spec *system,
                               const struct model *model, const struct sample *sample,
                               const struct findings *findings, struct arena *arena)
{
    const struct model_facts *facts = model_facts(model);
    struct yardstick *y = arena_new(arena, struct yardstick);
    int most = YARDSTICK_LOST + 2 + facts->types + 2 * facts->workloads + 1;
    y->line = arena_many(arena, most, struct yardstick_line);
    struct oracle oracle = oracle_of(system, model, arena);
    compare_oracle(y, &oracle, findings);
    if (!as_planned(facts, findings))
        return y;
    const struct explanation *is = explain(system, model, arena);
    if (is->shortcuts)
        return y;
    bound_types(y, model, findings);
    bound_users(y, is, facts, sample);
    bound_load(y, is, findings);
    return y;
}
