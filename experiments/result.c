/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/result.h"

#include "experiments/explain.h"

#include <math.h>

bool result_start_visible(const struct result *result)
{
    const struct procedure *run = &result->run;
    return !result->facts->terminating &&
           (!run->settled || run->settled_at > 2 * run->window.warm_up);
}

static bool has_peaks(const struct system_spec *system)
{
    const struct workload_conf *load = system->workloads.items;
    for (int w = 0; w < system->workloads.count; w++)
        if (load[w].open && (load[w].open->profile.count > 0 || load[w].open->daily))
            return true;
    return false;
}

static const struct explain_peak *highest_peak(const struct result *result,
                                               const struct model *model,
                                               const struct system_spec *system,
                                               struct arena *arena)
{
    if (result->facts->terminating || !has_peaks(system))
        return NULL;
    const struct explanation *is = explain(system, model, arena);
    const struct explain_peak *highest = NULL;
    for (int i = 0; i < is->peaks; i++)
        if (is->peak[i].load > 0 && (!highest || is->peak[i].load > highest->load))
            highest = &is->peak[i];
    return highest;
}

void result_conclude(struct result *result, const struct model *model,
                     const struct scenario *scenario, struct arena *arena)
{
    result->sample =
        (struct sample){result->facts, result->run.outcome, result->run.count};
    struct admitted admitted = slo_admitted(scenario, result->facts, arena);
    result->judgement = verdict_judge(result->facts, &result->run, &admitted);
    bool steady = result->judgement.verdict != VERDICT_UNSTABLE;

    result->findings = findings_of(&result->sample, steady, arena);
    result->blame = blame_of(&result->sample, (struct scope){SCOPE_WHOLE, 0}, arena);
    /* Laws of averages ask for the same level at both ends. */
    bool level = steady && !result->run.grows && !result_start_visible(result);
    result->audit = audit_of(&result->sample, level, arena);
    if (level && !result->facts->terminating)
        result->yardstick = yardstick_of(&scenario->system, model, &result->sample,
                                         result->findings, arena);
    result->headroom = headroom_of(model, &result->sample, result->findings);
    result->gate = headroom_gate(&scenario->system, &result->sample, result->findings);
    result->peak = highest_peak(result, model, &scenario->system, arena);
    result->slos = scenario->slo_count;
    result->slo = arena_many(arena, scenario->slo_count, struct slo_result);
    for (int i = 0; i < scenario->slo_count; i++) {
        result->slo[i] = slo_judge(&scenario->slos[i], &result->sample, steady);
        if (!steady) { /* what grows keeps no promise */
            result->slo[i].met = false;
            result->slo[i].chance = NAN;
        }
    }
}

int result_missed(const struct result *result)
{
    int missed = 0;
    for (int i = 0; i < result->slos; i++)
        missed += result->slo[i].judged && result->slo[i].decided &&
                  !result->slo[i].met;
    return missed;
}

int result_undecided(const struct result *result)
{
    int undecided = 0;
    for (int i = 0; i < result->slos; i++)
        undecided += result->slo[i].judged && !result->slo[i].decided;
    return undecided;
}

int result_judged(const struct result *result)
{
    int judged = 0;
    for (int i = 0; i < result->slos; i++)
        judged += result->slo[i].judged;
    return judged;
}

bool result_is_yes(const struct result *result)
{
    bool precise = !result->precision->text || result->run.met;
    return result_missed(result) == 0 && result_undecided(result) == 0 && precise;
}
