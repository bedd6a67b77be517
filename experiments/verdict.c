/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/verdict.h"

#include "sim/check.h"

#include <math.h>
#include <stdlib.h>

static const double usual_loss = 0.01; /* admitted where no SLO speaks of errors */

const char *const verdict_names[] = {"stable", "near-critical", "unstable",
                                     "overloaded"};
const char *const verdict_reasons[] = {
    "",
    "the backlog grows",
    "more requests in flight than the run may hold",
    "too many requests fail for want of capacity",
    "the run did not settle; a longer one may",
    "pilot and production disagree about the mean latency",
};

static bool station_turned_away(const struct sample *s, int station)
{
    for (int r = 0; station >= 0 && r < s->count; r++) {
        const struct station_outcome *o = &s->outcome[r].station[station];
        if (o->refused || o->timed_out)
            return true;
    }
    return false;
}

static bool for_want_of_capacity(const struct sample *s,
                                 const struct cause_facts *cause)
{
    if (cause->status == STATUS_400 || cause->status == STATUS_500)
        return station_turned_away(s, cause->station);
    return cause->status != STATUS_OK;
}

static double refused_in(const struct sample *s, int replication)
{
    double sum = 0;
    for (int c = 0; c < s->facts->causes; c++) {
        if (!for_want_of_capacity(s, &s->facts->cause[c]))
            continue;
        for (int t = 0; t < s->facts->types; t++)
            sum += (double)s->outcome[replication].type[t].failed[c];
    }
    return sum;
}

struct estimate verdict_refused(const struct sample *s)
{
    double *pairs = calloc(2 * (size_t)s->count + 1, sizeof *pairs);
    if (!pairs)
        die("out of memory: %d replications", s->count);
    for (int r = 0; r < s->count; r++) {
        pairs[r] = refused_in(s, r);
        pairs[s->count + r] =
            sample_requests(s, (struct scope){SCOPE_WHOLE, 0}, COUNT_OFFERED, r);
    }
    struct estimate e = estimate_ratio(pairs, pairs + s->count, s->count);
    free(pairs);
    return e;
}

static bool pilot_disagrees(const struct sample *s, const struct procedure *run)
{
    if (isnan(run->pilot_mean.half_width))
        return false;
    struct estimate mean = sample_mean(s, (struct scope){SCOPE_WHOLE, 0}, TIME_LATENCY);
    return fabs(mean.value - run->pilot_mean.value) >
           mean.half_width + run->pilot_mean.half_width;
}

static enum verdict_reason reason_of(const struct sample *s,
                                     const struct procedure *run,
                                     const struct judgement *j)
{
    if (run->end == PROCEDURE_OVERFLOW)
        return REASON_OVERFLOW;
    if (run->grows)
        return REASON_GROWTH;
    if (estimate_given(&j->refused) && j->refused.value > j->admitted &&
        !(j->refused.value - j->refused.half_width <= j->admitted))
        return REASON_LOSS;
    if (s->facts->terminating)
        return REASON_NONE;
    if (!run->settled)
        return REASON_NOT_SETTLED;
    return pilot_disagrees(s, run) ? REASON_PILOT : REASON_NONE;
}

static enum verdict verdict_for(enum verdict_reason reason)
{
    switch (reason) {
    case REASON_NONE:
        return VERDICT_STABLE;
    case REASON_GROWTH:
    case REASON_OVERFLOW:
        return VERDICT_UNSTABLE;
    case REASON_LOSS:
        return VERDICT_OVERLOADED;
    case REASON_NOT_SETTLED:
    case REASON_PILOT:
        return VERDICT_NEAR_CRITICAL;
    }
    return VERDICT_NEAR_CRITICAL;
}

struct judgement verdict_judge(const struct model_facts *facts,
                               const struct procedure *run, double admitted)
{
    struct sample s = {facts, run->outcome, run->count};
    struct judgement j = {.growth = run->growth,
                          .refused = verdict_refused(&s),
                          .admitted = isnan(admitted) ? usual_loss : admitted};
    j.reason = reason_of(&s, run, &j);
    j.verdict = verdict_for(j.reason);
    return j;
}
