/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules of lint: promises that cannot be kept or missed, and runs that cannot tell. */
#include "experiments/lint_rules.h"

#include "experiments/estimate.h"
#include "experiments/sample.h"

#include <math.h>

/* Does the promise's percentile, or mean, count this type? */
static bool times(const struct lint *l, const struct slo *s, int type)
{
    struct scope scope;
    return scope_named(l->facts, s->scope, &scope) &&
           scope_times(l->facts, scope, type);
}

static bool is_of_time(const struct slo *s)
{
    return (s->metric == SLO_MEAN || s->metric == SLO_QUANTILE) &&
           (s->of == SLO_OF_LATENCY || s->of == SLO_OF_DURATION) &&
           (s->op == SLO_LESS || s->op == SLO_AT_MOST);
}

/* At percentiles from here on a mean above the limit means almost surely missed. */
static const double high = 0.9;

static void below_own_time(struct lint *l)
{
    for (int i = 0; i < l->scenario->slo_count; i++) {
        const struct slo *s = &l->scenario->slos[i];
        if (!is_of_time(s) || (s->metric == SLO_QUANTILE && s->quantile < high))
            continue;
        for (int t = 0; t < l->facts->types; t++) {
            double alone = model_alone(l->model, t);
            if (times(l, s, t) && alone > s->value)
                lint_tell(l, s->at, WHERE_NOWHERE,
                          "\"%s\" takes %s on average when nobody else is there: the "
                          "promise of %s cannot be kept at any load",
                          l->facts->type[t].name, lint_time(l, alone),
                          lint_time(l, s->value));
        }
    }
}

static void beyond_timeout(struct lint *l)
{
    for (int i = 0; i < l->scenario->slo_count; i++) {
        const struct slo *s = &l->scenario->slos[i];
        for (int t = 0; t < l->facts->types && is_of_time(s); t++) {
            uint32_t at;
            const struct workload_conf *w =
                lint_workload(l, l->facts->type[t].workload_index);
            double patience = lint_patience(l, t, &at);
            if (!times(l, s, t) || s->value < patience || w->retry)
                continue;
            lint_tell(l, s->at, at,
                      "no answer is later than the client's %s, so that the promise of "
                      "%s holds in any overload: whoever waits longer is an error, not "
                      "a slow answer",
                      lint_time(l, patience), lint_time(l, s->value));
            break;
        }
    }
}

static bool promises_at_least(const struct slo *s, enum slo_metric metric)
{
    return s->metric == metric && (s->op == SLO_MORE || s->op == SLO_AT_LEAST);
}

/* Requests/s of the types that a promise speaks of, if nobody waits. */
static double offered(const struct lint *l, const struct slo *s, int *workload)
{
    double sum = 0;
    struct scope scope;
    *workload = -1;
    if (!scope_named(l->facts, s->scope, &scope))
        return 0;
    for (int t = 0; t < l->facts->types; t++) {
        if (!scope_counts(l->facts, scope, t))
            continue;
        sum += lint_rate(l, t);
        *workload = l->facts->type[t].workload_index;
    }
    return sum;
}

static double alone_of(const struct lint *l, int workload)
{
    double sum = 0;
    for (int t = 0; t < l->facts->types; t++)
        if (l->facts->type[t].workload_index == workload)
            sum += l->facts->type[t].share * model_alone(l->model, t);
    return sum;
}

static void test_too_small(struct lint *l)
{
    for (int i = 0; i < l->scenario->slo_count; i++) {
        const struct slo *s = &l->scenario->slos[i];
        int w;
        double rate = offered(l, s, &w);
        if (!promises_at_least(s, SLO_THROUGHPUT) || w < 0 || rate >= s->value)
            continue;
        const struct workload_facts *load = &l->facts->workload[w];
        if (load->form == WORKLOAD_CLOSED)
            lint_tell(l, s->at, lint_load_at(l, w),
                      "%s users who each wait %s for an answer and think for %s ask %s "
                      "times a second at most: they cannot show %s/s on any system. "
                      "That takes %s users, or a cycle of %s",
                      lint_much(l, load->users), lint_time(l, alone_of(l, w)),
                      lint_time(l, load->think), lint_much(l, rate),
                      lint_much(l, s->value),
                      lint_much(l, ceil(s->value * (load->think + alone_of(l, w)))),
                      lint_time(l, load->users / s->value));
        else if (load->form != WORKLOAD_BURST)
            lint_tell(l, s->at, lint_load_at(l, w),
                      "%s requests/s are offered: that they are answered cannot show "
                      "%s/s",
                      lint_much(l, rate), lint_much(l, s->value));
    }
}

