/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The report of a single scenario. */
#include "experiments/report_parts.h"

#include "experiments/saturate_page.h"
#include "experiments/summary.h"
#include "sim/rng.h"

#include <math.h>
#include <string.h>

/* ---- the numbers at the top ------------------------------------------------------ */

/* What it carries: as found by a search, else what the utilisation law allows. */
static struct document_number carried(const struct report *r, const struct point *point,
                                      const struct saturation *s)
{
    const struct headroom *h = &point->result.headroom;
    if (s) {
        const struct bracket *b = s->has_promises ? &s->promised : &s->carried;
        const char *above = isnan(b->no)
                                ? "the most that was tried"
                                : arena_format(r->arena, "and less than %s",
                                               dial_text(&s->dial, b->no, r->arena));
        return (struct document_number){
            .label = s->has_promises ? "carries, with every promise kept" : "carries",
            .value = isnan(b->yes) ? "nothing" : dial_text(&s->dial, b->yes, r->arena),
            .below = isnan(b->yes) ? "that was tried" : above,
            .tone = isnan(b->yes) ? TONE_BAD : TONE_PLAIN};
    }
    if (h->station < 0)
        return (struct document_number){
            .label = "answers well",
            .value = human_value(r->arena, HUMAN_RATE,
                                 point->result.findings->whole.completed.value),
            .below = "nothing in it is ever full"};
    return (struct document_number){
        .label = "carries at most",
        .value = human_value(r->arena, HUMAN_RATE, h->most),
        .below =
            arena_format(r->arena, "then %s is full (utilisation law)",
                         report_safe(r, point->result.facts->station[h->station].name)),
        .tone = h->load >= 1 ? TONE_BAD : TONE_PLAIN};
}

/* The promise that is worst off: the first missed one, else the first of a time. */
static const struct slo_result *to_show(const struct result *result)
{
    const struct slo_result *chosen = NULL;
    for (int i = result->slos - 1; i >= 0; i--) {
        const struct slo_result *s = &result->slo[i];
        bool time = s->slo->metric == SLO_MEAN || s->slo->metric == SLO_QUANTILE;
        if (s->judged && (time || !chosen))
            chosen = s;
    }
    for (int i = result->slos - 1; i >= 0; i--)
        if (result->slo[i].judged && result->slo[i].decided && !result->slo[i].met)
            chosen = &result->slo[i];
    return chosen;
}

static enum human_kind kind_of(const struct slo *slo)
{
    return slo->metric == SLO_MEAN || slo->metric == SLO_QUANTILE        ? HUMAN_TIME
           : slo->metric == SLO_THROUGHPUT || slo->metric == SLO_GOODPUT ? HUMAN_RATE
                                                                         : HUMAN_PART;
}

static struct document_number promised(const struct report *r,
                                       const struct result *result)
{
    const struct slo_result *s = to_show(result);
    const struct estimate *p99 = &result->findings->whole.latency.quantile[3];
    if (!s)
        return (struct document_number){
            .label = "p99 of the response time",
            .value = human_estimate(r->arena, HUMAN_TIME, p99),
            .below = estimate_given(p99) ? "nothing was promised" : "cannot be given"};
    bool missed = s->decided && !s->met;
    return (struct document_number){
        .label = report_safe(r, s->slo->text),
        .value = result->findings->steady
                     ? human_estimate(r->arena, kind_of(s->slo), &s->value)
                     : "-",
        .below = missed        ? "the promise is missed"
                 : !s->decided ? "not decided: too few samples"
                               : "the promise is kept",
        .tone = missed        ? TONE_BAD
                : !s->decided ? TONE_WARN
                              : TONE_GOOD};
}

static struct document_number room(const struct report *r, const struct result *result,
                                   const struct saturation *s)
{
    const struct headroom *h = &result->headroom;
    double left = s ? saturation_headroom(s) : 1 / h->load - 1;
    bool lost = result_missed(result) > 0 ||
                result->judgement.verdict == VERDICT_OVERLOADED ||
                result->judgement.verdict == VERDICT_UNSTABLE;
    if (!s && h->station < 0)
        return (struct document_number){
            .label = "failed requests",
            .value =
                human_estimate(r->arena, HUMAN_PART, &result->findings->whole.errors),
            .below = "of those offered"};
    if (isnan(left) || left <= 0 || (!s && lost))
        return (struct document_number){.label = "headroom",
                                        .value = "none",
                                        .below = "at the load that was asked for",
                                        .tone = TONE_BAD};
    return (struct document_number){.label = "headroom",
                                    .value = human_value(r->arena, HUMAN_PART, left),
                                    .below = s ? "of what it carries is left"
                                               : "more load at most",
                                    .tone = TONE_PLAIN};
}

