/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/verdict.h"

#include "experiments/findings.h"

#include <math.h>

static const double usual_loss = 0.01; /* admitted where no SLO speaks of errors */
/* A type that loses so many times what all lose is what the loss is about. */
static const double worth_naming = 2;
/* Up to this utilisation of everything a start that is still visible is noise. */
static const double calm = 0.8;

const char *const verdict_names[] = {"stable", "near-critical", "unstable",
                                     "overloaded", "bistable"};
const char *const verdict_reasons[] = {
    "",
    "the backlog grows",
    "more requests in flight than the run may hold",
    "requests wait for each other for ever (a deadlock)",
    "too many requests fail for want of capacity",
    "the run did not settle; a longer one may",
    "pilot and production disagree about the mean latency",
    "where it starts decides where it ends",
};

/* ---- loss ------------------------------------------------------------------------ */

static double failed_of(const struct sample *s, struct scope scope, int cause,
                        int replication)
{
    double sum = 0;
    for (int t = 0; t < s->facts->types; t++)
        if (scope_counts(s->facts, scope, t))
            sum += (double)s->outcome[replication].type[t].failed[cause];
    return sum;
}

static double refused_in(const struct sample *s, struct scope scope, int replication)
{
    double sum = 0;
    for (int c = 0; c < s->facts->causes; c++)
        if (!s->facts->cause[c].told)
            sum += failed_of(s, scope, c, replication);
    return sum;
}

static struct estimate refused(const struct sample *s, struct scope scope)
{
    struct arena arena;
    arena_init(&arena);
    double *over = arena_many(&arena, s->count, double);
    double *under = arena_many(&arena, s->count, double);
    for (int r = 0; r < s->count; r++) {
        over[r] = refused_in(s, scope, r);
        under[r] = sample_requests(s, scope, COUNT_OFFERED, r);
    }
    struct estimate e = estimate_ratio(over, under, s->count);
    arena_free(&arena);
    return e;
}

static int main_cause(const struct sample *s, struct scope scope)
{
    int most = -1;
    double largest = 0;
    for (int c = 0; c < s->facts->causes; c++) {
        double sum = 0;
        for (int r = 0; r < s->count && !s->facts->cause[c].told; r++)
            sum += failed_of(s, scope, c, r);
        if (sum > largest) {
            largest = sum;
            most = c;
        }
    }
    return most;
}

static struct loss loss_of(const struct sample *s, struct scope scope, double admitted)
{
    return (struct loss){scope, refused(s, scope), admitted, main_cause(s, scope)};
}

/* By how much more is surely lost than may be; 0 or less: it is not. */
static double excess(const struct loss *loss)
{
    if (!estimate_given(&loss->part))
        return 0;
    double width = isnan(loss->part.half_width) ? 0 : loss->part.half_width;
    return loss->part.value - width - loss->admitted;
}

/* A type without a promise of its own may lose what all may, and at least the usual. */
static double admitted_of(const struct admitted *admitted, int type)
{
    if (admitted->type && !isnan(admitted->type[type]))
        return admitted->type[type];
    return fmax(usual_loss, admitted->whole); /* of a NaN the other */
}

static struct loss worst_loss(const struct sample *s, const struct admitted *admitted,
                              const struct loss *whole)
{
    struct loss worst = *whole;
    for (int t = 0; t < s->facts->types; t++) {
        struct loss own =
            loss_of(s, (struct scope){SCOPE_TYPE, t}, admitted_of(admitted, t));
        bool telling =
            excess(whole) <= 0 || own.part.value > worth_naming * whole->part.value;
        if (telling && excess(&own) > fmax(0, excess(&worst)))
            worst = own;
    }
    return worst;
}

static struct loss loss_of_all(const struct sample *s, const struct admitted *admitted)
{
    double may = isnan(admitted->whole) ? usual_loss : admitted->whole;
    return loss_of(s, (struct scope){SCOPE_WHOLE, 0}, may);
}

bool verdict_loses(const struct sample *s, const struct admitted *admitted)
{
    struct loss whole = loss_of_all(s, admitted);
    struct loss worst = worst_loss(s, admitted, &whole);
    return excess(&worst) > 0;
}

/* Is more turned away than piles up? Then something bounded or impatient ends the
 * growth, if not within this run. */
static bool loses_more_than_grows(const struct sample *s, const struct judgement *j)
{
    double offered =
        sample_rate(s, (struct scope){SCOPE_WHOLE, 0}, COUNT_OFFERED).value;
    return excess(&j->loss) > 0 && j->loss.part.value * offered > j->growth.value;
}

/* ---- deadlock -------------------------------------------------------------------- */

/* In how many replications somebody waited for it for ever. */
static int stuck_in(const struct procedure *run, int resource)
{
    int count = 0;
    for (int r = 0; r < run->count; r++)
        count += run->outcome[r].stuck && run->outcome[r].stuck[resource] > 0;
    return count;
}

const char *verdict_deadlock(const struct model_facts *facts,
                             const struct procedure *run, struct arena *arena)
{
    const char *text = NULL;
    for (int i = 0; i < facts->resources; i++)
        if (run->end == PROCEDURE_DEADLOCK && stuck_in(run, i) > 0)
            text = arena_format(arena, "%s%s %s",
                                text ? text : verdict_reasons[REASON_DEADLOCK],
                                text ? "," : ":", facts->resource[i].name);
    return text;
}

/* ---- judging --------------------------------------------------------------------- */

static bool pilot_disagrees(const struct sample *s, const struct procedure *run)
{
    if (isnan(run->pilot_mean.half_width))
        return false;
    struct estimate mean = sample_mean(s, (struct scope){SCOPE_WHOLE, 0}, TIME_LATENCY);
    return fabs(mean.value - run->pilot_mean.value) >
           mean.half_width + run->pilot_mean.half_width;
}

static bool above_calm(struct estimate used, double times)
{
    return estimate_given(&used) && used.value * times > calm;
}

bool verdict_calm(const struct sample *s, double times)
{
    for (int i = 0; i < s->facts->stations; i++)
        if (above_calm(findings_utilisation(s, i), times) ||
            above_calm(findings_cpu(s, i), times))
            return false;
    return true;
}

static enum verdict_reason reason_of(const struct sample *s,
                                     const struct procedure *run,
                                     const struct judgement *j)
{
    if (run->end == PROCEDURE_DEADLOCK)
        return REASON_DEADLOCK;
    if (run->end == PROCEDURE_OVERFLOW)
        return REASON_OVERFLOW;
    if (run->grows && !loses_more_than_grows(s, j))
        return REASON_GROWTH;
    if (excess(&j->worst) > 0)
        return REASON_LOSS;
    if (s->facts->terminating)
        return REASON_NONE;
    if (!run->settled && !verdict_calm(s, 1))
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
    case REASON_DEADLOCK:
        return VERDICT_UNSTABLE;
    case REASON_LOSS:
        return VERDICT_OVERLOADED;
    case REASON_NOT_SETTLED:
    case REASON_PILOT:
        return VERDICT_NEAR_CRITICAL;
    case REASON_START:
        return VERDICT_BISTABLE;
    }
    return VERDICT_NEAR_CRITICAL;
}

struct judgement verdict_judge(const struct model_facts *facts,
                               const struct procedure *run,
                               const struct admitted *admitted)
{
    struct sample s = {facts, run->outcome, run->count};
    struct judgement j = {.growth = run->growth, .loss = loss_of_all(&s, admitted)};
    j.worst = worst_loss(&s, admitted, &j.loss);
    j.reason = reason_of(&s, run, &j);
    j.verdict = verdict_for(j.reason);
    return j;
}
