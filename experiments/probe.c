/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/probe.h"

#include "experiments/point.h"
#include "experiments/procedure.h"

#include <math.h>

/* Loads are decided at this error, so that the two ends of a bracket together are right
 * 95 % of the time although several loads near the limit are asked. */
static const double decided = 0.99;
/* … which is half-widths away from the limit, at least. */
static const double needed = 1.2;

/* ln(limit / value), turned so that above 0 is kept. */
static double margin_of(const struct slo_result *slo)
{
    double m = log(slo->slo->value / slo->value.value);
    return slo->slo->op <= SLO_AT_MOST ? m : -m;
}

static enum answer answer_of(const struct slo_result *slo)
{
    if (!slo->judged)
        return ANSWER_YES;
    if (!slo->decided || isnan(slo->chance))
        return ANSWER_OPEN;
    return slo->chance >= decided       ? ANSWER_YES
           : slo->chance <= 1 - decided ? ANSWER_NO
                                        : ANSWER_OPEN;
}

static void judge_promises(const struct result *r, struct probe *p)
{
    p->tightest = -1;
    p->margin = INFINITY;
    p->kept = p->carried == ANSWER_NO ? ANSWER_NO : ANSWER_YES;
    for (int i = 0; i < r->slos; i++) {
        p->kept = limit_both(p->kept, answer_of(&r->slo[i]));
        double margin = r->slo[i].judged ? margin_of(&r->slo[i]) : NAN;
        if (isfinite(margin) && margin < p->margin) {
            p->margin = margin;
            p->tightest = i;
            p->value = r->slo[i].value.value;
            p->blur = r->slo[i].value.half_width / p->value;
        }
    }
}

/* Is the load carried: no growing backlog, no more lost than may be? */
static enum answer carried_by(const struct result *r)
{
    const struct loss *worst = &r->judgement.worst;
    double lost = worst->part.value, width = worst->part.half_width;
    if (r->judgement.verdict == VERDICT_UNSTABLE ||
        r->judgement.verdict == VERDICT_OVERLOADED)
        return ANSWER_NO;
    if (estimate_given(&worst->part) && lost > 0 && lost + width > worst->admitted)
        return ANSWER_OPEN;
    return ANSWER_YES;
}

void probe_note(struct probe *p, const struct point *point)
{
    const struct result *r = &point->result;
    const struct request_findings *whole = &r->findings->whole;
    bool steady = r->judgement.verdict != VERDICT_UNSTABLE;
    p->nominal = procedure_rate(point->model);
    p->verdict = r->judgement.verdict;
    p->offered = whole->offered;
    p->throughput =
        findings_throughput(&r->sample, (struct scope){SCOPE_WHOLE, 0}, steady);
    p->errors = whole->errors;
    p->mean = whole->latency.mean;
    p->p99 = whole->latency.quantile[3];
    p->before = p->effort >= 0 ? p->kept : ANSWER_OPEN;
    p->carried = carried_by(r);
    judge_promises(r, p);
    p->requests += r->run.requests;
}

enum answer probe_answer(const struct probe *p, enum probe_question question)
{
    return question == IS_CARRIED ? p->carried : p->kept;
}

bool probe_is_hopeless(const struct probe *p, int most)
{
    double in_reach = fabs(p->margin) * (1 << (most - p->effort));
    return p->tightest >= 0 && in_reach < needed * p->blur;
}

bool probe_is_firm(const struct probe *p, enum probe_question question, int most)
{
    return question == IS_CARRIED || p->carried == ANSWER_NO || p->before == p->kept ||
           p->effort >= most;
}