static void too_fast(struct lint *l)
{
    for (int i = 0; i < l->scenario->slo_count && l->is->parts > 0; i++) {
        const struct slo *s = &l->scenario->slos[i];
        const struct explain_part *p = &l->is->part[0];
        if (!promises_at_least(s, SLO_THROUGHPUT) || s->scope || p->most >= s->value)
            continue;
        lint_tell(l, s->at, l->system->services.item_at[p->station],
                  "%s carries %s requests/s at most (%s %ss, %s of one each): %s/s "
                  "cannot be promised",
                  lint_name(l, p->station), lint_much(l, p->most),
                  lint_much(l, p->capacity),
                  p->cores ? "core" : lint_slot(l, p->station), lint_time(l, p->demand),
                  lint_much(l, s->value));
    }
}

static void too_busy(struct lint *l)
{
    for (int i = 0; i < l->scenario->slo_count; i++) {
        const struct slo *s = &l->scenario->slos[i];
        int station = lint_station(l, s->scope);
        if (s->metric != SLO_UTILISATION || station < 0 ||
            (s->op != SLO_LESS && s->op != SLO_AT_MOST))
            continue;
        for (int k = 0; k < l->is->parts; k++) {
            const struct explain_part *p = &l->is->part[k];
            double load = fmin(1, p->fixed / p->capacity);
            int w = lint_main_load(l, station);
            if (p->station != station || p->cores || load <= s->value || w < 0)
                continue;
            lint_tell(l, s->at, lint_load_at(l, w),
                      "the offered requests keep %s %ss of %s busy, of %s: %.0f %%, "
                      "above the promised %.0f %%",
                      lint_much(l, p->fixed), lint_slot(l, station),
                      lint_name(l, station), lint_much(l, p->capacity), 100 * load,
                      100 * s->value);
        }
    }
}

static double time_of_run(const struct lint *l)
{
    return sim_seconds(l->scenario->run.duration) *
           (double)l->scenario->run.replications;
}

static void too_few(struct lint *l)
{
    const struct run_settings *run = &l->scenario->run;
    if (run->duration == SIM_NEVER)
        return;
    for (int i = 0; i < l->scenario->slo_count; i++) {
        const struct slo *s = &l->scenario->slos[i];
        double rate = 0;
        if (s->metric != SLO_QUANTILE || s->of == SLO_OF_GAP)
            continue;
        for (int t = 0; t < l->facts->types; t++)
            if (times(l, s, t))
                rate += lint_rate(l, t);
        double requests = rate * time_of_run(l), beyond = requests * (1 - s->quantile);
        double enough =
            fmax(ESTIMATE_BEYOND_ALL, ESTIMATE_BEYOND_EACH * (double)run->replications);
        if (requests > 0 && beyond < enough && !l->facts->terminating)
            lint_tell(l, lint_member(l, run->at, "duration"), s->at,
                      "%s runs of %s see %s such requests, and %s of them are beyond "
                      "p%s; %s are needed to judge it, in runs of %s",
                      lint_much(l, (double)run->replications),
                      lint_time(l, sim_seconds(run->duration)),
                      lint_much(l, floor(requests)), lint_much(l, floor(beyond)),
                      arena_format(l->arena, "%.8g", 100 * s->quantile),
                      lint_much(l, enough),
                      lint_time(l, sim_seconds(run->duration) * enough / beyond));
    }
}

static void too_short(struct lint *l)
{
    const struct run_settings *run = &l->scenario->run;
    for (int t = 0; t < l->facts->types && run->duration != SIM_NEVER; t++) {
        double alone = model_alone(l->model, t), length = sim_seconds(run->duration);
        if (alone > length && !l->facts->terminating)
            lint_tell(l, lint_member(l, run->at, "duration"), WHERE_NOWHERE,
                      "a run is %s, \"%s\" takes %s on average: the run sees the "
                      "beginning of its requests only",
                      lint_time(l, length), l->facts->type[t].name,
                      lint_time(l, alone));
    }
}

const struct lint_rule lint_promise_rules[] = {
    {"promise-below-own-time", "A latency is promised that the request takes by "
                               "itself.", below_own_time},
    {"promise-beyond-timeout", "A latency is promised that the client's timeout makes "
                               "true.", beyond_timeout},
    {"test-too-small", "Users, or offered requests, that cannot reach the promised "
                       "throughput on any system.", test_too_small},
    {"promise-above-capacity", "A throughput is promised that a part cannot carry.",
     too_fast},
    {"promise-above-load", "A utilisation is promised that the offered requests "
                           "exceed.", too_busy},
    {"run-too-short-for-tail", "The runs see too few requests for a promised "
                               "percentile.", too_few},
    {"run-shorter-than-request", "A run ends before its requests do.", too_short},
    {0},
};