static void put_numbers(struct report *r, const struct point *point,
                        const struct saturation *found)
{
    struct document_number number[] = {carried(r, point, found),
                                       promised(r, &point->result),
                                       room(r, &point->result, found)};
    document_numbers(r->page, number, sizeof number / sizeof *number);
}

/* ---- sections -------------------------------------------------------------------- */

static void put_capacity(struct report *r, const struct point *point,
                         const struct saturation *found)
{
    document_heading(r->page, 2, "How much it carries");
    struct sheet *sheet = &r->sheet;
    saturate_write(found, point, sheet);
}

static void put_evidence(struct report *r, const struct point *point)
{
    document_heading(r->page, 2, "How this is known");
    summary_write(SUMMARY_EVIDENCE, &point->result, &r->sheet);
    if (!point->result.facts->terminating)
        report_say(
            r,
            "A percentile is given where at least %d values lie beyond it in each "
            "replication and %d in all, and never of a backlog that grows.",
            ESTIMATE_BEYOND_EACH, ESTIMATE_BEYOND_ALL);
}

static void put_recipe(struct report *r, const struct point *point)
{
    document_heading(r->page, 2, "How to do it again");
    report_say(r,
               "Seed %llu, random numbers of version %d, headroom %s: the same "
               "scenario gives the same digits on any machine and any number of "
               "threads.",
               (unsigned long long)point->result.seed, RNG_STREAM_VERSION,
               HEADROOM_VERSION);
    document_code(r->page, r->set->command);
    document_note(r->page, arena_format(r->arena,
                                        "SHA-256 of the scenario, sorted and "
                                        "without spaces: %s",
                                        report_digest(r, point->scenario->canonical)));
    report_json(r, "The scenario as it was simulated", point->scenario->canonical);
}

static void put_brief(struct report *r, const struct point *point,
                      const struct saturation *found)
{
    summary_write(SUMMARY_VERDICT, &point->result, &r->sheet);
    put_numbers(r, point, found);
    report_figures(r);
    summary_write(SUMMARY_HEADROOM, &point->result, &r->sheet);
    document_note(
        r->page,
        arena_format(r->arena,
                     "%d replications, seed %llu; ± is half of the %.0f %% interval. "
                     "Simulated by headroom %s from %s.",
                     point->result.run.count, (unsigned long long)point->result.seed,
                     100 * ESTIMATE_CONFIDENCE, HEADROOM_VERSION,
                     report_safe(r, r->set->source)));
}

static void put_all(struct report *r, const struct point *point,
                    const struct saturation *found)
{
    document_heading(r->page, 2, "The answer");
    summary_write(SUMMARY_VERDICT, &point->result, &r->sheet);
    put_numbers(r, point, found);
    summary_write(SUMMARY_HEADROOM, &point->result, &r->sheet);
    summary_write(SUMMARY_PROMISES, &point->result, &r->sheet);
    if (found)
        put_capacity(r, point, found);
    document_heading(r->page, 2, "Figures");
    report_figures(r);
    document_heading(r->page, 2, "Numbers");
    summary_write(SUMMARY_NUMBERS, &point->result, &r->sheet);
    struct behind *behind = arena_new(r->arena, struct behind);
    report_behind_add(r, behind, point, "");
    report_behind(r, behind);
    put_evidence(r, point);
    put_recipe(r, point);
}

char *report_point(const struct report_settings *set, struct point *point,
                   const struct saturation *found, struct arena *arena, size_t *length,
                   const char **why)
{
    struct report r;
    const char *description = point->scenario->description;
    if (!report_begin(&r, set, point->result.name, description, arena, why))
        return NULL;
    report_draw(&r, &(struct sitter){.point = point, .effort = set->effort});
    if (set->brief)
        put_brief(&r, point, found);
    else
        put_all(&r, point, found);
    return report_end(&r, length, why);
}
